"""`serve()` for servers of their own: one line instead of a traceback, and proxies believed as told."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from hubevents import app as factory
from hubevents.core import log, schema
from hubevents.core.db import db
from hubevents.web import proxies
from tests.conftest import settings_for


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUBEVENTS_INSTANCE", str(tmp_path / "inst"))
    monkeypatch.setenv("HUBEVENTS_BASE_URL", "https://events.example.org")
    monkeypatch.setattr(log, "init_logs", lambda: None)
    return tmp_path / "inst"


def test_an_old_schema_is_refused_with_one_line(instance: Path):
    with pytest.raises(SystemExit) as refused:
        factory.serve()
    assert refused.value.code == "hubevents: The database schema is not current: run `hubevents db upgrade` first."


def test_a_server_of_its_own_needs_the_address(instance: Path, monkeypatch):
    monkeypatch.delenv("HUBEVENTS_BASE_URL")
    with pytest.raises(SystemExit) as refused:
        factory.serve()
    assert refused.value.code == "hubevents: HUBEVENTS_BASE_URL is required behind a server of its own."


def test_serve_holds_the_lock_that_restore_respects(instance: Path, monkeypatch):
    migrated = factory.create_app(settings_for(instance))
    with migrated.app_context():
        schema.upgrade()
        db.engine.dispose()
    monkeypatch.setenv("HUBEVENTS_PROXY_HOPS", "1")
    app = factory.serve()
    with pytest.raises(BlockingIOError), schema.file_lock(instance / schema.SERVER_LOCK, wait=False):
        pass
    headers = {"Host": "events.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    answer = app.test_client().get("/healthz", headers=headers)
    assert answer.status_code == 200
    assert "Strict-Transport-Security" in answer.headers
    assert app.test_client().get("/healthz", headers={"Host": "other.example.org"}).status_code == 400
    app.extensions["server_lock"].close()
    with schema.file_lock(instance / schema.SERVER_LOCK), pytest.raises(SystemExit) as refused:
        factory.serve()
    assert refused.value.code == "hubevents: a restore is running in this instance folder"
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("hops", "seen"), [(0, "127.0.0.1 http"), (1, "198.51.100.4 https"), (2, "203.0.113.9 http")])
def test_proxies_are_believed_as_told(hops: int, seen: str):
    app = Flask("proxied")
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme}")
    proxies.believe(app, hops)
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4", "X-Forwarded-Proto": "http, https"}
    assert app.test_client().get("/", headers=headers).text == seen


@pytest.mark.parametrize(("hops", "warnings"), [(0, 1), (1, 0)])
def test_a_proxy_that_nobody_told_of_is_warned_of_once(tmp_path, monkeypatch, hops: int, warnings: int):
    seen: list[Any] = []
    monkeypatch.setattr(proxies.logger, "warning", lambda text: seen.append(text))
    app = Flask("proxied")
    app.add_url_rule("/", view_func=lambda: "")
    proxies.init_proxies(app, settings_for(tmp_path, proxy_hops=hops))
    for _ in range(3):
        app.test_client().get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    app.test_client().get("/")
    assert len(seen) == warnings
