"""The room's screen as page and as JSON: what is on it, for whom, and that a pass that ended shows nothing."""

import json
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.checkin import selfcheck
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole, Method
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Ticket
from hubevents.registrations.rules import Source
from tests import make

SCRIPT = Path("static/door/screen.js")
PAGE = Path("hubevents/web/door/screen.py")
START, END = make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 17)


@pytest.fixture(autouse=True)
def _at_half_past_ten() -> Any:
    with time_machine.travel(make.sofia(2026, 10, 14, 10, 30) + timedelta(seconds=20), tick=False):
        yield


@pytest.fixture
def event(ctx: Flask) -> Event:
    title = make.both("Умна Тракия", "Smart Thrace")
    return make.event(make.hub(), title=title, dates=[(START, END)])


def screen(event: Event, role: DoorRole = DoorRole.SCREEN, **values: Any) -> Door:
    with transaction():
        return checkin.make_door(event, "Екран", role, **values)


def path(door: Door, rest: str = "") -> str:
    return f"/door/{checkin.token_of(door)}/{rest}"


def state(client: Any, door: Door, lang: str = "bg") -> dict[str, Any]:
    answer = client.get(path(door, f"screen?lang={lang}"))
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.get_json())


def test_the_same_address_shows_the_screen_instead_of_the_scanner(event: Event, client: Any) -> None:
    door = screen(event)
    answer = client.get(path(door), headers={"Accept-Language": "bg"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "Accept-Language" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    code = selfcheck.screen(door, "bg").code
    assert code is not None
    page = answer.text
    assert f"<span>{code[:3]}</span> <span>{code[3:]}</span>" in page
    for part in ("Загоре", "Умна Тракия", "сряда, 14 октомври", "door/screen."):
        assert part in page.replace("\u00a0", " ")
    assert 'id="video"' not in page


def test_the_scanners_service_worker_does_not_keep_the_page(event: Event, client: Any) -> None:
    """It keeps what looks like a scanner; a kept screen would show an old code."""
    mark = re.search(r"includes\('([^']+)'\)", Path("static/door/sw.js").read_text("utf-8"))
    assert mark is not None
    scanner, wall = (client.get(path(screen(event, role))).text for role in (DoorRole.SCAN, DoorRole.SCREEN))
    assert (mark[1] in scanner, mark[1] in wall) == (True, False)


def test_without_javascript_the_page_loads_itself_anew_with_the_next_code(event: Event, client: Any) -> None:
    page = client.get(path(screen(event))).text
    assert '<noscript><meta http-equiv="refresh" content="41"></noscript>' in page
    assert 'max="60" value="40"' in page


def test_its_javascript_is_told_where_to_ask_and_what_stands_there(event: Event, client: Any) -> None:
    door = screen(event)
    page = client.get(path(door) + "?lang=en").text
    setup = json.loads(page.partition('id="room">')[2].partition("</script>")[0])
    assert setup["address"] == path(door, "screen?lang=en")
    assert setup["now"] == state(client, door, "en")
    assert set(setup["words"]) == set(re.findall(r"words\.(\w+)", SCRIPT.read_text("utf-8")))


def test_the_json_says_the_code_of_this_minute_and_how_long_it_stands(event: Event, client: Any) -> None:
    door = screen(event)
    with transaction():
        person = registrations.Registrant("Мария", "Желязкова", None, "bg")
        maria = registrations.register(event.id, person, source=Source.STAFF)
    with transaction():
        selfcheck.check_in(maria.id, event.id, selfcheck.screen(door, "bg").code or "", "bg")
    answer = client.get(path(door, "screen?lang=en"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.get_json() == {
        "code": selfcheck.screen(door, "en").code,
        "seconds_left": 40,
        "present": 1,
        "title": "Smart Thrace",
        "of": None,
        "day": "Wednesday, 14\u00a0October",
        "note": None,
        "tally": "1 checked in",
    }


def test_a_session_is_named_with_its_event(event: Event, client: Any) -> None:
    session = make.session(event, "Роботи", START)
    told = state(client, screen(event, session_ids=[session.id]))
    assert (told["title"], told["of"]) == ("Роботи", "Умна Тракия")


@pytest.mark.parametrize(
    ("moment", "lang", "note"),
    [
        (START - timedelta(hours=3), "en", "The code appears at 08:00"),
        (START - timedelta(days=2), "en", "The code appears on 14\u00a0October, 08:00"),
        (END + timedelta(minutes=121), "en", "Check-in is over"),
    ],
)
def test_d20_without_a_code_it_says_why(event: Event, client: Any, moment: Any, lang: str, note: str) -> None:
    door = screen(event)
    with transaction():
        db.session.get_one(Door, door.id).expires_at = END + timedelta(days=1)
    with time_machine.travel(moment, tick=False):
        told = state(client, door, lang)
        page = client.get(path(door) + f"?lang={lang}").text
    assert (told["code"], told["note"]) == (None, note)
    assert note in page
    assert re.search(r'id="code" hidden', page)


def test_d70_a_cancelled_event_has_no_code(event: Event, client: Any) -> None:
    door = screen(event)
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    told = state(client, door, "en")
    assert (told["code"], told["note"]) == (None, "The event is cancelled")


def test_revoked_ended_renewed_and_forged_passes_show_nothing(event: Event, client: Any) -> None:
    door = screen(event)
    old = path(door)
    with transaction():
        checkin.renew_door(event.id, door.id)
    with time_machine.travel(door.expires_at + timedelta(seconds=1), tick=False):
        ended = path(door)
        assert [client.get(ended + rest).status_code for rest in ("", "screen")] == [410, 410]
    with transaction():
        checkin.revoke_door(event.id, door.id)
    for address, status in ((old, 410), (path(door), 410), ("/door/" + "x" * 32 + "/", 404)):
        page, told = client.get(address), client.get(address + "screen")
        assert (page.status_code, page.mimetype) == (status, "text/html")
        assert (told.status_code, told.mimetype) == (status, "application/json")
        assert "code" not in {key for key, value in told.get_json().items() if str(value).isdecimal()}


@pytest.mark.parametrize("role", [role for role in DoorRole if role is not DoorRole.SCREEN])
def test_other_doors_have_no_screen(event: Event, client: Any, role: DoorRole) -> None:
    assert client.get(path(screen(event, role), "screen")).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_it_costs_the_same_however_many_people_and_sessions_there_are(
    event: Event, client: Any, queries: Any, number: int
) -> None:
    ids = [make.session(event, f"Сесия {turn}", START).id for turn in range(number)]
    door = screen(event, session_ids=ids)
    with transaction():
        people = [
            registrations.register(event.id, registrations.Registrant(str(turn), "Х", None, "bg"), source=Source.STAFF)
            for turn in range(number)
        ]
    for person in people:
        with transaction():
            selfcheck.check_in(person.id, event.id, selfcheck.screen(door, "bg").code or "", "bg")
    address = path(door, "screen")
    with queries() as seen:
        assert client.get(address).get_json()["present"] == number
    assert len(seen) == 5  # the door; its event's rules, dates and sessions; the number of people


def test_the_screen_answers_as_often_as_it_asks(event: Event, client: Any) -> None:
    """Three questions a minute and one as it turns, from a dozen rooms behind one address, stay below the limit."""
    asked = re.search(r'ASKED = "(\d+) per minute"', PAGE.read_text("utf-8"))
    every = re.search(r"const EVERY = (\d+);", SCRIPT.read_text("utf-8"))
    assert asked is not None
    assert every is not None
    assert int(asked[1]) >= 12 * (60 // int(every[1]) + 1)


@pytest.mark.parametrize("by", ["registration", "code"])
def test_a_scan_by_the_pass_of_a_screen_is_refused(event: Event, client: Any, by: str) -> None:
    """Everybody in the room can read the screen's address; it must open nothing but the screen."""
    door = screen(event)
    with transaction():
        person = registrations.Registrant("Мария", "Желязкова", None, "bg")
        maria = registrations.register(event.id, person, source=Source.STAFF)
    ticket = db.session.scalars(sa.select(Ticket.code).where(Ticket.registration_id == maria.id)).one()
    named = {"registration": str(maria.id)} if by == "registration" else {"code": ticket}
    for method in (*Method, "walk_in", None):
        item = {"scan_id": str(uuid.uuid4()), "scanned_at": clock.now().isoformat(), "method": method, **named}
        (answer,) = client.post(path(door, "scans"), json={"scans": [item]}).get_json()["verdicts"]
        assert (answer["verdict"], answer["reason"], answer["name"]) == ("refused", "bad_item", None), method
