"""Finished public pages: kept for a minute in this process, sent with a validator, never with a cookie.

A page is kept under a key that holds the stamp of its rows and the minute, so it is as new as both; the copy only saves
the work of rendering and nothing relies on it. Whoever carries a session (staff) always gets a page made anew.
"""

import contextlib
import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from flask import Response, current_app, request

from hubevents.core import clock

EXTENSION = "public_pages"
VALUES = "public_values"
MOST_VALUES = 400
Value = TypeVar("Value")
LIMIT = 12 * 1024 * 1024
"""Bytes of kept pages in one process."""
LONGEST_QUERY = 300
CACHING = "public, max-age=0, s-maxage=10, must-revalidate"
"""Browsers ask each time, which costs them a 304; a CDN may hold a page for ten seconds."""


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page as bytes, plain and packed, with its validator."""

    body: bytes
    packed: bytes
    tag: str
    mimetype: str

    @classmethod
    def of(cls, text: str, mimetype: str = "text/html") -> "Page":
        """A page of a finished text."""
        body = text.encode()
        return cls(body, gzip.compress(body, 5, mtime=0), blake2b(body, digest_size=12).hexdigest(), mimetype)


class Pages:
    """The most recently used pages, bounded by their bytes."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Page | None:
        """The page kept under a key."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: Page) -> None:
        """Keeps a page; the longest unused ones make room."""
        with self._lock:
            self._size -= _weight(self._pages.pop(key, None))
            self._pages[key] = page
            self._size += _weight(page)
            while self._size > self._limit:
                _key, oldest = self._pages.popitem(last=False)
                self._size -= _weight(oldest)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._pages.clear()
            self._size = 0

    def __len__(self) -> int:
        """How many pages are kept."""
        return len(self._pages)


def _weight(page: Page | None) -> int:
    return 0 if page is None else len(page.body) + len(page.packed) + 500


def init_kept(app: Any) -> None:
    """Makes the store of this process, among the extensions of a Flask app."""
    app.extensions[EXTENSION] = Pages()
    app.extensions[VALUES] = OrderedDict()


def remembered(name: Hashable, stamp: Hashable, make: Callable[[], Value]) -> Value:
    """A value kept under a name while its stamp stays the same, else what `make` gives now; the oldest make room."""
    values: OrderedDict[Hashable, tuple[Hashable, Any]] = current_app.extensions[VALUES]
    found = values.get(name)
    if found is not None and found[0] == stamp:
        value: Value = found[1]
        return value
    value = make()
    values[name] = (stamp, value)
    while len(values) > MOST_VALUES:
        with contextlib.suppress(KeyError):  # another thread made room in the same instant
            values.popitem(last=False)
    return value


def answer(stamp: Hashable, make: Callable[[], str], mimetype: str = "text/html") -> Response:
    """The page of this address: the kept one while `stamp` and minute are the same, else what `make` renders."""
    from_staff = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    query = request.query_string
    if from_staff:
        # It may hold what the last act did, and their cookie is written again.
        response = send(Page.of(make(), mimetype))
        response.headers["Cache-Control"] = "private, no-cache"
        return response
    if len(query) > LONGEST_QUERY:
        return send(Page.of(make(), mimetype))
    pages: Pages = current_app.extensions[EXTENSION]
    minute = int(clock.now().timestamp()) // 60
    key = (request.path, query, minute, stamp)
    page = pages.get(key)
    if page is None:
        page = Page.of(make(), mimetype)
        pages.keep(key, page)
    return send(page)


def send(page: Page) -> Response:
    """A page with validator and caching, packed where the reader unpacks; 304 when the reader has it."""
    # Weak, because packed and plain bytes share it (RFC 9110 8.8.1).
    if request.if_none_match.contains_weak(page.tag):
        response = Response(status=304)
        del response.headers["Content-Type"]
    elif "gzip" in request.headers.get("Accept-Encoding", "") and request.accept_encodings["gzip"] > 0:
        response = Response(page.packed, mimetype=page.mimetype)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(page.body, mimetype=page.mimetype)
    headers = response.headers
    headers["ETag"] = f'W/"{page.tag}"'
    headers["Cache-Control"] = CACHING
    headers["Vary"] = "Accept-Encoding"
    return response
