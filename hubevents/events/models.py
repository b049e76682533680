"""Events, the dates on which they come together, venues and rooms."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.core.db import Base, status_type
from hubevents.core.i18n import Translated
from hubevents.events.rules import Asked, DateStatus, EventStatus, Format, Visibility
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme


def new_uid() -> str:
    """A calendar UID: a UUID without host name, stored once and never changed."""
    return str(uuid4())


class Venue(Base):
    """A place with an address where events are held."""

    __tablename__ = "venue"

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"), index=True)
    name: Mapped[Translated]
    address: Mapped[Translated]
    """Street and town on one line."""
    directions: Mapped[Translated]
    """How to get there, access for wheelchairs; Markdown."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    created_at: Mapped[datetime]

    rooms: Mapped[list["Room"]] = relationship(back_populates="venue", order_by="Room.position, Room.id")


class Room(Base):
    """A room of a venue."""

    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[int] = mapped_column(sa.ForeignKey("venue.id"), index=True)
    name: Mapped[Translated]
    capacity: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)

    venue: Mapped[Venue] = relationship(back_populates="rooms")


class Event(Base):
    """What people come to. `starts_at`/`ends_at` span its dates; counters are changed by `registrations` alone."""

    __tablename__ = "event"
    __table_args__ = (
        sa.UniqueConstraint("hub_id", "slug"),
        sa.Index("ix_event_hub_id_status_ends_at", "hub_id", "status", "ends_at"),
        sa.Index("ix_event_status_ends_at", "status", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    slug: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(30))
    """A key of the vocabulary `kinds`."""
    status: Mapped[EventStatus] = mapped_column(status_type(EventStatus), default=EventStatus.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(status_type(Visibility), default=Visibility.PUBLIC)
    format: Mapped[Format] = mapped_column(status_type(Format), default=Format.ONSITE)
    title: Mapped[Translated]
    subtitle: Mapped[Translated]
    summary: Mapped[Translated]
    """The lead: one or two plain sentences."""
    description: Mapped[Translated]
    """Markdown."""
    gains: Mapped[Translated]
    """What people get, one line each."""
    audience: Mapped[Translated]
    """For whom, one line."""
    co_organisers: Mapped[Translated]
    languages: Mapped[tuple[str, ...]]
    interpretation: Mapped[Translated]
    """Such as "с превод на жестов език"."""
    service_category: Mapped[str | None] = mapped_column(sa.String(30))
    sectors: Mapped[tuple[str, ...]]
    technologies: Mapped[tuple[str, ...]]
    competences: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    """DigComp tags: [{"framework": "digcomp_3_0", "id": "1.1", "level": "basic"}]."""
    learning_hours: Mapped[Decimal | None] = mapped_column(sa.Numeric(6, 2))
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    """EUR; None or 0 is free."""
    picture: Mapped[str | None] = mapped_column(sa.String(80))
    picture_alt: Mapped[Translated]
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id"), index=True)
    online_url: Mapped[str] = mapped_column(sa.String(500), default="")
    """Shown to the registered only, never in public pages and feeds."""
    zone: Mapped[str] = mapped_column(sa.String(60))
    contact: Mapped[str] = mapped_column(sa.String(254), default="")

    capacity: Mapped[int | None]
    """Places; None is unlimited."""
    seats_taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    takes_registrations: Mapped[bool] = mapped_column(default=True)
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    """None closes at the start of the last date."""
    ask_organisation: Mapped[Asked] = mapped_column(status_type(Asked), default=Asked.OPTIONAL)
    ask_phone: Mapped[Asked] = mapped_column(status_type(Asked), default=Asked.NO)
    ask_position: Mapped[Asked] = mapped_column(status_type(Asked), default=Asked.NO)

    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    organiser_name: Mapped[str | None] = mapped_column(sa.String(200))
    organiser_address: Mapped[str | None] = mapped_column(sa.String(254))
    """The ORGANIZER of calendar objects: stored at the first publishing and never changed (INTEROP I94)."""
    import_key: Mapped[str | None] = mapped_column(sa.String(200))
    """Acronym (else title) of the schedule file that made this draft."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[Translated]

    hub: Mapped[Hub] = relationship()
    programme: Mapped[Programme | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    dates: Mapped[list["EventDate"]] = relationship(
        back_populates="event", order_by="EventDate.starts_at, EventDate.id"
    )


class EventDate(Base):
    """One coming-together of an event: a lecture has one, a training of six dates six."""

    __tablename__ = "event_date"
    __table_args__ = (sa.Index("ix_event_date_event_id_starts_at", "event_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    uid: Mapped[str] = mapped_column(sa.String(60), unique=True, default=new_uid)
    sequence: Mapped[int] = mapped_column(default=0)
    status: Mapped[DateStatus] = mapped_column(status_type(DateStatus), default=DateStatus.SCHEDULED)
    title: Mapped[Translated]
    """The topic of this date; may be empty."""
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    event: Mapped[Event] = relationship(back_populates="dates")
    room: Mapped[Room | None] = relationship()
