"""Words and plain values that lists and event pages share: places, the register button, languages, times."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from hubevents.core import clock, i18n, text
from hubevents.core.i18n import Translated
from hubevents.core.text import NO_BREAK_SPACE
from hubevents.events import queries as events
from hubevents.events.models import Event, Room, Venue
from hubevents.events.rules import Openness, places_left
from hubevents.web.context import vocabularies
from hubevents.web.shown import BigDate

FEW = 5
"""From so many free places on the last ones are counted aloud."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is said of the places; see `parts.places_text`."""

    state: str
    free: int = 0
    waiting: int = 0
    opens: str | None = None
    capacity: int | None = None
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Flag:
    """An exception beside the fact it changes; kind is warn or off."""

    kind: str
    text: str


def places(event: Event, openness: Openness, lang: str) -> Places | None:
    """The places of an event; None for a cancelled one."""
    if openness is Openness.CANCELLED:
        return None
    if openness is Openness.NOT_YET and event.registration_opens_at is not None:
        return Places("not_yet", opens=moment_text(event.registration_opens_at, event.zone, lang))
    if openness is Openness.WAITING_LIST:
        return Places("full", waiting=event.waiting, capacity=event.capacity, taken=event.capacity or 0)
    if openness is Openness.OPEN:
        left = places_left(event.capacity, event.seats_taken)
        if left is None:
            return Places("unlimited")
        return Places("few" if left <= FEW else "free", left, 0, None, event.capacity, event.seats_taken)
    return Places({Openness.CLOSED: "closed", Openness.OVER: "over"}.get(openness, "none"))


def moment_text(moment: datetime, zone: str, lang: str) -> str:
    """A day and time within the year: `4 декември в 9:00 ч.`."""
    on = i18n.local(moment, zone).date()
    day = i18n.day_text(on, lang) if on.year == clock.today(zone).year else i18n.date_text(on, lang)
    return str(_("%(day)s at %(time)s", day=day, time=clock_text(moment, zone, lang)))


def clock_text(moment: datetime, zone: str, lang: str) -> str:
    """A time as people write it, without a leading nought: `9:30 ч.`."""
    return i18n.time_text(moment, zone, lang).removeprefix("0") if lang == "bg" else i18n.time_text(moment, zone, lang)


def languages_text(event: Event, lang: str) -> str:
    """In which languages it is held: `на български и английски, с превод на жестов език`."""
    words = [vocabularies().languages.text(key, lang) for key in event.languages]
    if lang == "bg":
        words = [word[:1].lower() + word[1:] for word in words]
    spoken = _("in %(languages)s", languages=joined(words)) if words else ""
    return ", ".join(part for part in (spoken, event.interpretation.text(lang)) if part)


def joined(words: list[str]) -> str:
    """Words as a sentence lists them: `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return str(_("%(some)s and %(last)s", some=", ".join(words[:-1]), last=words[-1]))


def kind_note(event: Event) -> str | None:
    """How often an event of several dates meets: `6 занятия`."""
    number = len(events.scheduled(event))
    return ngettext("%(num)s meeting", "%(num)s meetings", number) if number > 1 else None


def where(venue: Venue | None, room: Room | None, lang: str) -> str:
    """Venue and room in a row of a list."""
    if venue is None:
        return ""
    return ", ".join(part for part in (venue.name.text(lang), room.name.text(lang) if room else "") if part)


def lang_mark(said: Translated, lang: str) -> str | None:
    """The language to mark a text with when it is not the page's."""
    shown = said.language_for(lang)
    return shown if said and shown != lang else None


_HEADING = re.compile(r"<(/?)h([1-6])>")


def prose(markdown: str, top: int) -> Markup | None:
    """Safe HTML of a Markdown text whose headings begin at level `top` and skip none; None for no text.

    Writers choose a sign by its size; screen readers walk by level (WCAG 1.3.1).
    """
    if not markdown:
        return None
    html = str(text.markdown(markdown))
    used = sorted({found[2] for found in _HEADING.finditer(html)})
    level = {old: min(top + at, 6) for at, old in enumerate(used)}
    return Markup(_HEADING.sub(lambda found: f"<{found[1]}h{level[found[2]]}>", html))  # noqa: S704 - sanitised before


def list_date(first: date, last: date, lang: str, this_year: int) -> BigDate:
    """The block beside a list: the year only when it is another one; a range says how many days it is."""
    month = i18n.month(first, lang) if first.year == this_year else i18n.month_text(first, lang)
    if first == last:
        return BigDate(str(first.day), i18n.weekday(first, lang), month)
    days = (last - first).days + 1
    long = ngettext("%(num)s day", "%(num)s days", days)
    if (first.year, first.month) != (last.year, last.month):
        month = f"{i18n.month(first, lang)}{NO_BREAK_SPACE}– {i18n.month(last, lang)}"
    weekdays = f"{i18n.weekday(first, lang)}{NO_BREAK_SPACE}– {i18n.weekday(last, lang)}"
    return BigDate(str(first.day), weekdays, f"{month}, {long}", str(last.day))
