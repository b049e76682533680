"""Schedules of other programs: every dialect met in the field, and files that nobody should send."""

import gzip
import json
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubevents.agenda import formats
from hubevents.agenda.formats import (
    Place,
    RoomRow,
    ScheduleError,
    SpeakerRow,
    TrackRow,
    building,
    raw,
    read_schedule,
    reading,
    rows,
    schedule_xml,
    values,
)

CASES = Path(__file__).parent / "cases"
SHARED = Path(__file__).parents[3] / "shared" / "data"
FULL = {"title": "A talk", "date": "2026-05-04T10:00:00+03:00", "duration": "00:45"}


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def as_json(*sessions: object, conference: dict[str, object] | None = None, **day: object) -> bytes:
    days = [{"index": 1, "date": "2026-05-04", "rooms": {"Main": list(sessions)}, **day}]
    return json.dumps(
        {"schedule": {"conference": {"title": "T", "days": days, **(conference or {})}}}
    ).encode()


def as_xml(
    events: str, *, conference: str = "<title>T</title>", day: str = 'index="1" date="2026-05-04"'
) -> bytes:
    return (
        f"<schedule><conference>{conference}</conference>"
        f'<day {day}><room name="Main">{events}</room></day></schedule>'
    ).encode()


def only(data: bytes, **options: str) -> rows.SessionRow:
    (session,) = read_schedule(data, **options).sessions
    return session


def codes(schedule: rows.Schedule) -> list[str]:
    return [warning.code for warning in schedule.warnings]


def refusal(data: bytes, **options: str) -> ScheduleError:
    with pytest.raises(ScheduleError) as refused:
        read_schedule(data, **options)
    assert str(refused.value)  # every code has its English words
    return refused.value


# --- whole files -----------------------------------------------------------------------------------------


def test_a_frab_file_is_read_whole() -> None:
    schedule = read_schedule((CASES / "hub_days.xml").read_bytes())
    assert (schedule.title, schedule.acronym, schedule.zone) == (
        "Дни на дигиталния хъб",
        "zagore-days",
        "Europe/Sofia",
    )
    assert (schedule.starts_on, schedule.ends_on) == (date(2026, 10, 24), date(2026, 10, 25))
    assert schedule.url == "https://hub.example.org/days/"
    assert schedule.rooms == (
        RoomRow("Голяма зала", "0d1f5a1e-0000-4000-8000-000000000001"),
        RoomRow("Празна зала"),
    )
    assert schedule.tracks == (TrackRow("Завод", "#12ab9f"),)
    assert [day.on for day in schedule.days] == [date(2026, 10, 24), date(2026, 10, 25)]
    assert [(session.starts_at, session.ends_at) for session in schedule.sessions] == [
        (utc("2026-10-24T07:00"), utc("2026-10-24T07:45")),
        (utc("2026-10-24T21:30"), utc("2026-10-24T23:00")),
        (utc("2026-10-25T08:00"), utc("2026-10-25T10:00")),
    ]
    first = schedule.sessions[0]
    assert first == rows.SessionRow(
        guid="aaaaaaaa-0000-4000-8000-000000000001",
        source_id="1",
        title="Откриване & новини",
        subtitle="Какво ново",
        abstract="Начало с **кафе**.",
        description="- точка едно\n- точка *две*",
        starts_at=utc("2026-10-24T07:00"),
        duration=minutes(45),
        place=Place(1, "Голяма зала", "1"),
        room="Голяма зала",
        track="Завод",
        kind="lecture",
        language="bg-BG",
        speakers=(
            SpeakerRow("Ана Иванова", source_id="7"),
            SpeakerRow("Борис Петров", guid="bbbbbbbb-0000-4000-8000-000000000002", source_id="8"),
        ),
        url="https://hub.example.org/days/talks/1/",
    )
    assert first.key == "guid:aaaaaaaa-0000-4000-8000-000000000001"
    assert schedule.warnings == ()
    assert schedule.refused == ()


def test_a_pentabarf_file_with_broken_characters_is_mended() -> None:
    schedule = read_schedule((CASES / "old_pentabarf.xml").read_bytes(), zone="Europe/Sofia")
    assert (schedule.zone, schedule.venue, schedule.city) == (None, "Town hall", "Sliven")
    opening, night = schedule.sessions
    assert (opening.title, opening.key) == ("Café & welcome", "id:opening")
    assert opening.abstract == "Raw *markup* & more\n\nSecond"
    assert opening.speakers == (SpeakerRow("Staff", source_id="6"),)
    assert (opening.starts_at, opening.duration) == (utc("2010-02-06T07:30"), minutes(25))
    assert (night.starts_at, night.duration) == (utc("2010-02-06T23:00"), minutes(60))
    assert codes(schedule) == ["text_repaired"]


def test_a_c3voc_file_is_read_whole() -> None:
    schedule = read_schedule((CASES / "hub_days.json").read_bytes())
    assert (schedule.starts_on, schedule.ends_on) == (date(2026, 10, 24), date(2026, 10, 25))
    assert schedule.url == "https://hub.example.org/"
    assert schedule.rooms == (
        RoomRow("Малка зала", "0d1f5a1e-0000-4000-8000-000000000002", 40),
        RoomRow("Голяма зала"),
        RoomRow("Двор"),
    )
    assert schedule.tracks == (TrackRow("Завод", "#12ab9f"),)
    opening, walk = schedule.sessions
    assert opening.starts_at == utc("2026-10-24T07:00")
    assert opening.description == "Ред едно  \nред [две](https://example.org/)"
    assert opening.track == "Завод"
    assert opening.speakers == (
        SpeakerRow("Ана Иванова", source_id="7", biography="Инженер"),
        SpeakerRow("Борис Петров", source_id="XYZ"),
        SpeakerRow("Вяра Колева"),
        SpeakerRow("Георги Динев"),
    )
    assert (walk.key, walk.title, walk.duration) == ("id:ABCDEF", "Walk", minutes(75))
    assert (opening.is_cancelled, walk.is_cancelled) == (False, True)
    assert codes(schedule) == ["entry_ignored"]


# --- real files ------------------------------------------------------------------------------------------


def shared(name: str) -> bytes:
    path = SHARED / name
    if not path.exists():
        pytest.skip("../shared/data is absent")
    return path.read_bytes()


def test_debconf_agrees_with_its_xml() -> None:
    data = shared("debconf23.xml")
    events = [
        (room.get("name"), event)
        for day in ET.fromstring(data).findall("day")
        for room in day.findall("room")
        for event in room.findall("event")
    ]
    schedule = read_schedule(data)
    assert len(events) == 117
    assert [
        (s.guid, s.source_id, s.title, s.starts_at, s.room, s.track, len(s.speakers))
        for s in schedule.sessions
    ] == [
        (
            event.get("guid"),
            event.get("id"),
            " ".join(event.findtext("title", "").split()),
            datetime.fromisoformat(event.findtext("date", "")),
            room,
            event.findtext("track"),
            len(event.findall("persons/person")),
        )
        for room, event in events
    ]
    spans = [event.findtext("duration", "").split(":") for _, event in events]
    assert [s.duration for s in schedule.sessions] == [
        timedelta(hours=int(h), minutes=int(m)) for h, m in spans
    ]
    zone = ZoneInfo("Asia/Kolkata")
    assert [f"{s.starts_at.astimezone(zone):%H:%M}" for s in schedule.sessions] == [
        event.findtext("start") for _, event in events
    ]
    assert {room.name for room in schedule.rooms} == {room for room, _ in events}
    assert {track.name for track in schedule.tracks} == {event.findtext("track") for _, event in events}
    assert (len(schedule.days), schedule.zone, schedule.warnings) == (8, "Asia/Kolkata", ())


@pytest.mark.parametrize(
    ("name", "number", "warnings"),
    [
        ("c3voc-frab-camp2019.json", 79, []),
        ("c3voc-pretalx-democon.json", 36, []),
        ("c3voc-invalid-example.json", 1, ["rooms_misplaced"]),
    ],
)
def test_c3voc_files_agree_with_their_json(name: str, number: int, warnings: list[str]) -> None:
    data = shared(name)
    conference = json.loads(data)["schedule"]["conference"]
    events = [
        (room, event) for day in conference["days"] for room, found in day["rooms"].items() for event in found
    ]
    schedule = read_schedule(data)
    assert len(events) == number
    assert [
        (s.guid, s.source_id, s.title, s.starts_at, s.room, s.track, [p.name for p in s.speakers])
        for s in schedule.sessions
    ] == [
        (
            event["guid"],
            str(event["id"]),
            " ".join(event["title"].split()),
            datetime.fromisoformat(event["date"]),
            room,
            event["track"],
            [" ".join(person["public_name"].split()) for person in event["persons"]],
        )
        for room, event in events
    ]
    spans = [event["duration"].split(":") for _, event in events]
    assert [s.duration for s in schedule.sessions] == [
        timedelta(hours=int(h), minutes=int(m)) for h, m in spans
    ]
    assert (schedule.title, schedule.zone) == (conference["title"], conference["time_zone_name"])
    assert codes(schedule) == warnings


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \n", "empty_file"),
        (b"hello", "unknown_format"),
        (b"\x00\x01\x02\x03\xff", "unknown_format"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", "other_format"),
        (b"PK\x03\x04rest", "other_format"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "other_format"),
        (b"<rss><channel/></rss>", "other_format"),
        (b"<schedule>", "broken_xml"),
        (b"<schedule><day></schedule>", "broken_xml"),
        (b"{", "broken_json"),
        (b'{"schedule": {"conference": {"days": [],}}}', "broken_json"),
        (b"[1, 2]", "no_schedule"),
        (b'{"events_page": 3}', "no_schedule"),
        (b'{"schedule": 3}', "no_schedule"),
        (b"[" * 100_000, "too_deep"),
        (b"<schedule>" + b"<day>" * 100_000, "too_deep"),
        (b"\x1f\x8bnothing", "broken_gzip"),
        (gzip.compress(b"<schedule/>" * 50, mtime=0)[:-9], "broken_gzip"),
    ],
)
def test_a_wrong_format_is_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_a_broken_file_is_refused_with_line_and_column() -> None:
    assert refusal(b"<schedule>\n <day>\n</schedule>").details == {"line": 3, "column": 3}
    assert str(refusal(b'{"schedule":\n {"a" 1}}')) == "the JSON is broken in line 2, column 7"


def test_entities_are_never_expanded() -> None:
    bomb = b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><schedule><version>&b;</version></schedule>'
    outside = (
        b'<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><schedule><version>&a;</version></schedule>'
    )
    assert [refusal(bomb).code, refusal(outside).code] == ["unsafe_xml", "unsafe_xml"]


def test_size_is_bounded_packed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 2**20)
    data = as_json(FULL) + b" " * 2**20
    assert [refusal(data).code, refusal(gzip.compress(data, mtime=0)).code] == ["file_too_large", "file_too_large"]


def test_the_number_of_sessions_and_days_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "MAX_SESSIONS", 2)
    monkeypatch.setattr(raw, "MAX_DAYS", 2)
    assert refusal(as_json(FULL, FULL, FULL)).code == "too_many_sessions"
    assert refusal(as_xml("<event/>" * 3)).code == "too_many_sessions"
    assert refusal(b"<schedule><day/><day/><day/></schedule>").code == "too_many_days"
    monkeypatch.setattr(schedule_xml, "MAX_ELEMENTS", 20)
    assert refusal(b"<schedule>" + b"<a/>" * 20 + b"</schedule>").code == "too_many_elements"


def test_every_refused_session_is_named_with_its_place() -> None:
    data = as_json(
        {**FULL, "id": 16},
        {**FULL, "id": 17, "title": " \u200b "},
        {**FULL, "guid": "G", "date": None},
        {**FULL, "id": 19, "date": "soon"},
        {**FULL, "id": 20, "duration": None},
        {**FULL, "duration": "long"},
        "lunch",
    )
    error = refusal(data, zone="Europe/Sofia")
    assert (error.code, error.details) == ("sessions_refused", {"number": 6})
    assert [str(found) for found in error.refusals] == [
        'day 1, room "Main", id 17: the title is missing',
        'day 1, room "Main", id G: the start is missing',
        'day 1, room "Main", id 19: the start "soon" cannot be read',
        'day 1, room "Main", id 20: the duration is missing',
        'day 1, room "Main", id A talk: the duration "long" cannot be read',
        'day 1, room "Main": this is not a session',
    ]
    kept = read_schedule(data, zone="Europe/Sofia", keep_rest=True)
    assert [session.source_id for session in kept.sessions] == ["16"]
    assert kept.refused == error.refusals
    assert [(found.guid, found.source_id) for found in kept.refused][:2] == [(None, "17"), ("G", None)]


def test_times_without_zone_need_one() -> None:
    data = as_json({**FULL, "date": "2026-05-04T10:00:00"})
    assert refusal(data).code == "zone_needed"
    assert only(data, zone="Europe/Sofia").starts_at == utc("2026-05-04T07:00")


def test_every_code_has_words_that_its_details_fill() -> None:
    sample = dict.fromkeys(
        ("limit", "found", "line", "column", "number", "value", "field", "key", "encoding"), 1
    )
    for words in rows._WORDS.values():
        assert "{" not in words.format_map(sample)


# --- texts and bytes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: ('<?xml version="1.0" encoding="windows-1251"?>' + text).encode("cp1251"),
        lambda text: ("<?xml version='1.0' encoding='KOI8-R' ?>" + text).encode("koi8-r"),
        lambda text: ('<?xml version="1.0" encoding="no-such"?>' + text).encode(),
        lambda text: ('<?xml version="1.0" encoding="utf-16"?>' + text).encode(),
        lambda text: ('<?xml version="1.1" encoding="unicode_escape"?>' + text).encode(),
        lambda text: gzip.compress(text.encode()),
    ],
)
def test_every_encoding_gives_the_same_text(encode) -> None:
    text = as_xml(
        '<event id="1"><date>2026-05-04T10:00:00Z</date><duration>1:00</duration><title>Завод</title></event>'
    ).decode()
    assert only(encode(text)).title == "Завод"


def test_json_may_be_utf_16_too() -> None:
    data = json.dumps({"conference": {"days": [{"rooms": {"Зала": [FULL]}}]}}, ensure_ascii=False)
    assert only(data.encode("utf-16-le")).room == "Зала"


def test_bytes_that_do_not_fit_are_replaced_with_a_warning() -> None:
    data = as_json(FULL).replace(b"A talk", b"A t\xfflk")
    schedule = read_schedule(data)
    assert (schedule.sessions[0].title, codes(schedule)) == ("A t\ufffdlk", ["bytes_replaced", "no_identity"])


def test_control_characters_leave_and_long_texts_are_cut() -> None:
    session = {**FULL, "id": 1, "title": "a\x00\ud800b" + "c" * 400, "description": "d" * 30_000}
    schedule = read_schedule(as_json(session))
    (read,) = schedule.sessions
    assert (read.title[:3], len(read.title), read.title[-2:]) == ("abc", building.MAX_TITLE, "c…")
    assert len(read.description) == building.MAX_TEXT
    assert [(w.code, w.details["field"]) for w in schedule.warnings] == [
        ("text_cut", "title"),
        ("text_cut", "description"),
    ]


def test_xml_with_control_characters_and_loose_ampersands_is_mended() -> None:
    events = (
        "<event id='1'><date>2026-05-04T10:00:00Z</date><duration>1:00</duration>"
        "<title>R&D &nosuch; &nbsp;x\x01 &#2; &lt;b&gt;</title>"
        "<description><![CDATA[a & b &lt;]]></description></event>"
    )
    schedule = read_schedule(as_xml(events))
    (session,) = schedule.sessions
    assert session.title == "R&D &nosuch; x <b>"
    assert session.description == "a & b <"
    assert codes(schedule) == ["text_repaired"]


def test_an_xml_namespace_and_capitals_do_not_matter() -> None:
    data = as_xml(
        "<Event ID='1'><Date>2026-05-04T10:00:00Z</Date><Duration>1:00</Duration><Title>T</Title></Event>"
    ).replace(b"<schedule>", b'<Schedule xmlns="http://example.org/s">')
    assert only(data.replace(b"</schedule>", b"</Schedule>")).key == "id:1"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("http://", None),
        ("https://[", None),
        ("https://a.example/" + "x" * 600, None),
        ('https://a.example/"onclick', None),
        ("/relative", None),
        ("", None),
    ],
)
def test_only_web_addresses_pass(said: str, address: str | None) -> None:
    schedule = read_schedule(as_json({**FULL, "id": 1, "url": said}))
    assert schedule.sessions[0].url == address
    assert codes(schedule) == ([] if address or not said else ["address_dropped"])


def test_hostile_html_leaves_only_words() -> None:
    html = "<div onclick=x>" * 5000 + "<img src=x onerror=alert(1)><a href='javascript:alert(1)'>click</a>"
    description = only(as_json({**FULL, "description": html})).description
    assert "javascript" not in description
    assert "click" in description


# --- structure -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"schedule": {"conference": {"days": [{"rooms": {"Main": [FULL]}}]}}},
        {"conference": {"days": [{"rooms": {"Main": [FULL]}}]}},
        {"schedule": {"days": [{"rooms": {"Main": [FULL]}}]}},
        {"schedule": {"conference": {"days": {"1": {"rooms": {"Main": {"0": FULL}}}}}}},
        {"schedule": {"conference": {"days": [{"rooms": [{"name": "Main", "events": [FULL]}]}]}}},
        {"schedule": {"conference": {"days": [{"rooms": {"Main": {"guid": "g", "events": [FULL]}}}]}}},
        {"schedule": {"conference": {"days": [{"events": [{**FULL, "room": "Main"}]}]}}},
        {"schedule": {"conference": {"events": [{**FULL, "room": {"en": "Main"}}]}}},
        {"schedule": {"conference": {"rooms": {"Main": [FULL]}}}},
    ],
)
def test_json_sessions_are_found_wherever_they_stand(document: object) -> None:
    assert only(json.dumps(document).encode()).room == "Main"


EVENT = b"<event id='1'><date>2026-05-04T10:00:00Z</date><duration>1:00</duration><title>T</title>%s</event>"


@pytest.mark.parametrize(
    "document",
    [
        b"<schedule><day><room name='Main'>" + EVENT % b"" + b"</room></day></schedule>",
        b"<schedule><day><room>" + EVENT % b"<room>Main</room>" + b"</room></day></schedule>",
        b"<schedule><day>" + EVENT % b"<room>Main</room>" + b"</day></schedule>",
        b"<schedule><conference><day><room name='Main'>"
        + EVENT % b""
        + b"</room></day></conference></schedule>",
        b"<schedule><days><day><rooms><room name='Main'><events>"
        + EVENT % b""
        + b"</events></room></rooms></day>"
        b"</days></schedule>",
        b"<schedule>" + EVENT % b"<room>Main</room>" + b"</schedule>",
        b"<response><schedule><room name='Main'>" + EVENT % b"" + b"</room></schedule></response>",
    ],
)
def test_xml_sessions_are_found_wherever_they_stand(document: bytes) -> None:
    assert only(document).room == "Main"


def test_an_empty_schedule_is_a_schedule() -> None:
    for data in (b"<schedule/>", b'{"schedule": {"conference": {"days": []}}}'):
        schedule = read_schedule(data)
        assert (schedule.sessions, schedule.title, codes(schedule)) == ((), "", ["no_sessions"])


def test_a_room_written_twice_loses_no_session() -> None:
    data = as_json({**FULL, "id": 1}).replace(
        b'"rooms": {', b'"rooms": {"Main": [%s], ' % json.dumps({**FULL, "id": 2}).encode()
    )
    schedule = read_schedule(data)
    assert [session.source_id for session in schedule.sessions] == ["2", "1"]
    assert codes(schedule) == ["key_repeated"]


def test_numbers_nulls_and_infinities_do_no_harm() -> None:
    session = (
        b'{"id": 1e999, "title": 42, "date": "2026-05-04T10:00Z", "duration": 45, "track": NaN, "room": null}'
    )
    read = only(b'{"conference": {"days": [{"rooms": {"Main": [' + session + b"]}}]}}")
    assert (read.title, read.duration, read.track, read.room) == ("42", minutes(45), None, "Main")
    huge = only(as_json(FULL).replace(b'"A talk"', b"1" * 10_000))
    assert len(huge.title) == building.MAX_TITLE


def test_the_room_a_session_stands_in_counts() -> None:
    schedule = read_schedule(as_json({**FULL, "id": 1, "room": "Other"}))
    assert (schedule.sessions[0].room, codes(schedule)) == ("Main", ["room_disagrees"])


# --- identity --------------------------------------------------------------------------------------------


def test_a_repeated_guid_or_id_is_numbered_by_time_whatever_the_order() -> None:
    guid = "AAAAAAAA-0000-4000-8000-000000000001"
    sessions = [
        {**FULL, "guid": guid, "id": 5, "date": f"2026-05-0{day}T10:00:00Z", "title": str(day)}
        for day in (6, 4, 5)
    ]
    sessions += [{**FULL, "id": 5, "date": f"2026-05-0{day}T10:00:00Z", "title": str(day)} for day in (8, 7)]
    keys = []
    for order in (sessions, sessions[::-1]):
        schedule = read_schedule(as_json(*order))
        assert codes(schedule) == ["guid_repeated", "id_repeated"]
        keys.append({session.title: session.key for session in schedule.sessions})
    low = guid.lower()
    assert keys[0] == {
        "4": f"guid:{low}",
        "5": f"guid:{low}#2",
        "6": f"guid:{low}#3",
        "7": "id:5",
        "8": "id:5#2",
    }
    assert keys[1] == keys[0]


def test_a_number_that_the_file_uses_itself_is_passed_over() -> None:
    sessions = [{**FULL, "id": "a", "title": "1"}, {**FULL, "id": "a", "title": "2"}, {**FULL, "id": "a#2"}]
    assert [s.source_id for s in read_schedule(as_json(*sessions)).sessions] == ["a", "a#3", "a#2"]


@pytest.mark.parametrize(
    ("said", "guid", "source_id"),
    [
        (
            {"guid": " {AAAAAAAA-0000-4000-8000-00000000000B} ", "id": 1},
            "aaaaaaaa-0000-4000-8000-00000000000b",
            "1",
        ),
        ({"guid": "00000000-0000-0000-0000-000000000000", "id": "x y"}, None, "x y"),
        ({"guid": "", "id": 0, "code": "ABC"}, None, "ABC"),
        ({"guid": None, "id": None, "slug": "t-1-a"}, None, "t-1-a"),
        ({"guid": "my text"}, "my text", None),
    ],
)
def test_guid_first_else_id(said: dict[str, object], guid: str | None, source_id: str | None) -> None:
    session = only(as_json({**FULL, **said}))
    assert (session.guid, session.source_id) == (guid, source_id)


def test_identities_fit_their_column_and_a_title_is_the_last_resort() -> None:
    long = only(as_json({**FULL, "guid": "g" * 5000}))
    other = only(as_json({**FULL, "guid": "g" * 5001}))
    assert len(long.key) <= 200
    assert long.key != other.key
    assert only(as_json({**FULL, "guid": "\ud800" * 6000})).guid
    first, second = (only(as_json({**FULL, "date": f"2026-05-0{day}T10:00Z"})) for day in (4, 5))
    assert first.key == second.key


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"date": "2026-05-04T10:00:00+03:00"},
        {"date": "2026-05-04T10:00+0300"},
        {"date": "2026-05-04 10:00:00 +03:00"},
        {"date": "2026-05-04T07:00:00.000Z"},
        {"date": "2026-05-04T07:00:00 UTC"},
        {"date": "20260504T100000+03"},
        {"date": "2026-05-04T10:00:00"},
        {"date": "2026-05-04T10:00:00+03:00[Europe/Sofia]"},
        {"date": "2026-05-04", "start": "10:00"},
        {"date": "2026-05-04T00:00:00", "start": "10:00"},
        {"date": "2026/05/04", "start": "10:00:00"},
        {"date": None, "start": "10:00"},
        {"date": None, "start": "10.00"},
        {"date": None, "start": "10h00"},
        {"date": None, "start": "1000"},
        {"date": None, "start": "10:00 AM"},
        {"date": None, "start": "2026-05-04T10:00:00+03:00"},
        {"date": "2026-05-04", "start": "2026-05-04T07:00:00Z"},
        {"date": "2026-05-03", "start": "34:00"},
    ],
)
def test_every_way_to_write_a_start(said: dict[str, object]) -> None:
    schedule = read_schedule(as_json({**FULL, "id": 1, **said}), zone="Europe/Sofia")
    assert [session.starts_at for session in schedule.sessions] == [utc("2026-05-04T07:00")]
    assert schedule.warnings == ()


@pytest.mark.parametrize(
    "date_said",
    ["2026-02-30", "2026-05-04T25:61", "9999-12-31T23:59:59Z", "0001-01-01T00:00+14:00", "٢٠٢٦-٠٥-٠٤", "1.5"],
)
def test_impossible_dates_are_refused(date_said: str) -> None:
    error = refusal(as_json({**FULL, "date": date_said}), zone="Europe/Sofia")
    assert {found.code for found in error.refusals} <= {"start_unreadable", "start_missing"}


def test_the_date_wins_over_a_start_that_disagrees() -> None:
    schedule = read_schedule(as_json({**FULL, "id": 1, "start": "17:00"}), zone="Europe/Sofia")
    assert (schedule.sessions[0].starts_at, codes(schedule)) == (utc("2026-05-04T07:00"), ["start_disagrees"])


def test_the_files_own_zone_wins_over_the_callers() -> None:
    conference = {"time_zone_name": "asia/kolkata"}
    data = as_json({**FULL, "date": "2026-05-04T10:00:00"}, conference=conference)
    schedule = read_schedule(data, zone="Europe/Sofia")
    assert (schedule.zone, schedule.sessions[0].starts_at) == ("Asia/Kolkata", utc("2026-05-04T04:30"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "x" * 500])
def test_an_unknown_zone_is_a_warning(name: str) -> None:
    schedule = read_schedule(
        as_json({**FULL, "id": 1}, conference={"time_zone_name": name}), zone="Europe/Sofia"
    )
    assert (schedule.zone, codes(schedule)) == (None, ["zone_unknown"])


def test_a_zone_that_is_no_place_gives_times_but_no_name() -> None:
    data = as_json({**FULL, "date": "2026-05-04T10:00:00"}, conference={"time_zone_name": "EET"})
    schedule = read_schedule(data)
    assert (schedule.zone, schedule.sessions[0].starts_at) == (None, utc("2026-05-04T07:00"))


NIGHT = "<event id='1'><start>{}</start><duration>1:00</duration><title>T</title></event>"


def night(*starts: str, conference: str = "", day: str = "") -> list[str]:
    events = "".join(NIGHT.format(start).replace("id='1'", f"id='{at}'") for at, start in enumerate(starts))
    data = as_xml(events, conference=conference, day=f'index="1" date="2026-05-04" {day}')
    return [f"{s.starts_at:%d %H:%M}" for s in read_schedule(data, zone="UTC").sessions]


def test_a_day_ends_when_the_file_says() -> None:
    assert night("23:00", "01:00", "04:00", conference="<day_change>04:00</day_change>") == [
        "04 23:00",
        "05 01:00",
        "04 04:00",
    ]
    window = 'start="2026-05-04T09:00:00+00:00" end="2026-05-05T06:00:00+00:00"'
    assert night("09:00", "05:59", day=window) == ["04 09:00", "05 05:59"]
    # the day of wafer's files starts on the evening (UTC) before
    shifted = 'start="2026-05-04T21:30:00+00:00" end="2026-05-05T21:29:59+00:00"'
    assert night("10:30", "22:00", day=shifted) == ["05 10:30", "04 22:00"]
    assert night("23:00", "00:30") == ["04 23:00", "05 00:30"]
    assert night("00:00", "08:00") == ["04 00:00", "04 08:00"]
    assert night("24:30") == ["05 00:30"]


def test_a_start_that_a_clock_change_repeats_is_its_first() -> None:
    sofia = ZoneInfo("Europe/Sofia")
    assert values.local(date(2026, 10, 25), timedelta(hours=3, minutes=30), sofia) == utc("2026-10-25T00:30")
    assert values.local(date(2026, 3, 29), timedelta(hours=3, minutes=30), sofia) == utc("2026-03-29T01:30")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("00:45", 45),
        ("0:45", 45),
        ("45", 45),
        ("45.0", 45),
        ("00:90", 90),
        ("120:00", 7200),
        ("00:25:00", 25),
        ("01:30:00", 90),
        ("1:00:00", 1440),
        ("0:45:00", 45),
        ("1:30:00", 90),
        ("3:04:05", 3 * 1440 + 245),
        ("1:02:30:00", 1590),
        ("PT45M", 45),
        ("pt1h30m", 90),
        ("P1DT2H", 1560),
        ("PT0.75H", 45),
        ("45 min", 45),
        ("1h", 60),
        ("1h30", 90),
        ("1 h 30 min", 90),
        ("1.5 hours", 90),
        ("2 hrs", 120),
        (" 00:45 ", 45),
    ],
)
def test_every_way_to_write_a_duration(text: str, length: int) -> None:
    assert values.read_duration(text, days_first=True) == minutes(length)


@pytest.mark.parametrize(
    "text", ["", "-1", "-00:45", "long", ":", "00:", "PT", "P", "6944:11:40", "9" * 50, "1:2:3:4:5"]
)
def test_unreadable_durations(text: str) -> None:
    assert values.read_duration(text, days_first=True) is None


def test_three_parts_mean_what_the_file_suggests() -> None:
    of_python = [{**FULL, "id": 1, "duration": "1:00:00"}, {**FULL, "id": 2, "duration": "0:30:00"}]
    of_pretalx = [{**FULL, "id": 1, "duration": "1:00:00"}, {**FULL, "id": 2, "duration": "00:30"}]
    ended = [{**FULL, "id": 1, "duration": "1:00:00", "end": "2026-05-04T11:00:00+03:00"}, of_pretalx[1]]
    lengths = [
        [s.duration for s in read_schedule(as_json(*found)).sessions]
        for found in (of_python, of_pretalx, ended)
    ]
    assert lengths == [
        [minutes(60), minutes(30)],
        [minutes(1440), minutes(30)],
        [minutes(60), minutes(30)],
    ]


@pytest.mark.parametrize(
    ("said", "length", "warned"),
    [
        ({"duration": None, "end": "2026-05-04T11:00:00+03:00"}, 60, []),
        ({"duration": None, "end": "11:30"}, 90, []),
        ({"duration": "???", "end": "09:00"}, 23 * 60, []),
        ({"duration": "00:45", "end": "2026-05-04T11:00:00+03:00"}, 45, ["duration_disagrees"]),
        ({"duration": "00:00"}, 0, ["duration_zero"]),
        ({"duration": "30:00"}, 1800, ["duration_long"]),
    ],
)
def test_durations_and_ends(said: dict[str, object], length: int, warned: list[str]) -> None:
    schedule = read_schedule(as_json({**FULL, "id": 1, **said}), zone="Europe/Sofia")
    assert ([s.duration for s in schedule.sessions], codes(schedule)) == ([minutes(length)], warned)


def test_first_and_last_day_come_from_what_is_known() -> None:
    said = read_schedule(as_json(FULL, conference={"start": "2026-05-01", "end": "2026-04-01"}))
    assert (said.starts_on, said.ends_on) == (date(2026, 5, 1), date(2026, 5, 1))
    days = read_schedule(as_json(FULL))
    assert (days.starts_on, days.ends_on) == (date(2026, 5, 4), date(2026, 5, 4))
    sessions = read_schedule(
        as_json({**FULL, "date": "2026-05-09T23:00:00Z"}, date=None), zone="Europe/Sofia"
    )
    assert (sessions.starts_on, sessions.ends_on) == (date(2026, 5, 10), date(2026, 5, 10))


# --- anything at all -------------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["schedule", "conference", "days", "rooms", "date", "start", "end", "duration", "title", "id", "guid"]
    + ["persons", "track", "room", "url", "index", "day_start", "day_end", "time_zone_name", "description"]
    + ["language", "type", "name", "capacity", "tracks", "events", "status"]
)


def same_or_refused(data: bytes) -> None:
    """Two readings give one answer, and no error but ScheduleError."""
    answers = []
    for _ in range(2):
        try:
            schedule = read_schedule(data, zone="Europe/Sofia", keep_rest=True)
        except ScheduleError as refused:
            answers.append((refused.code, str(refused)))
        else:
            keys = [session.key for session in schedule.sessions]
            assert len(keys) == len(set(keys))
            assert all(session.duration >= timedelta() and session.title for session in schedule.sessions)
            assert all(map(str, (*schedule.warnings, *schedule.refused)))
            answers.append(schedule)
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["hub_days.xml", "old_pentabarf.xml", "hub_days.json"]), st.data())
def test_bytes_changed_at_random_are_read_or_refused(name: str, data: st.DataObject) -> None:
    content = bytearray((CASES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 5, 60]))
        content[at : at + length] = data.draw(st.binary(max_size=6))
    same_or_refused(bytes(content))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_json_values_changed_at_random_are_read_or_refused(data: st.DataObject) -> None:
    document = json.loads((CASES / "hub_days.json").read_text())
    for _ in range(data.draw(st.integers(1, 5))):
        node = document
        for _ in range(data.draw(st.integers(0, 9))):
            inner = list(node.values()) if isinstance(node, dict) else node
            inner = [found for found in inner if isinstance(found, dict | list) and found]
            if not inner:
                break
            node = data.draw(st.sampled_from(inner))
        value = data.draw(JSON_VALUES)
        if isinstance(node, dict):
            node[data.draw(KEYS | st.sampled_from(sorted(node)) if node else KEYS)] = value
        else:
            node[data.draw(st.integers(0, len(node) - 1))] = value
    same_or_refused(json.dumps(document).encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_xml_texts_changed_at_random_are_read_or_refused(data: st.DataObject) -> None:
    root = ET.fromstring((CASES / "hub_days.xml").read_bytes())
    elements = list(root.iter())
    for _ in range(data.draw(st.integers(1, 5))):
        element = data.draw(st.sampled_from(elements))
        text = data.draw(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=12))
        if element.attrib and data.draw(st.booleans()):
            element.set(data.draw(st.sampled_from(sorted(element.attrib))), text)
        else:
            element.text = text
            element.tag = data.draw(
                st.sampled_from([element.tag, "event", "room", "day", "date", "duration"])
            )
    same_or_refused(ET.tostring(root))


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789:.-+TZPDHMShm ", max_size=20))
def test_times_and_durations_never_fail(text: str) -> None:
    clock = values.read_clock(text)
    assert clock is None or timedelta() <= clock < timedelta(days=2)
    span = values.read_duration(text, days_first=False)
    assert span is None or timedelta() <= span <= values.LONGEST
    moment = values.read_moment(text)
    assert moment is None or moment.year in range(1970, 2201)


def test_a_big_file_is_read_in_reasonable_time() -> None:
    number = 4000
    sessions = [
        {**FULL, "id": at, "persons": [{"name": "A"}], "abstract": "Text " * 20} for at in range(number)
    ]
    assert len(read_schedule(as_json(*sessions)).sessions) == number


def test_the_names_promised_are_there() -> None:
    assert sorted(formats.__all__) == sorted(set(formats.__all__))
    assert all(hasattr(formats, name) for name in formats.__all__)
