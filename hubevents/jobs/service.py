"""One huey task, `perform(name, ids)`, over SQLite or PostgreSQL; the queue is a hint, sweeps find what a crash left.

The table of jobs is `work.py`; this package only knows names.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from hubevents.core import log, tokens
from hubevents.core.db import after_commit, db, in_transaction

logger = log.get(__name__)

STOPS_WITHIN = 20.0
"""Seconds that running jobs get when the process ends; the sweep does again what was cut off."""


@dataclass(frozen=True)
class Job:
    """A function by name; `every` is a cron minute pattern such as `*` or `*/10` when it also runs by itself."""

    run: Callable[..., None]
    every: str | None = None
    hour: str = "*"


JobTable = Mapping[str, Job]
QUIET = 1.0
"""Seconds in which equal hints of one process are answered by one task."""


class EmbeddedConsumer(Consumer):  # type: ignore[misc]
    """A consumer in threads of the web server's process, whose signals stay with the server."""

    def __init__(self, huey: Huey, **options: Any) -> None:
        self.running = threading.Event()
        super().__init__(huey, **options)

    def _set_signal_handlers(self) -> None:
        """Sets none: huey's may be set in the main thread only, and those are the server's.

        It is the last step of huey's start, so the workers run from here on.
        """
        self.running.set()


def init_jobs(app: Flask, table: JobTable, queue_url: str) -> None:
    """Builds the queue and declares `perform` and the periodic sweeps of the table."""
    with app.app_context():
        serializer = SignedSerializer(secret=tokens.keys("jobs")[0].hex(), salt="hubevents")
    huey: Huey
    if queue_url.startswith("sqlite:///"):
        huey = SqliteHuey("hubevents", filename=queue_url.removeprefix("sqlite:///"), serializer=serializer, utc=True)
    else:
        huey = PostgresHuey("hubevents", dsn=queue_url, serializer=serializer, utc=True)

    def perform(name: str, ids: list[int]) -> None:
        run(app, table, name, ids)

    task = huey.task(name="perform")(perform)
    for name, job in table.items():
        if job.every:
            _declare_sweep(huey, task, name, job)
    app.extensions["jobs"] = (huey, task, table)
    app.extensions["jobs_crowd"] = Crowd()


def _declare_sweep(huey: Huey, task: Any, name: str, job: Job) -> None:
    def sweep() -> None:
        task.call_local(name, [])

    huey.periodic_task(crontab(minute=job.every, hour=job.hour), name=f"sweep_{name}")(sweep)


def run(app: Flask, table: JobTable, name: str, ids: list[int]) -> None:
    """Runs one job inside an app context; a failure is logged with its name and raised for huey to note."""
    with app.app_context():
        try:
            table[name].run(*ids)
        except Exception:
            logger.exception("job failed", job=name, ids=ids)
            raise
        finally:
            db.session.remove()


def reach() -> None:
    """Asks the queue for its length; whatever its storage raises says that it cannot be reached."""
    huey, _task, _table = current_app.extensions["jobs"]
    huey.storage.queue_size()


def hint(name: str, *ids: int) -> None:
    """Asks that a job be run soon: after the commit when inside a transaction. A lost hint is found by the sweep."""
    if in_transaction():
        after_commit(Hint(name, ids))
    else:
        Hint(name, ids)()


@dataclass(frozen=True)
class Hint:
    """A queued wish; equal ones in one transaction are sent once."""

    name: str
    ids: tuple[int, ...]

    def __call__(self) -> None:
        """Puts the task into the queue; a queue that is down costs only time, so it is logged, not raised.

        In a rush one task answers many wishes: the first goes at once, the second is put off by `QUIET`, and those
        between find it waiting. All of them committed before it starts, so it sees what each of them wrote.
        """
        _, task, _ = current_app.extensions["jobs"]
        wait = _crowd(current_app.extensions).wait(self)
        if wait is None:
            return
        try:
            if wait:
                task.schedule((self.name, list(self.ids)), delay=wait)
            else:
                task(self.name, list(self.ids))
        except Exception:
            logger.warning("queue unreachable", job=self.name, exc_info=True)


class Crowd:
    """When each hint was sent last, so that a rush does not write to the queue once per person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[Hint, tuple[float, bool]] = {}

    def wait(self, hint: Hint) -> float | None:
        """Seconds after which a task for this hint should start: 0 at once, None when one is waiting already."""
        now = time.monotonic()
        with self._lock:
            if len(self._sent) > 1000:
                self._sent = {key: value for key, value in self._sent.items() if value[0] > now}
            quiet_until, one_waits = self._sent.get(hint, (0.0, False))
            if now >= quiet_until:
                self._sent[hint] = (now + QUIET, False)
                return 0.0
            if one_waits:
                return None
            self._sent[hint] = (quiet_until, True)
            return quiet_until - now


def _crowd(extensions: dict[str, Any]) -> Crowd:
    return cast(Crowd, extensions.setdefault("jobs_crowd", Crowd()))


def start(app: Flask, *, workers: int = 2, periodic: bool = True) -> Callable[[], None]:
    """Starts a consumer in threads and returns the function that stops it gracefully."""
    huey, _, _ = app.extensions["jobs"]
    consumer = EmbeddedConsumer(
        huey,
        workers=workers,
        worker_type="thread",
        max_delay=1.0,
        periodic=periodic,
        check_worker_health=True,
        shutdown_timeout=STOPS_WITHIN,
    )
    thread = threading.Thread(target=consumer.run, name="jobs", daemon=True)
    thread.start()
    consumer.running.wait(STOPS_WITHIN)  # stopping what has not begun would fail

    def stop() -> None:
        consumer.stop(graceful=True)
        thread.join(timeout=STOPS_WITHIN)

    return stop


def run_all(app: Flask) -> None:
    """Runs every job of the table once, in order; for tests, the demo and commands that end."""
    _, _, table = app.extensions["jobs"]
    for name, job in table.items():
        if job.every:
            run(app, table, name, [])
