"""The list that a door's phone keeps, whole or what changed since (DESIGN 6 "Door sync"): only what its role needs.

A version holds the moment of its answer and for which door it was. Everything that changed since that moment less
`OVERLAP` is named again, because transactions commit out of order; entries are whole, so naming one twice does no harm.
Somebody who is gone is named by nobody: the phone counts its entries against `total` and asks for the whole when they
differ.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from hubevents.checkin import queries
from hubevents.checkin.models import Attendance, Device, Door, Scan
from hubevents.checkin.rules import DoorRole, EventRules, day_of
from hubevents.core import tokens
from hubevents.core.db import db
from hubevents.core.errors import Gone, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations.models import Participant, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import AttendsAs, RegistrationStatus

OVERLAP = timedelta(seconds=120)
"""How long a transaction may take from its changes to its commit."""
OLDEST = timedelta(hours=12)
"""How old a list may be to be brought up to date by a difference."""
NEARBY = timedelta(days=90)
"""How far other events may be whose tickets a phone can name."""
MOST_OTHERS = 200

NAMED = frozenset({DoorRole.SEARCH, DoorRole.STEWARD})
"""Roles that look people up: they see whole names, organisations and mail addresses."""


def rfc3339(moment: datetime) -> str:
    """A moment in UTC with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def masked(name: str) -> str:
    """A name for eyes that need not know it: `Мария Желязкова` is `Мария Ж.` (INTEROP D72)."""
    first, *more = name.split()
    return f"{first} {more[-1][0]}." if more else first


def roster(token: str, now: datetime, language: str, *, since: str | None = None, device: str | None = None) -> Any:
    """The list of the door of a pass as JSON: whole, or what changed since the version `since` of this door.

    NotFound for a forged pass and for a room's screen, which needs no list; Gone(`door_closed`) when the pass ended or
    was revoked, Gone(`device_revoked`) for the id of a device that staff took away.
    """
    door = _door(token, now, device)
    role = DoorRole(door.role)
    if role is DoorRole.SCREEN:
        raise NotFound("page")
    session_ids = tuple(door.session_ids)
    about = tokens.digest(f"{door.id} {door.role} {session_ids}")[:8]
    moment = _moment_of(since, about, now)
    after = None if moment is None else moment - OVERLAP
    today = day_of(now, door.zone)
    event = queries.event_rules(door.event_id, language)
    asked = {
        "event_id": door.event_id,
        "after": after,
        "session_ids": list(session_ids),
        "yesterday": today - timedelta(days=1),
    }
    people = _people(asked, role, in_sessions=bool(session_ids), booked=any(each.booked for each in event.sessions))
    return {
        "version": f"{int(now.timestamp() * 1000)}-{about}",
        "complete": after is None,
        "total": people.total,
        "now": rfc3339(now),
        "event": _event(event, door.title.text(language)),
        "door": _door_rules(door),
        "sessions": _sessions(event),
        "keys": [_key(each.public_key().public_bytes_raw()) for each in tokens.ticket_keys()],
        "present": queries.count_present(door.event_id, today, session_ids),
        "expected": queries.expected(door.event_id, session_ids),
        "asks": {name: getattr(door, f"ask_{name}").value for name in ("organisation", "phone", "position")},
        "others": _others(door, now, language),
        "registrations": list(people.entries.values()),
        "removed": [],
    }


# --- the door --------------------------------------------------------------------------------------------------------


def _door(token: str, now: datetime, device: str | None) -> Any:
    link = tokens.read_link(tokens.DOOR, token)
    row = None
    if link is not None:
        row = db.session.connection().execute(_DOOR, {"door_id": link.id, "uuid": _uuid(device)}).one_or_none()
    if link is None or row is None:
        raise NotFound("link_unknown")
    if row.link_version != link.version or row.revoked_at is not None or now > row.expires_at:
        raise Gone("door_closed")
    if row.device_revoked_at is not None:
        raise Gone("device_revoked")
    return row


_DOOR = (
    sa.select(
        *(column for column in Door.__table__.columns),
        Event.hub_id,
        Event.title,
        Event.zone,
        Event.ask_organisation,
        Event.ask_phone,
        Event.ask_position,
        Device.revoked_at.label("device_revoked_at"),
    )
    .join(Event, Event.id == Door.event_id)
    .outerjoin(Device, sa.and_(Device.door_id == Door.id, Device.uuid == sa.bindparam("uuid", type_=sa.String)))
    .where(Door.id == sa.bindparam("door_id"))
)


def _uuid(value: str | None) -> str | None:
    try:
        return str(UUID(value)) if value else None
    except ValueError:
        return None


_VERSION = re.compile(r"([0-9]{1,15})-([0-9a-f]{8})", re.ASCII)


def _moment_of(version: str | None, about: str, now: datetime) -> datetime | None:
    """When a version was given out; None when a difference from it cannot be told and the whole is due."""
    found = _VERSION.fullmatch(version or "")
    if found is None or found[2] != about:
        return None
    age = now - datetime.fromtimestamp(0, UTC) - timedelta(milliseconds=int(found[1]))
    return now - age if timedelta(0) <= age <= OLDEST else None


def _event(event: EventRules, title: str) -> dict[str, Any]:
    """`rules.EventRules` in JSON, without its sessions."""
    return {
        "id": event.id,
        "title": title,
        "zone": event.zone,
        "dates": [{"starts_at": rfc3339(each.starts_at), "ends_at": rfc3339(each.ends_at)} for each in event.dates],
        "cancelled": event.cancelled,
    }


def _sessions(event: EventRules) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "title": each.title,
            "starts_at": rfc3339(each.starts_at),
            "ends_at": rfc3339(each.ends_at),
            "booked": each.booked,
            "cancelled": each.cancelled,
        }
        for each in event.sessions
    ]


def _door_rules(door: Any) -> dict[str, Any]:
    """`rules.DoorRules` in JSON, with what the page says of the door."""
    return {
        "id": str(door.id),
        "name": door.name,
        "role": door.role,
        "sessions": [str(id) for id in door.session_ids],
        "opens_minutes_before": door.opens_minutes_before,
        "closes_minutes_after": door.closes_minutes_after,
        "re_entry": door.reentry,
        "capacity": door.capacity,
        "ends_at": rfc3339(door.expires_at),
        "badges": door.badges,
    }


def _key(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _others(door: Any, now: datetime, language: str) -> list[dict[str, Any]]:
    """The events of this hub that a strange ticket may be for, the nearest first when they are many."""
    rows = db.session.connection().execute(
        _OTHERS, {"hub_id": door.hub_id, "event_id": door.event_id, "from": now - NEARBY, "until": now + NEARBY}
    )
    nearest = sorted(rows, key=lambda row: (abs(row.starts_at - now), row.id))[:MOST_OTHERS]
    return [
        {
            "id": str(row.id),
            "title": row.title.text(language),
            "starts_at": rfc3339(row.starts_at),
            "same_series": row.title == door.title,
        }
        for row in nearest
    ]


_OTHERS = sa.select(Event.id, Event.title, Event.starts_at).where(
    Event.hub_id == sa.bindparam("hub_id"),
    Event.status == EventStatus.PUBLISHED,
    Event.ends_at >= sa.bindparam("from"),
    Event.starts_at <= sa.bindparam("until"),
    Event.id != sa.bindparam("event_id"),
)


# --- the people ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _People:
    total: int
    entries: dict[int, dict[str, Any]]
    """By id; a key is absent where there is nothing to say."""


def _people(asked: dict[str, Any], role: DoorRole, *, in_sessions: bool, booked: bool) -> _People:
    kind = (asked["after"] is not None, in_sessions)
    run = db.session.connection().execute
    entries: dict[int, dict[str, Any]] = {}
    total = 0
    for row in run(_registrations(*kind), asked):
        total = row.total
        if row.id is not None:
            entries[row.id] = _entry(row, role)
    if booked:
        for registration_id, session_id in run(_places(*kind), asked):
            if registration_id in entries:
                entries[registration_id].setdefault("sessions", []).append(str(session_id))
    for row in run(_attendances(*kind), asked):
        if row.registration_id in entries:
            entries[row.registration_id].setdefault("present", []).append(_presence(row))
    return _People(total, entries)


def _entry(row: Any, role: DoorRole) -> dict[str, Any]:
    name = f"{row.first_name} {row.last_name}"
    entry = {"id": str(row.id), "name": name if role in NAMED else masked(name), "status": row.status}
    if row.code is not None:
        entry |= {"version": row.version, "code": row.code}
    if row.attends_as != AttendsAs.PARTICIPANT:
        entry["as"] = row.attends_as
    if role in NAMED:
        if row.organisation_name:
            entry["org"] = row.organisation_name
        if row.email:
            entry["mail"] = row.email
    return entry


def _presence(row: Any) -> dict[str, Any]:
    presence = {"day": row.day.isoformat(), "at": rfc3339(row.first_in_at), "inside": row.inside}
    if row.session_id is not None:
        presence["session"] = str(row.session_id)
    if row.last_out_at is not None:
        presence["out"] = rfc3339(row.last_out_at)
    if row.door is not None:
        presence["door"] = row.door
    return presence


def _changed(in_sessions: bool) -> Any:
    """Ids of people whose registration, ticket, places or presence in the door's scope changed since `after`."""
    here: sa.BindParameter[Any] = sa.bindparam("event_id")
    after: sa.BindParameter[Any] = sa.bindparam("after")
    return sa.union(
        sa.select(Registration.id).where(Registration.event_id == here, Registration.changed_at >= after),
        sa.select(Attendance.registration_id).where(
            Attendance.event_id == here, Attendance.changed_at >= after, _in_scope(in_sessions)
        ),
    )


def _in_scope(in_sessions: bool) -> Any:
    if not in_sessions:
        return Attendance.session_id.is_(None)
    return Attendance.session_id.in_(sa.bindparam("session_ids", expanding=True))


@cache
def _registrations(changed: bool, in_sessions: bool) -> Any:
    """One row per registration with its newest ticket, and the number of all beside each.

    One statement, so that on PostgreSQL too number and people are of the same moment: somebody registering in between
    would make the phone fetch the whole. Without people there is one row of nothing but the number.
    """
    here: sa.BindParameter[Any] = sa.bindparam("event_id")
    newer = aliased(Ticket)
    people = (
        sa.select(
            Registration.id,
            sa.type_coerce(Registration.status, sa.String).label("status"),
            Registration.first_name,
            Registration.last_name,
            Registration.organisation_name,
            sa.type_coerce(Registration.attends_as, sa.String).label("attends_as"),
            Participant.email,
            Ticket.version,
            Ticket.code,
        )
        .outerjoin(Participant, Participant.id == Registration.participant_id)
        .outerjoin(
            Ticket,
            sa.and_(
                Ticket.registration_id == Registration.id,
                ~sa.exists().where(newer.registration_id == Ticket.registration_id, newer.version > Ticket.version),
            ),
        )
        .where(Registration.event_id == here)
    )
    if changed:
        people = people.where(Registration.id.in_(_changed(in_sessions)))
    listed = people.subquery()
    number = sa.select(sa.func.count().label("total")).where(Registration.event_id == here).subquery()
    return sa.select(number.c.total, *listed.c).select_from(number.outerjoin(listed, sa.true())).order_by(listed.c.id)


@cache
def _places(changed: bool, in_sessions: bool) -> Any:
    found = (
        sa.select(SessionPlace.registration_id, SessionPlace.session_id)
        .join(Registration, Registration.id == SessionPlace.registration_id)
        .where(Registration.event_id == sa.bindparam("event_id"), SessionPlace.status == RegistrationStatus.CONFIRMED)
        .order_by(SessionPlace.session_id)
    )
    return found.where(Registration.id.in_(_changed(in_sessions))) if changed else found


@cache
def _attendances(changed: bool, in_sessions: bool) -> Any:
    """Presence since yesterday in the door's scope; an event's night may not be over at midnight."""
    found = (
        sa.select(
            Attendance.registration_id,
            Attendance.session_id,
            Attendance.day,
            Attendance.first_in_at,
            Attendance.last_out_at,
            Attendance.inside,
            Door.name.label("door"),
        )
        .outerjoin(Scan, Scan.id == Attendance.first_scan_id)
        .outerjoin(Door, Door.id == Scan.door_id)
        .where(
            Attendance.event_id == sa.bindparam("event_id"),
            Attendance.day >= sa.bindparam("yesterday"),
            _in_scope(in_sessions),
        )
        .order_by(Attendance.day, Attendance.id)
    )
    return found.where(Attendance.registration_id.in_(_changed(in_sessions))) if changed else found
