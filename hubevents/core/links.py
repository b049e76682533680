"""Patterns of the addresses that leave the app (mail, QR, feeds); web's routes are built from the same text.

A pattern is written as Flask writes rules without converters: `<name>`; `rule()` adds the converters.
"""

import re
from urllib.parse import quote

from flask import current_app

from hubevents.core import config

HOME = "/<lang>/"
HUB = "/<lang>/<hub>/"
HUB_PICTURE = "/<lang>/<hub>/share.png"
PROGRAMMES = "/<lang>/<hub>/programmes/"
PROGRAMME = "/<lang>/<hub>/programmes/<programme>/"
ABOUT = "/<lang>/<hub>/about"
PRIVACY = "/<lang>/<hub>/privacy"
IMPRINT = "/<lang>/<hub>/imprint"
ACCESSIBILITY = "/<lang>/<hub>/accessibility"
EVENT = "/<lang>/<hub>/events/<event>/"
EVENT_PICTURE = "/<lang>/<hub>/events/<event>/share.png"
REGISTER = "/<lang>/<hub>/events/<event>/register"
REGISTRATION = "/<lang>/r/<token>/"
TICKET_PNG = "/<lang>/r/<token>/ticket.png"
REGISTRATION_CHANGE = "/<lang>/r/<token>/change"
REGISTRATION_CONSENTS = "/<lang>/r/<token>/consents"
REGISTRATION_CANCEL = "/<lang>/r/<token>/cancel"
REGISTRATION_CALENDAR = "/<lang>/r/<token>/event.ics"
ALL_FEED = "/feeds/all.<form>"
HUB_FEED = "/feeds/<hub>.<form>"
EVENT_FEED = "/feeds/<hub>/<event>.<form>"
PROGRAMME_FEED = "/feeds/<hub>/programmes/<programme>.<form>"
PERSONAL_FEED = "/feeds/my/<token>.<form>"
DOOR = "/door/<token>/"
DOOR_SCANS = "/door/<token>/scans"
DOOR_BADGE = "/door/<token>/badge/<registration_id>.png"
DOOR_SCREEN = "/door/<token>/screen"
DOOR_ROSTER = "/door/<token>/roster"
DOOR_MANIFEST = "/door/<token>/manifest.webmanifest"
DOOR_ICON = "/door/icon-<size>.png"
DOOR_WORKER = "/door/sw.js"
PASSWORD_RESET = "/organise/reset/<token>"  # noqa: S105 - an address pattern
STAFF_INVITATION = "/organise/invitation/<token>"

_CONVERTERS = {
    "lang": "lang:lang",
    "hub": "slug:hub",
    "event": "slug:event",
    "programme": "slug:programme",
    "registration_id": "int:registration_id",
    "size": "int:size",
}


def path(pattern: str, **values: str) -> str:
    """The path of a pattern with its values, percent-encoded."""
    return re.sub(r"<(\w+)>", lambda match: quote(values[match[1]], safe=""), pattern)


def absolute(pattern: str, **values: str) -> str:
    """The same with scheme and host in front; the host comes from settings, never from a request."""
    return base_url() + path(pattern, **values)


def rule(pattern: str) -> str:
    """The Flask rule of a pattern, with the converters `lang`, `slug` and `int` that web registers."""
    return re.sub(r"<(\w+)>", lambda match: f"<{_CONVERTERS.get(match[1], match[1])}>", pattern)


def base_url() -> str:
    """Scheme and host of the installation: BASE_URL, else the address that `run` wrote down."""
    settings: config.Settings = current_app.extensions["settings"]
    return settings.base_url or config.bound_address(settings.instance) or "http://127.0.0.1:8000"
