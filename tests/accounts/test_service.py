"""Passwords, links that work once, and sessions that end together."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from hubevents.accounts import passwords
from hubevents.accounts import queries as accounts
from hubevents.accounts import service as users
from hubevents.accounts.facts import PasswordResetRequested
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.core.errors import Gone, NotFound
from hubevents.core.facts import recorded
from tests import make


def test_a_password_is_kept_as_argon2id_and_matches_only_itself() -> None:
    hashed = passwords.hash_password("три червени крави")
    assert hashed.startswith("$argon2id$")
    words = ("три червени крави", "три червени", "")
    assert [passwords.matches(word, hashed) for word in words] == [True, False, False]
    assert not passwords.matches("nobody has this password", None)


def test_only_the_right_pair_of_address_and_password_is_a_user(ctx: Flask) -> None:
    make.user("vera", make.hub())
    found = users.authenticate("vera@example.org", make.PASSWORD)
    assert found is not None
    assert users.authenticate("vera@example.org", "wrong") is None
    assert users.authenticate("nobody@example.org", make.PASSWORD) is None


def test_a_reset_is_mailed_to_users_only(ctx: Flask) -> None:
    vera = make.user("vera", make.hub())
    with transaction():
        users.ask_reset("nobody@example.org")
        assert recorded() == ()
        users.ask_reset("vera@example.org")
        assert recorded() == (PasswordResetRequested(vera.id),)


def test_a_link_works_once_and_for_its_purpose_and_its_time(ctx: Flask) -> None:
    vera = make.user("vera", make.hub())
    reset = users.reset_token(vera)
    assert users.user_of_token(tokens.PASSWORD_RESET, reset) is vera
    with pytest.raises(NotFound):
        users.user_of_token(tokens.INVITATION, reset)
    with time_machine.travel(clock.now() + users.RESET_LASTS + timedelta(seconds=2), tick=False), pytest.raises(Gone):
        users.user_of_token(tokens.PASSWORD_RESET, reset)
    db.session.rollback()
    with transaction():
        users.set_password(tokens.PASSWORD_RESET, reset, "$argon2id$new", "Вера Минева")
    assert (vera.name, vera.password_hash) == ("Вера Минева", "$argon2id$new")
    with pytest.raises(Gone):
        users.user_of_token(tokens.PASSWORD_RESET, reset)


def test_an_identity_ends_with_its_epoch(ctx: Flask) -> None:
    vera = make.user("vera", make.hub())
    identity = vera.get_id()
    assert accounts.user_by_identity(identity) is vera
    with transaction():
        users.end_sessions(vera.id)
    assert accounts.user_by_identity(identity) is None
    strange = ("", "1", "x:0", f"{vera.id}:-1", "9" * 400 + ":0")
    assert [accounts.user_by_identity(text) for text in strange] == [None] * 5
