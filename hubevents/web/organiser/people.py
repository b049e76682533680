"""An event's people: search, filters, registering by hand, cancelling, sending again, CSV and XLSX, one person."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField
from wtforms.validators import Optional

from hubevents.checkin.badges import role_words
from hubevents.core import config, i18n, links, text, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.rules import Action
from hubevents.mail import desk as mail
from hubevents.registrations import desk, tickets
from hubevents.registrations import service as registrations
from hubevents.registrations.desk import Filter
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import LIVE, AttendsAs, ConsentKind, RegistrationStatus, Source
from hubevents.web import access, messages
from hubevents.web.forms import EmailAddress, in_form
from hubevents.web.headers import private
from hubevents.web.locale import language
from hubevents.web.organiser import frame, sheets
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.messages import line as message_line
from hubevents.web.organiser.words import (
    Chip,
    State,
    event_url,
    here,
    page_number,
    pages,
    registration_state,
    registrations_label,
    searched,
    source_words,
)
from hubevents.web.person import PersonForm
from hubevents.web.site import LANGUAGE_NAMES, Link

UNREACHED = "unreached"
"""The filter for people to whom a mail could not be delivered."""
MOST_SELECTED = 200


@dataclass(frozen=True)
class PersonLine:
    """One person of the list."""

    id: int
    url: str
    name: str
    organisation: str
    state: State
    when: str
    note: str
    email: str


@dataclass(frozen=True)
class Decision:
    """One decision about a consent."""

    what: str
    granted: bool
    when: str


@dataclass(frozen=True)
class Pair:
    """A label with its value."""

    label: str
    text: str


class StaffRegisterForm(PersonForm):
    """What staff writes of somebody; the address may be missing."""

    email = EmailAddress(_l("E-mail"), [Optional()])
    language = SelectField(_l("Language of the mails"))
    attends_as = SelectField(_l("Takes part as"))
    beyond = BooleanField(_l("Give a place even if the event is full or others wait"))


def _filter(event: Event) -> tuple[Filter, str]:
    """What the address asks for, and the word of the filter in force."""
    asked = request.args.get("status", "")
    if asked == UNREACHED:
        abouts = mail.unreached(event.hub_id, event.id)
        ids = tuple(int(about.partition(":")[2]) for about in abouts if about.startswith("registration:"))
        return Filter(searched(), None, ids), asked
    if asked in list(RegistrationStatus):
        return Filter(searched(), RegistrationStatus(asked)), asked
    return Filter(searched()), ""


@blueprint.get("/<slug:hub>/events/<int:event_id>/people/")
@access.staff(Action.SEE_PEOPLE)
def people(hub: str, event_id: int) -> Response:
    """Who comes: with search, filters, counts and acts on those selected."""
    event = frame.this_event(event_id)
    wanted, chosen = _filter(event)
    number = page_number()
    by_name = request.args.get("sort") == "name"
    rows, total = desk.people(event.id, wanted, by_name=by_name, offset=(number - 1) * desk.PER_PAGE)
    counts = desk.counts(event.id)
    failed = {about for about in mail.unreached(event.hub_id, event.id) if about.startswith("registration:")}
    chips = [Chip(_("All"), here(status=None), sum(counts.values()), None if chosen else "all")]
    for status in RegistrationStatus:
        if counts.get(status) or chosen == status.value:
            chips.append(_chip(registrations_label(status), status.value, counts.get(status, 0), chosen))
    if failed or chosen == UNREACHED:
        chips.append(_chip(_("With an undelivered mail"), UNREACHED, len(failed), chosen))
    page = render_template(
        "organiser/people.html",
        event=frame.workspace(event, "people"),
        primary=Link(_("Register a person"), event_url("register_person", hub, event.id))
        if access.permitted(Action.EDIT_PEOPLE) and event.status is EventStatus.PUBLISHED
        else None,
        lines=[_line(row, event, hub, failed) for row in rows],
        chips=chips,
        search=wanted.search,
        status=chosen,
        sort="name" if by_name else "",
        sort_urls={"name": here(sort="name"), "when": here(sort=None)},
        pages=pages(total, number, desk.PER_PAGE),
        any_people=sum(counts.values()) > 0,
        may_edit=access.permitted(Action.EDIT_PEOPLE),
        selected_url=event_url("people_selected", hub, event.id),
        exports=_exports(event, hub, wanted, chosen),
    )
    return private(Response(page, mimetype="text/html"))


def _chip(label: str, value: str, count: int, chosen: str) -> Chip:
    on = chosen == value
    return Chip(label, here(status=None if on else value), count, "on" if on else None)


def _exports(event: Event, hub: str, wanted: Filter, chosen: str) -> list[Link]:
    if not access.permitted(Action.EXPORT_PEOPLE):
        return []
    kept = {name: value for name, value in (("q", wanted.search), ("status", chosen)) if value}
    return [
        Link("CSV", event_url("people_export", hub, event.id, form="csv", **kept)),
        Link("Excel", event_url("people_export", hub, event.id, form="xlsx", **kept)),
    ]


def _line(row: Registration, event: Event, hub: str, failed: set[str]) -> PersonLine:
    note = _("a mail was not delivered") if f"registration:{row.id}" in failed else row.note
    return PersonLine(
        id=row.id,
        url=event_url("person", hub, event.id, registration_id=row.id),
        name=row.name,
        organisation=row.organisation_name,
        state=registration_state(row.status),
        when=_short(row, event),
        note=note,
        email=row.participant.email if row.participant else "",
    )


def _short(row: Registration, event: Event) -> str:
    local = i18n.local(row.created_at, event.zone)
    return f"{local:%d.%m.%Y, %H:%M}"


def this_person(event: Event, registration_id: int) -> Registration:
    """The registration of the address when it is this event's; NotFound otherwise."""
    found = desk.person(event.id, registration_id)
    if found is None:
        raise NotFound("page")
    return found


@blueprint.get("/<slug:hub>/events/<int:event_id>/people/<int:registration_id>/")
@access.staff(Action.SEE_PEOPLE)
def person(hub: str, event_id: int, registration_id: int) -> Response:
    """One person: what they said, their mails, consents and tickets, and what can be done."""
    event = frame.this_event(event_id)
    row = this_person(event, registration_id)
    place = desk.position(row)
    page = render_template(
        "organiser/person.html",
        event=frame.workspace(event, "people"),
        name=row.name,
        state=registration_state(row.status),
        pairs=[pair for pair in _pairs(row, event, place) if pair.text],
        consents=[_decision(consent, event) for consent in desk.consents(row.id)],
        tickets=[
            Pair(
                tickets.short_code(ticket.code),
                _ticket_words(row, ticket),
            )
            for ticket in desk.tickets(row.id)
        ],
        sessions=[
            (held.event_session.title.text(language()), registration_state(held.status)) for held in desk.places(row.id)
        ],
        mails=[message_line(each, hub, event.zone) for each in mail.of(f"registration:{row.id}", event.hub_id)],
        can_cancel=row.status in LIVE,
        can_confirm=row.status in (RegistrationStatus.WAITLISTED, RegistrationStatus.PENDING)
        and event.status is EventStatus.PUBLISHED,
        can_send=row.participant is not None,
        may_edit=access.permitted(Action.EDIT_PEOPLE),
        may_send=access.permitted(Action.SEND_MESSAGES),
        may_see_mails=access.permitted(Action.SEE_MESSAGES),
        personal_url=_personal(row) if access.permitted(Action.EDIT_PEOPLE) else None,
        up=event_url("people", hub, event.id),
        urls={
            "edit": event_url("edit_person", hub, event.id, registration_id=row.id),
            "confirm": event_url("confirm_person", hub, event.id, registration_id=row.id),
            "again": event_url("person_again", hub, event.id, registration_id=row.id),
            "selected": event_url("people_selected", hub, event.id),
            "badge": event_url("badges", hub, event.id, id=row.id),
        },
        has_badge=row.status is RegistrationStatus.CONFIRMED,
        id=row.id,
    )
    return private(Response(page, mimetype="text/html"))


def _personal(row: Registration) -> str:
    token = tokens.link(tokens.REGISTRATION, row.id, row.link_version)
    return links.absolute(links.REGISTRATION, lang=_known(row.language), token=token)


def _known(code: str) -> str:
    return code if code in config.LANGUAGES else config.LANGUAGES[0]


def _pairs(row: Registration, event: Event, place: int | None) -> list[Pair]:
    spoken = language()
    cancelled = ""
    if row.cancelled_at:
        by = {"person": _("by the person"), "staff": _("by a colleague"), "event": _("with the event")}
        when = i18n.date_time_text(row.cancelled_at, event.zone, spoken)
        cancelled = f"{when}, {by.get(row.cancelled_by or '', '')}".rstrip(", ")
    return [
        Pair(_("E-mail"), row.participant.email if row.participant else _("none")),
        Pair(_("Phone"), row.phone),
        Pair(_("Position"), row.position),
        Pair(_("Organisation"), row.organisation_name),
        Pair(_("Company number (ЕИК) or VAT number"), row.organisation_number),
        Pair(_("Takes part as"), role_words(row.attends_as)),
        Pair(_("Language of the mails"), LANGUAGE_NAMES.get(row.language, row.language)),
        Pair(_("Place in the queue"), str(place) if place else ""),
        Pair(_("Registered"), i18n.date_time_text(row.created_at, event.zone, spoken)),
        Pair(_("How"), source_words(row.source)),
        Pair(_("Ended"), cancelled),
        Pair(_("Note"), row.note),
    ]


def _decision(consent: Any, event: Event) -> Decision:
    what = {ConsentKind.PHOTO: _("Pictures"), ConsentKind.NEWSLETTER: _("Newsletter")}[consent.kind]
    return Decision(what, consent.granted, i18n.date_time_text(consent.decided_at, event.zone, language()))


# --- acts ------------------------------------------------------------------------------------------------------------


def _person_form(event: Event, row: Registration | None) -> StaffRegisterForm:
    values: dict[str, Any] = {"language": event.hub.languages[0], "attends_as": AttendsAs.PARTICIPANT.value}
    if row is not None:
        values = {
            name: getattr(row, name)
            for name in ("first_name", "last_name", "phone", "position", "organisation_number", "language")
        }
        values["organisation"] = row.organisation_name
        values["attends_as"] = row.attends_as.value
    form = StaffRegisterForm(data=values)
    form.attends_as.choices = [(role.value, role_words(role)) for role in AttendsAs]
    form.language.choices = [(code, LANGUAGE_NAMES[code]) for code in config.LANGUAGES]
    if row is not None:
        if row.language not in config.LANGUAGES:
            form.language.choices.append((row.language, row.language))
        del form.email
        del form.beyond
    return form


def _ticket_words(row: Registration, ticket: Ticket) -> str:
    if ticket.replaced_at:
        return str(_("replaced"))
    return str(_("valid") if row.status is RegistrationStatus.CONFIRMED else _("no longer valid"))


@blueprint.route("/<slug:hub>/events/<int:event_id>/people/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_PEOPLE)
@in_form
def register_person(hub: str, event_id: int) -> Response:
    """Registers somebody by hand, when wanted beyond the capacity."""
    event = frame.this_event(event_id)
    form = _person_form(event, None)
    also: list[str] = []
    known_url = None
    status = 200
    if form.validate_on_submit():
        role = AttendsAs(form.attends_as.data)
        registrant = form.registrant(form.email.data or None, form.language.data, consents_asked=(), attends_as=role)
        try:
            with transaction():
                made = registrations.register(event.id, registrant, source=Source.STAFF, beyond=bool(form.beyond.data))
        except Conflict as error:
            status = 409
            also.append(messages.words(error))
            known = error.details.get("registration_id")
            if isinstance(known, int):
                known_url = event_url("person", hub, event_id, registration_id=known)
        except DomainError as error:
            status = 422
            also.append(messages.words(error))
        else:
            flash(_("%(name)s is registered.", name=made.name), "ok")
            return redirect(event_url("person", hub, event_id, registration_id=made.id), 303)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "organiser/person_form.html",
        event=frame.workspace(event, "people"),
        form=form,
        also=also,
        known_url=known_url,
        title=_("Register a person"),
        up=event_url("people", hub, event.id),
        closed=event.status is not EventStatus.PUBLISHED,
    )
    return private(Response(page, status, mimetype="text/html"))


@blueprint.route("/<slug:hub>/events/<int:event_id>/people/<int:registration_id>/edit", methods=["GET", "POST"])
@access.staff(Action.EDIT_PEOPLE)
@in_form
def edit_person(hub: str, event_id: int, registration_id: int) -> Response:
    """Changes names and other details; the address stays."""
    event = frame.this_event(event_id)
    row = this_person(event, registration_id)
    form = _person_form(event, row)
    also: list[str] = []
    status = 200
    if form.validate_on_submit():
        email = row.participant.email if row.participant else None
        registrant = form.registrant(email, form.language.data, attends_as=AttendsAs(form.attends_as.data))
        try:
            with transaction():
                registrations.change_details(registration_id, registrant, event_id=event_id)
        except DomainError as error:
            status = 409
            also.append(messages.words(error))
        else:
            flash(_("The details are saved."), "ok")
            return redirect(event_url("person", hub, event_id, registration_id=registration_id), 303)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "organiser/person_form.html",
        event=frame.workspace(event, "people"),
        form=form,
        also=also,
        known_url=None,
        title=row.name,
        up=event_url("person", hub, event.id, registration_id=registration_id),
        closed=False,
    )
    return private(Response(page, status, mimetype="text/html"))


@blueprint.post("/<slug:hub>/events/<int:event_id>/people/<int:registration_id>/confirm")
@access.staff(Action.EDIT_PEOPLE)
def confirm_person(hub: str, event_id: int, registration_id: int) -> Response:
    """Gives a waiting person a place although the event is full."""
    frame.this_event(event_id)
    with transaction():
        registrations.confirm_beyond(registration_id, event_id=event_id)
    flash(_("The person has a place now and is told by mail."), "ok")
    return redirect(event_url("person", hub, event_id, registration_id=registration_id), 303)


@blueprint.post("/<slug:hub>/events/<int:event_id>/people/<int:registration_id>/again")
@access.staff(Action.SEND_MESSAGES)
def person_again(hub: str, event_id: int, registration_id: int) -> Response:
    """Sends a person's mail with link, ticket and calendar entry once more."""
    frame.this_event(event_id)
    with transaction():
        registrations.send_again(registration_id, event_id=event_id)
    flash(_("The mail is on its way again."), "ok")
    return redirect(event_url("person", hub, event_id, registration_id=registration_id), 303)


@blueprint.post("/<slug:hub>/events/<int:event_id>/people/selected")
@access.staff(Action.EDIT_PEOPLE)
def people_selected(hub: str, event_id: int) -> Response:
    """Cancels or sends again for those selected, after a question that names them."""
    event = frame.this_event(event_id)
    act = request.form.get("act", "")
    typed = [value for value in request.form.getlist("id") if value.isascii() and value.isdecimal() and len(value) < 10]
    ids = sorted({int(value) for value in typed})[:MOST_SELECTED]
    rows, _total = desk.people(event.id, Filter(ids=tuple(ids)), by_name=True, limit=None)
    if len(rows) != len(ids):
        raise NotFound("page")
    fit = [row for row in rows if (row.status in LIVE and (act == "cancel" or row.participant_id is not None))]
    up = event_url("people", hub, event_id)
    if act not in ("cancel", "again") or not rows:
        flash(_("Select people first."), "warn")
        return redirect(up, 303)
    if not fit:
        flash(_("There is nothing to do for those selected."), "warn")
        return redirect(up, 303)
    if request.form.get("sure") != "yes":
        page = render_template(
            "organiser/people_selected.html",
            event=frame.workspace(event, "people"),
            act=act,
            people=[(row.id, row.name, row.organisation_name) for row in fit],
            left_out=len(rows) - len(fit),
            up=up,
            selected_url=event_url("people_selected", hub, event.id),
        )
        return private(Response(page, mimetype="text/html"))
    chosen = [row.id for row in fit]
    with transaction():
        for id in chosen:
            if act == "cancel":
                registrations.cancel(id, by="staff", event_id=event_id)
            else:
                registrations.send_again(id, event_id=event_id)
    flash(_("Cancelled. Whoever waits moves up.") if act == "cancel" else _("The mails are on their way again."), "ok")
    return redirect(up, 303)


# --- exports ---------------------------------------------------------------------------------------------------------


def _table(event: Event, wanted: Filter) -> tuple[list[str], list[list[str]]]:
    """Head and rows of an export, by name, as the page's filter has them."""
    head = [
        _("First name"), _("Last name"), _("E-mail"), _("Phone"), _("Organisation"),
        _("Company number (ЕИК) or VAT number"), _("Position"), _("State"), _("Registered"), _("How"),
        _("Language of the mails"), _("Pictures"), _("Newsletter"), _("Note"),
    ]  # fmt: skip
    rows, _total = desk.people(event.id, wanted, by_name=True, limit=None)
    consents = desk.consents_of_event(event.id)
    table = []
    for row in rows:
        given = consents.get(row.id, {})
        table.append(
            [
                row.first_name,
                row.last_name,
                row.participant.email if row.participant else "",
                row.phone,
                row.organisation_name,
                row.organisation_number,
                row.position,
                registration_state(row.status).text,
                f"{i18n.local(row.created_at, event.zone):%Y-%m-%d %H:%M}",
                source_words(row.source),
                row.language,
                *(_("yes") if given.get(kind.value) else _("no") for kind in ConsentKind),
                row.note,
            ]  # fmt: skip
        )
    return head, table


@blueprint.get("/<slug:hub>/events/<int:event_id>/people/export.<any(csv,xlsx):form>")
@access.staff(Action.EXPORT_PEOPLE)
def people_export(hub: str, event_id: int, form: str) -> Response:
    """The list as CSV (UTF-8 with BOM for Excel, formulas neutralised) or XLSX, with the page's filter."""
    event = frame.this_event(event_id)
    wanted, _chosen = _filter(event)
    head, rows = _table(event, wanted)
    name = text.file_name(f"{event.slug}-people", form)
    return sheets.download(name, _("People"), head, rows)
