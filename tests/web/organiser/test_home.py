"""What needs me today: each reason stands there with its way, and nothing that needs nobody does."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.accounts.models import User
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.models import Hub, Membership
from hubevents.registrations import service as registrations
from hubevents.registrations.service import Registrant
from tests import make, people

DRAFT = {"status": EventStatus.DRAFT, "published_at": None}


@pytest.fixture
def add(app: Flask) -> Callable[..., int]:
    """Adds an event to zagore."""
    cast = people.cast(app)

    def made(slug: str, **values: Any) -> int:
        with app.app_context():
            return make.event(db.session.get_one(Hub, cast.hub_id), slug, **values).id

    return made


def ways(app: Flask, name: str = "alice") -> list[str]:
    """Where the things that wait lead to, in order."""
    page = people.signed_in(app, name).get("/organise/zagore/").text
    listed = page.split('class="bare todo"')[1].split("</ol>")[0] if 'class="bare todo"' in page else ""
    return re.findall(r'href="([^"]+)"', listed)


def test_an_empty_hub_is_led_to_its_first_event(app: Flask, add: Callable[..., int]) -> None:
    page = people.signed_in(app, "alice").get("/organise/zagore/").text
    assert ways(app) == []
    assert 'href="/organise/zagore/events/new"' in page


def test_what_goes_well_needs_nobody(app: Flask, add: Callable[..., int]) -> None:
    add("dobre")
    add("minala", dates=[(make.in_days(-3), make.in_days(-2))])
    add("dalech", dates=[(make.in_days(60), make.in_days(61))], **DRAFT)
    assert ways(app) == []


def test_each_reason_stands_there_the_urgent_first(app: Flask, add: Callable[..., int]) -> None:
    full = add("palna", capacity=1)
    undated = add("bez-data", dates=[], **DRAFT)
    late = add("zakasnyala", dates=[(make.in_days(-3), make.in_days(-2))], **DRAFT)
    soon = add("skoro", dates=[(make.in_days(5), make.in_days(6))], **DRAFT)
    with app.app_context():
        hub = db.session.get_one(Event, full).hub
        programme = make.programme(hub, funded=True).id
    add("finansirana", programme_id=programme, **DRAFT)
    with app.app_context(), transaction():
        for name in ("a", "b"):
            registrations.register(full, Registrant("А", "Б", f"{name}@example.org", "bg"))
    base = "/organise/zagore"
    assert ways(app) == [
        f"{base}/events/{soon}/",
        f"{base}/programmes/{programme}/",
        f"{base}/events/{full}/people/?status=waitlisted",
        f"{base}/events/{late}/",
        f"{base}/events/{undated}/edit",
    ]


def test_whoever_may_not_edit_is_not_asked_to(app: Flask, add: Callable[..., int]) -> None:
    add("skoro", dates=[(make.in_days(5), make.in_days(6))], **DRAFT)
    assert ways(app, "bob") == []


def test_one_hub_is_opened_at_once_and_of_several_one_is_chosen(app: Flask, add: Callable[..., int]) -> None:
    alice = people.signed_in(app, "alice")
    assert alice.get("/organise/").location == "/organise/zagore/"
    with app.app_context():
        burgas = make.hub("burgas").id
        user = db.session.scalars(sa.select(User).where(User.email == "alice@example.org")).one().id
        db.session.rollback()
        with transaction():
            db.session.add(Membership(user_id=user, hub_id=burgas, role=make.Role.OWNER, created_at=clock.now()))
    page = alice.get("/organise/")
    assert page.status_code == 200
    assert 'href="/organise/burgas/"' in page.text
