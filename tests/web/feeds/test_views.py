"""Feeds over HTTP: INTEROP I80-I88 by number, refusals that are never HTML, addresses that moved."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from hubevents.calendars import feeds, service
from hubevents.core.db import db, transaction
from hubevents.core.facts import record
from hubevents.events.facts import EventChanged
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus, Visibility
from hubevents.hubs.models import Hub, OldSlug
from hubevents.registrations import service as registrations
from tests import make
from tests.calendars.checker import check_feed, instants

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PATHS = ["/feeds/all.ics", "/feeds/zagore.ics", "/feeds/zagore/lekciya.ics", "/feeds/zagore/programmes/umeniya.ics"]
MEDIA = {
    "ics": "text/calendar; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@pytest.fixture
def hub(ctx):
    hub = make.hub()
    make.event(hub, programme_id=make.programme(hub).id)
    service.refresh_calendars()
    return hub


@pytest.fixture
def personal(hub):
    """The address of somebody's feed, and the person."""
    event = db.session.query(Event).one()
    with transaction():
        registration = registrations.register(
            event.id, registrations.Registrant("Иван", "Петров", "ivan@example.org", "bg")
        )
    person = registration.participant
    return f"/feeds/my/{feeds.personal_token(person)}.ics", person


def every(personal) -> list[str]:
    paths = [*PATHS, personal[0]]
    return [path.replace(".ics", f".{form}") for path in paths for form in MEDIA]


def test_i80_i83_i85_i86_every_feed_answers_as_feeds_must(client, personal):
    for path in every(personal):
        answer = client.get(path)
        form = path.rpartition(".")[2]
        own = path == personal[0].replace(".ics", f".{form}")
        head = answer.headers
        assert (answer.status_code, head.getlist("Content-Type")) == (200, [MEDIA[form]]), path
        assert head["Cache-Control"] == ("private, no-cache" if own else "public, max-age=300")
        assert head["Content-Disposition"].startswith('inline; filename="')
        assert head["Content-Disposition"].endswith(f'.{form}"')
        assert head["Content-Disposition"].isascii()
        assert (head["X-Content-Type-Options"], head["Vary"]) == ("nosniff", "Accept-Encoding")
        assert ("Set-Cookie" in head, "Content-Encoding" in head) == (False, False)
        assert head["Last-Modified"].endswith(" GMT")
        assert head.get("X-Robots-Tag") == ("noindex, nofollow" if own else None)
        assert head["Referrer-Policy"] == ("no-referrer" if own else "same-origin")
        if form == "ics":
            assert check_feed(answer.data) == []
            assert [title for *_times, title in instants(answer.data).values()] == ["Лекция lekciya"]


def test_i81_head_answers_like_get_without_body(client, personal):
    for path in every(personal):
        got, head = client.get(path), client.head(path)
        assert head.data == b""
        assert (head.status_code, dict(head.headers)) == (200, dict(got.headers))


def test_i82_two_fetches_give_the_same_bytes_and_304_for_the_tag(client, personal):
    for path in every(personal):
        one, two = client.get(path), client.get(path)
        assert (one.data, one.headers["ETag"]) == (two.data, two.headers["ETag"])
        tag = one.headers["ETag"]
        assert tag.startswith('"')
        for asked in (tag, f"W/{tag}", f'"other", {tag}', f'W/"x",W/{tag}', "*"):
            again = client.get(
                path, headers={"If-None-Match": asked, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
            )
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag), asked
            assert again.headers["Cache-Control"] == one.headers["Cache-Control"]
            assert "Content-Type" not in again.headers
        for asked in ('"other"', "nonsense", '""', tag.strip('"')[:-1]):
            # The tag is asked first, so a date that would do does not help.
            again = client.get(
                path, headers={"If-None-Match": asked, "If-Modified-Since": one.headers["Last-Modified"]}
            )
            assert again.status_code == 200, asked


def test_i83_if_modified_since(client, hub):
    path = "/feeds/zagore.ics"
    modified = client.get(path).headers["Last-Modified"]
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    earlier = "Thu, 01 Jan 1970 00:00:00 GMT"
    for asked in (earlier, "yesterday", "", "Mon, 99 Nov 2026 08:00:00 GMT", "Thu, 01 Jan 9998 00:00:00 GMT"):
        assert client.get(path, headers={"If-Modified-Since": asked}).status_code == 200, asked


def test_i83_last_modified_is_the_last_change_and_never_now(client, ctx):
    with time_machine.travel(NOW, tick=False) as traveller:
        make.event(make.hub())
        service.refresh_calendars()
        traveller.shift(timedelta(hours=3))
        first = client.get("/feeds/zagore.ics")
        assert first.headers["Last-Modified"] == "Mon, 23 Nov 2026 08:00:00 GMT"
        with transaction():
            event = db.session.query(Event).one()
            event.title = make.both("Друга")
            record(EventChanged(event.id))
        second = client.get("/feeds/zagore.ics", headers={"If-Modified-Since": first.headers["Last-Modified"]})
        assert (second.status_code, second.headers["Last-Modified"]) == (200, "Mon, 23 Nov 2026 11:00:00 GMT")
        assert second.headers["ETag"] != first.headers["ETag"]
        with transaction():
            event = db.session.query(Event).one()
            event.visibility = Visibility.UNLISTED
            record(EventChanged(event.id))
        third = client.get("/feeds/zagore.ics", headers={"If-None-Match": second.headers["ETag"]})
        assert (third.status_code, instants(third.data)) == (200, {})


@pytest.mark.parametrize("asked", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*", "GZIP", "x-gzip"])
def test_i84_gzip_when_asked(client, personal, asked):
    for path in every(personal):
        plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": asked})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["ETag"] != plain.headers["ETag"]
        again = client.get(path, headers={"Accept-Encoding": asked, "If-None-Match": packed.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", packed.headers["ETag"])
        assert again.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("asked", ["", "identity", "gzip;q=0", "gzip; q=0.000, *", "br, deflate", "*;q=0", "gzip2"])
def test_i84_nothing_is_encoded_when_not_asked(client, hub, asked):
    answer = client.get("/feeds/zagore.ics", headers={"Accept-Encoding": asked})
    assert ("Content-Encoding" in answer.headers, answer.data[:15]) == (False, b"BEGIN:VCALENDAR")


def test_i87_the_same_answer_for_every_program(client, hub):
    programs = [
        "",
        "Microsoft Office/16.0 (Outlook)",
        "iOS/18 dataaccessd/1.0",
        "Thunderbird/140",
        "ICSx5/2.3",
        "\x7f" * 900,
    ]
    answers = {client.get("/feeds/zagore.ics", headers={"User-Agent": name}).data for name in programs}
    assert len(answers) == 1


def test_i86_works_with_a_strangers_cookie_and_sets_none(client, hub):
    client.set_cookie("hubevents", "nonsense")
    answer = client.get("/feeds/zagore.ics", headers={"Referer": "https://elsewhere.example.org/"})
    assert (answer.status_code, "Set-Cookie" in answer.headers, answer.headers["Vary"]) == (
        200,
        False,
        "Accept-Encoding",
    )


def test_i88_a_renewed_personal_address_is_gone_and_an_invented_one_unknown(client, personal):
    path, person = personal
    with transaction():
        service.renew_personal_feed(person.id)
    old = client.get(path)
    assert (old.status_code, old.json["code"], "Location" in old.headers) == (410, "link_renewed", False)
    new = f"/feeds/my/{feeds.personal_token(person)}.ics"
    assert client.get(new).status_code == 200
    for token in (new[10:-5], "x" * 32, "x", "%00", "a" * 3000):
        assert client.get(f"/feeds/my/{token}.ics").status_code == 404


def test_a_personal_feed_in_another_language(client, personal):
    path, _person = personal
    title = [title for *_times, title in instants(client.get(path + "?lang=en").data).values()]
    assert title == ["Lecture lekciya"]
    assert client.get(path + "?lang=xx").data == client.get(path).data


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nobody.ics",
        "/feeds/zagore/nothing.ics",
        "/feeds/zagore/programmes/none.ics",
        "/feeds/zagore.csv",
        "/feeds/zagore/draft.ics",
        "/feeds/ЗАГОРЕ.ics",
        "/feeds/r.ics",
        "/feeds/.ics",
        "/feeds/zagore/.ics",
    ],
)
def test_i06_what_does_not_exist_is_404_and_no_page(client, hub, path):
    make.event(hub, "draft", status=EventStatus.DRAFT)
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_filters_and_languages_in_the_address(client, hub):
    make.event(hub, "b", kind="seminar", sectors=("health",), languages=("en",))
    with transaction():
        record(EventChanged(db.session.query(Event).filter_by(slug="b").one().id))

    def got(query: str) -> list[str]:
        answer = client.get(f"/feeds/zagore.ics?{query}")
        assert (answer.status_code, check_feed(answer.data)) == (200, [])
        return sorted(title for *_times, title in instants(answer.data).values())

    assert got("") == got("lang=de") == got("kind=") == got("unknown=1") == ["Лекция b", "Лекция lekciya"]
    assert got("lang=en") == ["Lecture b", "Lecture lekciya"]
    assert got("kind=seminar") == got("sector=health") == got("language=en") == ["Лекция b"]
    assert got("kind=seminar,lecture") == got("kind=seminar&kind=lecture") == ["Лекция b", "Лекция lekciya"]
    assert got("programme=umeniya") == ["Лекция lekciya"]
    assert got("kind=seminar&language=bg") == []
    assert got("include=sessions") == []


@pytest.mark.parametrize("value", ["nonsense", "%00", "%ff", "%25", "_", "'", "a" * 5000, "%D0%B0", "\u202e"])
def test_hostile_values_choose_nothing_and_break_nothing(client, hub, value):
    for name in ("kind", "programme", "sector", "language"):
        answer = client.get(f"/feeds/zagore.ics?{name}={value}")
        assert (answer.status_code, instants(answer.data)) == (200, {})
    for form in MEDIA:
        assert client.get(f"/feeds/zagore.{form}?lang={value}").status_code == 200


def test_refused_queries_say_why(client, hub):
    for query in ("include=all", "include=", "kind=" + ",".join(map(str, range(31)))):
        answer = client.get(f"/feeds/zagore.ics?{query}")
        assert (answer.status_code, answer.mimetype, answer.json["code"]) == (400, "application/json", "bad_query")
        assert answer.headers["Cache-Control"] == "no-store"


def test_renamed_hubs_and_events_lead_on(client, hub):
    event = db.session.query(Event).one()
    with transaction():
        db.session.get_one(Hub, hub.id).slug = "zagorie"
        db.session.add(OldSlug(kind="hub", hub_id=0, slug="zagore", target_id=hub.id))
        db.session.get_one(Event, event.id).slug = "nova"
        db.session.add(OldSlug(kind="event", hub_id=hub.id, slug="lekciya", target_id=event.id))
    led = {
        "/feeds/zagore.ics?lang=en": "/feeds/zagorie.ics?lang=en",
        "/feeds/zagore/lekciya.atom": "/feeds/zagorie/nova.atom",
        "/feeds/zagorie/lekciya.json": "/feeds/zagorie/nova.json",
        "/feeds/zagore/programmes/umeniya.ics": "/feeds/zagorie/programmes/umeniya.ics",
    }
    for old, new in led.items():
        answer = client.get(old)
        assert (answer.status_code, answer.headers["Location"]) == (301, new)
        assert client.get(new).status_code == 200
    assert client.get("/feeds/zagorie/programmes/none.ics").status_code == 404


def test_a_get_never_writes(client, ctx, queries):
    make.event(make.hub())
    with queries() as seen:
        for form in MEDIA:
            client.get(f"/feeds/zagore.{form}?include=both")
    assert [text for text in seen.statements if not text.startswith("SELECT")] == []


def test_a_304_costs_one_statement(client, hub, queries):
    tag = client.get("/feeds/zagore.ics").headers["ETag"]
    with queries() as seen:
        assert client.get("/feeds/zagore.ics", headers={"If-None-Match": tag}).status_code == 304
    assert len(seen) == 1


def test_the_news_are_valid_json_with_their_own_address(client, hub):
    feed = json.loads(client.get("/feeds/zagore.json?kind=lecture&x=1").data)
    assert feed["feed_url"].endswith("/feeds/zagore.json?kind=lecture")
