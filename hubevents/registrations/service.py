"""Registering, cancelling and moving up the queue: every counter is changed here and nowhere else (DESIGN 3).

Seats and queue are taken by one UPDATE that always hits the event's row; its lock lasts to the commit. Locks are
taken in the order event, sessions by id, registrations by id.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, load_only

from hubevents.agenda.models import EventSession
from hubevents.core import clock, text
from hubevents.core.db import db, is_sqlite
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.events import queries as events
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import EventStatus, Openness
from hubevents.organisations import service as organisations
from hubevents.registrations import tickets
from hubevents.registrations.facts import (
    DetailsChanged,
    LinkRequested,
    Promoted,
    Registered,
    RegistrationCancelled,
)
from hubevents.registrations.models import Consent, Participant, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import LIVE, SEATED, AttendsAs, ConsentKind, RegistrationStatus, Source

_JUDGED = (
    Event.hub_id,
    Event.status,
    Event.takes_registrations,
    Event.registration_opens_at,
    Event.registration_closes_at,
    Event.ends_at,
    Event.capacity,
    Event.seats_taken,
    Event.waiting,
)
_DATES = (EventDate.event_id, EventDate.uid, EventDate.sequence, EventDate.status, EventDate.starts_at)
"""What registering reads of an event: a rush must not decode its texts for each person."""

# The statements of a rush are built once: building one costs as much as running it.
_EVENT = (
    sa.select(Event)
    .where(Event.id == sa.bindparam("event_id"))
    .options(load_only(*_JUDGED), joinedload(Event.dates).load_only(*_DATES))
    .execution_options(populate_existing=True)
)
_KNOWN = (
    sa.select(Participant, Registration.id)
    .outerjoin(
        Registration,
        sa.and_(
            Registration.participant_id == Participant.id,
            Registration.event_id == sa.bindparam("event_id"),
            Registration.status.in_(LIVE),
        ),
    )
    .where(Participant.hub_id == sa.bindparam("hub_id"), Participant.email == sa.bindparam("email"))
)


def _seat(free: sa.ColumnElement[bool]) -> sa.Executable:
    """One UPDATE that always hits the row of a published event: a seat when `free`, else a place in the queue."""
    return (
        sa.update(Event)
        .where(Event.id == sa.bindparam("event_id"), Event.status == EventStatus.PUBLISHED)
        .values(
            seats_taken=Event.seats_taken + sa.case((free, 1), else_=0),
            waiting=Event.waiting + sa.case((free, 0), else_=1),
        )
        .returning(Event.waiting)
        .execution_options(synchronize_session=False)
    )


_SEAT = _seat(
    sa.and_(Event.waiting == 0, sa.or_(Event.capacity.is_(None), Event.seats_taken + 1 <= Event.capacity)),
)
_SEAT_BEYOND = _seat(sa.true())
LINK_AGAIN_EVERY = timedelta(hours=1)
CONSENT_TEXTS = "2026-11"
"""The version of the consent sentences on the form; raised whenever their meaning changes."""


@dataclass(frozen=True)
class Registrant:
    """What the form says of one person; already cleaned. `email` is normalised or None for people without mail."""

    first_name: str
    last_name: str
    email: str | None
    language: str
    phone: str = ""
    position: str = ""
    organisation: str = ""
    organisation_number: str = ""
    consents: frozenset[ConsentKind] = field(default_factory=frozenset)
    """Those that were ticked; the others asked are kept as refused."""
    consents_asked: tuple[ConsentKind, ...] = (ConsentKind.PHOTO, ConsentKind.NEWSLETTER)
    session_ids: tuple[int, ...] = ()
    attends_as: AttendsAs | None = None
    """None where nobody said: a new person is a participant, a known one stays what they are."""


def register(event_id: int, person: Registrant, *, source: Source = Source.WEB, beyond: bool = False) -> Registration:
    """Registers a person: confirmed when a place is free and nobody waits, else waitlisted, in order.

    Staff and walk-ins pass the opening times; with `beyond` they also pass the queue and the capacity. Raises NotFound,
    Conflict(`registration_closed`) and Conflict(`already_registered`, registration_id=...) when the address has a live
    registration for the event, also when both came at the same instant.
    """
    event = db.session.scalars(_EVENT, {"event_id": event_id}).unique().one_or_none()
    if event is None or event.status is EventStatus.DRAFT:
        raise NotFound("page")
    if source is Source.WEB:
        openness = events.openness(event)
        if openness not in (Openness.OPEN, Openness.WAITING_LIST):
            raise Conflict("registration_closed", openness=openness.value)
    elif event.status is EventStatus.CANCELLED:
        raise Conflict("registration_closed", openness=Openness.CANCELLED.value)

    participant = None
    if person.email is not None:
        participant, known = _participant(event, person.email, person.language)
        if known is not None:
            raise Conflict("already_registered", registration_id=known)
    organisation_id = organisations.of_registrant(event.hub_id, person.organisation, person.organisation_number)

    seated = _take_seat(event_id, beyond=beyond)
    now = clock.now()
    registration = Registration(
        event=event,
        participant=participant,
        organisation_id=organisation_id,
        status=RegistrationStatus.CONFIRMED if seated else RegistrationStatus.WAITLISTED,
        source=source,
        first_name=person.first_name,
        last_name=person.last_name,
        phone=person.phone,
        position=person.position,
        organisation_name=person.organisation,
        organisation_number=person.organisation_number,
        search=_search(person, person.email),
        language=person.language,
        attends_as=person.attends_as or AttendsAs.PARTICIPANT,
        waiting_since=None if seated else now,
        created_at=now,
        changed_at=now,
    )
    db.session.add(registration)
    try:
        db.session.flush()
    except IntegrityError as error:  # the same address in the same instant: the unique index saw it
        raise Conflict("already_registered", registration_id=None) from error
    if seated:
        _issue_ticket(registration, first=True)
    if person.consents_asked:
        db.session.execute(
            sa.insert(Consent),
            [
                {
                    "registration_id": registration.id,
                    "kind": kind,
                    "granted": kind in person.consents,
                    "text_version": CONSENT_TEXTS,
                    "language": person.language,
                    "decided_at": now,
                }
                for kind in person.consents_asked
            ],
        )
    _wish_sessions(registration, person.session_ids)
    record(Registered(registration.id, registration.status))
    return registration


def cancel(registration_id: int, *, by: str, event_id: int | None = None) -> Registration:
    """Ends a registration and promotes the next in line in the same transaction; doing it twice changes nothing.

    `by` is `person` or `staff`; with `event_id` the registration must belong to that event (NotFound).
    """
    registration = _locked(registration_id, event_id)
    was = registration.status
    if was not in LIVE:
        return registration
    now = clock.now()
    registration.status = RegistrationStatus.CANCELLED
    registration.cancelled_at = registration.changed_at = now
    registration.cancelled_by = by
    registration.waiting_since = None
    _count(
        registration.event_id,
        seats=-1 if was in SEATED else 0,
        waiting=-1 if was is RegistrationStatus.WAITLISTED else 0,
    )
    _leave_sessions(registration)
    record(RegistrationCancelled(registration.id, by, was))
    fill_places(registration.event_id)
    return registration


def fill_places(event_id: int) -> int:
    """Confirms waiting people in order while places are free; returns how many moved up. Locks the event's row.

    Nobody moves up once the last date began or the event was cancelled.
    """
    event = _lock_event(event_id)
    if event.status is not EventStatus.PUBLISHED or events.has_begun(event):
        return 0
    promoted = 0
    while event.waiting > 0 and (event.capacity is None or event.seats_taken < event.capacity):
        following = db.session.scalar(
            sa.select(Registration)
            .where(Registration.event_id == event_id, Registration.status == RegistrationStatus.WAITLISTED)
            .order_by(Registration.waiting_since, Registration.id)
            .limit(1)
            .execution_options(populate_existing=True)
        )
        if following is None:
            break
        following.status = RegistrationStatus.CONFIRMED
        following.waiting_since = None
        following.changed_at = clock.now()
        _count(event_id, seats=1, waiting=-1)
        db.session.flush()
        db.session.refresh(event, ["seats_taken", "waiting"])
        _issue_ticket(following)
        _seat_wishes(following)
        record(Promoted(following.id))
        promoted += 1
    return promoted


def confirm_beyond(registration_id: int, *, event_id: int) -> Registration:
    """Staff gives a waiting or pending person a place although the event is full; `doctor` reports it as overbooked."""
    registration = _locked(registration_id, event_id)
    was = registration.status
    if was not in (RegistrationStatus.WAITLISTED, RegistrationStatus.PENDING):
        raise Conflict("not_waiting")
    registration.status = RegistrationStatus.CONFIRMED
    registration.waiting_since = None
    registration.changed_at = clock.now()
    _count(registration.event_id, seats=1, waiting=-1 if was is RegistrationStatus.WAITLISTED else 0)
    _issue_ticket(registration)
    _seat_wishes(registration)
    record(Promoted(registration.id))
    return registration


def change_details(registration_id: int, person: Registrant, *, event_id: int | None = None) -> Registration:
    """Changes names and other details of a live registration; the mail address stays."""
    registration = _locked(registration_id, event_id)
    if registration.status not in LIVE:
        raise Conflict("registration_ended")
    registration.first_name = person.first_name
    registration.last_name = person.last_name
    registration.phone = person.phone
    registration.position = person.position
    registration.organisation_name = person.organisation
    registration.organisation_number = person.organisation_number
    registration.attends_as = person.attends_as or registration.attends_as
    registration.organisation_id = organisations.of_registrant(
        registration.event.hub_id, person.organisation, person.organisation_number
    )
    registration.search = _search(person, registration.participant.email if registration.participant else None)
    registration.changed_at = clock.now()
    record(DetailsChanged(registration.id))
    return registration


def decide_consent(registration_id: int, kind: ConsentKind, *, granted: bool) -> None:
    """Grants or withdraws a consent later; the former decision stays on record."""
    registration = db.session.get(Registration, registration_id)
    if registration is None:
        raise NotFound("page")
    db.session.add(
        Consent(
            registration_id=registration.id,
            kind=kind,
            granted=granted,
            text_version=CONSENT_TEXTS,
            language=registration.language,
            decided_at=clock.now(),
        )
    )


def send_again(registration_id: int, *, event_id: int | None = None) -> None:
    """Staff sends a live registration's mail once more."""
    registration = db.session.get(Registration, registration_id)
    if registration is None or (event_id is not None and registration.event_id != event_id):
        raise NotFound("page")
    if registration.participant_id is None:
        raise Invalid("no_address")
    record(LinkRequested(registration.id, again=True))


def ask_link(event_id: int, email: str) -> None:
    """Sends a registered address its link again; how often is limited by the notice, and strangers learn nothing."""
    id = db.session.scalar(
        sa.select(Registration.id)
        .join(Participant, Registration.participant_id == Participant.id)
        .where(Registration.event_id == event_id, Participant.email == email, Registration.status.in_(LIVE))
    )
    if id is not None:
        record(LinkRequested(id))


def renew_link(registration_id: int) -> Registration:
    """Makes a new personal link and a new ticket; the old ones are refused as replaced (INTEROP D14)."""
    registration = _locked(registration_id, None)
    registration.link_version += 1
    registration.changed_at = clock.now()
    if registration.status is RegistrationStatus.CONFIRMED:
        _issue_ticket(registration)
    return registration


def touch(registration_ids: Collection[int]) -> None:
    """Notes that what doors show of these people changed, so that the next difference of a list names them."""
    if registration_ids:
        db.session.execute(
            sa.update(Registration)
            .where(Registration.id.in_(registration_ids))
            .values(changed_at=clock.now())
            .execution_options(synchronize_session=False)
        )


# --- parts ---------------------------------------------------------------------------------------------------------


def _participant(event: Event, email: str, language: str) -> tuple[Participant, int | None]:
    """The hub's participant with this address, made when new, and the id of their live registration for the event."""
    asked = {"event_id": event.id, "hub_id": event.hub_id, "email": email}
    found = db.session.execute(_KNOWN, asked).first()
    if found is not None:
        return found[0], found[1]
    values = {
        "hub_id": event.hub_id,
        "email": email,
        "language": language,
        "feed_version": 0,
        "created_at": clock.now(),
    }
    dialect: Any = sqlite if is_sqlite() else postgresql
    insert = dialect.insert(Participant).values(**values)
    # Two at once end with one row; an update that changes nothing makes RETURNING give it to both.
    upsert = insert.on_conflict_do_update(index_elements=["hub_id", "email"], set_={"email": insert.excluded.email})
    return cast(Participant, db.session.scalars(upsert.returning(Participant)).one()), None


def _take_seat(event_id: int, *, beyond: bool = False) -> bool:
    """One UPDATE takes a seat or a place in the queue; whether it was a seat."""
    taken = db.session.scalar(_SEAT_BEYOND if beyond else _SEAT, {"event_id": event_id})
    if taken is None:  # called off in the same instant: this statement waited for that commit
        raise Conflict("registration_closed", openness=Openness.CANCELLED.value)
    # Nobody passes the queue: a seat was taken exactly when the queue is empty afterwards.
    return beyond or taken == 0


def _count(event_id: int, *, seats: int, waiting: int) -> None:
    db.session.execute(
        sa.update(Event)
        .where(Event.id == event_id)
        .values(seats_taken=Event.seats_taken + seats, waiting=Event.waiting + waiting)
        .execution_options(synchronize_session=False)
    )


def _lock_event(event_id: int) -> Event:
    event = db.session.scalar(
        sa.select(Event).where(Event.id == event_id).with_for_update().execution_options(populate_existing=True)
    )
    if event is None:
        raise NotFound("page")
    return event


def _locked(registration_id: int, event_id: int | None) -> Registration:
    """The registration as it is now, after its event's row was locked."""
    of_event = db.session.scalar(sa.select(Registration.event_id).where(Registration.id == registration_id))
    if of_event is None or (event_id is not None and of_event != event_id):
        raise NotFound("page")
    _lock_event(of_event)
    return db.session.scalars(
        sa.select(Registration).where(Registration.id == registration_id).execution_options(populate_existing=True)
    ).one()


def _issue_ticket(registration: Registration, *, first: bool = False) -> Ticket:
    """A new ticket; a former one, which a new registration (`first`) cannot have, is marked as replaced."""
    now = clock.now()
    version = 1
    if not first:
        for old in db.session.scalars(sa.select(Ticket).where(Ticket.registration_id == registration.id)):
            old.replaced_at = old.replaced_at or now
            version = max(version, old.version + 1)
    ticket = Ticket(
        registration_id=registration.id, version=version, code=tickets.new_code(secrets.randbits), issued_at=now
    )
    db.session.add(ticket)
    return ticket


def _search(person: Registrant, email: str | None) -> str:
    return text.search_key(f"{person.first_name} {person.last_name} {person.organisation} {email or ''}")[:700]


# --- session places --------------------------------------------------------------------------------------------------


def _wish_sessions(registration: Registration, session_ids: tuple[int, ...]) -> None:
    """Keeps the chosen sessions that have limited places; they are seated only while the person has a seat."""
    if not session_ids:
        return
    chosen = db.session.scalars(
        sa.select(EventSession.id)
        .where(
            EventSession.event_id == registration.event_id,
            EventSession.id.in_(session_ids),
            EventSession.capacity.is_not(None),
        )
        .order_by(EventSession.id)
    )
    db.session.add_all(
        SessionPlace(
            registration_id=registration.id, session_id=id, status=RegistrationStatus.PENDING, created_at=clock.now()
        )
        for id in chosen
    )
    db.session.flush()
    if registration.status is RegistrationStatus.CONFIRMED:
        _seat_wishes(registration)


def _seat_wishes(registration: Registration) -> None:
    """Takes a place, or a place in the queue, in each session the person wished for, by session id."""
    wishes = db.session.scalars(
        sa.select(SessionPlace)
        .where(SessionPlace.registration_id == registration.id, SessionPlace.status == RegistrationStatus.PENDING)
        .order_by(SessionPlace.session_id)
    ).all()
    for wish in wishes:
        free = sa.and_(
            EventSession.waiting == 0,
            sa.or_(EventSession.capacity.is_(None), EventSession.seats_taken + 1 <= EventSession.capacity),
        )
        waiting = db.session.execute(
            sa.update(EventSession)
            .where(EventSession.id == wish.session_id)
            .values(
                seats_taken=EventSession.seats_taken + sa.case((free, 1), else_=0),
                waiting=EventSession.waiting + sa.case((free, 0), else_=1),
            )
            .returning(EventSession.waiting)
            .execution_options(synchronize_session=False)
        ).scalar_one()
        wish.status = RegistrationStatus.CONFIRMED if waiting == 0 else RegistrationStatus.WAITLISTED
    if wishes:
        registration.changed_at = clock.now()
    db.session.flush()


def _leave_sessions(registration: Registration) -> None:
    """Gives up all session places; the next in each session's queue moves up."""
    places = db.session.scalars(
        sa.select(SessionPlace)
        .where(SessionPlace.registration_id == registration.id, SessionPlace.status != RegistrationStatus.CANCELLED)
        .order_by(SessionPlace.session_id)
    ).all()
    for place in places:
        was = place.status
        place.status = RegistrationStatus.CANCELLED
        db.session.flush()
        if was is RegistrationStatus.PENDING:
            continue
        seats, waiting = (-1, 0) if was is RegistrationStatus.CONFIRMED else (0, -1)
        _count_session(place.session_id, seats=seats, waiting=waiting)
        fill_session(place.session_id)


def fill_session(session_id: int) -> None:
    """Moves waiting people into free places of a session, in order."""
    item = db.session.scalars(
        sa.select(EventSession)
        .where(EventSession.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    while item.waiting > 0 and (item.capacity is None or item.seats_taken < item.capacity):
        following = db.session.scalar(
            sa.select(SessionPlace)
            .where(SessionPlace.session_id == session_id, SessionPlace.status == RegistrationStatus.WAITLISTED)
            .order_by(SessionPlace.created_at, SessionPlace.id)
            .limit(1)
        )
        if following is None:
            break
        following.status = RegistrationStatus.CONFIRMED
        _count_session(session_id, seats=1, waiting=-1)
        db.session.flush()
        touch([following.registration_id])
        db.session.refresh(item, ["seats_taken", "waiting"])


def _count_session(session_id: int, *, seats: int, waiting: int) -> None:
    db.session.execute(
        sa.update(EventSession)
        .where(EventSession.id == session_id)
        .values(seats_taken=EventSession.seats_taken + seats, waiting=EventSession.waiting + waiting)
        .execution_options(synchronize_session=False)
    )
