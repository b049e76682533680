"""The hub's own settings: names, zone, colour, logo, contact, imprint and privacy text in its languages."""

import zoneinfo
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, FileField, SelectField, SelectMultipleField
from wtforms.validators import DataRequired, Length, Optional, Regexp

from hubevents.core import config, pictures
from hubevents.core.db import transaction
from hubevents.core.errors import DomainError
from hubevents.core.i18n import Translated
from hubevents.hubs import service as hub_service
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Action
from hubevents.hubs.service import HubDetails
from hubevents.web import access, messages
from hubevents.web.context import vocabularies
from hubevents.web.forms import EmailAddress, Form, LongText, Text, in_form
from hubevents.web.locale import language
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.site import LANGUAGE_NAMES, upload_url

SHORT = ("name", "kind_line", "address")
LONG = ("summary", "about", "privacy", "imprint")


class HubForm(Form):
    """All of a hub but its texts, which `_form` adds for each language."""

    slug = Text(
        _l("Address of the hub's pages"),
        [
            DataRequired(_l("Write the short name that stands in addresses.")),
            Length(max=60),
            Regexp(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", message=_l("Only small Latin letters, digits and dashes.")),
        ],
    )
    zone = SelectField(_l("Time zone"))
    languages = SelectMultipleField(_l("Languages of the texts"))
    colour = Text(
        _l("Colour"), [Regexp(r"^#[0-9a-fA-F]{6}$", message=_l("Write a colour as # and six digits, like #a6124f."))]
    )
    email = EmailAddress(_l("E-mail for questions"), [DataRequired(_l("Write an e-mail address."))])
    phone = Text(_l("Phone"), [Length(max=40)])
    website = Text(
        _l("Web site"),
        [
            Optional(),
            Length(max=300),
            Regexp(r"^https?://[^\s]+$", message=_l("Write the whole address with https://.")),
        ],
    )
    logo = FileField(_l("Logo"))
    without_logo = BooleanField(_l("Take the logo away"))

    def texts(self, name: str, codes: tuple[str, ...]) -> Translated:
        """What was written of one text in all languages."""
        return Translated.of({code: self[f"{name}_{code}"].data for code in codes})


def _form(hub: Hub, codes: tuple[str, ...]) -> HubForm:
    fields: dict[str, Any] = {}
    for code in codes:
        for name in SHORT:
            needed = [DataRequired(_l("Write the name."))] if name == "name" and code == codes[0] else []
            fields[f"{name}_{code}"] = Text("", [*needed, Length(max=200)])
        for name in LONG:
            fields[f"{name}_{code}"] = LongText("", [Length(max=30_000)])
    values = {f"{name}_{code}": getattr(hub, name).get(code, "") for name in SHORT + LONG for code in codes}
    form_class = type("HubFormOfHub", (HubForm,), fields)
    form: HubForm = form_class(
        slug=hub.slug, zone=hub.zone, languages=list(hub.languages), colour=hub.colour, email=hub.email,
        phone=hub.phone, website=hub.website, **values,
    )  # fmt: skip
    form.zone.choices = sorted(z for z in zoneinfo.available_timezones() if "/" in z and not z.startswith("Etc/"))
    known = dict(vocabularies().languages.choices(language()))
    form.languages.choices = [(code, known.get(code, LANGUAGE_NAMES.get(code, code))) for code in _offered(hub)]
    return form


def _offered(hub: Hub) -> list[str]:
    """The hub's languages first, then the installation's, then all of the vocabulary."""
    vocabulary = [key for key, _words in vocabularies().languages.choices(language())]
    return list(dict.fromkeys([*hub.languages, *config.LANGUAGES, *vocabulary]))


@blueprint.route("/<slug:hub>/settings", methods=["GET", "POST"])
@access.staff(Action.MANAGE_HUB)
@in_form
def settings(hub: str) -> Response | tuple[str, int] | str:
    """Shows and saves the hub's settings."""
    request.max_content_length = pictures.MAX_BYTES + 1_000_000
    row = access.this_hub()
    codes = row.languages
    form = _form(row, codes)
    also: list[str] = []
    if form.validate_on_submit():
        try:
            slug = _save(row, form, codes)
        except DomainError as error:
            also.append(messages.words(error))
        else:
            flash(_("The hub is saved."), "ok")
            return redirect(url_for("organiser.settings", hub=slug), 303)
    names = [(code, dict(form.languages.choices).get(code, code)) for code in codes]
    page = render_template(
        "organiser/settings.html", form=form, names=names, also=also, logo_url=upload_url(access.this_hub().logo)
    )
    return (page, 422) if form.errors or also else page


def _save(row: Hub, form: HubForm, codes: tuple[str, ...]) -> str:
    logo = None if form.without_logo.data else row.logo
    upload = request.files.get("logo")
    if upload is not None and upload.filename:
        logo = pictures.store(upload.stream, current_app.extensions["settings"].uploads, longest=400)
    chosen = tuple(form.languages.data or codes)
    details = HubDetails(
        slug=form.slug.data,
        zone=form.zone.data,
        languages=chosen,
        colour=form.colour.data.lower(),
        email=form.email.data,
        phone=form.phone.data or "",
        website=form.website.data or "",
        logo=logo,
        **{name: form.texts(name, codes) for name in SHORT + LONG},
    )
    id = row.id
    with transaction():
        return hub_service.change_hub(id, details).slug
