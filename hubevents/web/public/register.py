"""The registration form: no account, no more questions than needed, nothing typed is lost."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from hubevents.agenda import queries as agenda
from hubevents.agenda import stamps
from hubevents.core import clock, i18n, links, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, NotFound
from hubevents.events import queries as events
from hubevents.events import rules
from hubevents.events.models import Event
from hubevents.events.rules import Asked, Openness
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import ConsentKind
from hubevents.web import access, browser, messages, shown
from hubevents.web.forms import EmailAddress, Text, in_form
from hubevents.web.headers import private
from hubevents.web.limits import REGISTER, limiter
from hubevents.web.locale import language
from hubevents.web.person import PersonForm, asked_by
from hubevents.web.public import kept
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import public_event
from hubevents.web.site import plain_site

SOONEST = timedelta(seconds=2)
"""Nobody reads and fills the form faster; a machine does."""
_TOKEN_PLACE = "{{csrf token}}"  # noqa: S105 - where a token goes
_OPENED_PLACE = "{{opened}}"


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
        self._signer = URLSafeTimedSerializer(tokens.signing_keys("form-opened"))

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


@dataclass(frozen=True)
class Shape:
    """What the form of one event asks and when it is open, in one language; kept while the event's stamp stays."""

    event_id: int
    event_path: str
    asked: dict[str, Asked]
    choices: tuple[tuple[str, str], ...]
    capacity: int | None
    openness: dict[str, Any]
    """The other arguments of `events.rules.openness`."""


@blueprint.route(links.rule(links.REGISTER), methods=["GET", "POST"])
@access.public
@in_form
@limiter.limit(REGISTER, methods=["POST"])
def register(lang: str, hub: str, event: str) -> Response:
    """Shows the form; a sent one registers and leads to the personal page.

    In a rush many ask for the same empty form: its shape and its page are kept under the event's stamp, without seats.
    """
    stamp = stamps.page_stamp(hub, event)
    if stamp is None:
        public_event(hub, event)  # says that it moved, or that there is none
        raise NotFound("page")
    seats_taken, waiting = stamp.seats_taken, stamp.waiting
    key = (stamp.without_seats, int(clock.now().timestamp()) // 60)
    shape = kept.remembered(("form", lang, hub, event), key, lambda: _shape(public_event(hub, event), lang))
    openness = rules.openness(
        **shape.openness, capacity=shape.capacity, seats_taken=seats_taken, waiting=waiting, now=clock.now()
    )
    if openness not in (Openness.OPEN, Openness.WAITING_LIST):
        return redirect(shape.event_path, 303)
    joins_queue = openness is Openness.WAITING_LIST
    if request.method != "POST":
        return _empty(shape, key, joins_queue)
    form = _form(shape)
    refusals: list[str] = []
    if form.validate_on_submit():
        if not _from_person(form, shape.event_id):
            refusals.append(_("Please press the button once more."))
        else:
            try:
                return _registered(shape.event_id, form, lang)
            except Conflict as error:
                if error.code == "already_registered":
                    return _known(public_event(hub, event), form.email.data, lang)
                refusals.append(messages.words(error))
            except DomainError as error:
                refusals.append(messages.words(error))
    form.opened.data = _Stamp().new(shape.event_id)
    page = _page(public_event(hub, event), form, refusals, waiting=joins_queue)
    return private(make_response(page, 409 if refusals else 422))


def _shape(event: Event, lang: str) -> Shape:
    return Shape(
        event_id=event.id,
        event_path=links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug),
        asked=asked_by(event),
        choices=tuple(_session_choices(event, lang)),
        capacity=event.capacity,
        openness={
            "status": event.status,
            "takes_registrations": event.takes_registrations,
            "opens_at": event.registration_opens_at,
            "closes_at": event.registration_closes_at,
            "last_start": events.last_start(event),
            "ends_at": event.ends_at,
        },
    )


def _form(shape: Shape) -> RegisterForm:
    form = RegisterForm()
    form.ask(shape.asked)
    form.sessions.choices = [SelectChoice(value, label) for value, label in shape.choices]
    return form


def _empty(shape: Shape, key: Hashable, joins_queue: bool) -> Response:
    """The untouched form: kept with places for the two values that are each reader's own."""
    token = generate_csrf() if current_app.config["WTF_CSRF_ENABLED"] else ""
    opened = _Stamp().new(shape.event_id)

    def make() -> str:
        form = _form(shape)
        form.opened.data = opened
        return _page(_event_again(shape), form, [], waiting=joins_queue)

    if browser.has_session():  # what the last act left to say must be shown, and only to this reader
        return private(make_response(make()))

    def with_places() -> str:
        page = make().replace(opened, _OPENED_PLACE)
        return page.replace(token, _TOKEN_PLACE) if token else page

    page = kept.remembered(("form page", shape.event_path, joins_queue), key, with_places)
    return private(make_response(page.replace(_OPENED_PLACE, opened).replace(_TOKEN_PLACE, token)))


def _event_again(shape: Shape) -> Event:
    event = events.public_event(shape.event_id)
    if event is None:
        raise NotFound("page")
    return event


def _from_person(form: RegisterForm, event_id: int) -> bool:
    """Whether the trap is empty and the form was open for a moment; load tests switch this off with the limits."""
    if form.website.data:
        return False
    settings = current_app.extensions["settings"]
    return not settings.rate_limits or not _Stamp().too_soon(form.opened.data or "", event_id)


def _registered(event_id: int, form: RegisterForm, lang: str) -> Response:
    consents = {
        kind
        for kind, field in ((ConsentKind.PHOTO, form.consent_photo), (ConsentKind.NEWSLETTER, form.consent_newsletter))
        if field.data
    }
    person = form.registrant(
        form.email.data, lang, consents=frozenset(consents),
        session_ids=tuple(int(id) for id in form.sessions.data or () if id),
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


def _session_choices(event: Event, lang: str) -> list[tuple[str, str]]:
    """The sessions with limited places, with day, time and what is left."""
    return [
        (
            str(item.id),
            f"{i18n.day_text(i18n.local(item.starts_at, event.zone).date(), lang)}, "
            f"{i18n.time_text(item.starts_at, event.zone, lang)} · {item.title.text(lang)}",
        )
        for item in agenda.limited_sessions(event.id)
    ]


def _page(event: Event, form: RegisterForm, refusals: list[str], *, waiting: bool) -> str:
    lang = language()
    event_url = links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug)
    if waiting:
        intro = _("All places are taken. Whoever waits gets a free place in the order of this list, by mail.")
    else:
        intro = _("It takes a minute. No account is needed.")
    return render_template(
        "public/register.html",
        site=plain_site(event.hub, current="events", private=True),
        form=form,
        asked={name: how.value for name, how in asked_by(event).items()},
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
