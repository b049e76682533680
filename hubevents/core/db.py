"""The database session, its column types and `transaction()`, the only place that commits.

SQLite and PostgreSQL are both first-class: see STACK 2.1 for why the SQLite driver's own BEGIN is switched off.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, registry

from hubevents.core import facts
from hubevents.core.i18n import Translated

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
}


class UTCDateTime(sa.TypeDecorator[datetime]):
    """Aware UTC in and out; SQLite drops the zone, so it is put back. Naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive times and stores UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives aware UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TranslatedText(sa.TypeDecorator[Translated]):
    """A `Translated` value stored as JSON; an absent one is the empty value, never None."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Translated | None, dialect: Dialect) -> dict[str, str]:
        """Stores a plain object of language to text."""
        return dict(value) if value else {}

    def process_result_value(self, value: dict[str, str] | None, dialect: Dialect) -> Translated:
        """Gives a `Translated` back."""
        return Translated.of(value or {})


class KeyList(sa.TypeDecorator[tuple[str, ...]]):
    """An ordered list of vocabulary keys as text `,a,b,`, so that both engines filter it with one LIKE."""

    impl = sa.String(600)
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | str | None, dialect: Dialect) -> str:
        """Joins keys; a comparison with a plain text passes it through."""
        if isinstance(value, str):
            return value
        return "," + ",".join(value) + "," if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """Splits into a tuple of keys."""
        return tuple(part for part in (value or "").split(",") if part)


def holds(column: Any, key: str) -> sa.ColumnElement[bool]:
    """Whether a `KeyList` column contains a key."""
    return sa.cast(column, sa.String).contains(f",{key},", autoescape=True)


def status_type(statuses: type[StrEnum]) -> sa.Enum:
    """A column of a StrEnum stored by value as plain text, so that new members need no migration."""
    return sa.Enum(
        statuses, native_enum=False, length=24, create_constraint=False, values_callable=lambda e: [m.value for m in e]
    )


class Base(DeclarativeBase):
    """All tables; constraint names are fixed because SQLite's batch migrations need them."""

    # On the registry, not as class attributes: Flask-SQLAlchemy makes a second class of this one's attributes.
    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UTCDateTime(), Translated: TranslatedText(), tuple[str, ...]: KeyList()},
    )


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": True},
)

_begin_mode: ContextVar[str] = ContextVar("sqlite_begin", default="DEFERRED")
_after_commit: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)
migrating: ContextVar[bool] = ContextVar("migrating", default=False)


def init_db(app: Flask) -> None:
    """Binds the database and, on SQLite, takes the BEGIN into our hands."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_connect)
        sa.event.listen(engine, "begin", _sqlite_begin)
    else:
        sa.event.listen(engine, "checkin", _note_rest)
        sa.event.listen(engine, "checkout", _ask_rested)

    @app.before_request
    def start_deferred() -> None:
        # Server threads are reused: a mode left by an earlier request must not leak into this one.
        _begin_mode.set("DEFERRED")


PING_AFTER = 30.0
"""Seconds of rest after which a PostgreSQL connection is asked whether it is still there; asking each time costs more
than a small page."""


def _note_rest(connection: Any, record: Any) -> None:
    record.info["rested_since"] = time.monotonic()


def _ask_rested(connection: Any, record: Any, proxy: Any) -> None:
    rested_since = record.info.get("rested_since")
    if rested_since is None or time.monotonic() - rested_since < PING_AFTER:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.Error as error:
        raise sa.exc.DisconnectionError("the server closed the connection") from error


def _sqlite_connect(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver must not BEGIN by itself
    keys = "OFF" if migrating.get() else "ON"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000", f"foreign_keys={keys}"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN " + _begin_mode.get())


@sa.event.listens_for(db.session, "after_flush")
def _note_flush(session: Any, context: object) -> None:
    session.info["changed"] = True


@sa.event.listens_for(db.session, "do_orm_execute")
def _note_bulk(state: Any) -> None:
    if not state.is_select:
        state.session.info["changed"] = True


@sa.event.listens_for(db.session, "after_transaction_end")
def _forget(session: Any, ended: Any) -> None:
    if ended.parent is None:
        session.info["changed"] = False


def in_transaction() -> bool:
    """Whether the caller stands inside `transaction()`."""
    return _after_commit.get() is not None


@contextmanager
def transaction() -> Iterator[None]:
    """One unit of work: begins (IMMEDIATE on SQLite), runs the facts' reactions, commits once or not at all.

    Ends the read transaction that loading the user began. Refuses nesting and refuses to start when something was
    already changed outside (RuntimeError). Whatever is raised inside rolls everything back. Functions given to
    `after_commit` run afterwards; they are hints and their failure is logged, never raised.
    """
    if in_transaction():
        raise RuntimeError("transaction() does not nest")
    session = db.session
    if session.info.get("changed") or session.new or session.dirty or session.deleted:
        raise RuntimeError("something was changed before transaction() began")
    session.rollback()
    mode = _begin_mode.set("IMMEDIATE")
    hints: list[Callable[[], None]] = []
    later = _after_commit.set(hints)
    facts.begin()
    try:
        session.connection()
        yield
        session.flush()
        facts.react(current_app.extensions["reactions"])
        session.commit()
    except BaseException:
        session.rollback()
        hints.clear()
        raise
    finally:
        facts.end()
        _after_commit.reset(later)
        _begin_mode.reset(mode)
    for hint in hints:
        hint()


def after_commit(function: Callable[[], None]) -> None:
    """Calls `function` once the running transaction has committed, never when it rolled back."""
    hints = _after_commit.get()
    if hints is None:
        raise RuntimeError("after_commit outside transaction()")
    if function not in hints:
        hints.append(function)


def is_sqlite() -> bool:
    """Whether the bound database is SQLite."""
    engine: Engine = db.engine
    return engine.dialect.name == "sqlite"
