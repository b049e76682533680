"""Days of the demo: working days, no holidays, and what is past stays past, whatever the day it is built."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.demo import days

TODAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
OFFSETS = st.integers(-60, 60)
WISHES = st.sampled_from([None, "mon", "tue", "wed", "thu", "fri", "sat"])


@pytest.mark.parametrize(
    "easter", [date(2024, 5, 5), date(2025, 4, 20), date(2026, 4, 12), date(2027, 5, 2), date(2028, 4, 16)]
)
def test_orthodox_easter(easter):
    assert days.easter(easter.year) == easter


@pytest.mark.parametrize(
    ("day", "quiet"),
    [
        (date(2026, 3, 3), True),
        (date(2026, 4, 9), False),
        (date(2026, 4, 10), True),  # Good Friday
        (date(2026, 4, 13), True),  # Easter Monday
        (date(2026, 4, 14), False),
        (date(2026, 12, 22), False),
        (date(2026, 12, 23), True),
        (date(2027, 1, 2), True),
        (date(2027, 1, 4), False),
    ],
)
def test_quiet_days(day, quiet):
    assert days.is_quiet(day) is quiet


@given(TODAYS, OFFSETS, WISHES, st.integers(1, 3))
def test_a_day_is_on_its_side_of_today_and_as_wished(today, offset, weekday, length):
    if weekday == "sat" and length > 1:
        length = 1
    if weekday in ("thu", "fri"):
        length = min(length, 2)
    found = days.near(today, offset, weekday, length=length)
    assert (found - today).days >= offset if offset >= 0 else (found - today).days <= offset
    assert abs((found - today).days - offset) <= 35
    if weekday:
        assert days.WEEKDAYS[found.weekday()] == weekday
    else:
        assert found.weekday() < 5
    for each in (found + timedelta(days=further) for further in range(length)):
        assert not days.is_quiet(each)
        assert each.weekday() != 6


@given(TODAYS, st.integers(1, 6), st.sampled_from([1, 7]))
def test_a_series_rises_and_a_weekly_one_keeps_its_weekday(today, number, every):
    first = days.near(today, 7, "tue")
    series = days.series(first, number, every)
    assert len(series) == number
    assert series[0] == first
    assert series == sorted(set(series))
    assert all(not days.is_quiet(day) and day.weekday() < 5 for day in series)
    if every == 7:
        assert {day.weekday() for day in series} == {1}


@pytest.mark.parametrize(
    ("today", "months", "start"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 1)),
        (date(2026, 1, 31), -1, date(2025, 12, 1)),
        (date(2028, 2, 29), 34, date(2030, 12, 1)),
    ],
)
def test_month_start(today, months, start):
    assert days.month_start(today, months) == start
