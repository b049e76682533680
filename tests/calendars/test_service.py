"""Parts follow what they show, at once or by the job, and a feed is the same before and after the job."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask_babel import force_locale, gettext

from hubevents.agenda import service as agenda
from hubevents.agenda.facts import ScheduleImported, SessionsChanged
from hubevents.agenda.models import EventSession
from hubevents.calendars import feeds, ics, queries, service
from hubevents.calendars.entries import entry_of
from hubevents.calendars.models import CalendarPart, CalendarState
from hubevents.calendars.queries import Include, Wish
from hubevents.core import links
from hubevents.core.db import db, transaction
from hubevents.core.errors import NotFound
from hubevents.core.facts import record
from hubevents.events import service as events
from hubevents.events.facts import EventChanged, EventPublished, HubEventsChanged
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Visibility
from hubevents.hubs.facts import HubChanged
from hubevents.jobs import service as jobs
from hubevents.registrations.models import Participant
from tests import make
from tests.calendars.checker import check_feed, check_versions, instants

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def traveller():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture(autouse=True)
def hints(monkeypatch):
    """Asked jobs are noted instead of queued."""
    asked = []
    monkeypatch.setattr(jobs.Hint, "__call__", lambda hint: asked.append((hint.name, *hint.ids)))
    return asked


def tell(fact: object) -> None:
    with transaction():
        record(fact)


def parts() -> list[CalendarPart]:
    query = sa.select(CalendarPart).order_by(CalendarPart.starts_at, CalendarPart.uid, CalendarPart.language)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def state(hub_id: int) -> CalendarState:
    return db.session.get_one(CalendarState, hub_id, populate_existing=True)


def feed(slug: str = "zagore", **wish: object) -> bytes:
    """A hub's feed as a process makes it that keeps nothing in memory."""
    feeds._kept = feeds._Kept(feeds._MOST_KEPT)
    source = queries.hub(slug)
    assert source is not None
    return feeds.of_source(source, Wish(**wish), "ics").body


def lines(body: bytes | str, name: str) -> list[str]:
    text = (body.decode() if isinstance(body, bytes) else body).replace("\r\n ", "")
    return [each.partition(":")[2] for each in text.split("\r\n") if each.startswith((f"{name}:", f"{name};"))]


def mark() -> str:
    """The word before what is cancelled; the catalogue is not this test's business."""
    with force_locale("bg"):
        return str(gettext("Cancelled"))


def published(hub, slug="lekciya", **values):
    row = make.event(hub, slug, **values)
    tell(EventPublished(row.id))
    return row


def settled(*slugs: str, **values):
    """A hub with events whose parts are all stored."""
    hub = make.hub()
    rows = [published(hub, slug, **values) for slug in slugs]
    service.refresh_calendars(hub.id)
    return hub, *rows


# --- writing ---------------------------------------------------------------------------------------------------------


def test_one_part_per_date_and_session_in_each_language(ctx):
    event = make.event(make.hub(), dates=[(make.in_days(n, 10), make.in_days(n, 12)) for n in (10, 17)])
    session = make.session(event)
    tell(EventPublished(event.id))
    uids = [*(date.uid for date in event.dates), session.uid]
    assert {(part.uid, part.language, part.session_id) for part in parts()} == {
        (uid, language, session.id if uid == session.uid else None) for uid in uids for language in ("bg", "en")
    }
    assert len(parts()) == 6


def test_a_part_is_the_entry_finished(ctx):
    hub = make.hub()
    date = published(hub).dates[0]
    for part in parts():
        entry = entry_of(date, part.language)
        assert part.body == ics.vevent(entry)
        assert (part.zone, part.starts_at, part.ends_at) == ("Europe/Sofia", entry.starts_at, entry.ends_at)
        assert (part.changed_at, part.cancelled, part.listed, part.stale_at) == (entry.changed_at, False, True, None)


def test_a_part_in_utc_names_no_zone(ctx):
    published(make.hub(), zone="Africa/Casablanca")
    assert {part.zone for part in parts()} == {""}


def test_drafts_have_no_parts_and_unlisted_events_say_so(ctx):
    hub = make.hub()
    published(hub, "draft", status=EventStatus.DRAFT)
    assert parts() == []
    published(hub, "unlisted", visibility=Visibility.UNLISTED)
    assert {part.listed for part in parts()} == {False}


def test_languages_nobody_can_link_to_are_left_out(ctx):
    published(make.hub(languages=("bg", "de")))
    assert [part.language for part in parts()] == ["bg"]
    published(make.hub("plovdiv", languages=("de",)), "b")
    assert [part.language for part in parts()] == ["bg", "bg"]


def test_every_change_gives_the_feed_a_new_version(ctx):
    hub, event = settled("a")
    seen = [state(hub.id).stamp]
    for fact in (EventChanged(event.id), HubChanged(hub.id), HubEventsChanged(hub.id), SessionsChanged(event.id, ())):
        tell(fact)
        seen.append(state(hub.id).stamp)
    assert len(set(seen)) == 5


def test_what_does_not_show_leaves_the_part_alone(ctx, traveller):
    _hub, event = settled("a")
    before = [(part.body, part.changed_at) for part in parts()]
    traveller.shift(60)
    with transaction():
        event.capacity, event.changed_at = 20, datetime.now(UTC)  # noqa: TID251
        record(EventChanged(event.id))
    assert [(part.body, part.changed_at) for part in parts()] == before


def test_i92_last_modified_rises_even_when_no_row_was_stamped_and_in_the_same_second(ctx, traveller):
    _hub, event = settled("a")
    first = feed()
    with transaction():
        event.title = make.both("Друга", "Other")
        record(EventChanged(event.id))
    second = feed()
    assert check_versions(first, second) == []
    assert lines(second, "LAST-MODIFIED") == ["20261123T080001Z"]
    assert check_feed(second, now=START) == []


def test_a_session_by_hand_writes_only_itself(ctx, queries):
    _hub, event = settled("a")
    one, two = make.session(event, "Едно"), make.session(event, "Две")
    tell(SessionsChanged(event.id, (one.id,)))
    assert {part.session_id for part in parts()} == {None, one.id}
    tell(SessionsChanged(event.id, (two.id,)))
    assert {part.session_id for part in parts()} == {None, one.id, two.id}


def test_another_language_left_out_later_takes_its_parts_away(ctx):
    hub, _event = settled("a")
    assert {part.language for part in parts()} == {"bg", "en"}
    with transaction():
        hub.languages = ("bg",)
        record(HubChanged(hub.id))
    service.refresh_calendars()
    assert {part.language for part in parts()} == {"bg"}


# --- events' own services --------------------------------------------------------------------------------------------


def test_i90_to_i95_edited_moved_withdrawn_and_cancelled(ctx, traveller):
    days = [(make.in_days(n, 10), make.in_days(n, 12)) for n in (10, 17)]
    hub, event = settled("a", dates=days)
    versions = [feed()]

    def change(**values):
        traveller.shift(60)
        with transaction():
            row = db.session.get_one(Event, event.id)
            events.change_event(row, replace_details(row, **values))
        versions.append(feed())

    change(title=make.both("Ново име"))
    moved = [
        events.DateDetails(d.starts_at + timedelta(hours=1), d.ends_at + timedelta(hours=1), id=d.id)
        for d in event.dates
    ]
    change(dates=tuple(moved))
    change(dates=tuple(moved[:1]))
    traveller.shift(60)
    with transaction():
        events.cancel_event(db.session.get_one(Event, event.id), make.both("Болест"))
    versions.append(feed())
    assert [check_versions(old, new) for old, new in zip(versions, versions[1:], strict=False)] == [[], [], [], []]
    assert [check_feed(version) for version in versions] == [[]] * 5
    assert [lines(version, "SEQUENCE") for version in versions] == [
        ["0", "0"],
        ["0", "0"],
        ["1", "1"],
        ["1", "2"],
        ["2", "2"],
    ]
    assert [lines(version, "STATUS") for version in versions][2:] == [
        ["CONFIRMED", "CONFIRMED"],
        ["CONFIRMED", "CANCELLED"],
        ["CANCELLED", "CANCELLED"],
    ]
    assert lines(versions[-1], "SUMMARY") == [f"{mark()}: Ново име"] * 2


def replace_details(event, **values):
    details = events.details_of(event)
    return type(details)(**{**{name: getattr(details, name) for name in details.__dataclass_fields__}, **values})


def test_i91_sessions_of_a_cancelled_event_are_rescheduled(ctx, traveller):
    hub, event = settled("a")
    session = make.session(event)
    tell(SessionsChanged(event.id, (session.id,)))
    before = feed(include=Include.BOTH)
    traveller.shift(60)
    with transaction():
        events.cancel_event(db.session.get_one(Event, event.id))
    after = feed(include=Include.BOTH)
    assert check_versions(before, after) == []
    assert lines(after, "STATUS") == ["CANCELLED", "CANCELLED"]
    assert lines(after, "SEQUENCE") == ["1", "1"]


def test_dates_held_before_the_cancellation_stay_held(ctx, traveller):
    hub, event = settled("a", dates=[(make.in_days(n, 10), make.in_days(n, 12)) for n in (-7, 7)])
    before = feed()
    with transaction():
        events.cancel_event(db.session.get_one(Event, event.id))
    after = feed()
    assert lines(after, "STATUS") == ["CONFIRMED", "CANCELLED"]
    assert check_versions(before, after) == []


def test_i91_a_renamed_venue_is_another_place_for_what_is_coming_and_changes_nothing_past(ctx, traveller):
    hub = make.hub()
    venue = make.venue(hub)
    published(hub, "past", dates=[(make.in_days(-9, 10), make.in_days(-9, 12))], venue_id=venue.id)
    event = published(
        hub, "half", dates=[(make.in_days(n, 10), make.in_days(n, 12)) for n in (-7, 7)], venue_id=venue.id
    )
    session = make.session(event, start=event.dates[1].starts_at, room_id=venue.rooms[0].id)
    tell(SessionsChanged(event.id, (session.id,)))
    service.refresh_calendars()
    db.session.expire_all()
    before = feed(include=Include.BOTH)
    traveller.shift(60)
    with transaction():
        row = db.session.get_one(type(venue), venue.id)
        events.change_venue(row, events.VenueDetails(name=make.both("Нова зала"), address=row.address))
    meanwhile = feed(include=Include.BOTH)
    service.refresh_calendars()
    after = feed(include=Include.BOTH)
    assert meanwhile == after
    assert check_versions(before, after) == []
    places = zip((place.split("\\,")[0] for place in lines(after, "LOCATION")), lines(after, "SEQUENCE"), strict=True)
    assert list(places) == [("Хъб „Загоре“", "0"), ("Нова зала", "1"), ("Нова зала", "1"), ("Нова зала", "1")]
    assert [date.sequence for date in db.session.get_one(Event, event.id, populate_existing=True).dates] == [1, 1]
    assert db.session.get_one(EventSession, session.id, populate_existing=True).sequence == 1


# --- the job ---------------------------------------------------------------------------------------------------------


def test_a_bulk_change_is_left_to_the_job_and_read_the_same_meanwhile(ctx, traveller, hints):
    hub, *_rows = settled("a", "b", "c")
    hints.clear()
    traveller.shift(3600)
    with transaction():
        hub.slug = "zagorie"
        record(HubChanged(hub.id))
    assert hints == [(service.REFRESH, hub.id)]
    bodies = [part.body for part in parts()]
    traveller.shift(600)
    meanwhile = feed("zagorie")
    assert [part.body for part in parts()] == bodies, "a GET never writes"
    traveller.shift(600)
    service.refresh_calendars()
    assert feed("zagorie") == meanwhile
    assert "/zagorie/" in lines(meanwhile, "URL")[0]
    assert set(lines(meanwhile, "LAST-MODIFIED")) == {"20261123T090000Z"}
    assert (state(hub.id).pending, {part.stale_at for part in parts()}) == (None, {None})


def test_a_bulk_change_that_shows_nothing_new_changes_no_byte(ctx, traveller):
    hub, *_rows = settled("a", "b")
    before = feed()
    traveller.shift(3600)
    tell(HubChanged(hub.id))
    meanwhile = feed()
    service.refresh_calendars()
    assert (meanwhile, feed()) == (before, before)


def test_the_job_is_safe_to_repeat(ctx, traveller):
    hub, *_rows = settled("a", "b")
    before = [(part.id, part.body, part.changed_at) for part in parts()]
    traveller.shift(60)
    service.refresh_calendars(hub.id)
    service.refresh_calendars()
    assert [(part.id, part.body, part.changed_at) for part in parts()] == before


def test_rows_that_nobody_told_of_are_found_by_the_sweep(ctx):
    hub = make.hub()
    make.event(hub)
    unwritten = feed()
    assert (parts(), queries.pending_hubs(links.base_url())) == ([], [hub.id])
    service.refresh_calendars()
    assert (len(parts()), queries.pending_hubs(links.base_url())) == (2, [])
    assert feed() == unwritten


def test_a_change_during_the_job_leaves_work_for_the_next(ctx, monkeypatch):
    hub, _event = settled("a")
    tell(HubChanged(hub.id))
    real = service._write

    def disturbed(*args, **kwargs):
        real(*args, **kwargs)
        service._leave_to_job(hub.id)

    monkeypatch.setattr(service, "_write", disturbed)
    service.refresh_calendars(hub.id)
    assert state(hub.id).pending is not None


def test_the_job_never_writes_over_a_change_made_while_it_read(ctx, monkeypatch):
    hub, event = settled("a")
    tell(HubChanged(hub.id))
    done = threading.Event()

    def change() -> None:
        with ctx.app_context(), transaction():
            row = db.session.get_one(Event, event.id)
            row.title = make.both("Нова", "New")
            record(EventChanged(event.id))
        done.set()

    other = threading.Thread(target=change)
    reading = queries.events_by_id

    def read_then_let_the_other_try(event_ids):
        rows = reading(event_ids)
        if threading.current_thread() is not other and not other.ident:
            other.start()
            assert not done.wait(0.5), "it must wait for the job's locks"
        return rows

    monkeypatch.setattr(queries, "events_by_id", read_then_let_the_other_try)
    service.refresh_calendars(hub.id)
    other.join(20)
    assert done.is_set()
    assert {lines(part.body, "SUMMARY")[0] for part in parts()} == {"Нова", "New"}


def test_parts_written_for_another_address_are_written_again(ctx, monkeypatch):
    hub, _event = settled("a")
    monkeypatch.setattr(links, "base_url", lambda: "https://events.example.org")
    meanwhile = feed()
    assert lines(meanwhile, "URL") == ["https://events.example.org/bg/zagore/events/a/"]
    service.refresh_calendars()
    assert feed() == meanwhile
    assert queries.pending_hubs("https://events.example.org") == []
    assert {lines(part.body, "URL")[0][:27] for part in parts()} == {"https://events.example.org/"}


def test_a_big_import_leaves_its_sessions_to_the_job(ctx, monkeypatch, hints):
    hub, event = settled("a")
    monkeypatch.setattr(service, "MOST_AT_ONCE", 2)
    make.session(event, "Едно")
    tell(ScheduleImported(event.id, 1, 0, 0))
    assert len(parts()) == 4
    make.session(event, "Две")
    make.session(event, "Три")
    hints.clear()
    tell(ScheduleImported(event.id, 2, 0, 0))
    assert (len(parts()), hints) == (4, [(service.REFRESH, hub.id)])
    meanwhile = feed(include=Include.BOTH)
    assert Counter(lines(meanwhile, "SUMMARY")) == Counter(["Лекция a", "Едно", "Две", "Три"])
    service.refresh_calendars(hub.id)
    assert len(parts()) == 8
    assert feed(include=Include.BOTH) == meanwhile


def test_what_rolled_back_left_no_part(ctx):
    hub = make.hub()
    event = make.event(hub)

    def fail() -> None:
        with transaction():
            record(EventPublished(event.id))
            record(object())  # nobody knows this fact, after the reaction to the first

    with pytest.raises(LookupError):
        fail()
    assert (parts(), db.session.get(CalendarState, hub.id)) == ([], None)


def test_a_personal_feed_is_renewed(ctx):
    hub = make.hub()
    with transaction():
        person = Participant(hub_id=hub.id, email="a@example.org", language="bg", created_at=START)
        db.session.add(person)
    old = feeds.personal_token(person)
    with transaction():
        assert service.renew_personal_feed(person.id) == 1
    assert feeds.personal_token(person) != old
    with pytest.raises(NotFound), transaction():
        service.renew_personal_feed(999)


def test_the_statements_of_a_change_do_not_grow_with_the_sessions(ctx, queries):
    _hub, event = settled("a")

    def count() -> int:
        with queries() as seen:
            tell(EventChanged(event.id))
        return len([text for text in seen.statements if text.startswith("SELECT")])

    make.session(event, "Едно", speakers=("Иван",))
    tell(EventChanged(event.id))
    one = count()
    make.session(event, "Две", speakers=("Мария",))
    make.session(event, "Три")
    tell(EventChanged(event.id))
    assert count() == one == 8


def test_withdrawn_dates_and_sessions_stay_as_cancelled(ctx, traveller):
    hub, event = settled("a")
    session = make.session(event)
    tell(SessionsChanged(event.id, (session.id,)))
    before = feed(include=Include.BOTH)
    with transaction():
        agenda.withdraw_session(event.id, session.id)
    after = feed(include=Include.BOTH)
    assert check_versions(before, after) == []
    assert {uid: title for uid, (_start, _end, title) in instants(after).items()} == {
        event.dates[0].uid: "Лекция a",
        session.uid: f"{mark()}: Откриване",
    }
    assert db.session.get_one(EventDate, event.dates[0].id).status is DateStatus.SCHEDULED
