"""Logs name nobody: not in exceptions, not in paths that others log."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import structlog

from hubevents.core import log
from hubevents.core.db import db
from hubevents.mail.models import OutboxMessage

MARIA = "maria.zheleva@example.org"
TOKEN = "AAAAAAAGAAFYPhC2qkpXv6yLrJd3S_1w"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """The lines that were logged, as JSON."""
    root = logging.getLogger()
    kept, level, stream = root.handlers, root.level, io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        log.init_logs()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers = kept
    root.setLevel(level)
    structlog.reset_defaults()


def test_an_exceptions_own_words_stay_out(written) -> None:
    try:
        try:
            int("Мария Желева")
        except ValueError as error:
            raise KeyError(MARIA) from error
    except KeyError:
        log.get("test").exception("failed", route="/<lang>/r/<token>/")
    (line,) = written()
    assert (line["event"], line["route"], line["level"]) == ("failed", "/<lang>/r/<token>/", "error")
    assert "builtins.ValueError\nthen\n" in line["exception"]
    assert line["exception"].endswith("builtins.KeyError")
    assert 'int("' in line["exception"] or "test_log.py" in line["exception"]
    assert MARIA not in str(line)


def test_what_the_machine_lacks_is_said(written) -> None:
    for error in (FileNotFoundError(2, "No such file or directory", "/x"), ImportError("no module x")):
        try:
            raise error
        except (OSError, ImportError):
            log.get("test").exception("failed")
    assert [line["exception"].rpartition("\n")[2] for line in written()] == [
        "builtins.FileNotFoundError: No such file or directory",
        "builtins.ImportError: no module x",
    ]


def test_a_row_that_the_database_refuses_is_not_repeated(ctx, written) -> None:
    values = {"about": "x", "kind": "k", "recipient": MARIA, "language": "bg", "message_id": MARIA}
    for _ in range(2):
        try:
            db.session.execute(sa.insert(OutboxMessage).values(**values, created_at=None, due_at=None))
        except sa.exc.StatementError:
            log.get("test").exception("refused")
        db.session.rollback()
    lines = written()
    assert len(lines) == 2
    assert "sqlalchemy.exc.IntegrityError" in lines[0]["exception"]
    assert "maria" not in str(lines)


@pytest.mark.parametrize("logger", ["waitress", "huey", "somebody.else"])
def test_paths_and_addresses_that_others_log_are_covered(written, logger: str) -> None:
    logging.getLogger(logger).error("Exception while serving %s for <%s>", f"/bg/r/{TOKEN}/change", MARIA)
    (line,) = written()
    assert line["event"] == "Exception while serving /bg/r/[token]/change for <[address]>"


def test_whoever_asked_too_often_is_not_named(written) -> None:
    logging.getLogger("flask-limiter").info("ratelimit %s (%s) exceeded", "10 per minute", f"{MARIA} 203.0.113.9")
    assert written() == []


def test_a_statements_values_are_not_part_of_its_error(ctx) -> None:
    with pytest.raises(sa.exc.StatementError) as refused:
        db.session.execute(sa.insert(OutboxMessage).values(recipient=MARIA))
    assert MARIA not in str(refused.value).partition("DETAIL")[0]
