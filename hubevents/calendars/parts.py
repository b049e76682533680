"""What the calendar parts of an event ought to be; the same for storing them and for a feed that finds none stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hubevents.agenda.models import EventSession
from hubevents.calendars import entries, ics
from hubevents.calendars.ics import Entry
from hubevents.calendars.models import CalendarPart
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import EventStatus, Visibility

Stored = Mapping[tuple[str, str], CalendarPart]
"""Parts as stored, by UID and language."""

_SECOND = timedelta(seconds=1)
_WEIGHTY = ("DTSTART", "DTEND", "LOCATION", "STATUS")


@dataclass(frozen=True, slots=True)
class Part:
    """One entry in one language, ready to be joined to a feed."""

    uid: str
    language: str
    session_id: int | None
    zone: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    cancelled: bool
    listed: bool
    sequence: int
    body: str


def of_event(
    event: Event,
    sessions: Iterable[EventSession],
    languages: Sequence[str],
    stored: Stored,
    *,
    doubt_all: bool = False,
    at: datetime | None = None,
) -> Iterator[Part]:
    """The parts of an event in these languages; a draft has none.

    A stored part that is not stale is taken as it is unless `doubt_all`. LAST-MODIFIED stays where the text is the same
    (I92); where it differs it becomes `at`, or when the part got stale, never earlier than the row's and a second more
    than before, because that is all a calendar shows.
    """
    if event.status is EventStatus.DRAFT:
        return
    listed = event.visibility is Visibility.PUBLIC
    rows: list[tuple[EventDate | EventSession, int | None]] = [(date, None) for date in event.dates]
    rows += [(session, session.id) for session in sessions]
    for row, session_id in rows:
        for language in languages:
            known = stored.get((row.uid, language))
            if known is not None and known.stale_at is None and not doubt_all:
                yield _as_stored(known, row.sequence, listed)
            else:
                yield _part(_entry(row, language), language, session_id, listed, known, at)


def _entry(row: EventDate | EventSession, language: str) -> Entry:
    return entries.entry_of(row, language) if isinstance(row, EventDate) else entries.entry_of_session(row, language)


def _part(
    entry: Entry, language: str, session_id: int | None, listed: bool, known: CalendarPart | None, at: datetime | None
) -> Part:
    changed_at = entry.changed_at
    body = ics.vevent(entry)
    if known is not None:
        old_sequence, old_weight = _weight(known.body)
        if old_sequence == entry.sequence and old_weight != _weight(body)[1]:
            # Its venue got another name after its end, or the like: for calendars that is a change of place (I91).
            entry = replace(entry, sequence=entry.sequence + 1)
        changed_at = known.changed_at
        body = ics.vevent(replace(entry, changed_at=changed_at))
        if body != known.body:
            moments = (entry.changed_at, known.changed_at + _SECOND, at, known.stale_at)
            changed_at = max(moment for moment in moments if moment is not None)
            body = ics.vevent(replace(entry, changed_at=changed_at))
    return Part(
        uid=entry.uid,
        language=language,
        session_id=session_id,
        zone=ics.zone_used(entry) or "",
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        changed_at=changed_at,
        cancelled=entry.status == "cancelled",
        listed=listed,
        sequence=entry.sequence,
        body=body,
    )


def _as_stored(part: CalendarPart, sequence: int, listed: bool) -> Part:
    return Part(
        uid=part.uid,
        language=part.language,
        session_id=part.session_id,
        zone=part.zone,
        starts_at=part.starts_at,
        ends_at=part.ends_at,
        changed_at=part.changed_at,
        cancelled=part.cancelled,
        listed=listed,
        sequence=sequence,
        body=part.body,
    )


def _weight(body: str) -> tuple[int, tuple[str, ...]]:
    """SEQUENCE of a VEVENT, and what must not change without raising it."""
    lines = body.replace("\r\n ", "").split("\r\n")
    sequence = next(line for line in lines if line.startswith("SEQUENCE:"))
    return int(sequence.partition(":")[2]), tuple(line for line in lines if line.startswith(_WEIGHTY))
