"""`import ...`: data of other programs."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from hubevents.agenda import service as agenda
from hubevents.agenda.formats import ScheduleError, read_schedule
from hubevents.agenda.service import ImportReport
from hubevents.core import schema
from hubevents.core.config import ConfigError
from hubevents.core.db import transaction
from hubevents.core.errors import NotFound
from hubevents.events import queries as events
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub


@click.group("import")
def imports() -> None:
    """Bring data of other programs in; safe to repeat."""


@imports.command("schedule")
@click.argument("source", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--hub", "hub_slug", help="Slug of the hub; may be left out when there is one hub.")
@click.option("--event", "event_name", help="Slug or number of the event; without it a draft is made or updated.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@with_appcontext
def import_schedule(source: Path, hub_slug: str | None, event_name: str | None, dry_run: bool) -> None:
    """Read a schedule.xml (frab, pentabarf, pretalx) or schedule.json (c3voc) into an event's agenda."""
    schema.require_current()
    hub = _hub(hub_slug)
    event = events.event_by_name(hub.id, event_name) if event_name else None
    if event_name and event is None:
        raise NotFound("event")
    try:
        # Read before the transaction: a big file takes a while, and nobody else may wait for that.
        schedule = read_schedule(agenda.read_source(source), zone=event.zone if event else hub.zone)
    except OSError as error:
        raise ConfigError(f"{source} cannot be read: {error.strerror or error}.") from error
    except ScheduleError as error:
        click.echo(f"hubevents: {source} was not imported: {error}", err=True)
        for refusal in error.refusals:
            click.echo(f"  {refusal}", err=True)
        sys.exit(1)
    with transaction():
        report = agenda.import_schedule(schedule, hub_id=hub.id, event_id=event.id if event else None, dry_run=dry_run)
    _tell(report, hub.languages[0] if hub.languages else "bg", dry_run=dry_run)


def _hub(slug: str | None) -> Hub:
    if slug:
        found = hubs.hub_by_slug(slug)
        if found is None:
            raise NotFound("hub")
        return found
    known = hubs.all_hubs()
    if len(known) != 1:
        raise ConfigError("Name the hub with --hub: there " + ("are several." if known else "is none yet."))
    return known[0]


def _tell(report: ImportReport, language: str, *, dry_run: bool) -> None:
    for warning in report.warnings:
        click.echo(f"note: {warning}", err=True)
    title = report.event_title.text(language)
    made = "a new draft" if report.makes_event else f"event {report.event_id}"
    click.echo(f"{title} ({made})" + (", dry run: nothing was changed" if dry_run else ""))
    click.echo(
        f"  sessions: {report.created} new, {report.changed} changed, {report.cancelled} cancelled, "
        f"{report.unchanged} as they were"
    )
    for date in report.dates:
        verb = "added" if date.old_starts_at is None else "changed"
        click.echo(f"  date {verb}: {date.starts_at:%Y-%m-%d %H:%M} to {date.ends_at:%Y-%m-%d %H:%M} UTC")
    if report.does_nothing:
        click.echo("  Nothing to do.")
