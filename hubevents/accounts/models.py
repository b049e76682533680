"""Users: people with a sign-in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from hubevents.core.db import Base


class User(Base):
    """Somebody with a sign-in; what they may do is said by `hubs.Membership`."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    """Normalised by `core.text.normalise_email`: lower-case, so that one person signs in one way."""
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    """Argon2id; None until an invitation was accepted."""
    language: Mapped[str] = mapped_column(sa.String(5))
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Raised to end all sessions of this user."""
    link_version: Mapped[int] = mapped_column(default=0)
    """Raised when an invitation or reset link is used, so that each works once."""
    created_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Identity in the session: id and epoch, so that raising the epoch signs out everywhere."""
        return f"{self.id}:{self.session_epoch}"
