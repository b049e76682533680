"""Security headers of every answer: a strict CSP without inline code, and caching told to proxies."""

from flask import Flask, request
from werkzeug.wrappers import Response

from hubevents.core.config import Settings

CSP = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data:{blob}; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
DOOR_PREFIX = "/door/"
TRANSPORT = "max-age=31536000; includeSubDomains"
"""Strict-Transport-Security, sent exactly when BASE_URL is https."""


def init_headers(app: Flask, settings: Settings) -> None:
    """Adds the headers to every answer."""

    @app.after_request
    def protect(response: Response) -> Response:
        door = request.path.startswith(DOOR_PREFIX)
        headers = response.headers
        headers.setdefault(
            "Content-Security-Policy",
            CSP.format(wasm=" 'wasm-unsafe-eval'" if door else "", blob=" blob:" if door else ""),
        )
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault(
            "Permissions-Policy", f"camera={'(self)' if door else '()'}, microphone=(), geolocation=(), payment=()"
        )
        if settings.https:
            headers.setdefault("Strict-Transport-Security", TRANSPORT)
        return response


def private(response: Response) -> Response:
    """Marks an answer that holds a person's data or a token's page: not stored, not indexed."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
