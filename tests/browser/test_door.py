"""The scanner in a real Chromium: a camera that sees a ticket, typing, a lost server, and cameras that fail."""

import io
import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from hubevents.checkin import service as checkin
from hubevents.checkin.rules import DoorRole
from hubevents.core import qr
from hubevents.core.db import db
from hubevents.events.models import Event
from tests.browser.conftest import Live
from tests.browser.stage import Stage, opened, phone, sent, set_up, typed, wedge


@pytest.fixture
def stage(live: Live) -> Stage:
    return set_up(live)


def picture(code: str) -> Image.Image:
    return Image.open(io.BytesIO(qr.png(code, module_size=8)))


Cameras = Callable[[list[Image.Image]], Browser]


def test_the_camera_admits_once_and_then_says_already_in(stage: Stage, camera_browser: Cameras) -> None:
    gray = Image.new("RGB", (400, 400), "#777")
    # The fake camera shows about 30 frames a second, in a loop: seconds of ticket, seconds of nothing.
    frames = [picture(stage.maria)] * 40 + [gray] * 75
    page = phone(camera_browser(frames)).new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(stage.live.url(stage.scan))

    title = page.locator("#answer h2")
    expect(title).to_have_text("Добре дошли, Мария!", timeout=15_000)
    expect(page.locator("#answer")).to_contain_text("Мария Желязкова")
    expect(page.locator("#verdict")).to_have_class(re.compile("verdict--go"))
    expect(page.locator("#present")).to_have_text("1")
    expect(page.locator("#camera")).to_be_visible(timeout=5_000)

    expect(title).to_have_text(re.compile(r"^Вече вътре от \d\d:\d\d\sч\., Вход А$"), timeout=15_000)
    expect(page.locator("#verdict")).to_have_class(re.compile("verdict--wait"))
    expect(page.locator("#present")).to_have_text("1")
    assert stage.scans()[:2] == [("admitted", None), ("already_in", None)]
    assert faults == []


def test_d03_a_code_that_stays_in_view_is_one_request(stage: Stage, camera_browser: Cameras) -> None:
    page = phone(camera_browser([picture(stage.maria)] * 10)).new_page()
    page.goto(stage.live.url(stage.scan))
    expect(page.locator("#answer h2")).to_have_text("Добре дошли, Мария!", timeout=15_000)
    page.locator("#next").click()
    # Back at the camera with the code still before it: a second answer would come within a second.
    page.wait_for_timeout(2_500)
    expect(page.locator("#camera")).to_be_visible()
    sent(page)
    assert stage.scans() == [("admitted", None)]


def test_typed_then_undone_by_keyboard(stage: Stage, page: Page) -> None:
    page.goto(stage.live.url(stage.scan))
    page.get_by_role("button", name="Въведи кода").focus()
    page.keyboard.press("Enter")
    page.keyboard.type(stage.maria_typed.lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Добре дошли, Мария!")).to_be_visible()
    page.get_by_role("button", name=re.compile("Отмени")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#answer h2")).to_have_text("Отменено")
    expect(page.locator("#present")).to_have_text("0")
    page.get_by_role("button", name="Сканирай следващия").click()
    page.get_by_role("button", name="Последни сканирания").click()
    expect(page.locator("#last-list li")).to_have_count(2)
    sent(page)
    assert stage.scans() == [("admitted", None), ("undone", None)]


def test_d69_an_answer_can_be_held(stage: Stage, page: Page) -> None:
    page.goto(stage.live.url(stage.scan))
    typed(page, stage.maria_typed)
    page.get_by_role("button", name="Задръж").click()
    page.wait_for_timeout(2_600)
    expect(page.locator("#verdict")).to_be_visible()
    page.get_by_role("button", name="Не задържай").click()
    expect(page.locator("#camera")).to_be_visible(timeout=4_000)


def test_a_hand_scanner_types_anywhere_on_the_page(stage: Stage, page: Page) -> None:
    opened(page, stage.live.url(stage.scan))
    page.keyboard.type(stage.maria_typed.replace("-", ""))
    page.keyboard.press("Enter")
    expect(page.locator("#answer h2")).to_have_text("Добре дошли, Мария!")
    sent(page)
    assert stage.scans() == [("admitted", None)]


def test_d66_a_hand_scanner_without_a_suffix_and_with_the_focus_elsewhere(stage: Stage, page: Page) -> None:
    opened(page, stage.url("search"))
    wedge(page, "]Q1" + stage.maria, end="")
    expect(page.locator("#answer h2")).to_have_text("Добре дошли, Мария!")
    page.get_by_role("button", name="Сканирай следващия").click()
    page.get_by_role("button", name="Търси по име").click()
    page.keyboard.type(stage.maria)
    page.keyboard.press("Tab")
    expect(page.locator("#answer h2")).to_contain_text("Вече вътре от")


def test_a_photo_of_a_ticket(stage: Stage, page: Page) -> None:
    page.goto(stage.live.url(stage.scan))
    page.locator("#photo").set_input_files({"name": "t.png", "mimeType": "image/png", "buffer": qr.png(stage.waiting)})
    expect(page.locator("#answer h2")).to_have_text("В списъка на чакащите", timeout=10_000)
    expect(page.locator("#let-in")).to_be_hidden()


def test_a_steward_lets_in_with_a_reason(stage: Stage, page: Page) -> None:
    page.goto(stage.live.url(stage.steward))
    wedge(page, stage.waiting)
    expect(page.locator("#answer h2")).to_have_text("В списъка на чакащите")
    page.get_by_role("button", name="Пусни с причина").click()
    page.get_by_label("Защо може да влезе?").fill("Лектор")
    page.get_by_role("button", name="Пусни", exact=True).click()
    expect(page.locator("#answer h2")).to_have_text("Може да влезе: Георги")
    sent(page)
    assert stage.scans() == [("refused", "waitlisted"), ("admitted", None)]


def test_d37_an_answer_that_got_lost_is_asked_for_again_with_the_same_id(stage: Stage, page: Page) -> None:
    lost: list[str] = []

    def cut(route: Route) -> None:
        if '"code"' in (route.request.post_data or "") and not lost:
            route.fetch()  # the server commits, its answer never arrives
            lost.append("cut")
            route.abort()
        else:
            route.continue_()

    page.route("**/scans", cut)
    page.goto(stage.live.url(stage.scan))
    typed(page, stage.maria_typed)
    expect(page.locator("#net")).to_contain_text("Няма връзка")
    expect(page.locator("#net")).to_contain_text("1 сканиране чака")
    expect(page.locator("#net")).to_contain_text("Има връзка", timeout=5_000)
    expect(page.locator("#last-list li")).to_have_count(1)
    expect(page.locator("#latest")).to_contain_text("Мария Желязкова")
    assert stage.scans() == [("admitted", None)]


REFUSAL = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '%s'))"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (REFUSAL % "NotAllowedError", "Камерата е забранена"),
        (REFUSAL % "NotFoundError", "няма камера"),
        (REFUSAL % "NotReadableError", "Друго приложение"),
        (REFUSAL % "TypeError", "не тръгва"),
        ("Object.defineProperty(window, 'isSecureContext', {value: false})", "https"),
    ],
)
def test_d63_what_is_wrong_with_the_camera_is_said_with_a_way_out(
    stage: Stage, page: Page, script: str, words: str
) -> None:
    page.add_init_script(script)
    page.goto(stage.live.url(stage.scan))
    expect(page.locator("#trouble")).to_contain_text(words)
    typed(page, stage.maria_typed)
    expect(page.locator("#answer h2")).to_have_text("Добре дошли, Мария!")


def test_a_badge_is_printed_at_the_scan_and_without_a_network_by_name(stage: Stage, browser: Browser) -> None:
    def work() -> str:
        return checkin.address(
            checkin.make_door(db.session.get_one(Event, stage.event_id), "Баджове", DoorRole.SEARCH, badges=True)
        )

    context = phone(browser)
    page = context.new_page()
    page.add_init_script("window.printed = 0; window.print = () => (document.body.dataset.printed = `${++printed}`)")
    opened(page, stage.within(work))
    wedge(page, stage.maria_typed.replace("-", ""))
    page.get_by_role("button", name="Печатай бадж").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "1")
    page.emulate_media(media="print")
    picture = page.locator("#badge-picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 300
    expect(page.locator("#answer")).to_be_hidden()
    context.set_offline(True)
    page.emulate_media(media="screen")
    picture.evaluate("(image) => image.removeAttribute('src')")
    page.get_by_role("button", name="Печатай бадж").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "2")
    page.emulate_media(media="print")
    expect(page.locator("#badge-text")).to_contain_text("Мария Желязкова")
    context.close()


def test_a_pass_revoked_while_the_page_is_open(stage: Stage, page: Page) -> None:
    opened(page, stage.live.url(stage.scan))
    stage.revoke("scan")
    typed(page, stage.maria_typed)
    expect(page.locator("#trouble")).to_contain_text("Достъпът през този вход е приключил")
    assert stage.scans() == [("refused", "quarantined")]


@pytest.mark.parametrize("locale", ["bg-BG", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(stage: Stage, browser: Browser, locale: str, scheme: str) -> None:
    context = phone(browser, locale, color_scheme=scheme)
    page = context.new_page()
    page.goto(stage.live.url(stage.scan))
    expect(page.locator("#trouble")).to_be_visible()
    found = {"camera": Axe().run(page).generate_report()} if Axe().run(page).violations_count else {}
    for name, code in (("green", stage.maria), ("amber", stage.maria), ("red", "WIFI:S:hall;;")):
        page.locator("body").press("Escape")
        wedge(page, code)
        expect(page.locator("#answer h2")).to_be_visible()
        result = Axe().run(page)
        if result.violations_count:
            found[name] = result.generate_report()
    context.close()
    assert found == {}
