"""An event that is on, with doors of every kind and people in every state, for the tests of the scanner."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, text, tokens
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus, Source
from tests import make
from tests.browser.conftest import Live

ROLES = {"scan": "Вход А", "search": "Вход Б", "steward": "Вход В", "kiosk": "Вход Г"}


@dataclass
class Stage:
    """An event that is on, its doors by role, and tickets."""

    live: Live
    event_id: int
    doors: dict[str, str] = field(default_factory=dict)
    """Path of the scanner by role."""
    maria: str = ""
    """The digits in the QR of a confirmed ticket."""
    maria_typed: str = ""
    waiting: str = ""

    @property
    def scan(self) -> str:
        """The path of the door that scans only."""
        return self.doors["scan"]

    @property
    def steward(self) -> str:
        """The path of the steward's door."""
        return self.doors["steward"]

    def url(self, role: str = "scan") -> str:
        """The address of a door's scanner."""
        return self.live.url(self.doors[role])

    def scans(self) -> list[tuple[str, str | None]]:
        """Verdict and reason of every scan that the server has, in the order of arrival."""
        return [tuple(row) for row in self.rows(sa.select(Scan.verdict, Scan.reason).order_by(Scan.id))]

    def present(self) -> int:
        """How many attendances there are."""
        return len(self.rows(sa.select(Attendance.id)))

    def rows(self, query: Any) -> list[Any]:
        """What the server's database answers."""
        with self.live.app.app_context():
            rows = db.session.execute(query).all()
            db.session.remove()
        return list(rows)

    def within(self, work: Any) -> Any:
        """Runs `work()` in a transaction of the application."""
        with self.live.app.app_context():
            with transaction():
                done = work()
            db.session.remove()
        return done

    def revoke(self, role: str) -> None:
        """The organiser shuts a door."""

        def work() -> None:
            link = tokens.read_link(tokens.DOOR, self.doors[role].split("/")[2])
            assert link is not None
            checkin.revoke_door(self.event_id, link.id)

        self.within(work)

    def crowd(self, count: int) -> list[str]:
        """Confirms many people at once; gives the short codes of their tickets."""
        now = clock.now()
        firsts = ("Мария", "Иван", "Виолета", "Георги", "Пламен", "Елица", "Стоян", "Десислава")
        lasts = ("Желязкова", "Тодоров", "Андреева", "Койчев", "Русев", "Стоянова", "Лазаров", "Минчева", "Динева")
        firms = ("„Тракия Агро“ ЕООД", "Община Стара Загора", "ПГ по електроника", "„Железник Метал“ АД", "")

        def work() -> list[str]:
            people = []
            for number in range(count):
                first, last = firsts[number % len(firsts)], f"{lasts[number % len(lasts)]}-{number}"
                firm, mail = firms[number % len(firms)], f"person{number}@example.org"
                people.append({
                    "event_id": self.event_id, "status": RegistrationStatus.CONFIRMED, "source": Source.IMPORT,
                    "first_name": first, "last_name": last, "organisation_name": firm, "phone": "", "position": "",
                    "organisation_number": "", "search": text.search_key(f"{first} {last} {firm} {mail}"),
                    "language": "bg", "link_version": 0, "created_at": now, "changed_at": now, "note": "",
                })  # fmt: skip
            ids = list(db.session.scalars(sa.insert(Registration).returning(Registration.id), people))
            codes = {tickets.new_code(lambda bits, seed=id: (seed * 2654435761) % 2**bits): id for id in ids}
            assert len(codes) == count
            db.session.execute(
                sa.insert(Ticket),
                [
                    {"registration_id": id, "version": 1, "code": code, "issued_at": now}
                    for code, id in codes.items()
                ],
            )
            event = db.session.get_one(Event, self.event_id)
            event.seats_taken += count
            return list(codes)

        made: list[str] = self.within(work)
        return made

    def digits(self, code: str) -> str:
        """The QR of a ticket by its short code."""
        (id,) = self.rows(sa.select(Ticket.registration_id).where(Ticket.code == code))[0]
        with self.live.app.app_context():
            return tickets.issue(tokens.ticket_keys()[0], event_id=self.event_id, registration_id=id, version=1)


def set_up(live: Live, **values: Any) -> Stage:
    """The event with Мария confirmed, Георги waiting, and a door of each role."""
    with live.app.app_context():
        now = clock.now()
        dates = [(now - timedelta(hours=1), now + timedelta(hours=2))]
        event = make.event(make.hub(), "umna-trakiya", title=make.both("Умна Тракия 2026", "Smart Thrace 2026"),
                           **{"dates": dates, "capacity": 1, **values})  # fmt: skip
        stage = Stage(live, event.id)
        with transaction():
            people = [
                registrations.register(
                    event.id,
                    registrations.Registrant(first, last, None, "bg", organisation=firm),
                    source=Source.STAFF,
                )
                for first, last, firm in (
                    ("Мария", "Желязкова", "Община Стара Загора"),
                    ("Георги", "Тотев", "„Тракия Агро“ ЕООД"),
                )
            ]
            for role, name in ROLES.items():
                door = checkin.make_door(event, name, DoorRole(role))
                stage.doors[role] = checkin.address(door).removeprefix(live.url(""))
        stage.maria, stage.waiting = (
            tickets.issue(tokens.ticket_keys()[0], event_id=event.id, registration_id=person.id, version=1)
            for person in people
        )
        stage.maria_typed = tickets.short_code(
            db.session.scalars(sa.select(Ticket.code).where(Ticket.registration_id == people[0].id)).one()
        )
        db.session.remove()
    return stage


def phone(browser: Browser, locale: str = "bg-BG", **values: Any) -> BrowserContext:
    """A phone of its own: another device for the server."""
    return browser.new_context(locale=locale, viewport={"width": 375, "height": 812}, permissions=["camera"], **values)


def opened(page: Page, url: str) -> Page:
    """The scanner, once it has its list and its service worker."""
    page.goto(url)
    expect(page.locator("body[data-ready=true]")).to_be_attached(timeout=20_000)
    return page


def wedge(page: Page, code: str, end: str = "Enter") -> None:
    """A hand scanner reads a code: keys as fast as it types them, whatever the test is busy with."""
    page.evaluate(
        """([code, end]) => {
          for (const key of [...code, end].filter(Boolean))
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }""",
        [code, end],
    )


def typed(page: Page, code: str) -> None:
    """Somebody types a code."""
    page.get_by_role("button", name="Въведи кода").click()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def sent(page: Page) -> None:
    """Waits until the server answered everything that was scanned."""
    expect(page.locator("body")).to_have_attribute("data-waiting", "0", timeout=20_000)


def waiting(page: Page) -> int:
    """How many scans this browser still holds without an answer."""
    count: int = page.evaluate(
        """() => new Promise((resolve, reject) => {
          const request = indexedDB.open("hubevents-door");
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            const db = request.result;
            const all = db.transaction("scans").objectStore("scans").getAll();
            all.onsuccess = () => { db.close(); resolve(all.result.filter((each) => each.waiting).length); };
          };
        })"""
    )
    return count


def stored(page: Page, store: str) -> list[dict[str, Any]]:
    """The rows of a store of this browser."""
    rows: str = page.evaluate(
        """(name) => new Promise((resolve, reject) => {
          const request = indexedDB.open("hubevents-door");
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            const db = request.result;
            const all = db.transaction(name).objectStore(name).getAll();
            all.onsuccess = () => { db.close(); resolve(JSON.stringify(all.result)); };
          };
        })""",
        store,
    )
    found: list[dict[str, Any]] = json.loads(rows)
    return found
