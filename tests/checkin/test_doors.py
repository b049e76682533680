"""Doors are made and changed with their end; their devices are shut out and let in again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.checkin import figures, queries
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Device, Door
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.errors import Gone, Invalid, NotFound
from hubevents.events.models import Event
from tests import make
from tests.checkin import at_doors
from tests.checkin.at_doors import NOON, a_day, a_door, code_of, join, phone, scan, send, standing_at

END = at_doors.END.astimezone(UTC)
"""Days from here are days of 24 hours."""
USUAL = END + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with standing_at(NOON):
        yield


@pytest.fixture
def event(ctx: Flask) -> Event:
    return a_day(make.hub())


def change(door: Door, **values: Any) -> Door:
    said = {"name": door.name, "role": DoorRole(door.role), "session_ids": door.session_ids, **values}
    with transaction():
        return checkin.change_door(door.event_id, door.id, **said)


def ends(door: Door) -> tuple[datetime, bool]:
    db.session.expire_all()
    return door.expires_at, door.expires_chosen


# --- when a pass ends ------------------------------------------------------------------------------------------------


def test_a_pass_ends_two_hours_after_the_event_or_when_somebody_chose(event: Event) -> None:
    assert ends(a_door(event)) == (USUAL, False)
    chosen = END + timedelta(days=60)
    assert ends(a_door(event, expires_at=chosen)) == (chosen, True)


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        (NOON, "expiry_past"),
        (NOON - timedelta(days=400), "expiry_past"),
        (END + timedelta(days=60, minutes=1), "expiry_late"),
    ],
)
def test_a_chosen_end_is_to_come_and_near(event: Event, chosen: datetime, code: str) -> None:
    with transaction(), pytest.raises(Invalid, match=code):
        checkin.make_door(event, "Вход", DoorRole.SCAN, expires_at=chosen)
    door = a_door(event)
    with transaction(), pytest.raises(Invalid, match=code):
        checkin.change_door(event.id, door.id, "Вход", DoorRole.SCAN, expires_at=chosen)
    assert ends(door) == (USUAL, False)


def move(event: Event, ends_at: datetime) -> None:
    with transaction():
        db.session.get_one(Event, event.id).ends_at = ends_at
        db.session.flush()
        checkin.follow_dates(event.id)


def test_a_chosen_end_stays_when_the_event_moves_unless_the_event_outlasts_it(event: Event) -> None:
    chosen = END + timedelta(days=2)
    usual, own = a_door(event), a_door(event, expires_at=chosen)
    move(event, END + timedelta(days=1))
    assert (ends(usual), ends(own)) == ((USUAL + timedelta(days=1), False), (chosen, True))
    move(event, END)
    assert (ends(usual), ends(own)) == ((USUAL, False), (chosen, True))
    move(event, END + timedelta(days=3))
    assert (ends(usual), ends(own)) == ((USUAL + timedelta(days=3), False),) * 2


def test_a_renewed_pass_keeps_a_chosen_end_that_is_still_to_come(event: Event) -> None:
    soon = NOON + timedelta(hours=1)
    door = a_door(event, expires_at=soon)
    with transaction():
        checkin.renew_door(event.id, door.id)
    assert ends(door) == (soon, True)
    with standing_at(soon + timedelta(minutes=1)):
        with pytest.raises(Gone):
            queries.open_door(checkin.token_of(door))
        with transaction():
            checkin.renew_door(event.id, door.id)
        assert ends(door) == (USUAL, False)
        assert queries.open_door(checkin.token_of(door)).id == door.id


# --- changing a door -------------------------------------------------------------------------------------------------


def test_a_changed_door_keeps_its_pass_and_judges_by_its_new_values(event: Event) -> None:
    hall, lab = make.session(event, "Зала", NOON), make.session(event, "Лаборатория", NOON)
    door, maria = a_door(event), join(event)
    token = checkin.token_of(door)
    changed = change(
        door,
        name="Зала 2",
        role=DoorRole.SEARCH,
        session_ids=[lab.id, hall.id, lab.id],
        reentry=True,
        capacity=40,
        badges=True,
        expires_at=END,
    )
    assert (changed.name, changed.role, changed.session_ids) == ("Зала 2", "search", [hall.id, lab.id])
    assert (changed.reentry, changed.capacity, changed.badges) == (True, 40, True)
    assert ends(door) == (END, True)
    assert checkin.token_of(door) == token
    assert queries.open_door(token).name == "Зала 2"
    # A door for several sessions lets the phone choose; without a choice it says so.
    unsaid, said = scan(code_of(maria)), scan(code_of(maria), session=str(lab.id))
    assert [each["reason"] for each in send(token, unsaid, said).verdicts] == ["wrong_session", None]
    assert change(door, session_ids=[]).session_ids == []
    assert ends(door) == (USUAL, False)


def test_an_ended_door_is_renamed_without_choosing_its_end_anew(event: Event) -> None:
    soon = NOON + timedelta(hours=1)
    door = a_door(event, expires_at=soon)
    with standing_at(soon + timedelta(hours=1)):
        assert change(door, name="Двор", expires_at=soon).name == "Двор"
    assert ends(door) == (soon, True)


def test_a_door_takes_only_sessions_of_its_event(event: Event) -> None:
    foreign = make.session(a_day(event.hub, "drugo"))
    door = a_door(event)
    for ids in ([foreign.id], [10**6]):
        with transaction(), pytest.raises(Invalid, match="unknown_session"):
            checkin.change_door(event.id, door.id, "Вход", DoorRole.SCAN, ids)
    with transaction(), pytest.raises(NotFound):
        checkin.change_door(foreign.event_id, door.id, "Вход", DoorRole.SCAN)


# --- devices ---------------------------------------------------------------------------------------------------------


def test_d44_a_shut_device_is_quarantined_and_others_go_on(event: Event) -> None:
    maria, door, mine, other = join(event), a_door(event), phone(), phone("Друг")
    send(door, device=mine)
    device = db.session.scalars(sa.select(Device)).one()
    for _twice in range(2):
        with transaction():
            assert checkin.shut_device(event.id, device.id).revoked_at == NOON
    item = scan(code_of(maria))
    assert send(door, item, device=mine).verdicts[0]["reason"] == "quarantined"
    assert send(door, scan(code_of(maria)), device=other).verdicts[0]["verdict"] == "admitted"
    with transaction():
        checkin.open_device(event.id, device.id)
    assert send(door, scan(code_of(maria)), device=mine).verdicts[0]["verdict"] == "already_in"
    assert send(door, item, device=mine).verdicts[0]["reason"] == "quarantined"


def test_devices_belong_to_their_event(event: Event) -> None:
    other = a_day(event.hub, "drugo")
    send(a_door(event), device=phone())
    device = db.session.scalars(sa.select(Device)).one()
    for act in (checkin.shut_device, checkin.open_device):
        for event_id, id in ((other.id, device.id), (event.id, device.id + 1)):
            with transaction(), pytest.raises(NotFound):
                act(event_id, id)


def test_devices_of_an_event_the_latest_first_at_each_door(event: Event) -> None:
    first, second = a_door(event), a_door(event, name="Двор")
    send(first, device=phone("Стар"))
    send(a_door(a_day(event.hub, "drugo")), device=phone("Чужд"))
    with standing_at(NOON + timedelta(minutes=3)):
        send(second, device=phone("Таблет", queued=4))
        send(first, device=phone("Нов"))
        found = figures.devices_of(event.id)
        assert [(each.name, each.queued, clock.now() - each.last_seen_at) for each in found] == [
            ("Нов", 0, timedelta()),
            ("Стар", 0, timedelta(minutes=3)),
            ("Таблет", 4, timedelta()),
        ]
