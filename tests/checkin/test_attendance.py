"""Attendance by staff: marking, taking back, correcting, closing; everything a fact, all or nothing."""

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents import work as jobs
from hubevents.agenda.facts import SessionsChanged
from hubevents.checkin import attendance, desk, statements
from hubevents.checkin import service as checkin
from hubevents.checkin.attendance import Marked, Stay
from hubevents.checkin.desk import Counts, Show
from hubevents.checkin.hours import Where
from hubevents.checkin.models import Attendance, Scan
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.events import service as events
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations.rules import RegistrationStatus
from tests import make
from tests.checkin import at_doors, hall
from tests.checkin.hall import DAY, TODAY, at


@pytest.fixture
def event(ctx: Flask) -> Event:
    """An event of one day; its colleagues are Alice (1) and Bob (2)."""
    made = hall.a_day()
    make.user("alice", made.hub)
    make.user("bob", made.hub)
    return made


def facts() -> list[tuple[Any, ...]]:
    """The scans in words."""
    return [
        (scan.method, scan.direction, scan.verdict, scan.counts, scan.undone_at is not None, scan.user_id, scan.note)
        for scan in hall.scans()
    ]


# --- marking ----------------------------------------------------------------------------------------------------------


def test_d62_marked_by_hand_after_the_end_means_from_start_to_end(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(18)):
        assert hall.mark(event, maria, note="По присъствения списък") == Marked(1, 0)
    assert hall.told() == [(maria.id, "10:00", "17:00", 420, False, "manual")]
    assert facts() == [
        ("manual", "in", "admitted", True, False, 1, "По присъствения списък"),
        ("manual", "out", "left", True, False, 1, "По присъствения списък"),
    ]
    first, last = hall.scans()
    assert (first.door_id, first.device_id, first.session_id, first.day) == (None, None, None, DAY)
    assert (first.scanned_at, last.scanned_at, first.received_at) == (hall.START, hall.END, at(18))
    assert hall.rows()[0].first_scan_id == first.id


@pytest.mark.parametrize("moment", [at(9), at(11, 20)])
def test_marked_on_the_day_means_from_now_on(event: Event, moment: Any) -> None:
    maria = hall.join(event)
    with hall.travel(moment):
        hall.mark(event, maria)
    assert [(row.first_in_at, row.inside) for row in hall.rows()] == [(moment, True)]


def test_times_may_be_given(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(18)):
        hall.mark(event, maria, stay=Stay(at(10, 30), at(12)))
    assert hall.told() == [(maria.id, "10:30", "12:00", 90, False, "manual")]


def test_a_session_has_attendance_of_its_own(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    maria = hall.join(event)
    with hall.travel(at(18)):
        hall.mark(event, maria, where=Where(DAY, session.id))
        assert [(row.session_id, row.minutes) for row in hall.rows()] == [(session.id, 60)]
        hall.mark(event, maria)
    assert [(row.session_id, row.minutes) for row in hall.rows()] in (
        [(None, 420), (session.id, 60)], [(session.id, 60), (None, 420)],
    )  # fmt: skip


def test_d52_each_day_has_attendance_of_its_own(event: Event) -> None:
    three = hall.a_day(event.hub, "tri-dni", dates=[(at(9, day=14), at(17, day=16))])
    maria = hall.join(three)
    with hall.travel(at(18, day=15)):
        hall.mark(three, maria)
        hall.mark(three, maria, where=Where(DAY + timedelta(days=1)))
        assert [(row.day.day, row.minutes) for row in hall.rows()] == [(14, 480), (15, 480)]
        assert hall.was_not_here(three, maria)
        with pytest.raises(Conflict, match="attendance_not_yet"):
            hall.mark(three, maria, where=Where(DAY + timedelta(days=2)))
    assert [row.day.day for row in hall.rows()] == [15]


def test_the_same_act_again_changes_nothing(event: Event) -> None:
    """A form that is sent twice, also after somebody took the presence back meanwhile."""
    maria, ivo = hall.join(event), hall.join(event, "Иво")
    act, other = uuid.uuid4(), uuid.uuid4()
    with hall.travel(at(18)):
        assert hall.mark(event, maria, ivo, act=act) == Marked(2, 0)
        assert hall.mark(event, maria, ivo, act=act) == Marked(0, 2)
        assert hall.was_not_here(event, maria, act=other) is True
        assert hall.was_not_here(event, maria, act=other) is False
        before = facts()
        assert hall.mark(event, maria, ivo, act=act) == Marked(0, 2)
        assert hall.mark(event, maria, ivo) == Marked(1, 1)
        assert hall.was_not_here(event, maria, act=other) is False
    assert facts()[: len(before)] == before
    assert [row[0] for row in hall.told()] == [maria.id, ivo.id]


def test_one_act_for_another_scope_is_another_act(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    maria, act = hall.join(event), uuid.uuid4()
    with hall.travel(at(18)):
        assert hall.mark(event, maria, act=act) == Marked(1, 0)
        assert hall.mark(event, maria, act=act, where=Where(DAY, session.id)) == Marked(1, 0)


def test_who_was_scanned_is_left_as_they_are(event: Event) -> None:
    door, maria = hall.a_door(event), hall.join(event)
    hall.scan_at(door, maria, at(10, 30))
    with hall.travel(at(18)):
        assert hall.mark(event, maria) == Marked(0, 1)
    assert len(hall.scans()) == 1


@pytest.mark.parametrize(
    ("stay", "code"),
    [
        (Stay(at(13)), "attendance_in_future"),
        (Stay(at(10), at(13)), "attendance_in_future"),
        (Stay(at(11), at(10, 30)), "ends_before_start"),
        (Stay(at(11), at(11)), "ends_before_start"),
        (Stay(at(23, 59, day=13)), "attendance_other_day"),
    ],
)
def test_times_that_cannot_be_are_refused(event: Event, stay: Stay, code: str) -> None:
    maria = hall.join(event)
    with hall.travel(at(12)):
        with pytest.raises(Invalid, match=code):
            hall.mark(event, maria, stay=stay)
        with pytest.raises(Invalid, match=code):
            hall.correct(event, maria, stay.in_at, stay.out_at)
    assert hall.scans() == []


def test_on_a_day_without_hours_the_times_are_needed(event: Event) -> None:
    maria, eve = hall.join(event), Where(DAY - timedelta(days=1))
    with hall.travel(at(18)):
        with pytest.raises(Conflict, match="times_needed"):
            hall.mark(event, maria, where=eve)
        hall.mark(event, maria, where=eve, stay=Stay(at(15, day=13), at(16, day=13)))
    assert [(row.day, row.minutes) for row in hall.rows()] == [(eve.day, 60)]


def test_people_and_sessions_of_other_events_do_not_exist(event: Event) -> None:
    other = hall.a_day(event.hub, "drugo")
    maria, stranger = hall.join(event), hall.join(other)
    theirs = make.session(other, "Чужда")
    act = {"act": uuid.uuid4(), "user_id": 1}
    with hall.travel(at(18)):
        for refused in (
            lambda: hall.mark(event, maria, stranger),
            lambda: hall.mark(event, maria, where=Where(DAY, theirs.id)),
            lambda: hall.was_not_here(event, stranger),
            lambda: hall.correct(event, stranger, at(10), at(11)),
            lambda: hall.correct(event, maria, at(10), at(11), where=Where(DAY, theirs.id)),
        ):
            with pytest.raises(NotFound):
                refused()
        with transaction(), pytest.raises(NotFound):
            attendance.mark_present(999, [maria.id], TODAY, **act)
        with transaction(), pytest.raises(NotFound):
            attendance.check_out_now(event.id, Where(DAY, theirs.id), **act)
    assert hall.scans() == []


def test_nobody_is_marked_at_an_event_that_was_called_off(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(12)):
        hall.mark(event, maria)
        with transaction():
            events.cancel_event(db.session.get_one(Event, event.id), make.both("Така"))
        with pytest.raises(Conflict, match="event_cancelled"):
            hall.mark(event, maria)
        assert hall.was_not_here(event, maria) is True
    assert hall.rows() == []


# --- taking back and correcting ---------------------------------------------------------------------------------------


def test_d06_was_not_here_takes_every_counting_scan_back_and_deletes_none(event: Event) -> None:
    door, maria = hall.a_door(event, reentry=True), hall.join(event)
    hall.scan_at(door, maria, at(10, 30))
    hall.scan_at(door, maria, at(10, 31))
    hall.scan_at(door, maria, at(12), direction="out")
    with hall.travel(at(18)):
        assert hall.was_not_here(event, maria, user_id=2, reason="Друг е минал с билета ѝ")
    assert hall.rows() == []
    stored = hall.scans()
    assert [(scan.verdict, scan.counts, scan.undone_at) for scan in stored] == [
        ("admitted", True, at(18)), ("already_in", False, None), ("left", True, at(18)),
        ("undone", False, None), ("undone", False, None),
    ]  # fmt: skip
    assert [scan.undoes for scan in stored[3:]] == [stored[0].scan_id, stored[2].scan_id]
    assert {(scan.user_id, scan.note, scan.received_at) for scan in stored[3:]} == {
        (2, "Друг е минал с билета ѝ", at(18))
    }


def test_d56_who_was_never_there_has_nothing_to_take_back(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(18)):
        assert hall.was_not_here(event, maria) is False
    assert hall.scans() == []


def test_taking_back_tells_the_doors_lists(event: Event) -> None:
    door, maria = hall.a_door(event), hall.join(event)
    hall.scan_at(door, maria, at(10, 30))
    with hall.travel(at(12)):
        hall.was_not_here(event, maria)
    db.session.refresh(maria)
    assert maria.changed_at == at(12)


def test_a_correction_puts_other_times_in_place_of_all(event: Event) -> None:
    door, maria = hall.a_door(event, reentry=True), hall.join(event)
    hall.scan_at(door, maria, at(10, 30))
    hall.scan_at(door, maria, at(12), direction="out")
    act = uuid.uuid4()
    with hall.travel(at(18)):
        assert hall.correct(event, maria, at(10), at(16, 30), act=act) is True
        assert hall.correct(event, maria, at(11), at(12), act=act) is False
    assert hall.told() == [(maria.id, "10:00", "16:30", 390, False, "manual")]
    assert [(scan.verdict, scan.undone_at is not None) for scan in hall.scans()] == [
        ("admitted", True), ("left", True), ("undone", False), ("undone", False), ("admitted", False), ("left", False),
    ]  # fmt: skip
    assert {scan.note for scan in hall.scans()[2:]} == {"Така пише на хартия"}
    with hall.travel(at(19)):
        assert hall.correct(event, maria, at(10), at(12)) is True
    assert [row[3] for row in hall.told()] == [120]


def test_a_correction_of_an_absence_is_a_presence(event: Event) -> None:
    maria = hall.join(event)
    with hall.travel(at(18)):
        hall.correct(event, maria, at(10), None)
    assert hall.told() == [(maria.id, "10:00", None, 0, True, "manual")]


def test_a_correction_concerns_its_scope_alone(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    maria = hall.join(event)
    with hall.travel(at(18)):
        hall.mark(event, maria)
        hall.mark(event, maria, where=Where(DAY, session.id))
        hall.correct(event, maria, at(11, 30), at(12), where=Where(DAY, session.id))
    assert {row.session_id: row.minutes for row in hall.rows()} == {None: 420, session.id: 30}


def test_d30_a_scan_that_an_offline_phone_sends_later_is_a_further_fact(event: Event) -> None:
    door, maria = hall.a_door(event), hall.join(event)
    with hall.travel(at(18)):
        hall.mark(event, maria)
        hall.was_not_here(event, maria)
        hall.send(door, hall.scan(maria, at(10, 40), shown="admitted"))
    assert [row[1] for row in hall.told()] == ["10:40"]


def test_killed_in_the_middle_all_or_nothing(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    door, maria, ivo = hall.a_door(event), hall.join(event), hall.join(event, "Иво")
    hall.scan_at(door, maria, at(10, 30))
    before, scans_before = hall.told(), facts()

    def power_cut(*values: Any) -> None:
        raise SystemExit

    for step in ("attendance_upsert", "scan_insert"):
        with monkeypatch.context() as broken, hall.travel(at(18)):
            broken.setattr(statements, step, power_cut)
            for act in (
                lambda: hall.correct(event, maria, at(10), at(16)),
                lambda: hall.mark(event, ivo),
            ):
                with pytest.raises(SystemExit):
                    act()
        assert (hall.told(), facts()) == (before, scans_before)
    with monkeypatch.context() as broken, hall.travel(at(18)):
        broken.setattr(registrations, "touch", power_cut)
        with pytest.raises(SystemExit):
            hall.was_not_here(event, maria)
    assert (hall.told(), facts()) == (before, scans_before)


# --- at once ----------------------------------------------------------------------------------------------------------


def test_d04_two_colleagues_mark_the_same_person_at_once(event: Event, ctx: Flask) -> None:
    ids = [hall.join(event, name).id for name in ("Мария", "Иво", "Ана")]
    event_id = event.id
    db.session.rollback()

    def work(number: int) -> Marked:
        # The other way round: the order of a form must not be that of the locks.
        chosen = ids if number % 2 else ids[::-1]
        with transaction():
            return attendance.mark_present(
                event_id, chosen, TODAY, act=uuid.uuid4(), user_id=1 + number % 2, stay=Stay(at(10), at(11))
            )

    with hall.travel(at(18)):
        results = at_doors.at_once(ctx, 6, work)
    assert sorted((each.now, each.already) for each in results) == [(0, 3)] * 5 + [(3, 0)]
    assert [row[3] for row in hall.told()] == [60, 60, 60]
    assert len(hall.scans()) == 6
    assert not any(scan.flagged for scan in hall.scans())


def test_one_form_sent_by_two_requests_at_once_counts_once(event: Event, ctx: Flask) -> None:
    maria, act = hall.join(event).id, uuid.uuid4()
    event_id = event.id
    db.session.rollback()

    def work(number: int) -> bool:
        with transaction():
            return attendance.correct_times(
                event_id, maria, TODAY, Stay(at(10), at(11)), act=act, user_id=1, reason="Така"
            )

    with hall.travel(at(18)):
        assert sorted(at_doors.at_once(ctx, 4, work)) == [False, False, False, True]
    assert len(hall.scans()) == 2


def test_a_door_and_a_desk_at_once_admit_a_person_once(event: Event, ctx: Flask) -> None:
    door, ids = hall.a_door(event), [hall.join(event, str(number)).id for number in range(8)]
    event_id, token = event.id, checkin.token_of(door)
    items = [hall.scan(id, at(10, 30)) for id in ids]
    db.session.rollback()

    def work(number: int) -> Any:
        if number % 2:
            return hall.send(token, *items[::-1])
        with transaction():
            return attendance.mark_present(event_id, ids, TODAY, act=uuid.uuid4(), user_id=1)

    with hall.travel(at(11)):
        results = at_doors.at_once(ctx, 4, work)
    assert [each for each in results if isinstance(each, Exception)] == []
    assert {row[0] for row in hall.told()} == set(ids)
    counting = [scan for scan in hall.scans() if scan.counts]
    assert len(counting) == len(ids)


# --- everybody leaves -------------------------------------------------------------------------------------------------


def check_out_now(event: Event, where: Where = TODAY, **values: Any) -> int:
    with transaction():
        return attendance.check_out_now(event.id, where, **{"act": uuid.uuid4(), "user_id": 1, **values})


def test_d51_everybody_leaves_now_and_nobody_twice(event: Event) -> None:
    door = hall.a_door(event, reentry=True)
    maria, ivo, gone = (hall.join(event, name) for name in ("Мария", "Иво", "Ана"))
    for person in (maria, ivo, gone):
        hall.scan_at(door, person, at(10, 30))
    hall.scan_at(door, gone, at(11), direction="out")
    act = uuid.uuid4()
    with hall.travel(at(13, 15)):
        assert check_out_now(event, act=act) == 2
        assert check_out_now(event, act=act) == 0
        assert check_out_now(event) == 0
    assert [row[2:5] for row in hall.told()] == [("13:15", 165, False), ("13:15", 165, False), ("11:00", 30, False)]
    out = hall.scans()[-1]
    assert (out.method, out.direction, out.user_id, out.scanned_at) == ("manual", "out", 1, at(13, 15))
    assert hall.scan_at(door, maria, at(13, 30)) == "admitted"
    with hall.travel(at(13, 31)):
        assert check_out_now(event, act=act) == 0
        assert check_out_now(event) == 1


def test_everybody_leaves_a_session_without_leaving_the_event(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(10, 30), 60)
    door, room = hall.a_door(event), hall.a_door(event, session_ids=[session.id], name="Зала 2")
    maria = hall.join(event)
    hall.scan_at(door, maria, at(10))
    hall.scan_at(room, maria, at(10, 30))
    with hall.travel(at(11)):
        assert check_out_now(event, Where(DAY, session.id)) == 1
    assert {row.session_id: row.inside for row in hall.rows()} == {None: True, session.id: False}


def test_of_another_day_nobody_leaves_now(event: Event) -> None:
    hall.scan_at(hall.a_door(event), hall.join(event), at(10, 30))
    with hall.travel(at(8, day=15)), pytest.raises(Conflict, match="attendance_not_today"):
        check_out_now(event)
    assert [row[4] for row in hall.told()] == [True]


# --- the closing time -------------------------------------------------------------------------------------------------


def test_the_job_runs_every_ten_minutes() -> None:
    job = jobs.JOBS[attendance.CHECK_OUT]
    assert (job.run, job.every) == (attendance.check_out, "*/10")


def test_the_job_checks_out_two_hours_after_the_end(event: Event) -> None:
    door = hall.a_door(event)
    maria, ivo = hall.join(event), hall.join(event, "Иво")
    hall.scan_at(door, maria, at(10, 30))
    hall.scan_at(door, ivo, at(17, 30))
    for moment in (at(17), at(18, 59)):
        with hall.travel(moment):
            attendance.check_out()
        assert [row.inside for row in hall.rows()] == [True, True]
    with hall.travel(at(19)):
        attendance.check_out()
    assert hall.told() == [
        (maria.id, "10:30", "17:00", 390, False, "search"),
        (ivo.id, "17:30", None, 0, True, "search"),
    ]
    assert [row.checked_out for row in hall.rows()] == [True, False]
    with hall.travel(at(2, 0, day=15)):
        attendance.check_out()
    assert hall.told()[1] == (ivo.id, "17:30", "17:30", 0, False, "search")
    assert len(hall.scans()) == 2


def test_the_job_does_not_fold_the_same_people_again_and_again(event: Event) -> None:
    """Somebody who came late stays inside; lists at doors would be told of them every ten minutes."""
    hall.scan_at(hall.a_door(event), hall.join(event), at(17, 30))
    stamps = set()
    for minute in (0, 10, 20):
        with hall.travel(at(20, minute)):
            attendance.check_out()
        stamps.add(hall.rows()[0].changed_at)
    assert stamps == {at(20)}


def test_a_late_scan_after_the_closing_time_folds_to_the_same_as_before_it(event: Event) -> None:
    door, early, late = hall.a_door(event, reentry=True), hall.join(event), hall.join(event, "Иво")
    for person in (early, late):
        hall.scan_at(door, person, at(10, 30))
    leaving = [hall.scan(person, at(16, 10), direction="out", shown="left") for person in (early, late)]
    with hall.travel(at(18)):
        hall.send(door, leaving[0])
    with hall.travel(at(19)):
        attendance.check_out()
    with hall.travel(at(22)):
        hall.send(door, leaving[1])
    assert [row[1:] for row in hall.told()] == [("10:30", "16:10", 340, False, "search")] * 2
    assert [row.checked_out for row in hall.rows()] == [False, False]


def test_the_job_works_in_bounded_steps_event_by_event(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "AT_ONCE", 2)
    other = hall.a_day(event.hub, "drugo")
    session = make.session(event, "Роботи", hall.at(11), 60)
    people = [hall.join(event, str(number)) for number in range(5)]
    with hall.travel(at(12)):
        hall.mark(event, *people)
        hall.mark(other, hall_other := hall.join(other))
        hall.mark(event, people[0], where=Where(DAY, session.id), stay=Stay(at(11, 10)))
    begun: list[int] = []
    monkeypatch.setattr(attendance, "transaction", _counting(begun))
    with hall.travel(at(19)):
        attendance.check_out()
    assert [row.inside for row in hall.rows()] == [False] * 7
    assert {row.minutes for row in hall.rows() if row.session_id} == {50}
    assert len(begun) >= 5
    assert hall_other.id


def _counting(begun: list[int]) -> Any:
    def counted() -> Any:
        begun.append(1)
        return transaction()

    return counted


def test_the_job_interrupted_goes_on_where_it_stopped(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "AT_ONCE", 2)
    people = [hall.join(event, str(number)) for number in range(5)]
    with hall.travel(at(12)):
        hall.mark(event, *people)
    steps = iter([True, False])
    kept = statements.attendance_upsert

    def cut(*values: Any) -> Any:
        if next(steps, True):
            return kept(*values)
        raise SystemExit

    with hall.travel(at(19)), monkeypatch.context() as broken:
        broken.setattr(statements, "attendance_upsert", cut)
        with pytest.raises(SystemExit):
            attendance.check_out()
    assert [row.inside for row in hall.rows()] == [False, False, True, True, True]
    with hall.travel(at(19, 10)):
        attendance.check_out()
    assert [row[2:4] for row in hall.told()] == [("17:00", 300)] * 5


def test_attendance_of_a_day_without_hours_ends_with_the_day(event: Event) -> None:
    maria, eve = hall.join(event), Where(DAY - timedelta(days=1))
    with hall.travel(at(18, day=13)):
        hall.mark(event, maria, where=eve, stay=Stay(at(15, day=13)))
    with hall.travel(at(1, 59)):
        attendance.check_out()
        assert hall.rows()[0].inside
    with hall.travel(at(2)):
        attendance.check_out()
    assert [(row.inside, row.last_out_at, row.minutes) for row in hall.rows()] == [(False, at(15, day=13), 0)]


# --- moved ------------------------------------------------------------------------------------------------------------


def move(event: Event, starts_at: Any, ends_at: Any) -> None:
    """Changes the one date of the event as its form does."""
    row = db.session.get_one(Event, event.id)
    with transaction():
        row = db.session.get_one(Event, event.id)
        details = events.details_of(row)
        dates = (replace(details.dates[0], starts_at=starts_at, ends_at=ends_at),)
        events.change_event(row, replace(details, dates=dates))


def test_a_wrong_end_put_right_puts_the_minutes_right(event: Event) -> None:
    door = hall.a_door(event, reentry=True)
    maria, gone = hall.join(event), hall.join(event, "Ана")
    for person in (maria, gone):
        hall.scan_at(door, person, at(10, 30))
    hall.scan_at(door, gone, at(12), direction="out")
    with hall.travel(at(19)):
        attendance.check_out()
    with hall.travel(at(9, day=15)):
        move(event, hall.START, at(18))
    assert [row[2:4] for row in hall.told()] == [("18:00", 450), ("12:00", 90)]
    assert [row.changed_at for row in hall.rows()] == [at(9, day=15), at(12)]


def test_an_end_moved_later_lets_people_in_again(event: Event) -> None:
    maria = hall.join(event)
    hall.scan_at(hall.a_door(event), maria, at(10, 30))
    with hall.travel(at(19)):
        attendance.check_out()
        assert [row.inside for row in hall.rows()] == [False]
        move(event, hall.START, at(22))
    assert [(row.inside, row.checked_out, row.minutes) for row in hall.rows()] == [(True, False, 0)]


def test_an_end_moved_earlier_checks_out_who_is_inside(event: Event) -> None:
    maria = hall.join(event)
    hall.scan_at(hall.a_door(event), maria, at(10, 30))
    with hall.travel(at(16)):
        move(event, hall.START, at(13))
    assert hall.told() == [(maria.id, "10:30", "13:00", 150, False, "search")]


def test_on_a_day_that_is_no_longer_the_events_nobody_knows_when_they_left(event: Event) -> None:
    maria, noted = hall.join(event), hall.join(event, "Ана")
    hall.scan_at(hall.a_door(event), maria, at(10, 30))
    with hall.travel(at(19)):
        hall.mark(event, noted, stay=Stay(at(10), at(16)))
        attendance.check_out()
    with hall.travel(at(9, day=15)):
        move(event, at(10, day=21), at(17, day=21))
    assert [row[2:5] for row in hall.told()] == [("10:30", 0, False), ("16:00", 360, False)]


def test_a_session_moved_by_hand_moves_its_closing_time(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    maria = hall.join(event)
    with hall.travel(at(11, 10)):
        hall.mark(event, maria, where=Where(DAY, session.id))
    with hall.travel(at(19)):
        attendance.check_out()
        assert [row.minutes for row in hall.rows()] == [50]
        with transaction():
            session = db.session.merge(session)
            session.ends_at = at(12, 30)
            record(SessionsChanged(event.id, (session.id,)))
    assert [row.minutes for row in hall.rows()] == [80]


def test_moving_an_event_that_nobody_attended_reads_its_attendance_once(event: Event, queries: Any) -> None:
    id = event.id
    with hall.travel(at(9)), transaction(), queries() as seen:
        assert attendance.fold_again(id) == 0
    assert len(seen) == 1


# --- what the pages read ----------------------------------------------------------------------------------------------


def names(event: Event, where: Where = TODAY, **values: Any) -> list[str]:
    lines, total = desk.people(event.id, where, **{"booked": False, **values})
    assert total == len(lines)
    return [line.first_name for line in lines]


def test_the_list_holds_who_is_expected_and_who_came(event: Event) -> None:
    door = hall.a_door(event, reentry=True)
    here, left, missing, uninvited, away = (
        hall.join(event, name, name) for name in ("Ана", "Боян", "Вяра", "Горан", "Дора")
    )
    for person in (here, left):
        hall.scan_at(door, person, at(10, 30))
    hall.scan_at(door, left, at(11), direction="out")
    with hall.travel(at(12)):
        with transaction():
            registrations.cancel(uninvited.id, by="person")
            registrations.cancel(away.id, by="person")
        hall.mark(event, uninvited)
    assert {show: names(event, show=show) for show in Show} == {
        Show.ALL: ["Ана", "Боян", "Вяра", "Горан"], Show.HERE: ["Ана", "Боян", "Горан"],
        Show.INSIDE: ["Ана", "Горан"], Show.MISSING: ["Вяра"], Show.OTHERS: ["Дора"],
    }  # fmt: skip
    found = desk.counts(event.id, TODAY, booked=False)
    assert found == Counts(expected=3, here=3, inside=2, missing=1, unexpected=1, others=1)
    assert [found.of(show) for show in Show] == [4, 3, 2, 1, 1]
    lines, _total = desk.people(event.id, TODAY, booked=False)
    assert [(line.came, line.inside, line.expected, line.door, line.user, line.minutes) for line in lines] == [
        (True, True, True, "Вход А", "", 0), (True, False, True, "Вход А", "", 30), (False, False, True, "", "", 0),
        (True, True, False, "", "Alice", 0),
    ]  # fmt: skip
    assert missing.id == lines[2].id
    assert names(event, search="жел") == []
    assert names(event, search="boyan БОЯН") == ["Боян"]
    assert names(event, only=away.id) == ["Дора"]
    assert desk.counts(event.id, Where(DAY + timedelta(days=1)), booked=False).here == 0


def test_a_session_with_places_expects_those_who_hold_one(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60, capacity=1)
    maria = hall.join(event, "Мария", session_ids=(session.id,))
    hall.join(event, "Иво", session_ids=(session.id,))
    where = Where(DAY, session.id)
    assert names(event, where, booked=True) == ["Мария"]
    assert sorted(names(event, where, booked=False)) == ["Иво", "Мария"]
    assert desk.counts(event.id, where, booked=True) == Counts(expected=1, missing=1, others=1)
    assert maria.status is RegistrationStatus.CONFIRMED


def test_the_history_of_a_scope_tells_everything_of_it_and_nothing_else(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    door, maria, ivo = hall.a_door(event), hall.join(event), hall.join(event, "Иво")
    entry = hall.scan(maria, at(10, 30))
    with hall.travel(at(10, 30)):
        hall.send(door, entry, hall.scan(ivo, at(10, 30)))
        hall.mark(event, maria, where=Where(DAY, session.id), stay=Stay(at(10, 30)))
    with hall.travel(at(9, day=15)):
        undo = {"scan_id": str(uuid.uuid4()), "undoes": entry["scan_id"], "scanned_at": clock.now().isoformat()}
        hall.send(door, undo)
        hall.correct(event, maria, at(10), at(11), user_id=2)
    told = [
        (each.verdict, each.user.name if each.user else each.door.name if each.door else None)
        for each in desk.history(event.id, maria.id, TODAY)
    ]
    assert told == [("left", "Bob"), ("admitted", "Bob"), ("undone", "Вход А"), ("admitted", "Вход А")]
    assert len(desk.history(event.id, maria.id, Where(DAY, session.id))) == 1


def test_days_with_attendance_are_known(event: Event) -> None:
    session = make.session(event, "Роботи", hall.at(11), 60)
    maria = hall.join(event)
    with hall.travel(at(18)):
        hall.mark(event, maria)
        hall.mark(event, maria, where=Where(DAY, session.id))
    assert desk.kept_for(event.id) == {DAY: {None, session.id}}


# --- many -------------------------------------------------------------------------------------------------------------


def test_two_thousand_people_leave_and_are_closed_in_seconds(event: Event) -> None:
    """Measured on two busy cores: far below the bound, which a quadratic step would break."""
    now = clock.now()
    with transaction():
        db.session.execute(
            sa.text("UPDATE event SET capacity = NULL WHERE id = :id"), {"id": event.id}
        )
        db.session.execute(
            sa.insert(hall.Registration),
            [
                {
                    "event_id": event.id, "status": "confirmed", "source": "web", "first_name": f"Име {number}",
                    "last_name": "Много", "search": f"ime {number}", "language": "bg", "link_version": 0,
                    "created_at": now, "changed_at": now, "attends_as": "participant",
                }
                for number in range(2_000)
            ],
        )  # fmt: skip
    ids = db.session.scalars(sa.select(hall.Registration.id).where(hall.Registration.event_id == event.id)).all()
    db.session.rollback()
    began = time.monotonic()
    with hall.travel(at(12)), transaction():
        marked = attendance.mark_present(event.id, ids, TODAY, act=uuid.uuid4(), user_id=1)
    with hall.travel(at(13)):
        left = check_out_now(event)
    assert (marked.now, left) == (2_000, 2_000)
    assert time.monotonic() - began < 30
    assert db.session.scalar(sa.select(sa.func.sum(Attendance.minutes))) == 120_000
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Scan)) == 4_000
