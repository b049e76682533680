"""Times, durations and dates as programs in the field write them; each reader answers None when it cannot."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

YEARS = range(1970, 2200)
LONGEST = timedelta(days=366)
DAY = timedelta(days=1)

_MOMENT = re.compile(
    r"(?P<year>\d{4})[-/]?(?P<month>\d{1,2})[-/]?(?P<day>\d{1,2})"
    r"(?:(?:[Tt]|\s+)(?P<clock>\d{1,2}[:.]?\d{2}(?:[:.]?\d{2}(?:[.,]\d+)?)?)"
    r"\s*(?P<offset>[Zz]|UTC|GMT|[+-]\d{1,2}(?::?\d{2}(?::\d{2})?)?)?)?(?:\[[^\]]*\])?",
    re.ASCII,
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.hH]?(?P<minute>\d{2}))(?:[:.]?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?::\d{2})?", re.ASCII)
_ISO_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,4})D)?"
    r"(?:T(?:(?P<hours>\d{1,5}(?:[.,]\d{1,4})?)H)?(?:(?P<minutes>\d{1,6}(?:[.,]\d{1,4})?)M)?"
    r"(?:(?P<seconds>\d{1,8})(?:[.,]\d+)?S)?)?",
    re.ASCII | re.IGNORECASE,
)
_SPOKEN_DURATION = re.compile(
    r"(?:(?P<hours>\d{1,4}(?:[.,]\d{1,4})?)\s*h(?:ours?|rs?)?\.?)?\s*"
    r"(?:(?P<minutes>\d{1,6}(?:[.,]\d{1,4})?)\s*(?:m(?:in(?:ute)?s?)?\.?)?)?",
    re.ASCII | re.IGNORECASE,
)
_COLONS = re.compile(r"\d{1,6}(?::\d{1,4}){1,3}", re.ASCII)


def read_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name in any letter case."""
    name = name.strip()
    if not re.fullmatch(r"[A-Za-z0-9_+\-/]{1,64}", name):
        return None
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        folded = {known.casefold(): known for known in zoneinfo.available_timezones()}
        known = folded.get(name.casefold())
        return ZoneInfo(known) if known else None


def is_place_zone(zone: ZoneInfo) -> bool:
    """Whether the zone is named by a place or is UTC, so that calendars can use its name (INTEROP I51)."""
    return zone.key == "UTC" or ("/" in zone.key and not zone.key.startswith("posix"))


def read_clock(text: str) -> timedelta | None:
    """Time of day since midnight; 24:00 to 47:59 count on into the next day."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    if hour > 47 or minute > 59 or second > 59:
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)


def read_moment(text: str) -> datetime | date | None:
    """A date, a naive or an aware datetime, whichever is written (ISO 8601 and near it)."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    if day.year not in YEARS:
        return None
    if match["clock"] is None:
        return day
    clock = read_clock(match["clock"])
    if clock is None:
        return None
    naive = datetime.combine(day, time()) + clock
    if match["offset"] is None:
        return naive
    zone = _offset(match["offset"])
    return naive.replace(tzinfo=zone) if zone else None


def _offset(text: str) -> timezone | None:
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    span = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if span >= DAY:
        return None
    return timezone(-span if match["sign"] == "-" else span)


def local(day: date, clock: timedelta, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall-clock time; one that a clock change repeats is its first."""
    naive = datetime.combine(day, time()) + clock
    return naive.replace(tzinfo=zone).astimezone(UTC)


def is_two_part(text: str) -> bool:
    """Whether a duration is written as hours and minutes, so that a file's third part can be judged."""
    return bool(re.fullmatch(r"\d{1,4}:\d{1,3}", text.strip(), re.ASCII))


def read_duration(text: str, *, days_first: bool, expected: timedelta | None = None) -> timedelta | None:
    """`HH:MM`, `D:HH:MM`, `H:MM:SS`, minutes, `1h 30min` or ISO 8601, up to a year.

    Three parts mean days first where pretalx wrote them and seconds last where Python did; `days_first` says
    what the file's other durations suggest, `expected` (from an end) settles it.
    """
    text = text.strip()
    if not text:
        return None
    readings = _colon_readings(text, days_first) if _COLONS.fullmatch(text) else [_unit_reading(text)]
    spans = [span for span in readings if span is not None]
    if not spans:
        return None
    span = expected if expected is not None and expected in spans else spans[0]
    return span if span <= LONGEST else None


def _colon_readings(text: str, days_first: bool) -> list[timedelta | None]:
    parts = [int(part) for part in text.split(":")]
    if len(parts) == 2:
        return [timedelta(hours=parts[0], minutes=parts[1])]
    if len(parts) == 4:
        return [timedelta(days=parts[0], hours=parts[1], minutes=parts[2], seconds=parts[3])]
    first, second, third = parts
    days = timedelta(days=first, hours=second, minutes=third) if second < 24 and third < 60 else None
    hours = timedelta(hours=first, minutes=second, seconds=third) if second < 60 and third < 60 else None
    padded = len(text.split(":")[0]) == 2 and first < 24
    return [days, hours] if days_first and not padded else [hours, days]


def _unit_reading(text: str) -> timedelta | None:
    iso = _ISO_DURATION.fullmatch(text)
    match = iso if iso and any(iso.groups()) else _SPOKEN_DURATION.fullmatch(text)
    if match is None:
        return None
    parts = {unit: float(value.replace(",", ".")) for unit, value in match.groupdict().items() if value}
    if not parts:
        return None
    return timedelta(seconds=round(timedelta(**parts).total_seconds()))
