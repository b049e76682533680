"""`doctor`: one line for each check; a fault makes exit status 1, a note does not."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from hubevents.agenda.models import Speaker
from hubevents.core import clock, config, links, schema
from hubevents.core.config import Settings
from hubevents.core.db import db, is_sqlite
from hubevents.events.models import Event
from hubevents.hubs.models import Hub
from hubevents.mail import queries as mail
from hubevents.mail import smtp
from hubevents.registrations import queries as registrations

STUCK_AFTER = timedelta(minutes=15)
"""A mail that is due this long ago and was not tried means that no worker runs."""


@dataclass(frozen=True)
class Finding:
    """What a check says: `ok`, `note` (worth knowing) or `FAULT`."""

    level: str
    text: str


def ok(text: str) -> Finding:
    """All is well."""
    return Finding("ok", text)


def note(text: str) -> Finding:
    """Worth knowing, no fault."""
    return Finding("note", text)


def fault(text: str) -> Finding:
    """Something to mend."""
    return Finding("FAULT", text)


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check settings, database, queue, mail and the counters; exit status 1 on a fault."""
    findings = list(examine())
    for finding in findings:
        click.echo(f"{finding.level:<5}  {finding.text}")
    if any(finding.level == "FAULT" for finding in findings):
        sys.exit(1)


def examine() -> Iterator[Finding]:
    """Runs every check; those that need a current schema are left out without one."""
    settings: Settings = current_app.extensions["settings"]
    yield from check_settings(settings)
    current = True
    for finding in check_schema():
        current = finding.level == "ok"
        yield finding
    checks: list[Callable[[], Iterator[Finding]]] = [check_queue, lambda: check_mail(settings)]
    if current:
        checks += [check_keys, check_counters, lambda: check_uploads(settings), check_outbox]
    for check in checks:
        yield from check()
    db.session.rollback()


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Where the installation lives and what its address is; bad settings have stopped the start already."""
    yield ok(f"settings: instance folder {settings.instance}")
    if settings.instance.stat().st_mode & 0o077:
        yield note(f"settings: others may read {settings.instance}; chmod 700 keeps keys and data private")
    address = settings.base_url or config.bound_address(settings.instance)
    if settings.base_url is None:
        yield note(f"settings: no BASE_URL, addresses in mails begin with {address or 'what `run` will bind'}")
    elif not settings.https:
        yield note(f"settings: {address} is not https; cameras at the door need it")
    if not settings.rate_limits:
        yield note("settings: RATE_LIMITS is off")
    if not is_sqlite() and settings.redis_url is None:
        yield note("settings: no REDIS_URL, so each server process counts rate limits for itself")


def check_schema() -> Iterator[Finding]:
    """Whether the database answers and its tables are those of this version."""
    try:
        present = schema.present()
    except SQLAlchemyError as error:
        yield fault(f"database: does not answer ({type(error).__name__})")
        return
    name = "SQLite" if is_sqlite() else "PostgreSQL"
    if present == schema.wanted():
        yield ok(f"database: {name} answers, schema {present}")
    else:
        yield fault(f"database: {name} answers, but its schema is {present or 'empty'}: run `hubevents db upgrade`")


def check_queue() -> Iterator[Finding]:
    """Whether the queue of jobs can be reached."""
    huey, _, _ = current_app.extensions["jobs"]
    try:
        yield ok(f"queue: answers, {huey.pending_count()} waiting")
    except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
        yield fault(f"queue: cannot be reached ({type(error).__name__})")


def check_mail(settings: Settings) -> Iterator[Finding]:
    """An SMTP handshake, with the sign-in when there is one; nothing is sent."""
    if settings.demo:
        return
    if settings.smtp_url is None:
        yield note("mail: no SMTP_URL, so nothing is sent")
        return
    try:
        server = smtp.server(settings.smtp_url)
        with smtp.Connection(server, hello=urlsplit(links.base_url()).hostname or "localhost") as connection:
            connection.open()
    except ValueError as error:
        yield fault(f"mail: {error}")
    except smtp.Undelivered as error:
        yield fault(f"mail: {server.host} does not take mail from us: {error}")
    else:
        yield ok(f"mail: {server.host} accepts us, sender {settings.mail_from}")


def check_keys() -> Iterator[Finding]:
    """Whether every foreign key of an SQLite database finds its row; PostgreSQL sees to it itself."""
    if not is_sqlite():
        return
    broken = db.session.execute(sa.text("PRAGMA foreign_key_check")).fetchall()
    if broken:
        yield fault(f"foreign keys: {len(broken)} rows point nowhere, first in {broken[0][0]}")
    else:
        yield ok("foreign keys: every row finds what it names")


def check_counters() -> Iterator[Finding]:
    """Whether the counters of events and sessions agree with the rows."""
    faults = registrations.counter_faults()
    for each in faults:
        yield fault(f"counters: {each.of} {each.id} has {each.counter} {each.stored}, the rows say {each.counted}")
    if not faults:
        yield ok("counters: seats and queues agree with the registrations")
    for over in registrations.overbooked():
        yield note(f"counters: {over.of} {over.id} is overbooked, {over.seats_taken} of {over.capacity} places")


def check_uploads(settings: Settings) -> Iterator[Finding]:
    """Whether every picture that a row names lies in the uploads folder."""
    columns = (Hub.logo, Event.picture, Speaker.photo)
    names = {name for column in columns for name in db.session.scalars(sa.select(column).where(column.is_not(None)))}
    lacking = sorted(name for name in names if name and not (settings.uploads / name).is_file())
    if lacking:
        yield fault(f"uploads: {len(lacking)} of {len(names)} pictures are missing, first {lacking[0]}")
    else:
        yield ok(f"uploads: all {len(names)} pictures are there")


def check_outbox() -> Iterator[Finding]:
    """Whether mail is being delivered."""
    stuck = mail.overdue(clock.now() - STUCK_AFTER)
    failed = mail.failed_since(clock.now() - timedelta(days=7))
    if stuck:
        yield fault(f"outbox: {stuck} mails are due for over {STUCK_AFTER.seconds // 60} minutes; does a worker run?")
    else:
        yield ok("outbox: nothing is stuck")
    if failed:
        yield note(f"outbox: {failed} mails failed for good in the last 7 days; see Messages of their events")
