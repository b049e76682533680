"""What every template may use: addresses, wordings of dates and vocabularies; never rules or queries."""

from flask import Flask, current_app, request

from hubevents.core import art, assets, clock, config, i18n, links, text
from hubevents.core.i18n import Translated
from hubevents.core.vocabulary import Vocabularies
from hubevents.web import access
from hubevents.web.locale import language


def init_context(app: Flask) -> None:
    """Registers globals and filters of Jinja."""
    static = app.extensions["assets"] = assets.Assets(assets.root() / "static", watch=app.debug)
    app.jinja_env.globals.update(
        asset=static.url,
        art=art.art,
        language=language,
        languages=config.LANGUAGES,
        now=clock.now,
        permitted=access.permitted,
        link=_link,
        term=term,
        demo=app.extensions["settings"].demo,
        page_path=lambda: request.path,
    )
    app.jinja_env.filters.update(
        t=translated,
        lang_of=lambda value: value.language_for(language()),
        markdown=text.markdown,
        date=lambda value: i18n.date_text(value, language()),
        time=lambda value, zone: i18n.time_text(value, zone, language()),
    )


def translated(value: Translated, wanted: str | None = None) -> str:
    """A text in the reader's language, else in another."""
    return value.text(wanted or language())


def _link(pattern: str, **values: str) -> str:
    """The path of a pattern of `core.links` by its name in lower case, in the reader's language."""
    named: str = getattr(links, pattern.upper())
    if "<lang>" in named:
        values.setdefault("lang", language())
    return links.path(named, **values)


def vocabularies() -> Vocabularies:
    """The vocabularies of the installation."""
    loaded: Vocabularies = current_app.extensions["vocabularies"]
    return loaded


def term(vocabulary: str, key: str | None) -> str:
    """The words for a key of a vocabulary in the reader's language."""
    return getattr(vocabularies(), vocabulary).text(key, language()) if key else ""
