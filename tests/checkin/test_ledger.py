"""The one way from scans to attendance: closing times, late scans, and presence in hall and meeting at once."""

from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hubevents.checkin.ledger import CHECK_OUT_AFTER, Ledger, Scope, due_at
from hubevents.checkin.rules import Direction, EventRules, Passage, Span
from hubevents.core import clock
from hubevents.core.db import db, transaction
from tests.checkin import hall
from tests.checkin.hall import END, START, TODAY, at

SCOPE: Scope = (7, None, hall.DAY)
EVENT = EventRules("1", "Europe/Sofia", (Span(START, END),))


def ledger(*passages: tuple[datetime, str, str], now: datetime | None = None) -> Ledger:
    made = Ledger(EVENT, now or at(12))
    for number, (moment, direction, method) in enumerate(passages):
        made.add(SCOPE, Passage(f"{number}", moment, Direction(direction)), method)
        made.rows[f"{number}"] = number
    return made


def stays(made: Ledger) -> list[tuple[str, str | None]]:
    return [
        (f"{came.astimezone(START.tzinfo):%H:%M}", f"{left.astimezone(START.tzinfo):%H:%M}" if left else None)
        for came, left in made.presence(SCOPE).stays
    ]


HALL_AND_MEETING = [
    (at(9, 50), "in", "qr"),
    (at(10, 5), "in", "online"),
    (at(10, 55), "out", "online"),
    (at(11, 30), "in", "online"),
    (at(12, 30), "out", "online"),
    (at(12), "out", "qr"),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (1, 2, 0, 4, 3, 5)])
def test_leaving_the_meeting_is_not_leaving_the_hall(order: tuple[int, ...]) -> None:
    made = ledger(*(HALL_AND_MEETING[place] for place in order))
    assert stays(made) == [("09:50", "12:30")]
    assert made.presence(SCOPE).flags == ()
    assert made.presence(SCOPE).minutes(END) == 160


def test_who_is_in_the_hall_without_an_exit_stays_inside_whatever_the_meeting_says() -> None:
    made = ledger((at(10), "in", "qr"), (at(10, 5), "in", "online"), (at(11), "out", "online"))
    assert stays(made) == [("10:00", None)]
    made = ledger((at(10, 5), "in", "online"), (at(11), "out", "online"), (at(12), "in", "manual"))
    assert stays(made) == [("10:05", "11:00"), ("12:00", None)]
    first = made.presence(SCOPE).first
    assert first is not None
    assert first.at == at(10, 5)


def test_two_phones_at_the_door_are_a_second_entry_still() -> None:
    meeting = ((at(10, 5), "in", "online"), (at(11), "out", "online"))
    made = ledger((at(10), "in", "qr"), (at(10, 1), "in", "code"), *meeting)
    assert [flag.value for _id, flag in made.presence(SCOPE).flags] == ["second_entry"]


def test_forgetting_tells_how_many_more_are_inside() -> None:
    made = ledger((at(10), "in", "qr"), (at(10, 5), "in", "online"), (at(11), "out", "online"))
    assert made.forget("1") == 0
    assert made.forget("0") == -1


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 200), st.sampled_from(["qr", "online"])), min_size=1, max_size=6
    )
)
def test_no_minute_is_counted_twice_or_lost(drawn: list[tuple[int, int, str]]) -> None:
    """What hall and meeting unite is what a list of minutes says, when each of the two does not overlap itself."""
    made, minutes = Ledger(EVENT, at(23)), set[int]()
    ends = {"qr": -1, "online": -1}
    for number, (since, lasts, method) in enumerate(sorted(drawn)):
        if since <= ends[method]:
            continue
        ends[method] = since + lasts
        for direction, minute in ((Direction.IN, since), (Direction.OUT, since + lasts)):
            passage = Passage(f"{number}{direction}", START + timedelta(minutes=minute), direction)
            made.add(SCOPE, passage, method)
        minutes |= set(range(since, since + lasts))
    assert made.presence(SCOPE).minutes(END) == len(minutes)
    assert made.presence(SCOPE).flags == ()


# --- closing ----------------------------------------------------------------------------------------------------------


def attendance(made: Ledger) -> dict[str, Any]:
    presence = made.presence(SCOPE)
    assert presence.first is not None
    return made._attendance(SCOPE, presence, presence.first)


@pytest.mark.parametrize(
    ("came", "now", "expected"),
    [
        (at(10, 30), END + CHECK_OUT_AFTER - timedelta(seconds=1), (True, None, 0)),
        (at(10, 30), END + CHECK_OUT_AFTER, (False, END, 390)),
        # Whoever comes after the end stays until the day is over, and nobody knows when they left.
        (at(18), END + CHECK_OUT_AFTER, (True, None, 0)),
        (at(18), at(1, 59, day=15), (True, None, 0)),
        (at(18), at(2, 0, day=15), (False, at(18), 0)),
    ],
)
def test_the_closing_time_checks_out_who_came_before_it(came: datetime, now: datetime, expected: Any) -> None:
    row = attendance(ledger((came, "in", "qr"), now=now))
    assert (row["inside"], row["last_out_at"], row["minutes"]) == expected
    assert row["checked_out"] is not row["inside"]


def test_on_a_day_on_which_nothing_is_held_nothing_is_counted() -> None:
    scope: Scope = (7, None, date(2026, 10, 20))
    made = Ledger(EVENT, at(3, day=21))
    made.add(scope, Passage("x", at(10, day=20)), "qr")
    made.rows["x"] = 1
    presence = made.presence(scope)
    assert presence.first is not None
    row = made._attendance(scope, presence, presence.first)
    assert (row["inside"], row["last_out_at"], row["minutes"]) == (False, at(10, day=20), 0)


def test_earlier_stays_count_although_nobody_knows_when_the_last_ended() -> None:
    made = ledger((at(10), "in", "qr"), (at(11), "out", "qr"), (at(17, 30), "in", "qr"), now=at(12, day=16))
    row = attendance(made)
    assert (row["inside"], row["last_out_at"], row["minutes"]) == (False, at(17, 30), 60)


def test_due_is_two_hours_after_the_end() -> None:
    assert due_at(TODAY, EVENT) == END + timedelta(hours=2)
    assert due_at(hall.Where(date(2026, 10, 20)), EVENT) == at(2, day=21)


def test_d40_any_order_of_arrivals_before_and_after_the_closing_time_folds_to_the_same(ctx: Flask) -> None:
    """In, out and in again; some arrive live, some from a phone that was offline until the night."""
    event = hall.a_day()
    door = hall.a_door(event, reentry=True)
    seen = set()
    for order in permutations(range(3)):
        person = hall.join(event, f"Човек {order}")
        items = [
            hall.scan(person, at(10, 30), shown="admitted"),
            hall.scan(person, at(12), direction="out", shown="left"),
            hall.scan(person, at(13), shown="admitted"),
        ]
        with hall.travel(at(13, 1)):
            hall.send(door, items[order[0]])
        with hall.travel(at(22)):
            hall.send(door, items[order[1]])
            hall.send(door, items[order[2]])
        row = next(row for row in hall.told() if row[0] == person.id)
        seen.add(row[1:])
    assert seen == {("10:30", "17:00", 330, False, "search")}


def test_d56_an_undone_entry_takes_attendance_away(ctx: Flask) -> None:
    event = hall.a_day()
    door, person = hall.a_door(event), hall.join(event)
    item = hall.scan(person, at(10, 30))
    with hall.travel(at(10, 30)):
        hall.send(door, item)
        assert len(hall.rows()) == 1
        hall.send(door, {"scan_id": "2f0c1d0e-5a1b-4c3d-8e9f-0a1b2c3d4e5f", "undoes": item["scan_id"],
                         "scanned_at": clock.now().isoformat()})  # fmt: skip
    assert hall.rows() == []


def test_again_folds_a_scope_to_which_nothing_came(ctx: Flask) -> None:
    event = hall.a_day()
    door, person = hall.a_door(event), hall.join(event)
    hall.scan_at(door, person, at(10, 30))
    stored = hall.scans()[0]
    with hall.travel(at(20)), transaction():
        made = Ledger(EventRules(str(event.id), "Europe/Sofia", (Span(START, END),)), clock.now())
        scope: Scope = (person.id, None, hall.DAY)
        made.passages[scope] = [Passage(stored.scan_id, stored.scanned_at)]
        made.methods[stored.scan_id], made.flags[stored.scan_id] = stored.method, None
        made.rows[stored.scan_id] = stored.id
        made.again(scope)
        made.write()
        db.session.flush()
    assert hall.told() == [(person.id, "10:30", "17:00", 390, False, "search")]
