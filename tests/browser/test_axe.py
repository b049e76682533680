"""Every page: axe finds nothing, the console stays silent, and nothing scrolls sideways on a small phone.

Bulgarian is looked at in light on a phone, English in dark on a desk: both languages, both looks, both widths at the
price of two visits. The words do not change the colours. HUBEVENTS_TEST_AXE=all adds the other two.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser import surroundings
from tests.browser.conftest import Live
from tests.browser.surroundings import Visit

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """() => axe.run({resultTypes: ["violations"]}).then((found) => found.violations.flatMap((rule) =>
  rule.nodes.slice(0, 4).map((node) => `${rule.id}: ${node.target} ${node.html.slice(0, 160)}`)))"""
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > wide + 0.5);
  return out.slice(0, 4).map((one) => `${one.tagName}.${one.className}`);
}"""
"""The elements that make a page scroll sideways."""


@dataclass(frozen=True)
class Reader:
    """Who looks at the pages: browser's language, width and look."""

    lang: str
    locale: str
    width: int
    scheme: Any


READERS = {"bg": Reader("bg", "bg-BG", 375, "light"), "en": Reader("en", "en-GB", 1280, "dark")}
if os.environ.get("HUBEVENTS_TEST_AXE") == "all":
    READERS |= {"bg dark": Reader("bg", "bg-BG", 1280, "dark"), "en light": Reader("en", "en-GB", 375, "light")}


class Tab:
    """A tab that notes what its console says."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def faults(self, url: str, visit: Visit) -> list[str]:
        """Everything that is wrong with a page as it is shown."""
        self.said.clear()
        answer = self.page.goto(url)
        assert answer is not None
        found = [] if answer.status == visit.status else [f"status {answer.status}"]
        if visit.act:
            visit.act(self.page)
        self.page.evaluate(AXE)
        found += self.page.evaluate(RUN)
        before = self.page.viewport_size
        assert before is not None
        for width in (320, 375):
            self.page.set_viewport_size({"width": width, "height": 700})
            found += [f"wider than {width}: {each}" for each in self.page.evaluate(TOO_WIDE)]
        self.page.set_viewport_size(before)
        # Chromium notes every refusal in the console; that is not a fault of the page that explains it.
        return found + [text for text in self.said if "Failed to load resource" not in text]


@contextmanager
def tab(browser: Browser, reader: Reader) -> Iterator[Tab]:
    """A tab of a reader, without animations, whose colours could be caught halfway."""
    context = browser.new_context(
        locale=reader.locale,
        viewport={"width": reader.width, "height": 900},
        color_scheme=reader.scheme,
        reduced_motion="reduce",
        permissions=["camera"],
    )
    yield Tab(context.new_page())
    context.close()


def sign_in(page: Page, demo: Live, lang: str) -> None:
    """The owner signs in, and reads the language."""
    page.goto(demo.url("/organise/sign-in"))
    page.locator("#email").fill("owner@example.org")
    page.locator("#password").fill("demo-demo")
    page.locator("main [type=submit]").click()
    page.goto(demo.url("/organise/me"))
    page.locator("#language").select_option(lang)
    page.locator("main [type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", lang)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("area", surroundings.AREAS)
def test_nothing_is_wrong_with_any_page(demo: Live, browser: Browser, area: str, reader: str) -> None:
    wrong: list[str] = []
    lang = READERS[reader].lang
    with tab(browser, READERS[reader]) as opened:
        if area in surroundings.STAFF:
            sign_in(opened.page, demo, lang)
        for visit in surroundings.visits(demo, area):
            wrong += [
                f"{visit.path}: {fault}" for fault in opened.faults(surroundings.address(demo, visit, lang), visit)
            ]
    assert "\n".join(wrong) == ""
