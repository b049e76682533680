"""The Door tab of an event: passes made, changed, shown, renewed and shut, their phones, and all that happens there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateTimeLocalField, RadioField, SelectMultipleField
from wtforms.validators import Length, Optional

from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionKind
from hubevents.checkin import figures as doors_now
from hubevents.checkin import queries as doors_read
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Device, Door, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, i18n, qr
from hubevents.core.db import transaction
from hubevents.core.errors import Invalid, NotFound
from hubevents.events import rules as event_rules
from hubevents.events.models import Event
from hubevents.hubs.rules import Action
from hubevents.web import access, headers, messages
from hubevents.web.forms import Form, Text, in_form
from hubevents.web.locale import language
from hubevents.web.organiser import door_conflicts, door_figures, door_words, frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.fields import Whole, refuse
from hubevents.web.organiser.words import event_url

BASE = "/<slug:hub>/events/<int:event_id>/door"
WRITTEN = "%Y-%m-%dT%H:%M"
CLOCK_OFF = timedelta(minutes=1)
"""A phone's clock that is off by more is said."""
LAST_SCANS = 15
USUAL, CHOSEN = "usual", "chosen"


class DoorForm(Form):
    """A door, new or as it is."""

    role = RadioField(_l("What it may do"), default=DoorRole.SCAN.value)
    name = Text(_l("Name"), [Optional(), Length(max=80)])
    sessions = SelectMultipleField(_l("Only for these sessions"))
    reentry = BooleanField(_l("Whoever left may come in again"))
    badges = BooleanField(_l("A badge may be printed at this entrance"))
    capacity = Whole(_l("Room for"), least=1)
    ends = RadioField(_l("The pass ends"), default=USUAL)
    expires = DateTimeLocalField(_l("Day and time"), [Optional()], format=WRITTEN)


@dataclass(frozen=True)
class ShownDevice:
    """A phone at a door: when it was here, what it holds, and whether it is shut out; `act_url` turns that."""

    name: str
    seen: str
    seen_at: str
    first_at: str
    waiting: str | None
    list_age: str | None
    clock: str | None
    shut: bool
    act_url: str


@dataclass(frozen=True)
class ShownDoor:
    """A door in the list; `address` and `qr` are None once its pass has ended or is revoked."""

    id: int
    name: str
    role: str
    sessions: tuple[str, ...]
    traits: tuple[str, ...]
    ends: str
    ended: bool
    revoked: bool
    inside: int
    address: str | None
    qr: Markup | None
    shown: bool
    devices: tuple[ShownDevice, ...]
    lists: bool
    """Whether its phones hold a list of people."""
    change_url: str
    renew_url: str
    revoke_url: str
    paper_url: str | None
    badges_url: str | None


@dataclass(frozen=True)
class ShownScan:
    """A row of the last scans."""

    time: str
    who: str | None
    kind: str
    verdict: str
    door: str
    device: str
    colleague: str | None
    reason: str | None


# --- pages -----------------------------------------------------------------------------------------------------------


@blueprint.get(BASE)
@access.staff(Action.OPEN_DOORS)
def doors(hub: str, event_id: int) -> Response:
    """Figures, odd scans, doors with their phones, and the last scans."""
    event = frame.this_event(event_id)
    return _page(event, _form(event))


@blueprint.post(BASE)
@access.staff(Action.MANAGE_DOORS)
@in_form
def make_door(hub: str, event_id: int) -> Response:
    """Makes a door and shows its code."""
    event = frame.this_event(event_id)
    form = _form(event)
    made: list[int] = []

    def make(expires_at: datetime | None) -> None:
        event = frame.this_event(event_id)
        taken = [door.name for door in doors_read.doors_of(event_id)]
        door = checkin.make_door(
            event,
            form.name.data or checkin.free_name(taken, _("Entrance")),
            DoorRole(form.role.data),
            _chosen(form),
            reentry=form.reentry.data,
            capacity=form.capacity.data,
            badges=form.badges.data,
            expires_at=expires_at,
        )
        made.append(door.id)

    if not _saved(form, event, make):
        return _page(event, form, status=422)
    return redirect(event_url("doors", hub, event_id, show=made[0], _anchor=f"door-{made[0]}"), 303)


@blueprint.route(BASE + "/<int:door_id>", methods=["GET", "POST"])
@access.staff(Action.MANAGE_DOORS)
@in_form
def change_door(hub: str, event_id: int, door_id: int) -> Response:
    """Changes a door; its pass stays the same."""
    event = frame.this_event(event_id)
    door = doors_read.door_of(event_id, door_id)
    if door is None:
        raise NotFound("page")
    form = _form(event, door)

    def change(expires_at: datetime | None) -> None:
        frame.this_event(event_id)
        checkin.change_door(
            event_id,
            door_id,
            form.name.data or door.name,
            DoorRole(form.role.data),
            _chosen(form),
            reentry=form.reentry.data,
            capacity=form.capacity.data,
            badges=form.badges.data,
            expires_at=expires_at,
        )

    if request.method == "POST" and _saved(form, event, change):
        flash(_("The entrance is changed. Phones go on with the code that they have."), "ok")
        return redirect(event_url("doors", hub, event_id, _anchor=f"door-{door_id}"), 303)
    event = frame.this_event(event_id)
    body = render_template(
        "organiser/doors_change.html",
        event=frame.workspace(event, "door"),
        form=form,
        notes=_role_notes(),
        zone=_zone_text(event),
        more=True,
        back_url=event_url("doors", hub, event_id),
    )
    return headers.private(Response(body, 422 if form.errors else 200, mimetype="text/html"))


@blueprint.post(BASE + "/<int:door_id>/renew")
@access.staff(Action.MANAGE_DOORS)
def renew_door(hub: str, event_id: int, door_id: int) -> Response:
    """A new pass in place of the old one."""
    with transaction():
        frame.this_event(event_id)
        checkin.renew_door(event_id, door_id)
    flash(_("The entrance has a new code. Phones with the old one are shut out."), "ok")
    return redirect(event_url("doors", hub, event_id, show=door_id, _anchor=f"door-{door_id}"), 303)


@blueprint.post(BASE + "/<int:door_id>/revoke")
@access.staff(Action.MANAGE_DOORS)
def revoke_door(hub: str, event_id: int, door_id: int) -> Response:
    """Shuts a pass out at once."""
    with transaction():
        frame.this_event(event_id)
        checkin.revoke_door(event_id, door_id)
    flash(_("The entrance is shut. Scans that still arrive from it are kept apart and do not count."), "ok")
    return redirect(event_url("doors", hub, event_id), 303)


@blueprint.post(BASE + "/devices/<int:device_id>/shut")
@access.staff(Action.MANAGE_DOORS)
def shut_device(hub: str, event_id: int, device_id: int) -> Response:
    """Shuts one phone out."""
    with transaction():
        frame.this_event(event_id)
        door_id = checkin.shut_device(event_id, device_id).door_id
    flash(_("The phone is shut out. What it still sends is kept apart and does not count."), "ok")
    return redirect(event_url("doors", hub, event_id, _anchor=f"door-{door_id}"), 303)


@blueprint.post(BASE + "/devices/<int:device_id>/open")
@access.staff(Action.MANAGE_DOORS)
def open_device(hub: str, event_id: int, device_id: int) -> Response:
    """Lets a phone in again."""
    with transaction():
        frame.this_event(event_id)
        door_id = checkin.open_device(event_id, device_id).door_id
    flash(_("The phone may scan again."), "ok")
    return redirect(event_url("doors", hub, event_id, _anchor=f"door-{door_id}"), 303)


# --- the form --------------------------------------------------------------------------------------------------------


def _form(event: Event, door: Door | None = None) -> DoorForm:
    zone, shown = event.zone, language()
    chosen = [str(id) for id in door.session_ids] if door else []
    form = DoorForm(data=_values(door, zone) if door else None)
    form.role.choices = [(role.value, str(words)) for role, (words, _note) in door_words.ROLE_WORDS.items()]
    form.sessions.choices = [
        (str(session.id), _session_words(session, zone))
        for session in doors_read.sessions_of(event.id)
        if session.kind is not SessionKind.BREAK or str(session.id) in chosen
    ]
    offered = {id for id, _words in form.sessions.choices}
    form.sessions.choices += [(id, _("A withdrawn session")) for id in chosen if id not in offered]
    after = door.closes_minutes_after if door else checkin.CLOSES_AFTER
    usual = _("With the event")
    if event.ends_at is not None:
        ends_at = i18n.date_time_text(event.ends_at + timedelta(minutes=after), zone, shown)
        usual = _("Two hours after the end: %(when)s", when=ends_at)
    form.ends.choices = [(USUAL, usual), (CHOSEN, _("On a day and at a time that I choose"))]
    return form


def _values(door: Door, zone: str) -> dict[str, object]:
    return {
        "role": door.role,
        "name": door.name,
        "sessions": [str(id) for id in door.session_ids],
        "reentry": door.reentry,
        "badges": door.badges,
        "capacity": door.capacity,
        "ends": CHOSEN if door.expires_chosen else USUAL,
        "expires": i18n.local(door.expires_at, zone).replace(tzinfo=None) if door.expires_chosen else None,
    }


def _saved(form: DoorForm, event: Event, save: Callable[[datetime | None], None]) -> bool:
    """Whether the form was right and is saved; else its fields say why not."""
    if not form.validate():
        return False
    if form.ends.data == CHOSEN and form.expires.data is None:
        refuse(form.expires, _("Write the day and the time at which the pass ends."))
        return False
    try:
        expires_at = event_rules.instant(form.expires.data, event.zone) if form.ends.data == CHOSEN else None
        with transaction():
            save(expires_at)
    except Invalid as error:
        refuse(form[str(error.details.get("field", "expires"))], messages.words(error))
        return False
    return True


def _chosen(form: DoorForm) -> list[int]:
    """The sessions that were ticked; a body without any field has not even an empty list."""
    return [int(id) for id in form.sessions.data or ()]


def _role_notes() -> dict[str, str]:
    return {role.value: str(note) for role, (_words, note) in door_words.ROLE_WORDS.items()}


def _zone_text(event: Event) -> str:
    return i18n.zone_text(event.zone, language(), event.ends_at or clock.now())


def _session_words(session: EventSession, zone: str) -> str:
    shown = language()
    on = i18n.local(session.starts_at, zone).date()
    times = i18n.time_range_text(session.starts_at, session.ends_at, zone, shown)
    return f"{i18n.day_text(on, shown)}, {times} · {session.title.text(shown)}"


# --- what is shown ---------------------------------------------------------------------------------------------------


def _page(event: Event, form: DoorForm, status: int = 200) -> Response:
    hub = access.this_hub().slug
    manages, sees_people = access.permitted(Action.MANAGE_DOORS), access.permitted(Action.SEE_PEOPLE)
    now = doors_now.figures(event.id)
    rows = doors_read.doors_of(event.id)
    words = {each.id: _session_words(each, event.zone) for each in doors_read.sessions_of(event.id)}
    devices = doors_now.devices_of(event.id)
    shown = [_shown(event, door, words, now.doors.get(door.id, 0) if now else 0, devices) for door in rows]
    body = render_template(
        "organiser/doors.html",
        event=frame.workspace(event, "door"),
        now=door_figures.figures(event.id, now),
        doors=shown,
        conflicts=door_conflicts.conflicts(event, words) if sees_people else [],
        shut_phones=door_conflicts.shut_phones(event) if sees_people else [],
        settled=door_conflicts.settled(event, words) if sees_people else [],
        scans=[_scan(event, scan) for scan in doors_read.recent_scans(event.id, LAST_SCANS)] if sees_people else [],
        sees_people=sees_people,
        form=form if manages and event.ends_at is not None else None,
        more=any(form[name].errors for name in ("reentry", "badges", "capacity", "ends", "expires")),
        manages=manages,
        notes=_role_notes(),
        zone=_zone_text(event),
        counter_url=event_url("door_counter", hub, event.id),
        badges_url=_where("badges", event.id),
    )
    return headers.private(Response(body, status, mimetype="text/html"))


def _where(endpoint: str, event_id: int, **more: int) -> str | None:
    """The address of a page of the Door tab, where it exists and the reader may open it."""
    name = f"organiser.{endpoint}"
    declared = access.declared(name) if name in current_app.view_functions else None
    if declared is None or declared.action is None or not access.permitted(declared.action):
        return None
    return event_url(endpoint, access.this_hub().slug, event_id, **more)


def _shown(event: Event, door: Door, sessions: dict[int, str], inside: int, devices: Sequence[Device]) -> ShownDoor:
    shown = language()
    address = checkin.address(door) if doors_read.is_open(door) else None
    hub = access.this_hub().slug
    shown_id = request.args.get("show", type=int)
    is_screen = door.role == DoorRole.SCREEN.value

    def url(endpoint: str) -> str:
        return event_url(endpoint, hub, event.id, door_id=door.id)

    return ShownDoor(
        id=door.id,
        name=door.name,
        role=str(door_words.ROLE_WORDS[DoorRole(door.role)][0]),
        sessions=tuple(sessions.get(id) or _("A withdrawn session") for id in door.session_ids),
        traits=tuple(_traits(door)),
        ends=i18n.date_time_text(door.expires_at, event.zone, shown),
        ended=door.expires_at < clock.now(),
        revoked=door.revoked_at is not None,
        inside=inside,
        address=address,
        # Made from our own address alone; the drawing escapes its title.
        qr=Markup(qr.svg(address, title=_("Code of the scanner"))) if address else None,  # noqa: S704
        shown=door.id == shown_id and address is not None,
        devices=tuple(_device(event, each) for each in devices if each.door_id == door.id),
        lists=not is_screen,
        change_url=url("change_door"),
        renew_url=url("renew_door"),
        revoke_url=url("revoke_door"),
        paper_url=_where("door_paper", event.id, door_id=door.id) if address and not is_screen else None,
        badges_url=_where("badges", event.id) if door.badges else None,
    )


def _traits(door: Door) -> list[str]:
    """What is not usual about a door."""
    traits = []
    if door.capacity is not None:
        traits.append(ngettext("room for %(num)s", "room for %(num)s", door.capacity))
    if door.reentry:
        traits.append(_("coming in again allowed"))
    if door.badges:
        traits.append(_("prints badges"))
    return traits


def _device(event: Event, device: Device) -> ShownDevice:
    zone, shown = event.zone, language()
    off = timedelta(seconds=device.clock_offset)
    clock_words = None
    if abs(off) > CLOCK_OFF:
        by = door_words.length(off)
        clock_words = (
            _("Its clock is %(by)s fast.", by=by) if off > timedelta() else _("Its clock is %(by)s slow.", by=by)
        )
    shut = device.revoked_at is not None
    return ShownDevice(
        name=device.name or _("Phone without a name, %(mark)s", mark=device.uuid[:4]),
        seen=door_words.ago(device.last_seen_at),
        seen_at=door_words.at(device.last_seen_at, zone, shown),
        first_at=door_words.at(device.first_seen_at, zone, shown),
        waiting=ngettext("%(num)s scan waits on it", "%(num)s scans wait on it", device.queued)
        if device.queued
        else None,
        list_age=_(
            "%(time)s (%(ago)s)",
            ago=door_words.ago(device.list_at),
            time=door_words.at(device.list_at, zone, shown),
        )
        if device.list_at
        else None,
        clock=clock_words,
        shut=shut,
        act_url=event_url(
            "open_device" if shut else "shut_device", access.this_hub().slug, event.id, device_id=device.id
        ),
    )


def _scan(event: Event, scan: Scan) -> ShownScan:
    kind, words = door_words.verdict(scan.reason or scan.verdict)
    return ShownScan(
        time=door_words.at(scan.scanned_at, event.zone, language()),
        who=scan.registration.name if scan.registration else None,
        kind=kind,
        verdict=words,
        door=scan.door.name if scan.door else "",
        device=scan.device.name if scan.device else "",
        colleague=scan.user.name if scan.user else None,
        reason=scan.override_reason if scan.overridden else None,
    )
