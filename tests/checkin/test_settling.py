"""What staff decides about odd scans, and that attendance is the same whatever the order of everything."""

import threading
from collections.abc import Iterator
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.accounts.models import User
from hubevents.checkin import service as checkin
from hubevents.checkin import settling
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import Decision, DoorRole, Flag
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Consent, Registration
from hubevents.registrations.rules import ConsentKind, Source
from tests import make
from tests.checkin.at_doors import (
    NOON,
    a_day,
    a_door,
    attendances,
    code_of,
    join,
    offline,
    phone,
    row_of,
    scan,
    send,
    standing_at,
)

KEPT, COUNTED, DROPPED = Decision.KEPT, Decision.COUNTED, Decision.DROPPED
LATER = NOON + timedelta(minutes=4)


@pytest.fixture(autouse=True)
def _half_an_hour_later() -> Iterator[None]:
    with standing_at(NOON + timedelta(minutes=30)):
        yield


@pytest.fixture
def event(ctx: Flask) -> Event:
    return a_day(make.hub())


@pytest.fixture
def alice(event: Event) -> User:
    return make.user("alice", event.hub)


def settle(item: dict[str, Any], decision: Decision, user: User, note: str = "") -> Scan:
    row = row_of(item)
    with transaction():
        return settling.settle(row.event_id, row.id, decision, user.id, note)


def flags(*items: dict[str, Any]) -> list[str | None]:
    return [row_of(item).flagged for item in items]


# --- what may be decided ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "counts", "somebody", "expected"),
    [
        (Flag.SECOND_ENTRY, True, True, (KEPT, DROPPED)),
        (Flag.STRAY_EXIT, True, True, (KEPT, DROPPED)),
        (Flag.ADMITTED_ANYWAY, True, True, (KEPT, DROPPED)),
        (Flag.ADMITTED_ANYWAY, False, True, (KEPT, COUNTED)),
        (Flag.ADMITTED_ANYWAY, False, False, (KEPT,)),
        (Flag.REFUSED_ANYWAY, False, True, (KEPT, COUNTED)),
        (Flag.DOUBTFUL_TIME, True, True, (KEPT, DROPPED)),
        (Flag.DOUBTFUL_TIME, False, True, (KEPT,)),
        (Flag.QUARANTINED, False, True, (KEPT, COUNTED)),
        (Flag.QUARANTINED, False, False, (KEPT,)),
    ],
)
def test_what_may_be_decided(flag: Flag, counts: bool, somebody: bool, expected: tuple[Decision, ...]) -> None:
    assert settling.decisions(flag.value, counts=counts, somebody=somebody) == expected


# --- each kind of conflict -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", [KEPT, DROPPED])
@pytest.mark.parametrize("first_sent", [0, 1])
def test_d32_two_phones_admit_one_ticket_in_either_order(
    event: Event, alice: User, first_sent: int, decision: Decision
) -> None:
    maria, yard, gate = join(event), a_door(event, name="Двор"), a_door(event, name="Порта")
    early, late = offline(code_of(maria)), offline(code_of(maria), LATER)
    uploads = [(yard, early, phone("Първи")), (gate, late, phone("Втори"))]
    for door, item, device in (uploads[first_sent], uploads[1 - first_sent]):
        send(door, item, device=device)

    waiting = settling.open_scans(event.id)
    assert [(each.scan.scan_id, each.decisions) for each in waiting] == [(late["scan_id"], (KEPT, DROPPED))]
    first = waiting[0].first
    assert first is not None
    assert (first.at, first.door, first.device) == (NOON, "Двор", "Първи")

    row = settle(late, decision, alice, "Видях ги двамата")
    assert (row.settled_as, row.settled_by_id, row.note) == (decision.value, alice.id, "Видях ги двамата")
    assert attendances() == [(maria.id, True, NOON)]
    assert settling.open_scans(event.id) == []
    assert [each.scan_id for each in settling.settled_scans(event.id)] == [late["scan_id"]]
    assert row_of(late).flagged == "second_entry"


def test_a_settled_scan_is_not_flagged_again_by_a_later_fold(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event, DoorRole.STEWARD)
    first, second = offline(code_of(maria)), offline(code_of(maria), LATER)
    send(door, first, second)
    settle(second, KEPT, alice)

    third = offline(code_of(maria), LATER + timedelta(minutes=1))
    send(door, third)
    assert settling.count_open(event.id) == 1
    assert [each.scan.scan_id for each in settling.open_scans(event.id)] == [third["scan_id"]]

    # The first is taken back: the settled one is now the admission, and stays settled as it was.
    send(door, scan(undoes=first["scan_id"]))
    assert attendances() == [(maria.id, True, LATER)]
    assert (flags(second), row_of(second).settled_as) == (["second_entry"], "kept")
    assert settling.open_scans(event.id)[0].first.at == LATER  # type: ignore[union-attr]


def test_dropping_the_second_entry_leaves_nobody_inside_when_the_first_is_undone(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event)
    first, second = offline(code_of(maria)), offline(code_of(maria), LATER)
    send(door, first, second)
    settle(second, DROPPED, alice)
    assert attendances() == [(maria.id, True, NOON)]
    send(door, scan(undoes=first["scan_id"]))
    assert attendances() == []


@pytest.mark.parametrize(("decision", "present"), [(KEPT, True), (DROPPED, False)])
def test_d34_admitted_although_cancelled(event: Event, alice: User, decision: Decision, present: bool) -> None:
    maria, door = join(event), a_door(event)
    item = offline(code_of(maria))
    with transaction():
        registrations.cancel(maria.id, by="person")
    send(door, item)
    assert flags(item) == ["admitted_anyway"]
    settle(item, decision, alice)
    assert attendances() == ([(maria.id, True, NOON)] if present else [])


@pytest.mark.parametrize(("decision", "present"), [(KEPT, False), (COUNTED, True)])
def test_a_good_ticket_that_was_turned_away(event: Event, alice: User, decision: Decision, present: bool) -> None:
    maria, door = join(event), a_door(event)
    item = offline(code_of(maria), shown="refused")
    send(door, item)
    assert flags(item) == ["refused_anyway"]
    settle(item, decision, alice)
    assert attendances() == ([(maria.id, True, NOON)] if present else [])
    assert row_of(item).counts is present


def test_who_is_nobody_can_only_be_left(event: Event, alice: User) -> None:
    door = a_door(event)
    item = offline("ZZZZ-ZZZZ", method="code")
    send(door, item)
    assert [each.decisions for each in settling.open_scans(event.id)] == [(KEPT,)]
    for decision in (COUNTED, DROPPED):
        with pytest.raises(Conflict, match="decision_impossible"):
            settle(item, decision, alice)
    assert settle(item, KEPT, alice).settled_as == "kept"


def test_an_exit_of_somebody_who_was_never_in(event: Event, alice: User) -> None:
    maria, ivo, door = join(event), join(event, "Иво"), a_door(event)
    mine, his = (offline(code_of(each), LATER, shown="left", direction="out") for each in (maria, ivo))
    send(door, mine, his)
    assert flags(mine, his) == ["stray_exit", "stray_exit"]
    settle(mine, DROPPED, alice)
    assert (attendances(), settling.count_open(event.id)) == ([], 1)

    # The entry arrives late: what was odd is explained, and a button on an old page changes nothing.
    send(door, offline(code_of(ivo)), offline(code_of(maria)))
    assert settling.count_open(event.id) == 0
    with pytest.raises(Conflict, match="nothing_to_settle"):
        settle(his, DROPPED, alice)
    assert attendances() == [(maria.id, True, NOON), (ivo.id, False, NOON)]


def test_d45_a_doubtful_time_is_kept_or_dropped(event: Event, alice: User) -> None:
    maria, ivo, door = join(event), join(event, "Иво"), a_door(event)
    long_ago = NOON - timedelta(days=20_000)
    mine, his = (offline(code_of(each), long_ago) for each in (maria, ivo))
    send(door, mine, his)
    assert flags(mine, his) == ["doubtful_time", "doubtful_time"]
    settle(mine, KEPT, alice)
    settle(his, DROPPED, alice)
    assert attendances() == [(maria.id, True, clock.now())]


# --- shut passes and phones ------------------------------------------------------------------------------------------


def shut(door: Door, device: dict[str, Any]) -> None:
    """Shuts a phone out that was seen at a door."""
    send(door, device=device)
    with transaction():
        row = next(each for each in doors_devices(door) if each.uuid == device["id"])
        checkin.shut_device(door.event_id, row.id)


def doors_devices(door: Door) -> list[Any]:
    from_door = sa.select(checkin.Device).where(checkin.Device.door_id == door.id)
    return list(db.session.scalars(from_door))


@pytest.mark.parametrize("other_first", [True, False])
def test_d44_what_a_shut_phone_sent_counts_once_staff_says_so(event: Event, alice: User, other_first: bool) -> None:
    """The other door's admission before or after the decision: the same attendance, and nothing is flagged anew."""
    maria, door, other, device = join(event), a_door(event), a_door(event, name="Двор"), phone()
    shut(door, device)
    held, seen = offline(code_of(maria)), scan(code_of(maria), LATER)
    send(door, held, device=device)
    if other_first:
        send(other, seen)
        assert attendances() == [(maria.id, True, LATER)]
    assert settling.open_scans(event.id)[0].decisions == (KEPT, COUNTED)

    settle(held, COUNTED, alice)
    if not other_first:
        send(other, seen)
    assert attendances() == [(maria.id, True, NOON)]
    assert row_of(held).flagged == "quarantined"
    assert row_of(seen).flagged == ("second_entry" if other_first else None)


def test_d44_left_as_it_is_it_never_counts(event: Event, alice: User) -> None:
    maria, door, device = join(event), a_door(event), phone()
    shut(door, device)
    held = offline(code_of(maria))
    send(door, held, device=device)
    settle(held, KEPT, alice)
    with transaction():
        checkin.open_device(event.id, doors_devices(door)[0].id)
    assert send(door, held, device=device).verdicts[0]["reason"] == "quarantined"
    assert attendances() == []
    assert send(door, scan(code_of(maria), LATER), device=device).verdicts[0]["verdict"] == "admitted"


WALK_IN = {
    "first_name": "Ана", "last_name": "Бонева", "email": "ana@example.org", "organisation": "Агро ООД",
    "consent_photo": True,
}  # fmt: skip


def revoked(event: Event) -> Door:
    door = a_door(event, DoorRole.STEWARD)
    with transaction():
        checkin.revoke_door(event.id, door.id)
    return door


def test_d44_a_walk_in_of_a_shut_door_is_registered_as_the_door_would_have(event: Event, alice: User) -> None:
    item = scan(walk_in=WALK_IN, shown="admitted")
    send(revoked(event), item)
    assert settling.held_back(row_of(item))["first_name"] == "Ана"  # type: ignore[index]
    assert settling.open_scans(event.id)[0].decisions == (KEPT, COUNTED)

    settle(item, COUNTED, alice)
    settle(item, COUNTED, alice)
    ana = db.session.scalars(sa.select(Registration)).one()
    assert (ana.name, ana.source, ana.status, ana.organisation_name) == (
        "Ана Бонева",
        Source.WALK_IN,
        "confirmed",
        "Агро ООД",
    )
    photo = sa.select(Consent.granted).where(Consent.kind == ConsentKind.PHOTO)
    assert db.session.scalars(photo).all() == [True]
    assert attendances() == [(ana.id, True, NOON)]
    assert (row_of(item).registration_id, settling.held_back(row_of(item))) == (ana.id, None)
    assert db.session.scalars(sa.select(Attendance.method)).one() == "walk_in"


def test_a_walk_in_left_as_it_is_registers_nobody(event: Event, alice: User) -> None:
    item = scan(walk_in=WALK_IN, shown="admitted")
    send(revoked(event), item)
    settle(item, KEPT, alice)
    assert (attendances(), db.session.scalars(sa.select(Registration)).all()) == ([], [])


def test_a_walk_in_whose_address_is_known_counts_for_that_person(event: Event, alice: User) -> None:
    item = scan(walk_in=WALK_IN, shown="admitted")
    send(revoked(event), item)
    with transaction():
        person = registrations.Registrant("Ана", "Бонева", "ana@example.org", "bg")
        known = registrations.register(event.id, person, source=Source.STAFF)
    settle(item, COUNTED, alice)
    assert attendances() == [(known.id, True, NOON)]


def test_a_walk_in_of_a_cancelled_event_stays_open(event: Event, alice: User) -> None:
    item = scan(walk_in=WALK_IN, shown="admitted")
    send(revoked(event), item)
    with transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
    with pytest.raises(Conflict, match="registration_closed"):
        settle(item, COUNTED, alice)
    assert settling.count_open(event.id) == 1
    assert settling.held_back(row_of(item)) is not None


def test_all_that_one_shut_phone_sent_is_settled_together(event: Event, alice: User) -> None:
    maria, ivo, ana = join(event), join(event, "Иво"), join(event, "Ана")
    door, device, other = a_door(event), phone(), phone("Друг")
    shut(door, device)
    shut(door, other)
    mine = [offline(code_of(maria)), offline(code_of(ivo), LATER), offline("ZZZZ-ZZZZ", method="code")]
    theirs = offline(code_of(ana))
    send(door, *mine, device=device)
    send(door, theirs, device=other)
    groups = settling.from_shut(event.id)
    assert [(each.door, each.device, each.number) for each in groups] == [("Вход А", "Телефон на Надя", 3)]

    for expected in (2, 0):  # pressed twice
        with transaction():
            done = settling.settle_shut(event.id, groups[0].door_id, groups[0].device_id, COUNTED, alice.id)
        assert done == expected
    assert attendances() == [(maria.id, True, NOON), (ivo.id, True, LATER)]
    open_now = {each.scan.scan_id for each in settling.open_scans(event.id)}
    assert open_now == {mine[2]["scan_id"], theirs["scan_id"]}
    with transaction():
        assert settling.settle_shut(event.id, groups[0].door_id, groups[0].device_id, KEPT, alice.id) == 1
    assert settling.count_open(event.id) == 1


# --- twice, at once, elsewhere ---------------------------------------------------------------------------------------


def test_the_first_decision_holds(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event)
    first, second = offline(code_of(maria)), offline(code_of(maria), LATER)
    send(door, first, second)
    settle(second, KEPT, alice, "Първо")
    at = row_of(second).settled_at
    with standing_at(NOON + timedelta(hours=1)):
        olga = make.user("olga", event.hub)
        settle(second, KEPT, olga, "Второ")
        with pytest.raises(Conflict, match="settled_otherwise"):
            settle(second, DROPPED, olga)
    row = row_of(second)
    assert (row.settled_at, row.settled_by_id, row.note, row.undone_at) == (at, alice.id, "Първо", None)


def test_what_the_door_took_back_needs_no_decision(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event)
    first, second = offline(code_of(maria)), offline(code_of(maria), LATER)
    send(door, first, second)
    send(door, scan(undoes=second["scan_id"]))
    assert settling.count_open(event.id) == 0
    with pytest.raises(Conflict, match="nothing_to_settle"):
        settle(second, KEPT, alice)


def test_a_plain_scan_has_nothing_to_settle(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event)
    item = scan(code_of(maria))
    send(door, item)
    with pytest.raises(Conflict, match="nothing_to_settle"):
        settle(item, DROPPED, alice)


def test_scans_belong_to_their_event(event: Event, alice: User) -> None:
    maria, door = join(event), a_door(event)
    item = offline(code_of(maria), shown="refused")
    send(door, item)
    row = row_of(item)
    other = a_day(event.hub, "drugo")
    for event_id, scan_id in ((other.id, row.id), (event.id, row.id + 1)):
        with pytest.raises(NotFound), transaction():
            settling.settle(event_id, scan_id, KEPT, alice.id)
    with pytest.raises(NotFound), transaction():
        settling.settle_shut(other.id, door.id, None, COUNTED, alice.id)
    with transaction():
        assert settling.settle_shut(event.id, door.id, None, COUNTED, alice.id) == 0


def test_two_colleagues_at_once(event: Event, alice: User, app: Flask) -> None:
    maria, door = join(event), a_door(event)
    item = offline(code_of(maria))
    with transaction():
        registrations.cancel(maria.id, by="person")
    send(door, item)
    event_id, scan_id, user_id = event.id, row_of(item).id, alice.id
    db.session.rollback()
    gate, results = threading.Barrier(2), []

    def decide(decision: Decision) -> None:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    settling.settle(event_id, scan_id, decision, user_id)
                results.append(decision.value)
            except Conflict as refusal:
                results.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(decide, each)) for each in (KEPT, DROPPED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = row_of(item)
    assert sorted(results) == sorted([row.settled_as, "settled_otherwise"])
    assert attendances() == ([(maria.id, True, NOON)] if row.settled_as == "kept" else [])


def test_a_decision_and_an_undo_in_either_order_end_the_same(event: Event, alice: User) -> None:
    maria, ivo, door = join(event), join(event, "Иво"), a_door(event)
    items = [offline(code_of(maria), shown="refused"), offline(code_of(ivo), shown="refused")]
    send(door, *items)
    settle(items[0], COUNTED, alice)
    send(door, *(scan(undoes=item["scan_id"]) for item in items))
    with pytest.raises(Conflict, match="nothing_to_settle"):
        settle(items[1], COUNTED, alice)
    assert attendances() == []
    assert settling.count_open(event.id) == 0


# --- reading ---------------------------------------------------------------------------------------------------------


def test_open_conflicts_of_a_hub_by_event(event: Event, alice: User) -> None:
    second = a_day(event.hub, "vtoro", dates=[(NOON - timedelta(hours=1), NOON + timedelta(hours=1))])
    elsewhere = a_day(make.hub("sliven"), "chuzhdo")
    for each, number in ((event, 2), (second, 1), (elsewhere, 1)):
        door = a_door(each)
        send(door, *(offline(code_of(join(each, f"Гост{n}")), shown="refused") for n in range(number)))
    found = settling.open_by_event(event.hub_id)
    assert [(each.event_id, each.title["bg"], each.number) for each in found] == [
        (event.id, "Лекция den", 2),
        (second.id, "Лекция vtoro", 1),
    ]


def test_one_and_three_conflicts_cost_the_same(event: Event, alice: User, queries: Any) -> None:
    door, costs = a_door(event), []
    for number in (1, 2):
        for n in range(number):
            person = join(event, f"Гост{number}{n}")
            send(door, offline(code_of(person)), offline(code_of(person), LATER))
        db.session.expire_all()
        event_id = event.id
        with queries() as seen:
            waiting = settling.open_scans(event_id)
            assert all(each.first and each.scan.registration and each.scan.door for each in waiting)
        costs.append((len(waiting), len(seen)))
    assert costs == [(1, 2), (3, 2)]
