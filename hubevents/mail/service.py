"""Writing outbox rows, and delivering them: claim, compose, send, retry with back-off (INTEROP I70-I77)."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import sqlalchemy as sa

from hubevents.core import clock, links
from hubevents.core.db import db
from hubevents.jobs import service as jobs
from hubevents.mail.models import OutboxMessage

DELIVER = "deliver_mail"
"""The name of the delivery job in `work.py`."""


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
    if once is not None and db.session.scalar(sa.select(OutboxMessage.id).where(OutboxMessage.once == once)):
        return None
    message = OutboxMessage(
        kind=kind,
        about=about,
        recipient=recipient,
        recipient_name=recipient_name,
        language=language,
        data=data,
        hub_id=hub_id,
        event_id=event_id,
        once=once,
        message_id=new_message_id(),
        created_at=now,
        due_at=due_at or now,
        attempts=0,
        replaced=False,
    )
    db.session.add(message)
    jobs.hint(DELIVER)
    return message


def new_message_id() -> str:
    """A Message-ID on our own domain."""
    return f"<{uuid4().hex}@{urlsplit(links.base_url()).hostname}>"
