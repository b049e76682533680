"""Decisions about the agenda on plain values; pure."""

from enum import StrEnum


class SessionKind(StrEnum):
    """What a session is; breaks are shown quietly and have no speakers."""

    TALK = "talk"
    KEYNOTE = "keynote"
    PANEL = "panel"
    WORKSHOP = "workshop"
    BREAK = "break"
    OTHER = "other"


class SessionStatus(StrEnum):
    """Life of a session; a cancelled one stays, so that calendars strike it out."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
