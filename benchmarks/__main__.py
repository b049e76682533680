"""One command, one table: starts production-like and embedded servers on throw-away data and measures them.

`python -m benchmarks [--seconds 6] [--servers granian,gthread,sync] [--only name,...] [--sqlite]`. Needs PostgreSQL at
HUBEVENTS_TEST_POSTGRESQL_URL (default: the usual loopback port). The load comes from the same machine, so rates are
what two cores give to server and client together; CPU per request is the servers' alone.
"""

import argparse
import gzip
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import psutil
import sqlalchemy as sa

from benchmarks import data, limits, load
from hubevents.app import create_app
from hubevents.core import config, schema
from hubevents.core.config import Settings
from hubevents.core.db import db
from hubevents.events.models import Event

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("HUBEVENTS_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
KEY = "bench-key-0123456789"
BASE_URL = "http://127.0.0.1"
_HIDDEN = re.compile(rb'name="(csrf_token|opened)"[^>]*value="([^"]+)"')
_COOKIE = re.compile(rb"(?i)\r\nset-cookie: ([^;]+)")
SERVERS = {
    "granian": ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--no-ws",
                "--backpressure", "64", "--host", "127.0.0.1", "--log-level", "warning", "--factory"],
    "gthread": ["gunicorn", "--workers", "2", "--threads", "8", "--worker-class", "gthread", "--log-level", "warning",
                "--keep-alive", "30"],
    "sync": ["gunicorn", "--workers", "2", "--worker-class", "sync", "--log-level", "warning"],
}  # fmt: skip


class Table:
    """Rows printed as they come, and again as a whole at the end."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = [
            ("what", "rate/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "memory MB", "note")
        ]

    def add(
        self, what: str, result: load.Result | None = None, cpu: float = 0, memory: float = 0, note: str = ""
    ) -> None:
        """Adds a row; `cpu` is milliseconds of the servers' CPU for one unit."""
        numbers = ("", "", "", "")
        if result is not None:
            numbers = (
                f"{result.rate:.0f}",
                *(f"{result.percentile(part):.1f}" for part in (0.5, 0.95, 0.99)),
            )
            bad = {status: n for status, n in result.statuses.items() if status not in (200, 303, 304)}
            if bad:
                note = f"{note} NOT OK: {bad}".strip()
        row = (what, *numbers, f"{cpu:.1f}" if cpu else "", f"{memory:.0f}" if memory else "", note)
        self.rows.append(row)
        print(" | ".join(row), flush=True)

    def show(self) -> str:
        """Markdown."""
        lines = ["| " + " | ".join(row) + " |" for row in self.rows]
        lines.insert(1, "|" + "---|" * len(self.rows[0]))
        return "\n".join(lines)


class Running:
    """A server process with its children."""

    def __init__(self, command: list[str], environ: dict[str, str], port: int, folder: Path) -> None:
        self.port = port
        self.log = (folder / "server.log").open("ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=self.log, stderr=self.log)
        client = load.Client(port)
        while True:
            try:
                if client.ask(load.get("/healthz"))[0] == 200:
                    break
            except OSError:
                client.close()
            if self.process.poll() is not None or time.perf_counter() - began > 40:
                raise RuntimeError((folder / "server.log").read_text()[-3000:])
            time.sleep(0.01)
        client.close()
        self.started_in = time.perf_counter() - began

    def family(self) -> list[psutil.Process]:
        """The process and all below it."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def cpu(self) -> float:
        """CPU seconds so far."""
        return sum(sum(part.cpu_times()[:2]) for part in self.family())

    def memory(self) -> float:
        """Unshared megabytes (USS)."""
        return sum(part.memory_full_info().uss for part in self.family()) / 1e6

    def stop(self) -> None:
        """Ends it politely."""
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measured(server: Running, table: Table, what: str, unit: load.Unit, note: str = "", **how: float) -> load.Result:
    """Runs a unit and adds its row; what is timed by seconds begins warm."""
    if how.get("seconds"):
        load.run(server.port, unit, **{**how, "seconds": 1})  # type: ignore[arg-type]
    before = server.cpu()
    result = load.run(server.port, unit, **how)  # type: ignore[arg-type]
    spent = (server.cpu() - before) / max(1, len(result.latencies)) * 1000
    table.add(what, result, spent, server.memory(), note)
    return result


def whole_registration(slug: str) -> load.Unit:
    """GET form, POST form, as a browser does."""
    path = f"/bg/{data.HUB}/events/{slug}/register"
    form = load.get(path)
    run = uuid.uuid4().hex[:8]

    def unit(client: load.Client, number: int) -> int:
        status, head, body = client.ask(form)
        if status != 200:
            return status
        cookie = _COOKIE.search(head)
        fields = {name.decode(): value.decode() for name, value in _HIDDEN.findall(body)}
        fields |= {"first_name": "Мария", "last_name": f"Номер {number}", "email": f"{run}-{number}@example.org"}
        answer = client.ask(
            load.post(
                path,
                urlencode(fields).encode(),
                "application/x-www-form-urlencoded",
                cookie[1].decode() if cookie else "",
            )
        )
        return answer[0]

    return unit


def scans(made: data.Made, size: int) -> load.Unit:
    """A sync of `size` scans of different tickets by one device."""
    path = f"/door/{made.door_pass}/scans"
    devices: dict[int, str] = {}

    def unit(client: load.Client, number: int) -> int:
        device = devices.setdefault(id(client), str(uuid.uuid4()))
        # The load processes count from different ends, and start at different people.
        first = (number % 10_000_000) * size + (number // 10_000_000) * (len(made.codes) // 2)
        now = datetime.now(UTC).isoformat()  # noqa: TID251 - the phone's own clock
        body = {
            "device": {"id": device, "name": "bench", "sent_at": now, "queued": 0},
            "scans": [
                {
                    "scan_id": str(uuid.uuid4()),
                    "code": made.codes[(first + n) % len(made.codes)],
                    "scanned_at": now,
                }
                for n in range(size)
            ],
        }
        status, _head, answer = client.ask(load.post(path, json.dumps(body).encode(), "application/json"))
        if status == 200 and len(json.loads(answer)["verdicts"]) != size:
            return -2
        return status

    return unit


def page(path: str, **headers: str) -> load.Unit:
    """A plain GET."""
    request = load.get(path, **headers)

    def unit(client: load.Client, number: int) -> int:
        return client.ask(request)[0]

    return unit


def pages(paths: list[str]) -> load.Unit:
    """GETs of many pages in turn."""
    requests = [load.get(path) for path in paths]

    def unit(client: load.Client, number: int) -> int:
        return client.ask(requests[number % len(requests)])[0]

    return unit


def scenarios(
    server: Running, table: Table, made: data.Made, seconds: float, wanted: Callable[[str], bool], label: str
) -> None:
    """All rows of one server."""
    client = load.Client(server.port)
    feed = f"/feeds/{data.HUB}.ics"

    def go(name: str, unit: load.Unit, note: str = "", **how: float) -> load.Result | None:
        if not wanted(name):
            return None
        return measured(server, table, f"{label}: {name}", unit, note, **({"seconds": seconds} | how))

    events = [f"/bg/{data.HUB}/events/{slug}/" for slug in made.event_slugs]
    client.ask(load.get(events[0]))
    go("event page", pages(events), "1 000 different")
    go("one event page", page(events[0]))
    go("list page", page(f"/bg/{data.HUB}/"))
    go("registration, whole", whole_registration(made.open_slug), "GET form and POST")
    rush = go("rush: 2 000 for 500 seats", whole_registration(made.rush_slug), units=2_000, seconds=0, clients=32)
    if rush is not None:
        table.rows[-1] = (*table.rows[-1][:-1], f"{rush.seconds:.1f} s in all")
    go("scan, 1 client", scans(made, 1), clients=1)
    go("scan, 8 clients", scans(made, 1), clients=8)
    batch = go("batch of 100 scans, 4 clients", scans(made, 100), clients=4)
    if batch is not None:
        table.rows[-1] = (*table.rows[-1][:-1], f"{batch.rate * 100:.0f} scans/s")
    rush = go("rush: 3 000 scans of 10 phones", scans(made, 100), clients=10, units=30, seconds=0)
    if rush is not None:
        table.rows[-1] = (*table.rows[-1][:-1], f"{rush.seconds:.1f} s in all")
    lists = f"/door/{made.list_pass}/roster"
    whole = client.ask(load.get(lists, Accept_Encoding="gzip"))[2]
    found = json.loads(gzip.decompress(whole))
    size = f"{len(found['registrations'])} people, {len(whole) / 1e3:.0f} kB"
    go("list of a door, gzip", page(lists, Accept_Encoding="gzip"), size, clients=1)
    go("what changed in that list", page(f"{lists}?since={found['version']}", Accept_Encoding="gzip"), clients=8)
    _status, head, body = client.ask(load.get(feed))
    size = f"{len(body) / 1e6:.2f} MB, {body.count(b'BEGIN:VEVENT')} events"
    go("feed as 200", page(feed), size, clients=8)
    squeezed = client.ask(load.get(feed, Accept_Encoding="gzip"))[2]
    go(
        "feed as 200, gzip",
        page(feed, Accept_Encoding="gzip"),
        f"{len(squeezed) / 1e3:.0f} kB, {len(gzip.decompress(squeezed)) / 1e6:.2f} MB inside",
        clients=8,
    )
    tag = re.search(rb"(?i)\r\netag: *([^\r]+)", head)
    if tag:
        go("feed as 304", page(feed, If_None_Match=tag[1].decode()))
    client.close()


@contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL database of its own."""
    name = f"hubevents_bench_{uuid.uuid4().hex[:8]}"
    server = sa.create_engine(config._database_url(POSTGRESQL), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


def installation(folder: Path, url: str | None) -> data.Made:
    """Migrates and fills."""
    settings = Settings(
        instance=folder,
        database_url=config._database_url(url) if url else f"sqlite:///{folder / 'hubevents.sqlite3'}",
        queue_url=f"sqlite:///{folder / 'jobs.sqlite3'}",
        redis_url=None,
        base_url=BASE_URL,
        secret_keys=(KEY,),
        smtp_url=None,
        mail_from="events@example.org",
        proxy_hops=0,
        rate_limits=False,
    )
    app = create_app(settings)
    with app.app_context():
        schema.upgrade()
    made = data.build(app)
    with app.app_context():
        if url:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        db.engine.dispose()
    return made


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUBEVENTS_")}
    own = {"INSTANCE": str(folder), "SECRET_KEY": KEY, "RATE_LIMITS": "off", "BASE_URL": BASE_URL, **settings}
    return {**kept, "PYTHONPATH": str(ROOT), **{f"HUBEVENTS_{name}": value for name, value in own.items()}}


def production(table: Table, servers: list[str], seconds: float, wanted: Callable[[str], bool]) -> None:
    """Two workers on PostgreSQL, for each candidate server; the first runs everything, the others the event page."""
    with tempfile.TemporaryDirectory() as name, database() as url:
        folder = Path(name)
        began = time.perf_counter()
        made = installation(folder, url)
        print(f"# data in {time.perf_counter() - began:.1f} s", flush=True)
        for number, kind in enumerate(servers):
            port = free_port()
            environ = environment(folder, DATABASE_URL=url, QUEUE_URL=f"sqlite:///{folder / 'jobs.sqlite3'}")
            server = Running(_command(kind, port, "hubevents.app:serve"), environ, port, folder)
            try:
                only = (
                    wanted
                    if number == 0
                    else (lambda what: wanted(what) and what in ("event page", "registration, whole"))
                )
                scenarios(server, table, made, seconds, only, kind)
            finally:
                server.stop()
            _bare(table, kind, folder, environ, seconds, wanted)
        if wanted("limit: SQL"):
            engine = sa.create_engine(config._database_url(url))
            with engine.connect() as connection:
                event_id = connection.scalar(sa.select(Event.id).where(Event.slug == made.open_slug)) or 0
            engine.dispose()
            rate, p95 = limits.minimal_registration(url, event_id, seconds=seconds)
            table.add(
                "limit: minimal SQL of a registration", note=f"{rate:.0f}/s, p95 {p95:.1f} ms, 8 connections, one event"
            )


def _command(kind: str, port: int, factory: str) -> list[str]:
    bin_folder = Path(sys.executable).parent
    program, *options = SERVERS[kind]
    if program == "granian":
        return [str(bin_folder / program), *options, "--port", str(port), factory]
    return [str(bin_folder / program), *options, "--bind", f"127.0.0.1:{port}", f"{factory}()"]


def _bare(
    table: Table, kind: str, folder: Path, environ: dict[str, str], seconds: float, wanted: Callable[[str], bool]
) -> None:
    if not wanted("limit: bare Flask"):
        return
    port = free_port()
    server = Running(_command(kind, port, "benchmarks.limits:bare"), environ, port, folder)
    try:
        measured(server, table, f"limit: bare Flask + Jinja page, {kind}", page("/"), seconds=seconds)
    finally:
        server.stop()


def embedded(table: Table, seconds: float, wanted: Callable[[str], bool]) -> None:
    """`hubevents run` on SQLite: one process with its jobs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        command = [sys.executable, "-m", "hubevents", "run", "--port", str(port)]
        if wanted("cold start"):
            empty = folder / "empty"
            empty.mkdir(mode=0o700)
            server = Running(command, environment(empty), port, folder)
            time.sleep(3)  # let the periodic jobs begin before memory is read
            table.add(
                "embedded: cold start on an empty folder, idle memory",
                memory=server.memory(),
                note=f"first page after {server.started_in:.2f} s",
            )
            server.stop()
        full = folder / "full"
        full.mkdir(mode=0o700)
        made = installation(full, None)
        server = Running(command, environment(full), port, folder)
        try:
            scenarios(server, table, made, seconds, wanted, "embedded SQLite")
        finally:
            server.stop()


def main() -> None:
    """Parses options and prints the table."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--servers", default="granian,gthread,sync")
    parser.add_argument("--only", default="", help="comma-separated parts of row names")
    parser.add_argument("--no-embedded", action="store_true")
    parser.add_argument("--no-production", action="store_true")
    options = parser.parse_args()
    parts = [part for part in options.only.split(",") if part]

    def wanted(what: str) -> bool:
        return not parts or any(part in what for part in parts)

    table = Table()
    if not options.no_production:
        production(table, options.servers.split(","), options.seconds, wanted)
    if not options.no_embedded:
        embedded(table, options.seconds, wanted)
    print("\n" + table.show())


if __name__ == "__main__":
    main()
