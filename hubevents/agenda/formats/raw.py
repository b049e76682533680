"""What both readers hand to `build`: the file's own words in their places, not yet understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubevents.agenda.formats.rows import Place, ScheduleError, ScheduleWarning

MAX_SESSIONS = 20_000
MAX_DAYS = 1_000
MAX_WARNINGS = 2_000
_MAX_ROOMS = 2_000  # further rooms are only known by the sessions in them


@dataclass(slots=True)
class RawDay:
    """A day's attributes as written."""

    index: str = ""
    on: str = ""
    start: str = ""
    end: str = ""


@dataclass(slots=True)
class RawPerson:
    """A person of a session as written."""

    name: str = ""
    guid: str = ""
    source_id: str = ""
    biography: str = ""


@dataclass(slots=True)
class RawSession:
    """A session's fields as written, named as in schedule.xml; `day` is a position in the file's days."""

    day: int | None
    room: str
    fields: dict[str, str]
    persons: list[RawPerson] = field(default_factory=list)
    is_session: bool = True


@dataclass(slots=True)
class RawSchedule:
    """A whole file as written, bounded in every direction."""

    conference: dict[str, str] = field(default_factory=dict)
    days: list[RawDay] = field(default_factory=list)
    rooms: dict[str, dict[str, str]] = field(default_factory=dict)
    tracks: dict[str, str] = field(default_factory=dict)
    sessions: list[RawSession] = field(default_factory=list)
    warnings: list[ScheduleWarning] = field(default_factory=list)

    def add_day(self, day: RawDay) -> int:
        """Append a day and return its position."""
        if len(self.days) >= MAX_DAYS:
            raise ScheduleError("too_many_days", limit=MAX_DAYS)
        self.days.append(day)
        return len(self.days) - 1

    def add_room(self, name: str, guid: str = "", capacity: str = "") -> None:
        """Name a room; what is said of one room in several places is put together."""
        if name in self.rooms or len(self.rooms) < _MAX_ROOMS:
            said = self.rooms.setdefault(name, {"guid": "", "capacity": ""})
            said["guid"] = said["guid"] or guid
            said["capacity"] = said["capacity"] or capacity

    def add_track(self, name: str, colour: str = "") -> None:
        """Name a track with its colour."""
        if name in self.tracks or len(self.tracks) < _MAX_ROOMS:
            self.tracks[name] = self.tracks.get(name) or colour

    def add_session(self, session: RawSession) -> None:
        """Append a session in the file's order."""
        if len(self.sessions) >= MAX_SESSIONS:
            raise ScheduleError("too_many_sessions", limit=MAX_SESSIONS)
        self.sessions.append(session)

    def warn(self, code: str, place: Place, **details: object) -> None:
        """Note a doubt; more than anybody would read are dropped."""
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(ScheduleWarning(code, place, details))
