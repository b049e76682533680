"""Who is told what: reactions to facts that write outbox rows in the same transaction, values only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.accounts.facts import PasswordResetRequested, StaffInvited
from hubevents.accounts.models import User
from hubevents.agenda.facts import ScheduleImported
from hubevents.calendars import invites
from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.i18n import Translated
from hubevents.events import queries as events
from hubevents.events.facts import DateChange, EventCancelled, EventRescheduled
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format
from hubevents.hubs.models import Hub
from hubevents.mail import service as mail
from hubevents.mail.models import OutboxMessage
from hubevents.notices.rules import Change, Kind, merged_changes
from hubevents.registrations.facts import LinkRequested, Promoted, Registered, RegistrationCancelled
from hubevents.registrations.models import Participant, Registration
from hubevents.registrations.rules import LIVE, SEATED, RegistrationStatus
from hubevents.registrations.service import LINK_AGAIN_EVERY

Calendar = dict[str, Any]
"""The calendar part a row asks for: `{"method": "REQUEST" | "CANCEL", "date": id, "sequence": n}`, or `{"file": true}`
for an .ics of all dates without METHOD."""


# --- registrations ---------------------------------------------------------------------------------------------------


def registered(fact: Registered) -> None:
    """Confirms a place with ticket and invite, or the place in the waiting list without."""
    kinds = {RegistrationStatus.CONFIRMED: Kind.CONFIRMATION, RegistrationStatus.WAITLISTED: Kind.WAITING}
    kind = kinds.get(fact.status)
    registration = _registration(fact.registration_id)
    if kind is not None and registration is not None:
        _tell(registration, kind, _request(registration) if kind is Kind.CONFIRMATION else None)


def promoted(fact: Promoted) -> None:
    """Tells a waiting person about the place they got."""
    registration = _registration(fact.registration_id)
    if registration is not None:
        _tell(registration, Kind.PROMOTED, _request(registration))


def registration_cancelled(fact: RegistrationCancelled) -> None:
    """Confirms that a registration ended and takes back its invite; an event that ends them all tells it itself."""
    registration = _registration(fact.registration_id)
    if registration is not None and fact.by in ("person", "staff"):
        calendar = _withdrawal(registration) if fact.was in SEATED else None
        _tell(registration, Kind.CANCELLED, calendar, by=fact.by, had_place=fact.was in SEATED)


def link_requested(fact: LinkRequested) -> None:
    """Sends link and ticket again, for an address and event at most once an hour unless staff asked for it.

    The invite repeats its last number, so that calendars take it for the same.
    """
    # The lock makes a second request of the same instant wait, and then find the row of the first.
    db.session.execute(sa.select(Registration.id).where(Registration.id == fact.registration_id).with_for_update())
    registration = _registration(fact.registration_id)
    if registration is None or registration.participant is None:
        return
    if registration.status not in LIVE:
        if fact.again:
            _tell_end_again(registration)
        return
    if registration.event.status is EventStatus.CANCELLED:
        if fact.again:
            _tell(registration, Kind.EVENT_CANCELLED, _withdrawal(registration, repeat=True))
        return
    if not fact.again and _told_lately(registration.event_id, registration.participant.email, LINK_AGAIN_EVERY):
        return
    confirmed = registration.status is RegistrationStatus.CONFIRMED
    _tell(registration, Kind.LINK_AGAIN, _request(registration, repeat=True) if confirmed else None)


def _tell_end_again(registration: Registration) -> None:
    """Sends the news that a registration ended once more; its calendar part only while no later one stands."""
    later = sa.select(Registration.id).where(
        Registration.event_id == registration.event_id,
        Registration.participant_id == registration.participant_id,
        Registration.status.in_(LIVE),
    )
    calendar = _withdrawal(registration, repeat=True) if db.session.scalar(later.limit(1)) is None else None
    if registration.event.status is EventStatus.CANCELLED:
        _tell(registration, Kind.EVENT_CANCELLED, calendar)
    else:
        by = "person" if registration.cancelled_by == "person" else "staff"
        _tell(registration, Kind.CANCELLED, calendar, by=by, had_place=False)


def _registration(id: int) -> Registration | None:
    return db.session.get(Registration, id, options=[joinedload(Registration.participant)])


def _told_lately(event_id: int, address: str, within: timedelta) -> bool:
    query = sa.select(OutboxMessage.id).where(
        OutboxMessage.event_id == event_id,
        OutboxMessage.created_at > clock.now() - within,
        OutboxMessage.recipient == address,
        OutboxMessage.kind == Kind.LINK_AGAIN.value,
    )
    return db.session.scalar(query.limit(1)) is not None


def _tell(registration: Registration, kind: Kind, calendar: Calendar | None, **values: Any) -> None:
    """One row for one registration; nobody without a mail address is told anything."""
    if registration.participant is None:
        return
    mail.queue(
        kind.value,
        about=f"registration:{registration.id}",
        recipient=registration.participant.email,
        recipient_name=registration.name,
        language=registration.language,
        data={**values, **({"calendar": calendar} if calendar else {})},
        hub_id=registration.event.hub_id,
        event_id=registration.event_id,
    )


# --- calendar parts --------------------------------------------------------------------------------------------------


def _dates(event_id: int) -> list[EventDate]:
    return list(
        db.session.scalars(
            sa.select(EventDate)
            .where(EventDate.event_id == event_id)
            .options(joinedload(EventDate.room))
            .order_by(EventDate.starts_at, EventDate.id)
        )
    )


def _request(registration: Registration, *, repeat: bool = False) -> Calendar | None:
    """The invite of an event of one date, the file of one with several."""
    if registration.participant is None:
        return None
    scheduled = [date for date in registration.event.dates if date.status is DateStatus.SCHEDULED]
    if len(scheduled) != 1:
        return {"file": True} if scheduled else None
    number = invites.repeated_sequence if repeat else invites.next_sequence
    return _invite("REQUEST", scheduled[0], number(registration.participant.email, scheduled[0]))


def _withdrawal(registration: Registration, *, repeat: bool = False) -> Calendar | None:
    """The cancellation of the one invite this person was sent; None when it was none, or several (I60)."""
    if registration.participant is None:
        return None
    address = registration.participant.email
    dates = {date.uid: date for date in registration.event.dates}
    sent = invites.highest_sequences(address, dates)
    if len(sent) != 1:
        return None
    date = dates[next(iter(sent))]
    number = invites.repeated_sequence if repeat else invites.next_sequence
    return _invite("CANCEL", date, number(address, date))


def _invite(method: str, date: EventDate, sequence: int) -> Calendar:
    return {"method": method, "date": date.id, "sequence": sequence}


# --- events ----------------------------------------------------------------------------------------------------------


def event_rescheduled(fact: EventRescheduled) -> None:
    """Tells everybody registered about new times and places, in one mail each."""
    _event_moved(fact.event_id, fact.changes)


def schedule_imported(fact: ScheduleImported) -> None:
    """Tells everybody registered when an import stretched or added dates; sessions alone are no news by mail."""
    _event_moved(fact.event_id, fact.date_changes)


def event_cancelled(fact: EventCancelled) -> None:
    """Tells everybody registered that the event will not take place, and takes back their invites."""
    event = db.session.get(Event, fact.event_id)
    if event is None or (event.ends_at is not None and event.ends_at <= clock.now()):
        return
    people = _people(event.id)
    calendars = _cancellations(_dates(event.id), people)
    for person in people:
        _tell_person(event, person, Kind.EVENT_CANCELLED, {}, calendars.get(person.address))


class _Person:
    """One live registration with an address, as few columns as a mail row needs."""

    def __init__(
        self, id: int, first_name: str, last_name: str, language: str, status: RegistrationStatus, address: str
    ) -> None:
        self.id = id
        self.name = f"{first_name} {last_name}"
        self.language = language
        self.confirmed = status is RegistrationStatus.CONFIRMED
        self.seated = status in SEATED
        self.address = address


def _people(event_id: int) -> list[_Person]:
    """All whom news of an event concern, by registration. An event that was cancelled may have ended theirs already."""
    rows = db.session.execute(
        sa.select(
            Registration.id,
            Registration.first_name,
            Registration.last_name,
            Registration.language,
            Registration.status,
            Participant.email,
        )
        .join(Participant, Registration.participant_id == Participant.id)
        .where(Registration.event_id == event_id, Registration.status.in_(LIVE))
        .order_by(Registration.id)
    )
    return [_Person(*row) for row in rows]


def _event_moved(event_id: int, changes: Iterable[DateChange]) -> None:
    event = db.session.get(Event, event_id)
    if event is None or event.status is not EventStatus.PUBLISHED:
        return
    dates = _dates(event_id)
    news = _news(event, dates, changes)
    if not news:
        return
    people = _people(event_id)
    scheduled = [date for date in dates if date.status is DateStatus.SCHEDULED]
    calendars: dict[str, Calendar] = {}
    confirmed = [person.address for person in people if person.confirmed]
    if len(scheduled) == 1:
        numbers = invites.next_sequences(confirmed, scheduled[0])
        calendars = {address: _invite("REQUEST", scheduled[0], number) for address, number in numbers.items()}
    elif scheduled:
        calendars = {address: {"file": True} for address in confirmed}
    else:
        calendars = _cancellations(dates, people)
    earlier = mail.replace_unsent(Kind.EVENT_CHANGED.value, [f"registration:{person.id}" for person in people])
    for person in people:
        before = [data["changes"] for data in earlier.get(f"registration:{person.id}", ())]
        told = merged_changes([*before, news]) if before else news
        if told:
            _tell_person(event, person, Kind.EVENT_CHANGED, {"changes": told}, calendars.get(person.address))


def _news(event: Event, dates: list[EventDate], changes: Iterable[DateChange]) -> list[Change]:
    """What changed as values, without what concerns the past alone."""
    by_id = {date.id: date for date in dates}
    news: list[Change] = []
    for change in changes:
        date = by_id.get(change.event_date_id)
        if date is None:
            continue
        gone = change.withdrawn or date.status is DateStatus.CANCELLED
        was = None
        if change.old_starts_at is not None and change.old_ends_at is not None:
            was = _moment(change.old_starts_at, change.old_ends_at, change.old_place or Translated())
        now = None if gone else _moment(date.starts_at, date.ends_at, _place(event, date))
        if was is None and now is None:
            continue
        if max(date.ends_at, change.old_ends_at or date.ends_at) <= clock.now():
            continue
        news.append({"date": date.id, "was": was, "now": now, "online": was is not None and was == now})
    return news


def _place(event: Event, date: EventDate) -> Translated:
    """Where people travel to; nowhere when an event is online."""
    return Translated() if event.format is Format.ONLINE else events.place(event.venue, date.room)


def _moment(starts_at: datetime, ends_at: datetime, place: Translated) -> dict[str, Any]:
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "place": dict(place)}


def _cancellations(dates: list[EventDate], people: list[_Person]) -> dict[str, Calendar]:
    """A cancellation by address for everybody who was sent exactly one invite of these dates."""
    seated = [person.address for person in people if person.seated]
    sent: dict[str, list[EventDate]] = {}
    for date in dates:
        for address in invites.invited(seated, date.uid):
            sent.setdefault(address, []).append(date)
    calendars: dict[str, Calendar] = {}
    for date in dates:
        only = [address for address, invited_to in sent.items() if invited_to == [date]]
        numbers = invites.next_sequences(only, date)
        calendars.update({address: _invite("CANCEL", date, number) for address, number in numbers.items()})
    return calendars


def _tell_person(event: Event, person: _Person, kind: Kind, values: dict[str, Any], calendar: Calendar | None) -> None:
    mail.queue(
        kind.value,
        about=f"registration:{person.id}",
        recipient=person.address,
        recipient_name=person.name,
        language=person.language,
        data={**values, **({"calendar": calendar} if calendar else {})},
        hub_id=event.hub_id,
        event_id=event.id,
    )


# --- staff -----------------------------------------------------------------------------------------------------------


def password_reset_requested(fact: PasswordResetRequested) -> None:
    """Sends a user the link to set a new password."""
    user = db.session.get(User, fact.user_id)
    if user is not None:
        _tell_user(user, Kind.PASSWORD_RESET, None, {})


def staff_invited(fact: StaffInvited) -> None:
    """Sends a colleague the link that brings them into the team."""
    user = db.session.get(User, fact.user_id)
    hub = db.session.get(Hub, fact.hub_id)
    by = db.session.get(User, fact.by_user_id)
    if user is not None and hub is not None:
        _tell_user(user, Kind.STAFF_INVITATION, hub.id, {"by": by.name if by else ""})


def _tell_user(user: User, kind: Kind, hub_id: int | None, values: dict[str, Any]) -> None:
    mail.queue(
        kind.value,
        about=f"user:{user.id}",
        recipient=user.email,
        recipient_name=user.name,
        language=user.language,
        data=values,
        hub_id=hub_id,
    )
