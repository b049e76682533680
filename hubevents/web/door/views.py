"""The scanner's page and the JSON routes it speaks to. None reads a cookie: the pass in the address decides."""

import gzip
import json
from typing import Any

from flask import Blueprint, current_app, g, jsonify, render_template, request
from flask_limiter.util import get_remote_address
from werkzeug.wrappers import Response

from hubevents.checkin import intake, queries
from hubevents.checkin import roster as rosters
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Door
from hubevents.checkin.rules import DoorRole, day_of
from hubevents.core import clock, i18n, links
from hubevents.core.config import LANGUAGES
from hubevents.core.db import transaction
from hubevents.core.errors import DomainError, Gone, NotFound
from hubevents.web import access, errors, headers, messages
from hubevents.web.door import badge, installing, screen, words
from hubevents.web.forms import csrf
from hubevents.web.limits import limiter
from hubevents.web.locale import language
from hubevents.web.site import LANGUAGE_NAMES, LanguageLink, Site, colour_url

blueprint = Blueprint("door", __name__)
blueprint.register_blueprint(badge.blueprint)
blueprint.register_blueprint(installing.blueprint)
blueprint.register_blueprint(screen.blueprint)

SCANS = "1500 per minute"
"""Per address and pass: twenty volunteers behind one router, or one phone with a morning's queue."""
ROSTERS = "600 per minute"
"""Per address and pass: each of those phones asks for news every few seconds."""
PAGES = "120 per minute"


@blueprint.before_request
def _choose_language() -> None:
    """`?lang=`, else the browser's; no cookie is read at the door (DESIGN 6)."""
    asked = request.args.get("lang")
    best = request.accept_languages.best_match(LANGUAGES)
    g.language = asked if asked in LANGUAGES else best or LANGUAGES[0]


def _pass_key() -> str:
    """One pass at one address."""
    return f"{(request.view_args or {}).get('token', '')} {get_remote_address()}"


@blueprint.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    """A page for people, JSON for the scanner."""
    if request.endpoint != "door.page":
        return errors.page(errors.STATUS.get(type(error), 409), messages.words(error), error.code)
    response = current_app.make_response(
        render_template(
            "door/closed.html",
            site=Site(lang=language(), name="HubEvents", home_url="/", robots="noindex"),
            message=messages.words(error),
            ended=isinstance(error, Gone),
        )
    )
    response.status_code = errors.STATUS[type(error)] if isinstance(error, Gone | NotFound) else 409
    return headers.private(response)


@blueprint.get(links.rule(links.DOOR))
@access.link
@limiter.limit(PAGES)
def page(token: str) -> Response:
    """The scanner; 410 when its pass was revoked or has ended, 404 when it never was one."""
    door = queries.open_door(token)
    lang = language()
    if door.role == DoorRole.SCREEN:
        return screen.page(door, token, _site(door, lang))
    body = render_template("door/page.html", site=_site(door, lang), door=_shown(door, token, lang))
    response = current_app.make_response(body)
    response.vary.add("Accept-Language")
    return headers.private(response)


def _site(door: Door, lang: str) -> Site:
    others = tuple(LanguageLink(code, LANGUAGE_NAMES[code], f"?lang={code}") for code in LANGUAGES if code != lang)
    hub = door.event.hub
    return Site(
        lang=lang,
        name=hub.name.text(lang),
        home_url="",
        colour_url=colour_url(hub),
        languages=others,
        robots="noindex",
    )


def _shown(door: Door, token: str, lang: str) -> dict[str, Any]:
    """What the page shows, and under `setup` what its JavaScript needs."""
    event = door.event
    session_ids = list(door.session_ids)
    day = day_of(clock.now(), event.zone)
    title = event.title.text(lang)
    if len(session_ids) == 1:
        title = queries.session_title(session_ids[0]).text(lang) or title
    expected = queries.expected(event.id, session_ids)
    return {
        "name": door.name,
        "title": title,
        "day": i18n.day_text(day, lang),
        "role": door.role,
        "present": queries.count_present(event.id, day, session_ids),
        "expected": expected,
        "manifest": f"{links.path(links.DOOR_MANIFEST, token=token)}?lang={lang}",
        "icon": links.path(links.DOOR_ICON, size=str(installing.SIZES[0])),
        "setup": {
            "door": str(door.id),
            "role": door.role,
            "badges": door.badges,
            "page": links.path(links.DOOR, token=token),
            "roster": links.path(links.DOOR_ROSTER, token=token),
            "scans": links.path(links.DOOR_SCANS, token=token),
            "worker": links.path(links.DOOR_WORKER),
            "language": lang,
            "zone": event.zone,
            "badge": links.path(links.DOOR_BADGE, token=token, registration_id="ID"),
            "words": words.page(),
            "verdicts": words.verdicts(),
        },
    }


@blueprint.get(links.rule(links.DOOR_ROSTER))
@access.link
@limiter.limit(ROSTERS, key_func=_pass_key)
def roster(token: str) -> Response:
    """The list that the phone keeps, whole or what changed since `?since=`; `?device=` says who asks."""
    asked = request.args
    content = rosters.roster(token, clock.now(), language(), since=asked.get("since"), device=asked.get("device"))
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    response = current_app.response_class(body, mimetype="application/json")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.update(("Accept-Encoding", "Accept-Language"))
    return headers.private(response)


@blueprint.post(links.rule(links.DOOR_SCANS))
@csrf.exempt  # type: ignore[untyped-decorator]
@access.link
@limiter.limit(SCANS, key_func=_pass_key)
def scans(token: str) -> Response:
    """Takes a batch of scans; an empty one is a heartbeat."""
    if request.mimetype != "application/json":
        return errors.page(415, "Send application/json.", "content_type")
    try:
        delivery = intake.read(json.loads(request.get_data(cache=False)))
    except intake.Unreadable as problem:
        return errors.page(413 if problem.problem == "too_many" else 400, None, problem.problem)
    except (ValueError, RecursionError):
        return errors.page(400, None, "json")
    received_at = clock.now()
    with transaction():
        answers = checkin.take_scans(token, delivery, received_at, language())
    now = rosters.rfc3339(received_at)
    response = jsonify({"now": now, "present": answers.present, "verdicts": answers.verdicts})
    return headers.private(response)
