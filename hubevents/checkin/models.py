"""Doors, the devices and scans at them, attendance, and logs of online meetings."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.accounts.models import User
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
    """scan, search, steward, kiosk or screen (checkin.rules.DoorRole)."""
    session_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """Sessions this door is for; empty: the event itself."""
    opens_minutes_before: Mapped[int] = mapped_column(default=120)
    closes_minutes_after: Mapped[int] = mapped_column(default=120)
    reentry: Mapped[bool] = mapped_column(default=False)
    capacity: Mapped[int | None]
    """People inside at once; None is unlimited."""
    badges: Mapped[bool] = mapped_column(default=False)
    """Whether a badge may be printed after a scan."""
    link_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    expires_chosen: Mapped[bool] = mapped_column(default=False)
    """Whether somebody set `expires_at`; else it follows the event's end."""
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
    list_at: Mapped[datetime | None]
    """When it last fetched its list."""
    revoked_at: Mapped[datetime | None]


class Scan(Base):
    """One reading at a door, kept even when refused; its first answer is given again for the same scan_id."""

    __tablename__ = "scan"
    __table_args__ = (
        sa.Index("ix_scan_event_id_received_at", "event_id", "received_at"),
        sa.Index("ix_scan_registration_id", "registration_id"),
        sa.Index(
            "ix_scan_to_settle",
            "event_id",
            sqlite_where=sa.text("flagged IS NOT NULL AND settled_at IS NULL"),
            postgresql_where=sa.text("flagged IS NOT NULL AND settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scan_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    door_id: Mapped[int | None] = mapped_column(sa.ForeignKey("door.id"), index=True)
    """None for what no door saw: marked by staff, or from the log of an online meeting."""
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """The colleague who marked or took back."""
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
    note: Mapped[str | None] = mapped_column(sa.String(300))
    """Why staff marked, corrected or settled it."""
    settled_at: Mapped[datetime | None]
    """When staff settled what was odd; None while it waits, or when nothing was."""
    settled_as: Mapped[str | None] = mapped_column(sa.String(12))
    """kept, counted or dropped (checkin.rules.Decision)."""
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    answer: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    door: Mapped[Door | None] = relationship()
    device: Mapped[Device | None] = relationship()
    registration: Mapped[Registration | None] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    settled_by: Mapped[User | None] = relationship(foreign_keys=[settled_by_id])


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
        sa.Index("ix_attendance_event_id_changed_at", "event_id", "changed_at"),
        sa.Index(
            "ix_attendance_inside",
            "day",
            sqlite_where=sa.text("inside"),
            postgresql_where=sa.text("inside"),
        ),
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
    checked_out: Mapped[bool] = mapped_column(default=False)
    """Whether the closing time checked them out, not a scan."""
    changed_at: Mapped[datetime]
    first_scan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("scan.id"))

    registration: Mapped[Registration] = relationship()
    event_session: Mapped[EventSession | None] = relationship()
    first_scan: Mapped[Scan | None] = relationship()


class OnlineLog(Base):
    """A join/leave log of an online meeting as it was read; its confirmed rows become attendance."""

    __tablename__ = "online_log"
    __table_args__ = (sa.Index("ix_online_log_event_id", "event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event_session.id"))
    file_name: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the file, so that the same one is not read twice."""
    rows: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    """[{"line", "name", "email", "joined_at", "left_at", "registration_id"}], times RFC 3339; of a row that could not
    be read {"line", "problem", "said"}."""
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
