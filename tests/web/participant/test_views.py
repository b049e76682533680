"""The personal page: what it shows in each status, and that only its own link opens it."""

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from hubevents.core import clock, links, tokens
from hubevents.core.db import db, transaction
from hubevents.core.i18n import Translated
from hubevents.events.rules import EventStatus
from hubevents.registrations import queries, tickets
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import ConsentKind, RegistrationStatus
from hubevents.registrations.service import Registrant
from tests import make
from tests.calendars.checker import check_file, instants


def person(name: str) -> Registrant:
    return Registrant(name.title(), "Петрова", f"{name}@example.org", "bg")


def seed(app: Flask, *names: str, **values: Any) -> list[str]:
    """Registers people for one event and gives their links."""
    found = []
    with app.app_context():
        event = make.event(make.hub(), **values)
        for name in names:
            with transaction():
                row = registrations.register(event.id, person(name))
            token = tokens.link(tokens.REGISTRATION, row.id, row.link_version)
            found.append(links.path(links.REGISTRATION, lang="bg", token=token))
        db.session.remove()
    return found


def statuses(app: Flask) -> list[RegistrationStatus]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(Registration.status).order_by(Registration.id)))
        db.session.remove()
    return found


def test_a_confirmed_person_sees_ticket_calendar_and_what_to_do(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    page = client.get(url)
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    for part in ("event.ics", "ticket.png", "/cancel", "/change", "/consents", "<svg"):
        assert part in page.text
    english = client.get(url.replace("/bg/", "/en/"))
    assert 'lang="en"' in english.text


def test_the_saved_picture_holds_the_signed_ticket(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    answer = client.get(url + "ticket.png")
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("image/png", "no-store")


    read = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)).convert("L"))
    with app.app_context():
        keys = [key.public_key() for key in tokens.ticket_keys()]
        ticket = tickets.read(read[0].text, keys)
        row = db.session.scalars(sa.select(Registration)).one()
        assert isinstance(ticket, tickets.Ticket)
        assert (ticket.registration_id, ticket.event_id, ticket.version) == (row.id, row.event_id, 1)
        db.session.remove()


def test_the_calendar_file_is_right(app: Flask, client: FlaskClient) -> None:
    with time_machine.travel(clock.now(), tick=False):
        (url,) = seed(app, "ana")
        answer = client.get(url + "event.ics")
        assert answer.content_type == "text/calendar; charset=utf-8"
        assert check_file(answer.data) == []
        ((start, _end, title),) = instants(answer.data).values()
        assert (start, title) == (make.in_days(10, 10), "Лекция lekciya")


def test_a_waiting_person_sees_the_place_in_the_queue(app: Flask, client: FlaskClient) -> None:
    _ana, boyan, vera = seed(app, "ana", "boyan", "vera", capacity=1)
    assert [
        '<span class="place">1</span>' in client.get(boyan).text,
        '<span class="place">2</span>' in client.get(vera).text,
    ] == [True, True]
    assert client.get(boyan + "ticket.png").status_code == 404


def test_no_get_changes_anything_and_one_press_gives_the_place_back(app: Flask, client: FlaskClient) -> None:
    ana, boyan = seed(app, "ana", "boyan", capacity=1)
    assert client.get(ana + "cancel").status_code == 200
    assert statuses(app) == [RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED]
    assert client.post(ana + "cancel").headers["Location"] == ana
    assert statuses(app) == [RegistrationStatus.CANCELLED, RegistrationStatus.CONFIRMED]
    assert client.post(ana + "cancel").status_code == 303
    assert "ticket.png" not in client.get(ana).text
    assert "ticket.png" in client.get(boyan).text
    assert client.get(ana + "event.ics").status_code == 404


def test_details_are_changed_by_the_person(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    assert client.post(url + "change", data={"first_name": "", "last_name": "Х"}).status_code == 422
    answer = client.post(
        url + "change", data={"first_name": "Анна", "last_name": "Тотева", "organisation": "Община Стара Загора"}
    )
    assert answer.status_code == 303
    with app.app_context():
        row = db.session.scalars(sa.select(Registration)).one()
        assert (row.name, row.organisation_name, row.organisation_id is not None) == (
            "Анна Тотева",
            "Община Стара Загора",
            True,
        )
        db.session.remove()


def test_consents_are_given_and_withdrawn_with_one_press(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")

    def granted() -> dict[ConsentKind, bool]:
        with app.app_context():
            now = queries.consents(db.session.scalars(sa.select(Registration.id)).one())
            db.session.remove()
        return {kind: row.granted for kind, row in now.items()}

    client.post(url + "consents", data={"photo": "y"})
    assert granted() == {ConsentKind.PHOTO: True, ConsentKind.NEWSLETTER: False}
    client.post(url + "consents", data={"csrf_token": "always sent by browsers"})
    assert granted() == {ConsentKind.PHOTO: False, ConsentKind.NEWSLETTER: False}


def test_a_renewed_link_is_gone_and_a_guessed_one_unknown(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    with app.app_context():
        with transaction():
            registrations.renew_link(db.session.scalars(sa.select(Registration.id)).one())
        db.session.remove()
    token = url.split("/")[3]
    assert client.get(url).status_code == 410
    for guess in ("A" * 32, token[:-1] + ("A" if token[-1] != "A" else "B"), "x", "../x", "ш" * 32):
        assert client.get(f"/bg/r/{guess}/").status_code == 404


@pytest.mark.parametrize("path", ["", "cancel", "change", "consents", "ticket.png", "event.ics"])
def test_a_door_link_opens_no_personal_page(app: Flask, client: FlaskClient, path: str) -> None:
    seed(app, "ana")
    with app.app_context():
        token = tokens.link(tokens.DOOR, 1, 0)
    assert client.get(f"/bg/r/{token}/{path}").status_code == 404


def test_a_cancelled_event_says_why_and_offers_a_way_on(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    with app.app_context():
        with transaction():
            event = db.session.scalars(sa.select(Registration)).one().event
            event.status = EventStatus.CANCELLED
            event.cancel_reason = Translated.of({"bg": "Лекторът е болен."})
        db.session.remove()
    page = client.get(url).text
    assert ("Лекторът е болен." in page, "/cancel" in page, "ticket.png" in page) == (True, False, False)


def test_once_the_event_began_the_place_is_not_given_back_here(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    with time_machine.travel(make.in_days(10, 10) + timedelta(minutes=5), tick=False):
        assert "/cancel" not in client.get(url).text
        assert client.post(url + "cancel").status_code == 409
    assert statuses(app) == [RegistrationStatus.CONFIRMED]


def test_afterwards_the_page_no_longer_speaks_of_the_door(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana")
    with time_machine.travel(make.in_days(10, 12) + timedelta(minutes=1), tick=False):
        page = client.get(url).text
    assert ("Събитието мина" in page, "ticket.png" in page, "/cancel" in page) == (True, False, False)


def test_the_join_address_of_an_online_event_stands_on_the_persons_page_only(app: Flask, client: FlaskClient) -> None:
    (url,) = seed(app, "ana", format="online", online_url="https://meet.example.org/room")
    assert "https://meet.example.org/room" in client.get(url).text
    assert "meet.example.org" not in client.get("/bg/zagore/events/lekciya/register").text


def test_the_page_needs_few_statements(app: Flask, client: FlaskClient, queries: Any) -> None:
    (url,) = seed(app, "ana", dates=[(make.in_days(d), make.in_days(d, 12)) for d in (3, 4, 5)])
    client.get(url)
    with queries() as seen:
        client.get(url)
    assert len(seen) == 4
