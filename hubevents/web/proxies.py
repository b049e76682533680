"""Proxies in front: how many are believed (PROXY_HOPS), and a warning when one is there that nobody was told of.

In the embedded server waitress reads the forwarded headers, elsewhere ProxyFix does; never both (DESIGN 6).
"""

import itertools

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from hubevents.core import log
from hubevents.core.config import Settings

logger = log.get(__name__)


def init_proxies(app: Flask, settings: Settings) -> None:
    """Warns once per process when a proxy speaks although PROXY_HOPS is 0: all visitors then share one address."""
    if settings.proxy_hops:
        return
    seen = itertools.count()

    @app.before_request
    def warn_of_proxy() -> None:
        if "X-Forwarded-For" in request.headers and next(seen) == 0:
            logger.warning("X-Forwarded-For came although HUBEVENTS_PROXY_HOPS is 0: it is not believed")


def believe(app: Flask, hops: int) -> None:
    """Takes client address and scheme from that many proxies; for servers that do not do so themselves."""
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
