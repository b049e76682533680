"""The demo's mark: only a folder that bears it is ever cleared, and a half-made demo is made again."""

from datetime import timedelta
from pathlib import Path

import pytest

from hubevents.core import clock
from hubevents.core.config import ConfigError
from hubevents.demo import mark


def made(instance: Path, days_ago: float) -> None:
    (instance / mark.DATABASE).write_text("rows")
    with clock.at(clock.now() - timedelta(days=days_ago)):
        mark.finish(instance)


def test_a_demo_is_fresh_for_two_weeks(tmp_path: Path):
    assert not mark.is_fresh(tmp_path)
    for days, fresh in ((0, True), (13.9, True), (14.1, False), (-1, False)):
        made(tmp_path, days)
        assert mark.is_fresh(tmp_path) is fresh, days


def test_a_demo_without_its_database_is_not_fresh(tmp_path: Path):
    made(tmp_path, 0)
    (tmp_path / mark.DATABASE).unlink()
    assert not mark.is_fresh(tmp_path)


def test_a_database_without_the_mark_is_left_alone(tmp_path: Path):
    (tmp_path / mark.DATABASE).write_text("somebody's rows")
    with pytest.raises(ConfigError, match="not the demo's"):
        mark.refuse_foreign(tmp_path)
    with pytest.raises(ConfigError, match="not the demo's"):
        mark.begin(tmp_path)
    assert (tmp_path / mark.DATABASE).read_text() == "somebody's rows"


def test_a_demo_cut_off_while_it_was_made_is_made_again(tmp_path: Path):
    mark.begin(tmp_path)
    (tmp_path / mark.DATABASE).write_text("half of the rows")
    mark.refuse_foreign(tmp_path)
    assert not mark.is_fresh(tmp_path)


def test_beginning_clears_rows_queue_and_uploads_but_not_the_key(tmp_path: Path):
    made(tmp_path, 20)
    for name in ("hubevents.sqlite3-wal", "hubevents.before-0001.sqlite3", "jobs.sqlite3", "secret-key"):
        (tmp_path / name).write_text("x")
    (tmp_path / "uploads").mkdir()
    mark.begin(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "secret-key"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"made_at": 1, "own_passwords": 0}', "null"])
def test_a_damaged_mark_still_is_a_mark(tmp_path: Path, content: str):
    (tmp_path / mark.NAME).write_text(content)
    assert mark.read(tmp_path) == mark.Mark(None)
    assert not mark.is_fresh(tmp_path)
