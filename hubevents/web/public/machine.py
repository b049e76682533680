"""What machines read: health, robots, site map, colours of hubs, uploaded pictures."""

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

import sqlalchemy as sa
from flask import Response, current_app, redirect, request, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from hubevents.core import assets, config, links, log
from hubevents.core.db import db
from hubevents.core.errors import NotFound
from hubevents.events import listing
from hubevents.hubs import colour
from hubevents.hubs import queries as hubs
from hubevents.jobs import service as jobs
from hubevents.web import access
from hubevents.web.public.blueprint import blueprint
from hubevents.web.site import colour_url

logger = log.get(__name__)

FOR_EVER = "public, max-age=31536000, immutable"
SITEMAP_ADDRESSES = 10_000
"""A site map of more addresses is an index of parts."""
PART = 2_500
"""Events of one part."""
_UPLOAD = re.compile(r"[0-9a-f]{32}\.webp")


@blueprint.get("/readyz")
@access.public
def readyz() -> tuple[str, int, dict[str, str]]:
    """Database and queue are reachable; 503 otherwise."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    missing = []
    for name, ask in (("database", _database), ("queue", jobs.reach)):
        try:
            ask()
        except Exception:
            # Whatever a driver raises means the same here; the log has the reason.
            logger.exception("not ready", part=name)
            missing.append(name)
    if missing:
        return f"not reachable: {', '.join(missing)}\n", 503, headers
    return "ok\n", 200, headers


def _database() -> None:
    db.session.execute(sa.text("SELECT 1"))


@blueprint.get("/robots.txt")
@access.public
def robots() -> Response:
    """Machines may read public pages; personal links, doors and staff's pages are not theirs."""
    lines = [
        "User-agent: *",
        "Disallow: /organise/",
        "Disallow: /door/",
        "Disallow: /api/",
        "Disallow: /feeds/my/",
        *(f"Disallow: /{lang}/{path}/" for lang in config.LANGUAGES for path in ("r", "unsubscribe")),
        "",
        f"Sitemap: {links.base_url()}/sitemap.xml",
        "",
    ]
    return _machine("\n".join(lines), "text/plain")


def _machine(body: str, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


@blueprint.get("/sitemap.xml")
@access.public
def sitemap() -> Response:
    """All public addresses with their languages; an index of parts when they are many."""
    number = listing.how_many()
    if number * len(config.LANGUAGES) <= SITEMAP_ADDRESSES:
        return _urlset([*_frame_addresses(), *_event_addresses(0, SITEMAP_ADDRESSES)])
    base = links.base_url()
    parts = range(-(-number // PART) + 1)
    items = "".join(f"<sitemap><loc>{escape(base)}/sitemap-{part}.xml</loc></sitemap>" for part in parts)
    return _machine(
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>\n',
        "application/xml",
    )


@blueprint.get("/sitemap-<int:part>.xml")
@access.public
def sitemap_part(part: int) -> Response:
    """Part 0 holds hubs and programmes, the others events."""
    if part == 0:
        return _urlset(_frame_addresses())
    if part > 10_000:
        raise NotFound("page")
    return _urlset(_event_addresses((part - 1) * PART, PART))


Entry = tuple[str, dict[str, str], str | None]
"""A pattern of `core.links`, its values but the language, and the day of the last change."""


def _frame_addresses() -> Iterator[Entry]:
    yield links.HOME, {}, None
    for hub in hubs.all_hubs():
        for pattern in (links.HUB, links.PROGRAMMES, links.ABOUT):
            yield pattern, {"hub": hub.slug}, None
    for each in listing.programme_addresses():
        yield links.PROGRAMME, {"hub": each.hub, "programme": each.slug}, f"{each.changed_at:%Y-%m-%d}"


def _event_addresses(offset: int, limit: int) -> Iterator[Entry]:
    for each in listing.addresses(offset=offset, limit=limit):
        yield links.EVENT, {"hub": each.hub, "event": each.slug}, f"{each.changed_at:%Y-%m-%d}"


def _urlset(entries: Iterable[Entry]) -> Response:
    base = links.base_url()
    items = []
    for pattern, values, changed in entries:
        addresses = {lang: escape(base + links.path(pattern, lang=lang, **values)) for lang in config.LANGUAGES}
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{lang}" href="{address}"/>' for lang, address in addresses.items()
        )
        last = f"<lastmod>{changed}</lastmod>" if changed else ""
        items += [f"<url><loc>{address}</loc>{last}{others}</url>\n" for address in addresses.values()]
    return _machine(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        f"{''.join(items)}</urlset>\n",
        "application/xml",
    )


@blueprint.get("/favicon.ico")
@access.public
def favicon() -> AnyResponse:
    """For browsers that ask without being told; pages name the drawing themselves."""
    static = assets.Assets(assets.root() / "static")
    response = redirect(static.url("favicon.svg"), 302)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@blueprint.get("/hubs/<slug:hub>/colour-<digest>.css")
@access.public
def hub_colour(hub: str, digest: str) -> Response:
    """The style sheet of a hub's colour; kept for ever under the address of the present colour only."""
    row = hubs.hub_by_slug(hub)
    if row is None:
        raise NotFound("page")
    response = Response(colour.stylesheet(row.colour), mimetype="text/css")
    response.headers["Cache-Control"] = FOR_EVER if request.path == colour_url(row) else "no-cache"
    return response


@blueprint.get("/uploads/<name>")
@access.public
def upload(name: str) -> Response:
    """An uploaded picture; its name is a digest of what it holds."""
    if not _UPLOAD.fullmatch(name):
        raise NotFound("page")
    folder = current_app.extensions["settings"].uploads
    if not (folder / name).is_file():
        raise NotFound("page")
    response = send_from_directory(folder, name, mimetype="image/webp")
    response.headers["Cache-Control"] = FOR_EVER
    return response
