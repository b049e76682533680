"""The choice of a hub, and what needs its staff today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from hubevents.checkin import settling
from hubevents.checkin.settling import OpenInEvent
from hubevents.core import clock, i18n
from hubevents.events import desk
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Action
from hubevents.mail import desk as mail
from hubevents.mail.rules import MessageStatus
from hubevents.programmes.rules import missing_visibility
from hubevents.web import access
from hubevents.web.context import term
from hubevents.web.locale import language
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.programmes import missing_words
from hubevents.web.organiser.words import event_url
from hubevents.web.shown import big_date
from hubevents.web.site import Link

BACK = timedelta(days=7)
"""How long what is over still stands on the page."""
DRAFT_SOON = timedelta(days=21)
"""A draft that begins within this time is pressed."""
MOST_RUNS = 8
MOST_TODO = 8


@dataclass(frozen=True)
class Todo:
    """Something that needs somebody today; the most urgent first."""

    title: str
    text: str
    due: str | None
    label: str
    url: str


@dataclass(frozen=True)
class Run:
    """An event as one line: when, what, how many."""

    url: str
    title: str
    day: str
    weekday: str
    note: str
    taken: int
    capacity: int | None
    count: str


@blueprint.get("/")
@access.signed_in
def start() -> Response | str:
    """To the only hub of the user, else a choice."""
    memberships = hubs.memberships(current_user.id)
    if len(memberships) == 1:
        return redirect(url_for("organiser.home", hub=memberships[0].hub.slug), 303)
    choices = [
        Link(membership.hub.name.text(current_user.language), url_for("organiser.home", hub=membership.hub.slug))
        for membership in memberships
    ]
    return render_template("organiser/start.html", hubs=choices)


@blueprint.get("/<slug:hub>/")
@access.staff(Action.SEE_EVENTS)
def home(hub: str) -> str:
    """What needs me today, and the coming days."""
    row = access.this_hub()
    now, spoken = clock.now(), language()
    found = desk.around(row.id, now, back=BACK)
    troubles = mail.troubles(row.id, now - BACK) if access.permitted(Action.SEE_MESSAGES) else []
    odd = settling.open_by_event(row.id) if access.permitted(Action.EDIT_PEOPLE) else []
    todo = _todo(found, troubles, odd, row, now, spoken)
    today = clock.today(row.zone)
    coming = [event for event in found if event.status is EventStatus.PUBLISHED and (event.ends_at or now) > now]
    over = [event for event in found if event.status is EventStatus.PUBLISHED and (event.ends_at or now) <= now]
    return render_template(
        "organiser/home.html",
        date=big_date(today, today, spoken),
        greeting=_greeting(i18n.local(now, row.zone).hour, current_user.name),
        waits=_waits(len(todo)),
        todo=todo[:MOST_TODO],
        coming=[_run(event, hub, spoken) for event in coming[:MOST_RUNS]],
        over=[_run(event, hub, spoken) for event in reversed(over[-MOST_RUNS:])],
        more=len(coming) > MOST_RUNS,
        events_url=url_for("organiser.events", hub=hub),
        new_url=url_for("organiser.new_event", hub=hub) if access.permitted(Action.EDIT_EVENTS) else None,
        first=not found,
    )


def _greeting(hour: int, name: str) -> str:
    first = name.split()[0] if name.split() else name
    if 5 <= hour < 11:
        return str(_("Good morning, %(name)s.", name=first))
    if 11 <= hour < 18:
        return str(_("Good day, %(name)s.", name=first))
    return str(_("Good evening, %(name)s.", name=first))


def _waits(number: int) -> str:
    if not number:
        return str(_("Nothing waits for you."))
    return str(ngettext("One thing waits for you.", "%(num)s things wait for you.", number))


def _todo(
    found: list[Event],
    troubles: list[mail.Trouble],
    odd: Sequence[OpenInEvent],
    hub: Hub,
    now: datetime,
    spoken: str,
) -> list[Todo]:
    """What needs somebody, in order: what is about to fail first, then people who wait, then what can wait."""
    edits = access.permitted(Action.EDIT_EVENTS)
    urgent: list[Todo] = []
    waiting: list[Todo] = []
    later: list[Todo] = []
    titles = {event.id: event.title.text(spoken) for event in found}
    for event in found:
        title = titles[event.id] or _("Event without a title")
        when = _when(event, spoken)
        coming = event.ends_at is None or event.ends_at > now
        missing = missing_visibility(event.programme, hub.languages) if event.programme and coming else []
        if missing and edits:
            text = _(
                "“%(title)s” cannot be shown without: %(missing)s.",
                title=title,
                missing="; ".join(missing_words(missing)),
            )
            url = url_for("organiser.programme", hub=hub.slug, programme_id=event.programme_id)
            urgent.append(Todo(_("Complete the funding's visibility"), text, when, _("Complete"), url))
        if event.status is EventStatus.DRAFT and edits and not missing:
            overview = event_url("event", hub.slug, event.id)
            if event.starts_at is None:
                later.append(
                    Todo(
                        _("Give “%(title)s” a date", title=title),
                        _("It is a draft without a date."),
                        None,
                        _("Continue"),
                        event_url("edit_event", hub.slug, event.id),
                    )
                )
            elif event.starts_at <= now:
                later.append(
                    Todo(
                        _("Decide about “%(title)s”", title=title),
                        _("Its date has passed and it was never published."),
                        None,
                        _("Look"),
                        overview,
                    )
                )
            elif event.starts_at - now <= DRAFT_SOON:
                urgent.append(
                    Todo(
                        _("Publish “%(title)s”", title=title),
                        _("It is still a draft, and nobody can register."),
                        _("It begins on %(when)s", when=when),
                        _("Look"),
                        overview,
                    )
                )
        if event.status is EventStatus.PUBLISHED and coming and event.waiting:
            text = ngettext("“%(title)s” is full.", "“%(title)s” is full.", event.waiting, title=title)
            waiting.append(
                Todo(
                    ngettext("One person waits for a place", "%(num)s people wait for a place", event.waiting),
                    text,
                    _("It begins on %(when)s", when=when),
                    _("See who waits"),
                    event_url("people", hub.slug, event.id, status="waitlisted"),
                )
            )
        if event.status is EventStatus.PUBLISHED and coming and event.capacity is not None:
            over = event.seats_taken - event.capacity
            if over > 0:
                text = _("“%(title)s” has %(capacity)s places.", title=title, capacity=event.capacity)
                label = ngettext("One person more than places", "%(num)s people more than places", over)
                waiting.append(Todo(label, text, None, _("Look"), event_url("people", hub.slug, event.id)))
    for each in odd:
        label = ngettext("One scan to settle", "%(num)s scans to settle", each.number)
        text = _("At the door of “%(title)s” the phones and the list disagree.", title=each.title.text(spoken))
        url = event_url("doors", hub.slug, each.event_id, _anchor="to-settle")
        waiting.append(Todo(label, text, None, _("Settle"), url))
    for trouble in troubles:
        if trouble.event_id is None:
            continue
        label = ngettext("One mail was not delivered", "%(num)s mails were not delivered", trouble.number)
        text = titles.get(trouble.event_id, "")
        url = event_url("messages", hub.slug, trouble.event_id, status=MessageStatus.FAILED.value)
        waiting.append(Todo(label, f"„{text}“" if text and spoken == "bg" else text, None, _("See why"), url))
    return [*urgent, *waiting, *later]


def _when(event: Event, spoken: str) -> str:
    if event.starts_at is None:
        return ""
    return i18n.date_text(i18n.local(event.starts_at, event.zone).date(), spoken, with_weekday=True)


def _run(event: Event, hub: str, spoken: str) -> Run:
    assert event.starts_at is not None
    assert event.ends_at is not None
    first, last = (i18n.local(moment, event.zone).date() for moment in (event.starts_at, event.ends_at))
    if first == last:
        day, weekday = f"{first.day} {i18n.month(first, spoken, short=True)}", i18n.weekday(first, spoken, short=True)
    else:
        weekday = f"{i18n.weekday(first, spoken, short=True)} – {i18n.weekday(last, spoken, short=True)}"
        if (first.year, first.month) == (last.year, last.month):
            day = f"{first.day}–{last.day} {i18n.month(last, spoken, short=True)}"
        else:
            day = f"{first.day}.{first.month:02} – {last.day}.{last.month:02}"
    if event.capacity is None:
        count = ngettext("%(num)s registered", "%(num)s registered", event.seats_taken)
    else:
        count = _("%(taken)s of %(capacity)s", taken=event.seats_taken, capacity=event.capacity)
    return Run(
        url=event_url("event", hub, event.id),
        title=event.title.text(spoken),
        day=day,
        weekday=weekday,
        note=f"{term('kinds', event.kind)}, {i18n.time_text(event.starts_at, event.zone, spoken)}",
        taken=event.seats_taken,
        capacity=event.capacity,
        count=count,
    )
