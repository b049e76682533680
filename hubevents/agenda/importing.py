"""A schedule file becomes the agenda of an event, as often as one likes: what is known is updated, never doubled.

The caller parses the file before its transaction (`formats.read_schedule`); here it is compared with the rows in a
handful of statements, however long it is. One import records one fact, and none when nothing changed.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from hubevents.agenda import rules
from hubevents.agenda.facts import ScheduleImported
from hubevents.agenda.formats import (
    MAX_BYTES,
    Refusal,
    Schedule,
    ScheduleError,
    ScheduleWarning,
    SessionRow,
    SpeakerRow,
)
from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.agenda.rules import SessionStatus
from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.core.i18n import Translated
from hubevents.events import queries as event_queries
from hubevents.events import rules as event_rules
from hubevents.events import service as events
from hubevents.events.facts import DateChange
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import DateStatus, EventStatus, Format
from hubevents.hubs.models import Hub

_FAR = 31
_NO_ROOMS = frozenset({Format.ONLINE, Format.SELF_PACED})


class Deed(StrEnum):
    """What an import does with one session."""

    CREATED = "created"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SessionLine:
    """What happens to one session; `fields` names what differs, such as `title`, `time`, `room`, `status`."""

    deed: Deed
    title: str
    starts_at: datetime
    room: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DateLine:
    """A date of the event that is stretched, added (`old_starts_at` is None) or gets its place."""

    starts_at: datetime
    ends_at: datetime
    old_starts_at: datetime | None
    old_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do; `event_id` is None for a draft that is not made yet."""

    event_id: int | None
    event_title: Translated
    zone: str
    makes_event: bool
    created: int
    changed: int
    cancelled: int
    unchanged: int
    lines: tuple[SessionLine, ...]
    """What differs, in the order of the agenda; unchanged sessions have none."""
    dates: tuple[DateLine, ...]
    warnings: tuple[ScheduleWarning, ...]
    refused: tuple[Refusal, ...]

    @property
    def does_nothing(self) -> bool:
        """Whether the event stays as it is."""
        return not (self.makes_event or self.created or self.changed or self.cancelled or self.dates)


def read_source(path: Path) -> bytes:
    """The bytes of a schedule file; one too large is refused unread (ScheduleError), OSError when it cannot be read."""
    with path.open("rb") as source:
        data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ScheduleError("file_too_large", limit=MAX_BYTES // 2**20)
    return data


def import_schedule(
    schedule: Schedule, *, hub_id: int, event_id: int | None = None, dry_run: bool = False, allow_empty: bool = False
) -> ImportReport:
    """Brings a schedule into an event of the hub, or into the draft made from it earlier or now; safe to repeat.

    The one date of an event is stretched to hold the schedule, an event of several gets a further date for each day
    that none holds. A session the file lacks becomes cancelled, one that comes back takes place again; those made by
    hand, and those that the file holds but could not be read, are left alone. With `dry_run` nothing is kept. A second
    import of the hub waits for the first.

    Raises NotFound for another hub's event, Conflict(`event_cancelled`), Conflict(`schedule_empty`, number=...) when
    the file holds no session but the event imported ones (unless `allow_empty`), and, without `event_id`,
    Invalid(`schedule_without_sessions` | `schedule_without_name`).
    """
    step = db.session.begin_nested() if dry_run else None
    try:
        work = _Import(schedule, hub_id, event_id)
        report = work.run(allow_empty=allow_empty)
    finally:
        if step is not None:
            step.rollback()
    if dry_run:
        return replace(report, event_id=None) if report.makes_event else report
    if not report.does_nothing:
        record(
            ScheduleImported(
                work.event.id, report.created, report.changed, report.cancelled, date_changes=tuple(work.date_changes)
            )
        )
    return report


def import_key(schedule: Schedule) -> str | None:
    """What a draft is recognised by in a later file: the acronym, else the title; None without either."""
    for kind, said in (("acronym", schedule.acronym), ("title", schedule.title)):
        name = " ".join(said.casefold().split())
        if name:
            return f"{kind}:{name}" if len(name) <= 180 else f"{kind}:sha256-{_digest(name, 64)}"
    return None


class _Import:
    """One import under the locks of hub and event."""

    def __init__(self, schedule: Schedule, hub_id: int, event_id: int | None) -> None:
        self.schedule = schedule
        self.now = clock.now()
        # The hub's row makes imports wait for each other: speakers belong to it, and drafts are looked for in it.
        hub = db.session.scalar(sa.select(Hub).where(Hub.id == hub_id).with_for_update(key_share=True))
        if hub is None:
            raise NotFound("page")
        self.hub = hub
        self.usual = rules.usual_language(row.language for row in schedule.sessions)
        self.key = import_key(schedule)
        self.makes_event = False
        self.event = self._event(event_id)
        self.date_changes: list[DateChange] = []
        self.date_lines: list[DateLine] = []
        self.lines: list[SessionLine] = []
        self.unchanged = 0
        self.warnings = list(schedule.warnings)
        self.renamed: set[int] = set()
        """Speakers whose name changed: their sessions show something new."""

    def run(self, *, allow_empty: bool) -> ImportReport:
        known = self._known()
        coming = sum(session.status is SessionStatus.SCHEDULED for session in known.values())
        if not self.schedule.sessions and coming and not allow_empty:
            raise Conflict("schedule_empty", number=coming)
        rooms, moved_in = self._rooms()
        tracks = self._tracks()
        speakers = self._speakers()
        db.session.flush()
        matched = self._match(known)
        for row in self.schedule.sessions:
            session = matched.pop(row.key, None)
            room = rooms[_folded(row.room)] if row.room else None
            track = tracks[_folded(row.track)] if row.track else None
            people = list(dict.fromkeys(speakers[self._speaker_key(person)].id for person in row.speakers))
            self._write(session, row, room, track, people)
        self._cancel(matched.values())
        self._hold_in_dates(moved_in)
        db.session.flush()
        return self._report()

    # --- the event ------------------------------------------------------------------------------------------

    def _event(self, event_id: int | None) -> Event:
        query = sa.select(Event).where(Event.hub_id == self.hub.id)
        if event_id is not None:
            query = query.where(Event.id == event_id)
        elif self.key is None:
            raise Invalid("schedule_without_name")
        else:
            query = query.where(Event.import_key == self.key, Event.status != EventStatus.CANCELLED)
        event = db.session.scalar(
            query.order_by(Event.id.desc())
            .limit(1)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if event is None and event_id is not None:
            raise NotFound("page")
        if event is None:
            return self._draft()
        if event.status is EventStatus.CANCELLED:
            raise Conflict("event_cancelled")
        return event

    def _draft(self) -> Event:
        schedule = self.schedule
        if not schedule.sessions:
            raise Invalid("schedule_without_sessions")
        self.makes_event = True
        title = schedule.title or schedule.acronym
        zone = schedule.zone if schedule.zone and event_rules.is_zone(schedule.zone) else self.hub.zone
        spoken = {(row.language or "").partition("-")[0] for row in schedule.sessions}
        details = events.EventDetails(
            kind="conference",
            title=self._text(title),
            zone=zone,
            languages=tuple(code for code in self.hub.languages if code in spoken),
        )
        event = events.create_event(self.hub, details)
        event.import_key = self.key
        return event

    def _text(self, text: str, declared: str | None = None) -> Translated:
        return Translated.of({self._language(text, declared): text})

    def _language(self, text: str, declared: str | None = None) -> str:
        return rules.text_language(text, declared, self.hub.languages, self.usual)

    # --- rooms, tracks, speakers ------------------------------------------------------------------------------

    def _rooms(self) -> tuple[dict[str, Room], bool]:
        """Rooms by folded name, found or made; and whether the event got its venue now."""
        wanted = {_folded(row.name): row for row in self.schedule.rooms}
        if not wanted:
            return {}, False
        venue, moved_in = self.event.venue, False
        if venue is None:
            venue = self._venue()
            # Streams of an online event are called rooms too, but nobody travels to them.
            if self.event.format not in _NO_ROOMS:
                self.event.venue = venue
                moved_in = True
        held: dict[str, Room] = {}
        for room in venue.rooms:
            for name in room.name.values():
                held.setdefault(_folded(name), room)
        position = max((room.position for room in venue.rooms), default=-1)
        for key, row in wanted.items():
            if key not in held:
                position += 1
                held[key] = Room(name=self._text(row.name), capacity=row.capacity, position=position)
                venue.rooms.append(held[key])
        return held, moved_in

    def _venue(self) -> Venue:
        schedule = self.schedule
        name = schedule.venue or schedule.title or schedule.acronym or self.event.title.text(self.hub.languages[0])
        for venue in db.session.scalars(
            sa.select(Venue).where(Venue.hub_id == self.hub.id).order_by(Venue.id).options(selectinload(Venue.rooms))
        ):
            if _folded(name) in {_folded(text) for text in venue.name.values()}:
                return venue
        venue = Venue(
            hub_id=self.hub.id,
            name=self._text(name),
            address=self._text(schedule.city) if schedule.city else Translated(),
            directions=Translated(),
            created_at=self.now,
            rooms=[],
        )
        db.session.add(venue)
        return venue

    def _tracks(self) -> dict[str, Track]:
        tracks: dict[str, Track] = {}
        position = -1
        for track in db.session.scalars(
            sa.select(Track).where(Track.event_id == self.event.id).order_by(Track.position, Track.id)
        ):
            position = max(position, track.position)
            for name in track.name.values():
                tracks.setdefault(_folded(name), track)
        for row in self.schedule.tracks:
            if _folded(row.name) not in tracks:
                position += 1
                track = Track(event_id=self.event.id, name=self._text(row.name), position=position)
                tracks[_folded(row.name)] = track
                db.session.add(track)
        return tracks

    def _speaker_key(self, row: SpeakerRow) -> str:
        """Identity within the key of the import: guid, else id, else name; at most 200 characters."""
        prefix = _digest(self.key or f"event:{self.event.id}", 16)
        if row.guid:
            return f"{prefix}:guid:{row.guid}"
        if row.source_id:
            return f"{prefix}:id:{row.source_id}"
        return f"{prefix}:name:{_digest(_folded(row.name), 40)}"

    def _speakers(self) -> dict[str, Speaker]:
        rows: dict[str, SpeakerRow] = {}
        for session in self.schedule.sessions:
            for row in session.speakers:
                key = self._speaker_key(row)
                if key not in rows or (row.biography and not rows[key].biography):
                    rows[key] = row
        if not rows:
            return {}
        prefix = next(iter(rows)).partition(":")[0] + ":"
        held: dict[str, Speaker] = {}
        for speaker in db.session.scalars(
            sa.select(Speaker)
            .where(Speaker.hub_id == self.hub.id, Speaker.source_key.startswith(prefix, autoescape=True))
            .order_by(Speaker.id)
        ):
            held.setdefault(speaker.source_key or "", speaker)
        for key, row in rows.items():
            # Of a person only the letters tell the language: who speaks in German may be described in English.
            language = self._language(row.biography or row.name)
            if key not in held:
                speaker = Speaker(
                    hub_id=self.hub.id,
                    source_key=key,
                    name=row.name,
                    position=Translated(),
                    biography=Translated.of({language: row.biography}),
                    created_at=self.now,
                )
                db.session.add(speaker)
                held[key] = speaker
                continue
            speaker = held[key]
            if speaker.name != row.name:
                speaker.name = row.name
                self.renamed.add(speaker.id)
            # Many programs write it at one of the sessions only: an absent one takes nothing away.
            if row.biography:
                speaker.biography = _merged(speaker.biography, language, row.biography)
        return held

    # --- sessions -----------------------------------------------------------------------------------------------

    def _known(self) -> dict[str, EventSession]:
        """The imported sessions of the event by their identity in the file."""
        sessions = db.session.scalars(
            sa.select(EventSession)
            .where(EventSession.event_id == self.event.id, EventSession.source_key.is_not(None))
            .order_by(EventSession.id)
            .options(selectinload(EventSession.speakings))
            .execution_options(populate_existing=True)
        )
        return {session.source_key or "": session for session in sessions}

    def _match(self, known: dict[str, EventSession]) -> dict[str, EventSession]:
        """The known sessions by the keys of this file; a session that got a guid since is found by its id."""
        wanted = {row.key for row in self.schedule.sessions}
        for row in self.schedule.sessions:
            former = f"id:{row.source_id}"
            if row.guid and row.source_id and row.key not in known and former in known and former not in wanted:
                session = known.pop(former)
                session.source_key = row.key
                known[row.key] = session
        return known

    def _write(
        self, session: EventSession | None, row: SessionRow, room: Room | None, track: Track | None, people: list[int]
    ) -> None:
        written = f"{row.title} {row.subtitle} {row.abstract} {row.description}"
        language = self._language(written, row.language)
        status = SessionStatus.CANCELLED if row.is_cancelled else SessionStatus.SCHEDULED
        spoken = row.language if row.language and len(row.language) <= 10 else language if row.language else None
        kind = rules.kind_of(row.kind, row.title, has_speakers=bool(people))
        if session is None:
            session = EventSession(
                event_id=self.event.id,
                source_key=row.key,
                kind=kind,
                status=status,
                title=Translated.of({language: row.title}),
                abstract=Translated.of({language: _abstract(row)}),
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                room_id=room.id if room else None,
                track_id=track.id if track else None,
                language=spoken,
                url=row.url or "",
                created_at=self.now,
                changed_at=self.now,
                speakings=[SessionSpeaker(speaker_id=id, position=at) for at, id in enumerate(people)],
            )
            db.session.add(session)
            self.lines.append(SessionLine(Deed.CREATED, row.title, row.starts_at, row.room))
            return
        changed = []
        stepped = False
        said: dict[str, dict[str, object]] = {
            "time": {"starts_at": row.starts_at, "ends_at": row.ends_at},
            "room": {"room_id": room.id if room else None},
            "status": {"status": status},
            "title": {"title": _merged(session.title, language, row.title)},
            "abstract": {"abstract": _merged(session.abstract, language, _abstract(row))},
            "track": {"track_id": track.id if track else None},
            "kind": {"kind": kind if row.kind else session.kind},
            "language": {"language": spoken},
            "url": {"url": row.url or ""},
        }
        for name, values in said.items():
            differing = {column: value for column, value in values.items() if getattr(session, column) != value}
            for column, value in differing.items():
                setattr(session, column, value)
            if differing:
                changed.append(name)
                stepped = stepped or name in ("time", "room", "status")
        if [speaking.speaker_id for speaking in session.speakings] != people:
            _set_speakers(session, people)
            changed.append("speakers")
        elif self.renamed.intersection(people):
            changed.append("speakers")
        if not changed:
            self.unchanged += 1
            return
        session.changed_at = self.now
        if stepped:
            session.sequence += 1
        self.lines.append(SessionLine(Deed.CHANGED, row.title, row.starts_at, row.room, tuple(changed)))

    def _cancel(self, left: Iterable[EventSession]) -> None:
        """Cancels what the file lacks; what it holds but could not be read stays as it is."""
        unread = {f"guid:{each.guid}" for each in self.schedule.refused if each.guid}
        unread |= {f"id:{each.source_id}" for each in self.schedule.refused if each.source_id}
        named = {_folded(each.place.session) for each in self.schedule.refused if each.place.session}
        for session in left:
            key = re.sub(r"#\d+$", "", session.source_key or "")
            titled = key.startswith("id:title-") and any(_folded(t)[:80] in named for t in session.title.values())
            if key in unread or session.source_key in unread or titled:
                self.unchanged += 1
                continue
            if session.status is SessionStatus.CANCELLED:
                continue
            session.status = SessionStatus.CANCELLED
            session.sequence += 1
            session.changed_at = self.now
            title = session.title.text(self.hub.languages[0])
            self.lines.append(SessionLine(Deed.CANCELLED, title, session.starts_at))

    # --- dates --------------------------------------------------------------------------------------------------

    def _hold_in_dates(self, moved_in: bool) -> None:
        event = self.event
        rows = [row for row in self.schedule.sessions if not row.is_cancelled]
        live = [date for date in event.dates if date.status is DateStatus.SCHEDULED]
        span = rules.hull((row.starts_at, row.ends_at) for row in rows)
        old = {date.id: (date.starts_at, date.ends_at) for date in live}
        if span is not None and len(live) == 1:
            self._stretch(live[0], *span)
        elif span is not None:
            sessions = [(row.place.day, row.starts_at, row.ends_at) for row in rows]
            missing = rules.missing_days(old.values(), sessions, event.zone) if live else [span]
            for starts_at, ends_at in missing:
                self._add_date(starts_at, ends_at)
        for date in live:
            times = (date.starts_at, date.ends_at)
            if times == old[date.id] and not moved_in:
                continue
            place = Translated() if moved_in else event_queries.place(event.venue, date.room)
            if event.published_at is not None:
                date.sequence += 1
            date.changed_at = self.now
            self.date_changes.append(DateChange(date.id, *old[date.id], place))
            self.date_lines.append(DateLine(*times, *old[date.id]))
        if len(live) > 1:
            self._warn_outside(rows)
        if self.date_changes:
            now_live = [date for date in event.dates if date.status is DateStatus.SCHEDULED]
            event.starts_at = min(date.starts_at for date in now_live)
            event.ends_at = max(date.ends_at for date in now_live)
            event.changed_at = self.now

    def _stretch(self, date: EventDate, first: datetime, last: datetime) -> None:
        apart = last < date.starts_at or first > date.ends_at
        date.starts_at, date.ends_at = min(date.starts_at, first), max(date.ends_at, last)
        days = (date.ends_at - date.starts_at).days + 1
        if apart and days > _FAR:
            self.warnings.append(ScheduleWarning("date_far", details={"number": days}))

    def _add_date(self, starts_at: datetime, ends_at: datetime) -> None:
        date = EventDate(
            starts_at=starts_at, ends_at=ends_at, title=Translated(), created_at=self.now, changed_at=self.now
        )
        self.event.dates.append(date)
        db.session.flush()
        self.event.dates.sort(key=lambda each: (each.starts_at, each.id))
        self.date_changes.append(DateChange(date.id, None, None, None))
        self.date_lines.append(DateLine(starts_at, ends_at, None, None))

    def _warn_outside(self, rows: list[SessionRow]) -> None:
        live = [date for date in self.event.dates if date.status is DateStatus.SCHEDULED]
        outside = sum(
            not any(date.starts_at <= row.starts_at and row.ends_at <= date.ends_at for date in live) for row in rows
        )
        if outside:
            self.warnings.append(ScheduleWarning("outside_dates", details={"number": outside}))

    def _report(self) -> ImportReport:
        deeds: defaultdict[Deed, int] = defaultdict(int)
        for line in self.lines:
            deeds[line.deed] += 1
        return ImportReport(
            event_id=self.event.id,
            event_title=self.event.title,
            zone=self.event.zone,
            makes_event=self.makes_event,
            created=deeds[Deed.CREATED],
            changed=deeds[Deed.CHANGED],
            cancelled=deeds[Deed.CANCELLED],
            unchanged=self.unchanged,
            lines=tuple(sorted(self.lines, key=lambda line: (line.starts_at, line.room or "", line.title))),
            dates=tuple(self.date_lines),
            warnings=tuple(self.warnings),
            refused=self.schedule.refused,
        )


def _set_speakers(session: EventSession, people: list[int]) -> None:
    """Makes the speakers these, in this order; a part that stays keeps its row, because of the unique pair."""
    held = {speaking.speaker_id: speaking for speaking in session.speakings}
    parts = [held.get(id) or SessionSpeaker(speaker_id=id) for id in people]
    for at, part in enumerate(parts):
        part.position = at
    session.speakings = parts


def _merged(old: Translated, language: str, text: str) -> Translated:
    """A text with what the file says in its language; what was translated by hand stays beside it."""
    if not old.has(language) and len(old) == 1:
        return Translated.of({language: text})
    return old.with_text(language, text)


_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")


def _abstract(row: SessionRow) -> str:
    """Subtitle, abstract and description of a file as one Markdown text; what says the same stands once."""
    parts = [_MARKS.sub(r"\\\1", row.subtitle)] if row.subtitle else []
    parts.append(row.abstract)
    if row.description and row.description not in row.abstract:
        if row.abstract and row.abstract in row.description:
            parts.pop()
        parts.append(row.description)
    return "\n\n".join(part for part in parts if part)


def _folded(name: str) -> str:
    """A name as it is compared: without case and outer space."""
    return " ".join(name.casefold().split())


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:length]
