"""The Door tab: making and changing passes, phones, live figures, odd scans; who sees and may do what."""

import http.client
import importlib
import re
import statistics
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import waitress.server
from flask import Flask

from hubevents.accounts.models import User
from hubevents.checkin import service as checkin
from hubevents.checkin import settling
from hubevents.checkin.models import Device, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, i18n
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.hubs.rules import Role
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import Source
from hubevents.web.organiser import door_figures, door_words
from tests import make
from tests.checkin.at_doors import code_of, offline, phone, row_of, scan, send, standing_at

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def sign_in(client: Any, user: Any) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = f"{user.id}:{user.session_epoch}"
        session["_fresh"] = True


@pytest.fixture
def event(ctx: Flask) -> Event:
    now = clock.now().replace(second=0, microsecond=0)
    with clock.at(now - timedelta(days=2)):
        return make.event(make.hub(), dates=[(now - HOUR, now + 2 * HOUR)])


@pytest.fixture
def alice(event: Event, client: Any) -> Any:
    sign_in(client, make.user("alice", event.hub, language="en"))
    return client


def other(app: Flask, event: Event, role: Role, language: str = "en") -> Any:
    """A colleague of another role."""
    client = app.test_client()
    sign_in(client, make.user(f"colleague-{role.value}", event.hub, role, language=language))
    return client


def path(event: Event, rest: str = "") -> str:
    return f"/organise/zagore/events/{event.id}/door{rest}"


def text_of(client: Any, address: str) -> str:
    """The words of a page, without markup and with plain spaces."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", client.get(address).text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def only_door() -> Door:
    db.session.expire_all()
    return db.session.scalars(sa.select(Door)).one()


def a_door(event: Event, role: DoorRole = DoorRole.SCAN, name: str = "Вход А", **values: Any) -> Door:
    with clock.at(clock.now() - timedelta(days=1)), transaction():
        return checkin.make_door(event, name, role, **values)


def join(event: Event, name: str = "Мария", family: str = "Желязкова") -> Registration:
    with clock.at(clock.now() - timedelta(days=1)), transaction():
        person = registrations.Registrant(name, family, None, "bg")
        return registrations.register(event.id, person, source=Source.STAFF)


def twice(event: Event, door: Door, other_door: Door, name: str = "Мария") -> dict[str, Any]:
    """Two phones admit one ticket offline; gives the later scan."""
    person = join(event, name)
    now = clock.now()
    send(door, offline(code_of(person), now - 10 * MINUTE), device=phone("Първи"))
    late = offline(code_of(person), now - 5 * MINUTE)
    send(other_door, late, device=phone("Втори"))
    return late


# --- making and changing ---------------------------------------------------------------------------------------------


def test_an_organiser_makes_a_door_and_sees_its_code(event: Event, alice: Any) -> None:
    assert "No entrance yet" in alice.get(path(event)).text
    answer = alice.post(path(event), data={"role": "steward", "name": "", "ends": "usual"})
    door = only_door()
    assert (answer.status_code, answer.location) == (303, path(event, f"?show={door.id}#door-{door.id}"))
    assert (door.name, door.role, door.session_ids) == ("Entrance A", "steward", [])
    assert (door.reentry, door.badges, door.capacity, door.expires_chosen) == (False, False, None, False)
    page = alice.get(answer.location).text
    assert checkin.address(door) in page
    assert '<details class="door-code" data-seconds="60" open>' in page
    assert '<details class="door-code" data-seconds="60">' in alice.get(path(event)).text
    assert alice.get(path(event)).headers["Cache-Control"] == "no-store"


ROLES = {
    "scan": "Scan only Reads tickets and typed codes.",
    "search": "Scan and search Also finds people by name, organisation or mail.",
    "steward": "Scan, and let in with a reason Also registers people without a ticket, and admits who is refused;",
    "kiosk": "Self check-in Visitors hold up their own ticket; nobody stands beside it.",
    "screen": "Code on a screen A screen in the room shows a code that changes each minute;",
}


@pytest.mark.parametrize("role", [role.value for role in DoorRole])
def test_each_role_is_offered_with_a_sentence_and_made(event: Event, alice: Any, role: str) -> None:
    assert ROLES[role] in text_of(alice, path(event))
    assert alice.post(path(event), data={"role": role, "ends": "usual"}).status_code == 303
    assert only_door().role == role


def test_a_door_with_everything_chosen(event: Event, alice: Any) -> None:
    hall, lab = make.session(event, "Роботи"), make.session(event, "Лаборатория")
    ends = i18n.local(event.ends_at + timedelta(days=3), event.zone).replace(tzinfo=None)  # type: ignore[operator]
    data = {
        "role": "kiosk", "name": "Зала 2", "sessions": [str(hall.id), str(lab.id)], "reentry": "y", "badges": "y",
        "capacity": "40", "ends": "chosen", "expires": f"{ends:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert alice.post(path(event), data=data).status_code == 303
    door = only_door()
    assert (door.name, door.session_ids, door.reentry, door.badges, door.capacity) == (
        "Зала 2",
        [hall.id, lab.id],
        True,
        True,
        40,
    )
    assert (door.expires_at, door.expires_chosen) == (event.ends_at + timedelta(days=3), True)  # type: ignore[operator]
    words = text_of(alice, path(event))
    assert "Self check-in · room for 40 · coming in again allowed · prints badges" in words
    assert re.search(r"Self check-in.* · Роботи .* · Лаборатория .*Open now", words)


def test_a_door_is_changed_and_keeps_its_code(event: Event, alice: Any) -> None:
    session = make.session(event, "Роботи")
    pause = make.session(event, "Кафе", kind="break")
    door = a_door(event, DoorRole.STEWARD, badges=True)
    before = checkin.address(door)
    change = path(event, f"/{door.id}")
    assert f'href="{change}"' in alice.get(path(event)).text
    form = alice.get(change).text
    assert re.search(r'name="role" type="radio" value="steward"', form)
    assert 'value="Вход А"' in form
    assert f'value="{session.id}"' in form
    assert f'value="{pause.id}"' not in form
    data = {"role": "search", "name": "Двор", "sessions": str(session.id), "capacity": "7", "ends": "usual"}
    answer = alice.post(change, data=data)
    assert (answer.status_code, answer.location) == (303, path(event, f"#door-{door.id}"))
    door = only_door()
    assert (door.name, door.role, door.session_ids, door.capacity) == ("Двор", "search", [session.id], 7)
    assert (door.badges, checkin.address(door)) == (False, before)
    assert "The entrance is changed" in alice.get(path(event)).text


LOCAL = "%Y-%m-%dT%H:%M"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"role": "boss"}, "Not a valid choice."),
        ({"sessions": "99"}, "is not a valid choice"),
        ({"name": "x" * 81}, "longer than 80"),
        ({"capacity": "0"}, "Write a whole number from 1"),
        ({"capacity": "много"}, "Write a whole number from 1"),
        ({"ends": "chosen"}, "Write the day and the time"),
        ({"ends": "chosen", "expires": "soon"}, "Not a valid datetime value."),
        ({"ends": "chosen", "expires": "2020-01-01T10:00"}, "ended already"),
        ({"ends": "chosen", "expires": "2098-01-01T10:00"}, "at most 60 days longer"),
        ({"ends": "chosen", "expires": "0001-01-01T10:00"}, "Choose a year from"),
        ({"ends": "chosen", "expires": "2027-03-28T03:30"}, "does not exist on this day"),
    ],
)
def test_a_bad_form_comes_back_with_what_was_typed(event: Event, alice: Any, data: dict[str, str], said: str) -> None:
    data = {"role": "search", "name": "Моят вход", "ends": "usual", **data}
    answer = alice.post(path(event), data=data)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert data["name"] in answer.text
    assert db.session.scalars(sa.select(Door)).all() == []

    door = a_door(event)
    answer = alice.post(path(event, f"/{door.id}"), data=data)
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert (only_door().name, only_door().role) == ("Вход А", "scan")


def test_a_body_without_fields_is_no_fault(event: Event, alice: Any) -> None:
    assert alice.post(path(event)).status_code == 303
    assert (only_door().role, only_door().session_ids) == ("scan", [])
    assert alice.post(path(event, f"/{only_door().id}")).status_code == 303


def test_an_event_without_a_date_has_no_form(event: Event, alice: Any) -> None:
    bare = make.event(event.hub, "bez-data", dates=[])
    assert "Give the event a date first" in alice.get(path(bare)).text
    assert alice.post(path(bare), data={"role": "scan", "ends": "usual"}).status_code == 409


def test_at_most_six_fields_before_more(event: Event, alice: Any) -> None:
    make.session(event, "Роботи")
    page = alice.get(path(event)).text
    form = page[page.index('class="narrow"') :]
    shown = form[: form.index("<summary>More</summary>")]
    assert set(re.findall(r' name="(\w+)"', shown)) == {"role", "name", "sessions"}


def test_revoke_and_renew(event: Event, alice: Any, client: Any) -> None:
    door_id = a_door(event).id
    first = f"/door/{checkin.token_of(only_door())}/"
    assert client.get(first).status_code == 200
    assert alice.post(path(event, f"/{door_id}/revoke")).status_code == 303
    assert client.get(first).status_code == 410
    page = alice.get(path(event)).text
    assert (checkin.address(only_door()) in page, "Shut by the organiser" in page) == (False, True)
    assert alice.post(path(event, f"/{door_id}/renew")).status_code == 303
    assert client.get(first).status_code == 410
    assert client.get(f"/door/{checkin.token_of(only_door())}/").status_code == 200


def test_links_to_papers_stand_where_the_pages_exist_and_may_be_opened(
    event: Event, alice: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = a_door(event, badges=True)
    seen: list[tuple[str, dict[str, int]]] = []

    def address(endpoint: str, hub: str, event_id: int, **more: Any) -> str:
        if endpoint in ("door_paper", "badges"):
            seen.append((endpoint, more))
            return f"/papers/{endpoint}"
        return f"/{endpoint}"

    def a_page() -> None:
        """Stands for another module's page."""

    views = dict(app.view_functions)
    for name in ("door_paper", "badges"):
        views.pop(f"organiser.{name}", None)
    monkeypatch.setattr(app, "view_functions", views)
    monkeypatch.setattr(importlib.import_module("hubevents.web.organiser.doors"), "event_url", address)
    assert "/papers/" not in alice.get(path(event)).text
    a_page.access = views["organiser.doors"].access  # type: ignore[attr-defined]
    for name in ("door_paper", "badges"):
        views[f"organiser.{name}"] = a_page
    page = alice.get(path(event)).text
    assert (page.count("/papers/door_paper"), page.count("/papers/badges")) == (1, 2)
    assert {"door_id": door.id} in [more for endpoint, more in seen if endpoint == "door_paper"]
    a_page.access = views["organiser.settings"].access  # type: ignore[attr-defined]
    assert "/papers/" not in other(app, event, Role.ORGANISER).get(path(event)).text


# --- phones ----------------------------------------------------------------------------------------------------------


def test_phones_are_told_in_words_with_the_exact_time(event: Event, alice: Any) -> None:
    door, now = a_door(event), clock.now()
    with clock.at(now - 3 * HOUR):
        send(door, device=phone("Таблет"))
    with clock.at(now - 3 * MINUTE):
        send(door, device=phone(""))
    with transaction():
        tablet, nameless = db.session.scalars(sa.select(Device).order_by(Device.id)).all()
        tablet.queued, tablet.clock_offset, tablet.list_at = 2, 2.0 * 3600, now - 150 * MINUTE
        nameless.clock_offset = -59.0
    words = text_of(alice, path(event))
    first = door_words.at(now - 3 * HOUR, event.zone, "en")
    assert f"Таблет Here 3 hours ago, at {first}; first at {first}." in words
    assert re.search(r"Its list is from .*\d\d:\d\d \(2 hours ago\)\.", words)
    assert "2 scans wait on it Its clock is 2 hours fast." in words
    assert f"Phone without a name, {nameless.uuid[:4]} Here 3 minutes ago" in words
    assert "It has no list yet." in words
    assert words.count("Its clock is") == 1  # less than a minute is nothing


def test_a_phone_is_shut_out_and_let_in_again(event: Event, alice: Any) -> None:
    door, device = a_door(event), phone("Таблет")
    send(door, device=device)
    row = db.session.scalars(sa.select(Device)).one()
    assert "Shut this phone out" in alice.get(path(event)).text
    answer = alice.post(path(event, f"/devices/{row.id}/shut"))
    assert (answer.status_code, answer.location) == (303, path(event, f"#door-{door.id}"))
    assert "Let it in again" in alice.get(path(event)).text
    assert send(door, scan(code_of(join(event))), device=device).verdicts[0]["reason"] == "quarantined"
    assert alice.post(path(event, f"/devices/{row.id}/open")).status_code == 303
    assert "Let it in again" not in alice.get(path(event)).text
    assert send(door, scan(code_of(join(event))), device=device).verdicts[0]["reason"] is None


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(hours=49), "2 days ago"),
    ],
)
def test_how_long_ago(app: Flask, ago: timedelta, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert door_words.ago(clock.now() - ago) == words


# --- odd scans -------------------------------------------------------------------------------------------------------


def test_two_phones_are_named_with_their_times_and_settled(event: Event, alice: Any) -> None:
    late = twice(event, a_door(event), a_door(event, name="Двор"))
    now = clock.now()
    early_at, late_at = (door_words.at(now - n * MINUTE, event.zone, "en") for n in (10, 5))
    words = text_of(alice, path(event))
    assert "Мария Желязкова One ticket, admitted twice" in words
    told = f"Let in twice: {early_at}, “Вход А” (Първи), and {late_at}, “Двор” (Втори). The earlier entry counts."
    assert told in words
    assert "To settle 1" in words
    row = row_of(late)
    answer = alice.post(path(event, f"/scans/{row.id}/settle"), data={"decision": "kept", "note": " Видях ги \0 "})
    assert (answer.status_code, answer.location) == (303, path(event, "#to-settle"))
    row = row_of(late)
    assert (row.settled_as, row.note, row.settled_by.name) == ("kept", "Видях ги", "Alice")  # type: ignore[union-attr]
    words = text_of(alice, path(event))
    assert "It stays as it is." in words
    assert "The earlier entry counts." not in words
    assert re.search(
        r"Settled .* Мария Желязкова One ticket, admitted twice Left as it was Note: Видях ги Alice,", words
    )
    # Pressed again, and then otherwise.
    assert alice.post(path(event, f"/scans/{row.id}/settle"), data={"decision": "kept"}).status_code == 303
    alice.post(path(event, f"/scans/{row.id}/settle"), data={"decision": "dropped"})
    assert "A colleague has settled this scan already" in alice.get(path(event)).text
    assert row_of(late).undone_at is None


def told(client: Any, event: Event) -> list[str]:
    """Title and sentence of every odd scan."""
    page = client.get(path(event)).text
    parts = re.findall(r"<h3>[^<]*</h3>\s*<p>(<strong>.*?)</p>", page, re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part))).strip() for part in parts]


def test_each_kind_of_odd_scan_in_a_sentence(event: Event, alice: Any) -> None:
    door, shut_door = a_door(event, DoorRole.STEWARD), a_door(event, DoorRole.STEWARD, "Затворен")
    now = clock.now()
    at = {n: door_words.at(now - n * MINUTE, event.zone, "en") for n in range(9)}
    cancelled, refused, left, wrong = (join(event, name) for name in ("Ана", "Иво", "Петя", "Рада"))
    with transaction():
        registrations.cancel(cancelled.id, by="person")
        checkin.revoke_door(event.id, shut_door.id)
    told_in = offline(code_of(join(event, "Яна")), now - 2 * MINUTE, shown="already_in")
    send(door, offline(code_of(cancelled), now - 8 * MINUTE), device=phone("Телефон"))
    send(door, offline(code_of(refused), now - 7 * MINUTE, shown="refused"))
    send(door, offline(code_of(left), now - 6 * MINUTE, shown="left", direction="out"))
    send(door, offline("ZZZZ-ZZZZ", now - 5 * MINUTE, method="code"))
    send(shut_door, scan(at=now - 4 * MINUTE, walk_in={"first_name": "Борис", "last_name": "Нов"}, shown="admitted"))
    send(shut_door, offline(code_of(wrong), now - 3 * MINUTE, shown="already_in"))
    send(door, told_in)
    kept_at = clock.now()
    send(door, offline(code_of(join(event, "Часовник")), datetime(2001, 1, 1, 8, tzinfo=now.tzinfo)))
    said = told(alice, event)
    doubtful = said.pop(0)
    assert doubtful.startswith(
        "A time that cannot be right The clock of the phone said 1 January 2001, 10:00. Kept is "
    )
    assert door_words.at(kept_at, event.zone, "en")[:2] in doubtful
    assert said == [
        f"Turned away with a good ticket Told “already in”: {at[2]}, “Вход А”; but nobody noted an entry."
        " It does not count as presence.",
        f"From a phone that was shut out Scanned: {at[3]}, “Затворен”; sent after it was shut. It does not count."
        " The phone had said: “Already in”.",
        f"Registered at a shut entrance Scanned: {at[4]}, “Затворен”; sent after it was shut. It does not count."
        " The phone had said: “Admitted”.",
        f"Let in, though the list says otherwise Let in: {at[5]}, “Вход А”, by a phone without a connection."
        " The server's answer: “Unknown code”. It does not count as presence.",
        f"Left without having come in Left: {at[6]}, “Вход А”; nobody noted the entry.",
        f"Turned away with a good ticket Turned away: {at[7]}, “Вход А”, by a phone without a connection."
        " It does not count as presence.",
        f"Let in, though the list says otherwise Let in: {at[8]}, “Вход А” (Телефон), by a phone without a connection."
        " The server's answer: “Registration cancelled”. It counts as presence.",
    ]
    page = alice.get(path(event)).text
    buttons = re.findall(r'name="decision" value="(\w+)"', page)
    assert Counter(buttons) == {"kept": 9, "counted": 5, "dropped": 3}  # with both for the shut door together
    assert "Борис Нов" in page


def test_a_walk_in_without_all_that_the_form_asks_for(event: Event, alice: Any) -> None:
    with transaction():
        db.session.get_one(Event, event.id).ask_phone = "required"  # type: ignore[assignment]
    item = scan(at=clock.now(), walk_in={"first_name": "Борис", "last_name": "Нов"}, shown="admitted")
    send(a_door(event, DoorRole.STEWARD), item)
    assert ["without all that the form asks for" in each for each in told(alice, event)] == [True]


def test_all_of_a_shut_phone_are_settled_with_one_press(event: Event, alice: Any) -> None:
    door, device = a_door(event), phone("Таблет")
    send(door, device=device)
    with transaction():
        checkin.shut_device(event.id, db.session.scalars(sa.select(Device.id)).one())
    send(door, *(offline(code_of(join(event, name)), clock.now()) for name in ("Ана", "Иво")), device=device)
    assert "2 scans of “Вход А” (Таблет) do not count, because it was shut." in text_of(alice, path(event))
    device_id = db.session.scalars(sa.select(Device.id)).one()
    data = {"decision": "counted", "device": str(device_id)}
    assert alice.post(path(event, f"/{door.id}/settle"), data=data).status_code == 303
    words = text_of(alice, path(event))
    assert ("2 scans are settled." in words, "Came today 2" in words) == (True, True)
    assert settling.count_open(event.id) == 0


@pytest.mark.parametrize("decision", ["", "undone", "counted\0"])
def test_a_decision_that_is_none_is_refused(event: Event, alice: Any, decision: str) -> None:
    late = twice(event, a_door(event), a_door(event, name="Двор"))
    row = row_of(late)
    for address in (f"/scans/{row.id}/settle", f"/{row.door_id}/settle"):
        assert alice.post(path(event, address), data={"decision": decision}).status_code == 303
        assert "This cannot be decided about this scan." in alice.get(path(event)).text
    alice.post(path(event, f"/scans/{row.id}/settle"), data={"decision": "counted"})
    assert "This cannot be decided about this scan." in alice.get(path(event)).text
    assert row_of(late).settled_at is None


def test_open_conflicts_stand_among_what_needs_me_today(event: Event, alice: Any, app: Flask) -> None:
    home = "/organise/zagore/"
    assert "to settle" not in alice.get(home).text
    late = twice(event, a_door(event), a_door(event, name="Двор"))
    words = text_of(alice, home)
    assert "One scan to settle At the door of “Lecture lekciya” the phones and the list disagree. Settle" in words
    assert f'href="{path(event, "#to-settle")}"' in alice.get(home).text
    for role in (Role.REPORTER, Role.DOOR):
        assert "scan to settle" not in other(app, event, role).get(home).text
    alice.post(path(event, f"/scans/{row_of(late).id}/settle"), data={"decision": "kept"})
    assert "scan to settle" not in alice.get(home).text


# --- figures ---------------------------------------------------------------------------------------------------------


def test_the_json_holds_figures_and_names_nobody(event: Event, alice: Any) -> None:
    hall = make.session(event, "Зала", clock.now() - HOUR, capacity=30)
    door, room = a_door(event), a_door(event, DoorRole.SCAN, "Зала", session_ids=[hall.id])
    maria = join(event)
    at = clock.now() - 10 * MINUTE
    send(door, scan(code_of(maria), at))
    late = twice(event, door, a_door(event, name="Двор"), "Иво")
    answer = alice.get(path(event, "/figures"))
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    found = answer.json
    assert set(found) == {"inside", "came", "expected", "to_settle", "doors", "sessions", "arrivals"}
    assert (found["inside"], found["came"], found["expected"], found["to_settle"]) == (2, 2, 2, 1)
    assert found["doors"] == {str(door.id): 2, str(room.id): 0, str(row_of(late).door_id): 2}
    assert sum(number for _time, number in found["arrivals"]) == 2
    part = i18n.local(at, event.zone)
    assert found["arrivals"][0][0] == f"{part.replace(minute=part.minute // 5 * 5):%H:%M}"
    for name in ("Мария", "Желязкова", "Иво", "Вход", "Първи", "Зала"):
        assert name not in answer.text


def test_the_same_figures_are_304_until_something_changes(event: Event, alice: Any) -> None:
    door = a_door(event)
    now = clock.now()
    with standing_at(now):
        tag = alice.get(path(event, "/figures")).headers["ETag"]
        assert alice.get(path(event, "/figures"), headers={"If-None-Match": tag}).status_code == 304
        send(door, scan(code_of(join(event)), now))
    with standing_at(now + timedelta(seconds=door_figures.KEPT_FOR)):
        answer = alice.get(path(event, "/figures"), headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json["came"], answer.headers["ETag"] != tag) == (200, 1, True)


def test_one_computation_serves_everybody_for_two_seconds(event: Event, alice: Any, queries: Any) -> None:
    """The first asks for figures, the others only whether they may see them."""
    a_door(event)
    event_id = event.id
    address = path(event, "/figures")
    moment = datetime.fromtimestamp(int(clock.now().timestamp()) // 2 * 2 + 2, clock.now().tzinfo)
    costs = []
    for seconds in (0, 0, 1, 2, 3):
        with standing_at(moment + timedelta(seconds=seconds)), queries() as seen:
            assert alice.get(address).status_code in (200, 304)
        costs.append(sum("FROM attendance" in statement for statement in seen.statements))
    assert (costs, event_id) == ([2, 0, 0, 2, 0], event.id)
    assert len(seen) == 2


def test_figures_of_another_hub_are_not_found(event: Event, alice: Any, app: Flask) -> None:
    assert alice.get(path(event, "/figures")).status_code == 200
    charlie = app.test_client()
    sign_in(charlie, make.user("charlie", make.hub("sliven"), language="en"))
    for rest in ("", "/figures", "/counter"):
        assert charlie.get(f"/organise/sliven/events/{event.id}/door{rest}").status_code == 404
        assert charlie.get(path(event, rest)).status_code == 404
        assert alice.get(f"/organise/zagore/events/{event.id + 99}/door{rest}").status_code == 404


def test_the_big_counter_of_the_event_and_of_a_session(event: Event, alice: Any, app: Flask) -> None:
    hall = make.session(event, "Зала", clock.now() - HOUR)
    door, room = a_door(event), a_door(event, DoorRole.SCAN, "Зала", session_ids=[hall.id])
    people = [join(event, name) for name in ("Ана", "Иво", "Рада")]
    send(door, *(scan(code_of(each), clock.now()) for each in people))
    send(room, scan(code_of(people[0]), clock.now()))
    words = text_of(alice, path(event, "/counter"))
    assert "Lecture lekciya 3 inside now came today 3 · with a place 3" in words
    session_page = alice.get(path(event, f"/counter?session={hall.id}"))
    assert f'data-session="{hall.id}"' in session_page.text
    assert "Зала 1 inside now came today 1 " in text_of(alice, path(event, f"/counter?session={hall.id}"))
    assert alice.get(path(event, "/counter?session=99")).status_code == 404
    assert path(event, f"/counter?session={hall.id}") in alice.get(path(event)).text
    for page in (session_page.text, alice.get(path(event, "/counter")).text):
        assert not re.search("Ана|Иво|Рада", page)
    assert other(app, event, Role.DOOR).get(path(event, "/counter")).status_code == 200
    assert app.test_client().get(path(event, "/counter")).status_code == 303


def test_arrivals_stand_in_a_table_and_for_the_chart(event: Event, alice: Any) -> None:
    assert "Nobody has come yet today." in text_of(alice, path(event))
    door, now = a_door(event), clock.now()
    send(door, *(scan(code_of(join(event, f"Гост{n}")), now - n * MINUTE) for n in (1, 1, 15)))
    page = alice.get(path(event)).text
    body = page[page.index('class="arrivals-table"') :]
    rows = re.findall(r'<tr><td>([\d:]+)</td><td class="n">(\d+)</td><td class="n">(\d+)</td></tr>', body)
    assert [(number, total) for _time, number, total in rows] in (
        [("1", "1"), ("2", "3")],
        [("1", "1"), ("1", "2"), ("1", "3")],
    )
    assert page.count("chart.") >= 1
    assert re.search(r"<p data-nobody hidden>", page)


# --- the last scans, and who sees what -------------------------------------------------------------------------------


def test_the_last_scans_name_phone_and_colleague(event: Event, alice: Any) -> None:
    send(a_door(event), scan(code_of(join(event)), clock.now()), device=phone("Таблет"))
    with transaction():
        row = db.session.scalars(sa.select(Scan)).one()
        row.user_id = db.session.scalars(sa.select(User.id)).one()
    assert re.search(r"Мария Желязкова Admitted Вход А, Таблет, Alice", text_of(alice, path(event)))


def test_door_staff_sees_doors_and_figures_but_no_names(event: Event, alice: Any, app: Flask) -> None:
    late = twice(event, a_door(event), a_door(event, name="Двор"))
    bob = other(app, event, Role.DOOR)
    page = bob.get(path(event)).text
    assert checkin.address(db.session.scalars(sa.select(Door)).first()) in page  # type: ignore[arg-type]
    assert "Inside now" in page
    assert not re.search("Желязкова|To settle|Last scans|Settled|New entrance|Shut this phone out|/change", page)
    assert bob.get(path(event, "/figures")).json["to_settle"] == 1
    row = row_of(late)
    for rest in (
        "", f"/{row.door_id}", f"/{row.door_id}/revoke", f"/{row.door_id}/renew", f"/devices/{row.device_id}/shut",
        f"/devices/{row.device_id}/open", f"/scans/{row.id}/settle", f"/{row.door_id}/settle",
    ):  # fmt: skip
        assert bob.post(path(event, rest), data={"decision": "kept", "role": "scan"}).status_code == 403
    assert bob.get(path(event, f"/{row.door_id}")).status_code == 403
    assert other(app, event, Role.REPORTER).get(path(event)).status_code == 403


def test_other_hubs_and_events_are_not_found(event: Event, alice: Any, app: Flask) -> None:
    late = twice(event, a_door(event), a_door(event, name="Двор"))
    row = row_of(late)
    second = make.event(event.hub, "drugo")
    charlie = app.test_client()
    sign_in(charlie, make.user("charlie", make.hub("sliven"), language="en"))
    data = {"decision": "kept", "role": "scan", "name": "Чужд", "ends": "usual"}
    for rest in (
        f"/{row.door_id}", f"/{row.door_id}/revoke", f"/{row.door_id}/renew", f"/devices/{row.device_id}/shut",
        f"/devices/{row.device_id}/open", f"/scans/{row.id}/settle",
    ):  # fmt: skip
        assert alice.post(path(second, rest), data=data).status_code == 404
        assert charlie.post(path(event, rest), data=data).status_code == 404
        assert charlie.post(f"/organise/sliven/events/{event.id}/door{rest}", data=data).status_code == 404
    db.session.expire_all()
    assert [(door.name, door.revoked_at) for door in db.session.scalars(sa.select(Door).order_by(Door.id))] == [
        ("Вход А", None),
        ("Двор", None),
    ]
    assert row_of(late).settled_at is None


def test_one_and_three_of_everything_cost_the_same(event: Event, alice: Any, queries: Any) -> None:
    costs = []
    for number in (1, 2):
        for n in range(number):
            hall = make.session(event, f"Зала {number}{n}", clock.now() - HOUR)
            door, room = a_door(event), a_door(event, name="Зала", session_ids=[hall.id])
            twice(event, door, door, f"Гост{number}{n}")
            settled = twice(event, door, door, f"Друг{number}{n}")
            alice.post(path(event, f"/scans/{row_of(settled).id}/settle"), data={"decision": "kept"})
            send(room, scan(code_of(join(event)), clock.now()), device=phone())
        address = path(event)
        with queries() as seen:
            page = alice.get(address).text
        doors, conflicts = len(re.findall(r'id="door-\d+"', page)), len(re.findall(r'id="scan-\d+"', page))
        with queries() as small:
            alice.get(path(event, "/counter"))
        costs.append((doors, conflicts, len(seen), len(small)))
    assert costs[0][:2] < costs[1][:2]
    assert costs[0][2:] == costs[1][2:]


# --- fifty who look --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fifty_viewers_look_on_while_people_come(event: Event, alice: Any, app: Flask, capsys: Any) -> None:
    """Fifty pages ask over real connections, as often in two seconds as they would in twenty, while scans go on."""
    door = a_door(event)
    codes = [code_of(join(event, f"Гост{n}")) for n in range(40)]
    cookie = alice.get_cookie("hubevents") or alice.get_cookie("session")
    token, address = checkin.token_of(door), path(event, "/figures")
    db.session.rollback()
    server = waitress.server.create_server(app, host="127.0.0.1", port=0, threads=8)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    statuses: Counter[int] = Counter()
    took: list[float] = []
    seen: list[int] = []
    computed: Counter[str] = Counter()

    def note(*executed: Any) -> None:
        computed["attendance"] += "FROM attendance" in executed[2] and "GROUP BY attendance.session_id" in executed[2]

    def look() -> None:
        connection, tag = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=30), ""
        for _turn in range(4):
            began = time.perf_counter()
            headers = {"Cookie": f"{cookie.key}={cookie.value}", "If-None-Match": tag}
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            took.append(time.perf_counter() - began)
            statuses[answer.status] += 1
            tag = answer.headers["ETag"]
            if body:
                seen.append(body.count(b"inside"))
        connection.close()

    def people_come() -> None:
        with app.app_context():
            for code in codes:
                send(token, scan(code, clock.now()))
            db.session.remove()

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    began = time.perf_counter()
    try:
        threads = [threading.Thread(target=look) for _ in range(50)] + [threading.Thread(target=people_come)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        server.trigger.pull_trigger(server.close)
        running.join(5)
        server.task_dispatcher.shutdown()
    seconds = time.perf_counter() - began
    took.sort()
    with capsys.disabled():
        print(
            f"\n50 viewers, {len(took)} questions in {seconds:.1f} s: median {statistics.median(took) * 1000:.0f} ms,"
            f" p95 {took[int(len(took) * 0.95)] * 1000:.0f} ms, {computed['attendance']} computations, {dict(statuses)}"
        )
    assert set(statuses) <= {200, 304}
    assert statuses.total() == 200
    assert seen
    assert computed["attendance"] <= seconds / door_figures.KEPT_FOR + 2
    assert took[int(len(took) * 0.95)] < 5
