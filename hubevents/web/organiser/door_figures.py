"""Live figures of an event's doors: on the Door tab, as JSON for the pages that stay open, and as one big number."""

import json
import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from hubevents.checkin import figures as doors_now
from hubevents.checkin.figures import Figures
from hubevents.core import clock, i18n
from hubevents.core.errors import NotFound
from hubevents.hubs.rules import Action
from hubevents.web import access, headers
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.words import event_url
from hubevents.web.public import kept

KEPT_FOR = 2
"""Seconds for which one computation serves everybody who looks at the same event."""

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Part:
    """So many arrivals within five minutes, and all until then."""

    time: str
    number: int
    total: int


@dataclass(frozen=True)
class ShownSession:
    """The figures of one session."""

    id: int
    title: str
    title_lang: str
    time: str
    inside: int
    came: int
    expected: int | None
    counter_url: str


@dataclass(frozen=True)
class ShownFigures:
    """The figures of an event for a page; `arrivals` without the parts in which nobody came."""

    inside: int
    came: int
    expected: int
    to_settle: int
    sessions: tuple[ShownSession, ...]
    arrivals: tuple[Part, ...]
    url: str
    chart: str
    """The JSON that the page would fetch now, for the first drawing."""


@blueprint.get("/<slug:hub>/events/<int:event_id>/door/figures")
@access.staff(Action.OPEN_DOORS)
def door_figures(hub: str, event_id: int) -> Response:
    """The figures as JSON, 304 while nothing changed; they name nobody."""
    found = _shared(event_id)
    if found is None or found.hub_id != access.this_hub().id:
        raise NotFound("page")
    body = _json(found)
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(blake2b(body.encode(), digest_size=12).hexdigest())
    return response.make_conditional(request)


@blueprint.get("/<slug:hub>/events/<int:event_id>/door/counter")
@access.staff(Action.OPEN_DOORS)
def door_counter(hub: str, event_id: int) -> Response:
    """People inside as one number that fills a screen: of the event, or of the session that the address names."""
    event = frame.this_event(event_id)
    found = figures(event_id)
    session_id = request.args.get("session", type=int)
    session = next((each for each in found.sessions if each.id == session_id), None)
    if session_id is not None and session is None:
        raise NotFound("page")
    counted: Any = session or found
    body = render_template(
        "organiser/doors_counter.html",
        event=frame.workspace(event, "door"),
        session=session,
        inside=counted.inside,
        came=counted.came,
        expected=counted.expected,
        figures_url=found.url,
        back_url=event_url("doors", hub, event_id),
    )
    return headers.private(Response(body, mimetype="text/html"))


def _shared(event_id: int) -> Figures | None:
    """The figures, computed once in `KEPT_FOR` seconds in this process, by one thread for all."""
    with _one_at_a_time:
        # Read when it is this thread's turn: who waited must not put an older moment back.
        moment = int(clock.now().timestamp()) // KEPT_FOR
        return kept.remembered(("figures", event_id), moment, lambda: doors_now.figures(event_id))


def _json(found: Figures) -> str:
    return json.dumps(
        {
            "inside": found.inside,
            "came": found.came,
            "expected": found.expected,
            "to_settle": found.to_settle,
            "doors": {str(id): inside for id, inside in found.doors.items()},
            "sessions": [{"id": str(each.id), "inside": each.inside, "came": each.came} for each in found.sessions],
            "arrivals": [[f"{i18n.local(each.at, found.zone):%H:%M}", each.number] for each in found.arrivals],
        },
        separators=(",", ":"),
    )


def figures(event_id: int, of: Figures | None = None) -> ShownFigures:
    """The figures of an event of this hub as they stand at this moment, in words; `of` are those read already."""
    found = of or doors_now.figures(event_id)
    if found is None:
        raise NotFound("page")
    shown, hub = language(), access.this_hub().slug
    total, parts = 0, []
    for each in found.arrivals:
        total += each.number
        if each.number:
            parts.append(Part(f"{i18n.local(each.at, found.zone):%H:%M}", each.number, total))
    return ShownFigures(
        inside=found.inside,
        came=found.came,
        expected=found.expected,
        to_settle=found.to_settle,
        sessions=tuple(
            ShownSession(
                id=each.id,
                title=each.title.text(shown),
                title_lang=each.title.language_for(shown),
                time=i18n.time_range_text(each.starts_at, each.ends_at, found.zone, shown),
                inside=each.inside,
                came=each.came,
                expected=each.expected,
                counter_url=event_url("door_counter", hub, event_id, session=each.id),
            )
            for each in found.sessions
        ),
        arrivals=tuple(parts),
        url=event_url("door_figures", hub, event_id),
        chart=_json(found),
    )
