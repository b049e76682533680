"""Badges: labels that fit their sheets, people in the order of a desk, and badges that doors read."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from hubevents.checkin import badges, intake
from hubevents.checkin import service as checkin
from hubevents.checkin.badges import SIZES, Bearer, Size, Standing
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens, typesetting
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import AttendsAs
from tests import make

DATED = datetime(2026, 11, 27, 8, tzinfo=UTC)
SHEETS = [size for size in SIZES.values() if not size.roll]
MODULES, QUIET = 37, 4
NAMES = [
    ("Мария", "Желязкова", "Община Стара Загора"),
    (
        "Максимилиан-Александър",
        "Христодулопулов-Папазчорбаджиев",
        "Сдружение „Хъб“ на общини, камари и университети " * 4,
    ),
    ("Х" * 80, "Щ" * 80, "Ж" * 200),
    ("W W W W W W W W W W W W W W W W", "- - -", ""),
    ("محمد", "בן גוריון", "🌸"),
    ("Ия 🦄", "王伟", '#panic("x") *$_@<'),
    (".", "-", "."),
]


@pytest.fixture
def event(ctx: Flask) -> Event:
    return make.event(make.hub(), capacity=1000, title=make.both("Земя, завод, град", "Land, plant, city"))


def registered(event: Event, first: str = "Мария", last: str = "Желязкова", **values: Any) -> Registration:
    with transaction():
        person = registrations.Registrant(first, last, None, **{"language": "bg", **values})
        return registrations.register(event.id, person)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SHEETS, ids=lambda size: size.key)
def test_labels_lie_on_an_a4_sheet_without_touching_each_other(size: Size) -> None:
    assert size.across >= size.width
    assert size.down >= size.height
    right = 210 - (size.left + (size.columns - 1) * size.across + size.width)
    below = 297 - (size.top + (size.rows - 1) * size.down + size.height)
    # Sheets are cut alike on both sides; half a millimetre is what printers miss anyway.
    assert (abs(right - size.left) < 0.5, abs(below - size.top) < 0.5) == (True, True)
    assert size.products


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_the_code_is_large_enough_and_keeps_its_quiet_zone_on_the_label(size: Size) -> None:
    module = size.look.code / (MODULES + 2 * QUIET)
    assert module * MODULES >= 18
    assert QUIET * module <= min(size.look.inset)
    assert size.look.code < min(size.width, size.height)


def test_names_on_large_badges_are_read_at_two_metres() -> None:
    large = [size for size in SIZES.values() if size.width * size.height >= 60 * 80 or size.height >= 80]
    assert {size.key for size in large} == {"99x68", "99x57", "roll-62x100"}
    assert min(size.look.first for size in large) >= 7
    assert all(size.look.first > size.look.least > size.look.organisation * 0.8 for size in SIZES.values())


# --- who -------------------------------------------------------------------------------------------------------------


def test_the_order_is_that_of_a_bulgarian_list() -> None:
    names = [
        "Ångström",
        "Ян",
        "йотов",
        "Иванова",
        "Ѝвановска",
        "Щерев",
        "Юруков",
        "Ъглев",
        "O’Brien",
        "Ёлкин",
        "3D",
        "Еленкова",
    ]
    assert sorted(names, key=badges.order) == [
        "Еленкова", "Ёлкин", "Иванова", "Ѝвановска", "йотов", "Щерев", "Ъглев", "Юруков", "Ян",
        "3D", "Ångström", "O’Brien",
    ]  # fmt: skip


@given(st.text(max_size=12))
def test_any_name_has_a_place_and_case_does_not_matter(name: str) -> None:
    assert badges.order(name) == badges.order(name.casefold())


def bearer(last: str, id: int = 1) -> Bearer:
    return Bearer(id, "А", last, AttendsAs.PARTICIPANT)


def test_letters_cut_the_list_for_several_desks() -> None:
    people = [bearer(name) for name in ("Ангелов", "Йотов", "Колев", "Янев", "Smith", "…")]
    names = lambda first, last: [each.last_name for each in badges.between(people, first, last)]  # noqa: E731
    assert names("", "") == ["Ангелов", "Йотов", "Колев", "Янев", "Smith", "…"]
    assert names("", "Й") == ["Ангелов", "Йотов", "…"]
    assert names("К", "Я") == ["Колев", "Янев"]
    assert names("К", "") == ["Колев", "Янев", "Smith"]
    assert names("Я", "К") == []
    assert [each.letter for each in people] == ["А", "Й", "К", "Я", "S", ""]


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_parts_are_whole_sheets_of_at_most_five_hundred(size: Size) -> None:
    people = [bearer("А", id) for id in range(1203)]
    parts = badges.parts(people, size)
    assert [each for part in parts for each in part] == people
    assert all(len(part) <= 500 for part in parts)
    assert all(len(part) % size.per_sheet == 0 for part in parts[:-1])
    assert badges.parts([], size) == []


def test_a_badge_is_for_everybody_with_a_place_in_order(event: Event) -> None:
    zlatev = registered(event, "Ана", "Златев")
    angelov = registered(event, "Явор", "Ангелов")
    gone = registered(event, "Иван", "Вълев")
    with transaction():
        registrations.cancel(gone.id, by="staff")
    other = registered(make.event(event.hub, "drugo"))
    assert [each.id for each in badges.bearers(event.id)] == [angelov.id, zlatev.id]
    assert [each.id for each in badges.bearers(event.id, [zlatev.id, gone.id, other.id])] == [zlatev.id]


def test_how_somebody_stands_at_a_door(event: Event) -> None:
    row = registered(event)
    assert badges.standing(event.id, row.id) == Standing(placed=True, present=False)
    assert badges.standing(event.id + 1, row.id) is None
    now = clock.now()
    with transaction():
        event = db.session.merge(event)
        door = checkin.make_door(event, "Вход", DoorRole.STEWARD)
        scan = {
            "scan_id": "0b9ad3c2-6b1a-4b52-9c7c-1f5b7c0e4a11", "registration": str(row.id), "method": "search",
            "scanned_at": now.isoformat(), "override_reason": "рано",
        }  # fmt: skip
        checkin.take_scans(checkin.token_of(door), intake.read({"scans": [scan]}), now, "bg")
        registrations.cancel(row.id, by="staff")
    assert badges.standing(event.id, row.id) == Standing(placed=False, present=True)


# --- the paper -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Мария", None),
        ("Анна-Мария", ("Анна-", "Мария")),
        ("Иван Петров", ("Иван", "Петров")),
        ("Wolfgang Amadeus Johannes", ("Wolfgang Amadeus", "Johannes")),
        ("Жан\u2011Жак Русо", ("Жан\u2011Жак", "Русо")),
        ("-", None),
        ("", None),
    ],
)
def test_names_are_broken_at_hyphens_and_spaces(name: str, lines: tuple[str, str] | None) -> None:
    assert badges.halves(name) == lines


def test_a_badge_speaks_the_language_of_its_registration(event: Event) -> None:
    bulgarian = registered(event, attends_as=AttendsAs.SPEAKER)
    english = registered(event, "John", "O’Brien", language="en", organisation="Fraunhofer")
    paper = badges.paper(event, [english.id, bulgarian.id, 10**6], SIZES["80x50"], "bg")
    first, second = paper["badges"]
    assert (first["first"], first["last"], first["organisation"]) == ("John", "O’Brien", "Fraunhofer")
    assert (first["lang"], first["role"], first["event"]) == ("en", "Participant", "Land, plant, city")
    assert (second["lang"], second["event"], second["organisation"]) == ("bg", "Земя, завод, град", "")
    assert second["role"] != "Speaker"
    assert first["fill"] != second["fill"]
    assert paper["flag"] is None


def test_every_role_has_its_own_band_and_a_roll_is_black_on_white(event: Event) -> None:
    ids = [registered(event, attends_as=role, language="en").id for role in AttendsAs]
    coloured = badges.paper(event, ids, SIZES["80x50"], "en")["badges"]
    assert len({each["fill"] for each in coloured}) == len(AttendsAs)
    assert len({each["role"] for each in coloured}) == len(AttendsAs)
    printed = badges.paper(event, ids, SIZES[badges.ROLL_LONG], "en")["badges"]
    assert {each["fill"] for each in printed} == {"#ffffff", "#000000"}
    assert [each["edge"] for each in printed] == [each["fill"] == "#ffffff" for each in printed]


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_a_funded_event_shows_its_emblem_on_every_badge(event: Event, size: Size) -> None:
    with transaction():
        event.programme_id = make.programme(event.hub, funded=True, emblem="cofunded").id
    ids = [registered(event).id, registered(event, "John", "Smith", language="en").id]
    paper = badges.paper(event, ids, size, "bg")
    pdf = PdfReader(BytesIO(typesetting.pdf("badges", paper, dated=DATED)))
    said = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "Съфинансирано от Европейския съюз" in said
    assert "Co-funded by the European Union" in said
    assert ("#000" in paper["flag"], "#ffcc00" in paper["flag"]) == (size.roll, not size.roll)


@pytest.mark.parametrize("funded", [False, True])
@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.key)
def test_doors_read_every_badge_whatever_the_name(event: Event, size: Size, funded: bool) -> None:
    if funded:
        with transaction():
            event.programme_id = make.programme(event.hub, funded=True, emblem="funded").id
    ids = [registered(event, first, last, organisation=organisation).id for first, last, organisation in NAMES]
    paper = badges.paper(event, ids, size, "bg", alone=True)
    assert paper["page"] == {"width": size.width, "height": size.height}
    # One under the other on a single page, so that one picture shows them all.
    paper["page"]["height"] *= len(ids)
    paper["grid"] |= {"rows": len(ids), "down": size.height}
    image = Image.open(BytesIO(typesetting.png("badges", paper, ppi=150))).convert("L")
    keys = [key.public_key() for key in tokens.ticket_keys()]
    found = [tickets.read(each.text, keys) for each in zxingcpp.read_barcodes(image)]
    assert {each.registration_id for each in found if isinstance(each, tickets.Ticket)} == set(ids)
    assert len(found) == len(ids)


@pytest.mark.parametrize("size", SHEETS, ids=lambda size: size.key)
def test_sheets_begin_at_the_first_free_label(event: Event, size: Size) -> None:
    ids = [registered(event, "Ана", f"Първа{number}").id for number in range(2)]

    def pages(start: int, shift: tuple[float, float] = (0, 0)) -> list[str]:
        paper = badges.paper(event, ids, size, "bg", start=start, shift=shift)
        pdf = PdfReader(BytesIO(typesetting.pdf("badges", paper, dated=DATED)))
        assert {tuple(map(round, page.mediabox[2:])) for page in pdf.pages} == {(595, 842)}
        return [page.extract_text() for page in pdf.pages]

    assert len(pages(1)) == 1
    last = pages(size.per_sheet, (1.5, -2))
    assert ["Първа0" in page for page in last] == [True, False]
    assert ["Първа1" in page for page in last] == [False, True]
    assert pages(10**6) == pages(size.per_sheet)


def test_a_roll_has_one_label_on_a_page(event: Event) -> None:
    ids = [registered(event).id for _ in range(3)]
    paper = badges.paper(event, ids, SIZES[badges.ROLL_SHORT], "bg", start=9)
    pdf = PdfReader(BytesIO(typesetting.pdf("badges", paper, dated=DATED)))
    assert [tuple(map(round, page.mediabox[2:])) for page in pdf.pages] == [(176, 82)] * 3


def test_one_and_three_badges_cost_the_same(event: Event, queries: Any) -> None:
    ids = [registered(event).id for _ in range(3)]
    size = SIZES["80x50"]
    badges.paper(event, ids[:1], size, "bg")
    with queries() as one:
        badges.paper(event, ids[:1], size, "bg")
    with queries() as three:
        assert len(badges.paper(event, ids, size, "bg")["badges"]) == 3
    assert len(one) == len(three) == 1
