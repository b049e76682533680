"""The statements of a batch of scans, built once and run below the ORM: building and wrapping cost more than running.

On PostgreSQL lists travel as one value, because every number of placeholders would be a statement to be read, prepared
and planned anew.
"""

import json
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hubevents.checkin.models import Attendance, Device, Door, Scan
from hubevents.checkin.rules import Answer
from hubevents.core.db import db, is_sqlite
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus
from hubevents.registrations.models import Registration, Ticket

_DOOR = (
    Door.id,
    Door.event_id,
    Door.name,
    Door.role,
    Door.session_ids,
    Door.opens_minutes_before,
    Door.closes_minutes_after,
    Door.reentry,
    Door.capacity,
    Door.link_version,
    Door.created_at,
    Door.expires_at,
    Door.revoked_at,
    Event.hub_id,
    Event.zone,
    Event.status,
    Event.title,
    Event.ask_organisation,
    Event.ask_phone,
    Event.ask_position,
)


@cache
def door_rows(whole: bool) -> Any:
    """The door with its event, one row for each of the event's dates, and the device when it was here before."""
    is_date = sa.and_(EventDate.event_id == Door.event_id, EventDate.status == DateStatus.SCHEDULED)
    is_device = sa.and_(Device.door_id == Door.id, Device.uuid == sa.bindparam("uuid", type_=sa.String))
    return (
        sa.select(
            *_DOOR,
            EventDate.starts_at,
            EventDate.ends_at,
            *(column.label(f"device_{column.name}") for column in Device.__table__.columns),
        )
        .join(Event, Event.id == Door.event_id)
        .outerjoin(EventDate, is_date)
        .outerjoin(Device, is_device)
        .where(Door.id == sa.bindparam("door_id"))
        .order_by(EventDate.starts_at)
        .with_for_update(of=Event, read=not whole, key_share=not whole)
    )


@cache
def device_upsert(on_sqlite: bool) -> Any:
    """What a device says of itself, kept under the door and its own id."""
    statement = _insert(Device.__table__, on_sqlite)
    seen = ("name", "last_seen_at", "queued", "clock_offset")
    list_at = sa.func.coalesce(statement.excluded["list_at"], Device.list_at)
    return statement.on_conflict_do_update(
        index_elements=["door_id", "uuid"],
        set_={name: statement.excluded[name] for name in seen} | {"list_at": list_at},
    ).returning(Device.id, Device.revoked_at)


@cache
def people_locked(on_sqlite: bool) -> Any:
    """Registrations with the version of their newest ticket, locked in the order of their ids."""
    newest = (
        sa.select(sa.func.max(Ticket.version))
        .where(Ticket.registration_id == Registration.id)
        .correlate(Registration)
        .scalar_subquery()
    )
    return (
        sa.select(
            Registration.id,
            Registration.event_id,
            Registration.status,
            Registration.first_name,
            Registration.last_name,
            Registration.organisation_name,
            Registration.attends_as,
            Registration.created_at,
            newest.label("version"),
        )
        .where(among(Registration.id, "ids", on_sqlite))
        .order_by(Registration.id)
        .with_for_update(of=Registration, key_share=True)
    )


@cache
def scans_before(on_sqlite: bool) -> Any:
    """Scans stored under these ids, undos of them, and what counts for these people."""
    return (
        sa.select(
            Scan.id,
            Scan.scan_id,
            Scan.event_id,
            Scan.registration_id,
            Scan.session_id,
            Scan.day,
            Scan.method,
            Scan.direction,
            Scan.scanned_at,
            Scan.verdict,
            Scan.reason,
            Scan.shown,
            Scan.counts,
            Scan.flagged,
            Scan.undoes,
            Scan.undone_at,
            Scan.settled_at,
            Scan.answer,
            Door.name.label("door_name"),
            Device.name.label("device_name"),
        )
        .outerjoin(Door, Door.id == Scan.door_id)
        .outerjoin(Device, Device.id == Scan.device_id)
        .where(
            sa.or_(
                among(Scan.scan_id, "known", on_sqlite),
                among(Scan.undoes, "undone", on_sqlite),
                sa.and_(among(Scan.registration_id, "ids", on_sqlite), Scan.counts),
            )
        )
    )


@cache
def scans_named(on_sqlite: bool) -> Any:
    """Scans stored under these ids."""
    return sa.select(
        Scan.id,
        Scan.scan_id,
        Scan.event_id,
        Scan.registration_id,
        Scan.verdict,
        Scan.reason,
        Scan.flagged,
        Scan.undoes,
        Scan.answer,
    ).where(among(Scan.scan_id, "scan_ids", on_sqlite))


@cache
def scans_told_in(on_sqlite: bool) -> Any:
    """Scans of these people that the server would have admitted while the phone said "already in"."""
    return sa.select(Scan.id, Scan.registration_id, Scan.session_id, Scan.day, Scan.flagged).where(
        among(Scan.registration_id, "ids", on_sqlite),
        Scan.shown == Answer.ALREADY_IN.value,
        Scan.verdict == Answer.ADMITTED.value,
        Scan.undone_at.is_(None),
        Scan.settled_at.is_(None),
    )


@cache
def scan_settle() -> Any:
    """What a phone showed, told after its scan was stored, and what follows; the first to tell holds."""
    table: Any = Scan.__table__
    names = ("shown", "counts", "flagged", "registration_id")
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("id_"), table.c.shown.is_(None))
        .values({name: sa.bindparam(name) for name in names})
    )


@cache
def scan_insert(on_sqlite: bool) -> Any:
    """Scans, but those whose scan_id is known; gives scan_id and id of the new ones."""
    statement = insert_many(Scan.__table__, on_sqlite).on_conflict_do_nothing(index_elements=["scan_id"])
    return statement.returning(Scan.scan_id, Scan.id)


@cache
def attendance_upsert(on_sqlite: bool, of_event: bool) -> Any:
    """What the scans of a person, a day and the event (or a session) add up to, in place of what stood there."""
    statement = insert_many(Attendance.__table__, on_sqlite)
    changed = (
        "method", "first_in_at", "last_out_at", "inside", "minutes", "checked_out", "changed_at", "first_scan_id",
    )  # fmt: skip
    return statement.on_conflict_do_update(
        index_elements=["registration_id", "day"] if of_event else ["registration_id", "session_id", "day"],
        index_where=Attendance.session_id.is_(None) if of_event else Attendance.session_id.is_not(None),
        set_={name: statement.excluded[name] for name in changed},
    )


def among(column: Any, name: str, on_sqlite: bool) -> Any:
    """Whether a column has one of the values of a list given under this name."""
    if on_sqlite:
        among = column.in_(sa.bindparam(name, expanding=True))
    else:
        among = column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(column.type)))
    return among


def _insert(table: Any, on_sqlite: bool) -> Any:
    return (sqlite if on_sqlite else postgresql).insert(table)


def insert_many(table: Any, on_sqlite: bool) -> Any:
    """An INSERT for `write`; its rows name every column but the id."""
    statement = _insert(table, on_sqlite)
    if on_sqlite:
        return statement
    columns = [sa.column(column.name, column.type) for column in table.columns if not column.primary_key]
    given = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    rows = sa.func.json_to_recordset(given).table_valued(*columns).render_derived("given", with_types=True)
    return statement.from_select([column.name for column in columns], sa.select(*rows.c))


PLANS = {mode: sa.text(f"SET LOCAL plan_cache_mode = {mode}") for mode in ("force_custom_plan", "auto")}


def execute(statement: Any, values: Any) -> Any:
    """Runs a statement below the ORM, on the session's connection."""
    return db.session.connection().execute(statement, values)


def write(statement: Any, rows: list[dict[str, Any]]) -> Any:
    """Runs an `insert_many`; on PostgreSQL all rows travel as one value."""
    return execute(statement, rows if is_sqlite() else {"rows": json.dumps(rows, default=str)})
