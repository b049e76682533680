"""An event in its hall for tests of attendance: one day in October in Sofia, a door, people, and scans at it."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import time_machine

from hubevents.checkin import attendance, intake
from hubevents.checkin import service as checkin
from hubevents.checkin.attendance import Marked, Stay
from hubevents.checkin.hours import Where
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from tests import make

DAY = date(2026, 10, 14)
START, END = make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 17)
TODAY = Where(DAY)


def at(hour: int, minute: int = 0, day: int = 14) -> datetime:
    """A time in Sofia in October 2026."""
    return make.sofia(2026, 10, day, hour, minute).astimezone(UTC)


def travel(moment: datetime) -> Any:
    """Time stands still at a moment."""
    return time_machine.travel(moment, tick=False)


def a_day(of: Any = None, slug: str = "den", **values: Any) -> Event:
    """An event from ten to five, made long before."""
    with travel(START - timedelta(days=30)):
        return make.event(of or make.hub(), slug, dates=values.pop("dates", [(START, END)]), **values)


def a_door(event: Event, role: DoorRole = DoorRole.SEARCH, **values: Any) -> Door:
    """A door of the event, made the day before."""
    with travel(START - timedelta(days=1)), transaction():
        return checkin.make_door(event, values.pop("name", "Вход А"), role, **values)


def join(event: Event, name: str = "Мария", last_name: str = "Желева", **values: Any) -> Registration:
    """Somebody registered two days before."""
    email = values.pop("email", f"{uuid.uuid4().hex[:8]}@example.org")
    person = registrations.Registrant(first_name=name, last_name=last_name, email=email, language="bg", **values)
    with travel(START - timedelta(days=2)), transaction():
        return registrations.register(event.id, person)


def scan(person: Registration | int, moment: datetime, **values: Any) -> dict[str, Any]:
    """A scan of somebody found by search."""
    id = person if isinstance(person, int) else person.id
    return {"scan_id": str(uuid.uuid4()), "registration": str(id), "scanned_at": moment.isoformat(), **values}


def send(door: Door | str, *items: Any) -> Any:
    """Sends scans through a door, or its pass."""
    token = door if isinstance(door, str) else checkin.token_of(door)
    with transaction():
        return checkin.take_scans(token, intake.read({"device": None, "scans": list(items)}), clock.now(), "bg")


def scan_at(door: Door, person: Registration, moment: datetime, **values: Any) -> str:
    """A scan that arrives at once; gives its verdict."""
    with travel(moment):
        return str(send(door, scan(person, moment, **values)).verdicts[0]["verdict"])


def mark(event: Event, *people: Registration, where: Where = TODAY, user_id: int = 1, **values: Any) -> Marked:
    """Marks people present."""
    with transaction():
        return attendance.mark_present(
            event.id, [each.id for each in people], where, **{"act": uuid.uuid4(), "user_id": user_id, **values}
        )


def correct(event: Event, person: Registration, since: datetime, until: datetime | None, **values: Any) -> bool:
    """Corrects the times of somebody."""
    given = {"act": uuid.uuid4(), "user_id": 1, "reason": "Така пише на хартия", "where": TODAY, **values}
    with transaction():
        return attendance.correct_times(event.id, person.id, given.pop("where"), Stay(since, until), **given)


def was_not_here(event: Event, person: Registration, **values: Any) -> bool:
    """Takes somebody's presence back."""
    given = {"act": uuid.uuid4(), "user_id": 1, "reason": "Друг човек", "where": TODAY, **values}
    with transaction():
        return attendance.was_not_here(event.id, person.id, given.pop("where"), **given)


def rows() -> list[Attendance]:
    """All attendance as it is stored, in the order of people, sessions and days."""
    db.session.expire_all()
    order = (Attendance.registration_id, Attendance.session_id, Attendance.day)
    return list(db.session.scalars(sa.select(Attendance).order_by(*order)))


def told() -> list[tuple[Any, ...]]:
    """Of all attendance: who, from, to, minutes, inside, by what."""

    def clock_of(moment: datetime | None) -> str | None:
        return f"{moment.astimezone(make.SOFIA):%H:%M}" if moment is not None else None

    return [
        (row.registration_id, clock_of(row.first_in_at), clock_of(row.last_out_at), row.minutes, row.inside, row.method)
        for row in rows()
    ]


def scans() -> list[Scan]:
    """All scans in the order in which they were stored."""
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Scan).order_by(Scan.id)))
