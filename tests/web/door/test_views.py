"""The scanner's page and its JSON route: passes, limits, bodies, and no cookies."""

import gzip
import json
import posixpath
import re
import uuid
from collections import Counter
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, current_app
from PIL import Image, ImageChops, ImageDraw

from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Device, Door, Scan
from hubevents.checkin.rules import Answer, DoorRole, Reason
from hubevents.core import clock, tokens
from hubevents.core.assets import Assets
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import Source
from hubevents.web.door import installing, words
from tests import make, people
from tests.conftest import new_app, settings_for


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
    assert (setup["page"], setup["roster"], setup["scans"]) == (path(door), path(door, "roster"), path(door, "scans"))
    assert (setup["door"], setup["role"], setup["badges"]) == (str(door.id), "scan", False)
    assert setup["worker"] == "/door/sw.js"
    assert (setup["language"], setup["zone"]) == ("bg", "Europe/Sofia")
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
    assert known - told == {"overridden", "waiting", "provisional"}


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


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_is_private_and_packed_when_the_phone_takes_it(door: Door, client: Any) -> None:
    code(door.event_id)
    plain = client.get(path(door, "roster"))
    assert (plain.status_code, plain.mimetype) == (200, "application/json")
    found = plain.get_json()
    assert [person["name"] for person in found["registrations"]] == ["Мария Ж."]
    for taken, packed in [
        ("gzip, deflate, br, zstd", True),
        ("gzip", True),
        ("*", True),
        ("br", False),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ]:
        answer = client.get(path(door, "roster"), headers={"Accept-Encoding": taken})
        assert (answer.headers.get("Content-Encoding") == "gzip", taken) == (packed, taken)
        body = gzip.decompress(answer.data) if packed else answer.data
        assert json.loads(body)["registrations"] == found["registrations"]
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert {each.strip() for each in answer.headers["Vary"].split(",")} >= {"Accept-Encoding", "Accept-Language"}
        assert "Set-Cookie" not in answer.headers


def test_a_difference_is_asked_for_by_version_and_device(door: Door, client: Any) -> None:
    first = client.get(path(door, "roster")).get_json()
    asked = {"since": first["version"], "device": str(uuid.uuid4())}
    assert client.get(path(door, "roster"), query_string=asked).get_json()["complete"] is False
    for strange in ("", "\0", "x" * 3000, "1-2"):
        answer = client.get(path(door, "roster"), query_string={"since": strange, "device": strange})
        assert (answer.status_code, answer.get_json()["complete"]) == (200, True)


def test_the_titles_of_the_list_are_in_the_pages_language(door: Door, client: Any) -> None:
    for taken, title in [("en", "Lecture lekciya"), ("bg", "Лекция lekciya")]:
        answer = client.get(path(door, "roster"), headers={"Accept-Language": taken})
        assert answer.get_json()["event"]["title"] == title


def test_d44_the_list_says_in_json_that_it_is_over(door: Door, client: Any) -> None:
    device = str(uuid.uuid4())
    post(client, door, {"device": {"id": device}, "scans": []})
    with transaction():
        db.session.execute(sa.update(Device).values(revoked_at=clock.now()))
    shut = client.get(path(door, "roster"), query_string={"device": device})
    assert (shut.status_code, shut.mimetype, shut.get_json()["code"]) == (410, "application/json", "device_revoked")
    assert client.get(path(door, "roster")).status_code == 200
    with transaction():
        checkin.revoke_door(door.event_id, door.id)
    gone = client.get(path(door, "roster"), headers={"Accept-Encoding": "gzip"})
    assert (gone.status_code, gone.get_json()["code"]) == (410, "door_closed")
    assert client.get("/door/" + "x" * 32 + "/roster").status_code == 404


def test_fetching_the_list_writes_nothing(door: Door, client: Any) -> None:
    code(door.event_id)
    client.get(path(door, "roster"), query_string={"device": str(uuid.uuid4())})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Device)) == 0


def test_lists_are_limited_by_pass_and_address(tmp_path: Path) -> None:
    app = new_app(settings_for(tmp_path, rate_limits=True))
    client = app.test_client()
    answers = Counter(client.get(f"/door/{'x' * 32}/roster").status_code for _ in range(601))
    assert answers == {404: 600, 429: 1}
    assert client.get(f"/door/{'y' * 32}/roster").status_code == 404
    with app.app_context():
        db.engine.dispose()


# --- the app ---------------------------------------------------------------------------------------------------------


def test_the_page_installs_as_an_app_of_its_own(door: Door, client: Any) -> None:
    answer = client.get(path(door, "manifest.webmanifest") + "?lang=bg")
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    found = json.loads(answer.data)
    assert (found["name"], found["short_name"], found["lang"]) == ("Вход Б · Загоре", "Вход Б", "bg")
    assert found["start_url"] == found["scope"] == found["id"] == path(door)
    assert found["display"] == "standalone"
    assert {(icon["sizes"], icon["purpose"]) for icon in found["icons"]} == {
        (size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")
    }
    for icon in found["icons"]:
        assert client.get(icon["src"]).mimetype == icon["type"]
    assert json.loads(client.get(path(door, "manifest.webmanifest") + "?lang=en").data)["name"] == "Вход Б · Zagore"
    with transaction():
        checkin.revoke_door(door.event_id, door.id)
    assert client.get(path(door, "manifest.webmanifest")).status_code == 410


@pytest.mark.parametrize("size", [180, 192, 512])
def test_the_icon_keeps_inside_what_a_mask_leaves(app: Flask, client: Any, size: int) -> None:
    answer = client.get(f"/door/icon-{size}.png")
    assert answer.headers["Cache-Control"] == "public, max-age=604800"
    assert "Set-Cookie" not in answer.headers
    picture = Image.open(BytesIO(answer.data)).convert("RGB")
    assert (picture.size, picture.format) == ((size, size), None)
    ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    drawn = ImageChops.difference(picture, ground).convert("L").point(lambda shade: 255 if shade > 8 else 0)
    assert drawn.histogram()[255] > 0.03 * size * size
    ImageDraw.Draw(drawn).ellipse((0.1 * size, 0.1 * size, 0.9 * size - 1, 0.9 * size - 1), fill=0)
    assert drawn.getbbox() is None


@pytest.mark.parametrize("size", ["0", "1", "181", "99999999", "x", "-1"])
def test_there_are_no_other_icons(app: Flask, client: Any, size: str) -> None:
    assert client.get(f"/door/icon-{size}.png", follow_redirects=True).status_code == 404


@pytest.fixture
def static(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of static files of our own."""
    (tmp_path / "door").mkdir()
    (tmp_path / "door" / "sw.js").write_text("self.addEventListener('fetch', () => SHELL);\n")
    (tmp_path / "door" / "door.js").write_text("//")
    monkeypatch.setitem(app.extensions, "assets", Assets(tmp_path, watch=True))
    return tmp_path


def shell_of(answer: Any) -> Any:
    first, _newline, rest = answer.get_data(as_text=True).partition("\n")
    assert rest == "self.addEventListener('fetch', () => SHELL);\n"
    return json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))


def test_the_service_worker_may_serve_all_doors_and_is_looked_at_each_time(static: Path, client: Any) -> None:
    answer = client.get("/door/sw.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Service-Worker-Allowed"] == "/door/"
    assert "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    again = client.get("/door/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    (static / "door" / "sw.js").unlink()
    assert client.get("/door/sw.js").status_code == 404


def test_the_service_worker_knows_a_new_version_by_the_names_of_its_files(static: Path, client: Any) -> None:
    shell = shell_of(client.get("/door/sw.js"))
    assert shell["assets"] == ["/static/door/door.js"]
    (static / "door" / "store.js").write_text("//")
    newer = shell_of(client.get("/door/sw.js"))
    assert newer["assets"] == ["/static/door/door.js", "/static/door/store.js"]
    assert newer["version"] != shell["version"]


def test_d30_the_service_worker_keeps_all_that_the_page_needs(door: Door, client: Any) -> None:
    """Whatever the page, its modules and its styles name is in the list, and every file of the list is there."""
    static = app_assets()
    kept = installing._shell(static)
    page = client.get(path(door)).get_data(as_text=True)
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    setup = json.loads(page.partition('id="setup">')[2].partition("</script>")[0])
    named |= {value for value in setup.values() if isinstance(value, str) and value.startswith("/static/")}
    waiting = list(named)
    while waiting:
        url = waiting.pop()
        if not url.endswith((".js", ".css")) or "zxing" in url:
            continue
        source = client_text(static, url)
        found = re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']|url\(["']?([^"')]+\.woff2)""", source)
        for reference in {one or other for one, other in found}:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(url), reference))
            if target not in named:
                named.add(target)
                waiting.append(target)
    assert len(named) > 15
    assert named - set(kept) == set()
    assert [url for url in kept if not (static.static / url.removeprefix("/static/")).is_file()] == []
    assert "/static/" + static.path("door/sw.js") not in kept
    assert not [url for url in kept if "organiser" in url or "public/" in url]


def app_assets() -> Assets:
    found = current_app.extensions["assets"]
    assert isinstance(found, Assets)
    return found


def client_text(static: Assets, url: str) -> str:
    return (static.static / url.removeprefix("/static/")).read_text("utf-8")


# --- scans -----------------------------------------------------------------------------------------------------------


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
    now = answer.get_json().pop("now")
    assert abs(datetime.fromisoformat(now) - clock.now()) < timedelta(minutes=1)
    assert answer.get_json() == {
        "now": now,
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
    answer = post(client, door, {"scans": []}).get_json()
    assert (answer["present"], answer["verdicts"], sorted(answer)) == (0, [], ["now", "present", "verdicts"])


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
        ({"device": {"id": str(uuid.UUID(int=1)), "name": 5, "list_at": "вчера", "queued": True}, "scans": []}, 200),
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
    client.get(path(door, "roster"))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attendance)) == 0


def test_d18_the_holders_link_shows_the_ticket_and_checks_nobody_in_for_staff_either(door: Door, app: Flask) -> None:
    code(door.event_id)
    row = db.session.scalars(sa.select(Registration)).one()
    make.user("alice", door.event.hub)
    token = tokens.link(tokens.REGISTRATION, row.id, row.link_version)
    db.session.rollback()
    for browser in (app.test_client(), people.signed_in(app, "alice")):
        for rest in ("", "ticket.png"):
            assert browser.get(f"/bg/r/{token}/{rest}").status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Scan)) == 0


def test_d73_a_hundred_scans_a_minute_of_one_phone_are_far_from_any_limit(tmp_path: Path) -> None:
    app = new_app(settings_for(tmp_path, rate_limits=True))
    with app.app_context():
        now = clock.now()
        event = make.event(make.hub(), dates=[(now - timedelta(hours=1), now + timedelta(hours=2))])
        with transaction():
            token = checkin.token_of(checkin.make_door(event, "Вход", DoorRole.SCAN))
        db.session.remove()
    client = app.test_client()
    answers = Counter(
        client.post(
            f"/door/{token}/scans",
            json={"scans": [{"scan_id": str(uuid.uuid4()), "code": "1", "scanned_at": now.isoformat()}]},
        ).status_code
        for _ in range(110)
    )
    assert answers == {200: 110}
    with app.app_context():
        db.engine.dispose()


def test_d68_what_the_door_learns_is_limited_to_names(door: Door, client: Any) -> None:
    code(door.event_id)
    assert "Желязкова" not in client.get(path(door)).get_data(as_text=True)
    with transaction():
        event = db.session.get_one(Event, door.event_id)
        event.online_url = "https://meet.example.org/secret"
    assert "secret" not in client.get(path(door)).get_data(as_text=True)
