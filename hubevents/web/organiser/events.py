"""Staff's events: the list, a new one, the workspace's overview, the long form, publishing, cancelling, copying."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from flask import current_app, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hubevents.core import clock, i18n, links, pictures, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, Invalid
from hubevents.core.i18n import Translated
from hubevents.events import desk, queries, rules, service
from hubevents.events.desk import Scope
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format
from hubevents.events.service import EventDetails
from hubevents.hubs.rules import Action
from hubevents.mail import desk as mail
from hubevents.mail.rules import MessageStatus
from hubevents.programmes import queries as programmes
from hubevents.programmes.rules import missing_visibility
from hubevents.registrations import desk as people
from hubevents.registrations.rules import RegistrationStatus
from hubevents.web import access, messages, shown
from hubevents.web.context import term
from hubevents.web.forms import in_form
from hubevents.web.locale import language
from hubevents.web.organiser import event_forms, frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.event_forms import EventForm
from hubevents.web.organiser.fields import language_names, refuse, written
from hubevents.web.organiser.programmes import missing_words
from hubevents.web.organiser.words import (
    Chip,
    State,
    event_state,
    event_url,
    here,
    page_number,
    pages,
    registration_state,
    searched,
)
from hubevents.web.site import upload_url

SHOWN_DATES = 12


@dataclass(frozen=True)
class EventLine:
    """One event of the list."""

    url: str
    title: str
    kind: str
    when: str
    place: str
    state: State
    taken: int
    capacity: int | None
    waiting: int
    copy_url: str


@dataclass(frozen=True)
class Figure:
    """A number with what it counts, and where the list behind it is."""

    label: str
    number: int
    url: str | None


@dataclass(frozen=True)
class DateLine:
    """One date of an event as the overview lists it."""

    when: str
    topic: str
    place: str
    withdrawn: bool


@dataclass(frozen=True)
class Address:
    """An address to hand on."""

    label: str
    url: str


@dataclass(frozen=True)
class Question:
    """What is asked before people are told: how many, of what; `digest` is what they confirm."""

    people: int
    changes: tuple[str, ...]
    digest: str


@blueprint.get("/<slug:hub>/events/")
@access.staff(Action.SEE_EVENTS)
def events(hub: str) -> str:
    """The hub's events: coming, drafts, past, cancelled, with a search."""
    row = access.this_hub()
    now = clock.now()
    asked = request.args.get("show", "")
    scope = Scope(asked) if asked in list(Scope) else Scope.COMING
    search, number = searched(), page_number()
    counts = desk.counts(row.id, now)
    found, total = desk.events_page(row.id, scope, now, search=search, offset=(number - 1) * desk.PER_PAGE)
    labels = {
        Scope.COMING: _("Coming"),
        Scope.DRAFTS: _("Drafts"),
        Scope.PAST: _("Past"),
        Scope.CANCELLED: _("Called off"),
    }
    chips = [
        Chip(labels[each], here(show=None if each is Scope.COMING else each.value), counts[each],
             "all" if each is scope else None)
        for each in Scope
    ]  # fmt: skip
    return render_template(
        "organiser/events.html",
        lines=[_line(event, hub) for event in found],
        chips=chips,
        search=search,
        show=scope.value,
        pages=pages(total, number, desk.PER_PAGE),
        any_events=sum(counts.values()) > 0,
        may_edit=access.permitted(Action.EDIT_EVENTS),
    )


def _line(event: Event, hub: str) -> EventLine:
    spoken = language()
    return EventLine(
        url=event_url("event", hub, event.id),
        title=event.title.text(spoken) or _("Event without a title"),
        kind=term("kinds", event.kind),
        when=frame.when(event, spoken),
        place=shown.place_line(event, spoken) if event.format is Format.ONLINE else _venue_name(event, spoken),
        state=event_state(event.status),
        taken=event.seats_taken,
        capacity=event.capacity,
        waiting=event.waiting,
        copy_url=event_url("copy_event", hub, event.id),
    )


def _venue_name(event: Event, spoken: str) -> str:
    return event.venue.name.text(spoken) if event.venue else ""


@blueprint.route("/<slug:hub>/events/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def new_event(hub: str) -> Response | tuple[str, int] | str:
    """A draft from five answers; everything else has the defaults of the kind."""
    row = access.this_hub()
    form = event_forms.new_event_form(row)
    also: list[str] = []
    if form.validate_on_submit():
        try:
            details = event_forms.first_details(form, row)
            with transaction():
                made = service.create_event(row, details)
        except DomainError as error:
            also.append(messages.words(error))
        else:
            flash(_("The draft is made. Nobody sees it until you publish it."), "ok")
            return redirect(event_url("edit_event", hub, made.id), 303)
    page = render_template("organiser/event_new.html", form=form, names=language_names(row), also=also)
    return (page, 422) if form.errors or also else page


@blueprint.get("/<slug:hub>/events/<int:event_id>/")
@access.staff(Action.SEE_EVENTS)
def event(hub: str, event_id: int) -> str:
    """How the event stands, and the next step."""
    row = frame.this_event(event_id)
    spoken = language()
    counts = people.counts(row.id) if access.permitted(Action.SEE_PEOPLE) else {}
    failed = 0
    if access.permitted(Action.SEE_MESSAGES):
        failed = mail.counts(row.hub_id, row.id).get(MessageStatus.FAILED, 0)
    missing = missing_visibility(row.programme, row.hub.languages) if row.programme else []
    return render_template(
        "organiser/event.html",
        event=frame.workspace(row, "overview"),
        state=event_state(row.status),
        figures=_figures(row, counts, failed, hub),
        dates=[_date_line(date, row, spoken) for date in row.dates[:SHOWN_DATES]],
        more_dates=max(0, len(row.dates) - SHOWN_DATES),
        place=shown.place_line(row, spoken),
        lacks=_lacks(row, missing),
        can_publish=row.status is EventStatus.DRAFT and access.permitted(Action.EDIT_EVENTS),
        can_cancel=_can_cancel(row) and access.permitted(Action.EDIT_EVENTS),
        may_edit=access.permitted(Action.EDIT_EVENTS),
        reason=row.cancel_reason.text(spoken),
        addresses=_addresses(row, spoken),
        picture_url=upload_url(row.picture),
        seed=str(row.id),
        urls={
            name: event_url(name, hub, row.id)
            for name in ("edit_event", "publish_event", "cancel_event", "copy_event", "event_picture")
        },
    )


def _figures(row: Event, counts: dict[RegistrationStatus, int], failed: int, hub: str) -> list[Figure]:
    figures = []
    for status in RegistrationStatus:
        if status is RegistrationStatus.CONFIRMED or counts.get(status):
            if status not in counts and not access.permitted(Action.SEE_PEOPLE):
                continue
            url = event_url("people", hub, row.id, status=status.value)
            figures.append(Figure(registration_state(status).text, counts.get(status, 0), url))
    if row.capacity is not None:
        figures.append(Figure(_("Free places"), max(0, row.capacity - row.seats_taken), None))
    if failed:
        url = event_url("messages", hub, row.id, status=MessageStatus.FAILED.value)
        figures.append(Figure(_("Mails not delivered"), failed, url))
    return figures


def _date_line(date: EventDate, row: Event, spoken: str) -> DateLine:
    return DateLine(
        when=i18n.range_text(date.starts_at, date.ends_at, row.zone, spoken),
        topic=date.title.text(spoken),
        place=date.room.name.text(spoken) if date.room else "",
        withdrawn=date.status is DateStatus.CANCELLED,
    )


def _lacks(row: Event, missing: list[str]) -> list[str]:
    """What must be there before publishing, in words."""
    lacks = []
    if row.status is EventStatus.DRAFT:
        if not any(date.status is DateStatus.SCHEDULED for date in row.dates):
            lacks.append(_("a date"))
        if row.format is not Format.ONLINE and row.venue is None:
            lacks.append(_("a venue (it may also follow later)"))
    return lacks + missing_words(missing)


def _can_cancel(row: Event) -> bool:
    return row.status is EventStatus.PUBLISHED and (row.ends_at is None or row.ends_at > clock.now())


def _addresses(row: Event, spoken: str) -> list[Address]:
    if row.status is EventStatus.DRAFT:
        return []
    return [
        Address(_("Page of the event"), links.absolute(links.EVENT, lang=spoken, hub=row.hub.slug, event=row.slug)),
        Address(_("Registration form"), links.absolute(links.REGISTER, lang=spoken, hub=row.hub.slug, event=row.slug)),
        Address(_("Calendar"), links.absolute(links.EVENT_FEED, hub=row.hub.slug, event=row.slug, form="ics")),
    ]


# --- the long form ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


@blueprint.route("/<slug:hub>/events/<int:event_id>/edit", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def edit_event(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """The long form; before time or place of a published event change it asks, and says how many will be told."""
    row = frame.this_event(event_id)
    venues = queries.venues_of_hub(row.hub_id)
    form = event_forms.event_form(row.hub, row, venues, programmes.programmes_of_hub(row.hub_id), _zones())
    also: list[str] = []
    question = None
    status = 200
    if form.is_submitted() and request.form.get("act") == "add_date":
        _add_row(form)
        event_forms.give_rooms(form, venues)
    elif form.validate_on_submit():
        assert form.read is not None
        try:
            question = _question(row, form.read)
            if question is None or form.sure.data == question.digest:
                _save(row, form)
                flash(_("The event is saved."), "ok")
                return redirect(event_url("event", hub, event_id), 303)
            form.sure.data = question.digest
        except DomainError as error:
            question = None
            status = 409 if isinstance(error, Conflict) else 422
            _show_refusal(form, error, also)
    elif form.is_submitted():
        status = 422
    page = render_template(
        "organiser/event_form.html",
        event=frame.workspace(row, "overview"),
        form=form,
        names=language_names(row.hub),
        also=also,
        question=question,
        saved=i18n.date_time_text(row.changed_at, row.zone, language()),
        frameworks=[
            (name, _framework(name), [field for field in form if field.name.startswith(f"{name}-")])
            for name in event_forms.frameworks_of(row)
        ],
        zone=form.zone.data if rules.is_zone(form.zone.data or "") else row.zone,
        published=row.published_at is not None,
        most_dates=service.MOST_DATES,
    )
    return (page, status) if status != 200 else page


def _framework(name: str) -> str:
    return {"digcomp_3_0": "DigComp 3.0", "digcomp_2_2": "DigComp 2.2"}[name]


def _add_row(form: EventForm) -> None:
    """One more row for a date, with the times of the last."""
    if len(form.dates.entries) >= service.MOST_DATES:
        return
    last = form.dates.entries[-1].form if form.dates.entries else None
    form.dates.append_entry(
        {"begins": last.begins.data, "ends": last.ends.data, "room": last.room.data} if last is not None else None
    )


def _save(row: Event, form: EventForm) -> None:
    assert form.read is not None
    id, hub_id = row.id, row.hub_id
    with transaction():
        fresh = queries.event_of_hub(hub_id, id)
        assert fresh is not None
        if fresh.changed_at.isoformat() != form.version.data:
            form.version.data = fresh.changed_at.isoformat()
            raise Conflict("changed_meanwhile")
        service.change_event(fresh, form.read)


def _show_refusal(form: EventForm, error: DomainError, also: list[str]) -> None:
    """The refusal at its field when it names one of the form's, else on top."""
    field = {"registration_closes_at": "closes_on"}.get(str(error.details.get("field")), error.details.get("field"))
    if isinstance(field, str) and field in form and field != "dates":
        refuse(form[field], messages.words(error))
    else:
        also.append(messages.words(error))


def _question(row: Event, details: EventDetails) -> Question | None:
    """What people would be told of; None when nobody would be."""
    moved = service.what_moves(row, details)
    count = people.reachable([row.id]) if moved else 0
    if not moved or not count:
        return None
    spoken = language()
    wanted = {date.id: date for date in details.dates if date.id is not None}
    lines, marks = [], []
    for date in row.dates:
        if date.id not in moved:
            continue
        old = i18n.range_text(date.starts_at, date.ends_at, row.zone, spoken)
        new = wanted.get(date.id)
        if new is None:
            lines.append(_("%(old)s will not take place", old=old))
            marks.append(f"{date.id}-")
            continue
        time = i18n.range_text(new.starts_at, new.ends_at, details.zone or row.zone, spoken)
        if time != old:
            lines.append(_("%(old)s becomes %(new)s", old=old, new=time))
        else:
            lines.append(_("%(old)s gets another place or link", old=old))
        marks.append(f"{date.id}@{new.starts_at}{new.ends_at}{new.room_id}")
    for each in details.dates:
        if each.id is None:
            time = i18n.range_text(each.starts_at, each.ends_at, details.zone or row.zone, spoken)
            lines.append(_("New date: %(new)s", new=time))
            marks.append(f"+{each.starts_at}{each.ends_at}")
    marks += [str(details.venue_id), details.online_url, details.format.value]
    return Question(count, tuple(lines), tokens.digest("|".join(marks)))


# --- acts ------------------------------------------------------------------------------------------------------------


@blueprint.post("/<slug:hub>/events/<int:event_id>/publish")
@access.staff(Action.EDIT_EVENTS)
def publish_event(hub: str, event_id: int) -> Response:
    """Makes the draft public; what is missing is said on the overview."""
    try:
        with transaction():
            service.publish(frame.this_event(event_id))
    except Invalid as error:
        words = messages.words(error)
        missing = error.details.get("missing")
        if isinstance(missing, list):
            words = f"{words} {'; '.join(missing_words(missing))}."
        flash(words, "bad")
    else:
        flash(_("The event is published."), "ok")
    return redirect(event_url("event", hub, event_id), 303)


@blueprint.route("/<slug:hub>/events/<int:event_id>/cancel", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def cancel_event(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """Asks for the reason and says how many will be told; then calls the event off."""
    row = frame.this_event(event_id)
    if not _can_cancel(row):
        raise Conflict("event_over" if row.status is EventStatus.PUBLISHED else "not_published")
    form = event_forms.cancel_form(row.hub)
    if form.validate_on_submit():
        reason = written(form, "reason", row.hub.languages)
        with transaction():
            service.cancel_event(frame.this_event(event_id), reason)
        flash(_("The event is called off. Everybody with an e-mail is told."), "ok")
        return redirect(event_url("event", hub, event_id), 303)
    page = render_template(
        "organiser/event_cancel.html",
        event=frame.workspace(row, "overview"),
        form=form,
        names=language_names(row.hub),
        count=people.reachable([row.id]),
        up=event_url("event", hub, event_id),
    )
    return (page, 422) if form.errors else page


@blueprint.route("/<slug:hub>/events/<int:event_id>/copy", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def copy_event(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """The same again on other dates."""
    row = frame.this_event(event_id)
    form = event_forms.copy_form(row.hub, row)
    also: list[str] = []
    status = 200
    if form.is_submitted() and request.form.get("act") == "add_date":
        if len(form.dates.entries) < service.MOST_DATES:
            last = form.dates.entries[-1].form if form.dates.entries else None
            form.dates.append_entry({"begins": last.begins.data} if last is not None else None)
    elif form.validate_on_submit():
        starts = event_forms.copied_starts(form, row.zone)
        title: Translated = written(form, "title", row.hub.languages)
        if not form.errors:
            try:
                with transaction():
                    made = service.copy_event(frame.this_event(event_id), starts, title=title or None)
            except DomainError as error:
                also.append(messages.words(error))
            else:
                flash(_("The draft is made. Nobody sees it until you publish it."), "ok")
                return redirect(event_url("event", hub, made.id), 303)
        status = 422
    elif form.is_submitted():
        status = 422
    if not form.dates.entries:
        form.dates.append_entry()
    page = render_template(
        "organiser/event_copy.html",
        event=frame.workspace(row, "overview"),
        form=form,
        names=language_names(row.hub),
        also=also,
        sources=[_date_line(date, row, language()) for date in row.dates if date.status is DateStatus.SCHEDULED],
        up=event_url("event", hub, event_id),
    )
    return (page, status) if status != 200 else page


@blueprint.route("/<slug:hub>/events/<int:event_id>/picture", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def event_picture(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """The event's picture with its description; without one a pattern is drawn."""
    request.max_content_length = pictures.MAX_BYTES + 100_000
    row = frame.this_event(event_id)
    form = event_forms.picture_form(row.hub, row)
    also: list[str] = []
    if form.validate_on_submit():
        try:
            name = None if form.without.data else row.picture
            upload = request.files.get("picture")
            if upload is not None and upload.filename:
                name = pictures.store(upload.stream, current_app.extensions["settings"].uploads)
            alt = written(form, "picture_alt", row.hub.languages)
            with transaction():
                service.set_picture(frame.this_event(event_id), name, alt)
        except DomainError as error:
            also.append(messages.words(error))
        else:
            flash(_("The picture is saved."), "ok")
            return redirect(event_url("event", hub, event_id), 303)
    page = render_template(
        "organiser/event_picture.html",
        event=frame.workspace(row, "overview"),
        form=form,
        names=language_names(row.hub),
        also=also,
        picture_url=upload_url(row.picture),
        seed=str(row.id),
        up=event_url("event", hub, event_id),
    )
    return (page, 422) if form.errors or also else page
