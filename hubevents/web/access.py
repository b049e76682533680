"""Every route declares who may use it; a route that forgot answers nobody and fails a test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from hubevents.core.errors import NotAllowed, NotFound
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Action, may

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """Who may use a route: `public`, `link` (a token in the address decides), `signed_in` or `staff` with an action."""

    kind: str
    action: Action | None = None


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        cast(Any, view).access = access
        return view

    return mark


public = _declare(Access("public"))
"""Everybody."""
link = _declare(Access("link"))
"""Whoever has the link; the view checks the token itself."""
signed_in = _declare(Access("signed_in"))
"""Any user with a sign-in."""


def staff(action: Action) -> Callable[[View], View]:
    """Users whose role in the `<hub>` of the address may do the action; other hubs answer 404."""
    return _declare(Access("staff", action))


def declared(endpoint: str) -> Access | None:
    """What a route declared, None when it forgot."""
    if endpoint == "static":
        return Access("public")
    return getattr(current_app.view_functions[endpoint], "access", None)


def init_access(app: Flask) -> None:
    """Enforces the declarations before every request."""
    app.before_request(_enforce)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None
    access = declared(request.endpoint)
    if access is None:
        raise NotAllowed("no_access_declared")
    if access.kind in ("public", "link"):
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("organiser.sign_in", next=request.full_path.rstrip("?")), 303)
    if access.kind == "staff":
        assert access.action is not None
        g.membership = hubs.membership(current_user.id, (request.view_args or {})["hub"])
        if g.membership is None:
            raise NotFound("page")
        if not may(g.membership.role, access.action):
            raise NotAllowed("role", role=g.membership.role)
    return None


def this_hub() -> Hub:
    """The hub of the address, after `staff` let the user in."""
    membership: Membership = g.membership
    return membership.hub


def permitted(action: Action) -> bool:
    """Whether the signed-in user may do an action in the hub of the address; templates hide what is not."""
    membership: Membership | None = g.get("membership")
    return membership is not None and may(membership.role, action)
