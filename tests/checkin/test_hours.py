"""When an event is on, day by day: over nights, over the change of the clocks, on days between."""

from datetime import UTC, date, datetime

import pytest

from hubevents.checkin import hours
from hubevents.checkin.hours import Where
from hubevents.checkin.rules import EventRules, SessionRules, Span
from tests import make


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return make.sofia(2026, 10, day, hour, minute).astimezone(UTC)


def event(*dates: tuple[datetime, datetime], sessions: tuple[SessionRules, ...] = ()) -> EventRules:
    return EventRules("1", "Europe/Sofia", tuple(Span(*date_) for date_ in dates), sessions)


@pytest.mark.parametrize(
    ("dates", "day", "expected"),
    [
        # one day; two meetings of one day; a day on which nothing is held
        ([(at(14, 10), at(14, 17))], 14, (at(14, 10), at(14, 17))),
        ([(at(14, 9), at(14, 12)), (at(14, 14), at(14, 18))], 14, (at(14, 9), at(14, 18))),
        ([(at(14, 10), at(14, 17))], 15, None),
        # a conference of three days
        ([(at(14, 9), at(16, 17))], 14, (at(14, 9), at(14, 17))),
        ([(at(14, 9), at(16, 17))], 15, (at(15, 9), at(15, 17))),
        ([(at(14, 9), at(16, 17))], 16, (at(16, 9), at(16, 17))),
        # an evening that ends after midnight
        ([(at(14, 22), at(15, 2))], 14, (at(14, 22), at(15, 2))),
        ([(at(14, 22), at(15, 2))], 15, (at(15, 0), at(15, 2))),
        ([(at(14, 20), at(15, 0))], 15, None),
        # 46 hours without a night
        ([(at(16, 18), at(18, 16))], 16, (at(16, 18), at(17, 0))),
        ([(at(16, 18), at(18, 16))], 17, (at(17, 0), at(18, 0))),
        ([(at(16, 18), at(18, 16))], 18, (at(18, 0), at(18, 16))),
        # the clocks go back on the 25th: nine stays nine
        ([(at(24, 9), at(26, 17))], 25, (at(25, 9), at(25, 17))),
    ],
)
def test_hours_of_the_event(
    dates: list[tuple[datetime, datetime]], day: int, expected: tuple[datetime, datetime] | None
) -> None:
    found = hours.hours_of(Where(date(2026, 10, day)), event(*dates))
    assert (found and (found.starts_at, found.ends_at)) == expected


def test_hours_of_a_session_are_its_own_and_only_on_its_day() -> None:
    talk = SessionRules("5", "Роботи", at(14, 11), at(14, 12))
    night = SessionRules("6", "Нощен разговор", at(14, 23), at(15, 1))
    of = event((at(14, 10), at(15, 17)), sessions=(talk, night))
    assert hours.hours_of(Where(date(2026, 10, 14), 5), of) == Span(at(14, 11), at(14, 12))
    assert hours.hours_of(Where(date(2026, 10, 15), 5), of) is None
    assert hours.hours_of(Where(date(2026, 10, 14), 7), of) is None
    assert hours.hours_of(Where(date(2026, 10, 14), 6), of) == Span(at(14, 23), at(15, 1))
    assert hours.hours_of(Where(date(2026, 10, 15), 6), of) == Span(at(15, 0), at(15, 1))


def test_days_are_those_of_dates_and_of_sessions_that_take_place() -> None:
    talk = SessionRules("5", "Роботи", at(16, 11), at(16, 12))
    off = SessionRules("6", "Отменена", at(19, 11), at(19, 12), cancelled=True)
    of = event((at(13, 10), at(14, 17)), (at(20, 20), at(21, 0)), sessions=(talk, off))
    assert [day.day for day in hours.days_of(of)] == [13, 14, 16, 20]
    assert hours.days_of(event()) == []


def test_the_day_one_means_is_today_else_the_last_else_the_first() -> None:
    days = [date(2026, 10, day) for day in (13, 14, 20)]
    assert [hours.nearest(days, date(2026, 10, day)) for day in (1, 13, 17, 20, 31)] == [
        days[0], days[0], days[1], days[2], days[2],
    ]  # fmt: skip
    assert hours.nearest([], date(2026, 10, 1)) is None
