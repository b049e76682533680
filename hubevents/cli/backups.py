"""`backup` and `restore`."""

import shlex
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from hubevents.core import backup as backups
from hubevents.core import schema
from hubevents.core.config import ConfigError, Settings
from hubevents.core.db import db

_FILE = click.Path(dir_okay=False, path_type=Path)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@click.command("backup")
@click.argument("file", type=_FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Pack database, uploads and key into FILE (.tar.gz); the server may go on.

    FILE holds personal data and the key of all tickets and links: keep it safe. A database on PostgreSQL is not packed;
    the line that dumps it is printed instead.
    """
    settings = _settings()
    database = schema.database_file()
    size = backups.pack(file, settings.instance, database, schema.present())
    click.echo(f"{file}: {size / 1024 / 1024:.1f} MB" + ("" if database else ", without the database"))
    if database is None:
        click.echo("The database is dumped by:\n  " + _server_line("pg_dump --format=custom --file", file))
    if not (settings.instance / "secret-key").exists():
        click.echo("HUBEVENTS_SECRET_KEY is a setting of yours and not in the file: keep it too.")


def _server_line(command: str, file: Path) -> str:
    """A command line for PostgreSQL's own tools, never with the password (they ask, or read ~/.pgpass)."""
    url = db.engine.url.set(drivername="postgresql")._replace(password=None)
    dump = shlex.quote(f"{file}.dump")
    line = shlex.quote(url.render_as_string())
    return f"{command}={dump} {line}" if command.endswith("file") else f"{command}={line} {dump}"


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Do not ask before replacing what is there.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Put a backup FILE back; refuses while a server or worker runs.

    What stood there before is kept in a folder beside. On PostgreSQL only the files are put back.
    """
    settings = _settings()
    database = schema.database_file()
    db.engine.dispose()
    try:
        with (
            schema.file_lock(settings.instance / schema.SERVER_LOCK, wait=False),
            backups.unpacked(file, settings.instance) as (manifest, folder),
        ):
            if manifest.database != (database is not None):
                engines = "SQLite" if manifest.database else "PostgreSQL"
                raise ConfigError(f"{file} was made on {engines}; this installation stands on another database.")
            if not schema.knows(manifest.revision):
                raise ConfigError(f"{file} was made by a newer version of HubEvents: install that one first.")
            if not yes:
                question = f"Replace what is in {settings.instance} by the backup of {manifest.made_at}?"
                click.confirm(question, abort=True)
            kept = backups.put_back(folder, settings.instance, database)
    except BlockingIOError as error:
        raise ConfigError("A server or worker is running on this instance folder: stop it first.") from error
    click.echo(f"Restored the backup of {manifest.made_at}. What was there before lies in {kept}.")
    if database is None:
        click.echo("The database is put back by:\n  " + _server_line("pg_restore --clean --if-exists --dbname", file))
