"""A server that people use writes nothing about them into its log, whatever they do."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from hubevents import app as factory
from hubevents.core import schema
from hubevents.core.db import db
from tests import make
from tests.conftest import settings_for
from tests.servers import Server

PERSON = {"first_name": "Стамена", "last_name": "Желязкова", "email": "stamena.zhelyazkova@example.org"}
PASSWORD = "wrong-password-of-stamena"


def test_nothing_of_a_person_is_logged(tmp_path: Path) -> None:
    app = factory.create_app(settings_for(tmp_path))
    with app.app_context():
        schema.upgrade()
        make.user("alice", make.hub())
        make.event(make.hub("rodopi"))
        db.session.remove()
        db.engine.dispose()
    with Server(tmp_path, SECRET_KEY="test-key-0123456789", RATE_LIMITS="off") as server:
        status, personal = server.register("/bg/rodopi/events/lekciya/register", PERSON)
        assert status == 303
        token = personal.split("/")[3]
        for path in (
            personal, f"{personal}change", f"{personal}nothing", f"/bg/r/{token[:-1]}x/", f"/feeds/my/{token}.ics",
            f"/door/{token}/", f"/bg/?q={quote(PERSON['email'])}", f"/organise/zagore/?q={quote(PERSON['last_name'])}",
        ):  # fmt: skip
            server.ask("GET", path)
        server.ask("POST", f"{personal}cancel", {"reason": PERSON["last_name"]})
        server.ask("POST", "/organise/sign-in", {"email": PERSON["email"], "password": PASSWORD})
        assert server.register("/bg/rodopi/events/lekciya/register", PERSON)[0] == 200  # known: a mail with the link
    written = (tmp_path / "server.log").read_text("utf-8")
    names = [*PERSON.values(), token, PASSWORD, "stamena", "203.0.113", "alice"]
    assert [name for name in names if name.lower() in written.lower()] == []
    with sqlite3.connect(tmp_path / "hubevents.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM registration").fetchone() == (1,)


def test_those_who_ask_too_often_are_not_named(tmp_path: Path) -> None:
    app = factory.create_app(settings_for(tmp_path))
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()
    with Server(tmp_path, RATE_LIMITS="on") as server:
        answers = [
            server.ask("POST", "/organise/sign-in", {"email": PERSON["email"], "password": ""})[0] for _ in range(12)
        ]
    assert answers[-1] == 429
    written = (tmp_path / "server.log").read_text("utf-8")
    assert ("stamena" in written, "127.0.0.1" in written.replace("at http://127.0.0.1", "")) == (False, False)
