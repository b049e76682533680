"""Addresses with which calendar programs subscribe to a feed, by the names of the programs (INTEROP I88)."""

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import gettext as _

from hubevents.core import links


@dataclass(frozen=True, slots=True)
class Way:
    """One calendar program and the address that makes it subscribe."""

    label: str
    url: str
    note: str | None = None


def ways(path: str, name: str) -> list[Way]:
    """Links for Google, Outlook, Apple and the rest, to the feed at a path; `name` is what Outlook calls it."""
    address = links.base_url() + path
    webcal = "webcal://" + address.partition("://")[2]
    google = "https://calendar.google.com/calendar/render?cid=" + quote(webcal, safe="")
    outlook = "https://outlook.live.com/calendar/0/addfromweb?url=" + quote(address, safe="") + "&name=" + quote(name)
    return [
        Way("Google Calendar", google),
        Way("Outlook", outlook),
        Way("Apple, iPhone", webcal),
        Way(_("Thunderbird and others"), path, ".ics"),
    ]
