"""Decisions about registrations on plain values; pure."""

from enum import StrEnum


class RegistrationStatus(StrEnum):
    """Where a wish to attend stands (DESIGN 4)."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


LIVE = frozenset(
    {
        RegistrationStatus.PENDING,
        RegistrationStatus.CONFIRMED,
        RegistrationStatus.WAITLISTED,
        RegistrationStatus.OFFERED,
    }
)
"""Statuses of which a participant has at most one per event."""

SEATED = frozenset({RegistrationStatus.CONFIRMED, RegistrationStatus.OFFERED})
"""Statuses that `seats_taken` counts."""


class Source(StrEnum):
    """How a registration came to be."""

    WEB = "web"
    STAFF = "staff"
    WALK_IN = "walk_in"
    IMPORT = "import"


class ConsentKind(StrEnum):
    """What is asked apart, unticked, and kept with time and text version."""

    PHOTO = "photo"
    NEWSLETTER = "newsletter"


class AttendsAs(StrEnum):
    """What somebody is at the event: the word and colour of the badge."""

    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    STAFF = "staff"
    GUEST = "guest"
    PRESS = "press"
