"""Links are derived, belong to one purpose, end with their version, and nothing else opens them."""

import re
import string

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hubevents.core import tokens
from hubevents.core.tokens import Link

ids = st.integers(1, 2**48 - 1)
versions = st.integers(0, 2**16 - 1)


@pytest.fixture(scope="module")
def keyed():
    app = Flask("keys")
    app.config["SECRET_KEYS"] = ("a-key-of-16-letters",)
    with app.app_context():
        yield app


@given(id=ids, version=versions, expires=st.none() | st.integers(0, 2**32 - 1))
def test_what_is_written_is_read(keyed, id: int, version: int, expires: int | None):
    token = tokens.link(tokens.DOOR, id, version, expires)
    assert tokens.read_link(tokens.DOOR, token) == Link(id, version, expires)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", token)
    assert tokens.read_link(tokens.REGISTRATION, token) is None


LETTERS = string.ascii_letters + string.digits + "-_"


@given(id=ids, version=versions, place=st.integers(0, 31), letter=st.sampled_from(LETTERS))
def test_a_changed_letter_is_not_ours(keyed, id: int, version: int, place: int, letter: str):
    token = tokens.link(tokens.REGISTRATION, id, version)
    forged = token[:place] + letter + token[place + 1 :]
    if forged != token:
        assert tokens.read_link(tokens.REGISTRATION, forged) is None


@given(text=st.text(max_size=45))
def test_any_text_is_answered_without_a_fault(keyed, text: str):
    assert tokens.read_link(tokens.REGISTRATION, text) is None


@pytest.mark.parametrize("token", ["", "=" * 32, "А" * 32, "+" * 32, "a" * 31, "a" * 33, "a" * 38, " " * 32, "\0" * 32])
def test_what_cannot_be_a_link(keyed, token: str):
    assert tokens.read_link(tokens.REGISTRATION, token) is None


def test_a_limited_link_cannot_be_made_lasting(keyed):
    limited = tokens.link(tokens.PASSWORD_RESET, 1, 0, 1_800_000_000)
    assert len(limited) == 38
    assert tokens.read_link(tokens.PASSWORD_RESET, limited[:32]) is None


def test_the_first_key_signs_and_all_verify(keyed):
    old = tokens.link(tokens.REGISTRATION, 7, 0)
    try:
        keyed.config["SECRET_KEYS"] = ("another-key-of-16-l", "a-key-of-16-letters")
        new = tokens.link(tokens.REGISTRATION, 7, 0)
        assert new != old
        assert tokens.read_link(tokens.REGISTRATION, old) == tokens.read_link(tokens.REGISTRATION, new) == Link(7, 0)
        keyed.config["SECRET_KEYS"] = ("another-key-of-16-l",)
        assert tokens.read_link(tokens.REGISTRATION, old) is None
    finally:
        keyed.config["SECRET_KEYS"] = ("a-key-of-16-letters",)


def test_purposes_have_keys_of_their_own(keyed):
    purposes = ["session", "jobs", "tickets", tokens.DOOR, tokens.REGISTRATION, tokens.UNSUBSCRIBE]
    keys = {tokens.keys(purpose)[0] for purpose in purposes}
    assert len(keys) == len(purposes)
    assert {len(key) for key in keys} == {32}
    assert len(tokens.ticket_keys()) == 1
