"""Fields that several staff forms share: texts in each language of the hub, numbers that survive anything typed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import TextInput

from hubevents.core import text
from hubevents.core.i18n import Translated
from hubevents.hubs.models import Hub
from hubevents.web.context import vocabularies
from hubevents.web.forms import LongText, Text
from hubevents.web.locale import language
from hubevents.web.site import LANGUAGE_NAMES

LONG = 30_000
_WHOLE = re.compile(r"\d{1,9}")
_DECIMAL = re.compile(r"\d{1,8}(?:[.,]\d{1,2})?")


class Whole(StringField):  # type: ignore[misc]
    """A whole number from `least` to `most`, None when empty."""

    widget = TextInput()

    def __init__(self, label: Any = None, *, least: int = 0, most: int = 100_000, **more: Any) -> None:
        super().__init__(label, **more)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads digits only; the sign, exponents and NaN of a machine's number mean nothing here."""
        typed = text.clean(valuelist[0]) if valuelist else ""
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and _WHOLE.fullmatch(typed) and self.least <= int(typed) <= self.most):
            raise ValueError(_("Write a whole number from %(least)s to %(most)s.", least=self.least, most=self.most))
        self.data = int(typed)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "" if self.data is None else str(self.data)


class Amount(StringField):  # type: ignore[misc]
    """A number with at most two decimals after a comma or a point, up to `most`, None when empty."""

    widget = TextInput()

    def __init__(self, label: Any = None, *, most: int = 9_999, **more: Any) -> None:
        super().__init__(label, **more)
        self.most = most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads `12`, `12.5` and `12,50`."""
        typed = text.clean(valuelist[0]) if valuelist else ""
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and _DECIMAL.fullmatch(typed)) or Decimal(typed.replace(",", ".")) > self.most:
            raise ValueError(_("Write a number up to %(most)s, such as 7,5.", most=self.most))
        self.data = Decimal(typed.replace(",", "."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data.normalize():f}"


class Degrees(StringField):  # type: ignore[misc]
    """A geographic coordinate between -`most` and `most`, None when empty."""

    widget = TextInput()

    def __init__(self, label: Any = None, *, most: int = 180, **more: Any) -> None:
        super().__init__(label, **more)
        self.most = most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Reads `42.4258` and `42,4258`."""
        typed = (text.clean(valuelist[0]) if valuelist else "").replace(",", ".")
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and re.fullmatch(r"-?\d{1,3}(?:\.\d{1,12})?", typed)) or abs(float(typed)) > self.most:
            raise ValueError(_("Write degrees such as 42.4258."))
        self.data = float(typed)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else "" if self.data is None else f"{self.data:.6f}"


class Ticks(SelectMultipleField):  # type: ignore[misc]
    """Several keys of a vocabulary; a key that is no longer on offer stays where it was chosen before."""

    def choose_from(self, vocabulary: str, kept: Iterable[str] = ()) -> None:
        """Offers the vocabulary's terms in the reader's language, and those already kept."""
        known = getattr(vocabularies(), vocabulary)
        choices = known.choices(language())
        offered = {key for key, _words in choices}
        self.choices = [*choices, *((key, known.text(key, language())) for key in kept if key not in offered)]


def text_fields(codes: Sequence[str], short: Mapping[str, int], long: Iterable[str] = ()) -> dict[str, Field]:
    """Fields `title_bg`, `title_en`, ...: one for each text and language; `short` says how long a line may be."""
    fields: dict[str, Field] = {}
    for code in codes:
        for name, most in short.items():
            fields[f"{name}_{code}"] = Text("", [Length(max=most)])
        for name in long:
            fields[f"{name}_{code}"] = LongText("", [Length(max=LONG)])
    return fields


def text_values(row: object, names: Iterable[str], codes: Sequence[str]) -> dict[str, str]:
    """What a row's texts are now, as the fields of `text_fields` are called."""
    return {f"{name}_{code}": getattr(row, name).get(code, "") for name in names for code in codes}


def written(form: Any, name: str, codes: Sequence[str], was: Translated | None = None) -> Translated:
    """What a form says of one text; languages that the hub no longer writes in keep what they had."""
    kept = {code: words for code, words in (was or {}).items() if code not in codes}
    return Translated.of({**{code: form[f"{name}_{code}"].data for code in codes}, **kept})


def language_names(hub: Hub) -> list[tuple[str, str]]:
    """The hub's languages with what they are called."""
    known = vocabularies().languages
    return [(code, LANGUAGE_NAMES.get(code) or known.text(code, language())) for code in hub.languages]


def optional_id(value: Any) -> int | None:
    """The coercion of a choice among rows, where the empty choice is nothing."""
    return int(value) if value not in (None, "", "None") else None


def refuse(field: Field, message: str) -> None:
    """Adds an error to a field after validation."""
    field.errors = [*field.errors, message]
