"""The base of all forms: our catalogue for WTForms' own texts, cleaned values, and a CSRF failure shown in the form."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from email_validator import EmailNotValidError, validate_email
from flask import request
from flask_babel import get_translations, gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from wtforms import EmailField, Field, StringField, TextAreaField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from hubevents.core import text

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


def in_form(view: View) -> View:
    """Marks a view whose own form checks the token before anything is done, so that a failure shows the form again.

    A test posts to every such view without a token and finds nothing changed.
    """
    csrf.exempt(view)
    return view


MAX_ADDRESS = 254
"""RFC 5321 4.5.3.1.3 less the angle brackets."""


class _Translations:
    """WTForms' own texts out of our catalogue (STACK 2.4)."""

    def gettext(self, string: str) -> str:
        return str(get_translations().ugettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(get_translations().ungettext(singular, plural, n))


class Form(FlaskForm):  # type: ignore[misc]
    """A form whose failed CSRF check is an error of the form, so that nothing typed is lost."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Uses our translations, and only what was sent as a form."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent as a form; Flask-WTF would take JSON too, whose numbers and lists no field expects."""
            return None if request.is_json else super().wrap_formdata(form, formdata)

        def get_translations(self, form: Any) -> _Translations:
            """Texts of our catalogue."""
            return _Translations()

    def validate(self, extra_validators: Any = None) -> bool:
        """Validates; a failed CSRF check is worded as what the person can do about it."""
        valid = bool(super().validate(extra_validators))
        token = self._fields.get("csrf_token")
        if token is not None and token.errors:
            token.errors = [gettext("This page was open for long or cookies are off. Please send the form once more.")]
        return valid

    def all_errors(self) -> Iterable[tuple[Field, str]]:
        """Fields with their first error, in order, for the summary at the top."""
        for field in self:
            if field.errors:
                first = field.errors[0]
                yield field, first if isinstance(first, str) else str(first)


class Text(StringField):  # type: ignore[misc]
    """One line of cleaned text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Cleans what came: control characters, lone surrogates, composed letters, outer space."""
        self.data = text.clean(valuelist[0]) if valuelist else ""


class LongText(TextAreaField):  # type: ignore[misc]
    """Several lines of cleaned text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Cleans what came, keeping tabs and line ends."""
        self.data = text.clean(valuelist[0], long=True) if valuelist else ""


class EmailAddress(EmailField):  # type: ignore[misc]
    """A mail address, cleaned and normalised; what is not one stays as typed, with an error."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Cleans what came; `pre_validate` judges it."""
        self.data = text.clean(valuelist[0]) if valuelist else ""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuses what no mail could reach; what is accepted is stored in the form in which addresses are compared."""
        if not self.data:
            return
        try:
            checked = validate_email(self.data, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as error:
            raise StopValidation(gettext("Write an e-mail address like name@example.org.")) from error
        if len(checked.normalized) > MAX_ADDRESS:
            raise StopValidation(gettext("This address is too long."))
        self.data = text.normalise_email(checked.normalized)
