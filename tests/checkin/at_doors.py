"""An event of one day with doors, people and phones, for tests of what happens at them."""

import contextvars
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.checkin import intake
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from tests import make

NOON = make.sofia(2026, 10, 14, 10, 30).astimezone(UTC)
START, END = (make.sofia(2026, 10, 14, hour) for hour in (10, 17))


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at a moment, for other threads too."""
    with time_machine.travel(moment, tick=False):
        yield


def a_day(of: Any = None, slug: str = "den", **values: Any) -> Event:
    """An event of a day, made a month before."""
    with standing_at(NOON - timedelta(days=30)):
        dates = values.pop("dates", [(START.astimezone(UTC), END.astimezone(UTC))])
        return make.event(of or make.hub(), slug, dates=dates, **values)


def a_door(event: Event, role: DoorRole = DoorRole.SCAN, **values: Any) -> Door:
    """A door made the day before."""
    with standing_at(NOON - timedelta(days=1)), transaction():
        return checkin.make_door(event, values.pop("name", "Вход А"), role, **values)


def join(event: Event, name: str = "Мария", **values: Any) -> Registration:
    """Somebody who registered two days before."""
    person = registrations.Registrant(
        first_name=name, last_name="Желязкова", email=f"{uuid.uuid4().hex[:8]}@example.org", language="bg", **values
    )
    with standing_at(NOON - timedelta(days=2)), transaction():
        return registrations.register(event.id, person)


def code_of(registration: Registration) -> str:
    """The text of the newest ticket's code."""
    version = db.session.scalar(sa.select(sa.func.max(Ticket.version)).where(Ticket.registration_id == registration.id))
    return tickets.issue(
        tokens.ticket_keys()[0],
        event_id=registration.event_id,
        registration_id=registration.id,
        version=version or 1,
    )


def scan(code: str | None = None, at: datetime = NOON, **values: Any) -> dict[str, Any]:
    """One item of a delivery."""
    item = {"scan_id": str(uuid.uuid4()), "scanned_at": at.isoformat(), **values}
    return item if code is None else {**item, "code": code}


def offline(code: str, at: datetime = NOON, shown: str = "admitted", **values: Any) -> dict[str, Any]:
    """An item that a phone judged by itself."""
    return scan(code, at, shown=shown, **values)


def phone(name: str = "Телефон на Надя", **values: Any) -> dict[str, Any]:
    """What a phone tells of itself; its clock is right unless a `sent_at` says otherwise."""
    return {"id": str(uuid.uuid4()), "name": name, "queued": 0, **values}


def send(door: Door | str, *items: Any, device: Any = None, language: str = "bg") -> Any:
    """Sends a batch through a door, or through a pass (which threads need: rows belong to one session)."""
    token = door if isinstance(door, str) else checkin.token_of(door)
    if device is not None:
        device = {"sent_at": clock.now().isoformat(), **device}
    delivery = intake.read({"device": device, "scans": list(items)})
    with transaction():
        return checkin.take_scans(token, delivery, clock.now(), language)


def row_of(item: dict[str, Any]) -> Scan:
    """The stored scan of an item."""
    db.session.expire_all()
    return db.session.scalars(sa.select(Scan).where(Scan.scan_id == item["scan_id"])).one()


def attendances() -> list[tuple[int, bool, datetime]]:
    """Who is present: registration, inside, first in."""
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Attendance).order_by(Attendance.registration_id, Attendance.session_id))
    return [(row.registration_id, row.inside, row.first_in_at) for row in rows]


def at_once(app: Flask, number: int, work: Any) -> list[Any]:
    """Runs `work(i)` in threads that start together; an exception is a result."""
    gate, results = threading.Barrier(number), []

    def run(index: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                results.append(work(index))
            except Exception as error:  # noqa: BLE001 - what happened is the result
                results.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=contextvars.Context().run, args=(run, index)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
