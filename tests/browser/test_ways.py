"""Ways through the public pages: by keyboard alone, without JavaScript, and on a slow line."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import make
from tests.browser.conftest import Live

MOST_TABS = 40
RINGED = """() => {
  const style = getComputedStyle(document.activeElement);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
}"""
COVERED = """() => {
  const box = document.activeElement.getClientRects()[0];
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !(top && (document.activeElement.contains(top) || top.contains(document.activeElement)));
}"""
"""Whether something else, such as the bar on a phone, lies over the focused element."""


@pytest.fixture
def path(live: Live) -> str:
    """The path of an event that asks for nothing unusual."""
    with live.app.app_context():
        make.event(make.hub(), "sushilnya", title=make.both("Умната сушилня"), capacity=20)
    return "/bg/zagore/events/sushilnya/"


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the element has the focus; whatever is passed shows where one is."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        expect(page.locator("*:focus")).to_be_in_viewport()
        assert page.evaluate(RINGED), page.evaluate("document.activeElement.outerHTML")
        assert not page.evaluate(COVERED), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached by keyboard")


def test_a_registration_by_keyboard_alone(live: Live, path: str, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # nothing scrolls slowly under the test
    page.goto(live.url("/bg/"))
    # The first stop leads past the head.
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Умната сушилня").first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live.url(path))
    tab_to(page, page.locator(".register a.btn-primary, .bar a.btn-primary").locator("visible=true").first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live.url(f"{path}register"))

    # Sent empty: what is wrong takes the focus, and its links lead to the fields.
    tab_to(page, page.locator("#first_name"))
    page.keyboard.press("Enter")
    expect(page.locator(".error-sum")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".error-sum a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#first_name")).to_be_focused()

    page.keyboard.type("Мария")
    tab_to(page, page.locator("#last_name"))
    page.keyboard.type("Желязкова")
    tab_to(page, page.locator("#email"))
    page.keyboard.type("maria@example.org")
    tab_to(page, page.locator("#consent_photo"))
    page.keyboard.press("Space")
    expect(page.locator("#consent_photo")).to_be_checked()
    tab_to(page, page.locator("main form[method=post] [type=submit]"))
    page.keyboard.press("Enter")

    # The personal page, and back out of it.
    expect(page).to_have_url(re.compile(r"/bg/r/[\w-]{32}/(#\w+)?$"))
    expect(page.locator(".state--ok")).to_be_visible()
    tab_to(page, page.locator("a[href$='/cancel']"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/cancel$"))
    tab_to(page, page.locator("main form[method=post] [type=submit]"))
    page.keyboard.press("Space")
    expect(page.locator("main .state--off")).to_be_visible()


def test_a_registration_without_javascript(live: Live, path: str, browser: Browser) -> None:
    context = browser.new_context(
        locale="bg-BG", viewport={"width": 375, "height": 812}, java_script_enabled=False, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(live.url("/"))
    page.locator(".menu summary").click()
    expect(page.locator(".menu a").first).to_be_visible()
    page.goto(live.url("/bg/?view=month"))
    page.goto(live.url("/bg/"))
    page.get_by_role("link", name="Умната сушилня").first.click()
    expect(page).to_have_url(live.url(path))
    page.locator("a.btn-primary").locator("visible=true").first.click()
    page.locator("main form[method=post] [type=submit]").click()
    expect(page.locator(".error-sum li")).to_have_count(3)
    page.locator("#first_name").fill("Мария")
    page.locator("#last_name").fill("Желязкова")
    page.locator("#email").fill("maria@example.org")
    page.locator("main form[method=post] [type=submit]").click()
    expect(page.locator(".ticket .qr, .ticket svg").first).to_be_visible()
    expect(page.locator("main .state--ok")).to_be_visible()
    context.close()


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """A browser that was never here."""
    context = browser.new_context(locale="bg-BG", viewport={"width": 375, "height": 812})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    "path",
    [
        "/bg/",
        "/bg/zagore/?view=month",
        "/bg/zagore/events/zemya-zavod-grad/",
        "/bg/zagore/events/zemya-zavod-grad/register",
        "/en/zagore/programmes/umeniya-za-regiona/",
    ],
)
def test_a_first_visit_weighs_little(demo: Live, stranger: Page, path: str) -> None:
    """At most 120 kB are transferred, fonts apart (UI); the embedded server sends pages uncompressed."""
    wire = stranger.context.new_cdp_session(stranger)
    wire.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    wire.on("Network.responseReceived", lambda said: kinds.update({said["requestId"]: said["type"]}))
    wire.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
    stranger.goto(demo.url(path), wait_until="networkidle")
    by_kind: dict[str, float] = {}
    for request, size in sizes.items():
        by_kind[kinds[request]] = by_kind.get(kinds[request], 0) + size
    by_kind.pop("Font", None)
    assert {"Document", "Stylesheet"} <= set(by_kind)
    assert sum(by_kind.values()) <= 120_000, by_kind
