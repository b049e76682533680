"""Rows are written with their cause or not at all."""

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.core.db import db, transaction
from hubevents.mail import service as mail
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus


def queue(**values: object) -> OutboxMessage | None:
    return mail.queue(
        "confirmation",
        **{"about": "registration:1", "recipient": "maria@example.org", "language": "bg", "data": {}, **values},
    )  # type: ignore[arg-type]


def rows() -> list[OutboxMessage]:
    return list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))


def test_a_row_waits_with_a_message_id_of_its_own(ctx: Flask) -> None:
    with transaction():
        queue()
        queue()
    first, second = rows()
    assert first.message_id != second.message_id
    assert first.status is MessageStatus.WAITING
    assert first.due_at == first.created_at


def test_what_is_rolled_back_leaves_no_row(ctx: Flask) -> None:
    def fail() -> None:
        with transaction():
            queue()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert rows() == []


def test_what_was_told_once_is_not_told_again(ctx: Flask) -> None:
    with transaction():
        assert queue(once="reminder:1:1") is not None
    with transaction():
        assert queue(once="reminder:1:1") is None
        assert queue(once="reminder:1:2") is not None
    assert [row.once for row in rows()] == ["reminder:1:1", "reminder:1:2"]


def test_replacing_takes_only_what_nobody_holds(ctx: Flask) -> None:
    with transaction():
        for number in range(1, 6):
            queue(about=f"registration:{min(number, 4)}", data={"n": number})
    waiting, claimed, sent, _first, _second = rows()
    with transaction():
        claimed.locked_until = sent.sent_at = sent.done_at = sent.created_at.replace(year=2099)
    with transaction():
        taken = mail.replace_unsent("confirmation", [f"registration:{number}" for number in range(1, 5)])
    assert taken == {"registration:1": [{"n": 1}], "registration:4": [{"n": 4}, {"n": 5}]}
    db.session.expire_all()
    assert [row.status for row in rows()] == [
        MessageStatus.REPLACED,
        MessageStatus.WAITING,
        MessageStatus.SENT,
        MessageStatus.REPLACED,
        MessageStatus.REPLACED,
    ]
    assert waiting.done_at is not None
