"""Registrations, the participants behind them, tickets, session places and consents."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.agenda.models import EventSession
from hubevents.core.db import Base, status_type
from hubevents.events.models import Event
from hubevents.organisations.models import Organisation
from hubevents.registrations.rules import LIVE, AttendsAs, ConsentKind, RegistrationStatus, Source

_LIVE = sa.text(f"status IN ({', '.join(sorted(repr(s.value) for s in LIVE))})")


class Participant(Base):
    """The person as a hub knows them, by normalised mail address; names stay on the Registration."""

    __tablename__ = "participant"
    __table_args__ = (sa.UniqueConstraint("hub_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    email: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(5))
    feed_version: Mapped[int] = mapped_column(default=0)
    """Raised to renew the personal feed's link."""
    created_at: Mapped[datetime]


class Registration(Base):
    """One person's wish to attend one event."""

    __tablename__ = "registration"
    __table_args__ = (
        sa.Index(
            "uq_registration_live",
            "event_id",
            "participant_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        sa.Index("ix_registration_event_id_status", "event_id", "status", "waiting_since", "id"),
        sa.Index("ix_registration_event_id_created_at", "event_id", "created_at", "id"),
        sa.Index("ix_registration_event_id_changed_at", "event_id", "changed_at"),
        sa.Index("ix_registration_participant_id", "participant_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    participant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("participant.id"))
    """None for people without mail."""
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    status: Mapped[RegistrationStatus] = mapped_column(status_type(RegistrationStatus))
    source: Mapped[Source] = mapped_column(status_type(Source), default=Source.WEB)
    first_name: Mapped[str] = mapped_column(sa.String(80))
    last_name: Mapped[str] = mapped_column(sa.String(80))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    position: Mapped[str] = mapped_column(sa.String(120), default="")
    organisation_name: Mapped[str] = mapped_column(sa.String(200), default="")
    """As typed."""
    organisation_number: Mapped[str] = mapped_column(sa.String(30), default="")
    search: Mapped[str] = mapped_column(sa.String(700))
    """`core.text.search_key` of names, organisation and address, for staff's search."""
    language: Mapped[str] = mapped_column(sa.String(5))
    link_version: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    """Place in the queue, with the id; taken after the event's row was locked."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    """When anything changed that a door's list shows, tickets and session places included."""
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(sa.String(20))
    """person, staff or event."""
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    """For staff."""
    attends_as: Mapped[AttendsAs] = mapped_column(status_type(AttendsAs), default=AttendsAs.PARTICIPANT)
    """What the badge says and the door recognises (INTEROP D55)."""

    event: Mapped[Event] = relationship()
    participant: Mapped[Participant | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class Ticket(Base):
    """Proof with QR and a short code to type; a reissue replaces the former, which is then refused as replaced."""

    __tablename__ = "ticket"
    __table_args__ = (sa.UniqueConstraint("registration_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"))
    version: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(sa.String(12), unique=True)
    issued_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    registration: Mapped[Registration] = relationship()


class SessionPlace(Base):
    """A registered person's place in a session that has limited places."""

    __tablename__ = "session_place"
    __table_args__ = (sa.UniqueConstraint("registration_id", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"))
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("event_session.id"), index=True)
    status: Mapped[RegistrationStatus] = mapped_column(status_type(RegistrationStatus))
    """confirmed, waitlisted or cancelled."""
    created_at: Mapped[datetime]

    registration: Mapped[Registration] = relationship()
    event_session: Mapped[EventSession] = relationship()


class Consent(Base):
    """One decision about one consent at one time; withdrawing adds a row, nothing is overwritten."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(sa.ForeignKey("registration.id"), index=True)
    kind: Mapped[ConsentKind] = mapped_column(status_type(ConsentKind))
    granted: Mapped[bool]
    text_version: Mapped[str] = mapped_column(sa.String(30))
    language: Mapped[str] = mapped_column(sa.String(5))
    decided_at: Mapped[datetime]
