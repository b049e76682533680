"""Decisions about the agenda on plain values; pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo


class SessionKind(StrEnum):
    """What a session is; breaks are shown quietly and have no speakers."""

    TALK = "talk"
    KEYNOTE = "keynote"
    PANEL = "panel"
    WORKSHOP = "workshop"
    BREAK = "break"
    OTHER = "other"


class SessionStatus(StrEnum):
    """Life of a session; a cancelled one stays, so that calendars strike it out."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


# --- what a file's words mean -------------------------------------------------------------------------------

_KINDS: tuple[tuple[SessionKind, tuple[str, ...]], ...] = (
    (SessionKind.KEYNOTE, ("keynote", "opening talk", "пленар")),
    (SessionKind.PANEL, ("panel", "podium", "round table", "roundtable", "bof", "кръгла маса", "дискуси")),
    (SessionKind.WORKSHOP, ("workshop", "tutorial", "hands-on", "training", "работилница", "обучение")),
    (SessionKind.BREAK, ("break", "lunch", "coffee", "dinner", "breakfast", "pause", "почивка", "обяд", "кафе")),
    (SessionKind.TALK, ("talk", "lecture", "vortrag", "presentation", "лекция", "доклад")),
)


_REST = re.compile(
    r"(the )?(coffee|tea|lunch|dinner|breakfast|conference dinner|кафе|обяд|закуска|вечеря)( ?(break|пауза))?"
    r"|(short )?break|pause|почивка|кафе[ -]?пауза|обедна почивка"
)


def kind_of(word: str, title: str, *, has_speakers: bool) -> SessionKind:
    """What the free word of a schedule file ("Long talk (45 minutes)") means.

    Without a word it is a talk, or a break when nobody speaks and the title says so.
    """
    said = word.casefold()
    if not said:
        rests = not has_speakers and _REST.fullmatch(title.casefold().strip()) is not None
        return SessionKind.BREAK if rests else SessionKind.TALK
    for kind, words in _KINDS:
        if any(each in said for each in words):
            return kind
    return SessionKind.OTHER


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Cyrillic."""
    letters = [char for char in text if char.isalpha()]
    return 2 * sum("\u0400" <= char <= "\u052f" for char in letters) > len(letters)


def text_language(text: str, declared: str | None, languages: Sequence[str], usual: str | None = None) -> str:
    """The language under which a text from a file is kept, so that pages name it right in `lang`.

    What the file declares for the session, also when the hub has no such language; else by its letters: Cyrillic is
    the hub's Bulgarian (or its first language), other letters are what the file mostly declares, else English.
    """
    primary = (declared or "").partition("-")[0]
    if len(primary) == 2:
        return primary
    first = languages[0] if languages else "bg"
    if is_cyrillic(text):
        return "bg" if "bg" in languages else first
    if usual:
        return usual
    return "en" if "en" in languages or first == "bg" else first


def usual_language(declared: Iterable[str | None]) -> str | None:
    """The language that most sessions of a file declare; None when none does."""
    known = Counter(code.partition("-")[0] for code in declared if code and len(code.partition("-")[0]) == 2)
    return min(known, key=lambda code: (-known[code], code)) if known else None


# --- dates of the event ---------------------------------------------------------------------------------------


_NIGHT = timedelta(hours=6)


def hull(spans: Iterable[tuple[datetime, datetime]]) -> tuple[datetime, datetime] | None:
    """First start and last end; None of nothing."""
    held = list(spans)
    return (min(start for start, _end in held), max(end for _start, end in held)) if held else None


def days_of(start: datetime, end: datetime, zone: str) -> set[date]:
    """The days of a zone that a time touches; what ends at midnight does not touch the next."""
    here = ZoneInfo(zone)
    first = start.astimezone(here).date()
    last = max(start, end - timedelta(seconds=1)).astimezone(here).date()
    return {first + timedelta(days=each) for each in range((last - first).days + 1)}


def missing_days(
    dates: Iterable[tuple[datetime, datetime]], sessions: Iterable[tuple[int | None, datetime, datetime]], zone: str
) -> list[tuple[datetime, datetime]]:
    """From first start to last end of each day of a schedule that no date of the event holds, in order.

    A session comes with the number of the day it stands in, so that what follows midnight still belongs to its
    evening; a numbered day is the day on which its first session starts, and ends at six in the morning. Without a
    number, or later, a session's own day counts.
    """
    taken = {day for start, end in dates for day in days_of(start, end, zone)}
    here = ZoneInfo(zone)
    listed = sorted(sessions, key=lambda each: (each[1], each[2]))
    first: dict[int, datetime] = {}
    for number, start, _end in listed:
        if number is not None:
            first.setdefault(number, start)
    days: defaultdict[date, list[tuple[datetime, datetime]]] = defaultdict(list)
    for number, start, end in listed:
        own = start.astimezone(here)
        day = own.date() if number is None else first[number].astimezone(here).date()
        days[day if (own - _NIGHT).date() <= day else own.date()].append((start, end))
    found = (hull(spans) for day, spans in days.items() if day not in taken)
    return sorted(span for span in found if span is not None)


def moved_along(moment: datetime, old_first: datetime, new_first: datetime, old_zone: str, new_zone: str) -> datetime:
    """A time of a copied event: as far from the copy's first date by the clock on the wall as it was before."""
    wall = moment.astimezone(ZoneInfo(old_zone)).replace(tzinfo=None)
    before = old_first.astimezone(ZoneInfo(old_zone)).replace(tzinfo=None)
    after = new_first.astimezone(ZoneInfo(new_zone)).replace(tzinfo=None)
    return (after + (wall - before)).replace(tzinfo=ZoneInfo(new_zone)).astimezone(UTC)


# --- clashes ---------------------------------------------------------------------------------------------------


class Occupying(Protocol):
    """What takes a room and people for a time: values of a session."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def starts_at(self) -> datetime: ...  # noqa: D102
    @property
    def ends_at(self) -> datetime: ...  # noqa: D102
    @property
    def room_id(self) -> int | None: ...  # noqa: D102
    @property
    def speaker_ids(self) -> tuple[int, ...]: ...  # noqa: D102


@dataclass(frozen=True)
class Clash:
    """Two sessions that need the same room or the same speaker at one time."""

    session_id: int
    other_id: int
    same_room: bool
    speaker_ids: tuple[int, ...]


def clash(one: Occupying, other: Occupying) -> Clash | None:
    """How two sessions disturb each other; touching ends do not, and what has no length does not."""
    if one.starts_at >= other.ends_at or other.starts_at >= one.ends_at:
        return None
    if one.starts_at == one.ends_at or other.starts_at == other.ends_at:
        return None
    same_room = one.room_id is not None and one.room_id == other.room_id
    people = tuple(sorted(set(one.speaker_ids) & set(other.speaker_ids)))
    return Clash(one.id, other.id, same_room, people) if same_room or people else None


def clashes(sessions: Iterable[Occupying]) -> tuple[Clash, ...]:
    """All pairs that disturb each other, each pair once, by time; only overlapping ones are compared."""
    running: list[Occupying] = []
    found: list[Clash] = []
    for session in sorted(sessions, key=lambda each: (each.starts_at, each.ends_at, each.id)):
        running = [each for each in running if each.ends_at > session.starts_at]
        found += [pair for each in running if (pair := clash(each, session)) is not None]
        running.append(session)
    return tuple(found)


# --- what the public sees --------------------------------------------------------------------------------------


def was_public(status: SessionStatus, changed_at: datetime, published_at: datetime | None) -> bool:
    """Whether a session belongs on public pages: one withdrawn while the event was still a draft never was there."""
    if status is SessionStatus.SCHEDULED:
        return True
    return published_at is not None and changed_at >= published_at
