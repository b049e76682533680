"""The database's schema version: whether it is current, and bringing it there under a lock."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import flask_migrate
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app

from hubevents.core.config import ConfigError
from hubevents.core.db import db, is_sqlite

DIRECTORY = Path(__file__).resolve().parent.parent / "migrations"
migrate = flask_migrate.Migrate(directory=str(DIRECTORY), render_as_batch=True, compare_type=True)

SERVER_LOCK = "server.lock"
MIGRATION_LOCK = "migrate.lock"
_ADVISORY = 7_236_114
"""The key of PostgreSQL's advisory lock around migrations; any constant of ours."""


def init_schema(app: Flask) -> None:
    """Registers Alembic with the app; `hubevents db ...` comes with it."""
    migrate.init_app(app, db)


def wanted() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(DIRECTORY)).get_current_head()


def present() -> str | None:
    """The revision of the bound database; None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str | None) -> bool:
    """Whether this code has a revision, so that it can bring a database from there to the newest."""
    if revision is None:
        return True
    return any(known.revision == revision for known in ScriptDirectory(str(DIRECTORY)).walk_revisions())


def require_current() -> None:
    """Refuses to serve an old or empty schema with one line (ConfigError)."""
    if present() != wanted():
        raise ConfigError("The database schema is not current: run `hubevents db upgrade` first.")


def upgrade() -> None:
    """Migrates to the newest revision, one process at a time; an SQLite file is copied beside itself first."""
    with _lock():
        if present() == wanted():
            return
        _keep_copy()
        flask_migrate.upgrade(directory=str(DIRECTORY))


@contextmanager
def _lock() -> Iterator[None]:
    if is_sqlite():
        with file_lock(instance() / MIGRATION_LOCK):
            yield
        return
    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY})
            yield
    finally:
        engine.dispose()


def _keep_copy() -> None:
    """Copies the SQLite file before a migration that changes an existing one."""
    path = database_file()
    if path is None or not path.exists() or present() is None:
        return
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy2(path, path.with_suffix(f".before-{wanted()}.sqlite3"))


def instance() -> Path:
    """The instance folder of the running app."""
    folder: Path = current_app.extensions["settings"].instance
    return folder


def database_file() -> Path | None:
    """The SQLite file, None on PostgreSQL or in memory."""
    url = db.engine.url
    return Path(url.database) if is_sqlite() and url.database and url.database != ":memory:" else None


@contextmanager
def file_lock(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[None]:
    """Holds a lock on a file; without `wait` a held lock raises BlockingIOError at once."""
    with path.open("a") as file:
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        fcntl.flock(file, mode)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def hold_server_lock(folder: Path) -> TextIO:
    """Takes a shared lock, so that `restore` refuses meanwhile; the returned file holds it until closed.

    Raises BlockingIOError while a restore runs.
    """
    file = (folder / SERVER_LOCK).open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    return file
