"""c3voc, frab and pretalx `schedule.json` -> `RawSchedule`."""

from __future__ import annotations

import json

from hubevents.agenda.formats.raw import RawDay, RawPerson, RawSchedule, RawSession
from hubevents.agenda.formats.rows import Place, ScheduleError

_SESSION_LISTS = ("events", "sessions", "talks", "items")
_PERSON_LISTS = ("persons", "speakers", "people")
_NAMES = ("name", "public_name", "full_public_name", "fullname", "display_name", "title")


def read(text: str) -> RawSchedule:
    """Sort the document into its places; a key written twice keeps both lists, else the later value."""
    schedule = RawSchedule()
    root = _parsed(text, schedule)
    if not isinstance(root, dict):
        raise ScheduleError("no_schedule")
    body = root.get("schedule")
    if not isinstance(body, dict):
        body = root
    conference = body.get("conference")
    if not isinstance(conference, dict):
        conference = body
    if not any(key in conference or key in body for key in ("days", "rooms", *_SESSION_LISTS, "acronym")):
        raise ScheduleError("no_schedule")
    sources = [conference] if body is conference else [body, conference]
    for source in sources:
        said = {key: words for key, value in source.items() if (words := _words(value))}
        if source is not conference:
            said.pop("url", None)  # of the file itself
            if source.get("rooms"):
                schedule.warn("rooms_misplaced", Place())
        schedule.conference |= said
        _rooms(source.get("rooms"), schedule)
        _tracks(source.get("tracks"), schedule)
    days = conference.get("days", body.get("days"))
    for number, day in enumerate(_entries(days), 1):
        _day(day, number, schedule)
    for source in sources:
        for name in _SESSION_LISTS:
            _sessions(source.get(name), None, "", schedule)
    return schedule


def _parsed(text: str, schedule: RawSchedule) -> object:
    repeated: set[str] = set()

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, value in items:
            if key in made:
                if key not in repeated:
                    repeated.add(key)
                    schedule.warn("key_repeated", Place(), key=key[:80])
                value = _joined(made[key], value)
            made[key] = value
        return made

    try:
        return json.loads(
            text,
            strict=False,
            parse_int=str,
            parse_float=str,
            parse_constant=lambda _name: None,
            object_pairs_hook=pairs,
        )
    except json.JSONDecodeError as fault:
        raise ScheduleError("broken_json", line=fault.lineno, column=fault.colno) from None
    except RecursionError:
        raise ScheduleError("too_deep") from None


def _joined(first: object, second: object) -> object:
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: _joined(first[key], second[key]) for key in first.keys() & second.keys()}
        return first | second | both
    return second


def _words(value: object) -> str:
    """Text of a value that may be an object of translations (`{"en": ..., "de": ...}`) or with a name."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, dict):
        for key in ("name", "title", "en", *value):
            inner = value.get(key)
            if isinstance(inner, str) and inner.strip():
                return inner
            if isinstance(inner, dict):
                for deeper in (inner.get("en"), *inner.values()):
                    if isinstance(deeper, str) and deeper.strip():
                        return deeper
    return ""


def _entries(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _tracks(value: object, schedule: RawSchedule) -> None:
    for entry in _entries(value):
        if isinstance(entry, dict):
            schedule.add_track(_words(entry.get("name") or entry.get("title")), _words(entry.get("color")))
        elif isinstance(entry, str):
            schedule.add_track(entry)


def _room(value: object, schedule: RawSchedule, name: str = "") -> str:
    if isinstance(value, dict):
        name = _words(value.get("name") or value.get("title")) or name
        schedule.add_room(name, _words(value.get("guid")), _words(value.get("capacity")))
    else:
        name = value if isinstance(value, str) else name
        schedule.add_room(name)
    return name


def _rooms(value: object, schedule: RawSchedule) -> None:
    """The conference's own list of rooms; as an object by name it may hold sessions too."""
    if isinstance(value, dict):
        for name, entry in value.items():
            room = _room(entry, schedule, name)
            if isinstance(entry, list):
                _sessions(entry, None, room, schedule)
    elif isinstance(value, list):
        for entry in value:
            _room(entry, schedule)


def _day(value: object, number: int, schedule: RawSchedule) -> None:
    if not isinstance(value, dict):
        schedule.add_day(RawDay())
        schedule.warn("entry_ignored", Place(day=number))
        return
    position = schedule.add_day(
        RawDay(
            index=_words(value.get("index")),
            on=_words(value.get("date")),
            start=_words(value.get("day_start") or value.get("start")),
            end=_words(value.get("day_end") or value.get("end")),
        )
    )
    rooms = value.get("rooms")
    if isinstance(rooms, dict):
        for name, entries in rooms.items():
            _sessions(_inner(entries), position, _room(entries, schedule, name), schedule)
    elif isinstance(rooms, list):
        for entry in rooms:
            _sessions(_inner(entry), position, _room(entry, schedule), schedule)
    for list_name in _SESSION_LISTS:
        _sessions(value.get(list_name), position, "", schedule)


def _inner(value: object) -> object:
    """A room's sessions: the list itself, or the list within a room object."""
    if isinstance(value, dict):
        for name in _SESSION_LISTS:
            if isinstance(value.get(name), list | dict):
                return value[name]
        return [entry for entry in value.values() if isinstance(entry, dict) and "title" in entry]
    return value


def _sessions(value: object, day: int | None, room: str, schedule: RawSchedule) -> None:
    for entry in _entries(value):
        if entry is None or entry in ("", [], {}):
            number = None if day is None else day + 1
            schedule.warn("entry_ignored", Place(day=number, room=room[:80] or None))
            continue
        schedule.add_session(_session(entry, day, room))


def _session(entry: object, day: int | None, room: str) -> RawSession:
    if not isinstance(entry, dict):
        return RawSession(day, room, {}, is_session=False)
    fields = {key: words for key, value in entry.items() if (words := _words(value))}
    persons: list[RawPerson] = []
    for name in _PERSON_LISTS:
        found = entry.get(name)
        persons.extend(_person(person) for person in ([found] if isinstance(found, str) else _entries(found)))
    return RawSession(day, room, fields, persons)


def _person(value: object) -> RawPerson:
    if not isinstance(value, dict):
        return RawPerson(name=_words(value))
    name = next((words for key in _NAMES if (words := _words(value.get(key)).strip())), "")
    first_last = " ".join(_words(value.get(key)).strip() for key in ("first_name", "last_name")).strip()
    return RawPerson(
        name=name or first_last or _words(value.get("nickname")),
        guid=_words(value.get("guid")),
        source_id=_words(value.get("id")) or _words(value.get("code")),
        biography=_words(value.get("biography") or value.get("abstract") or value.get("description")),
    )
