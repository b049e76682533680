"""`backup` and `restore` from the outside; what the files hold is tested beside `core.backup`."""

import sqlite3
import stat
from pathlib import Path

import pytest

from hubevents.core.schema import SERVER_LOCK, file_lock
from tests.conftest import temporary_postgresql


def hubs_in(instance: Path) -> list[str]:
    connection = sqlite3.connect(instance / "hubevents.sqlite3")
    try:
        return [row[0] for row in connection.execute("SELECT slug FROM hub ORDER BY id")]
    finally:
        connection.close()


def empty_hubs(instance: Path) -> None:
    connection = sqlite3.connect(instance / "hubevents.sqlite3")
    with connection:
        connection.execute("DELETE FROM membership")
        connection.execute("DELETE FROM hub")
    connection.close()


def test_a_backup_is_put_back(first_hub, instance: Path, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    result = first_hub("backup", str(file))
    assert result.exit_code == 0
    assert result.output.startswith(f"{file}: 0.")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    empty_hubs(instance)
    with file_lock(instance / SERVER_LOCK, shared=True):  # as a server holds it
        first_hub("backup", str(tmp_path / "second.tar.gz"))
    assert first_hub.refused is None

    result = first_hub("restore", str(file), input="n\n")
    assert result.exit_code == 1
    assert hubs_in(instance) == []
    result = first_hub("restore", str(file), input="y\n")
    assert result.exit_code == 0
    assert "Restored the backup of" in result.output
    assert hubs_in(instance) == ["zagore"]
    result = first_hub("restore", str(tmp_path / "second.tar.gz"), "--yes")
    assert result.exit_code == 0
    assert hubs_in(instance) == []


def test_restore_refuses_while_a_server_runs(first_hub, instance: Path, tmp_path: Path):
    file = tmp_path / "backup.tar.gz"
    first_hub("backup", str(file))
    empty_hubs(instance)
    with file_lock(instance / SERVER_LOCK, shared=True):
        first_hub("restore", str(file), "--yes")
    assert str(first_hub.refused) == "A server or worker is running on this instance folder: stop it first."
    assert hubs_in(instance) == []


def test_restore_into_an_empty_folder_makes_the_installation(first_hub, tmp_path: Path, monkeypatch):
    file = tmp_path / "backup.tar.gz"
    first_hub("backup", str(file))
    monkeypatch.setenv("HUBEVENTS_INSTANCE", str(tmp_path / "new"))
    assert first_hub("restore", str(file), "--yes").exit_code == 0
    assert hubs_in(tmp_path / "new") == ["zagore"]
    kept = (tmp_path / "inst" / "secret-key").read_text()
    assert (tmp_path / "new" / "secret-key").read_text() == kept
    assert first_hub("doctor").exit_code == 0


def test_a_backup_of_a_newer_version_is_refused(first_hub, instance: Path, tmp_path: Path):
    connection = sqlite3.connect(instance / "hubevents.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    first_hub("backup", str(tmp_path / "b.tar.gz"))
    first_hub("restore", str(tmp_path / "b.tar.gz"), "--yes")
    assert "made by a newer version" in str(first_hub.refused)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_what_cannot_be_read_or_written_is_one_line(first_hub, tmp_path: Path, command: str):
    first_hub(command, str(tmp_path / "absent" / "b.tar.gz"))
    assert "\n" not in str(first_hub.refused)
    assert "b.tar.gz" in str(first_hub.refused)


def test_on_postgresql_the_files_are_packed_and_the_dump_is_told(
    hubevents, has_postgresql, tmp_path: Path, monkeypatch
):
    file = tmp_path / "backup.tar.gz"
    with temporary_postgresql() as url:
        secret = url.replace("postgres@", "postgres:pa%20ss@").replace("+psycopg", "")
        monkeypatch.setenv("HUBEVENTS_DATABASE_URL", secret)
        monkeypatch.setenv("HUBEVENTS_QUEUE_URL", f"sqlite:///{tmp_path}/jobs.sqlite3")
        monkeypatch.setenv("HUBEVENTS_SECRET_KEY", "a-key-of-16-letters")
        monkeypatch.setenv("HUBEVENTS_BASE_URL", "https://events.example.org")
        result = hubevents("backup", str(file))
        assert result.exit_code == 0, result.output
        assert f"pg_dump --format=custom --file={file}.dump postgresql://" in result.output
        assert "pa%20ss" not in result.output
        assert "pa ss" not in result.output
        assert "HUBEVENTS_SECRET_KEY is a setting of yours" in result.output
        result = hubevents("restore", str(file), "--yes")
        assert "pg_restore --clean --if-exists --dbname=postgresql://" in result.output
        assert "pa%20ss" not in result.output
        monkeypatch.delenv("HUBEVENTS_DATABASE_URL")
        hubevents("restore", str(file), "--yes")
        assert "was made on PostgreSQL" in str(hubevents.refused)
