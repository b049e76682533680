"""Takes the README's pictures from a running demo.

`make run` in one terminal; in another, with `HUBEVENTS_INSTANCE=instance/demo`,
`.venv/bin/python -m hubevents door add zagore pipni-robota` prints a door's address, and
`.venv/bin/python docs/take_pictures.py http://127.0.0.1:8000 DOOR_ADDRESS` does the rest.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
PHONE = {"width": 375, "height": 812}
DESK = {"width": 1280, "height": 900}


def main(address: str, door: str) -> None:
    """Walks through the demo as a participant, a volunteer at the door and an organiser, and keeps five pictures."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        desk = _page(browser, DESK)
        desk.goto(f"{address}/bg/zagore/")
        desk.screenshot(path=FOLDER / "events.png")
        desk.goto(f"{address}/bg/zagore/events/zemya-zavod-grad/")
        desk.screenshot(path=FOLDER / "event.png")
        code = _ticket(_page(browser, PHONE), address)
        _verdict(_page(browser, PHONE), door, code)
        _people(desk, address)
        browser.close()


def _page(browser: Browser, size: dict[str, int]) -> Page:
    return browser.new_context(viewport=size, locale="bg-BG").new_page()  # type: ignore[arg-type]


def _ticket(phone: Page, address: str) -> str:
    """Registers somebody and gives the short code of the ticket."""
    phone.goto(f"{address}/bg/zagore/events/pipni-robota/register")
    phone.locator("#first_name").fill("Мария")
    phone.locator("#last_name").fill("Желязкова")
    phone.locator("#email").fill("maria.zhelyazkova@example.org")
    phone.wait_for_timeout(3500)  # the form refuses whoever is faster than a person; it counts whole seconds
    phone.locator("form button[type=submit]").click()
    expect(phone.locator(".ticket")).to_be_visible()
    phone.screenshot(path=FOLDER / "ticket.png")
    return phone.locator(".ticket .code").inner_text()


def _verdict(phone: Page, door: str, code: str) -> None:
    phone.goto(door)
    phone.locator("[data-code]").first.click()
    phone.locator("#code").fill(code)
    phone.keyboard.press("Enter")
    expect(phone.locator("#verdict")).to_be_visible()
    phone.screenshot(path=FOLDER / "door.png")


def _people(desk: Page, address: str) -> None:
    desk.goto(f"{address}/organise/sign-in")
    desk.locator("#email").fill("organiser@example.org")
    desk.locator("#password").fill("demo-demo")
    desk.locator("main form button[type=submit]").click()
    desk.goto(f"{address}/organise/zagore/events")
    desk.get_by_role("link", name="Счетоводство без папки").first.click()
    desk.get_by_role("link", name="Хора", exact=True).click()
    desk.screenshot(path=FOLDER / "people.png")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
