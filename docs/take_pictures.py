"""Takes the README's pictures from a running demo: `python docs/take_pictures.py http://127.0.0.1:8000`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"


def main(address: str) -> None:
    """Signs in and out as a visitor would and keeps five pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        desk = browser.new_page(viewport={"width": 1280, "height": 900})
        desk.goto(f"{address}/bg/zagore/")
        desk.screenshot(path=FOLDER / "events.png")
        desk.locator(".ev", has_text="Конференция").locator("h3 a").first.click()
        desk.screenshot(path=FOLDER / "event.png")
        phone = browser.new_page(viewport={"width": 375, "height": 812}, device_scale_factor=2)
        _ticket(phone, address)
        _organiser(desk, phone, address)
        browser.close()


def _ticket(phone: Page, address: str) -> None:
    phone.goto(f"{address}/bg/zagore/")
    phone.locator(".ev", has_text="свободни места").locator("h3 a").first.click()
    phone.locator("a[href$=register]").first.click()
    phone.get_by_label("Име", exact=True).fill("Мария")
    phone.get_by_label("Фамилия", exact=True).fill("Желязкова")
    phone.get_by_label("Имейл").fill("maria.zhelyazkova@example.org")
    phone.wait_for_timeout(2500)  # the form refuses machines that are faster
    phone.get_by_role("button", name="Запиши ме").click()
    phone.locator(".ticket").wait_for()
    phone.screenshot(path=FOLDER / "ticket.png")


def _organiser(desk: Page, phone: Page, address: str) -> None:
    desk.goto(f"{address}/organise/sign-in")
    desk.locator("#email").fill("organiser@example.org")
    desk.locator("#password").fill("demo-demo")
    desk.locator("form button[type=submit]").last.click()
    desk.goto(f"{address}/organise/zagore/events")
    desk.get_by_role("link", name="Умна Тракия").first.click()
    desk.get_by_role("link", name="Хора").first.click()
    desk.screenshot(path=FOLDER / "people.png")


if __name__ == "__main__":
    main(sys.argv[1])
