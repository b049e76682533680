"""The door's service: what is answered, kept and folded, by the numbers of INTEROP part 3."""

import random
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.checkin import intake, queries
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Device, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, Gone, Invalid, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import Asked, EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Consent, Participant, Registration, Ticket
from hubevents.registrations.rules import AttendsAs, ConsentKind, RegistrationStatus, Source
from tests import make
from tests.checkin.at_doors import END, NOON, START, a_day, a_door, at_once, code_of, join, phone, scan, send


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def one(door: Door | str, item: Any, **values: Any) -> dict[str, Any]:
    return send(door, item, **values).verdicts[0]


def short(answer: dict[str, Any]) -> tuple[str, str | None]:
    return answer["verdict"], answer["reason"]


def attendances() -> list[tuple[int, bool, str]]:
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Attendance).order_by(Attendance.id))
    return [(row.registration_id, row.inside, row.method) for row in rows]


ADMITTED = ("admitted", None)


# --- right tickets ---------------------------------------------------------------------------------------------------


def test_d01_first_scan_is_admitted_and_counted(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))

    answers = send(door, item)

    assert answers.present == 1
    assert answers.verdicts == [
        {
            "scan_id": item["scan_id"],
            "verdict": "admitted",
            "reason": None,
            "name": "Мария Желязкова",
            "first_scan": None,
        }
    ]
    row = db.session.scalars(sa.select(Attendance)).one()
    assert (row.registration_id, row.session_id, row.day.isoformat(), row.method) == (
        maria.id,
        None,
        "2026-10-14",
        "qr",
    )
    assert (row.first_in_at, row.inside, row.minutes) == (NOON, True, 0)
    assert row.first_scan_id == db.session.scalar(sa.select(Scan.id))


def test_d01_a_short_code_is_typed_however(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    code = db.session.scalars(sa.select(Ticket.code).where(Ticket.registration_id == maria.id)).one()
    typed = tickets.short_code(code).lower()
    assert short(one(door, scan(typed, method="code"))) == ADMITTED
    assert attendances() == [(maria.id, True, "code")]


def test_d02_the_second_scan_tells_when_and_where_the_first_was(ctx: Flask) -> None:
    event = a_day()
    first, second, maria = a_door(event), a_door(event, name="Вход Б"), join(event)
    send(first, scan(code_of(maria)), device=phone())
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        answers = send(second, scan(code_of(maria), clock.now()), device=phone("Друг"))
    assert answers.present == 1
    answer = answers.verdicts[0]
    assert short(answer) == ("already_in", None)
    assert answer["name"] == "Мария Желязкова"
    assert answer["first_scan"] == {
        "scanned_at": "2026-10-14T07:30:00.000Z",
        "door": "Вход А",
        "device": "Телефон на Надя",
    }
    assert attendances() == [(maria.id, True, "qr")]


def test_d03_the_same_scan_id_gets_its_first_answer_again(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    first = send(door, item)
    assert send(door, item) == first
    assert send(door, item, item) == checkin.batch.Answers(1, first.verdicts * 2)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Scan)) == 1


def test_d03_a_known_scan_id_answers_after_the_person_cancelled_too(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    first = one(door, item)
    with transaction():
        registrations.cancel(maria.id, by="person")
    assert one(door, item) == first


def test_d04_twenty_at_once_admit_one(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    code, door = code_of(maria), checkin.token_of(door)
    db.session.rollback()
    results = at_once(ctx, 20, lambda i: one(door, scan(code, NOON + timedelta(milliseconds=-i)), device=phone()))
    assert Counter(map(str, (r if isinstance(r, Exception) else r["verdict"] for r in results))) == {
        "admitted": 1,
        "already_in": 19,
    }
    assert attendances() == [(maria.id, True, "qr")]


def test_d04_scans_and_a_cancellation_at_once_do_not_block_each_other(ctx: Flask) -> None:
    event = a_day(capacity=2)
    door = a_door(event)
    people = [join(event, name) for name in ("Мария", "Иво", "Ана", "Яна")]
    codes, ids, token = [code_of(person) for person in people], [row.id for row in people], checkin.token_of(door)
    db.session.rollback()

    def work(index: int) -> str:
        if index % 4 == 3:
            with transaction():
                return registrations.cancel(ids[index // 4 % 2], by="person").status.value
        return str(one(token, scan(codes[index % 4]), device=phone())["verdict"])

    results = at_once(ctx, 12, work)
    assert [r for r in results if isinstance(r, Exception)] == []


def test_d05_five_requests_with_one_scan_id_are_one_scan(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    good, strange, token = scan(code_of(maria)), scan("WIFI:S:hall;;"), checkin.token_of(door)
    db.session.rollback()
    results = at_once(ctx, 5, lambda i: send(token, good, strange).verdicts)
    assert [[short(v) for v in r] if isinstance(r, list) else r for r in results] == [
        [ADMITTED, ("refused", "not_a_ticket")]
    ] * 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Scan)) == 2


def test_d06_undo_then_scan_again(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    one(door, item)
    undone = send(door, scan(undoes=item["scan_id"]))
    assert short(undone.verdicts[0]) == ("undone", None)
    assert undone.verdicts[0]["name"] == "Мария Желязкова"
    assert undone.present == 0
    assert attendances() == []

    again = send(door, scan(code_of(maria)))
    assert short(again.verdicts[0]) == ADMITTED
    assert again.present == 1
    kept = db.session.execute(sa.select(Scan.verdict, Scan.undone_at.is_not(None)).order_by(Scan.id)).all()
    assert [tuple(row) for row in kept] == [("admitted", True), ("undone", False), ("admitted", False)]


def test_d06_an_undo_may_arrive_before_its_scan(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria), shown="admitted")
    assert short(one(door, scan(undoes=item["scan_id"]))) == ("undone", None)
    assert short(one(door, item)) == ADMITTED
    assert attendances() == []
    assert send(door, scan(code_of(maria))).present == 1


def test_d06_scan_and_undo_in_one_batch(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    answers = send(door, item, scan(at=NOON + timedelta(seconds=5), undoes=item["scan_id"]))
    assert [short(v) for v in answers.verdicts] == [ADMITTED, ("undone", None)]
    assert (answers.present, attendances()) == (0, [])


def test_d06_undoing_the_second_of_two_entries_leaves_the_first(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    first = scan(code_of(maria), NOON - timedelta(minutes=9), shown="admitted")
    second = scan(code_of(maria), NOON - timedelta(minutes=3), shown="admitted")
    send(door, second)
    send(door, first)
    flags = dict(map(tuple, db.session.execute(sa.select(Scan.scan_id, Scan.flagged))))
    assert flags == {first["scan_id"]: None, second["scan_id"]: "second_entry"}
    send(door, scan(undoes=first["scan_id"]))
    flags = dict(map(tuple, db.session.execute(sa.select(Scan.scan_id, Scan.flagged).where(Scan.undoes.is_(None)))))
    assert flags == {first["scan_id"]: None, second["scan_id"]: None}
    assert db.session.scalars(sa.select(Attendance)).one().first_in_at == NOON - timedelta(minutes=3)


# --- wrong tickets ---------------------------------------------------------------------------------------------------


def test_d10_another_event_is_named_and_nothing_recorded(ctx: Flask) -> None:
    hub = make.hub()
    event, other = a_day(hub), a_day(hub, "drugo", title=make.both("Дрони в полето", "Drones"))
    door, guest = a_door(event), join(other)
    answer = one(door, scan(code_of(guest)))
    assert short(answer) == ("refused", "wrong_event")
    assert answer["name"] is None
    assert answer["other"] == {"title": "Дрони в полето", "starts_at": "2026-10-14T07:00:00.000Z"}
    code = db.session.scalars(sa.select(Ticket.code).where(Ticket.registration_id == guest.id)).one()
    assert short(one(door, scan(code, method="code"))) == ("refused", "wrong_event")
    assert attendances() == []


def test_d10_another_hubs_event_is_not_named(ctx: Flask) -> None:
    event, other = a_day(), a_day(make.hub("sliven"), "drugo")
    answer = one(a_door(event), scan(code_of(join(other))))
    assert short(answer) == ("refused", "wrong_event")
    assert "other" not in answer


def test_d11_last_years_edition_says_which_date(ctx: Flask) -> None:
    hub = make.hub()
    title = make.both("Умна Тракия")
    last_year = (make.sofia(2025, 10, 9), make.sofia(2025, 10, 9, 17))
    event = a_day(hub, title=title)
    answer = one(a_door(event), scan(code_of(join_past(a_day(hub, "umna-2025", title=title, dates=[last_year])))))
    assert short(answer) == ("refused", "wrong_date")
    assert answer["other"]["starts_at"] == "2025-10-09T07:00:00.000Z"


def join_past(event: Event) -> Registration:
    assert event.starts_at is not None
    with time_machine.travel(event.starts_at - timedelta(days=3), tick=False):
        person = registrations.Registrant("Мария", "Желязкова", "m@example.org", "bg")
        with transaction():
            return registrations.register(event.id, person)


def test_d12_cancelled_also_after_having_been_in(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    code = code_of(maria)
    assert short(one(door, scan(code))) == ADMITTED
    with transaction():
        registrations.cancel(maria.id, by="person")
    answer = one(door, scan(code))
    assert short(answer) == ("refused", "cancelled")
    assert answer["name"] == "Мария Желязкова"


def test_d13_waiting_is_refused_and_only_a_steward_overrides_with_a_reason(ctx: Flask) -> None:
    event = a_day(capacity=1)
    join(event)
    waiting = join(event, "Иво")
    code = code_of(waiting)
    scanner, steward = a_door(event), a_door(event, DoorRole.STEWARD, name="Вход Б")
    assert short(one(scanner, scan(code))) == ("refused", "waitlisted")
    assert short(one(scanner, scan(code, override_reason="лектор"))) == ("refused", "waitlisted")
    assert short(one(steward, scan(code))) == ("refused", "waitlisted")

    answer = one(steward, scan(code, override_reason=" Лектор "))
    assert (short(answer), answer["overridden"]) == (ADMITTED, "waitlisted")
    db.session.expire_all()
    assert waiting.status is RegistrationStatus.CONFIRMED
    assert (event.seats_taken, event.waiting) == (2, 0)
    kept = db.session.scalars(sa.select(Scan).where(Scan.overridden.is_not(None))).one()
    assert (kept.override_reason, kept.overridden, kept.door_id) == ("Лектор", "waitlisted", steward.id)
    assert attendances() == [(waiting.id, True, "qr")]


def test_d13_a_cancelled_person_let_in_stays_cancelled(ctx: Flask) -> None:
    event = a_day()
    maria = join(event)
    with transaction():
        registrations.cancel(maria.id, by="person")
    answer = one(a_door(event, DoorRole.STEWARD), scan(code_of(maria), override_reason="дойде все пак"))
    assert (short(answer), answer["overridden"]) == (ADMITTED, "cancelled")
    db.session.expire_all()
    assert maria.status is RegistrationStatus.CANCELLED
    assert attendances() == [(maria.id, True, "qr")]


def test_d14_a_reissued_ticket_replaces_the_former(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    old = code_of(maria)
    old_typed = db.session.scalars(sa.select(Ticket.code)).one()
    with transaction():
        registrations.renew_link(maria.id)
    new = code_of(maria)
    assert old != new
    assert short(one(door, scan(old))) == ("refused", "replaced")
    assert short(one(door, scan(old_typed, method="code"))) == ("refused", "replaced")
    assert short(one(door, scan(new))) == ADMITTED
    with transaction():
        registrations.cancel(maria.id, by="person")
    assert short(one(door, scan(old))) == ("refused", "replaced")
    assert short(one(door, scan(new))) == ("refused", "cancelled")


def test_d15_a_ticket_handed_over_shows_the_new_name(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    old = code_of(maria)
    with transaction():
        registrations.change_details(maria.id, registrations.Registrant("Георги", "Тотев", None, "bg"))
        registrations.renew_link(maria.id)
    answer = one(door, scan(code_of(maria)))
    assert (short(answer), answer["name"]) == (ADMITTED, "Георги Тотев")
    assert short(one(door, scan(old))) == ("refused", "replaced")


def test_d16_tampered_codes_are_refused_and_name_nobody(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    good, other = code_of(maria), code_of(ivo)
    tampered = [
        good[:-1] + str((int(good[-1]) + 1) % 10),
        str((int(good[0]) + 1) % 10) + good[1:],
        good[:100] + other[100:],
        "9" * len(good),
        "0" * len(good),
    ]
    answers = send(door, *map(scan, tampered)).verdicts
    assert {short(answer) for answer in answers} == {("refused", "forged")}
    assert {answer["name"] for answer in answers} == {None}
    assert short(one(door, scan(good[:-1]))) == ("refused", "not_a_ticket")
    assert db.session.scalars(sa.select(Scan.registration_id).distinct()).all() == [None]


FOREIGN = [
    "https://example.org/ticket/1",
    "BEGIN:VCARD\nFN:Иван\nEND:VCARD",
    "WIFI:T:WPA;S:Зала;P:тайна;;",
    "BCD\n002\n1\nSCT",
    "x" * 3000,
    "😀" * 50,
    "\0",
    "",
    "\ud800",
    "' OR 1=1 --",
    "1" * 600,
]


def test_d17_foreign_codes_are_no_tickets_and_the_next_scan_works(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    answers = send(door, *map(scan, FOREIGN), scan(code_of(maria))).verdicts
    assert [short(answer) for answer in answers] == [("refused", "not_a_ticket")] * len(FOREIGN) + [ADMITTED]


def test_d17_an_unknown_typed_code_is_unknown(ctx: Flask) -> None:
    door = a_door(a_day())
    free = tickets.new_code(lambda bits: 7)
    assert short(one(door, scan(free, method="code"))) == ("refused", "unknown")
    assert short(one(door, scan("абракадабра", method="code"))) == ("refused", "unknown")


def test_d19_an_erased_person_is_refused_without_a_name(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    code = code_of(maria)
    with transaction():
        db.session.execute(sa.delete(Ticket))
        db.session.execute(sa.delete(Consent))
        db.session.execute(sa.delete(Registration))
    answer = one(door, scan(code))
    assert (short(answer), answer["name"]) == (("refused", "erased"), None)


@pytest.mark.parametrize(
    ("now", "reason", "key"),
    [
        (make.sofia(2026, 10, 14, 7, 59), "not_yet", "opens_at"),
        (make.sofia(2026, 10, 13, 10), "not_yet", "opens_at"),
        (make.sofia(2026, 10, 14, 19, 1), "closed", "closed_at"),
    ],
)
def test_d20_before_and_after(ctx: Flask, now: datetime, reason: str, key: str) -> None:
    event = a_day()
    with time_machine.travel(now - timedelta(days=1), tick=False), transaction():
        door = checkin.make_door(event, "Вход А", DoorRole.SCAN)
    code = code_of(join(event))
    with time_machine.travel(now, tick=False):
        answer = one(door, scan(code, now))
    assert short(answer) == ("refused", reason)
    moment = {"opens_at": "2026-10-14T05:00:00.000Z", "closed_at": "2026-10-14T16:00:00.000Z"}[key]
    assert answer[key] == moment


# --- foreseen: offline -----------------------------------------------------------------------------------------------


def test_d30_the_log_has_the_time_of_the_scan_not_of_the_upload(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    with time_machine.travel(NOON + timedelta(hours=5), tick=False):
        one(door, scan(code_of(maria), shown="admitted"), device=phone())
        row = queries.recent_scans(event.id)[0]
        assert (row.scanned_at, row.received_at) == (NOON, NOON + timedelta(hours=5))
        assert (row.device.name if row.device else "", row.registration_id) == ("Телефон на Надя", maria.id)
    assert db.session.scalars(sa.select(Attendance.first_in_at)).one() == NOON


def test_d32_two_phones_admitted_the_same_ticket_and_either_order_ends_the_same(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    ends = []
    for order in (1, -1):
        maria = join(event)
        items = [scan(code_of(maria), NOON - timedelta(minutes=m), shown="admitted") for m in (20, 10)][::order]
        for item in items:
            send(door, item, device=phone())
        row = db.session.scalars(sa.select(Attendance).where(Attendance.registration_id == maria.id)).one()
        flags = db.session.scalars(
            sa.select(Scan.flagged).where(Scan.registration_id == maria.id).order_by(Scan.scanned_at)
        ).all()
        first = db.session.get_one(Scan, row.first_scan_id)
        ends.append((row.first_in_at, first.scanned_at, row.inside, flags))
    assert ends == [(NOON - timedelta(minutes=20), NOON - timedelta(minutes=20), True, [None, "second_entry"])] * 2


def test_d34_a_shown_admission_of_a_cancelled_person_counts_and_is_flagged(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    with transaction():
        registrations.cancel(maria.id, by="person")
    answer = one(door, scan(code_of(maria), shown="admitted"))
    assert short(answer) == ("refused", "cancelled")
    assert attendances() == [(maria.id, True, "qr")]
    assert db.session.scalars(sa.select(Scan.flagged)).one() == "admitted_anyway"
    assert [scan.flagged for scan in queries.recent_scans(event.id)] == ["admitted_anyway"]


def test_d35_a_ticket_newer_than_the_phones_list_is_confirmed_at_the_upload(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    with transaction():
        new = registrations.register(
            event.id, registrations.Registrant("Ана", "Бонева", None, "bg"), source=Source.STAFF
        )
    item = scan(code_of(new), shown="admitted")
    assert (short(one(door, item)), standing(item)) == (ADMITTED, [("admitted", True, None)])


def test_d38_the_whole_queue_three_times_shuffled_ends_the_same(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, reentry=True)
    ends = []
    for seed in range(4):
        chance = random.Random(seed)
        inside, twice, back, gone, quick = (join(event, name) for name in ("А", "Б", "В", "Г", "Д"))
        with transaction():
            registrations.cancel(gone.id, by="person")

        def at(person: Registration, minutes: int, shown: str = "admitted", **values: Any) -> dict[str, Any]:
            return scan(code_of(person), NOON - timedelta(minutes=minutes), shown=shown, **values)

        mistake = at(quick, 30)
        queue = [
            at(inside, 50), at(inside, 49, "already_in"), at(twice, 48), at(twice, 40), at(back, 45),
            at(back, 35, "left", direction="out"), at(back, 20), at(gone, 33), mistake,
            scan(undoes=mistake["scan_id"], at=NOON - timedelta(minutes=29)), at(quick, 10),
        ]  # fmt: skip
        sent = queue * 3
        if seed:
            chance.shuffle(sent)
        while sent:
            size = chance.randint(1, 5)
            send(door, *sent[:size], device=phone())
            sent = sent[size:]
        people = [inside, twice, back, gone, quick]
        rows = {row.registration_id: row for row in db.session.scalars(sa.select(Attendance))}
        scans = [row for row in stored() if row.registration_id in {person.id for person in people}]
        ends.append(
            (
                [
                    (row.first_in_at, row.last_out_at, row.inside, row.minutes)
                    for row in (rows[person.id] for person in people)
                ],
                [(row.scanned_at, row.counts, row.flagged, row.undone_at is None) for row in scans if not row.undoes],
                sum(not row.undoes for row in scans),
            )
        )
    flags = Counter(flag for _at, _counts, flag, _stands in ends[0][1])
    assert flags == {None: 8, "second_entry": 1, "admitted_anyway": 1}
    for end in ends:
        assert end == ends[0]


def test_d39_one_bad_item_among_five_hundred(ctx: Flask) -> None:
    event = a_day()
    door, codes = a_door(event, reentry=True), [code_of(join(event, name)) for name in ("Мария", "Иво", "Ана")]
    batch = [
        scan(codes[n % 3], NOON - timedelta(seconds=600 - n), direction="out" if n // 3 % 2 else "in")
        for n in range(500)
    ]
    batch[250] = {**batch[250], "scanned_at": "вчера"}
    first = send(door, *batch)
    assert [n for n, answer in enumerate(first.verdicts) if answer["reason"] == "bad_item"] == [250]
    assert len(stored()) == 499
    assert send(door, *batch).verdicts == first.verdicts
    assert len(stored()) == 499


def test_d39_one_bad_item_never_blocks_the_others(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    good = [scan(code_of(maria)), scan(code_of(ivo))]
    bad: list[Any] = [
        None,
        7,
        [],
        {},
        {"scan_id": "x", "code": "1", "scanned_at": NOON.isoformat()},
        scan(),
        scan("1", registration="1"),
        {**scan("1"), "scanned_at": "вчера"},
        {**scan("1"), "scanned_at": "2026-10-14T10:00:00"},
        {**scan("1"), "scanned_at": "2026-13-14T10:00:00Z"},
        {**scan("1"), "scanned_at": 7},
        scan("1", direction="up"),
        scan("1", method="walk_in"),
        scan(registration="x"),
        scan(registration={}),
        {**scan(), "code": 5},
        scan(walk_in=[]),
        scan(walk_in={"first_name": "Ана"}),
        scan(walk_in={"first_name": "Ана", "last_name": "Иванова", "email": "no"}),
        scan(undoes="x"),
        scan("1", session=[]),
    ]
    answers = send(door, good[0], *bad, good[1]).verdicts
    assert [short(answer) for answer in answers] == [ADMITTED, *[("refused", "bad_item")] * len(bad), ADMITTED]
    assert [answer["scan_id"] for answer in answers[1:6]] == [None, None, None, None, "x"]


def test_d39_the_body_is_limited() -> None:
    for body, problem in [(None, "shape"), ([], "shape"), ({}, "shape"), ({"scans": {}}, "shape")]:
        with pytest.raises(intake.Unreadable) as refused:
            intake.read(body)
        assert refused.value.problem == problem
    assert len(intake.read({"scans": [{}] * 500}).items) == 500
    with pytest.raises(intake.Unreadable) as refused:
        intake.read({"scans": [{}] * 501})
    assert refused.value.problem == "too_many"


def test_d40_in_out_in_in_any_order_of_one_batch(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, reentry=True), join(event)
    code = code_of(maria)
    came = scan(code, NOON - timedelta(minutes=25))
    left = scan(code, NOON - timedelta(minutes=15), direction="out")
    back = scan(code, NOON - timedelta(minutes=5))
    answers = send(door, back, came, left).verdicts
    assert [short(answer) for answer in answers] == [ADMITTED, ADMITTED, ("left", None)]
    row = db.session.scalars(sa.select(Attendance)).one()
    assert (row.first_in_at, row.last_out_at, row.inside, row.minutes) == (NOON - timedelta(minutes=25), None, True, 10)


def test_d41_people_scanned_in_the_same_instant_are_not_taken_for_one(ctx: Flask) -> None:
    event = a_day()
    door, people = a_door(event), [join(event, name) for name in ("Мария", "Иво", "Ана", "Яна")]
    answers = send(door, *(scan(code_of(person), shown="admitted") for person in people))
    assert [answer["name"] for answer in answers.verdicts] == [f"{person.first_name} Желязкова" for person in people]
    assert (answers.present, {short(answer) for answer in answers.verdicts}) == (4, {ADMITTED})


def test_d44_a_revoked_device_is_quarantined_and_never_merged(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    device = phone()
    send(door, device=device)
    with transaction():
        row = db.session.scalars(sa.select(Device)).one()
        row.revoked_at = clock.now()
    answers = send(door, scan(code_of(maria), shown="admitted"), device=device)
    assert (short(answers.verdicts[0]), answers.verdicts[0]["name"], answers.present) == (
        ("refused", "quarantined"),
        None,
        0,
    )
    assert attendances() == []
    kept = db.session.scalars(sa.select(Scan)).one()
    assert (kept.registration_id, kept.flagged, kept.counts) == (maria.id, "quarantined", False)


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=-1), datetime(1970, 1, 2, tzinfo=UTC) - NOON])
def test_d45_a_wrong_clock_is_corrected_by_the_offset_at_upload(ctx: Flask, ahead: timedelta) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    wrong = NOON - timedelta(minutes=7) + ahead
    one(door, scan(code_of(maria), wrong), device=phone(sent_at=(NOON + ahead).isoformat()))
    kept = db.session.scalars(sa.select(Scan)).one()
    assert (kept.scanned_at, kept.said_at, kept.received_at, kept.verdict) == (
        NOON - timedelta(minutes=7),
        wrong,
        NOON,
        "admitted",
    )
    device = db.session.scalars(sa.select(Device)).one()
    assert device.clock_offset == ahead.total_seconds()


def test_d45_impossible_times_are_marked_and_never_in_the_future(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    send(door, scan(code_of(maria), NOON - timedelta(days=400)), scan(code_of(ivo), NOON + timedelta(hours=2)))
    rows = db.session.execute(sa.select(Scan.scanned_at, Scan.flagged, Scan.verdict).order_by(Scan.registration_id))
    assert [tuple(row) for row in rows] == [(NOON, "doubtful_time", "admitted"), (NOON, None, "admitted")]


def test_d45_nobody_came_before_they_registered(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    with transaction():
        late = registrations.register(
            event.id, registrations.Registrant("Ана", "Бонева", None, "bg"), source=Source.STAFF
        )
    with time_machine.travel(NOON + timedelta(minutes=9), tick=False):
        send(door, scan(code_of(late), NOON - timedelta(minutes=20)))
    assert [(row.scanned_at, row.flagged) for row in stored()] == [(NOON, "doubtful_time")]


def test_d45_a_phone_of_another_zone_and_the_night_of_the_changing_hour(ctx: Flask) -> None:
    begin, end = make.sofia(2026, 10, 24, 22), make.sofia(2026, 10, 25, 6)
    event = a_day(dates=[(begin, end)])
    with time_machine.travel(begin, tick=False), transaction():
        door = checkin.make_door(event, "Вход А", DoorRole.SCAN)
    code = code_of(join(event))
    with time_machine.travel(end, tick=False):
        answers = send(
            door,
            {**scan(code), "scanned_at": "2026-10-25T09:30:00+09:00"},  # 03:30 in summer time
            {**scan(code), "scanned_at": "2026-10-25T03:30:00+02:00", "direction": "out"},  # 03:30 once more
        )
    assert [short(answer) for answer in answers.verdicts] == [ADMITTED, ("left", None)]
    row = db.session.scalars(sa.select(Attendance)).one()
    assert (row.minutes, row.day.isoformat()) == (60, "2026-10-25")


def test_d48_the_queue_of_an_older_page_still_uploads(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    oldest = {"scan_id": str(uuid.uuid4()), "code": code_of(maria), "scanned_at": "2026-10-14T10:30:00+03:00"}
    newest = {**scan(code_of(ivo)), "shown": None, "session": None, "mood": {"sunny": [True]}, "version": 9}
    assert [short(answer) for answer in send(door, oldest, newest, oldest).verdicts] == [ADMITTED] * 3
    assert len(stored()) == 2


@pytest.mark.parametrize("on", [False, True])
def test_d50_d51_coming_back_is_as_configured_and_inside_is_in_minus_out(ctx: Flask, on: bool) -> None:
    event = a_day()
    door, maria, ivo = a_door(event, reentry=on), join(event), join(event, "Иво")
    code = code_of(maria)
    steps = [(code, "in"), (code_of(ivo), "in"), (code, "in"), (code, "out"), (code, "out"), (code, "in")]
    answers = []
    for number, (text, direction) in enumerate(steps):
        with time_machine.travel(NOON + timedelta(minutes=number), tick=False):
            answers.append(send(door, scan(text, clock.now(), direction=direction)))
    back = ADMITTED if on else ("already_in", None)
    assert [short(answer.verdicts[0]) for answer in answers] == [
        ADMITTED, ADMITTED, ("already_in", None), ("left", None), ("refused", "not_inside"), back,
    ]  # fmt: skip
    assert [answer.present for answer in answers] == [1, 2, 2, 1, 1, 2 if on else 1]


def test_d56_presence_follows_the_corrected_clock_and_an_undo_takes_it_away(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    ahead = timedelta(hours=3)
    item = scan(code_of(maria), NOON - timedelta(minutes=7) + ahead, shown="admitted")
    send(door, item, device=phone(sent_at=(NOON + ahead).isoformat()))
    assert db.session.scalars(sa.select(Attendance.first_in_at)).one() == NOON - timedelta(minutes=7)
    send(door, scan(undoes=item["scan_id"]))
    assert attendances() == []


def test_d52_each_day_of_a_conference_has_its_own_attendance(ctx: Flask) -> None:
    event = a_day(dates=[(START, END + timedelta(days=2))])
    door, maria = a_door(event), join(event)
    code = code_of(maria)
    assert short(one(door, scan(code))) == ADMITTED
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        answers = send(door, scan(code, clock.now()))
    assert (short(answers.verdicts[0]), answers.present) == (ADMITTED, 1)
    assert [row.isoformat() for row in db.session.scalars(sa.select(Attendance.day).order_by(Attendance.day))] == [
        "2026-10-14",
        "2026-10-15",
    ]


def test_d52_a_sessions_door_wants_a_place_in_it(ctx: Flask) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        booked = make.session(event, "Роботи", START + timedelta(hours=1), capacity=10)
        other = make.session(event, "Данни", START + timedelta(hours=3), capacity=10)
    maria = join(event, session_ids=(booked.id,))
    ivo = join(event, "Иво", session_ids=(other.id,))
    door = a_door(event, session_ids=[booked.id])
    entrance = a_door(event)
    assert short(one(entrance, scan(code_of(maria)))) == ADMITTED
    answers = send(door, scan(code_of(maria)), scan(code_of(ivo)), scan(code_of(maria), session=str(other.id)))
    assert [short(a) for a in answers.verdicts] == [
        ADMITTED,
        ("refused", "wrong_session"),
        ("refused", "wrong_session"),
    ]
    assert answers.verdicts[1]["other"]["title"] == "Данни"
    assert answers.present == 1
    rows = db.session.execute(sa.select(Attendance.registration_id, Attendance.session_id).order_by(Attendance.id))
    assert [tuple(row) for row in rows] == [(maria.id, None), (maria.id, booked.id)]


def test_d53_of_a_group_each_has_an_own_code_and_some_may_come(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    with transaction():
        group = [
            registrations.register(
                event.id,
                registrations.Registrant(f"Колега {number}", "Тотев", None, "bg", organisation="„Тракия Агро“ ЕООД"),
                source=Source.STAFF,
            )
            for number in range(4)
        ]
    codes = [code_of(each) for each in group]
    assert len(set(codes)) == 4
    answers = send(door, scan(codes[2]), scan(codes[0]))
    assert [short(each) for each in answers.verdicts] == [ADMITTED, ADMITTED]
    assert sorted(id for id, *_rest in attendances()) == [group[0].id, group[2].id]
    assert short(one(door, scan(codes[3]))) == ADMITTED
    assert one(door, scan(codes[0]))["verdict"] == "already_in"


def test_d54_a_full_room_is_said(ctx: Flask) -> None:
    event = a_day()
    door, people = a_door(event, capacity=2), [join(event, name) for name in ("Мария", "Иво", "Ана")]
    out = scan(code_of(people[0]), NOON + timedelta(seconds=2), direction="out")
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        answers = send(door, *(scan(code_of(person)) for person in people)).verdicts
        assert [short(a) for a in answers] == [ADMITTED, ADMITTED, ("refused", "full")]
        assert short(one(door, out)) == ("left", None)
        assert short(one(door, scan(code_of(people[2]), clock.now()))) == ADMITTED


def test_d60_of_two_with_one_name_only_the_chosen_one_is_in(ctx: Flask) -> None:
    event = a_day()
    one_ivan, other = join(event, "Иван"), join(event, "Иван")
    door = a_door(event, DoorRole.SEARCH)
    assert short(one(door, scan(registration=str(other.id)))) == ADMITTED
    assert attendances() == [(other.id, True, "search")]
    assert short(one(door, scan(code_of(one_ivan)))) == ADMITTED


def test_d62_found_by_hand_only_where_the_role_searches(ctx: Flask) -> None:
    event = a_day()
    maria = join(event)
    by_id = {"registration": str(maria.id)}
    answer = one(a_door(event), scan(**by_id, method="search"))
    assert (short(answer), answer["name"]) == (("refused", "bad_item"), None)
    assert short(one(a_door(event), scan(**by_id))) == ("refused", "bad_item")
    assert short(one(a_door(event, DoorRole.SEARCH), scan(**by_id, method="search"))) == ADMITTED
    assert attendances() == [(maria.id, True, "search")]


def test_d70_a_cancelled_event_is_said(ctx: Flask) -> None:
    event = a_day()
    door, code = a_door(event), code_of(join(event))
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    assert short(one(door, scan(code))) == ("refused", "event_cancelled")


def test_d71_a_couple_with_one_mail_has_one_ticket_and_shows_it_twice(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, DoorRole.STEWARD), join(event)
    email = db.session.get_one(Participant, maria.participant_id).email
    code = code_of(maria)
    assert short(one(door, scan(code))) == ADMITTED
    second = one(door, scan(code))
    assert (short(second), second["name"]) == (("already_in", None), "Мария Желязкова")
    # The other half of the couple comes in by name alone: the address has one live registration.
    assert short(one(door, scan(walk_in={"first_name": "Иво", "last_name": "Желязков", "email": email}))) == (
        "already_in",
        None,
    )
    assert short(one(door, scan(walk_in={"first_name": "Иво", "last_name": "Желязков"}))) == ADMITTED


# --- walk-ins --------------------------------------------------------------------------------------------------------

ANA = {
    "first_name": "Ана",
    "last_name": "Иванова",
    "email": "Ana@Example.org",
    "organisation": "Берое Машини",
    "consent_photo": True,
    "answers": {},
}


def test_a_steward_takes_walk_ins_beyond_capacity(ctx: Flask) -> None:
    event = a_day(capacity=1)
    join(event)
    door = a_door(event, DoorRole.STEWARD)
    answers = send(door, scan(walk_in=ANA))
    assert (short(answers.verdicts[0]), answers.verdicts[0]["name"], answers.present) == (ADMITTED, "Ана Иванова", 1)
    db.session.expire_all()
    made = db.session.scalars(sa.select(Registration).where(Registration.first_name == "Ана")).one()
    assert (made.status, made.source, made.organisation_name) == (
        RegistrationStatus.CONFIRMED,
        Source.WALK_IN,
        "Берое Машини",
    )
    assert db.session.get_one(Participant, made.participant_id).email == "ana@example.org"
    assert event.seats_taken == 2
    granted = {
        c.kind: c.granted for c in db.session.scalars(sa.select(Consent).where(Consent.registration_id == made.id))
    }
    assert granted == {ConsentKind.PHOTO: True, ConsentKind.NEWSLETTER: False}
    assert attendances() == [(made.id, True, "walk_in")]


def test_a_walk_in_sent_again_is_registered_once(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD)
    item = scan(walk_in={"first_name": "Ана", "last_name": "Иванова"})
    assert send(door, item) == send(door, item)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1


def test_a_walk_in_who_is_registered_arrives_as_that_person(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, DoorRole.STEWARD), join(event)
    email = db.session.get_one(Participant, maria.participant_id).email
    walk_in = {"first_name": "М.", "last_name": "Ж.", "email": email}
    first, second = send(door, scan(walk_in=walk_in), scan(walk_in=walk_in)).verdicts
    assert (short(first), first["name"]) == (ADMITTED, "Мария Желязкова")
    assert short(second) == ("already_in", None)
    assert attendances() == [(maria.id, True, "walk_in")]


def test_d54_a_steward_registers_somebody_in_a_full_room_with_a_reason(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD, capacity=1)
    assert short(one(door, scan(code_of(join(event))))) == ADMITTED
    assert short(one(door, scan(walk_in=ANA))) == ("refused", "full")
    assert short(one(door, scan(walk_in=ANA, override_reason="лектор"))) == ADMITTED
    kept = db.session.scalars(sa.select(Scan).where(Scan.overridden.is_not(None))).one()
    assert (kept.overridden, kept.override_reason, kept.method) == ("full", "лектор", "walk_in")


def test_other_roles_take_no_walk_ins(ctx: Flask) -> None:
    event = a_day()
    assert short(one(a_door(event), scan(walk_in=ANA))) == ("refused", "bad_item")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 0


EGN = "7523169263"


def registered() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Registration)) or 0


def test_live_a_walk_in_says_what_the_event_must_know(ctx: Flask) -> None:
    event = a_day(ask_organisation=Asked.REQUIRED, ask_phone=Asked.REQUIRED, ask_position=Asked.OPTIONAL)
    door = a_door(event, DoorRole.STEWARD)
    item = scan(walk_in={"first_name": "Ана", "last_name": "Иванова", "phone": "0881234567"})
    for _again in range(2):
        answer = one(door, item)
        assert (short(answer), answer["missing"]) == (("refused", "bad_item"), ["organisation"])
    assert (registered(), stored()) == (0, [])

    complete = {**item, "walk_in": {**item["walk_in"], "organisation": "Берое"}}
    answer = one(door, complete)
    assert (short(answer), answer["org"], "missing" in answer) == (ADMITTED, "Берое", False)
    assert answer["registration"] == str(db.session.scalar(sa.select(Registration.id)))
    assert (registered(), [row.flagged for row in stored()]) == (1, [None])


def test_an_incomplete_walk_in_that_a_phone_let_in_is_registered_and_flagged(ctx: Flask) -> None:
    event = a_day(ask_organisation=Asked.REQUIRED)
    door = a_door(event, DoorRole.STEWARD)
    item = scan(walk_in={"first_name": "Ана", "last_name": "Иванова"}, shown="admitted")
    answers = send(door, item, item)
    assert [short(answer) for answer in answers.verdicts] == [ADMITTED] * 2
    assert (answers.present, registered()) == (1, 1)
    assert [(row.flagged, row.counts) for row in stored()] == [("admitted_anyway", True)]
    assert send(door, item).verdicts == answers.verdicts[:1]


def test_a_personal_number_is_refused_live_and_left_out_of_whom_a_phone_let_in(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD)
    walk_in = {"first_name": "Ана", "last_name": "Иванова", "position": f"ЕГН {EGN}"}
    answer = one(door, scan(walk_in=walk_in))
    assert (short(answer), answer["national_id"], registered()) == (("refused", "bad_item"), ["position"], 0)
    assert short(one(door, scan(walk_in=walk_in, shown="admitted"))) == ADMITTED
    assert db.session.scalars(sa.select(Registration.position)).all() == [""]
    assert [(row.flagged, row.counts) for row in stored()] == [("admitted_anyway", True)]
    assert EGN not in str([vars(row) for row in stored()])


@pytest.mark.parametrize("why", ["cancelled", "role"])
def test_a_walk_in_let_in_where_the_server_cannot_register_is_held_back_for_staff(ctx: Flask, why: str) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD if why == "cancelled" else DoorRole.SCAN)
    if why == "cancelled":
        with transaction():
            db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    answer = one(door, scan(walk_in=ANA, shown="admitted"))
    assert short(answer) == ("refused", "event_cancelled" if why == "cancelled" else "bad_item")
    assert "held_back" not in answer
    row = stored()[0]
    assert (row.flagged, row.counts, row.answer["held_back"]["email"]) == ("admitted_anyway", False, "ana@example.org")
    one(door, scan(walk_in={**ANA, "email": "b@example.org"}))
    assert ["held_back" in row.answer for row in stored()] == [True, False]


def test_d36_a_walk_in_at_a_sessions_door_is_present_in_it_once(ctx: Flask) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        first = make.session(event, "Роботи", START, 90, capacity=1)
        second = make.session(event, "Данни", START, 90)
    doors = [
        a_door(event, DoorRole.STEWARD, name=name, session_ids=[row.id]) for name, row in (("А", first), ("Б", second))
    ]
    item, later = scan(walk_in=ANA), scan(walk_in=ANA)
    for _again in range(2):
        assert short(one(doors[0], item)) == ADMITTED
    assert short(one(doors[1], item)) == ADMITTED  # the same scan through another door is answered, not taken again
    assert short(one(doors[1], later)) == ADMITTED
    assert short(one(doors[1], scan(walk_in=ANA))) == ("already_in", None)
    rows = db.session.execute(sa.select(Attendance.registration_id, Attendance.session_id).order_by(Attendance.id))
    assert [row.session_id for row in rows] == [first.id, second.id]
    assert registered() == 1


def test_a_walk_in_at_several_doors_at_once_is_registered_once(ctx: Flask) -> None:
    event = a_day()
    passes = [checkin.token_of(a_door(event, DoorRole.STEWARD, name=name)) for name in "АБВГ"]
    db.session.rollback()
    results = at_once(ctx, 8, lambda i: one(passes[i % 4], scan(walk_in=ANA), device=phone())["verdict"])
    assert Counter(map(str, results)) == {"admitted": 1, "already_in": 7}
    assert registered() == 1


# --- what a door may know of people ----------------------------------------------------------------------------------


def test_d55_speakers_and_staff_are_recognised(ctx: Flask) -> None:
    event = a_day()
    maria, ivo = join(event), join(event, "Иво")
    with transaction():
        db.session.get_one(Registration, maria.id).attends_as = AttendsAs.SPEAKER
    door = a_door(event)
    told = send(door, scan(code_of(maria)), scan(code_of(ivo))).verdicts
    assert [answer.get("as") for answer in told] == ["speaker", None]
    assert one(door, scan(code_of(maria)))["as"] == "speaker"


@pytest.mark.parametrize(
    ("role", "name", "org"),
    [
        (DoorRole.SCAN, "Мария Желязкова", None),
        (DoorRole.SEARCH, "Мария Желязкова", "Берое"),
        (DoorRole.STEWARD, "Мария Желязкова", "Берое"),
        (DoorRole.KIOSK, "Мария Ж.", None),
    ],
)
def test_d68_a_role_is_told_what_it_needs(ctx: Flask, role: DoorRole, name: str, org: str | None) -> None:
    event = a_day()
    maria = join(event, organisation="Берое")
    door, other = a_door(event, role), a_door(event, DoorRole.STEWARD, name="Вход Б")
    item = scan(code_of(maria))
    for answer in (*send(door, item, scan(code_of(maria))).verdicts, one(door, item)):
        assert (answer["name"], answer.get("org")) == (name, org)
    # What is kept is whole: another door is told what that one may know.
    assert (one(other, item)["name"], one(other, item)["org"]) == ("Мария Желязкова", "Берое")


def test_d68_a_refused_stranger_is_told_of_by_neither_name_nor_organisation(ctx: Flask) -> None:
    hub = make.hub()
    guest = join(a_day(hub, "drugo"), organisation="Берое")
    answer = one(a_door(a_day(hub), DoorRole.STEWARD), scan(code_of(guest)))
    assert (short(answer), answer["name"], "org" in answer) == (("refused", "wrong_event"), None, False)


def test_d72_a_kiosk_takes_back_without_a_name_to_read(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, DoorRole.KIOSK), join(event)
    item = scan(registration=str(maria.id), method="kiosk")
    assert one(door, item)["name"] == "Мария Ж."
    answer = one(door, scan(undoes=item["scan_id"]))
    assert (short(answer), answer["name"]) == (("undone", None), "Мария Ж.")


def test_a_rooms_screen_recognises_nobody_itself(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, DoorRole.SCREEN), join(event)
    for item in (scan(code_of(maria)), scan(code_of(maria), method="self"), scan(registration=str(maria.id))):
        answer = one(door, item)
        assert (short(answer), answer["name"]) == (("refused", "bad_item"), None)
    assert attendances() == []


# --- told later ------------------------------------------------------------------------------------------------------


def stored() -> list[Scan]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Scan).order_by(Scan.scanned_at, Scan.id)))


def standing(*items: dict[str, Any]) -> list[tuple[str | None, bool, str | None]]:
    """Of each scan what was shown, whether it counts, and its flag."""
    rows = {row.scan_id: row for row in stored()}
    return [(row.shown, row.counts, row.flagged) for row in (rows[item["scan_id"]] for item in items)]


def test_d34_what_was_shown_is_told_after_the_answer_got_lost(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    with transaction():
        registrations.cancel(maria.id, by="person")
    item = scan(code_of(maria))
    first = one(door, item)
    assert (short(first), attendances(), standing(item)) == (("refused", "cancelled"), [], [(None, False, None)])
    for _again in range(2):
        assert one(door, {**item, "shown": "admitted"}) == first
        assert attendances() == [(maria.id, True, "qr")]
        assert standing(item) == [("admitted", True, "admitted_anyway")]
    # Neither the first request, which comes late, nor another word of the phone changes it.
    assert one(door, item) == one(door, {**item, "shown": "refused"}) == first
    assert standing(item) == [("admitted", True, "admitted_anyway")]


@pytest.mark.parametrize("shown", ["refused", "already_in"])
def test_d31_whom_the_phone_turned_away_is_not_present(ctx: Flask, shown: str) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    assert send(door, item).present == 1
    answers = send(door, {**item, "shown": shown})
    assert (short(answers.verdicts[0]), answers.present, attendances()) == (ADMITTED, 0, [])
    assert standing(item) == [(shown, False, "refused_anyway")]
    assert short(one(door, scan(code_of(maria)))) == ADMITTED
    assert attendances() == [(maria.id, True, "qr")]


@pytest.mark.parametrize("status", ["confirmed", "cancelled", "waitlisted"])
@pytest.mark.parametrize("shown", ["admitted", "refused", "already_in", "left"])
def test_d38_told_at_once_or_later_ends_the_same(ctx: Flask, status: str, shown: str) -> None:
    event = a_day()
    door, ends = a_door(event), []
    for order in ((shown,), (None, shown), (shown, None), (None, None, shown, shown), (None, shown, None)):
        maria = join(event)
        with transaction():
            db.session.execute(sa.update(Registration).where(Registration.id == maria.id).values(status=status))
        item = scan(code_of(maria), NOON - timedelta(minutes=3))
        answers = [short(one(door, {**item, "shown": told})) for told in order]
        assert len(set(answers)) == 1
        ends.append((standing(item), [row[1:] for row in attendances() if row[0] == maria.id]))
    maria = join(event)
    with transaction():
        db.session.execute(sa.update(Registration).where(Registration.id == maria.id).values(status=status))
    item = scan(code_of(maria), NOON - timedelta(minutes=3))
    send(door, item, {**item, "shown": shown})
    ends.append((standing(item), [row[1:] for row in attendances() if row[0] == maria.id]))
    assert all(end == ends[0] for end in ends)


def test_d32_the_phones_own_entries_told_later_are_two_and_one_is_marked(ctx: Flask) -> None:
    event = a_day()
    door, ends = a_door(event), []
    for order in ((0, 1), (1, 0)):
        maria = join(event)
        items = [scan(code_of(maria), NOON - timedelta(minutes=m)) for m in (20, 10)]
        send(door, items[0])
        send(door, items[1])
        for at in order:
            send(door, {**items[at], "shown": "admitted"}, device=phone())
        row = db.session.scalars(sa.select(Attendance).where(Attendance.registration_id == maria.id)).one()
        ends.append((standing(*items), row.first_in_at, row.inside))
    shown = [("admitted", True, None), ("admitted", True, "second_entry")]
    assert ends == [(shown, NOON - timedelta(minutes=20), True)] * 2


def test_d33_told_already_in_by_memory_is_no_doubt_once_the_entry_arrives(ctx: Flask) -> None:
    event = a_day()
    door, ends = a_door(event), []
    for order in ((0, 1), (1, 0)):
        maria = join(event)
        code = code_of(maria)
        items = [scan(code, NOON - timedelta(minutes=9), shown="admitted"), scan(code, shown="already_in")]
        flags = []
        for at in order:
            send(door, items[at])
            flags.append([row.flagged for row in stored() if row.registration_id == maria.id])
        assert flags[0] == ([None] if order[0] == 0 else ["refused_anyway"])
        ends.append(([(row[1], row[2]) for row in standing(*items)], attendances()[-1][1:]))
    assert ends == [([(True, None), (False, None)], (True, "qr"))] * 2


def test_an_exit_told_later_counts(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    out = scan(code_of(maria), NOON - timedelta(minutes=5), direction="out")
    assert short(one(door, out)) == ("refused", "not_inside")
    send(door, {**out, "shown": "left"})
    assert (standing(out), attendances()) == ([("left", True, "stray_exit")], [])
    send(door, scan(code_of(maria), NOON - timedelta(minutes=15), shown="admitted"))
    assert standing(out) == [("left", True, None)]
    row = db.session.scalars(sa.select(Attendance)).one()
    assert (row.inside, row.minutes) == (False, 10)


def test_an_undo_and_what_staff_decided_stand_whatever_is_told_later(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    undone, settled = scan(code_of(maria)), scan(code_of(ivo))
    with transaction():
        registrations.cancel(ivo.id, by="person")
    send(door, undone, settled, scan(undoes=undone["scan_id"], at=NOON + timedelta(seconds=1)))
    with transaction():
        db.session.execute(
            sa.update(Scan).where(Scan.scan_id == settled["scan_id"]).values(settled_at=NOON, settled_as="kept")
        )
    answers = send(door, *({**item, "shown": "admitted"} for item in (undone, settled)))
    assert (answers.present, attendances()) == (0, [])
    assert standing(settled) == [("admitted", False, None)]
    # The undo in the same batch as the word.
    again = scan(code_of(maria), shown=None)
    send(door, again)
    send(door, {**again, "shown": "admitted"}, scan(undoes=again["scan_id"], at=NOON + timedelta(seconds=1)))
    assert attendances() == []


def test_an_undone_scan_brings_nobody_back_when_its_phone_tells_that_it_admitted(ctx: Flask) -> None:
    event = a_day()
    door, people = a_door(event), [join(event, name) for name in ("Мария", "Иво")]
    items = [scan(code_of(person)) for person in people]
    for person in people:
        with transaction():
            registrations.cancel(person.id, by="person")
    send(door, *items)
    told = [{**item, "shown": "admitted"} for item in items]
    send(door, scan(undoes=items[0]["scan_id"]))
    send(door, told[0])
    send(door, scan(undoes=items[1]["scan_id"], at=NOON - timedelta(minutes=1)), told[1])
    assert attendances() == []
    assert [row.undone_at for row in stored() if row.undoes is None] == [NOON, NOON]


def test_a_second_entry_that_was_none_is_no_second_entry(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    second = scan(code_of(maria))
    first = scan(code_of(maria), NOON - timedelta(minutes=9), shown="admitted")
    send(door, second)
    send(door, first)
    assert standing(first, second) == [("admitted", True, None), (None, True, "second_entry")]
    send(door, {**second, "shown": "already_in"})
    assert standing(first, second) == [("admitted", True, None), ("already_in", False, None)]


def test_a_doubtful_time_stays_a_doubt(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria), NOON - timedelta(days=400))
    for told in (None, "admitted"):
        send(door, {**item, "shown": told})
        assert standing(item) == [(told, True, "doubtful_time")]


def test_a_quarantined_scan_stays_aside_whatever_is_told_later(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    item = scan(code_of(maria))
    with transaction():
        checkin.revoke_door(event.id, door.id)
    for told in (None, "admitted"):
        assert short(one(door, {**item, "shown": told})) == ("refused", "quarantined")
    assert (standing(item), attendances()) == ([("admitted", False, "quarantined")], [])


def test_d17_a_strange_code_let_in_by_the_phone_is_flagged_also_later(ctx: Flask) -> None:
    door = a_door(a_day())
    item = scan("WIFI:S:hall;;")
    for told in (None, "admitted"):
        assert short(one(door, {**item, "shown": told})) == ("refused", "not_a_ticket")
    assert standing(item) == [("admitted", False, "admitted_anyway")]


def test_another_events_scan_is_not_touched_by_its_id(ctx: Flask) -> None:
    hub = make.hub()
    event, other = a_day(hub), a_day(hub, "drugo")
    maria = join(event)
    item = scan(code_of(maria))
    send(a_door(event), item)
    assert short(one(a_door(other), {**item, "shown": "refused"})) == ("refused", "bad_item")
    assert (standing(item), attendances()) == ([(None, True, None)], [(maria.id, True, "qr")])


def test_a_walk_in_refused_live_and_let_in_meanwhile_is_registered_once(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD, capacity=0)
    item = scan(walk_in=ANA)
    assert short(one(door, item)) == ("refused", "full")
    assert registered() == 0
    for _again in range(2):
        assert short(one(door, {**item, "shown": "admitted"})) == ("refused", "full")
    row = stored()[0]
    assert (row.counts, row.flagged, row.registration_id) == (True, "admitted_anyway", attendances()[0][0])
    assert (registered(), attendances()) == (1, [(row.registration_id, True, "walk_in")])


def test_a_walk_in_taken_live_and_turned_away_meanwhile_stays_registered(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD)
    item = scan(walk_in=ANA)
    one(door, item)
    one(door, {**item, "shown": "refused"})
    assert (standing(item), attendances(), registered()) == ([("refused", False, "refused_anyway")], [], 1)


def test_d37_the_same_word_many_times_at_once_is_one(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    with transaction():
        registrations.cancel(maria.id, by="person")
    items = [scan(code_of(maria)), scan("WIFI:S:hall;;")]
    told = [{**item, "shown": "admitted"} for item in items]
    token = checkin.token_of(door)
    db.session.rollback()
    results = at_once(ctx, 8, lambda i: [short(v) for v in send(token, *(told if i % 2 else items)).verdicts])
    assert results == [[("refused", "cancelled"), ("refused", "not_a_ticket")]] * 8
    assert standing(*items) == [("admitted", True, "admitted_anyway"), ("admitted", False, "admitted_anyway")]
    assert attendances() == [(maria.id, True, "qr")]


def test_d37_a_word_that_overtakes_the_first_request_is_not_lost(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL neither request sees the other's row before it inserts: nobody is locked for a strange code."""
    door = a_door(a_day())
    item, token = scan("WIFI:S:hall;;"), checkin.token_of(door)
    loaded, committed, store = threading.Event(), threading.Event(), checkin.batch._Batch.store
    one_by_one = db.engine.dialect.name == "sqlite"
    db.session.rollback()

    def store_in_turn(batch: Any) -> None:
        if batch.late:
            loaded.set()
            assert committed.wait(20)
        else:
            assert loaded.wait(20)
        store(batch)

    def work(index: int) -> Any:
        try:
            return send(token, {**item, "shown": "admitted"} if index else item).verdicts[0]["reason"]
        finally:
            if not index:
                committed.set()

    if not one_by_one:
        monkeypatch.setattr(checkin.batch._Batch, "store", store_in_turn)
    assert at_once(ctx, 2, work) == ["not_a_ticket"] * 2
    assert standing(item) == [("admitted", False, "admitted_anyway")]


# --- doors -----------------------------------------------------------------------------------------------------------


def test_d44_a_revoked_pass_quarantines_for_seven_days(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event, DoorRole.STEWARD), join(event)
    before = one(door, scan(code_of(maria)))
    with transaction():
        checkin.revoke_door(event.id, door.id)
    with pytest.raises(Gone):
        queries.open_door(checkin.token_of(door))
    ana = scan(walk_in=ANA, shown="admitted")
    answers = send(door, scan(code_of(maria), direction="out"), ana, scan(undoes=before["scan_id"]))
    assert {short(answer) for answer in answers.verdicts} == {("refused", "quarantined")}
    assert attendances() == [(maria.id, True, "qr")]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1
    held = db.session.scalars(sa.select(Scan).where(Scan.scan_id == ana["scan_id"])).one()
    assert held.answer["held_back"]["first_name"] == "Ана"
    assert "held_back" not in one(door, ana)
    with time_machine.travel(NOON + timedelta(days=7, seconds=1), tick=False), pytest.raises(Gone):
        send(door)


def test_d43_a_pass_that_ended_still_judges_what_was_scanned_before(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    closing = END + timedelta(minutes=120)
    with time_machine.travel(closing + timedelta(days=6), tick=False):
        with pytest.raises(Gone):
            queries.open_door(checkin.token_of(door))
        answers = send(door, scan(code_of(maria), END), scan(code_of(ivo), closing + timedelta(seconds=1)))
    assert [short(answer) for answer in answers.verdicts] == [ADMITTED, ("refused", "closed")]
    with time_machine.travel(closing + timedelta(days=8), tick=False), pytest.raises(Gone):
        send(door)


def test_a_renewed_pass_replaces_the_former(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    old = checkin.token_of(door)
    with transaction():
        door = checkin.renew_door(event.id, door.id)
    with pytest.raises(Gone):
        queries.open_door(old)
    assert short(one(old, scan(code_of(maria)))) == ("refused", "quarantined")
    assert short(one(door, scan(code_of(maria)))) == ADMITTED


def test_a_forged_pass_is_unknown(ctx: Flask) -> None:
    door = a_door(a_day())
    token = checkin.token_of(door)
    for forged in ("x", token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(), tokens.link("door", 99, 0)):
        with pytest.raises(NotFound):
            queries.open_door(forged)
        with pytest.raises(NotFound):
            send(forged)


def test_passes_follow_an_event_that_moves(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    assert door.expires_at == END + timedelta(hours=2)
    with transaction():
        row = db.session.get_one(Event, event.id)
        row.ends_at = END + timedelta(days=1)
        db.session.flush()
        checkin.follow_dates(event.id)
    db.session.expire_all()
    assert door.expires_at == END + timedelta(days=1, hours=2)


def test_doors_belong_to_their_event(ctx: Flask) -> None:
    hub = make.hub()
    event, other = a_day(hub), a_day(hub, "drugo")
    door = a_door(event)
    foreign = make.session(other)
    with transaction(), pytest.raises(NotFound):
        checkin.revoke_door(other.id, door.id)
    with transaction(), pytest.raises(NotFound):
        checkin.renew_door(other.id, door.id)
    with transaction(), pytest.raises(Invalid):
        checkin.make_door(event, "Вход Б", DoorRole.SCAN, [foreign.id])
    with transaction(), pytest.raises(Conflict):
        checkin.make_door(make.event(hub, "bez-data", dates=[]), "Вход", DoorRole.SCAN)


def test_a_door_is_added_by_slug_or_id(ctx: Flask) -> None:
    event = a_day()
    with transaction():
        first = checkin.add_door("zagore", "den")
        second = checkin.add_door("zagore", str(event.id), "steward")
    doors = db.session.scalars(sa.select(Door).order_by(Door.id)).all()
    assert [(door.name, door.role) for door in doors] == [("Вход А", "scan"), ("Вход Б", "steward")]
    assert [first, second] == [checkin.address(door) for door in doors]
    with transaction():
        third = checkin.add_door("zagore", "den", "screen")
    kept = db.session.scalars(sa.select(Door).order_by(Door.id.desc())).first()
    assert kept is not None
    assert (kept.name, kept.role, checkin.address(kept)) == ("Вход В", "screen", third)
    for hub, name, role in [("x", "den", "scan"), ("zagore", "x", "scan"), ("zagore", "den", "boss")]:
        with transaction(), pytest.raises((NotFound, Invalid)):
            checkin.add_door(hub, name, role)


# --- cost ------------------------------------------------------------------------------------------------------------


def test_a_batch_costs_as_many_statements_as_one_scan(ctx: Flask, queries: Any) -> None:
    event = a_day()
    door, people = a_door(event), [join(event, f"Гост{i}") for i in range(6)]
    codes = [code_of(person) for person in people]
    device, token = phone(), checkin.token_of(door)
    send(token, device=device)
    with queries() as single:
        send(token, scan(codes[0]), device=device)
    with queries() as several:
        send(token, *map(scan, codes[1:]), device=device)
    assert (len(single), len(several)) == (6, 6)


def test_a_batch_of_what_was_shown_costs_as_many_statements_as_one(ctx: Flask, queries: Any) -> None:
    event = a_day()
    door, people = a_door(event), [join(event, f"Гост{i}") for i in range(8)]
    for person in people:
        with transaction():
            registrations.cancel(person.id, by="person")
    items = [scan(code_of(person)) for person in people]
    told = [{**item, "shown": "admitted"} for item in items]
    device, token = phone(), checkin.token_of(door)
    send(token, *items[:4], device=device)
    counts = []
    for batch in (told[:1], told[1:4], told[4:5], told[5:]):  # stored before, then new ones
        with queries() as run:
            send(token, *batch, device=device)
        counts.append(len(run))
    assert counts == [8, 8, 8, 8]


def test_a_device_is_written_when_it_says_something_new_or_after_a_while(ctx: Flask, queries: Any) -> None:
    door, device = a_door(a_day()), phone("Каса 1")
    token = checkin.token_of(door)

    def kept() -> tuple[Any, ...]:
        row = db.session.execute(sa.select(Device.name, Device.queued, Device.clock_offset, Device.last_seen_at)).one()
        return tuple(row)

    def writes(**values: Any) -> int:
        said = {**device, "sent_at": clock.now().isoformat(), **values}
        with queries() as run:
            send(token, device=said)
        return sum("INTO device" in statement for statement in run.statements)

    assert (writes(), kept()) == (1, ("Каса 1", 0, 0.0, NOON))
    with clock.at(NOON + timedelta(seconds=9)):
        assert (writes(), kept()) == (0, ("Каса 1", 0, 0.0, NOON))
        assert (writes(queued=3), kept()[1]) == (1, 3)
        assert (writes(queued=3, name="Каса 2"), kept()[0]) == (1, "Каса 2")
        ahead = (clock.now() + timedelta(seconds=6)).isoformat()
        assert (writes(queued=3, name="Каса 2", sent_at=ahead), kept()[2]) == (1, 6.0)
        assert writes(queued=3, name="Каса 2", sent_at=ahead) == 0
    with clock.at(NOON + timedelta(seconds=19)):
        seen = {"queued": 3, "name": "Каса 2", "sent_at": (clock.now() + timedelta(seconds=6)).isoformat()}
        assert (writes(**seen), kept()[3]) == (1, NOON + timedelta(seconds=19))


def test_d46_a_device_tells_how_old_its_list_is(ctx: Flask) -> None:
    door, device = a_door(a_day()), phone()

    def list_at(**said: Any) -> datetime | None:
        send(door, device={**device, **said})
        db.session.expire_all()
        return db.session.scalars(sa.select(Device.list_at)).one()

    def minutes(number: float, ahead: timedelta = timedelta(0)) -> dict[str, str]:
        return {
            "sent_at": (clock.now() + ahead).isoformat(),
            "list_at": (clock.now() + ahead + timedelta(minutes=number)).isoformat(),
        }

    assert list_at() is None
    with clock.at(NOON + timedelta(minutes=1)):
        assert list_at(**minutes(-5)) == NOON - timedelta(minutes=4)
    with clock.at(NOON + timedelta(minutes=2)):
        # A page without a list says nothing new; a clock that is ahead is corrected; never in the future.
        assert list_at(sent_at=clock.now().isoformat(), list_at=None) == NOON - timedelta(minutes=4)
    with clock.at(NOON + timedelta(minutes=3)):
        assert list_at(**minutes(-2, timedelta(hours=3))) == NOON + timedelta(minutes=1)
    with clock.at(NOON + timedelta(minutes=4)):
        assert list_at(**minutes(9)) == NOON + timedelta(minutes=4)
