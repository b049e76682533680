"""Live counters and arrivals: who is counted where, in which five minutes, and at a constant price."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from hubevents.checkin import figures
from hubevents.checkin.figures import Figures
from hubevents.checkin.models import Door
from hubevents.events.models import Event
from tests import make
from tests.checkin.at_doors import NOON, a_day, a_door, code_of, join, offline, scan, send, standing_at

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _an_hour_later() -> Iterator[None]:
    with standing_at(NOON + timedelta(hours=1)):
        yield


@pytest.fixture
def event(ctx: Flask) -> Event:
    return a_day(make.hub())


def now(event: Event) -> Figures:
    found = figures.figures(event.id)
    assert found is not None
    return found


def arrive(event: Event, door: Door, *moments: datetime, **values: Any) -> list[Any]:
    """Somebody new at each moment; gives the people."""
    people = [join(event, f"Гост{number}") for number, _moment in enumerate(moments)]
    send(door, *(scan(code_of(each), at, **values) for each, at in zip(people, moments, strict=True)))
    return people


def numbers(found: Figures) -> dict[str, int]:
    """Arrivals by minutes after 10:30, those without anybody left out."""
    return {f"{(each.at - NOON) // MINUTE:+}": each.number for each in found.arrivals if each.number}


def test_nobody_yet(event: Event) -> None:
    join(event)
    door = a_door(event)
    found = now(event)
    assert (found.inside, found.came, found.expected, found.to_settle) == (0, 0, 1, 0)
    assert (found.sessions, found.arrivals, found.doors) == ((), (), {door.id: 0})
    assert (found.hub_id, found.day) == (event.hub_id, NOON.date())
    assert figures.figures(event.id + 1) is None


def test_inside_came_and_expected(event: Event) -> None:
    door, other = a_door(event, reentry=True), a_door(event, name="Двор")
    people = arrive(event, door, NOON, NOON + MINUTE, NOON + 2 * MINUTE)
    join(event, "Отсъстващ")
    send(other, scan(code_of(people[0]), NOON + 9 * MINUTE, direction="out"))
    found = now(event)
    assert (found.inside, found.came, found.expected) == (2, 3, 4)
    assert found.doors == {door.id: 2, other.id: 2}


def test_arrivals_fall_into_five_minutes_by_their_first_entry(event: Event) -> None:
    last = timedelta(minutes=4, seconds=59, milliseconds=999)
    door = a_door(event, reentry=True)
    people = arrive(event, door, NOON, NOON + last, NOON + 5 * MINUTE, NOON + 12 * MINUTE)
    # Who goes and comes back has arrived once.
    send(door, scan(code_of(people[0]), NOON + 20 * MINUTE, direction="out"))
    send(door, scan(code_of(people[0]), NOON + 30 * MINUTE))
    found = now(event)
    assert numbers(found) == {"+0": 2, "+5": 1, "+10": 1}
    assert found.arrivals[0].at == NOON


def test_the_row_of_parts_has_no_holes_and_ends_an_hour_after_the_last(event: Event) -> None:
    arrive(event, a_door(event), NOON, NOON + 20 * MINUTE)
    parts = now(event).arrivals
    assert [each.at - NOON for each in parts] == [n * figures.STEP for n in range(13)]
    with standing_at(NOON + timedelta(hours=6)):
        parts = now(event).arrivals
    assert parts[-1].at == NOON + 20 * MINUTE + figures.QUIET


def test_another_day_begins_at_nought_in_the_zone_of_the_event(event: Event) -> None:
    long = a_day(event.hub, "dva-dni", dates=[(NOON, NOON + timedelta(days=2))])
    arrive(long, a_door(long), NOON)
    assert now(long).came == 1
    with standing_at(make.sofia(2026, 10, 14, 23, 59)):
        assert now(long).came == 1
    with standing_at(make.sofia(2026, 10, 15, 0, 0)):
        assert (now(long).came, now(long).inside, now(long).arrivals) == (0, 0, ())


def test_each_session_of_today_with_a_door_or_people(event: Event) -> None:
    hall = make.session(event, "Зала", NOON, capacity=20)
    lab = make.session(event, "Лаборатория", NOON)
    make.session(event, "Без вход", NOON)
    tomorrow = make.session(event, "Утре", NOON + timedelta(days=1))
    gate, rooms = a_door(event), a_door(event, name="Зали", session_ids=[hall.id, lab.id, tomorrow.id])
    maria, ivo = join(event, "Мария", session_ids=(hall.id,)), join(event, "Иво")
    send(gate, scan(code_of(maria)))
    send(rooms, scan(code_of(maria), NOON + 5 * MINUTE, session=str(hall.id)))
    send(rooms, scan(code_of(ivo), NOON + 6 * MINUTE, session=str(lab.id)))
    found = now(event)
    assert [(each.title["bg"], each.inside, each.came, each.expected) for each in found.sessions] == [
        ("Зала", 1, 1, 1),
        ("Лаборатория", 1, 1, None),
    ]
    # Both are in rooms, one of them came through the gate.
    assert (found.doors, found.inside, found.came) == ({gate.id: 1, rooms.id: 2}, 1, 1)
    assert numbers(found) == {"+0": 1}


def test_without_an_entrance_people_are_counted_once_over_all_sessions(event: Event) -> None:
    hall, lab = make.session(event, "Зала", NOON), make.session(event, "Лаборатория", NOON)
    rooms = a_door(event, session_ids=[hall.id, lab.id])
    maria, ivo = join(event, "Мария"), join(event, "Иво")
    send(rooms, scan(code_of(maria), NOON, session=str(hall.id)))
    send(rooms, scan(code_of(maria), NOON + 7 * MINUTE, session=str(lab.id)))
    send(rooms, scan(code_of(ivo), NOON + 8 * MINUTE, session=str(lab.id)))
    send(rooms, scan(code_of(ivo), NOON + 9 * MINUTE, session=str(lab.id), direction="out"))
    found = now(event)
    assert (found.inside, found.came) == (1, 2)
    assert numbers(found) == {"+0": 1, "+5": 1}


def test_open_conflicts_are_counted(event: Event) -> None:
    send(a_door(event), offline(code_of(join(event)), shown="refused"))
    assert now(event).to_settle == 1


def test_the_price_does_not_grow(event: Event, queries: Any) -> None:
    costs = []
    for number in (1, 3):
        hall = make.session(event, f"Зала {number}", NOON)
        door, room = a_door(event), a_door(event, session_ids=[hall.id])
        people = arrive(event, door, *(NOON + n * 7 * MINUTE for n in range(number)))
        send(room, *(scan(code_of(each), session=str(hall.id)) for each in people))
        event_id = event.id
        with queries() as seen:
            figures.figures(event_id)
        costs.append(len(seen))
    assert costs == [6, 6]
