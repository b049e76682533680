"""The clock can stand at another moment, in the demo and in tests."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hubevents.core import clock


def test_now_is_aware_utc():
    assert clock.now().tzinfo is UTC


def test_inside_at_the_moment_is_fixed_and_afterwards_it_is_not():
    moment = datetime(2026, 3, 29, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    with clock.at(moment):
        assert clock.now() == moment
        assert clock.now().tzinfo is UTC
        with clock.at(moment + timedelta(days=1)):
            assert clock.now() == moment + timedelta(days=1)
        assert clock.now() == moment
    assert clock.now() > moment


def test_at_ends_when_something_is_raised():
    with pytest.raises(ZeroDivisionError), clock.at(datetime(2000, 1, 1, tzinfo=UTC)):
        raise ZeroDivisionError
    assert clock.now().year > 2000


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="aware"), clock.at(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass


def test_today_is_the_date_in_the_zone():
    with clock.at(datetime(2026, 6, 30, 21, 30, tzinfo=UTC)):
        assert clock.today("Europe/Sofia") == date(2026, 7, 1)
        assert clock.today("UTC") == date(2026, 6, 30)
