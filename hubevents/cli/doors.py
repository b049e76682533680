"""`door ...`: entrances of events."""

import click
from flask.cli import with_appcontext

from hubevents.checkin import service as checkin
from hubevents.checkin.rules import DoorRole
from hubevents.core import schema
from hubevents.core.db import transaction


@click.group("door")
def door() -> None:
    """Entrances of events."""


@door.command("add")
@click.argument("hub")
@click.argument("event")
@click.option(
    "--role",
    type=click.Choice([role.value for role in DoorRole]),
    default=DoorRole.SCAN.value,
    show_default=True,
    help="What the person at the door may do.",
)
@with_appcontext
def add_door(hub: str, event: str, role: str) -> None:
    """Make a door for EVENT (slug or number) of HUB (slug) and print its address; whoever has it may scan."""
    schema.require_current()
    with transaction():
        address = checkin.add_door(hub, event, role)
    click.echo(address)
