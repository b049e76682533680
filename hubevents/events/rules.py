"""Decisions about events on plain values; pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from hubevents.core.errors import Invalid


class EventStatus(StrEnum):
    """Life of an event."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class DateStatus(StrEnum):
    """Life of one date of an event."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class Visibility(StrEnum):
    """Who finds an event: everybody, or those who have the link."""

    PUBLIC = "public"
    UNLISTED = "unlisted"


class Format(StrEnum):
    """How people take part (vocabulary `formats`)."""

    ONSITE = "onsite"
    ONLINE = "online"
    HYBRID = "hybrid"
    SELF_PACED = "self_paced"


class Asked(StrEnum):
    """Whether the registration form shows a field, and whether it must be filled."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Openness(StrEnum):
    """What the register button says."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    OVER = "over"
    CANCELLED = "cancelled"
    NONE = "none"


def places_left(capacity: int | None, seats_taken: int) -> int | None:
    """Free places, never below 0; None when unlimited."""
    return None if capacity is None else max(0, capacity - seats_taken)


def openness(
    *,
    status: EventStatus,
    takes_registrations: bool,
    opens_at: datetime | None,
    closes_at: datetime | None,
    last_start: datetime | None,
    ends_at: datetime | None,
    capacity: int | None,
    seats_taken: int,
    waiting: int,
    now: datetime,
) -> Openness:
    """Whether people can register now, and what the page says when they cannot.

    Without a deadline registration closes at the start of the last date. Whoever comes while others wait joins them.
    """
    if status is EventStatus.CANCELLED:
        return Openness.CANCELLED
    if ends_at is not None and ends_at <= now:
        return Openness.OVER
    if not takes_registrations or status is EventStatus.DRAFT:
        return Openness.NONE
    if opens_at is not None and now < opens_at:
        return Openness.NOT_YET
    closes = closes_at or last_start
    if closes is not None and closes <= now:
        return Openness.CLOSED
    if waiting or places_left(capacity, seats_taken) == 0:
        return Openness.WAITING_LIST
    return Openness.OPEN


FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years in which dates may lie; outside them zones and calendars break."""
LONGEST = timedelta(days=31)
"""One date of an event is one coming-together; what lasts longer has several."""


def is_zone(zone: str) -> bool:
    """Whether a name is a zone of the IANA database."""
    return zone in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def instant(local: datetime, zone: str, *, later: bool = False) -> datetime:
    """The moment (aware UTC) at which the clocks of a zone show a local time without zone.

    An hour that the autumn change shows twice is the first, with `later` the second. Raises Invalid(`time_skipped`) for
    an hour that the spring change leaves out (INTEROP I57) and Invalid(`year_out_of_range`).
    """
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Invalid("year_out_of_range", first=FIRST_YEAR, last=LAST_YEAR)
    moment = local.replace(tzinfo=ZoneInfo(zone), fold=int(later)).astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
        raise Invalid("time_skipped", time=f"{local:%H:%M}")
    return moment


def is_shown_twice(local: datetime, zone: str) -> bool:
    """Whether the clocks of a zone show this local time twice (the end of summer time)."""
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return False
    both = [local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    return both[0] < both[1]


def is_later_one(moment: datetime, zone: str) -> bool:
    """Whether a moment is the second showing of its local time."""
    return moment.astimezone(ZoneInfo(zone)).fold == 1


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """Refuses a date that ends before it begins or lasts longer than a month."""
    if ends_at <= starts_at:
        raise Invalid("ends_before_start", field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise Invalid("date_too_long", field="ends_at", days=LONGEST.days)


def shifted(moment: datetime, by: timedelta, zone: str) -> datetime:
    """A moment some days and hours later on the clocks of a zone: 10:00 stays 10:00 over a change of the clocks."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + by
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def distance(first: datetime, second: datetime, zone: str) -> timedelta:
    """How far two moments are apart on the clocks of a zone, for `shifted`."""
    there = ZoneInfo(zone)
    return second.astimezone(there).replace(tzinfo=None) - first.astimezone(there).replace(tzinfo=None)
