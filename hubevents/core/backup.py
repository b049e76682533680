"""Packing an installation into one file and putting it back; knows folders and databases, no feature.

The file is a gzipped tar (0600) of `manifest.json`, `hubevents.sqlite3` (SQLite only), `secret-key` when the instance
holds one, and all of `uploads/` and `vocabularies/`. Settings (config.toml, environment) are the operator's own.
"""

import contextlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from hubevents.core import clock
from hubevents.core.config import KEY_FILE, ConfigError

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "hubevents.sqlite3"
FOLDERS = ("uploads", "vocabularies")
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,120}")
_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself; `revision` is the schema's, `database` whether it holds one (SQLite)."""

    made_at: str
    revision: str | None
    database: bool


def pack(target: Path, instance: Path, database: Path | None, revision: str | None) -> int:
    """Writes a backup and returns its size in bytes; a server may go on meanwhile. Raises ConfigError.

    The database comes first: whatever file a row names was there before the row. `target` appears whole or not at all.
    """
    if target.exists():
        raise ConfigError(f"{target} exists already: choose another name.")
    part = target.with_name(target.name + ".part")
    try:
        with contextlib.ExitStack() as undo:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            undo.callback(part.unlink, missing_ok=True)
            os.fchmod(descriptor, 0o600)  # a part file that a crash left may have other rights
            with os.fdopen(descriptor, "wb") as file:
                _write(file, instance, database, revision)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
    except OSError as error:
        raise ConfigError(f"The backup {target} cannot be written: {error.strerror or error}.") from error
    return target.stat().st_size


def _write(file: BinaryIO, instance: Path, database: Path | None, revision: str | None) -> None:
    with (
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive,
        tempfile.TemporaryDirectory(dir=instance, prefix=".backup-") as folder,
    ):
        said = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(timespec="seconds"),
            "revision": revision,
            "database": database is not None,
        }
        content = json.dumps(said, indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode, info.mtime = len(content), 0o600, int(clock.now().timestamp())
        archive.addfile(info, io.BytesIO(content))
        if database is not None:
            copy = Path(folder) / DATABASE
            _copy_database(database, copy)
            archive.add(copy, DATABASE)
        if (instance / KEY_FILE).is_file():
            archive.add(instance / KEY_FILE, KEY_FILE)
        for name in FOLDERS:
            for path in sorted((instance / name).rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.add(path, path.relative_to(instance).as_posix())


def _copy_database(database: Path, copy: Path) -> None:
    """A consistent copy while others write (SQLite's online backup)."""
    source = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    target = sqlite3.connect(copy)
    try:
        source.backup(target, pages=2000)
    finally:
        target.close()
        source.close()


@contextlib.contextmanager
def unpacked(source: Path, instance: Path) -> Iterator[tuple[Manifest, Path]]:
    """Opens a backup into a private folder of the instance; gives what it says and where it lies. Raises ConfigError.

    Only regular files under known names are taken, each written by us: no links, no devices, no way out of the folder.
    """
    with tempfile.TemporaryDirectory(dir=instance, prefix=".restore-") as name:
        folder = Path(name)
        try:
            with tarfile.open(source, mode="r:gz") as archive:
                for member in archive:
                    _take(archive, member, folder)
            manifest = _manifest(folder)
        except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{source} is not a backup of HubEvents, or is damaged: {error}.") from error
        if manifest.database:
            _check_database(folder / DATABASE, source)
        yield manifest, folder


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    parts = PurePosixPath(member.name).parts
    known = member.name in (MANIFEST, DATABASE, KEY_FILE) or (len(parts) > 1 and parts[0] in FOLDERS)
    if not member.isreg() or not known or not all(_SAFE.fullmatch(part) for part in parts):
        raise ValueError(f"it holds {member.name!r}, which no backup does")
    content = archive.extractfile(member)
    assert content is not None
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file)


def _manifest(folder: Path) -> Manifest:
    said = json.loads((folder / MANIFEST).read_text("utf-8"))
    if said["format"] != FORMAT:
        raise ValueError(f"its format {said['format']!r} is not known to this version")
    if bool(said["database"]) != (folder / DATABASE).exists():
        raise ValueError("its database is missing")
    return Manifest(str(said["made_at"]), said["revision"] and str(said["revision"]), bool(said["database"]))


def _check_database(database: Path, source: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    finally:
        connection.close()
    if found != "ok":
        raise ConfigError(f"The database in {source} is damaged: {found}.")


def put_back(folder: Path, instance: Path, database: Path | None) -> Path:
    """Moves an unpacked backup into its places and returns the folder that keeps what stood there before.

    A failure halfway moves everything back, then raises ConfigError. Nobody else may use the instance meanwhile.
    """
    kept = instance / f"before-restore-{clock.now():%Y%m%d-%H%M%S-%f}"
    kept.mkdir(mode=0o700)
    moved: list[tuple[Path, Path]] = []

    def move(here: Path, there: Path) -> None:
        if here.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(here, there)
            moved.append((here, there))

    try:
        if database is not None:
            for path in (database, *(database.with_name(database.name + end) for end in _COMPANIONS)):
                move(path, kept / path.name)
            move(folder / DATABASE, database)
        for name in (KEY_FILE, *FOLDERS):
            if (folder / name).exists() or name != KEY_FILE:
                move(instance / name, kept / name)
            move(folder / name, instance / name)
    except OSError as error:
        for here, there in reversed(moved):
            shutil.move(there, here)
        kept.rmdir()
        raise ConfigError(f"Nothing was restored: {error.strerror or error}.") from error
    return kept
