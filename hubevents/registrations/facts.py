"""What happened to registrations."""

from dataclasses import dataclass

from hubevents.registrations.rules import RegistrationStatus


@dataclass(frozen=True)
class Registered:
    """Somebody registered and is confirmed, waitlisted or pending."""

    registration_id: int
    status: RegistrationStatus


@dataclass(frozen=True)
class Promoted:
    """A waiting person got a place."""

    registration_id: int


@dataclass(frozen=True)
class RegistrationCancelled:
    """A registration ended: by `person`, by `staff`."""

    registration_id: int
    by: str
    was: RegistrationStatus


@dataclass(frozen=True)
class LinkRequested:
    """A registered person, or staff for them, asked for the mail again."""

    registration_id: int
    again: bool = False
    """True when staff sends the same invite again ("send again")."""


@dataclass(frozen=True)
class DetailsChanged:
    """Names or other details of a registration changed."""

    registration_id: int
