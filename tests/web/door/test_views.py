"""The scanner's page and its JSON route: passes, limits, bodies, and no cookies."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Door
from hubevents.checkin.rules import Answer, DoorRole, Reason
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Ticket
from hubevents.registrations.rules import Source
from hubevents.web.door import words
from tests import make


@pytest.fixture
def door(ctx: Flask) -> Door:
    now = clock.now()
    event = make.event(make.hub(), dates=[(now - timedelta(hours=1), now + timedelta(hours=2))])
    with transaction():
        return checkin.make_door(event, "Вход Б", DoorRole.SCAN)


def code(event_id: int) -> str:
    with transaction():
        person = registrations.Registrant("Мария", "Желязкова", "maria@example.org", "bg")
        made = registrations.register(event_id, person, source=Source.STAFF)
        return db.session.scalars(sa.select(Ticket.code).where(Ticket.registration_id == made.id)).one()


def path(door: Door, rest: str = "") -> str:
    return f"/door/{checkin.token_of(door)}/{rest}"


def post(client: Any, door: Door, body: Any, **values: Any) -> Any:
    return client.post(path(door, "scans"), data=body if isinstance(body, (bytes, str)) else json.dumps(body),
                       **{"content_type": "application/json", **values})  # fmt: skip


def test_the_page_shows_the_door_and_is_never_stored(door: Door, client: Any) -> None:
    answer = client.get(path(door), headers={"Accept-Language": "bg"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Permissions-Policy"].startswith("camera=(self)")
    text = answer.get_data(as_text=True)
    assert "Вход Б" in text
    setup = json.loads(text.partition('id="setup">')[2].partition("</script>")[0])
    assert setup["scans"] == path(door, "scans")
    assert (setup["language"], setup["zone"], setup["overrides"]) == ("bg", "Europe/Sofia", False)
    assert setup["wasm"].endswith(".wasm")


def test_the_language_is_the_browsers_or_asked_for_and_no_cookies(door: Door, client: Any) -> None:
    client.set_cookie("language", "bg")
    assert b'<html lang="en">' in client.get(path(door), headers={"Accept-Language": "en"}).data
    assert b'<html lang="bg">' in client.get(path(door) + "?lang=bg", headers={"Accept-Language": "en"}).data
    assert b'<html lang="bg">' in client.get(path(door) + "?lang=xx").data


def test_every_answer_has_words(ctx: Flask) -> None:
    with ctx.test_request_context():
        known = set(words.verdicts())
    told = {each.value for each in Answer} - {"refused"} | {each.value for each in Reason}
    assert told - known == set()
    assert known - told == {"overridden", "waiting"}


def test_revoked_and_ended_passes_are_gone_and_forged_ones_unknown(door: Door, client: Any) -> None:
    assert client.get("/door/" + "x" * 32 + "/").status_code == 404
    assert client.get("/door/x/").status_code == 404
    with time_machine.travel(door.expires_at + timedelta(seconds=1), tick=False):
        gone = client.get(path(door))
    assert gone.status_code == 410
    assert gone.mimetype == "text/html"
    assert gone.headers["Cache-Control"] == "no-store"
    with transaction():
        checkin.revoke_door(door.event_id, door.id)
    assert client.get(path(door)).status_code == 410
    assert post(client, door, {"device": None, "scans": []}).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
        late = post(client, door, {"device": None, "scans": []})
    assert (late.status_code, late.mimetype) == (410, "application/json")
    forged = client.post("/door/" + "x" * 32 + "/scans", json={"scans": []})
    assert (forged.status_code, forged.mimetype) == (404, "application/json")


def test_the_roster_is_absent_until_its_issue(door: Door, client: Any) -> None:
    assert client.get(path(door, "roster")).status_code == 404


def test_a_scan_needs_no_cookie_and_no_csrf_token(door: Door, client: Any, app: Flask) -> None:
    scan = {"scan_id": str(uuid.uuid4()), "code": code(door.event_id), "method": "code"}
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = post(client, door, {"scans": [{**scan, "scanned_at": clock.now().isoformat()}], "more": 1})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.get_json() == {
        "present": 1,
        "verdicts": [
            {
                "scan_id": scan["scan_id"],
                "verdict": "admitted",
                "reason": None,
                "name": "Мария Желязкова",
                "first_scan": None,
            }
        ],
    }


def test_an_empty_list_is_a_heartbeat(door: Door, client: Any) -> None:
    assert post(client, door, {"scans": []}).get_json() == {"present": 0, "verdicts": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 50_000, 400),
        (b"1" * 5_000, 400),
        ([], 400),
        ({"scans": None}, 400),
        ({"scans": [{}] * 501}, 413),
        (b'{"scans": [' + b" " * 1_100_000 + b"]}", 413),
        ({"device": "x", "scans": [None]}, 200),
        ({"device": {"id": "x", "name": 5, "sent_at": [], "queued": "7"}, "scans": []}, 200),
        ({"device": {"id": str(uuid.UUID(int=1)), "name": "\0\ud800" * 90, "queued": 10**30}, "scans": []}, 200),
        ('{"device": null, "scans": [{"scan_id": "\\ud800", "code": "\\ud800", "scanned_at": NaN}]}', 200),
    ],
)
def test_hostile_bodies_are_refused_in_json(door: Door, client: Any, body: Any, status: int) -> None:
    answer = post(client, door, body)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")


def test_other_content_types_and_methods_are_refused(door: Door, client: Any) -> None:
    assert client.post(path(door, "scans"), data={"scans": "[]"}).status_code == 415
    assert post(client, door, {"scans": []}, content_type="text/plain").status_code == 415
    assert client.get(path(door, "scans")).status_code == 405


def test_d18_opening_the_page_checks_nobody_in(door: Door, client: Any) -> None:
    code(door.event_id)
    client.get(path(door))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attendance)) == 0


def test_d68_what_the_door_learns_is_limited_to_names(door: Door, client: Any) -> None:
    code(door.event_id)
    assert "Желязкова" not in client.get(path(door)).get_data(as_text=True)
    with transaction():
        event = db.session.get_one(Event, door.event_id)
        event.online_url = "https://meet.example.org/secret"
    assert "secret" not in client.get(path(door)).get_data(as_text=True)
