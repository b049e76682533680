"""Staff sees the outbox: a status in SQL is the row's own; a failed row is tried again under its Message-ID."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, NotFound
from hubevents.mail import desk
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus
from tests import make


def row(number: int, **values: Any) -> OutboxMessage:
    now = clock.now()
    made = OutboxMessage(**{
        "hub_id": 1, "event_id": 1, "about": f"registration:{number}", "kind": "confirmation",
        "recipient": f"p{number}@example.org", "language": "bg", "data": {}, "message_id": f"<{number}@example.org>",
        "created_at": now, "due_at": now, "attempts": 0, "replaced": False, **values,
    })  # fmt: skip
    with transaction():
        db.session.add(made)
    return made


def test_the_status_in_sql_is_the_rows_own_for_every_state(ctx: Flask) -> None:
    now = clock.now()
    rows = [
        row(number, sent_at=sent, replaced=replaced, done_at=done, attempts=attempts, error=error)
        for number, (sent, replaced, done, attempts, error) in enumerate(
            product((None, now), (False, True), (None, now), (0, 2), (None, "550"))
        )
    ]
    for status in MessageStatus:
        found, total = desk.messages(1, 1, status=status, limit=100)
        assert {each.id for each in found} == {each.id for each in rows if each.status is status}
        assert total == len(found) == desk.counts(1, 1).get(status, 0)


def test_a_failed_message_is_tried_again_under_its_own_message_id(ctx: Flask) -> None:
    make.hub()
    failed = row(1, done_at=clock.now() - timedelta(days=1), error="550", attempts=8)
    with transaction():
        desk.try_again(failed)
    assert (failed.status, failed.attempts, failed.message_id) == (MessageStatus.WAITING, 0, "<1@example.org>")
    sent = row(2, done_at=clock.now(), sent_at=clock.now())
    with pytest.raises(Conflict) as refused, transaction():
        desk.try_again(sent)
    assert refused.value.code == "message_not_failed"


def test_messages_are_their_hubs_and_events_own(ctx: Flask) -> None:
    mine = row(1)
    for hub_id, event_id in ((2, 1), (1, 2)):
        with pytest.raises(NotFound):
            desk.message(hub_id, event_id, mine.id)
    assert desk.message(1, 1, mine.id) is mine
    assert desk.of("registration:1", 2) == []
    assert desk.of("registration:1", 1) == [mine]


def test_troubles_and_the_unreached_are_those_given_up(ctx: Flask) -> None:
    now = clock.now()
    row(1, done_at=now, error="550", attempts=3)
    row(2, done_at=now, error="550", attempts=3, event_id=7)
    row(3, done_at=now, replaced=True)
    row(4, attempts=1, error="451")
    row(5, done_at=now - timedelta(days=30), error="550", attempts=3)
    assert desk.unreached(1, 1) == {"registration:1", "registration:5"}
    assert {(each.event_id, each.number) for each in desk.troubles(1, now - timedelta(days=7))} == {(1, 1), (7, 1)}
