"""When an event or one of its sessions is on, day by day, on the clocks of its zone; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hubevents.checkin import rules
from hubevents.checkin.rules import EventRules, SessionRules, Span


@dataclass(frozen=True, slots=True)
class Where:
    """What attendance is kept for: a day of the event, or of one session on that day."""

    day: date
    session_id: int | None = None


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_after(day: date, zone: str) -> datetime:
    """The moment at which a day is over."""
    return midnight(day + timedelta(days=1), zone)


def hours_of(where: Where, event: EventRules) -> Span | None:
    """From when to when the event (or the session) is on that day; None when nothing is held.

    Each day of a date of several begins and ends at the same hours. What lasts into the night belongs to the day it
    began when it is over within a day; what lasts longer is cut at midnight.
    """
    if where.session_id is not None:
        session = session_of(where.session_id, event)
        return _of_session(session, where.day, event.zone) if session is not None else None
    spans = [span for each in event.dates if (span := _of_date(each, where.day, event.zone)) is not None]
    if not spans:
        return None
    return Span(min(span.starts_at for span in spans), max(span.ends_at for span in spans))


def session_of(session_id: int, event: EventRules) -> SessionRules | None:
    """A session of the event by its id."""
    return next((each for each in event.sessions if each.id == str(session_id)), None)


def _of_session(session: SessionRules, day: date, zone: str) -> Span | None:
    first = rules.day_of(session.starts_at, zone)
    begins, ends = midnight(day, zone), day_after(day, zone)
    if day == first:
        return Span(session.starts_at, session.ends_at)
    if first < day and session.ends_at > begins:
        return Span(begins, min(session.ends_at, ends))
    return None


def _of_date(date_: Span, day: date, zone: str) -> Span | None:
    first, last = _first_and_last(date_, zone)
    if not first <= day <= last:
        return None
    if first == last or (day == first and date_.ends_at - date_.starts_at < timedelta(days=1)):
        return date_
    begins, ends = midnight(day, zone), day_after(day, zone)
    starts_at = date_.starts_at if day == first else _at(day, date_.starts_at, zone)
    ends_at = date_.ends_at if day == last else _at(day, date_.ends_at, zone)
    if ends_at > starts_at:
        return Span(starts_at, ends_at)
    # It goes on through the night.
    return Span(starts_at if day == first else begins, ends_at if day == last else ends)


def _first_and_last(span: Span, zone: str) -> tuple[date, date]:
    """The days of a span; what ends at midnight ends on the day before."""
    first = rules.day_of(span.starts_at, zone)
    return first, max(first, rules.day_of(span.ends_at - timedelta(microseconds=1), zone))


def _at(day: date, like: datetime, zone: str) -> datetime:
    """The hour of another day on this one."""
    there = ZoneInfo(zone)
    return datetime.combine(day, like.astimezone(there).time(), there).astimezone(UTC)


def days_of(event: EventRules) -> list[date]:
    """All days on which the event or a session that takes place is on, in order."""
    spans: Iterable[Span] = (
        *event.dates,
        *(Span(each.starts_at, each.ends_at) for each in event.sessions if not each.cancelled),
    )
    days: set[date] = set()
    for span in spans:
        first, last = _first_and_last(span, event.zone)
        days |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return sorted(days)


def nearest(days: list[date], today: date) -> date | None:
    """The day that one most likely means: today, else the last that was, else the first to come."""
    past = [day for day in days if day <= today]
    return past[-1] if past else next(iter(days), None)
