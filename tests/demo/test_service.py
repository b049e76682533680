"""The demo's sign-ins: known ones on loopback, random ones where others can come; and nothing of it elsewhere."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from hubevents.accounts import queries as accounts
from hubevents.accounts import service as users
from hubevents.accounts.passwords import hash_password
from hubevents.core.db import transaction
from hubevents.demo import mark, service
from hubevents.demo.mark import Mark

KNOWN = dict.fromkeys(service.SIGN_INS, "demo-demo")


@pytest.fixture
def staffed(ctx: Flask) -> Iterator[Flask]:
    """The staff of a demo with the known password, and its mark."""
    instance = ctx.extensions["settings"].instance
    hashed = hash_password("demo-demo")
    with transaction():
        for email, (name, _) in service.SIGN_INS.items():
            users.create_user(email, name, "bg", hashed)
    mark.write(instance, Mark(None))
    yield ctx
    (instance / mark.NAME).unlink()


def works(sign_ins: dict[str, str]) -> bool:
    """Whether the owner can sign in; Argon2 is slow, so one stands for all, and `hashes` for the others."""
    return users.authenticate("owner@example.org", sign_ins["owner@example.org"]) is not None


def hashes() -> set[str | None]:
    return {user.password_hash for user in map(accounts.user_by_email, service.SIGN_INS) if user}


def test_on_loopback_the_known_passwords_work(staffed):
    assert service.sign_ins(private=True) == KNOWN
    assert works(KNOWN)


def test_elsewhere_each_start_sets_random_ones_and_ends_sessions(staffed):
    before = hashes()
    first = service.sign_ins(private=False)
    between = hashes()
    second = service.sign_ins(private=False)
    assert [len(before), len(between), len(hashes()), len(before | between | hashes())] == [1, 4, 4, 9]
    assert len({*first.values(), *second.values(), "demo-demo"}) == 9
    assert [works(KNOWN), works(first), works(second)] == [False, False, True]
    owner = accounts.user_by_email("owner@example.org")
    assert owner is not None
    assert owner.session_epoch == 2
    assert mark.read(staffed.extensions["settings"].instance) == Mark(None, own_passwords=True)


def test_back_on_loopback_the_known_ones_work_again(staffed):
    service.sign_ins(private=False)
    assert service.sign_ins(private=True) == KNOWN
    assert works(KNOWN)
    assert mark.read(staffed.extensions["settings"].instance) == Mark(None, own_passwords=False)


def test_an_installation_is_no_demo_unless_it_says_so(ctx, monkeypatch):
    assert service.is_demo() is False
    monkeypatch.setitem(ctx.extensions, "settings", replace(ctx.extensions["settings"], demo=True))
    assert service.is_demo() is True
