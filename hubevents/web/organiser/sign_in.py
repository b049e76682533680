"""Sign-in, sign-out, password reset and invitations of staff."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, PasswordField, SelectField
from wtforms.validators import DataRequired, EqualTo, Length

from hubevents.accounts import passwords
from hubevents.accounts import queries as accounts
from hubevents.accounts import service as users
from hubevents.core import config, links, text, tokens
from hubevents.core.db import db, transaction
from hubevents.hubs import queries as hubs
from hubevents.web import access, browser
from hubevents.web.forms import EmailAddress, Form, Text, in_form
from hubevents.web.headers import private
from hubevents.web.limits import SIGN_IN, SIGN_INS, limiter
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.site import LANGUAGE_NAMES

MAX_PASSWORD = 200
"""Longer ones cost time to hash and help nobody."""


class SignInForm(Form):
    """Address and password."""

    email = EmailAddress(_l("E-mail"), [DataRequired(_l("Write your e-mail address."))])
    password = PasswordField(_l("Password"), [DataRequired(_l("Write your password.")), Length(max=MAX_PASSWORD)])


class ResetForm(Form):
    """The address whose password is forgotten."""

    email = EmailAddress(_l("E-mail"), [DataRequired(_l("Write your e-mail address."))])


class PasswordForm(Form):
    """A new password, typed twice."""

    password = PasswordField(
        _l("New password"),
        [
            DataRequired(_l("Write a password.")),
            Length(min=passwords.MIN_LENGTH, max=MAX_PASSWORD, message=_l("A password has at least 10 characters.")),
        ],
    )
    again = PasswordField(
        _l("The same password again"), [EqualTo("password", message=_l("The two passwords are not the same."))]
    )


class InvitationForm(PasswordForm):
    """The name and first password of an invited colleague."""

    name = Text(_l("Your name"), [DataRequired(_l("Write your name.")), Length(max=120)])


class ProfileForm(Form):
    """What users may change of themselves."""

    name = Text(_l("Your name"), [DataRequired(_l("Write your name.")), Length(max=120)])
    language = SelectField(_l("Language of your pages"))
    sign_out_everywhere = BooleanField(_l("Sign me out on all other devices"))


def _sign_in_key() -> str:
    """One person's tries from one place; a classroom behind one address is not one person."""
    return f"{text.search_key(request.form.get('email', ''))[:254]} {get_remote_address()}"


@blueprint.route("/sign-in", methods=["GET", "POST"])
@access.public
@in_form
@limiter.limit(SIGN_INS, methods=["POST"])
@limiter.limit(SIGN_IN, key_func=_sign_in_key, methods=["POST"])
def sign_in() -> Response | tuple[str, int] | str:
    """Signs in and leads back to where the person wanted to go."""
    target = browser.local_path(request.args.get("next")) or url_for("organiser.start")
    if current_user.is_authenticated and request.method != "POST":
        return redirect(target, 303)
    form = SignInForm()
    if form.validate_on_submit():
        user = users.authenticate(form.email.data, form.password.data)
        if user is not None:
            with transaction():
                users.note_sign_in(user.id)
            browser.begin_session(user)
            return redirect(target, 303)
        form.password.errors = [_("The address or the password is not right.")]
    page = render_template("organiser/sign_in.html", form=form)
    return (page, 422) if form.errors else page


@blueprint.post("/sign-out")
@access.public
def sign_out() -> Response:
    """Ends the session."""
    browser.end_session()
    return redirect(url_for("organiser.sign_in"), 303)


@blueprint.route("/reset", methods=["GET", "POST"])
@access.public
@in_form
@limiter.limit(SIGN_INS, methods=["POST"])
@limiter.limit(SIGN_IN, key_func=_sign_in_key, methods=["POST"])
def ask_reset() -> Response | tuple[str, int] | str:
    """Mails a link to set a new password; the answer is the same for every address."""
    form = ResetForm()
    if form.validate_on_submit():
        with transaction():
            users.ask_reset(form.email.data)
        return redirect(url_for("organiser.reset_asked"), 303)
    page = render_template("organiser/reset.html", form=form)
    return (page, 422) if form.errors else page


@blueprint.get("/reset/asked")
@access.public
def reset_asked() -> str:
    """Says what happens now, whether the address is known or not."""
    return render_template("organiser/reset_asked.html")


@blueprint.route(links.PASSWORD_RESET.removeprefix("/organise"), methods=["GET", "POST"])
@access.link
@in_form
def reset(token: str) -> Response:
    """Sets a new password by a mailed link and signs in."""
    user = users.user_of_token(tokens.PASSWORD_RESET, token)
    form = PasswordForm()
    if form.validate_on_submit():
        return _set_password(tokens.PASSWORD_RESET, token, form.password.data, None)
    return _private_page("organiser/new_password.html", form, email=user.email)


@blueprint.route(links.STAFF_INVITATION.removeprefix("/organise"), methods=["GET", "POST"])
@access.link
@in_form
def invitation(token: str) -> Response:
    """An invited colleague writes a name and a password and is signed in."""
    user = users.user_of_token(tokens.INVITATION, token)
    form = InvitationForm(name=user.name)
    if form.validate_on_submit():
        return _set_password(tokens.INVITATION, token, form.password.data, form.name.data)
    hub_names = [membership.hub.name for membership in hubs.memberships(user.id)]
    return _private_page("organiser/invitation.html", form, email=user.email, hub_names=hub_names)


def _set_password(purpose: str, token: str, password: str, name: str | None) -> Response:
    hashed = passwords.hash_password(password)  # slow: before the transaction
    with transaction():
        user = users.set_password(purpose, token, hashed, name)
        users.note_sign_in(user.id)
    browser.begin_session(user)
    flash(_("Your password is set."), "ok")
    return redirect(url_for("organiser.start"), 303)


def _private_page(template: str, form: Form, **values: object) -> Response:
    response = Response(render_template(template, form=form, **values), 422 if form.errors else 200)
    response.content_type = "text/html; charset=utf-8"
    return private(response)


@blueprint.route("/me", methods=["GET", "POST"])
@access.signed_in
@in_form
def me() -> Response | tuple[str, int] | str:
    """The user's own name, language and sessions."""
    user = accounts.user_by_id(current_user.id)
    assert user is not None  # the session's loader found it a moment ago
    form = ProfileForm(name=user.name, language=user.language)
    form.language.choices = [(code, LANGUAGE_NAMES[code]) for code in config.LANGUAGES]
    if form.validate_on_submit():
        id = user.id
        with transaction():
            users.change_profile(id, name=form.name.data, language=form.language.data)
            if form.sign_out_everywhere.data:
                users.end_sessions(id)
        if form.sign_out_everywhere.data:
            fresh = accounts.user_by_id(id)
            assert fresh is not None
            browser.begin_session(fresh)
        db.session.rollback()
        flash(_("Saved."), "ok")
        return redirect(url_for("organiser.me"), 303)
    page = render_template("organiser/me.html", form=form, email=user.email)
    return (page, 422) if form.errors else page
