"""Settings: what is read, what is refused with one line, and what the demo ignores."""

import stat
from pathlib import Path
from typing import Any

import pytest

from hubevents.core import config
from hubevents.core.config import ConfigError, load


def given(tmp_path: Path, **values: str) -> dict[str, str]:
    return {"HUBEVENTS_INSTANCE": str(tmp_path / "inst"), **{f"HUBEVENTS_{name}": v for name, v in values.items()}}


def test_without_any_setting_everything_lies_in_the_instance_folder(tmp_path):
    settings = load(given(tmp_path))
    instance = tmp_path / "inst"
    assert settings.instance == instance
    assert settings.database_url == f"sqlite:///{instance}/hubevents.sqlite3"
    assert settings.queue_url == f"sqlite:///{instance}/jobs.sqlite3"
    assert (settings.redis_url, settings.base_url, settings.smtp_url, settings.proxy_hops) == (None, None, None, 0)
    assert settings.rate_limits
    assert not settings.https
    assert stat.S_IMODE(instance.stat().st_mode) == 0o700


def test_the_key_is_made_once_and_is_private(tmp_path):
    first = load(given(tmp_path)).secret_keys
    assert first == load(given(tmp_path)).secret_keys
    key = tmp_path / "inst" / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert first == (key.read_text(),)


def test_several_keys_are_read_in_order(tmp_path):
    settings = load(given(tmp_path, SECRET_KEY="new-key-0123456789, old-key-0123456789"))
    assert settings.secret_keys == ("new-key-0123456789", "old-key-0123456789")
    assert not (tmp_path / "inst" / "secret-key").exists()


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "inst").mkdir()
    (tmp_path / "inst" / "config.toml").write_text(
        'base_url = "https://events.example.org"\nPROXY_HOPS = 1\nrate_limits = false\n'
    )
    settings = load(given(tmp_path, PROXY_HOPS="2"))
    assert (settings.base_url, settings.proxy_hops, settings.rate_limits) == ("https://events.example.org", 2, False)
    assert settings.https
    assert settings.mail_from == "events@events.example.org"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"COLOR": "red"}, "Unknown setting HUBEVENTS_COLOR"),
        ({"DATABASE_URL": "mysql://x"}, "HUBEVENTS_DATABASE_URL must begin"),
        ({"QUEUE_URL": "redis://x"}, "HUBEVENTS_QUEUE_URL must begin"),
        ({"REDIS_URL": "memcached://x"}, "HUBEVENTS_REDIS_URL must begin"),
        ({"SMTP_URL": "http://x"}, "HUBEVENTS_SMTP_URL must begin"),
        ({"BASE_URL": "events.example.org"}, "HUBEVENTS_BASE_URL must look like"),
        ({"BASE_URL": "https://example.org/events"}, "HUBEVENTS_BASE_URL must look like"),
        ({"MAIL_FROM": "Hub <hub@example.org>"}, "HUBEVENTS_MAIL_FROM must be"),
        ({"PROXY_HOPS": "-1"}, "HUBEVENTS_PROXY_HOPS must be"),
        ({"PROXY_HOPS": "many"}, "HUBEVENTS_PROXY_HOPS must be"),
        ({"RATE_LIMITS": "maybe"}, "HUBEVENTS_RATE_LIMITS must be"),
        ({"SECRET_KEY": "short"}, "HUBEVENTS_SECRET_KEY"),
        ({"SECRET_KEY": ","}, "HUBEVENTS_SECRET_KEY"),
    ],
)
def test_a_bad_setting_is_one_clear_line(tmp_path, values: dict[str, str], words: str):
    with pytest.raises(ConfigError) as refused:
        load(given(tmp_path, **values))
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("colour = 1", "Unknown setting COLOUR in"),
        ("base_url = ", "is not valid TOML"),
        ('instance = "/x"', "INSTANCE cannot be set"),
        ("proxy_hops = [1]", "must be a text, a number or true/false"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, content: str, words: str):
    (tmp_path / "inst").mkdir()
    (tmp_path / "inst" / "config.toml").write_text(content)
    with pytest.raises(ConfigError) as refused:
        load(given(tmp_path))
    assert words in str(refused.value)


POSTGRESQL: dict[str, str] = {
    "DATABASE_URL": "postgresql://hub@127.0.0.1/hub",
    "SECRET_KEY": "a-key-of-16-letters",
    "QUEUE_URL": "postgresql://hub@127.0.0.1/hub",
    "BASE_URL": "https://events.example.org",
}


@pytest.mark.parametrize("lacking", ["SECRET_KEY", "QUEUE_URL", "BASE_URL"])
def test_postgresql_needs_key_queue_and_address(tmp_path, lacking: str):
    values = {name: value for name, value in POSTGRESQL.items() if name != lacking}
    with pytest.raises(ConfigError, match=f"HUBEVENTS_{lacking} is required"):
        load(given(tmp_path, **values))


def test_postgresql_is_spoken_with_psycopg(tmp_path):
    settings = load(given(tmp_path, **POSTGRESQL))
    assert settings.database_url == "postgresql+psycopg://hub@127.0.0.1/hub"
    assert settings.queue_url == "postgresql://hub@127.0.0.1/hub"


def test_the_tests_settings_are_not_ours(tmp_path):
    assert load({**given(tmp_path), "HUBEVENTS_TEST_REDIS_URL": "redis://x"}).redis_url is None


def test_the_demo_ignores_servers_and_the_file(tmp_path):
    (tmp_path / "inst").mkdir()
    (tmp_path / "inst" / "config.toml").write_text('smtp_url = "smtp://mail.example.org"\ncolour = 1\n')
    values: dict[str, Any] = {**POSTGRESQL, "SMTP_URL": "smtp://mail.example.org", "BASE_URL": "http://localhost:8000"}
    settings = load(given(tmp_path, **values), demo=True)
    instance = tmp_path / "inst"
    assert settings.demo
    assert settings.database_url == f"sqlite:///{instance}/hubevents.sqlite3"
    assert settings.queue_url == f"sqlite:///{instance}/jobs.sqlite3"
    assert (settings.smtp_url, settings.base_url) == (None, None)


def test_the_demo_keeps_an_address_that_others_reach(tmp_path):
    assert load(given(tmp_path, BASE_URL="https://demo.example.org"), demo=True).base_url == "https://demo.example.org"


def test_the_demo_has_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({}, demo=True).instance == tmp_path / "instance" / "demo"
    assert load({}).instance == tmp_path / "instance"


def test_the_bound_address_is_kept(tmp_path):
    assert config.bound_address(tmp_path) is None
    config.write_address(tmp_path, "http://127.0.0.1:8003")
    assert config.bound_address(tmp_path) == "http://127.0.0.1:8003"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    environ = {"HUBEVENTS_INSTANCE": str(tmp_path / "file" / "inst")}
    with pytest.raises(ConfigError, match=r"config.toml cannot be read: Not a directory."):
        load(environ)
    with pytest.raises(ConfigError, match=r"HUBEVENTS_INSTANCE: the folder .* cannot be made: Not a directory."):
        load(environ, demo=True)


def test_a_damaged_key_file_is_refused(tmp_path):
    (tmp_path / "inst").mkdir()
    (tmp_path / "inst" / "secret-key").write_text("x")
    with pytest.raises(ConfigError, match="is damaged"):
        load(given(tmp_path))


def test_zones_are_known_by_their_names():
    assert config.zone("Europe/Sofia") == "Europe/Sofia"
    with pytest.raises(ConfigError, match="no time zone 'Mars'"):
        config.zone("Mars")
