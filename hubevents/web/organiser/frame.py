"""What surrounds staff pages: head and navigation, and the workspace of one event with its tabs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from hubevents.core import i18n, links
from hubevents.core.errors import NotFound
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Action
from hubevents.web import access
from hubevents.web.context import term
from hubevents.web.locale import language
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.site import Link, SignedIn, Site, colour_url, flashes, upload_url


@dataclass(frozen=True)
class Workspace:
    """The head of one event's pages; `event` in templates that extend `event_base.html`."""

    id: int
    title: str
    title_lang: str
    line: str
    status: str
    public_url: str | None
    tab: str
    """The label of the tab in force."""
    tabs: tuple[Link, ...] = field(default=())


_TABS: tuple[tuple[str, str, Callable[[], str], Action], ...] = (
    ("overview", "organiser.event", lambda: _("Overview"), Action.SEE_EVENTS),
    ("agenda", "organiser.agenda", lambda: _("Agenda"), Action.SEE_EVENTS),
    ("people", "organiser.people", lambda: _("People"), Action.SEE_PEOPLE),
    ("messages", "organiser.messages", lambda: _("Messages"), Action.SEE_MESSAGES),
    ("door", "organiser.doors", lambda: _("Door"), Action.OPEN_DOORS),
    ("attendance", "organiser.attendance_list", lambda: _("Attendance"), Action.SEE_PEOPLE),
)

_NAV: tuple[tuple[str, str, Callable[[], str], Action], ...] = (
    ("organiser.home", "home", lambda: _("Today"), Action.SEE_EVENTS),
    ("organiser.events", "events", lambda: _("Events"), Action.SEE_EVENTS),
    ("organiser.programmes", "programmes", lambda: _("Programmes"), Action.EDIT_EVENTS),
    ("organiser.venues", "venues", lambda: _("Venues"), Action.EDIT_EVENTS),
    ("organiser.staff", "staff", lambda: _("Colleagues"), Action.MANAGE_STAFF),
    ("organiser.settings", "settings", lambda: _("Settings"), Action.MANAGE_HUB),
)


def this_event(event_id: int) -> Event:
    """The event of the address when it is this hub's, with dates and venue; NotFound otherwise."""
    event = events.event_of_hub(access.this_hub().id, event_id)
    if event is None:
        raise NotFound("page")
    return event


def workspace(event: Event, tab: str) -> Workspace:
    """The head of an event's page; `tab` is a key of `_TABS`."""
    shown = language()
    hub = access.this_hub()
    tabs = tuple(
        Link(label(), url_for(endpoint, hub=hub.slug, event_id=event.id), key == tab)
        for key, endpoint, label, action in _TABS
        if endpoint in current_app.view_functions and access.permitted(action)
    )
    return Workspace(
        id=event.id,
        title=event.title.text(shown) or _("Event without a title"),
        title_lang=event.title.language_for(shown),
        line=" · ".join(_line(event, shown)),
        status=event.status.value,
        public_url=None
        if event.status is EventStatus.DRAFT
        else links.path(links.EVENT, lang=shown, hub=hub.slug, event=event.slug),
        tab=next(label() for key, _endpoint, label, _action in _TABS if key == tab),
        tabs=tabs,
    )


def _line(event: Event, shown: str) -> list[str]:
    """Kind, dates, places and what is not usual."""
    parts = [term("kinds", event.kind), when(event, shown)]
    if event.capacity is None:
        parts.append(ngettext("%(num)s registered", "%(num)s registered", event.seats_taken))
    else:
        parts.append(_("%(taken)s of %(capacity)s places", taken=event.seats_taken, capacity=event.capacity))
    if event.status is EventStatus.DRAFT:
        parts.append(_("Draft"))
    elif event.status is EventStatus.CANCELLED:
        parts.append(_("Cancelled"))
    return parts


def when(event: Event, shown: str) -> str:
    """The days of an event in words: one, or first to last."""
    if event.starts_at is None or event.ends_at is None:
        return str(_("No date yet"))
    first, last = (i18n.local(moment, event.zone).date() for moment in (event.starts_at, event.ends_at))
    return i18n.date_range_text(first, last, shown)


def site(hub: Hub | None) -> Site:
    """The frame of a staff page; without a hub (sign-in, choice of hub) it bears the name of the product."""
    user = current_user if current_user.is_authenticated else None
    signed_in = None
    if user is not None and "organiser.sign_out" in current_app.view_functions:
        signed_in = SignedIn(user.name, url_for("organiser.sign_out"))
    if hub is None:
        start = url_for("organiser.start")
        return Site(
            lang=language(), name="HubEvents", home_url=start, robots="noindex", flashes=flashes(), user=signed_in
        )
    section = request.path.removeprefix(f"/organise/{hub.slug}/").partition("/")[0] or "home"
    nav = tuple(
        Link(label(), url_for(endpoint, hub=hub.slug), key == section)
        for endpoint, key, label, action in _NAV
        if endpoint in current_app.view_functions and access.permitted(action)
    )
    return Site(
        lang=language(),
        name=hub.name.text(language()),
        home_url=url_for("organiser.home", hub=hub.slug),
        logo_url=upload_url(hub.logo),
        colour_url=colour_url(hub),
        robots="noindex",
        nav=nav,
        foot=(Link(_("Public page of the hub"), links.path(links.HUB, lang=language(), hub=hub.slug)),),
        flashes=flashes(),
        user=signed_in,
    )


@blueprint.context_processor
def _frame() -> dict[str, Any]:
    membership: Membership | None = g.get("membership")
    return {"site": site(membership.hub if membership else None)}
