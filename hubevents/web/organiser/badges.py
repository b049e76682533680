"""Badges of an event: a size of label, whose, a picture of the first one, and the PDF in parts."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.widgets import TextInput

from hubevents.checkin import badges as values
from hubevents.checkin.badges import Bearer, Size
from hubevents.core import clock, i18n, text, typesetting
from hubevents.core.errors import NotFound
from hubevents.events.models import Event
from hubevents.hubs.rules import Action
from hubevents.registrations.rules import AttendsAs
from hubevents.web import access, headers
from hubevents.web.forms import Form
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.fields import Whole
from hubevents.web.organiser.words import event_url

SAMPLE_DOTS = 192
"""Pixels per inch of the picture on the page: twice what a screen has."""
FARTHEST = 20
"""Millimetres by which a print may be moved."""
_SHIFT = re.compile(r"[+-]?\d{1,2}(?:[.,]\d)?")


class Millimetres(StringField):  # type: ignore[misc]
    """A distance with at most one decimal, to either side; 0 when empty."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads `2`, `-1.5` and `-1,5`, with a true minus too."""
        typed = text.clean(valuelist[0]).replace("\u2212", "-") if valuelist else ""
        self.data = 0.0
        if typed:
            number = float(typed.replace(",", ".")) if typed.isascii() and _SHIFT.fullmatch(typed) else FARTHEST + 1
            if abs(number) > FARTHEST:
                raise ValueError(_("Write millimetres from −%(most)s to %(most)s.", most=FARTHEST))
            self.data = number

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "0"


class BadgesForm(Form):
    """What is printed, and on what; it stands in the address alone."""

    size = SelectField(_l("Label"), default=values.DEFAULT)
    role = SelectField(_l("Whose"), default="")
    first = SelectField(_l("Last names from"), default="")
    last = SelectField(_l("Last names to"), default="")
    part = SelectField(_l("Part"), default="1", validate_choice=False)
    start = Whole(_l("First free label on the sheet"), least=1, most=24, default=1)
    right = Millimetres(_l("Move to the right, mm"), default=0.0)
    down = Millimetres(_l("Move down, mm"), default=0.0)


_NAMES = ("size", "role", "first", "last", "part", "start", "right", "down")


@dataclass(frozen=True)
class Chosen:
    """What the address asks for; `people` are those of one part."""

    form: BadgesForm
    valid: bool
    size: Size
    total: int
    part: int
    people: tuple[Bearer, ...]
    ids: tuple[int, ...]

    @property
    def start(self) -> int:
        """The label to begin with."""
        return min(self.form.start.data or 1, self.size.per_sheet) if self.valid else 1


@blueprint.get("/<slug:hub>/events/<int:event_id>/badges")
@access.staff(Action.SEE_PEOPLE)
def badges(hub: str, event_id: int) -> Response:
    """The choice, a picture of the first badge, and how many come out."""
    event = frame.this_event(event_id)
    chosen = _chosen(event)
    size = chosen.size
    sheets = -(-(len(chosen.people) + chosen.start - 1) // size.per_sheet)
    first = chosen.people[0] if chosen.people else None
    page = render_template(
        "organiser/badges.html",
        event=frame.workspace(event, "door"),
        form=chosen.form,
        anybody=chosen.total > 0 or bool(chosen.ids),
        ids=chosen.ids,
        roll=size.roll,
        several=len(chosen.form.part.choices) > 1,
        count=_count(len(chosen.people), sheets, size),
        sample=event_url("badges_sample", hub, event.id, size=size.key, id=first.id) if first else None,
        sample_alt=_("The badge of %(name)s", name=f"{first.first_name} {first.last_name}") if first else "",
        sample_size=tuple(round(side / 25.4 * 96) for side in (size.width, size.height)),
        pdf_url=event_url("badges_pdf", hub, event.id),
        all_url=event_url("badges", hub, event.id),
        up=_up(hub, event.id),
    )
    return headers.private(Response(page, mimetype="text/html"))


@blueprint.get("/<slug:hub>/events/<int:event_id>/badges.pdf")
@access.staff(Action.SEE_PEOPLE)
def badges_pdf(hub: str, event_id: int) -> Response:
    """The badges of a part; a wrong choice leads back to the page, which says what is wrong."""
    event = frame.this_event(event_id)
    chosen = _chosen(event)
    if not chosen.valid or not chosen.people:
        asked = {name: request.args.getlist(name) for name in (*_NAMES, "id") if name in request.args}
        return redirect(event_url("badges", hub, event_id, **asked), 303)
    form = chosen.form
    paper = values.paper(
        event,
        [each.id for each in chosen.people],
        chosen.size,
        language(),
        start=chosen.start,
        shift=(form.right.data, form.down.data),
    )
    made = typesetting.pdf("badges", paper, dated=clock.now())
    return pdf(made, text.file_name(f"{event.slug}-badges-{chosen.size.key}-{chosen.part}", "pdf"))


@blueprint.get("/<slug:hub>/events/<int:event_id>/badges.png")
@access.staff(Action.SEE_PEOPLE)
def badges_sample(hub: str, event_id: int) -> Response:
    """One badge as a picture: `?id=` of a registration and `?size=`."""
    event = frame.this_event(event_id)
    size = values.SIZES.get(request.args.get("size", ""), values.SIZES[values.DEFAULT])
    bearer = values.bearers(event.id, _ids()[:1] or None)[:1]
    if not bearer:
        raise NotFound("page")
    paper = values.paper(event, [bearer[0].id], size, language(), alone=True)
    drawn = typesetting.png("badges", paper, ppi=SAMPLE_DOTS)
    return headers.private(Response(drawn, mimetype="image/png"))


def pdf(made: bytes, name: str) -> Response:
    """A PDF that opens in the browser, ready to print."""
    response = Response(made, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return headers.private(response)


def _up(hub: str, event_id: int) -> tuple[str, str]:
    """The way back: a label and an address."""
    if access.permitted(Action.OPEN_DOORS):
        return str(_("Door")), event_url("doors", hub, event_id)
    return str(_("People")), event_url("people", hub, event_id)


def _ids() -> list[int]:
    """The registrations that the address names; too many or strange ones are left out."""
    typed = request.args.getlist("id")[: values.MOST]
    return [int(value) for value in typed if value.isascii() and value.isdecimal() and len(value) < 10]


def _chosen(event: Event) -> Chosen:
    ids = _ids()
    people = values.bearers(event.id, ids or None)
    form = BadgesForm(request.args, meta={"csrf": False})
    form.size.choices = [(key, _label(size)) for key, size in values.SIZES.items()]
    counted = Counter(each.role for each in people)
    form.role.choices = [("", _("Everybody (%(num)s)", num=len(people)))] + [
        (role.value, f"{values.role_words(role)} ({counted[role]})") for role in AttendsAs if counted[role]
    ]
    letters = list(dict.fromkeys(each.letter for each in people if each.letter))
    form.first.choices = [("", _("the beginning")), *((letter, letter) for letter in letters)]
    form.last.choices = [("", _("the end")), *((letter, letter) for letter in letters)]
    valid = form.validate()
    size = values.SIZES[form.size.data if valid else values.DEFAULT]
    wanted = people
    if valid:
        wanted = values.between(people, form.first.data, form.last.data)
        wanted = [each for each in wanted if form.role.data in ("", each.role.value)]
    parts = values.parts(wanted, size)
    asked = form.part.data or ""
    part = min(int(asked), len(parts)) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    part = max(part, 1)
    form.part.choices = [(str(number), _part(number, people)) for number, people in enumerate(parts, 1)]
    form.part.data = str(part)
    return Chosen(form, valid, size, len(people), part, tuple(parts[part - 1]) if parts else (), tuple(ids))


def _label(size: Size) -> str:
    """A size of label in words: measures, how many, and products known to have them."""
    width, height = (i18n.number_text(side, language()) for side in (size.width, size.height))
    measures = str(_("%(width)s × %(height)s\u00a0mm", width=width, height=height))
    if size.roll:
        return str(_("Roll of labels, %(measures)s", measures=measures))
    much = str(ngettext("%(num)s on a sheet", "%(num)s on a sheet", size.per_sheet))
    return f"{measures}, {much} ({', '.join(size.products)})"


def _part(number: int, people: Sequence[Bearer]) -> str:
    return f"{number}: {people[0].last_name} – {people[-1].last_name} ({len(people)})"


def _count(people: int, sheets: int, size: Size) -> str:
    """How many badges, and on how many sheets."""
    much = str(ngettext("%(num)s badge", "%(num)s badges", people))
    if size.roll:
        return much
    paper = str(ngettext("%(num)s sheet", "%(num)s sheets", sheets))
    return str(_("%(badges)s on %(sheets)s", badges=much, sheets=paper))
