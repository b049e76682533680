"""The label at the scan: the pass decides, whose badge it may be, and what a label printer gets."""

import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
import zxingcpp
from flask import Flask
from PIL import Image

from hubevents.checkin import intake
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, links, tokens
from hubevents.core.db import db, transaction
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import Source
from hubevents.web.door import badge
from hubevents.web.limits import limiter
from tests import make
from tests.conftest import new_app, settings_for


@pytest.fixture
def door(ctx: Flask) -> Door:
    now = clock.now()
    event = make.event(make.hub(), dates=[(now - timedelta(hours=1), now + timedelta(hours=2))])
    with transaction():
        made = checkin.make_door(event, "Вход Б", DoorRole.STEWARD)
        made.badges = True
        return made


@pytest.fixture
def person(door: Door) -> Registration:
    return registered(door.event_id)


def registered(event_id: int) -> Registration:
    with transaction():
        wish = registrations.Registrant("Мария", "Желязкова", None, "bg")
        return registrations.register(event_id, wish, source=Source.STAFF)


def path(door: Door, registration_id: int, rest: str = "") -> str:
    address = links.path(links.DOOR_BADGE, token=checkin.token_of(door), registration_id=str(registration_id))
    return address + rest


def scanned(door: Door, row: Registration, **more: Any) -> None:
    now = clock.now()
    code = tickets.issue(tokens.ticket_keys()[0], event_id=row.event_id, registration_id=row.id, version=1)
    scan = {"scan_id": str(uuid.uuid4()), "code": code, "scanned_at": now.isoformat(), **more}
    with transaction():
        checkin.take_scans(checkin.token_of(door), intake.read({"scans": [scan]}), now, "bg")


def become(door: Door, role: DoorRole, *, prints: bool = True) -> None:
    with transaction():
        row = db.session.get_one(Door, door.id)
        row.role, row.badges = role.value, prints


def test_the_label_is_black_on_white_and_holds_the_ticket(door: Door, person: Registration, client: Any) -> None:
    answer = client.get(path(door, person.id))
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert "Set-Cookie" not in answer.headers
    image = Image.open(BytesIO(answer.data))
    assert (image.mode, image.size) == ("1", (732, 1181))
    assert [round(dots) for dots in image.info["dpi"]] == [300, 300]
    read = tickets.read(
        zxingcpp.read_barcodes(image.convert("L"))[0].text, [key.public_key() for key in tokens.ticket_keys()]
    )
    assert isinstance(read, tickets.Ticket)
    assert read.registration_id == person.id


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("?size=roll-62x29", (732, 343)),
        ("?size=80x50", (732, 1181)),
        ("?size=", (732, 1181)),
        ("?lang=en", (732, 1181)),
    ],
)
def test_a_size_of_the_roll_may_be_chosen(door: Door, person: Registration, client: Any, query: str, size: Any) -> None:
    assert Image.open(BytesIO(client.get(path(door, person.id, query)).data)).size == size


@pytest.mark.parametrize("role", [DoorRole.SEARCH, DoorRole.STEWARD])
def test_a_door_that_shows_names_prints_for_everybody_with_a_place(
    door: Door, person: Registration, client: Any, role: DoorRole
) -> None:
    become(door, role)
    assert client.get(path(door, person.id)).status_code == 200


@pytest.mark.parametrize("role", [DoorRole.SCAN, DoorRole.KIOSK])
def test_a_door_without_full_names_prints_for_those_who_came_in(
    door: Door, person: Registration, client: Any, role: DoorRole
) -> None:
    become(door, role)
    early = client.get(path(door, person.id))
    assert (early.status_code, early.mimetype) == (409, "application/json")
    assert early.get_json()["code"] == "badge_too_early"
    assert "Мария" not in early.get_data(as_text=True)
    scanned(door, person)
    assert client.get(path(door, person.id)).status_code == 200


def test_who_was_let_in_has_a_badge_whatever_the_registration_says(door: Door, client: Any) -> None:
    with transaction():
        db.session.get_one(Door, door.id).event.capacity = 0
    row = registered(door.event_id)
    assert client.get(path(door, row.id)).status_code == 404
    scanned(door, row, code=None, registration=str(row.id), method="search", override_reason="Лектор е")
    assert client.get(path(door, row.id)).status_code == 200
    with transaction():
        registrations.cancel(row.id, by="staff")
    assert client.get(path(door, row.id)).status_code == 200


def test_no_badge_where_the_door_prints_none_or_nobody_stands(door: Door, person: Registration, client: Any) -> None:
    other = registered(make.event(door.event.hub, "drugo").id)
    gone = registered(door.event_id)
    with transaction():
        registrations.cancel(gone.id, by="staff")
    for id in (other.id, gone.id, 10**6, 2**31):
        answer = client.get(path(door, id))
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert client.get(path(door, person.id).replace(f"/{person.id}.png", "/x.png")).status_code == 404
    become(door, DoorRole.SCREEN)
    assert client.get(path(door, person.id)).status_code == 404
    become(door, DoorRole.STEWARD, prints=False)
    assert client.get(path(door, person.id)).status_code == 404
    assert client.get(path(door, person.id).replace(checkin.token_of(door), "x" * 32)).status_code == 404


def test_a_pass_that_ended_or_was_revoked_prints_no_more(door: Door, person: Registration, client: Any) -> None:
    with time_machine.travel(door.expires_at + timedelta(seconds=1), tick=False):
        late = client.get(path(door, person.id))
    assert (late.status_code, late.mimetype) == (410, "application/json")
    with transaction():
        checkin.revoke_door(door.event_id, door.id)
    assert client.get(path(door, person.id)).status_code == 410


def test_labels_are_limited(tmp_path: Path) -> None:
    app = new_app(settings_for(tmp_path, rate_limits=True))
    client = app.test_client()
    address = links.path(links.DOOR_BADGE, token="x" * 32, registration_id="1")
    most = int(badge.BADGES.split()[0])
    assert {client.get(address).status_code for _ in range(most)} == {404}
    assert client.get(address).status_code == 429
    with app.app_context():
        db.engine.dispose()
    limiter.enabled = False
