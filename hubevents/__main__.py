"""The console script `hubevents`: a Flask CLI group around the application."""

import sys
from typing import Any

import click
from flask.cli import AppGroup, FlaskGroup

from hubevents import __version__
from hubevents.app import create_app
from hubevents.cli import COMMANDS
from hubevents.core import log
from hubevents.core.config import ConfigError
from hubevents.core.errors import DomainError
from hubevents.web import messages


class Commands(FlaskGroup):
    """Our own commands only: no plug-ins of the environment, no `.env`, and help without loading an installation."""

    def __init__(self, *, params: list[click.Parameter] | None = None, **extra: Any) -> None:
        super().__init__(
            create_app=create_app,
            add_default_commands=False,
            add_version_option=False,
            load_dotenv=False,
            set_debug_flag=False,
            context_settings={"auto_envvar_prefix": None, "help_option_names": ["-h", "--help"]},
            **extra,
        )
        self.params = params or []  # Flask's --app, --debug and --env-file would be a second way to set things
        for command in COMMANDS:
            self.add_command(command)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command of ours."""
        return super(AppGroup, self).get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of our commands."""
        return super(AppGroup, self).list_commands(ctx)


@click.command(cls=Commands)
@click.version_option(__version__, prog_name="hubevents", message="%(prog)s %(version)s")
def cli() -> None:
    """HubEvents: events and trainings of innovation hubs."""


def main() -> None:
    """Runs a command; a bad setting is one line and exit status 2, a refusal one line and 1."""
    log.init_logs(plain=sys.stderr.isatty())
    try:
        cli(prog_name="hubevents")
    except ConfigError as error:
        click.echo(f"hubevents: {error}", err=True)
        sys.exit(2)
    except DomainError as error:
        click.echo(f"hubevents: {messages.words(error)} [{error}]", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
