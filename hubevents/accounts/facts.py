"""What happened to users."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PasswordResetRequested:
    """Somebody asked for a link to set a new password."""

    user_id: int


@dataclass(frozen=True)
class StaffInvited:
    """A colleague was invited into a hub."""

    user_id: int
    hub_id: int
    by_user_id: int
