"""Reading doors, scans and attendance."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.core import clock, tokens
from hubevents.core.db import db
from hubevents.core.errors import Gone, NotFound
from hubevents.events.models import Event


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
    """The last scans of an event with door, device and person: those staff should look at first, then the newest."""
    return db.session.scalars(
        sa.select(Scan)
        .where(Scan.event_id == event_id)
        .order_by(Scan.flagged.is_(None), Scan.received_at.desc(), Scan.id.desc())
        .limit(limit)
        .options(joinedload(Scan.door), joinedload(Scan.device), joinedload(Scan.registration))
    ).all()


def count_present(event_id: int, day: date, session_ids: Sequence[int] = ()) -> int:
    """People inside on a day: at the event's entrances, or in these sessions."""
    where = Attendance.session_id.in_(session_ids) if session_ids else Attendance.session_id.is_(None)
    counted = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Attendance)
        .where(Attendance.event_id == event_id, Attendance.day == day, where, Attendance.inside)
    )
    return counted or 0
