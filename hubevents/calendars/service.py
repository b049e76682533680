"""Keeping calendar parts in step with what they show: at once in the same transaction, or by a job for bulk changes.

Locks: the event and its sessions first, the hub's `CalendarState` last; it serialises all writers of a hub's parts.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hubevents.agenda.facts import ScheduleImported, SessionsChanged
from hubevents.agenda.models import EventSession
from hubevents.calendars import parts, queries
from hubevents.calendars.models import CalendarPart, CalendarState
from hubevents.calendars.parts import Part
from hubevents.core import clock, links
from hubevents.core.db import db, is_sqlite, transaction
from hubevents.core.errors import NotFound
from hubevents.events.facts import (
    EventCancelled,
    EventChanged,
    EventPublished,
    EventRescheduled,
    HubEventsChanged,
)
from hubevents.events.models import Event, EventDate, new_uid
from hubevents.events.rules import EventStatus
from hubevents.hubs.facts import HubChanged
from hubevents.hubs.models import Hub
from hubevents.jobs import service as jobs
from hubevents.registrations.models import Participant

REFRESH = "refresh_calendars"
"""The name of the job in `work.py`."""
MOST_AT_ONCE = 60
"""Sessions whose parts are written in the causing transaction (about 0.2 ms each); more are left to the job."""
_EVENTS_PER_TRANSACTION = 20


def event_changed(
    fact: EventPublished | EventChanged | EventRescheduled | EventCancelled | SessionsChanged | ScheduleImported,
) -> None:
    """Writes the parts of one event anew: its dates, and its sessions unless they are very many."""
    db.session.flush()
    hub_id = db.session.execute(sa.select(Event.hub_id).where(Event.id == fact.event_id)).scalar_one()
    now = clock.now()
    session_ids = _lock_sessions([fact.event_id])
    _touch(hub_id, now)
    changed = fact.session_ids if isinstance(fact, SessionsChanged) else session_ids
    if len(changed) > MOST_AT_ONCE:
        _mark_stale(now, CalendarPart.event_id == fact.event_id, CalendarPart.session_id.is_not(None))
        _leave_to_job(hub_id)
        changed = ()
    event = queries.events_by_id([fact.event_id])[0]
    _write(event, changed, now)


def hub_changed(fact: HubChanged | HubEventsChanged) -> None:
    """Marks the coming parts of a hub as doubtful and leaves them to the job; the past is kept as it was."""
    now = clock.now()
    _touch(fact.hub_id, now)
    _mark_stale(now, CalendarPart.hub_id == fact.hub_id, CalendarPart.ends_at > now)
    _leave_to_job(fact.hub_id)


def refresh_calendars(*hub_ids: int) -> None:
    """The job: brings the parts of these hubs, or of all that need it, in step; safe to repeat and to interrupt."""
    for hub_id in hub_ids or queries.pending_hubs(links.base_url()):
        _refresh_hub(hub_id)
    db.session.rollback()


def renew_personal_feed(participant_id: int) -> int:
    """Makes the address of a person's feed invalid (410) and returns the version of the new one."""
    person = db.session.get(Participant, participant_id)
    if person is None:
        raise NotFound("page")
    person.feed_version += 1
    db.session.flush()
    return person.feed_version


# --- inside ----------------------------------------------------------------------------------------------------------


def _refresh_hub(hub_id: int) -> None:
    base_url = links.base_url()
    with transaction():
        if db.session.get(Hub, hub_id) is None:
            return
        state = db.session.get(CalendarState, hub_id, populate_existing=True)
        if state is None:
            _touch(hub_id, clock.now())
            state = db.session.get_one(CalendarState, hub_id, populate_existing=True)
        work, doubt_all = state.pending, state.base_url != base_url
        event_ids = db.session.scalars(
            sa.select(Event.id).where(Event.hub_id == hub_id, Event.status != EventStatus.DRAFT).order_by(Event.id)
        ).all()
    for start in range(0, len(event_ids), _EVENTS_PER_TRANSACTION):
        some = event_ids[start : start + _EVENTS_PER_TRANSACTION]
        with transaction():
            db.session.execute(
                sa.select(Event.id).where(Event.id.in_(some)).order_by(Event.id).with_for_update(key_share=True)
            )
            _lock_sessions(some)
            db.session.execute(
                sa.select(CalendarState.hub_id).where(CalendarState.hub_id == hub_id).with_for_update(key_share=True)
            )
            for event in queries.events_by_id(some):
                _write(event, None, None, doubt_all=doubt_all, doubt_new=False)
    with transaction():
        # Whatever came meanwhile has set another mark, and stays to be done.
        unchanged = CalendarState.pending.is_(None) if work is None else CalendarState.pending == work
        db.session.execute(
            sa.update(CalendarState)
            .where(CalendarState.hub_id == hub_id, unchanged)
            .values(pending=None, base_url=base_url)
            .execution_options(synchronize_session=False)
        )


def _write(
    event: Event,
    session_ids: Collection[int] | None,
    at: datetime | None,
    *,
    doubt_all: bool = False,
    doubt_new: bool = True,
) -> None:
    """Stores the parts of an event where they differ; `session_ids` limits it to some sessions, None means all."""
    stored = queries.parts_of([event.id])
    if session_ids is not None:
        stored = [part for part in stored if part.session_id is None or part.session_id in session_ids]
    sessions = queries.sessions_of([event.id], anew=True) if session_ids is None or session_ids else []
    if session_ids is not None:
        sessions = [session for session in sessions if session.id in session_ids]
    languages = queries.languages_of(event.hub)
    known = {(part.uid, part.language): part for part in stored}
    rows: dict[str, EventDate | EventSession] = {date.uid: date for date in event.dates}
    rows.update((session.uid, session) for session in sessions)
    wanted = list(parts.of_event(event, sessions, languages, known, doubt_all=doubt_all or doubt_new, at=at))
    for part in wanted:
        row = rows[part.uid]
        if row.sequence < part.sequence:
            row.sequence = part.sequence
        _store(event, part, known.pop((part.uid, part.language), None))
    for left in known.values():
        db.session.delete(left)
    db.session.flush()


def _store(event: Event, part: Part, known: CalendarPart | None) -> None:
    values: dict[str, Any] = asdict(part)
    del values["sequence"]
    if known is None:
        db.session.add(CalendarPart(hub_id=event.hub_id, event_id=event.id, **values))
        return
    for name, value in {**values, "stale_at": None}.items():
        if getattr(known, name) != value:
            setattr(known, name, value)


def _touch(hub_id: int, now: datetime) -> None:
    """Takes the hub's row, made when absent, and gives its feeds a new version; the lock lasts to the commit."""
    dialect: Any = sqlite if is_sqlite() else postgresql
    stamp = new_uid()
    # A hub without a row may have events that nobody told of: the job looks at them all.
    new = {"hub_id": hub_id, "stamp": stamp, "changed_at": now, "pending": new_uid(), "base_url": links.base_url()}
    made = db.session.execute(
        dialect.insert(CalendarState)
        .values(new)
        .on_conflict_do_update(index_elements=["hub_id"], set_={"stamp": stamp, "changed_at": now})
        .returning(CalendarState.pending)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    if made == new["pending"]:
        jobs.hint(REFRESH, hub_id)


def _leave_to_job(hub_id: int) -> None:
    db.session.execute(
        sa.update(CalendarState)
        .where(CalendarState.hub_id == hub_id)
        .values(pending=new_uid())
        .execution_options(synchronize_session=False)
    )
    jobs.hint(REFRESH, hub_id)


def _mark_stale(now: datetime, *conditions: sa.ColumnElement[bool]) -> None:
    db.session.execute(
        sa.update(CalendarPart).where(*conditions).values(stale_at=now).execution_options(synchronize_session=False)
    )


def _lock_sessions(event_ids: Collection[int]) -> tuple[int, ...]:
    """Locks the sessions of events by id, before the hub's row, and returns their ids."""
    query = sa.select(EventSession.id).where(EventSession.event_id.in_(event_ids)).order_by(EventSession.id)
    return tuple(db.session.scalars(query.with_for_update(key_share=True)))
