"""The macros under StrictUndefined, with the plain values their comments name."""

import re
from types import SimpleNamespace as Values

import jinja2
import pytest
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    FileField,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    validators,
)
from wtforms.fields.choices import SelectChoice

from hubevents.core.assets import root


@pytest.fixture(scope="module")
def env() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(root() / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(asset=lambda name: f"/static/{name}", csrf_token=lambda: "token")
    return env


@pytest.fixture(scope="module")
def parts(env: jinja2.Environment) -> jinja2.runtime.TemplateReference:
    return env.get_template("macros/parts.html").module


@pytest.fixture(scope="module")
def forms(env: jinja2.Environment) -> jinja2.runtime.TemplateReference:
    return env.get_template("macros/forms.html").module


class Person(Form):
    email = StringField("E-mail", [validators.InputRequired("Write your address.")])
    mode = RadioField(
        "How",
        [validators.InputRequired("Choose one.")],
        choices=[SelectChoice("onsite", "On site"), SelectChoice("online", "Online")],
    )
    sectors = SelectMultipleField("Sectors", choices=[SelectChoice("a", "Farming"), SelectChoice("b", "Machines")])
    consent_photo = BooleanField("Pictures")


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def refused() -> Person:
    form = Person(MultiDict({"email": ""}))
    assert not form.validate()
    return form


def test_label_hint_error_and_control_stand_in_this_order_and_are_tied(forms) -> None:
    html = str(forms.field(refused().email, hint="We send the ticket here", autocomplete="email"))
    places = [html.index(text) for text in ('<label for="email"', 'id="email-hint"', 'id="email-error"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="email-hint email-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'autocomplete="email"' in html
    assert words(html) == "E-mail We send the ticket here Error: Write your address."


def test_each_sort_of_field_gets_its_control_also_when_its_class_is_our_own(forms) -> None:
    class Kind(SelectField):
        pass

    class Event(Form):
        kind = Kind("Kind", choices=[SelectChoice("lecture", "Lecture")])
        mode = RadioField("How", choices=[SelectChoice("online", "Online")])
        sectors = SelectMultipleField("Sectors", choices=[SelectChoice("a", "Farming")])
        public = BooleanField("Public")
        picture = FileField("Picture")

    form = Event()
    assert '<select class="form-select' in str(forms.field(form.kind))
    assert str(forms.field(form.mode)).count('type="radio"') == 1
    assert str(forms.field(form.sectors)).count('type="checkbox"') == 1
    assert str(forms.field(form.public)).count('class="form-check-input"') == 1
    assert 'type="file"' in str(forms.field(form.picture))


def test_a_good_field_names_no_error(forms) -> None:
    html = str(forms.field(Person().email))
    assert "aria-describedby" not in html
    assert "aria-invalid" not in html


def test_what_a_person_typed_is_escaped(forms) -> None:
    form = Person(MultiDict({"email": '"><script>'}))
    assert "<script>" not in str(forms.field(form.email))


def test_summary_links_to_each_field_and_to_the_first_choice(forms) -> None:
    html = str(forms.error_summary(refused()))
    assert re.findall(r'href="([^"]+)"', html) == ["#email", "#mode-0"]
    assert words(html) == "2 answers are left to correct Write your address. Choose one."


def test_summary_of_a_good_form_is_empty_and_a_refusal_alone_is_shown(forms) -> None:
    assert words(str(forms.error_summary(Person()))) == ""
    assert words(str(forms.error_summary(Person(), ["Registration is closed"]))) == (
        "Not done yet Registration is closed"
    )


def test_consents_are_unticked_and_say_what_for(forms) -> None:
    html = str(forms.consents([(Person().consent_photo, "For the hub's page")]))
    assert "checked" not in html
    assert "For the hub's page" in Markup(words(html)).unescape()


def test_ticks_keep_what_was_chosen(forms) -> None:
    form = Person(MultiDict([("sectors", "b")]))
    html = str(forms.ticks(form.sectors))
    assert re.findall(r'value="(\w)"( checked)?', html) == [("a", ""), ("b", " checked")]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"state": "free", "free": 26}, "26 free places"),
        ({"state": "few", "free": 1}, "The last place"),
        ({"state": "few", "free": 4}, "The last 4 places"),
        ({"state": "full", "waiting": 7}, "No places left, 7 waiting"),
        ({"state": "full", "waiting": 0}, "No places left, waiting list open"),
        ({"state": "unlimited"}, "Places are not limited"),
        ({"state": "not_yet", "opens": "4 December, 9:00"}, "Registration opens on 4 December, 9:00"),
        ({"state": "closed"}, "Registration is closed"),
        ({"state": "over"}, "The event is over"),
        ({"state": "none"}, ""),
    ],
)
def test_places_are_said_in_words(parts, values: dict[str, object], text: str) -> None:
    assert words(str(parts.places(Values(**{"free": 0, "waiting": 0, "opens": None} | values)))) == text


def test_a_range_of_days_is_read_with_a_dash(parts) -> None:
    day = Values(first="9", last="11", weekday="сряда – петък", month="декември")
    assert re.sub(r"<[^>]+>", "", str(parts.date_block(day))) == "9–11сряда – петъкдекември"


@pytest.mark.parametrize(("taken", "width"), [(0, "0.0"), (142, "78.9"), (180, "100"), (190, "100")])
def test_meter_is_drawn_without_style_and_never_overflows(parts, taken: int, width: str) -> None:
    html = str(parts.meter(taken, 180))
    assert f'<rect width="{width}"' in html
    assert "style=" not in html
    assert str(parts.meter(taken, None)) == ""


def test_templates_have_neither_style_nor_inline_script() -> None:
    offenders = []
    for file in sorted((root() / "templates").rglob("*.html")):
        if "mail" in file.parts:
            continue  # mail programs read nothing else
        text = re.sub(r"\{#.*?#\}", "", file.read_text(), flags=re.DOTALL)
        if re.search(r'\sstyle\s*=|<style|\son\w+\s*=\s*"|javascript:|<script(?![^>]*(src=|[/+]json))', text):
            offenders.append(file.name)
    assert offenders == []
