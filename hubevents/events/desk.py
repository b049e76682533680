"""What staff's lists read of events: by scope, with a search, and what stands around today."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from hubevents.core import text
from hubevents.core.db import db
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus

PER_PAGE = 25
AROUND = 300
"""The most events that the home page looks at."""


class Scope(StrEnum):
    """Parts of a hub's events as staff looks for them."""

    COMING = "coming"
    DRAFTS = "drafts"
    PAST = "past"
    CANCELLED = "cancelled"


def _condition(scope: Scope, now: datetime) -> sa.ColumnElement[bool]:
    if scope is Scope.DRAFTS:
        return Event.status == EventStatus.DRAFT
    if scope is Scope.CANCELLED:
        return Event.status == EventStatus.CANCELLED
    held = Event.ends_at > now if scope is Scope.COMING else Event.ends_at <= now
    return sa.and_(Event.status == EventStatus.PUBLISHED, held)


def counts(hub_id: int, now: datetime) -> dict[Scope, int]:
    """How many events of a hub stand in each scope."""
    columns = [sa.func.sum(sa.case((_condition(scope, now), 1), else_=0)) for scope in Scope]
    row = db.session.execute(sa.select(*columns).where(Event.hub_id == hub_id)).one()
    return {scope: int(number or 0) for scope, number in zip(Scope, row, strict=True)}


def events_page(
    hub_id: int, scope: Scope, now: datetime, *, search: str = "", offset: int = 0, limit: int = PER_PAGE
) -> tuple[list[Event], int]:
    """One page of a hub's events with venue and dates, and how many match; the nearest first, drafts the newest."""
    order = {
        Scope.COMING: (Event.starts_at, Event.id),
        Scope.DRAFTS: (Event.created_at.desc(), Event.id.desc()),
    }.get(scope, (Event.starts_at.desc(), Event.id.desc()))
    condition = sa.and_(Event.hub_id == hub_id, _condition(scope, now))
    if search:
        # Titles are JSON, whose letters no engine compares by part; a hub has some thousand of them at most.
        words = text.search_key(search).split()
        titles = db.session.execute(sa.select(Event.id, Event.title).where(condition).order_by(*order))
        ids = [id for id, title in titles if _holds(" ".join(title.values()), words)]
        total, here = len(ids), ids[offset : offset + limit]
        found = {event.id: event for event in db.session.scalars(_loaded().where(Event.id.in_(here)))}
        return [found[id] for id in here], total
    total = db.session.scalars(sa.select(sa.func.count()).select_from(Event).where(condition)).one()
    query = _loaded().where(condition).order_by(*order).offset(offset).limit(limit)
    return list(db.session.scalars(query)), total


def _holds(title: str, words: list[str]) -> bool:
    key = text.search_key(title)
    return all(word in key for word in words)


def _loaded() -> sa.Select[Event]:
    return sa.select(Event).options(joinedload(Event.venue), selectinload(Event.dates))


def around(hub_id: int, now: datetime, *, back: timedelta) -> list[Event]:
    """Drafts, and published events that are not over for longer than `back`; with their programmes, by start."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(
                Event.hub_id == hub_id,
                sa.or_(
                    Event.status == EventStatus.DRAFT,
                    sa.and_(Event.status == EventStatus.PUBLISHED, Event.ends_at > now - back),
                ),
            )
            .order_by(Event.starts_at.is_(None), Event.starts_at, Event.id)
            .limit(AROUND)
            .options(joinedload(Event.programme), joinedload(Event.hub))
        )
    )


def events_of_programme(programme_id: int) -> int:
    """How many events a programme has."""
    return db.session.scalars(
        sa.select(sa.func.count()).select_from(Event).where(Event.programme_id == programme_id)
    ).one()
