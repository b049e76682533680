"""Lists and months as pages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask

from hubevents.events.rules import EventStatus, Format, Visibility
from hubevents.web.public.kept import CACHING
from tests import make

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ").strip()


def titles(html: str) -> list[str]:
    return re.findall(r'class="ev-h"><a [^>]*>([^<]*)</a>', html)


@pytest.mark.parametrize("path", ["/en/", "/en/zagore/", "/bg/zagore/?view=month", "/en/zagore/?past=1"])
def test_a_page_takes_as_many_statements_for_three_events_as_for_one(
    app: Flask, client: Any, queries: Callable[[], Any], path: str
) -> None:
    with app.app_context():
        hub = make.hub()
        project = make.programme(hub)
        place = make.venue(hub)
        values: dict[str, Any] = {"venue_id": place.id, "programme_id": project.id}
        make.event(hub, "a", **values)
        make.event(hub, "past-a", dates=[(make.in_days(-9), make.in_days(-9, 12))], **values)
    with queries() as one:
        client.get(path)
    with app.app_context():
        for slug in "bc":
            make.event(hub, slug, **values, dates=[(make.in_days(d, 9), make.in_days(d, 12)) for d in (5, 6, 7)])
            make.event(hub, f"past-{slug}", dates=[(make.in_days(-9), make.in_days(-9, 12))], **values)
    with queries() as three:
        assert client.get(path).status_code == 200
    assert len(three) == len(one)
    assert len(one) <= 10


def test_events_stand_under_their_days_in_order_with_what_is_free(app: Flask, client: Any) -> None:
    with time_machine.travel(make.sofia(2026, 11, 24, 9), tick=False), app.app_context():
        hub = make.hub()
        make.event(hub, "b", dates=[(make.sofia(2026, 12, 4, 14), make.sofia(2026, 12, 4, 17))], seats_taken=46)
        make.event(hub, "a", dates=[(make.sofia(2026, 12, 3), make.sofia(2026, 12, 3, 12))], seats_taken=24)
        make.event(hub, "c", dates=[(make.sofia(2026, 12, 9), make.sofia(2026, 12, 11, 17))], capacity=None)
        make.event(
            hub, "d", dates=[(make.sofia(2026, 12, 12), make.sofia(2026, 12, 12, 17))],
            capacity=5, seats_taken=5, waiting=7, kind="training", format=Format.ONLINE,
        )  # fmt: skip
        make.event(
            hub, "e", dates=[(make.sofia(2026, 12, 13), make.sofia(2026, 12, 13, 17))],
            status=EventStatus.CANCELLED, cancelled_at=make.sofia(2026, 11, 22),
        )  # fmt: skip
        html = client.get("/en/zagore/").text
    assert titles(html) == ["Lecture a", "Lecture b", "Lecture c", "Lecture d", "Lecture e"]
    assert re.findall(r'class="day" aria-labelledby="([^"]+)"', html) == [
        "d2026-12-03", "d2026-12-04", "d2026-12-09-2026-12-11", "d2026-12-12", "d2026-12-13",
    ]  # fmt: skip
    said = text(html)
    for words in (
        "26 free places", "The last 4 places", "Places are not limited", "No places left, 7 waiting",
        "Cancelled on 22 November", "December, 3 days",
    ):  # fmt: skip
        assert words in said


def test_filters_are_links_and_one_in_force_is_removed_by_its_own(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        make.event(hub, "talk")
        make.event(hub, "course", kind="training", format=Format.ONLINE)
    html = client.get("/en/zagore/?kind=training").text
    assert titles(html) == ["Lecture course"]
    assert '<a class="chip chip--on" href="/en/zagore/" aria-current="true">Training courses' in html
    assert 'href="/en/zagore/?kind=training&amp;format=online"' in html
    assert '<meta name="robots" content="noindex, follow">' in html
    assert '<link rel="canonical" href="http://127.0.0.1:8000/en/zagore/">' in html
    assert 'hreflang="bg">' in html
    assert '<a href="/bg/zagore/?kind=training" lang="bg"' in html


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense", "kind=" + "x" * 500, "month=2027-13", "month=0000-00", "month=2099-12&view=month", "page=-1",
        "page=99999999999999999999", "page=²", "page=500", "format=%00", "sector=%2C", "language=%25", "programme='--",
        "view=month&month=2000-01", "view=%3Cscript%3E", "past=1&page=400", "free=1&past=1&view=month",
        "kind=%ED%A0%80", "month=2026-12&month=2027-01", "sector=construction&language=bg&format=hybrid&free=1",
        "programme=%F0%9F%98%80", "%FF=%FF", "past=1&month=2026-01", "month=٢٠٢٦-١٢",
    ],
)  # fmt: skip
def test_no_address_makes_a_fault(app: Flask, client: Any, query: str) -> None:
    with app.app_context():
        make.event(make.hub())
    answer = client.get(f"/bg/zagore/?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_months_follow_one_another(app: Flask, client: Any) -> None:
    with time_machine.travel(make.sofia(2026, 11, 24, 9), tick=False), app.app_context():
        hub = make.hub()
        for day in range(1, 10):
            make.event(hub, f"d{day}", dates=[(make.sofia(2026, 12, day), make.sofia(2026, 12, day, 12))])
        make.event(hub, "january", dates=[(make.sofia(2027, 1, 9), make.sofia(2027, 1, 9, 12))])
        make.event(hub, "march", dates=[(make.sofia(2027, 3, 9), make.sofia(2027, 3, 9, 12))])
        first = client.get("/en/zagore/").text
        second = client.get("/en/zagore/?month=2027-01").text
        third = client.get("/en/zagore/?month=2027-02").text
    assert len(titles(first)) == 9
    assert re.findall(r'class="more"><a [^>]*href="([^"]+)">([^<]+)<', first) == [
        ("/en/zagore/?month=2027-01", "Show January\u00a02027")
    ]
    assert titles(second) == ["Lecture january"]
    assert 'href="/en/zagore/?month=2027-03"' in second
    assert titles(third) == ["Lecture march"]
    assert 'class="more"' not in third


def test_a_page_is_bounded_and_the_rest_is_on_the_next(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        for number in range(63):
            make.event(hub, f"e{number:02}")
    first, second = client.get("/en/zagore/").text, client.get("/en/zagore/?page=2").text
    assert (len(titles(first)), len(titles(second))) == (60, 3)
    assert 'href="/en/zagore/?page=2">Show more events' in first
    packed = client.get("/en/zagore/", headers={"Accept-Encoding": "gzip"})
    assert len(packed.data) < 30_000


def test_the_month_shows_every_date_and_strikes_out_the_cancelled(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        make.event(hub, "weekly", dates=[(make.sofia(2027, 2, d, 9), make.sofia(2027, 2, d, 12)) for d in (2, 9)])
        make.event(hub, "long", dates=[(make.sofia(2027, 2, 17, 9), make.sofia(2027, 2, 19, 12))])
        make.event(
            hub, "off", dates=[(make.sofia(2027, 2, 24), make.sofia(2027, 2, 24, 12))], status=EventStatus.CANCELLED
        )
        for number in range(6):
            make.event(hub, f"m{number}", dates=[(make.sofia(2027, 2, 25), make.sofia(2027, 2, 25, 12))])
    html = client.get("/en/zagore/?view=month&month=2027-02").text
    cells = {day: re.findall(r'href="/en/zagore/events/(\w+)/"', cell)
             for day, cell in re.findall(r'<td id="m2027-02-(\d\d)"(.*?)</td>', html, flags=re.DOTALL)}  # fmt: skip
    held = {day: slugs for day, slugs in cells.items() if slugs}
    assert held == {
        "02": ["weekly"], "09": ["weekly"], "17": ["long"], "18": ["long"], "19": ["long"], "24": ["off"],
        "25": ["m0", "m1", "m2", "m3"],
    }  # fmt: skip
    assert "and 2 more" in html
    assert '<li class="off">' in html
    assert re.findall(r'href="([^"]+)" rel="(?:prev|next)"', html) == [
        "/en/zagore/?view=month&amp;month=2027-01", "/en/zagore/?view=month&amp;month=2027-03",
    ]  # fmt: skip


def test_empty_lists_say_what_to_do(app: Flask, client: Any) -> None:
    with app.app_context():
        make.hub()
    assert "No events are announced yet" in client.get("/en/zagore/").text
    assert "Nothing matches these filters" in client.get("/en/zagore/?kind=lecture").text
    assert "No event is over yet" in client.get("/en/zagore/?past=1").text
    assert "Nothing is planned for this month yet" in client.get("/en/zagore/?view=month").text
    assert client.get("/en/nobody/").status_code == 404


def test_an_installation_without_a_hub_answers(app: Flask, client: Any) -> None:
    assert client.get("/bg/").status_code == 200


def test_all_hubs_stand_together_but_unlisted_events_do_not(app: Flask, client: Any) -> None:
    with app.app_context():
        zagore, rodopi = make.hub(), make.hub("rodopi")
        make.event(zagore, "a")
        make.event(rodopi, "b")
        make.event(rodopi, "secret", visibility=Visibility.UNLISTED)
    html = client.get("/en/").text
    assert titles(html) == ["Lecture a", "Lecture b"]
    assert "<li>Rodopi</li>" in html
    assert titles(client.get("/en/rodopi/").text) == ["Lecture b"]


@pytest.mark.parametrize("lang", ["bg", "en"])
def test_a_text_in_another_language_is_marked(app: Flask, client: Any, lang: str) -> None:
    with app.app_context():
        make.event(make.hub(), "only", title=make.both("Само на български"))
    html = client.get(f"/{lang}/zagore/").text
    assert f'<html lang="{lang}">' in html
    assert ('lang="bg">Само на\u00a0' in html or 'lang="bg">Само на български' in html) is (lang == "en")


def test_hostile_words_are_only_words(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub(name=make.both(HOSTILE), summary=make.both(HOSTILE))
        make.event(hub, title=make.both(HOSTILE))
    for path in ("/bg/zagore/", "/bg/", "/bg/zagore/?view=month"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_public_pages_set_no_cookie_and_hold_neither_token_nor_inline_code(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        make.event(hub)
        make.programme(hub)
    for path in (
        "/bg/", "/bg/zagore/", "/bg/zagore/?view=month", "/bg/zagore/events/lekciya/", "/bg/zagore/programmes/",
        "/bg/zagore/programmes/umeniya/", "/bg/zagore/about", "/bg/zagore/privacy", "/bg/zagore/imprint",
        "/bg/zagore/accessibility",
    ):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
        assert answer.headers["Cache-Control"] == CACHING
        assert "csrf" not in answer.text
        assert "style=" not in answer.text
        assert re.findall(r"<script(?![^>]*(?:src=|application/ld\+json))", answer.text) == []
