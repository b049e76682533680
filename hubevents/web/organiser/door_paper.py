"""The volunteer's paper: one A4 page for a door with its code, five steps, the three colours, and what to do when.

It quotes the scanner (`web.door.words` and the buttons of its page), so that the paper says what the screen says.
"""

from datetime import date
from typing import Any

from flask import request
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from hubevents.checkin import queries as doors_read
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole, day_of
from hubevents.core import clock, i18n, qr, text, typesetting
from hubevents.core.config import LANGUAGES
from hubevents.core.errors import Conflict, Gone, NotFound
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.hubs.colour import colours
from hubevents.hubs.rules import Action
from hubevents.web import access, shown
from hubevents.web.door import words
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.badges import pdf
from hubevents.web.organiser.blueprint import blueprint

BUTTONS = {
    "again": _l("Try again"),
    "code": _l("Type the code"),
    "find": _l("Search by name"),
    "walk_in": _l("Not on the list? Register here"),
    "reason": _l("Let in with a reason"),
    "undo": _l("Undo"),
    "options": _l("Options"),
    "forget": _l("Forget this device"),
}
"""As they stand on the scanner's page."""


@blueprint.get("/<slug:hub>/events/<int:event_id>/door/<int:door_id>/paper.pdf")
@access.staff(Action.OPEN_DOORS)
def door_paper(hub: str, event_id: int, door_id: int) -> Response:
    """The paper in `?lang=`, else in the reader's language; 410 when the pass ended, 409 for a room's screen."""
    event = frame.this_event(event_id)
    door = doors_read.door_of(event.id, door_id)
    if door is None:
        raise NotFound("page")
    if door.role == DoorRole.SCREEN:
        raise Conflict("no_paper")
    if not doors_read.is_open(door):
        raise Gone("door_closed")
    asked = request.args.get("lang", "")
    lang = asked if asked in LANGUAGES else language()
    with force_locale(lang):
        paper = values(event, door, lang)
    made = typesetting.pdf("door", paper, dated=clock.now())
    return pdf(made, text.file_name(f"{event.slug}-{door.name}-{lang}", "pdf"))


def values(event: Event, door: Door, lang: str) -> dict[str, Any]:
    """What the template shows, in the language in force, which is `lang`."""
    role = DoorRole(door.role)
    title = event.title.text(lang)
    if len(door.session_ids) == 1:
        title = doors_read.session_title(door.session_ids[0]).text(lang) or title
    verdicts, address = words.verdicts(), checkin.address(door)
    day = day_of_paper(event)
    return {
        "lang": lang,
        "title": f"{door.name} · {title}",
        "colour": colours(event.hub.colour).light.hub,
        "hub": event.hub.name.text(lang),
        "day": {
            "number": str(day.day),
            "weekday": i18n.weekday(day, lang),
            "month": i18n.month_text(day, lang),
        },
        "kicker": _("For whoever stands at the door"),
        "door": door.name,
        "event": title,
        "when": shown.time_line(event, lang),
        "where": shown.place_line(event, lang),
        "may": _may(role),
        "code": qr.svg(address),
        "code_edge": qr.BORDER / (len(qr.modules(address)) + 2 * qr.BORDER),
        "code_alt": _("Code of the scanner"),
        "code_note": _("Valid until %(when)s", when=i18n.date_time_text(door.expires_at, event.zone, lang)),
        "secret": _("Whoever has this code can open the scanner. Give the paper back at the end."),
        "steps": _steps(role, words.page()),
        "answers": _answers(role, door, verdicts, lang),
        "cases_title": _("And if something is wrong"),
        "cases": _cases(role, verdicts),
        "call_title": _("Call for help"),
        "call": _contact(event),
        "call_today": _("On the spot today:"),
        "keep": _keep(role),
    }


def day_of_paper(event: Event) -> date:
    """The day that the paper is for: today while the event lasts, else its next or last one."""
    today = day_of(clock.now(), event.zone)
    days = [i18n.local(each.starts_at, event.zone).date() for each in events.scheduled(event)]
    last = i18n.local(event.ends_at, event.zone).date() if event.ends_at else today
    return next((day for day in days if day >= today), min(max(today, days[0]), last) if days else today)


def _may(role: DoorRole) -> str:
    """What this door lets its volunteer do."""
    may: dict[DoorRole, str] = {
        DoorRole.SCAN: _("You scan tickets and type codes. The organiser decides about those who are refused."),
        DoorRole.SEARCH: _(
            "You scan tickets, type codes and find people by name. The organiser decides about those who are refused."
        ),
        DoorRole.STEWARD: _(
            "You scan tickets, find people by name, register people on the spot, and may let somebody in with a reason."
        ),
        DoorRole.KIOSK: _("Visitors hold up their tickets themselves. You help, and keep an eye on the device."),
    }
    return may[role]


def _keep(role: DoorRole) -> str:
    """What protects the people on the list."""
    if role is DoorRole.KIOSK:
        return str(_("Keep the device in sight: it knows who comes. Nobody takes it away or opens another page on it."))
    return str(_("Never let the phone leave your hands: it knows who comes. At the end it must forget them."))


def _steps(role: DoorRole, page: words.Words) -> list[dict[str, str]]:
    """Five steps, each a few bold words and a sentence."""
    before = _("Do it before people come, while the top of the screen says “%(state)s”.", state=page["online"])
    if role is DoorRole.KIOSK:
        scan = (_("Place the device"), _("Chest-high, its front camera to the visitors, on its charger."))
        end = _("When no scan waits any more, give the device back to the organiser.")
    else:
        scan = (_("Scan"), _("Hold the phone a hand's breadth from the code of the ticket, on a screen or on paper."))
        end = _(
            "When no scan waits any more, press “%(options)s”, then “%(forget)s”.",
            options=BUTTONS["options"],
            forget=BUTTONS["forget"],
        )
    steps = (
        (_("Open"), _("Point the camera of the phone at the code on the right and open the link.")),
        (_("Allow the camera"), before),
        scan,
        (_("Look and read"), _("Colour and sign say it at once, the words say why. Signs and tones are below.")),
        (_("At the end"), end),
    )
    return [{"head": head, "body": body} for head, body in steps]


def _answers(role: DoorRole, door: Door, verdicts: dict[str, words.Words], lang: str) -> list[dict[str, Any]]:
    """The three answers: colour, sign, tone, what to do, and what the screen says, for example."""
    time = "09:12" + (f"{text.NO_BREAK_SPACE}ч." if lang == "bg" else "")
    example = {"first": _("Maria"), "time": time, "door": door.name}

    def said(*keys: str) -> list[str]:
        return [verdicts[key]["title"].format(**example) for key in keys]

    red = _("Send the person kindly to the organiser.")
    if role is DoorRole.STEWARD:
        red = _("With a good reason press “%(button)s”: the reason is kept.", button=BUTTONS["reason"])
    return [
        {
            "tone": "go",
            "do": _("Let in the person"),
            "name": _("Green, a tick, one high tone"),
            "then": _("The camera comes back by itself."),
            "said": said("admitted"),
        },
        {
            "tone": "wait",
            "do": _("Stop a moment"),
            "name": _("Yellow, a clock, two tones"),
            "then": _("Read the screen: it says why, and what to do."),
            "said": said("already_in", "waitlisted", "not_yet"),
        },
        {
            "tone": "stop",
            "do": _("Do not let in"),
            "name": _("Red, a cross, one low tone"),
            "then": red,
            "said": said("cancelled", "replaced", "forged"),
        },
    ]


def _cases(role: DoorRole, verdicts: dict[str, words.Words]) -> list[dict[str, str]]:
    """Troubles and what helps."""
    camera = _(
        "Press “%(again)s”. Or press “%(code)s” and type the eight characters under the code of the ticket.",
        again=BUTTONS["again"],
        code=BUTTONS["code"],
    )
    if role is DoorRole.KIOSK:
        camera = _("Press “%(again)s”. Meanwhile send people to the next entrance.", again=BUTTONS["again"])
    without = _("Send the person to the organiser, who finds the registration by name.")
    if role in (DoorRole.SEARCH, DoorRole.STEWARD):
        without = _("Press “%(button)s” and type three letters of the name.", button=BUTTONS["find"])
    unknown = _("Send the person to the organiser.")
    if role is DoorRole.STEWARD:
        unknown = _("Press “%(find)s”, then “%(walk)s”.", find=BUTTONS["find"], walk=BUTTONS["walk_in"])
    mistake = _("Press “%(button)s” within ten seconds.", button=BUTTONS["undo"])
    if role is DoorRole.KIOSK:
        mistake = _("Tell the organiser, who can take an entry back.")
    cases = [
        (_("The camera does not start"), camera),
        (_("There is no network"), _("Go on. The phone knows the list; scans wait in it and are sent by themselves.")),
        (_("Phone dead, or no ticket at hand"), without),
        (_("Not registered at all"), unknown),
        (_("Refused, and insists"), _("Stay friendly, do not argue, call the organiser. The screen says the reason.")),
        (_("A mistake"), mistake),
        (
            _("The screen says “%(words)s”", words=verdicts["quarantined"]["title"]),
            _("Ask the organiser for a new paper. Nobody is let in with this one any more."),
        ),
    ]
    return [{"head": head, "body": body} for head, body in cases]


def _contact(event: Event) -> list[str]:
    """Whom to call: a phone number helps at a door before any address."""
    lines = [event.hub.phone, event.contact, event.hub.email]
    return list(dict.fromkeys(line for line in lines if line))
