"""The values of `base.html` for public and participants' pages and for errors: head, languages, foot."""

from dataclasses import dataclass, replace
from typing import Any

from flask import get_flashed_messages, request
from flask_babel import gettext as _

from hubevents.core import config, links, tokens
from hubevents.hubs.models import Hub
from hubevents.web.locale import language

LANGUAGE_NAMES = {"bg": "Български", "en": "English"}


@dataclass(frozen=True)
class Link:
    """A link of a navigation, the foot or a row of tabs."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class LanguageLink:
    """The same page in another language."""

    code: str
    name: str
    url: str


@dataclass(frozen=True)
class Alternate:
    """An absolute address of the page in one language, for search engines."""

    code: str
    url: str


@dataclass(frozen=True)
class Flash:
    """What the last act did; kind is ok, warn or bad."""

    kind: str
    text: str


@dataclass(frozen=True)
class SignedIn:
    """The user in the head of staff's pages."""

    name: str
    sign_out_url: str


@dataclass(frozen=True)
class Site:
    """The values that `base.html` names in its first comment."""

    lang: str
    name: str
    home_url: str
    tagline: str | None = None
    logo_url: str | None = None
    colour_url: str | None = None
    nav: tuple[Link, ...] = ()
    languages: tuple[LanguageLink, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    canonical: str | None = None
    robots: str | None = None
    address: str | None = None
    foot: tuple[Link, ...] = ()
    flashes: tuple[Flash, ...] = ()
    user: SignedIn | None = None


def flashes() -> tuple[Flash, ...]:
    """Messages left by the last act; reading them touches the session, so pages without a session cookie skip it."""
    if "hubevents" not in request.cookies:
        return ()
    messages: Any = get_flashed_messages(with_categories=True)
    return tuple(Flash(kind, text) for kind, text in messages)


def colour_url(hub: Hub) -> str:
    """The address of the stylesheet with the hub's colour; it changes with the colour, so it may be cached for ever."""
    return f"/hubs/{hub.slug}/colour-{tokens.digest(hub.colour)[:10]}.css"


def upload_url(name: str | None) -> str | None:
    """The address of an uploaded picture."""
    return f"/uploads/{name}" if name else None


def in_language(path: str, code: str) -> str:
    """A public path in another language."""
    first, _slash, rest = path.removeprefix("/").partition("/")
    return f"/{code}/{rest}" if first in config.LANGUAGES else f"/{code}/"


def plain_site(hub: Hub | None = None, *, current: str | None = None, private: bool = False) -> Site:
    """The frame of a page of a hub, or of all hubs.

    `current` is the key of the navigation (`events`, `programmes`, `about`); a `private` page has no alternates.
    """
    lang = language()
    path = request.path
    others = tuple(
        LanguageLink(code, LANGUAGE_NAMES[code], in_language(path, code)) for code in config.LANGUAGES if code != lang
    )
    base = links.base_url()
    if hub is None:
        site = Site(lang=lang, name="HubEvents", home_url=links.path(links.HOME, lang=lang))
    else:
        home = links.path(links.HUB, lang=lang, hub=hub.slug)
        nav = (
            Link(_("Events"), home, current == "events"),
            Link(_("Programmes"), links.path(links.PROGRAMMES, lang=lang, hub=hub.slug), current == "programmes"),
            Link(_("About the hub"), links.path(links.ABOUT, lang=lang, hub=hub.slug), current == "about"),
        )
        foot = (
            Link(_("Personal data"), links.path(links.PRIVACY, lang=lang, hub=hub.slug)),
            Link(_("Imprint"), links.path(links.IMPRINT, lang=lang, hub=hub.slug)),
            Link(_("Accessibility"), links.path(links.ACCESSIBILITY, lang=lang, hub=hub.slug)),
            Link(_("Write to us"), f"mailto:{hub.email}"),
        )
        site = Site(
            lang=lang,
            name=hub.name.text(lang),
            tagline=hub.kind_line.text(lang) or None,
            home_url=home,
            logo_url=upload_url(hub.logo),
            colour_url=colour_url(hub),
            nav=nav,
            foot=foot,
            address=", ".join(part for part in (hub.name.text(lang), hub.address.text(lang)) if part),
        )
    site = replace(site, languages=others, flashes=flashes())
    if private or not path.startswith(tuple(f"/{code}/" for code in config.LANGUAGES)):
        return replace(site, robots="noindex")
    alternates = (
        *(Alternate(code, base + in_language(path, code)) for code in config.LANGUAGES),
        Alternate("x-default", base + in_language(path, config.LANGUAGES[0])),
    )
    return replace(site, alternates=alternates, canonical=base + path)
