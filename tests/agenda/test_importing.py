"""Schedules become agendas, and importing again never doubles anything; on the real files where they are present."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.agenda import queries
from hubevents.agenda import service as agenda
from hubevents.agenda.facts import ScheduleImported
from hubevents.agenda.formats import Schedule, read_schedule
from hubevents.agenda.importing import DateLine, Deed, ImportReport
from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.agenda.rules import SessionKind, SessionStatus
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import recorded
from hubevents.events.facts import DateChange
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import DateStatus, EventStatus, Format
from hubevents.hubs.models import Hub
from tests import make

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SESSIONS: dict[str, dict[str, Any]] = {
    "a": {"guid": "a", "title": "Opening", "date": "2026-12-09T10:00:00+02:00", "duration": "0:45", "room": "Beroe",
          "track": "Plant", "language": "en", "abstract": "What <b>we</b> have.",
          "persons": [{"id": 1, "public_name": "Мария Петрова", "biography": "Знае."}]},
    "b": {"guid": "b", "title": "Дрон или ботуши", "date": "2026-12-09T11:00:00+02:00", "duration": "1:00",
          "room": "Trayana", "track": "Field", "persons": [{"id": 2, "public_name": "Стефан"}]},
    "c": {"guid": "c", "title": "Closing", "date": "2026-12-10T16:00:00+02:00", "duration": "0:30", "room": "Beroe",
          "language": "en", "persons": [{"id": 1, "public_name": "Мария Петрова"}]},
}  # fmt: skip
LATER = datetime(2026, 12, 1, 8, tzinfo=UTC)


def schedule(*sessions: dict[str, Any], **conference: Any) -> Schedule:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for session in sessions or SESSIONS.values():
        rooms.setdefault(session.get("room", ""), []).append(session)
    said = {"acronym": "days26", "title": "Hub days", "time_zone_name": "Europe/Sofia", **conference}
    document = {"schedule": {"conference": {**said, "days": [{"index": 1, "date": "2026-12-09", "rooms": rooms}]}}}
    return read_schedule(json.dumps(document).encode(), keep_rest=True)


def changed(key: str, **values: Any) -> dict[str, Any]:
    return {**SESSIONS[key], **values}


def load(file: Schedule, hub: Hub, event: Event | None = None, **options: Any) -> tuple[ImportReport, list[object]]:
    with transaction():
        report = agenda.import_schedule(file, hub_id=hub.id, event_id=event.id if event else None, **options)
        facts = list(recorded())
    return report, facts


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.changed, report.cancelled, report.unchanged


def session(key: str) -> EventSession:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(EventSession).where(EventSession.source_key == f"guid:{key}")).one()


def conference(hub: Hub, **values: Any) -> Event:
    """A published conference of one date, 9 December 2026 from 12 to 13 in Sofia."""
    at = make.sofia(2026, 12, 9, 12)
    return make.event(
        hub, "konferentsiya", **{"kind": "conference", "dates": [(at, at + timedelta(hours=1))], **values}
    )


def rows(*models: type[Any]) -> list[Any]:
    """Every column of every row of some tables."""
    db.session.rollback()
    return [list(db.session.execute(sa.select(*sa.inspect(model).columns).order_by(model.id))) for model in models]


EVERYTHING = (Event, EventDate, EventSession, SessionSpeaker, Speaker, Track, Room, Venue)


# --- into an event of one date ------------------------------------------------------------------------------


def test_the_one_date_is_stretched_in_one_step_and_all_stands_in_the_agenda(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub, venue=make.venue(hub, "Зала", rooms=("beroe",)))
    old = event.dates[0].starts_at, event.dates[0].ends_at
    report, facts = load(schedule(), hub, event)
    assert counts(report) == (3, 0, 0, 0)
    assert report.event_id == event.id
    assert report.makes_event is False
    date = event.dates[0]
    assert (date.starts_at, date.ends_at) == (make.sofia(2026, 12, 9, 10), make.sofia(2026, 12, 10, 16, 30))
    assert (date.sequence, event.starts_at, event.ends_at) == (1, date.starts_at, date.ends_at)
    place = make.both("Зала, beroe").with_text("bg", "Зала, ул. „Цар Иван Шишман“ 54, Стара Загора")
    assert facts == [ScheduleImported(event.id, 3, 0, 0, date_changes=(DateChange(date.id, *old, place),))]
    assert report.dates == (DateLine(date.starts_at, date.ends_at, *old),)
    shown = queries.agenda_of(event.id)
    assert [(str(day.on), len(day.slots)) for day in shown.days] == [("2026-12-09", 2), ("2026-12-10", 1)]
    assert [(dict(s.title), dict(s.room or {}), dict(s.track or {})) for s in shown.sessions] == [
        ({"en": "Opening"}, {"bg": "beroe"}, {"en": "Plant"}),
        ({"bg": "Дрон или ботуши"}, {"en": "Trayana"}, {"en": "Field"}),
        ({"en": "Closing"}, {"bg": "beroe"}, {}),
    ]
    assert shown.sessions[0].abstract == {"en": "What **we** have."}
    assert [(p.name, dict(p.biography)) for p in shown.speakers] == [("Мария Петрова", {"bg": "Знае."}), ("Стефан", {})]


def test_importing_twice_changes_nothing(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    before = rows(*EVERYTHING)
    with time_machine.travel(LATER, tick=False):
        report, facts = load(schedule(), hub, event)
    assert counts(report) == (0, 0, 0, 3)
    assert (report.does_nothing, report.lines, facts) == (True, (), [])
    assert rows(*EVERYTHING) == before


def test_a_dry_run_says_the_same_and_keeps_nothing(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    before = rows(*EVERYTHING)
    dry, facts = load(schedule(), hub, event, dry_run=True)
    assert rows(*EVERYTHING) == before
    assert facts == []
    wet, _ = load(schedule(), hub, event)
    assert dry == wet


def test_moved_renamed_removed_and_back(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    uid = session("a").uid
    before = session("b").changed_at
    with time_machine.travel(LATER, tick=False):
        renamed, _ = load(schedule(changed("a", title="Grand opening"), SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert counts(renamed) == (0, 1, 0, 2)
    assert renamed.lines[0].fields == ("title",)
    assert (session("a").sequence, session("a").changed_at, session("b").changed_at) == (0, LATER, before)

    moved = changed("a", title="Grand opening", date="2026-12-09T10:15:00+02:00", room="Trayana")
    report, facts = load(schedule(moved, SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert report.lines[0].fields == ("time", "room")
    assert (session("a").sequence, session("a").uid) == (1, uid)
    assert facts == [ScheduleImported(event.id, 0, 1, 0)]

    report, facts = load(schedule(SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert counts(report) == (0, 0, 1, 2)
    assert [(line.deed, line.title) for line in report.lines] == [(Deed.CANCELLED, "Grand opening")]
    assert (session("a").status, session("a").sequence) == (SessionStatus.CANCELLED, 2)
    assert load(schedule(SESSIONS["b"], SESSIONS["c"]), hub, event)[0].does_nothing is True

    report, _ = load(schedule(moved, SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert counts(report) == (0, 1, 0, 2)
    assert report.lines[0].fields == ("status",)
    back = session("a")
    assert (back.status, back.sequence, back.uid) == (SessionStatus.SCHEDULED, 3, uid)


def test_a_session_the_file_calls_cancelled_is_cancelled_and_stretches_nothing(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    off = changed("c", status="cancelled")
    load(schedule(SESSIONS["a"], SESSIONS["b"], off), hub, event)
    assert session("c").status is SessionStatus.CANCELLED
    assert event.ends_at == make.sofia(2026, 12, 9, 13)
    report, _ = load(schedule(), hub, event)
    assert counts(report) == (0, 1, 0, 2)
    assert event.ends_at == make.sofia(2026, 12, 10, 16, 30)


def test_sessions_made_by_hand_are_left_alone(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    mine = make.session(event, "Наша", speakers=("Мария Петрова",))
    load(schedule(), hub, event)
    load(schedule(SESSIONS["a"]), hub, event)
    db.session.refresh(mine)
    assert (mine.status, mine.sequence) == (SessionStatus.SCHEDULED, 0)
    names = sorted(db.session.scalars(sa.select(Speaker.name)))
    assert names == ["Мария Петрова", "Мария Петрова", "Стефан"]


def test_what_was_translated_by_hand_stays_beside_the_file(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    with transaction():
        opening = session_in(event, "a")
        opening.title = opening.title.with_text("bg", "Откриване")
    load(schedule(changed("a", title="Grand opening"), SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert session("a").title == {"en": "Grand opening", "bg": "Откриване"}
    load(schedule(changed("b", language="de", title="Drohne"), SESSIONS["a"], SESSIONS["c"]), hub, event)
    assert session("b").title == {"de": "Drohne"}
    assert session("b").title.language_for("bg") == "de"


def session_in(event: Event, key: str) -> EventSession:
    return db.session.scalars(
        sa.select(EventSession).where(EventSession.event_id == event.id, EventSession.source_key == f"guid:{key}")
    ).one()


def test_speakers_are_known_again_reordered_and_renamed(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    both = [{"id": 2, "public_name": "Стефан"}, {"id": 1, "public_name": "Мария Петрова"}]
    report, _ = load(schedule(changed("a", persons=both), SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert [line.fields for line in report.lines] == [("speakers",)]
    assert [speaker.name for speaker in session("a").speakers] == ["Стефан", "Мария Петрова"]
    load(schedule(changed("a", persons=both[::-1]), SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert [speaker.name for speaker in session("a").speakers] == ["Мария Петрова", "Стефан"]
    people = [{"id": 1, "public_name": "Мария Иванова"}, {"id": 2, "public_name": "Стефан"}]
    closing = changed("c", persons=people[:1])
    report, _ = load(schedule(changed("a", persons=people), SESSIONS["b"], closing), hub, event)
    assert [(line.title, line.fields) for line in report.lines] == [
        ("Opening", ("speakers",)),
        ("Closing", ("speakers",)),
    ]
    assert (session("a").sequence, session("c").sequence) == (0, 0)
    assert sorted(db.session.scalars(sa.select(Speaker.name))) == ["Мария Иванова", "Стефан"]
    maria = db.session.scalars(sa.select(Speaker).where(Speaker.name == "Мария Иванова")).one()
    assert maria.biography == {"bg": "Знае."}


def test_a_kind_set_by_hand_stays_where_the_file_says_none(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    with transaction():
        session_in(event, "a").kind = SessionKind.KEYNOTE
    assert load(schedule(), hub, event)[0].does_nothing is True
    load(schedule(changed("a", type="Workshop"), SESSIONS["b"], SESSIONS["c"]), hub, event)
    assert session("a").kind is SessionKind.WORKSHOP


def test_ids_that_become_guids_are_the_same_sessions(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    without = {**{k: v for k, v in SESSIONS["a"].items() if k != "guid"}, "id": 17}
    load(schedule(without), hub, event)
    report, _ = load(schedule({**without, "guid": "a"}), hub, event)
    assert counts(report) == (0, 0, 0, 1)
    assert [s.source_key for s in db.session.scalars(sa.select(EventSession))] == ["guid:a"]
    assert load(schedule({**without, "guid": "a"}), hub, event)[0].does_nothing is True


# --- what could not be read -----------------------------------------------------------------------------------


def test_a_session_that_could_not_be_read_is_not_cancelled(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    nameless = {k: v for k, v in SESSIONS["b"].items() if k != "guid"}
    load(schedule(SESSIONS["a"], nameless, SESSIONS["c"]), hub, event)
    bad = schedule({**SESSIONS["a"], "duration": "long"}, {**nameless, "date": "soon"}, SESSIONS["c"])
    assert len(bad.refused) == 2
    report, _ = load(bad, hub, event)
    assert counts(report) == (0, 0, 0, 3)
    assert report.refused == bad.refused


def test_a_file_without_sessions_is_refused_unless_confirmed(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    load(schedule(), hub, event)
    empty = replace(schedule(), sessions=(), rooms=(), tracks=())
    with pytest.raises(Conflict) as refusal:
        load(empty, hub, event)
    assert (refusal.value.code, refusal.value.details) == ("schedule_empty", {"number": 3})
    report, _ = load(empty, hub, event, allow_empty=True)
    assert counts(report) == (0, 0, 3, 0)
    assert load(empty, hub, event)[0].does_nothing is True


def test_other_hubs_and_cancelled_events_are_refused(ctx: Flask) -> None:
    hub, other = make.hub(), make.hub("partner")
    event = conference(hub)
    with pytest.raises(NotFound):
        load(schedule(), other, event)
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    with pytest.raises(Conflict, match="event_cancelled"):
        load(schedule(), hub, event)


# --- dates ------------------------------------------------------------------------------------------------------


def test_an_event_of_several_dates_gets_one_for_each_day_that_none_holds(ctx: Flask) -> None:
    hub = make.hub()
    dates = [(make.sofia(2026, 12, day, 14), make.sofia(2026, 12, day, 18)) for day in (2, 9)]
    event = conference(hub, dates=dates, venue=make.venue(hub))
    report, facts = load(schedule(), hub, event)
    assert [(date.starts_at, date.ends_at, date.sequence) for date in event.dates] == [
        (*dates[0], 0),
        (*dates[1], 0),
        (make.sofia(2026, 12, 10, 16), make.sofia(2026, 12, 10, 16, 30), 0),
    ]
    assert event.ends_at == make.sofia(2026, 12, 10, 16, 30)
    assert facts[0].date_changes[-1] == DateChange(event.dates[2].id, None, None, None)
    assert [warning.code for warning in report.warnings] == ["outside_dates"]
    again, facts = load(schedule(), hub, event)
    assert (again.does_nothing, facts, len(event.dates)) == (True, [], 3)


def test_a_withdrawn_date_holds_nothing(ctx: Flask) -> None:
    hub = make.hub()
    dates = [(make.sofia(2026, 12, day, 9), make.sofia(2026, 12, day, 18)) for day in (2, 3, 10)]
    event = conference(hub, dates=dates)
    with transaction():
        db.session.get_one(EventDate, event.dates[2].id).status = DateStatus.CANCELLED
    load(schedule(), hub, event)
    db.session.expire_all()
    live = [date for date in event.dates if date.status is DateStatus.SCHEDULED]
    assert [date.starts_at.astimezone(make.SOFIA).day for date in live] == [2, 3, 9, 10]


def test_a_schedule_far_from_the_one_date_is_taken_with_a_warning(ctx: Flask) -> None:
    hub = make.hub()
    start = make.sofia(2027, 6, 1)
    event = conference(hub, dates=[(start, start + timedelta(hours=2))])
    report, _ = load(schedule(), hub, event)
    assert [str(w) for w in report.warnings] == [
        "the event's one date now lasts 175 days, because the schedule lies far from it"
    ]
    assert event.starts_at == make.sofia(2026, 12, 9, 10)


# --- rooms and venues ---------------------------------------------------------------------------------------------


def test_an_event_without_venue_gets_the_one_the_file_names(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub)
    with transaction():
        agenda.import_schedule(
            replace(schedule(), venue="Hotel Beroe", city="Stara Zagora"), hub_id=hub.id, event_id=event.id
        )
    venue = db.session.scalars(sa.select(Venue)).one()
    assert (dict(venue.name), dict(venue.address), event.venue_id) == (
        {"en": "Hotel Beroe"}, {"en": "Stara Zagora"}, venue.id,
    )  # fmt: skip
    assert [room.name for room in venue.rooms] == [{"en": "Beroe"}, {"en": "Trayana"}]
    assert event.dates[0].sequence == 1
    other = make.event(hub, "vtora", dates=[(make.sofia(2026, 12, 9), make.sofia(2026, 12, 9, 12))])
    with transaction():
        agenda.import_schedule(replace(schedule(), venue="hotel  beroe"), hub_id=hub.id, event_id=other.id)
    assert other.venue_id == venue.id
    assert len(rows(Room)[0]) == 2


def test_streams_of_an_online_event_do_not_give_it_a_place(ctx: Flask) -> None:
    hub = make.hub()
    event = conference(hub, format=Format.ONLINE)
    load(schedule(), hub, event)
    assert event.venue_id is None
    assert session("a").room is not None
    assert load(schedule(), hub, event)[0].does_nothing is True
    assert len(rows(Room)[0]) == 2


# --- without an event -----------------------------------------------------------------------------------------------


def test_a_draft_is_made_and_found_again_also_when_published(ctx: Flask) -> None:
    hub, other = make.hub(), make.hub("partner")
    dry, _ = load(schedule(), hub, dry_run=True)
    assert (dry.event_id, dry.makes_event, dry.created) == (None, True, 3)
    assert rows(Event)[0] == []
    report, facts = load(schedule(), hub)
    event = db.session.get_one(Event, report.event_id)
    assert (event.slug, event.kind, event.status, event.zone, event.import_key, dict(event.title)) == (
        "hub-days", "conference", EventStatus.DRAFT, "Europe/Sofia", "acronym:days26", {"en": "Hub days"},
    )  # fmt: skip
    assert (report.makes_event, counts(report), len(facts)) == (True, (3, 0, 0, 0), 1)
    assert [(date.starts_at, date.ends_at, date.sequence) for date in event.dates] == [
        (make.sofia(2026, 12, 9, 10), make.sofia(2026, 12, 10, 16, 30), 0)
    ]
    again, facts = load(schedule(title="Hub days and nights"), hub)
    assert (again.event_id, again.does_nothing, facts) == (event.id, True, [])
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.PUBLISHED
    assert load(schedule(), hub)[0].event_id == event.id
    foreign = load(schedule(), other)[0]
    assert foreign.event_id != event.id
    assert foreign.makes_event is True


def test_acronyms_that_begin_alike_are_different_events(ctx: Flask) -> None:
    hub = make.hub()
    made = [
        load(schedule(**names), hub)[0].event_id
        for names in (
            {"acronym": "camp"},
            {"acronym": "camp2019"},
            {"acronym": "", "title": "camp"},
            {"acronym": "CAMP "},
        )
    ]
    assert len(set(made[:3])) == 3
    assert made[3] == made[0]
    assert [slug for (slug,) in db.session.execute(sa.select(Event.slug).order_by(Event.id))] == [
        "hub-days", "hub-days-2", "camp",
    ]  # fmt: skip
    assert len(rows(Speaker)[0]) == 6


def test_a_cancelled_event_is_not_found_again(ctx: Flask) -> None:
    hub = make.hub()
    first = load(schedule(), hub)[0].event_id
    with transaction():
        db.session.get_one(Event, first).status = EventStatus.CANCELLED
    assert load(schedule(), hub)[0].event_id != first


def test_a_draft_needs_a_name_and_sessions(ctx: Flask) -> None:
    hub = make.hub()
    with pytest.raises(Invalid, match="schedule_without_name"):
        load(schedule(acronym="", title=""), hub)
    with pytest.raises(Invalid, match="schedule_without_sessions"):
        load(replace(schedule(), sessions=()), hub)


def test_a_schedule_that_lasts_long_still_makes_a_draft(ctx: Flask) -> None:
    hub = make.hub()
    report, _ = load(schedule(SESSIONS["a"], changed("c", date="2027-03-10T16:00:00+02:00")), hub)
    assert len(report.dates) == 1
    assert report.dates[0].ends_at == make.sofia(2027, 3, 10, 16, 30)


# --- at once, and many ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [True, False])
def test_of_two_imports_at_once_the_second_waits_and_doubles_nothing(ctx: Flask, given: bool) -> None:
    hub = make.hub()
    event = conference(hub) if given else None
    hub_id, event_id = hub.id, event.id if event else None
    db.session.rollback()
    inside, failed = threading.Event(), []

    def second() -> None:
        with ctx.app_context():
            try:
                inside.wait(10)
                with transaction():
                    reports.append(agenda.import_schedule(schedule(), hub_id=hub_id, event_id=event_id))
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                failed.append(error)
            finally:
                db.session.remove()

    reports: list[ImportReport] = []
    thread = threading.Thread(target=second)
    thread.start()
    with transaction():
        first = agenda.import_schedule(schedule(), hub_id=hub_id, event_id=event_id)
        inside.set()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(20)
    assert failed == []
    assert (counts(first), counts(reports[0])) == ((3, 0, 0, 0), (0, 0, 0, 3))
    assert [len(each) for each in rows(Event, EventSession, Speaker, Room, Track)] == [1, 3, 2, 2, 2]


def test_the_number_of_statements_does_not_grow_with_the_schedule(ctx: Flask, queries: Any) -> None:
    hub = make.hub()

    def many(number: int) -> Schedule:
        return schedule(*(changed("a", guid=f"{number}-{each}", title=f"T{each}") for each in range(number)))

    seen = []
    for number in (3, 60):
        event = make.event(hub, f"e-{number}")
        load(many(number), hub, event)
        with queries() as counter:
            load(many(number), hub, event)
        seen.append(len(counter))
    assert seen[0] == seen[1]


# --- real files -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="tests on ../shared/data (it is absent)")
@pytest.mark.parametrize(
    ("name", "number", "days"),
    [
        ("debconf23.xml", 117, 8),
        ("c3voc-frab-camp2019.json", 79, 5),
        ("c3voc-pretalx-democon.json", 36, 3),
        ("c3voc-invalid-example.json", 1, 1),
    ],
)
@pytest.mark.parametrize("dates", [0, 1, 2])
def test_a_real_schedule_agrees_with_its_file_and_twice_changes_nothing(
    ctx: Flask, name: str, number: int, days: int, dates: int
) -> None:
    hub = make.hub()
    file = read_schedule((SHARED / name).read_bytes(), zone=hub.zone)
    first = min(row.starts_at for row in file.sessions)
    spans = [(first + timedelta(days=-each, hours=1), first + timedelta(days=-each, hours=2)) for each in range(dates)]
    event = make.event(hub, "golyama", dates=spans, zone=file.zone or hub.zone) if dates else None
    start = time.perf_counter()
    report, facts = load(file, hub, event)
    took = time.perf_counter() - start
    assert counts(report) == (number, 0, 0, 0)
    assert [type(fact) for fact in facts] == [ScheduleImported]
    shown = queries.agenda_of(report.event_id or 0)
    by_key = {row.key: row for row in file.sessions}
    stored = dict(db.session.execute(sa.select(EventSession.id, EventSession.source_key)).all())
    assert [
        (
            stored[s.id],
            *s.title.values(),
            s.starts_at,
            s.ends_at,
            *((s.room or {}).values()),
            *(p.name for p in s.speakers),
        )
        for s in shown.sessions
    ] == [
        (
            r.key,
            r.title,
            r.starts_at,
            r.ends_at,
            *([r.room] if r.room else []),
            *dict.fromkeys(p.name for p in r.speakers),
        )
        for r in (by_key[stored[s.id]] for s in shown.sessions)
    ]
    made = db.session.get_one(Event, report.event_id)
    assert made.starts_at is not None
    assert made.starts_at <= first
    assert made.ends_at == max(*(row.ends_at for row in file.sessions), first, *(end for _start, end in spans))
    assert len(made.dates) == (dates + days - 1 if dates == 2 else 1)
    before = rows(*EVERYTHING)
    again, facts = load(read_schedule((SHARED / name).read_bytes(), zone=hub.zone), hub, event)
    assert (again.does_nothing, again.unchanged, facts) == (True, number, [])
    assert rows(*EVERYTHING) == before
    assert took < 10
