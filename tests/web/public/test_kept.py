"""Kept pages and their validators."""

import gzip
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.web.public.kept import Page, Pages
from tests import make, people

PATH = "/en/zagore/events/lekciya/"


def take_a_seat(app: Flask) -> None:
    with app.app_context(), transaction():
        db.session.query(Event).one().seats_taken += 1


def test_an_unchanged_page_is_304_and_a_taken_seat_is_seen_at_once(app: Flask, client: Any) -> None:
    with app.app_context():
        make.event(make.hub())
    for path in (PATH, "/en/zagore/", "/en/"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        take_a_seat(app)
        changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != first.headers["ETag"]


def test_packed_and_plain_are_the_same_page(app: Flask, client: Any) -> None:
    with app.app_context():
        make.event(make.hub())
    plain = client.get(PATH)
    packed = client.get(PATH, headers={"Accept-Encoding": "br, gzip"})
    refused = client.get(PATH, headers={"Accept-Encoding": "gzip;q=0"})
    assert gzip.decompress(packed.data) == plain.data == refused.data
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in refused.headers
    assert plain.headers["ETag"] == packed.headers["ETag"]
    assert plain.headers["Vary"] == "Accept-Encoding"


def test_a_second_reader_costs_one_statement(app: Flask, client: Any, queries: Any) -> None:
    with app.app_context():
        make.event(make.hub())
    with time_machine.travel(clock.now(), tick=False):
        for path in (PATH, "/en/zagore/"):
            client.get(path)
            with queries() as seen:
                client.get(path)
            assert len(seen) == 1


def test_what_has_no_stamp_is_seen_after_a_minute(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        make.event(hub)
    moment = clock.now().replace(second=0, microsecond=0)
    with time_machine.travel(moment, tick=False):
        before = client.get(PATH).text
        with app.app_context(), transaction():
            db.session.get(type(hub), hub.id).address = make.both("Нов адрес", "New address")
        assert client.get(PATH).text == before
    with time_machine.travel(moment + timedelta(minutes=1), tick=False):
        assert "New address" in client.get(PATH).text


def test_registration_opens_on_the_minute(app: Flask, client: Any) -> None:
    opens = clock.now().replace(second=0, microsecond=0) + timedelta(hours=1)
    with app.app_context():
        make.event(make.hub(), registration_opens_at=opens)
    with time_machine.travel(opens - timedelta(seconds=1), tick=False):
        assert "/register" not in client.get(PATH).text.split("<main")[1]
    with time_machine.travel(opens, tick=False):
        assert 'href="/en/zagore/events/lekciya/register"' in client.get(PATH).text


def test_staff_see_a_new_page_each_time_and_no_shared_cache_keeps_it(app: Flask) -> None:
    people.cast(app)
    with app.app_context():
        hub = db.session.query(Event.hub.property.mapper.class_).filter_by(slug="zagore").one()
        make.event(hub)
    browser = people.signed_in(app, "alice")
    moment = clock.now()
    with time_machine.travel(moment, tick=False):
        browser.get(PATH)
        with app.app_context(), transaction():
            db.session.query(type(hub)).filter_by(slug="zagore").one().address = make.both("Тук", "Over here")
        answer = browser.get(PATH)
    assert "Over here" in answer.text
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_picture_for_all_never_carries_a_session(app: Flask) -> None:
    people.cast(app)
    browser = people.signed_in(app, "alice")
    answer = browser.get("/en/zagore/share.png")
    assert answer.status_code == 200
    assert answer.headers.get("Set-Cookie") is None
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_the_longest_unused_pages_make_room() -> None:
    pages = Pages(limit=3_000)
    page = Page.of("x")
    for key in range(6):
        pages.get(0)
        pages.keep(key, page)
    assert len(pages) == 5
    assert (pages.get(0), pages.get(1), pages.get(5)) == (page, None, page)
    pages.keep(0, page)
    assert len(pages) == 5
