"""An installation of its own for commands: `hubevents("doctor")` runs one in this process and gives its result."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from hubevents.__main__ import cli
from hubevents.app import create_app
from hubevents.core.config import ConfigError
from hubevents.core.db import db
from hubevents.core.errors import DomainError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The instance folder of the commands; nothing else is set."""
    for name in [name for name in os.environ if name.startswith("HUBEVENTS_") and "_TEST_" not in name]:
        monkeypatch.delenv(name)
    folder = tmp_path / "inst"
    monkeypatch.setenv("HUBEVENTS_INSTANCE", str(folder))
    return folder


class Commands:
    """Runs commands in this process; refusals are kept in `.refused` as `main` would print them."""

    def __init__(self) -> None:
        self.refused: ConfigError | DomainError | None = None

    def __call__(self, *args: str, input: str | None = None) -> Result:
        self.refused = None
        result = CliRunner().invoke(cli, list(args), input=input)
        if isinstance(result.exception, ConfigError | DomainError):
            self.refused = result.exception
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def hubevents(instance: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    made: list[Flask] = []

    def remember(*settings: Any) -> Flask:
        made.append(create_app(*settings))
        return made[-1]

    monkeypatch.setattr(cli, "create_app", remember)
    yield Commands()
    for app in made:  # a process would end here
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def first_hub(hubevents: Commands) -> Commands:
    """An installation with the hub `zagore`."""
    result = hubevents(
        "init", "--email", "alice@example.org", "--name", "Алиса", "--password", "correct horse", "--hub", "Загоре"
    )
    assert result.exit_code == 0, result.output
    return hubevents


class Process:
    """`python -m hubevents ...` as a process of its own."""

    def __init__(self, *args: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hubevents", *args],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_until(self, words: str) -> str:
        """All output up to a line that holds `words`."""
        assert self.process.stdout is not None
        seen = ""
        for line in self.process.stdout:
            seen += line
            if words in line:
                return seen
        raise AssertionError(f"{words!r} never came: {seen}{self.process.stderr.read() if self.process.stderr else ''}")

    def end(self, signal: int) -> tuple[int, str, str]:
        """Sends a signal; exit status and the rest of both outputs."""
        self.process.send_signal(signal)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def started(instance: Path) -> Iterator[Any]:
    """`started("run", "--port", "0")` starts a process that ends with the test at the latest."""
    processes: list[Process] = []

    def start(*args: str, **environ: str) -> Process:
        processes.append(Process(*args, **environ))
        return processes[-1]

    yield start
    for each in processes:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()
