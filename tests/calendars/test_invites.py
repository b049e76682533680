"""The SEQUENCE of each person's invites never falls."""

from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubevents.calendars import invites
from hubevents.core.db import db, transaction
from hubevents.events.models import EventDate
from tests import make


def date() -> EventDate:
    return make.event(make.hub()).dates[0]


def test_each_invite_is_one_higher_than_the_last(ctx: Flask) -> None:
    day = date()
    with transaction():
        assert [invites.next_sequence("maria@example.org", day) for _ in range(3)] == [0, 1, 2]
        assert invites.next_sequence("ivan@example.org", day) == 0


def test_a_moved_date_lifts_everybody(ctx: Flask) -> None:
    day = date()
    with transaction():
        invites.next_sequence("maria@example.org", day)
        day.sequence = 5
        db.session.flush()
        assert invites.next_sequence("maria@example.org", day) == 5
        assert invites.next_sequence("maria@example.org", day) == 6
        assert invites.next_sequence("ivan@example.org", day) == 5


def test_sending_again_repeats_the_last(ctx: Flask) -> None:
    day = date()
    with transaction():
        assert invites.repeated_sequence("maria@example.org", day) == 0
        invites.next_sequence("maria@example.org", day)
        assert [invites.repeated_sequence("maria@example.org", day) for _ in range(2)] == [1, 1]
        assert invites.highest_sequences("maria@example.org", [day.uid, "other"]) == {day.uid: 1}
        assert invites.highest_sequences("ivan@example.org", [day.uid]) == {}


def test_many_at_once_in_few_statements(ctx: Flask, queries: object) -> None:
    day = date()
    people = [f"p{number}@example.org" for number in range(1100)]
    with transaction():
        invites.next_sequence("p7@example.org", day)
        with queries() as seen:  # type: ignore[operator]
            numbers = invites.next_sequences([*people, "p3@example.org"], day)
    assert len(seen) == 2
    assert numbers == {name: 1 if name == "p7@example.org" else 0 for name in people}
    with transaction():
        assert invites.invited([*people, "stranger@example.org"], day.uid) == set(people)


def test_what_was_rolled_back_was_not_counted(ctx: Flask) -> None:
    day = date()
    try:
        with transaction():
            invites.next_sequence("maria@example.org", day)
            raise RuntimeError
    except RuntimeError:
        pass
    with transaction():
        assert invites.next_sequence("maria@example.org", day) == 0


@settings(max_examples=15, deadline=timedelta(seconds=5), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=8))
def test_numbers_rise_whatever_happens(ctx: Flask, steps: list[tuple[bool, int]]) -> None:
    with transaction():
        day = db.session.query(EventDate).first() or date()
        day.sequence = 0
        address = f"p{id(steps)}@example.org"
        seen: list[int] = []
        for again, raised in steps:
            day.sequence += raised
            db.session.flush()
            number = invites.repeated_sequence(address, day) if again else invites.next_sequence(address, day)
            assert number >= day.sequence
            assert not seen or (number >= seen[-1] if again else number > seen[-1])
            seen.append(number)
