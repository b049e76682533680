"""What the slugs of an address name; former slugs lead to the present address."""

from flask import redirect, request
from werkzeug.exceptions import HTTPException

from hubevents.core.errors import NotFound
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub


class Moved(HTTPException):
    """The thing lives at another address now; answered with a lasting redirect."""

    def __init__(self, old: str, new: str) -> None:
        """Replaces one slug in the path of this request; the query string stays."""
        path = "/".join(new if part == old else part for part in request.path.split("/"))
        query = request.query_string.decode()
        super().__init__(response=redirect(f"{path}?{query}" if query else path, 301))


def public_hub(slug: str) -> Hub:
    """The hub with this slug. Raises NotFound, or Moved for a former slug."""
    hub = hubs.hub_by_slug(slug)
    if hub is None:
        id = hubs.moved("hub", 0, slug)
        if id is None:
            raise NotFound("page")
        raise Moved(slug, hubs.hub_by_id(id).slug)
    return hub


def public_event(hub_slug: str, slug: str) -> Event:
    """The published or cancelled event with these slugs, with hub, programme, venue and dates loaded.

    Raises NotFound for drafts and unknown ones, Moved for former slugs.
    """
    event = events.public_event_by_slug(hub_slug, slug)
    if event is None:
        hub = public_hub(hub_slug)
        id = hubs.moved("event", hub.id, slug)
        target = events.public_event(id) if id is not None else None
        if target is None:
            raise NotFound("page")
        raise Moved(slug, target.slug)
    return event
