"""Odd scans in plain sentences, with the buttons that settle them, and what was settled."""

from dataclasses import dataclass

from flask import flash, redirect, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from hubevents.checkin import settling
from hubevents.checkin.models import Scan
from hubevents.checkin.rules import Answer, Decision, Flag
from hubevents.checkin.settling import FromShut, ToSettle
from hubevents.core import text
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict
from hubevents.events.models import Event
from hubevents.hubs.rules import Action
from hubevents.web import access, messages
from hubevents.web.locale import language
from hubevents.web.organiser import door_words, frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.words import event_url

BASE = "/<slug:hub>/events/<int:event_id>/door"


@dataclass(frozen=True)
class Button:
    """A decision that may be taken."""

    value: str
    label: str


@dataclass(frozen=True)
class ShownConflict:
    """A scan that waits: whose, what happened, and what may be decided; `url` is None for who may only look."""

    id: int
    who: str
    session: str | None
    title: str
    text: str
    buttons: tuple[Button, ...]
    url: str | None


@dataclass(frozen=True)
class ShownShut:
    """Several scans of one shut phone, settled together."""

    text: str
    door_id: int
    device_id: int | None
    buttons: tuple[Button, ...]
    url: str | None


@dataclass(frozen=True)
class ShownSettled:
    """A scan that was settled."""

    who: str
    session: str | None
    title: str
    decision: str
    by: str
    note: str | None


@blueprint.post(BASE + "/scans/<int:scan_id>/settle")
@access.staff(Action.EDIT_PEOPLE)
def settle_scan(hub: str, event_id: int, scan_id: int) -> Response:
    """Settles one scan."""
    decision, note = _decision(), text.clean(request.form.get("note", ""))
    try:
        with transaction():
            frame.this_event(event_id)
            settling.settle(event_id, scan_id, decision, current_user.id, note)
    except Conflict as refusal:
        flash(messages.words(refusal), "warn")
    else:
        flash(_done(decision), "ok")
    return redirect(event_url("doors", hub, event_id, _anchor="to-settle"), 303)


@blueprint.post(BASE + "/<int:door_id>/settle")
@access.staff(Action.EDIT_PEOPLE)
def settle_shut(hub: str, event_id: int, door_id: int) -> Response:
    """Settles all that one shut phone sent through a door."""
    decision = _decision()
    device_id = request.form.get("device", type=int)
    try:
        with transaction():
            frame.this_event(event_id)
            number = settling.settle_shut(event_id, door_id, device_id, decision, current_user.id)
    except Conflict as refusal:
        flash(messages.words(refusal), "warn")
    else:
        flash(ngettext("%(num)s scan is settled.", "%(num)s scans are settled.", number), "ok")
    return redirect(event_url("doors", hub, event_id, _anchor="to-settle"), 303)


def _decision() -> Decision | None:
    """What was pressed; None is no decision that there is."""
    pressed = request.form.get("decision")
    return next((each for each in Decision if each.value == pressed), None)


def _done(decision: Decision | None) -> str:
    words: dict[Decision | None, str] = {
        Decision.KEPT: _("It stays as it is."),
        Decision.COUNTED: _("It counts now."),
        Decision.DROPPED: _("It does not count any more."),
    }
    return words[decision]


# --- words -----------------------------------------------------------------------------------------------------------


def conflicts(event: Event, sessions: dict[int, str]) -> list[ShownConflict]:
    """The scans of an event that wait, in words; `sessions` are titles by id."""
    hub, decides = access.this_hub().slug, access.permitted(Action.EDIT_PEOPLE)
    return [
        ShownConflict(
            id=each.scan.id,
            who=_who(each.scan),
            session=sessions.get(each.scan.session_id or 0),
            title=_title(each.scan),
            text=_story(each, event.zone),
            buttons=tuple(Button(choice.value, _label(choice)) for choice in each.decisions),
            url=event_url("settle_scan", hub, event.id, scan_id=each.scan.id) if decides else None,
        )
        for each in settling.open_scans(event.id)
    ]


def shut_phones(event: Event) -> list[ShownShut]:
    """Shut phones whose scans can be settled together."""
    hub, decides = access.this_hub().slug, access.permitted(Action.EDIT_PEOPLE)
    return [
        ShownShut(
            text=_shut_story(each),
            door_id=each.door_id,
            device_id=each.device_id,
            buttons=(
                Button(Decision.COUNTED.value, _("All of them count")),
                Button(Decision.KEPT.value, _("None of them counts")),
            ),
            url=event_url("settle_shut", hub, event.id, door_id=each.door_id) if decides else None,
        )
        for each in settling.from_shut(event.id)
    ]


def settled(event: Event, sessions: dict[int, str]) -> list[ShownSettled]:
    """The scans of an event that were settled, in words."""
    shown = language()
    rows = []
    for scan in settling.settled_scans(event.id):
        assert scan.settled_at is not None
        name = scan.settled_by.name if scan.settled_by else ""
        rows.append(
            ShownSettled(
                who=_who(scan),
                session=sessions.get(scan.session_id or 0),
                title=_title(scan),
                decision=_decided(scan),
                by=f"{name}, {door_words.at(scan.settled_at, event.zone, shown)}",
                note=scan.note,
            )
        )
    return rows


def _who(scan: Scan) -> str:
    if scan.registration is not None:
        return scan.registration.name
    said = settling.held_back(scan)
    if said is not None:
        return f"{said.get('first_name', '')} {said.get('last_name', '')}"
    return str(_("Nobody we know"))


def _label(decision: Decision) -> str:
    words: dict[Decision, str] = {
        Decision.KEPT: _("Leave it so"),
        Decision.COUNTED: _("It counts"),
        Decision.DROPPED: _("It does not count"),
    }
    return words[decision]


def _decided(scan: Scan) -> str:
    words: dict[str | None, str] = {
        Decision.KEPT.value: _("Left as it was"),
        Decision.COUNTED.value: _("Counts"),
        Decision.DROPPED.value: _("Does not count"),
    }
    return words.get(scan.settled_as, "")


def _title(scan: Scan) -> str:
    if scan.flagged == Flag.QUARANTINED.value and scan.registration_id is None and settling.held_back(scan):
        return str(_("Registered at a shut entrance"))
    words: dict[str | None, str] = {
        Flag.SECOND_ENTRY.value: _("One ticket, admitted twice"),
        Flag.ADMITTED_ANYWAY.value: _("Let in, though the list says otherwise"),
        Flag.REFUSED_ANYWAY.value: _("Turned away with a good ticket"),
        Flag.STRAY_EXIT.value: _("Left without having come in"),
        Flag.DOUBTFUL_TIME.value: _("A time that cannot be right"),
        Flag.QUARANTINED.value: _("From a phone that was shut out"),
    }
    return words.get(scan.flagged, scan.flagged or "")


def _story(each: ToSettle, zone: str) -> str:
    """What happened, with both times and places where there are two."""
    scan, shown = each.scan, language()
    where = door_words.place(scan.door.name if scan.door else None, scan.device.name if scan.device else None)
    time = door_words.at(scan.scanned_at, zone, shown)
    if scan.flagged == Flag.SECOND_ENTRY.value:
        if each.first is None:
            return str(_("Let in once more: %(time)s, %(where)s. The earlier entry counts.", time=time, where=where))
        return str(
            _(
                "Let in twice: %(first_time)s, %(first_where)s, and %(time)s, %(where)s. The earlier entry counts.",
                first_time=door_words.at(each.first.at, zone, shown),
                first_where=door_words.place(each.first.door, each.first.device),
                time=time,
                where=where,
            )
        )
    if scan.flagged == Flag.ADMITTED_ANYWAY.value and scan.verdict == Answer.ADMITTED.value:
        return str(_("Registered: %(time)s, %(where)s, without all that the form asks for.", time=time, where=where))
    if scan.flagged == Flag.ADMITTED_ANYWAY.value:
        reason = door_words.verdict(scan.reason or scan.verdict)[1]
        story = _(
            "Let in: %(time)s, %(where)s, by a phone without a connection. The server's answer: “%(reason)s”.",
            time=time, where=where, reason=reason,
        )  # fmt: skip
        return f"{story} {_counted(scan)}"
    if scan.flagged == Flag.REFUSED_ANYWAY.value and scan.shown == Answer.ALREADY_IN.value:
        story = _("Told “already in”: %(time)s, %(where)s; but nobody noted an entry.", time=time, where=where)
        return f"{story} {_counted(scan)}"
    if scan.flagged == Flag.REFUSED_ANYWAY.value:
        story = _("Turned away: %(time)s, %(where)s, by a phone without a connection.", time=time, where=where)
        return f"{story} {_counted(scan)}"
    if scan.flagged == Flag.STRAY_EXIT.value:
        return str(_("Left: %(time)s, %(where)s; nobody noted the entry.", time=time, where=where))
    if scan.flagged == Flag.DOUBTFUL_TIME.value:
        return str(
            _(
                "The clock of the phone said %(said)s. Kept is %(time)s, %(where)s.",
                said=door_words.at(scan.said_at, zone, shown),
                time=time,
                where=where,
            )
        )
    story = _("Scanned: %(time)s, %(where)s; sent after it was shut. It does not count.", time=time, where=where)
    if scan.shown:
        told = _("The phone had said: “%(words)s”.", words=door_words.verdict(scan.shown)[1])
        story = f"{story} {told}"
    return str(story)


def _counted(scan: Scan) -> str:
    return str(_("It counts as presence.") if scan.counts else _("It does not count as presence."))


def _shut_story(each: FromShut) -> str:
    return str(
        ngettext(
            "%(num)s scan of %(where)s does not count, because it was shut.",
            "%(num)s scans of %(where)s do not count, because it was shut.",
            each.number,
            where=door_words.place(each.door, each.device),
        )
    )
