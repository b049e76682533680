"""Logs of online meetings: read as the tools write them, matched, and turned into presence without losing a minute."""

import hashlib
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hubevents.checkin import attendance, matching, online, online_logs, statements
from hubevents.checkin.matching import Guess, Register, Registered
from hubevents.checkin.models import OnlineLog
from hubevents.checkin.online import Log
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.events import service as events
from hubevents.events.models import Event
from hubevents.web import messages
from tests import make
from tests.checkin import at_doors, hall
from tests.checkin.hall import DAY, at

CASES = Path(__file__).parent / "cases"
MORNING = make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 12)


EVENING = at(20)


def read(data: bytes | str, *, days: tuple[date, ...] = (DAY,), now: datetime = EVENING, **values: Any) -> Log:
    given = {"zone": "Europe/Sofia", "day": DAY, **values}
    return online.read(data if isinstance(data, bytes) else data.encode(), days=days, now=now, **given)


def told(log: Log) -> list[tuple[str, str, str | None]]:
    """Of each row: name, from, to, as the clocks of Sofia showed it."""

    def clock_of(moment: datetime | None) -> str | None:
        return f"{moment.astimezone(make.SOFIA):%H:%M:%S}" if moment is not None else None

    return [(row.name, clock_of(row.joined_at) or "", clock_of(row.left_at)) for row in log.rows]


def wrong(log: Log) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.code, problem.said) for problem in log.problems]


# --- the files of the tools -------------------------------------------------------------------------------------------

DENITSA = ("Деница Стоева", "09:51:40", "12:04:10")
RADOST = [("Radost Peneva", "09:58:05", "10:40:00"), ("Radost Peneva", "10:51:05", "12:01:00")]
WHOLE = ("Radost Peneva", "09:58:05", "12:01:00")
MARIA = ("10:03:00", "11:59:30")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("teams.csv", [DENITSA, *RADOST, ("Желева, Мария (Guest)", *MARIA), ("Kiril", "10:20:00", "10:21:00"),
                       ("Жельо Жеков", "10:00:00", "12:00:00")]),
        ("teams_bg.csv", [("Радост Пенева", *RADOST[0][1:]), ("Радост Пенева", *RADOST[1][1:]),
                          ("Мария Желева (гост)", *MARIA)]),
        ("teams_old.csv", [*RADOST, ("Деница Стоева", "09:51:40", None), ("Мария Желева (Guest)", "10:03:00", None)]),
        ("zoom.csv", [DENITSA, *RADOST, ("Mimi (Мария Желева)", *MARIA), ("iPhone", "10:05:00", "10:19:00")]),
        ("meet.csv", [("Radost Peneva", "09:58:00", "12:01:00"), ("Мария Желева", "10:03:00", "11:59:00"),
                      ("Кирил Тотев", "11:50:00", "12:15:00")]),
        ("webex.csv", [("Радост Пенева", *WHOLE[1:]), ("Мария Желева", *MARIA)]),
        ("bigbluebutton.csv", [DENITSA, WHOLE, ("Мария Желева", *MARIA)]),
        ("plain_bg.csv", [("Радост Пенева", "09:58:00", "12:01:00"), ("Мария Желева", "10:03:00", "11:59:00")]),
    ],
)  # fmt: skip
def test_the_report_of_each_tool_is_read(name: str, expected: list[Any]) -> None:
    log = read((CASES / name).read_bytes())
    assert told(log) == expected
    assert log.problems == ()
    mails = {row.email for row in log.rows} - {""}
    assert mails <= {"radost.peneva@firma.example.org", "denitsa@hub.example.org", "mimi@example.org"}
    assert ("radost.peneva@firma.example.org" in mails) is (name not in ("teams_old.csv", "bigbluebutton.csv"))


def test_every_case_is_tried() -> None:
    tried = {"teams.csv", "teams_bg.csv", "teams_old.csv", "zoom.csv", "meet.csv", "webex.csv", "bigbluebutton.csv"}
    assert {path.name for path in CASES.glob("*.csv")} == tried | {"plain_bg.csv"}


def test_without_the_list_of_stays_the_list_of_people_is_taken_with_the_time_they_were_away() -> None:
    whole = (CASES / "teams.csv").read_bytes().decode("utf-16")
    log = read(whole[: whole.index("3. In-Meeting")])
    assert told(log)[1] == ("Radost Peneva", "09:58:05", "11:49:55")


def test_the_line_of_a_row_is_that_of_the_file() -> None:
    assert [row.line for row in read((CASES / "zoom.csv").read_bytes()).rows] == [5, 6, 7, 8, 9]


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "2026-10-14 10:02:15", "2026-10-14T10:02:15", "2026-10-14T07:02:15Z", "2026-10-14T07:02:15.000Z",
        "2026-10-14T09:02:15+02:00", "2026-10-14 07:02:15 UTC", "2026-10-14 09:02:15 GMT+2", "2026/10/14 10:02:15",
        "14.10.2026 10:02:15", "14.10.2026 г., 10:02:15", "14.10.2026 г. 10:02:15 ч.", "14.10.26, 10:02:15",
        "14/10/2026 10:02:15", "14/10/2026, 10:02:15", "14-10-2026 10:02:15", "10/14/2026, 10:02:15 AM",
        "10/14/26, 10:02:15 am", "10/14/2026 10:02:15 a.m.", "10/14/2026, 10:02:15 пр.об.",
        "Oct 14, 2026 10:02:15 AM", "October 14, 2026, 10:02:15", "14 October 2026, 10:02:15",
        "Wednesday, October 14, 2026 at 10:02:15 AM", "14 октомври 2026 г., 10:02:15",
        "сряда, 14 окт. 2026 г. 10:02:15",
        "10/14/2026, 10:02:15\u202fAM", "10:02:15", "10:02:15 AM", '="2026-10-14 10:02:15"', " 2026-10-14  10:02:15 ",
        "14.10.2026 10:02:15 EEST", "2026-10-14 10:02:15 (EEST)", "2026-10-14 08:02:15 WEST",
    ],
)  # fmt: skip
def test_a_time_may_be_written_in_many_ways(said: str) -> None:
    quoted = '"' + said.replace('"', '""') + '"'
    assert told(read(f"Name,Joined,Duration\nМария,{quoted},80 min")) == [("Мария", "10:02:15", "11:22:15")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("12:05 AM", "00:05:00"), ("12:05 PM", "12:05:00"), ("1:05 PM", "13:05:00"), ("1:05 сл.об.", "13:05:00"),
     ("13:05 PM", "13:05:00"), ("0:05", "00:05:00")],
)  # fmt: skip
def test_halves_of_the_day(said: str, expected: str) -> None:
    assert told(read(f"Name,Joined,Left\nМария,{said},"))[0][1] == expected


@pytest.mark.parametrize(
    "said",
    ["", "later", "25:00", "10:61", "31.02.2026 10:00", "10/10/10/10", "2026-10-14", "14.10.2026 10:00 EST",
     "99999999999", "14.13.2026 10:00", "-1:00"],
)  # fmt: skip
def test_what_is_no_time_is_reported_with_its_line_and_the_rest_goes_in(said: str) -> None:
    log = read(f"Name;Joined;Left\nМария;{said};11:00\nИво;10:00;11:00")
    assert [row.name for row in log.rows] == ["Иво"]
    assert wrong(log) == [(2, "log_time_unreadable" if said else "log_time_missing", said)]


@pytest.mark.parametrize(
    ("dates", "days", "expected"),
    [
        # above 12 tells; the days of the event tell; am and pm tell; else the day comes first
        (("10/14/2026 10:00", "10/11/2026 10:00"), (date(2026, 10, 14), date(2026, 10, 11)), {14, 11}),
        (("10/11/2026 10:00",), (date(2026, 11, 10),), {10}),
        (("10/11/2026 10:00",), (date(2026, 10, 11),), {11}),
        (("10/11/2026 10:00 AM",), (date(2026, 11, 10), date(2026, 10, 11)), {11}),
        (("10/11/2026 10:00",), (date(2026, 11, 10), date(2026, 10, 11)), {10}),
    ],
)
def test_whether_the_day_or_the_month_comes_first(
    dates: tuple[str, ...], days: tuple[date, ...], expected: set[int]
) -> None:
    log = read(
        "Name,Joined,Duration\n" + "\n".join(f"Мария,{said},5" for said in dates),
        days=days,
        now=datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert {row.joined_at.day for row in log.rows} == expected
    assert log.problems == ()


def test_the_zone_may_be_said_by_who_sends_the_file_and_by_the_head_of_the_column() -> None:
    assert told(read("Name,Joined,Left\nМария,08:00,9:00", zone="Europe/Sofia"))[0][1:] == ("08:00:00", "09:00:00")
    assert told(read("Name,Joined,Left\nМария,08:00,9:00", zone="Europe/Brussels"))[0][1:] == ("09:00:00", "10:00:00")
    head = "Name,Join Time (UTC),Leave Time (UTC)"
    assert told(read(f"{head}\nМария,08:00,9:00"))[0][1:] == ("11:00:00", "12:00:00")


def test_over_midnight_and_over_the_change_of_the_clocks() -> None:
    log = read("Name,Joined,Left\nМария,23:50,00:10", now=at(12, day=15))
    assert log.rows[0].left_at == at(0, 10, day=15)
    autumn = read(
        "Name,Joined,Left\nМария,25.10.2026 03:40,25.10.2026 03:20", days=(date(2026, 10, 25),), now=at(12, day=26)
    )
    assert autumn.rows[0].left_at == datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    spring = read("Name,Joined,Left\nМария,29.03.2026 03:30,29.03.2026 05:00", days=(date(2026, 3, 29),))
    assert wrong(spring) == [(2, "log_time_unreadable", "29.03.2026 03:30")]


@pytest.mark.parametrize(
    ("said", "head", "minutes"),
    [
        ("1h 20m", "Duration", 80), ("1h20m", "Duration", 80), ("80 min", "Duration", 80), ("80", "Duration", 80),
        ("1:20:00", "Duration", 80), ("1:20", "Duration", 80), ("01:20:30", "Duration", 80.5),
        ("80 мин", "Времетраене", 80), ("1 ч 20 мин", "Продължителност", 80), ("1 час и 20 мин", "Минути", None),
        ("1 ч. 20 мин. 30 сек.", "Продължителност", 80.5), ("PT1H20M", "Duration", 80), ("2 hr 3 min", "Duration", 123),
        ("4800", "Duration (seconds)", 80), ("80.5", "Duration (Minutes)", 80.5), ("80,5", "Minutes", 80.5),
        ("123 mins", "Attendance Duration", 123), ("45s", "Duration", 0.75), ("", "Duration", None),
        ("long", "Duration", None), ("-5", "Duration", None), ("9" * 30, "Duration", None), ("1e9", "Duration", None),
    ],
)  # fmt: skip
def test_durations(said: str, head: str, minutes: float | None) -> None:
    assert online.duration(said, head) == (None if minutes is None else timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",10:00,11:00", ("log_nobody", "")),
        ("Мария,14.10.2026 11:00,14.10.2026 10:00", ("log_left_first", "")),
        ("Мария,14.10.2026 11:00,16.10.2026 11:00", ("log_stay_too_long", "")),
        ("Мария,13.10.2026 10:00,13.10.2026 11:00", ("log_other_day", "2026-10-13")),
        ("Мария,14.10.2026 21:00,14.10.2026 22:00", ("attendance_in_future", "")),
        ("Мария,14.10.2026 19:00,14.10.2026 22:00", ("attendance_in_future", "")),
    ],
)
def test_a_row_that_cannot_be_true_is_left_out(row: str, problem: tuple[str, str]) -> None:
    log = read(f"Name,Joined,Left\nИво,10:00,11:00\n{row}")
    assert [each.name for each in log.rows] == ["Иво"]
    assert wrong(log) == [(3, *problem)]


def test_joined_and_left_on_lines_of_their_own() -> None:
    """Phone and laptop at once; a device that dropped out unseen; somebody still there; leaving without joining."""
    log = read(
        "Name,Action,Time\n"
        "Ана,Joined,10:00\nАна,Joined,10:10\nАна,Left,10:50\nАна,Left,11:00\n"
        "Боян,Joined,10:00\nБоян,Joined,10:05\nБоян,Left,10:30\n"
        "Вяра,Joined,10:00\nВяра,Left,10:20\nВяра,Joined,10:40\n"
        "Горан,Left,10:30\n,Joined,10:00\nДора,Joined,когато\n"
    )
    assert sorted(told(log), key=lambda row: row[:2]) == [
        ("Ана", "10:00:00", "10:50:00"), ("Ана", "10:10:00", "11:00:00"), ("Боян", "10:00:00", "10:30:00"),
        ("Вяра", "10:00:00", "10:20:00"), ("Вяра", "10:40:00", None),
    ]  # fmt: skip
    assert wrong(log) == [
        (13, "log_nobody", ""), (14, "log_time_unreadable", "когато"), (12, "log_left_without_joining", ""),
    ]  # fmt: skip


# --- what is no log ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"), (b"\xef\xbb\xbf", "empty_file"), (b"\xff\xfe", "empty_file"), (b" \r\n\r\n", "empty_file"),
        (b"\0" * 100, "empty_file"), (b"PK\x03\x04" + b"x" * 100, "log_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "log_workbook"), (b"a,b,c\n1,2,3", "log_unknown"),
        (b"<html><body>404</body></html>", "log_unknown"), (b"Name\nMaria", "log_unknown"),
        (b"Name,Email\nMaria,m@example.org", "log_unknown"), (b"Name,Total Duration (Minutes)\nMaria,80",
        "log_without_times"), (b"x" * (5 * 2**20 + 1), "file_too_large"), (bytes(range(256)) * 50, "log_unknown"),
        (b"Name,Joined\n" + b"M,10:00\n" * 5001, "log_too_long"), (b"a,b\n" * 30_000, "log_too_long"),
        (b"Name,Joined\n" + b"M,never\n" * 5001, "log_too_long"), (b"x" * 200_000 + b",y", "log_unknown"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_is_no_log_is_refused_in_words(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(data)
    assert refusal.value.code == code
    assert code in messages.codes()


def test_every_problem_has_words() -> None:
    codes = {"log_nobody", "log_time_missing", "log_time_unreadable", "log_left_first", "log_stay_too_long",
             "attendance_in_future", "log_other_day", "log_left_without_joining"}  # fmt: skip
    assert codes <= messages.codes()


def test_5000_rows_are_read_in_seconds() -> None:
    began = time.monotonic()
    rows = "".join(f"Човек {number},c{number}@example.org,10:00,11:00\n" for number in range(5_000))
    assert len(read(f"Name,Email,Joined,Left\n{rows}").rows) == 5_000
    assert time.monotonic() - began < 15


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    log = read('Name\tJoined\tLeft\n"Мария\t10:00\t11:00\nИво "Боеца" Колев\t10:00\t11:00\n' + "А\t10:00\t11:00\n" * 9)
    assert [row.name for row in log.rows][:2] == ["Мария", 'Иво "Боеца" Колев']
    assert len(log.rows) == 11


def test_names_are_cleaned_and_formulas_are_only_text() -> None:
    name = "=1+1\u202e\u0000\x1b " + "х" * 500
    log = read(f"Name,Email,Joined,Left\n{name},M@Example.ORG,10:00,11:00\n,not an address,10:00,11:00")
    assert log.rows[0].name == ("=1+1 " + "х" * 500)[:160]
    assert log.rows[0].email == "m@example.org"
    assert wrong(log) == [(3, "log_nobody", "")]


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-16", "cp1251"]))
def test_whatever_stands_in_a_file_is_rows_problems_or_a_refusal(noise: bytes, encoding: str) -> None:
    for data in (noise, "Name,Joined,Left\r\n".encode(encoding, "replace") + noise):
        refused, log = None, Log((), ())
        try:
            log = read(data)
        except Invalid as refusal:
            refused = refusal.code
        assert refused is None or refused in messages.codes()
        assert all(row.left_at is None or row.left_at >= row.joined_at for row in log.rows)


@given(st.lists(st.text(alphabet="0123456789:/.-, apmг.чZ+тT", max_size=24), min_size=3, max_size=3))
def test_no_cell_breaks_the_reading(cells: list[str]) -> None:
    line = "\t".join(cells)
    log = read(f"Name\tDate\tJoined\tLeft\tDuration\nМария\t{line}\t{cells[0]}")
    assert len(log.rows) + len(log.problems) in (0, 1)


# --- one presence -----------------------------------------------------------------------------------------------------


def test_overlapping_stays_are_one() -> None:
    pieces = [(at(11), at(12)), (at(10), at(10, 30)), (at(10, 20), at(10, 50)), (at(10, 25), at(10, 26))]
    pieces.append((at(12), at(13)))
    assert matching.merged(pieces) == [(at(10), at(10, 50)), (at(11), at(13))]
    assert matching.merged([]) == []


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=8))
def test_the_union_has_each_minute_once(drawn: list[tuple[int, int]]) -> None:
    pieces = [(at(8) + timedelta(minutes=a), at(8) + timedelta(minutes=a + b)) for a, b in drawn]
    united = matching.merged(pieces)
    minutes = {minute for a, b in drawn for minute in range(a, a + b)}
    assert sum((until - since for since, until in united), timedelta()) == timedelta(minutes=len(minutes))
    assert all(first[1] < second[0] for first, second in zip(united, united[1:], strict=False))


# --- who is who -------------------------------------------------------------------------------------------------------

HALL = [
    Registered(1, "Мария Желева", "maria@example.org"),
    Registered(2, "Радост Пенева", "radost@example.org"),
    Registered(3, "Иван Иванов", "ivan1@example.org"),
    Registered(4, "Иван Иванов", "ivan2@example.org"),
    Registered(5, "Живко Цветков", ""),
    Registered(6, "Йордан Щърбанов", "y@example.org"),
    Registered(7, "John O'Neil", "john@example.org"),
    Registered(8, "Мария Петрова Стоянова", ""),
    Registered(9, "Елена Тодорова", "elena-old@example.org", comes=False),
    Registered(10, "Елена Тодорова", "elena@example.org"),
    Registered(11, "Нели Ружа", "", comes=False),
]


@pytest.fixture(scope="module")
def register() -> Register:
    return Register(HALL)


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("Някой друг", "maria@example.org", 1),
        ("Мария Желева", "private@mail.example", 1),
        ("Желева, Мария", "", 1),
        ("MARIA ZHELEVA", "", 1),
        ("maria zheleva (Guest)", "", 1),
        ("Мария Желева (гост)", "", 1),
        ("Mimi (Мария Желева)", "", 1),
        ("Мария Желева | Община Стара Загора", "", 1),
        ("Радост  Пенева – Agro", "", 2),
        ("John ONeil", "", 7),
        ("Джон", "john@example.org", 7),
        ("Елена Тодорова", "", 10),
        ("Нели Ружа", "", 11),
    ],
)
def test_an_address_or_a_name_of_one_person_is_certain(
    register: Register, name: str, email: str, expected: int
) -> None:
    assert register.guess(name, email) == Guess(expected)


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("Иван Иванов", {3, 4}),  # D60: two of one name
        ("Jivko Tzvetkov", {5}),
        ("Maria Jeleva", {1}),
        ("Iordan Sharbanov", {6}),
        ("Jordan Shterbanov", {6}),
        ("Maria Stoyanova", {8}),
        ("Мария Петрова Стоянова-Илиева", {8}),
        ("Radost Penewa", {2}),
        ("Радост Пенев", {2}),
        ("Радост", {2}),
        ("Желева", {1}),
    ],
)
def test_what_is_merely_similar_is_offered(register: Register, name: str, likely: set[int]) -> None:
    guess = register.guess(name, "")
    assert guess.certain is None
    assert set(guess.likely[: len(likely)]) == likely


@pytest.mark.parametrize("name", ["iPhone", "Guest", "", "+359 88 123 4567", "Asdfgh Qwerty", "🙂", "." * 160])
def test_nobody_is_offered_for_strangers(register: Register, name: str) -> None:
    assert register.guess(name, "x@strange.example") == Guess()


def test_who_a_log_names_is_one_address_or_one_name() -> None:
    named = [("Мария", "m@example.org"), ("ZHELEVA Maria", ""), ("Мария Желева (Guest)", ""), ("", "m@example.org"),
             ("iPhone", ""), ("🙂", "")]  # fmt: skip
    people = matching.people(named)
    assert [(each.name, each.email, each.rows) for each in people] == [
        ("Мария", "m@example.org", (0, 3)), ("ZHELEVA Maria", "", (1, 2)), ("iPhone", "", (4,)), ("🙂", "", (5,)),
    ]  # fmt: skip


def test_many_strangers_are_compared_with_many_people_in_seconds() -> None:
    sound = ["ба", "ви", "го", "ду", "жа", "зе", "ки", "ло", "ма", "не", "по", "ра"]
    names = [f"{a}{b}{c} {c}{a}{b}ова" for a in sound for b in sound for c in sound]
    began = time.monotonic()
    register = Register(Registered(number, name, "") for number, name in enumerate(names))
    found = [register.guess(f"{name[:-3]}ев", "") for name in names[:500]]
    assert sum(bool(guess.likely) for guess in found) > 450
    assert time.monotonic() - began < 20


# --- kept and confirmed -----------------------------------------------------------------------------------------------


@pytest.fixture
def event(ctx: Flask) -> Event:
    """A morning in October on the net; its colleagues are Alice (1) and Bob (2)."""
    made = hall.a_day(dates=[MORNING])
    make.user("alice", made.hub)
    make.user("bob", made.hub)
    return made


def keep(event: Event, data: bytes | str, session_id: int | None = None, name: str = "log.csv") -> OnlineLog:
    raw = data if isinstance(data, bytes) else data.encode()
    digest = hashlib.sha256(raw).hexdigest()
    log = read(raw)
    with transaction():
        return online_logs.keep_log(
            event.id, session_id, log, file_name=name, digest=digest, user_id=1
        )


def confirm(event: Event, log: OnlineLog, chosen: Mapping[int, Any], user_id: int = 1) -> tuple[int, int]:
    ids = {number: person.id if person is not None else None for number, person in chosen.items()}
    with transaction():
        done = online_logs.confirm(event.id, log.id, ids, user_id=user_id)
    return done.matched, done.changed


def logs() -> list[OnlineLog]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(OnlineLog).order_by(OnlineLog.id)))


TWO = "Name,Joined,Left\nРадост,09:58,10:40\nРадост,10:51,12:01\nМария,10:03,11:59\nНякой,сутринта,\n"


def test_a_log_is_kept_as_it_was_read_and_nobody_is_present_yet(event: Event) -> None:
    with hall.travel(at(14)):
        log = keep(event, TWO, name="Отчет\u202e.csv")
    assert (log.file_name, log.user_id, log.created_at, log.confirmed_at) == ("Отчет.csv", 1, at(14), None)
    assert log.rows[0] == {
        "line": 2, "name": "Радост", "email": "", "joined_at": at(9, 58).isoformat(),
        "left_at": at(10, 40).isoformat(), "registration_id": None,
    }  # fmt: skip
    assert log.rows[-1] == {"line": 5, "problem": "log_time_unreadable", "said": "сутринта"}
    assert [person.name for person in online_logs.people_in(online_logs.stays(log))] == ["Радост", "Мария"]
    assert hall.rows() == []


def test_confirmed_people_are_present_for_the_minutes_they_were_there(event: Event) -> None:
    radost, maria = hall.join(event, "Радост"), hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO, name="teams.csv")
        assert confirm(event, log, {0: radost, 1: maria}) == (2, 2)
    assert hall.told() == [
        (radost.id, "09:58", "12:01", 112, False, "online"), (maria.id, "10:03", "11:59", 116, False, "online"),
    ]  # fmt: skip
    stored = hall.scans()
    assert len(stored) == 6
    assert {(scan.method, scan.counts, scan.flagged, scan.user_id, scan.note, scan.door_id) for scan in stored} == {
        ("online", True, None, 1, "teams.csv", None)
    }
    kept = online_logs.stays(logs()[0])
    assert [online_logs.matched(kept, person) for person in online_logs.people_in(kept)] == [radost.id, maria.id]
    assert logs()[0].confirmed_at == at(14)


def test_phone_and_laptop_at_once_lose_no_minute_and_make_no_conflict(event: Event) -> None:
    """One name twice, another name, and a second log of the same meeting: all of it is one person."""
    radost = hall.join(event, "Радост")
    with hall.travel(at(14)):
        first = keep(event, "Name,Joined,Left\nРадост,10:00,11:00\nРадост,10:30,10:45\nR. iPhone,10:50,11:30\n")
        assert confirm(event, first, {0: radost, 1: radost}) == (2, 1)
        assert [row[1:4] for row in hall.told()] == [("10:00", "11:30", 90)]
        second = keep(event, "Name,Joined,Left\nРадост,11:20,12:00\nРадост,10:10,10:20\n")
        assert confirm(event, second, {0: radost}) == (1, 1)
    assert [row[1:4] for row in hall.told()] == [("10:00", "12:00", 120)]
    assert [scan.flagged for scan in hall.scans()] == [None] * len(hall.scans())
    with hall.travel(at(15)):
        assert confirm(event, second, {0: None}) == (0, 1)
    assert [row[1:4] for row in hall.told()] == [("10:00", "11:30", 90)]


def test_confirming_again_changes_only_what_changed(event: Event) -> None:
    radost, maria, ana = (hall.join(event, name) for name in ("Радост", "Мария", "Ана"))
    with hall.travel(at(14)):
        log = keep(event, TWO)
        confirm(event, log, {0: radost, 1: maria})
        before = [(scan.scan_id, scan.undone_at) for scan in hall.scans()]
        assert confirm(event, log, {0: radost, 1: maria}) == (2, 0)
        assert confirm(event, log, {}) == (2, 0)
        assert [(scan.scan_id, scan.undone_at) for scan in hall.scans()] == before
    with hall.travel(at(15)):
        assert confirm(event, log, {1: ana}, user_id=2) == (2, 2)
    assert [row[0] for row in hall.told()] == [radost.id, ana.id]
    undone = [scan for scan in hall.scans() if scan.undone_at is not None]
    assert {scan.registration_id for scan in undone} == {maria.id}
    assert [scan.user_id for scan in hall.scans() if scan.undoes] == [2, 2]
    assert db.session.get_one(type(radost), radost.id).changed_at < at(14)


def test_unmatched_and_matched_again_are_there_again(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO)
        for _turn in range(3):
            assert confirm(event, log, {1: maria}) == (1, 1)
            assert [row[3] for row in hall.told()] == [116]
            assert confirm(event, log, {1: None}) == (0, 1)
            assert hall.told() == []
    stored = hall.scans()
    assert len(stored) == 12
    assert len({scan.scan_id for scan in stored}) == 12


def test_what_staff_corrected_stays_when_others_are_matched(event: Event) -> None:
    radost, maria = hall.join(event, "Радост"), hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO)
        confirm(event, log, {1: maria})
        hall.correct(event, maria, at(10), at(11))
        assert confirm(event, log, {0: radost, 1: maria}) == (2, 1)
    assert [row[1:4] for row in hall.told()] == [("09:58", "12:01", 112), ("10:00", "11:00", 60)]


def test_in_the_hall_and_in_the_meeting(event: Event) -> None:
    door, maria = hall.a_door(event, reentry=True), hall.join(event)
    hall.scan_at(door, maria, at(9, 50))
    with hall.travel(at(11)):
        log = keep(event, "Name,Joined,Left\nМария,10:05,10:55\n")
        confirm(event, log, {0: maria})
    assert hall.told() == [(maria.id, "09:50", None, 0, True, "search")]
    with hall.travel(at(14)):
        attendance.check_out()
    assert hall.told() == [(maria.id, "09:50", "12:00", 130, False, "search")]


def test_of_a_session_only_its_hours_count(event: Event) -> None:
    session = make.session(event, "Роботи", at(10, 30), 60)
    maria, ana, ivo = (hall.join(event, name) for name in ("Мария", "Ана", "Иво"))
    with hall.travel(at(14)):
        log = keep(
            event,
            "Name,Joined,Left\nМария,09:50,12:10\nАна,10:00,10:20\nИво,11:00,\nАна,13.10.2026 23:50,13.10.2026 23:59",
            session.id,
        )
        assert confirm(event, log, {0: maria, 1: ana, 2: ivo}) == (3, 3)
    assert [(row.registration_id, row.session_id, row.minutes) for row in hall.rows()] == [
        (maria.id, session.id, 60), (ivo.id, session.id, 30),
    ]  # fmt: skip


def test_who_is_not_said_to_have_left_stayed_to_the_end_or_until_now(event: Event) -> None:
    radost, maria, ana = (hall.join(event, name) for name in ("Радост", "Мария", "Ана"))
    with hall.travel(at(11)):
        log = keep(event, "Name,Joined\nРадост,10:00\n")
        confirm(event, log, {0: radost})
    with hall.travel(at(14)):
        later = keep(event, "Name,Joined\nМария,11:30\nАна,12:30\n")
        confirm(event, later, {0: maria, 1: ana})
    assert [row[1:5] for row in hall.told()] == [
        ("10:00", "11:00", 60, False), ("11:30", "12:00", 30, False), ("12:30", "12:30", 0, False),
    ]  # fmt: skip


def test_each_day_has_its_own(ctx: Flask) -> None:
    event = hall.a_day(dates=[(at(10, day=14), at(12, day=14)), (at(10, day=15), at(12, day=15))])
    make.user("alice", event.hub)
    maria = hall.join(event)
    rows = "Name,Joined,Left\nМария,14.10.2026 10:00,14.10.2026 11:00\nМария,15.10.2026 10:00,15.10.2026 10:30\n"
    log = read(rows, days=(DAY, DAY + timedelta(days=1)), now=at(14, day=15))
    with hall.travel(at(14, day=15)):
        with transaction():
            kept = online_logs.keep_log(event.id, None, log, file_name="a", digest="0" * 64, user_id=1)
        confirm(event, kept, {0: maria})
    assert [(row.day.day, row.minutes) for row in hall.rows()] == [(14, 60), (15, 30)]


def test_the_same_file_twice_is_told(event: Event) -> None:
    session = make.session(event, "Роботи", at(10, 30), 60)
    with hall.travel(at(14)):
        first = keep(event, TWO)
        with pytest.raises(Conflict) as refusal:
            keep(event, TWO)
        assert (refusal.value.code, refusal.value.details) == ("log_known", {"log_id": first.id})
        keep(event, TWO, session.id)
        other = hall.a_day(event.hub, "drugo", dates=[MORNING])
        keep(other, TWO)
    assert len(logs()) == 3


def test_a_log_without_a_usable_row_is_refused(event: Event) -> None:
    with hall.travel(at(14)), pytest.raises(Invalid, match="log_no_rows"):
        keep(event, "Name,Joined,Left\nМария,never,\n")


def test_other_events_logs_sessions_and_people_do_not_exist(event: Event) -> None:
    other = hall.a_day(event.hub, "drugo", dates=[MORNING])
    maria, stranger = hall.join(event), hall.join(other)
    theirs = make.session(other, "Чужда", at(10), 60)
    with hall.travel(at(14)):
        log = keep(event, TWO)
        for refused in (
            lambda: keep(event, TWO, theirs.id),
            lambda: confirm(event, log, {0: stranger}),
            lambda: confirm(other, log, {0: stranger}),
        ):
            with pytest.raises(NotFound):
                refused()
        with transaction(), pytest.raises(NotFound):
            online_logs.remove_log(other.id, log.id)
    assert hall.scans() == []
    assert maria.id


def test_an_event_that_was_called_off_takes_no_log(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(11)):
        log = keep(event, "Name,Joined,Left\nМария,10:00,10:30\n")
        with transaction():
            events.cancel_event(db.session.get_one(Event, event.id), make.both("Така"))
        for refused in (lambda: keep(event, TWO[:-30] + "\n"), lambda: confirm(event, log, {0: maria})):
            with pytest.raises(Conflict, match="event_cancelled"):
                refused()


def test_a_log_is_forgotten_only_while_nobody_is_matched(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO)
        confirm(event, log, {1: maria})
        with transaction(), pytest.raises(Conflict, match="log_in_use"):
            online_logs.remove_log(event.id, log.id)
        confirm(event, log, {1: None})
        with transaction():
            online_logs.remove_log(event.id, log.id)
        assert logs() == []
        again = keep(event, TWO)
        assert confirm(event, again, {1: maria}) == (1, 1)
    assert [row[3] for row in hall.told()] == [116]


def test_killed_in_the_middle_of_a_confirmation_nothing_is_confirmed(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    radost, maria = hall.join(event, "Радост"), hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO)

        def power_cut(*values: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as broken:
            broken.setattr(statements, "attendance_upsert", power_cut)
            with pytest.raises(SystemExit):
                confirm(event, log, {0: radost, 1: maria})
        assert (hall.scans(), logs()[0].confirmed_at) == ([], None)
        assert confirm(event, log, {0: radost, 1: maria}) == (2, 2)


def test_two_colleagues_confirm_at_once(event: Event, ctx: Flask) -> None:
    radost, maria, ana = (hall.join(event, name).id for name in ("Радост", "Мария", "Ана"))
    with hall.travel(at(14)):
        event_id, log_id = event.id, keep(event, TWO).id
        db.session.rollback()

        def work(number: int) -> Any:
            with transaction():
                return online_logs.confirm(
                    event_id, log_id, {0: radost, 1: (maria, ana)[number % 2]}, user_id=1 + number % 2
                )

        results = at_doors.at_once(ctx, 4, work)
    assert [each for each in results if isinstance(each, Exception)] == []
    assert len(hall.told()) == 2
    matched = {row["registration_id"] for row in online_logs.stays(logs()[0])}
    assert matched == {row[0] for row in hall.told()}
    assert len([scan for scan in hall.scans() if scan.registration_id == radost]) == 4


def test_one_file_sent_by_two_colleagues_at_once_is_kept_once(event: Event, ctx: Flask) -> None:
    event_id = event.id
    db.session.rollback()
    log = read(TWO)

    def work(number: int) -> Any:
        with transaction():
            return online_logs.keep_log(event_id, None, log, file_name="a", digest="0" * 64, user_id=1).id

    with hall.travel(at(14)):
        results = at_doors.at_once(ctx, 4, work)
    assert sum(isinstance(each, Conflict) for each in results) == 3
    assert len(logs()) == 1


def test_a_moved_event_keeps_what_its_logs_say(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(14)):
        log = keep(event, TWO)
        confirm(event, log, {1: maria})
        with transaction():
            attendance.fold_again(event.id)
    assert [row[3] for row in hall.told()] == [116]
    assert {uuid.UUID(scan.scan_id).version for scan in hall.scans()} == {5}
