"""`init`: the first owner and hub."""

import click
import email_validator
from flask.cli import with_appcontext

from hubevents.accounts import service as users
from hubevents.accounts.passwords import MIN_LENGTH, hash_password
from hubevents.core import config, schema, text
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict
from hubevents.core.i18n import Translated
from hubevents.hubs import queries as hubs
from hubevents.hubs import service as hub_service
from hubevents.hubs.service import HubDetails

COLOUR = "#a6124f"


def _email(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        return email_validator.validate_email(value.strip(), check_deliverability=False).normalized.lower()
    except email_validator.EmailNotValidError as error:
        raise click.BadParameter(str(error)) from error


def _password(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if len(value) < MIN_LENGTH:
        raise click.BadParameter(f"at least {MIN_LENGTH} characters")
    return value


def _line(ctx: click.Context, param: click.Parameter, value: str) -> str:
    cleaned = text.clean(value)
    if not cleaned and param.required:
        raise click.BadParameter("may not be empty")
    return cleaned


@click.command("init")
@click.option("--email", prompt="Your mail address", callback=_email, help="Address of the owner's sign-in.")
@click.option("--name", prompt="Your name", callback=_line, required=True, help="Name of the owner.")
@click.option(
    "--password",
    prompt="Password",
    hide_input=True,
    confirmation_prompt=True,
    callback=_password,
    help="Asked for when absent; a password in a command stays in the shell's history.",
)
@click.option("--hub", prompt="Name of the hub", callback=_line, required=True, help="Name of the hub.")
@click.option("--hub-english", default="", callback=_line, help="The same in English.")
@click.option("--slug", default="", callback=_line, help="The hub's part of addresses; else made from the name.")
@click.option("--language", type=click.Choice(config.LANGUAGES), default=config.LANGUAGES[0], show_default=True)
@click.option("--zone", default="Europe/Sofia", show_default=True, callback=_line, help="Time zone (IANA name).")
@with_appcontext
def init(
    email: str, name: str, password: str, hub: str, hub_english: str, slug: str, language: str, zone: str
) -> None:
    """Make the first owner and hub; refuses when there is one.

    Further hubs and colleagues are made on the staff pages.
    """
    config.zone(zone)
    if schema.present() is None:
        schema.upgrade()
    schema.require_current()
    if hubs.all_hubs():
        raise Conflict("hub_exists")
    hashed = hash_password(password)
    with transaction():
        owner = users.create_user(email, name, language, hashed)
        made = hub_service.create_hub(
            HubDetails(
                name=Translated.of({language: hub, "en": hub_english or (hub if language == "en" else "")}),
                slug=slug or text.slugify(hub),
                zone=zone,
                languages=(language, *(each for each in config.LANGUAGES if each != language)),
                colour=COLOUR,
                email=email,
            ),
            owner.id,
        )
    click.echo(f"The hub {made.slug} and its owner {email} are made. Start with: hubevents run")
