"""Feeds as bytes: what they hold and since when, in three forms, for hubs and for one person; INTEROP by number."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import icalendar
import pytest
import sqlalchemy as sa
import time_machine
import vobject
from flask_babel import force_locale, gettext
from werkzeug.serving import make_server

from hubevents.calendars import feeds, queries, service
from hubevents.calendars.models import Invite
from hubevents.calendars.queries import Include, Wish
from hubevents.core import tokens
from hubevents.core.db import db, transaction
from hubevents.core.facts import record
from hubevents.events import service as events
from hubevents.events.facts import EventPublished
from hubevents.events.models import Event
from hubevents.events.rules import DateStatus, EventStatus, Format, Visibility
from hubevents.hubs.models import Hub
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Participant
from tests import make
from tests.calendars.checker import check_feed, check_versions, instants

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture(params=["stored", "absent"])
def parts(request):
    """Writes the parts, or leaves them absent: every feed must be the same."""
    return service.refresh_calendars if request.param == "stored" else lambda: None


def of(source: queries.Source | None, form: feeds.Form = "ics", **wish: object) -> feeds.Feed:
    assert source is not None
    return feeds.of_source(source, Wish(**wish), form)


def held(body: bytes) -> set[str]:
    return {title for _start, _end, title in instants(body).values()}


def word(text: str) -> str:
    with force_locale("bg"):
        return str(gettext(text))


def day(n: float, hours: float = 2) -> tuple[datetime, datetime]:
    start = make.in_days(n, 10)
    return start, start + timedelta(hours=hours)


# --- what a feed holds -----------------------------------------------------------------------------------------------


def test_one_entry_per_date_and_never_one_from_first_to_last(ctx, parts):
    hub = make.hub()
    event = make.event(hub, dates=[day(n) for n in (3, 10, 17, 24, 31, 38)])
    parts()
    found = instants(of(queries.hub("zagore")).body)
    assert {uid: times[:2] for uid, times in found.items()} == {
        row.uid: (row.starts_at, row.ends_at) for row in event.dates
    }
    assert len(found) == 6


def test_longer_than_a_day_leaves_people_free(ctx, parts):
    hub = make.hub()
    make.event(hub, "long", dates=[day(3, 56)])
    make.event(hub, "short", dates=[day(3, 24)])
    parts()
    body = of(queries.hub("zagore")).body
    assert body.count(b"TRANSP:TRANSPARENT\r\n") == 1
    assert check_feed(body) == []


def test_event_sessions_and_both(ctx, parts):
    hub = make.hub()
    event = make.event(hub)
    make.session(event, "Първа")
    make.session(event, "Втора", start=event.dates[0].starts_at + timedelta(hours=1))
    parts()
    got = {include: held(of(queries.hub("zagore"), include=include).body) for include in Include}
    assert got == {
        Include.EVENT: {"Лекция lekciya"},
        Include.SESSIONS: {"Първа", "Втора"},
        Include.BOTH: {"Лекция lekciya", "Първа", "Втора"},
    }
    assert check_feed(of(queries.hub("zagore"), include=Include.BOTH).body) == []


def test_a_session_says_where_and_leads_to_its_place_on_the_page(ctx, parts):
    hub = make.hub()
    venue = make.venue(hub)
    event = make.event(hub, venue_id=venue.id)
    session = make.session(event, room_id=venue.rooms[0].id, speakers=("Иван Петров",), track="Завод")
    parts()
    entry = icalendar.Calendar.from_ical(of(queries.hub("zagore"), include=Include.SESSIONS).body).walk("VEVENT")[0]
    assert str(entry["LOCATION"]).startswith("Хъб „Загоре“, Берое")
    assert str(entry["URL"]).endswith(f"/bg/zagore/events/lekciya/#session-{session.id}")
    assert entry.categories == ["Завод"]
    assert "Иван Петров" in entry["DESCRIPTION"]


def test_a_session_without_length_is_still_an_entry(ctx, parts):
    event = make.event(make.hub())
    make.session(event, minutes=0)
    parts()
    assert check_feed(of(queries.hub("zagore"), include=Include.BOTH).body) == []


def test_i95_drafts_and_unlisted_events_are_in_no_hub_feed(ctx, parts):
    hub = make.hub()
    make.event(hub, "open")
    make.event(hub, "draft", status=EventStatus.DRAFT)
    hidden = make.event(hub, "unlisted", visibility=Visibility.UNLISTED)
    make.session(hidden)
    parts()
    assert held(of(queries.hub("zagore"), include=Include.BOTH).body) == {"Лекция open"}
    assert held(of(queries.all_hubs()).body) == {"Лекция open"}
    assert held(of(queries.event("zagore", "unlisted")).body) == {"Лекция unlisted"}
    assert queries.event("zagore", "draft") is None


def test_all_hubs_each_in_the_language_it_has(ctx, parts):
    make.event(make.hub(), "a")
    make.event(make.hub("plovdiv", languages=("en",)), "b")
    parts()
    assert held(of(queries.all_hubs()).body) == {"Лекция a", "Lecture b"}
    assert held(of(queries.all_hubs(), language="en").body) == {"Lecture a", "Lecture b"}
    assert held(of(queries.hub("plovdiv"), language="bg").body) == {"Lecture b"}
    assert check_feed(of(queries.all_hubs()).body) == []


def test_filters_take_any_of_their_values_and_all_filters_together(ctx, parts):
    hub = make.hub()
    programme = make.programme(hub)
    make.event(hub, "a", kind="seminar", sectors=("agriculture", "health"), languages=("bg",))
    make.event(hub, "b", kind="lecture", sectors=("health",), languages=("bg", "en"), programme_id=programme.id)
    make.event(hub, "c", kind="workshop", sectors=(), languages=("en",))
    parts()

    def got(**wish: tuple[str, ...]) -> str:
        return "".join(sorted(title[-1] for title in held(of(queries.hub("zagore"), **wish).body)))

    assert got(kinds=("seminar",)) == "a"
    assert got(kinds=("lecture", "seminar")) == "ab"
    assert got(sectors=("health",)) == "ab"
    assert got(sectors=("heal",)) == got(sectors=("%",)) == got(kinds=("?",)) == ""
    assert got(languages=("en",)) == "bc"
    assert got(programmes=("umeniya",)) == "b"
    assert got(sectors=("health",), languages=("en",), kinds=("lecture", "workshop")) == "b"
    assert held(of(queries.programme("zagore", "umeniya")).body) == {"Лекция b"}
    assert check_feed(of(queries.hub("zagore"), kinds=("nothing",)).body) == []


def test_entries_come_in_the_order_of_their_starts(ctx, parts):
    hub = make.hub()
    for n in (5, 2, 9):
        make.event(hub, f"e{n}", dates=[day(n)])
    parts()
    starts = [start for start, _end, _title in instants(of(queries.hub("zagore")).body).values()]
    assert starts == sorted(starts)
    assert len(starts) == 3


def test_i17_an_empty_feed_keeps_a_time_zone(ctx):
    make.hub()
    body = of(queries.hub("zagore")).body
    assert body.count(b"BEGIN:VTIMEZONE") == 1
    assert check_feed(body) == []


def test_i57_the_nights_when_clocks_change(ctx, parts):
    hub = make.hub()
    nights = [
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
    ]
    for n, start in enumerate(nights):
        make.event(hub, f"n{n}", dates=[(start, start + timedelta(hours=2))])
    parts()
    body = of(queries.event("zagore", "n0")).body + b""
    with time_machine.travel(NOW, tick=False):
        body = of(queries.hub("zagore")).body
    assert {start for start, _end, _title in instants(body).values()} == set(nights)
    assert check_feed(body) == []


# --- windows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "since", "cancelled_since"),
    [
        (date(2026, 11, 23), datetime(2025, 11, 22, 22, tzinfo=UTC), datetime(2026, 9, 23, 21, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2027, 2, 28, 22, tzinfo=UTC), datetime(2027, 12, 30, 22, tzinfo=UTC)),
        (date(2027, 7, 1), datetime(2026, 6, 30, 21, tzinfo=UTC), datetime(2027, 5, 1, 21, tzinfo=UTC)),
    ],
)
def test_the_window_is_twelve_months_and_sixty_days_from_midnight(today, since, cancelled_since):
    assert queries.window("Europe/Sofia", today) == queries.Window(since, cancelled_since)


def test_windows_move_at_midnight_of_the_hubs_zone(ctx, traveller, parts):
    hub = make.hub()
    start = datetime(2025, 11, 23, 8, tzinfo=UTC)
    make.event(hub, "old", dates=[(start, start + timedelta(hours=2))])
    parts()
    before = of(queries.hub("zagore"))
    traveller.move_to(datetime(2026, 11, 23, 21, 59, 59, tzinfo=UTC))
    assert held(of(queries.hub("zagore")).body) == {"Лекция old"}
    traveller.move_to(datetime(2026, 11, 23, 22, 0, 0, tzinfo=UTC))
    after = of(queries.hub("zagore"))
    assert held(after.body) == set()
    assert after.tag != before.tag
    assert after.modified_at == datetime(2026, 11, 23, 22, tzinfo=UTC), "I83: falling out is a change"
    traveller.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    later = of(queries.hub("zagore"))
    assert (later.tag, later.modified_at) == (after.tag, after.modified_at)


def test_cancelled_entries_stay_sixty_days_after_their_former_end(ctx, traveller, parts):
    hub = make.hub()
    start = datetime(2026, 11, 30, 8, tzinfo=UTC)
    event = make.event(hub, "off", dates=[(start, start + timedelta(hours=2))])
    with transaction():
        events.cancel_event(db.session.get_one(Event, event.id))
    db.session.execute(sa.text("DELETE FROM calendar_part"))
    db.session.execute(sa.text("DELETE FROM calendar_state"))
    db.session.commit()
    parts()
    title = f"{word('Cancelled')}: Лекция off"
    assert held(of(queries.hub("zagore")).body) == {title}
    traveller.move_to(datetime(2027, 1, 29, 21, 59, tzinfo=UTC))
    assert held(of(queries.hub("zagore")).body) == {title}
    traveller.move_to(datetime(2027, 1, 29, 22, 0, tzinfo=UTC))
    gone = of(queries.hub("zagore"))
    assert (held(gone.body), gone.modified_at) == (set(), datetime(2027, 1, 29, 22, tzinfo=UTC))
    assert held(of(queries.event("zagore", "off")).body) == {title}, "an event's own feed is whole"


# --- a pure function -------------------------------------------------------------------------------------------------


def test_i82_equal_rows_and_day_give_equal_bytes_in_any_process(ctx, traveller):
    hub = make.hub()
    event = make.event(hub)
    make.session(event)
    service.refresh_calendars()
    for form in feeds.FORMS:
        one = of(queries.hub("zagore"), form, include=Include.BOTH)
        kept = of(queries.hub("zagore"), form, include=Include.BOTH)
        assert kept is one
        feeds._kept = feeds._Kept(feeds._MOST_KEPT)
        traveller.shift(3600)
        two = of(queries.hub("zagore"), form, include=Include.BOTH)
        assert two is not one
        assert (two.body, two.tag, two.modified_at, two.packed) == (one.body, one.tag, one.modified_at, one.packed)


def test_i84_the_packed_body_is_the_same_text_with_a_tag_of_its_own(ctx):
    make.event(make.hub())
    feed = of(queries.hub("zagore"))
    assert gzip.decompress(feed.packed) == feed.body
    assert feed.packed_tag != feed.tag
    assert feed.packed[4:8] == b"\0\0\0\0", "no time stamp"


def test_only_so_many_bytes_are_kept():
    kept = feeds._Kept(1000)
    bodies = [feeds.Feed(bytes([n]) * 300, NOW) for n in range(5)]
    for n, feed in enumerate(bodies):
        kept.put((n,), feed)
    assert [n for n in range(5) if kept.get((n,)) is not None] == [3, 4]
    assert kept.held == 2 * 375
    kept.put(("big",), feeds.Feed(b"x" * 2000, NOW))
    assert kept.get(("big",)) is None


@pytest.mark.parametrize("form", feeds.FORMS)
def test_the_number_of_statements_does_not_grow(ctx, queries, form):
    from hubevents.calendars import queries as reading

    make.hub()

    def counts() -> list[int]:
        service.refresh_calendars()
        found = []
        for source in (lambda: reading.hub("zagore"), lambda: reading.event("zagore", "e0"), reading.all_hubs):
            for wish in ({}, {"include": Include.BOTH, "sectors": ("x",)}):
                feeds._kept = feeds._Kept(feeds._MOST_KEPT)
                with queries() as seen:
                    of(source(), form, **wish)
                db.session.rollback()
                db.session.expunge_all()
                found.append(len(seen))
        return found

    def grow(n: int) -> None:
        event = make.event(db.session.scalars(sa.select(Hub)).one(), f"e{n}", sectors=("x",))
        make.session(event, speakers=("Иван",))
        with transaction():
            record(EventPublished(event.id))

    grow(0)
    one = counts()
    grow(1)
    grow(2)
    assert counts() == one
    assert one == ([3, 3, 2, 2, 3, 3] if form == "ics" else [3, 5, 3, 5, 3, 5])


def test_a_kept_feed_costs_one_statement(ctx, queries):
    from hubevents.calendars import queries as reading

    make.event(make.hub())
    service.refresh_calendars()
    of(reading.hub("zagore"))
    with queries() as seen:
        of(reading.hub("zagore"))
    assert len(seen) == 1


# --- privacy ---------------------------------------------------------------------------------------------------------


def test_i66_public_feeds_hold_nobody_and_no_address_to_join(ctx, parts):
    hub = make.hub()
    event = make.event(hub, format=Format.ONLINE, online_url="https://meet.example.org/secret", contact="x@example.org")
    enter(event)
    parts()
    for form in feeds.FORMS:
        for source in (queries.hub("zagore"), queries.event("zagore", "lekciya"), queries.all_hubs()):
            body = of(source, form, include=Include.BOTH).body
            assert [
                text for text in (b"ATTENDEE", b"meet.example", b"ivan@", b"METHOD", b"VALARM") if text in body
            ] == []


# --- one person ------------------------------------------------------------------------------------------------------


def enter(event: Event, email: str = "ivan@example.org", language: str = "bg"):
    with transaction():
        return registrations.register(event.id, registrations.Registrant("Иван", "Петров", email, language))


def person(email: str = "ivan@example.org") -> Participant:
    return db.session.scalars(sa.select(Participant).where(Participant.email == email)).one()


def personal(form: feeds.Form = "ics", language: str = "bg") -> feeds.Feed:
    db.session.rollback()
    db.session.expire_all()
    return feeds.personal(person(), "Europe/Sofia", "Загоре", language, form)


def test_a_person_has_what_they_have_a_place_for(ctx):
    hub = make.hub()
    mine, full = make.event(hub, "mine"), make.event(hub, "full", capacity=1)
    make.event(hub, "other")
    first = enter(full, "maria@example.org")
    enter(mine)
    waiting = enter(full)
    assert waiting.status.value == "waitlisted"
    body = personal().body
    assert held(body) == {"Лекция mine"}
    assert check_feed(body) == []
    with transaction():
        registrations.cancel(first.id, by="person")
    after = personal().body
    assert held(after) == {"Лекция mine", "Лекция full"}
    assert check_versions(body, after) == []


def test_a_person_is_told_how_to_join_and_led_to_their_own_page(ctx):
    event = make.event(make.hub(), format=Format.HYBRID, online_url="https://meet.example.org/secret")
    registration = enter(event)
    entry = icalendar.Calendar.from_ical(personal().body).walk("VEVENT")[0]
    assert str(entry["CONFERENCE"]) == "https://meet.example.org/secret"
    token = tokens.link(tokens.REGISTRATION, registration.id, registration.link_version)
    assert str(entry["URL"]).endswith(f"/bg/r/{token}/")


def test_a_person_sees_the_highest_of_both_sequences(ctx):
    event = make.event(make.hub())
    enter(event)
    before = personal().body
    with transaction():
        db.session.execute(sa.delete(Invite))
        db.session.add(Invite(address="ivan@example.org", uid=event.dates[0].uid, last_sequence=7))
    assert b"SEQUENCE:7\r\n" in personal().body
    assert b"SEQUENCE:7\r\n" not in before
    with transaction():
        row = db.session.get_one(Event, event.id)
        row.dates[0].sequence = 9
    assert b"SEQUENCE:9\r\n" in personal().body
    assert b"SEQUENCE:9\r\n" in of(queries.hub("zagore")).body


def test_what_is_called_off_is_shown_so_and_what_was_given_up_is_gone(ctx, traveller):
    hub = make.hub()
    off, left = make.event(hub, "off"), make.event(hub, "left")
    enter(off)
    mine = enter(left)
    before = personal()
    traveller.shift(60)
    with transaction():
        events.cancel_event(db.session.get_one(Event, off.id))
        registrations.cancel(mine.id, by="person")
    after = personal()
    assert held(after.body) == {f"{word('Cancelled')}: Лекция off"}
    assert b"STATUS:CANCELLED" in after.body
    assert (check_feed(after.body), check_versions(before.body, after.body)) == ([], [])
    assert after.modified_at > before.modified_at


def test_i92_registering_again_raises_last_modified(ctx, traveller):
    event = make.event(make.hub())
    mine = enter(event)
    before = personal()
    traveller.shift(60)
    with transaction():
        registrations.cancel(mine.id, by="person")
    enter(event)
    assert check_versions(before.body, personal().body) == []


def test_a_person_reads_it_in_their_language_and_as_news(ctx):
    enter(make.event(make.hub()))
    assert held(personal(language="en").body) == {"Lecture lekciya"}
    assert [item["title"] for item in json.loads(personal("json").body)["items"]] == ["Лекция lekciya"]
    assert ElementTree.fromstring(personal("atom").body).tag == "{http://www.w3.org/2005/Atom}feed"


def test_the_statements_of_a_person_do_not_grow(ctx, queries):
    hub = make.hub()
    enter(make.event(hub, "a"))

    def count() -> int:
        of_person = person()
        with queries() as seen:
            feeds.personal(of_person, "Europe/Sofia", "Загоре", "bg", "ics")
        db.session.rollback()
        db.session.expunge_all()
        return len(seen)

    one = count()
    for slug in ("b", "c"):
        enter(make.event(db.session.scalars(sa.select(Hub)).one(), slug, dates=[day(3), day(4)]))
    db.session.expunge_all()
    assert count() == one == 4


# --- news ------------------------------------------------------------------------------------------------------------


def test_json_feed_has_one_item_per_event_with_its_dates(ctx, traveller):
    hub = make.hub()
    venue = make.venue(hub)
    event = make.event(
        hub,
        kind="training",
        sectors=("agriculture",),
        venue_id=venue.id,
        dates=[day(3), day(10)],
        programme_id=make.programme(hub).id,
    )
    feed = json.loads(of(queries.hub("zagore"), "json").body)
    assert (feed["version"], feed["title"], feed["language"]) == ("https://jsonfeed.org/version/1.1", "Загоре", "bg")
    assert feed["feed_url"].endswith("/feeds/zagore.json")
    assert feed["home_page_url"].endswith("/bg/zagore/")
    (item,) = feed["items"]
    assert item["id"].startswith("urn:uuid:")
    assert item["url"].endswith("/bg/zagore/events/lekciya/")
    about = item["_hubevents"]
    assert (about["kind"], about["sectors"], about["programme"]) == ("training", ["agriculture"], "umeniya")
    assert [each["uid"] for each in about["dates"]] == [each.uid for each in event.dates]
    assert about["dates"][0]["starts_at"] == "2026-11-26T08:00:00Z"
    assert (about["starts_at"], about["ends_at"]) == ("2026-11-26T08:00:00Z", "2026-12-03T10:00:00Z")
    assert about["dates"][0]["place"].startswith("Хъб „Загоре“")


ATOM = "{http://www.w3.org/2005/Atom}"


def test_atom_is_well_formed_and_complete(ctx, traveller):
    hub = make.hub(name=make.both('Хъб <&> "Загоре"'))
    event = make.event(hub, title=make.both("ИИ & данни <b>"), summary=make.both("Едно\u0001две"))
    make.session(event, "Сесия")
    feed = ElementTree.fromstring(of(queries.hub("zagore"), "atom", include=Include.BOTH, language="bg").body)
    assert feed.findtext(f"{ATOM}title") == 'Хъб <&> "Загоре"'
    assert feed.findtext(f"{ATOM}updated") == "2026-11-23T08:00:00Z"
    own = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own == [feed.findtext(f"{ATOM}id")]
    assert own[0].endswith("/feeds/zagore.atom?lang=bg&include=both")
    entries = feed.findall(f"{ATOM}entry")
    assert {entry.findtext(f"{ATOM}title") for entry in entries} == {"ИИ & данни <b>", "Сесия"}
    for entry in entries:
        assert entry.findtext(f"{ATOM}id").startswith("urn:uuid:")
        assert entry.findtext(f"{ATOM}published") <= entry.findtext(f"{ATOM}updated")
        assert entry.find(f"{ATOM}content").get("type") == "text"
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 2


def test_news_keep_to_the_window_and_tell_of_cancelling(ctx):
    hub = make.hub()
    make.event(hub, "old", dates=[day(-400)])
    make.event(hub, "off", status=EventStatus.CANCELLED)
    for form in ("atom", "json"):
        body = of(queries.hub("zagore"), form).body.decode()
        assert f"{word('Cancelled')}: Лекция off" in body
        assert "Лекция old" not in body


# --- subscribing -----------------------------------------------------------------------------------------------------


def test_i88_addresses_of_each_client():
    found = feeds.subscribing("https://events.example.org/feeds/zagore.ics?lang=bg", "Загоре & др.")
    feed = "events.example.org%2Ffeeds%2Fzagore.ics%3Flang%3Dbg"
    asked = f"url=https%3A%2F%2F{feed}&name=%D0%97%D0%B0%D0%B3%D0%BE%D1%80%D0%B5%20%26%20%D0%B4%D1%80."
    assert found == feeds.Subscribing(
        webcal="webcal://events.example.org/feeds/zagore.ics?lang=bg",
        https="https://events.example.org/feeds/zagore.ics?lang=bg",
        google=f"https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2F{feed}",
        outlook=f"https://outlook.live.com/calendar/0/addfromweb?{asked}",
        office=f"https://outlook.office.com/calendar/0/addfromweb?{asked}",
    )


# --- other programs (X1-X5) ------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(ctx) -> bytes:
    """A feed of everything: Cyrillic, quotes, DST, several dates, sessions, a cancelled one."""
    hub = make.hub(name=make.both("Загоре; хъб, „нов“"))
    venue = make.venue(hub)
    event = make.event(
        hub,
        "dni",
        title=make.both("Дни на данните; ИИ, облаци \\ мрежи"),
        venue_id=venue.id,
        dates=[day(20, 50)],
        description=make.both("Дълъг текст. " * 60),
        summary=make.both(""),
    )
    make.session(event, "Сесия: „едно“, две", room_id=venue.rooms[0].id, track="Завод, поле")
    make.event(hub, "six", dates=[day(n) for n in (100, 107, 114, 121, 128, 135)])
    make.event(hub, "off", status=EventStatus.CANCELLED)
    make.event(hub, "ny", zone="America/New_York")
    row = make.event(hub, "part", dates=[day(2), day(3)])
    with transaction():
        row.dates[1].status = DateStatus.CANCELLED
    service.refresh_calendars()
    body = of(queries.hub("zagore"), include=Include.BOTH).body
    assert (check_feed(body), len(instants(body))) == ([], 12)
    return body


def test_x1_to_x4_icalendar_and_vobject_read_the_same(mixed):
    expected = instants(mixed)
    events_read = icalendar.Calendar.from_ical(mixed).walk("VEVENT")
    assert {
        str(e["UID"]): (e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC), str(e["SUMMARY"]))
        for e in events_read
    } == expected
    assert [e.errors for e in events_read if e.errors] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_x1_to_x4_vobject_reads_the_same(mixed):
    calendar = vobject.readOne(mixed.decode())
    assert {
        e.uid.value: (e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC), e.summary.value)
        for e in calendar.vevent_list
    } == instants(mixed)


def test_x1_to_x4_icaljs_reads_the_same(mixed):
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    folder, node = ROOT / "node_modules" / "ical.js", shutil.which("node", path=path)
    if not folder.is_dir() or node is None:
        pytest.skip("node_modules/ical.js is absent: make setup")
    command = [node, str(Path(__file__).with_name("icaljs.mjs")), str(folder)]
    done = subprocess.run(command, input=mixed, capture_output=True, check=True, timeout=60)
    assert {
        uid: (datetime.fromisoformat(start), datetime.fromisoformat(end), title)
        for uid, (start, end, title) in json.loads(done.stdout).items()
    } == instants(mixed)


def _run(folder: Path, program: str, *words: str) -> str:
    environment = {"HOME": str(folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    command = [str(Path(sys.executable).parent / program), *words]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120, env=environment, encoding="utf-8")
    return done.stdout


def test_x5_khal_imports_every_entry(mixed, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "config").write_text(
        f"[calendars]\n[[hub]]\npath = {store}\n[sqlite]\npath = {tmp_path / 'khal.db'}\n"
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n",
        encoding="utf-8",
    )
    (tmp_path / "feed.ics").write_bytes(mixed)
    _run(tmp_path, "khal", "-c", str(tmp_path / "config"), "import", "--batch", "-a", "hub", str(tmp_path / "feed.ics"))
    stored = [instants(path.read_bytes()) for path in store.glob("*.ics")]
    assert {uid: value for each in stored for uid, value in each.items()} == instants(mixed)


def test_x5_vdirsyncer_subscribes_over_http_and_follows_a_cancellation(mixed, ctx, tmp_path):
    server = make_server("127.0.0.1", 0, ctx, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    store = tmp_path / "store"
    try:
        (tmp_path / "config").write_text(
            f'[general]\nstatus_path = "{tmp_path / "status"}"\n'
            '[pair hub]\na = "near"\nb = "far"\ncollections = null\nconflict_resolution = "b wins"\n'
            f'[storage near]\ntype = "filesystem"\npath = "{store}"\nfileext = ".ics"\n'
            f'[storage far]\ntype = "http"\nurl = "http://127.0.0.1:{server.port}/feeds/zagore.ics?include=both"\n',
            encoding="utf-8",
        )
        store.mkdir()
        config = ("-c", str(tmp_path / "config"))
        _run(tmp_path, "vdirsyncer", *config, "discover")
        _run(tmp_path, "vdirsyncer", *config, "sync")
        # It names entries by a hash of their text, so only what they say can be compared.
        read = [value for path in store.glob("*.ics") for value in instants(path.read_bytes()).values()]
        assert sorted(read) == sorted(instants(mixed).values())
        with transaction():
            events.cancel_event(db.session.scalars(sa.select(Event).where(Event.slug == "ny")).one())
        _run(tmp_path, "vdirsyncer", *config, "sync")
        titles = {v[2] for path in store.glob("*.ics") for v in instants(path.read_bytes()).values()}
        assert f"{word('Cancelled')}: Лекция ny" in titles
        assert "Лекция ny" not in titles
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
