"""Making, changing, publishing, copying and cancelling events, and moving venues.

What is shown of a published event follows from facts: `EventRescheduled` (one per step, people get one message),
`EventChanged` (nobody is written to), `CapacityChanged`, `EventPublished`, `EventCancelled`. Drafts change silently.
Locks: events by id, before anything of theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parseaddr
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import selectinload

from hubevents.core import clock
from hubevents.core.config import Settings
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.core.i18n import Translated
from hubevents.events import queries, rules
from hubevents.events.facts import (
    CapacityChanged,
    DateChange,
    EventCancelled,
    EventChanged,
    EventCopied,
    EventPublished,
    EventRescheduled,
    HubEventsChanged,
)
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import Asked, DateStatus, EventStatus, Format, Visibility
from hubevents.hubs import slugs
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme
from hubevents.programmes.rules import missing_visibility

NONE = Translated()
MOST_DATES = 60
"""Dates of one event; a longer series is several events."""


@dataclass(frozen=True)
class DateDetails:
    """One date of an event as staff wants it; without `id` it is new."""

    starts_at: datetime
    ends_at: datetime
    title: Translated = NONE
    room_id: int | None = None
    id: int | None = None


@dataclass(frozen=True)
class EventDetails:
    """All that staff may say of an event; the dates are all it shall have, those left out are withdrawn."""

    kind: str
    title: Translated
    dates: tuple[DateDetails, ...] = ()
    format: Format = Format.ONSITE
    visibility: Visibility = Visibility.PUBLIC
    subtitle: Translated = NONE
    summary: Translated = NONE
    description: Translated = NONE
    gains: Translated = NONE
    audience: Translated = NONE
    co_organisers: Translated = NONE
    languages: tuple[str, ...] = ()
    interpretation: Translated = NONE
    programme_id: int | None = None
    service_category: str | None = None
    sectors: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    competences: tuple[Mapping[str, str], ...] = ()
    learning_hours: Decimal | None = None
    price: Decimal | None = None
    picture_alt: Translated = NONE
    venue_id: int | None = None
    online_url: str = ""
    zone: str = ""
    """Empty: the hub's."""
    contact: str = ""
    capacity: int | None = None
    takes_registrations: bool = True
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    ask_organisation: Asked = Asked.OPTIONAL
    ask_phone: Asked = Asked.NO
    ask_position: Asked = Asked.NO
    slug: str = ""
    """Empty: made of the title, once."""


Where = tuple[Translated, str]
"""What people of a date are told to go to: its place, and the link of an online or hybrid event."""

_ASIDE = ("dates", "slug", "zone", "competences")
_PLAIN = tuple(each.name for each in fields(EventDetails) if each.name not in _ASIDE)


def create_event(hub: Hub, details: EventDetails) -> Event:
    """A new draft of a hub.

    Raises Invalid(`title_missing`, `ends_before_start`, `date_too_long`, `too_many_dates`, `zone_unknown`,
    `room_elsewhere`, `slug_taken`, `slug_reserved`) and NotFound for a venue or programme of another hub.
    """
    _check(hub.id, details)
    now = clock.now()
    event = Event(hub=hub, status=EventStatus.DRAFT, cancel_reason=NONE, created_at=now, changed_at=now)
    event.slug = slugs.free(Event, "event", hub.id, next(iter(details.title.values())), "event")
    _write(event, details, hub)
    db.session.add(event)
    db.session.flush()
    if details.slug and details.slug != event.slug:
        slugs.change(Event, "event", event, details.slug, remember=False)
    set_dates(event, details.dates)
    return event


def change_event(event: Event, details: EventDetails) -> tuple[DateChange, ...]:
    """Makes an event what the details say; returns how time and place of its dates changed.

    Raises as `create_event`, and Conflict(`event_cancelled`) when the dates of a cancelled event would move,
    Invalid(`date_missing`) when a published one would be left without dates.
    """
    _lock(event)
    _check(event.hub_id, details)
    held = {date.id: _where(event, date) for date in event.dates}
    capacity = event.capacity
    before = _shown(event, held)
    if details.slug and details.slug != event.slug:
        slugs.change(Event, "event", event, details.slug, remember=event.published_at is not None)
    _write(event, details, event.hub)
    changes = set_dates(event, details.dates, held)
    if changes or before != _shown(event, held):
        event.changed_at = clock.now()
    db.session.flush()
    if event.published_at is None:
        return changes
    tell_of_dates(event, changes, otherwise=before != _shown(event, held))
    if event.capacity != capacity:
        record(CapacityChanged(event.id))
    return changes


def what_moves(event: Event, details: EventDetails) -> tuple[int, ...]:
    """Which dates `change_event` would tell people of, as ids (0 for a new one); changes nothing.

    For the question before saving: empty for a draft and when only the past is corrected.
    """
    if event.status is not EventStatus.PUBLISHED:
        return ()
    now = clock.now()
    wanted = {date.id: date for date in details.dates if date.id is not None}
    venue = _venue(event.hub_id, details.venue_id)
    rooms = {room.id: room for room in venue.rooms} if venue else {}
    moved = []
    for date in event.dates:
        if date.status is not DateStatus.SCHEDULED:
            continue
        new = wanted.get(date.id)
        if new is None:
            differs, ends_at = True, date.ends_at
        else:
            where = _where_of(details.format, venue, rooms.get(new.room_id or 0), details.online_url)
            times = (new.starts_at, new.ends_at) != (date.starts_at, date.ends_at)
            differs = times or where != _where(event, date)
            ends_at = max(new.ends_at, date.ends_at)
        if differs and ends_at > now:
            moved.append(date.id)
    moved += [0 for date in details.dates if date.id is None and date.ends_at > now]
    return tuple(moved)


def set_dates(
    event: Event, dates: Sequence[DateDetails], held: Mapping[int, Where] | None = None
) -> tuple[DateChange, ...]:
    """Gives an event exactly these dates and keeps its span in step; returns how time and place changed.

    Of an event that was published once, each change raises that date's SEQUENCE by one, and a date left out stays as
    cancelled; a draft's disappears. `held` says where each date was before venue, format or link of the event changed,
    by date id. Records nothing: the caller tells what happened in one fact (`tell_of_dates`).
    """
    if len(dates) > MOST_DATES:
        raise Invalid("too_many_dates", most=MOST_DATES)
    for each in dates:
        rules.check_span(each.starts_at, each.ends_at)
    public = event.published_at is not None
    if public and not dates:
        raise Invalid("date_missing", field="dates")
    now = clock.now()
    rooms = {room.id: room for room in event.venue.rooms} if event.venue else {}
    wanted = {each.id: each for each in dates if each.id is not None}
    if not wanted.keys() <= {date.id for date in event.dates}:
        raise NotFound("page")
    changes: list[DateChange] = []
    for date in list(event.dates):
        where = (held or {}).get(date.id, _where(event, date))
        old_place = where[0]
        old = (date.starts_at, date.ends_at)
        kept = wanted.get(date.id)
        if kept is None:
            if date.status is DateStatus.CANCELLED:
                continue
            if not public:
                event.dates.remove(date)
                db.session.delete(date)
                continue
            _no_move_when_cancelled(event)
            date.status = DateStatus.CANCELLED
            _raise_sequence(date, now)
            changes.append(DateChange(date.id, *old, old_place, withdrawn=True))
            continue
        if date.title != kept.title:
            date.title = kept.title
            date.changed_at = now
        _room(date, kept.room_id, rooms)
        date.starts_at, date.ends_at = kept.starts_at, kept.ends_at
        back = date.status is DateStatus.CANCELLED
        if back or old != (kept.starts_at, kept.ends_at) or where != _where(event, date):
            date.status = DateStatus.SCHEDULED
            if public:
                _no_move_when_cancelled(event)
                _raise_sequence(date, now)
            changes.append(DateChange(date.id, *((None, None, None) if back else (*old, old_place))))
    for new in dates:
        if new.id is not None:
            continue
        if public:
            _no_move_when_cancelled(event)
        date = EventDate(
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            title=new.title,
            sequence=0,
            status=DateStatus.SCHEDULED,
            created_at=now,
            changed_at=now,
        )
        _room(date, new.room_id, rooms)
        event.dates.append(date)
        db.session.flush()
        changes.append(DateChange(date.id, None, None, None))
    event.dates.sort(key=lambda date: (date.starts_at, date.id))
    _span(event)
    db.session.flush()
    return tuple(changes)


def tell_of_dates(event: Event, changes: Sequence[DateChange], *, otherwise: bool = False) -> None:
    """Records how dates of a once published event changed: coming ones in one `EventRescheduled`.

    A correction of the past, or with `otherwise` another change, is an `EventChanged`: nobody is written to.
    """
    now = clock.now()
    ends = {date.id: date.ends_at for date in event.dates}
    coming = tuple(
        change
        for change in changes
        if max(ends[change.event_date_id], change.old_ends_at or ends[change.event_date_id]) > now
    )
    if coming and event.status is EventStatus.PUBLISHED:
        record(EventRescheduled(event.id, coming))
    if otherwise or len(coming) < len(changes):
        record(EventChanged(event.id))


def publish(event: Event) -> None:
    """Makes a draft visible; at the first time its calendar's ORGANIZER is fixed (INTEROP I94).

    Raises Conflict(`not_a_draft`), Invalid(`title_missing` | `date_missing`), and Invalid(`visibility_missing`,
    programme_id=..., missing=[...]) for an event of a funded programme that lacks what must be shown (PRODUCT 34).
    """
    _lock(event)
    if event.status is not EventStatus.DRAFT:
        raise Conflict("not_a_draft")
    if not event.title:
        raise Invalid("title_missing", field="title")
    if not any(date.status is DateStatus.SCHEDULED for date in event.dates):
        raise Invalid("date_missing", field="dates")
    if event.programme is not None:
        missing = missing_visibility(event.programme, event.hub.languages)
        if missing:
            raise Invalid("visibility_missing", programme_id=event.programme.id, missing=missing)
    now = clock.now()
    event.status = EventStatus.PUBLISHED
    event.changed_at = now
    if event.published_at is None:
        event.published_at = now
        event.organiser_name = event.hub.name.text(event.hub.languages[0])
        settings: Settings = current_app.extensions["settings"]
        event.organiser_address = parseaddr(settings.mail_from)[1]
    db.session.flush()
    record(EventPublished(event.id))


def cancel_event(event: Event, reason: Translated = NONE) -> None:
    """Calls a published event off: the SEQUENCE of every coming date rises, everybody is told; twice changes nothing.

    Raises Conflict(`not_published`) for a draft and Conflict(`event_over`) after its end.
    """
    _lock(event)
    if event.status is EventStatus.CANCELLED:
        return
    if event.status is EventStatus.DRAFT:
        raise Conflict("not_published")
    now = clock.now()
    if event.ends_at is not None and event.ends_at <= now:
        raise Conflict("event_over")
    event.status = EventStatus.CANCELLED
    event.cancelled_at = event.changed_at = now
    event.cancel_reason = reason
    for date in event.dates:
        if date.status is DateStatus.SCHEDULED and date.ends_at > now:
            _raise_sequence(date, now)
    db.session.flush()
    record(EventCancelled(event.id))


def copy_event(event: Event, starts: Sequence[datetime], *, title: Translated | None = None) -> Event:
    """A draft like an event, on other dates: "same again on these dates". Dates keep length, room and topic in order.

    Opening and closing of registration keep their distance to the first date. Whoever owns questions or the agenda
    copies them on `EventCopied`.
    """
    pattern = [date for date in event.dates if date.status is DateStatus.SCHEDULED] or list(event.dates)
    if not starts:
        raise Invalid("date_missing", field="dates")
    length = timedelta(hours=2)
    dates = []
    for at, start in enumerate(sorted(starts)):
        like = pattern[min(at, len(pattern) - 1)] if pattern else None
        length = like.ends_at - like.starts_at if like else length
        dates.append(
            DateDetails(
                starts_at=start,
                ends_at=rules.shifted(start, length, event.zone),
                title=like.title if like and at < len(pattern) else NONE,
                room_id=like.room_id if like else None,
            )
        )
    details = details_of(event)
    by = rules.distance(pattern[0].starts_at, min(starts), event.zone) if pattern else timedelta()
    opens, closes = event.registration_opens_at, event.registration_closes_at
    new = create_event(
        event.hub,
        EventDetails(
            **{
                **{each.name: getattr(details, each.name) for each in fields(details)},
                "title": title or event.title,
                "dates": tuple(dates),
                "registration_opens_at": opens and rules.shifted(opens, by, event.zone),
                "registration_closes_at": closes and rules.shifted(closes, by, event.zone),
                "slug": "",
            }
        ),
    )
    new.picture = event.picture
    db.session.flush()
    record(EventCopied(new.id, event.id))
    return new


def set_picture(event: Event, name: str | None, alt: Translated = NONE) -> None:
    """Gives an event a picture (a file name in the uploads folder) with its description, or none."""
    if (event.picture, event.picture_alt) == (name, alt):
        return
    event.picture, event.picture_alt = name, alt
    event.changed_at = clock.now()
    db.session.flush()
    if event.published_at is not None:
        record(EventChanged(event.id))


def details_of(event: Event) -> EventDetails:
    """What an event is now, in the words of `change_event`; withdrawn dates are left out."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _PLAIN}
    return EventDetails(
        **values,
        zone=event.zone,
        slug=event.slug,
        competences=tuple(event.competences or ()),
        dates=tuple(
            DateDetails(date.starts_at, date.ends_at, date.title, date.room_id, date.id)
            for date in event.dates
            if date.status is DateStatus.SCHEDULED
        ),
    )


# --- venues ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoomDetails:
    """A room as staff wants it; without `id` it is new."""

    name: Translated
    capacity: int | None = None
    id: int | None = None


@dataclass(frozen=True)
class VenueDetails:
    """All that staff may say of a venue; rooms left out stay, because agendas may refer to them."""

    name: Translated
    address: Translated = NONE
    directions: Translated = NONE
    latitude: float | None = None
    longitude: float | None = None
    rooms: tuple[RoomDetails, ...] = field(default=())


def create_venue(hub_id: int, details: VenueDetails) -> Venue:
    """A new venue of a hub. Raises Invalid(`name_missing`)."""
    venue = Venue(hub_id=hub_id, created_at=clock.now(), rooms=[])
    _write_venue(venue, details)
    db.session.add(venue)
    db.session.flush()
    return venue


def moved_by_venue(venue: Venue, details: VenueDetails) -> list[Event]:
    """The coming published events whose place another name or address of the venue or a room would change."""
    return [event for event in queries.coming_at(venue.id, clock.now()) if _dates_moved(event, venue, details)]


def change_venue(venue: Venue, details: VenueDetails) -> tuple[int, ...]:
    """Changes a venue and its rooms; another name or address is a change of place for its coming events.

    Each of them gets one `EventRescheduled`, and the SEQUENCE of each date concerned rises. Returns the ids of these
    events. Raises Invalid(`name_missing`) and NotFound for a room of another venue.
    """
    now = clock.now()
    events = queries.coming_at(venue.id, now)
    for event in events:
        _lock(event)
    concerned = {event.id: _dates_moved(event, venue, details) for event in events}
    held = {date.id: _where(event, date)[0] for event in events for date in concerned[event.id]}
    shown = (venue.name, venue.address, [room.name for room in venue.rooms])
    _write_venue(venue, details)
    db.session.flush()
    for event in events:
        changes = []
        for date in concerned[event.id]:
            _raise_sequence(date, now)
            changes.append(DateChange(date.id, date.starts_at, date.ends_at, held[date.id]))
        if changes:
            event.changed_at = now
            record(EventRescheduled(event.id, tuple(changes)))
    if shown != (venue.name, venue.address, [room.name for room in venue.rooms]):
        record(HubEventsChanged(venue.hub_id))
    db.session.flush()
    return tuple(event.id for event in events if concerned[event.id])


def _dates_moved(event: Event, venue: Venue, details: VenueDetails) -> list[EventDate]:
    if event.format is Format.ONLINE:
        return []
    whole = (venue.name, venue.address) != (details.name, details.address)
    names = {room.id: room.name for room in details.rooms if room.id is not None}
    now = clock.now()
    return [
        date
        for date in event.dates
        if date.status is DateStatus.SCHEDULED
        and date.ends_at > now
        and (whole or (date.room is not None and names.get(date.room.id, date.room.name) != date.room.name))
    ]


def _write_venue(venue: Venue, details: VenueDetails) -> None:
    if not details.name:
        raise Invalid("name_missing", field="name")
    venue.name, venue.address, venue.directions = details.name, details.address, details.directions
    venue.latitude, venue.longitude = details.latitude, details.longitude
    rooms = {room.id: room for room in venue.rooms}
    for position, each in enumerate(details.rooms):
        if each.id is None:
            venue.rooms.append(Room(name=each.name, capacity=each.capacity, position=position))
            continue
        if each.id not in rooms:
            raise NotFound("page")
        room = rooms[each.id]
        room.name, room.capacity, room.position = each.name or room.name, each.capacity, position


# --- inside ----------------------------------------------------------------------------------------------------------


def _lock(event: Event) -> None:
    """Holds the event's row to the commit, so that nobody joins or changes it meanwhile."""
    db.session.flush()
    db.session.execute(sa.select(Event.id).where(Event.id == event.id).with_for_update())
    db.session.refresh(event, ["status", "seats_taken", "waiting", "capacity"])


def _check(hub_id: int, details: EventDetails) -> None:
    if not details.title:
        raise Invalid("title_missing", field="title")
    if details.zone and not rules.is_zone(details.zone):
        raise Invalid("zone_unknown", field="zone")
    if details.programme_id is not None and not _is_of_hub(Programme, details.programme_id, hub_id):
        raise NotFound("page")
    venue = _venue(hub_id, details.venue_id)
    known = {room.id for room in venue.rooms} if venue else set()
    if not {date.room_id for date in details.dates if date.room_id is not None} <= known:
        raise Invalid("room_elsewhere", field="dates")
    opens, closes = details.registration_opens_at, details.registration_closes_at
    if opens is not None and closes is not None and closes <= opens:
        raise Invalid("closes_before_opening", field="registration_closes_at")


def _is_of_hub(model: Any, id: int, hub_id: int) -> bool:
    return db.session.scalar(sa.select(model.id).where(model.id == id, model.hub_id == hub_id)) is not None


def _venue(hub_id: int, venue_id: int | None) -> Venue | None:
    if venue_id is None:
        return None
    venue = db.session.scalar(
        sa.select(Venue).where(Venue.id == venue_id, Venue.hub_id == hub_id).options(selectinload(Venue.rooms))
    )
    if venue is None:
        raise NotFound("page")
    return venue


def _write(event: Event, details: EventDetails, hub: Hub) -> None:
    """Copies what differs, so that an unchanged event issues no UPDATE."""
    values = {name: getattr(details, name) for name in _PLAIN}
    values["zone"] = details.zone or event.zone or hub.zone
    values["languages"] = details.languages or hub.languages[:1]
    values["competences"] = [dict(tag) for tag in details.competences]
    for name, value in values.items():
        if getattr(event, name) != value:
            setattr(event, name, value)
    if event.venue is None or event.venue.id != details.venue_id:
        event.venue = _venue(hub.id, details.venue_id)
    programme = event.programme
    if (programme.id if programme else None) != details.programme_id:
        event.programme = db.session.get(Programme, details.programme_id) if details.programme_id else None


def _room(date: EventDate, room_id: int | None, rooms: Mapping[int, Room]) -> None:
    if room_id is not None and room_id not in rooms:
        raise Invalid("room_elsewhere", field="dates")
    date.room = rooms[room_id] if room_id is not None else None
    date.room_id = room_id


def _span(event: Event) -> None:
    """`starts_at` and `ends_at` of an event span the dates that take place."""
    held: Iterable[EventDate] = [date for date in event.dates if date.status is DateStatus.SCHEDULED]
    starts_at = min((date.starts_at for date in held), default=None)
    ends_at = max((date.ends_at for date in held), default=None)
    if (event.starts_at, event.ends_at) != (starts_at, ends_at):
        event.starts_at, event.ends_at = starts_at, ends_at


def _raise_sequence(date: EventDate, now: datetime) -> None:
    date.sequence += 1
    date.changed_at = now


def _no_move_when_cancelled(event: Event) -> None:
    if event.status is EventStatus.CANCELLED:
        raise Conflict("event_cancelled")


def _where(event: Event, date: EventDate) -> Where:
    return _where_of(event.format, event.venue, date.room, event.online_url)


def _where_of(format: Format, venue: Venue | None, room: Room | None, online_url: str) -> Where:
    place = NONE if format is Format.ONLINE else queries.place(venue, room)
    return place, "" if format is Format.ONSITE else online_url


def _shown(event: Event, date_ids: Iterable[int]) -> tuple[object, ...]:
    """Everything of an event that its pages and feeds show; the topics of these dates too."""
    known = frozenset(date_ids)
    topics = frozenset((date.id, date.title) for date in event.dates if date.id in known)
    return (*(getattr(event, name) for name in _PLAIN), event.zone, event.slug, list(event.competences or ()), topics)
