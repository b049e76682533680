"""Migrations keep what is there: the trap of SQLite's rebuilt tables, the copy beforehand, one process at a time."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.app import create_app
from hubevents.core import schema
from hubevents.core.config import ConfigError
from hubevents.core.db import db
from hubevents.hubs.models import Hub, Membership
from tests import make
from tests.conftest import settings_for

REBUILD = '''"""Rebuilds a table with children: DROP TABLE would delete or orphan them while foreign keys are on."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    with op.batch_alter_table("hub", recreate="always") as table:
        table.add_column(sa.Column("motto", sa.String(80), nullable=True))
    {more}


def downgrade():
    raise NotImplementedError
'''


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A migrated SQLite installation whose migrations lie in a folder of the test."""
    migrations = tmp_path / "migrations"
    shutil.copytree(schema.DIRECTORY, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema, "DIRECTORY", migrations)
    app = create_app(settings_for(tmp_path / "inst"))
    with app.app_context():
        schema.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def add_revision(more: str = "") -> None:
    head = schema.wanted()
    (schema.DIRECTORY / "versions" / "next.py").write_text(REBUILD.format(head=head, more=more))


def test_a_filled_database_survives_the_rebuilding_of_a_parent_table(installation: Flask):
    hub = make.hub()
    make.user("alice", hub)
    make.event(hub)
    add_revision()
    db.session.remove()
    schema.upgrade()
    assert schema.present() == "next"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Membership)) == 1
    assert db.session.scalars(sa.select(Hub.slug)).all() == ["zagore"]
    assert db.session.execute(sa.text("SELECT motto FROM hub")).all() == [(None,)]
    assert db.session.execute(sa.text("SELECT count(*) FROM event")).scalar() == 1
    assert db.session.execute(sa.text("PRAGMA foreign_key_check")).all() == []
    assert db.session.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1


def test_a_copy_is_kept_before_an_existing_database_is_migrated(installation: Flask, tmp_path: Path):
    make.hub()
    assert list((tmp_path / "inst").glob("*before*")) == []
    add_revision()
    db.session.remove()
    schema.upgrade()
    [copy] = (tmp_path / "inst").glob("*before*")
    assert copy.name == "hubevents.before-next.sqlite3"
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT slug FROM hub").fetchall() == [("zagore",)]
    connection.close()


def test_a_migration_that_breaks_foreign_keys_is_undone(installation: Flask, caplog):
    make.user("alice", make.hub())
    add_revision('op.execute("DELETE FROM hub")')
    db.session.remove()
    before = schema.present()
    with pytest.raises(SystemExit):
        schema.upgrade()
    assert "foreign keys broken after migrating" in caplog.text
    assert schema.present() == before
    assert db.session.execute(sa.text("SELECT count(*) FROM hub")).scalar() == 1


def test_an_old_schema_is_refused_with_one_line(installation: Flask):
    schema.require_current()
    add_revision()
    with pytest.raises(ConfigError, match="^The database schema is not current: run `hubevents db upgrade` first.$"):
        schema.require_current()
    assert schema.knows("next")
    assert schema.knows(None)
    assert not schema.knows("9999")


def test_two_processes_that_start_at_once_migrate_once(tmp_path: Path):
    apps = [create_app(settings_for(tmp_path / "inst")) for _ in range(3)]
    failed: list[BaseException] = []

    def upgrade(app: Flask) -> None:
        try:
            with app.app_context():
                schema.upgrade()
                db.engine.dispose()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failed.append(error)

    threads = [threading.Thread(target=upgrade, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with apps[0].app_context():
        assert schema.present() == schema.wanted()
        db.engine.dispose()


def test_servers_share_their_lock_and_a_restore_waits_for_none(tmp_path: Path):
    with (
        schema.hold_server_lock(tmp_path),
        schema.hold_server_lock(tmp_path),
        pytest.raises(BlockingIOError),
        schema.file_lock(tmp_path / schema.SERVER_LOCK, wait=False),
    ):
        pass
    with schema.file_lock(tmp_path / schema.SERVER_LOCK, wait=False), pytest.raises(BlockingIOError):
        schema.hold_server_lock(tmp_path)
