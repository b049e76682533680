"""The page of one event."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from hubevents.agenda.rules import SessionKind, SessionStatus
from hubevents.core.db import transaction
from hubevents.events.rules import EventStatus, Format, Visibility
from hubevents.hubs.models import OldSlug
from tests import make, people

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)> & \u2028"
PATH = "/en/zagore/events/lekciya/"
REGISTER = "/en/zagore/events/lekciya/register"


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").strip()


def schema(html: str) -> dict[str, Any]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, flags=re.DOTALL)
    assert len(found) == 1
    data: dict[str, Any] = json.loads(found[0])
    return data


@pytest.mark.parametrize(
    ("values", "words", "button"),
    [
        ({}, "50 free places of 50", "Sign up"),
        ({"seats_taken": 46}, "The last 4 places of 50", "Sign up"),
        ({"capacity": None}, "Places are not limited", "Sign up"),
        (
            {"registration_closes_at": make.sofia(2026, 12, 1, 18)},
            "Registration is open until 1 December at 18:00.",
            "Sign up",
        ),
        ({"seats_taken": 50}, "No places left, waiting list open", "Wait for a place"),
        ({"seats_taken": 49, "waiting": 7}, "No places left, 7 waiting", "Wait for a place"),
        ({"registration_opens_at": make.sofia(2026, 12, 1, 9)}, "Registration opens on 1 December at 09:00", None),
        ({"registration_closes_at": make.sofia(2026, 11, 1, 9)}, "Registration is closed", None),
        ({"dates": [(make.sofia(2026, 11, 1), make.sofia(2026, 11, 1, 12))]}, "The event is over", None),
        ({"takes_registrations": False}, "There is no registration for this event.", None),
        (
            {
                "status": EventStatus.CANCELLED,
                "cancelled_at": make.sofia(2026, 11, 20),
                "cancel_reason": make.both("Лекторът е болен.", "The speaker is ill."),
            },
            "Cancelled on 20 November. The speaker is ill.",
            None,
        ),
    ],
)
def test_the_register_button_says_what_can_be_done(
    app: Flask, client: Any, values: dict[str, Any], words: str, button: str | None
) -> None:
    with time_machine.travel(make.sofia(2026, 11, 24, 9), tick=False):
        with app.app_context():
            dates = [(make.sofia(2026, 12, 4), make.sofia(2026, 12, 4, 12))]
            make.event(make.hub(), **{"dates": dates, **values})
        html = client.get(PATH).text
    assert words in text(html)
    # Beside the facts, and in the bar of a phone.
    pressed = re.findall(rf'<a class="btn btn-primary[^"]*" href="{REGISTER}">([^<]+)</a>', html)
    assert pressed == ([button, button] if button else [])


def full_event(app: Flask, sessions: int) -> None:
    with app.app_context():
        hub = make.hub()
        place = make.venue(hub, rooms=("Берое", "Траяна"), directions=make.both("Автобус 36", "Bus 36"))
        event = make.event(
            hub, venue_id=place.id, programme_id=make.programme(
                hub, funded=True, emblem="cofunded", statement=make.both("Платено", "Paid"),
                disclaimer=make.both("Само мнение", "A view only"),
            ).id,
            price=Decimal("12.50"), learning_hours=Decimal("18.00"), gains=make.both("Пример", "An example\n- Another"),
            audience=make.both("Агрономи", "Farmers"), sectors=("construction",), languages=("bg", "en"),
            competences=[{"framework": "digcomp_2_2", "id": "1.2", "level": ""}, {"framework": "?", "id": "x"}],
            co_organisers=make.both("Университет", "University"), contact="ask@example.org",
        )  # fmt: skip
        for number in range(sessions):
            make.session(
                event, f"Сесия {number}", speakers=(f"Ана Петрова {number}",), track=f"Завод {number}",
                room_id=place.rooms[number % 2].id,
            )  # fmt: skip


def test_everything_said_of_an_event_stands_on_its_page(app: Flask, client: Any) -> None:
    full_event(app, 2)
    said = text(client.get(PATH).text)
    for words in (
        "Bulgarian time", "In Bulgarian and English", "€12.50", "Farmers", "An example Another", "Bus 36",
        "Learning hours 18", "Construction", "1.2 Evaluating data", "With: University.", "ask@example.org",
        "Part of the programme Digital skills", "Paid A view only", "See on the map", "Add to the calendar", "АП",
        "Сесия 0", "Завод 1", "More details",
    ):  # fmt: skip
        assert words in said
    html = client.get(PATH).text
    assert 'href="https://www.openstreetmap.org/?mlat=42.42580&amp;mlon=25.63450' in html
    assert "<iframe" not in html
    assert 'href="/feeds/zagore/lekciya.ics?lang=en"' in html
    assert '<h4 lang="bg">Сесия\u00a00' in html or '<h4 lang="bg">Сесия 0' in html


def test_the_number_of_statements_does_not_grow_with_the_agenda(
    app: Flask, client: Any, queries: Callable[[], Any]
) -> None:
    full_event(app, 1)
    with queries() as one:
        client.get(PATH)
    with app.app_context(), transaction():
        event = make.db.session.query(make.Event).one()
        for number in range(3):
            make.session(event, f"Още {number}", speakers=(f"Лектор {number}",), track=f"Поле {number}")
    with queries() as three:
        assert "Още" in client.get(PATH).text
    assert len(three) == len(one)
    assert len(one) <= 8


def test_an_agenda_goes_by_day_and_strikes_out_what_was_cancelled(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make.event(make.hub(), dates=[(make.sofia(2027, 2, 9, 9), make.sofia(2027, 2, 10, 17))])
        first = make.session(event, "Първа", make.sofia(2027, 2, 9, 10), track="Завод")
        make.session(event, "Втора", make.sofia(2027, 2, 9, 10), 90, track="Поле", capacity=20)
        make.session(event, "Кафе", make.sofia(2027, 2, 9, 12), kind=SessionKind.BREAK)
        make.session(event, "Трета", make.sofia(2027, 2, 10, 9), status=SessionStatus.CANCELLED)
        anchor = f'id="session-{first.id}"'
    html = client.get(PATH).text
    assert re.findall(r'<section class="aday" id="([^"]+)"', html) == ["day-2027-02-09", "day-2027-02-10"]
    assert anchor in html
    assert html.count("slot--par slot--2") == 1
    assert 'class="brk"' in html
    assert "20 of 20 places free" in text(html)
    assert 'class="sess sess--all sess--off"' in html


def test_a_series_shows_each_of_its_meetings(app: Flask, client: Any) -> None:
    with app.app_context():
        dates = [(make.sofia(2027, 2, day, 9), make.sofia(2027, 2, day, 12)) for day in range(1, 11)]
        make.event(make.hub(), kind="training", dates=dates)
    html = client.get(PATH).text
    assert html.count('class="meeting-n"') == 10
    assert "Training, 10 meetings" in text(html)
    assert "2 more meetings" in text(html)


def test_only_staff_of_the_hub_see_a_draft(app: Flask, client: Any) -> None:
    cast = people.cast(app)
    with app.app_context(), transaction():
        hub = make.db.session.get(make.Hub, cast.hub_id)
        make.event(hub, status=EventStatus.DRAFT, published_at=None)
        make.event(hub, "empty", status=EventStatus.DRAFT, published_at=None, dates=[])
    assert client.get(PATH).status_code == 404
    assert people.signed_in(app, "charlie").get(PATH).status_code == 404
    alice = people.signed_in(app, "alice")
    answer = alice.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "This is a draft." in answer.text
    assert '<meta name="robots" content="noindex">' in answer.text
    assert "The date will be announced" in alice.get("/en/zagore/events/empty/").text
    assert alice.get("/en/zagore/events/nothing/").status_code == 404


def test_an_unlisted_event_is_for_those_with_the_link(app: Flask, client: Any) -> None:
    with app.app_context():
        make.event(make.hub(), visibility=Visibility.UNLISTED)
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert '<meta name="robots" content="noindex">' in answer.text
    assert 'rel="canonical"' not in answer.text


def test_former_slugs_lead_to_the_present_address(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        event = make.event(hub)
        project = make.programme(hub)
        with transaction():
            for kind, hub_id, slug, id in (
                ("hub", 0, "old-hub", hub.id), ("event", hub.id, "old", event.id),
                ("programme", hub.id, "old", project.id),
            ):  # fmt: skip
                make.db.session.add(OldSlug(kind=kind, hub_id=hub_id, slug=slug, target_id=id))
    moves = {
        "/en/zagore/events/old/?a=1": "/en/zagore/events/lekciya/?a=1",
        "/en/old-hub/events/lekciya/": PATH,
        "/en/old-hub/?kind=lecture": "/en/zagore/?kind=lecture",
        "/en/zagore/programmes/old/": "/en/zagore/programmes/umeniya/",
        "/en/zagore/events/old/share.png": "/en/zagore/events/lekciya/share.png",
    }
    answers = {path: client.get(path) for path in moves}
    assert {path: (answer.status_code, answer.headers["Location"]) for path, answer in answers.items()} == {
        path: (301, target) for path, target in moves.items()
    }


@pytest.mark.parametrize("lang", ["bg", "en"])
def test_hostile_words_are_only_words_in_page_and_data(app: Flask, client: Any, lang: str) -> None:
    evil = make.both(HOSTILE)
    with app.app_context():
        hub = make.hub(name=evil, kind_line=evil)
        place = make.venue(hub, HOSTILE, rooms=(HOSTILE,), address=evil, directions=evil)
        event = make.event(
            hub, title=evil, subtitle=evil, summary=evil, description=evil, gains=evil, audience=evil,
            co_organisers=evil, interpretation=evil, venue_id=place.id, kind="<b>", sectors=("<i>",), picture_alt=evil,
        )  # fmt: skip
        make.session(event, HOSTILE, speakers=(HOSTILE,), track=HOSTILE, abstract=evil, room_id=place.rooms[0].id)
    html = client.get(f"/{lang}/zagore/events/lekciya/").text
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert schema(html)["name"] == HOSTILE.strip()


def test_search_engines_read_what_the_page_says(app: Flask, client: Any) -> None:
    full_event(app, 1)
    data = schema(client.get(PATH).text)
    url = "http://127.0.0.1:8000" + PATH
    assert data["@context"] == "https://schema.org"
    assert data["@type"] == "EducationEvent"
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["eventAttendanceMode"] == "https://schema.org/OfflineEventAttendanceMode"
    assert data["location"]["@type"] == "Place"
    assert (data["offers"]["price"], data["offers"]["priceCurrency"]) == ("12.50", "EUR")
    assert data["offers"]["availability"] == "https://schema.org/InStock"
    assert data["offers"]["url"] == "http://127.0.0.1:8000" + REGISTER
    assert data["superEvent"]["name"] == "Digital skills"
    assert [part["name"] for part in data["subEvent"]] == ["Сесия 0"]
    assert data["performer"] == [{"@type": "Person", "name": "Ана Петрова 0"}]
    assert data["url"] == url


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"status": EventStatus.CANCELLED}, {"eventStatus": "https://schema.org/EventCancelled"}),
        ({"kind": "conference"}, {"@type": "BusinessEvent"}),
        ({"kind": "unknown"}, {"@type": "Event"}),
        (
            {"format": Format.ONLINE, "online_url": "https://secret.example.org"},
            {"location": {"@type": "VirtualLocation", "url": "http://127.0.0.1:8000" + PATH}},
        ),
    ],
)
def test_structured_data_follow_kind_status_and_format(
    app: Flask, client: Any, values: dict[str, Any], found: dict[str, Any]
) -> None:
    with app.app_context():
        make.event(make.hub(), **values)
    html = client.get(PATH).text
    data = schema(html)
    assert {key: data[key] for key in found} == found
    assert "secret.example.org" not in html


def test_a_training_is_a_course_with_its_dates_and_bounded_parts(app: Flask, client: Any) -> None:
    with app.app_context():
        dates = [(make.sofia(2027, 1, day % 28 + 1, 9), make.sofia(2027, 1, day % 28 + 1, 12)) for day in range(40)]
        make.event(make.hub(), kind="training", dates=dates, learning_hours=Decimal("24.50"))
    data = schema(client.get(PATH).text)
    assert (data["@type"], data["timeRequired"]) == ("Course", "PT24.5H")
    instance = data["hasCourseInstance"]
    assert instance["@type"] == ["CourseInstance", "EducationEvent"]
    assert len(instance["subEvent"]) == 30


def test_link_previews_and_languages_have_absolute_addresses(app: Flask, client: Any) -> None:
    with app.app_context():
        make.event(make.hub())
    html = client.get(PATH).text
    base = "http://127.0.0.1:8000"
    assert f'<meta property="og:image" content="{base}{PATH}share.png">' in html
    assert f'<meta property="og:url" content="{base}{PATH}">' in html
    assert f'<link rel="canonical" href="{base}{PATH}">' in html
    assert re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', html) == [
        ("bg", f"{base}/bg/zagore/events/lekciya/"), ("en", base + PATH),
        ("x-default", f"{base}/bg/zagore/events/lekciya/"),
    ]  # fmt: skip
