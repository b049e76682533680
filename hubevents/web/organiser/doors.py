"""The Door tab of an event: passes made, shown, renewed and revoked; who is inside; what was scanned."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField
from wtforms.validators import Length, Optional

from hubevents.checkin import queries as doors_read
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door, Scan
from hubevents.checkin.rules import Answer, DoorRole, Flag, Reason, day_of
from hubevents.core import clock, i18n, qr
from hubevents.core.db import transaction
from hubevents.events.models import Event
from hubevents.hubs.rules import Action
from hubevents.web import access, headers
from hubevents.web.forms import Form, Text
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint

# Search and kiosk come with the offline list: only roles whose page exists are offered.
ROLE_WORDS = {
    DoorRole.SCAN: (_l("Scan only"), _l("Reads tickets and typed codes.")),
    DoorRole.STEWARD: (_l("Scan, and let in with a reason"), _l("Also admits who is refused; the reason is kept.")),
    DoorRole.SEARCH: (_l("Scan and search"), _l("Also finds people by name.")),
    DoorRole.KIOSK: (_l("Self check-in"), _l("Visitors hold up their own ticket.")),
}
OFFERED = (DoorRole.SCAN, DoorRole.STEWARD)

VERDICT_WORDS = {
    Answer.ADMITTED.value: ("ok", _l("Admitted")),
    Answer.LEFT.value: ("ok", _l("Left")),
    Answer.ALREADY_IN.value: ("wait", _l("Already in")),
    Answer.UNDONE.value: ("off", _l("Taken back")),
    Reason.CANCELLED.value: ("off", _l("Registration cancelled")),
    Reason.WAITLISTED.value: ("wait", _l("On the waiting list")),
    Reason.PENDING.value: ("wait", _l("Not approved yet")),
    Reason.DECLINED.value: ("off", _l("Registration declined")),
    Reason.EXPIRED.value: ("off", _l("Registration expired")),
    Reason.REPLACED.value: ("off", _l("A newer ticket exists")),
    Reason.WRONG_EVENT.value: ("off", _l("Ticket for another event")),
    Reason.WRONG_DATE.value: ("off", _l("Ticket for another date")),
    Reason.WRONG_SESSION.value: ("wait", _l("No place in this session")),
    Reason.NOT_YET.value: ("wait", _l("Too early")),
    Reason.CLOSED.value: ("off", _l("The entrance is closed")),
    Reason.EVENT_CANCELLED.value: ("off", _l("The event is cancelled")),
    Reason.FULL.value: ("wait", _l("The room is full")),
    Reason.NOT_INSIDE.value: ("off", _l("Was not inside")),
    Reason.UNKNOWN.value: ("off", _l("Unknown code")),
    Reason.FORGED.value: ("off", _l("Not a genuine ticket")),
    Reason.NOT_A_TICKET.value: ("off", _l("Not a ticket of ours")),
    Reason.ERASED.value: ("off", _l("No such registration any more")),
    Reason.QUARANTINED.value: ("off", _l("From a revoked pass, not counted")),
    Reason.BAD_ITEM.value: ("off", _l("Not understood")),
}

FLAG_WORDS = {
    Flag.ADMITTED_ANYWAY.value: _l("The phone admitted without a connection; the server would have refused."),
    Flag.REFUSED_ANYWAY.value: _l("The phone turned a good ticket away."),
    Flag.SECOND_ENTRY.value: _l("Two phones admitted the same ticket; the earlier entry counts."),
    Flag.STRAY_EXIT.value: _l("Left without having entered."),
    Flag.DOUBTFUL_TIME.value: _l("The clock of the phone was wrong; the time of arrival here is kept."),
}


class DoorForm(Form):
    """A new door."""

    name = Text(_l("Name"), [Optional(), Length(max=80)])
    session = SelectField(_l("For"), default="")
    role = RadioField(_l("What it may do"), default=DoorRole.SCAN.value)


@dataclass(frozen=True)
class ShownDoor:
    """A door in the list; `address` and `qr` are None once its pass has ended or is revoked."""

    id: int
    name: str
    role: str
    session: str | None
    ends: str
    ended: bool
    revoked: bool
    present: str
    address: str | None
    qr: Markup | None
    shown: bool
    renew_url: str
    revoke_url: str


@dataclass(frozen=True)
class ShownScan:
    """A row of the last scans."""

    time: str
    who: str | None
    kind: str
    verdict: str
    flag: str | None
    door: str
    device: str
    reason: str | None


@blueprint.get("/<slug:hub>/events/<int:event_id>/door")
@access.staff(Action.OPEN_DOORS)
def doors(hub: str, event_id: int) -> Response:
    """Doors, people inside and the last scans."""
    event = frame.this_event(event_id)
    return _page(event, _form(event))


@blueprint.post("/<slug:hub>/events/<int:event_id>/door")
@access.staff(Action.MANAGE_DOORS)
def make_door(hub: str, event_id: int) -> Response:
    """Makes a door and shows its code."""
    event = frame.this_event(event_id)
    form = _form(event)
    if not form.validate():
        return _page(event, form, status=422)
    with transaction():
        event = frame.this_event(event_id)
        taken = [door.name for door in doors_read.doors_of(event_id)]
        door = checkin.make_door(
            event,
            form.name.data or checkin.free_name(taken, _("Entrance")),
            DoorRole(form.role.data),
            [int(form.session.data)] if form.session.data else [],
        )
    return redirect(_url(event_id, show=door.id), 303)


@blueprint.post("/<slug:hub>/events/<int:event_id>/door/<int:door_id>/renew")
@access.staff(Action.MANAGE_DOORS)
def renew_door(hub: str, event_id: int, door_id: int) -> Response:
    """A new pass in place of the old one."""
    with transaction():
        frame.this_event(event_id)
        checkin.renew_door(event_id, door_id)
    flash(_("The entrance has a new code. Phones with the old one are shut out."), "ok")
    return redirect(_url(event_id, show=door_id), 303)


@blueprint.post("/<slug:hub>/events/<int:event_id>/door/<int:door_id>/revoke")
@access.staff(Action.MANAGE_DOORS)
def revoke_door(hub: str, event_id: int, door_id: int) -> Response:
    """Shuts a pass out at once."""
    with transaction():
        frame.this_event(event_id)
        checkin.revoke_door(event_id, door_id)
    flash(_("The entrance is shut. Scans that still arrive from it are kept apart and do not count."), "ok")
    return redirect(_url(event_id), 303)


def _url(event_id: int, show: int | None = None) -> str:
    return url_for("organiser.doors", hub=access.this_hub().slug, event_id=event_id, show=show)


def _form(event: Event) -> DoorForm:
    form = DoorForm()
    form.role.choices = [(role.value, str(ROLE_WORDS[role][0])) for role in OFFERED]
    form.session.choices = [("", _("The whole event")), *((str(id), words) for id, words in _sessions(event).items())]
    return form


def _sessions(event: Event) -> dict[int, str]:
    """Sessions by id with day, time and title."""
    shown = language()
    words = {}
    for session in doors_read.sessions_of(event.id):
        at = i18n.local(session.starts_at, event.zone)
        time = i18n.time_text(session.starts_at, event.zone, shown)
        words[session.id] = f"{i18n.day_text(at.date(), shown)}, {time} · {session.title.text(shown)}"
    return words


def _page(event: Event, form: DoorForm, status: int = 200) -> Response:
    manages, sees_people = access.permitted(Action.MANAGE_DOORS), access.permitted(Action.SEE_PEOPLE)
    asked = request.args.get("show", type=int)
    sessions = _sessions(event)
    present = doors_read.present_by_session(event.id, day_of(clock.now(), event.zone))
    rows = [_shown(event, door, sessions, asked, present) for door in doors_read.doors_of(event.id)]
    scans = [_scan(event, scan) for scan in doors_read.recent_scans(event.id)] if sees_people else []
    body = render_template(
        "organiser/doors.html",
        event=frame.workspace(event, "door"),
        doors=rows,
        scans=scans,
        inside=present.get(None, 0),
        expected=doors_read.expected(event.id),
        form=form if manages and event.ends_at is not None else None,
        manages=manages,
        notes={role.value: str(ROLE_WORDS[role][1]) for role in OFFERED},
    )
    return headers.private(Response(body, status, mimetype="text/html"))


def _shown(
    event: Event, door: Door, sessions: dict[int, str], asked: int | None, present: dict[int | None, int]
) -> ShownDoor:
    shown = language()
    address = checkin.address(door) if doors_read.is_open(door) else None
    ids = list(door.session_ids)
    inside = sum(present.get(id, 0) for id in ids) if ids else present.get(None, 0)
    hub = access.this_hub().slug
    return ShownDoor(
        id=door.id,
        name=door.name,
        role=str(ROLE_WORDS[DoorRole(door.role)][0]),
        session="; ".join(sessions[id] for id in ids if id in sessions) or None,
        ends=i18n.date_time_text(door.expires_at, event.zone, shown),
        ended=door.expires_at < clock.now(),
        revoked=door.revoked_at is not None,
        present=ngettext("%(num)s inside", "%(num)s inside", inside),
        address=address,
        # Made from our own address alone; the drawing escapes its title.
        qr=Markup(qr.svg(address, title=_("Code of the scanner"))) if address else None,  # noqa: S704
        shown=door.id == asked and address is not None,
        renew_url=url_for("organiser.renew_door", hub=hub, event_id=event.id, door_id=door.id),
        revoke_url=url_for("organiser.revoke_door", hub=hub, event_id=event.id, door_id=door.id),
    )


def _scan(event: Event, scan: Scan) -> ShownScan:
    shown = language()
    at = i18n.local(scan.scanned_at, event.zone).date()
    kind, words = VERDICT_WORDS.get(scan.reason or scan.verdict, ("off", scan.reason or scan.verdict))
    return ShownScan(
        time=f"{i18n.day_text(at, shown)}, {i18n.time_text(scan.scanned_at, event.zone, shown)}",
        who=scan.registration.name if scan.registration else None,
        kind=kind,
        verdict=str(words),
        flag=str(FLAG_WORDS[scan.flagged]) if scan.flagged in FLAG_WORDS else None,
        door=scan.door.name if scan.door else "",
        device=scan.device.name if scan.device else "",
        reason=scan.override_reason if scan.overridden else None,
    )
