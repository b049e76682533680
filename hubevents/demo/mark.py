"""The mark beside a demo's database: whether the folder may be made anew, and when it was made."""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hubevents.core import clock
from hubevents.core.config import ConfigError

NAME = "demo.json"
DATABASE = "hubevents.sqlite3"
PASSWORD = "demo-demo"  # noqa: S105 - the demo's own, printed at every start
KEPT = timedelta(days=14)
"""The demo's dates are relative to the day it was made, so an older one looks deserted."""


@dataclass(frozen=True)
class Mark:
    """What the mark says; `made_at` is None while the demo is being made, so a half-made one is made again."""

    made_at: datetime | None
    own_passwords: bool = False
    """Whether the passwords are random ones instead of `demo-demo`."""


def read(instance: Path) -> Mark | None:
    """The mark of a folder; None when the folder is no demo's."""
    try:
        said = json.loads((instance / NAME).read_text("utf-8"))
        made_at = datetime.fromisoformat(said["made_at"]) if said["made_at"] else None
        return Mark(made_at, bool(said["own_passwords"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return Mark(None)


def write(instance: Path, mark: Mark) -> None:
    """Keeps a mark."""
    said = {"made_at": mark.made_at and mark.made_at.isoformat(), "own_passwords": mark.own_passwords}
    part = instance / f"{NAME}.part"
    part.write_text(json.dumps(said) + "\n", "utf-8")
    part.replace(instance / NAME)


def refuse_foreign(instance: Path) -> None:
    """Raises ConfigError when the folder holds a database that is not a demo's."""
    if (instance / DATABASE).exists() and read(instance) is None:
        raise ConfigError(
            f"{instance} holds a database that is not the demo's: name another folder (HUBEVENTS_INSTANCE)."
        )


def is_fresh(instance: Path) -> bool:
    """Whether a whole demo not older than 14 days lies there."""
    mark = read(instance)
    if mark is None or mark.made_at is None or not (instance / DATABASE).exists():
        return False
    return timedelta() <= clock.now() - mark.made_at <= KEPT


def begin(instance: Path) -> None:
    """Clears a demo's folder and marks it as being made."""
    refuse_foreign(instance)
    write(instance, Mark(None))
    for pattern in ("hubevents.*sqlite3*", "jobs.sqlite3*"):
        for file in instance.glob(pattern):
            file.unlink()
    shutil.rmtree(instance / "uploads", ignore_errors=True)


def finish(instance: Path) -> None:
    """Marks the demo as made now."""
    write(instance, Mark(clock.now()))
