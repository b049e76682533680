"""Texts in languages and the wording of dates, times and numbers."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.core import i18n
from hubevents.core.i18n import Translated

TEXTS = st.dictionaries(st.sampled_from(["bg", "en", "de", "el"]), st.text(), max_size=4)
TUESDAY = date(2021, 3, 30)
TEN = datetime(2021, 3, 30, 7, 0, tzinfo=UTC)
SOFIA = "Europe/Sofia"


def plain(text: str) -> str:
    """No-break spaces made visible."""
    return text.replace("\u00a0", "_")


def test_blank_texts_are_not_kept() -> None:
    title = Translated.of({"bg": " Лекция ", "en": "  ", "de": None})
    assert dict(title) == {"bg": "Лекция"}
    assert title.has("bg")
    assert not title.has("en")
    assert json.loads(json.dumps(dict(title))) == {"bg": "Лекция"}


def test_an_absent_language_falls_back() -> None:
    title = Translated.of({"en": "Lecture", "bg": "Лекция"})
    assert title.text("en") == "Lecture"
    assert title.text("de") == "Лекция"
    assert title.language_for("de") == "bg"
    assert Translated.of(en="Lecture", el="Διάλεξη").language_for("bg") == "en"
    assert Translated.of(el="Διάλεξη").text("bg") == "Διάλεξη"


def test_an_empty_value_is_false_and_shows_nothing() -> None:
    nothing = Translated()
    assert not nothing
    assert nothing.text("bg") == ""
    assert nothing.language_for("en") == "en"


def test_values_are_compared_by_their_texts() -> None:
    one, other = Translated.of({"bg": "а", "en": "b"}), Translated.of({"en": "b", "bg": "а"})
    assert one == other == {"bg": "а", "en": "b"}
    assert hash(one) == hash(other)
    assert one != Translated.of({"bg": "а"})
    assert one != "а"


def test_a_value_cannot_be_changed() -> None:
    title = Translated.of(bg="а")
    with pytest.raises(TypeError):
        title["bg"] = "б"  # type: ignore[index]
    assert title.with_text("en", "b") == {"bg": "а", "en": "b"}
    assert title.with_text("bg", " ") == {}
    assert title == {"bg": "а"}


@given(TEXTS, st.sampled_from(["bg", "en", "de", "fr"]))
def test_the_language_told_is_the_one_shown(texts: dict[str, str], asked: str) -> None:
    value = Translated.of(texts)
    assert value.text(asked) == value.get(value.language_for(asked), "")
    assert bool(value.text(asked)) == bool(value)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "bg",
            [
                "30_март 2021_г.",
                "вторник, 30_март 2021_г.",
                "30.03.2021_г.",
                "30_март",
                "март",
                "вторник",
                "вт",
                "март 2021_г.",
            ],
        ),
        (
            "en",
            [
                "30_March 2021",
                "Tuesday, 30_March 2021",
                "30.03.2021",
                "30_March",
                "March",
                "Tuesday",
                "Tue",
                "March 2021",
            ],
        ),
    ],
)
def test_dates_in_words_and_figures(language: str, words: list[str]) -> None:
    assert [
        plain(i18n.date_text(TUESDAY, language)),
        plain(i18n.date_text(TUESDAY, language, with_weekday=True)),
        plain(i18n.short_date(TUESDAY, language)),
        plain(i18n.day_text(TUESDAY, language)),
        i18n.month(TUESDAY, language),
        i18n.weekday(TUESDAY, language),
        i18n.weekday(TUESDAY, language, short=True),
        plain(i18n.month_text(TUESDAY, language)),
    ] == words


def test_other_languages_use_their_own_names() -> None:
    assert plain(i18n.date_text(TUESDAY, "el")) == "30_Μαρτίου 2021"
    assert i18n.month(TUESDAY, "el") == "Μάρτιος"
    assert plain(i18n.date_text(TUESDAY, "zz")) == "30_March 2021"
    assert plain(i18n.date_text(TUESDAY, "../..")) == "30_March 2021"


def test_times_are_those_of_the_zone() -> None:
    assert plain(i18n.time_text(TEN, SOFIA, "bg")) == "10:00_ч."
    assert i18n.time_text(TEN, SOFIA, "en") == "10:00"
    assert i18n.time_text(TEN, "UTC", "en") == "07:00"
    assert plain(i18n.date_time_text(TEN, SOFIA, "bg")) == "30_март 2021_г., 10:00_ч."
    with pytest.raises(ValueError, match="naive"):
        i18n.time_text(datetime(2021, 3, 30), SOFIA, "bg")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("end", "bg", "en"),
    [
        (
            datetime(2021, 3, 30, 9, 30, tzinfo=UTC),
            "30_март 2021_г., 10:00–12:30_ч.",
            "30_March 2021, 10:00–12:30",
        ),
        (
            datetime(2021, 3, 30, 21, 0, tzinfo=UTC),
            "30_март 2021_г., 10:00–24:00_ч.",
            "30_March 2021, 10:00–24:00",
        ),
        (
            datetime(2021, 4, 1, 9, 30, tzinfo=UTC),
            "30_март 2021_г., 10:00_ч. – 1_април 2021_г., 12:30_ч.",
            "30_March 2021, 10:00 – 1_April 2021, 12:30",
        ),
    ],
)
def test_from_and_to(end: datetime, bg: str, en: str) -> None:
    assert plain(i18n.range_text(TEN, end, SOFIA, "bg")) == bg
    assert plain(i18n.range_text(TEN, end, SOFIA, "en")) == en


@pytest.mark.parametrize(
    ("last", "bg"),
    [
        (date(2021, 3, 30), "30_март 2021_г."),
        (date(2021, 3, 31), "30–31_март 2021_г."),
        (date(2021, 4, 2), "30_март – 2_април 2021_г."),
        (date(2022, 1, 2), "30_март 2021_г. – 2_януари 2022_г."),
    ],
)
def test_days_from_and_to_say_each_part_once(last: date, bg: str) -> None:
    assert plain(i18n.date_range_text(TUESDAY, last, "bg")) == bg


def test_zones_have_names_that_people_use() -> None:
    assert i18n.zone_text(SOFIA, "bg", TEN) == "българско време"
    assert i18n.zone_text(SOFIA, "en", TEN) == "Bulgarian time"
    assert i18n.zone_text("Europe/Berlin", "en", TEN) == "Central European Summer Time"
    assert i18n.zone_text("Europe/Berlin", "bg", TEN) == "централноевропейско лятно часово време"
    assert i18n.zone_text("UTC", "bg", TEN) == "UTC"


def test_numbers_and_money() -> None:
    assert plain(i18n.number_text(1234.5, "bg")) == "1_234,5"
    assert i18n.number_text(1234567, "en") == "1,234,567"
    assert plain(i18n.number_text(4, "bg", places=2)) == "4,00"
    assert plain(i18n.with_noun(1026, "места", "bg")) == "1_026_места"
    assert plain(i18n.money_text(1234.5, "bg")) == "1_234,50_€"
    assert plain(i18n.money_text(20, "bg")) == "20_€"
    assert i18n.money_text(20.25, "en") == "€20.25"


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["bg", "en", "fr", "de"]))
def test_no_wording_holds_a_narrow_space(anytime: datetime, language: str) -> None:
    moment = anytime.replace(year=2000 + anytime.year % 100, day=min(anytime.day, 28))
    said = [
        i18n.date_time_text(moment, SOFIA, language),
        i18n.short_date(moment.date(), language),
        i18n.zone_text("America/New_York", language, moment),
        i18n.number_text(1234567.25, language),
    ]
    assert "\u202f" not in "".join(said)
