"""Runs migrations; on SQLite with foreign keys off, because a batch rebuild would delete children (STACK 2.1)."""

import importlib.util
import pkgutil
import sqlite3
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

import hubevents
from hubevents.core.db import db, migrating

for package in pkgutil.iter_modules(hubevents.__path__, "hubevents."):
    if package.ispkg and importlib.util.find_spec(f"{package.name}.models"):
        importlib.import_module(f"{package.name}.models")  # the metadata is complete only with every model


def _plain_types(kind: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Migrations are history: our column types are written as the plain SQLAlchemy types beneath them."""
    if kind == "type":
        if isinstance(obj, sa.Enum):
            return f"sa.String(length={obj.length})"
        if isinstance(obj, sa.TypeDecorator):
            impl = obj.impl
            if isinstance(impl, sa.DateTime):
                return "sa.DateTime(timezone=True)"
            if isinstance(impl, sa.JSON):
                return "sa.JSON()"
            if isinstance(impl, sa.String):
                return f"sa.String(length={impl.length})"
    return False


def _same_type(ctx: object, seen: object, column: object, db_type: object, model_type: object) -> bool | None:
    """A StrEnum column is text in the database; nothing to compare."""
    return False if isinstance(model_type, sa.Enum) else None


def _sqlite_connect(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # else the driver commits before each DDL, and a failure leaves half a schema
    connection.execute("PRAGMA foreign_keys=OFF")


def run() -> None:
    """Migrates on a connection of its own: all steps or none."""
    token = migrating.set(True)
    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        sa.event.listen(engine, "connect", _sqlite_connect)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_as_batch=True,
                compare_type=_same_type,
                render_item=_plain_types,
                transactional_ddl=True,  # SQLite's DDL is transactional once the driver leaves BEGIN to us
            )
            with context.begin_transaction():
                context.run_migrations()
                faults = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() if sqlite else []
                if faults:
                    raise RuntimeError(f"foreign keys broken after migrating: {faults[:3]}")
    finally:
        migrating.reset(token)
        engine.dispose()


assert current_app  # migrations run inside an app context, by `hubevents db` or `core.schema`
run()
