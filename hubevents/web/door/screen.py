"""A room's screen: what a door of role `screen` opens instead of the scanner, and the JSON it asks each minute."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from hubevents.checkin import queries, selfcheck
from hubevents.checkin.models import Door
from hubevents.checkin.rules import day_of
from hubevents.core import clock, i18n, links
from hubevents.web import access, headers
from hubevents.web.limits import limiter
from hubevents.web.locale import language
from hubevents.web.site import Site

blueprint = Blueprint("screen", __name__)
"""Stands inside the door's blueprint, whose language and refusals hold here too."""

ASKED = "120 per minute"


def page(door: Door, token: str, site: Site) -> Response:
    """The screen; its code is in the page, so that it works without JavaScript by loading itself anew."""
    lang = site.lang
    shown = _shown(door, lang)
    setup = {
        "address": links.path(links.DOOR_SCREEN, token=token) + f"?lang={lang}",
        "words": {
            "offline": _("No connection"),
            "ended": _("This pass has ended. Ask the organiser for a new one."),
            "stale": _("The code comes back with the connection."),
        },
    }
    response = current_app.make_response(render_template("door/screen.html", site=site, screen=shown, setup=setup))
    response.vary.add("Accept-Language")
    return headers.private(response)


@blueprint.get(links.rule(links.DOOR_SCREEN))
@access.link
@limiter.limit(ASKED)
def state(token: str) -> Response:
    """What the screen shows now; 410 when the pass has ended, 404 for another kind of door."""
    return headers.private(jsonify(_shown(queries.open_door(token), language())))


def _shown(door: Door, lang: str) -> dict[str, Any]:
    event = door.event
    now = selfcheck.screen(door, lang)
    today = day_of(clock.now(), event.zone)
    title = event.title.text(lang)
    return {
        "code": now.code,
        "seconds_left": now.seconds_left,
        "present": now.present,
        "title": now.session or title,
        "of": title if now.session else None,
        "day": f"{i18n.weekday(today, lang)}, {i18n.day_text(today, lang)}",
        "note": None if now.code else _note(now, event.zone, lang),
        "tally": ngettext("%(num)s checked in", "%(num)s checked in", now.present),
    }


def _note(now: selfcheck.Screen, zone: str, lang: str) -> str:
    """What stands in place of a code."""
    if now.cancelled:
        return str(_("The event is cancelled"))
    if now.opens_at is None:
        return str(_("Check-in is over"))
    opens = i18n.local(now.opens_at, zone).date()
    time = i18n.time_text(now.opens_at, zone, lang)
    if opens == day_of(clock.now(), zone):
        return str(_("The code appears at %(time)s", time=time))
    return str(_("The code appears on %(day)s, %(time)s", day=i18n.day_text(opens, lang), time=time))
