"""Calendar parts that feeds are joined from, how fresh they are, and the highest SEQUENCE written to each person."""

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
    listed: Mapped[bool] = mapped_column(default=True)
    """False for an unlisted event: only its own feed holds it."""
    stale_at: Mapped[datetime | None]
    """When a bulk change made the body doubtful; readers render anew until the job has looked at it."""
    body: Mapped[str] = mapped_column(sa.Text)


class CalendarState(Base):
    """One row per hub: which version its feeds have. Its lock is the last that a transaction takes."""

    __tablename__ = "calendar_state"

    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"), primary_key=True)
    stamp: Mapped[str] = mapped_column(sa.String(36))
    """Random, new with every change: a counter or a time could come again after a restore."""
    changed_at: Mapped[datetime]
    pending: Mapped[str | None] = mapped_column(sa.String(36))
    """Set while some parts are stale or absent: readers then look at the rows, and the job has work."""
    base_url: Mapped[str] = mapped_column(sa.String(300))
    """The address the parts were written for."""


class Invite(Base):
    """The highest SEQUENCE written so far for an address and UID, kept across cancelling and registering again."""

    __tablename__ = "invite"
    __table_args__ = (sa.UniqueConstraint("address", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(254))
    uid: Mapped[str] = mapped_column(sa.String(60))
    last_sequence: Mapped[int]
