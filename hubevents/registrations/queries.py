"""Reading registrations."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.core.db import db
from hubevents.events.models import Event
from hubevents.registrations.models import Registration, SessionPlace
from hubevents.registrations.rules import SEATED, RegistrationStatus


@dataclass(frozen=True)
class CounterFault:
    """A counter that differs from its rows: `of` is `event` or `session`, `counter` is `seats_taken` or `waiting`."""

    of: str
    id: int
    counter: str
    stored: int
    counted: int


@dataclass(frozen=True)
class Overbooked:
    """An event or session with more seats taken than it has places; staff may do that, so it is no fault."""

    of: str
    id: int
    seats_taken: int
    capacity: int


def counter_faults() -> list[CounterFault]:
    """Every counter of events and sessions that disagrees with the rows (DESIGN 3); empty when all is well."""
    return [
        *_faults("event", Event, Registration, Registration.event_id, SEATED),
        *_faults("session", EventSession, SessionPlace, SessionPlace.session_id, {RegistrationStatus.CONFIRMED}),
    ]


def _faults(of: str, counted: Any, rows: Any, key: Any, seated: Any) -> list[CounterFault]:
    tally = (
        sa.select(
            key.label("id"),
            sa.func.sum(sa.case((rows.status.in_(seated), 1), else_=0)).label("seats_taken"),
            sa.func.sum(sa.case((rows.status == RegistrationStatus.WAITLISTED, 1), else_=0)).label("waiting"),
        )
        .group_by(key)
        .subquery()
    )
    found: list[CounterFault] = []
    for counter in ("seats_taken", "waiting"):
        stored = getattr(counted, counter)
        real = sa.func.coalesce(tally.c[counter], 0)
        query = (
            sa.select(counted.id, stored, real)
            .outerjoin(tally, tally.c.id == counted.id)
            .where(stored != real)
            .order_by(counted.id)
        )
        found += [CounterFault(of, id, counter, was, int(now)) for id, was, now in db.session.execute(query)]
    return found


def overbooked() -> list[Overbooked]:
    """Events and sessions whose taken seats exceed their capacity."""
    found: list[Overbooked] = []
    for of, table in (("event", Event), ("session", EventSession)):
        query = (
            sa.select(table.id, table.seats_taken, table.capacity)
            .where(table.seats_taken > table.capacity)
            .order_by(table.id)
        )
        found += [Overbooked(of, id, taken, capacity or 0) for id, taken, capacity in db.session.execute(query)]
    return found
