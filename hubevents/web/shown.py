"""Plain values of an event that several audiences show: its big date, its place, its funding."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from hubevents.core import i18n
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.events.rules import Format
from hubevents.programmes.emblem import Variant, emblem_svg
from hubevents.programmes.models import Programme
from hubevents.programmes.rules import Emblem


@dataclass(frozen=True)
class BigDate:
    """The date block: numerals, weekday and month in words."""

    first: str
    weekday: str
    month: str
    last: str | None = None


@dataclass(frozen=True)
class Funding:
    """Emblem and words at the foot of what a funded programme pays for."""

    emblem: Markup
    text: str
    vertical: bool = False


def big_date(first: date, last: date, language: str) -> BigDate:
    """The block of one day, or of a range: `9-11`, `сряда – петък`, `декември 2026 г.`."""
    if first == last:
        return BigDate(str(first.day), i18n.weekday(first, language), i18n.month_text(first, language))
    days = f"{i18n.weekday(first, language)} – {i18n.weekday(last, language)}"
    if (first.year, first.month) == (last.year, last.month):
        months = i18n.month_text(first, language)
    elif first.year == last.year:
        months = f"{i18n.month(first, language)} – {i18n.month_text(last, language)}"
    else:
        months = f"{i18n.month_text(first, language)} – {i18n.month_text(last, language)}"
    return BigDate(str(first.day), days, months, str(last.day))


def event_date(event: Event, language: str) -> BigDate:
    """The block of an event: of its only date, else of its first, whose followers are told in the line beside it."""
    days = event_days(event)
    if len(event.dates) > 1:
        return big_date(days[0], days[0], language)
    return big_date(days[0], days[-1], language)


def event_days(event: Event) -> tuple[date, date]:
    """First and last local day of an event that has a date."""
    if event.starts_at is None or event.ends_at is None:
        raise ValueError("the event has no date")
    return i18n.local(event.starts_at, event.zone).date(), i18n.local(event.ends_at, event.zone).date()


def time_line(event: Event, language: str) -> str:
    """When, in one line: hours and zone of a single day, days and hours else, the number of meetings of a series."""
    dates = events.scheduled(event)
    if not dates:
        return ""
    first = dates[0]
    zone = i18n.zone_text(event.zone, language, first.starts_at)
    if len(dates) == 1:
        return f"{i18n.range_text(first.starts_at, first.ends_at, event.zone, language)}, {zone}"
    meetings = ngettext("%(num)s meeting", "%(num)s meetings", len(dates))
    start = i18n.range_text(first.starts_at, first.ends_at, event.zone, language)
    return str(_("%(meetings)s, the first on %(start)s, %(zone)s", meetings=meetings, start=start, zone=zone))


def place_line(event: Event, language: str) -> str:
    """Where: room, venue and address of the first date, with "or online" for hybrid ones."""
    dates = events.scheduled(event)
    place = events.place(event.venue, dates[0].room if dates else None).text(language)
    if event.format is Format.ONLINE or event.format is Format.SELF_PACED:
        return str(_("Online"))
    if event.format is Format.HYBRID:
        return str(_("%(place)s, or online", place=place) if place else _("On site or online"))
    return place or str(_("The place will be announced"))


def funding(programme: Programme | None, language: str) -> Funding | None:
    """What a funded programme's events must show; None without one."""
    if programme is None or not programme.funded or programme.emblem == Emblem.NONE:
        return None
    parts = (programme.statement.text(language), programme.disclaimer.text(language))
    text = parts[1] if parts[1].startswith(parts[0].rstrip(".")) else " ".join(part for part in parts if part)
    variant: Variant = "cofunded" if programme.emblem == Emblem.COFUNDED else "funded"
    return Funding(Markup(emblem_svg(variant, language)), text)  # noqa: S704 - our own drawing


def face(event: Event) -> str:
    """What the pattern of an event without a picture is drawn from; moving or renaming the event does not change it."""
    return min(event.dates, key=lambda each: each.id).uid if event.dates else event.slug
