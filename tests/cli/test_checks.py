"""`doctor` has a line for each check, and exit status 1 exactly when something must be mended."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from hubevents.app import create_app
from hubevents.cli import checks
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.mail import service as mail
from hubevents.mail.models import OutboxMessage
from tests import make
from tests.conftest import settings_for


def levels(findings: Iterator[checks.Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.text.split(":")[0]) for finding in findings]


def test_a_new_installation_is_well(first_hub):
    result = first_hub("doctor")
    assert result.exit_code == 0, result.output
    assert [line.split()[:2] for line in result.output.splitlines()] == [
        ["ok", "settings:"],
        ["note", "settings:"],
        ["ok", "database:"],
        ["ok", "queue:"],
        ["note", "mail:"],
        ["ok", "foreign"],
        ["ok", "counters:"],
        ["ok", "uploads:"],
        ["ok", "outbox:"],
    ]


def test_an_old_schema_is_a_fault_and_stops_what_needs_it(hubevents):
    result = hubevents("doctor")
    assert result.exit_code == 1
    assert "FAULT  database: SQLite answers, but its schema is empty: run `hubevents db upgrade`" in result.output
    assert "counters" not in result.output


def test_a_broken_database_is_a_fault(hubevents, instance: Path):
    instance.mkdir()
    (instance / "hubevents.sqlite3").write_bytes(b"no database" * 100)
    result = hubevents("doctor")
    assert result.exit_code == 1
    assert "FAULT  database: does not answer (DatabaseError)" in result.output


def test_keys_that_point_nowhere_are_a_fault(first_hub, instance: Path):
    connection = sqlite3.connect(instance / "hubevents.sqlite3")
    with connection:
        connection.execute("DELETE FROM hub")
    connection.close()
    result = first_hub("doctor")
    assert result.exit_code == 1
    assert "FAULT  foreign keys: 1 rows point nowhere, first in membership" in result.output


def test_others_may_not_read_the_folder(first_hub, instance: Path):
    instance.chmod(0o755)
    assert "note   settings: others may read" in first_hub("doctor").output


def test_counters_that_disagree_are_faults_and_overbooking_is_a_note(ctx):
    hub = make.hub()
    wrong = make.event(hub, "wrong", seats_taken=2, waiting=1)
    make.event(hub, "right")
    assert [f.text for f in checks.check_counters()] == [
        f"counters: event {wrong.id} has seats_taken 2, the rows say 0",
        f"counters: event {wrong.id} has waiting 1, the rows say 0",
    ]
    with transaction():
        event = db.session.get(Event, wrong.id)
        assert event is not None
        event.seats_taken, event.waiting, event.capacity = 0, 0, 50
    assert levels(checks.check_counters()) == [("ok", "counters")]


def test_missing_pictures_are_faults(ctx):
    settings = ctx.extensions["settings"]
    make.event(make.hub(logo="logo.webp"), picture="gone.webp")
    settings.uploads.mkdir(exist_ok=True)
    (settings.uploads / "logo.webp").write_bytes(b"x")
    assert [f.text for f in checks.check_uploads(settings)] == ["uploads: 1 of 2 pictures are missing, first gone.webp"]
    (settings.uploads / "gone.webp").write_bytes(b"x")
    assert levels(checks.check_uploads(settings)) == [("ok", "uploads")]
    for name in ("logo.webp", "gone.webp"):
        (settings.uploads / name).unlink()


def outbox(**values: Any) -> None:
    with transaction():
        message = mail.queue("confirmation", about="registration:1", recipient="a@example.org", language="bg", data={})
        assert isinstance(message, OutboxMessage)
        for name, value in values.items():
            setattr(message, name, value)


def test_mail_that_nobody_sends_is_a_fault(ctx):
    now = clock.now()
    outbox(due_at=now)
    outbox(due_at=now - timedelta(hours=1), locked_until=now + timedelta(minutes=1))
    outbox(due_at=now - timedelta(hours=1), done_at=now, sent_at=now)
    assert levels(checks.check_outbox()) == [("ok", "outbox")]
    outbox(due_at=now - timedelta(hours=1))
    outbox(due_at=now - timedelta(hours=1), locked_until=now - timedelta(minutes=1))
    outbox(due_at=now - timedelta(hours=1), done_at=now)
    assert [f.text for f in checks.check_outbox()] == [
        "outbox: 2 mails are due for over 15 minutes; does a worker run?",
        "outbox: 1 mails failed for good in the last 7 days; see Messages of their events",
    ]


class Server(Controller):
    """An SMTP server that knows one password."""

    def __init__(self) -> None:
        super().__init__(
            object(),
            hostname="127.0.0.1",
            port=0,
            authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
                success=data.login == b"hub" and data.password == b"p@ss", handled=False
            ),
            auth_require_tls=False,
        )

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def smtp() -> Iterator[int]:
    server = Server()
    server.start()
    yield server.port
    server.stop()


@pytest.mark.parametrize(
    ("url", "level", "words"),
    [
        ("smtp://127.0.0.1:{port}", "ok", "mail: 127.0.0.1 accepts us, sender events@example.org"),
        ("smtp://hub:p%40ss@127.0.0.1:{port}", "ok", "mail: 127.0.0.1 accepts us, sender events@example.org"),
        ("smtp://hub:wrong@127.0.0.1:{port}", "FAULT", "127.0.0.1 does not take mail from us: "),
        ("smtp+starttls://127.0.0.1:{port}", "FAULT", "127.0.0.1 does not take mail from us: "),
        ("smtp://127.0.0.1:1", "FAULT", "127.0.0.1 does not take mail from us: "),
    ],
)
def test_mail_is_checked_by_a_handshake(tmp_path, smtp: int, url: str, level: str, words: str):
    settings = settings_for(tmp_path, smtp_url=url.format(port=smtp))
    app = create_app(settings)
    with app.app_context():
        [finding] = checks.check_mail(settings)
    assert finding.level == level
    assert words in finding.text
    assert "p@ss" not in finding.text


def test_the_demo_sends_no_mail_and_has_nothing_to_check(tmp_path):
    assert list(checks.check_mail(settings_for(tmp_path, demo=True))) == []


def test_a_queue_that_is_down_is_a_fault(ctx, monkeypatch):
    class Gone:
        def pending_count(self) -> int:
            raise OSError

    monkeypatch.setitem(ctx.extensions, "jobs", (Gone(), None, {}))
    assert [f.text for f in checks.check_queue()] == ["queue: cannot be reached (OSError)"]
