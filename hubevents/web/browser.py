"""What lives in the browser: the signed-in user's session and its protection. Flask's session is touched only here."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, session  # noqa: TID251
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, login_user, logout_user

from hubevents.accounts import queries as accounts
from hubevents.accounts.models import User


class _Manager(LoginManager):  # type: ignore[misc]
    """Flask-Login without its remember cookie, which we never set."""

    def _update_remember_cookie(self, response: Any) -> Any:
        # It looks into the session on every answer, and Flask would then say "Vary: Cookie" on public pages too.
        return response


login_manager = _Manager()


class _Sessions(SecureCookieSessionInterface):
    """The signed cookie, never written on an answer that shared caches may keep: others would get it."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Writes the session back, and `Vary: Cookie` with it."""
        if not response.cache_control.public:
            super().save_session(app, session, response)


def init_browser(app: Flask) -> None:
    """Registers Flask-Login; an identity is `id:epoch`, so raising the epoch signs out everywhere."""
    app.session_interface = _Sessions()
    login_manager.session_protection = "basic"  # "strong" signs phones out when their address changes (STACK 2.5)
    login_manager.init_app(app)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(identity: str) -> User | None:
    return accounts.user_by_identity(identity)


def begin_session(user: User) -> None:
    """Signs a user in on a fresh session, so that nothing of a former one is carried over."""
    session.clear()
    session.permanent = True
    login_user(user)


def end_session() -> None:
    """Signs out and forgets everything."""
    logout_user()
    session.clear()


def local_path(target: str | None) -> str | None:
    """A `next` address when it is a path of ours, else None: never another host, scheme or backslash trick."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    if any(ord(character) < 32 for character in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def has_session() -> bool:
    """Whether the session holds more than the key of the forms: a sign-in, or what the last act left to say."""
    return any(key != "csrf_token" for key in session)
