"""The queue is a hint: sent after the commit only, once, never raising; the embedded consumer runs jobs and stops."""

import gc
import logging
import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, current_app
from huey.consumer import Consumer

from hubevents import work
from hubevents.app import create_app
from hubevents.core import log
from hubevents.core.db import transaction
from hubevents.jobs import service as jobs
from hubevents.jobs.service import EmbeddedConsumer, Job
from tests.conftest import settings_for, temporary_postgresql


class Desk:
    """Jobs that note what they were called with, and where."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []
        self.came = threading.Event()
        self.app_seen: Any = None

    def note(self, *ids: int) -> None:
        self.app_seen = current_app._get_current_object()  # type: ignore[attr-defined]
        self.calls.append(ids)
        self.came.set()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def installation(tmp_path: Any, desk: Desk, queue_url: str | None = None, **table: Job) -> Flask:
    """An application with a queue and a table of its own; its database is not needed."""
    settings = settings_for(tmp_path / "inst")
    app = create_app(replace(settings, queue_url=queue_url) if queue_url else settings)
    jobs.init_jobs(app, table or {"note": Job(desk.note)}, app.extensions["settings"].queue_url)
    return app


def pending(app: Flask) -> int:
    return int(app.extensions["jobs"][0].pending_count())


def test_a_hint_is_sent_after_the_commit_and_once(ctx, tmp_path, desk, monkeypatch):
    monkeypatch.setitem(ctx.extensions, "jobs", installation(tmp_path, desk).extensions["jobs"])
    with transaction():
        jobs.hint("note", 1)
        jobs.hint("note", 1)
        jobs.hint("note", 2)
        assert pending(ctx) == 0
    assert pending(ctx) == 2


def test_a_hint_of_what_was_rolled_back_is_never_sent(ctx, tmp_path, desk, monkeypatch):
    monkeypatch.setitem(ctx.extensions, "jobs", installation(tmp_path, desk).extensions["jobs"])
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        jobs.hint("note", 1)
        raise ZeroDivisionError
    assert pending(ctx) == 0


def test_outside_a_transaction_a_hint_is_sent_at_once(tmp_path, desk):
    app = installation(tmp_path, desk)
    with app.app_context():
        jobs.hint("note", 1, 2)
    assert pending(app) == 1


def test_a_rush_of_equal_hints_is_answered_by_two_tasks(tmp_path, desk):
    app = installation(tmp_path, desk)
    with app.app_context():
        for _ in range(50):
            jobs.hint("note")
        jobs.hint("note", 1)
    # One at once, one put off for all that came after it; another hint is another matter.
    assert (pending(app), app.extensions["jobs"][0].scheduled_count()) == (2, 1) or pending(app) == 3


def test_a_crowd_sends_the_first_at_once_and_keeps_one_for_the_rest(monkeypatch):
    crowd, now = jobs.Crowd(), [100.0]
    monkeypatch.setattr(jobs.time, "monotonic", lambda: now[0])
    hint = jobs.Hint("note", ())
    waits = []
    for moment in (100.0, 100.25, 100.5, 101.0, 101.5, 103.0):
        now[0] = moment
        waits.append(crowd.wait(hint))
    assert waits == [0.0, 0.75, None, 0.0, 0.5, 0.0]


def test_a_queue_that_is_down_costs_only_time(tmp_path, desk, monkeypatch):
    app = installation(tmp_path, desk)

    def broken(*args: object) -> None:
        raise OSError("queue is gone")

    seen: list[str] = []
    monkeypatch.setattr(jobs.logger, "warning", lambda text, **values: seen.append(f"{text}: {values['job']}"))
    monkeypatch.setitem(app.extensions, "jobs", (None, broken, {}))
    with app.app_context():
        jobs.hint("note", 1)
    assert seen == ["queue unreachable: note"]


# Huey leaves the LISTEN connection of each thread to the garbage collector (PostgresStorage says so).
@pytest.mark.filterwarnings("ignore:.*BaseConnection.__del__.*:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("queue", ["sqlite", "postgresql"])
def test_the_embedded_consumer_runs_a_job_and_stops(tmp_path, desk, queue, request):
    url = None
    if queue == "postgresql":
        request.getfixturevalue("has_postgresql")
        database = temporary_postgresql()
        url = database.__enter__().replace("+psycopg", "")
        request.addfinalizer(database.__exit__)
    app = installation(tmp_path, desk, url)
    before = threading.active_count()
    stop = jobs.start(app)
    try:
        with app.app_context():
            jobs.hint("note", 7)
        assert desk.came.wait(15)
    finally:
        stop()
    assert desk.calls == [(7,)]
    assert desk.app_seen is app
    assert threading.active_count() == before
    app.extensions["jobs"][0].storage.close()
    gc.collect()


def test_the_consumer_leaves_signals_to_the_server():
    """Huey's private hook is still there and still ours; without it `start` fails outside the main thread."""
    assert hasattr(Consumer, "_set_signal_handlers")
    assert EmbeddedConsumer._set_signal_handlers is not Consumer._set_signal_handlers


def test_a_job_that_fails_is_logged_by_name_and_raised(tmp_path, desk, monkeypatch):
    def fail(*ids: int) -> None:
        raise ZeroDivisionError

    app = installation(tmp_path, desk, fail=Job(fail))
    seen: list[object] = []
    monkeypatch.setattr(jobs.logger, "exception", lambda text, **values: seen.append((text, values)))
    with pytest.raises(ZeroDivisionError):
        jobs.run(app, {"fail": Job(fail)}, "fail", [3])
    assert seen == [("job failed", {"job": "fail", "ids": [3]})]


def test_only_jobs_with_a_time_run_by_themselves(tmp_path, desk):
    app = installation(tmp_path, desk, once=Job(desk.note), sweep=Job(desk.note, every="*/10"))
    periodic = [type(task).__name__ for task in app.extensions["jobs"][0]._registry.periodic_tasks]
    assert periodic == ["sweep_sweep"]
    jobs.run_all(app)
    assert desk.calls == [()]


def test_a_sweep_runs_its_job(tmp_path, desk):
    app = installation(tmp_path, desk, sweep=Job(desk.note, every="*"))
    app.extensions["jobs"][0]._registry.periodic_tasks[0].execute()
    assert desk.calls == [()]


def test_two_installations_do_not_read_each_others_messages(tmp_path, desk):
    """Messages are pickles: only what was signed with our key is opened."""
    app = installation(tmp_path, desk)
    huey = app.extensions["jobs"][0]
    huey.storage.enqueue(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ValueError, match="Separator"):
        huey.dequeue()


def test_every_job_of_the_table_is_callable_and_has_a_cron_pattern():
    for name, job in work.JOBS.items():
        assert callable(job.run), name
        assert job.every is None or set(job.every) <= set("0123456789*/,-"), name


def test_logs_are_quiet_about_the_queue():
    log.init_logs()
    assert logging.getLogger("huey").level == logging.WARNING
