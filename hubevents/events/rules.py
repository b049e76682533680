"""Decisions about events on plain values; pure."""

from datetime import datetime
from enum import StrEnum


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
