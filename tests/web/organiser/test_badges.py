"""Badges: what is chosen stands in the address, picture and PDF follow it; and the volunteer's paper of a door."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
import zxingcpp
from flask import Flask
from flask_babel import force_locale
from PIL import Image
from pypdf import PdfReader

from hubevents.checkin import badges as values
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole
from hubevents.core import assets, clock, typesetting
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.hubs.rules import Role
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import AttendsAs, Source
from hubevents.web.door import words
from hubevents.web.organiser import door_paper
from tests import make


def sign_in(client: Any, user: Any) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = f"{user.id}:{user.session_epoch}"
        session["_fresh"] = True


@pytest.fixture
def event(ctx: Flask) -> Event:
    now = clock.now()
    return make.event(
        make.hub(phone="+359 42 600 000"),
        capacity=1000,
        contact="events@zagore.example.org",
        dates=[(now - timedelta(hours=1), now + timedelta(hours=2))],
    )


@pytest.fixture
def alice(event: Event, client: Any) -> Any:
    sign_in(client, make.user("alice", event.hub, language="en"))
    return client


def registered(event: Event, first: str = "Мария", last: str = "Желязкова", **more: Any) -> Registration:
    with transaction():
        person = registrations.Registrant(first, last, None, "bg", **more)
        return registrations.register(event.id, person, source=Source.STAFF)


def path(event: Event, rest: str = "") -> str:
    return f"/organise/zagore/events/{event.id}/badges{rest}"


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_nobody_has_a_badge_before_somebody_has_a_place(event: Event, alice: Any) -> None:
    page = alice.get(path(event))
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "Nobody has a place yet" in page.get_data(as_text=True)
    assert alice.get(path(event, ".png")).status_code == 404
    assert alice.get(path(event, ".pdf")).location == path(event)


def test_the_page_shows_the_first_badge_and_how_many_come_out(event: Event, alice: Any) -> None:
    registered(event, "Ана", "Яворова")
    first = registered(event, "Ива", "Андреева")
    page = alice.get(path(event)).get_data(as_text=True)
    assert "2 badges on 1 sheet" in page
    assert "Everybody (2)" in page
    address = re.findall(r'<img class="badge-sample" src="([^"]+)" alt="The badge of Ива Андреева"', page)[0]
    assert address == path(event, f".png?size=80x50&amp;id={first.id}")
    picture = alice.get(address.replace("&amp;", "&"))
    assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/png", "no-store")
    assert Image.open(BytesIO(picture.data)).size == (605, 378)


def test_the_pdf_holds_those_chosen(event: Event, alice: Any) -> None:
    registered(event, "Ана", "Яворова")
    registered(event, "Ива", "Андреева", attends_as=AttendsAs.SPEAKER)
    registered(event, "Ина", "Бонева")
    answer = alice.get(path(event, ".pdf"))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="lekciya-badges-80x50-1.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    said = words_of(answer.data)
    assert [said.index(name) for name in ("Андреева", "Бонева", "Яворова")] == sorted(
        said.index(name) for name in ("Андреева", "Бонева", "Яворова")
    )
    said = words_of(alice.get(path(event, ".pdf?size=99x38&role=speaker")).data)
    assert ("Андреева" in said, "Бонева" in said, "Яворова" in said) == (True, False, False)
    said = words_of(alice.get(path(event, ".pdf?size=roll-62x29&first=Б&last=Б")).data)
    assert ("Андреева" in said, "Бонева" in said, "Яворова" in said) == (False, True, False)


def test_a_half_used_sheet_and_a_printer_that_is_off(event: Event, alice: Any) -> None:
    for _ in range(2):
        registered(event)
    answer = alice.get(path(event, ".pdf?size=80x50&start=10&right=-1,5&down=2.0"))
    assert len(PdfReader(BytesIO(answer.data)).pages) == 2
    page = alice.get(path(event, "?size=80x50&start=10&right=-1,5&down=2.0")).get_data(as_text=True)
    assert "2 badges on 2 sheets" in page
    assert 'name="right" type="text" value="-1,5"' in page


@pytest.mark.parametrize(
    "query",
    [
        "size=letter", "role=boss", "first=%D0%AA", "start=0", "start=25", "start=x", "right=21", "down=--1",
        "down=nan", "right=1e1", "size=", "down=%D9%A1", "start=1.5",
    ],
)  # fmt: skip
def test_a_wrong_choice_is_said_on_the_page_and_prints_nothing(event: Event, alice: Any, query: str) -> None:
    registered(event)
    answer = alice.get(path(event, f".pdf?{query}"))
    assert answer.status_code == 303
    assert answer.location == path(event, f"?{query}")
    assert 'class="error-sum"' in alice.get(answer.location).get_data(as_text=True)


@pytest.mark.parametrize("query", ["part=0", "part=2", "part=99999999", "part=x", "part=", "x=1", "id=x"])
def test_parts_that_do_not_exist_are_those_that_do(event: Event, alice: Any, query: str) -> None:
    registered(event)
    assert "Желязкова" in words_of(alice.get(path(event, f".pdf?{query}")).data)


def test_many_people_come_out_in_parts(event: Event, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST", 10)
    for number in range(11):
        registered(event, "Ана", f"Петрова {number:02}")
    page = alice.get(path(event)).get_data(as_text=True)
    assert "1: Петрова 00 – Петрова 09 (10)" in page
    assert "2: Петрова 10 – Петрова 10 (1)" in page
    assert "10 badges on 1 sheet" in page
    said = words_of(alice.get(path(event, ".pdf?part=2")).data)
    assert ("Петрова 10" in said, "Петрова 09" in said) == (True, False)


def test_one_person_s_badge(event: Event, alice: Any) -> None:
    registered(event, "Ана", "Яворова")
    row = registered(event)
    person = alice.get(f"/organise/zagore/events/{event.id}/people/{row.id}/").get_data(as_text=True)
    assert path(event, f"?id={row.id}") in person
    page = alice.get(path(event, f"?id={row.id}")).get_data(as_text=True)
    assert "1 badge on 1 sheet" in page
    assert f'<input type="hidden" name="id" value="{row.id}">' in page
    said = words_of(alice.get(path(event, f".pdf?id={row.id}")).data)
    assert ("Желязкова" in said, "Яворова" in said) == (True, False)


def test_an_address_with_anything_in_it_leads_back(event: Event, alice: Any) -> None:
    answer = alice.get(path(event, ".pdf?hub=rodopi&event_id=7&_external=1&_anchor=x&size=letter&id=1&id=2"))
    assert answer.location == path(event, "?size=letter&id=1&id=2")


def test_the_people_of_other_events_have_none_here(event: Event, alice: Any) -> None:
    registered(event)
    other = registered(make.event(event.hub, "drugo"), "Чужда", "Чуждова")
    assert alice.get(path(event, f".pdf?id={other.id}")).status_code == 303
    assert alice.get(path(event, f".png?id={other.id}")).status_code == 404
    assert "Чужд" not in alice.get(path(event, f"?id={other.id}")).get_data(as_text=True)


def test_who_sees_people_prints_badges(event: Event, app: Flask) -> None:
    registered(event)
    reporter, door = app.test_client(), app.test_client()
    sign_in(reporter, make.user("rada", event.hub, Role.REPORTER, language="en"))
    sign_in(door, make.user("bob", event.hub, Role.DOOR, language="en"))
    assert [reporter.get(path(event, rest)).status_code for rest in ("", ".pdf", ".png")] == [200, 200, 200]
    assert f'href="/organise/zagore/events/{event.id}/people/"' in reporter.get(path(event)).get_data(as_text=True)
    assert [door.get(path(event, rest)).status_code for rest in ("", ".pdf", ".png")] == [403, 403, 403]


def test_one_and_three_people_cost_the_same(event: Event, alice: Any, queries: Any) -> None:
    registered(event)
    counts = []
    for _ in range(2):
        with queries() as page:
            alice.get(path(event))
        with queries() as pdf:
            alice.get(path(event, ".pdf"))
        counts.append((len(page), len(pdf)))
        registered(event)
        registered(event)
    assert counts[0] == counts[1]


# --- the volunteer's paper -------------------------------------------------------------------------------------------


@pytest.fixture
def door(event: Event) -> Door:
    with transaction():
        return checkin.make_door(db.session.merge(event), "Вход А", DoorRole.STEWARD)


def paper(door: Door, rest: str = "") -> str:
    return f"/organise/zagore/events/{door.event_id}/door/{door.id}/paper.pdf{rest}"


def of_role(door: Door, role: DoorRole) -> None:
    with transaction():
        db.session.get_one(Door, door.id).role = role.value


@pytest.mark.parametrize("role", [DoorRole.SCAN, DoorRole.SEARCH, DoorRole.STEWARD, DoorRole.KIOSK])
@pytest.mark.parametrize("lang", ["bg", "en"])
def test_the_paper_is_one_page_in_its_language(door: Door, alice: Any, role: DoorRole, lang: str) -> None:
    of_role(door, role)
    answer = alice.get(paper(door, f"?lang={lang}"))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'inline; filename="lekciya-vhod-a-{lang}.pdf"'
    pdf = PdfReader(BytesIO(answer.data))
    assert (len(pdf.pages), pdf.trailer["/Root"]["/Lang"]) == (1, lang)
    said = words_of(answer.data)
    assert "Вход А" in said
    assert "+359 42 600 000" in said
    assert "events@zagore.example.org" in said
    assert ("Лекция lekciya" if lang == "bg" else "Lecture lekciya") in said
    with force_locale(lang):
        for key in ("waitlisted", "cancelled", "replaced", "forged"):
            assert " ".join(words.verdicts()[key]["title"].split()) in said
        reason, find = (" ".join(str(door_paper.BUTTONS[key]).split()) for key in ("reason", "find"))
        assert (reason in said) is (role is DoorRole.STEWARD)
        assert (find in said) is (role in (DoorRole.SEARCH, DoorRole.STEWARD))
    if lang == "en":
        assert "Valid until" in said


def test_its_code_opens_this_door(door: Door, alice: Any) -> None:
    with force_locale("bg"):
        shown = door_paper.values(door.event, door, "bg")
    image = Image.open(BytesIO(typesetting.png("door", shown, ppi=100))).convert("L")
    assert [each.text for each in zxingcpp.read_barcodes(image)] == [checkin.address(door)]


def test_every_button_that_it_names_stands_on_the_scanners_page() -> None:
    page = (assets.root() / "templates" / "door" / "page.html").read_text("utf-8")
    with force_locale("en"):
        said = {str(words) for words in door_paper.BUTTONS.values()}
    assert {each for each in said if f'_("{each}")' not in page and f"_('{each}')" not in page} == set()


def test_its_examples_have_the_colours_that_the_scanner_gives_them(door: Door) -> None:
    wording = (assets.root() / "static" / "door" / "wording.js").read_text("utf-8")
    amber = set(re.findall(r'"(\w+)"', re.findall(r"AMBER = new Set\(\[(.*?)\]\)", wording, re.DOTALL)[0]))
    with force_locale("en"):
        answers = {answer["tone"]: answer["said"] for answer in door_paper.values(door.event, door, "en")["answers"]}
        of_title = {said["title"]: key for key, said in words.verdicts().items()}
    assert {of_title[said] for said in answers["wait"][1:]} <= amber
    assert {of_title[said] for said in answers["stop"]} & amber == set()


def test_the_longest_texts_stay_on_one_page(door: Door, alice: Any) -> None:
    with transaction():
        event = db.session.get_one(Event, door.event_id)
        event.title = make.both("Заглавие, което не свършва " * 9, "A title without an end " * 10)
        event.hub.name = make.both("Сдружение " * 12)
        db.session.get_one(Door, door.id).name = "Ж" * 80
    for lang in ("bg", "en"):
        pdf = PdfReader(BytesIO(alice.get(paper(door, f"?lang={lang}")).data))
        assert len(pdf.pages) == 1


def test_a_hub_without_a_phone_shows_its_addresses(door: Door, alice: Any) -> None:
    with transaction():
        event = db.session.get_one(Event, door.event_id)
        event.hub.phone, event.contact = "", ""
    assert "office@zagore.example.org" in words_of(alice.get(paper(door)).data)


def test_no_paper_for_a_door_that_is_shut_or_another_events(door: Door, alice: Any, app: Flask) -> None:
    other = make.event(make.hub("sliven"), "drugo", dates=[(make.in_days(2), make.in_days(3))])
    bob = app.test_client()
    sign_in(bob, make.user("bob", door.event.hub, Role.DOOR, language="en"))
    assert bob.get(paper(door)).status_code == 200
    assert alice.get(paper(door).replace(f"/{door.event_id}/", f"/{other.id}/")).status_code == 404
    assert alice.get(paper(door).replace(f"/{door.id}/paper", "/99/paper")).status_code == 404
    with time_machine.travel(door.expires_at + timedelta(seconds=1), tick=False):
        late = app.test_client()
        sign_in(late, make.user("ani", door.event.hub, language="en"))
        assert late.get(paper(door)).status_code == 410
    of_role(door, DoorRole.SCREEN)
    assert alice.get(paper(door)).status_code == 409
    of_role(door, DoorRole.SCAN)
    with transaction():
        checkin.revoke_door(door.event_id, door.id)
    assert alice.get(paper(door)).status_code == 410


def test_the_day_of_a_paper_is_today_while_the_event_lasts(event: Event) -> None:
    days = [(make.sofia(2027, 3, day), make.sofia(2027, 3, day, 17)) for day in (9, 16)]
    series = make.event(event.hub, "seriya", dates=days)
    conference = make.event(event.hub, "konf", dates=[(make.sofia(2027, 3, 9), make.sofia(2027, 3, 11, 17))])
    seen = {}
    for day in (1, 9, 10, 12, 20):
        with time_machine.travel(make.sofia(2027, 3, day, 8), tick=False):
            seen[day] = (door_paper.day_of_paper(series).day, door_paper.day_of_paper(conference).day)
    assert seen == {1: (9, 9), 9: (9, 9), 10: (16, 10), 12: (16, 11), 20: (16, 11)}
