"""Settings: environment `HUBEVENTS_<NAME>` over `config.toml` in the instance folder (DESIGN 6).

An unknown or bad setting stops the start with one clear line (`ConfigError`); nothing is guessed.
"""

import os
import re
import secrets
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import email_validator

PREFIX = "HUBEVENTS_"
NAMES = (
    "INSTANCE",
    "DATABASE_URL",
    "QUEUE_URL",
    "REDIS_URL",
    "BASE_URL",
    "SECRET_KEY",
    "SMTP_URL",
    "MAIL_FROM",
    "PROXY_HOPS",
    "RATE_LIMITS",
)
LANGUAGES = ("bg", "en")
"""Languages of the installation: those with a finished catalogue, the first is the default."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ADDRESS_FILE = "address"
KEY_FILE = "secret-key"


class ConfigError(Exception):
    """A setting is unknown, missing or bad; the message is one line for the person who runs the server."""


@dataclass(frozen=True)
class Settings:
    """What an installation can be told from outside; every field is named in README."""

    instance: Path
    database_url: str
    queue_url: str
    redis_url: str | None
    base_url: str | None
    secret_keys: tuple[str, ...]
    smtp_url: str | None
    mail_from: str
    proxy_hops: int
    rate_limits: bool
    demo: bool = False

    @property
    def https(self) -> bool:
        """Whether addresses are https: then cookies are Secure and HSTS is sent."""
        return bool(self.base_url and self.base_url.startswith("https://"))

    @property
    def uploads(self) -> Path:
        """The folder of uploaded and re-encoded pictures."""
        return self.instance / "uploads"


def load(environ: Mapping[str, str] | None = None, *, demo: bool = False) -> Settings:
    """Reads and checks all settings; makes the instance folder (0700) and the key file when absent.

    In the demo DATABASE_URL, QUEUE_URL, SMTP_URL and config.toml are ignored and the folder is `instance/demo`
    unless INSTANCE names another. Raises ConfigError.
    """
    environ = os.environ if environ is None else environ
    given = {
        name.removeprefix(PREFIX): value.strip()
        for name, value in environ.items()
        if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")
    }
    _refuse_unknown(given, "environment", PREFIX)
    default = Path.cwd() / "instance" / ("demo" if demo else "")
    instance = Path(given.get("INSTANCE") or default).absolute()
    if demo:
        for name in ("DATABASE_URL", "QUEUE_URL", "SMTP_URL"):
            given.pop(name, None)
    else:
        given = {**_read_file(instance / "config.toml"), **given}
    make_instance(instance)

    sqlite = f"sqlite:///{instance / 'hubevents.sqlite3'}"
    database_url = _database_url(given.get("DATABASE_URL") or sqlite)
    own_server = not database_url.startswith("sqlite")
    if own_server:
        for name in ("SECRET_KEY", "QUEUE_URL", "BASE_URL"):
            if not given.get(name):
                raise ConfigError(f"{PREFIX}{name} is required when {PREFIX}DATABASE_URL is not SQLite.")
    base_url = _base_url(given.get("BASE_URL"))
    if demo and base_url and urlsplit(base_url).hostname in LOOPBACK:
        base_url = None
    return Settings(
        instance=instance,
        database_url=database_url,
        queue_url=_queue_url(given.get("QUEUE_URL") or f"sqlite:///{instance / 'jobs.sqlite3'}"),
        redis_url=_url(given.get("REDIS_URL"), "REDIS_URL", ("redis", "rediss", "unix")),
        base_url=base_url,
        secret_keys=_secret_keys(given.get("SECRET_KEY"), instance),
        smtp_url=_url(given.get("SMTP_URL"), "SMTP_URL", ("smtp", "smtps", "smtp+starttls")),
        mail_from=_mail_from(given.get("MAIL_FROM"), base_url),
        proxy_hops=_number(given.get("PROXY_HOPS", "0"), "PROXY_HOPS"),
        rate_limits=_switch(given.get("RATE_LIMITS", "on"), "RATE_LIMITS"),
        demo=demo,
    )


def bound_address(instance: Path) -> str | None:
    """The address that `run` last bound, when BASE_URL is not set."""
    try:
        return (instance / ADDRESS_FILE).read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None


def write_address(instance: Path, address: str) -> None:
    """Writes the bound address down for other commands and mails."""
    part = instance / f"{ADDRESS_FILE}.part"
    part.write_text(address + "\n", "utf-8")
    part.replace(instance / ADDRESS_FILE)


def zone(name: str) -> str:
    """The name of a time zone as it is, when there is one (IANA). Raises ConfigError."""
    if name not in zoneinfo.available_timezones():
        raise ConfigError(f"There is no time zone {name!r}; zones are named like Europe/Sofia.")
    return name


def make_instance(instance: Path) -> None:
    """Makes the instance folder, readable by its owner only."""
    try:
        instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"{PREFIX}INSTANCE: the folder {instance} cannot be made: {error.strerror}.") from error


def _refuse_unknown(given: Mapping[str, object], where: str, prefix: str = "") -> None:
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise ConfigError(f"Unknown setting {prefix}{unknown[0]} in {where}. Known: {', '.join(NAMES)}.")


def _read_file(path: Path) -> dict[str, str]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        values = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    named = {name.upper(): value for name, value in values.items()}
    _refuse_unknown(named, str(path))
    if "INSTANCE" in named:
        raise ConfigError(f"INSTANCE cannot be set in {path}: the file lies in that folder.")
    for name, value in named.items():
        if isinstance(value, bool):
            named[name] = "on" if value else "off"
        elif not isinstance(value, str | int):
            raise ConfigError(f"{name} in {path} must be a text, a number or true/false.")
    return {name: str(value).strip() for name, value in named.items()}


def _database_url(value: str) -> str:
    scheme = value.split(":", 1)[0]
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return "postgresql+psycopg:" + value.split(":", 1)[1]
    if scheme == "sqlite":
        return value
    raise ConfigError(f"{PREFIX}DATABASE_URL must begin with sqlite:/// or postgresql://.")


def _queue_url(value: str) -> str:
    if value.startswith(("sqlite:///", "postgresql://")):
        return value
    raise ConfigError(f"{PREFIX}QUEUE_URL must begin with sqlite:/// or postgresql://.")


def _url(value: str | None, name: str, schemes: tuple[str, ...]) -> str | None:
    if not value:
        return None
    if urlsplit(value).scheme not in schemes:
        raise ConfigError(f"{PREFIX}{name} must begin with {' or '.join(s + '://' for s in schemes)}.")
    return value


def _base_url(value: str | None) -> str | None:
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigError(f"{PREFIX}BASE_URL must look like https://events.example.org (no path).")
    return f"{parts.scheme}://{parts.netloc}"


def _mail_from(value: str | None, base_url: str | None) -> str:
    if not value:
        host = urlsplit(base_url).hostname if base_url else None
        return f"events@{host}" if host and "." in host and not re.fullmatch(r"[\d.]+", host) else "events@example.org"
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized
    except email_validator.EmailNotValidError as error:
        raise ConfigError(f"{PREFIX}MAIL_FROM must be one plain mail address: {error}") from error


def _number(value: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,2}", value):
        raise ConfigError(f"{PREFIX}{name} must be a whole number from 0 to 99.")
    return int(value)


def _switch(value: str, name: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise ConfigError(f"{PREFIX}{name} must be on or off.")
    return value.lower() == "on"


def _secret_keys(value: str | None, instance: Path) -> tuple[str, ...]:
    if value:
        keys = tuple(key.strip() for key in value.split(",") if key.strip())
        if not keys or any(len(key) < 16 for key in keys):
            raise ConfigError(f"{PREFIX}SECRET_KEY: every key needs at least 16 characters.")
        return keys
    path = instance / KEY_FILE
    try:
        # O_EXCL: two processes starting at once must end with the same key.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be written: {error.strerror}.") from error
    key = path.read_text("utf-8").strip()
    if len(key) < 16:
        raise ConfigError(f"The key file {path} is damaged: restore it from a backup or remove it.")
    return (key,)
