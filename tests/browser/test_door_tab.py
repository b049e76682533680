"""The Door tab that stays open: figures go on by themselves and say when they are old; the chart follows the look."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.registrations import service as registrations
from hubevents.registrations.rules import Source
from tests import make
from tests.browser.conftest import Live
from tests.checkin.at_doors import code_of, offline, scan, send

DRAWN = """() => {
  const canvas = document.querySelector(".arrivals-chart canvas");
  const one = document.createElement("canvas").getContext("2d");
  one.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--hub").trim();
  one.fillRect(0, 0, 1, 1);
  const [red, green, blue] = one.getImageData(0, 0, 1, 1).data;
  const seen = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  for (let at = 0; at < seen.length; at += 4)
    if (seen[at] === red && seen[at + 1] === green && seen[at + 2] === blue && seen[at + 3] === 255) return true;
  return false;
}"""
"""Whether a bar of the chart has the hub's colour of the look in force."""


@pytest.fixture
def event_id(live: Live, page: Page) -> int:
    """An event that is on, with two doors; alice is signed in and the page's clock is ours."""
    now = clock.now()
    with live.app.app_context():
        with clock.at(now - timedelta(days=1)):
            event = make.event(make.hub(), dates=[(now - timedelta(hours=1), now + timedelta(hours=2))])
            with transaction():
                for name in ("Вход А", "Двор"):
                    checkin.make_door(event, name, DoorRole.SCAN)
        make.user("alice", event.hub, language="en")
        id = event.id
        db.session.remove()
    live.app.extensions["public_values"].clear()
    page.goto(live.url("/organise/sign-in"))
    page.locator("#email").fill("alice@example.org")
    page.locator("#password").fill(make.PASSWORD)
    page.locator("main [type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.clock.install()
    return id


def come(live: Live, event_id: int, name: str, *, turned_away: bool = False) -> None:
    """Somebody comes in at the first door, or is turned away by a phone although the ticket is good."""
    with live.app.app_context():
        with clock.at(clock.now() - timedelta(hours=2)), transaction():
            person = registrations.Registrant(name, "Желязкова", None, "bg")
            made = registrations.register(event_id, person, source=Source.STAFF)
        door = db.session.scalars(sa.select(Door).order_by(Door.id)).first()
        assert door is not None
        code, now = code_of(made), clock.now()
        send(door, offline(code, now, shown="refused") if turned_away else scan(code, now))
        db.session.remove()
    # Two seconds later for the server, whose clock is not the page's.
    live.app.extensions["public_values"].clear()


def test_figures_go_on_and_the_chart_is_drawn_in_both_looks(live: Live, page: Page, event_id: int) -> None:
    page.goto(live.url(f"/organise/zagore/events/{event_id}/door"))
    inside, came = page.locator(".door-inside dd"), page.locator("dd[data-figure=came]")
    expect(inside).to_have_text("0")
    expect(page.locator("[data-nobody]")).to_be_visible()
    expect(page.locator(".arrivals-chart")).to_be_hidden()

    come(live, event_id, "Мария")
    come(live, event_id, "Иво")
    page.clock.run_for(5_100)
    expect(inside).to_have_text("2")
    expect(came).to_have_text("2")
    expect(page.locator("[data-door]").nth(1)).to_have_text("2")
    expect(page.locator(".arrivals-table tbody tr").last.locator("td").last).to_have_text("2")
    expect(page.locator("[data-nobody]")).to_be_hidden()
    expect(page.locator(".arrivals-chart canvas")).to_be_visible()
    assert page.evaluate(DRAWN)
    page.emulate_media(color_scheme="dark")
    page.clock.run_for(100)
    assert page.evaluate(DRAWN)

    expect(page.locator(".door-odd")).to_be_hidden()
    come(live, event_id, "Ана", turned_away=True)
    page.clock.run_for(5_100)
    expect(page.locator(".door-odd dd")).to_have_text("1")
    expect(inside).to_have_text("2")


def test_without_a_connection_the_figures_say_that_they_are_old(live: Live, page: Page, event_id: int) -> None:
    page.goto(live.url(f"/organise/zagore/events/{event_id}/door/counter"))
    number, note = page.locator("[data-figure=inside]"), page.locator("[data-lost-note]")
    expect(number).to_have_text("0")
    page.route("**/door/figures", lambda route: route.abort())
    page.clock.run_for(5_100)
    expect(note).to_contain_text("No connection since")
    page.unroute("**/door/figures")
    for name in "АБВГДЕЖЗИК":
        come(live, event_id, name)
    page.clock.run_for(10_100)
    expect(number).to_have_text("10")
    expect(number).to_have_attribute("data-digits", "2")
    expect(note).to_be_hidden()
    page.context.clear_cookies()
    page.clock.run_for(5_100)
    expect(note).to_have_text("You are signed out. Load the page again.")


def test_the_code_hides_itself_after_a_minute(live: Live, page: Page, event_id: int) -> None:
    page.goto(live.url(f"/organise/zagore/events/{event_id}/door"))
    code = page.locator("details.door-code").first
    code.locator("summary").click()
    expect(code.locator("svg.qr")).to_be_visible()
    page.clock.run_for(59_000)
    expect(code.locator("svg.qr")).to_be_visible()
    page.clock.run_for(1_500)
    expect(code.locator("svg.qr")).to_be_hidden()
