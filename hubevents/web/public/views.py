"""Public pages."""

from flask import redirect
from werkzeug.wrappers import Response

from hubevents.core import links
from hubevents.web import access, locale
from hubevents.web.public import event, kept, listing, machine, pages, pictures, register
from hubevents.web.public.blueprint import blueprint

__all__ = ["blueprint", "event", "listing", "machine", "pages", "pictures", "register"]

blueprint.record_once(lambda state: kept.init_kept(state.app))


@blueprint.get("/")
@access.public
def root() -> Response:
    """To the reader's language."""
    response = redirect(links.path(links.HOME, lang=locale.preferred()), 302)
    response.vary.update(["Accept-Language", "Cookie"])
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/healthz")
@access.public
def healthz() -> tuple[str, dict[str, str]]:
    """The process is up."""
    return "ok\n", {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
