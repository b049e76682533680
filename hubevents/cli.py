"""click commands; each calls one service."""

import click
from flask.cli import FlaskGroup

from hubevents.app import create_app


@click.group(cls=FlaskGroup, create_app=create_app, add_default_commands=False, add_version_option=False)
def cli() -> None:
    """HubEvents: events and trainings of innovation hubs."""
