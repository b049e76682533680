"""Reading registrations."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from hubevents.agenda.models import EventSession
from hubevents.core.db import db
from hubevents.events.models import Event, EventDate
from hubevents.registrations.models import Consent, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import SEATED, ConsentKind, RegistrationStatus


@dataclass(frozen=True)
class CounterFault:
    """A counter that differs from its rows: `of` is `event` or `session`, `counter` is `seats_taken` or `waiting`."""

    of: str
    id: int
    counter: str
    stored: int
    counted: int


@dataclass(frozen=True)
class Overbooked:
    """An event or session with more seats taken than it has places; staff may do that, so it is no fault."""

    of: str
    id: int
    seats_taken: int
    capacity: int


def counter_faults() -> list[CounterFault]:
    """Every counter of events and sessions that disagrees with the rows (DESIGN 3); empty when all is well."""
    return [
        *_faults("event", Event, Registration, Registration.event_id, SEATED),
        *_faults("session", EventSession, SessionPlace, SessionPlace.session_id, {RegistrationStatus.CONFIRMED}),
    ]


def _faults(of: str, counted: Any, rows: Any, key: Any, seated: Any) -> list[CounterFault]:
    tally = (
        sa.select(
            key.label("id"),
            sa.func.sum(sa.case((rows.status.in_(seated), 1), else_=0)).label("seats_taken"),
            sa.func.sum(sa.case((rows.status == RegistrationStatus.WAITLISTED, 1), else_=0)).label("waiting"),
        )
        .group_by(key)
        .subquery()
    )
    found: list[CounterFault] = []
    for counter in ("seats_taken", "waiting"):
        stored = getattr(counted, counter)
        real = sa.func.coalesce(tally.c[counter], 0)
        query = (
            sa.select(counted.id, stored, real)
            .outerjoin(tally, tally.c.id == counted.id)
            .where(stored != real)
            .order_by(counted.id)
        )
        found += [CounterFault(of, id, counter, was, int(now)) for id, was, now in db.session.execute(query)]
    return found


def overbooked() -> list[Overbooked]:
    """Events and sessions whose taken seats exceed their capacity."""
    found: list[Overbooked] = []
    for of, table in (("event", Event), ("session", EventSession)):
        query = (
            sa.select(table.id, table.seats_taken, table.capacity)
            .where(table.seats_taken > table.capacity)
            .order_by(table.id)
        )
        found += [Overbooked(of, id, taken, capacity or 0) for id, taken, capacity in db.session.execute(query)]
    return found


def registration_with_event(id: int) -> Registration | None:
    """A registration with its participant and all that a page shows of its event."""
    return db.session.scalar(
        sa.select(Registration)
        .where(Registration.id == id)
        .options(
            joinedload(Registration.participant),
            joinedload(Registration.event).options(
                joinedload(Event.hub),
                joinedload(Event.programme),
                joinedload(Event.venue),
                selectinload(Event.dates).joinedload(EventDate.room),
            ),
        )
    )


def valid_ticket(registration_id: int) -> Ticket | None:
    """The ticket that was not replaced."""
    return db.session.scalar(
        sa.select(Ticket).where(Ticket.registration_id == registration_id, Ticket.replaced_at.is_(None))
    )


def place_in_queue(registration: Registration) -> int:
    """How many stand in the queue up to and with this waiting registration: 1 is next."""
    before = sa.or_(
        Registration.waiting_since < registration.waiting_since,
        sa.and_(Registration.waiting_since == registration.waiting_since, Registration.id <= registration.id),
    )
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Registration)
            .where(
                Registration.event_id == registration.event_id,
                Registration.status == RegistrationStatus.WAITLISTED,
                before,
            )
        )
        or 0
    )


def session_places(registration_id: int) -> list[SessionPlace]:
    """The chosen sessions with limited places, by time; given up ones are left out."""
    return list(
        db.session.scalars(
            sa.select(SessionPlace)
            .join(SessionPlace.event_session)
            .where(
                SessionPlace.registration_id == registration_id,
                SessionPlace.status != RegistrationStatus.CANCELLED,
            )
            .order_by(EventSession.starts_at, EventSession.id)
            .options(contains_eager(SessionPlace.event_session).joinedload(EventSession.room))
        )
    )


def consents(registration_id: int) -> dict[ConsentKind, Consent]:
    """The latest decision about each consent."""
    rows = db.session.scalars(sa.select(Consent).where(Consent.registration_id == registration_id).order_by(Consent.id))
    return {row.kind: row for row in rows}
