"""The reader's language: from the URL on public pages, from the user, cookie or browser elsewhere."""

from pathlib import Path

from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_login import current_user
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from hubevents.core.config import LANGUAGES

COOKIE = "language"
RESERVED = ("all", "my", "r", "verify")
"""Slugs nobody may have (DESIGN 6)."""


class LanguageConverter(BaseConverter):
    """A language of the installation in an URL."""

    regex = "|".join(LANGUAGES)


class SlugConverter(BaseConverter):
    """A slug: ASCII letters, digits and dashes, none of the reserved words."""

    regex = rf"(?!(?:{'|'.join(RESERVED)})(?:[/.]|$))[a-z0-9](?:[a-z0-9-]{{0,58}}[a-z0-9])?"


class IdConverter(IntegerConverter):
    """A row's id in an URL; what no column can hold is not found instead of a fault of the database."""

    regex = "[0-9]{1,10}"  # Python refuses to read a number of thousands of digits, which werkzeug does not expect

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


def init_locale(app: Flask) -> None:
    """Registers Babel, the URL converters and the URL defaults that keep the language."""
    app.url_map.converters["lang"] = LanguageConverter
    app.url_map.converters["slug"] = SlugConverter
    app.url_map.converters["int"] = IdConverter
    Babel(app, locale_selector=language, default_locale="en", default_translation_directories=_catalogues())


def _catalogues() -> str:
    return str(Path(__file__).resolve().parent.parent / "translations")


def language() -> str:
    """The language in which this request is answered."""
    if not has_request_context():
        return LANGUAGES[0]
    if "language" not in g:
        g.language = _choose()
    chosen: str = g.language
    return chosen


def _choose() -> str:
    named = (request.view_args or {}).get("lang")
    if named in LANGUAGES:
        return str(named)
    if request.blueprint == "organiser" and current_user.is_authenticated:
        return str(current_user.language)
    return preferred()


def preferred() -> str:
    """The language of the cookie, else the browser's best, else the installation's first."""
    cookie = request.cookies.get(COOKIE)
    if cookie in LANGUAGES:
        return str(cookie)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
