"""Codes of a room's screen: which are good, for whom and for how long, and what becomes of them."""

import contextvars
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.checkin import intake, queries, rules, selfcheck
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import Answer, DoorRole, DoorRules, EventRules, Reason, SessionRules, Span
from hubevents.checkin.selfcheck import Miss, Outcome
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.core.errors import NotFound
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration, SessionPlace
from hubevents.registrations.rules import RegistrationStatus, Source
from tests import make

NOON = make.sofia(2026, 10, 14, 10, 30).astimezone(UTC)
START, END = make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 17)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def a_day(slug: str = "den", **values: Any) -> Event:
    with time_machine.travel(NOON - timedelta(days=30), tick=False):
        return make.event(
            values.pop("of", None) or make.hub(), slug, dates=values.pop("dates", [(START, END)]), **values
        )


def a_screen(event: Event, role: DoorRole = DoorRole.SCREEN, **values: Any) -> Door:
    changed = {name: values.pop(name) for name in list(values) if name.endswith(("before", "after"))}
    with time_machine.travel(NOON - timedelta(days=1), tick=False), transaction():
        door = checkin.make_door(event, values.pop("name", "Екран Берое"), role, **values)
        for name, value in changed.items():
            setattr(door, name, value)
        return door


def join(event: Event, name: str = "Мария", **values: Any) -> Registration:
    person = registrations.Registrant(name, "Желязкова", f"{uuid.uuid4().hex[:8]}@example.org", "bg", **values)
    with time_machine.travel(NOON - timedelta(days=2), tick=False), transaction():
        return registrations.register(event.id, person)


def shown(door: Door) -> str:
    """What the screen of a door shows just now."""
    code = selfcheck.screen(door, "bg").code
    assert code is not None
    return code


def types(person: Registration, typed: str, at: datetime | None = None) -> Outcome:
    with time_machine.travel(at or clock.now(), tick=False), transaction():
        return selfcheck.check_in(person.id, person.event_id, typed, "bg")


def short(outcome: Outcome) -> Any:
    if outcome.miss is not None:
        return outcome.miss
    assert outcome.verdict is not None
    return outcome.verdict.reason or outcome.verdict.verdict


def attendances() -> list[tuple[int, int | None, str, bool]]:
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Attendance).order_by(Attendance.id))
    return [(row.registration_id, row.session_id, row.method, row.inside) for row in rows]


# --- the code --------------------------------------------------------------------------------------------------------


def test_the_code_of_the_screen_is_a_scan_of_its_door_without_a_device(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)

    outcome = types(maria, shown(door))

    assert short(outcome) is Answer.ADMITTED
    assert (outcome.at, outcome.session) == (NOON, None)
    kept = db.session.scalars(sa.select(Scan)).one()
    assert (kept.method, kept.door_id, kept.device_id, kept.user_id) == ("self", door.id, None, None)
    assert (kept.registration_id, kept.event_id, kept.session_id, kept.day) == (maria.id, event.id, None, START.date())
    assert (kept.scanned_at, kept.said_at, kept.received_at) == (NOON, NOON, NOON)
    assert (kept.verdict, kept.reason, kept.counts, kept.flagged) == ("admitted", None, True, None)
    assert kept.answer == {"verdict": "admitted", "reason": None, "name": "Мария Желязкова", "first_scan": None}
    assert attendances() == [(maria.id, None, "self", True)]
    assert selfcheck.screen(door, "bg").present == 1


def test_it_changes_with_minute_session_door_and_version_and_is_six_digits(ctx: Flask) -> None:
    event = a_day()
    doors = [a_screen(event), a_screen(event)]
    session = SessionRules("7", "Сесия", START, END)
    codes = [
        selfcheck.code(door, of, NOON + minutes * MINUTE)
        for door in doors
        for of in (None, session)
        for minutes in range(40)
    ]
    with transaction():
        renewed = checkin.renew_door(event.id, doors[0].id)
    codes += [selfcheck.code(renewed, None, NOON + minutes * MINUTE) for minutes in range(40)]
    assert {len(code) for code in codes} == {6}
    assert "".join(codes).isdecimal()
    assert len(set(codes)) >= 199  # 200 of a million: two alike are possible, three are a fault
    assert max(Counter("".join(codes)).values()) < 200  # each digit about 120 times


@pytest.mark.parametrize(
    ("typed_at", "expected"),
    [
        (NOON, Answer.ADMITTED),
        (NOON + MINUTE - SECOND, Answer.ADMITTED),
        (NOON + MINUTE, Answer.ADMITTED),
        (NOON + 3 * MINUTE - SECOND, Answer.ADMITTED),
        (NOON + 3 * MINUTE, Miss.OLD),
        (NOON + 11 * MINUTE - SECOND, Miss.OLD),
        (NOON + 11 * MINUTE, Miss.WRONG),
        (NOON - SECOND, Miss.WRONG),
    ],
)
def test_good_in_its_minute_and_two_more(ctx: Flask, typed_at: datetime, expected: Any) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    assert short(types(maria, shown(door), typed_at)) is expected
    assert len(attendances()) == (expected is Answer.ADMITTED)


@pytest.mark.parametrize(("second", "left"), [(0, 60), (1, 59), (59, 1)])
def test_the_screen_says_how_long_its_code_stands(ctx: Flask, second: int, left: int) -> None:
    door = a_screen(a_day())
    code = shown(door)
    with time_machine.travel(NOON + second * SECOND, tick=False):
        now = selfcheck.screen(door, "bg")
    assert (now.code, now.seconds_left) == (code, left)
    with time_machine.travel(NOON + MINUTE, tick=False):
        assert shown(door) != code


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123\u00a0456\n", "123456"),
        ("123-456", "123456"),
        ("12–34—56", "123456"),
        ("1.2.3.4.5.6", "123456"),
        ("１２３４５６", "123456"),
        ("٠١٢٣٤٥", "012345"),
        ("०१२३४५", "012345"),
        ("\u200e123456\ufeff", "123456"),
        ("О12З45", "012345"),  # Cyrillic letters
        ("o1l2I0", "011210"),
        ("", None),
        ("12345", None),
        ("1234567", None),
        ("12345\x00", None),
        ("12345六", None),
        ("12345²", None),
        ("12345½", None),
        ("12345б", None),
        ("12345\ud800", None),
        ("-12345", None),
        ("1e5000", None),
        ("1" * 20_000, None),
        ("'; DROP TABLE scan; --", None),
        ("{{7*7}}", None),
    ],
)
def test_what_was_typed_is_read_forgivingly_and_nothing_else_passes(typed: str, read: str | None) -> None:
    assert selfcheck.read_code(typed) == read


def test_a_text_that_is_no_code_asks_the_database_for_nothing(ctx: Flask, queries: Any) -> None:
    maria = join(a_day())
    id, event_id = maria.id, maria.event_id
    with transaction(), queries() as seen:
        outcome = selfcheck.check_in(id, event_id, "код", "bg")
    assert (short(outcome), len(seen)) == (Miss.NOT_A_CODE, 0)


def test_a_code_written_with_spaces_and_dashes_is_taken(ctx: Flask) -> None:
    event = a_day()
    code = shown(a_screen(event))
    assert short(types(join(event), f" {code[:3]} – {code[3:]}")) is Answer.ADMITTED


def test_a_changed_key_leaves_the_codes_of_these_minutes_good(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code, kept = shown(door), ctx.config["SECRET_KEYS"]
    ctx.config["SECRET_KEYS"] = ("a newer key 0123456789", *kept)
    try:
        assert shown(door) != code
        assert short(types(maria, code)) is Answer.ADMITTED
        assert short(types(maria, shown(door))) is Answer.ALREADY_IN
    finally:
        ctx.config["SECRET_KEYS"] = kept


# --- passes ----------------------------------------------------------------------------------------------------------


def test_a_renewed_pass_has_other_codes_at_once(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code = shown(door)
    with transaction():
        renewed = checkin.renew_door(event.id, door.id)
    assert shown(renewed) != code
    assert short(types(maria, code)) is Miss.WRONG
    assert short(types(maria, shown(renewed))) is Answer.ADMITTED


def test_the_codes_of_a_revoked_pass_are_dead(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code = shown(door)
    with transaction():
        checkin.revoke_door(event.id, door.id)
    assert short(types(maria, code)) is Miss.WRONG
    assert not selfcheck.is_offered(event)


def test_the_codes_of_a_pass_that_ended_are_dead(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    with time_machine.travel(door.expires_at, tick=False):
        code = shown(door)
        assert short(types(maria, code)) is Answer.ADMITTED
    assert short(types(join(event), code, door.expires_at + SECOND)) is Miss.WRONG


@pytest.mark.parametrize("role", [role for role in DoorRole if role is not DoorRole.SCREEN])
def test_other_doors_have_no_screen_and_no_codes(ctx: Flask, role: DoorRole) -> None:
    event = a_day()
    door, maria = a_screen(event, role), join(event)
    with pytest.raises(NotFound):
        selfcheck.screen(door, "bg")
    assert short(types(maria, selfcheck.code(door, None, NOON))) is Miss.WRONG
    assert not selfcheck.is_offered(event)


def test_d10_a_code_of_another_event_is_wrong_here(ctx: Flask) -> None:
    event = a_day()
    other = a_day("drug", of=event.hub)
    a_screen(event)
    maria = join(event)
    assert short(types(maria, shown(a_screen(other)))) is Miss.WRONG
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Scan)) == 0


# --- who and when ----------------------------------------------------------------------------------------------------


def test_doing_it_again_is_harmless_and_says_since_when(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code = shown(door)
    types(maria, code)
    again = types(maria, code, NOON + MINUTE)
    assert short(again) is Answer.ALREADY_IN
    assert again.verdict is not None
    assert again.verdict.first_scan is not None
    assert (again.verdict.first_scan.scanned_at, again.verdict.first_scan.door) == (NOON, "Екран Берое")
    assert attendances() == [(maria.id, None, "self", True)]


def test_d04_eight_presses_at_once_are_one_check_in(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code, found = shown(door), []
    id, event_id = maria.id, event.id
    db.session.rollback()

    def press() -> None:
        with ctx.app_context():
            with transaction():
                found.append(short(selfcheck.check_in(id, event_id, code, "bg")))
            db.session.remove()

    threads = [threading.Thread(target=contextvars.Context().run, args=(press,)) for _press in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(found) == {Answer.ADMITTED: 1, Answer.ALREADY_IN: 7}
    assert attendances() == [(id, None, "self", True)]


def test_who_came_through_a_door_is_in_already(ctx: Flask) -> None:
    event = a_day()
    door, screen, maria = a_screen(event, DoorRole.SEARCH, name="Вход А"), a_screen(event), join(event)
    item = {"scan_id": str(uuid.uuid4()), "registration": str(maria.id), "scanned_at": NOON.isoformat()}
    with transaction():
        checkin.take_scans(checkin.token_of(door), intake.read({"scans": [item]}), NOON, "bg")
    outcome = types(maria, shown(screen))
    assert outcome.verdict is not None
    assert outcome.verdict.first_scan is not None
    assert (short(outcome), outcome.verdict.first_scan.door) == (Answer.ALREADY_IN, "Вход А")
    assert attendances() == [(maria.id, None, "search", True)]


def test_d06_after_an_undo_the_code_checks_in_again(ctx: Flask) -> None:
    event = a_day()
    door, screen, maria = a_screen(event, DoorRole.SCAN), a_screen(event), join(event)
    types(maria, shown(screen))
    scan_id = db.session.scalars(sa.select(Scan.scan_id)).one()
    item = {"scan_id": str(uuid.uuid4()), "undoes": scan_id, "scanned_at": NOON.isoformat()}
    with transaction():
        checkin.take_scans(checkin.token_of(door), intake.read({"scans": [item]}), NOON, "bg")
    assert attendances() == []
    assert short(types(maria, shown(screen))) is Answer.ADMITTED
    assert attendances() == [(maria.id, None, "self", True)]


def test_d13_who_is_not_confirmed_is_told_so_and_kept_as_refused(ctx: Flask) -> None:
    event = a_day(capacity=1)
    screen = a_screen(event)
    join(event)
    waiting = join(event, "Георги")
    assert short(types(waiting, shown(screen))) is Reason.WAITLISTED
    with transaction():
        registrations.cancel(waiting.id, by="person")
    assert short(types(waiting, shown(screen))) is Reason.CANCELLED
    kept = db.session.execute(sa.select(Scan.verdict, Scan.reason, Scan.counts, Scan.flagged).order_by(Scan.id)).all()
    assert [tuple(row) for row in kept] == [
        ("refused", "waitlisted", False, None),
        ("refused", "cancelled", False, None),
    ]
    assert attendances() == []


def test_d19_a_person_who_is_gone_finds_no_page(ctx: Flask) -> None:
    event = a_day()
    code = shown(a_screen(event))
    with pytest.raises(NotFound), transaction():
        selfcheck.check_in(4711, event.id, code, "bg")


def test_d20_before_and_after_the_window_there_is_no_code_and_the_screen_says_when(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event, opens_minutes_before=30, closes_minutes_after=15), join(event)
    opens, closes = START - 30 * MINUTE, END + 15 * MINUTE
    seen = []
    for at in (opens - SECOND, opens, closes, closes + MINUTE):
        with time_machine.travel(at, tick=False):
            now = selfcheck.screen(door, "bg")
            seen.append((now.code is not None, now.opens_at, selfcheck.is_offered(event)))
            typed = short(types(maria, selfcheck.code(door, None, selfcheck.minute_of(at))))
            assert typed in ({Answer.ADMITTED, Answer.ALREADY_IN} if now.code else {Miss.WRONG})
    assert seen == [(False, opens, False), (True, None, True), (True, None, True), (False, None, False)]


def test_d20_a_code_still_on_the_wall_when_the_window_closes_is_closed(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event, closes_minutes_after=0), join(event)
    with time_machine.travel(END, tick=False):
        code = shown(door)
    outcome = types(maria, code, END + SECOND)
    assert short(outcome) is Reason.CLOSED
    assert attendances() == []


def test_d20_between_the_dates_of_a_training_it_says_when_it_opens_again(ctx: Flask) -> None:
    dates = [(START, END), (START + timedelta(days=7), END + timedelta(days=7))]
    event = a_day(dates=dates)
    door, maria = a_screen(event, closes_minutes_after=0, opens_minutes_before=0), join(event)
    with time_machine.travel(END, tick=False):
        code = shown(door)
    outcome = types(maria, code, END + MINUTE)
    assert outcome.verdict is not None
    assert (short(outcome), outcome.verdict.opens_at) == (Reason.CLOSED, dates[1][0].astimezone(UTC))


def test_d70_the_code_of_an_event_cancelled_meanwhile(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_screen(event), join(event)
    code = shown(door)
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    now = selfcheck.screen(door, "bg")
    assert (now.code, now.cancelled) == (None, True)
    assert short(types(maria, code)) is Reason.EVENT_CANCELLED
    assert not selfcheck.is_offered(db.session.get_one(Event, event.id))


def test_d52_each_day_is_a_check_in_of_its_own(ctx: Flask) -> None:
    event = a_day(dates=[(START, END + timedelta(days=1))])
    door, maria = a_screen(event), join(event)
    found = []
    for at in (NOON, NOON + timedelta(days=1)):
        with time_machine.travel(at, tick=False):
            found.append((short(types(maria, shown(door))), selfcheck.screen(door, "bg").present))
    assert found == [(Answer.ADMITTED, 1), (Answer.ADMITTED, 1)]
    assert len(attendances()) == 2


def test_d54_a_full_room_takes_nobody_more(ctx: Flask) -> None:
    event = a_day()
    door = a_screen(event, capacity=1)
    assert short(types(join(event), shown(door))) is Answer.ADMITTED
    assert short(types(join(event, "Георги"), shown(door))) is Reason.FULL
    assert len(attendances()) == 1


def test_d51_who_left_comes_in_again_where_the_door_allows_it(ctx: Flask) -> None:
    event = a_day()
    door = a_screen(event, DoorRole.SEARCH)
    once, again = a_screen(event), a_screen(event, reentry=True)
    maria = join(event)
    types(maria, shown(once))
    item = {
        "scan_id": str(uuid.uuid4()), "registration": str(maria.id), "direction": "out",
        "scanned_at": (NOON + MINUTE).isoformat(),
    }  # fmt: skip
    with time_machine.travel(NOON + MINUTE, tick=False), transaction():
        checkin.take_scans(checkin.token_of(door), intake.read({"scans": [item]}), NOON + MINUTE, "bg")
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        assert selfcheck.screen(once, "bg").present == 1  # who left was here
        assert short(types(maria, shown(once))) is Answer.ALREADY_IN
        assert short(types(maria, shown(again))) is Answer.ADMITTED


# --- sessions --------------------------------------------------------------------------------------------------------


def two_sessions(**values: Any) -> tuple[Event, list[int]]:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=29), tick=False):
        return event, [
            make.session(event, "Роботи", START, 60, **values).id,
            make.session(event, "Данни", START + timedelta(minutes=90), 60, **values).id,
        ]


def places(person: Registration, *session_ids: int) -> Registration:
    with transaction():
        for id in session_ids:
            db.session.add(
                SessionPlace(
                    registration_id=person.id,
                    session_id=id,
                    status=RegistrationStatus.CONFIRMED,
                    created_at=clock.now(),
                )
            )
    return person


def test_d52_each_session_is_a_check_in_of_its_own(ctx: Flask) -> None:
    event, ids = two_sessions()
    doors, maria = [a_screen(event, session_ids=[id]) for id in ids], join(event)
    assert [short(types(maria, shown(door))) for door in doors] == [Answer.ADMITTED] * 2
    assert short(types(maria, shown(doors[1]))) is Answer.ALREADY_IN
    assert attendances() == [(maria.id, id, "self", True) for id in ids]


def test_d36_who_has_no_place_is_told_where_it_is(ctx: Flask) -> None:
    event, ids = two_sessions(capacity=10)
    doors = [a_screen(event, session_ids=[id]) for id in ids]
    maria, boyan = places(join(event), ids[1]), join(event, "Боян")
    first = types(maria, shown(doors[0]))
    assert first.verdict is not None
    assert first.verdict.other is not None
    assert (short(first), first.session, first.verdict.other.title) == (Reason.WRONG_SESSION, "Роботи", "Данни")
    nowhere = types(boyan, shown(doors[0]))
    assert nowhere.verdict is not None
    assert (short(nowhere), nowhere.verdict.other) == (Reason.WRONG_SESSION, None)
    assert short(types(maria, shown(doors[1]))) is Answer.ADMITTED
    assert attendances() == [(maria.id, ids[1], "self", True)]


def test_a_door_of_several_sessions_shows_the_one_of_the_hour(ctx: Flask) -> None:
    event, ids = two_sessions()
    door, maria = a_screen(event, session_ids=ids), join(event)
    first = selfcheck.screen(door, "bg")
    assert first.session == "Роботи"
    assert types(maria, first.code or "").session == "Роботи"
    with time_machine.travel(START + timedelta(minutes=60), tick=False):
        # The code of the minute before is good still, and for the session it stood under.
        boyan = join(event, "Боян")
        last = selfcheck.code(door, selfcheck.stand(selfcheck.rules_of(door), rules_for(event), NOON).session,
                              clock.now() - MINUTE)  # fmt: skip
        assert types(boyan, last).session == "Роботи"
        second = selfcheck.screen(door, "bg")
        assert (second.session, second.present) == ("Данни", 0)
        assert short(types(maria, second.code or "")) is Answer.ADMITTED
    assert attendances() == [
        (maria.id, ids[0], "self", True),
        (boyan.id, ids[0], "self", True),
        (maria.id, ids[1], "self", True),
    ]


def rules_for(event: Event) -> EventRules:
    return queries.event_rules(event.id, "bg")


def at(hour: int, minute: int = 0) -> datetime:
    return make.sofia(2026, 10, 14, hour, minute)


DAY = EventRules(
    "1",
    "Europe/Sofia",
    (Span(at(9), at(17)),),
    (
        SessionRules("1", "a", at(10), at(11)),
        SessionRules("2", "b", at(11, 30), at(12)),
        SessionRules("3", "c", at(11, 45), at(13)),
        SessionRules("4", "d", at(16), at(17)),
        SessionRules("5", "e", at(10), at(17), cancelled=True),
    ),
)


@pytest.mark.parametrize(
    ("moment", "session", "is_open", "opens_at"),
    [
        (at(9, 39), "1", False, at(9, 40)),
        (at(9, 40), "1", True, None),  # the next
        (at(10), "1", True, None),  # on
        (at(11), "1", True, None),  # over, but those who stayed may still type
        (at(11, 10), "2", True, None),  # the next before the one that is over
        (at(11, 30), "2", True, None),
        (at(11, 45), "3", True, None),  # of two that are on the one that began last
        (at(13, 10), "3", True, None),
        (at(13, 16), "4", False, at(15, 40)),
        (at(17, 15), "4", True, None),
        (at(17, 16), None, False, None),
    ],
)
def test_what_a_screen_of_many_sessions_stands_for(
    moment: datetime, session: str | None, is_open: bool, opens_at: datetime | None
) -> None:
    door = DoorRules(DoorRole.SCREEN, ("1", "2", "3", "4", "5"), opens_minutes_before=20, closes_minutes_after=15)
    stands = selfcheck.stand(door, DAY, moment)
    found = stands.session.id if stands.session else None
    assert (found, stands.is_open, stands.opens_at) == (session, is_open, opens_at)


def test_a_screen_whose_sessions_were_all_cancelled_stands_for_nothing() -> None:
    stands = selfcheck.stand(DoorRules(DoorRole.SCREEN, ("5",)), DAY, at(12))
    assert (stands.session, stands.is_open, stands.opens_at) == (None, False, None)


def test_the_code_on_the_wall_is_never_one_the_rulebook_calls_too_early_or_late(ctx: Flask) -> None:
    """Whatever a screen shows is admitted in its own minute: both read the same windows."""
    door = DoorRules(DoorRole.SCREEN, ("1", "2", "3", "4", "5"), opens_minutes_before=20, closes_minutes_after=15)
    person = rules.RegistrationRules("1", "confirmed", name="Мария")
    refused = []
    for minutes in range(9 * 60, 18 * 60):
        moment = at(minutes // 60, minutes % 60)
        stands = selfcheck.stand(door, DAY, moment)
        if stands.is_open and stands.session:
            attempt = rules.Attempt(moment, rules.Method.SELF, session=stands.session.id)
            verdict = rules.judge(rules.Question(attempt, door, DAY, registration=person))
            if verdict.verdict is not Answer.ADMITTED:
                refused.append((moment, verdict))
    assert refused == []


# --- the personal page -----------------------------------------------------------------------------------------------


def test_the_field_is_offered_while_a_screen_takes_people(ctx: Flask) -> None:
    event, ids = two_sessions()
    assert not selfcheck.is_offered(event)
    door = a_screen(event, session_ids=[ids[1]], opens_minutes_before=30, closes_minutes_after=0)
    start = START + timedelta(minutes=90)
    offered = []
    for moment in (start - 31 * MINUTE, start - 30 * MINUTE, start + 60 * MINUTE, start + 61 * MINUTE):
        with time_machine.travel(moment, tick=False):
            offered.append(selfcheck.is_offered(event))
    assert offered == [False, True, True, False]
    with time_machine.travel(start, tick=False), transaction():
        checkin.revoke_door(event.id, door.id)
    with time_machine.travel(start, tick=False):
        assert not selfcheck.is_offered(event)


@pytest.mark.parametrize("number", [1, 3])
def test_to_offer_it_costs_one_statement_and_none_while_the_event_is_far(ctx: Flask, queries: Any, number: int) -> None:
    event, ids = two_sessions()
    for _ in range(number):
        a_screen(event, session_ids=ids[:1])
        a_screen(event)
    assert event.dates
    with queries() as seen:
        assert selfcheck.is_offered(event)
    assert len(seen) == 1
    with time_machine.travel(START - timedelta(days=3), tick=False), queries() as seen:
        assert not selfcheck.is_offered(event)
    assert len(seen) == 0


@pytest.mark.parametrize("number", [1, 3])
def test_a_code_costs_the_same_however_many_screens_there_are(ctx: Flask, queries: Any, number: int) -> None:
    event = a_day()
    doors = [a_screen(event) for _ in range(number)]
    maria = join(event)
    id, event_id, code = maria.id, event.id, shown(doors[-1])
    with transaction(), queries() as seen:
        assert short(selfcheck.check_in(id, event_id, code, "bg")) is Answer.ADMITTED
    # lock of the event; its rules, dates, sessions; doors; the person, places, scans before; scan, attendance
    assert len(seen) == 10


def test_the_keys_of_the_codes_are_their_own() -> None:
    assert selfcheck.PURPOSE not in {
        tokens.REGISTRATION, tokens.PERSONAL_FEED, tokens.DOOR, tokens.UNSUBSCRIBE, tokens.INVITATION,
        tokens.PASSWORD_RESET, "tickets",
    }  # fmt: skip


def test_somebody_registered_at_the_desk_types_codes_like_everybody(ctx: Flask) -> None:
    event = a_day()
    with transaction():
        person = registrations.Registrant("Иван", "Иванов", None, "bg")
        made = registrations.register(event.id, person, source=Source.WALK_IN, beyond=True)
    assert short(types(made, shown(a_screen(event)))) is Answer.ADMITTED
