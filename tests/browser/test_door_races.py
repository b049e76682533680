"""The scanner when two things happen at once: presses, answers, tabs, a cut database, a new pass (INTEROP part 3)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionStatus
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock
from hubevents.core.db import db
from hubevents.events.models import Event
from hubevents.registrations.models import Registration
from tests import make
from tests.browser.conftest import Live
from tests.browser.stage import Stage, opened, phone, sent, set_up, stored, waiting, wedge
from tests.browser.test_door import Cameras, picture
from tests.browser.test_offline import TITLE, drained, taken


@pytest.fixture
def stage(live: Live) -> Stage:
    return set_up(live)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = phone(browser)
    yield made
    made.close()


PROXY = {"status": 404, "content_type": "text/plain", "body": "404 page not found"}


def test_d42_a_404_of_a_proxy_ends_no_pass(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url())
    context.route("**/door/**", lambda route: route.fulfill(**PROXY))
    wedge(page, stage.maria)
    expect(page.locator("#net")).to_contain_text("Няма връзка")
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    assert len(stored(page, "people")) == 2
    # Nor does it take the page out of the cache.
    page.reload()
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_contain_text("Вече вътре от")
    context.unroute("**/door/**")
    drained(page)
    assert stage.present() == 1


def test_d43_a_pass_that_ended_while_the_phone_was_off_still_gets_its_scans_sent(
    stage: Stage, context: BrowserContext
) -> None:
    page = opened(context.new_page(), stage.url("steward"))
    context.set_offline(True)
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    page.goto("about:blank")

    def end() -> None:
        door = db.session.scalars(sa.select(Door).where(Door.role == DoorRole.STEWARD)).one()
        door.expires_at = clock.now()

    stage.within(end)
    context.set_offline(False)
    page.goto(stage.url("steward"))
    expect(page.locator("#trouble")).to_contain_text("Достъпът през този вход е приключил", timeout=20_000)
    expect(page.locator("body")).to_have_attribute("data-waiting", "0")
    assert stage.present() == 1
    expect(page.locator("body[data-ready=true]")).to_be_attached(timeout=20_000)
    assert stored(page, "people") == stored(page, "scans") == []
    page.reload()
    expect(page.locator("h1")).to_have_text("Този вход е затворен")


def test_a_pass_that_was_prolonged_opens_again(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url())
    page.goto("about:blank")

    def prolong() -> None:
        for door in db.session.scalars(sa.select(Door)):
            door.expires_at += timedelta(days=2)

    stage.within(prolong)
    page.add_init_script(
        # By its own clock, which is right by the way, the phone's list ended an hour ago.
        "const open = IDBObjectStore.prototype.getAll; if (!sessionStorage.once) IDBObjectStore.prototype.getAll = "
        "function (...how) { const found = open.apply(this, how); if (this.name === 'lists') "
        "found.addEventListener('success', () => found.result.forEach(({ head }) => "
        "(head.door.ends_at = new Date(Date.now() - 3600_000).toISOString()))); return found }; sessionStorage.once = 1"
    )
    page.goto(stage.url())
    wedge_when_ready(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")


def wedge_when_ready(page: Page, code: str) -> None:
    expect(page.locator("#expected")).to_have_text("1")
    expect(page.locator("#list-age")).not_to_be_empty(timeout=20_000)
    expect(page.locator("body[data-ready=true]")).to_be_attached(timeout=20_000)
    wedge(page, code)


def test_a_renewed_pass_beside_the_old_one_keeps_its_list(stage: Stage, context: BrowserContext) -> None:
    stage.crowd(3)
    old = opened(context.new_page(), stage.url())

    def renew() -> str:
        door = db.session.scalars(sa.select(Door).where(Door.role == DoorRole.SCAN)).one()
        return checkin.address(checkin.renew_door(stage.event_id, door.id))

    new = opened(context.new_page(), stage.within(renew))
    assert len(stored(new, "people")) == 5
    old.evaluate("dispatchEvent(new Event('online'))")
    expect(old.locator("#trouble")).to_contain_text("Достъпът през този вход е приключил", timeout=20_000)
    # Somebody changed: the difference finds nothing to be added to.
    stage.within(lambda: db.session.execute(sa.update(Registration).values(changed_at=clock.now())))
    for _ in range(2):
        with new.expect_response("**/roster**"):
            new.evaluate("dispatchEvent(new Event('online'))")
        expect(new.locator("#net")).to_contain_text("Има връзка")
    new.wait_for_timeout(200)
    assert len(stored(new, "people")) == 5
    assert stored(new, "lists")[0]["head"]["total"] == 5


def test_a_slow_list_holds_up_no_scan(stage: Stage, context: BrowserContext) -> None:
    page = context.new_page()
    held: list[Route] = []
    page.route("**/roster**", lambda route: held.append(route))
    page.goto(stage.url())
    taken(page, held)
    # Without a list the server alone knows, and it is asked at once.
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    assert stage.scans() == [("admitted", None)]


def test_d46_a_storage_that_is_full_or_cut_off(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url())
    # A newer version of the app in another tab takes the database over.
    page.evaluate(
        "new Promise((done) => { const request = indexedDB.open('hubevents-door', 2); "
        "request.onsuccess = () => { request.result.close(); done() } })"
    )
    context.set_offline(True)
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    assert waiting(page) == 1
    page.reload()
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_contain_text("Вече вътре от")
    # Now there is no room: nothing new is taken, but what waits goes up, and a list stays at work.
    page.evaluate(
        "() => { IDBObjectStore.prototype.put = function () "
        "{ this.transaction.abort(); throw new DOMException('', 'QuotaExceededError') } }"
    )
    stage.crowd(1)
    context.set_offline(False)
    expect(page.locator("#warning")).to_contain_text("Паметта на телефона е пълна", timeout=20_000)
    expect(page.locator("#net")).to_contain_text("Има връзка")
    assert waiting(page) == 0
    assert stage.present() == 1


def test_d05_what_is_pressed_twice_is_one_scan(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url("steward"))
    twice = "(button) => { button.click(); button.click() }"
    page.get_by_role("button", name="Търси по име").click()
    page.keyboard.type("желяз")
    # The list comes anew and says the same: nothing moves under the finger.
    button = page.locator("#hits button").element_handle()
    with page.expect_response("**/roster**"):
        page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(200)
    assert button.evaluate("(button) => button.isConnected")
    page.locator("#hits button").evaluate(twice)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    page.keyboard.press("Escape")
    # Also where exits are counted, whoever is registered here comes in.
    page.get_by_role("button", name="Още").click()
    page.get_by_label("Излизане").check()
    page.get_by_role("button", name="Към камерата").click()
    page.get_by_role("button", name="Търси по име").click()
    page.keyboard.type("Десислава Динева")
    page.get_by_role("button", name="Няма го в списъка? Запиши на място").click()
    page.get_by_role("button", name="Запиши и пусни").evaluate(twice)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Десислава!")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Още").click()
    page.get_by_label("Влизане").check()
    page.keyboard.press("Escape")
    wedge(page, stage.waiting)
    expect(page.locator(TITLE)).to_have_text("В списъка на чакащите")
    page.get_by_role("button", name="Пусни с причина").click()
    page.get_by_label("Защо може да влезе?").fill("Лектор")
    page.get_by_role("button", name="Пусни", exact=True).evaluate(twice)
    expect(page.locator(TITLE)).to_have_text("Може да влезе: Георги")
    sent(page)
    expect(page.locator("#present")).to_have_text("3")
    assert stage.scans() == [("admitted", None), ("admitted", None), ("refused", "waitlisted"), ("admitted", None)]
    assert len(stage.rows(sa.select(Registration.id))) == 3


def test_an_answer_that_is_waited_for_outlives_the_countdown_of_the_one_before(
    stage: Stage, camera_browser: Cameras
) -> None:
    page = phone(camera_browser([picture(stage.maria)] * 30 + [picture(stage.waiting)] * 120)).new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if stage.waiting in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/scans", hold)
    page.goto(stage.url())
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!", timeout=15_000)
    # Maria's green gives way; nobody may take it for the answer to Георги, who comes next.
    expect(page.locator("#verdict")).to_be_hidden()
    expect(page.locator(TITLE)).to_have_text("В списъка на чакащите")
    expect(page.locator("#verdict")).to_be_visible()


def test_the_camera_reads_nothing_while_somebody_fills_in_a_form(stage: Stage, camera_browser: Cameras) -> None:
    page = phone(camera_browser([picture(stage.maria)] * 10)).new_page()
    held: list[Route] = []
    page.route("**/zxing-reader*.js", lambda route: held.append(route))
    opened(page, stage.url("steward"))
    page.get_by_role("button", name="Търси по име").click()
    page.keyboard.type("Десислава")
    taken(page, held)
    held[0].continue_()
    page.wait_for_timeout(1_500)
    expect(page.locator("#query")).to_have_value("Десислава")
    assert stage.scans() == []
    page.keyboard.press("Escape")
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!", timeout=8_000)
    # Whoever opens the last scans from an answer reads them in peace.
    page.locator("#latest").click()
    page.wait_for_timeout(2_500)
    expect(page.locator("#last")).to_be_visible()


def test_d48_a_new_version_does_not_swallow_the_scan_that_ends_an_answer(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url())
    context.set_offline(True)
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    # The first is this worker's own, the second a new version.
    page.evaluate("navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))")
    page.evaluate("navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))")
    wedge(page, stage.waiting)
    expect(page.locator(TITLE)).to_have_text("В списъка на чакащите")
    assert waiting(page) == 2


def test_d47_a_list_on_its_way_does_not_come_back_after_forgetting(stage: Stage, context: BrowserContext) -> None:
    page = opened(context.new_page(), stage.url("steward"))
    stage.crowd(1)
    held: list[Route] = []
    page.route("**/roster**", lambda route: held.append(route))
    page.get_by_role("button", name="Още").click()
    page.get_by_role("button", name="Обнови списъка").click()
    taken(page, held)
    page.get_by_role("button", name="Забрави това устройство").click()
    page.get_by_role("button", name="Изтрий").click()
    expect(page.locator("#trouble")).to_contain_text("забрави този вход")
    with page.expect_response("**/roster**"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert stored(page, "people") == stored(page, "lists") == []


def test_d52_a_cancelled_session_leaves_its_door_to_the_other_one(stage: Stage, context: BrowserContext) -> None:
    def work() -> str:
        event = db.session.get_one(Event, stage.event_id)
        first = make.session(event, "Данни от полето", clock.now() - timedelta(minutes=20))
        second = make.session(event, "Роботи в склада", clock.now() + timedelta(minutes=40))
        second.status = SessionStatus.CANCELLED
        return checkin.address(checkin.make_door(event, "Зала „Берое“", DoorRole.SCAN, [first.id, second.id]))

    page = opened(context.new_page(), stage.within(work))
    wedge(page, stage.maria)
    expect(page.locator(TITLE)).to_have_text("Добре дошли, Мария!")
    sent(page)
    assert stage.scans() == [("admitted", None)]
    (title,) = stage.rows(sa.select(EventSession.title).join(Scan, Scan.session_id == EventSession.id))[0]
    assert title.text("bg") == "Данни от полето"
