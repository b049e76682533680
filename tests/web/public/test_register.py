"""The registration form: what it asks, refuses and keeps."""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.events.rules import Asked, EventStatus
from hubevents.mail.models import OutboxMessage
from hubevents.organisations.models import Organisation
from hubevents.registrations.models import Consent, Registration
from hubevents.registrations.rules import RegistrationStatus
from tests import make
from tests.conftest import new_app, settings_for

URL = "/bg/zagore/events/lekciya/register"
MARIA = {"first_name": "Мария", "last_name": "Желязкова", "email": "maria@example.org"}


def seed(app: Flask, **values: Any) -> int:
    with app.app_context():
        id = make.event(make.hub(), **values).id
        db.session.remove()
    return id


def rows(app: Flask) -> list[Registration]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(Registration).order_by(Registration.id)))
        db.session.remove()
    return found


def test_a_filled_form_leads_to_the_personal_page(app: Flask, client: FlaskClient) -> None:
    seed(app)
    assert client.get(URL).status_code == 200
    answer = client.post(URL, data=MARIA)
    assert (answer.status_code, bool(re.fullmatch(r"/bg/r/[\w-]{32}/", answer.headers["Location"]))) == (303, True)
    page = client.get(answer.headers["Location"])
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex, nofollow",
    )
    assert "Мария" in page.text
    assert [(r.name, r.status, r.language) for r in rows(app)] == [
        ("Мария Желязкова", RegistrationStatus.CONFIRMED, "bg")
    ]


@pytest.mark.parametrize("missing", ["first_name", "last_name", "email"])
def test_what_is_required_is_asked_for_and_nothing_typed_is_lost(app: Flask, client: FlaskClient, missing: str) -> None:
    seed(app)
    data = {**MARIA, "organisation": "Община Стара Загора", "consent_photo": "y", missing: "  "}
    answer = client.post(URL, data=data)
    assert (answer.status_code, rows(app)) == (422, [])
    assert answer.text.count('aria-invalid="true"') == 1
    assert 'href="#' + missing + '"' in answer.text
    assert "Община Стара Загора" in answer.text
    assert re.search(r'name="consent_photo"[^>]*checked|checked[^>]*name="consent_photo"', answer.text)


def test_the_event_decides_what_more_is_asked(app: Flask, client: FlaskClient) -> None:
    seed(app, ask_phone=Asked.REQUIRED, ask_position=Asked.OPTIONAL, ask_organisation=Asked.NO)
    page = client.get(URL).text
    assert ['name="phone"' in page, 'name="position"' in page, 'name="organisation"' in page] == [True, True, False]
    assert client.post(URL, data=MARIA).status_code == 422
    assert client.post(URL, data={**MARIA, "phone": "+359 42 600 000"}).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "maria"), ("email", "maria@"), ("email", "a@b@example.org"), ("email", "мария@пример"),
        ("organisation_number", "123456789"), ("organisation_number", "DROP TABLE"),
        ("first_name", "М" * 81), ("organisation", "x" * 201), ("last_name", "7501020018"),
        ("organisation", "ЕГН 7501020018"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_said_at_its_field(app: Flask, client: FlaskClient, field: str, value: str) -> None:
    seed(app)
    answer = client.post(URL, data={**MARIA, field: value})
    assert (answer.status_code, f'id="{field}-error"' in answer.text, rows(app)) == (422, True, [])


def test_a_company_number_is_normalised(app: Flask, client: FlaskClient) -> None:
    seed(app)
    client.post(URL, data={**MARIA, "organisation": "Берое", "organisation_number": "BG 123 456 786"})
    with app.app_context():
        assert db.session.scalars(sa.select(Organisation.number)).all() == ["123456786"]
        db.session.remove()


def test_a_full_event_says_so_and_the_person_waits(app: Flask, client: FlaskClient) -> None:
    seed(app, capacity=0)
    assert "ghost" not in client.get(URL).text
    answer = client.post(URL, data=MARIA)
    assert 'class="ghost"' in client.get(answer.headers["Location"]).text
    assert [r.status for r in rows(app)] == [RegistrationStatus.WAITLISTED]


def test_a_known_address_is_told_so_and_gets_the_link_once_an_hour(app: Flask, client: FlaskClient) -> None:
    seed(app)
    client.post(URL, data=MARIA)

    def again() -> int:
        answer = client.post(URL, data={**MARIA, "email": "MARIA@example.org"})
        assert (answer.status_code, len(rows(app))) == (200, 1)
        with app.app_context():
            query = sa.select(sa.func.count()).where(OutboxMessage.kind == "link_again")
            number = db.session.scalar(query) or 0
            db.session.remove()
        return number

    now = clock.now()
    with time_machine.travel(now, tick=False) as travel:
        assert [again(), again()] == [1, 1]
        travel.shift(3601)
        assert again() == 2


@pytest.mark.parametrize(
    "values",
    [
        {"status": EventStatus.CANCELLED}, {"takes_registrations": False}, {"registration_opens_at": make.in_days(2)},
        {"registration_closes_at": make.in_days(-2)},
    ],
)  # fmt: skip
def test_a_closed_form_leads_to_the_event(app: Flask, client: FlaskClient, values: dict[str, Any]) -> None:
    seed(app, **values)
    for answer in (client.get(URL), client.post(URL, data=MARIA)):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/bg/zagore/events/lekciya/")
    assert rows(app) == []


def test_a_draft_has_no_form(app: Flask, client: FlaskClient) -> None:
    seed(app, status=EventStatus.DRAFT)
    assert client.get(URL).status_code == 404


def test_consents_are_unticked_and_kept_as_decided(app: Flask, client: FlaskClient) -> None:
    seed(app)
    page = client.get(URL).text
    assert "checked" not in page
    client.post(URL, data={**MARIA, "consent_newsletter": "y"})
    with app.app_context():
        kept = db.session.execute(sa.select(Consent.kind, Consent.granted).order_by(Consent.id)).all()
        db.session.remove()
    assert [tuple(row) for row in kept] == [("photo", False), ("newsletter", True)]


def test_sessions_with_limited_places_are_offered_and_others_are_not(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        event = make.event(make.hub())
        limited, free = make.session(event, "Работилница", capacity=1), make.session(event, "Откриване")
        ids = limited.id, free.id
        db.session.remove()
    page = client.get(URL).text
    assert (f'value="{ids[0]}"' in page, f'value="{ids[1]}"' in page) == (True, False)
    answer = client.post(URL, data={**MARIA, "sessions": [str(ids[0])]})
    assert "Работилница" in client.get(answer.headers["Location"]).text
    assert client.post(URL, data={**MARIA, "email": "b@example.org", "sessions": [str(ids[1])]}).status_code == 422
    assert (
        client.post(URL, data={**MARIA, "email": "b@example.org", "sessions": ["999999999999", "x"]}).status_code == 422
    )


def test_former_slugs_lead_to_the_form(app: Flask, client: FlaskClient) -> None:
    from hubevents.hubs.models import OldSlug

    with app.app_context():
        event = make.event(make.hub())
        with transaction():
            db.session.add(OldSlug(kind="event", hub_id=event.hub_id, slug="stara", target_id=event.id))
            db.session.add(OldSlug(kind="hub", hub_id=0, slug="predi", target_id=event.hub_id))
        db.session.remove()
    moved = client.get("/bg/zagore/events/stara/register?x=1")
    assert (moved.status_code, moved.headers["Location"]) == (301, URL + "?x=1")
    moved = client.get("/bg/predi/events/lekciya/register")
    assert (moved.status_code, moved.headers["Location"]) == (301, URL)


def _guarded(tmp_path: Path) -> Flask:
    app = new_app(settings_for(tmp_path / "guarded", rate_limits=True))
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token|opened)"[^>]*value="([^"]+)"', page))


def test_machines_are_stopped_and_people_lose_nothing(tmp_path: Path) -> None:
    app = _guarded(tmp_path)
    seed(app)
    client = app.test_client()
    with time_machine.travel(clock.now(), tick=False) as travel:
        hidden = _hidden(client.get(URL).text)
        assert set(hidden) == {"csrf_token", "opened"}
        quick = client.post(URL, data={**MARIA, **hidden})
        assert (quick.status_code, "Желязкова" in quick.text) == (409, True)
        travel.shift(4)
        trapped = client.post(URL, data={**MARIA, **hidden, "website": "http://spam.example"})
        forged = client.post(URL, data={**MARIA, **hidden, "opened": "abc"})
        without = client.post(URL, data={**MARIA, "opened": hidden["opened"]})
        assert [a.status_code for a in (trapped, forged, without)] == [409, 409, 422]
        assert "Желязкова" in without.text
        assert rows(app) == []
        assert client.post(URL, data={**MARIA, **_hidden(quick.text), **hidden}).status_code == 303
    with app.app_context():
        db.engine.dispose()


def test_a_classroom_behind_one_address_registers_within_a_minute(tmp_path: Path) -> None:
    app = _guarded(tmp_path)
    app.config["WTF_CSRF_ENABLED"] = False
    seed(app, capacity=None)
    client = app.test_client()
    with time_machine.travel(clock.now(), tick=False) as travel:
        hidden = _hidden(client.get(URL).text)
        travel.shift(5)
        codes = [
            client.post(URL, data={**MARIA, **hidden, "email": f"p{i}@example.org"}).status_code for i in range(100)
        ]
    assert set(codes) == {303}
    with app.app_context():
        db.engine.dispose()


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "'; DROP TABLE registration; --",
            "<script>alert(1)</script>",
            "\x00\x1b[31m",
            "‮txt.exe",
            "=1+1",
            "\ud800",
            "a" * 5000,
            "../../etc/passwd",
            "{{7*7}}",
            "%s%n",
            "\r\nBcc: x@example.org",
        ]
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "first_name",
                "last_name",
                "email",
                "organisation",
                "organisation_number",
                "consent_photo",
                "sessions",
                "website",
                "opened",
                "phone",
            ]
        ),
        HOSTILE,
    )
)
def test_hostile_input_is_a_message_or_harmless(app: Flask, client: FlaskClient, data: dict[str, str]) -> None:
    with app.app_context():
        if db.session.scalar(sa.select(sa.func.count(Event.id))) == 0:
            make.event(make.hub(), capacity=None)
        db.session.remove()
    encodable = {key: value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for key, value in data.items()}
    answer = client.post(URL, data={**MARIA, **encodable})
    assert answer.status_code in (200, 303, 409, 413, 422)
    assert "<script>alert(1)</script>" not in answer.text
