"""Writing outbox rows in the transaction that causes them; `delivery` sends them afterwards."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hubevents.core import clock, links
from hubevents.core.db import db, is_sqlite
from hubevents.jobs import service as jobs
from hubevents.mail.models import OutboxMessage

DELIVER = "deliver_mail"
"""The name of the delivery job in `work.py`."""

_ABOUTS_PER_STATEMENT = 500


def queue(
    kind: str,
    *,
    about: str,
    recipient: str,
    language: str,
    data: dict[str, Any],
    recipient_name: str = "",
    hub_id: int | None = None,
    event_id: int | None = None,
    once: str | None = None,
    due_at: datetime | None = None,
) -> OutboxMessage | None:
    """Writes one row in the running transaction; None when `once` names what was already told.

    Delivery is at least once, with one Message-ID per row.
    """
    now = clock.now()
    values = {
        "kind": kind,
        "about": about,
        "recipient": recipient,
        "recipient_name": recipient_name[:200],
        "language": language,
        "data": data,
        "hub_id": hub_id,
        "event_id": event_id,
        "once": once,
        "message_id": new_message_id(),
        "created_at": now,
        "due_at": due_at or now,
        "attempts": 0,
        "replaced": False,
    }
    if once is None:
        message = OutboxMessage(**values)
        db.session.add(message)
    else:
        # Two sweeps may write the same at the same instant: the unique key decides, not a look before.
        dialect: Any = sqlite if is_sqlite() else postgresql
        statement = dialect.insert(OutboxMessage).values(**values).on_conflict_do_nothing(index_elements=["once"])
        id = db.session.scalar(statement.returning(OutboxMessage.id))
        if id is None:
            return None
        message = db.session.get_one(OutboxMessage, id)
    jobs.hint(DELIVER)
    return message


def replace_unsent(kind: str, abouts: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Takes back rows of a kind that nobody has sent or claimed; their values by `about`, oldest first.

    The caller writes newer rows that carry on what these would have told.
    """
    now = clock.now()
    taken: list[tuple[int, str, dict[str, Any]]] = []
    wanted = sorted(set(abouts))
    for start in range(0, len(wanted), _ABOUTS_PER_STATEMENT):
        rows = db.session.execute(
            sa.update(OutboxMessage)
            .where(
                OutboxMessage.kind == kind,
                OutboxMessage.about.in_(wanted[start : start + _ABOUTS_PER_STATEMENT]),
                OutboxMessage.done_at.is_(None),
                sa.or_(OutboxMessage.locked_until.is_(None), OutboxMessage.locked_until < now),
            )
            .values(replaced=True, done_at=now, locked_until=None)
            .returning(OutboxMessage.id, OutboxMessage.about, OutboxMessage.data)
            .execution_options(synchronize_session=False)
        )
        taken += [(id, about, data) for id, about, data in rows]
    found: dict[str, list[dict[str, Any]]] = {}
    for _id, about, data in sorted(taken, key=lambda row: row[0]):
        found.setdefault(about, []).append(data)
    return found


def new_message_id() -> str:
    """A Message-ID on our own domain."""
    return f"<{uuid4().hex}@{urlsplit(links.base_url()).hostname}>"
