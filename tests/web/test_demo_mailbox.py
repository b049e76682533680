"""The demo's mailbox: every mail as text, HTML and calendar part; nothing of it outside the demo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.core.db import db, transaction
from hubevents.jobs import service as jobs
from hubevents.mail.models import OutboxMessage
from hubevents.registrations import service as registrations
from hubevents.registrations.service import Registrant
from tests import make
from tests.calendars import checker
from tests.conftest import new_app, settings_for


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("demo")
    app = new_app(settings_for(folder, demo=True))
    with app.app_context():
        event = make.event(make.hub(), "robots", title=make.both("Роботи <x>"), capacity=1)
        for name in ("Мария", "<script>Иван"):
            with transaction():
                person = Registrant(name, "Петрова", f"p{len(name)}@example.org", "bg")
                registrations.register(event.id, person)
        jobs.run(app, app.extensions["jobs"][2], "deliver_mail", [])
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_outside_the_demo_there_is_no_mailbox(client: Any) -> None:
    assert client.get("/demo/mail/").status_code == 404


def test_the_list_is_newest_first_and_can_be_searched(demo: Flask) -> None:
    client = demo.test_client()
    page = client.get("/demo/mail/")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert text.index("/demo/mail/2") < text.index("/demo/mail/1")
    assert "p5@example.org" in text
    assert "&lt;script&gt;Иван" in text
    assert "<script>Иван" not in text
    found = client.get("/demo/mail/?q=P5@").get_data(as_text=True)
    assert "/demo/mail/1" in found
    assert "/demo/mail/2" not in found
    assert client.get("/demo/mail/?q=%25").get_data(as_text=True).count("/demo/mail/1") == 0


def test_a_mail_is_shown_whole(demo: Flask) -> None:
    page = demo.test_client().get("/demo/mail/1")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert 'src="/demo/mail/1/html"' in text
    assert "BEGIN:VCALENDAR" in text
    assert 'href="http://127.0.0.1:8000/bg/r/' in text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_the_html_part_stands_alone_under_its_own_policy(demo: Flask) -> None:
    client = demo.test_client()
    page = client.get("/demo/mail/1/html")
    text = page.get_data(as_text=True)
    assert "cid:" not in text
    assert 'src="/demo/mail/1/picture/ticket"' in text
    assert "Роботи &lt;x&gt;" in text
    policy = page.headers["Content-Security-Policy"]
    assert "style-src 'unsafe-inline'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
    picture = client.get("/demo/mail/1/picture/ticket")
    assert (picture.mimetype, picture.data[:4]) == ("image/png", b"\x89PNG")


def test_the_calendar_part_can_be_saved(demo: Flask) -> None:
    response = demo.test_client().get("/demo/mail/1/calendar.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert checker.check_invite(response.data) == []


@pytest.mark.parametrize(
    "path", ["99", "99/html", "2/calendar.ics", "1/picture/other", "99/picture/ticket", "99/calendar.ics"]
)
def test_what_is_not_there(demo: Flask, path: str) -> None:
    assert demo.test_client().get(f"/demo/mail/{path}").status_code == 404


def test_unsent_mails_are_listed_without_a_link(demo: Flask) -> None:
    with demo.app_context(), transaction():
        row = db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert row is not None
        sent_at, row.sent_at, row.error = row.sent_at, None, "address_refused 550"
    text = demo.test_client().get("/demo/mail/").get_data(as_text=True)
    assert "/demo/mail/1" not in text
    assert "(550)" in text
    with demo.app_context(), transaction():
        row = db.session.get_one(OutboxMessage, 1)
        row.sent_at, row.error = sent_at, None


def test_where_others_can_reach_the_demo_nobody_reads_the_keys_of_staff(
    demo: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubevents.accounts import service as users

    with demo.app_context():
        make.user("olga")
        with transaction():
            users.ask_reset("olga@example.org")
        jobs.run(demo, demo.extensions["jobs"][2], "deliver_mail", [])
        id = db.session.scalars(sa.select(OutboxMessage.id).where(OutboxMessage.kind == "password_reset")).one()
        db.session.remove()
    client = demo.test_client()
    assert client.get(f"/demo/mail/{id}").status_code == 200
    monkeypatch.setattr("hubevents.core.links.base_url", lambda: "https://demo.example.org")
    assert [client.get(f"/demo/mail/{id}{part}").status_code for part in ("", "/html")] == [404, 404]
    assert f"/demo/mail/{id}" not in client.get("/demo/mail/").text
