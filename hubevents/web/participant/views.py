"""The personal page of one registration: what happens now, the ticket, the calendar, and a way to change one's mind.

The link is the key: no account, nothing stored in the browser, never cached, never indexed. No GET changes anything.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import BooleanField

from hubevents.calendars import entries, feeds, ics, invites
from hubevents.checkin import selfcheck
from hubevents.core import art, clock, i18n, links, qr, text, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, Gone, NotFound
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus, Format
from hubevents.registrations import queries, tickets
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import LIVE, ConsentKind, RegistrationStatus
from hubevents.web import access, messages, shown
from hubevents.web.context import term
from hubevents.web.forms import Form, in_form
from hubevents.web.headers import private
from hubevents.web.limits import LOOK_UP, ROOM_CODES, limiter
from hubevents.web.locale import language
from hubevents.web.participant import here
from hubevents.web.person import PersonForm, asked_by
from hubevents.web.public.subscribing import ways
from hubevents.web.site import plain_site

blueprint = Blueprint("participant", __name__)


@dataclass(frozen=True)
class Row:
    """A labelled line of the ticket."""

    label: str
    text: str


class CancelForm(Form):
    """Nothing but the token against forged requests."""


class ConsentForm(Form):
    """The consents as they stand."""

    photo = BooleanField(_l("You may take my picture"))
    newsletter = BooleanField(_l("Send me the newsletter"))


def registration_of(token: str) -> Registration:
    """The registration of a personal link. Raises NotFound for a foreign link, Gone for a renewed one."""
    link = tokens.read_link(tokens.REGISTRATION, token)
    registration = queries.registration_with_event(link.id) if link else None
    if link is None or registration is None:
        raise NotFound("link_unknown")
    if registration.link_version != link.version:
        raise Gone("link_renewed")
    return registration


def _path(pattern: str, token: str) -> str:
    return links.path(pattern, lang=language(), token=token)


def _html(template: str, row: Registration, status: int = 200, **values: Any) -> Response:
    event = row.event
    page = render_template(
        template,
        site=plain_site(event.hub, private=True),
        funding=shown.funding(event.programme, language()),
        **values,
    )
    return private(make_response(page, status))


@blueprint.route(links.rule(links.REGISTRATION), methods=["GET", "POST"])
@access.link
@in_form
@limiter.limit(LOOK_UP)
@limiter.limit(ROOM_CODES, key_func=here.whose, methods=["POST"], on_breach=here.too_often)
def registration(lang: str, token: str) -> Response:
    """The page itself; it takes the code of a room's screen."""
    row = registration_of(token)
    event = row.event
    form: here.CodeForm | None = None
    if request.method == "POST" or (row.status is RegistrationStatus.CONFIRMED and selfcheck.is_offered(event)):
        form = here.CodeForm()
        if form.validate_on_submit():
            id, event_id, title, zone = row.id, row.event_id, event.title.text(lang), event.zone
            with transaction():
                outcome = selfcheck.check_in(id, event_id, form.code.data, lang)
            here.tell(outcome, title, zone, lang)
            return redirect(_path(links.REGISTRATION, token), 303)
    ticket = queries.valid_ticket(row.id) if row.status is RegistrationStatus.CONFIRMED else None
    over = event.status is EventStatus.CANCELLED or _is_past(event)
    state, state_text, headline, sentence = _words(row, lang)
    waiting = row.status is RegistrationStatus.WAITLISTED and not over
    buttons: list[dict[str, str]] = []
    if ticket is not None and not over:
        buttons = [
            {"label": _("Add to the calendar"), "url": _path(links.REGISTRATION_CALENDAR, token)},
            {"label": _("Save the ticket as a picture"), "url": _path(links.TICKET_PNG, token)},
        ]
        if event.online_url and event.format in (Format.ONLINE, Format.HYBRID):
            buttons.append({"label": _("Join online"), "url": event.online_url})
    elif row.status not in LIVE or over:
        buttons = [{"label": _("See the coming events"), "url": links.path(links.HUB, lang=lang, hub=event.hub.slug)}]
    return _html(
        "participant/registration.html",
        row,
        422 if form is not None and form.errors else 200,
        here=form,
        registration={"state": state, "state_text": state_text, "headline": headline, "sentence": sentence},
        ticket=_ticket(row, ticket, lang) if ticket is not None and not over else None,
        ghost=_ghost(row, lang) if waiting else None,
        buttons=buttons,
        steps=_steps() if waiting else [],
        sessions=_sessions(row, lang),
        acts=_acts(row, token),
        event_link={
            "label": event.title.text(lang),
            "url": links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug),
        },
        calendar=_calendar(row, lang) if row.status in LIVE else None,
        dates=_dates(event, lang),
    )


def _words(row: Registration, lang: str) -> tuple[str, str, str, str]:
    """State, its word, the headline and what happens now."""
    event = row.event
    name = row.first_name
    if event.status is EventStatus.CANCELLED:
        reason = event.cancel_reason.text(lang)
        return "off", _("Cancelled"), _("The event is cancelled"), reason or _("We are sorry. There is nothing to do.")
    if _is_past(event) and row.status in LIVE:
        return "off", _("Over"), _("The event is over"), _("Thank you. What comes next stands in the list of the hub.")
    if row.status is RegistrationStatus.CONFIRMED:
        sentence = _("Show this code at the door, on paper or on the phone.")
        if event.format in (Format.ONLINE, Format.SELF_PACED):
            sentence = _("The address to join stands on this page and in your calendar.")
        return "ok", _("Confirmed"), _("You are in, %(name)s.", name=name), sentence
    if row.status in (RegistrationStatus.WAITLISTED, RegistrationStatus.OFFERED):
        return (
            "wait",
            _("Waiting"),
            _("You are on the list, %(name)s.", name=name),
            _("All places are taken. When one is free, you get it in the order of the list and a mail says so."),
        )
    if row.status is RegistrationStatus.PENDING:
        return "ask", _("To be approved"), _("We have your wish, %(name)s.", name=name), _("A mail tells what follows.")
    return (
        "off",
        _("Not registered"),
        _("You are not registered for this event"),
        _("Your place was given back. If your plans change, register again."),
    )


def _steps() -> list[dict[str, str]]:
    return [
        {"title": _("You keep your place in the queue."), "text": _("Nobody who comes later passes you.")},
        {"title": _("A place gets free."), "text": _("The first in the queue gets it at once, with ticket and mail.")},
        {"title": _("You cannot come any more?"), "text": _("Leave the list below, so that others move up.")},
    ]


def _ticket_frame(row: Registration, lang: str, class_name: str) -> dict[str, Any]:
    event = row.event
    title_lang = event.title.language_for(lang)
    rows = [
        Row(_("Name"), row.name),
        Row(_("Time"), _time(event, lang)),
        Row(_("Place"), shown.place_line(event, lang)),
    ]
    if row.organisation_name:
        rows.insert(1, Row(_("Organisation"), row.organisation_name))
    return {
        "art": art.art(shown.face(event), wide=True, class_name=class_name),
        "kind": term("kinds", event.kind),
        "title": event.title.text(lang),
        "title_lang": title_lang if title_lang != lang else None,
        "date": shown.event_date(event, lang),
        "rows": rows,
    }


def _time(event: Event, lang: str) -> str:
    dates = events.scheduled(event)
    if len(dates) != 1:
        return shown.time_line(event, lang)
    start, end = dates[0].starts_at, dates[0].ends_at
    zone = i18n.zone_text(event.zone, lang, start)
    if i18n.local(start, event.zone).date() == i18n.local(end, event.zone).date():
        return f"{i18n.time_range_text(start, end, event.zone, lang)}, {zone}"
    return f"{i18n.range_text(start, end, event.zone, lang)}, {zone}"


def ticket_text(row: Registration, ticket: Ticket) -> str:
    """What the QR holds: the signed digits of this registration's ticket."""
    return tickets.issue(tokens.ticket_keys()[0], event_id=row.event_id, registration_id=row.id, version=ticket.version)


def _ticket(row: Registration, ticket: Ticket, lang: str) -> dict[str, Any]:
    return {
        **_ticket_frame(row, lang, "ticket-art"),
        "qr": Markup(qr.svg(ticket_text(row, ticket), title=_("The code of your ticket"))),  # noqa: S704 - ours
        "code": tickets.short_code(ticket.code),
    }


def _ghost(row: Registration, lang: str) -> dict[str, Any]:
    return {
        **_ticket_frame(row, lang, "ticket-art"),
        "position": queries.place_in_queue(row),
        "waiting": row.event.waiting,
    }


def _sessions(row: Registration, lang: str) -> list[dict[str, Any]]:
    notes = {
        RegistrationStatus.WAITLISTED: _("full, you are waiting"),
        RegistrationStatus.PENDING: _("when you get a place in the event"),
    }
    return [
        {
            "when": i18n.date_time_text(place.event_session.starts_at, row.event.zone, lang),
            "when_iso": i18n.local(place.event_session.starts_at, row.event.zone).isoformat(),
            "title": place.event_session.title.text(lang),
            "note": notes.get(place.status)
            or (place.event_session.room.name.text(lang) if place.event_session.room else None),
            "change": _("cancelled") if place.event_session.status == "cancelled" else None,
        }
        for place in queries.session_places(row.id)
    ]


def _dates(event: Event, lang: str) -> list[dict[str, str]]:
    """Every date of a series, for the list under the ticket; empty for a single one."""
    dates = events.scheduled(event)
    if len(dates) < 2:
        return []
    return [
        {
            "when": i18n.range_text(date.starts_at, date.ends_at, event.zone, lang),
            "when_iso": i18n.local(date.starts_at, event.zone).isoformat(),
            "title": date.title.text(lang),
        }
        for date in dates
    ]


def _acts(row: Registration, token: str) -> list[dict[str, str]]:
    if row.status not in LIVE or row.event.status is EventStatus.CANCELLED or _ended(row.event):
        return []
    leave = (
        {
            "title": _("You cannot come"),
            "note": _("Your place goes to the next in the queue."),
            "label": _("Cancel my place"),
        }
        if row.status is RegistrationStatus.CONFIRMED
        else {
            "title": _("You no longer want to wait"),
            "note": _("The others move up by one."),
            "label": _("Leave the list"),
        }
    )
    return [
        {
            "title": _("Something is written wrongly"),
            "note": _("Name, organisation, phone."),
            "label": _("Change"),
            "url": _path(links.REGISTRATION_CHANGE, token),
        },
        {
            "title": _("Pictures and newsletter"),
            "note": _("See and withdraw your consents."),
            "label": _("My consents"),
            "url": _path(links.REGISTRATION_CONSENTS, token),
        },
        {**leave, "url": _path(links.REGISTRATION_CANCEL, token)},
    ]


def _ended(event: Event) -> bool:
    return events.has_begun(event)


def _is_past(event: Event) -> bool:
    return event.ends_at is not None and event.ends_at <= clock.now()


def _calendar(row: Registration, lang: str) -> Any:
    """Addresses of the person's own feed by calendar program; None for people without mail."""
    if row.participant is None:
        return None
    path = links.path(links.PERSONAL_FEED, token=feeds.personal_token(row.participant), form="ics")
    return ways(f"{path}?lang={lang}", _("My events, %(hub)s", hub=row.event.hub.name.text(lang)))


@blueprint.get(links.rule(links.TICKET_PNG))
@access.link
@limiter.limit(LOOK_UP)
def ticket_png(lang: str, token: str) -> Response:
    """The ticket's QR as a picture to keep."""
    row = registration_of(token)
    ticket = queries.valid_ticket(row.id) if row.status is RegistrationStatus.CONFIRMED else None
    if ticket is None:
        raise NotFound("page")
    response = make_response(qr.png(ticket_text(row, ticket)))
    response.content_type = "image/png"
    name = text.file_name(row.event.title.text(lang), "png")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(response)


@blueprint.get(links.rule(links.REGISTRATION_CALENDAR))
@access.link
@limiter.limit(LOOK_UP)
def calendar(lang: str, token: str) -> Response:
    """All dates of the event as a file for the calendar, without METHOD."""
    row = registration_of(token)
    if row.status not in LIVE:
        raise NotFound("page")
    page = links.absolute(links.REGISTRATION, lang=lang, token=token)
    known = {}
    if row.participant is not None:
        known = invites.highest_sequences(row.participant.email, [date.uid for date in row.event.dates])
    dates = [
        entries.entry_of(date, lang, personal_url=page, sequence=max(date.sequence, known.get(date.uid, 0)))
        for date in row.event.dates
    ]
    response = make_response(ics.dates_file(dates))
    response.content_type = "text/calendar; charset=utf-8"
    name = text.file_name(row.event.title.text(lang), "ics")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(response)


@blueprint.route(links.rule(links.REGISTRATION_CANCEL), methods=["GET", "POST"])
@access.link
@in_form
@limiter.limit(LOOK_UP)
def cancel(lang: str, token: str) -> Response:
    """One question, one button; the next in the queue moves up at once."""
    row = registration_of(token)
    form = CancelForm()
    refusals: list[str] = []
    if row.status not in LIVE:
        return redirect(_path(links.REGISTRATION, token), 303)
    if _ended(row.event):
        raise Conflict("event_begun")
    if form.validate_on_submit():
        id = row.id
        try:
            with transaction():
                registrations.cancel(id, by="person")
        except DomainError as error:
            refusals.append(messages.words(error))
        else:
            flash(_("Your place was given back. Thank you for telling us."), "ok")
            return redirect(_path(links.REGISTRATION, token), 303)
    return _html(
        "participant/cancel.html",
        row,
        422 if form.errors or refusals else 200,
        form=form,
        refusals=refusals,
        waiting=row.status is RegistrationStatus.WAITLISTED,
        title=row.event.title.text(lang),
        when=shown.time_line(row.event, lang),
        up={"label": _("Back to my page"), "url": _path(links.REGISTRATION, token)},
    )


@blueprint.route(links.rule(links.REGISTRATION_CHANGE), methods=["GET", "POST"])
@access.link
@in_form
@limiter.limit(LOOK_UP)
def change(lang: str, token: str) -> Response:
    """Names and other details; the mail address stays, because the link went there."""
    row = registration_of(token)
    if row.status not in LIVE:
        return redirect(_path(links.REGISTRATION, token), 303)
    form = PersonForm(
        first_name=row.first_name, last_name=row.last_name, organisation=row.organisation_name,
        organisation_number=row.organisation_number, phone=row.phone, position=row.position,
    )  # fmt: skip
    form.ask(asked_by(row.event))
    refusals: list[str] = []
    if form.validate_on_submit():
        id = row.id
        person = form.registrant(None, row.language)
        try:
            with transaction():
                registrations.change_details(id, person)
        except DomainError as error:
            refusals.append(messages.words(error))
        else:
            flash(_("Saved."), "ok")
            return redirect(_path(links.REGISTRATION, token), 303)
    asked = {name: how.value for name, how in asked_by(row.event).items()}
    return _html(
        "participant/change.html",
        row,
        422 if form.errors or refusals else 200,
        form=form,
        refusals=refusals,
        asked=asked,
        email=row.participant.email if row.participant else "",
        up={"label": _("Back to my page"), "url": _path(links.REGISTRATION, token)},
    )


@blueprint.route(links.rule(links.REGISTRATION_CONSENTS), methods=["GET", "POST"])
@access.link
@in_form
@limiter.limit(LOOK_UP)
def consents(lang: str, token: str) -> Response:
    """The consents as they stand; each is withdrawn or given by its tick."""
    row = registration_of(token)
    now = queries.consents(row.id)
    granted = {kind: kind in now and now[kind].granted for kind in ConsentKind}
    form = ConsentForm(photo=granted[ConsentKind.PHOTO], newsletter=granted[ConsentKind.NEWSLETTER])
    if form.validate_on_submit():
        id = row.id
        wanted = {ConsentKind.PHOTO: bool(form.photo.data), ConsentKind.NEWSLETTER: bool(form.newsletter.data)}
        with transaction():
            for kind, wish in wanted.items():
                if wish != granted[kind]:
                    registrations.decide_consent(id, kind, granted=wish)
        flash(_("Saved."), "ok")
        return redirect(_path(links.REGISTRATION, token), 303)
    return _html(
        "participant/consents.html",
        row,
        422 if form.errors else 200,
        form=form,
        up={"label": _("Back to my page"), "url": _path(links.REGISTRATION, token)},
    )
