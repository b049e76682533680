"""Whole installations on real servers: SQLite in one process, PostgreSQL in two."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from hubevents.core.db import db
from tests.conftest import new_app, settings_for, temporary_postgresql
from tests.servers import Server

KINDS = ("sqlite, threads", "postgresql, two processes")
_KEY = "test-key-0123456789"


@contextmanager
def running(kind: str, folder: Path, rows: Callable[[], Any]) -> Iterator[tuple[Flask, list[Server], Any]]:
    """Our own view of the database, its running servers, and what `rows` made before they started."""
    with ExitStack() as stack:
        settings = {"SECRET_KEY": _KEY}
        url = None
        number = 1
        if kind.startswith("postgresql"):
            if not os.environ.get("HUBEVENTS_TEST_HAS_POSTGRESQL"):
                pytest.skip("everything on PostgreSQL (it does not answer)")
            url = stack.enter_context(temporary_postgresql())
            settings |= {
                "DATABASE_URL": url,
                "QUEUE_URL": f"sqlite:///{folder / 'jobs.sqlite3'}",
                "BASE_URL": "http://127.0.0.1",
            }
            number = 2
        app = new_app(settings_for(folder, url, secret_keys=(_KEY,)))
        with app.app_context():
            made = rows()
            db.session.remove()
        yield app, [stack.enter_context(Server(folder, **settings)) for _ in range(number)], made
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
