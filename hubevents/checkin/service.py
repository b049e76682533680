"""Doors are made, changed, renewed and revoked, their devices shut out and let in again; and they take scans."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.checkin import batch
from hubevents.checkin.intake import Delivery
from hubevents.checkin.models import Device, Door
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, links, tokens
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.events.models import Event
from hubevents.hubs.models import Hub

CLOSES_AFTER = 120
"""Minutes for which a door stays open after the end."""
LONGEST = timedelta(days=60)
"""How long after the event's end a pass may last at most."""


def make_door(
    event: Event,
    name: str,
    role: DoorRole,
    session_ids: Sequence[int] = (),
    *,
    reentry: bool = False,
    capacity: int | None = None,
    badges: bool = False,
    expires_at: datetime | None = None,
) -> Door:
    """A door of this event; without `expires_at` its pass ends `CLOSES_AFTER` minutes after the event's last end.

    `session_ids` must be sessions of the event (Invalid). An event without a date has no door: Conflict(`no_dates`).
    A chosen end lies in the future and at most `LONGEST` after the event: Invalid(`expiry_past` | `expiry_late`).
    """
    if event.ends_at is None:
        raise Conflict("no_dates")
    _check_sessions(event.id, session_ids)
    _check_expiry(event.ends_at, expires_at)
    door = Door(
        event_id=event.id,
        name=name,
        role=role.value,
        session_ids=sorted(set(session_ids)),
        closes_minutes_after=CLOSES_AFTER,
        reentry=reentry,
        capacity=capacity,
        badges=badges,
        created_at=clock.now(),
        expires_at=expires_at or event.ends_at + timedelta(minutes=CLOSES_AFTER),
        expires_chosen=expires_at is not None,
    )
    db.session.add(door)
    db.session.flush()
    return door


def change_door(
    event_id: int,
    door_id: int,
    name: str,
    role: DoorRole,
    session_ids: Sequence[int] = (),
    *,
    reentry: bool = False,
    capacity: int | None = None,
    badges: bool = False,
    expires_at: datetime | None = None,
) -> Door:
    """Gives a door other values; its pass stays the same, so phones go on with it.

    Refuses what `make_door` refuses, but a chosen end that stays as it was.
    """
    door = _door_of(event_id, door_id)
    event = db.session.get_one(Event, event_id)
    _check_sessions(event_id, set(session_ids) - set(door.session_ids))
    if event.ends_at is not None:
        if expires_at != door.expires_at:
            _check_expiry(event.ends_at, expires_at)
        door.expires_at = expires_at or event.ends_at + timedelta(minutes=door.closes_minutes_after)
        door.expires_chosen = expires_at is not None
    door.name, door.role, door.session_ids = name, role.value, sorted(set(session_ids))
    door.reentry, door.capacity, door.badges = reentry, capacity, badges
    return door


def _check_sessions(event_id: int, session_ids: Iterable[int]) -> None:
    known = set(db.session.scalars(sa.select(EventSession.id).where(EventSession.event_id == event_id)))
    if not known.issuperset(session_ids):
        raise Invalid("unknown_session", field="sessions")


def _check_expiry(event_ends_at: datetime, expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    if expires_at <= clock.now():
        raise Invalid("expiry_past", field="expires")
    if expires_at > event_ends_at + LONGEST:
        raise Invalid("expiry_late", field="expires", days=LONGEST.days)


def revoke_door(event_id: int, door_id: int) -> Door:
    """Ends a pass at once: its page answers 410, its late scans are quarantined. Twice changes nothing."""
    door = _door_of(event_id, door_id)
    door.revoked_at = door.revoked_at or clock.now()
    return door


def renew_door(event_id: int, door_id: int) -> Door:
    """Gives a door a new pass in place of the old one, which answers 410; opens a revoked door again.

    A chosen end that is still to come stays; a past one gives way to the event's.
    """
    door = _door_of(event_id, door_id)
    door.link_version += 1
    door.revoked_at = None
    event = db.session.get_one(Event, event_id)
    if event.ends_at is not None and not (door.expires_chosen and door.expires_at > clock.now()):
        _end_with(door, event.ends_at)
    return door


def follow_dates(event_id: int) -> None:
    """The passes of an event end with it also after it was moved; a chosen end stays unless the event outlasts it."""
    event = db.session.get_one(Event, event_id)
    if event.ends_at is None:
        return
    for door in db.session.scalars(sa.select(Door).where(Door.event_id == event_id)):
        if not door.expires_chosen or door.expires_at < event.ends_at:
            _end_with(door, event.ends_at)


def _end_with(door: Door, event_ends_at: datetime) -> None:
    door.expires_at = event_ends_at + timedelta(minutes=door.closes_minutes_after)
    door.expires_chosen = False


def shut_device(event_id: int, device_id: int) -> Device:
    """Shuts one phone out of its door: what it still sends is quarantined. Twice changes nothing."""
    device = _device_of(event_id, device_id)
    device.revoked_at = device.revoked_at or clock.now()
    return device


def open_device(event_id: int, device_id: int) -> Device:
    """Lets a phone in again; what was quarantined meanwhile stays so until staff settles it."""
    device = _device_of(event_id, device_id)
    device.revoked_at = None
    return device


def add_door(hub_slug: str, event: str, role: str = "scan") -> str:
    """For `hubevents door add`: makes a door for an event (slug or id) and returns its absolute address.

    NotFound(`hub` | `event`), Invalid(`door_role`).
    """
    hub_id = db.session.scalar(sa.select(Hub.id).where(Hub.slug == hub_slug))
    if hub_id is None:
        raise NotFound("hub")
    named = Event.slug == event
    if event.isdecimal() and len(event) < 10:
        named = sa.or_(named, Event.id == int(event))
    rows = db.session.scalars(sa.select(Event).where(Event.hub_id == hub_id, named)).all()
    found = next((row for row in rows if row.slug == event), None) or next(iter(rows), None)
    if found is None:
        raise NotFound("event")
    try:
        chosen = DoorRole(role)
    except ValueError:
        raise Invalid("door_role", field="role") from None
    names = set(db.session.scalars(sa.select(Door.name).where(Door.event_id == found.id)))
    return address(make_door(found, free_name(names, _door_word(found)), chosen))


def free_name(taken: Iterable[str], word: str) -> str:
    """The first of "Вход А", "Вход Б" ... or "Door A" ... that is not taken; numbers after the alphabet."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if word.isascii() else "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЮЯ"
    names = set(taken)
    numbered = (str(number) for number in range(1, len(names) + 2))
    return next(name for mark in (*letters, *numbered) if (name := f"{word} {mark}") not in names)


def _door_word(event: Event) -> str:
    """The desk is "Вход" for a hub that speaks Bulgarian first (DOMAIN 9)."""
    return "Вход" if event.hub.languages[:1] == ("bg",) else "Door"


def token_of(door: Door) -> str:
    """The pass in the door's address."""
    return tokens.link(tokens.DOOR, door.id, door.link_version)


def address(door: Door) -> str:
    """The absolute address of the door's page."""
    return links.absolute(links.DOOR, token=token_of(door))


def _door_of(event_id: int, door_id: int) -> Door:
    door = db.session.scalar(sa.select(Door).where(Door.id == door_id, Door.event_id == event_id))
    if door is None:
        raise NotFound("page")
    return door


def _device_of(event_id: int, device_id: int) -> Device:
    device = db.session.scalar(
        sa.select(Device).join(Door, Door.id == Device.door_id).where(Device.id == device_id, Door.event_id == event_id)
    )
    if device is None:
        raise NotFound("page")
    return device


def take_scans(token: str, delivery: Delivery, received_at: datetime, language: str) -> batch.Answers:
    """Judges a batch of scans in the running transaction, keeps all of them and answers each in order.

    `delivery` is `intake.read(body)`; `language` words the titles of other events. NotFound for a forged pass;
    Gone(`door_closed`) when it ended or was revoked more than seven days ago.
    """
    return batch.take(token, delivery, received_at, language)
