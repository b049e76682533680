"""Who is told what, and with which calendar part."""

from datetime import UTC, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.accounts.facts import PasswordResetRequested, StaffInvited
from hubevents.agenda.facts import ScheduleImported
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.facts import record
from hubevents.events.facts import DateChange, EventCancelled, EventRescheduled
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus
from hubevents.hubs.models import Hub
from hubevents.mail.models import OutboxMessage
from hubevents.notices import service as notices
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import Source
from hubevents.registrations.service import Registrant
from tests import make


def register(event: Event, name: str, language: str = "bg", **values: Any) -> Registration:
    with transaction():
        return registrations.register(
            event.id, Registrant(name.title(), "Петрова", f"{name}@example.org", language), **values
        )


def cancel(registration: Registration, by: str = "person") -> None:
    with transaction():
        registrations.cancel(registration.id, by=by)


def told() -> list[tuple[str, str]]:
    """Kind and recipient of all rows, in order."""
    return [(row.kind, row.recipient.partition("@")[0]) for row in rows()]


def rows(kind: str | None = None) -> list[OutboxMessage]:
    db.session.rollback()
    db.session.expire_all()
    query = sa.select(OutboxMessage).order_by(OutboxMessage.id)
    return [row for row in db.session.scalars(query) if kind in (None, row.kind)]


def calendars() -> list[Any]:
    """The calendar parts asked for: method and number, `file` or None."""
    found: list[Any] = []
    for row in rows():
        part = row.data.get("calendar")
        found.append(None if part is None else "file" if part.get("file") else (part["method"], part["sequence"]))
    return found


def move(event: Event, *, hours: int = 1, place: str = "Зала 1") -> None:
    date = db.session.scalars(sa.select(EventDate).where(EventDate.event_id == event.id)).all()[0]
    with transaction():
        change = DateChange(date.id, date.starts_at, date.ends_at, make.both(place))
        date.starts_at += timedelta(hours=hours)
        date.ends_at += timedelta(hours=hours)
        date.sequence += 1
        record(EventRescheduled(event.id, (change,)))


def call_off(event: Event) -> None:
    with transaction():
        row = db.session.get_one(Event, event.id)
        row.status = EventStatus.CANCELLED
        row.cancelled_at = clock.now()
        for date in row.dates:
            date.sequence += 1
        record(EventCancelled(event.id))


@pytest.fixture
def hub(ctx: Flask) -> Hub:
    return make.hub()


def two_dates(hub: Hub, **values: Any) -> Event:
    dates = [(make.in_days(day), make.in_days(day, 12)) for day in (5, 12)]
    return make.event(hub, "kurs", dates=dates, **values)


def test_registering_waiting_moving_up_and_cancelling(hub: Hub) -> None:
    event = make.event(hub, capacity=1)
    maria = register(event, "maria")
    ivan = register(event, "ivan", "en")
    cancel(maria)
    cancel(ivan, by="staff")
    assert told() == [
        ("confirmation", "maria"),
        ("waiting", "ivan"),
        ("cancelled", "maria"),
        ("promoted", "ivan"),
        ("cancelled", "ivan"),
    ]
    assert calendars() == [("REQUEST", 0), None, ("CANCEL", 1), ("REQUEST", 0), ("CANCEL", 1)]
    assert [row.language for row in rows()] == ["bg", "en", "bg", "en", "en"]
    assert {(row.hub_id, row.event_id) for row in rows()} == {(hub.id, event.id)}
    assert [row.about for row in rows()] == [f"registration:{maria.id if n in (0, 2) else ivan.id}" for n in range(5)]
    assert [row.data.get("by") for row in rows("cancelled")] == ["person", "staff"]


def test_registering_again_goes_on_counting(hub: Hub) -> None:
    event = make.event(hub)
    cancel(register(event, "maria"))
    move(event)
    register(event, "maria")
    assert calendars() == [("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2)]


def test_leaving_the_waiting_list_cancels_no_invite(hub: Hub) -> None:
    event = make.event(hub, capacity=0)
    cancel(register(event, "maria"))
    assert told() == [("waiting", "maria"), ("cancelled", "maria")]
    assert calendars() == [None, None]


def test_people_without_mail_are_told_nothing(hub: Hub) -> None:
    event = make.event(hub)
    with transaction():
        registration = registrations.register(event.id, Registrant("Мария", "Петрова", None, "bg"), source=Source.STAFF)
    cancel(registration)
    move(event)
    assert rows() == []


def test_what_is_rolled_back_tells_nobody(hub: Hub) -> None:
    event = make.event(hub)

    def fail() -> None:
        with transaction():
            registrations.register(event.id, Registrant("Мария", "Петрова", "maria@example.org", "bg"))
            db.session.flush()
            notices.event_cancelled(EventCancelled(event.id))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert rows() == []


def test_several_dates_go_as_a_file(hub: Hub) -> None:
    event = two_dates(hub)
    registration = register(event, "maria")
    move(event)
    cancel(registration)
    assert calendars() == ["file", "file", None]


def test_a_change_tells_everybody_once_with_old_and_new(hub: Hub) -> None:
    event = make.event(hub, capacity=1)
    register(event, "maria")
    register(event, "ivan")
    old = event.dates[0].starts_at
    move(event)
    assert told()[2:] == [("event_changed", "maria"), ("event_changed", "ivan")]
    assert calendars()[2:] == [("REQUEST", 1), None]
    (change,) = rows()[2].data["changes"]
    assert change["was"]["starts_at"] == old.astimezone(UTC).isoformat()
    assert change["was"]["place"] == {"bg": "Зала 1"}
    assert change["now"]["starts_at"] == (old + timedelta(hours=1)).astimezone(UTC).isoformat()


def test_a_newer_change_replaces_an_unsent_one_and_keeps_the_oldest_values(hub: Hub) -> None:
    event = make.event(hub)
    register(event, "maria")
    old = event.dates[0].starts_at
    move(event)
    move(event)
    first, second = rows("event_changed")
    assert (first.replaced, second.replaced) == (True, False)
    (change,) = second.data["changes"]
    assert change["was"]["starts_at"] == old.astimezone(UTC).isoformat()
    assert change["now"]["starts_at"] == (old + timedelta(hours=2)).astimezone(UTC).isoformat()
    assert second.data["calendar"]["sequence"] == 2


def test_a_change_taken_back_before_anybody_knew_is_no_news(hub: Hub) -> None:
    event = make.event(hub)
    register(event, "maria")
    move(event, hours=2, place="")
    move(event, hours=-2, place="")
    changed = rows("event_changed")
    assert [row.replaced for row in changed] == [True]


def test_a_claimed_or_sent_change_is_not_replaced(hub: Hub) -> None:
    event = make.event(hub)
    register(event, "maria")
    move(event)
    with transaction():
        rows("event_changed")  # loads
        db.session.execute(
            sa.update(OutboxMessage)
            .where(OutboxMessage.kind == "event_changed")
            .values(locked_until=clock.now() + timedelta(minutes=5))
        )
    move(event)
    assert [row.replaced for row in rows("event_changed")] == [False, False]
    assert rows("confirmation")[0].replaced is False


def test_changes_of_the_past_and_of_drafts_are_no_news(hub: Hub) -> None:
    past = make.event(hub, "past", dates=[(make.in_days(-3), make.in_days(-3, 12))])
    with transaction():
        registrations.register(past.id, Registrant("М", "П", "maria@example.org", "bg"), source=Source.STAFF)
    move(past)
    draft = make.event(hub, "draft")
    register(draft, "ivan")
    with transaction():
        draft.status = EventStatus.DRAFT
    move(draft)
    assert rows("event_changed") == []


def test_an_import_that_moves_dates_is_one_change(hub: Hub) -> None:
    event = make.event(hub)
    register(event, "maria")
    date = event.dates[0]
    with transaction():
        record(ScheduleImported(event.id, 40, 0, 0))
    assert rows("event_changed") == []
    with transaction():
        changes = (DateChange(date.id, date.starts_at - timedelta(hours=1), date.ends_at, make.both("")),)
        record(ScheduleImported(event.id, 0, 3, 0, changes))
    assert len(rows("event_changed")) == 1


def test_a_cancelled_event_takes_its_invites_back(hub: Hub) -> None:
    event = make.event(hub, capacity=1)
    register(event, "maria")
    register(event, "ivan")
    call_off(event)
    assert told()[2:] == [("event_cancelled", "maria"), ("event_cancelled", "ivan")]
    assert calendars()[2:] == [("CANCEL", 1), None]


def test_the_last_date_dropped_takes_the_invite_back(hub: Hub) -> None:
    event = make.event(hub)
    register(event, "maria")
    date = event.dates[0]
    with transaction():
        date.status = DateStatus.CANCELLED
        date.sequence += 1
        change = DateChange(date.id, date.starts_at, date.ends_at, make.both("Зала"), withdrawn=True)
        record(EventRescheduled(event.id, (change,)))
    assert calendars()[1:] == [("CANCEL", 1)]
    assert rows("event_changed")[0].data["changes"][0]["now"] is None


def test_an_invite_of_the_single_date_is_taken_back_although_dates_were_added(hub: Hub) -> None:
    event = make.event(hub)
    registration = register(event, "maria")
    with transaction():
        extra = EventDate(
            event_id=event.id,
            starts_at=make.in_days(20),
            ends_at=make.in_days(20, 12),
            title=make.both(""),
            created_at=clock.now(),
            changed_at=clock.now(),
        )
        db.session.add(extra)
        db.session.flush()
        record(EventRescheduled(event.id, (DateChange(extra.id, None, None, None),)))
    cancel(registration)
    assert calendars() == [("REQUEST", 0), "file", ("CANCEL", 1)]


def test_the_link_goes_out_once_an_hour_unless_staff_asks(hub: Hub) -> None:
    event = make.event(hub)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        registration = register(event, "maria")

        def ask() -> None:
            with transaction():
                registrations.ask_link(event.id, "maria@example.org")

        ask()
        ask()
        assert len(rows("link_again")) == 1
        with transaction():
            registrations.send_again(registration.id)
        assert len(rows("link_again")) == 2
        traveller.shift(timedelta(hours=1, seconds=1))
        ask()
        assert len(rows("link_again")) == 3
    assert calendars() == [("REQUEST", 0)] * 4


def test_sending_an_ended_registration_again_repeats_its_end(hub: Hub) -> None:
    event = make.event(hub)
    registration = register(event, "maria")
    cancel(registration)
    with transaction():
        registrations.send_again(registration.id)
    assert calendars() == [("REQUEST", 0), ("CANCEL", 1), ("CANCEL", 1)]
    register(event, "maria")
    with transaction():
        registrations.send_again(registration.id)
    assert calendars()[3:] == [("REQUEST", 2), None]


def test_staff_mails(hub: Hub) -> None:
    alice = make.user("alice", hub)
    bob = make.user("bob", hub, language="en")
    with transaction():
        record(PasswordResetRequested(alice.id))
        record(StaffInvited(bob.id, hub.id, alice.id))
    assert told() == [("password_reset", "alice"), ("staff_invitation", "bob")]
    assert [(row.hub_id, row.language, row.about) for row in rows()] == [
        (None, "bg", f"user:{alice.id}"),
        (hub.id, "en", f"user:{bob.id}"),
    ]


def test_telling_many_takes_few_statements(hub: Hub, queries: Any) -> None:
    event = make.event(hub, capacity=None)
    for number in range(3):
        register(event, f"p{number}")
    with queries() as three:
        move(event)
    for number in range(3, 30):
        register(event, f"p{number}")
    with queries() as thirty:
        move(event)
    assert len(rows("event_changed")) == 33

    def others(seen: Any) -> int:
        """SQLite takes inserts with generated keys one by one."""
        return sum(not statement.startswith("INSERT INTO outbox_message") for statement in seen.statements)

    assert others(thirty) <= others(three) + 2
