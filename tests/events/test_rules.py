"""Local times of an event's zone as instants, and how an event is open."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.core.errors import Invalid
from hubevents.events import rules
from hubevents.events.rules import EventStatus, Openness

SOFIA = "Europe/Sofia"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_local_time_is_the_moment_its_zones_clocks_show_it() -> None:
    assert rules.instant(datetime(2026, 12, 3, 10), SOFIA) == datetime(2026, 12, 3, 8, tzinfo=UTC)  # noqa: DTZ001


def test_an_hour_that_spring_leaves_out_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        rules.instant(datetime(2027, 3, 28, 3, 30), SOFIA)  # noqa: DTZ001
    assert (refused.value.code, refused.value.details) == ("time_skipped", {"time": "03:30"})


def test_an_hour_that_autumn_shows_twice_is_the_first_or_by_choice_the_second() -> None:
    local = datetime(2027, 10, 31, 3, 30)  # noqa: DTZ001
    first, second = rules.instant(local, SOFIA), rules.instant(local, SOFIA, later=True)
    assert second - first == timedelta(hours=1)
    assert (rules.is_shown_twice(local, SOFIA), rules.is_shown_twice(local + timedelta(hours=1), SOFIA)) == (
        True,
        False,
    )
    assert (rules.is_later_one(first, SOFIA), rules.is_later_one(second, SOFIA)) == (False, True)


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
def test_years_without_sense_are_refused(year: int) -> None:
    with pytest.raises(Invalid) as refused:
        rules.instant(datetime(year, 1, 1), SOFIA)  # noqa: DTZ001
    assert refused.value.code == "year_out_of_range"
    assert not rules.is_shown_twice(datetime(year, 1, 1), SOFIA)  # noqa: DTZ001


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31)),  # noqa: DTZ001
    st.sampled_from([SOFIA, "America/New_York", "Australia/Lord_Howe", "UTC", "Africa/Casablanca"]),
    st.booleans(),
)
def test_what_is_accepted_is_shown_again_as_it_was_typed(local: datetime, zone: str, later: bool) -> None:
    try:
        moment = rules.instant(local, zone, later=later)
    except Invalid:
        moment = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
        return
    assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local


def test_moving_by_days_keeps_the_time_on_the_clock() -> None:
    start = rules.instant(datetime(2027, 3, 27, 10), SOFIA)  # noqa: DTZ001
    assert rules.shifted(start, timedelta(days=1), SOFIA) == rules.instant(datetime(2027, 3, 28, 10), SOFIA)  # noqa: DTZ001
    assert rules.distance(start, rules.shifted(start, timedelta(days=1), SOFIA), SOFIA) == timedelta(days=1)


def test_zones_are_those_of_the_iana_database() -> None:
    assert (rules.is_zone(SOFIA), rules.is_zone("Europe/Atlantis"), rules.is_zone("../etc/passwd")) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Openness.OPEN),
        ({"status": EventStatus.CANCELLED}, Openness.CANCELLED),
        ({"status": EventStatus.DRAFT}, Openness.NONE),
        ({"takes_registrations": False}, Openness.NONE),
        ({"ends_at": NOW}, Openness.OVER),
        ({"opens_at": NOW + timedelta(seconds=1)}, Openness.NOT_YET),
        ({"opens_at": NOW}, Openness.OPEN),
        ({"closes_at": NOW}, Openness.CLOSED),
        ({"last_start": NOW}, Openness.CLOSED),
        ({"last_start": NOW, "closes_at": NOW + timedelta(hours=1)}, Openness.OPEN),
        ({"capacity": 5, "seats_taken": 5}, Openness.WAITING_LIST),
        ({"capacity": 5, "seats_taken": 4, "waiting": 1}, Openness.WAITING_LIST),
        ({"capacity": 5, "seats_taken": 4}, Openness.OPEN),
    ],
)
def test_openness(values: dict[str, object], expected: Openness) -> None:
    known = {
        "status": EventStatus.PUBLISHED,
        "takes_registrations": True,
        "opens_at": None,
        "closes_at": None,
        "last_start": NOW + timedelta(days=1),
        "ends_at": NOW + timedelta(days=2),
        "capacity": None,
        "seats_taken": 0,
        "waiting": 0,
        "now": NOW,
    }
    assert rules.openness(**{**known, **values}) is expected  # type: ignore[arg-type]
