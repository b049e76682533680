"""Reading agendas: plain frozen values by day, in a number of statements that does not grow with the agenda."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hubevents.agenda import rules
from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.agenda.rules import Clash, SessionKind, SessionStatus
from hubevents.core.db import db
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, Room
from hubevents.events.rules import EventStatus


@dataclass(frozen=True, slots=True)
class AgendaSpeaker:
    """Somebody who speaks or moderates."""

    id: int
    name: str
    latin_name: str
    position: Translated
    biography: Translated
    photo: str | None
    moderates: bool


@dataclass(frozen=True, slots=True)
class AgendaSession:
    """One session as pages and feeds need it; times are aware UTC."""

    id: int
    uid: str
    sequence: int
    kind: SessionKind
    status: SessionStatus
    title: Translated
    abstract: Translated
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    room: Translated | None
    track_id: int | None
    track: Translated | None
    language: str | None
    url: str
    capacity: int | None
    seats_taken: int
    waiting: int
    imported: bool
    created_at: datetime
    changed_at: datetime
    speakers: tuple[AgendaSpeaker, ...]

    @property
    def cancelled(self) -> bool:
        """Whether it will not take place."""
        return self.status is SessionStatus.CANCELLED

    @property
    def speaker_ids(self) -> tuple[int, ...]:
        """Ids of its speakers, in order."""
        return tuple(speaker.id for speaker in self.speakers)


@dataclass(frozen=True, slots=True)
class Slot:
    """Sessions that start at the same time, in the order of their rooms; `ends_at` is the last end."""

    starts_at: datetime
    ends_at: datetime
    sessions: tuple[AgendaSession, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the event's zone; a session belongs to the day on which it starts."""

    on: date
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """The agenda of one event."""

    event_id: int
    zone: str
    days: tuple[Day, ...]

    @property
    def sessions(self) -> tuple[AgendaSession, ...]:
        """All sessions in order of time and room."""
        return tuple(session for day in self.days for slot in day.slots for session in slot.sessions)

    @property
    def speakers(self) -> tuple[AgendaSpeaker, ...]:
        """Each speaker of a session that takes place once, in the order of the agenda."""
        found: dict[int, AgendaSpeaker] = {}
        for session in self.sessions:
            if not session.cancelled:
                for speaker in session.speakers:
                    found.setdefault(speaker.id, speaker)
        return tuple(found.values())

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """Pairs of sessions of this event that need the same room or speaker at one time."""
        return rules.clashes(session for session in self.sessions if not session.cancelled)


_SESSION = (
    EventSession.id,
    EventSession.uid,
    EventSession.sequence,
    EventSession.kind,
    EventSession.status,
    EventSession.title,
    EventSession.abstract,
    EventSession.starts_at,
    EventSession.ends_at,
    EventSession.room_id,
    EventSession.track_id,
    EventSession.language,
    EventSession.url,
    EventSession.capacity,
    EventSession.seats_taken,
    EventSession.waiting,
    EventSession.created_at,
    EventSession.changed_at,
)


def agenda_of(event_id: int, *, public: bool = False) -> Agenda:
    """The agenda of an event by day, in three statements; cancelled sessions stand in it as such.

    With `public` those are left out that were withdrawn before the event was ever published. Empty for an event that
    does not exist.
    """
    event = db.session.execute(sa.select(Event.zone, Event.published_at).where(Event.id == event_id)).first()
    if event is None:
        return Agenda(event_id, "UTC", ())
    sessions = _sessions(EventSession.event_id == event_id)
    if public:
        sessions = [each for each in sessions if rules.was_public(each.status, each.changed_at, event.published_at)]
    return Agenda(event_id, event.zone, _by_day(sessions, event.zone))


def session_of(event_id: int, session_id: int) -> AgendaSession | None:
    """One session of an event; None when it is another event's."""
    found = _sessions(sa.and_(EventSession.event_id == event_id, EventSession.id == session_id))
    return found[0] if found else None


def _sessions(condition: sa.ColumnElement[bool]) -> list[AgendaSession]:
    speakers = _speakers(condition)
    rows: Any = db.session.execute(
        sa.select(
            *_SESSION,
            EventSession.source_key.is_not(None).label("imported"),
            Room.name.label("room"),
            Track.name.label("track"),
        )
        .outerjoin(Room, EventSession.room_id == Room.id)
        .outerjoin(Track, EventSession.track_id == Track.id)
        .where(condition)
        .order_by(EventSession.starts_at, Room.position, Room.id, EventSession.id)
    )
    made = []
    for row in rows:
        values = dict(row._mapping)
        values["room"] = values["room"] if row.room_id is not None else None
        values["track"] = values["track"] if row.track_id is not None else None
        made.append(AgendaSession(**values, speakers=tuple(speakers.get(row.id, ()))))
    return made


def _speakers(condition: sa.ColumnElement[bool]) -> dict[int, list[AgendaSpeaker]]:
    """The speakers of the sessions that meet a condition, by session; each person is one value."""
    rows = db.session.execute(
        sa.select(
            SessionSpeaker.session_id,
            SessionSpeaker.moderates,
            Speaker.id,
            Speaker.name,
            Speaker.latin_name,
            Speaker.position,
            Speaker.biography,
            Speaker.photo,
        )
        .join(Speaker, SessionSpeaker.speaker_id == Speaker.id)
        .join(EventSession, SessionSpeaker.session_id == EventSession.id)
        .where(condition)
        .order_by(SessionSpeaker.session_id, SessionSpeaker.position, SessionSpeaker.id)
    )
    found: dict[int, list[AgendaSpeaker]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(
            AgendaSpeaker(
                row.id, row.name, row.latin_name, row.position, row.biography, row.photo, moderates=row.moderates
            )
        )
    return found


def _by_day(sessions: Iterable[AgendaSession], zone: str) -> tuple[Day, ...]:
    here = ZoneInfo(zone)
    days = []
    for on, of_day in groupby(sessions, key=lambda each: each.starts_at.astimezone(here).date()):
        slots = []
        for starts_at, parallel in groupby(of_day, key=lambda each: each.starts_at):
            held = tuple(parallel)
            slots.append(Slot(starts_at, max(each.ends_at for each in held), held))
        days.append(Day(on, tuple(slots)))
    return tuple(days)


# --- for staff ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A session, maybe of another event, that needs the same room or speakers at the same time."""

    session_id: int
    title: Translated
    event_id: int
    event_title: Translated
    starts_at: datetime
    ends_at: datetime
    room: Translated | None
    """The room when it is the same."""
    speakers: tuple[str, ...]
    """Names of the speakers who are wanted twice."""


def disturbed_by(
    *,
    hub_id: int,
    starts_at: datetime,
    ends_at: datetime,
    room_id: int | None,
    speaker_ids: Iterable[int],
    but: int | None = None,
) -> tuple[Disturbed, ...]:
    """Sessions of the hub that need this room or one of these speakers within a time; `but` is the one asked for."""
    people = tuple(speaker_ids)
    if starts_at >= ends_at or (room_id is None and not people):
        return ()
    wanted = (
        sa.select(SessionSpeaker.session_id, sa.func.min(Speaker.name).label("name"), Speaker.id)
        .join(Speaker, SessionSpeaker.speaker_id == Speaker.id)
        .where(SessionSpeaker.speaker_id.in_(people))
        .group_by(SessionSpeaker.session_id, Speaker.id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            EventSession.id,
            EventSession.title,
            EventSession.event_id,
            Event.title.label("event_title"),
            EventSession.starts_at,
            EventSession.ends_at,
            EventSession.room_id,
            Room.name.label("room"),
            wanted.c.name.label("speaker"),
        )
        .join(Event, EventSession.event_id == Event.id)
        .outerjoin(Room, EventSession.room_id == Room.id)
        .outerjoin(wanted, wanted.c.session_id == EventSession.id)
        .where(
            Event.hub_id == hub_id,
            Event.status != EventStatus.CANCELLED,
            EventSession.status == SessionStatus.SCHEDULED,
            EventSession.starts_at < ends_at,
            EventSession.ends_at > starts_at,
            EventSession.starts_at < EventSession.ends_at,
            sa.or_(
                EventSession.room_id == room_id if room_id is not None else sa.false(),
                wanted.c.session_id.is_not(None),
            ),
            EventSession.id != but if but is not None else sa.true(),
        )
        .order_by(EventSession.starts_at, EventSession.id, wanted.c.name)
    )
    found: list[Disturbed] = []
    for _id, same in groupby(rows, key=lambda row: row.id):
        lines = list(same)
        one = lines[0]
        found.append(
            Disturbed(
                session_id=one.id,
                title=one.title,
                event_id=one.event_id,
                event_title=one.event_title,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                room=one.room if room_id is not None and one.room_id == room_id else None,
                speakers=tuple(line.speaker for line in lines if line.speaker is not None),
            )
        )
    return tuple(found)


def tracks_of(event_id: int) -> list[Track]:
    """The tracks of an event, in order."""
    return list(
        db.session.scalars(sa.select(Track).where(Track.event_id == event_id).order_by(Track.position, Track.id))
    )


def speakers_of_hub(hub_id: int) -> list[Speaker]:
    """All speakers of a hub, by name."""
    found = db.session.scalars(sa.select(Speaker).where(Speaker.hub_id == hub_id).order_by(Speaker.id))
    return sorted(found, key=lambda speaker: (speaker.name.casefold(), speaker.id))


def speaker_of_hub(hub_id: int, speaker_id: int) -> Speaker | None:
    """A speaker of this hub; None when it is another hub's."""
    return db.session.scalar(sa.select(Speaker).where(Speaker.hub_id == hub_id, Speaker.id == speaker_id))


@dataclass(frozen=True, slots=True)
class Person:
    """A speaker with the number of sessions of one event they speak at."""

    id: int
    name: str
    position: Translated
    sessions: int


def people_of(event_id: int) -> list[Person]:
    """Who speaks at an event, by name."""
    rows = db.session.execute(
        sa.select(Speaker.id, Speaker.name, Speaker.position, sa.func.count(SessionSpeaker.id).label("number"))
        .join(SessionSpeaker, SessionSpeaker.speaker_id == Speaker.id)
        .join(EventSession, SessionSpeaker.session_id == EventSession.id)
        .where(EventSession.event_id == event_id)
        .group_by(Speaker.id)
    )
    people = [Person(row.id, row.name, row.position, row.number) for row in rows]
    return sorted(people, key=lambda person: (person.name.casefold(), person.id))


def limited_sessions(event_id: int) -> list[EventSession]:
    """The sessions of an event that have limited places and are chosen when registering, by time."""
    query = (
        sa.select(EventSession)
        .where(
            EventSession.event_id == event_id,
            EventSession.capacity.is_not(None),
            EventSession.status == SessionStatus.SCHEDULED,
        )
        .order_by(EventSession.starts_at, EventSession.id)
    )
    return list(db.session.scalars(query))
