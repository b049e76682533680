"""Another hub's pages and ids do not exist: every staff route is called with them and answers 404."""

from typing import Any

import pytest
from flask import Flask

from hubevents.agenda.models import SessionSpeaker
from hubevents.checkin.models import Device, Door, OnlineLog, Scan
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Role
from hubevents.mail.models import OutboxMessage
from hubevents.mail.service import queue
from hubevents.registrations import service as registrations
from hubevents.registrations.service import Registrant
from tests import make, people


def things(hub: Hub, slug: str) -> dict[str, int]:
    """An event with everything that hangs on it, and what hangs on the hub; ids by the names that addresses use."""
    venue = make.venue(hub)
    programme = make.programme(hub, slug=f"p-{slug}")
    event = make.event(hub, slug, venue_id=venue.id, programme_id=programme.id)
    session = make.session(event, speakers=("Д-р Пенева",), track="Умения")
    now = clock.now()
    with transaction():
        person = Registrant("Мария", "Желева", f"maria-{slug}@example.org", "bg")
        registration = registrations.register(event.id, person)
    with transaction():
        message = queue(
            "confirmation",
            about=f"registration:{registration.id}",
            recipient="maria@example.org",
            language="bg",
            data={},
            hub_id=hub.id,
            event_id=event.id,
        )
        door = Door(
            event_id=event.id, name="Вход", role="scan", session_ids=[], created_at=now, expires_at=event.ends_at
        )
        db.session.add(door)
        db.session.flush()
        device = Device(door_id=door.id, uuid=f"{slug:>036}", first_seen_at=now, last_seen_at=now)
        scan = Scan(scan_id=f"{slug:>036}", door_id=door.id, event_id=event.id, day=now.date(), method="qr",
                    direction="in", scanned_at=now, said_at=now, received_at=now, verdict="refused")  # fmt: skip
        log = OnlineLog(event_id=event.id, file_name="a.csv", digest="0" * 64, rows=[], created_at=now)
        db.session.add_all([device, scan, log])
    assert isinstance(message, OutboxMessage)
    speaking = db.session.query(SessionSpeaker).filter_by(session_id=session.id).one()
    membership = db.session.query(Membership).filter_by(hub_id=hub.id, role=Role.OWNER).one()
    return {
        "event_id": event.id, "venue_id": venue.id, "programme_id": programme.id, "session_id": session.id,
        "speaker_id": speaking.speaker_id, "track_id": session.track_id or 0, "registration_id": registration.id,
        "message_id": message.id, "door_id": door.id, "device_id": device.id, "membership_id": membership.id,
        "scan_id": scan.id, "log_id": log.id,
    }  # fmt: skip


OF_EVENT = ("session_id", "registration_id", "message_id", "door_id", "device_id", "track_id", "scan_id", "log_id")


@pytest.fixture
def world(app: Flask) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Ids of zagore's event, of another event of zagore and of rodopi's."""
    cast = people.cast(app)
    with app.app_context():
        zagore, rodopi = db.session.get_one(Hub, cast.hub_id), db.session.get_one(Hub, cast.other_id)
        return things(zagore, "nasha"), things(zagore, "druga"), things(rodopi, "chuzhda")


def staff_rules(app: Flask) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/organise/<slug:hub>")]


def numbers(rule: Any) -> list[str]:
    """The ids that an address of this rule names."""
    return sorted(rule.arguments - {"hub", "form"})


def calls(app: Flask, rule: Any, values: dict[str, Any]) -> list[tuple[str, str]]:
    """Method and address of every way to call a rule."""
    adapter = app.url_map.bind("localhost")
    given = {name: value for name, value in {"form": "csv", **values}.items() if name in rule.arguments}
    methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    return [(method, adapter.build(rule.endpoint, given, method=method)) for method in methods]


def test_every_id_in_a_staff_address_is_tried_here(app: Flask, world: Any) -> None:
    assert {name for rule in staff_rules(app) for name in numbers(rule)} <= world[0].keys()


def test_another_hubs_pages_do_not_exist(app: Flask, world: Any) -> None:
    client = people.signed_in(app, "alice")
    found = [
        (method, path)
        for rule in staff_rules(app)
        for method, path in calls(app, rule, {"hub": "rodopi", **world[2]})
        if client.open(path, method=method).status_code != 404
    ]
    assert found == []


def test_another_hubs_ids_do_not_exist_in_ones_own_hub(app: Flask, world: Any) -> None:
    ours, _second, theirs = world
    client = people.signed_in(app, "alice")
    found = []
    tried = 0
    for rule in staff_rules(app):
        for name in numbers(rule):
            for method, path in calls(app, rule, {"hub": "zagore", **ours, name: theirs[name]}):
                tried += 1
                if client.open(path, method=method).status_code != 404:
                    found.append((method, path))
    assert found == []
    assert tried >= 40


def test_another_events_ids_do_not_exist_in_an_event(app: Flask, world: Any) -> None:
    ours, second, _theirs = world
    client = people.signed_in(app, "alice")
    found = []
    for rule in staff_rules(app):
        if "event_id" not in rule.arguments:
            continue
        for name in set(numbers(rule)) & set(OF_EVENT):
            for method, path in calls(app, rule, {"hub": "zagore", **ours, name: second[name]}):
                if client.open(path, method=method).status_code != 404:
                    found.append((method, path))
    assert found == []


def test_ones_own_are_there(app: Flask, world: Any) -> None:
    client = people.signed_in(app, "alice")
    missing = [
        path
        for rule in staff_rules(app)
        for method, path in calls(app, rule, {"hub": "zagore", **world[0]})
        if method == "GET" and client.get(path).status_code not in (200, 303, 409)
    ]
    assert missing == []


def test_ids_posted_in_a_list_are_scoped_too(app: Flask, world: Any) -> None:
    ours, second, theirs = world
    client = people.signed_in(app, "alice")
    path = f"/organise/zagore/events/{ours['event_id']}/people/selected"
    for strange in (second, theirs):
        ids = [str(ours["registration_id"]), str(strange["registration_id"])]
        answer = client.post(path, data={"act": "cancel", "sure": "yes", "id": ids})
        assert answer.status_code == 404
    with app.app_context():
        assert {event.seats_taken for event in db.session.query(Event)} == {1}


@pytest.mark.parametrize("id", ["0", "2147483648", "99999999999999999999999", "-1", "1e3", "%00"])
def test_ids_that_no_column_holds_are_not_found(app: Flask, id: str) -> None:
    people.cast(app)
    client = people.signed_in(app, "alice")
    assert client.get(f"/organise/zagore/events/{id}/").status_code == 404
