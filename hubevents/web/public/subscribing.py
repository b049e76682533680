"""Addresses with which calendar programs subscribe to a feed, by the names of the programs (INTEROP I88)."""

from dataclasses import dataclass

from flask_babel import gettext as _

from hubevents.calendars import feeds
from hubevents.core import links


@dataclass(frozen=True, slots=True)
class Way:
    """One calendar program and the address that makes it subscribe."""

    label: str
    url: str
    note: str | None = None


def ways(path: str, name: str) -> list[Way]:
    """Links for Google, Outlook, Apple and the rest, to the feed at a path; `name` is what Outlook calls it."""
    to = feeds.subscribing(links.base_url() + path, name)
    return [
        Way("Google Calendar", to.google),
        Way("Outlook", to.outlook),
        Way("Apple, iPhone", to.webcal),
        Way(_("Thunderbird and others"), path, ".ics"),
    ]
