"""The Attendance tab: the list, marking, correcting, exports, logs; who may, and nothing typed breaks it."""

import csv
import io
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from hubevents.accounts.models import User
from hubevents.checkin.models import Attendance, OnlineLog, Scan
from hubevents.core.db import db
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Role
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.web.organiser import attendance_logs
from tests import make, people
from tests.checkin import hall
from tests.checkin.hall import DAY, at
from tests.web import walk
from tests.web.test_hostile import TYPED

CASES = Path(__file__).parents[2] / "checkin" / "cases"


class Desk:
    """Alice at the attendance of one event from ten to five."""

    def __init__(self, app: Flask, **values: Any) -> None:
        self.app = app
        with hall.travel(at(9)):
            self.cast = people.cast(app)
        with app.app_context():
            with hall.transaction():
                db.session.execute(sa.update(User).values(language="en"))
            event = hall.a_day(db.session.get_one(Hub, self.cast.hub_id), "lekciya", **values)
            self.event_id = event.id
            self.door_id = hall.a_door(event, reentry=True).id
        self.base = f"/organise/zagore/events/{self.event_id}/attendance"
        self.day = f"day={DAY}"
        self.browsers: dict[Any, Any] = {}

    def browser(self, name: str, moment: Any) -> Any:
        """Somebody's browser at a moment; a sign-in lasts for a while only."""
        key = (name, moment.date(), moment.hour)
        if key not in self.browsers:
            with hall.travel(moment):
                self.browsers[key] = people.signed_in(self.app, name)
        return self.browsers[key]

    def join(self, first: str, last: str = "Желева", **more: Any) -> int:
        with self.app.app_context():
            return hall.join(self.event, first, last, **more).id

    @property
    def event(self) -> Any:
        return db.session.get_one(hall.Event, self.event_id)

    def scan(self, id: int, moment: Any, **values: Any) -> None:
        with self.app.app_context():
            door = db.session.get_one(hall.Door, self.door_id)
            assert hall.scan_at(door, db.session.get_one(Registration, id), moment, **values) in ("admitted", "left")

    def get(self, path: str = "/", moment: Any = None, name: str = "alice", **query: Any) -> Any:
        moment = moment or at(12)
        browser = self.browser(name, moment)
        with hall.travel(moment):
            return browser.get(self.base + path, query_string={"day": str(DAY), **query})

    def post(self, path: str, data: Any, moment: Any = None, name: str = "alice", **query: Any) -> Any:
        moment = moment or at(12)
        browser = self.browser(name, moment)
        with hall.travel(moment):
            return browser.post(self.base + path, query_string={"day": str(DAY), **query}, data=data)

    def told(self) -> list[Any]:
        with self.app.app_context():
            return hall.told()

    def scans(self) -> list[Scan]:
        with self.app.app_context():
            return hall.scans()

    def follow(self, answer: Any, moment: Any = None) -> str:
        """The page after an answer."""
        assert answer.status_code == 303, answer.text
        moment = moment or at(12)
        with hall.travel(moment):
            return str(self.browser("alice", moment).get(answer.location).text)


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def names(page: str) -> list[str]:
    """The people that the list shows, in order."""
    return [part.split("</a>")[0].split(">")[-1] for part in page.split('class="c-name">')[1:]]


def cells(page: str) -> list[list[str]]:
    """The rows of the list as texts."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<tbody>")[1].split("</tbody>")[0], re.DOTALL)
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in rows
    ]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_who_is_here_who_left_who_is_missing_and_who_came_unexpected(desk: Desk) -> None:
    here, left, missing, unexpected, away = (
        desk.join(name, name) for name in ("Ана", "Боян", "Вяра", "Горан", "Дора")
    )
    desk.scan(here, at(10, 2))
    desk.scan(left, at(10, 4))
    desk.scan(left, at(11), direction="out")
    with desk.app.app_context(), hall.travel(at(9)):
        for id in (unexpected, away):
            with hall.transaction():
                registrations.cancel(id, by="person")
        hall.mark(desk.event, db.session.get_one(Registration, unexpected), stay=None, user_id=1)
    page = desk.get().text
    assert [row[1:] for row in cells(page)] == [
        ["Ана Ана", "", "Here now", "10:02", "", "", "Found by name, Вход А"],
        ["Боян Боян", "", "Was here", "10:04", "11:00", "56", "Found by name, Вход А"],
        ["Вяра Вяра", "", "Not here", "", "", "", "Mark present"],
        ["Горан Горан", "", "Here without a place", "09:00", "", "", "By hand, Alice"],
    ]
    assert missing
    assert away
    assert names(page) == ["Ана Ана", "Боян Боян", "Вяра Вяра", "Горан Горан"]
    assert [names(desk.get(show=show).text) for show in ("here", "inside", "missing", "others", "strange")] == [
        ["Ана Ана", "Боян Боян", "Горан Горан"], ["Ана Ана", "Горан Горан"], ["Вяра Вяра"], ["Дора Дора"],
        ["Ана Ана", "Боян Боян", "Вяра Вяра", "Горан Горан"],
    ]  # fmt: skip
    assert names(desk.get(q="boyan").text) == ["Боян Боян"]
    assert names(desk.get(q="никой").text) == []
    assert re.findall(r'<b class="num">(\d+)</b>', page) == ["3"]


def test_days_and_sessions_are_plain_links_and_the_whole_event_comes_first(app: Flask) -> None:
    desk = Desk(app, dates=[(at(9, day=14), at(17, day=16))])
    with app.app_context():
        talk = make.session(desk.event, "Роботи", hall.at(11, day=15), 60).id
        make.session(desk.event, "Утре", hall.at(11, day=16), 60)
    maria = desk.join("Мария")
    page = desk.get("/", at(12, day=15), day="2026-10-15").text
    days = re.findall(r'href="([^"]*day=2026-10-\d\d)"', page)
    assert [url[-10:] for url in days[:3]] == ["2026-10-14", "2026-10-15", "2026-10-16"]
    assert page.count('aria-current="true"') == 3  # the day, the whole event, all people
    assert f"day=2026-10-15&amp;session={talk}" in page
    assert "Утре" not in page
    desk.post("/present", {"one": maria}, at(12, day=16), day="2026-10-15", session=talk)
    assert [(row[1], row[2], row[3]) for row in desk.told()] == [("11:00", "12:00", 60)]
    session_page = desk.get("/", at(12, day=16), day="2026-10-15", session=talk).text
    assert cells(session_page)[0][3:6] == ["11:00", "12:00", "60"]
    assert cells(desk.get("/", at(12, day=16), day="2026-10-15").text)[0][-1] == "Mark present"


@pytest.mark.parametrize(
    ("moment", "expected"), [(at(12, day=1), 14), (at(12, day=15), 15), (at(12, day=17), 16), (at(12, day=31), 21)]
)
def test_without_a_day_in_the_address_it_is_today_or_the_nearest(app: Flask, moment: Any, expected: int) -> None:
    desk = Desk(app, dates=[(at(9, day=14), at(17, day=16)), (at(9, day=21), at(17, day=21))])
    desk.join("Мария")
    assert f"{expected}\u00a0October 2026" in desk.get("/", moment, day="").text
    assert f"{expected}\u00a0October 2026" in desk.get("/", moment, day="2026-13-77").text


def test_an_event_without_a_day_says_what_is_missing(app: Flask) -> None:
    desk = Desk(app)
    with app.app_context():
        bare = make.event(db.session.get_one(Hub, desk.cast.hub_id), "bez-data", dates=[]).id
    client, base = desk.browser("alice", at(12)), f"/organise/zagore/events/{bare}/attendance"
    with hall.travel(at(12)):
        assert 'class="empty"' in client.get(f"{base}/").text
        assert client.get(f"{base}/online").status_code == 303
        assert client.get(f"{base}/export.csv").status_code == 200
        assert client.post(f"{base}/present?day={DAY}", data={"one": "1"}).status_code == 404
        assert client.post(f"{base}/online", data={}).status_code == 404


def test_pages_of_fifty(desk: Desk) -> None:
    with desk.app.app_context():
        for number in range(51):
            hall.join(desk.event, f"Име {number:02}", "Желева")
    with desk.app.app_context(), hall.transaction():
        db.session.execute(sa.update(Registration).values(status="confirmed"))
    assert len(names(desk.get().text)) == 50
    second = desk.get(page=2).text
    assert names(second) == ["Име 50 Желева"]
    assert "51" in second


def test_the_list_the_person_and_the_log_cost_the_same_for_1_and_3(desk: Desk, queries: Any) -> None:
    def cost(path: str) -> int:
        path, _mark, query = path.partition("?")
        desk.browser("alice", at(12))
        with queries() as seen:
            assert desk.get(path, **dict(each.split("=") for each in query.split("&") if each)).status_code == 200
        return len(seen)

    def more(names_: tuple[str, ...]) -> None:
        for name in names_:
            id = desk.join(name)
            desk.scan(id, at(10, 5))
            with desk.app.app_context(), hall.travel(at(11)):
                hall.correct(desk.event, db.session.get_one(Registration, id), at(10), at(10, 30))
                hall.correct(desk.event, db.session.get_one(Registration, id), at(10), at(10, 40))

    def read(name: str, rows: str) -> None:
        answer = send_log(desk, f"Name,Joined,Left\n{rows}".encode(), name, at(12), zone="UTC")
        assert answer.status_code == 303

    more(("Ана",))
    read("a.csv", "Ана,07:10,07:20\n")
    paths = ["/", "/?show=missing&q=a", "/1/", "/export.csv", "/online", "/online/1"]
    one = [cost(path) for path in paths]
    more(("Боян", "Вяра"))
    read("b.csv", "Ана,07:10,07:20\nБоян,07:10,07:20\nВяра,07:10,07:20\n")
    read("c.csv", "Ана,07:10,07:20\nПетър,07:11,07:20\n")
    assert [cost(path) for path in [*paths[:5], "/online/2"]] == one
    assert max(one) <= 14


# --- marking ----------------------------------------------------------------------------------------------------------


def test_one_press_marks_one_person_and_comes_back_to_the_same_list(desk: Desk) -> None:
    ana = desk.join("Ана")
    page = desk.get(show="missing", q="ана").text
    form = re.search(r'<form method="post" action="([^"]*present[^"]*)"', page)
    act = re.search(r'name="act" value="([0-9a-f-]{36})"', page)
    assert form
    assert act
    with hall.travel(at(12)):
        url = form[1].replace("&amp;", "&")
        answer = desk.browser("alice", at(12)).post(url, data={"one": str(ana), "act": act[1]})
        assert desk.browser("alice", at(12)).post(url, data={"one": str(ana), "act": act[1]}).status_code == 303
    assert answer.location.startswith(f"{desk.base}/?")
    assert "show=missing" in answer.location
    assert [row[1:3] for row in desk.told()] == [("12:00", None)]
    assert len(desk.scans()) == 1
    assert desk.scans()[0].user_id == 1


def test_several_are_marked_with_times_or_the_usual_ones(desk: Desk) -> None:
    ids = [desk.join(name) for name in ("Ана", "Боян", "Вяра")]
    desk.post("/present", {"id": [str(id) for id in ids[:2]], "came": "10:30", "left": "11:45"})
    desk.post("/present", {"id": [str(ids[2])], "came": "", "left": "16:00"}, at(18))
    assert [row[1:4] for row in desk.told()] == [("10:30", "11:45", 75)] * 2 + [("10:00", "16:00", 360)]
    assert "3 were marked already" in desk.follow(desk.post("/present", {"id": [str(id) for id in ids]}))
    assert len(desk.scans()) == 6


@pytest.mark.parametrize(
    "data",
    [{}, {"id": "x"}, {"id": ["1"], "came": "later"}, {"id": ["1"], "came": "13:00"}, {"id": ["1"], "came": "11:00",
     "left": "10:30"}, {"id": ["1"], "left": "25:61"}],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_marked(desk: Desk, data: dict[str, Any]) -> None:
    desk.join("Ана")
    assert 'class="flash flash--warn"' in desk.follow(desk.post("/present", data))
    assert desk.told() == []


@pytest.mark.parametrize("query", [{"day": ""}, {"day": "2026-10-13"}, {"session": "99"}, {"session": "x"}])
def test_nothing_is_changed_at_a_guess(desk: Desk, query: dict[str, str]) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    before = desk.told()
    assert desk.post("/present", {"one": str(ana)}, **query).status_code == 404
    assert desk.post("/out", {}, **query).status_code == 404
    assert desk.post(f"/{ana}/times", {"times-came": "10:00", "times-reason": "Така"}, **query).status_code == 404
    assert desk.post(f"/{ana}/absent", {"absent-reason": "Така"}, **query).status_code == 404
    assert desk.told() == before


def test_people_of_another_event_are_not_found(desk: Desk) -> None:
    ana = desk.join("Ана")
    with desk.app.app_context():
        stranger = hall.join(hall.a_day(db.session.get_one(Hub, desk.cast.hub_id), "drugo"), "Чужд").id
    assert desk.post("/present", {"id": [str(ana), str(stranger)]}).status_code == 404
    assert desk.get(f"/{stranger}/").status_code == 404
    assert desk.post(f"/{stranger}/times", {"times-came": "10:00"}).status_code == 404
    assert desk.told() == []


@pytest.mark.parametrize("back", ["//evil.example/", "x\r\nSet-Cookie: a=b", "q=%D0%B0&show=here", "q=я", "#x"])
def test_the_way_back_stays_on_the_list(desk: Desk, back: str) -> None:
    location = desk.post("/present", {}, back=back).location
    assert location.startswith(f"{desk.base}/")
    assert "\n" not in location


def test_everybody_is_checked_out_only_while_somebody_is_here_today(desk: Desk) -> None:
    ana = desk.join("Ана")
    assert "/attendance/out" not in desk.get().text
    desk.scan(ana, at(10, 30))
    assert "/attendance/out" in desk.get().text
    assert "/attendance/out" not in desk.get("/", at(8, day=15)).text
    assert 'flash--warn' in desk.follow(desk.post("/out", {}, at(8, day=15)), at(8, day=15))
    desk.post("/out", {"act": str(uuid.uuid4())})
    assert [row[2:5] for row in desk.told()] == [("12:00", 90, False)]


# --- one person -------------------------------------------------------------------------------------------------------


def test_a_correction_needs_a_reason_and_stands_in_the_history(desk: Desk) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    page = desk.get(f"/{ana}/").text
    fields = walk.fields(page)
    assert (fields["times-came"], fields["times-left"]) == ("10:30", "")
    data = {"times-act": fields["times-act"], "times-came": "10:00", "times-left": "11:30"}
    refused = desk.post(f"/{ana}/times", data)
    assert refused.status_code == 422
    assert "error-sum" in refused.text
    assert walk.fields(refused.text)["times-came"] == "10:00"
    done = desk.post(f"/{ana}/times", {**data, "times-reason": "Часовникът на телефона <b>"})
    page = desk.follow(done)
    assert desk.told()[0][1:4] == ("10:00", "11:30", 90)
    assert "Часовникът на телефона &lt;b&gt;" in page
    assert page.count('class="att-gone"') == 1
    assert page.count("<li") >= 4
    again = desk.post(f"/{ana}/times", {**data, "times-reason": "Часовникът на телефона <b>"})
    assert again.status_code == 303
    assert len(desk.scans()) == 4


def test_an_untouched_time_keeps_its_seconds(desk: Desk) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30).replace(second=42))
    desk.post(f"/{ana}/times", {"times-came": "10:30", "times-left": "11:00", "times-reason": "Така"})
    assert desk.scans()[-2].scanned_at.second == 42
    assert desk.told()[0][3] == 29


def test_marking_one_person_with_times_needs_no_reason(desk: Desk) -> None:
    ana, boyan = desk.join("Ана"), desk.join("Боян")
    assert desk.post(f"/{ana}/times", {"times-came": "10:15", "times-left": ""}).status_code == 303
    assert desk.post(f"/{boyan}/times", {"times-reason": "Видях го"}, at(18)).status_code == 303
    assert [row[1:3] for row in desk.told()] == [("10:15", None), ("10:00", "17:00")]
    assert {scan.note for scan in desk.scans()} == {None, "Видях го"}


@pytest.mark.parametrize(
    "data",
    [
        {"times-came": "", "times-left": "11:00", "times-reason": "Така"},
        {"times-came": "", "times-left": "", "times-reason": "Така"},
        {"times-came": "12:30", "times-reason": "Така"},
        {"times-came": "10:00", "times-left": "09:00", "times-reason": "Така"},
        {"times-came": "10:00", "times-left": "23:00", "times-reason": "Така"},
        {"times-came": "25:00", "times-reason": "Така"},
        {"times-came": "10:00", "times-reason": "  \u202e "},
        {"times-came": "10:00", "times-reason": "х" * 301},
        {"times-came": "10:00", "times-reason": "ЕГН 7523169263"},
    ],
)
def test_times_that_cannot_be_are_said_at_their_field(desk: Desk, data: dict[str, str]) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    answer = desk.post(f"/{ana}/times", data)
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert len(desk.scans()) == 1


def test_was_not_here_needs_a_reason_and_takes_all_back(desk: Desk) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    assert desk.post(f"/{ana}/absent", {"absent-reason": " "}).status_code == 422
    act = str(uuid.uuid4())
    page = desk.follow(desk.post(f"/{ana}/absent", {"absent-reason": "Друг човек", "absent-act": act}))
    assert desk.told() == []
    assert "Друг човек" in page
    assert 'flash--warn' in desk.follow(desk.post(f"/{ana}/absent", {"absent-reason": "Друг човек", "absent-act": act}))
    assert len(desk.scans()) == 2


def test_a_time_that_the_clocks_leave_out_is_said(app: Flask) -> None:
    desk = Desk(app, dates=[(make.sofia(2027, 3, 28, 1), make.sofia(2027, 3, 28, 6))])
    ana = desk.join("Ана")
    moment = make.sofia(2027, 3, 28, 8)
    answer = desk.post(f"/{ana}/times", {"times-came": "03:30"}, moment, day="2027-03-28")
    assert answer.status_code == 422
    assert "03:30" in answer.text
    warned = desk.post("/present", {"id": [str(ana)], "came": "03:30"}, moment, day="2027-03-28")
    assert 'flash--warn' in desk.follow(warned, moment)


def test_whatever_is_typed_is_a_message_or_harmless(desk: Desk) -> None:
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    forms: list[tuple[str, dict[str, Any]]] = [
        ("/present", {"one": "", "id": "", "act": "", "came": "", "left": ""}),
        ("/out", {"act": ""}),
        (f"/{ana}/times", {"times-act": "", "times-came": "10:00", "times-left": "11:00", "times-reason": "Така"}),
        (f"/{ana}/absent", {"absent-act": "", "absent-reason": "Така"}),
        ("/online", {"session": "", "zone": "UTC", "day": str(DAY)}),
    ]
    wrong = []
    with walk.faults_seen(desk.app), walk.forgetting(desk.app):
        for path, fields in forms:
            for name in fields:
                for typed in TYPED:
                    status = desk.post(path, {**fields, name: typed}).status_code
                    if status not in (303, 404, 409, 422):
                        wrong.append((path, name, typed[:20], status))
    assert wrong == []


# --- exports ----------------------------------------------------------------------------------------------------------


def test_the_exports_hold_what_the_list_shows_and_calculate_nothing(desk: Desk) -> None:
    evil, missing = desk.join("=1+1", "+Желева", organisation="@SUM(A1)"), desk.join("Вяра", "Вяра")
    desk.scan(evil, at(10, 2))
    desk.scan(evil, at(11), direction="out")
    answer = desk.get("/export.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lekciya-attendance-2026-10-14.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, first, second = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(head) == len(first) == 12
    assert (first[0], first[1], first[3], first[5]) == ("'=1+1", "'+Желева", "'@SUM(A1)", "2026-10-14")
    assert (first[8], first[9], first[10]) == ("10:02", "11:00", "58")
    assert second[8:11] == ["", "", ""]
    book = desk.get("/export.xlsx", show="here")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["=1+1"]
    assert rows[1][10] == 58.0
    assert missing


# --- logs -------------------------------------------------------------------------------------------------------------


def send_log(desk: Desk, data: bytes, name: str = "teams.csv", moment: Any = None, **fields: str) -> Any:
    """A file as a browser sends it."""
    given = {"session": "", "zone": "Europe/Sofia", "day": str(DAY), **fields}
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in given.items()
    )
    body += f'--x\r\nContent-Disposition: form-data; name="source"; filename="{name}"\r\n\r\n'.encode()
    moment = moment or at(14)
    browser = desk.browser("alice", moment)
    with hall.travel(moment):
        return browser.post(
            f"{desk.base}/online", data=body + data + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x"
        )


def test_a_log_is_sent_matched_confirmed_and_changed(app: Flask) -> None:
    desk = Desk(app, dates=[(make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 12))])
    radost = desk.join("Радост", "Пенева", email="radost.peneva@firma.example.org")
    maria, zhivko = desk.join("Мария", "Желева"), desk.join("Жельо", "Жечев")
    answer = send_log(desk, (CASES / "teams.csv").read_bytes())
    page = desk.follow(answer, at(14))
    chosen = {
        number: re.search(r'value="(\d+)" selected', options)
        for number, options in re.findall(r'<select[^>]*name="person-(\d+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    }
    assert {number: int(found[1]) if found else 0 for number, found in chosen.items()} == {
        "0": 0, "1": radost, "2": maria, "3": 0, "4": 0,
    }  # fmt: skip
    likely = page.split('name="person-4"')[1].split("</optgroup>")[0]
    assert f'<option value="{zhivko}">' in likely
    assert desk.told() == []
    confirm = answer.location.removeprefix(desk.base)
    first = {"person-0": "0", "person-1": str(radost), "person-2": str(maria), "person-4": "0"}
    done = desk.post(confirm, first, at(14))
    page = desk.follow(done, at(14))
    assert [(row[0], row[3]) for row in desk.told()] == [(radost, 111), (maria, 116)]
    assert 'class="flash">' in page
    desk.post(confirm, {"person-2": "0", "person-4": str(zhivko)}, at(14))
    assert [row[0] for row in desk.told()] == [radost, zhivko]
    logs = desk.get("/online", at(14)).text
    assert "teams.csv" in logs
    history = desk.get(f"/{maria}/", at(14)).text
    assert history.count('class="att-gone"') == 2
    assert "teams.csv" in history


def test_the_same_file_twice_leads_to_the_first(desk: Desk) -> None:
    desk.join("Мария")
    data = (CASES / "zoom.csv").read_bytes()
    first, second = send_log(desk, data), send_log(desk, data, "copy.csv")
    assert first.location == second.location
    assert 'flash--warn' in desk.follow(second, at(14))


def test_bad_rows_are_shown_with_their_lines(desk: Desk) -> None:
    page = desk.follow(send_log(desk, "Name,Joined,Left\nМария,10:00,11:00\nИво,<b>,\n".encode()), at(14))
    assert "<details" in page
    assert "&lt;b&gt;" in page
    assert "3:" in page


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"a,b\n1,2", b"Name,Joined\nM,never", b"x" * (5 * 2**20 + 1), b"\x00\xff" * 50],
    ids=["empty", "workbook", "strange", "no row", "large", "binary"],
)  # fmt: skip
def test_what_is_no_log_is_said_at_the_file(desk: Desk, data: bytes) -> None:
    answer = send_log(desk, data)
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    with desk.app.app_context():
        assert db.session.scalars(sa.select(OnlineLog)).all() == []


def test_without_a_file_or_with_far_too_large_a_one(desk: Desk) -> None:
    assert desk.post("/online", {"session": "", "zone": "UTC", "day": str(DAY)}, at(14)).status_code == 422
    assert send_log(desk, b"x" * (6 * 2**20)).status_code == 413
    assert send_log(desk, b"Name,Joined\nM,10:00", zone="Mars/Olympus").status_code == 422
    assert send_log(desk, b"Name,Joined\nM,10:00", day="2026-10-13").status_code == 422
    assert send_log(desk, b"Name,Joined\nM,10:00", session="99").status_code == 422


@pytest.mark.parametrize("value", ["x", "-1", "9" * 20, "99", ""])
def test_a_strange_choice_is_not_found(desk: Desk, value: str) -> None:
    desk.join("Мария")
    path = send_log(desk, b"Name,Joined,Left\nM,10:00,11:00").location.removeprefix(desk.base)
    assert desk.post(path, {"person-0": value}, at(14)).status_code == 404
    assert desk.told() == []


def test_a_log_is_forgotten(desk: Desk) -> None:
    maria = desk.join("Мария")
    path = send_log(desk, b"Name,Joined,Left\nM,10:00,11:00").location.removeprefix(desk.base)
    desk.post(path, {"person-0": str(maria)}, at(14))
    assert "/remove" not in desk.get(path, at(14)).text
    assert desk.post(f"{path}/remove", {}, at(14)).status_code == 409
    desk.post(path, {"person-0": "0"}, at(14))
    assert "/remove" in desk.get(path, at(14)).text
    assert desk.post(f"{path}/remove", {}, at(14)).status_code == 303
    assert desk.get(path, at(14)).status_code == 404


def test_a_log_of_very_many_offers_only_the_likely(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.join("Мария")
    path = send_log(desk, b"Name,Joined,Left\nMaria Jeleva,10:00,11:00").location.removeprefix(desk.base)
    assert desk.get(path, at(14)).text.count("<optgroup") == 2
    monkeypatch.setattr(attendance_logs, "MOST_OPTIONS", 0)
    assert desk.get(path, at(14)).text.count("<optgroup") == 1


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_reporter_reads_and_exports_but_changes_nothing(desk: Desk) -> None:
    with desk.app.app_context():
        make.user("rada", db.session.get_one(Hub, desk.cast.hub_id), Role.REPORTER)
    ana = desk.join("Ана")
    desk.scan(ana, at(10, 30))
    path = send_log(desk, b"Name,Joined,Left\nM,10:00,11:00").location.removeprefix(desk.base)
    for page in ("/", f"/{ana}/", "/online", path):
        text = desk.get(page, name="rada").text
        assert f'method="post" action="{desk.base}' not in text, page
        assert "<select" not in text.split("<main")[1], page
    assert "export.csv" in desk.get(name="rada").text
    for page in ("/present", "/out", f"/{ana}/times", f"/{ana}/absent", "/online", path, f"{path}/remove"):
        assert desk.post(page, {}, name="rada").status_code == 403, page


def test_the_door_and_other_hubs_see_nothing(desk: Desk) -> None:
    ana = desk.join("Ана")
    for name, status in (("bob", 403), ("charlie", 404)):
        for page in ("/", f"/{ana}/", "/export.csv", "/online"):
            assert desk.get(page, name=name).status_code == status
    with desk.app.app_context():
        assert db.session.scalars(sa.select(Attendance)).all() == []
