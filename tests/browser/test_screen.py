"""The room's screen in a real Chromium: the code turns with the minute, and none outlives its time offline."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from playwright.sync_api import Browser, Page, Route, expect

from hubevents.checkin import selfcheck
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import links, tokens
from hubevents.core.db import db, transaction
from hubevents.registrations import service as registrations
from hubevents.registrations.rules import Source
from tests import make
from tests.browser.conftest import Live

NOW = make.sofia(2026, 10, 14, 10, 30).replace(second=20)
STEP = 5


@dataclass
class Room:
    """A screen on the wall whose clock and the server's are moved together."""

    live: Live
    page: Page
    travel: Any
    door_id: int
    path: str
    mine: str
    """The address of a personal page."""

    def open(self) -> None:
        self.page.clock.install(time=NOW)
        self.page.goto(self.live.url(self.path) + "?lang=en")

    def wait(self, seconds: int) -> None:
        """Time passes, in steps short enough for what the page asks on the way."""
        for _step in range(seconds // STEP):
            self.travel.shift(STEP)
            self.page.clock.run_for(STEP * 1000)
            self.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(resolve))")

    def code(self) -> str:
        """What the server would show now, as the screen writes it."""
        with self.live.app.app_context():
            found = selfcheck.screen(db.session.get_one(Door, self.door_id), "en").code
            db.session.remove()
        assert found is not None
        return f"{found[:3]} {found[3:]}"


@pytest.fixture
def room(live: Live, page: Page) -> Iterator[Room]:
    with time_machine.travel(NOW, tick=False) as travel:
        with live.app.app_context():
            dates = [(make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 17))]
            title = make.both("Умна Тракия", "Smart Thrace")
            event = make.event(make.hub(), title=title, dates=dates)
            with transaction():
                door = checkin.make_door(event, "Екран", DoorRole.SCREEN)
                person = registrations.Registrant("Мария", "Желязкова", None, "bg")
                maria = registrations.register(event.id, person, source=Source.STAFF)
            path = links.path(links.DOOR, token=checkin.token_of(door))
            token = tokens.link(tokens.REGISTRATION, maria.id, maria.link_version)
            mine = links.path(links.REGISTRATION, lang="en", token=token)
            id = door.id
            db.session.remove()
        page.set_viewport_size({"width": 1280, "height": 720})
        yield Room(live, page, travel, id, path, mine)


def digits(page: Page) -> Any:
    return page.locator("#code")


def test_the_code_turns_with_the_minute_and_fills_the_wall(room: Room) -> None:
    room.open()
    first = room.code()
    expect(digits(room.page)).to_have_text(first)
    box = digits(room.page).locator("span").last.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] > 0.8 * 1280
    assert box["height"] > 0.3 * 720
    room.wait(45)
    assert room.code() != first
    expect(digits(room.page)).to_have_text(room.code())
    expect(room.page.locator("#net")).to_be_hidden()
    room.wait(60)
    expect(digits(room.page)).to_have_text(room.code())


def test_the_bar_runs_down_until_the_next_code(room: Room) -> None:
    room.open()
    left = room.page.locator("#left")
    assert left.evaluate("(bar) => bar.value") == pytest.approx(40, abs=2)
    room.wait(15)
    assert left.evaluate("(bar) => bar.value") == pytest.approx(25, abs=2)


def portal(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to our network</h1>")


@pytest.mark.parametrize("lost", [lambda route: route.abort(), portal, lambda route: route.fulfill(status=502)],
                         ids=["no network", "captive portal", "bad gateway"])  # fmt: skip
def test_without_network_it_says_so_and_no_code_outlives_its_time(room: Room, lost: Callable[[Route], None]) -> None:
    room.open()
    first = room.code()
    room.page.route("**/screen?*", lost)
    room.wait(45)
    expect(room.page.locator("#net")).to_have_text("No connection")
    expect(digits(room.page)).to_have_text(first)  # good still
    room.wait(60)
    # Two minutes after its own began the code is gone, and the server would take it for one minute more.
    expect(digits(room.page)).to_be_hidden()
    expect(room.page.locator("#note")).to_have_text("The code comes back with the connection.")
    room.wait(300)
    expect(digits(room.page)).to_be_hidden()
    room.page.unroute("**/screen?*")
    room.wait(20)
    expect(digits(room.page)).to_have_text(room.code())
    expect(room.page.locator("#note")).to_be_hidden()
    expect(room.page.locator("#net")).to_be_hidden()


def test_a_computer_that_slept_shows_no_old_code(room: Room) -> None:
    room.open()
    room.page.route("**/screen?*", lambda route: route.abort())
    room.travel.shift(3600)
    room.page.clock.set_system_time(NOW.timestamp() + 3600)  # timers stood still, the clock on the wall did not
    room.page.clock.run_for(1500)
    expect(digits(room.page)).to_be_hidden()


def test_a_revoked_pass_takes_the_code_away(room: Room) -> None:
    room.open()
    with room.live.app.app_context():
        with transaction():
            door = db.session.get_one(Door, room.door_id)
            checkin.revoke_door(door.event_id, door.id)
        db.session.remove()
    room.wait(25)
    expect(digits(room.page)).to_be_hidden()
    expect(room.page.locator("#note")).to_have_text("This pass has ended. Ask the organiser for a new one.")


def test_without_javascript_the_page_turns_by_itself(room: Room, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    room.travel.shift(38)  # two seconds to the turn: the page asks to be loaded in three
    page.goto(room.live.url(room.path))
    first = room.code()
    expect(digits(page)).to_have_text(first)
    room.travel.shift(3)
    assert room.code() != first
    expect(digits(page)).to_have_text(room.code(), timeout=8_000)
    assert refused == []
    context.close()


@pytest.mark.parametrize("with_javascript", [True, False])
def test_the_code_is_typed_on_a_phone(room: Room, browser: Browser, with_javascript: bool) -> None:
    context = browser.new_context(
        java_script_enabled=with_javascript, locale="en-GB", viewport={"width": 375, "height": 700}
    )
    page = context.new_page()
    page.goto(room.live.url(room.mine))
    field = page.get_by_label("Type the code on the room's screen")
    field.fill(room.code())
    assert field.evaluate("(input) => getComputedStyle(input).fontVariantNumeric") == "tabular-nums"
    page.get_by_role("button", name="I am here").click()
    expect(page.locator(".flash")).to_have_text("Checked in to “Smart Thrace” at 10:30. Welcome!")
    page.get_by_label("Type the code on the room's screen").press("Enter")
    expect(page.locator(".err")).to_have_text(re.compile("Type the six digits on the screen."))
    context.close()
    with room.live.app.app_context():
        kept = db.session.execute(sa.select(Scan.verdict, Scan.method, Scan.door_id)).all()
        db.session.remove()
    assert [tuple(row) for row in kept] == [("admitted", "self", room.door_id)]
    room.open()
    expect(room.page.locator("#tally")).to_have_text("1 checked in")
