"""Doors, the devices and scans at them, and attendance."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.agenda.models import EventSession
from hubevents.core.db import Base
from hubevents.events.models import Event
from hubevents.registrations.models import Registration


class Door(Base):
    """An entrance to an event; its pass is derived from id and link_version and ends with the event."""

    __tablename__ = "door"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[str] = mapped_column(sa.String(20))
    """scan, search, steward or kiosk (checkin.rules.DoorRole)."""
    session_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """Sessions this door is for; empty: the event itself."""
    opens_minutes_before: Mapped[int] = mapped_column(default=120)
    closes_minutes_after: Mapped[int] = mapped_column(default=120)
    reentry: Mapped[bool] = mapped_column(default=False)
    capacity: Mapped[int | None]
    """People inside at once; None is unlimited."""
    link_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()


class Device(Base):
    """A phone or computer that used a door; its id is the browser's own UUID."""

    __tablename__ = "device"
    __table_args__ = (sa.UniqueConstraint("door_id", "uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    door_id: Mapped[int] = mapped_column(sa.ForeignKey("door.id"))
    uuid: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    queued: Mapped[int] = mapped_column(default=0)
    clock_offset: Mapped[float] = mapped_column(default=0)
    """Seconds the device's clock runs ahead of the server's."""
    revoked_at: Mapped[datetime | None]


class Scan(Base):
    """One reading at a door, kept even when refused; its first answer is given again for the same scan_id."""

    __tablename__ = "scan"
    __table_args__ = (
        sa.Index("ix_scan_event_id_received_at", "event_id", "received_at"),
        sa.Index("ix_scan_registration_id", "registration_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scan_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    door_id: Mapped[int] = mapped_column(sa.ForeignKey("door.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"))
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    registration_id: Mapped[int | None] = mapped_column(sa.ForeignKey("registration.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event_session.id"))
    day: Mapped[date]
    """The date of the scan in the event's zone."""
    method: Mapped[str] = mapped_column(sa.String(12))
    direction: Mapped[str] = mapped_column(sa.String(4))
    scanned_at: Mapped[datetime]
    """As the device says, corrected by its clock offset."""
    said_at: Mapped[datetime]
    """As the device said, uncorrected."""
    received_at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str | None] = mapped_column(sa.String(20))
    shown: Mapped[str | None] = mapped_column(sa.String(20))
    """What the phone showed offline."""
    override_reason: Mapped[str | None] = mapped_column(sa.String(200))
    flagged: Mapped[str | None] = mapped_column(sa.String(30))
    """Why staff should look at it; None when nothing is odd."""
    counts: Mapped[bool] = mapped_column(default=False)
    """Whether presence is folded from it (checkin.rules.settle)."""
    overridden: Mapped[str | None] = mapped_column(sa.String(20))
    """The reason that a steward overrode."""
    undoes: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    """The scan_id that this one takes back; it may arrive first, therefore no foreign key."""
    undone_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    door: Mapped[Door] = relationship()
    device: Mapped[Device | None] = relationship()
    registration: Mapped[Registration | None] = relationship()


class Attendance(Base):
    """Presence of a registration on one day, of the event or of one session, folded from its scans."""

    __tablename__ = "attendance"
    __table_args__ = (
        sa.Index(
            "uq_attendance_event",
            "registration_id",
            "day",
            unique=True,
            sqlite_where=sa.text("session_id IS NULL"),
            postgresql_where=sa.text("session_id IS NULL"),
        ),
        sa.Index(
            "uq_attendance_session",
            "registration_id",
            "session_id",
            "day",
            unique=True,
            sqlite_where=sa.text("session_id IS NOT NULL"),
            postgresql_where=sa.text("session_id IS NOT NULL"),
        ),
        sa.Index("ix_attendance_event_id_day", "event_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event_session.id"))
    day: Mapped[date]
    method: Mapped[str] = mapped_column(sa.String(12))
    first_in_at: Mapped[datetime]
    last_out_at: Mapped[datetime | None]
    inside: Mapped[bool] = mapped_column(default=True)
    minutes: Mapped[int] = mapped_column(default=0)
    """Whole minutes between entries and exits so far."""
    first_scan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("scan.id"))

    registration: Mapped[Registration] = relationship()
    event_session: Mapped[EventSession | None] = relationship()
    first_scan: Mapped[Scan | None] = relationship()
