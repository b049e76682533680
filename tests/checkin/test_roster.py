"""The list of a door: what stands in it by role, what a difference names, and what it costs."""

import base64
import gzip
import json
import random
import re
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask

from benchmarks import crowd
from hubevents.checkin import roster
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Device, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, is_sqlite, transaction
from hubevents.core.errors import Gone, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import Asked, EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Consent, Participant, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import AttendsAs, Source
from tests import make
from tests.checkin.at_doors import NOON, START, a_day, a_door, code_of, join, phone, scan, send


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def fetch(door: Door | str, since: str | None = None, device: str | None = None, language: str = "bg") -> Any:
    token = door if isinstance(door, str) else checkin.token_of(door)
    found = roster.roster(token, clock.now(), language, since=since, device=device)
    return json.loads(json.dumps(found))


def ids(found: Any) -> list[int]:
    return [int(person["id"]) for person in found["registrations"]]


def later(minutes: float = 0, **more: float) -> Any:
    return time_machine.travel(NOON + timedelta(minutes=minutes, **more), tick=False)


# --- the whole -------------------------------------------------------------------------------------------------------


def test_the_whole_list_has_what_the_rulebook_asks(ctx: Flask) -> None:
    hub = make.hub()
    event = a_day(hub, title=make.both("Ден на данните", "Data day"), ask_phone=Asked.REQUIRED)
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        booked = make.session(event, "Роботи", START, 90, capacity=10)
        make.session(event, "Открита дискусия", START, 60)
    door = a_door(event, DoorRole.SEARCH, reentry=True, capacity=80)
    maria = join(event, organisation="Берое Машини", session_ids=(booked.id,))
    email = db.session.get_one(Participant, maria.participant_id).email
    send(door, scan(code_of(maria)))

    found = fetch(door)
    code, version = db.session.execute(sa.select(Ticket.code, Ticket.version)).one()
    assert found["registrations"] == [
        {
            "id": str(maria.id),
            "name": "Мария Желязкова",
            "status": "confirmed",
            "version": version,
            "code": code,
            "sessions": [str(booked.id)],
            "org": "Берое Машини",
            "mail": email,
            "present": [{"day": "2026-10-14", "at": "2026-10-14T07:30:00.000Z", "inside": True, "door": "Вход А"}],
        }
    ]
    assert (found["complete"], found["total"], found["removed"]) == (True, 1, [])
    assert (found["now"], found["present"], found["expected"]) == ("2026-10-14T07:30:00.000Z", 1, 1)
    assert found["event"] == {
        "id": str(event.id),
        "title": "Ден на данните",
        "zone": "Europe/Sofia",
        "dates": [{"starts_at": "2026-10-14T07:00:00.000Z", "ends_at": "2026-10-14T14:00:00.000Z"}],
        "cancelled": False,
    }
    assert found["door"] == {
        "id": str(door.id),
        "name": "Вход А",
        "role": "search",
        "sessions": [],
        "opens_minutes_before": 120,
        "closes_minutes_after": 120,
        "re_entry": True,
        "capacity": 80,
        "ends_at": "2026-10-14T16:00:00.000Z",
        "badges": False,
    }
    assert [(each["title"], each["booked"], each["cancelled"]) for each in found["sessions"]] == [
        ("Роботи", True, False),
        ("Открита дискусия", False, False),
    ]
    assert found["asks"] == {"organisation": "optional", "phone": "required", "position": "no"}
    assert fetch(door, language="en")["event"]["title"] == "Data day"


def test_a_phone_reads_signatures_with_the_keys_of_the_list(ctx: Flask) -> None:
    event = a_day()
    maria = join(event)
    keys = [
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        for key in fetch(a_door(event))["keys"]
    ]
    assert tickets.understand(code_of(maria), keys) == tickets.Ticket(event.id, maria.id, 1)
    assert not any("=" in key for key in fetch(a_door(event, name="Б"))["keys"])


@pytest.mark.parametrize(
    ("role", "name", "more"),
    [
        (DoorRole.SCAN, "Мария Ж.", False),
        (DoorRole.KIOSK, "Мария Ж.", False),
        (DoorRole.SEARCH, "Мария Желязкова", True),
        (DoorRole.STEWARD, "Мария Желязкова", True),
    ],
)
def test_d68_the_list_holds_what_its_role_needs(ctx: Flask, role: DoorRole, name: str, more: bool) -> None:
    event = a_day()
    join(event, organisation="Берое")
    person = fetch(a_door(event, role))["registrations"][0]
    assert (person["name"], "org" in person, "mail" in person) == (name, more, more)
    assert ("Желязкова" in str(person), "example.org" in str(person)) == (more, more)
    assert "phone" not in person


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Мария Желязкова", "Мария Ж."),
        ("Анна Мария ван дер Берг", "Анна Б."),
        ("Иво —", "Иво —."),
        ("  Стамат  ", "Стамат"),
        ("John O'Neill", "John O."),
    ],
)
def test_d72_a_name_is_masked_to_an_initial(name: str, short: str) -> None:
    assert roster.masked(name) == short


def test_d36_everybody_is_listed_with_the_reason_to_refuse(ctx: Flask) -> None:
    event = a_day(capacity=1)
    door = a_door(event)
    maria, ivo, ana = (join(event, name) for name in ("Мария", "Иво", "Ана"))
    with transaction():
        registrations.cancel(ana.id, by="person")
        db.session.get_one(Registration, ivo.id).attends_as = AttendsAs.STAFF
    people = {person["id"]: person for person in fetch(door)["registrations"]}
    assert {id: person["status"] for id, person in people.items()} == {
        str(maria.id): "confirmed",
        str(ivo.id): "waitlisted",
        str(ana.id): "cancelled",
    }
    assert (people[str(ivo.id)]["as"], "as" in people[str(maria.id)]) == ("staff", False)
    assert "code" not in people[str(ivo.id)]  # nobody waiting has a ticket
    assert "sessions" not in people[str(maria.id)]
    assert "present" not in people[str(maria.id)]


def test_d36_a_place_in_a_sessions_queue_is_no_place(ctx: Flask) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90, capacity=1)
    seated, waiting = (join(event, name, session_ids=(room.id,)) for name in ("Мария", "Иво"))
    door = a_door(event, session_ids=[room.id])

    def places(since: str | None = None) -> dict[int, list[str] | None]:
        return {int(each["id"]): each.get("sessions") for each in fetch(door, since)["registrations"]}

    assert places() == {seated.id: [str(room.id)], waiting.id: None}
    version = fetch(door)["version"]
    with later(5):
        with transaction():
            registrations.cancel(seated.id, by="person")
        assert places(version) == {seated.id: None, waiting.id: [str(room.id)]}


def test_d14_the_newest_ticket_alone_stands_in_the_list(ctx: Flask) -> None:
    event = a_day()
    door, maria = a_door(event), join(event)
    for _twice in range(2):
        with transaction():
            registrations.renew_link(maria.id)
    newest = db.session.execute(sa.select(Ticket.code).order_by(Ticket.version.desc()).limit(1)).scalar_one()
    people = fetch(door)["registrations"]
    assert [(person["version"], person["code"]) for person in people] == [(3, newest)]


def test_d19_the_erased_are_not_named_and_the_number_says_so(ctx: Flask) -> None:
    event = a_day()
    door, maria, ivo = a_door(event), join(event), join(event, "Иво")
    with later(-60):
        first = fetch(door)
    with transaction():
        for table in (Ticket, Consent):
            db.session.execute(sa.delete(table).where(table.registration_id == maria.id))
        db.session.execute(sa.delete(Registration).where(Registration.id == maria.id))
    with later(5):
        difference = fetch(door, first["version"])
    assert (ids(difference), difference["removed"], difference["total"], first["total"]) == ([], [], 1, 2)
    assert ids(fetch(door)) == [ivo.id]


def test_d60_two_of_one_name_are_told_apart(ctx: Flask) -> None:
    event = a_day()
    join(event, "Иван", organisation="Берое")
    join(event, "Иван", organisation="Загорка")
    one, other = fetch(a_door(event, DoorRole.SEARCH))["registrations"]
    assert one["name"] == other["name"]
    assert (one["org"], other["org"], one["mail"] == other["mail"]) == ("Берое", "Загорка", False)


def test_people_without_mail_or_organisation_have_no_such_key(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD)
    send(door, scan(walk_in={"first_name": "Ана", "last_name": "Иванова"}))
    person = fetch(door)["registrations"][0]
    assert person.keys() == {"id", "name", "status", "version", "code", "present"}


def test_d10_other_events_of_the_hub_can_be_named_offline(ctx: Flask) -> None:
    hub = make.hub()
    title = make.both("Умна Тракия", "Smart Thrace")
    event = a_day(hub, title=title)
    day = timedelta(days=1)
    dates = [(START + 30 * day, START + 31 * day)]
    series = a_day(hub, "vtora", title=title, dates=dates)
    past = a_day(hub, "minala", dates=[(START - 80 * day, START - 79 * day)])
    a_day(hub, "chernova", dates=dates, status=EventStatus.DRAFT)
    a_day(hub, "otmenena", dates=dates, status=EventStatus.CANCELLED)
    a_day(hub, "daleche", dates=[(START + 91 * day, START + 92 * day)])
    a_day(hub, "bez-data", dates=[])
    a_day(make.hub("sliven"), "chuzhda", dates=dates)
    others = fetch(a_door(event))["others"]
    assert others == [
        {
            "id": str(series.id),
            "title": "Умна Тракия",
            "starts_at": "2026-11-13T08:00:00.000Z",
            "same_series": True,
        },
        {
            "id": str(past.id),
            "title": "Лекция minala",
            "starts_at": "2026-07-26T07:00:00.000Z",
            "same_series": False,
        },
    ]
    assert fetch(a_door(event, name="Б"), language="en")["others"][0]["title"] == "Smart Thrace"


def test_d52_presence_is_told_of_the_doors_scope_since_yesterday(ctx: Flask) -> None:
    event = a_day(dates=[(START - timedelta(days=1), START + timedelta(hours=9))])
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        first = make.session(event, "Роботи", START, 90)
        second = make.session(event, "Данни", START, 90)
    entrance = a_door(event)
    rooms = a_door(event, name="Зали", session_ids=[first.id, second.id])
    maria = join(event)
    with transaction():
        for days, session_id in ((2, None), (1, None), (0, None), (0, first.id), (1, second.id)):
            at = NOON - timedelta(days=days)
            db.session.add(
                Attendance(
                    event_id=event.id, registration_id=maria.id, session_id=session_id, day=at.date(), method="qr",
                    first_in_at=at, last_out_at=at + timedelta(hours=1), inside=False, changed_at=at,
                )
            )  # fmt: skip

    def present(door: Door) -> list[dict[str, Any]]:
        return fetch(door)["registrations"][0]["present"]  # type: ignore[no-any-return]

    assert [(each["day"], each.get("session")) for each in present(entrance)] == [
        ("2026-10-13", None),
        ("2026-10-14", None),
    ]
    assert [(each["day"], each.get("session")) for each in present(rooms)] == [
        ("2026-10-13", str(second.id)),
        ("2026-10-14", str(first.id)),
    ]
    assert present(rooms)[1] == {
        "day": "2026-10-14",
        "session": str(first.id),
        "at": "2026-10-14T07:30:00.000Z",
        "out": "2026-10-14T08:30:00.000Z",
        "inside": False,
    }


# --- differences -----------------------------------------------------------------------------------------------------


def changes_of(event: Event, door: Door, other: Door) -> dict[str, Any]:
    """Everything that changes what a list shows, each on a person of its own."""
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90, capacity=1)
    people = {
        name: join(event, name, session_ids=(room.id,) if name in ("leaves", "moves up") else ())
        for name in ("leaves", "moves up", "cancelled", "renewed", "details", "scanned", "undone", "nothing")
    }
    before = scan(code_of(people["undone"]))
    with later(-100):
        send(door, {**before, "scanned_at": clock.now().isoformat()})

    def act(name: str) -> None:
        id = people[name].id
        if name in ("leaves", "cancelled"):
            with transaction():
                registrations.cancel(id, by="person")
        elif name == "renewed":
            with transaction():
                registrations.renew_link(id)
        elif name == "details":
            with transaction():
                registrations.change_details(id, registrations.Registrant("Георги", "Тотев", None, "bg"))
        elif name == "scanned":
            send(other, scan(code_of(people[name]), clock.now()))
        elif name == "undone":
            send(other, scan(undoes=before["scan_id"], at=clock.now()))

    return {"people": people, "act": act}


def test_a_difference_names_whoever_changed_and_nobody_else(ctx: Flask) -> None:
    event = a_day()
    door, other = a_door(event, DoorRole.STEWARD), a_door(event, DoorRole.STEWARD, name="Вход Б")
    made = changes_of(event, door, other)
    people = made["people"]
    for number, (name, touched) in enumerate(
        [
            ("leaves", {"leaves", "moves up"}),
            ("cancelled", {"cancelled"}),
            ("renewed", {"renewed"}),
            ("details", {"details"}),
            ("scanned", {"scanned"}),
            ("undone", {"undone"}),
            ("nothing", set()),
        ]
    ):
        with later(-42 + 5 * number):
            version = fetch(door)["version"]
        with later(-40 + 5 * number):
            made["act"](name)
        with later(-39 + 5 * number):
            difference = fetch(door, version)
        assert (name, difference["complete"], difference["total"]) == (name, False, 8)
        assert set(ids(difference)) == {people[each].id for each in touched}
        # Entries are whole: they are what the whole list says of these people.
        with later(-39 + 5 * number):
            whole = {person["id"]: person for person in fetch(door)["registrations"]}
        assert difference["registrations"] == [whole[person["id"]] for person in difference["registrations"]]


def test_whoever_registers_later_is_in_the_next_difference(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event, DoorRole.STEWARD)
    join(event)
    first = fetch(door)
    with later(10):
        send(door, scan(walk_in={"first_name": "Ана", "last_name": "Иванова"}, at=clock.now()))
        difference = fetch(door, first["version"])
    assert ([person["name"] for person in difference["registrations"]], difference["total"]) == (["Ана Иванова"], 2)


def test_what_was_under_way_when_the_last_list_was_made_is_named_again(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    with later(-2):
        maria = join(event)
        with transaction():
            registrations.renew_link(maria.id)  # began then, and may commit after the list of now
    first = fetch(door)
    with later(5):
        assert ids(fetch(door, first["version"])) == [maria.id]
    with later(0, seconds=1):
        beyond = fetch(door)
    with later(5):
        assert ids(fetch(door, beyond["version"])) == []


def test_d70_an_event_that_is_moved_or_called_off_is_in_the_next_difference(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    version = fetch(door)["version"]
    with transaction():
        row = db.session.get_one(Event, event.id)
        row.dates[0].ends_at += timedelta(hours=1)
        row.status = EventStatus.CANCELLED
    found = fetch(door, version)
    assert found["complete"] is False
    assert (found["event"]["dates"][0]["ends_at"], found["event"]["cancelled"]) == ("2026-10-14T15:00:00.000Z", True)


def test_d35_a_list_says_when_it_was_made_and_the_next_names_who_came_since(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    first = fetch(door)
    assert first["now"] == "2026-10-14T07:30:00.000Z"
    with later(9):
        id = join_now(event)
        assert ids(fetch(door, first["version"])) == [id]


def test_presence_elsewhere_is_no_news_of_this_door(ctx: Flask) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90)
    entrance, hall, maria = a_door(event), a_door(event, name="Зала", session_ids=[room.id]), join(event)
    lists = [fetch(entrance), fetch(hall)]
    with later(10):
        send(hall, scan(code_of(maria), clock.now()))
        assert [ids(fetch(door, each["version"])) for door, each in zip((entrance, hall), lists, strict=True)] == [
            [],
            [maria.id],
        ]


@pytest.mark.parametrize(
    "since",
    ["", "x", "0", "-", "1-2", "0-00000000", "9" * 15 + "-{about}", "-5-{about}", "{ms}-ffffffff", "{ms}",
     "{ms}-{about} ", "{ms}-{about}\0", "١٢-{about}", "{old}-{about}", "{coming}-{about}", "1" * 5000],
)  # fmt: skip
def test_a_strange_or_old_version_gives_the_whole(ctx: Flask, since: str) -> None:
    event = a_day()
    door = a_door(event)
    join(event)
    ms, about = fetch(door)["version"].split("-")
    values = {"ms": ms, "about": about, "old": int(ms) - 12 * 3_600_000 - 1, "coming": int(ms) + 1}
    assert fetch(door, since.format(**values))["complete"] is True
    for fresh in (int(ms), int(ms) - 12 * 3_600_000):
        assert fetch(door, f"{fresh}-{about}")["complete"] is False


def test_a_door_that_changed_and_another_door_get_the_whole(ctx: Flask) -> None:
    event = a_day()
    door, other = a_door(event), a_door(event, name="Вход Б")
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90)
    join(event)
    version = fetch(door)["version"]
    assert fetch(door, version)["complete"] is False
    assert fetch(other, version)["complete"] is True
    for change in ({"role": "search"}, {"session_ids": [room.id]}):
        with transaction():
            db.session.execute(sa.update(Door).where(Door.id == door.id).values(**change))
        assert fetch(door, version)["complete"] is True
        version = fetch(door)["version"]
        assert fetch(door, version)["complete"] is False


def test_a_list_kept_by_differences_is_the_whole_list(ctx: Flask) -> None:
    """A phone that follows the contract, through a day in which everything happens (also to people who are gone)."""
    chance = random.Random(7)
    event = a_day(capacity=6)
    door, steward = a_door(event), a_door(event, DoorRole.STEWARD, name="Вход Б", reentry=True)
    people = [join(event, f"Гост{n}").id for n in range(8)]
    kept: dict[str, Any] = {}
    version: str | None = None
    scans: list[str] = []

    def pull(since: str | None) -> Any:
        found = fetch(door, since)
        if found["complete"]:
            kept.clear()
        kept.update({person["id"]: person for person in found["registrations"]})
        return found

    wholes = 0
    for step in range(60):
        with later(step * 3):
            id = chance.choice(people)
            match chance.randrange(7):
                case 0:
                    with transaction():
                        registrations.cancel(id, by="person")
                case 1:
                    with transaction():
                        registrations.renew_link(id)
                case 2:
                    people.append(join_now(event))
                case 3 if scans:
                    send(steward, scan(undoes=scans.pop(), at=clock.now()))
                case 4 if step % 3 == 0:
                    erase(id)
                    people.remove(id)
                case _:
                    item = scan(registration=str(id), at=clock.now(), shown=chance.choice((None, "admitted")),
                                direction=chance.choice(("in", "in", "out")))  # fmt: skip
                    send(steward, item)
                    scans.append(item["scan_id"])
            found = pull(version)
            if not found["complete"] and len(kept) != found["total"]:
                found = pull(None)
                wholes += 1
            version = found["version"]
            assert kept == {each["id"]: each for each in fetch(door)["registrations"]}, step
    assert 0 < wholes < 10


def join_now(event: Event) -> int:
    person = registrations.Registrant("Нов", "Гост", f"{uuid.uuid4().hex[:8]}@example.org", "bg")
    with transaction():
        return registrations.register(event.id, person, source=Source.STAFF, beyond=True).id


def erase(id: int) -> None:
    with transaction():
        for table in (Attendance, Scan, Ticket, Consent, SessionPlace):
            db.session.execute(sa.delete(table).where(table.registration_id == id))
        db.session.execute(sa.delete(Registration).where(Registration.id == id))


# --- who gets it -----------------------------------------------------------------------------------------------------


def test_d44_a_device_that_was_taken_away_gets_no_list(ctx: Flask) -> None:
    door, device = a_door(a_day()), phone()
    send(door, device=device)
    assert fetch(door, device=device["id"])["complete"] is True
    with transaction():
        db.session.execute(sa.update(Device).values(revoked_at=clock.now()))
    for spelt in (device["id"], device["id"].upper(), f"urn:uuid:{device['id']}"):
        with pytest.raises(Gone) as refused:
            fetch(door, device=spelt)
        assert refused.value.code == "device_revoked"
    for other in (None, "", "x", "\0", phone()["id"]):
        assert fetch(door, device=other)["complete"] is True


def test_d43_passes_that_ended_were_revoked_or_forged_get_no_list(ctx: Flask) -> None:
    event = a_day()
    door = a_door(event)
    token = checkin.token_of(door)
    for forged in ("x", token.swapcase(), tokens.link("door", 99, 0)):
        with pytest.raises(NotFound):
            fetch(forged)
    with time_machine.travel(door.expires_at + timedelta(seconds=1), tick=False), pytest.raises(Gone):
        fetch(token)
    with transaction():
        checkin.renew_door(event.id, door.id)
    with pytest.raises(Gone) as refused:
        fetch(token)
    assert refused.value.code == "door_closed"
    with transaction():
        checkin.revoke_door(event.id, door.id)
    with pytest.raises(Gone):
        fetch(door)


def test_a_rooms_screen_has_no_list(ctx: Flask) -> None:
    with pytest.raises(NotFound):
        fetch(a_door(a_day(), DoorRole.SCREEN))


# --- cost ------------------------------------------------------------------------------------------------------------


def test_three_people_cost_as_many_statements_as_one(ctx: Flask, queries: Any) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90, capacity=10)
    door = a_door(event)
    token = checkin.token_of(door)
    counts = []
    for number in (1, 2):
        for _each in range(number):
            send(door, scan(code_of(join(event, session_ids=(room.id,)))))
        version = fetch(token)["version"]
        for since in (None, version):
            with queries() as run:
                found = fetch(token, since)
            assert len(found["registrations"]) == (1 if number == 1 else 3)
            counts.append(len(run))
    assert counts == [10, 10, 10, 10]


def plan_of(statement: str, values: Any) -> str:
    """How the engine would find the rows of a statement, when it has many."""
    connection = db.session.connection()
    if is_sqlite():
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(row[3] for row in rows)
    # Few rows are read whole whatever indexes there are.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))


@pytest.mark.parametrize("in_sessions", [False, True])
def test_what_changed_is_found_by_indexes(ctx: Flask, in_sessions: bool) -> None:
    event = a_day()
    with time_machine.travel(NOON - timedelta(days=20), tick=False):
        room = make.session(event, "Роботи", START, 90, capacity=10)
    token = checkin.token_of(a_door(event, session_ids=[room.id] if in_sessions else []))
    version = fetch(token)["version"]
    seen: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        seen.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        fetch(token, version)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    asking = [each for each in seen if "changed_at >=" in each[0]]
    assert len(asking) == 3  # people, places, presence
    for statement, values in asking:
        plan = plan_of(statement, values)
        assert "ix_registration_event_id_changed_at" in plan, plan
        assert "ix_attendance_event_id_changed_at" in plan, plan
        for table in ("attendance", "ticket", "registration"):
            assert not re.search(rf"SCAN {table}\b(?! USING)|Seq Scan on {table}\b", plan), plan


# --- ten thousand ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_people_are_below_a_megabyte_and_two_seconds(ctx: Flask, client: Any, capsys: Any) -> None:
    event = a_day(capacity=None)
    door = a_door(event, DoorRole.STEWARD)
    crowd.fill(event, door, NOON)
    path = f"/door/{checkin.token_of(door)}/roster"
    times, answer = [], None
    for _best in range(3):
        began = time.perf_counter()
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        times.append(time.perf_counter() - began)
    assert answer is not None
    size = len(answer.data)
    found = json.loads(gzip.decompress(answer.data))
    with later(0, seconds=1):
        began = time.perf_counter()
        difference = client.get(path, query_string={"since": found["version"]}).get_json()
        differing = time.perf_counter() - began
    with capsys.disabled():
        print(
            f"\nlist of {crowd.PARTICIPANTS} people, {db.engine.dialect.name}: {min(times):.2f} s, "
            f"{size / 1e3:.0f} kB; a difference without news {differing * 1000:.0f} ms"
        )
    assert (len(found["registrations"]), found["total"]) == (crowd.PARTICIPANTS, crowd.PARTICIPANTS)
    assert sum("present" in person for person in found["registrations"]) == crowd.PRESENT == found["present"]
    assert size < 1_000_000
    assert min(times) < 2
    assert (difference["complete"], difference["registrations"]) == (False, [])
