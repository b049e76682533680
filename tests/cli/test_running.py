"""`run` and `worker` as processes: they start, answer, and end cleanly on a signal."""

import http.client
import json
import signal
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hubevents.core import config
from hubevents.core.schema import SERVER_LOCK, file_lock
from hubevents.demo import mark

NAMES = ", ".join(f"'{name}@example.org'" for name in ("owner", "organiser", "door", "reporter"))


def get(address: str, path: str, **headers: str) -> int:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_and_ends_cleanly(started, instance: Path, number: int):
    process = started("run", "--port", "0")
    process.read_until("HubEvents runs at http://127.0.0.1:")
    address = config.bound_address(instance)
    assert address is not None
    assert get(address, "/healthz") == 200
    assert get(address, "/healthz", Host="rebound.example.org") == 400
    assert [get(address, "/healthz", **{"X-Forwarded-For": "203.0.113.9"}) for _ in range(2)] == [200, 200]
    with pytest.raises(BlockingIOError), file_lock(instance / SERVER_LOCK, wait=False):
        pass
    status, out, err = process.end(number)
    assert (status, out.splitlines()[-1]) == (0, "Stopped.")
    warnings = [json.loads(line)["event"] for line in err.splitlines()]
    assert warnings == ["X-Forwarded-For came although HUBEVENTS_PROXY_HOPS is 0: it is not believed"]
    with file_lock(instance / SERVER_LOCK, wait=False):
        pass


@pytest.mark.parametrize(
    ("args", "environ", "words"),
    [
        (("--host", "0.0.0.0"), {}, "HUBEVENTS_BASE_URL is required when --host is not loopback."),
        (("--host", "0.0.0.0", "--demo"), {}, "HUBEVENTS_BASE_URL is required when --host is not loopback."),
        ((), {"HUBEVENTS_COLOUR": "red"}, "Unknown setting HUBEVENTS_COLOUR in environment."),
    ],
)
def test_what_stops_the_start_is_one_line(started, args, environ, words: str):
    process = started("run", *args, **environ)
    out, err = process.process.communicate(timeout=30)
    assert process.process.returncode == 2
    assert out == ""
    assert err.startswith(f"hubevents: {words}")
    assert err.count("\n") == 1


def test_run_waits_for_no_restore(hubevents, instance: Path):
    instance.mkdir()
    with file_lock(instance / SERVER_LOCK):
        result = hubevents("run", "--port", "0")
    assert str(hubevents.refused) == "A restore is running in this instance folder: wait until it ends."
    assert result.output == ""


def test_worker_refuses_an_old_schema(hubevents):
    hubevents("worker")
    assert str(hubevents.refused) == "The database schema is not current: run `hubevents db upgrade` first."


def test_worker_runs_until_a_signal(started, first_hub, instance: Path):
    process = started("worker", "--no-periodic")
    process.read_until("Worker runs. Periodic sweeps are left to another.")
    with pytest.raises(BlockingIOError), file_lock(instance / SERVER_LOCK, wait=False):
        pass
    assert process.end(signal.SIGTERM) == (0, "Stopped.\n", "")


def test_the_demo_refuses_a_folder_that_is_not_its_own(first_hub, instance: Path):
    first_hub("run", "--demo", "--port", "0")
    assert "holds a database that is not the demo's" in str(first_hub.refused)
    assert (instance / "hubevents.sqlite3").exists()
    assert mark.read(instance) is None


@pytest.mark.slow
def test_the_demo_is_made_once_and_its_passwords_are_random_where_others_reach_it(started, instance: Path):
    """One test, because making the demo takes a while."""

    def start(*args: str, **environ: str) -> tuple[str, dict[str, str]]:
        process = started("run", "--demo", "--port", "0", *args, **environ)
        said = process.read_until("Ctrl+C")
        if not args:
            assert get(config.bound_address(instance) or "", "/bg/zagore/") == 200
        assert process.end(signal.SIGTERM)[0] == 0
        return said, dict(line.split() for line in said.splitlines() if "@example.org" in line)

    known = {f"{name}@example.org": "demo-demo" for name in ("owner", "organiser", "door", "reporter")}
    said, sign_ins = start()
    assert "Making the demo hub" in said
    assert "/demo/mail" in said
    assert sign_ins == known

    said, sign_ins = start("--host", "0.0.0.0", HUBEVENTS_BASE_URL="https://demo.example.org")
    assert "Making the demo hub" not in said
    assert "https://demo.example.org/" in said
    assert set(sign_ins) == set(known)
    assert len(set(sign_ins.values())) == 4
    assert min(len(password) for password in sign_ins.values()) >= 12
    abroad = _hashes(instance)

    said, sign_ins = start()
    assert "Making the demo hub" not in said
    assert sign_ins == known
    assert not set(_hashes(instance)) & set(abroad)


def _hashes(instance: Path) -> list[str]:
    connection = sqlite3.connect(instance / "hubevents.sqlite3")
    try:
        return [row[0] for row in connection.execute(f"SELECT password_hash FROM user WHERE email IN ({NAMES})")]
    finally:
        connection.close()
