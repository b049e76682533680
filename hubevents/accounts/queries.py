"""Reading users."""

import sqlalchemy as sa

from hubevents.accounts.models import User
from hubevents.core.db import db


def user_by_email(email: str) -> User | None:
    """The user with this normalised address."""
    return db.session.scalar(sa.select(User).where(User.email == email))


def user_by_id(id: int) -> User | None:
    """The user with this id."""
    return db.session.get(User, id)


def user_by_identity(identity: str) -> User | None:
    """The user of a session identity `id:epoch`, None when the epoch was raised meanwhile."""
    id, _, epoch = identity.partition(":")
    if not id.isdecimal() or not epoch.isdecimal() or len(identity) > 20:
        return None
    user = db.session.get(User, int(id))
    return user if user is not None and user.session_epoch == int(epoch) else None
