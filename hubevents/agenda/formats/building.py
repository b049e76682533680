"""Understanding what a file says: times, identity, texts. Doubts are warnings, little is refused."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from hubevents.agenda.formats import values
from hubevents.agenda.formats.raw import RawDay, RawPerson, RawSchedule, RawSession
from hubevents.agenda.formats.rows import (
    DayRow,
    Place,
    Refusal,
    RoomRow,
    Schedule,
    ScheduleError,
    SessionRow,
    SpeakerRow,
    TrackRow,
)
from hubevents.core.text import clean, html_to_markdown

MAX_TITLE = 300
MAX_NAME = 160
MAX_TEXT = 20_000
MAX_ADDRESS = 500
MAX_KEY = 120
MAX_SPEAKERS = 100

# Cutting HTML before it is sanitised bounds the work; tags take more room than their words.
_MAX_HTML = 4 * MAX_TEXT
_MAX_LINE = 5_000
_NIGHT_ENDS = timedelta(hours=6)
_NOON = timedelta(hours=12)
_UUID = re.compile(r"(?:urn:uuid:)?\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|ul|ol|li|h[1-6]|table|tr|td|pre|blockquote|section|article|dl|dt|dd|hr)\b[^<>]*>",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(
    r"</?(?:a|abbr|article|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|embed|figure|font|footer"
    r"|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|li|link|main|meta|nav|object|ol|p|pre|q|s|samp"
    r"|script|section|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|th|thead|tr|tt|u|ul|video)"
    r"(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,6});",
    re.IGNORECASE,
)


def build(raw: RawSchedule, *, zone: str | None, keep_rest: bool) -> Schedule:
    """The schedule that a file means; ScheduleError lists the refused sessions unless the rest is kept."""
    return _Builder(raw, zone).schedule(keep_rest)


class _Refused(Exception):
    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def _line(text: str) -> str:
    """One clean line; what no line holds is cut before the work of cleaning it."""
    return clean(text[:_MAX_LINE])


class _Builder:
    """One reading; holds what its steps share."""

    def __init__(self, raw: RawSchedule, fallback: str | None) -> None:
        self._raw = raw
        self._own_zone = self._named_zone()
        self._zone = self._own_zone or (values.read_zone(fallback) if fallback else None)
        self._base = self._web_address(self._said("base_url"), None, Place()) or ""
        self._day_change = values.read_clock(self._said("day_change"))
        self._days = [self._day(day, at) for at, day in enumerate(raw.days)]
        durations = (session.fields.get("duration", "") for session in raw.sessions)
        self._days_first = any(map(values.is_two_part, durations))
        self._evenings: set[tuple[int, str]] = set()

    def schedule(self, keep_rest: bool) -> Schedule:
        rows: list[SessionRow] = []
        refusals: list[Refusal] = []
        for raw in self._raw.sessions:
            place = self._place(raw)
            try:
                rows.append(self._session(raw, place))
            except _Refused as refused:
                guid, source_id = self._identity(raw)
                title = _line(raw.fields.get("title", ""))[:MAX_TITLE]
                if title and not guid:
                    source_id = source_id or _titled(title)
                refusals.append(Refusal(refused.code, place, refused.details, guid, source_id))
        if any(refusal.code == "zone_needed" for refusal in refusals):
            raise ScheduleError("zone_needed")
        if refusals and not keep_rest:
            raise ScheduleError("sessions_refused", refusals=tuple(refusals), number=len(refusals))
        if not self._raw.sessions:
            self._warn("no_sessions", Place())
        rows = self._apart(rows)
        starts_on, ends_on = self._span(rows)
        title = self._short(self._said("title") or self._said("acronym"), "title", MAX_TITLE, Place())
        return Schedule(
            title=title,
            acronym=self._short(self._said("acronym"), "acronym", MAX_KEY, Place()),
            zone=self._own_zone.key if self._own_zone and values.is_place_zone(self._own_zone) else None,
            starts_on=starts_on,
            ends_on=ends_on,
            venue=self._short(self._said("venue"), "venue", MAX_TITLE, Place()),
            city=self._short(self._said("city"), "city", MAX_NAME, Place()),
            url=self._web_address(self._said("url"), self._base, Place()) or self._base or None,
            days=tuple(self._days),
            rooms=self._rooms(rows),
            tracks=self._tracks(rows),
            sessions=tuple(rows),
            warnings=tuple(self._raw.warnings),
            refused=tuple(refusals),
        )

    # --- the conference -------------------------------------------------------------------------------

    def _said(self, key: str) -> str:
        return self._raw.conference.get(key, "")

    def _named_zone(self) -> ZoneInfo | None:
        name = _line(self._said("time_zone_name") or self._said("timezone") or self._said("time_zone"))
        if not name:
            return None
        zone = values.read_zone(name)
        if zone is None:
            self._warn("zone_unknown", Place(), value=name[:80])
        return zone

    def _day(self, day: RawDay, at: int) -> DayRow:
        on = values.read_moment(day.on)
        index = int(day.index) if re.fullmatch(r"[0-9]{1,4}", day.index.strip()) else at + 1
        starts_at = self._instant(values.read_moment(day.start))
        if on is None and starts_at is not None:
            on = starts_at.astimezone(self._zone or UTC)
        return DayRow(
            index=index,
            on=on.date() if isinstance(on, datetime) else on,
            starts_at=starts_at,
            ends_at=self._instant(values.read_moment(day.end)),
        )

    def _instant(self, moment: datetime | date | None) -> datetime | None:
        if not isinstance(moment, datetime):
            return None
        if moment.tzinfo is None:
            return moment.replace(tzinfo=self._zone).astimezone(UTC) if self._zone else None
        return moment.astimezone(UTC)

    def _span(self, rows: list[SessionRow]) -> tuple[date | None, date | None]:
        """First and last day: as the conference says, else its days, else its sessions."""
        zone = self._zone or UTC
        days = [day.on for day in self._days if day.on]
        days = days or [row.starts_at.astimezone(zone).date() for row in rows]
        said = [self._said_day("start"), self._said_day("end")]
        first = said[0] or min(days, default=said[1])
        last = said[1] or max(days, default=first)
        return (first, max(first, last)) if first and last else (first, last)

    def _said_day(self, key: str) -> date | None:
        moment = values.read_moment(self._said(key))
        if isinstance(moment, datetime):
            if moment.tzinfo is not None and self._zone is not None:
                moment = moment.astimezone(self._zone)
            return moment.date()
        return moment

    def _rooms(self, rows: Iterable[SessionRow]) -> tuple[RoomRow, ...]:
        """Rooms in the order in which the file names them first, those without sessions too."""
        rooms: dict[str, RoomRow] = {}
        for said_name, said in self._raw.rooms.items():
            name = self._name(said_name)
            capacity = said["capacity"].strip()
            places = int(capacity) if re.fullmatch(r"[1-9][0-9]{0,5}", capacity) else None
            if name:
                rooms.setdefault(name, RoomRow(name, self._key(said["guid"]), places))
        for row in rows:
            if row.room:
                rooms.setdefault(row.room, RoomRow(row.room))
        return tuple(rooms.values())

    def _tracks(self, rows: Iterable[SessionRow]) -> tuple[TrackRow, ...]:
        tracks: dict[str, TrackRow] = {}
        for said_name, said_colour in self._raw.tracks.items():
            name, colour = self._name(said_name), said_colour.strip().lower()
            if name:
                tracks.setdefault(name, TrackRow(name, colour if _COLOUR.fullmatch(colour) else None))
        for row in rows:
            if row.track:
                tracks.setdefault(row.track, TrackRow(row.track))
        return tuple(tracks.values())

    # --- one session ----------------------------------------------------------------------------------

    def _place(self, raw: RawSession) -> Place:
        guid, source_id = self._identity(raw)
        day = None if raw.day is None else self._days[raw.day].index
        room = self._name(raw.room) or self._name(raw.fields.get("room", ""))
        return Place(day, room or None, source_id or guid or _line(raw.fields.get("title", ""))[:80] or None)

    def _identity(self, raw: RawSession) -> tuple[str | None, str | None]:
        guid = self._key(raw.fields.get("guid", ""))
        source_id = self._key(raw.fields.get("id", ""))
        if source_id == "0":  # written by programs that have no ids
            source_id = None
        for name in ("code", "slug"):
            source_id = source_id or self._key(raw.fields.get(name, ""))
        return guid, source_id

    def _key(self, text: str) -> str | None:
        """A guid or id in one form; one too long to store keeps a digest."""
        if len(text) > _MAX_LINE:
            return f"sha256-{_digest(text, 64)}"
        key = _line(text)
        uuid = _UUID.fullmatch(key)
        if uuid:
            key = uuid[1].lower()
            return None if set(key) <= {"0", "-"} else key
        return f"sha256-{_digest(key, 64)}" if len(key) > MAX_KEY else key or None

    def _session(self, raw: RawSession, place: Place) -> SessionRow:
        said = raw.fields
        if not raw.is_session:
            raise _Refused("not_a_session")
        title = self._short(said.get("title", ""), "title", MAX_TITLE, place)
        if not title:
            raise _Refused("title_missing")
        starts_at = self._start(raw, place)
        duration = self._duration(raw, starts_at, place)
        guid, source_id = self._identity(raw)
        if not guid and not source_id:
            source_id = _titled(title)
            self._warn("no_identity", place)
        room, own_room = self._name(raw.room), self._name(said.get("room", ""))
        if room and own_room and room != own_room:
            self._warn("room_disagrees", place, value=own_room)
        return SessionRow(
            guid=guid,
            source_id=source_id,
            title=title,
            starts_at=starts_at,
            duration=duration,
            place=place,
            subtitle=self._short(said.get("subtitle", ""), "subtitle", MAX_TITLE, place),
            abstract=self._long(said.get("abstract", ""), "abstract", place),
            description=self._long(said.get("description", ""), "description", place),
            room=room or own_room or None,
            track=self._name(said.get("track", "")) or None,
            kind=self._name(said.get("type", "")),
            language=self._language(said.get("language", ""), place),
            speakers=self._speakers(raw.persons, place),
            url=self._web_address(said.get("url", ""), self._base, place),
            is_cancelled=_is_cancelled(said),
        )

    def _start(self, raw: RawSession, place: Place) -> datetime:
        """The instant: a full date first, else a start on the session's date or the day's."""
        said_date, said_start = _line(raw.fields.get("date", "")), _line(raw.fields.get("start", ""))
        moment = values.read_moment(said_date) if said_date else None
        clock = values.read_clock(said_start) if said_start else None
        if not isinstance(moment, datetime) and clock is None and said_start:
            alone = values.read_moment(said_start)
            moment = alone if isinstance(alone, datetime) else moment
        if isinstance(moment, datetime):
            return self._from_moment(moment, clock, said_date or said_start, raw, place)
        if clock is None:
            if said_start or (said_date and moment is None):
                raise _Refused("start_unreadable", value=(said_start or said_date)[:80])
            raise _Refused("start_missing")
        day = None if raw.day is None else self._days[raw.day]
        on = moment or (day.on if day else None)
        if on is None:
            raise _Refused("start_missing")
        if self._zone is None:
            raise _Refused("zone_needed")
        if day is not None and on == day.on:
            return self._within_day(day, clock, self._zone, raw, place)
        return values.local(on, clock, self._zone)

    def _from_moment(
        self, moment: datetime, clock: timedelta | None, text: str, raw: RawSession, place: Place
    ) -> datetime:
        midnight = moment.replace(hour=0, minute=0, second=0)
        written = moment - midnight
        if moment.tzinfo is None:
            if self._zone is None:
                raise _Refused("zone_needed")
            if not written and clock:  # a date that a program padded with midnight
                day = None if raw.day is None else self._days[raw.day]
                if day is not None and day.on == moment.date():
                    return self._within_day(day, clock, self._zone, raw, place)
                return values.local(moment.date(), clock, self._zone)
            starts_at = values.local(moment.date(), written, self._zone)
        else:
            starts_at = moment.astimezone(UTC)
        if clock is not None and clock % values.DAY != written:
            here = starts_at.astimezone(self._zone or UTC)
            if clock % values.DAY != timedelta(hours=here.hour, minutes=here.minute, seconds=here.second):
                self._warn("start_disagrees", place, value=text[:80])
        return starts_at

    def _within_day(
        self, day: DayRow, clock: timedelta, zone: ZoneInfo, raw: RawSession, place: Place
    ) -> datetime:
        """A wall-clock time of a conference day, which may end after midnight.

        The day's own start and end decide, then the conference's `day_change`; without both a time of the
        night counts to the next day when the room's list has already passed noon.
        """
        assert day.on is not None
        if day.starts_at and day.ends_at and day.starts_at < day.ends_at:
            for shift in (0, 1, -1):
                instant = values.local(day.on + shift * values.DAY, clock, zone)
                if day.starts_at <= instant < day.ends_at:
                    return instant
        here = (raw.day or 0, raw.room or raw.fields.get("room", ""))
        if self._day_change is not None:
            is_next = clock < self._day_change
        else:
            is_next = clock < _NIGHT_ENDS and here in self._evenings
            if is_next:
                self._warn("after_midnight", place, value=_line(raw.fields.get("start", ""))[:80])
        if clock >= _NOON:
            self._evenings.add(here)
        return values.local(day.on + is_next * values.DAY, clock, zone)

    def _duration(self, raw: RawSession, starts_at: datetime, place: Place) -> timedelta:
        said = _line(raw.fields.get("duration", ""))
        until = self._until_end(_line(raw.fields.get("end", "")), starts_at)
        duration = values.read_duration(said, days_first=self._days_first, expected=until) if said else until
        if duration is None:
            duration = until
        if duration is None:
            if said:
                raise _Refused("duration_unreadable", value=said[:80])
            raise _Refused("duration_missing")
        if until is not None and until != duration:
            self._warn("duration_disagrees", place, value=said[:80])
        if not duration:
            self._warn("duration_zero", place)
        if duration > values.DAY:
            self._warn("duration_long", place, value=said[:80] or str(duration))
        return duration

    def _until_end(self, text: str, starts_at: datetime) -> timedelta | None:
        if not text:
            return None
        ends_at = self._instant(values.read_moment(text))
        if ends_at is None and self._zone is not None:
            clock = values.read_clock(text)
            if clock is not None:
                ends_at = values.local(starts_at.astimezone(self._zone).date(), clock, self._zone)
                if ends_at < starts_at:
                    ends_at += values.DAY
        if ends_at is None or not timedelta() <= ends_at - starts_at <= values.LONGEST:
            return None
        return ends_at - starts_at

    def _speakers(self, persons: list[RawPerson], place: Place) -> tuple[SpeakerRow, ...]:
        speakers: dict[tuple[str | None, str], SpeakerRow] = {}
        if len(persons) > MAX_SPEAKERS:
            self._warn("speakers_cut", place, limit=MAX_SPEAKERS)
        for person in persons[:MAX_SPEAKERS]:
            name = self._short(person.name, "speaker", MAX_NAME, place)
            if name:
                guid, source_id = self._key(person.guid), self._key(person.source_id)
                row = SpeakerRow(
                    name,
                    guid=guid,
                    source_id=None if source_id == "0" else source_id,
                    biography=self._long(person.biography, "biography", place),
                )
                speakers.setdefault((row.guid or row.source_id, name), row)
        return tuple(speakers.values())

    # --- texts ----------------------------------------------------------------------------------------

    def _warn(self, code: str, place: Place, **details: object) -> None:
        self._raw.warn(code, place, **details)

    def _name(self, text: str) -> str:
        """A room, track or kind: equal names must stay equal, so it is cut without a warning."""
        return _line(text)[:MAX_NAME].rstrip()

    def _short(self, text: str, field: str, limit: int, place: Place) -> str:
        return self._cut(_line(text), field, limit, place)

    def _long(self, text: str, field: str, place: Place) -> str:
        """Markdown: HTML is sanitised and turned into it, anything else is taken to be Markdown already."""
        if _ANY_TAG.search(text):
            html = text[:_MAX_HTML]
            if len(text) > _MAX_HTML:
                self._warn("text_cut", place, field=field, limit=MAX_TEXT)
            if not _BLOCK_TAG.search(html):
                # plain text with a link or two: its line ends are meant
                html = re.sub(r"\r\n|\r|\n", "<br>\n", html)
            markdown = html_to_markdown(html)
        else:
            markdown = clean(text[: 2 * MAX_TEXT], long=True)
        return self._cut(markdown, field, MAX_TEXT, place)

    def _cut(self, text: str, field: str, limit: int, place: Place) -> str:
        if len(text) <= limit:
            return text
        self._warn("text_cut", place, field=field, limit=limit)
        return text[: limit - 1].rstrip() + "…"

    def _language(self, text: str, place: Place) -> str | None:
        code = _line(text)
        if not code:
            return None
        if not _LANGUAGE.fullmatch(code) or len(code) > 35:
            self._warn("language_unknown", place, value=code[:80])
            return None
        primary, _, rest = code.replace("_", "-").partition("-")
        return f"{primary.lower()}-{rest}" if rest else primary.lower()

    def _web_address(self, text: str, base: str | None, place: Place) -> str | None:
        said = _line(text)
        if not said:
            return None
        try:
            address = urljoin(base, said) if base else said
            parts = urlsplit(address)
            is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_web = False
        if not is_web or len(address) > MAX_ADDRESS or re.search(r"[\s<>\"\\]", address):
            self._warn("address_dropped", place, value=said[:80])
            return None
        return address

    # --- identity -------------------------------------------------------------------------------------

    def _apart(self, rows: list[SessionRow]) -> list[SessionRow]:
        """Give each further session of a guid (else id) a number of its own, in the order of their times.

        The number does not depend on the order in which a program writes the file, so a repeated import
        finds the same sessions.
        """
        guids = self._numbers(rows, {at: row.guid for at, row in enumerate(rows) if row.guid})
        ids = self._numbers(rows, {at: row.source_id or "" for at, row in enumerate(rows) if not row.guid})
        made = [replace(row, guid=guids.get(at, row.guid)) for at, row in enumerate(rows)]
        return [replace(row, source_id=ids.get(at, row.source_id)) for at, row in enumerate(made)]

    def _numbers(self, rows: list[SessionRow], keys: dict[int, str]) -> dict[int, str]:
        """The new key of every row but the first of each repeated key."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for at, key in keys.items():
            groups[key].append(at)
        taken = set(groups)
        made: dict[int, str] = {}
        for key, group in groups.items():
            if len(group) == 1:
                continue
            code = "guid_repeated" if rows[group[0]].guid else "id_repeated"
            self._warn(code, rows[group[1]].place, value=key)
            group.sort(key=lambda at: (rows[at].starts_at, rows[at].room or "", rows[at].title))
            number = 1
            for at in group[1:]:
                number += 1
                while f"{key}#{number}" in taken:
                    number += 1
                taken.add(f"{key}#{number}")
                made[at] = f"{key}#{number}"
        return made


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:length]


def _titled(title: str) -> str:
    """The identity of a session that has none but its title."""
    return f"title-{_digest(title.casefold(), 32)}"


def _is_cancelled(said: dict[str, str]) -> bool:
    status = _line(said.get("status", "") or said.get("state", "")).lower()
    flag = _line(said.get("cancelled", "") or said.get("canceled", "")).lower()
    return status in ("cancelled", "canceled") or flag in ("true", "1", "yes")
