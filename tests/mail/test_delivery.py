"""Delivery: at least once, each row by itself, nothing lost."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.mail import delivery
from hubevents.mail import service as mail
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import BACKOFF, CLAIM, INTERRUPTED, MessageStatus
from tests import smtp


@pytest.fixture
def inbox(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[smtp.Inbox]:
    with smtp.server() as running:
        monkeypatch.setitem(ctx.extensions, "settings", replace(ctx.extensions["settings"], smtp_url=running.url))
        yield running


def queue(*names: str) -> None:
    with transaction():
        for name in names:
            mail.queue("confirmation", about="x:1", recipient=f"{name}@example.org", language="bg", data={"name": name})


def compose(row: OutboxMessage) -> EmailMessage:
    if row.data["name"] == "broken":
        raise KeyError("Мария Иванова")
    message = EmailMessage()
    message["To"] = row.recipient
    message["Subject"] = f"За {row.data['name']}"
    message["Message-ID"] = row.message_id
    message.set_content("Здравейте")
    return message


def rows() -> list[OutboxMessage]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))


def statuses() -> list[MessageStatus]:
    return [row.status for row in rows()]


def test_due_rows_are_sent_in_order_and_kept_as_sent(inbox: smtp.Inbox) -> None:
    queue("a", "b")
    delivery.deliver(compose)
    assert inbox.recipients == ["a@example.org", "b@example.org"]
    assert statuses() == [MessageStatus.SENT] * 2
    first = rows()[0]
    assert (first.sent, first.subject, first.locked_until) == (inbox.taken[0], "За a", None)
    assert inbox.mails[0]["Message-ID"] == first.message_id
    delivery.deliver(compose)
    assert len(inbox.taken) == 2


def test_more_than_a_batch_goes_over_one_connection(inbox: smtp.Inbox) -> None:
    queue(*(f"p{number}" for number in range(delivery.BATCH + 3)))
    delivery.deliver(compose)
    assert len(set(inbox.recipients)) == len(inbox.recipients) == delivery.BATCH + 3
    assert inbox.connections == 1


def test_without_a_server_rows_wait(ctx: Flask) -> None:
    queue("a")
    delivery.deliver(compose)
    assert [(row.status, row.attempts) for row in rows()] == [(MessageStatus.WAITING, 0)]


def test_the_demo_keeps_mails_and_sends_none(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ctx.extensions, "settings", replace(ctx.extensions["settings"], demo=True))
    queue("a")
    delivery.deliver(compose)
    (row,) = rows()
    assert row.status is MessageStatus.SENT
    assert b"Message-ID: " + row.message_id.encode() in (row.sent or b"")


def test_a_template_that_fails_marks_its_row_alone(inbox: smtp.Inbox, capsys: pytest.CaptureFixture[str]) -> None:
    queue("a", "broken", "c")
    delivery.deliver(compose)
    assert inbox.recipients == ["a@example.org", "c@example.org"]
    assert statuses() == [MessageStatus.SENT, MessageStatus.RETRYING, MessageStatus.SENT]
    assert rows()[1].error == "not_composed KeyError"
    printed = capsys.readouterr()
    assert "Мария" not in printed.out + printed.err


def test_nothing_left_to_tell_closes_the_row(inbox: smtp.Inbox) -> None:
    queue("a")
    delivery.deliver(lambda row: None)
    assert statuses() == [MessageStatus.REPLACED]
    assert inbox.taken == []


def test_a_refused_address_is_final_and_others_go_on(inbox: smtp.Inbox) -> None:
    inbox.refuse = {"a@example.org": "550 5.1.1 a@example.org unknown"}
    queue("a", "b")
    delivery.deliver(compose)
    first, second = rows()
    assert (first.status, first.error, second.status) == (
        MessageStatus.FAILED,
        "address_refused 550 5.1.1",
        MessageStatus.SENT,
    )


def test_back_off_and_the_end_of_patience(inbox: smtp.Inbox) -> None:
    inbox.refuse = {"a@example.org": "451 4.3.0 later"}
    with time_machine.travel(clock.now(), tick=False) as traveller:
        queue("a")
        for wait in BACKOFF:
            delivery.deliver(compose)
            (row,) = rows()
            assert (row.status, row.due_at) == (MessageStatus.RETRYING, clock.now() + wait)
            traveller.shift(wait - timedelta(seconds=1))
            delivery.deliver(compose)
            assert rows()[0].attempts == row.attempts
            traveller.shift(timedelta(seconds=1))
        delivery.deliver(compose)
        (row,) = rows()
        assert (row.status, row.attempts) == (MessageStatus.FAILED, len(BACKOFF) + 1)


def test_a_late_success_is_a_success(inbox: smtp.Inbox) -> None:
    inbox.refuse = {"a@example.org": "451 4.3.0 later"}
    with time_machine.travel(clock.now(), tick=False) as traveller:
        queue("a")
        delivery.deliver(compose)
        inbox.refuse = {}
        traveller.shift(BACKOFF[0])
        delivery.deliver(compose)
    (row,) = rows()
    assert (row.status, row.error, len(inbox.taken)) == (MessageStatus.SENT, None, 1)


def test_a_dead_server_costs_one_row_an_attempt(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp.server() as gone:
        url = gone.url
    monkeypatch.setitem(ctx.extensions, "settings", replace(ctx.extensions["settings"], smtp_url=url))
    queue("a", "b", "c")
    delivery.deliver(compose)
    assert [(row.attempts, row.error, row.locked_until) for row in rows()] == [
        (1, "server_unreachable ConnectionRefusedError", None),
        (0, None, None),
        (0, None, None),
    ]


def test_a_crash_after_the_claim_sends_later_under_the_same_message_id(inbox: smtp.Inbox) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        queue("a")
        before = rows()[0].message_id
        assert len(delivery.claim()) == 1  # and here the power went
        delivery.deliver(compose)
        assert inbox.taken == []
        traveller.shift(CLAIM + timedelta(seconds=1))
        delivery.deliver(compose)
    assert [mail["Message-ID"] for mail in inbox.mails] == [before]


def test_a_crash_after_sending_sends_the_same_again(inbox: smtp.Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(id: int, **values: object) -> None:
        raise SystemExit

    with time_machine.travel(clock.now(), tick=False) as traveller:
        queue("a")
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "_mark", killed)
            with pytest.raises(SystemExit):
                delivery.deliver(compose)
        traveller.shift(CLAIM + timedelta(seconds=1))
        delivery.deliver(compose)
    first, second = inbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert statuses() == [MessageStatus.SENT]


def test_a_row_that_kills_its_worker_is_given_up(inbox: smtp.Inbox) -> None:
    queue("a")
    (row,) = rows()
    with transaction():
        row.attempts = INTERRUPTED
    delivery.deliver(compose)
    (row,) = rows()
    assert (row.status, row.error, inbox.taken) == (MessageStatus.FAILED, "interrupted", [])


def test_two_workers_never_take_the_same_row(ctx: Flask) -> None:
    queue(*(f"p{number}" for number in range(60)))
    db.session.remove()
    taken: list[int] = []
    start = threading.Barrier(3)

    def work() -> None:
        with ctx.app_context():
            start.wait()
            while claims := delivery.claim(limit=7):
                taken.extend(claimed.id for claimed in claims)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [row.id for row in rows()]


def test_a_claim_that_runs_out_is_given_back(inbox: smtp.Inbox) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        queue("a", "b")

        def slow(row: OutboxMessage) -> EmailMessage:
            message = compose(row)
            if row.data["name"] == "a":
                traveller.shift(timedelta(minutes=4))
            return message

        delivery.deliver(slow)
        assert inbox.recipients == ["a@example.org", "b@example.org"]
        assert [(row.status, row.attempts) for row in rows()] == [(MessageStatus.SENT, 1)] * 2


def test_a_hint_with_nothing_to_do_writes_nothing(ctx: Flask, queries: object) -> None:
    with queries() as seen:  # type: ignore[operator]
        assert delivery.claim() == []
    assert len(seen) == 1
