"""Feeds as bytes, a pure function of the rows and the day; and the addresses under which people subscribe.

Finished bodies are kept in memory under the version of their hubs and the day: only a saving, every body can be made
again from the rows by any process, and comes out the same.
"""

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from html import escape
from typing import Any, Literal
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_OID, uuid5

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from hubevents.agenda.models import EventSession
from hubevents.calendars import entries, ics, invites, parts, queries
from hubevents.calendars.ics import Entry
from hubevents.calendars.queries import Include, Source, Version, Window, Wish, Written
from hubevents.core import clock, i18n, links, tokens
from hubevents.core.config import LANGUAGES
from hubevents.core.vocabulary import Vocabularies
from hubevents.events.models import Event
from hubevents.registrations.models import Participant, Registration

Form = Literal["ics", "atom", "json"]
FORMS: tuple[Form, ...] = ("ics", "atom", "json")

_MOST_KEPT = 24 * 1024 * 1024
"""Bytes of bodies, plain and packed, that one process keeps."""
_EPOCH = datetime(2021, 3, 30, tzinfo=UTC)
"""Last-Modified of what has never changed: the day the first hub was founded."""


class Feed:
    """A finished feed. Tags are strong and made of the bytes, so they change exactly with them."""

    def __init__(self, body: bytes, modified_at: datetime) -> None:
        """`modified_at` is cut to whole seconds, which is all that HTTP shows."""
        self.body = body
        self.modified_at = modified_at.replace(microsecond=0)
        self.tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.packed_tag = f'{self.tag[:-1]}-gzip"'

    @cached_property
    def packed(self) -> bytes:
        """The body in gzip; the same bytes every time, so no time stamp inside."""
        return gzip.compress(self.body, compresslevel=6, mtime=0)

    @property
    def size(self) -> int:
        """About how much memory it takes."""
        return len(self.body) * 5 // 4


class _Kept:
    """The bodies used last, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self.feeds: OrderedDict[tuple[object, ...], Feed] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> Feed | None:
        with self.lock:
            feed = self.feeds.get(key)
            if feed is not None:
                self.feeds.move_to_end(key)
            return feed

    def put(self, key: tuple[object, ...], feed: Feed) -> None:
        with self.lock:
            if key in self.feeds or feed.size > self.most:
                return
            self.feeds[key] = feed
            self.held += feed.size
            while self.held > self.most:
                self.held -= self.feeds.popitem(last=False)[1].size


_kept = _Kept(_MOST_KEPT)


def of_source(source: Source, wish: Wish, form: Form) -> Feed:
    """The feed of hubs, a programme or an event."""
    base_url = links.base_url()
    stamps = tuple(version.stamp for version in source.versions)
    days = tuple(clock.today(version.zone) for version in source.versions)
    key: tuple[object, ...] = (
        source.kind,
        source.slug,
        source.event_id,
        source.programme_id,
        form,
        wish,
        stamps,
        days,
        base_url,
    )
    known = None if None in stamps else _kept.get(key)
    if known is not None:
        return known
    feed = _made(source, wish, form, base_url)
    if None not in stamps:
        _kept.put(key, feed)
    return feed


def _made(source: Source, wish: Wish, form: Form, base_url: str) -> Feed:
    windows = queries.today_windows(source)
    doubtful = any(
        version.stamp is None or version.pending or version.base_url != base_url for version in source.versions
    )
    changes = [version.changed_at for version in source.versions]
    if form == "ics":
        if doubtful:
            written, left = _rendered(source, wish, windows, base_url)
        else:
            written, left = queries.stored_parts(source, wish, windows), queries.last_left(source, wish, windows)
        moments = [moment for moment in (*changes, left) if moment is not None]
        if not moments:
            moments = [part.changed_at for part in written]
        zone = source.versions[0].zone if source.versions else "Europe/Sofia"
        body = ics.feed(
            name_of(source, wish), {part.zone for part in written}, [part.body for part in written], zone=zone
        )
        return Feed(body, max(moments, default=_EPOCH))
    items = _items(source, wish, windows)
    modified_at = max((moment for moment in changes if moment is not None), default=_EPOCH)
    modified_at = max([modified_at, *(item.changed_at for item in items)])
    return Feed(_news(form, _head(source, wish, form), items, modified_at), modified_at)


def path(source: Source, wish: Wish, form: Form) -> str:
    """The address of a feed below the host, with what the wish changes of it."""
    slug = source.versions[0].slug if source.versions else ""
    place = {
        "all": lambda: links.path(links.ALL_FEED, form=form),
        "hub": lambda: links.path(links.HUB_FEED, hub=slug, form=form),
        "programme": lambda: links.path(links.PROGRAMME_FEED, hub=slug, programme=source.slug, form=form),
        "event": lambda: links.path(links.EVENT_FEED, hub=slug, event=source.slug, form=form),
    }[source.kind]()
    asked = {
        "lang": wish.language,
        "include": None if wish.include is Include.EVENT else wish.include.value,
        "kind": ",".join(wish.kinds),
        "programme": ",".join(wish.programmes),
        "sector": ",".join(wish.sectors),
        "language": ",".join(wish.languages),
    }
    query = urlencode({name: value for name, value in asked.items() if value}, safe=",")
    return f"{place}?{query}" if query else place


def name_of(source: Source, wish: Wish) -> str:
    """What a calendar program calls the feed."""
    language = _language(source, wish)
    if source.kind == "all":
        with force_locale(language):
            return str(_("Events of all hubs"))
    return source.name.text(language)


def _language(source: Source, wish: Wish) -> str:
    if len(source.versions) == 1:
        return source.versions[0].language(wish.language)
    return wish.language if wish.language in LANGUAGES else LANGUAGES[0]


def _rendered(
    source: Source, wish: Wish, windows: Sequence[Window], base_url: str
) -> tuple[list[Written], datetime | None]:
    """The same parts as `stored_parts` and `last_left` would give once the job has been; nothing is stored."""
    found = []
    left: list[datetime] = []
    rows = queries.events_of(source, wish)
    stored = _by_event(queries.parts_of([event.id for event in rows])) if rows else {}
    sessions = _sessions(rows, wish)
    by_hub = {version.hub_id: (version, limits) for version, limits in zip(source.versions, windows, strict=True)}
    for event in rows:
        version, limits = by_hub[event.hub_id]
        ready = parts.of_event(
            event,
            sessions.get(event.id, ()),
            (version.language(wish.language),),
            stored.get(event.id, {}),
            doubt_all=version.base_url is not None and version.base_url != base_url,
        )
        for part in ready:
            if part.session_id is None and wish.include is Include.SESSIONS:
                continue
            if limits.holds(part.ends_at, cancelled=part.cancelled):
                found.append(part)
            else:
                left.append(queries.left_at(part.ends_at, version.zone, cancelled=part.cancelled))
    found.sort(key=lambda part: (part.starts_at, part.uid))
    return [Written(part.zone, part.body, part.changed_at) for part in found], max(left, default=None)


def _by_event(stored: Iterable[Any]) -> dict[int, dict[tuple[str, str], Any]]:
    found: dict[int, dict[tuple[str, str], Any]] = {}
    for part in stored:
        found.setdefault(part.event_id, {})[part.uid, part.language] = part
    return found


def _sessions(rows: Sequence[Event], wish: Wish) -> dict[int, list[EventSession]]:
    found: dict[int, list[EventSession]] = {}
    if rows and wish.include is not Include.EVENT:
        for session in queries.sessions_of([event.id for event in rows]):
            found.setdefault(session.event_id, []).append(session)
    return found


# --- one person ------------------------------------------------------------------------------------------------------


def personal_token(person: Participant) -> str:
    """The secret part of the address of a person's feed; derived, so any process can write it again."""
    return tokens.link(tokens.PERSONAL_FEED, person.id, person.feed_version)


def personal(person: Participant, zone: str, hub_name: str, language: str, form: Form) -> Feed:
    """The dates a person has a place for, with the address to join and the numbers of their invites.

    Waiting people have nothing in it yet: a date that appears with the place is told by every calendar, while a
    tentative one would have to change its status without a new SEQUENCE (I91). Dates called off are shown as such.
    """
    limits = queries.window(zone, clock.today(zone))
    places = queries.places_of(person.id)
    dates = [(place, date) for place in places for date in place.event.dates]
    sequences = invites.highest_sequences(person.email, [date.uid for _place, date in dates])
    found: list[Entry] = []
    items: list[_Item] = []
    moments = [queries.last_registration_change(person.id) or person.created_at]
    for place in places:
        own: list[Entry] = []
        page = _page_of(place, language)
        for date in place.event.dates:
            sequence = max(date.sequence, sequences.get(date.uid, 0))
            entry = entries.entry_of(date, language, personal_url=page, sequence=sequence)
            entry = replace(entry, changed_at=max(entry.changed_at, place.changed_at))
            if limits.holds(entry.ends_at, cancelled=entry.status == "cancelled"):
                own.append(entry)
                moments.append(entry.changed_at)
            else:
                moments.append(queries.left_at(entry.ends_at, zone, cancelled=entry.status == "cancelled"))
        found += own
        if own:
            items.append(replace(_event_item(place.event, language, own), url=page))
    with force_locale(language):
        name = f"{_('My events')} · {hub_name}"
    modified_at = max(moments)
    if form == "ics":
        found.sort(key=lambda entry: (entry.starts_at, entry.uid))
        zones = {ics.zone_used(entry) or "" for entry in found}
        return Feed(ics.feed(name, zones, map(ics.vevent, found), zone=zone), modified_at)
    path = links.path(links.PERSONAL_FEED, token=personal_token(person), form=form)
    head = _Head(
        name, links.base_url() + links.path(links.HOME, lang=language), links.base_url() + path, language, hub_name
    )
    return Feed(_news(form, head, items, modified_at), modified_at)


def _page_of(place: Registration, language: str) -> str:
    token = tokens.link(tokens.REGISTRATION, place.id, place.link_version)
    return links.absolute(links.REGISTRATION, lang=language, token=token)


# --- Atom (RFC 4287) and JSON Feed 1.1 ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Head:
    name: str
    page: str
    address: str
    language: str
    author: str


@dataclass(frozen=True)
class _Item:
    """One event (with all its dates) or one session as news."""

    id: str
    url: str
    title: str
    text: str
    language: str
    tags: tuple[str, ...]
    published_at: datetime
    changed_at: datetime
    about: dict[str, object]


def _head(source: Source, wish: Wish, form: Form) -> _Head:
    language = _language(source, wish)
    base = links.base_url()
    version: Version | None = source.versions[0] if source.versions else None
    if source.kind == "all" or version is None:
        page, author = links.path(links.HOME, lang=language), "HubEvents"
    else:
        author = version.name.text(language)
        if source.kind == "event":
            page = links.path(links.EVENT, lang=language, hub=version.slug, event=source.slug)
        elif source.kind == "programme":
            page = links.path(links.PROGRAMME, lang=language, hub=version.slug, programme=source.slug)
        else:
            page = links.path(links.HUB, lang=language, hub=version.slug)
    return _Head(name_of(source, wish), base + page, base + path(source, wish, form), language, author)


def _items(source: Source, wish: Wish, windows: Sequence[Window]) -> list[_Item]:
    rows = queries.events_of(source, wish)
    sessions = _sessions(rows, wish)
    by_hub = {version.hub_id: (version, limits) for version, limits in zip(source.versions, windows, strict=True)}
    items = []
    for event in rows:
        version, limits = by_hub[event.hub_id]
        language = version.language(wish.language)
        if wish.include is not Include.SESSIONS:
            dates = [entries.entry_of(date, language) for date in event.dates]
            held = [entry for entry in dates if limits.holds(entry.ends_at, cancelled=entry.status == "cancelled")]
            if held:
                items.append(_event_item(event, language, dates))
        for session in sessions.get(event.id, ()):
            entry = entries.entry_of_session(session, language)
            if limits.holds(entry.ends_at, cancelled=entry.status == "cancelled"):
                items.append(_session_item(event, entry, language))
    items.sort(key=lambda item: (item.published_at, item.id), reverse=True)
    return items


def _event_item(event: Event, language: str, dates: Sequence[Entry]) -> _Item:
    first = dates[0]
    words: Vocabularies = current_app.extensions["vocabularies"]
    cancelled = all(entry.status == "cancelled" for entry in dates)
    title = event.title.text(language)
    return _Item(
        id=str(uuid5(NAMESPACE_OID, f"hubevents event {event.id} {event.created_at.isoformat()}")),
        url=first.url or "",
        title=f"{first.mark}: {title}" if cancelled and first.mark else title,
        text=_news_text(dates, first.description, language),
        language=event.title.language_for(language),
        tags=(
            words.kinds.text(event.kind, language),
            *(words.sectors.text(key, language) for key in event.sectors),
            *(words.technologies.text(key, language) for key in event.technologies),
        ),
        published_at=event.published_at or event.created_at,
        changed_at=max(entry.changed_at for entry in dates),
        about={
            "kind": event.kind,
            "format": event.format.value,
            "status": "cancelled" if cancelled else "confirmed",
            "hub": event.hub.slug,
            "programme": event.programme.slug if event.programme else None,
            "zone": event.zone,
            "starts_at": _rfc3339(min(entry.starts_at for entry in dates)),
            "ends_at": _rfc3339(max(entry.ends_at for entry in dates)),
            "languages": list(event.languages),
            "sectors": list(event.sectors),
            "technologies": list(event.technologies),
            "price_eur": str(event.price or 0),
            "dates": [_date_values(entry) for entry in dates],
        },
    )


def _session_item(event: Event, entry: Entry, language: str) -> _Item:
    title = f"{entry.mark}: {entry.summary}" if entry.mark else entry.summary
    return _Item(
        id=entry.uid,
        url=entry.url or "",
        title=title,
        text=_news_text([entry], entry.description, language),
        language=language,
        tags=entry.categories,
        published_at=max(entry.created_at, event.published_at or entry.created_at),
        changed_at=entry.changed_at,
        about={"hub": event.hub.slug, "event": event.slug, "zone": event.zone, "dates": [_date_values(entry)]},
    )


def _date_values(entry: Entry) -> dict[str, object]:
    return {
        "uid": entry.uid,
        "sequence": entry.sequence,
        "status": entry.status,
        "title": entry.summary,
        "starts_at": _rfc3339(entry.starts_at),
        "ends_at": _rfc3339(entry.ends_at),
        "place": entry.location,
        "latitude": entry.geo[0] if entry.geo else None,
        "longitude": entry.geo[1] if entry.geo else None,
    }


def _news_text(dates: Sequence[Entry], description: str, language: str) -> str:
    lines = []
    for entry in dates:
        when = i18n.range_text(entry.starts_at, entry.ends_at, entry.zone, language)
        place = f" · {entry.location}" if entry.location else ""
        lines.append(f"{entry.mark}: {when}{place}" if entry.mark else when + place)
    return "\n".join(lines) + (f"\n\n{description}" if description else "")


def _news(form: Form, head: _Head, items: Sequence[_Item], modified_at: datetime) -> bytes:
    return _atom(head, items, modified_at) if form == "atom" else _json(head, items)


def _json(head: _Head, items: Sequence[_Item]) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.name,
        "home_page_url": head.page,
        "feed_url": head.address,
        "language": head.language,
        "authors": [{"name": head.author}],
        "items": [
            {
                "id": f"urn:uuid:{item.id}",
                "url": item.url,
                "title": item.title,
                "content_text": item.text,
                "date_published": _rfc3339(item.published_at),
                "date_modified": _rfc3339(max(item.changed_at, item.published_at)),
                "tags": list(item.tags),
                "language": item.language,
                "_hubevents": item.about,
            }
            for item in items
        ],
    }
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def _atom(head: _Head, items: Sequence[_Item], modified_at: datetime) -> bytes:
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{_xml(head.language)}">',
        f"<id>{_xml(head.address)}</id>",
        f"<title>{_xml(head.name) or '-'}</title>",
        f"<updated>{_rfc3339(modified_at)}</updated>",
        f"<author><name>{_xml(head.author) or '-'}</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{_xml(head.address)}"/>',
        f'<link rel="alternate" type="text/html" href="{_xml(head.page)}"/>',
    ]
    for item in items:
        lines += [
            f'<entry xml:lang="{_xml(item.language)}">',
            f"<id>urn:uuid:{_xml(item.id)}</id>",
            f"<title>{_xml(item.title) or '-'}</title>",
            f"<published>{_rfc3339(item.published_at)}</published>",
            f"<updated>{_rfc3339(max(item.changed_at, item.published_at))}</updated>",
            f'<link rel="alternate" type="text/html" href="{_xml(item.url)}"/>',
            *(f'<category term="{_xml(tag)}"/>' for tag in item.tags),
            f'<content type="text">{_xml(item.text)}</content>',
            "</entry>",
        ]
    lines.append("</feed>\n")
    return "\n".join(lines).encode()


def _xml(value: str) -> str:
    """Text for XML 1.0, which cannot hold control characters and lone surrogates even when escaped."""
    held = "".join(char for char in value if char in "\n\t" or (char >= " " and not "\ud800" <= char <= "\udfff"))
    return escape(held.replace("\ufffe", "").replace("\uffff", ""))


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


# --- subscribing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subscribing:
    """The addresses of one calendar feed by client (I88)."""

    webcal: str
    """Apple, Outlook for the desktop, Thunderbird and most phones open it by themselves."""
    https: str
    """To copy."""
    google: str
    outlook: str
    """outlook.live.com, for private accounts."""
    office: str
    """outlook.office.com, for firms and schools."""


def subscribing(url: str, name: str) -> Subscribing:
    """The addresses for an absolute http(s) address of a feed; `name` is what Outlook proposes to call it.

    Google takes the webcal form only: with https it asks for a calendar of its own.
    """
    webcal = "webcal://" + url.partition("://")[2]
    asked = f"url={quote(url, safe='')}&name={quote(name, safe='')}"
    return Subscribing(
        webcal=webcal,
        https=url,
        google=f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}",
        outlook=f"https://outlook.live.com/calendar/0/addfromweb?{asked}",
        office=f"https://outlook.office.com/calendar/0/addfromweb?{asked}",
    )
