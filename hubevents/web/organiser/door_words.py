"""Words of the Door tab: what a door may do, what it answered, and how long ago something was."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from hubevents.checkin.rules import Answer, DoorRole, Reason
from hubevents.core import clock, i18n

ROLE_WORDS = {
    DoorRole.SCAN: (_l("Scan only"), _l("Reads tickets and typed codes.")),
    DoorRole.SEARCH: (_l("Scan and search"), _l("Also finds people by name, organisation or mail.")),
    DoorRole.STEWARD: (
        _l("Scan, and let in with a reason"),
        _l("Also registers people without a ticket, and admits who is refused; the reason is kept."),
    ),
    DoorRole.KIOSK: (_l("Self check-in"), _l("Visitors hold up their own ticket; nobody stands beside it.")),
    DoorRole.SCREEN: (
        _l("Code on a screen"),
        _l("A screen in the room shows a code that changes each minute; people type it on their own page."),
    ),
}

VERDICT_WORDS = {
    Answer.ADMITTED.value: ("ok", _l("Admitted")),
    Answer.LEFT.value: ("ok", _l("Left")),
    Answer.ALREADY_IN.value: ("wait", _l("Already in")),
    Answer.UNDONE.value: ("off", _l("Taken back")),
    Answer.REFUSED.value: ("off", _l("Turned away")),
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


def verdict(code: str) -> tuple[str, str]:
    """The mark and the words of a verdict or a reason; a code that is newer than this page stands for itself."""
    kind, words = VERDICT_WORDS.get(code, ("off", code))
    return kind, str(words)


def ago(moment: datetime) -> str:
    """How long ago a moment was, in the largest whole unit: `3 minutes ago`."""
    seconds = (clock.now() - moment).total_seconds()
    minutes = int(seconds // 60)
    if minutes < 1:
        return str(_("just now"))
    if minutes < 60:
        return str(ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes))
    if minutes < 24 * 60:
        return str(ngettext("%(num)s hour ago", "%(num)s hours ago", minutes // 60))
    return str(ngettext("%(num)s day ago", "%(num)s days ago", minutes // (24 * 60)))


def length(span: timedelta) -> str:
    """A length of time in the largest whole unit, from a minute on: `3 hours`."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 60:
        return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    if minutes < 24 * 60:
        return str(ngettext("%(num)s hour", "%(num)s hours", minutes // 60))
    return str(ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60)))


def at(moment: datetime, zone: str, language: str) -> str:
    """A time of today on the clock, an earlier one with its day, one of another year with its whole date."""
    on, today = i18n.local(moment, zone).date(), i18n.local(clock.now(), zone).date()
    if on == today:
        return i18n.time_text(moment, zone, language)
    if on.year != today.year:
        return i18n.date_time_text(moment, zone, language)
    return f"{i18n.day_text(on, language)}, {i18n.time_text(moment, zone, language)}"


def place(door: str | None, device: str | None) -> str:
    """A door with the device at it: `“Yard” (tablet)`; one of them where the other is not known."""
    if door and device:
        return str(_("“%(door)s” (%(device)s)", door=door, device=device))
    if door:
        return str(_("“%(door)s”", door=door))
    return device or str(_("without an entrance"))
