"""Programmes: the projects and series that group events, with their funding and targets."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, RadioField
from wtforms.validators import Length, Optional, Regexp

from hubevents.core import i18n
from hubevents.core.db import transaction
from hubevents.core.errors import DomainError, Invalid, NotFound
from hubevents.events import rules as event_rules
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Action
from hubevents.programmes import queries, service
from hubevents.programmes.emblem import statement
from hubevents.programmes.models import Programme
from hubevents.programmes.rules import Emblem, Indicator, missing_visibility, usual_disclaimer
from hubevents.programmes.service import ProgrammeDetails
from hubevents.web import access, messages
from hubevents.web.forms import Form, Text, in_form
from hubevents.web.locale import language
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.fields import Whole, language_names, refuse, text_fields, text_values, written
from hubevents.web.organiser.words import State
from hubevents.web.site import LANGUAGE_NAMES

SHORT = {"title": 160, "summary": 300, "authority": 200, "statement": 300}
LONG = ("description", "disclaimer")
TEXTS = (*SHORT, *LONG)


@dataclass(frozen=True)
class ProgrammeLine:
    """One programme of the list."""

    url: str
    title: str
    dates: str
    grant_number: str
    state: State


class ProgrammeForm(Form):
    """All of a programme; texts and targets are added by `_form`."""

    funded = BooleanField(_l("Public money pays for it"))
    grant_number = Text(_l("Grant number"), [Length(max=60)])
    emblem = RadioField(_l("Emblem of the European Union"))
    starts_on = DateField(_l("Begins on"), [Optional()])
    ends_on = DateField(_l("Ends on"), [Optional()])
    slug = Text(
        _l("Address of the page"),
        [Optional(), Length(max=60), Regexp(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                                            message=_l("Only small Latin letters, digits and dashes."))],
    )  # fmt: skip


def indicator_words(indicator: Indicator) -> str:
    """What a target counts."""
    words: dict[Indicator, str] = {
        Indicator.EVENTS: _("Events held"),
        Indicator.PARTICIPANTS: _("People who came"),
        Indicator.PARTICIPANT_DAYS: _("Participant-days"),
        Indicator.ORGANISATIONS: _("Organisations reached"),
        Indicator.CERTIFICATES: _("Certificates issued"),
    }
    return words[indicator]


def missing_words(missing: list[str]) -> list[str]:
    """What a funded programme lacks, in words: `statement:bg` is the funding statement in Bulgarian."""
    words = {
        "emblem": _("the emblem of the European Union"),
        "statement": _("the funding statement"),
        "disclaimer": _("the disclaimer"),
    }
    lines = []
    for item in missing:
        what, _colon, code = item.partition(":")
        name = LANGUAGE_NAMES.get(code, code)
        lines.append(f"{words[what]} ({name})" if code else words[what])
    return lines


@blueprint.get("/<slug:hub>/programmes/")
@access.staff(Action.EDIT_EVENTS)
def programmes(hub: str) -> str:
    """The hub's programmes."""
    row = access.this_hub()
    lines = [_line(programme, row) for programme in queries.programmes_of_hub(row.id)]
    return render_template(
        "organiser/programmes.html", lines=lines, new_url=url_for("organiser.new_programme", hub=hub)
    )


def _line(programme: Programme, hub: Hub) -> ProgrammeLine:
    spoken = language()
    if not programme.funded:
        state = State("off", _("Not funded"))
    elif missing_visibility(programme, hub.languages):
        state = State("wait", _("Visibility is not complete"))
    else:
        state = State("ok", _("Ready to be shown"))
    ends = [i18n.short_date(day, spoken) for day in (programme.starts_on, programme.ends_on) if day]
    return ProgrammeLine(
        url=url_for("organiser.programme", hub=hub.slug, programme_id=programme.id),
        title=programme.title.text(spoken),
        dates=" – ".join(ends),
        grant_number=programme.grant_number,
        state=state,
    )


def _form(hub: Hub, programme: Programme | None) -> ProgrammeForm:
    fields: dict[str, Any] = text_fields(hub.languages, SHORT, LONG)
    for indicator in Indicator:
        fields[f"target_{indicator.value}"] = Whole("", most=9_999_999)
    values: dict[str, Any] = {"emblem": Emblem.NONE.value}
    if programme is not None:
        values = {
            "funded": programme.funded,
            "grant_number": programme.grant_number,
            "emblem": programme.emblem,
            "starts_on": programme.starts_on,
            "ends_on": programme.ends_on,
            "slug": programme.slug,
            **text_values(programme, TEXTS, hub.languages),
            **{f"target_{name}": number for name, number in (programme.targets or {}).items()},
        }
    form: ProgrammeForm = type("ProgrammeFormOfHub", (ProgrammeForm,), fields)(data=values)
    form.emblem.choices = [
        (Emblem.NONE.value, _("Not shown")),
        (Emblem.COFUNDED.value, statement("cofunded", language())),
        (Emblem.FUNDED.value, statement("funded", language())),
    ]
    for indicator in Indicator:
        form[f"target_{indicator.value}"].label.text = indicator_words(indicator)
    return form


def _details(form: ProgrammeForm, hub: Hub, programme: Programme | None) -> ProgrammeDetails | None:
    """What the form says; None with errors at the fields. A funded programme's empty words become the usual ones."""
    codes = hub.languages
    texts = {
        name: written(form, name, codes, getattr(programme, name) if programme is not None else None) for name in TEXTS
    }
    if not texts["title"]:
        refuse(form[f"title_{codes[0]}"], _("Write a title."))
    for field in (form.starts_on, form.ends_on):
        if field.data is not None and not event_rules.FIRST_YEAR <= field.data.year <= event_rules.LAST_YEAR:
            words = Invalid("year_out_of_range", first=event_rules.FIRST_YEAR, last=event_rules.LAST_YEAR)
            refuse(field, messages.words(words))
    if form.errors:
        return None
    emblem = Emblem(form.emblem.data)
    if form.funded.data and emblem in (Emblem.FUNDED, Emblem.COFUNDED):
        variant: Any = emblem.value
        for code in codes:
            words_of = statement(variant, code)
            if not texts["statement"].has(code) and code in LANGUAGE_NAMES:
                texts["statement"] = texts["statement"].with_text(code, words_of)
            if not texts["disclaimer"].has(code):
                texts["disclaimer"] = texts["disclaimer"].with_text(code, usual_disclaimer(words_of, code))
    targets = {each: form[f"target_{each.value}"].data for each in Indicator}
    return ProgrammeDetails(
        funded=form.funded.data,
        grant_number=form.grant_number.data,
        emblem=emblem,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        targets={each: number for each, number in targets.items() if number is not None},
        slug=form.slug.data or "",
        **texts,
    )


@blueprint.route("/<slug:hub>/programmes/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def new_programme(hub: str) -> Response | tuple[str, int] | str:
    """A new programme."""
    return _edit(access.this_hub(), None)


@blueprint.route("/<slug:hub>/programmes/<int:programme_id>/", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def programme(hub: str, programme_id: int) -> Response | tuple[str, int] | str:
    """A programme of the hub, to change."""
    row = access.this_hub()
    return _edit(row, _this_programme(row.id, programme_id))


def _this_programme(hub_id: int, programme_id: int) -> Programme:
    found = queries.programme_of_hub(hub_id, programme_id)
    if found is None:
        raise NotFound("page")
    return found


def _edit(hub: Hub, programme: Programme | None) -> Response | tuple[str, int] | str:
    form = _form(hub, programme)
    also: list[str] = []
    if form.validate_on_submit() and (details := _details(form, hub, programme)) is not None:
        try:
            with transaction():
                if programme is None:
                    service.create_programme(hub.id, details)
                else:
                    service.change_programme(_this_programme(hub.id, programme.id), details)
        except DomainError as error:
            field = error.details.get("field")
            if isinstance(field, str) and field in form:
                refuse(form[field], messages.words(error))
            else:
                also.append(messages.words(error))
        else:
            flash(_("The programme is saved."), "ok")
            return redirect(url_for("organiser.programmes", hub=hub.slug), 303)
    missing = missing_visibility(programme, hub.languages) if programme is not None else []
    page = render_template(
        "organiser/programme.html",
        form=form,
        names=language_names(hub),
        also=also,
        title=programme.title.text(language()) if programme is not None else _("New programme"),
        missing=missing_words(missing),
        targets=[form[f"target_{each.value}"] for each in Indicator],
        up=url_for("organiser.programmes", hub=hub.slug),
    )
    return (page, 422) if form.errors or also else page
