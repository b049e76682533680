"""Reading the outbox."""

from datetime import datetime

import sqlalchemy as sa

from hubevents.core import clock
from hubevents.core.db import db
from hubevents.mail.models import OutboxMessage


def overdue(before: datetime) -> int:
    """How many messages were due before a moment and are neither done nor claimed by a living worker."""
    return db.session.scalars(
        sa.select(sa.func.count())
        .select_from(OutboxMessage)
        .where(
            OutboxMessage.done_at.is_(None),
            OutboxMessage.due_at < before,
            sa.or_(OutboxMessage.locked_until.is_(None), OutboxMessage.locked_until < clock.now()),
        )
    ).one()


def failed_since(moment: datetime) -> int:
    """How many messages were given up since a moment."""
    return db.session.scalars(
        sa.select(sa.func.count())
        .select_from(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.replaced.is_(False), OutboxMessage.done_at >= moment)
    ).one()


def newest(limit: int, search: str = "") -> list[OutboxMessage]:
    """The newest messages of the whole installation; `search` is part of an address or name."""
    query = sa.select(OutboxMessage).order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc()).limit(limit)
    if search:
        query = query.where(
            sa.or_(
                OutboxMessage.recipient.contains(search.lower(), autoescape=True),
                OutboxMessage.recipient_name.icontains(search, autoescape=True),
            )
        )
    return list(db.session.scalars(query))
