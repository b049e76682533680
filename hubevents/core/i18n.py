"""Texts in several languages; the wording of dates, times and numbers, with the language always a parameter.

Bulgarian wording follows DOMAIN 5 ("Bulgarian locale"). CLDR's own Bulgarian patterns hold U+202F before "г."
and the long zone name (STACK 2.4), so the patterns here are ours; month and weekday names are babel's. The
spaces inside a date or beside a unit do not break (U+00A0). Plurals of nouns stay in gettext.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone_name
from babel.numbers import format_decimal

from hubevents.core.text import NO_BREAK_SPACE

FALLBACK: Final = ("bg", "en")
EN_DASH: Final = "–"


class Translated(Mapping[str, str]):
    """One text in several languages; cannot be changed, and is empty when nothing was said.

    JSON form: `dict(value)`, an object of language code to text. Made from outside values by `Translated.of`.
    """

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        """Takes texts as they are; `of` cleans them."""
        self._texts: Final[dict[str, str]] = dict(texts or {})

    @classmethod
    def of(cls, texts: Mapping[str, str | None] | None = None, /, **more: str | None) -> "Translated":
        """A value of the texts that are not blank, stripped: `of({"bg": "Лекция"})` or `of(bg="Лекция")`."""
        given = {**(texts or {}), **more}
        return cls({language: text.strip() for language, text in given.items() if text and text.strip()})

    def __getitem__(self, language: str) -> str:
        """The text of exactly this language; KeyError without one."""
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        """The languages, in the order given."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many languages have a text; an empty value is false."""
        return len(self._texts)

    def __eq__(self, other: object) -> bool:
        """Equal texts in equal languages; a plain mapping compares too."""
        return self._texts == dict(other) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        """By the texts, whatever their order."""
        return hash(frozenset(self._texts.items()))

    def __repr__(self) -> str:
        """The texts, for a developer."""
        return f"Translated({self._texts!r})"

    def has(self, language: str) -> bool:
        """Whether there is a text of this language itself, without a fallback."""
        return language in self._texts

    def language_for(self, language: str) -> str:
        """The language really shown when `language` is asked: itself, else bg, en, any."""
        for code in (language, *FALLBACK, *self._texts):
            if code in self._texts:
                return code
        return language

    def text(self, language: str) -> str:
        """The text to show when `language` is asked; empty only when no language has one."""
        return self._texts.get(self.language_for(language), "")

    def with_text(self, language: str, text: str) -> "Translated":
        """A copy with another text of one language; a blank one removes it."""
        return Translated.of({**self._texts, language: text})


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    """The babel locale of a language; English for one that CLDR does not know."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _names(kind: str, form: str, width: str, language: str) -> Mapping[int, str]:
    """Babel's table of month or weekday names."""
    table: Any = getattr(_locale(language), kind)
    names: Mapping[int, str] = table[form][width]
    return names


def month(on: date, language: str, *, short: bool = False) -> str:
    """The name of the month as it stands alone: `март`, `March`; short `мар`, `Mar`."""
    return _names("months", "stand-alone", "abbreviated" if short else "wide", language)[on.month].removesuffix(".")


def weekday(on: date, language: str, *, short: bool = False) -> str:
    """The name of the day of the week: `вторник`, `Tuesday`; short `вт`, `Tue`."""
    return _names("days", "stand-alone", "abbreviated" if short else "wide", language)[on.weekday()].removesuffix(".")


def _month_in_date(on: date, language: str) -> str:
    """The month beside a day number; some languages (Polish, Czech) then change its form."""
    return _names("months", "format", "wide", language)[on.month]


def day_text(on: date, language: str) -> str:
    """A day without its year: `30 март`, `30 March`."""
    return f"{on.day}{NO_BREAK_SPACE}{_month_in_date(on, language)}"


def date_text(on: date, language: str, *, with_weekday: bool = False) -> str:
    """A date in words: `30 март 2021 г.`, `30 March 2021`, with the day `вторник, 30 март 2021 г.`."""
    year = f"{on.year}{NO_BREAK_SPACE}г." if language == "bg" else f"{on.year}"
    text = f"{day_text(on, language)} {year}"
    return f"{weekday(on, language)}, {text}" if with_weekday else text


def short_date(on: date, language: str) -> str:
    """A date in figures: `30.03.2021 г.`; every other language `30.03.2021`."""
    figures = f"{on.day:02}.{on.month:02}.{on.year}"
    return f"{figures}{NO_BREAK_SPACE}г." if language == "bg" else figures


def month_text(on: date, language: str) -> str:
    """A month of a year, as the head of a calendar: `март 2021 г.`, `March 2021`."""
    return f"{month(on, language)} {on.year}" + (f"{NO_BREAK_SPACE}г." if language == "bg" else "")


def local(moment: datetime, zone: str) -> datetime:
    """A moment (aware) as the clocks of a zone (IANA name) show it."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(ZoneInfo(zone))


def _hour(suffix: str, language: str) -> str:
    """A time with what Bulgarian puts after it."""
    return f"{suffix}{NO_BREAK_SPACE}ч." if language == "bg" else suffix


def time_text(moment: datetime, zone: str, language: str) -> str:
    """The time of a moment in a zone, 24 hours: `10:00 ч.`, `10:00`."""
    return _hour(f"{local(moment, zone):%H:%M}", language)


def date_time_text(moment: datetime, zone: str, language: str) -> str:
    """Date and time of a moment in a zone: `30 март 2021 г., 10:00 ч.`."""
    return f"{date_text(local(moment, zone).date(), language)}, {time_text(moment, zone, language)}"


def time_range_text(start: datetime, end: datetime, zone: str, language: str) -> str:
    """From and to on the clock: `10:00–12:30 ч.`; the dates are the caller's."""
    return _hour(f"{local(start, zone):%H:%M}{EN_DASH}{local(end, zone):%H:%M}", language)


def date_range_text(first: date, last: date, language: str) -> str:
    """From and to in days, each part said once: `9–11 март 2026 г.`, `30 март – 2 април 2026 г.`."""
    if first == last:
        return date_text(first, language)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{EN_DASH}{date_text(last, language)}"
    begin = day_text(first, language) if first.year == last.year else date_text(first, language)
    return f"{begin} {EN_DASH} {date_text(last, language)}"


def range_text(start: datetime, end: datetime, zone: str, language: str) -> str:
    """When something takes place: on one day with both times, else both dates with theirs.

    One day: `30 март 2021 г., 10:00–12:30 ч.`. What ends at midnight belongs to its day and ends at 24:00.
    """
    begin, finish = local(start, zone), local(end, zone)
    if begin.date() == finish.date():
        return f"{date_text(begin.date(), language)}, {time_range_text(start, end, zone, language)}"
    ends_at_midnight = (finish.hour, finish.minute, (finish.date() - begin.date()).days) == (0, 0, 1)
    if ends_at_midnight:
        return f"{date_text(begin.date(), language)}, {_hour(f'{begin:%H:%M}{EN_DASH}24:00', language)}"
    return f"{date_time_text(start, zone, language)} {EN_DASH} {date_time_text(end, zone, language)}"


# How people call a zone's time in writing; CLDR says "Източноевропейско време", which nobody does.
_ZONE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "Europe/Sofia": {"bg": "българско време", "en": "Bulgarian time"},
    "Europe/Athens": {"bg": "гръцко време", "en": "Greek time"},
    "Europe/Bucharest": {"bg": "румънско време", "en": "Romanian time"},
    "Europe/Istanbul": {"bg": "турско време", "en": "Turkish time"},
    "Europe/Belgrade": {"bg": "сръбско време", "en": "Serbian time"},
    "Europe/Skopje": {"bg": "македонско време", "en": "Macedonian time"},
    "UTC": {"bg": "UTC", "en": "UTC"},
}


def zone_text(zone: str, language: str, when: datetime) -> str:
    """What a zone's time is called on `when` in a sentence: `българско време`, `Greek time`."""
    words = _ZONE_WORDS.get(zone, {}).get(language)
    if words:
        return words
    name = get_timezone_name(local(when, zone), width="long", locale=_locale(language))
    return name[:1].lower() + name[1:] if language == "bg" and name[1:2].islower() else name


def number_text(number: float, language: str, *, places: int | None = None) -> str:
    """A number with the language's separators: `1 234,5`, `1,234.5`; `places` fixes decimals.

    Bulgarian groups four digits too (DOMAIN 5), which CLDR does not.
    """
    pattern = "#,##0" + ("." + "0" * places if places else "" if places == 0 else ".###")
    locale = _locale(language)
    if language == "bg":
        return format_decimal(number, pattern, locale="en").translate(_BULGARIAN_MARKS)
    return format_decimal(number, pattern, locale=locale).replace("\u202f", NO_BREAK_SPACE)


_BULGARIAN_MARKS: Final = str.maketrans({",": NO_BREAK_SPACE, ".": ","})


def with_noun(number: int, noun: str, language: str) -> str:
    """A number and its noun (already in the right plural) that never part at a line's end: `26 места`."""
    return f"{number_text(number, language)}{NO_BREAK_SPACE}{noun}"


def money_text(euros: float, language: str) -> str:
    """An amount in euro: `1 234,50 €`, `€1,234.50`; a whole amount without cents."""
    whole = float(euros).is_integer()
    figures = number_text(euros, language, places=0 if whole else 2)
    return f"€{figures}" if language == "en" else f"{figures}{NO_BREAK_SPACE}€"
