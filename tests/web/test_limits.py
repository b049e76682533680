"""Rate limits are counted in Redis when several processes serve, and in memory when Redis is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask

from hubevents.core.db import db
from hubevents.web.limits import limiter
from tests import people
from tests.conftest import new_app, settings_for


def counters(store: redis.Redis) -> list[bytes]:
    return list(store.scan_iter("*hubevents*"))


@pytest.fixture
def store(redis_url: str) -> Iterator[redis.Redis]:
    """The test's Redis without counters of an earlier run."""
    with redis.Redis.from_url(redis_url) as store:
        for key in counters(store):
            store.delete(key)
        yield store
        for key in counters(store):
            store.delete(key)


@pytest.fixture
def two_processes(
    tmp_path: Path, redis_url: str, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Flask, Flask]]:
    """Two applications of one installation, as two server processes would be."""
    # The limiter is one per process: a test that was here before may have left it waiting for a Redis that never was.
    monkeypatch.setattr(limiter, "_storage_dead", False)
    apps = [
        new_app(settings_for(tmp_path / "shared", rate_limits=True, redis_url=redis_url)) for _process in range(2)
    ]
    people.cast(apps[0])
    yield apps[0], apps[1]
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def guess(app: Flask) -> int:
    data = {"email": "alice@example.org", "password": "no"}
    return int(app.test_client().post("/organise/sign-in", data=data).status_code)


def test_two_processes_count_together_in_redis(two_processes: tuple[Flask, Flask], store: redis.Redis) -> None:
    one, other = two_processes
    assert counters(store) == []
    answers = [guess(one if turn % 2 else other) for turn in range(11)]
    assert answers == [422] * 10 + [429]
    assert len(counters(store)) >= 2  # a minute and an hour


def test_without_redis_people_are_served_and_each_process_counts_for_itself(tmp_path: Path) -> None:
    app = new_app(settings_for(tmp_path / "alone", rate_limits=True, redis_url="redis://127.0.0.1:1/0"))
    people.cast(app)
    assert [guess(app) for _turn in range(11)] == [422] * 10 + [429]
    with app.app_context():
        db.engine.dispose()
