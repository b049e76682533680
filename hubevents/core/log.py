"""Structured logs: one JSON line per happening, routes instead of paths, and no personal data.

An exception is written with its kind and place in the code. Its own words may repeat what a person typed (a value that
could not be read, the row that PostgreSQL refused), so they stay out but for the kinds that speak of the machine.
"""

import logging
import re
import sys
import traceback
from types import TracebackType

import sqlalchemy as sa
import structlog

_SPEAK_OF_THE_MACHINE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.ProgrammingError, ImportError)
_ADDRESS = re.compile(r"[^\s<>\"',;:()]+@[^\s<>\"',;()]+")
_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[0-9A-Z])[A-Za-z0-9_-]{32,}(?![\w-])", re.ASCII)


def init_logs(*, plain: bool = False) -> None:
    """Sends structlog and the standard library to standard error, as JSON or, when `plain`, as short lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_told),
        _without_people,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if plain
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # flask-limiter names who asked too often.
    for quiet in ("huey", "huey.consumer", "alembic", "waitress", "flask-limiter"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every request that waits a moment


def _told(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """An exception and what it came from: kinds and places, and words only where they speak of the machine."""
    chain: list[BaseException] = []
    next_one: BaseException | None = exc_info[1]
    while next_one is not None and next_one not in chain:
        chain.append(next_one)
        next_one = next_one.__cause__ or (None if next_one.__suppress_context__ else next_one.__context__)
    return "\nthen\n".join(_one(each) for each in reversed(chain))


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OSError) and error.strerror:
        kind += f": {error.strerror}"
    elif isinstance(error, _SPEAK_OF_THE_MACHINE):
        kind += f": {getattr(error, 'orig', None) or error}".partition("\n")[0]
    return frames + kind


def _without_people(logger: object, name: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Takes mail addresses and tokens of links out of what other programs' modules log, such as a whole path."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = _TOKEN.sub("[token]", _ADDRESS.sub("[address]", value))
    return entry


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
