"""The addresses of every page people see, by area, in the demo hub."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from hubevents.agenda.models import EventSession, Speaker
from hubevents.checkin import online, online_logs
from hubevents.checkin import service as checkin
from hubevents.checkin.models import OnlineLog
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.events.models import Event, Venue
from hubevents.hubs.models import Membership
from hubevents.hubs.rules import Role
from hubevents.mail.models import OutboxMessage
from hubevents.programmes.models import Programme
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import RegistrationStatus
from tests.browser.conftest import Live


@dataclass(frozen=True)
class Visit:
    """A page: its address without the language, and what is done there before one looks."""

    path: str
    act: Callable[[Page], Any] | None = None
    status: int = 200


def send_form(page: Page) -> None:
    """Presses the button of the page's main form and waits for the page with its errors."""
    page.locator("main form[method=post]:not([action]) [type=submit]").last.click()
    expect(page.locator(".error-sum")).to_be_visible()


def open_all(page: Page) -> None:
    """Opens everything that a page folds away."""
    page.locator("main details").evaluate_all("found => found.forEach((each) => (each.open = true))")
    expect(page.locator("main details:not([open])")).to_have_count(0)


def public(demo: Live) -> Iterator[Visit]:
    """Lists, a hub's texts and programmes."""
    for path in ("/", "/?view=month", "/zagore/", "/perelik/"):
        yield Visit(path)
    yield Visit("/zagore/?kind=conference&format=online")  # nothing found
    yield Visit("/zagore/programmes/")
    with demo.app.app_context():
        slugs = db.session.scalars(sa.select(Programme.slug).where(Programme.hub_id == 1)).all()
        db.session.remove()
    for slug in slugs:
        yield Visit(f"/zagore/programmes/{slug}/")
    for name in ("about", "privacy", "imprint", "accessibility"):
        yield Visit(f"/zagore/{name}")


EVENTS = (
    "zemya-zavod-grad",
    "kibersigurnost-za-malkiya-ekip",
    "fakturi-bez-hartiya",
    "gradat-predvaritelno",
    "chisto-proizvodstvo",
    "masini-i-danni",
    "pipni-robota",
    "obshto-sabranie",
)
"""A conference, six dates, a full one, a cancelled one, an online one, a past one, one that is on, an unlisted one."""


def events(demo: Live) -> Iterator[Visit]:
    """Event pages."""
    for slug in EVENTS:
        yield Visit(f"/zagore/events/{slug}/")


def register(demo: Live) -> Iterator[Visit]:
    """The form: empty, with errors, for the waiting list, with workshops to choose."""
    yield Visit("/zagore/events/fakturi-bez-hartiya/register")
    yield Visit("/zagore/events/zemya-zavod-grad/register")
    yield Visit("/zagore/events/zemya-zavod-grad/register", send_form)


def _of_status(slug: str, status: RegistrationStatus) -> str:
    row = db.session.scalars(
        sa.select(Registration)
        .join(Event, Event.id == Registration.event_id)
        .where(Event.slug == slug, Registration.status == status)
        .order_by(Registration.id)
    ).first()
    assert row is not None, (slug, status)
    return f"/r/{tokens.link(tokens.REGISTRATION, row.id, row.link_version)}"


def person(demo: Live) -> Iterator[Visit]:
    """The personal page in each state, and what one does from it."""
    with demo.app.app_context():
        confirmed = _of_status("fakturi-bez-hartiya", RegistrationStatus.CONFIRMED)
        states = [
            confirmed,
            _of_status("fakturi-bez-hartiya", RegistrationStatus.WAITLISTED),
            _of_status("kibersigurnost-za-malkiya-ekip", RegistrationStatus.CONFIRMED),
            _of_status("kibersigurnost-za-malkiya-ekip", RegistrationStatus.CANCELLED),
            _of_status("zemya-zavod-grad", RegistrationStatus.CONFIRMED),
            _of_status("chisto-proizvodstvo", RegistrationStatus.CONFIRMED),
            _of_status("gradat-predvaritelno", RegistrationStatus.CONFIRMED),
            _of_status("masini-i-danni", RegistrationStatus.CONFIRMED),
        ]
        db.session.remove()
    for path in states:
        yield Visit(f"{path}/")
    for name in ("cancel", "change", "consents"):
        yield Visit(f"{confirmed}/{name}")


def errors(demo: Live) -> Iterator[Visit]:
    """Pages of refusals and faults."""
    yield Visit("/zagore/events/nyama/", status=404)
    yield Visit("/r/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/", status=404)
    for status in (400, 403, 404, 410, 429, 500):
        yield Visit(f"//broken/{status}", status=status)


def mailbox(demo: Live) -> Iterator[Visit]:
    """The demo's mailbox, a mail with an invite and one with none."""
    yield Visit("//demo/mail/")
    with demo.app.app_context():
        kinds = db.session.execute(
            sa.select(OutboxMessage.kind, sa.func.max(OutboxMessage.id))
            .where(OutboxMessage.sent.is_not(None), OutboxMessage.kind.in_(("confirmation", "waiting")))
            .group_by(OutboxMessage.kind)
        ).all()
        db.session.remove()
    for _kind, id in kinds:
        yield Visit(f"//demo/mail/{id}")


def _type_a_code(page: Page) -> None:
    page.locator("[data-code]").first.click()


def _search(page: Page) -> None:
    expect(page.locator("body[data-ready=true]")).to_be_attached(timeout=20_000)
    page.locator("#open-find").click()
    page.locator("#query").fill("ова")
    expect(page.locator("#hits li").first).to_be_visible()


def _walk_in(page: Page) -> None:
    page.locator("#open-find").click()
    page.locator("#open-walk").click()
    page.locator("#ctl-walk [type=submit]").click()
    expect(page.locator("#walk .err").first).to_be_visible()


def _options(page: Page) -> None:
    page.locator("#open-more").click()
    page.locator("#forget").click()
    expect(page.locator("#forget-ask")).to_be_visible()


def _last_scans(page: Page) -> None:
    page.locator("#open-more").click()
    page.locator("[data-last]").first.click()


def _verdict(page: Page) -> None:
    page.locator("[data-code]").first.click()
    page.locator("#code").fill("WIFI:S:hall;;")
    page.locator("#code").press("Enter")
    expect(page.locator("#answer h2")).to_be_visible()
    page.locator("#hold").click()


def door(demo: Live) -> Iterator[Visit]:
    """The scanner in all its views, and shut; self check-in; a room's screen, and its field."""
    with demo.app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "pipni-robota")).one()
        with transaction():
            opened = checkin.make_door(event, "Вход от двора", DoorRole.STEWARD)
            shut = checkin.make_door(event, "Заден вход", DoorRole.SCAN)
            checkin.revoke_door(event.id, shut.id)
            screen = checkin.make_door(event, "Екран в залата", DoorRole.SCREEN)
            kiosk = checkin.make_door(event, "Самообслужване", DoorRole.KIOSK)
        paths = ["//door/" + checkin.address(row).partition("/door/")[2] for row in (opened, shut, screen, kiosk)]
        here = _of_status("pipni-robota", RegistrationStatus.CONFIRMED)
        db.session.remove()
    yield Visit(paths[0], lambda page: expect(page.locator("#trouble")).to_be_visible())
    for act in (_type_a_code, _search, _walk_in, _options, _last_scans, _verdict):
        yield Visit(paths[0], act)
    yield Visit(paths[3], lambda page: expect(page.locator("#trouble")).to_be_visible())
    yield Visit(paths[1], status=410)
    yield Visit(paths[2])
    yield Visit(f"{here}/", lambda page: expect(page.locator(".here input[name=code]")).to_be_visible())


def outside(demo: Live) -> Iterator[Visit]:
    """Staff's pages before signing in."""
    yield Visit("//organise/sign-in")
    yield Visit("//organise/sign-in", send_form)
    yield Visit("//organise/reset")
    yield Visit("//organise/reset/asked")


def hub_pages(demo: Live) -> Iterator[Visit]:
    """Staff's pages of the hub."""
    with demo.app.app_context():
        venue = db.session.scalars(sa.select(Venue.id).where(Venue.hub_id == 1)).first()
        programme = db.session.scalars(sa.select(Programme.id).where(Programme.hub_id == 1)).first()
        colleague = db.session.scalars(sa.select(Membership.id).where(Membership.role == Role.DOOR)).first()
        db.session.remove()
    for path in (
        "",
        "events/",
        "events/new",
        "programmes/",
        "programmes/new",
        f"programmes/{programme}/",
        "venues/",
        "venues/new",
        f"venues/{venue}/",
        "staff",
        "staff/invite",
        f"staff/{colleague}",
        "settings",
    ):
        yield Visit(f"//organise/zagore/{path}")
    yield Visit("//organise/zagore/events/new", send_form)
    yield Visit("//organise/me")


def _workspace(demo: Live, slug: str) -> str:
    with demo.app.app_context():
        id = db.session.scalars(sa.select(Event.id).where(Event.slug == slug)).one()
        db.session.remove()
    return f"//organise/zagore/events/{id}"


def event_pages(demo: Live) -> Iterator[Visit]:
    """Staff's pages of events: overviews, forms and the agenda."""
    for slug in ("kibersigurnost-za-malkiya-ekip", "gradat-predvaritelno", "rezultatite-ot-godinata", "masini-i-danni"):
        yield Visit(f"{_workspace(demo, slug)}/")
    base = _workspace(demo, "zemya-zavod-grad")
    with demo.app.app_context():
        item = db.session.scalars(sa.select(EventSession.id).where(EventSession.capacity.is_not(None))).first()
        speaker = db.session.scalars(sa.select(Speaker.id).where(Speaker.hub_id == 1)).first()
        db.session.remove()
    for path in (
        "",
        "edit",
        "copy",
        "cancel",
        "picture",
        "agenda",
        "agenda/sessions/new",
        f"agenda/sessions/{item}",
        "agenda/parts",
        "agenda/speakers",
        f"agenda/speakers/{speaker}",
        "agenda/import",
    ):
        yield Visit(f"{base}/{path}")
    yield Visit(f"{_workspace(demo, 'kibersigurnost-za-malkiya-ekip')}/edit")


def people_pages(demo: Live) -> Iterator[Visit]:
    """Staff's pages of people, messages and doors."""
    base = _workspace(demo, "fakturi-bez-hartiya")
    with demo.app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "fakturi-bez-hartiya")).one()
        row = db.session.scalars(sa.select(Registration.id).where(Registration.event_id == event.id)).first()
        db.session.remove()
    for path in ("people/", "people/?status=waitlisted", f"people/{row}/", f"people/{row}/edit", "people/new",
                 "messages/", "door", "badges", f"badges?id={row}&size=roll-62x100"):  # fmt: skip
        yield Visit(f"{base}/{path}")
    yield Visit(f"{base}/messages/", lambda page: page.locator("table a[href*='/messages/']").first.click())
    yield Visit(f"{base}/people/new", send_form)
    for slug in ("pipni-robota", "masini-i-danni"):
        yield Visit(f"{_workspace(demo, slug)}/door")
        yield Visit(f"{_workspace(demo, slug)}/door/counter")
    entrance = f"{_workspace(demo, 'pipni-robota')}/door"
    yield Visit(entrance, lambda page: page.locator(".door-acts a:not([href*='.pdf'])").last.click())
    yield Visit(entrance, open_all)
    yield Visit(f"{_workspace(demo, 'rezultatite-ot-godinata')}/people/")


def attendance_pages(demo: Live) -> Iterator[Visit]:
    """Staff's pages of attendance: today, a past day, a conference, one person, a log of an online meeting."""
    with demo.app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "masini-i-danni")).one()
        assert event.starts_at is not None
        known = db.session.scalar(sa.select(OnlineLog.id).where(OnlineLog.event_id == event.id))
        ids = db.session.scalars(sa.select(Registration.id).where(Registration.event_id == event.id).limit(2)).all()
        people = db.session.scalars(sa.select(Registration).where(Registration.id.in_(ids))).all()
        day = event.starts_at.date()
        rows = [f"{person.name},{day} 10:00,{day} 11:00" for person in people]
        rows += [f"{people[0].first_name},{day} 10:00,", "iPhone,yesterday,", f"Some Body,{day} 10:00,{day} 10:10"]
        log = online.read("\n".join(["Name,Joined,Left", *rows]).encode(), zone=event.zone, day=day, days=[day],
                          now=clock.now())  # fmt: skip
        user_id = db.session.scalars(sa.select(Membership.user_id).where(Membership.hub_id == event.hub_id)).first()
        assert user_id is not None
        if known is None:
            with transaction():
                known = online_logs.keep_log(
                    event.id, None, log, file_name="teams.csv", digest="0" * 64, user_id=user_id
                ).id
        db.session.remove()
    past, now, conference = (
        f"{_workspace(demo, slug)}/attendance" for slug in ("masini-i-danni", "pipni-robota", "zemya-zavod-grad")
    )
    for path in (f"{now}/", f"{past}/", f"{past}/?show=missing", f"{past}/?q=%D1%8A%D1%8A", f"{conference}/"):
        yield Visit(path)
    for id in ids:
        yield Visit(f"{past}/{id}/")
    yield Visit(f"{past}/{ids[0]}/?day={day}", lambda page: _refused(page, "times"))
    yield Visit(f"{past}/online")
    yield Visit(f"{past}/online", lambda page: _refused(page, "online"))
    yield Visit(f"{past}/online/{known}")


def _refused(page: Page, form: str) -> None:
    """Sends a form of a page as it is, and waits for its errors."""
    if form == "times":
        page.locator("#times-left").fill("00:01")
    page.locator(f"main form[action*='/{form}'] [type=submit]").first.click()
    expect(page.locator(".error-sum")).to_be_visible()


AREAS: dict[str, Callable[[Live], Iterator[Visit]]] = {
    each.__name__: each
    for each in (public, events, register, person, errors, mailbox, door, outside, hub_pages, event_pages, people_pages,
                 attendance_pages)
}  # fmt: skip
STAFF = ("hub_pages", "event_pages", "people_pages", "attendance_pages")


def visits(demo: Live, area: str) -> Sequence[Visit]:
    """The pages of an area."""
    return list(AREAS[area](demo))


def address(demo: Live, visit: Visit, lang: str) -> str:
    """The absolute address of a page; one that begins with `//` has no language in it."""
    return demo.url(visit.path[1:] if visit.path.startswith("//") else f"/{lang}{visit.path}")
