"""Signing in and out, forgotten passwords, invitations."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from hubevents.accounts import passwords
from hubevents.accounts import queries as accounts
from hubevents.accounts import service as users
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.hubs import service as hubs
from hubevents.hubs.models import Membership
from hubevents.hubs.rules import Role
from hubevents.mail.models import OutboxMessage
from tests import make, people
from tests.conftest import new_app, settings_for

NEW = "три червени крави"


def test_the_right_password_leads_to_where_one_wanted_to_go(app: Flask, client: FlaskClient) -> None:
    people.cast(app)
    asked = client.get("/organise/zagore/staff?x=1")
    assert (asked.status_code, asked.headers["Location"]) == (
        303,
        "/organise/sign-in?next=/organise/zagore/staff?x%3D1",
    )
    answer = client.post(asked.headers["Location"], data={"email": " Alice@Example.org ", "password": make.PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/organise/zagore/staff?x=1")
    assert client.get("/organise/zagore/staff").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"), [("alice@example.org", "wrong"), ("nobody@example.org", make.PASSWORD), ("x", "y"), ("", "")]
)
def test_anything_else_is_refused_in_the_form(app: Flask, client: FlaskClient, email: str, password: str) -> None:
    people.cast(app)
    answer = client.post("/organise/sign-in", data={"email": email, "password": password})
    assert (answer.status_code, "hubevents" in answer.headers.get("Set-Cookie", "")) == (422, False)
    assert email in answer.text
    assert not password or f'value="{password}"' not in answer.text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "/a\nb"]
)
def test_signing_in_never_leads_to_another_site(app: Flask, client: FlaskClient, target: str) -> None:
    people.cast(app)
    answer = client.post(
        "/organise/sign-in",
        query_string={"next": target},
        data={"email": "alice@example.org", "password": make.PASSWORD},
    )
    assert answer.headers["Location"] == "/organise/"


def test_a_user_without_a_password_yet_cannot_sign_in(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        make.user("vera", make.hub(), password_hash=None)
    answer = client.post(
        "/organise/sign-in", data={"email": "vera@example.org", "password": "nobody has this password"}
    )
    assert answer.status_code == 422


def test_signing_out_ends_the_session(app: Flask) -> None:
    people.cast(app)
    alice = people.signed_in(app, "alice")
    assert alice.post("/organise/sign-out").status_code == 303
    assert alice.get("/organise/zagore/staff").status_code == 303


def test_a_raised_epoch_signs_out_everywhere(app: Flask) -> None:
    people.cast(app)
    phone, laptop = people.signed_in(app, "alice"), people.signed_in(app, "alice")
    answer = phone.post("/organise/me", data={"name": "Алиса", "language": "bg", "sign_out_everywhere": "y"})
    assert answer.status_code == 303
    assert (phone.get("/organise/me").status_code, laptop.get("/organise/me").status_code) == (200, 303)


def test_a_reset_link_works_once_and_ends_other_sessions(app: Flask, client: FlaskClient) -> None:
    people.cast(app)
    other = people.signed_in(app, "alice")
    with app.app_context():
        user = accounts.user_by_email("alice@example.org")
        assert user is not None
        token = users.reset_token(user)
    page = client.get(f"/organise/reset/{token}")
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex, nofollow",
    )
    short = client.post(f"/organise/reset/{token}", data={"password": "short", "again": "short"})
    different = client.post(f"/organise/reset/{token}", data={"password": NEW, "again": NEW + "!"})
    assert (short.status_code, different.status_code) == (422, 422)
    done = client.post(f"/organise/reset/{token}", data={"password": NEW, "again": NEW})
    assert (done.status_code, client.get("/organise/me").status_code) == (303, 200)
    assert other.get("/organise/me").status_code == 303
    assert client.get(f"/organise/reset/{token}").status_code == 410
    with app.app_context():
        assert users.authenticate("alice@example.org", NEW) is not None
        db.session.remove()


def test_a_reset_link_ends_after_two_hours_and_is_not_guessed(app: Flask, client: FlaskClient) -> None:
    people.cast(app)
    with app.app_context():
        user = accounts.user_by_email("alice@example.org")
        assert user is not None
        token = users.reset_token(user)
        foreign = tokens.link(tokens.INVITATION, user.id, user.link_version, int(clock.now().timestamp()) + 900)
    with time_machine.travel(clock.now() + timedelta(hours=2, seconds=2), tick=False):
        assert client.get(f"/organise/reset/{token}").status_code == 410
    assert [client.get(f"/organise/reset/{t}").status_code for t in (foreign, token[:-1] + "_", "x" * 38, "ю")] == [
        404
    ] * 4


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_asking_for_a_link_answers_the_same_for_every_address(app: Flask, client: FlaskClient, email: str) -> None:
    people.cast(app)
    answer = client.post("/organise/reset", data={"email": email})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/organise/reset/asked")


def test_an_invited_colleague_sets_a_password_and_is_in(app: Flask, client: FlaskClient) -> None:
    cast = people.cast(app)
    alice = people.signed_in(app, "alice")
    answer = alice.post(
        "/organise/zagore/staff/invite", data={"name": "Вера", "email": "Vera@example.org", "role": "organiser"}
    )
    assert answer.status_code == 303
    with app.app_context():
        user = accounts.user_by_email("vera@example.org")
        assert user is not None
        token = users.invitation_token(user)
        role = db.session.scalars(sa.select(Membership.role).where(Membership.user_id == user.id)).one()
        mails = db.session.scalars(sa.select(OutboxMessage.kind).where(OutboxMessage.recipient == user.email)).all()
        db.session.remove()
    assert (role, mails) == (Role.ORGANISER, ["staff_invitation"])
    done = client.post(f"/organise/invitation/{token}", data={"name": "Вера Минева", "password": NEW, "again": NEW})
    assert done.status_code == 303
    assert client.get(f"/organise/{cast.hub}/staff").status_code == 403
    assert client.get(f"/organise/{cast.other}/staff").status_code == 404


def test_inviting_a_colleague_twice_is_refused_in_the_form(app: Flask) -> None:
    people.cast(app)
    alice = people.signed_in(app, "alice")
    answer = alice.post(
        "/organise/zagore/staff/invite", data={"name": "Bob", "email": "bob@example.org", "role": "door"}
    )
    assert (answer.status_code, "bob@example.org" in answer.text) == (409, True)


def test_the_last_owner_stays(app: Flask) -> None:
    cast = people.cast(app)
    alice = people.signed_in(app, "alice")
    with app.app_context():
        id = db.session.scalars(
            sa.select(Membership.id).where(Membership.hub_id == cast.hub_id, Membership.role == Role.OWNER)
        ).one()
        db.session.remove()
    for data in ({"role": "door"}, {"role": "owner", "act": "remove"}):
        assert alice.post(f"/organise/zagore/staff/{id}", data=data).status_code == 409


def test_a_changed_role_ends_the_colleagues_sessions(app: Flask) -> None:
    cast = people.cast(app)
    alice, bob = people.signed_in(app, "alice"), people.signed_in(app, "bob")
    with app.app_context():
        id = db.session.scalars(
            sa.select(Membership.id).where(Membership.hub_id == cast.hub_id, Membership.role == Role.DOOR)
        ).one()
        db.session.remove()
    assert alice.post(f"/organise/zagore/staff/{id}", data={"role": "organiser"}).status_code == 303
    assert bob.get("/organise/me").status_code == 303


def test_guessing_passwords_is_slowed_for_one_address_not_for_the_room(tmp_path: Path) -> None:
    app = new_app(settings_for(tmp_path / "limited", rate_limits=True))
    people.cast(app)
    client = app.test_client()

    def guess(name: str) -> int:
        return int(
            client.post("/organise/sign-in", data={"email": f"{name}@example.org", "password": "no"}).status_code
        )

    assert [guess("alice") for _ in range(11)] == [422] * 10 + [429]
    assert guess("bob") == 422
    with app.app_context():
        db.engine.dispose()


def test_a_hash_of_somebody_elses_making_is_refused_not_a_fault() -> None:
    assert not passwords.matches("x", "$2b$12$notargon")


def test_slugs_of_hubs_keep_leading_to_them(ctx: Flask) -> None:
    hub = make.hub()
    details = hubs.HubDetails(
        name=hub.name, slug="novo", zone=hub.zone, languages=hub.languages, colour="#005500", email=hub.email
    )
    with transaction():
        hubs.change_hub(hub.id, details)
    from hubevents.hubs import queries

    assert (queries.moved("hub", 0, "zagore"), hub.slug) == (hub.id, "novo")
