"""On which days the demo's events fall, relative to the day it is built; pure."""

from datetime import date, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SATURDAY, _SUNDAY = 5, 6
_HOLIDAYS = {(3, 3), (5, 1), (5, 6), (5, 24), (9, 6), (9, 22)}
"""Bulgarian public holidays with a fixed date, as (month, day); those of the winter lie in the quiet days."""


def easter(year: int) -> date:
    """Orthodox Easter Sunday in the Gregorian calendar, 1900 to 2099: Meeus' rule of the Julian one, 13 days on."""
    moon = (19 * (year % 19) + 15) % 30
    march = moon + (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7 + 114
    return date(year, march // 31, march % 31 + 1) + timedelta(days=13)


def is_quiet(day: date) -> bool:
    """Whether nobody plans an event then: a public holiday, or the days from 23 December to 2 January."""
    if (day.month, day.day) in _HOLIDAYS or (day.month == 12 and day.day >= 23) or (day.month == 1 and day.day <= 2):
        return True
    return timedelta(days=-2) <= day - easter(day.year) <= timedelta(days=1)


def is_suitable(day: date, weekday: str | None = None) -> bool:
    """Whether an event may be held: on the weekday that is wanted, else from Monday to Friday; never when quiet."""
    if is_quiet(day):
        return False
    return WEEKDAYS[day.weekday()] == weekday if weekday else day.weekday() < _SATURDAY


def near(today: date, offset: int, weekday: str | None = None, *, length: int = 1) -> date:
    """The first suitable day at `offset` days from today or farther from it; what is past stays past.

    `length` days in a row are free of quiet days and Sundays.
    """
    day = today + timedelta(days=offset)
    step = timedelta(days=1 if offset >= 0 else -1)
    while not (
        is_suitable(day, weekday)
        and all(
            not is_quiet(each) and each.weekday() != _SUNDAY
            for each in (day + timedelta(days=further) for further in range(length))
        )
    ):
        day += step
    return day


def series(first: date, number: int, every: int) -> list[date]:
    """`number` suitable days, each `every` days after the one before; weekly ones keep their weekday over a holiday."""
    days = [first]
    while len(days) < number:
        day = days[-1] + timedelta(days=every)
        while not is_suitable(day, WEEKDAYS[first.weekday()] if every % 7 == 0 else None):
            day += timedelta(days=7 if every % 7 == 0 else 1)
        days.append(day)
    return days


def month_start(today: date, months: int) -> date:
    """The first day of the month some months away."""
    index = today.year * 12 + today.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
