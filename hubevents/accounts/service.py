"""Signing in and setting passwords. Argon2 runs before the transaction: callers pass hashes, not passwords."""

from datetime import timedelta

from hubevents.accounts import passwords
from hubevents.accounts import queries as accounts
from hubevents.accounts.facts import PasswordResetRequested
from hubevents.accounts.models import User
from hubevents.core import clock, tokens
from hubevents.core.db import db
from hubevents.core.errors import Gone, NotFound
from hubevents.core.facts import record

RESET_LASTS = timedelta(hours=2)
INVITATION_LASTS = timedelta(days=7)


def authenticate(email: str, password: str) -> User | None:
    """The user whose address and password these are; as slow for an unknown address as for a wrong password."""
    user = accounts.user_by_email(email)
    return user if passwords.matches(password, user.password_hash if user else None) else None


def note_sign_in(user_id: int) -> None:
    """Remembers when the user signed in last."""
    user = db.session.get(User, user_id)
    if user is not None:
        user.last_signed_in_at = clock.now()


def create_user(email: str, name: str, language: str, password_hash: str | None = None) -> User:
    """A new user; without a hash they set a password by their invitation."""
    user = User(
        email=email,
        name=name,
        language=language,
        password_hash=password_hash,
        session_epoch=0,
        link_version=0,
        created_at=clock.now(),
    )
    db.session.add(user)
    db.session.flush()
    return user


def ask_reset(email: str) -> None:
    """Mails a reset link when the address belongs to a user; says nothing either way."""
    user = accounts.user_by_email(email)
    if user is not None:
        record(PasswordResetRequested(user.id))


def reset_token(user: User) -> str:
    """The token of a password reset link; it works once and for two hours."""
    return tokens.link(tokens.PASSWORD_RESET, user.id, user.link_version, _until(RESET_LASTS))


def invitation_token(user: User) -> str:
    """The token of a staff invitation; it works once and for a week."""
    return tokens.link(tokens.INVITATION, user.id, user.link_version, _until(INVITATION_LASTS))


def _until(lasting: timedelta) -> int:
    return int((clock.now() + lasting).timestamp())


def user_of_token(purpose: str, token: str) -> User:
    """The user for whom a reset or invitation link was made. Raises NotFound for a foreign, Gone for an old one."""
    link = tokens.read_link(purpose, token)
    user = db.session.get(User, link.id) if link else None
    if link is None or user is None:
        raise NotFound("link_unknown")
    if user.link_version != link.version:
        raise Gone("link_used")
    if link.expires is None or link.expires < clock.now().timestamp():
        raise Gone("link_expired")
    return user


def set_password(purpose: str, token: str, password_hash: str, name: str | None = None) -> User:
    """Sets a password by a link, uses the link up and ends all other sessions of the user."""
    user = user_of_token(purpose, token)
    user.password_hash = password_hash
    user.link_version += 1
    user.session_epoch += 1
    if name:
        user.name = name
    return user


def change_profile(user_id: int, *, name: str, language: str) -> None:
    """Changes a user's own name and language."""
    user = db.session.get(User, user_id)
    if user is not None:
        user.name = name
        user.language = language


def end_sessions(user_id: int) -> None:
    """Signs a user out everywhere."""
    user = db.session.get(User, user_id)
    if user is not None:
        user.session_epoch += 1
