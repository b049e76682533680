"""`door add` prints an address that opens the door of the event it names."""

import pytest
from flask import Flask

from hubevents.app import create_app
from hubevents.checkin import queries as checkin
from hubevents.core.db import db
from tests import make


@pytest.fixture
def event_number(first_hub) -> int:
    app: Flask = create_app()
    with app.app_context():
        event = make.event(db.session.get_one(make.Hub, 1), "dni")
        db.session.remove()
        db.engine.dispose()
        return event.id


@pytest.mark.parametrize("role", ["scan", "search", "steward", "kiosk", "screen"])
@pytest.mark.parametrize("named", ["slug", "number"])
def test_the_address_opens_the_door(first_hub, event_number: int, role: str, named: str):
    result = first_hub("door", "add", "zagore", "dni" if named == "slug" else str(event_number), "--role", role)
    assert result.exit_code == 0, result.output
    prefix = "http://127.0.0.1:8000/door/"
    assert result.output.startswith(prefix)
    app = create_app()
    with app.app_context():
        door = checkin.open_door(result.output.removeprefix(prefix).rstrip("/\n"))
        assert (door.event_id, door.role) == (event_number, role)
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(("hub", "event", "code"), [("rodopi", "dni", "hub"), ("zagore", "none", "event")])
def test_an_unknown_hub_or_event_is_refused(first_hub, event_number: int, hub: str, event: str, code: str):
    first_hub("door", "add", hub, event)
    assert first_hub.refused is not None
    assert first_hub.refused.code == code


def test_only_the_roles_there_are(first_hub, event_number: int):
    assert first_hub("door", "add", "zagore", "dni", "--role", "king").exit_code == 2
