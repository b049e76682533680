"""Reminders: due on the day before, once for each registration and date."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.core.db import db, transaction
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus
from hubevents.mail.models import OutboxMessage
from hubevents.notices import reminders
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import Source
from hubevents.registrations.service import Registrant
from tests import make

NOW = make.sofia(2026, 11, 23, 12)
START = make.sofia(2026, 12, 9, 10)
DUE = make.sofia(2026, 12, 8, 9)


def an_event(*starts: Any, **values: Any) -> Event:
    return make.event(make.hub(), dates=[(start, start + timedelta(hours=2)) for start in starts or (START,)], **values)


def register(event: Event, name: str = "maria", source: Source = Source.WEB) -> Registration:
    with transaction():
        person = Registrant("Мария", "Петрова", f"{name}@example.org", "bg")
        return registrations.register(event.id, person, source=source)


def reminded() -> list[tuple[str, int]]:
    reminders.remind()
    db.session.rollback()
    query = sa.select(OutboxMessage).where(OutboxMessage.kind == "reminder").order_by(OutboxMessage.id)
    return [(row.recipient.partition("@")[0], row.data["date"]) for row in db.session.scalars(query)]


def test_on_the_day_before_and_only_once(ctx: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event()
        register(event)
        traveller.move_to(DUE - timedelta(minutes=1))
        assert reminded() == []
        traveller.move_to(DUE)
        expected = [("maria", event.dates[0].id)]
        assert reminded() == expected
        traveller.shift(timedelta(minutes=10))
        assert reminded() == expected


def test_each_date_of_a_training_has_its_own(ctx: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event(START, START + timedelta(days=7))
        register(event)
        traveller.move_to(DUE)
        assert reminded() == [("maria", event.dates[0].id)]
        traveller.shift(timedelta(days=7))
        assert reminded() == [("maria", date.id) for date in event.dates]


def test_a_sweep_that_comes_late_still_reminds_before_the_start(ctx: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event()
        register(event)
        traveller.move_to(START - timedelta(minutes=30))
        assert len(reminded()) == 1
    with time_machine.travel(NOW, tick=False) as traveller:
        traveller.move_to(START + timedelta(minutes=1))
        assert len(reminded()) == 1


def test_nobody_is_reminded_of_what_does_not_happen_to_them(ctx: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event(capacity=1)
        gone = register(event, "gone")
        register(event, "waiting")
        traveller.move_to(DUE + timedelta(hours=1))
        with transaction():
            registrations.cancel(gone.id, by="person")
        # The waiting person moved up after the reminder was due and has just been told.
        assert reminded() == []
        with transaction():
            db.session.get_one(Event, event.id).capacity = 3
        register(event, "late")
        assert reminded() == []


def test_cancelled_dates_and_events_remind_nobody(ctx: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event(START, START + timedelta(days=1))
        register(event)
        with transaction():
            db.session.get_one(EventDate, event.dates[0].id).status = DateStatus.CANCELLED
        traveller.move_to(DUE)
        assert reminded() == []
        with transaction():
            db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
        traveller.shift(timedelta(days=1))
        assert reminded() == []


def test_more_than_one_batch(ctx: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr(reminders, "_BATCH", 2)
    with time_machine.travel(NOW, tick=False) as traveller:
        event = an_event()
        for number in range(5):
            register(event, f"p{number}")
        traveller.move_to(DUE)
        assert [name for name, _ in reminded()] == ["p0", "p1", "p2", "p3", "p4"]
