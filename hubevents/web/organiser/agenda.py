"""The Agenda tab: sessions by day in plain forms, tracks, rooms, speakers, and a schedule file with its preview."""

import os
import re
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateTimeLocalField, FieldList, FileField, HiddenField, SelectField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from hubevents.agenda import queries, service
from hubevents.agenda.formats import MAX_BYTES, Place, Schedule, ScheduleError, read_schedule
from hubevents.agenda.importing import Deed, ImportReport
from hubevents.agenda.models import Speaker, Track
from hubevents.agenda.queries import Agenda, AgendaSession, Disturbed
from hubevents.agenda.rules import SessionKind
from hubevents.agenda.service import SessionDetails, SpeakerDetails
from hubevents.core import clock, i18n, log
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, Invalid, NotFound
from hubevents.core.i18n import Translated
from hubevents.events import rules as event_rules
from hubevents.events.models import Event
from hubevents.events.rules import DateStatus, EventStatus
from hubevents.hubs.rules import Action
from hubevents.web import access, messages
from hubevents.web.context import vocabularies
from hubevents.web.forms import Form, Text, in_form
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.fields import (
    Whole,
    language_names,
    optional_id,
    refuse,
    text_fields,
    text_values,
    written,
)
from hubevents.web.organiser.words import State, event_url
from hubevents.web.site import Link

logger = log.get(__name__)

BASE = "/<slug:hub>/events/<int:event_id>/agenda"
MOST_SPEAKERS = 100
WRITTEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
"""How browsers write a local time; the first is how it is shown to them."""
SHOWN_LINES = 300
SHOWN_NOTES = 60
KEPT = timedelta(days=1)
"""How long an uploaded file waits for the confirmation of its preview."""


def kind_words(kind: SessionKind) -> str:
    """What a kind of session is called."""
    words: dict[SessionKind, str] = {
        SessionKind.TALK: _("Talk"),
        SessionKind.KEYNOTE: _("Opening lecture"),
        SessionKind.PANEL: _("Panel discussion"),
        SessionKind.WORKSHOP: _("Workshop"),
        SessionKind.BREAK: _("Break"),
        SessionKind.OTHER: _("Other session"),
    }
    return words[kind]


# --- the agenda ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One session of the list; `notes` say what it clashes with and what lies outside the dates."""

    title: str
    title_lang: str
    url: str | None
    time: str
    room: str
    track: str
    speakers: str
    kind: str
    state: State | None
    notes: tuple[str, ...]
    withdraw_url: str | None
    restore_url: str | None


@dataclass(frozen=True)
class DayOfLines:
    """A day with its sessions."""

    id: str
    label: str
    lines: tuple[Line, ...]


@blueprint.get(BASE)
@access.staff(Action.SEE_EVENTS)
def agenda(hub: str, event_id: int) -> str:
    """The sessions by day, with what clashes."""
    event = frame.this_event(event_id)
    held = queries.agenda_of(event.id)
    may_edit = _may_edit(event)
    clashes = _clash_notes(held)
    days = tuple(
        DayOfLines(
            id=f"day-{day.on}",
            label=i18n.date_text(day.on, language(), with_weekday=True),
            lines=tuple(
                _line(session, event, hub, clashes[session.id], may_edit=may_edit)
                for slot in day.slots
                for session in slot.sessions
            ),
        )
        for day in held.days
    )
    return render_template(
        "organiser/agenda.html",
        event=frame.workspace(event, "agenda"),
        primary=Link(_("Add a session"), event_url("new_session", hub, event.id)) if may_edit else None,
        days=days,
        zone=i18n.zone_text(event.zone, language(), event.starts_at or clock.now()),
        clashes=len(held.clashes),
        parts_url=event_url("agenda_parts", hub, event.id) if may_edit else None,
        speakers_url=event_url("speakers", hub, event.id) if may_edit else None,
        import_url=event_url("import_agenda", hub, event.id) if may_edit else None,
    )


def _may_edit(event: Event) -> bool:
    return access.permitted(Action.EDIT_EVENTS) and event.status is not EventStatus.CANCELLED


def _line(session: AgendaSession, event: Event, hub: str, clashes: list[str], *, may_edit: bool) -> Line:
    shown = language()
    notes = list(clashes)
    dates = [(date.starts_at, date.ends_at) for date in event.dates if date.status is DateStatus.SCHEDULED]
    if not session.cancelled and not any(a <= session.starts_at and session.ends_at <= b for a, b in dates):
        notes.append(_("Outside the dates of the event"))
    if session.waiting:
        notes.append(ngettext("%(num)s person waits for a place", "%(num)s people wait for a place", session.waiting))

    def address(endpoint: str) -> str:
        return event_url(endpoint, hub, event.id, session_id=session.id)

    return Line(
        title=session.title.text(shown),
        title_lang=session.title.language_for(shown),
        url=address("edit_session") if may_edit else None,
        time=i18n.time_range_text(session.starts_at, session.ends_at, event.zone, shown),
        room=session.room.text(shown) if session.room else "",
        track=session.track.text(shown) if session.track else "",
        speakers=", ".join(speaker.name for speaker in session.speakers),
        kind=kind_words(session.kind),
        state=State("off", _("Withdrawn")) if session.cancelled else None,
        notes=tuple(notes),
        withdraw_url=address("withdraw_session") if may_edit and not session.cancelled else None,
        restore_url=address("restore_session") if may_edit and session.cancelled else None,
    )


def _clash_notes(held: Agenda) -> defaultdict[int, list[str]]:
    """What each session clashes with, in words."""
    sessions = {session.id: session for session in held.sessions}
    notes: defaultdict[int, list[str]] = defaultdict(list)
    for clash in held.clashes:
        for one, other in ((clash.session_id, clash.other_id), (clash.other_id, clash.session_id)):
            session = sessions[other]
            title = session.title.text(language())
            if clash.same_room:
                notes[one].append(_("Same room at the same time as “%(title)s”", title=title))
            people = ", ".join(person.name for person in session.speakers if person.id in clash.speaker_ids)
            if people:
                notes[one].append(_("%(name)s speaks at “%(title)s” at the same time", name=people, title=title))
    return notes


# --- one session -----------------------------------------------------------------------------------------------


class SessionForm(Form):
    """A session but its texts and speakers, which `_session_form` adds."""

    kind = SelectField(_l("Kind"))
    starts = DateTimeLocalField(_l("Begins"), [InputRequired(_l("Write when it begins."))], format=WRITTEN)
    ends = DateTimeLocalField(_l("Ends"), [InputRequired(_l("Write when it ends."))], format=WRITTEN)
    room_id = SelectField(_l("Room"), coerce=optional_id)
    track_id = SelectField(_l("Track"), coerce=optional_id)
    language = SelectField(_l("Language"))
    capacity = Whole(_l("Places"), least=1)
    url = Text(
        _l("Web address"),
        [
            Optional(),
            Length(max=500),
            Regexp(r"^https?://[^\s<>\"\\]+$", message=_l("Write the whole address with https://.")),
        ],
    )
    despite_clashes = BooleanField(_l("Save although it clashes"))
    codes: tuple[str, ...] = ()


@blueprint.route(BASE + "/sessions/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def new_session(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """Adds a session."""
    return _session_page(hub, frame.this_event(event_id), None)


@blueprint.route(BASE + "/sessions/<int:session_id>", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def edit_session(hub: str, event_id: int, session_id: int) -> Response | tuple[str, int] | str:
    """Changes a session."""
    event = frame.this_event(event_id)
    session = queries.session_of(event.id, session_id)
    if session is None:
        raise NotFound("page")
    return _session_page(hub, event, session)


@blueprint.post(BASE + "/sessions/<int:session_id>/withdraw")
@access.staff(Action.EDIT_EVENTS)
def withdraw_session(hub: str, event_id: int, session_id: int) -> Response:
    """Says that a session will not take place."""
    event = frame.this_event(event_id)
    with transaction():
        service.withdraw_session(event.id, session_id)
    flash(_("The session is withdrawn; calendars strike it out."), "ok")
    return redirect(event_url("agenda", hub, event_id), 303)


@blueprint.post(BASE + "/sessions/<int:session_id>/restore")
@access.staff(Action.EDIT_EVENTS)
def restore_session(hub: str, event_id: int, session_id: int) -> Response:
    """Brings a withdrawn session back."""
    event = frame.this_event(event_id)
    with transaction():
        service.restore_session(event.id, session_id)
    flash(_("The session takes place again."), "ok")
    return redirect(event_url("agenda", hub, event_id), 303)


def _session_page(hub: str, event: Event, session: AgendaSession | None) -> Response | tuple[str, int] | str:
    people = _people(event.hub_id)
    form = _session_form(event, session, people)
    also: list[str] = []
    clashes: tuple[Disturbed, ...] = ()
    status = 200
    if form.validate_on_submit():
        details = _details(form, event, session, people)
        if details is not None:
            try:
                with transaction():
                    if session is None:
                        service.add_session(event.id, details, despite_clashes=form.despite_clashes.data)
                    else:
                        service.change_session(
                            event.id, session.id, details, despite_clashes=form.despite_clashes.data
                        )
            except DomainError as error:
                status = 409 if isinstance(error, Conflict) else 422
                if error.code == "session_clashes":
                    clashes = error.details["clashes"]  # type: ignore[assignment]
                else:
                    _show(error, form, also)
            else:
                flash(_("The session is saved."), "ok")
                return redirect(event_url("agenda", hub, event.id), 303)
    if form.errors:
        status = 422
    event = frame.this_event(event.id)
    page = render_template(
        "organiser/agenda_session.html",
        event=frame.workspace(event, "agenda"),
        form=form,
        names=_names(event, form.codes),
        also=also,
        clashes=[_clash_words(clash, event) for clash in clashes],
        people=list(people),
        is_new=session is None,
        imported=session is not None and session.imported,
        zone=i18n.zone_text(event.zone, language(), event.starts_at or clock.now()),
        back_url=event_url("agenda", hub, event.id),
        parts_url=event_url("agenda_parts", hub, event.id),
        has_venue=event.venue_id is not None,
    )
    return (page, status) if status != 200 else page


def _session_form(event: Event, session: AgendaSession | None, people: dict[str, int]) -> SessionForm:
    codes = tuple(dict.fromkeys([*event.hub.languages, *(session.title if session else ()),
                                 *(session.abstract if session else ())]))  # fmt: skip
    labels = {id: label for label, id in people.items()}
    held = [labels.get(id, "") for id in session.speaker_ids] if session else []
    fields: dict[str, Any] = text_fields(codes, {"title": 300}, ["abstract"])
    fields["speakers"] = FieldList(
        Text(_l("Speaker"), [Length(max=200)]), _l("Speakers"), max_entries=MOST_SPEAKERS
    )
    values: dict[str, Any] = {
        "speakers": [*held, "", ""] if held else ["", "", ""],
        "kind": SessionKind.TALK.value,
        "language": "",
    }
    if session is not None:
        values |= {
            "kind": session.kind.value,
            "starts": _wall(session.starts_at, event.zone),
            "ends": _wall(session.ends_at, event.zone),
            "room_id": session.room_id,
            "track_id": session.track_id,
            "language": session.language or "",
            "capacity": session.capacity,
            "url": session.url,
            **text_values(session, ["title", "abstract"], codes),
        }
    elif event.starts_at is not None:
        values |= {
            "starts": _wall(event.starts_at, event.zone),
            "ends": _wall(event.starts_at + timedelta(minutes=45), event.zone),
        }
    form_class = type("SessionFormOfEvent", (SessionForm,), fields)
    form: SessionForm = form_class(data=values)
    form.codes = codes
    shown = language()
    form.kind.choices = [(kind.value, kind_words(kind)) for kind in SessionKind]
    rooms = [(room.id, room.name.text(shown)) for room in event.venue.rooms] if event.venue else []
    if session is not None and session.room_id not in [None, *(id for id, _name in rooms)]:
        rooms.append((session.room_id or 0, session.room.text(shown) if session.room else ""))
    form.room_id.choices = [("", _("None")), *rooms]
    form.track_id.choices = [("", _("None")), *((t.id, t.name.text(shown)) for t in queries.tracks_of(event.id))]
    spoken = vocabularies().languages.choices(shown)
    kept = session.language if session else None
    if kept and kept not in dict(spoken):
        spoken = [*spoken, (kept, kept)]
    form.language.choices = [("", _("Not said")), *spoken]
    return form


def _wall(moment: datetime, zone: str) -> datetime:
    """The local time to the minute, without zone, as a form shows it."""
    return i18n.local(moment, zone).replace(tzinfo=None, second=0, microsecond=0)


def _details(
    form: SessionForm, event: Event, session: AgendaSession | None, people: dict[str, int]
) -> SessionDetails | None:
    """What the form says; None when a time cannot be, with the error at its field."""
    starts_at = _instant(form.starts, event.zone, session.starts_at if session else None)
    ends_at = _instant(form.ends, event.zone, session.ends_at if session else None)
    title = written(form, "title", form.codes, session.title if session else None)
    if not title:
        refuse(form[f"title_{form.codes[0]}"], messages.words(Invalid("title_missing")))
        return None
    if starts_at is None or ends_at is None:
        return None
    if ends_at < starts_at:
        refuse(form.ends, messages.words(Invalid("ends_before_start")))
        return None
    typed = [name for name in form["speakers"].data if name]
    return SessionDetails(
        title=title,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=SessionKind(form.kind.data),
        abstract=written(form, "abstract", form.codes, session.abstract if session else None),
        room_id=form.room_id.data,
        track_id=form.track_id.data,
        language=form.language.data or None,
        url=form.url.data or "",
        capacity=form.capacity.data,
        speakers=tuple(people.get(name) or _known_name(name, people) or name[:160] for name in typed),
    )


def _instant(field: Any, zone: str, was: datetime | None) -> datetime | None:
    """The moment of a local time; one that was not touched keeps its seconds and its side of the clock's change."""
    if was is not None and field.data == _wall(was, zone):
        return was
    try:
        return event_rules.instant(field.data, zone)
    except Invalid as error:
        refuse(field, messages.words(error))
        return None


def _people(hub_id: int) -> dict[str, int]:
    """The hub's speakers by what is typed for them: the name, with the number where two are called alike."""
    speakers = queries.speakers_of_hub(hub_id)
    alike: defaultdict[str, int] = defaultdict(int)
    for speaker in speakers:
        alike[speaker.name.casefold()] += 1
    return {
        speaker.name if alike[speaker.name.casefold()] == 1 else f"{speaker.name} №{speaker.id}": speaker.id
        for speaker in speakers
    }


def _known_name(name: str, people: dict[str, int]) -> int | None:
    return next((id for label, id in people.items() if label.casefold() == name.casefold()), None)


def _clash_words(clash: Disturbed, event: Event) -> str:
    shown = language()
    title = clash.title.text(shown)
    if clash.event_id != event.id:
        title = f"{title} ({clash.event_title.text(shown)})"
    time = i18n.range_text(clash.starts_at, clash.ends_at, event.zone, shown)
    parts = []
    if clash.room is not None:
        parts.append(_("“%(title)s” is in %(room)s: %(time)s", title=title, room=clash.room.text(shown), time=time))
    if clash.speakers:
        parts.append(
            _("%(name)s speaks at “%(title)s”: %(time)s", name=", ".join(clash.speakers), title=title, time=time)
        )
    return ". ".join(parts)


def _show(error: DomainError, form: Form, also: list[str]) -> None:
    """An error at its field when the form has it, else at the top."""
    field = str(error.details.get("field", ""))
    field = {"starts_at": "starts", "ends_at": "ends"}.get(field, field)
    if field in form and not isinstance(form[field], FieldList):
        refuse(form[field], messages.words(error))
    else:
        also.append(messages.words(error))


def _names(event: Event, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Languages of a form with what they are called; a file may have brought one that the hub does not write in."""
    known = dict(language_names(event.hub))
    return [(code, known.get(code) or vocabularies().languages.text(code, language())) for code in codes]


# --- tracks and rooms -------------------------------------------------------------------------------------------


class NameForm(Form):
    """A name in each language of the hub; the fields are added by `_name_form`."""

    capacity = Whole(_l("Seats in the room"), least=1)


def _name_form(codes: Sequence[str], prefix: str, was: Track | None = None) -> NameForm:
    form_class = type("NameFormOfHub", (NameForm,), text_fields(codes, {"name": 160}))
    form: NameForm = form_class(
        formdata=request.form if request.method == "POST" and request.form.get("act") == prefix else None,
        prefix=prefix,
        data=text_values(was, ["name"], codes) if was else None,
    )
    return form


@blueprint.route(BASE + "/parts", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def agenda_parts(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """Tracks of the event, to add and rename, and rooms of its venue, to add."""
    event = frame.this_event(event_id)
    tracks = queries.tracks_of(event.id)
    codes = {track.id: tuple(dict.fromkeys([*event.hub.languages, *track.name])) for track in tracks}
    renames = {track.id: _name_form(codes[track.id], f"track{track.id}", track) for track in tracks}
    new_track = _name_form(event.hub.languages, "track")
    new_room = _name_form(event.hub.languages, "room")
    forms: dict[str, NameForm] = {f"track{id}": form for id, form in renames.items()}
    forms |= {"track": new_track, "room": new_room}
    act = request.form.get("act", "")
    also: list[str] = []
    status = 200
    if request.method == "POST":
        form = forms.get(act)
        if form is None:
            raise NotFound("page")
        if form.validate():
            try:
                _save_part(event, act, form, {track.id: track for track in tracks}, codes)
            except DomainError as error:
                also.append(messages.words(error))
            else:
                flash(_("Saved."), "ok")
                return redirect(event_url("agenda_parts", hub, event_id), 303)
        status = 422
    event = frame.this_event(event_id)
    shown = language()
    page = render_template(
        "organiser/agenda_parts.html",
        event=frame.workspace(event, "agenda"),
        tracks=[
            {"act": f"track{id}", "form": form, "names": _names(event, codes[id])} for id, form in renames.items()
        ],
        new_track=new_track,
        new_room=new_room,
        wrong=forms.get(act) if status != 200 else None,
        names=language_names(event.hub),
        also=also,
        venue=event.venue.name.text(shown) if event.venue else None,
        rooms=[room.name.text(shown) for room in event.venue.rooms] if event.venue else [],
        back_url=event_url("agenda", hub, event_id),
    )
    return (page, status) if status != 200 else page


def _save_part(
    event: Event, act: str, form: NameForm, tracks: dict[int, Track], codes: dict[int, tuple[str, ...]]
) -> None:
    id = int(act.removeprefix("track")) if act not in ("track", "room") else None
    if id is None:
        name = written(form, "name", event.hub.languages)
    else:
        name = written(form, "name", codes[id], tracks[id].name)
    with transaction():
        if act == "room":
            service.add_room(event.id, name, form.capacity.data)
        elif id is None:
            service.add_track(event.id, name)
        else:
            service.rename_track(event.id, id, name)


# --- speakers ----------------------------------------------------------------------------------------------------


class SpeakerForm(Form):
    """A speaker but the texts, which `_speaker_form` adds."""

    name = Text(_l("Name"), [InputRequired(_l("Write the name.")), Length(max=160)])
    latin_name = Text(_l("Name in Latin letters"), [Length(max=160)])
    codes: tuple[str, ...] = ()


def _speaker_form(languages: Sequence[str], speaker: Speaker | None) -> SpeakerForm:
    codes = tuple(dict.fromkeys([*languages, *(speaker.position if speaker else ()),
                                 *(speaker.biography if speaker else ())]))  # fmt: skip
    values: dict[str, Any] = {}
    if speaker is not None:
        values = {
            "name": speaker.name,
            "latin_name": speaker.latin_name,
            **text_values(speaker, ["position", "biography"], codes),
        }
    form_class = type("SpeakerFormOfHub", (SpeakerForm,), text_fields(codes, {"position": 200}, ["biography"]))
    form: SpeakerForm = form_class(data=values)
    form.codes = codes
    return form


@blueprint.get(BASE + "/speakers")
@access.staff(Action.EDIT_EVENTS)
def speakers(hub: str, event_id: int) -> str:
    """Who speaks at the event, and the hub's other speakers."""
    event = frame.this_event(event_id)
    shown = language()
    here = queries.people_of(event.id)
    known = {person.id for person in here}

    def row(id: int, name: str, position: Translated, number: int) -> dict[str, Any]:
        url = event_url("edit_speaker", hub, event.id, speaker_id=id)
        return {"name": name, "position": position.text(shown), "sessions": number, "url": url}

    return render_template(
        "organiser/agenda_speakers.html",
        event=frame.workspace(event, "agenda"),
        primary=Link(_("Add a speaker"), event_url("new_speaker", hub, event.id)),
        here=[row(person.id, person.name, person.position, person.sessions) for person in here],
        others=[
            row(speaker.id, speaker.name, speaker.position, 0)
            for speaker in queries.speakers_of_hub(event.hub_id)
            if speaker.id not in known
        ],
        back_url=event_url("agenda", hub, event.id),
    )


@blueprint.route(BASE + "/speakers/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def new_speaker(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """Adds a speaker of the hub."""
    return _speaker_page(hub, frame.this_event(event_id), None)


@blueprint.route(BASE + "/speakers/<int:speaker_id>", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def edit_speaker(hub: str, event_id: int, speaker_id: int) -> Response | tuple[str, int] | str:
    """Changes a speaker, for all events of the hub."""
    event = frame.this_event(event_id)
    speaker = queries.speaker_of_hub(event.hub_id, speaker_id)
    if speaker is None:
        raise NotFound("page")
    return _speaker_page(hub, event, speaker)


def _speaker_page(hub: str, event: Event, speaker: Speaker | None) -> Response | tuple[str, int] | str:
    form = _speaker_form(event.hub.languages, speaker)
    hub_id, speaker_id, event_id = event.hub_id, speaker.id if speaker else None, event.id
    if form.validate_on_submit():
        details = SpeakerDetails(
            name=form.name.data,
            latin_name=form.latin_name.data or "",
            position=written(form, "position", form.codes, speaker.position if speaker else None),
            biography=written(form, "biography", form.codes, speaker.biography if speaker else None),
        )
        with transaction():
            if speaker_id is None:
                service.add_speaker(hub_id, details)
            else:
                service.change_speaker(hub_id, speaker_id, details)
        flash(_("The speaker is saved."), "ok")
        return redirect(event_url("speakers", hub, event_id), 303)
    page = render_template(
        "organiser/agenda_speaker.html",
        event=frame.workspace(event, "agenda"),
        form=form,
        names=_names(event, form.codes),
        is_new=speaker_id is None,
        back_url=event_url("speakers", hub, event_id),
    )
    return (page, 422) if form.errors else page


# --- a schedule file -----------------------------------------------------------------------------------------------


class UploadForm(Form):
    """A schedule file."""

    source = FileField(_l("Schedule file"))


class ConfirmForm(Form):
    """What is done after the preview; `held` names the file that waits."""

    held = HiddenField()
    allow_empty = BooleanField(_l("Cancel all imported sessions"))


@dataclass(frozen=True)
class Change:
    """One line of the preview."""

    state: State
    title: str
    when: str
    what: str


@dataclass(frozen=True)
class Preview:
    """What an import would do, in words."""

    counts: str
    changes: tuple[Change, ...]
    more: int
    dates: tuple[str, ...]
    warnings: tuple[str, ...]
    more_warnings: int
    refused: tuple[str, ...]
    does_nothing: bool
    empties: bool


@blueprint.route(BASE + "/import", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def import_agenda(hub: str, event_id: int) -> Response | tuple[str, int] | str:
    """Takes a schedule file, shows what it would change, and changes it once that is confirmed."""
    request.max_content_length = MAX_BYTES + 100_000
    event = frame.this_event(event_id)
    confirming = "held" in request.form
    upload, confirm = UploadForm(formdata=None if confirming else request.form or None), ConfirmForm()
    also: list[str] = []
    preview, status = None, 200
    if request.method == "POST":
        try:
            if confirming:
                done = _confirmed(event, confirm)
                if done is not None:
                    flash(_counts(done), "ok")
                    return redirect(event_url("agenda", hub, event_id), 303)
            elif upload.validate():
                preview, token = _previewed(event)
                confirm.held.data, confirm.allow_empty.data = token, False
        except ScheduleError as error:
            also = [messages.words(error), *(_placed(r.code, r.place, r.details) for r in error.refusals[:SHOWN_NOTES])]
            status = 422
        except DomainError as error:
            also, status = [messages.words(error)], 409 if isinstance(error, Conflict) else 422
        if upload.errors or confirm.errors:
            status = 422
    event = frame.this_event(event_id)
    page = render_template(
        "organiser/agenda_import.html",
        event=frame.workspace(event, "agenda"),
        upload=upload,
        confirm=confirm,
        wrong=confirm if confirming else upload,
        preview=preview,
        also=also,
        megabytes=MAX_BYTES // 2**20,
        back_url=event_url("agenda", hub, event_id),
        again_url=event_url("import_agenda", hub, event_id),
    )
    return (page, status) if status != 200 else page


def _previewed(event: Event) -> tuple[Preview, str]:
    """The preview of the file that was sent, and the name under which it waits."""
    sent = request.files.get("source")
    data = sent.stream.read(MAX_BYTES + 1) if sent is not None else b""
    schedule = read_schedule(data, zone=event.zone, keep_rest=True)
    zone, event_id, hub_id = event.zone, event.id, event.hub_id
    with transaction():
        report = service.import_schedule(schedule, hub_id=hub_id, event_id=event_id, dry_run=True, allow_empty=True)
    return _preview(report, schedule, zone), _hold(event_id, data)


def _confirmed(event: Event, form: ConfirmForm) -> ImportReport | None:
    """The import of the file that waits; None when the form's token is wrong. Invalid when the file is gone."""
    if not form.validate():
        return None
    path = _held(event.id, form.held.data or "")
    try:
        data = service.read_source(path)
    except OSError as error:
        raise Invalid("upload_gone") from error
    schedule = read_schedule(data, zone=event.zone, keep_rest=True)
    event_id, hub_id = event.id, event.hub_id
    with transaction():
        report = service.import_schedule(
            schedule, hub_id=hub_id, event_id=event_id, allow_empty=form.allow_empty.data
        )
    path.unlink(missing_ok=True)
    return report


def _folder() -> Path:
    instance: Path = current_app.extensions["settings"].instance
    return instance / "imports"


def _hold(event_id: int, data: bytes) -> str:
    """Keeps a file until it is confirmed, at most a day; only this process's user may read it.

    Raises Invalid(`file_not_kept`) when the disk is full or closed for writing.
    """
    try:
        return _written(event_id, data)
    except OSError as error:
        logger.exception("schedule file not kept")
        raise Invalid("file_not_kept") from error


def _written(event_id: int, data: bytes) -> str:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    oldest = (clock.now() - KEPT).timestamp()
    for old in folder.iterdir():
        try:
            if old.stat().st_mtime < oldest:
                old.unlink()
        except FileNotFoundError:  # another request was quicker
            continue
    token = secrets.token_hex(16)
    with os.fdopen(os.open(_held(event_id, token), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    return token


def _held(event_id: int, token: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        raise Invalid("upload_gone")
    return _folder() / f"{event_id}-{token}"


def _counts(report: ImportReport) -> str:
    counts: str = _(
        "Sessions: %(created)s new, %(changed)s changed, %(cancelled)s cancelled, %(unchanged)s as they were.",
        created=report.created,
        changed=report.changed,
        cancelled=report.cancelled,
        unchanged=report.unchanged,
    )
    return counts


def _preview(report: ImportReport, schedule: Schedule, zone: str) -> Preview:
    shown = language()
    marks = {
        Deed.CREATED: State("ok", _("New")),
        Deed.CHANGED: State("ask", _("Changed")),
        Deed.CANCELLED: State("off", _("Will be cancelled")),
    }
    parts = {
        "time": _("time"), "room": _("room"), "status": _("takes place or not"), "title": _("title"),
        "abstract": _("description"), "track": _("track"), "kind": _("kind"), "language": _("language"),
        "url": _("web address"), "speakers": _("speakers"),
    }  # fmt: skip
    dates = []
    for date in report.dates:
        new = i18n.range_text(date.starts_at, date.ends_at, zone, shown)
        if date.old_starts_at is None or date.old_ends_at is None:
            dates.append(_("A further date: %(new)s", new=new))
        elif (date.old_starts_at, date.old_ends_at) == (date.starts_at, date.ends_at):
            dates.append(_("%(new)s gets a venue", new=new))
        else:
            old = i18n.range_text(date.old_starts_at, date.old_ends_at, zone, shown)
            dates.append(_("%(old)s becomes %(new)s", old=old, new=new))
    return Preview(
        counts=_counts(report),
        changes=tuple(
            Change(
                marks[line.deed],
                line.title,
                i18n.date_time_text(line.starts_at, zone, shown),
                ", ".join(parts[name] for name in line.fields) or (line.room or ""),
            )
            for line in report.lines[:SHOWN_LINES]
        ),
        more=max(0, len(report.lines) - SHOWN_LINES),
        dates=tuple(dates),
        warnings=tuple(_placed(w.code, w.place, w.details) for w in report.warnings[:SHOWN_NOTES]),
        more_warnings=max(0, len(report.warnings) - SHOWN_NOTES),
        refused=tuple(_placed(r.code, r.place, r.details) for r in report.refused[:SHOWN_LINES]),
        does_nothing=report.does_nothing,
        empties=not schedule.sessions and report.cancelled > 0,
    )


def _placed(code: str, place: Place, details: Mapping[str, object]) -> str:
    """What is said of a place in the file, in the reader's language."""
    parts = []
    if place.day is not None:
        parts.append(_("day %(number)s", number=place.day))
    if place.room is not None:
        parts.append(_("room “%(name)s”", name=place.room))
    if place.session is not None:
        parts.append(_("session “%(name)s”", name=place.session))
    text = messages.words(Invalid(code, **details))
    return f"{', '.join(parts)}: {text}" if parts else text
