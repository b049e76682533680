"""Reading doors, scans and attendance."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionStatus
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import EventRules, SessionRules, Span
from hubevents.core import clock, tokens
from hubevents.core.db import db
from hubevents.core.errors import Gone, NotFound
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus


def open_door(token: str) -> Door:
    """The door of a pass in force, with its event and hub; NotFound for a forged one, Gone for one that ended."""
    link = tokens.read_link(tokens.DOOR, token)
    door = None
    if link is not None:
        door = db.session.scalar(
            sa.select(Door).where(Door.id == link.id).options(joinedload(Door.event).joinedload(Event.hub))
        )
    if link is None or door is None:
        raise NotFound("link_unknown")
    if door.link_version != link.version or not is_open(door):
        raise Gone("door_closed")
    return door


def is_open(door: Door) -> bool:
    """Whether the pass is in force: neither revoked nor ended."""
    return door.revoked_at is None and clock.now() <= door.expires_at


def doors_of(event_id: int) -> Sequence[Door]:
    """The doors of an event in the order they were made."""
    return db.session.scalars(sa.select(Door).where(Door.event_id == event_id).order_by(Door.id)).all()


def door_of(event_id: int, door_id: int) -> Door | None:
    """A door when it is this event's."""
    return db.session.scalar(sa.select(Door).where(Door.id == door_id, Door.event_id == event_id))


def recent_scans(event_id: int, limit: int = 30) -> Sequence[Scan]:
    """The last scans of an event with door, device, person and colleague, the newest first."""
    return db.session.scalars(
        sa.select(Scan)
        .where(Scan.event_id == event_id)
        .order_by(Scan.received_at.desc(), Scan.scanned_at.desc(), Scan.id.desc())
        .limit(limit)
        .options(
            joinedload(Scan.door), joinedload(Scan.device), joinedload(Scan.registration), joinedload(Scan.user)
        )
    ).all()


def count_present(event_id: int, day: date, session_ids: Sequence[int] = ()) -> int:
    """People inside on a day: at the event's entrances, or in these sessions."""
    values = {"event_id": event_id, "day": day} | ({"session_ids": list(session_ids)} if session_ids else {})
    counted: int = db.session.connection().execute(_present(bool(session_ids)), values).scalar_one()
    return counted


@cache
def _present(in_sessions: bool) -> Any:
    """Built once and run below the ORM: every scan asks."""
    session_ids: sa.BindParameter[Any] = sa.bindparam("session_ids", expanding=True)
    where = Attendance.session_id.in_(session_ids) if in_sessions else Attendance.session_id.is_(None)
    return (
        sa.select(sa.func.count())
        .select_from(Attendance)
        .where(
            Attendance.event_id == sa.bindparam("event_id"),
            Attendance.day == sa.bindparam("day"),
            where,
            Attendance.inside,
        )
    )


def expected(event_id: int, session_ids: Sequence[int] = ()) -> int:
    """People with a place: in the event, or in these sessions when they have places of their own."""
    if session_ids:
        places = db.session.execute(
            sa.select(EventSession.capacity, EventSession.seats_taken).where(EventSession.id.in_(session_ids))
        ).all()
        if all(row.capacity is not None for row in places):
            return sum(row.seats_taken for row in places)
    return db.session.scalars(sa.select(Event.seats_taken).where(Event.id == event_id)).one()


def session_title(session_id: int) -> Translated:
    """The title of a session."""
    return db.session.scalars(sa.select(EventSession.title).where(EventSession.id == session_id)).one()


def present_by_session(event_id: int, day: date) -> dict[int | None, int]:
    """People inside on a day, by session; None is the event's entrances. Who is not there has no key."""
    rows = db.session.execute(
        sa.select(Attendance.session_id, sa.func.count())
        .where(Attendance.event_id == event_id, Attendance.day == day, Attendance.inside)
        .group_by(Attendance.session_id)
    )
    return {row[0]: row[1] for row in rows}


def sessions_of(event_id: int) -> Sequence[EventSession]:
    """Sessions that take place, in the order of time: a door may stand before one of them."""
    return db.session.scalars(
        sa.select(EventSession)
        .where(EventSession.event_id == event_id, EventSession.status == SessionStatus.SCHEDULED)
        .order_by(EventSession.starts_at, EventSession.id)
    ).all()


def session_rules(event_id: int, language: str) -> tuple[SessionRules, ...]:
    """The sessions of an event as doors know them, cancelled ones too."""
    rows = db.session.execute(
        sa.select(
            EventSession.id,
            EventSession.title,
            EventSession.starts_at,
            EventSession.ends_at,
            EventSession.capacity,
            EventSession.status,
        )
        .where(EventSession.event_id == event_id)
        .order_by(EventSession.id)
    )
    return tuple(
        SessionRules(
            id=str(row.id),
            title=row.title.text(language),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            booked=row.capacity is not None,
            cancelled=row.status is SessionStatus.CANCELLED,
        )
        for row in rows
    )


def event_rules(event_id: int, language: str) -> EventRules:
    """An event as doors know it, with its sessions. NotFound for none."""
    event = db.session.execute(sa.select(Event.zone, Event.status).where(Event.id == event_id)).one_or_none()
    if event is None:
        raise NotFound("page")
    dates = db.session.execute(
        sa.select(EventDate.starts_at, EventDate.ends_at)
        .where(EventDate.event_id == event_id, EventDate.status == DateStatus.SCHEDULED)
        .order_by(EventDate.starts_at)
    )
    return EventRules(
        id=str(event_id),
        zone=event.zone,
        dates=tuple(Span(row.starts_at, row.ends_at) for row in dates),
        sessions=session_rules(event_id, language),
        cancelled=event.status is EventStatus.CANCELLED,
    )
