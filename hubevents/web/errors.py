"""Refusals and faults as pages with a way on, or as short JSON where a program asks."""

import sqlalchemy as sa
from flask import Flask, current_app, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from hubevents.core import log
from hubevents.core.db import db
from hubevents.core.errors import Conflict, DomainError, Gone, Invalid, NotAllowed, NotFound
from hubevents.web import messages
from hubevents.web.site import plain_site

logger = log.get(__name__)

STATUS: dict[type[DomainError], int] = {NotFound: 404, Gone: 410, NotAllowed: 403, Conflict: 409, Invalid: 422}
JSON_PREFIXES = ("/door/", "/feeds/", "/healthz", "/readyz")
_PAGES = (403, 404, 410, 429)
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, sa.exc.DisconnectionError)
"""What says that the database does not answer just now."""


def init_errors(app: Flask) -> None:
    """Registers the handlers."""
    app.register_error_handler(DomainError, _refusal)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def page(status: int, message: str | None = None, code: str | None = None) -> Response:
    """The error page (or JSON) of a status, with a sentence of its own when there is one."""
    if request.path.startswith(JSON_PREFIXES):
        response: Response = jsonify({"status": status, "code": code or "error", "detail": message or ""})
    elif status in (500, 503):
        # Without the values of other pages: the database that they ask may be what failed.
        response = current_app.make_response(current_app.jinja_env.get_template("errors/500.html").render())
    else:
        template = f"errors/{status}.html" if status in _PAGES else "errors/other.html"
        response = current_app.make_response(
            render_template(template, message=message, status=status, site=plain_site(private=True))
        )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _refusal(error: DomainError) -> Response:
    db.session.rollback()
    return page(STATUS.get(type(error), 409), messages.words(error), error.code)


def _csrf(error: CSRFError) -> Response:
    # Views that show a form catch this earlier (web.forms); what comes here has no form to show again.
    return page(400, _("The form was open too long or cookies are off. Go back, reload the page and try again."))


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return error.get_response()  # redirects
    status = error.code or 500
    message = {
        413: _("What you sent is too large."),
        405: _("This address does not take that kind of request."),
    }.get(status)
    response = page(status, message)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    if status == 429 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = "60"
    return response


def _fault(error: Exception) -> Response:
    away = isinstance(error, _AWAY)
    db.session.rollback()
    logger.exception("request failed", route=str(request.url_rule), method=request.method)
    g.pop("membership", None)
    if current_app.testing:
        raise error
    response = page(503 if away else 500)
    if away:
        response.headers["Retry-After"] = "30"
    return response
