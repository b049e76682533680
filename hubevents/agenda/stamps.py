"""What tells whether a public event page has changed, read in one cheap statement before anything is loaded."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.core.db import db
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import EventStatus
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme

_STATEMENT = (
    sa.select(
        Event.id,
        Event.changed_at,
        Event.status,
        Event.seats_taken,
        Event.waiting,
        Programme.changed_at,
        sa.select(sa.func.max(EventDate.changed_at))
        .where(EventDate.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery(),
        sa.select(sa.func.max(EventSession.changed_at))
        .where(EventSession.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery(),
        sa.select(sa.func.count(EventSession.id))
        .where(EventSession.event_id == Event.id)
        .correlate(Event)
        .scalar_subquery(),
    )
    .join(Hub, Event.hub_id == Hub.id)
    .outerjoin(Programme, Event.programme_id == Programme.id)
    .where(
        Hub.slug == sa.bindparam("hub_slug"),
        Event.slug == sa.bindparam("event_slug"),
        Event.status != EventStatus.DRAFT,
    )
)


class PageStamp(NamedTuple):
    """When the rows of an event's page changed last, and what is left of its seats."""

    event_id: int
    changed_at: Any
    status: Any
    seats_taken: int
    waiting: int
    programme_changed_at: Any
    dates_changed_at: Any
    sessions_changed_at: Any
    sessions: int

    @property
    def without_seats(self) -> tuple[Any, ...]:
        """The same for what does not show how many seats are left: it stays while people register."""
        return (*self[:3], *self[5:])


def page_stamp(hub_slug: str, slug: str) -> PageStamp | None:
    """Changes with the event, its seats and queue, dates, programme and sessions; None when there is no public page.

    Hub, venue and speakers have no time of change and are not in it: what is kept under a stamp must be short-lived.
    """
    row = db.session.execute(_STATEMENT, {"hub_slug": hub_slug, "event_slug": slug}).first()
    return None if row is None else PageStamp(*row)
