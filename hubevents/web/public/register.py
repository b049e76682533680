"""The registration form: no account, no more questions than needed, nothing typed is lost."""

from datetime import timedelta
from typing import Any

from flask import current_app, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from hubevents.agenda import queries as agenda
from hubevents.core import i18n, links, text, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.events.rules import Asked, Openness
from hubevents.organisations import rules as organisation_rules
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import ConsentKind
from hubevents.registrations.service import Registrant
from hubevents.web import access, messages, shown
from hubevents.web.forms import EmailAddress, Form, Text, in_form
from hubevents.web.headers import private
from hubevents.web.limits import REGISTER, limiter
from hubevents.web.locale import language
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import public_event
from hubevents.web.site import plain_site

SOONEST = timedelta(seconds=2)
"""Nobody reads and fills the form faster; a machine does."""

_PHONE = r"^[+0-9 ()/.-]{5,40}$"


class PersonForm(Form):
    """What a person says of themselves; also used by staff, at the door and on the personal page."""

    first_name = Text(_l("First name"), [DataRequired(_l("Write your first name.")), Length(max=80)])
    last_name = Text(_l("Last name"), [DataRequired(_l("Write your last name.")), Length(max=80)])
    organisation = Text(_l("Organisation"), [Length(max=200)])
    organisation_number = Text(_l("Company number (ЕИК) or VAT number"), [Length(max=40)])
    phone = Text(
        _l("Phone"),
        [Optional(), Regexp(_PHONE, message=_l("Write a phone number with digits only, like +359 42 600 000."))],
    )
    position = Text(_l("Position"), [Length(max=120)])

    def ask(self, event: Event) -> None:
        """Leaves out what the event does not ask and requires what it must know."""
        for name in ("organisation", "phone", "position"):
            asked: Asked = getattr(event, f"ask_{name}")
            if asked is Asked.NO:
                del self[name]
            elif asked is Asked.REQUIRED:
                field = self[name]
                kept = [validator for validator in field.validators if not isinstance(validator, Optional)]
                field.validators = [DataRequired(_("This event needs the answer.")), *kept]
        if event.ask_organisation is Asked.NO:
            del self["organisation_number"]

    def _no_egn(self, field: Field) -> None:
        if text.egn_in(field.data or ""):
            raise ValidationError(
                _(
                    "This looks like a personal number (ЕГН). We never ask for it and do not keep it. Please take it out."
                )
            )

    validate_first_name = validate_last_name = validate_organisation = validate_position = _no_egn

    def validate_organisation_number(self, field: Field) -> None:
        """Normalises the number and refuses one whose check digits are wrong."""
        if not field.data:
            return
        number = organisation_rules.normalise_organisation_number(field.data)
        if not organisation_rules.is_organisation_number(number):
            self._no_egn(field)
            raise ValidationError(_("This is no valid company or VAT number. Correct it or leave it empty."))
        field.data = number

    def registrant(self, email: str | None, spoken: str, **more: Any) -> Registrant:
        """The answers as the service takes them."""
        answers = {name: self[name].data or "" for name in ("phone", "position", "organisation_number") if name in self}
        if "organisation" in self:
            answers["organisation"] = self["organisation"].data or ""
        return Registrant(
            first_name=self.first_name.data, last_name=self.last_name.data, email=email, language=spoken,
            **{**answers, **more},
        )  # fmt: skip


class RegisterForm(PersonForm):
    """The public form: who comes, the two consents, and the trap for machines."""

    email = EmailAddress(_l("E-mail"), [DataRequired(_l("Write your e-mail address."))])
    sessions = SelectMultipleField(_l("Sessions you would like to join"), [Optional()])
    consent_photo = BooleanField(_l("You may take my picture"))
    consent_newsletter = BooleanField(_l("Send me the newsletter"))
    website = Text(_l("Leave this empty"))
    opened = HiddenField()

    field_order = ("first_name", "last_name", "email")

    def __iter__(self) -> Any:
        """Fields in the order of the page, for the summary of errors."""
        first = [self._fields[name] for name in self.field_order if name in self._fields]
        rest = [field for name, field in self._fields.items() if name not in self.field_order]
        return iter([*first, *rest])


class _Stamp:
    """A signed note of when the form was shown, so that no state is kept."""

    def __init__(self) -> None:
        self._signer = URLSafeTimedSerializer(tokens.keys("form-opened")[0])

    def new(self, event_id: int) -> str:
        """The note for a form shown now."""
        return str(self._signer.dumps(event_id))

    def too_soon(self, note: str, event_id: int) -> bool:
        """Whether the note is missing, foreign or younger than `SOONEST`."""
        try:
            self._signer.loads(note, max_age=7 * 24 * 3600)
            self._signer.loads(note, max_age=int(SOONEST.total_seconds()))
        except BadData as error:
            return getattr(error, "date_signed", None) is None
        return True


@blueprint.route(links.rule(links.REGISTER), methods=["GET", "POST"])
@access.public
@in_form
@limiter.limit(REGISTER, methods=["POST"])
def register(lang: str, hub: str, event: str) -> Response:
    """Shows the form; a sent one registers and leads to the personal page."""
    row = public_event(hub, event)
    openness = events.openness(row)
    if openness not in (Openness.OPEN, Openness.WAITING_LIST):
        return redirect(links.path(links.EVENT, lang=lang, hub=row.hub.slug, event=row.slug), 303)
    form = RegisterForm()
    form.ask(row)
    form.sessions.choices = _session_choices(row, lang)
    refusals: list[str] = []
    if form.validate_on_submit():
        if not _from_person(form, row):
            refusals.append(_("Please press the button once more."))
        else:
            try:
                return _registered(row.id, form, lang)
            except Conflict as error:
                if error.code == "already_registered":
                    return _known(row, form.email.data, lang)
                refusals.append(messages.words(error))
            except DomainError as error:
                refusals.append(messages.words(error))
    form.opened.data = _Stamp().new(row.id)
    status = 409 if refusals else 422 if form.errors else 200
    return private(_page(row, form, refusals, waiting=openness is Openness.WAITING_LIST, status=status))


def _from_person(form: RegisterForm, event: Event) -> bool:
    """Whether the trap is empty and the form was open for a moment; load tests switch this off with the limits."""
    if form.website.data:
        return False
    settings = current_app.extensions["settings"]
    return not settings.rate_limits or not _Stamp().too_soon(form.opened.data or "", event.id)


def _registered(event_id: int, form: RegisterForm, lang: str) -> Response:
    consents = {
        kind
        for kind, field in ((ConsentKind.PHOTO, form.consent_photo), (ConsentKind.NEWSLETTER, form.consent_newsletter))
        if field.data
    }
    person = form.registrant(
        form.email.data, lang, consents=frozenset(consents),
        session_ids=tuple(int(id) for id in form.sessions.data or ()),
    )  # fmt: skip
    with transaction():
        registration = registrations.register(event_id, person)
    return redirect(personal_path(registration, lang), 303)


def _known(event: Event, email: str, lang: str) -> Response:
    """Says that the address is registered already, and mails the link, at most once an hour."""
    event_id = event.id
    with transaction():
        registrations.ask_link(event_id, email)
    page = render_template(
        "public/known.html",
        site=plain_site(event.hub, current="events", private=True),
        event=_aside(event, lang),
        event_url=links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug),
        email=email,
    )
    return private(make_response(page, 200))


def personal_path(registration: Registration, lang: str) -> str:
    """The path of a registration's personal page."""
    token = tokens.link(tokens.REGISTRATION, registration.id, registration.link_version)
    return links.path(links.REGISTRATION, lang=lang, token=token)


def _aside(event: Event, lang: str) -> dict[str, Any]:
    title_lang = event.title.language_for(lang)
    return {
        "title": event.title.text(lang),
        "title_lang": title_lang if title_lang != lang else None,
        "date": shown.event_date(event, lang),
        "place_line": shown.place_line(event, lang),
    }


def _session_choices(event: Event, lang: str) -> list[SelectChoice]:
    """The sessions with limited places, with day, time and what is left."""
    return [
        SelectChoice(
            str(item.id),
            f"{i18n.day_text(i18n.local(item.starts_at, event.zone).date(), lang)}, "
            f"{i18n.time_text(item.starts_at, event.zone, lang)} · {item.title.text(lang)}",
        )
        for item in agenda.limited_sessions(event.id)
    ]


def _page(event: Event, form: RegisterForm, refusals: list[str], *, waiting: bool, status: int) -> Response:
    lang = language()
    event_url = links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug)
    if waiting:
        intro = _("All places are taken. Whoever waits gets a free place in the order of this list, by mail.")
    else:
        intro = _("It takes a minute. No account is needed.")
    page = render_template(
        "public/register.html",
        site=plain_site(event.hub, current="events", private=True),
        form=form,
        asked={name: getattr(event, f"ask_{name}").value for name in ("organisation", "phone", "position")},
        sessions=bool(form.sessions.choices),
        refusals=refusals,
        event=_aside(event, lang),
        intro=intro,
        waiting=waiting,
        privacy={
            "text": _("Your details stay with %(hub)s and serve this event.", hub=event.hub.name.text(lang)),
            "url": links.path(links.PRIVACY, lang=lang, hub=event.hub.slug),
        },
        up={"label": event.title.text(lang), "url": event_url},
    )
    return make_response(page, status)
