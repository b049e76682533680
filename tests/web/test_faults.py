"""When something fails: the database away and back, a reaction that raises, and what proxies and hosts may claim."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request

from hubevents import app as factory
from hubevents.cli import server
from hubevents.core import schema
from hubevents.core.db import db
from hubevents.registrations.facts import Registered
from hubevents.web import errors
from hubevents.web.limits import limiter
from tests import make, people
from tests.conftest import settings_for
from tests.web import walk


def test_a_database_that_is_away_is_said_and_it_recovers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.world(app)
    alice = people.signed_in(app, "alice")
    pages = ["/organise/zagore/", "/bg/zagore/", "/bg/zagore/events/lekciya/", "/organise/sign-in"]
    monkeypatch.setattr(errors.logger, "exception", lambda *words, **more: None)
    away = True

    def refuse(*connection: Any) -> None:
        if away:
            raise sa.exc.OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    with app.app_context():
        engine = db.engine
    app.extensions["public_pages"].clear()
    sa.event.listen(engine, "before_cursor_execute", refuse)
    try:
        with walk.faults_seen(app):
            for path in pages:
                answer = alice.get(path)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
                assert "Нещо при нас се обърка" in answer.text
                assert answer.headers["Cache-Control"] == "no-store"
            feed = alice.get("/feeds/zagore.ics")
            assert (feed.status_code, feed.json["status"]) == (503, 503)
            away = False
            assert [alice.get(path).status_code for path in pages] == [200, 200, 200, 303]
    finally:
        sa.event.remove(engine, "before_cursor_execute", refuse)


def test_a_reaction_that_raises_takes_registration_and_mail_back(app: Flask) -> None:
    walk.world(app)
    before = walk.counts(app)
    table = app.extensions["reactions"]
    kept = table[Registered]

    def broken(fact: object) -> None:
        raise KeyError("a reaction of the house")

    table[Registered] = (*kept, broken)
    person = {"first_name": "Вяра", "last_name": "Колева", "email": "vyara@example.org"}
    try:
        with walk.faults_seen(app):
            answer = app.test_client().post("/bg/zagore/events/lekciya/register", data=person)
    finally:
        table[Registered] = kept
    assert answer.status_code == 500
    assert walk.counts(app) == before
    assert app.test_client().post("/bg/zagore/events/lekciya/register", data=person).status_code == 303


@pytest.fixture
def secure(tmp_path: Path) -> Any:
    """An installation behind one proxy with TLS, as `serve()` makes it."""
    settings = settings_for(tmp_path / "i", base_url="https://events.example.org", proxy_hops=1, rate_limits=True)
    app = factory.create_app(settings)
    with app.app_context():
        schema.upgrade()
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    limiter.enabled = False
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


PROXIED = {"Host": "events.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def test_behind_a_proxy_cookies_are_secure_and_addresses_are_the_installations(secure: Flask) -> None:
    factory.proxies.believe(secure, 1)
    with secure.app_context():
        make.user("alice", make.hub())
    client = secure.test_client()
    person = {"email": "alice@example.org", "password": make.PASSWORD}
    answer = client.post("/organise/sign-in", data=person, headers=PROXIED, base_url="http://events.example.org")
    assert answer.status_code == 303
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    file = client.get("/static/base.css", headers=PROXIED)
    assert file.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/bg/zagore/", "/robots.txt", "/sitemap.xml", "/feeds/zagore.atom"):
        page = client.get(path, headers={**PROXIED, "Host": "events.example.org:8443"}).text
        assert "https://events.example.org" in page, path
        assert ":8443" not in page
    for host in ("evil.example", "events.example.org.evil.example", "events.example.org@evil.example", "", "a b"):
        for path in ("/bg/", "/organise/", "/organise/reset", "/feeds/zagore.ics"):
            answer = client.get(path, headers={**PROXIED, "Host": host, "X-Forwarded-Host": host})
            assert (answer.status_code, "evil" in answer.text) == (400, False), (host, path)
    told = client.get("/bg/", headers={**PROXIED, "X-Forwarded-Host": "evil.example"})
    assert (told.status_code, "evil" in told.text) == (200, False)


def test_tries_are_counted_for_the_address_behind_the_proxy_and_for_all_names_together(secure: Flask) -> None:
    factory.proxies.believe(secure, 1)
    client = secure.test_client()

    def guess(name: str, address: str) -> int:
        headers = {**PROXIED, "X-Forwarded-For": f"198.51.100.77, {address}"}  # the first is the visitor's own claim
        data = {"email": f"{name}@example.org", "password": ""}
        return int(client.post("/organise/sign-in", data=data, headers=headers).status_code)

    assert [guess("alice", "203.0.113.9") for _ in range(11)] == [422] * 10 + [429]
    assert guess("alice", "203.0.113.10") == 422
    spread = [guess(f"person{number}", "203.0.113.11") for number in range(61)]
    assert spread == [422] * 60 + [429]


@pytest.mark.parametrize(("hops", "seen"), [(0, "192.0.2.1 http"), (1, "203.0.113.9 https")])
def test_the_embedded_server_believes_as_many_proxies_as_it_was_told(hops: int, seen: str) -> None:
    """Through waitress's own reading of a request's headers, without a socket to the world."""
    app = Flask("proxied")
    app.add_url_rule("/", view_func=lambda: _who())
    listener = server.listen("127.0.0.1", 0)
    made = server.make(app, listener, hops)
    try:
        said: dict[str, Any] = {}
        environ = {
            "REMOTE_ADDR": "192.0.2.1", "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x",
            "SERVER_PORT": "80", "wsgi.url_scheme": "http", "HTTP_HOST": "events.example.org",
            "HTTP_X_FORWARDED_FOR": "198.51.100.77, 203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https",
        }  # fmt: skip
        body = made.application(environ, lambda status, headers, *more: said.update(status=status))
        assert (said["status"], b"".join(body).decode()) == ("200 OK", seen)
    finally:
        made.close()
        listener.close()


def _who() -> str:
    return f"{request.remote_addr} {request.scheme}"
