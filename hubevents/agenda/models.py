"""The agenda of an event: sessions in rooms and tracks, and their speakers."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.agenda.rules import SessionKind, SessionStatus
from hubevents.core.db import Base, status_type
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, Room, new_uid


class Track(Base):
    """A thread of sessions through an agenda, such as "Завод"."""

    __tablename__ = "track"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"), index=True)
    name: Mapped[Translated]
    position: Mapped[int] = mapped_column(default=0)


class Speaker(Base):
    """A person who speaks at one or more sessions of a hub's events; personal names are not translated."""

    __tablename__ = "speaker"
    __table_args__ = (sa.Index("ix_speaker_hub_id_source_key", "hub_id", "source_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    source_key: Mapped[str | None] = mapped_column(sa.String(200))
    """Identity in an imported schedule: guid, else id, else name, within the import key."""
    name: Mapped[str] = mapped_column(sa.String(160))
    latin_name: Mapped[str] = mapped_column(sa.String(160), default="")
    position: Mapped[Translated]
    """Position and organisation on one line."""
    biography: Mapped[Translated]
    """Markdown."""
    photo: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]


class EventSession(Base):
    """One item of the agenda; "Session"/"Сесия" on screen."""

    __tablename__ = "event_session"
    __table_args__ = (
        sa.Index("ix_event_session_event_id_starts_at", "event_id", "starts_at"),
        sa.UniqueConstraint("event_id", "source_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("event.id"))
    uid: Mapped[str] = mapped_column(sa.String(60), unique=True, default=new_uid)
    sequence: Mapped[int] = mapped_column(default=0)
    source_key: Mapped[str | None] = mapped_column(sa.String(200))
    """Identity in an imported schedule: `guid:...`, else `id:...`."""
    kind: Mapped[SessionKind] = mapped_column(status_type(SessionKind), default=SessionKind.TALK)
    status: Mapped[SessionStatus] = mapped_column(status_type(SessionStatus), default=SessionStatus.SCHEDULED)
    title: Mapped[Translated]
    abstract: Mapped[Translated]
    """Markdown."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), index=True)
    track_id: Mapped[int | None] = mapped_column(sa.ForeignKey("track.id"), index=True)
    language: Mapped[str | None] = mapped_column(sa.String(10))
    url: Mapped[str] = mapped_column(sa.String(500), default="")
    capacity: Mapped[int | None]
    """Places of a session that is chosen at registration; None: no choosing, all who come may enter."""
    seats_taken: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    event: Mapped[Event] = relationship()
    room: Mapped[Room | None] = relationship()
    track: Mapped[Track | None] = relationship()
    speakings: Mapped[list["SessionSpeaker"]] = relationship(
        order_by="SessionSpeaker.position, SessionSpeaker.id", cascade="all, delete-orphan"
    )

    @property
    def speakers(self) -> list[Speaker]:
        """Speakers in order."""
        return [speaking.speaker for speaking in self.speakings]


class SessionSpeaker(Base):
    """A speaker's part in a session."""

    __tablename__ = "session_speaker"
    __table_args__ = (sa.UniqueConstraint("session_id", "speaker_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("event_session.id"))
    speaker_id: Mapped[int] = mapped_column(sa.ForeignKey("speaker.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    moderates: Mapped[bool] = mapped_column(default=False)

    speaker: Mapped[Speaker] = relationship()
