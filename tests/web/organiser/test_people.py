"""People and messages of an event: search, filters, by hand, cancelling, exports, one person, one mail."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.hubs.models import Hub
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import AttendsAs, ConsentKind, RegistrationStatus
from hubevents.registrations.service import Registrant
from tests import make, people


class Desk:
    """Alice at the people of one event with two places."""

    def __init__(self, app: Flask, capacity: int | None = 2) -> None:
        self.app = app
        self.cast = people.cast(app)
        with app.app_context():
            self.event_id = make.event(db.session.get_one(Hub, self.cast.hub_id), capacity=capacity).id
        self.client = people.signed_in(app, "alice")
        self.base = f"/organise/zagore/events/{self.event_id}"

    def register(self, first: str, last: str = "Желева", email: str | None = "", **more: Any) -> int:
        address = f"{first.encode().hex()[:20]}@example.org" if email == "" else email
        with self.app.app_context(), transaction():
            return registrations.register(self.event_id, Registrant(first, last, address, "bg", **more)).id

    def status(self, id: int) -> RegistrationStatus:
        with self.app.app_context():
            return db.session.get_one(Registration, id).status

    def mail(self, registration_id: int = 1, **values: Any) -> int:
        now = clock.now()
        with self.app.app_context(), transaction():
            row = OutboxMessage(**{
                "hub_id": self.cast.hub_id, "event_id": self.event_id, "about": f"registration:{registration_id}",
                "kind": "confirmation", "recipient": "maria@example.org", "recipient_name": "Мария Желева",
                "language": "bg", "data": {}, "message_id": f"<{now.timestamp()}@example.org>", "created_at": now,
                "due_at": now, "attempts": 0, "replaced": False, **values,
            })  # fmt: skip
            db.session.add(row)
            db.session.flush()
            return row.id

    def names(self, path: str = "/people/", **query: str) -> list[str]:
        """The people that the list shows, in order."""
        page = self.client.get(self.base + path, query_string=query).text
        return [part.split("</a>")[0].split(">")[-1] for part in page.split('class="c-name">')[1:]]


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def test_people_are_found_by_parts_of_name_organisation_and_address_in_either_alphabet(desk: Desk) -> None:
    desk.register("Мария", "Железкова", organisation="Община Стара Загора")
    desk.register("Георги", "Тотев", email="g.totev@firma.example.org")
    assert desk.names() == ["Георги Тотев", "Мария Железкова"]
    assert desk.names(sort="name") == ["Мария Железкова", "Георги Тотев"]
    assert [desk.names(q=words) for words in ("желез", "zhelez", "стара мария", "TOTEV@", "никой")] == [
        ["Мария Железкова"], ["Мария Железкова"], ["Мария Железкова"], ["Георги Тотев"], [],
    ]  # fmt: skip


def test_filters_count_and_stand_in_the_address(desk: Desk) -> None:
    for first in ("А", "Б", "В", "Г"):
        desk.register(first)
    assert desk.names(status="waitlisted") == ["В Желева", "Г Желева"]
    assert desk.names(status="confirmed") == ["Б Желева", "А Желева"]
    assert desk.names(status="strange") == ["Г Желева", "В Желева", "Б Желева", "А Желева"]
    page = desk.client.get(f"{desk.base}/people/?status=waitlisted&q=желева").text
    assert '<span class="n">4</span>' in page
    assert "export.csv?q=" in page


def test_by_hand_one_may_go_beyond_the_capacity(desk: Desk) -> None:
    desk.register("А")
    desk.register("Б")
    person = {"first_name": "Петър", "last_name": "Иванов", "language": "bg"}
    waiting = desk.client.post(f"{desk.base}/people/new", data={**person, "email": "petar@example.org"})
    seated = desk.client.post(f"{desk.base}/people/new", data={**person, "beyond": "y"})
    assert (waiting.status_code, seated.status_code) == (303, 303)
    assert (desk.status(3), desk.status(4)) == (RegistrationStatus.WAITLISTED, RegistrationStatus.CONFIRMED)
    again = desk.client.post(f"{desk.base}/people/new", data={**person, "email": "Petar@Example.org"})
    assert again.status_code == 409
    assert f"{desk.base}/people/3/" in again.text
    assert desk.client.post(f"{desk.base}/people/new", data={"first_name": ""}).status_code == 422
    with desk.app.app_context():
        event = db.session.get_one(Event, desk.event_id)
        assert (event.seats_taken, event.waiting) == (3, 1)


def test_what_somebody_takes_part_as_is_chosen_by_staff_and_kept(desk: Desk) -> None:
    person = {"first_name": "Петър", "last_name": "Иванов", "language": "bg"}
    assert desk.client.post(f"{desk.base}/people/new", data={**person, "attends_as": "press"}).status_code == 303
    assert desk.client.post(f"{desk.base}/people/new", data={**person, "attends_as": "boss"}).status_code == 422

    def role() -> AttendsAs:
        with desk.app.app_context():
            return db.session.get_one(Registration, 1).attends_as

    assert role() is AttendsAs.PRESS
    assert "<dt>Участва като</dt><dd>Медии</dd>" in desk.client.get(f"{desk.base}/people/1/").text
    form = desk.client.get(f"{desk.base}/people/1/edit").text
    assert '<option selected value="press">Медии</option>' in form
    assert desk.client.post(f"{desk.base}/people/1/edit", data={**person, "attends_as": "speaker"}).status_code == 303
    assert role() is AttendsAs.SPEAKER
    with desk.app.app_context(), transaction():  # the person's own change says nothing of it
        registrations.change_details(1, Registrant("Петър", "Петров", None, "bg"))
    assert role() is AttendsAs.SPEAKER
    assert desk.register("Ана") == 2
    with desk.app.app_context():
        assert db.session.get_one(Registration, 2).attends_as is AttendsAs.PARTICIPANT


def test_cancelling_for_those_selected_asks_first_and_the_next_moves_up(desk: Desk) -> None:
    ids = [desk.register(first) for first in ("А", "Б", "В")]
    data = {"act": "cancel", "id": [str(ids[0])]}
    asked = desk.client.post(f"{desk.base}/people/selected", data=data)
    assert (asked.status_code, desk.status(ids[0])) == (200, RegistrationStatus.CONFIRMED)
    assert "А Желева" in asked.text
    assert "Б Желева" not in asked.text
    done = desk.client.post(f"{desk.base}/people/selected", data={**data, "sure": "yes"})
    assert done.status_code == 303
    assert [desk.status(id) for id in ids] == [
        RegistrationStatus.CANCELLED, RegistrationStatus.CONFIRMED, RegistrationStatus.CONFIRMED,
    ]  # fmt: skip


@pytest.mark.parametrize("data", [{}, {"act": "cancel"}, {"act": "erase", "id": "1"}, {"act": "cancel", "id": "x"}])
def test_nothing_selected_does_nothing(desk: Desk, data: dict[str, str]) -> None:
    id = desk.register("А")
    assert desk.client.post(f"{desk.base}/people/selected", data={**data, "sure": "yes"}).status_code == 303
    assert desk.status(id) is RegistrationStatus.CONFIRMED


def test_a_waiting_person_gets_a_place_although_it_is_full(desk: Desk) -> None:
    ids = [desk.register(first) for first in ("А", "Б", "В")]
    assert desk.client.post(f"{desk.base}/people/{ids[2]}/confirm").status_code == 303
    assert desk.status(ids[2]) is RegistrationStatus.CONFIRMED
    assert desk.client.post(f"{desk.base}/people/{ids[2]}/confirm").status_code == 409


def test_details_change_and_the_address_stays(desk: Desk) -> None:
    id = desk.register("Мария", email="maria@example.org")
    data = {"first_name": "Мария", "last_name": "Иванова", "language": "bg", "email": "other@example.org"}
    assert desk.client.post(f"{desk.base}/people/{id}/edit", data=data).status_code == 303
    assert desk.names(q="иванова") == ["Мария Иванова"]
    assert desk.names(q="other@") == []
    assert "maria@example.org" in desk.client.get(f"{desk.base}/people/{id}/").text


def test_somebody_without_an_address_gets_no_mail_again(desk: Desk) -> None:
    id = desk.register("Дядо", email=None)
    assert desk.client.post(f"{desk.base}/people/{id}/again").status_code == 422


def test_one_persons_page_shows_consents_tickets_and_mails(desk: Desk) -> None:
    id = desk.register("Мария", consents=frozenset({ConsentKind.PHOTO}))
    desk.mail(id, done_at=clock.now(), error="address_refused 550", attempts=3)
    page = desk.client.get(f"{desk.base}/people/{id}/").text
    assert page.count('class="state state--wait') == 1
    assert f"{desk.base}/messages/" in page
    assert page.count("</small></li>") >= 2


def test_the_ticket_of_somebody_who_cancelled_is_not_called_valid(desk: Desk) -> None:
    id = desk.register("Мария")
    page = f"{desk.base}/people/{id}/"
    assert " · валиден</li>" in desk.client.get(page).text
    with desk.app.app_context(), transaction():
        registrations.cancel(id, by="person")
    assert " · валиден</li>" not in desk.client.get(page).text


def test_the_csv_opens_in_a_spreadsheet_and_calculates_nothing(desk: Desk) -> None:
    desk.register("=1+1", "+Желева", organisation="@SUM(A1)", consents=frozenset({ConsentKind.NEWSLETTER}))
    answer = desk.client.get(f"{desk.base}/people/export.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lekciya-people.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, row = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(head) == len(row)
    assert (row[0], row[1], row[4]) == ("'=1+1", "'+Желева", "'@SUM(A1)")


def test_the_workbook_holds_texts_only_and_the_pages_filter(desk: Desk) -> None:
    desk.register("=1+1", email="a@example.org")
    desk.register("Петър", "Иванов")
    answer = desk.client.get(f"{desk.base}/people/export.xlsx?q=1%2B1")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["=1+1"]


def test_a_reporter_sees_and_exports_but_changes_nothing(desk: Desk) -> None:
    with desk.app.app_context():
        make.user("rada", db.session.get_one(Hub, desk.cast.hub_id), make.Role.REPORTER)
    desk.register("Мария")
    client = people.signed_in(desk.app, "rada")
    page = client.get(f"{desk.base}/people/").text
    assert 'class="bulk"' not in page
    assert "export.csv" in page
    assert "/edit" not in client.get(f"{desk.base}/people/1/").text


def test_people_and_messages_cost_the_same_for_1_and_3(desk: Desk, queries: Callable[[], Any]) -> None:
    def cost(path: str) -> int:
        with queries() as seen:
            assert desk.client.get(desk.base + path).status_code == 200
        return len(seen)

    pages = ["/people/", "/people/?status=confirmed&q=а", "/messages/", "/", "/people/export.csv"]
    desk.mail(desk.register("А"))
    one = [cost(path) for path in pages]
    for first in ("Б", "В"):
        desk.mail(desk.register(first))
    assert [cost(path) for path in pages] == one
    assert max(one) <= 12


def test_a_failed_mail_is_shown_with_its_reason_and_tried_again(desk: Desk) -> None:
    id = desk.register("Мария")
    failed = desk.mail(id, done_at=clock.now(), error="address_refused 550 5.1.1", attempts=3)
    page = desk.client.get(f"{desk.base}/messages/?status=failed").text
    assert "550 5.1.1" in page
    assert "unreached" in desk.client.get(f"{desk.base}/people/").text
    assert desk.names(status="unreached") == ["Мария Желева"]
    assert desk.client.post(f"{desk.base}/messages/{failed}/again").status_code == 303
    with desk.app.app_context():
        row = db.session.get_one(OutboxMessage, failed)
        assert (row.status, row.attempts, row.error, row.done_at) == (MessageStatus.WAITING, 0, None, None)
    assert desk.client.post(f"{desk.base}/messages/{failed}/again").status_code == 409


def test_a_sent_mail_is_shown_as_it_was_sent(desk: Desk) -> None:
    id = desk.register("Мария")
    sent = b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello <b>Maria</b>\r\n"
    mail = desk.mail(id, sent=sent, sent_at=clock.now(), done_at=clock.now(), subject="Билет")
    page = desk.client.get(f"{desk.base}/messages/{mail}/").text
    assert "Hello &lt;b&gt;Maria&lt;/b&gt;" in page
    assert desk.client.post(f"{desk.base}/messages/{mail}/again").status_code == 409


def test_a_mail_that_cannot_be_composed_is_still_a_page(desk: Desk) -> None:
    mail = desk.mail(999, kind="strange")
    assert desk.client.get(f"{desk.base}/messages/{mail}/").status_code == 200
