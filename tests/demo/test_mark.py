"""The mark beside a demo's database: a foreign one is never touched, an old or half-made one is made anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubevents.core import clock
from hubevents.core.config import ConfigError
from hubevents.demo import mark
from hubevents.demo.mark import DATABASE, NAME, Mark

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def made(instance: Path, ago: timedelta = timedelta(), **values: bool) -> None:
    (instance / DATABASE).touch()
    mark.write(instance, Mark(NOW - ago, **values))


def fresh(instance: Path) -> bool:
    with clock.at(NOW):
        return mark.is_fresh(instance)


def test_a_mark_is_read_as_it_was_written(tmp_path):
    for written in (Mark(None), Mark(NOW), Mark(NOW, own_passwords=True)):
        mark.write(tmp_path, written)
        assert mark.read(tmp_path) == written
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_no_mark_and_a_broken_one(tmp_path):
    assert mark.read(tmp_path) is None
    for broken in ("", "[]", "{}", '{"made_at": "yesterday", "own_passwords": false}', "\x00"):
        (tmp_path / NAME).write_text(broken)
        assert mark.read(tmp_path) == Mark(None)


def test_a_foreign_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / DATABASE).write_bytes(b"somebody's hub")
    with pytest.raises(ConfigError, match="not the demo's"):
        mark.refuse_foreign(tmp_path)
    with pytest.raises(ConfigError, match="not the demo's"):
        mark.begin(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == b"somebody's hub"
    assert not (tmp_path / NAME).exists()


def test_an_empty_folder_and_a_demos_are_taken(tmp_path):
    mark.refuse_foreign(tmp_path)
    made(tmp_path)
    mark.refuse_foreign(tmp_path)


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(), True),
        (timedelta(days=14), True),
        (timedelta(days=14, seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_demo_is_fresh_for_a_fortnight(tmp_path, ago, expected):
    made(tmp_path, ago)
    assert fresh(tmp_path) is expected


def test_a_half_made_demo_is_not_fresh(tmp_path):
    assert not fresh(tmp_path)
    made(tmp_path)
    mark.begin(tmp_path)
    (tmp_path / DATABASE).touch()
    assert not fresh(tmp_path)
    with clock.at(NOW):
        mark.finish(tmp_path)
    assert fresh(tmp_path)
    (tmp_path / DATABASE).unlink()
    assert not fresh(tmp_path)


def test_making_anew_clears_the_data_and_nothing_else(tmp_path):
    made(tmp_path, own_passwords=True)
    for name in ("hubevents.sqlite3-wal", "jobs.sqlite3", "jobs.sqlite3-shm", "secret.key"):
        (tmp_path / name).touch()
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "logo.png").touch()
    mark.begin(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [NAME, "secret.key"]
    assert mark.read(tmp_path) == Mark(None)
