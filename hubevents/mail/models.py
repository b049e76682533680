"""The outbox: who gets which kind of message with which values; never a rendered mail before it is sent."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from hubevents.core.db import Base
from hubevents.mail.rules import MessageStatus


class OutboxMessage(Base):
    """One message to one person, written in the causing transaction. `about` and `hub_id` are plain values."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.Index(
            "ix_outbox_message_due",
            "due_at",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        ),
        sa.Index("ix_outbox_message_about", "about", "kind", "created_at"),
        sa.Index("ix_outbox_message_hub", "hub_id", "created_at"),
        sa.Index("ix_outbox_message_event", "event_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int | None]
    event_id: Mapped[int | None]
    about: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(30))
    once: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    """A key for what must be told only once, such as `reminder:17:4` (registration 17, EventDate 4)."""
    recipient: Mapped[str] = mapped_column(sa.String(254))
    recipient_name: Mapped[str] = mapped_column(sa.String(200), default="")
    language: Mapped[str] = mapped_column(sa.String(5))
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    message_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    """When nothing more will be tried: sent, failed for good or replaced by a newer one."""
    sent_at: Mapped[datetime | None]
    replaced: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(sa.String(500))
    """The last failure in words for staff, without personal data."""
    sent: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    """The mail as it was handed to the SMTP server."""
    subject: Mapped[str | None] = mapped_column(sa.String(300))

    @property
    def status(self) -> MessageStatus:
        """Where this message stands."""
        if self.sent_at:
            return MessageStatus.SENT
        if self.replaced:
            return MessageStatus.REPLACED
        if self.done_at:
            return MessageStatus.FAILED
        return MessageStatus.RETRYING if self.attempts and self.error else MessageStatus.WAITING
