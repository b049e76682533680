"""Editing agendas by hand, copying them with their event, and importing schedules.

A session's SEQUENCE rises by one when its time, place or status changes, its `changed_at` (LAST-MODIFIED) with every
change that is shown, and neither otherwise. One step records one fact. Sessions are withdrawn, never deleted. Locks:
the event's row first.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hubevents.agenda import queries, rules
from hubevents.agenda.facts import SessionCapacityRaised, SessionsChanged
from hubevents.agenda.importing import ImportReport, import_schedule, read_source
from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.agenda.rules import SessionKind, SessionStatus
from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.core.i18n import Translated
from hubevents.events.facts import EventCancelled, EventCopied
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import DateStatus, EventStatus

__all__ = [
    "ImportReport",
    "SessionDetails",
    "SpeakerDetails",
    "add_room",
    "add_session",
    "add_speaker",
    "add_track",
    "change_session",
    "change_speaker",
    "copy_agenda",
    "import_schedule",
    "read_source",
    "rename_track",
    "restate_agenda",
    "restore_session",
    "withdraw_session",
]

NONE = Translated()


@dataclass(frozen=True)
class SessionDetails:
    """All that staff may say of a session; times are aware."""

    title: Translated
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind = SessionKind.TALK
    abstract: Translated = NONE
    room_id: int | None = None
    track_id: int | None = None
    language: str | None = None
    url: str = ""
    capacity: int | None = None
    speakers: tuple[int | str, ...] = ()
    """In order: the id of a speaker of the hub, or the name of a new one."""


@dataclass(frozen=True)
class SpeakerDetails:
    """All that staff may say of a speaker."""

    name: str
    latin_name: str = ""
    position: Translated = NONE
    biography: Translated = NONE


def add_session(event_id: int, details: SessionDetails, *, despite_clashes: bool = False) -> EventSession:
    """A new session of an event.

    Raises NotFound, Conflict(`event_cancelled`), Invalid(`title_missing` | `ends_before_start` | `room_elsewhere` |
    `track_elsewhere`), and Conflict(`session_clashes`, clashes=...) when a room or speaker is wanted twice, unless
    `despite_clashes`.
    """
    event = _locked(event_id)
    now = clock.now()
    session = EventSession(event_id=event.id, created_at=now, changed_at=now, sequence=0, speakings=[])
    people = _check(event, session, details, despite_clashes=despite_clashes)
    for column, value in _columns(details).items():
        setattr(session, column, value)
    _set_speakers(session, people)
    db.session.add(session)
    db.session.flush()
    record(SessionsChanged(event.id, (session.id,)))
    return session


def change_session(
    event_id: int, session_id: int, details: SessionDetails, *, despite_clashes: bool = False
) -> EventSession:
    """Makes a session what the details say; saving the same again changes nothing. Raises as `add_session`."""
    event = _locked(event_id)
    session = _session(event, session_id)
    people = _check(event, session, details, despite_clashes=despite_clashes)
    columns = _columns(details)
    changed = {column for column, value in columns.items() if getattr(session, column) != value}
    more_places = "capacity" in changed and _is_more(session.capacity, details.capacity)
    for column in changed:
        setattr(session, column, columns[column])
    if [speaking.speaker for speaking in session.speakings] != people:
        _set_speakers(session, people)
        changed.add("speakers")
    if not changed:
        return session
    session.changed_at = clock.now()
    if changed & {"starts_at", "ends_at", "room_id"}:
        session.sequence += 1
    db.session.flush()
    record(SessionsChanged(event.id, (session.id,)))
    if more_places and session.waiting:
        record(SessionCapacityRaised(session.id))
    return session


def withdraw_session(event_id: int, session_id: int) -> EventSession:
    """A session will not take place; it stays and is shown as cancelled. Doing it twice changes nothing."""
    return _restatus(event_id, session_id, SessionStatus.CANCELLED)


def restore_session(event_id: int, session_id: int) -> EventSession:
    """A withdrawn session takes place after all."""
    return _restatus(event_id, session_id, SessionStatus.SCHEDULED)


def add_track(event_id: int, name: Translated) -> Track:
    """A further track at the end; one that has a name in common is taken instead."""
    event = _locked(event_id)
    if not name:
        raise Invalid("name_missing", field="name")
    tracks = queries.tracks_of(event.id)
    for track in tracks:
        if _same_name(track.name, name):
            return track
    track = Track(event_id=event.id, name=name, position=max((each.position for each in tracks), default=-1) + 1)
    db.session.add(track)
    db.session.flush()
    return track


def rename_track(event_id: int, track_id: int, name: Translated) -> Track:
    """Another name for a track; its sessions show something new."""
    event = _locked(event_id)
    track = db.session.scalar(sa.select(Track).where(Track.id == track_id, Track.event_id == event.id))
    if track is None:
        raise NotFound("page")
    if not name:
        raise Invalid("name_missing", field="name")
    if track.name != name:
        track.name = name
        _show_anew(EventSession.track_id == track.id)
    return track


def add_room(event_id: int, name: Translated, capacity: int | None = None) -> Room:
    """A further room of the event's venue; one that has a name in common is taken instead.

    Raises Conflict(`no_venue`) for an event without one.
    """
    event = _locked(event_id)
    if not name:
        raise Invalid("name_missing", field="name")
    if event.venue is None:
        raise Conflict("no_venue")
    for room in event.venue.rooms:
        if _same_name(room.name, name):
            return room
    position = max((room.position for room in event.venue.rooms), default=-1) + 1
    room = Room(name=name, capacity=capacity, position=position)
    event.venue.rooms.append(room)
    db.session.flush()
    return room


def add_speaker(hub_id: int, details: SpeakerDetails) -> Speaker:
    """A new speaker of a hub."""
    if not details.name:
        raise Invalid("name_missing", field="name")
    speaker = Speaker(hub_id=hub_id, created_at=clock.now(), **vars(details))
    db.session.add(speaker)
    db.session.flush()
    return speaker


def change_speaker(hub_id: int, speaker_id: int, details: SpeakerDetails) -> Speaker:
    """Changes a speaker for all events of the hub; where the name is shown, the sessions show something new."""
    speaker = db.session.scalar(
        sa.select(Speaker).where(Speaker.id == speaker_id, Speaker.hub_id == hub_id).with_for_update(key_share=True)
    )
    if speaker is None:
        raise NotFound("page")
    if not details.name:
        raise Invalid("name_missing", field="name")
    named = (speaker.name, speaker.latin_name, speaker.position)
    for field, value in vars(details).items():
        if getattr(speaker, field) != value:
            setattr(speaker, field, value)
    if named != (speaker.name, speaker.latin_name, speaker.position):
        at = sa.select(SessionSpeaker.session_id).where(SessionSpeaker.speaker_id == speaker.id)
        _show_anew(EventSession.id.in_(at))
    db.session.flush()
    return speaker


# --- reactions -------------------------------------------------------------------------------------------------


def copy_agenda(fact: EventCopied) -> None:
    """Copies what takes place of an event's agenda: as far from the first date by the clock as it was.

    Tracks are copied, speakers are the same people, rooms stay when the venue is the same. The copies were made by
    hand as far as imports are concerned.
    """
    new, source = db.session.get(Event, fact.event_id), db.session.get(Event, fact.source_id)
    if new is None or source is None:
        return
    was, becomes = _first_start(source.id), _first_start(new.id)
    if was is None or becomes is None:
        return
    now = clock.now()
    tracks = {
        track.id: Track(event_id=new.id, name=track.name, position=track.position)
        for track in queries.tracks_of(source.id)
    }
    db.session.add_all(tracks.values())
    db.session.flush()
    for each in queries.agenda_of(source.id).sessions:
        if each.cancelled:
            continue
        starts_at = rules.moved_along(each.starts_at, was, becomes, source.zone, new.zone)
        db.session.add(
            EventSession(
                event_id=new.id,
                kind=each.kind,
                title=each.title,
                abstract=each.abstract,
                starts_at=starts_at,
                ends_at=starts_at + (each.ends_at - each.starts_at),
                room_id=each.room_id if new.venue_id == source.venue_id else None,
                track_id=tracks[each.track_id].id if each.track_id is not None else None,
                language=each.language,
                url=each.url,
                capacity=each.capacity,
                created_at=now,
                changed_at=now,
                speakings=[
                    SessionSpeaker(speaker_id=speaker.id, position=at, moderates=speaker.moderates)
                    for at, speaker in enumerate(each.speakers)
                ],
            )
        )
    db.session.flush()


def restate_agenda(fact: EventCancelled) -> None:
    """With its event each coming session is cancelled for calendars: their SEQUENCE rises, their own status stays."""
    db.session.execute(
        sa.update(EventSession)
        .where(EventSession.event_id == fact.event_id, EventSession.status == SessionStatus.SCHEDULED)
        .values(sequence=EventSession.sequence + 1, changed_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


# --- parts -----------------------------------------------------------------------------------------------------


def _locked(event_id: int) -> Event:
    """The event, locked; a cancelled one takes no changes."""
    event = db.session.scalar(
        sa.select(Event)
        .where(Event.id == event_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if event is None:
        raise NotFound("page")
    if event.status is EventStatus.CANCELLED:
        raise Conflict("event_cancelled")
    return event


def _session(event: Event, session_id: int) -> EventSession:
    session = db.session.scalar(
        sa.select(EventSession)
        .where(EventSession.id == session_id, EventSession.event_id == event.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if session is None:
        raise NotFound("page")
    return session


def _columns(details: SessionDetails) -> dict[str, object]:
    return {name: value for name, value in vars(details).items() if name != "speakers"}


def _check(
    event: Event, session: EventSession, details: SessionDetails, *, despite_clashes: bool
) -> list[Speaker]:
    """Refuses what cannot be; gives the speakers, new ones made."""
    if not details.title:
        raise Invalid("title_missing", field="title")
    if details.ends_at < details.starts_at:
        raise Invalid("ends_before_start", field="ends_at")
    if details.room_id is not None and details.room_id != session.room_id:
        venue_id = db.session.scalar(
            sa.select(Room.venue_id)
            .join(Venue, Room.venue_id == Venue.id)
            .where(Room.id == details.room_id, Venue.hub_id == event.hub_id)
        )
        if venue_id is None or venue_id != event.venue_id:
            raise Invalid("room_elsewhere", field="room_id")
    if details.track_id is not None:
        owner = db.session.scalar(sa.select(Track.event_id).where(Track.id == details.track_id))
        if owner != event.id:
            raise Invalid("track_elsewhere", field="track_id")
    known = tuple(dict.fromkeys(each for each in details.speakers if isinstance(each, int)))
    held = {
        speaker.id: speaker
        for speaker in db.session.scalars(
            sa.select(Speaker).where(Speaker.hub_id == event.hub_id, Speaker.id.in_(known))
        )
    }
    if len(held) != len(known):
        raise Invalid("speaker_elsewhere", field="speakers")
    if not despite_clashes:
        found = queries.disturbed_by(
            hub_id=event.hub_id,
            starts_at=details.starts_at,
            ends_at=details.ends_at,
            room_id=details.room_id,
            speaker_ids=known,
            but=session.id,
        )
        if found:
            raise Conflict("session_clashes", clashes=found)
    people = []
    for each in dict.fromkeys(details.speakers):
        if isinstance(each, int):
            people.append(held[each])
        elif each:
            people.append(add_speaker(event.hub_id, SpeakerDetails(name=each)))
    return people


def _set_speakers(session: EventSession, people: list[Speaker]) -> None:
    """Makes the speakers these, in this order; a part that stays keeps its row, because of the unique pair."""
    held = {speaking.speaker_id: speaking for speaking in session.speakings}
    parts = [held.get(person.id) or SessionSpeaker(speaker=person) for person in people]
    for at, part in enumerate(parts):
        part.position = at
    session.speakings = parts


def _is_more(old: int | None, new: int | None) -> bool:
    return old is not None and (new is None or new > old)


def _restatus(event_id: int, session_id: int, status: SessionStatus) -> EventSession:
    event = _locked(event_id)
    session = _session(event, session_id)
    if session.status is not status:
        session.status = status
        session.sequence += 1
        session.changed_at = clock.now()
        db.session.flush()
        record(SessionsChanged(event.id, (session.id,)))
    return session


def _same_name(one: Translated, other: Translated) -> bool:
    names = {" ".join(text.casefold().split()) for text in one.values()}
    return any(" ".join(text.casefold().split()) in names for text in other.values())


def _show_anew(condition: sa.ColumnElement[bool]) -> None:
    """Sessions show something new that is neither time, place nor status: LAST-MODIFIED alone rises."""
    rows = db.session.execute(
        sa.update(EventSession)
        .where(condition)
        .values(changed_at=clock.now())
        .returning(EventSession.event_id, EventSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    of_event: defaultdict[int, list[int]] = defaultdict(list)
    for event_id, id in rows:
        of_event[event_id].append(id)
    for event_id, ids in sorted(of_event.items()):
        record(SessionsChanged(event_id, tuple(sorted(ids))))


def _first_start(event_id: int) -> datetime | None:
    """The start of the first date that is not withdrawn; of a wholly withdrawn event the first of all."""
    dates = db.session.execute(
        sa.select(EventDate.starts_at, EventDate.status)
        .where(EventDate.event_id == event_id)
        .order_by(EventDate.starts_at)
    ).all()
    live = [date.starts_at for date in dates if date.status is DateStatus.SCHEDULED]
    return next(iter(live or [date.starts_at for date in dates]), None)
