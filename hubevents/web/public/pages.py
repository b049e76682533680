"""A hub's own pages: its programmes, itself, and the texts that law asks for."""

from collections.abc import Callable
from typing import Any

from flask import Response, render_template
from flask_babel import gettext as _
from markupsafe import Markup

from hubevents.core import clock, i18n, links, text
from hubevents.core.errors import NotFound
from hubevents.core.i18n import Translated
from hubevents.core.text import nbsp
from hubevents.events import listing
from hubevents.events.listing import Wanted
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub
from hubevents.programmes import queries as programmes
from hubevents.programmes.models import Programme
from hubevents.web import access, shown
from hubevents.web.locale import language
from hubevents.web.public import kept, words
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import Moved, public_hub
from hubevents.web.public.listing import days_of
from hubevents.web.public.subscribing import ways
from hubevents.web.site import Site, plain_site

COMING = 40
PAST = 20
"""Events on a programme's page; the list has the others."""


def _stamp(hub: Hub) -> tuple[Any, ...]:
    return (hub.id, hub.name, hub.colour, hub.email, hub.address, hub.logo)


@blueprint.get(links.rule(links.PROGRAMMES))
@access.public
def programme_list(lang: str, hub: str) -> Response:
    """The programmes of a hub."""
    row = public_hub(hub)
    offered = programmes.programmes_of_hub(row.id)
    stamp = (_stamp(row), tuple((each.id, each.changed_at) for each in offered))
    return kept.answer(stamp, lambda: _programmes(row, offered))


def _programmes(hub: Hub, offered: list[Programme]) -> str:
    lang = language()
    site = plain_site(hub, current="programmes")
    title = _("Programmes")
    return render_template(
        "public/programmes.html",
        site=site,
        title=title,
        programmes=[
            {
                "url": links.path(links.PROGRAMME, lang=lang, hub=hub.slug, programme=each.slug),
                "title": nbsp(each.title.text(lang)),
                "title_lang": words.lang_mark(each.title, lang),
                "summary": nbsp(each.summary.text(lang)),
                "summary_lang": words.lang_mark(each.summary, lang),
                "span": _span(each, lang),
            }
            for each in offered
        ],
        home_url=links.path(links.HUB, lang=lang, hub=hub.slug),
        preview=_preview(hub, site, f"{title} · {site.name}", hub.summary.text(lang), lang),
    )


def _span(programme: Programme, lang: str) -> str:
    """The months in which a programme runs."""
    first, last = programme.starts_on, programme.ends_on
    if first and last:
        return f"{i18n.month_text(first, lang)} – {i18n.month_text(last, lang)}"
    if first:
        return str(_("since %(month)s", month=i18n.month_text(first, lang)))
    return str(_("until %(month)s", month=i18n.month_text(last, lang))) if last else ""


def _preview(hub: Hub, site: Site, title: str, description: str, lang: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": text.excerpt(description, 200) or site.name,
        "url": site.canonical,
        "image_url": links.absolute(links.HUB_PICTURE, lang=lang, hub=hub.slug),
        "image_alt": site.name,
    }


@blueprint.get(links.rule(links.PROGRAMME))
@access.public
def programme_page(lang: str, hub: str, programme: str) -> Response:
    """A programme: what it is, who pays, its events."""
    row = public_hub(hub)
    found = programmes.programme_by_slug(row.id, programme)
    if found is None:
        id = hubs.moved("programme", row.id, programme)
        target = programmes.programme_of_hub(row.id, id) if id is not None else None
        if target is None:
            raise NotFound("page")
        raise Moved(programme, target.slug)
    stamp = (_stamp(row), found.id, found.changed_at, listing.stamp(row.id))
    return kept.answer(stamp, lambda: _programme(row, found))


def _programme(hub: Hub, programme: Programme) -> str:
    lang = language()
    now = clock.now()
    wanted = Wanted(hub_id=hub.id, programme_id=programme.id)
    coming = listing.coming(wanted, now, limit=COMING + 1)
    past = listing.past(wanted, now, limit=PAST + 1)
    year = clock.today(hub.zone).year
    site = plain_site(hub, current="programmes")
    title = nbsp(programme.title.text(lang))
    home = links.path(links.HUB, lang=lang, hub=hub.slug)
    feed = links.path(links.PROGRAMME_FEED, hub=hub.slug, programme=programme.slug, form="ics")
    facts = [
        (_("Time"), _span(programme, lang)),
        (_("Grant agreement"), programme.grant_number),
        (_("Granting authority"), programme.authority.text(lang)),
    ]
    return render_template(
        "public/programme.html",
        site=site,
        title=title,
        title_lang=words.lang_mark(programme.title, lang),
        summary=nbsp(programme.summary.text(lang)),
        summary_lang=words.lang_mark(programme.summary, lang),
        description=words.prose(programme.description.text(lang), 2),
        description_lang=words.lang_mark(programme.description, lang),
        facts=[{"label": label, "text": said} for label, said in facts if said],
        coming=days_of(coming[:COMING], lang, year, many=False, newest_first=False),
        past=days_of(past[:PAST], lang, year, many=False, newest_first=True),
        more_url=f"{home}?programme={programme.slug}" if len(coming) > COMING else None,
        past_url=f"{home}?past=1&programme={programme.slug}" if len(past) > PAST else None,
        feeds=ways(f"{feed}?lang={lang}", programme.title.text(lang)),
        funding=shown.funding(programme, lang),
        up={"label": _("All programmes"), "url": links.path(links.PROGRAMMES, lang=lang, hub=hub.slug)},
        preview=_preview(
            hub, site, programme.title.text(lang), programme.summary.text(lang) or hub.summary.text(lang), lang
        ),
    )


# --- texts -----------------------------------------------------------------------------------------------------------


def _text_page(
    hub: Hub, title: str, body: Translated, current: str | None = None, lead: Translated | None = None
) -> Callable[[], str]:
    def make() -> str:
        lang = language()
        return _render(
            hub,
            title,
            words.prose(body.text(lang), 2),
            body_lang=words.lang_mark(body, lang),
            lead=nbsp(lead.text(lang)) if lead else None,
            lead_lang=words.lang_mark(lead, lang) if lead else None,
            current=current,
        )

    return make


def _render(
    hub: Hub,
    title: str,
    body: Markup | None,
    *,
    body_lang: str | None,
    lead: str | None = None,
    lead_lang: str | None = None,
    current: str | None = None,
) -> str:
    lang = language()
    site = plain_site(hub, current=current)
    contact = [
        {"label": _("Address"), "text": hub.address.text(lang), "url": None},
        {"label": _("E-mail"), "text": hub.email, "url": f"mailto:{hub.email}"},
        {"label": _("Phone"), "text": hub.phone, "url": f"tel:{hub.phone.replace(' ', '')}"},
        {
            "label": _("Web site"),
            "text": (hub.website.partition("://")[2] or hub.website).rstrip("/"),
            "url": _web(hub.website),
        },
    ]
    return render_template(
        "public/text.html",
        site=site,
        title=title,
        lead=lead,
        lead_lang=lead_lang,
        body=body,
        body_lang=body_lang,
        contact=[each for each in contact if each["text"]],
        email=hub.email,
        preview=_preview(hub, site, f"{title} · {site.name}", lead or hub.summary.text(lang), lang),
    )


def _web(address: str) -> str | None:
    return address if address.startswith(("https://", "http://")) else None


@blueprint.get(links.rule(links.ABOUT))
@access.public
def about(lang: str, hub: str) -> Response:
    """About the hub."""
    row = public_hub(hub)
    make = _text_page(row, _("About the hub"), row.about, "about", row.summary)
    return kept.answer((_stamp(row), row.about, row.summary, row.phone, row.website), make)


@blueprint.get(links.rule(links.PRIVACY))
@access.public
def privacy(lang: str, hub: str) -> Response:
    """What the hub does with personal data; every registration form leads here."""
    row = public_hub(hub)
    return kept.answer((_stamp(row), row.privacy, row.phone), _text_page(row, _("Personal data"), row.privacy))


@blueprint.get(links.rule(links.IMPRINT))
@access.public
def imprint(lang: str, hub: str) -> Response:
    """Who answers for these pages."""
    row = public_hub(hub)
    return kept.answer((_stamp(row), row.imprint, row.phone), _text_page(row, _("Imprint"), row.imprint))


@blueprint.get(links.rule(links.ACCESSIBILITY))
@access.public
def accessibility(lang: str, hub: str) -> Response:
    """The accessibility statement (EN 301 549; DOMAIN 5), with the hub's contact."""
    row = public_hub(hub)

    def make() -> str:
        body = Markup(render_template("public/accessibility.html", email=row.email, hub=row.name.text(language())))  # noqa: S704 - our own template
        return _render(row, _("Accessibility statement"), body, body_lang=None)

    return kept.answer((_stamp(row), row.phone, row.website), make)
