"""A backup is whole and private; putting it back takes nothing but what a backup holds, all of it or nothing."""

import io
import json
import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest

from hubevents.core import backup
from hubevents.core.backup import Manifest
from hubevents.core.config import ConfigError


def installation(folder: Path, words: str = "first") -> Path:
    """A small instance folder with a database, a key and uploads; returns the database."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "hubevents.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS said (words TEXT)")
        connection.execute("DELETE FROM said")
        connection.execute("INSERT INTO said VALUES (?)", (words,))
    connection.close()
    (folder / "secret-key").write_text(f"key of {words}")
    (folder / "uploads" / "ab").mkdir(parents=True, exist_ok=True)
    (folder / "uploads" / "ab" / "picture.webp").write_bytes(words.encode())
    return database


def said(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return str(connection.execute("SELECT words FROM said").fetchone()[0])
    finally:
        connection.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def packed(tmp_path: Path, words: str = "first") -> Path:
    source = tmp_path / f"source-{words}"
    target = tmp_path / f"{words}.tar.gz"
    backup.pack(target, source, installation(source, words), "0001")
    return target


def archive(path: Path, **members: bytes | tarfile.TarInfo) -> Path:
    """A hand-made archive; names have `/` and `.` as given in `members`."""
    with tarfile.open(path, "w:gz") as file:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.name = name
            if isinstance(content, bytes):
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
            else:
                file.addfile(info)
    return path


SAID = {"format": 1, "made_at": "2026-11-23T10:00:00+00:00", "revision": None, "database": False}
MANIFEST = json.dumps(SAID).encode()


def test_what_was_packed_comes_back(tmp_path):
    target = packed(tmp_path)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    instance = tmp_path / "other"
    database = installation(instance, "second")
    (instance / "uploads" / "newer.webp").write_text("x")
    with backup.unpacked(target, instance) as (manifest, folder):
        assert (manifest.revision, manifest.database) == ("0001", True)
        kept = backup.put_back(folder, instance, database)
    assert said(database) == "first"
    assert (instance / "secret-key").read_text() == "key of first"
    assert {name for name in contents(instance) if not name.startswith(kept.name)} == {
        "hubevents.sqlite3",
        "secret-key",
        "uploads/ab/picture.webp",
    }
    assert said(kept / "hubevents.sqlite3") == "second"
    assert (kept / "uploads" / "newer.webp").exists()


def test_a_backup_is_taken_while_others_write(tmp_path):
    database = installation(tmp_path / "inst")
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE said SET words = 'half done'")
    try:
        backup.pack(tmp_path / "b.tar.gz", tmp_path / "inst", database, "0001")
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    with backup.unpacked(tmp_path / "b.tar.gz", tmp_path) as (_, folder):
        assert said(folder / "hubevents.sqlite3") == "first"


def test_an_existing_file_is_never_replaced(tmp_path):
    target = packed(tmp_path)
    before = target.read_bytes()
    with pytest.raises(ConfigError, match="exists already"):
        backup.pack(target, tmp_path / "source-first", None, None)
    assert target.read_bytes() == before


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        backup.pack(tmp_path / "absent" / "b.tar.gz", tmp_path, None, None)
    (tmp_path / "inst").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        backup.pack(tmp_path / "b.tar.gz", tmp_path / "inst", tmp_path / "no.sqlite3", None)
    assert contents(tmp_path) == {}


def _link(kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../outside", b"x"),
        ("/absolute", b"x"),
        ("uploads/../../outside", b"x"),
        ("uploads/.hidden", b"x"),
        ("uploads", b"x"),
        ("other.txt", b"x"),
        ("config.toml", b"x"),
        ("uploads/link", _link(tarfile.SYMTYPE, "/etc/passwd")),
        ("uploads/hard", _link(tarfile.LNKTYPE, "secret-key")),
        ("uploads/pipe", _link(tarfile.FIFOTYPE, "")),
        ("uploads/device", _link(tarfile.CHRTYPE, "")),
        ("secret-key", _link(tarfile.SYMTYPE, "/etc/passwd")),
    ],
)
def test_foreign_members_are_refused_and_nothing_leaves_the_folder(tmp_path, name: str, content):
    instance = tmp_path / "deep" / "inst"
    instance.mkdir(parents=True)
    path = archive(tmp_path / "evil.tar.gz", **{"manifest.json": MANIFEST, name: content})
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match="which no backup does"), backup.unpacked(path, instance):
        pass
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "No such file"),
        ({"manifest.json": b"{}"}, "'format'"),
        ({"manifest.json": b"\xff"}, "decode"),
        ({"manifest.json": MANIFEST.replace(b'"format": 1', b'"format": 2')}, "format 2 is not known"),
        ({"manifest.json": MANIFEST.replace(b"false", b"true")}, "its database is missing"),
        ({"manifest.json": MANIFEST.replace(b"false", b"true"), "hubevents.sqlite3": b"no database at all"}, "damaged"),
        ({"manifest.json": MANIFEST, "hubevents.sqlite3": b""}, "its database is missing"),
    ],
)
def test_what_is_no_backup_is_one_clear_line(tmp_path, members: dict[str, bytes], words: str):
    path = archive(tmp_path / "bad.tar.gz", **members)
    with pytest.raises(ConfigError, match=words), backup.unpacked(path, tmp_path):
        pass


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x1f\x8b\x08broken"])
def test_what_is_no_archive_is_one_clear_line(tmp_path, content: bytes):
    (tmp_path / "bad.tar.gz").write_bytes(content)
    with (
        pytest.raises(ConfigError, match="is not a backup of HubEvents"),
        backup.unpacked(tmp_path / "bad.tar.gz", tmp_path),
    ):
        pass


def test_a_cut_off_backup_is_refused(tmp_path):
    target = packed(tmp_path)
    target.write_bytes(target.read_bytes()[:-400])
    with pytest.raises(ConfigError, match="is not a backup"), backup.unpacked(target, tmp_path):
        pass


def test_a_failure_halfway_moves_everything_back(tmp_path, monkeypatch):
    target = packed(tmp_path)
    instance = tmp_path / "other"
    database = installation(instance, "second")
    before = contents(instance)
    real, moves = shutil.move, []

    def fourth_fails(here: Path, there: Path) -> None:
        moves.append(here)
        if len(moves) == 4:
            raise OSError(28, "No space left on device")
        real(here, there)

    monkeypatch.setattr(backup.shutil, "move", fourth_fails)
    with (
        backup.unpacked(target, instance) as (_, folder),
        pytest.raises(ConfigError, match="Nothing was restored: No space left"),
    ):
        backup.put_back(folder, instance, database)
    assert contents(instance) == before
    assert sorted(p.name for p in instance.iterdir()) == ["hubevents.sqlite3", "secret-key", "uploads"]


def test_files_alone_are_put_back_beside_a_server_database(tmp_path):
    source = tmp_path / "source"
    installation(source)
    backup.pack(tmp_path / "b.tar.gz", source, None, "0001")
    instance = tmp_path / "inst"
    instance.mkdir()
    with backup.unpacked(tmp_path / "b.tar.gz", instance) as (manifest, folder):
        assert manifest == Manifest(manifest.made_at, "0001", False)
        backup.put_back(folder, instance, None)
    assert (instance / "uploads" / "ab" / "picture.webp").read_bytes() == b"first"
    assert not (instance / "hubevents.sqlite3").exists()
