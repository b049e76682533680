"""What a person says of themselves: asked on the public form, the personal page and by staff."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from hubevents.core import text
from hubevents.events.models import Event
from hubevents.events.rules import Asked
from hubevents.organisations import rules as organisation_rules
from hubevents.registrations.service import Registrant
from hubevents.web.forms import Form, Text

_PHONE = r"^[+0-9 ()/.-]{5,40}$"

ASKABLE = ("organisation", "phone", "position")
"""What an event may ask, offer or leave out (`Event.ask_<name>`)."""


def asked_by(event: Event) -> dict[str, Asked]:
    """What the form of this event asks."""
    return {name: getattr(event, f"ask_{name}") for name in ASKABLE}


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

    def ask(self, asked: Mapping[str, Asked]) -> None:
        """Leaves out what the event does not ask and requires what it must know."""
        for name, how in asked.items():
            if how is Asked.NO:
                del self[name]
            elif how is Asked.REQUIRED:
                field = self[name]
                kept = [validator for validator in field.validators if not isinstance(validator, Optional)]
                field.validators = [DataRequired(_("This event needs the answer.")), *kept]
        if asked["organisation"] is Asked.NO:
            del self["organisation_number"]

    def _no_egn(self, field: Field) -> None:
        if text.egn_in(field.data or ""):
            raise ValidationError(
                _("This looks like a personal number (ЕГН). We never ask for it. Please take it out.")
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
