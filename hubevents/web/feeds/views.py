"""Calendar and news feeds: parse the wish, ask for the bytes, answer with validators. No cookie, no HTML, ever."""

import re
from datetime import timedelta
from typing import NoReturn

from flask import Blueprint, abort, jsonify, make_response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.http import http_date, parse_date, parse_etags
from werkzeug.wrappers import Response

from hubevents.calendars import feeds, queries
from hubevents.calendars.feeds import Feed, Form
from hubevents.calendars.queries import Include, Source, Wish
from hubevents.core import clock, links, tokens
from hubevents.core.config import LANGUAGES
from hubevents.core.db import db
from hubevents.core.errors import Gone, NotFound
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub
from hubevents.web import access

blueprint = Blueprint("feeds", __name__)

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}", re.ASCII)
_MOST_VALUES = 30
_FORM = "<any(ics,atom,json):form>"
_MEDIA: dict[str, str] = {
    "ics": "text/calendar; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
_PUBLIC = "public, max-age=300"
_PRIVATE = "private, no-cache"


def _rule(pattern: str) -> str:
    return links.rule(pattern).replace("<form>", _FORM)


@blueprint.get(_rule(links.ALL_FEED))
@access.public
def all_hubs(form: Form) -> Response:
    """Events of every hub of the installation."""
    return _public(queries.all_hubs(), form, "hubevents")


@blueprint.get(_rule(links.HUB_FEED))
@access.public
def hub(hub: str, form: Form) -> Response:
    """Events of a hub."""
    source = queries.hub(hub)
    if source is None:
        return _moved(links.HUB_FEED, hub, form)
    return _public(source, form, hub)


@blueprint.get(_rule(links.PROGRAMME_FEED))
@access.public
def programme(hub: str, programme: str, form: Form) -> Response:
    """Events of a programme."""
    source = queries.programme(hub, programme)
    if source is None:
        return _moved(links.PROGRAMME_FEED, hub, form, "programme", programme)
    return _public(source, form, programme)


@blueprint.get(_rule(links.EVENT_FEED))
@access.public
def event(hub: str, event: str, form: Form) -> Response:
    """One event, whole; unlisted ones too."""
    source = queries.event(hub, event)
    if source is None:
        return _moved(links.EVENT_FEED, hub, form, "event", event)
    return _public(source, form, event)


@blueprint.get(_rule(links.PERSONAL_FEED))
@access.link
def personal(token: str, form: Form) -> Response:
    """What one person has a place for; an address that was renewed is gone."""
    link = tokens.read_link(tokens.PERSONAL_FEED, token)
    person = queries.participant(link.id) if link else None
    if link is None or person is None:
        raise NotFound("link_unknown")
    if link.version != person.feed_version:
        raise Gone("link_renewed")
    of = db.session.get_one(Hub, person.hub_id)
    wanted = request.args.get("lang")
    known = queries.languages_of(of)
    language = next((code for code in (wanted, person.language) if code in known), None) or known[0]
    feed = feeds.personal(person, of.zone, of.name.text(language), language, form)
    response = _answer(feed, form, "my-events", _PRIVATE)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _public(source: Source, form: Form, name: str) -> Response:
    return _answer(feeds.of_source(source, _wish(request.args), form), form, name, _PUBLIC)


def _wish(given: MultiDict[str, str]) -> Wish:
    """What the query asks for: unknown keys choose no event, an unknown `lang` is the hub's own.

    Refused with 400 are an unknown `include` and more values than anybody needs.
    """
    if not given:
        return Wish()
    include = given.get("include", Include.EVENT.value)
    if include not in tuple(Include):
        _refuse("include is one of event, sessions, both")
    return Wish(
        language=lang if (lang := given.get("lang")) in LANGUAGES else None,
        include=Include(include),
        kinds=_keys(given, "kind"),
        programmes=_keys(given, "programme"),
        sectors=_keys(given, "sector"),
        languages=_keys(given, "language"),
    )


def _keys(given: MultiDict[str, str], name: str) -> tuple[str, ...]:
    """The values of a filter, repeated or with commas; empty ones are none. What no key can be stands as `?`."""
    values = {value.strip() for text in given.getlist(name) for value in text.split(",")} - {""}
    if len(values) > _MOST_VALUES:
        _refuse(f"at most {_MOST_VALUES} values of {name}")
    return tuple(sorted({value if _KEY.fullmatch(value) else "?" for value in values}))


def _refuse(why: str) -> NoReturn:
    response = make_response(jsonify({"status": 400, "code": "bad_query", "detail": why}), 400)
    response.headers["Cache-Control"] = "no-store"
    abort(response)


def _moved(pattern: str, hub_slug: str, form: Form, kind: str = "", slug: str = "") -> Response:
    """To the present address of what was renamed; NotFound when there was never such a thing."""
    of = hubs.hub_by_slug(hub_slug)
    if of is None:
        hub_id = hubs.moved("hub", 0, hub_slug)
        of = db.session.get(Hub, hub_id) if hub_id is not None else None
    if of is None:
        raise NotFound("page")
    values = {"hub": of.slug, "form": form}
    if kind:
        now_called = queries.slug_now(kind, of.id, slug)
        if now_called is None and of.slug == hub_slug:
            raise NotFound("page")
        values[kind] = now_called or slug
    query = request.query_string.decode("ascii", "replace")
    return redirect(links.path(pattern, **values) + (f"?{query}" if query else ""), 301)


# --- HTTP --------------------------------------------------------------------------------------------------------


def _answer(feed: Feed, form: Form, name: str, caching: str) -> Response:
    """200 or 304 with both validators; If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2)."""
    asked = request.headers
    packed = _takes_gzip(asked.get("Accept-Encoding", ""))
    tag = feed.packed_tag if packed else feed.tag
    headers = {
        "ETag": tag,
        "Last-Modified": http_date(feed.modified_at),
        "Cache-Control": caching,
        "Vary": "Accept-Encoding",
    }
    if (matched := _matched(feed, tag)) is not None:
        headers["ETag"] = matched
        return Response(status=304, headers=headers)
    headers["Content-Type"] = _MEDIA[form]
    headers["Content-Disposition"] = f'inline; filename="{name}.{form}"'
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(feed.packed if packed else feed.body, headers=headers)


def _matched(feed: Feed, tag: str) -> str | None:
    """The tag to answer 304 with, None for a whole answer. Both forms of the same bytes count as the same."""
    given = request.headers.get("If-None-Match")
    if given is not None:
        if given == tag:
            return tag
        tags = parse_etags(given)
        if tags.star_tag:
            return tag
        for known in (tag, feed.tag, feed.packed_tag):
            if tags.contains_weak(known[1:-1]):
                return known
        return None
    since = request.headers.get("If-Modified-Since")
    moment = parse_date(since) if since else None
    if moment is None or moment < feed.modified_at or moment > clock.now() + timedelta(days=1):
        return None
    return tag


def _takes_gzip(header: str) -> bool:
    """Whether gzip is asked for: named with a weight above 0, or by `*` when not named."""
    if header in ("gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd"):
        return True
    star = False
    for item in header.lower().split(","):
        coding, _semicolon, parameters = item.strip().partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=")
        wanted = not (parameters and re.fullmatch(r"0(\.0*)?", weight))
        if coding.strip() in ("gzip", "x-gzip"):
            return wanted
        if coding.strip() == "*":
            star = wanted
    return star
