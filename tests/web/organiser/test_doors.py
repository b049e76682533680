"""The Door tab: making, showing, renewing and revoking passes; who sees what."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.checkin import intake
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.hubs.rules import Role
from tests import make


def sign_in(client: Any, user: Any) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = f"{user.id}:{user.session_epoch}"
        session["_fresh"] = True


@pytest.fixture
def event(ctx: Flask) -> Event:
    now = clock.now()
    return make.event(make.hub(), dates=[(now - timedelta(hours=1), now + timedelta(hours=2))])


@pytest.fixture
def alice(event: Event, client: Any) -> Any:
    sign_in(client, make.user("alice", event.hub, language="en"))
    return client


def path(event: Event, rest: str = "") -> str:
    return f"/organise/zagore/events/{event.id}/door{rest}"


def only_door() -> Door:
    db.session.expire_all()
    return db.session.scalars(sa.select(Door)).one()


def test_an_organiser_makes_a_door_and_sees_its_code(event: Event, alice: Any) -> None:
    assert "No entrance yet" in alice.get(path(event)).get_data(as_text=True)
    answer = alice.post(path(event), data={"role": "steward", "name": "", "session": ""})
    door = only_door()
    assert (answer.status_code, answer.location) == (303, path(event, f"?show={door.id}"))
    assert (door.name, door.role, door.session_ids) == ("Entrance A", "steward", [])
    page = alice.get(answer.location).get_data(as_text=True)
    assert checkin.address(door) in page
    assert '<details class="door-code" data-seconds="60" open>' in page
    assert '<details class="door-code" data-seconds="60">' in alice.get(path(event)).get_data(as_text=True)
    assert alice.get(path(event)).headers["Cache-Control"] == "no-store"


def test_a_door_for_one_session(event: Event, alice: Any) -> None:
    session = make.session(event, "Роботи")
    alice.post(path(event), data={"role": "scan", "name": "Зала 2", "session": str(session.id)})
    door = only_door()
    assert (door.name, door.session_ids) == ("Зала 2", [session.id])


@pytest.mark.parametrize(
    "data",
    [{"role": "kiosk", "session": ""}, {"role": "boss"}, {"role": "scan", "session": "99"}, {"name": "x" * 81}],
)
def test_a_bad_form_comes_back(event: Event, alice: Any, data: dict[str, str]) -> None:
    assert alice.post(path(event), data={"role": "scan", "session": "", **data}).status_code == 422
    assert db.session.scalars(sa.select(Door)).all() == []


def test_revoke_and_renew(event: Event, alice: Any, client: Any) -> None:
    alice.post(path(event), data={"role": "scan", "session": ""})
    first = f"/door/{checkin.token_of(only_door())}/"
    assert client.get(first).status_code == 200
    door_id = only_door().id
    assert alice.post(path(event, f"/{door_id}/revoke")).status_code == 303
    assert client.get(first).status_code == 410
    assert checkin.address(only_door()) not in alice.get(path(event)).get_data(as_text=True)
    assert alice.post(path(event, f"/{door_id}/renew")).status_code == 303
    assert client.get(first).status_code == 410
    assert client.get(f"/door/{checkin.token_of(only_door())}/").status_code == 200


def test_door_staff_shows_codes_but_makes_none_and_sees_no_list(event: Event, alice: Any, app: Flask) -> None:
    alice.post(path(event), data={"role": "scan", "session": ""})
    delivery = intake.read(
        {
            "scans": [
                {"scan_id": "0b9ad3c2-6b1a-4b52-9c7c-1f5b7c0e4a11", "code": "x", "scanned_at": "2026-10-14T10:00:00Z"}
            ]
        }
    )
    with transaction():
        checkin.take_scans(checkin.token_of(only_door()), delivery, clock.now(), "bg")
    assert "Not a ticket of ours" in alice.get(path(event)).get_data(as_text=True)
    bob = app.test_client()
    sign_in(bob, make.user("bob", event.hub, Role.DOOR, language="en"))
    page = bob.get(path(event)).get_data(as_text=True)
    assert checkin.address(only_door()) in page
    assert "Not a ticket of ours" not in page
    assert bob.post(path(event), data={"role": "scan", "session": ""}).status_code == 403
    assert bob.post(path(event, f"/{only_door().id}/revoke")).status_code == 403


def test_other_hubs_and_events_are_not_found(event: Event, alice: Any, app: Flask) -> None:
    alice.post(path(event), data={"role": "scan", "session": ""})
    door = only_door()
    second = make.event(event.hub, "drugo")
    for act in ("revoke", "renew"):
        assert alice.post(path(second, f"/{door.id}/{act}")).status_code == 404
    charlie = app.test_client()
    sign_in(charlie, make.user("charlie", make.hub("sliven"), language="en"))
    assert charlie.get(path(event)).status_code == 404
    assert charlie.get(f"/organise/sliven/events/{event.id}/door").status_code == 404
    assert charlie.post(f"/organise/sliven/events/{event.id}/door/{door.id}/revoke").status_code == 404
    assert only_door().revoked_at is None


def test_one_and_three_doors_cost_the_same(event: Event, alice: Any, queries: Any) -> None:
    alice.post(path(event), data={"role": "scan", "session": ""})
    with queries() as one:
        alice.get(path(event))
    for _ in range(2):
        alice.post(path(event), data={"role": "scan", "session": ""})
    with queries() as three:
        page = alice.get(path(event)).get_data(as_text=True)
    assert len(re.findall(r'id="door-\d+"', page)) == 3
    assert len(one) == len(three)
