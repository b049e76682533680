"""Builds the demo hub through services, and keeps its sign-ins."""

import secrets

from flask import current_app

from hubevents.accounts import queries as accounts
from hubevents.accounts.passwords import hash_password
from hubevents.core.db import transaction
from hubevents.demo import mark
from hubevents.demo.build import make_everything
from hubevents.hubs.rules import Role

SLUG = "zagore"
SIGN_INS = {
    "owner@example.org": ("Олга Станчева", Role.OWNER),
    "organiser@example.org": ("Калин Проданов", Role.ORGANISER),
    "door@example.org": ("Деница Рачева", Role.DOOR),
    "reporter@example.org": ("Румен Петков", Role.REPORTER),
}


def is_demo() -> bool:
    """Whether the running installation is the demo."""
    demo: bool = current_app.extensions["settings"].demo
    return demo


def build(password: str) -> None:
    """Fills an empty database with the demo's hubs; everybody of `SIGN_INS` gets the password."""
    make_everything(SIGN_INS, hash_password(password))


def sign_ins(*, private: bool) -> dict[str, str]:
    """Addresses and passwords that work now.

    On a `private` (loopback) host all are `demo-demo`; elsewhere each start sets random ones, because the data is
    made up but the server is real.
    """
    instance = current_app.extensions["settings"].instance
    kept = mark.read(instance)
    if private and not (kept and kept.own_passwords):
        return dict.fromkeys(SIGN_INS, mark.PASSWORD)
    chosen = {email: mark.PASSWORD if private else secrets.token_urlsafe(9) for email in SIGN_INS}
    hashes = {email: hash_password(password) for email, password in chosen.items()}
    with transaction():
        for email, hashed in hashes.items():
            user = accounts.user_by_email(email)
            if user is not None:
                user.password_hash = hashed
                user.session_epoch += 1
    mark.write(instance, mark.Mark(kept.made_at if kept else None, own_passwords=not private))
    return chosen
