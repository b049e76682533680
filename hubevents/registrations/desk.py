"""What staff's pages read of an event's people: counts, search, one page of the list, one person's history."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.core import text
from hubevents.core.db import db
from hubevents.registrations.models import Consent, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import LIVE, RegistrationStatus

PER_PAGE = 50


@dataclass(frozen=True)
class Filter:
    """Which people: words that all occur, a status, or exactly these ids."""

    search: str = ""
    status: RegistrationStatus | None = None
    ids: tuple[int, ...] | None = None


def counts(event_id: int) -> dict[RegistrationStatus, int]:
    """How many registrations of an event have each status; statuses nobody has are absent."""
    rows = db.session.execute(
        sa.select(Registration.status, sa.func.count())
        .where(Registration.event_id == event_id)
        .group_by(Registration.status)
    )
    return {row[0]: row[1] for row in rows}


def people(
    event_id: int, wanted: Filter, *, by_name: bool = False, offset: int = 0, limit: int | None = PER_PAGE
) -> tuple[list[Registration], int]:
    """One page of an event's registrations and how many match; the newest first, or by name.

    Those who wait stand in the order of the queue when the filter asks for them.
    """
    query = sa.select(Registration).where(Registration.event_id == event_id, *_conditions(wanted))
    total = db.session.scalars(sa.select(sa.func.count()).select_from(query.subquery())).one()
    if by_name:
        query = query.order_by(Registration.last_name, Registration.first_name, Registration.id)
    elif wanted.status is RegistrationStatus.WAITLISTED:
        query = query.order_by(Registration.waiting_since, Registration.id)
    else:
        query = query.order_by(Registration.created_at.desc(), Registration.id.desc())
    query = query.options(joinedload(Registration.participant)).offset(offset)
    if limit is not None:
        query = query.limit(limit)
    return list(db.session.scalars(query)), total


def _conditions(wanted: Filter) -> Iterable[sa.ColumnElement[bool]]:
    for word in text.search_key(wanted.search).split()[:8]:
        yield Registration.search.contains(word, autoescape=True)
    if wanted.status is not None:
        yield Registration.status == wanted.status
    if wanted.ids is not None:
        yield Registration.id.in_(wanted.ids)


def person(event_id: int, registration_id: int) -> Registration | None:
    """A registration of this event, with participant and organisation; None when it is another's."""
    return db.session.scalar(
        sa.select(Registration)
        .where(Registration.id == registration_id, Registration.event_id == event_id)
        .options(joinedload(Registration.participant), joinedload(Registration.organisation))
    )


def reachable(event_ids: Collection[int]) -> int:
    """How many people with a mail address have a live registration for any of these events."""
    if not event_ids:
        return 0
    return db.session.scalars(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.event_id.in_(event_ids),
            Registration.status.in_(LIVE),
            Registration.participant_id.is_not(None),
        )
    ).one()


def consents(registration_id: int) -> list[Consent]:
    """Every decision of a person about consents, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Consent)
            .where(Consent.registration_id == registration_id)
            .order_by(Consent.decided_at.desc(), Consent.id.desc())
        )
    )


def consents_of_event(event_id: int) -> dict[int, dict[str, bool]]:
    """The decision in force by registration and kind of consent."""
    rows = db.session.execute(
        sa.select(Consent.registration_id, Consent.kind, Consent.granted)
        .join(Registration, Registration.id == Consent.registration_id)
        .where(Registration.event_id == event_id)
        .order_by(Consent.decided_at, Consent.id)
    )
    found: dict[int, dict[str, bool]] = {}
    for id, kind, granted in rows:
        found.setdefault(id, {})[kind.value] = granted
    return found


def tickets(registration_id: int) -> list[Ticket]:
    """All tickets a person was given, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Ticket).where(Ticket.registration_id == registration_id).order_by(Ticket.version.desc())
        )
    )


def places(registration_id: int) -> list[SessionPlace]:
    """The places a person has or waits for in sessions, with the sessions."""
    return list(
        db.session.scalars(
            sa.select(SessionPlace)
            .where(SessionPlace.registration_id == registration_id)
            .order_by(SessionPlace.session_id)
            .options(joinedload(SessionPlace.event_session))
        )
    )


def position(registration: Registration) -> int | None:
    """The place in the queue, counted from 1; None for somebody who does not wait."""
    if registration.status is not RegistrationStatus.WAITLISTED or registration.waiting_since is None:
        return None
    before = sa.or_(
        Registration.waiting_since < registration.waiting_since,
        sa.and_(Registration.waiting_since == registration.waiting_since, Registration.id <= registration.id),
    )
    return db.session.scalars(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.event_id == registration.event_id,
            Registration.status == RegistrationStatus.WAITLISTED,
            before,
        )
    ).one()
