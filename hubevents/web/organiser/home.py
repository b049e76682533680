"""The choice of a hub, and what needs its staff today."""

from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from hubevents.hubs import queries as hubs
from hubevents.hubs.rules import Action
from hubevents.web import access
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.frame import Link


@blueprint.get("/")
@access.signed_in
def start() -> Response | str:
    """To the only hub of the user, else a choice."""
    memberships = hubs.memberships(current_user.id)
    if len(memberships) == 1:
        return redirect(url_for("organiser.home", hub=memberships[0].hub.slug), 303)
    choices = [
        Link(membership.hub.name.text(current_user.language), url_for("organiser.home", hub=membership.hub.slug))
        for membership in memberships
    ]
    return render_template("organiser/start.html", hubs=choices)


@blueprint.get("/<slug:hub>/")
@access.staff(Action.SEE_EVENTS)
def home(hub: str) -> str:
    """What needs me today, and the coming days."""
    return render_template("organiser/home.html")
