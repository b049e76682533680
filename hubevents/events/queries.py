"""Reading events."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.i18n import Translated
from hubevents.events import rules
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import DateStatus, EventStatus, Openness
from hubevents.hubs.models import Hub


def event_of_hub(hub_id: int, event_id: int) -> Event | None:
    """An event of this hub, with its dates; None when it is another hub's."""
    return db.session.scalar(
        sa.select(Event)
        .where(Event.id == event_id, Event.hub_id == hub_id)
        .options(selectinload(Event.dates).joinedload(EventDate.room), joinedload(Event.hub), joinedload(Event.venue))
    )


def event_by_name(hub_id: int, name: str) -> Event | None:
    """An event of this hub by its slug, else by its number, as commands name it."""
    found = db.session.scalar(sa.select(Event).where(Event.hub_id == hub_id, Event.slug == name))
    if found is None and name.isascii() and name.isdecimal() and len(name) < 10:
        found = event_of_hub(hub_id, int(name))
    return found


def _with_all() -> sa.Select[Event]:
    """Events that may be seen, with all that one page shows of them: one statement and one for the dates."""
    return (
        sa.select(Event)
        .join(Event.hub)
        .where(Event.status != EventStatus.DRAFT)
        .options(
            contains_eager(Event.hub),
            joinedload(Event.programme),
            joinedload(Event.venue),
            selectinload(Event.dates).joinedload(EventDate.room),
        )
    )


def public_event(event_id: int) -> Event | None:
    """A published or cancelled event with hub, programme, venue and dates."""
    return db.session.scalar(_with_all().where(Event.id == event_id))


def public_event_by_slug(hub_slug: str, slug: str) -> Event | None:
    """The same by the slugs of its address."""
    return db.session.scalar(_with_all().where(Hub.slug == hub_slug, Event.slug == slug))


def scheduled(event: Event) -> list[EventDate]:
    """The dates that are not withdrawn, in order; all of them when every one was withdrawn."""
    left = [date for date in event.dates if date.status is DateStatus.SCHEDULED]
    return left or list(event.dates)


def last_start(event: Event) -> datetime | None:
    """The start of the last date that is not withdrawn."""
    return max((date.starts_at for date in event.dates if date.status is DateStatus.SCHEDULED), default=None)


def has_begun(event: Event) -> bool:
    """Whether the last date has begun: then nobody moves up any more."""
    last = last_start(event)
    return last is not None and last <= clock.now()


def openness(event: Event) -> Openness:
    """Whether people can register now."""
    return rules.openness(
        status=event.status,
        takes_registrations=event.takes_registrations,
        opens_at=event.registration_opens_at,
        closes_at=event.registration_closes_at,
        last_start=last_start(event),
        ends_at=event.ends_at,
        capacity=event.capacity,
        seats_taken=event.seats_taken,
        waiting=event.waiting,
        now=clock.now(),
    )


def place(venue: Venue | None, room: Room | None) -> Translated:
    """Where a date is held, on one line per language: room, venue, address; empty when online only."""
    if venue is None:
        return Translated()
    languages = {*venue.name, *venue.address, *(room.name if room else ())}
    lines = {}
    for language in languages:
        parts = [venue.name.text(language), room.name.text(language) if room else "", venue.address.text(language)]
        lines[language] = ", ".join(part for part in parts if part)
    return Translated.of(lines)


def coming_at(venue_id: int, now: datetime) -> list[Event]:
    """Published events at a venue that are not over, by id (the order of locks), with dates and rooms."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(Event.venue_id == venue_id, Event.status == EventStatus.PUBLISHED, Event.ends_at > now)
            .order_by(Event.id)
            .options(
                selectinload(Event.dates).joinedload(EventDate.room), joinedload(Event.venue), joinedload(Event.hub)
            )
        )
    )


def venues_of_hub(hub_id: int) -> list[Venue]:
    """All venues of a hub with their rooms, in the order in which they were made."""
    return list(
        db.session.scalars(
            sa.select(Venue).where(Venue.hub_id == hub_id).order_by(Venue.id).options(selectinload(Venue.rooms))
        )
    )


def venue_of_hub(hub_id: int, venue_id: int) -> Venue | None:
    """A venue of this hub with its rooms; None when it is another hub's."""
    return db.session.scalar(
        sa.select(Venue).where(Venue.id == venue_id, Venue.hub_id == hub_id).options(selectinload(Venue.rooms))
    )
