"""Colleagues of a hub: invited by link, with a role, taken away again."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import DataRequired, Length

from hubevents.core.db import transaction
from hubevents.core.errors import Conflict
from hubevents.hubs import queries as hubs
from hubevents.hubs import service as hub_service
from hubevents.hubs.rules import Action, Role
from hubevents.web import access, messages
from hubevents.web.forms import EmailAddress, Form, Text, in_form
from hubevents.web.locale import language
from hubevents.web.organiser.blueprint import blueprint

ROLE_WORDS = {
    Role.OWNER: (_l("Owner"), _l("May do everything, also invite colleagues and change the hub.")),
    Role.ORGANISER: (_l("Organiser"), _l("Makes events, sees and registers people, sends mails, opens doors.")),
    Role.DOOR: (_l("Door"), _l("Opens doors and sees the events, no list of people.")),
    Role.REPORTER: (_l("Reporter"), _l("Reads and exports; changes nothing.")),
}


class InviteForm(Form):
    """Who is invited, and as what."""

    name = Text(_l("Name"), [DataRequired(_l("Write the colleague's name.")), Length(max=120)])
    email = EmailAddress(_l("E-mail"), [DataRequired(_l("Write the colleague's e-mail address."))])
    role = RadioField(_l("Role"), default=Role.ORGANISER.value)


class RoleForm(Form):
    """A new role."""

    role = RadioField(_l("Role"))


@dataclass(frozen=True)
class Colleague:
    """A row of the list."""

    id: int
    name: str
    email: str
    role: str
    joined: bool
    myself: bool


def _choices() -> list[tuple[str, str]]:
    return [(role.value, str(words[0])) for role, words in ROLE_WORDS.items()]


def _notes() -> dict[str, str]:
    return {role.value: str(words[1]) for role, words in ROLE_WORDS.items()}


@blueprint.get("/<slug:hub>/staff")
@access.staff(Action.MANAGE_STAFF)
def staff(hub: str) -> str:
    """All colleagues of the hub."""
    people = [
        Colleague(
            membership.id,
            membership.user.name,
            membership.user.email,
            str(ROLE_WORDS[membership.role][0]),
            membership.user.password_hash is not None,
            membership.user_id == current_user.id,
        )
        for membership in hubs.staff_of(access.this_hub().id)
    ]
    return render_template("organiser/staff.html", people=people)


@blueprint.route("/<slug:hub>/staff/invite", methods=["GET", "POST"])
@access.staff(Action.MANAGE_STAFF)
@in_form
def invite(hub: str) -> Response | tuple[str, int] | str:
    """Invites a colleague by mail."""
    form = InviteForm()
    form.role.choices = _choices()
    also: list[str] = []
    status = 422
    if form.validate_on_submit():
        hub_id, by, spoken = access.this_hub().id, current_user.id, language()
        try:
            with transaction():
                hub_service.invite(
                    hub_id,
                    email=form.email.data,
                    name=form.name.data,
                    role=Role(form.role.data),
                    language=spoken,
                    by_user_id=by,
                )
        except Conflict as error:
            also.append(messages.words(error))
            status = 409
        else:
            flash(_("%(name)s gets a mail with a link.", name=form.name.data), "ok")
            return redirect(url_for("organiser.staff", hub=hub), 303)
    page = render_template("organiser/invite.html", form=form, notes=_notes(), also=also)
    return (page, status) if form.errors or also else page


@blueprint.route("/<slug:hub>/staff/<int:membership_id>", methods=["GET", "POST"])
@access.staff(Action.MANAGE_STAFF)
@in_form
def colleague(hub: str, membership_id: int) -> Response | tuple[str, int] | str:
    """One colleague: another role, the invitation again, or out of the hub."""
    membership = hubs.membership_of_hub(access.this_hub().id, membership_id)
    name, joined, email = membership.user.name, membership.user.password_hash is not None, membership.user.email
    form = RoleForm(role=membership.role.value)
    form.role.choices = _choices()
    also: list[str] = []
    if form.validate_on_submit():
        hub_id, by = access.this_hub().id, current_user.id
        act = request.form.get("act", "role")
        try:
            with transaction():
                if act == "remove":
                    hub_service.remove_member(hub_id, membership_id)
                elif act == "again":
                    hub_service.invite_again(hub_id, membership_id, by)
                else:
                    hub_service.change_role(hub_id, membership_id, Role(form.role.data))
        except Conflict as error:
            also.append(messages.words(error))
        else:
            flash(_("Saved."), "ok")
            return redirect(url_for("organiser.staff", hub=hub), 303)
    page = render_template(
        "organiser/colleague.html", form=form, notes=_notes(), name=name, email=email, joined=joined, also=also
    )
    return (page, 409 if also else 422) if form.errors or also else page
