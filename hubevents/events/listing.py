"""Reading events for lists: coming and past ones by filters, counts for the filters, days of a month.

The number of statements does not depend on how many events there are, and no answer is longer than its limit.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, load_only, selectinload

from hubevents.core.db import UTCDateTime, db, holds
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import DateStatus, EventStatus, Format, Visibility
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a list; None asks for all."""

    hub_id: int | None = None
    kind: str | None = None
    programme_id: int | None = None
    sector: str | None = None
    format: Format | None = None
    language: str | None = None
    free: bool = False
    """Only those with a free place to be had now."""

    @property
    def any(self) -> bool:
        """Whether one of the filters is set, the hub apart."""
        return self != Wanted(hub_id=self.hub_id)


@dataclass(frozen=True, slots=True)
class Listed:
    """An event and the start of its next date (of its last one when it is over)."""

    event: Event
    starts_at: datetime


_LISTED = (
    Event.id,
    Event.hub_id,
    Event.programme_id,
    Event.slug,
    Event.kind,
    Event.status,
    Event.format,
    Event.title,
    Event.languages,
    Event.interpretation,
    Event.picture,
    Event.venue_id,
    Event.zone,
    Event.capacity,
    Event.seats_taken,
    Event.waiting,
    Event.takes_registrations,
    Event.registration_opens_at,
    Event.registration_closes_at,
    Event.starts_at,
    Event.ends_at,
    Event.cancelled_at,
)


def _visible(hub_id: int | None) -> list[sa.ColumnElement[bool]]:
    """What everybody may find: published or cancelled, not unlisted, with a date."""
    conditions = [
        Event.status != EventStatus.DRAFT,
        Event.visibility == Visibility.PUBLIC,
        Event.starts_at.is_not(None),
    ]
    if hub_id is not None:
        conditions.append(Event.hub_id == hub_id)
    return conditions


def _has_free_place(now: datetime) -> sa.ColumnElement[bool]:
    """The same as `rules.openness` giving OPEN, as a condition."""
    later = (
        sa.exists()
        .where(EventDate.event_id == Event.id, EventDate.status == DateStatus.SCHEDULED, EventDate.starts_at > now)
        .correlate(Event)
    )
    return sa.and_(
        Event.status == EventStatus.PUBLISHED,
        Event.takes_registrations,
        Event.waiting == 0,
        sa.or_(Event.capacity.is_(None), Event.seats_taken < Event.capacity),
        sa.or_(Event.registration_opens_at.is_(None), Event.registration_opens_at <= now),
        sa.or_(Event.registration_closes_at > now, sa.and_(Event.registration_closes_at.is_(None), later)),
    )


def _filters(wanted: Wanted, now: datetime) -> dict[str, sa.ColumnElement[bool]]:
    """The conditions of the filters that are set, by their names."""
    found: dict[str, sa.ColumnElement[bool]] = {}
    if wanted.kind is not None:
        found["kind"] = Event.kind == wanted.kind
    if wanted.programme_id is not None:
        found["programme"] = Event.programme_id == wanted.programme_id
    if wanted.sector is not None:
        found["sector"] = holds(Event.sectors, wanted.sector)
    if wanted.format is not None:
        found["format"] = Event.format == wanted.format
    if wanted.language is not None:
        found["language"] = holds(Event.languages, wanted.language)
    if wanted.free:
        found["free"] = _has_free_place(now)
    return found


def _next_start(now: datetime) -> sa.ColumnElement[datetime]:
    """The start of the next date that is not over; the event's own start without one."""
    following = (
        sa.select(sa.func.min(EventDate.starts_at))
        .where(EventDate.event_id == Event.id, EventDate.status == DateStatus.SCHEDULED, EventDate.ends_at > now)
        .correlate(Event)
        .scalar_subquery()
    )
    return sa.type_coerce(sa.func.coalesce(following, Event.starts_at), Event.starts_at.type)


def _rows(statement: Any) -> list[Listed]:
    loaded = statement.join(Event.hub).options(
        load_only(*_LISTED),
        contains_eager(Event.hub).load_only(Hub.slug, Hub.name, Hub.languages),
        joinedload(Event.venue).load_only(Venue.name),
        selectinload(Event.dates)
        .load_only(EventDate.uid, EventDate.starts_at, EventDate.ends_at, EventDate.status)
        .joinedload(EventDate.room)
        .load_only(Room.name),
    )
    return [Listed(event, starts_at) for event, starts_at in db.session.execute(loaded)]


def coming(
    wanted: Wanted, now: datetime, *, since: datetime | None = None, offset: int = 0, limit: int = 61
) -> list[Listed]:
    """Events that are not over, by their next date from `since` on; two statements."""
    start = _next_start(now)
    conditions = [*_visible(wanted.hub_id), Event.ends_at > now, *_filters(wanted, now).values()]
    if since is not None:
        conditions.append(start >= since)
    return _rows(
        sa.select(Event, start.label("next"))
        .where(*conditions)
        .order_by(sa.asc("next"), Event.id)
        .offset(offset)
        .limit(limit)
    )


def past(wanted: Wanted, now: datetime, *, offset: int = 0, limit: int = 31) -> list[Listed]:
    """Events that are over, the latest first; two statements."""
    conditions = [*_visible(wanted.hub_id), Event.ends_at <= now, *_filters(wanted, now).values()]
    return _rows(
        sa.select(Event, Event.starts_at.label("next"))
        .where(*conditions)
        .order_by(Event.starts_at.desc(), Event.id.desc())
        .offset(offset)
        .limit(limit)
    )


Options = tuple[tuple[str, tuple[Any, ...]], ...]
"""Fields of `Wanted`, each with the values to count."""


def counts(wanted: Wanted, now: datetime, options: Options, *, over: bool = False) -> dict[str, Any]:
    """How many events each option of a filter would leave, beside the other filters in force; one statement.

    The answer maps each field to {value: number}, and `all` maps each field to the number without that filter. `over`
    counts past events.
    """
    statement, keys = _counting(wanted, options, over)
    row = db.session.execute(statement, {"now": now}).one()
    found: dict[str, Any] = {"all": {}} | {field: {} for field, _values in options}
    for (field, value), number in zip(keys, row, strict=True):
        if value is None:
            found["all"][field] = number
        else:
            found[field][value] = number
    return found


@lru_cache(maxsize=128)
def _counting(wanted: Wanted, options: Options, over: bool) -> tuple[sa.Select[Any], list[tuple[str, Any]]]:
    """The statement of `counts` and the keys of its columns; building it takes longer than running it."""
    now: Any = sa.bindparam("now", type_=UTCDateTime())
    filters = _filters(wanted, now)
    columns: list[Any] = []
    keys: list[tuple[str, Any]] = []
    for field, values in options:
        name = "programme" if field == "programme_id" else field
        others = [condition for key, condition in filters.items() if key != name]
        columns.append(_count(others))
        keys.append((field, None))
        for value in values:
            alone = _filters(replace(Wanted(), **{field: value}), now)[name]
            columns.append(_count([*others, alone]))
            keys.append((field, value))
    time = Event.ends_at <= now if over else Event.ends_at > now
    labelled = (column.label(f"n{number}") for number, column in enumerate(columns))
    return sa.select(*labelled).where(*_visible(wanted.hub_id), time), keys


def _count(conditions: list[sa.ColumnElement[bool]]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((sa.and_(sa.true(), *conditions), 1)))


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One date of an event as a month shows it."""

    hub: str
    slug: str
    title: Translated
    zone: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool


def dates_between(wanted: Wanted, now: datetime, start: datetime, end: datetime, *, limit: int = 400) -> list[DayEntry]:
    """Dates of events that touch a stretch of time, in order; one statement."""
    rows = db.session.execute(
        sa.select(
            Hub.slug.label("hub"),
            Event.slug,
            Event.title,
            Event.zone,
            EventDate.starts_at,
            EventDate.ends_at,
            sa.or_(Event.status == EventStatus.CANCELLED, EventDate.status == DateStatus.CANCELLED).label("cancelled"),
        )
        .join(Event, EventDate.event_id == Event.id)
        .join(Hub, Event.hub_id == Hub.id)
        .where(
            *_visible(wanted.hub_id),
            EventDate.starts_at < end,
            EventDate.ends_at > start,
            *_filters(wanted, now).values(),
        )
        .order_by(EventDate.starts_at, EventDate.id)
        .limit(limit)
    )
    return [DayEntry(**{**row._mapping, "cancelled": bool(row.cancelled)}) for row in rows]


_SUMS = (
    sa.func.count(Event.id),
    sa.func.max(Event.changed_at),
    sa.func.sum(Event.seats_taken * (Event.id % 1009 + 1)),
    sa.func.sum(Event.waiting * (Event.id % 1009 + 1)),
)
_HUB_STAMP = (
    sa.select(
        Hub.id, Hub.name, Hub.kind_line, Hub.summary, Hub.colour, Hub.logo, Hub.email, Hub.address, Hub.zone, *_SUMS
    )
    .outerjoin(Event, sa.and_(Event.hub_id == Hub.id, *_visible(None)))
    .where(Hub.slug == sa.bindparam("hub_slug"))
    .group_by(Hub.id)
)


def hub_stamp(hub_slug: str) -> tuple[Any, ...] | None:
    """The stamp of a hub's lists, and of what the frame of its pages shows; None for an unknown hub; one statement."""
    row = db.session.execute(_HUB_STAMP, {"hub_slug": hub_slug}).first()
    return None if row is None else tuple(row)


def stamp(hub_id: int | None) -> tuple[Any, ...]:
    """Changes whenever an event that lists show changes: its texts, times, status or seats; one cheap statement.

    Sums weighted by id, so that a seat given here and taken there differ.
    """
    return tuple(db.session.execute(sa.select(*_SUMS).where(*_visible(hub_id))).one())


@dataclass(frozen=True, slots=True)
class Address:
    """What the site map says of an event."""

    hub: str
    slug: str
    changed_at: datetime


def addresses(*, offset: int = 0, limit: int = 5000) -> list[Address]:
    """Addresses of all events that everybody may find, the newest first; one statement."""
    rows = db.session.execute(
        sa.select(Hub.slug, Event.slug, Event.changed_at)
        .join(Hub, Event.hub_id == Hub.id)
        .where(*_visible(None))
        .order_by(Event.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [Address(*row) for row in rows]


def how_many() -> int:
    """How many events everybody may find."""
    return db.session.scalar(sa.select(sa.func.count(Event.id)).where(*_visible(None))) or 0


@dataclass(frozen=True, slots=True)
class ProgrammeAddress:
    """What the site map says of a programme."""

    hub: str
    slug: str
    changed_at: datetime


def programme_addresses(*, limit: int = 5000) -> list[ProgrammeAddress]:
    """Addresses of programmes; one statement."""
    rows = db.session.execute(
        sa.select(Hub.slug, Programme.slug, Programme.changed_at)
        .join(Hub, Programme.hub_id == Hub.id)
        .order_by(Programme.id.desc())
        .limit(limit)
    )
    return [ProgrammeAddress(*row) for row in rows]
