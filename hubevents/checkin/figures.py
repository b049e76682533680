"""What stands at the doors now: people inside, those who came today, arrivals; and the devices. Names nobody.

The number of statements does not grow with people, sessions or doors, so that one computation serves all viewers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.checkin import settling
from hubevents.checkin.models import Attendance, Device, Door
from hubevents.checkin.rules import day_of
from hubevents.core import clock
from hubevents.core.db import db, is_sqlite
from hubevents.core.i18n import Translated
from hubevents.events.models import Event

STEP = timedelta(minutes=5)
"""Arrivals are counted in parts of this length."""
QUIET = timedelta(hours=1)
"""So long after the last arrival the row of parts goes on, empty."""


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """A session of today that a door is for or somebody came to; `expected` is None where it has no places."""

    id: int
    title: Translated
    starts_at: datetime
    ends_at: datetime
    inside: int
    came: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How many came for the first time that day within `STEP` from a moment."""

    at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One event at one moment; `doors` holds those inside by door, each counted in what that door is for."""

    event_id: int
    hub_id: int
    zone: str
    day: date
    inside: int
    came: int
    expected: int
    to_settle: int
    sessions: tuple[SessionFigures, ...]
    doors: Mapping[int, int]
    arrivals: tuple[Arrivals, ...]


def figures(event_id: int) -> Figures | None:
    """The figures of an event now, None when there is no such event.

    People are counted at the event's own entrances; where there is none, once over all its sessions.
    """
    event = db.session.execute(
        sa.select(Event.hub_id, Event.zone, Event.seats_taken).where(Event.id == event_id)
    ).one_or_none()
    if event is None:
        return None
    now = clock.now()
    day = day_of(now, event.zone)
    doors = db.session.execute(sa.select(Door.id, Door.session_ids).where(Door.event_id == event_id)).all()
    counted = {row.session_id: row for row in db.session.execute(_by_session(), {"event_id": event_id, "day": day})}
    # Nobody scanned at an entrance and no door is one: then whoever is in a session has come.
    at_entrance = None in counted or not all(door.session_ids for door in doors)
    parts = db.session.execute(_by_part(at_entrance, is_sqlite()), {"event_id": event_id, "day": day}).all()
    inside = {id: int(row.inside) for id, row in counted.items()}
    return Figures(
        event_id=event_id,
        hub_id=event.hub_id,
        zone=event.zone,
        day=day,
        inside=sum(int(row.inside) for row in parts),
        came=sum(row.number for row in parts),
        expected=event.seats_taken,
        to_settle=settling.count_open(event_id),
        sessions=_sessions(event_id, day, event.zone, counted, {id for door in doors for id in door.session_ids}),
        doors={door.id: sum(inside.get(id, 0) for id in door.session_ids or [None]) for door in doors},
        arrivals=_filled({_moment(row.part): row.number for row in parts}, now),
    )


@cache
def _by_session() -> Any:
    return (
        sa.select(Attendance.session_id, sa.func.count().label("came"), _number_inside(Attendance.inside))
        .where(Attendance.event_id == sa.bindparam("event_id"), Attendance.day == sa.bindparam("day"))
        .group_by(Attendance.session_id)
    )


@cache
def _by_part(at_entrance: bool, on_sqlite: bool) -> Any:
    """People of a day by the part of it in which each came first."""
    inside = sa.func.max(sa.case((Attendance.inside, 1), else_=0)).label("inside")
    people = (
        sa.select(sa.func.min(Attendance.first_in_at).label("first_in_at"), inside)
        .where(Attendance.event_id == sa.bindparam("event_id"), Attendance.day == sa.bindparam("day"))
        .group_by(Attendance.registration_id)
    )
    if at_entrance:
        people = people.where(Attendance.session_id.is_(None))
    each = people.subquery()
    seconds: Any = sa.extract("epoch", each.c.first_in_at)
    length = int(STEP.total_seconds())
    # SQLite's epoch is a whole number, PostgreSQL's has fractions and would be rounded by a cast.
    part = seconds / length if on_sqlite else sa.func.floor(seconds / length)
    part = sa.cast(part, sa.Integer).label("part")
    return sa.select(part, sa.func.count().label("number"), sa.func.sum(each.c.inside).label("inside")).group_by(part)


def _number_inside(column: Any) -> Any:
    return sa.func.sum(sa.case((column, 1), else_=0)).label("inside")


def _moment(part: int) -> datetime:
    return datetime.fromtimestamp(part * STEP.total_seconds(), UTC)


def _filled(numbers: Mapping[datetime, int], now: datetime) -> tuple[Arrivals, ...]:
    """All parts from the first arrival to now, but not longer than `QUIET` after the last; none without arrivals."""
    if not numbers:
        return ()
    at, last = min(numbers), max(numbers)
    until = max(last, min(now, last + QUIET))
    parts = []
    while at <= until:
        parts.append(Arrivals(at, numbers.get(at, 0)))
        at += STEP
    return tuple(parts)


def _sessions(
    event_id: int, day: date, zone: str, counted: Mapping[int | None, Any], of_doors: set[int]
) -> tuple[SessionFigures, ...]:
    rows = db.session.execute(
        sa.select(
            EventSession.id,
            EventSession.title,
            EventSession.starts_at,
            EventSession.ends_at,
            EventSession.capacity,
            EventSession.seats_taken,
        )
        .where(EventSession.event_id == event_id)
        .order_by(EventSession.starts_at, EventSession.id)
    )
    return tuple(
        SessionFigures(
            id=row.id,
            title=row.title,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            inside=int(counted[row.id].inside) if row.id in counted else 0,
            came=counted[row.id].came if row.id in counted else 0,
            expected=row.seats_taken if row.capacity is not None else None,
        )
        for row in rows
        if row.id in counted or (row.id in of_doors and day_of(row.starts_at, zone) == day)
    )


def devices_of(event_id: int) -> Sequence[Device]:
    """The devices seen at the doors of an event; at each door the latest first."""
    return db.session.scalars(
        sa.select(Device)
        .join(Door, Door.id == Device.door_id)
        .where(Door.event_id == event_id)
        .order_by(Device.door_id, Device.last_seen_at.desc(), Device.id)
    ).all()
