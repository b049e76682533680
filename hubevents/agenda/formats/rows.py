"""What a schedule file says, as plain frozen values, and the refusals and warnings of reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hubevents.core.errors import Invalid

# English wordings for the command line; web/messages.py words the same codes in every language.
_WORDS = {
    # the whole file is refused
    "empty_file": "the file is empty",
    "file_too_large": "the file is larger than {limit} MB",
    "broken_gzip": "the file is packed with gzip but cannot be unpacked",
    "unknown_format": "this is neither a schedule.xml nor a schedule.json",
    "other_format": "this is {found}, not a schedule.xml or schedule.json",
    "broken_xml": "the XML is broken in line {line}, column {column}",
    "broken_json": "the JSON is broken in line {line}, column {column}",
    "unsafe_xml": "the XML declares entities, which are never expanded",
    "too_deep": "the file is nested too deeply",
    "no_schedule": "the file holds no schedule",
    "too_many_sessions": "the file holds more than {limit} sessions",
    "too_many_elements": "the file holds more than {limit} elements",
    "too_many_days": "the file holds more than {limit} days",
    "zone_needed": "times are given without a time zone, and none is known",
    "sessions_refused": "{number} of the sessions cannot be read",
    # one session is refused
    "title_missing": "the title is missing",
    "start_missing": "the start is missing",
    "start_unreadable": "the start {value} cannot be read",
    "duration_missing": "the duration is missing",
    "duration_unreadable": "the duration {value} cannot be read",
    "not_a_session": "this is not a session",
    # warnings
    "text_cut": "{field} was cut to {limit} characters",
    "text_repaired": "broken characters in the XML were repaired",
    "bytes_replaced": "the bytes do not fit the encoding {encoding}; some characters are lost",
    "key_repeated": "the key {key} is written twice",
    "rooms_misplaced": "the rooms stand beside the conference, not in it",
    "zone_unknown": "the time zone {value} is unknown",
    "guid_repeated": "the guid {value} stands at several sessions; they are kept apart",
    "id_repeated": "the id {value} stands at several sessions; they are kept apart",
    "no_identity": "neither guid nor id; the session is recognised again by its title",
    "start_disagrees": "date and start disagree; the date {value} is taken",
    "after_midnight": "the start {value} is taken as after midnight, on the next day",
    "duration_disagrees": "duration and end disagree; the duration {value} is taken",
    "duration_zero": "the session has no length",
    "duration_long": "the session lasts longer than a day: {value}",
    "room_disagrees": "the session names the room {value}; the room it stands in is taken",
    "language_unknown": "{value} is not a language code",
    "address_dropped": "the address {value} is not a web address",
    "speakers_cut": "only the first {limit} speakers were taken",
    "entry_ignored": "an empty entry was left out",
    "no_sessions": "the schedule holds no session",
    # warnings of the import into an event
    "date_far": "the event's one date now lasts {number} days, because the schedule lies far from it",
    "outside_dates": "{number} of the sessions lie outside the dates of the event",
}


def _worded(code: str, details: Mapping[str, object]) -> str:
    shown = {key: f'"{value}"' if isinstance(value, str) else value for key, value in details.items()}
    return _WORDS[code].format_map(shown)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file: the day's number, the room's name, the session's id (else guid, else title)."""

    day: int | None = None
    room: str | None = None
    session: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.day is not None:
            parts.append(f"day {self.day}")
        if self.room is not None:
            parts.append(f'room "{self.room}"')
        if self.session is not None:
            parts.append(f"id {self.session}")
        return ", ".join(parts)


def _at(place: Place, text: str) -> str:
    where = str(place)
    return f"{where}: {text}" if where else text


@dataclass(frozen=True, slots=True)
class ScheduleWarning:
    """Something was read with a doubt; `code` names it and `details` holds what its wording needs."""

    code: str
    place: Place = Place()
    details: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return _at(self.place, _worded(self.code, self.details))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One session that cannot be taken; `guid` and `source_id` tell that the file does hold it."""

    code: str
    place: Place
    details: Mapping[str, object] = field(default_factory=dict)
    guid: str | None = None
    source_id: str | None = None

    def __str__(self) -> str:
        return _at(self.place, _worded(self.code, self.details))


class ScheduleError(Invalid):
    """The file is refused: a wrong format, or `refusals` lists every session that cannot be taken."""

    def __init__(self, code: str, *, refusals: tuple[Refusal, ...] = (), **details: object) -> None:
        super().__init__(code, **details)
        self.refusals = refusals

    def __str__(self) -> str:
        return _worded(self.code, self.details)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day as the file counts them; `starts_at` and `ends_at` (aware UTC) may reach past midnight."""

    index: int
    on: date | None
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoomRow:
    """One room, unique by its name within the file."""

    name: str
    guid: str | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One track, unique by its name within the file; `colour` is `#rrggbb`."""

    name: str
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class SpeakerRow:
    """Somebody who speaks in a session; `biography` is Markdown."""

    name: str
    guid: str | None = None
    source_id: str | None = None
    biography: str = ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session; among the rows of a file `guid` is unique, and `source_id` among those without guid.

    Times are aware UTC in whole seconds, `duration` is never negative; `abstract` and `description` are
    Markdown.
    """

    guid: str | None
    source_id: str | None
    title: str
    starts_at: datetime
    duration: timedelta
    place: Place
    subtitle: str = ""
    abstract: str = ""
    description: str = ""
    room: str | None = None
    track: str | None = None
    kind: str = ""
    language: str | None = None
    speakers: tuple[SpeakerRow, ...] = ()
    url: str | None = None
    is_cancelled: bool = False

    @property
    def ends_at(self) -> datetime:
        """The end, aware UTC."""
        return self.starts_at + self.duration

    @property
    def key(self) -> str:
        """What the session is recognised by in a later file: its guid first, else its id."""
        return f"guid:{self.guid}" if self.guid else f"id:{self.source_id}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as read, in the file's order; `refused` is only filled when the rest was asked for."""

    title: str
    acronym: str
    zone: str | None
    starts_on: date | None
    ends_on: date | None
    venue: str
    city: str
    url: str | None
    days: tuple[DayRow, ...]
    rooms: tuple[RoomRow, ...]
    tracks: tuple[TrackRow, ...]
    sessions: tuple[SessionRow, ...]
    warnings: tuple[ScheduleWarning, ...] = ()
    refused: tuple[Refusal, ...] = ()
