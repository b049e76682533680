"""A hub with one of everything, and every route as an address in it, for tests that walk them all."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from hubevents.accounts import service as accounts
from hubevents.accounts.models import User
from hubevents.agenda.models import SessionSpeaker
from hubevents.calendars import feeds
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Device, OnlineLog, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.events.rules import Asked, EventStatus
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Role
from hubevents.mail.models import OutboxMessage
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Participant
from hubevents.registrations.service import Registrant
from hubevents.web.site import colour_url
from tests import make, people

UPLOAD = "0123456789abcdef0123456789abcdef.webp"
NAMES = ("Стамена", "Желязкова", "stamena.zhelyazkova@example.org")
"""A person whom no log may name."""


@dataclass
class World:
    """Ids, slugs and tokens of what there is."""

    values: dict[str, Any]
    tokens: dict[str, str] = field(default_factory=dict)
    draft_id: int = 0
    event_slug: str = "lekciya"


def world(app: Flask) -> World:
    """The hub zagore with an event in everything it can have, and rodopi beside it."""
    cast = people.cast(app)
    uploads: Path = app.extensions["settings"].uploads
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / UPLOAD).write_bytes(b"RIFF")
    with app.app_context():
        from_hub = db.session.get_one(Hub, cast.hub_id)
        venue = make.venue(from_hub)
        programme = make.programme(from_hub)
        event = make.event(
            from_hub,
            venue_id=venue.id,
            programme_id=programme.id,
            ask_phone=Asked.OPTIONAL,
            ask_position=Asked.OPTIONAL,
        )
        draft = make.event(from_hub, "chernova", status=EventStatus.DRAFT, published_at=None)
        session = make.session(event, speakers=("Д-р Пенева",), track="Умения", capacity=2)
        with transaction():
            person = registrations.register(event.id, Registrant(*NAMES, "bg"))
            other = registrations.register(event.id, Registrant("Ана", "Бонева", "ana@example.org", "bg"))
        with transaction():
            door = checkin.make_door(event, name="Вход", role=DoorRole.STEWARD)
            door.badges = True
            screen = checkin.make_door(event, name="Екран", role=DoorRole.SCREEN)
            now = clock.now()
            db.session.add(Device(door_id=door.id, uuid="0" * 36, first_seen_at=now, last_seen_at=now))
            odd = Scan(
                scan_id="1" * 36, door_id=door.id, event_id=event.id, registration_id=other.id, day=now.date(),
                method="qr", direction="in", scanned_at=now, said_at=now, received_at=now, verdict="admitted",
                shown="refused", flagged="refused_anyway",
            )  # fmt: skip
            db.session.add(odd)
            stay = {"line": 2, "name": "Ана Бонева", "email": "", "joined_at": now.isoformat(), "left_at": None}
            log = OnlineLog(event_id=event.id, file_name="teams.csv", digest="0" * 64, created_at=now,
                            rows=[{**stay, "registration_id": None}])  # fmt: skip
            db.session.add(log)
            invited = accounts.create_user("nova@example.org", "Нова", "bg")
            db.session.add(
                Membership(user_id=invited.id, hub_id=cast.hub_id, role=Role.ORGANISER, created_at=clock.now())
            )
        alice = db.session.scalars(sa.select(User).where(User.email == "alice@example.org")).one()
        message = db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert message is not None
        speaking = db.session.scalars(sa.select(SessionSpeaker)).one()
        participant = db.session.get_one(Participant, person.participant_id)
        return World(
            {
                "lang": "bg", "hub": "zagore", "event": "lekciya", "programme": "umeniya", "event_id": event.id,
                "venue_id": venue.id, "programme_id": programme.id, "session_id": session.id,
                "speaker_id": speaking.speaker_id, "registration_id": other.id, "message_id": message.id,
                "door_id": door.id, "device_id": 1, "log_id": log.id, "membership_id": 1, "part": 0, "name": UPLOAD,
                "filename": "base.css", "cid": "x", "digest": re.findall(r"-([0-9a-f]+)\.css", colour_url(from_hub))[0],
                 "track_id": session.track_id or 0, "size": 192, "scan_id": odd.id,
            },
            {
                "participant": tokens.link(tokens.REGISTRATION, person.id, person.link_version),
                "door": checkin.token_of(door),
                "door.screen.state": checkin.token_of(screen),
                "feeds": feeds.personal_token(participant),
                "organiser.reset": accounts.reset_token(alice),
                "organiser.invitation": accounts.invitation_token(invited),
            },
            draft.id,
        )  # fmt: skip


def rules(app: Flask) -> list[Rule]:
    """All routes but the static files, which whitenoise serves before Flask."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def addresses(app: Flask, of: World, rule: Rule, **changed: Any) -> list[str]:
    """The addresses of a rule in the world, one for each form that it offers."""
    blueprint = rule.endpoint.partition(".")[0]
    token = of.tokens.get(rule.endpoint) or of.tokens.get(blueprint, "")
    forms = ("",)
    if "form" in rule.arguments:
        forms = ("csv", "xlsx") if blueprint == "organiser" else ("ics", "atom", "json")
    adapter = app.url_map.bind("localhost")
    method = next(iter(methods(rule)))
    made = []
    for form in forms:
        values = {**of.values, "token": token, "form": form, **changed}
        made.append(adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method))
    return made


def methods(rule: Rule) -> set[str]:
    """What a rule takes, without those that every rule takes."""
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def fields(page: str) -> dict[str, str]:
    """The fields of the forms of a page as a browser would send them, the search of the page left out."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        attributes = dict(re.findall(r'\b(name|type|value)="([^"]*)"', tag))
        kind = attributes.get("type", "text")
        if "name" not in attributes or kind in ("submit", "search", "file"):
            continue
        if kind in ("checkbox", "radio") and not re.search(r"\schecked\b", tag):
            continue
        found[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, text in re.findall(r'<textarea\b[^>]*\bname="([^"]*)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        found[name] = unescape(text).removeprefix("\r").removeprefix("\n")
    for name, options in re.findall(r'<select\b[^>]*\bname="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option\b(?=[^>]*\sselected)[^>]*\bvalue="([^"]*)"', options) or re.search(
            r'<option\b[^>]*\bvalue="([^"]*)"', options
        )
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


def counts(app: Flask) -> dict[str, Any]:
    """Rows of every table, whole, to see that nothing changed."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in db.metadata.sorted_tables
        }


@contextlib.contextmanager
def forgetting(app: Flask) -> Iterator[None]:
    """The database takes every statement and forgets all of it at the commit, so that forms can be sent again."""
    with app.app_context():
        dialect: Any = db.engine.dialect
    kept = dialect.do_commit
    dialect.do_commit = dialect.do_rollback
    try:
        yield
    finally:
        dialect.do_commit = kept


@contextlib.contextmanager
def faults_seen(app: Flask) -> Iterator[None]:
    """Outside of testing mode: what goes wrong is an answer of 500, as for people."""
    app.testing = False
    try:
        yield
    finally:
        app.testing = True
