"""Calendar parts that feeds are joined from, and the highest SEQUENCE written to each person."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from hubevents.core.db import Base


class CalendarPart(Base):
    """The finished VEVENT of one EventDate or one session in one language; a cache that may be absent."""

    __tablename__ = "calendar_part"
    __table_args__ = (
        sa.UniqueConstraint("uid", "language"),
        sa.Index("ix_calendar_part_hub_id", "hub_id", "language", "ends_at"),
        sa.Index("ix_calendar_part_event_id", "event_id", "language"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event_session.id"))
    """None for an EventDate's part."""
    uid: Mapped[str] = mapped_column(sa.String(60))
    language: Mapped[str] = mapped_column(sa.String(5))
    zone: Mapped[str] = mapped_column(sa.String(60))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    cancelled: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str] = mapped_column(sa.Text)


class Invite(Base):
    """The highest SEQUENCE written so far for an address and UID, kept across cancelling and registering again."""

    __tablename__ = "invite"
    __table_args__ = (sa.UniqueConstraint("address", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(254))
    uid: Mapped[str] = mapped_column(sa.String(60))
    last_sequence: Mapped[int]
