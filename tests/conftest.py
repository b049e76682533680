"""Fixtures: the application on SQLite and on PostgreSQL, a database of its own for each test, and the cast."""

import contextvars
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from hubevents.app import create_app
from hubevents.core import config, schema
from hubevents.core.db import db
from hubevents.web.limits import limiter

POSTGRESQL = os.environ.get("HUBEVENTS_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("HUBEVENTS_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
CI = os.environ.get("CI") == "true"
MAY_BE_LEFT_OUT = ("../shared/data", "optional checker")
"""How the reason of a skip begins that is permitted in CI; every other skip fails there."""


def _postgresql_answers() -> bool:
    engine = sa.create_engine(config._database_url(POSTGRESQL), connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def _redis_answers() -> bool:
    try:
        return bool(redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping())
    except redis.RedisError:
        return False


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    for name, answers in (("POSTGRESQL", _postgresql_answers()), ("REDIS", _redis_answers())):
        os.environ[f"HUBEVENTS_TEST_HAS_{name}"] = "yes" if answers else ""
        if CI and not answers:
            raise pytest.UsageError(f"HUBEVENTS_TEST_{name}_URL does not answer, and CI leaves nothing out")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    _no_other_skip(outcome.get_result())  # type: ignore[attr-defined]


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    outcome = yield
    _no_other_skip(outcome.get_result())  # type: ignore[attr-defined]


def _no_other_skip(report: Any) -> None:
    """In CI a skip for a reason that is not permitted fails."""
    if not CI or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = _reason(report)
    if not reason.startswith(MAY_BE_LEFT_OUT):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI leaves nothing out: {reason}"


def _reason(report: Any) -> str:
    """Why a report was skipped."""
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(said).removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line before the closing line: what was left out, and why."""
    parts = sorted({_reason(report) for report in terminalreporter.stats.get("skipped", [])})
    terminalreporter.write_line("Left out: " + ("; ".join(parts) if parts else "nothing"))


class Client(FlaskClient):
    """A client whose requests get a context of their own, also when the test stands in an app context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        try:
            db.session.rollback()
        except RuntimeError:
            return super().open(*args, **kwargs)
        try:
            return contextvars.Context().run(super().open, *args, **kwargs)
        finally:
            db.session.rollback()
            db.session.expire_all()


def settings_for(instance: Path, database_url: str | None = None, **changes: Any) -> config.Settings:
    """Settings of a throw-away installation: no rate limits, https off, a fixed key."""
    instance.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "instance": instance,
        "database_url": database_url or f"sqlite:///{instance / 'hubevents.sqlite3'}",
        "queue_url": f"sqlite:///{instance / 'jobs.sqlite3'}",
        "redis_url": None,
        "base_url": None,
        "secret_keys": ("test-key-0123456789",),
        "smtp_url": None,
        "mail_from": "events@example.org",
        "proxy_hops": 0,
        "rate_limits": False,
    }
    return config.Settings(**{**values, **changes})


def new_app(settings: config.Settings) -> Flask:
    """A migrated application in testing mode."""
    app = create_app(settings)
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Client
    with app.app_context():
        schema.upgrade()
    return app


ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session", params=ENGINES)
def _app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    instance = tmp_path_factory.mktemp(f"instance-{request.param}")
    if request.param == "sqlite":
        app = new_app(settings_for(instance))
        with app.app_context():
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copy(instance / "hubevents.sqlite3", instance / "template.sqlite3")
        yield app
        with app.app_context():
            db.engine.dispose()
        return
    if not os.environ.get("HUBEVENTS_TEST_HAS_POSTGRESQL"):
        pytest.skip("everything on PostgreSQL (it does not answer)")
    with temporary_postgresql() as url:
        app = new_app(settings_for(instance, url))
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


class temporary_postgresql:
    """A database of its own on the test server, dropped afterwards; gives its URL."""

    def __enter__(self) -> str:
        self.name = f"hubevents_test_{uuid.uuid4().hex[:12]}"
        self.server = sa.create_engine(config._database_url(POSTGRESQL), isolation_level="AUTOCOMMIT")
        with self.server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {self.name}")
        url = self.server.url.set(database=self.name)
        return url.render_as_string(hide_password=False)

    def __exit__(self, *error: object) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        self.server.dispose()


@pytest.fixture
def app(_app: Flask) -> Flask:
    """The application on an empty, migrated database."""
    instance = _app.extensions["settings"].instance
    with _app.app_context():
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()
            # Unlinked, not overwritten: a connection that a failed test left open keeps its own file.
            for name in ("hubevents.sqlite3", "hubevents.sqlite3-wal", "hubevents.sqlite3-shm"):
                (instance / name).unlink(missing_ok=True)
            shutil.copy(instance / "template.sqlite3", instance / "hubevents.sqlite3")
        else:
            tables = ", ".join(f'"{t.name}"' for t in db.metadata.sorted_tables)
            with db.engine.begin() as connection:
                connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    if limiter.enabled:
        limiter.reset()
    _app.extensions["public_pages"].clear()
    _app.extensions["public_values"].clear()
    return _app


@pytest.fixture
def ctx(app: Flask) -> Iterator[Flask]:
    """The application with an app context pushed, for services and queries."""
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> Any:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture(scope="session")
def has_postgresql() -> None:
    """Leaves a test out where PostgreSQL does not answer."""
    if not os.environ.get("HUBEVENTS_TEST_HAS_POSTGRESQL"):
        pytest.skip("everything on PostgreSQL (it does not answer)")


@pytest.fixture
def redis_url() -> str:
    """The address of a Redis that answers."""
    if not os.environ.get("HUBEVENTS_TEST_HAS_REDIS"):
        pytest.skip("everything on Redis (it does not answer)")
    return REDIS


class Counter:
    """SQL statements seen while open."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.statements: list[str] = []

    def __enter__(self) -> "Counter":
        sa.event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *error: object) -> None:
        sa.event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE")):
            self.statements.append(statement)

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def queries(app: Flask) -> Callable[[], Counter]:
    """`with queries() as seen: ...` then `len(seen)`: the number of SQL statements."""
    with app.app_context():
        engine = db.engine
    return lambda: Counter(engine)
