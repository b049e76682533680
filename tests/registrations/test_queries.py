"""The invariant that `doctor` and other tests ask for: counters agree with the rows, each fault is named."""

import pytest
import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import queries
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration, SessionPlace
from hubevents.registrations.queries import CounterFault, Overbooked
from hubevents.registrations.rules import RegistrationStatus
from hubevents.registrations.service import Registrant
from tests import make


def register(event: Event, *names: str, sessions: tuple[int, ...] = ()) -> list[Registration]:
    made = []
    for name in names:
        person = Registrant(name, "Петров", f"{name}@example.org", "bg", session_ids=sessions)
        with transaction():
            made.append(registrations.register(event.id, person))
    return made


def test_after_services_worked_nothing_is_wrong(ctx):
    event = make.event(make.hub(), capacity=2)
    workshop = make.session(event, capacity=1)
    make.event(event.hub, "empty", capacity=None)
    people = register(event, "a", "b", "c", "d", sessions=(workshop.id,))
    assert queries.counter_faults() == []
    with transaction():
        registrations.cancel(people[0].id, by="person")
    assert queries.counter_faults() == []
    with transaction():
        registrations.confirm_beyond(people[3].id, event_id=event.id)
    assert queries.counter_faults() == []
    assert queries.overbooked() == [Overbooked("event", event.id, 3, 2)]


@pytest.mark.parametrize(("counter", "stored", "counted"), [("seats_taken", 5, 2), ("waiting", 0, 1)])
def test_each_counter_that_differs_is_named(ctx, counter: str, stored: int, counted: int):
    event = make.event(make.hub(), capacity=2)
    make.event(event.hub, "other")
    register(event, "a", "b", "c")
    with transaction():
        db.session.execute(sa.update(Event).where(Event.id == event.id).values({counter: stored}))
    assert queries.counter_faults() == [CounterFault("event", event.id, counter, stored, counted)]


def test_counters_of_sessions_are_compared_too(ctx):
    event = make.event(make.hub())
    workshop = make.session(event, capacity=1)
    register(event, "a", "b", sessions=(workshop.id,))
    with transaction():
        db.session.execute(sa.update(EventSession).values(seats_taken=4, waiting=4))
    assert queries.counter_faults() == [
        CounterFault("session", workshop.id, "seats_taken", 4, 1),
        CounterFault("session", workshop.id, "waiting", 4, 1),
    ]
    assert queries.overbooked() == [Overbooked("session", workshop.id, 4, 1)]


@pytest.mark.parametrize("status", RegistrationStatus)
def test_every_status_counts_where_design_says(ctx, status: RegistrationStatus):
    event = make.event(make.hub())
    workshop = make.session(event, capacity=1)
    register(event, "a", sessions=(workshop.id,))
    with transaction():
        db.session.execute(sa.update(Registration).values(status=status))
        db.session.execute(sa.update(SessionPlace).values(status=status))
    seats = int(status in (RegistrationStatus.CONFIRMED, RegistrationStatus.OFFERED))
    waits = int(status is RegistrationStatus.WAITLISTED)
    expected = []
    if seats != 1:
        expected.append(CounterFault("event", event.id, "seats_taken", 1, seats))
    if waits:
        expected.append(CounterFault("event", event.id, "waiting", 0, waits))
    if status is not RegistrationStatus.CONFIRMED:
        expected.append(CounterFault("session", workshop.id, "seats_taken", 1, 0))
    if waits:
        expected.append(CounterFault("session", workshop.id, "waiting", 0, waits))
    assert queries.counter_faults() == expected
