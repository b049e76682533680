"""`transaction()` is the only place that commits: all or nothing, once, and with nobody starving on SQLite."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.core import clock, facts
from hubevents.core import db as database
from hubevents.core.db import KeyList, TranslatedText, UTCDateTime, after_commit, db, in_transaction, transaction
from hubevents.core.i18n import Translated
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Role
from tests import make


@dataclass(frozen=True)
class Happened:
    name: str


@contextmanager
def reacting(app: Flask, *functions: Any) -> Iterator[None]:
    """The table of reactions is this one line for a while."""
    before = app.extensions["reactions"]
    app.extensions["reactions"] = {Happened: functions}
    try:
        yield
    finally:
        app.extensions["reactions"] = before


def slugs() -> list[str]:
    return list(db.session.scalars(sa.select(Hub.slug).order_by(Hub.id)))


def test_what_was_done_is_committed(ctx):
    with transaction():
        make.hub("a")
        assert in_transaction()
    assert not in_transaction()
    db.session.rollback()
    assert slugs() == ["a"]


def test_whatever_is_raised_takes_everything_back(ctx):
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        make.hub("a")
        raise ZeroDivisionError
    assert slugs() == []
    with transaction():
        make.hub("b")
    assert slugs() == ["b"]


def test_it_does_not_nest(ctx):
    with pytest.raises(RuntimeError, match="does not nest"), transaction(), transaction():
        pass


@pytest.mark.parametrize("way", ["added", "flushed", "bulk", "dirty"])
def test_it_refuses_to_start_on_earlier_changes(ctx, way: str):
    hub = make.hub("a")
    if way == "dirty":
        hub.phone = "1"
    elif way == "bulk":
        db.session.execute(sa.update(Hub).values(phone="1"))
    else:
        db.session.add(Hub(**{**_columns(hub), "slug": "b"}))
        if way == "flushed":
            db.session.flush()
    with pytest.raises(RuntimeError, match="changed before"), transaction():
        pass
    db.session.rollback()
    with transaction():
        pass
    assert slugs() == ["a"]


def _columns(hub: Hub) -> dict[str, Any]:
    return {c.key: getattr(hub, c.key) for c in sa.inspect(Hub).column_attrs if c.key != "id"}


def test_a_read_before_is_ended_and_what_others_wrote_since_is_seen(ctx):
    assert slugs() == []
    thread = threading.Thread(target=_make_hub, args=(ctx, "other"))
    thread.start()
    thread.join()
    with transaction():
        assert slugs() == ["other"]


def _make_hub(app: Flask, slug: str) -> None:
    with app.app_context():
        make.hub(slug)


def test_facts_are_answered_before_the_commit_and_in_order(ctx):
    seen: list[tuple[str, list[str]]] = []
    with reacting(ctx, lambda fact: seen.append((fact.name, slugs()))), transaction():
        facts.record(Happened("first"))
        make.hub("a")
        facts.record(Happened("second"))
        assert seen == []
    assert seen == [("first", ["a"]), ("second", ["a"])]


def test_a_reaction_that_fails_takes_its_cause_back(ctx):
    def fail(fact: Happened) -> None:
        raise ZeroDivisionError

    with reacting(ctx, fail), pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        make.hub("a")
        facts.record(Happened("x"))
    assert slugs() == []


def test_hints_come_once_after_the_commit(ctx):
    seen: list[object] = []

    def hint() -> None:
        seen.append((in_transaction(), slugs()))

    with transaction():
        make.hub("a")
        after_commit(hint)
        after_commit(hint)
        assert seen == []
    assert seen == [(False, ["a"])]


def test_hints_of_what_was_rolled_back_are_forgotten(ctx):
    seen: list[int] = []
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        after_commit(lambda: seen.append(1))
        raise ZeroDivisionError
    with transaction():
        pass
    assert seen == []
    with pytest.raises(RuntimeError, match="outside"):
        after_commit(lambda: None)


def test_on_sqlite_it_begins_immediate_and_everything_else_deferred(ctx):
    begun: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        slugs()
        with transaction():
            slugs()
        slugs()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    sqlite = ["BEGIN DEFERRED", "BEGIN IMMEDIATE", "BEGIN DEFERRED"]
    assert begun == (sqlite if database.is_sqlite() else [])  # PostgreSQL's driver begins by itself


def test_what_was_acknowledged_survives_and_foreign_keys_hold(ctx):
    asked = {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2, "PRAGMA foreign_keys": 1}
    if not database.is_sqlite():
        asked = {"SHOW fsync": "on", "SHOW synchronous_commit": "on"}
    assert {text: db.session.scalar(sa.text(text)) for text in asked} == asked
    db.session.rollback()
    with pytest.raises(sa.exc.IntegrityError), transaction():
        db.session.add(Membership(user_id=99, hub_id=99, role=Role.OWNER, created_at=clock.now()))


def test_readers_that_then_write_do_not_starve_each_other(ctx):
    """60 transactions of 6 threads read and then write; with DEFERRED most of them would fail at once (STACK 2.1)."""
    make.hub("a", phone="0")
    failed: list[BaseException] = []

    def count() -> None:
        with ctx.app_context():
            for _ in range(10):
                try:
                    slugs()
                    with transaction():
                        query = sa.select(Hub).with_for_update().execution_options(populate_existing=True)
                        hub = db.session.scalars(query).one()
                        hub.phone = str(int(hub.phone) + 1)
                except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
                    failed.append(error)
            db.session.remove()

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert failed == []
    assert db.session.scalar(sa.select(Hub.phone)) == "60"


def test_times_come_back_aware_in_utc_and_naive_ones_are_refused(ctx):
    moment = make.sofia(2026, 7, 1, 10)
    make.hub("a", created_at=moment)
    db.session.rollback()
    db.session.expire_all()
    stored = db.session.scalars(sa.select(Hub.created_at)).one()
    assert stored == moment
    assert stored.tzinfo is UTC
    with pytest.raises(ValueError, match="naive"):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), sa.engine.default.DefaultDialect())  # noqa: DTZ001


def test_translated_texts_and_key_lists_come_back_as_they_were(ctx):
    hub = make.hub("a", name=make.both("Име", "Name"), about=make.both(""), languages=("bg", "en"))
    db.session.expire(hub)
    assert hub.name == Translated({"bg": "Име", "en": "Name"})
    assert hub.about == Translated()
    assert hub.languages == ("bg", "en")
    dialect = sa.engine.default.DefaultDialect()
    assert TranslatedText().process_bind_param(None, dialect) == {}
    assert [KeyList().process_bind_param(v, dialect) for v in ((), ("a", "b"), None)] == ["", ",a,b,", ""]


@pytest.mark.parametrize(("key", "found"), [("bg", 1), ("b", 0), ("en", 1), (",", 0), ("%", 0), ("_g", 0)])
def test_holds_finds_whole_keys_only(ctx, key: str, found: int):
    make.hub("a", languages=("bg", "en"))
    query = sa.select(sa.func.count()).select_from(Hub).where(database.holds(Hub.languages, key))
    assert db.session.scalar(query) == found


def test_a_connection_that_the_server_closed_while_it_rested_is_replaced(
    ctx: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite():
        return  # a file does not hang up
    monkeypatch.setattr(database, "PING_AFTER", -1.0)
    pid = sa.text("SELECT pg_backend_pid()")
    db.engine.dispose()  # the one that is closed must be the one that is given out next
    with db.engine.connect() as connection:
        first = connection.scalar(pid)
    other = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    with other.begin() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
    other.dispose()
    with db.engine.connect() as connection:
        assert connection.scalar(pid) != first
    db.engine.dispose()
