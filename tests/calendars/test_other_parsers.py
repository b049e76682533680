"""Other programs read what ics.py writes: the same events, instants and titles (INTEROP X1-X5)."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
import vobject

from hubevents.calendars import ics
from tests.calendars.checker import check_feed, instants

ROOT = Path(__file__).parents[2]
FIRST = ics.Entry(
    uid="3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001",
    sequence=3,
    created_at=datetime(2026, 1, 1, 8, 0, tzinfo=UTC),
    changed_at=datetime(2026, 1, 2, 8, 30, tzinfo=UTC),
    starts_at=datetime(2026, 12, 3, 8, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 3, 10, 0, tzinfo=UTC),
    zone="Europe/Sofia",
    summary="Изкуствен интелект; за малки, средни \\ големи предприятия 👩\u200d💻",
    description="Ред едно\nред две, с „кавички“ и ' апостроф\n" + "дълъг текст " * 40,
    location="Стара Загора, ул. „Цар Симеон Велики“ 100",
    url="https://example.org/bg/загоре/",
    categories=("Семинар", "ИИ, данни"),
    geo=(42.42484, 25.63452),
    conference=("https://meet.example.org/a", 'Стая "1"'),
)


def moved(uid: str, start: datetime, hours: float, **changes: object) -> ics.Entry:
    return replace(FIRST, uid=uid, starts_at=start, ends_at=start + timedelta(hours=hours), **changes)


ENTRIES = (
    FIRST,
    moved("summer", datetime(2027, 7, 1, 6, 30, tzinfo=UTC), 1.5, summary="Лято"),
    moved("before-spring", datetime(2027, 3, 28, 0, 30, tzinfo=UTC), 2, summary="Нощта на лятното часово време"),
    moved("twice", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 1, summary="Часът, който идва два пъти"),
    moved("conference", datetime(2027, 5, 11, 6, 0, tzinfo=UTC), 58, summary="Конференция"),
    moved("past", datetime(2024, 10, 28, 7, 0, tzinfo=UTC), 2, summary="Минало", zone="Europe/Sofia"),
    moved("ny", datetime(2027, 3, 20, 15, 0, tzinfo=UTC), 1, summary="Partner", zone="America/New_York"),
    moved("rabat", datetime(2027, 3, 20, 15, 0, tzinfo=UTC), 1, summary="Maroc", zone="Africa/Casablanca"),
    moved("cancelled", datetime(2027, 1, 20, 8, 0, tzinfo=UTC), 1, status="cancelled", mark="Отменено"),
    moved("maybe", datetime(2027, 1, 21, 8, 0, tzinfo=UTC), 1, summary="Може би", status="tentative"),
)
FEED = ics.feed(
    "Загоре: събития, обучения",
    {zone for entry in ENTRIES if (zone := ics.zone_used(entry))},
    map(ics.vevent, ENTRIES),
    zone="Europe/Sofia",
)
REQUEST = ics.invite(
    FIRST,
    method="REQUEST",
    organiser=("events@example.org", "Хъб „Загоре“"),
    attendee=("maria@example.org", "Мария Петрова"),
    sequence=3,
    sent_at=FIRST.changed_at,
)
EXPECTED = {
    entry.uid: (
        entry.starts_at,
        entry.ends_at,
        f"{entry.mark}: {entry.summary}" if entry.mark else entry.summary,
    )
    for entry in ENTRIES
}
FILES = pytest.mark.parametrize(
    ("data", "expected"), [(FEED, EXPECTED), (REQUEST, {FIRST.uid: EXPECTED[FIRST.uid]})], ids=["feed", "invite"]
)


def test_the_feed_of_these_tests_is_right():
    assert check_feed(FEED, now=datetime(2026, 11, 23, tzinfo=UTC)) == []
    assert instants(FEED) == EXPECTED


@FILES
def test_x1_to_x4_icalendar(data, expected):
    calendar = icalendar.Calendar.from_ical(data)
    assert {
        str(event["UID"]): (
            event["DTSTART"].dt.astimezone(UTC),
            event["DTEND"].dt.astimezone(UTC),
            str(event["SUMMARY"]),
        )
        for event in calendar.walk("VEVENT")
    } == expected
    assert [event.errors for event in calendar.walk()] == [[] for _ in calendar.walk()]


@FILES
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_x1_to_x4_vobject(data, expected):
    calendar = vobject.readOne(data.decode())
    assert {
        event.uid.value: (
            event.dtstart.value.astimezone(UTC),
            event.dtend.value.astimezone(UTC),
            event.summary.value,
        )
        for event in calendar.vevent_list
    } == expected


@FILES
def test_x1_to_x4_icaljs(data, expected):
    folder, node = ROOT / "node_modules" / "ical.js", shutil.which("node", path=node_path())
    if not folder.is_dir() or node is None:
        pytest.skip("node_modules/ical.js is absent: make setup")
    command = [node, str(Path(__file__).with_name("icaljs.mjs")), str(folder)]
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=60)
    assert {
        uid: (datetime.fromisoformat(start), datetime.fromisoformat(end), title)
        for uid, (start, end, title) in json.loads(done.stdout).items()
    } == expected


def node_path() -> str:
    """Look beside this Python too: without a system Node the wheel's lies there."""
    return os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])


def test_x5_khal_imports_all_events_into_an_empty_store(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "config").write_text(
        f"""[calendars]
[[hub]]
path = {store}
[sqlite]
path = {tmp_path / "khal.db"}
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%dT%H:%M
longdatetimeformat = %Y-%m-%dT%H:%M
local_timezone = UTC
default_timezone = UTC
""",
        encoding="utf-8",
    )
    (tmp_path / "feed.ics").write_bytes(FEED)

    def khal(*words: str) -> str:
        environment = {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        command = [str(Path(sys.executable).parent / "khal"), "-c", str(tmp_path / "config"), *words]
        done = subprocess.run(command, capture_output=True, check=True, timeout=120, env=environment, encoding="utf-8")
        return done.stdout

    khal("import", "--batch", "-a", "hub", str(tmp_path / "feed.ics"))
    assert len(list(store.glob("*.ics"))) == len(ENTRIES)
    listed = khal(
        "list",
        "--once",
        "--notstarted",
        "--day-format",
        "",
        "--format",
        "{uid}|{start}|{end}|{title}",
        "2024-01-01",
        "1500d",
    )
    found = {}
    for line in filter(None, listed.splitlines()):
        uid, start, end, title = line.split("|")
        found[uid] = tuple(datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, end)) + (title,)
    assert found == EXPECTED
