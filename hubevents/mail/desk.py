"""What staff sees of the outbox, and trying a failed message again."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import sqlalchemy as sa

from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.errors import Conflict, NotFound
from hubevents.jobs import service as jobs
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus
from hubevents.mail.service import DELIVER

PER_PAGE = 50

_STATUS = sa.case(
    (OutboxMessage.sent_at.is_not(None), MessageStatus.SENT.value),
    (OutboxMessage.replaced.is_(True), MessageStatus.REPLACED.value),
    (OutboxMessage.done_at.is_not(None), MessageStatus.FAILED.value),
    (sa.and_(OutboxMessage.attempts > 0, OutboxMessage.error.is_not(None)), MessageStatus.RETRYING.value),
    else_=MessageStatus.WAITING.value,
)
"""`OutboxMessage.status` as an expression."""


@dataclass(frozen=True)
class Trouble:
    """How many mails of an event were given up, and when the last one."""

    event_id: int | None
    number: int
    last_at: datetime


def counts(hub_id: int, event_id: int) -> dict[MessageStatus, int]:
    """How many messages of an event stand where; statuses no message has are absent."""
    rows = db.session.execute(
        sa.select(_STATUS, sa.func.count())
        .where(OutboxMessage.hub_id == hub_id, OutboxMessage.event_id == event_id)
        .group_by(_STATUS)
    )
    return {MessageStatus(status): number for status, number in rows}


def messages(
    hub_id: int,
    event_id: int,
    *,
    status: MessageStatus | None = None,
    search: str = "",
    offset: int = 0,
    limit: int = PER_PAGE,
) -> tuple[list[OutboxMessage], int]:
    """One page of an event's messages, the newest first, and how many match; `search` is part of an address or name."""
    query = sa.select(OutboxMessage).where(OutboxMessage.hub_id == hub_id, OutboxMessage.event_id == event_id)
    if status is not None:
        query = query.where(_STATUS.in_([status.value]))
    if search:
        query = query.where(
            sa.or_(
                OutboxMessage.recipient.contains(search.lower(), autoescape=True),
                OutboxMessage.recipient_name.icontains(search, autoescape=True),
            )
        )
    total = db.session.scalars(sa.select(sa.func.count()).select_from(query.subquery())).one()
    query = query.order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc()).offset(offset).limit(limit)
    return list(db.session.scalars(query)), total


def of(about: str, hub_id: int) -> list[OutboxMessage]:
    """All messages about one thing of a hub (`registration:17`), the newest first."""
    return list(
        db.session.scalars(
            sa.select(OutboxMessage)
            .where(OutboxMessage.about == about, OutboxMessage.hub_id == hub_id)
            .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
        )
    )


def message(hub_id: int, event_id: int, message_id: int) -> OutboxMessage:
    """A message of this event of this hub; NotFound otherwise."""
    found = db.session.scalar(
        sa.select(OutboxMessage).where(
            OutboxMessage.id == message_id, OutboxMessage.hub_id == hub_id, OutboxMessage.event_id == event_id
        )
    )
    if found is None:
        raise NotFound("page")
    return found


def troubles(hub_id: int, since: datetime) -> list[Trouble]:
    """Messages of a hub given up since a moment, by event, the latest first."""
    rows = db.session.execute(
        sa.select(OutboxMessage.event_id, sa.func.count(), sa.func.max(OutboxMessage.done_at))
        .where(
            OutboxMessage.hub_id == hub_id,
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.replaced.is_(False),
            OutboxMessage.done_at >= since,
        )
        .group_by(OutboxMessage.event_id)
        .order_by(sa.func.max(OutboxMessage.done_at).desc())
    )
    return [Trouble(event_id, number, last_at) for event_id, number, last_at in rows if last_at is not None]


def unreached(hub_id: int, event_id: int) -> frozenset[str]:
    """What (`about`) has at least one message that was given up."""
    return frozenset(
        db.session.scalars(
            sa.select(OutboxMessage.about)
            .where(
                OutboxMessage.hub_id == hub_id,
                OutboxMessage.event_id == event_id,
                OutboxMessage.sent_at.is_(None),
                OutboxMessage.replaced.is_(False),
                OutboxMessage.done_at.is_not(None),
            )
            .distinct()
        )
    )


def try_again(row: OutboxMessage) -> None:
    """Gives a message that failed a fresh series of attempts, under its own Message-ID.

    Raises Conflict(`message_not_failed`). A worker that is trying it right now keeps its claim.
    """
    if row.status not in (MessageStatus.FAILED, MessageStatus.RETRYING):
        raise Conflict("message_not_failed")
    row.done_at = row.error = None
    row.attempts = 0
    row.due_at = clock.now()
    db.session.flush()
    jobs.hint(DELIVER)


def sent_text(row: OutboxMessage) -> str | None:
    """The plain text of a mail as it was sent; None before that."""
    if row.sent is None:
        return None
    mail = message_from_bytes(row.sent, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return body.get_content() if body is not None else ""
