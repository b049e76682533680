"""The main job, end to end, as `hubevents run --demo` serves it: jobs beside the server, mail in the mailbox."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.i18n import local
from hubevents.jobs import service as jobs
from tests import make
from tests.browser.conftest import Live, serving
from tests.conftest import settings_for

TITLE = "Умната сушилня"
SOON = 15_000
"""Milliseconds in which a mail is composed and put into the mailbox."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Live]:
    """A demo installation with a hub, its owner and no event yet."""
    with serving(settings_for(tmp_path, demo=True)) as live:
        with live.app.app_context():
            make.user("alice", make.hub())
            db.session.remove()
        stop = jobs.start(live.app)
        yield live
        stop()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def open_mail(page: Page, live: Live, recipient: str, subject: str) -> str:
    """Opens the newest mail to somebody in the demo's mailbox, as soon as it is there; its text."""
    mail = page.locator("ul.lines li").filter(has_text=recipient).filter(has_text=subject).locator("a")

    def is_there() -> None:
        page.goto(live.url(f"/demo/mail/?q={recipient}"))
        expect(mail.first).to_be_visible(timeout=500)

    retry(is_there)
    mail.first.click()
    return page.locator("pre").first.inner_text()


def retry(check: Callable[[], None]) -> None:
    """Runs a check on a fresh page again until it holds or `SOON` is over."""
    ends = clock.now() + timedelta(milliseconds=SOON)
    while True:
        try:
            return check()
        except AssertionError:
            if clock.now() > ends:
                raise


def publish_event(page: Page, live: Live) -> str:
    """The organiser signs in, makes an event of one place that is about to begin, and publishes it; its workspace."""
    page.goto(live.url("/organise/"))
    page.get_by_label("Имейл").fill("alice@example.org")
    page.get_by_label("Парола").fill(make.PASSWORD)
    page.locator("main [type=submit]").click()
    page.goto(live.url("/organise/zagore/events/new"))
    begins = local(clock.now() + timedelta(minutes=20), "Europe/Sofia")
    page.locator("#kind").select_option("seminar")
    page.locator("#title_bg").fill(TITLE)
    page.locator("#on").fill(f"{begins:%Y-%m-%d}")
    page.locator("#begins").fill(f"{begins:%H:%M}")
    press(page, "Направи чернова")
    workspace = re.match(r".*/events/\d+/", page.url)
    assert workspace is not None
    page.goto(f"{workspace[0]}edit")
    page.locator("#summary_bg").fill("Как четири датчика пазят реколтата.")
    page.locator("#capacity").fill("1")
    page.locator("button[name=act][value=save]").last.click()
    page.goto(workspace[0])
    press(page, "Публикувай")
    expect(page.get_by_text("Публикувано").first).to_be_visible()
    return workspace[0]


def register(page: Page, live: Live, first_name: str, last_name: str, email: str) -> None:
    """Finds the event in the list and registers; ends on the personal page."""
    page.goto(live.url("/"))
    expect(page).to_have_url(live.url("/bg/"))
    page.get_by_role("link", name=TITLE).first.click()
    page.locator("a.btn-primary:visible").first.click()
    page.get_by_label("Име", exact=True).fill(first_name)
    page.get_by_label("Фамилия").fill(last_name)
    page.get_by_label("Имейл").fill(email)
    page.locator("main form[method=post] [type=submit]").click()
    expect(page).to_have_url(re.compile(r"/bg/r/[\w-]{32}/$"))


def film_of(picture: bytes) -> list[Image.Image]:
    """A ticket shown to the camera for some seconds, and nothing for longer than the page takes back to the camera."""
    ticket = Image.open(io.BytesIO(picture))
    return [ticket] * 40 + [Image.new("RGB", (400, 400), "#777")] * 75


@pytest.mark.slow
def test_an_event_from_the_first_word_to_the_second_scan(
    running: Live, browser: Browser, browser_context_args: dict[str, object], camera_browser: Callable[..., Browser]
) -> None:
    desk = browser.new_context(locale="bg-BG", viewport={"width": 1280, "height": 900}).new_page()
    phone = browser.new_context(**browser_context_args).new_page()  # type: ignore[arg-type]
    faults: list[str] = []
    for page in (desk, phone):
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))

    workspace = publish_event(desk, running)

    # Three people find it; one place is free.
    register(phone, running, "Георги", "Тотев", "georgi@example.org")
    expect(title(phone)).to_have_text(re.compile("Георги"))
    expect(phone.locator(".state--ok")).to_be_visible()
    georgis_page = phone.url
    register(phone, running, "Мария", "Желязкова", "maria@example.org")
    expect(title(phone)).to_have_text(re.compile("Мария"))
    expect(phone.locator(".ghost")).to_contain_text("1")
    register(phone, running, "Стоян", "Ирибозов", "stoyan@example.org")
    expect(phone.locator(".ghost")).to_contain_text("2")

    # One gives the place back, and the next in line gets it, with a mail.
    phone.goto(georgis_page)
    phone.get_by_role("link", name="Откажи участие").click()
    press(phone, "Откажи участие")
    expect(phone.locator(".state--off")).to_be_visible()
    text = open_mail(phone, running, "maria@example.org", "мяст")
    link = re.search(r"https?://\S+/bg/r/[\w-]{32}/", text)
    assert link is not None, text

    # Her link leads to her ticket.
    phone.get_by_role("link", name=link[0], exact=True).first.click()
    expect(title(phone)).to_have_text(re.compile("[Ии]мате място"))
    expect(phone.locator(".ticket svg").first).to_be_visible()
    address = phone.locator("a[href$='ticket.png']").get_attribute("href")
    assert address is not None
    picture = phone.request.get(running.url(address)).body()
    codes = [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))]
    assert [code.isdecimal() for code in codes] == [True]

    # At the door her ticket is held before a phone twice.
    desk.goto(f"{workspace}door")
    press(desk, "Направи вход")
    door = desk.locator("input[readonly]").first.input_value()
    scanner = camera_browser(film_of(picture)).new_context(
        locale="bg-BG", viewport={"width": 375, "height": 812}, permissions=["camera"]
    )
    door_page = scanner.new_page()
    door_page.goto(door)
    answer = door_page.locator("#answer h2")
    expect(answer).to_have_text("Добре дошли, Мария!", timeout=SOON)
    expect(answer).to_have_text(re.compile(r"^Вече вътре от \d\d:\d\d\sч\."), timeout=SOON)
    expect(door_page.locator("#present")).to_have_text("1")

    # The organiser sees all of it.
    desk.goto(f"{workspace}people/")
    rows = desk.locator("table tbody tr")
    expect(rows).to_have_count(3)
    for name, state in (("Мария Желязкова", "Потвърдено"), ("Стоян Ирибозов", "Чака"), ("Георги Тотев", "Отказано")):
        expect(rows.filter(has_text=name)).to_contain_text(state)

    def all_are_told() -> None:
        desk.goto(f"{workspace}messages/")
        expect(rows).to_have_count(5, timeout=500)
        for name, number in (("Мария", 2), ("Стоян", 1), ("Георги", 2)):
            expect(rows.filter(has_text=name)).to_have_count(number, timeout=500)

    retry(all_are_told)
    desk.goto(f"{workspace}door")
    expect(desk.locator(".door-inside")).to_contain_text("1")
    assert faults == []
