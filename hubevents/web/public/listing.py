"""Coming events of one hub or of all: as a list by day or as a month, with filters that are plain links."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup

from hubevents.core import art, clock, i18n, links
from hubevents.core.errors import NotFound
from hubevents.core.text import NO_BREAK_SPACE, nbsp
from hubevents.events import listing, queries
from hubevents.events.listing import DayEntry, Listed, Wanted
from hubevents.events.rules import Format, Openness
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub
from hubevents.programmes import queries as programmes
from hubevents.programmes.models import Programme
from hubevents.web import access
from hubevents.web.context import vocabularies
from hubevents.web.locale import language
from hubevents.web.public import kept, words
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import public_hub
from hubevents.web.public.subscribing import ways
from hubevents.web.public.words import Flag, Places
from hubevents.web.shown import BigDate, face
from hubevents.web.site import Link, Site, plain_site, upload_url

PAGE = 60
"""Events of one page of the list."""
PAST_PAGE = 30
ENOUGH = 8
"""The first page ends with the month in which so many are reached."""
LAST_PAGE = 500
IN_CELL = 4
"""Events of one day in the month; the list has the others."""
MOST_PROGRAMMES = 12

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_PARAMETERS = ("past", "view", "month", "kind", "programme", "sector", "format", "language", "free", "page")


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the list; see `parts.event_row`."""

    url: str
    title: str
    title_lang: str | None
    kind: str
    kind_note: str | None
    time: str
    time_iso: str
    until: str | None
    """None when it ends on another day: the hours of its last day would be read as those of each."""
    format: str
    format_label: str
    meta: tuple[str, ...]
    flags: tuple[Flag, ...]
    cancelled: bool
    places: Places | None
    art: Markup | None
    picture_url: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or a range of days, with its events."""

    id: str
    first: date
    last: date
    date: BigDate
    events: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice of a filter."""

    label: str
    url: str
    count: int | None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """The choices of one filter."""

    label: str
    items: tuple[Chip, ...]
    on: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, cleaned: unknown words count as absent."""

    wanted: Wanted
    programme: Programme | None
    over: bool
    view: str
    month: date | None
    page: int


class _Addresses:
    """Addresses of this list with some parameters changed; the order of parameters is always the same."""

    def __init__(self, path: str, now: Mapping[str, str]) -> None:
        self.path = path
        self.now = now

    def to(self, **changes: str | None) -> str:
        """This list with other parameters; a page number does not survive a change."""
        values = {**self.now, "page": None, **changes}
        query = urlencode([(name, values[name]) for name in _PARAMETERS if values.get(name)])
        return f"{self.path}?{query}" if query else self.path


@blueprint.get(links.rule(links.HOME))
@access.public
def home(lang: str) -> Response:
    """Coming events of all hubs."""
    everywhere = hubs.all_hubs()
    only = everywhere[0] if len(everywhere) == 1 else None
    stamp = (listing.stamp(None), tuple((hub.id, hub.name, hub.colour) for hub in everywhere))
    return kept.answer(stamp, lambda: _page(None, everywhere, only))


@blueprint.get(links.rule(links.HUB))
@access.public
def hub_events(lang: str, hub: str) -> Response:
    """Coming events of one hub."""

    def make() -> str:
        row = public_hub(hub)
        return _page(row, [row], row)

    stamp = listing.hub_stamp(hub)
    if stamp is None:
        public_hub(hub)  # a former slug, or nothing
        raise NotFound("page")
    return kept.answer(stamp, make)


def _asked(hub: Hub | None) -> tuple[Asked, list[Programme]]:
    known = vocabularies()
    args = request.args
    offered = programmes.programmes_of_hub(hub.id)[:MOST_PROGRAMMES] if hub else []
    programme = next((each for each in offered if each.slug == args.get("programme")), None)
    asked_format = args.get("format")
    kind, sector, spoken = (args.get(name) for name in ("kind", "sector", "language"))
    month = _MONTH.fullmatch(args.get("month", ""))
    page = args.get("page", "")
    wanted = Wanted(
        hub_id=hub.id if hub else None,
        kind=kind if kind and known.kinds.knows(kind) else None,
        programme_id=programme.id if programme else None,
        sector=sector if sector and known.sectors.knows(sector) else None,
        format=Format(asked_format) if asked_format in set(Format) else None,
        language=spoken if spoken and known.languages.knows(spoken) else None,
        free=args.get("free") == "1",
    )
    return (
        Asked(
            wanted=wanted,
            programme=programme,
            over=args.get("past") == "1",
            view="month" if args.get("view") == "month" else "list",
            month=date(int(month[1]), int(month[2]), 1) if month else None,
            page=min(int(page), LAST_PAGE) if page.isascii() and page.isdecimal() and 0 < len(page) < 6 else 1,
        ),
        offered,
    )


def _page(hub: Hub | None, everywhere: list[Hub], frame: Hub | None) -> str:
    lang = language()
    now = clock.now()
    asked, offered = _asked(hub)
    zone = everywhere[0].zone if everywhere else "UTC"
    addresses = _Addresses(request.path, _kept_parameters(asked))
    site = _site(hub, everywhere, frame, asked)
    many = hub is None and len(everywhere) > 1
    values: dict[str, Any] = {
        "site": site,
        "heading": _heading(hub, frame, asked, lang),
        "view": asked.view,
        "over": asked.over,
        "views": {
            "list_url": addresses.to(view=None, month=None),
            "month_url": addresses.to(view="month", past=None),
        },
        "subscribe_url": "#subscribe",
        "clear_url": request.path if asked.wanted.any else None,
        "days": (),
        "small_month": None,
        "month": None,
        "more": None,
        "back": None,
        "past": None,
        "up": None,
        "feeds": _feeds(hub, frame, lang),
        "preview": _preview(site, hub or frame, lang),
    }
    values["filters"], values["more_filters"] = _filters(asked, offered, addresses, now, lang, vertical=hub is not None)
    if asked.view == "month":
        values["month"] = _month(asked, addresses, zone, now, lang)
    else:
        _list(values, asked, addresses, zone, now, lang, many=many)
    return render_template("public/events.html", **values)


def _kept_parameters(asked: Asked) -> dict[str, str]:
    wanted = asked.wanted
    return {
        name: value
        for name, value in {
            "past": "1" if asked.over else "",
            "view": "month" if asked.view == "month" else "",
            "month": f"{asked.month:%Y-%m}" if asked.month else "",
            "kind": wanted.kind or "",
            "programme": asked.programme.slug if asked.programme else "",
            "sector": wanted.sector or "",
            "format": str(wanted.format or ""),
            "language": wanted.language or "",
            "free": "1" if wanted.free else "",
        }.items()
        if value
    }


def _site(hub: Hub | None, everywhere: list[Hub], frame: Hub | None, asked: Asked) -> Site:
    """The frame; only the plain list is for search engines, the same events filtered are not."""
    site = plain_site(frame, current="events")
    if frame is None:
        lang = language()
        hubs_of_all = tuple(
            Link(each.name.text(lang), links.path(links.HUB, lang=lang, hub=each.slug)) for each in everywhere[:6]
        )
        site = replace(site, nav=hubs_of_all)
    elif hub is None:
        # One hub only: its own page is the address that counts.
        base = links.base_url()
        path = links.path(links.HUB, lang=site.lang, hub=frame.slug)
        site = replace(site, canonical=base + path, alternates=())
    if request.query_string:
        query = "?" + request.query_string.decode("ascii", "replace") if len(request.query_string) <= 300 else ""
        switched = tuple(replace(each, url=each.url + query) for each in site.languages)
        plain = not asked.wanted.any and asked.view == "list" and not asked.month and not asked.over
        site = replace(site, languages=switched, robots=None if plain else "noindex, follow")
    return site


def _heading(hub: Hub | None, frame: Hub | None, asked: Asked, lang: str) -> dict[str, str | None]:
    title = _("Past events") if asked.over else _("Coming events")
    lead = (hub or frame).summary if (hub or frame) else None  # type: ignore[union-attr]
    return {
        "title": title,
        "lead": nbsp(lead.text(lang)) if lead and not asked.over else None,
        "lead_lang": words.lang_mark(lead, lang) if lead else None,
    }


def _preview(site: Site, hub: Hub | None, lang: str) -> dict[str, str | None]:
    description = hub.summary.text(lang) if hub else ""
    return {
        "title": _("Coming events") + " · " + site.name,
        "description": description or _("Trainings, lectures and meetings of the innovation hubs."),
        "url": site.canonical or links.base_url() + request.path,
        "image_url": links.absolute(links.HUB_PICTURE, lang=lang, hub=hub.slug) if hub else None,
        "image_alt": site.name,
    }


def _feeds(hub: Hub | None, frame: Hub | None, lang: str) -> list[Any]:
    if hub is None:
        path = links.path(links.ALL_FEED, form="ics")
    else:
        path = links.path(links.HUB_FEED, hub=hub.slug, form="ics")
    name = frame.name.text(lang) if frame else "HubEvents"
    return ways(f"{path}?lang={lang}", name)


# --- filters ---------------------------------------------------------------------------------------------------------


def _filters(
    asked: Asked, offered: list[Programme], addresses: _Addresses, now: datetime, lang: str, *, vertical: bool
) -> tuple[list[Filter], list[Filter]]:
    """The two rows that are always seen, and those behind "more filters"."""
    known = vocabularies()
    options = (
        ("kind", known.kinds.keys),
        ("format", tuple(Format)),
        ("free", (True,)),
        ("sector", known.sectors.keys),
        ("language", known.languages.keys),
        ("programme_id", tuple(programme.id for programme in offered)),
    )
    numbers = listing.counts(asked.wanted, now, options, over=asked.over)
    wanted = asked.wanted

    def chips(field: str, parameter: str, pairs: list[tuple[Any, str, str]]) -> tuple[Chip, ...]:
        value = getattr(wanted, field)
        items = [
            Chip(label, addresses.to(**{parameter: None if value == key else word}), numbers[field][key],
                 "on" if value == key else None)
            for key, label, word in pairs
            if numbers[field][key] or value == key
        ]  # fmt: skip
        whole = Chip(
            _("All"), addresses.to(**{parameter: None}), numbers["all"][field], "all" if value is None else None
        )
        return (whole, *items)

    free = numbers["free"][True]
    kinds = Filter(
        _("Kind of event"),
        chips("kind", "kind", [(term.key, term.plural(lang), term.key) for term in known.kinds]),
    )
    how = chips("format", "format", [(each, known.formats.text(each, lang), each.value) for each in Format])
    if not asked.over and (free or wanted.free):
        address = addresses.to(free=None if wanted.free else "1")
        how = (*how, Chip(_("With free places"), address, free, "on" if wanted.free else None))
    more = [
        Filter(
            _("Programme"),
            chips(
                "programme_id", "programme", [(each.id, _title(each.title.text(lang)), each.slug) for each in offered]
            ),
            on=wanted.programme_id is not None,
        ),
        Filter(
            _("Sector"),
            chips("sector", "sector", [(term.key, term.text(lang), term.key) for term in known.sectors]),
            on=wanted.sector is not None,
        ),
        Filter(
            _("Language"),
            chips("language", "language", [(term.key, term.text(lang), term.key) for term in known.languages]),
            on=wanted.language is not None,
        ),
    ]
    shown = [each for each in (kinds, Filter(_("Way of taking part"), how)) if len(each.items) > 2 or wanted.any]
    return shown, [each for each in more if each.on or len(each.items) > 2]


def _title(text: str, longest: int = 44) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


# --- the list --------------------------------------------------------------------------------------------------------


def _list(
    values: dict[str, Any], asked: Asked, addresses: _Addresses, zone: str, now: datetime, lang: str, *, many: bool
) -> None:
    this_month = clock.today(zone).replace(day=1)
    found: list[Listed]
    if asked.over:
        found = listing.past(asked.wanted, now, offset=(asked.page - 1) * PAST_PAGE, limit=PAST_PAGE + 1)
        if len(found) > PAST_PAGE:
            values["more"] = {"label": _("Show earlier events"), "url": addresses.to(page=str(asked.page + 1))}
        found = found[:PAST_PAGE]
        values["back"] = {"label": _("Coming events"), "url": addresses.to(past=None, month=None)}
        marked = _start_of(found[0].event).replace(day=1) if found else this_month
    else:
        since = _midnight(asked.month, zone) if asked.month and asked.month > this_month else None
        found = listing.coming(asked.wanted, now, since=since, offset=(asked.page - 1) * PAGE, limit=PAGE + 1)
        found, more = _cut(found, asked, zone)
        if more == "page":
            values["more"] = {"label": _("Show more events"), "url": addresses.to(page=str(asked.page + 1))}
        elif isinstance(more, date):
            label = _("Show %(month)s", month=f"{i18n.month(more, lang)}{NO_BREAK_SPACE}{more.year}")
            values["more"] = {"label": label, "url": addresses.to(month=f"{more:%Y-%m}")}
        if since or asked.page > 1:
            values["back"] = {"label": _("The nearest events"), "url": addresses.to(month=None)}
        values["past"] = {"label": _("Past events"), "url": addresses.to(past="1", month=None, free=None)}
        marked = asked.month or (_local_day(found[0].starts_at, zone).replace(day=1) if found else this_month)
        marked = max(marked, this_month)
    values["days"] = days_of(found, lang, this_month.year, many=many, newest_first=asked.over)
    values["small_month"] = _small_month(asked, marked, addresses, zone, now, lang, values["days"])


def _cut(found: list[Listed], asked: Asked, zone: str) -> tuple[list[Listed], date | str | None]:
    """What stands on this page and what the button below it leads to: a month, the next page, or nothing.

    Whole months, as few as hold enough events; a page asked by its month holds that month, or the next that has any.
    """
    if asked.page > 1:
        return found[:PAGE], "page" if len(found) > PAGE else None
    wanted = 1 if asked.month else ENOUGH
    for at, listed in enumerate(found):
        if at == 0:
            continue
        here = _local_day(listed.starts_at, zone).replace(day=1)
        before = _local_day(found[at - 1].starts_at, zone).replace(day=1)
        if here != before and at >= wanted:
            return found[:at], here
    return found[:PAGE], "page" if len(found) > PAGE else None


def _local_day(moment: datetime, zone: str) -> date:
    return i18n.local(moment, zone).date()


def _midnight(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)


def _start_of(event: Any) -> date:
    return _local_day(event.starts_at, event.zone)


def days_of(found: list[Listed], lang: str, this_year: int, *, many: bool, newest_first: bool) -> tuple[Day, ...]:
    """Events under the day, or range of days, of their next date; `many` names the hub of each."""
    spans = []
    for listed in found:
        dates = queries.scheduled(listed.event)
        held = next((each for each in dates if each.starts_at == listed.starts_at), dates[0])
        start, end = (i18n.local(moment, listed.event.zone) for moment in (held.starts_at, held.ends_at))
        # What ends at midnight, or in the small hours of the next day, belongs to its evening.
        last = end.date() if end - start > timedelta(hours=16) else start.date()
        if last > start.date() and end.time() <= time(0, 0):
            last -= timedelta(days=1)
        spans.append(((start.date(), last), listed, held))
    spans.sort(key=lambda span: (span[0], span[1].starts_at), reverse=newest_first)
    days = []
    for (first, last), of_day in groupby(spans, key=lambda span: span[0]):
        id = f"d{first}" + (f"-{last}" if last != first else "")
        rows = tuple(_row(listed, held, lang, many=many, long=last != first) for _span, listed, held in of_day)
        days.append(Day(id, first, last, words.list_date(first, last, lang, this_year), rows))
    return tuple(days)


def _row(listed: Listed, held: Any, lang: str, *, many: bool, long: bool) -> Row:
    event = listed.event
    openness = queries.openness(event)
    known = vocabularies()
    meta = []
    if event.format in (Format.ONSITE, Format.HYBRID):
        meta.append(nbsp(words.where(event.venue, held.room, lang)))
    if event.interpretation or event.languages not in ((), (event.hub.languages or ("bg",))[:1]):
        meta.append(words.languages_text(event, lang))
    if many:
        meta.append(event.hub.name.text(lang))
    flags = []
    if openness is Openness.CANCELLED:
        on = i18n.day_text(i18n.local(event.cancelled_at, event.zone).date(), lang) if event.cancelled_at else ""
        flags.append(Flag("off", _("Cancelled on %(day)s", day=on) if on else _("Cancelled")))
    picture = upload_url(event.picture)
    return Row(
        url=links.path(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug),
        title=nbsp(event.title.text(lang)),
        title_lang=words.lang_mark(event.title, lang),
        kind=known.kinds.text(event.kind, lang),
        kind_note=words.kind_note(event),
        time=words.clock_text(held.starts_at, event.zone, lang),
        time_iso=i18n.local(held.starts_at, event.zone).isoformat(timespec="minutes"),
        until=None if long else _("until %(time)s", time=words.clock_text(held.ends_at, event.zone, lang)),
        format=event.format.value,
        format_label=known.formats.text(event.format, lang),
        meta=tuple(text for text in meta if text),
        flags=tuple(flags),
        cancelled=openness is Openness.CANCELLED,
        places=words.places(event, openness, lang),
        art=None if picture else _small_art(face(event)),
        picture_url=picture,
    )


@lru_cache(maxsize=400)
def _small_art(face: str) -> Markup:
    """The pattern of a row; drawing it takes longer than the rest of the row."""
    return art.art(face)


# --- months ----------------------------------------------------------------------------------------------------------


def _weekdays(lang: str) -> list[dict[str, str]]:
    monday = date(2024, 1, 1)
    days = (monday + timedelta(days=number) for number in range(7))
    return [{"short": i18n.weekday(day, lang, short=True), "full": i18n.weekday(day, lang)} for day in days]


def _weeks(month: date) -> list[list[date]]:
    """The weeks of a month, Monday first, with the days of its neighbours that stand in them."""
    return calendar.Calendar().monthdatescalendar(month.year, month.month)


def _by_day(entries: list[DayEntry], first: date, last: date) -> dict[date, list[DayEntry]]:
    """Entries under each day they touch."""
    found: dict[date, list[DayEntry]] = {}
    for entry in entries:
        day = max(_local_day(entry.starts_at, entry.zone), first)
        end = min(_local_day(entry.ends_at - timedelta(microseconds=1), entry.zone), last)
        while day <= end:
            found.setdefault(day, []).append(entry)
            day += timedelta(days=1)
    return found


def _next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _previous_month(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _small_month(
    asked: Asked, month: date, addresses: _Addresses, zone: str, now: datetime, lang: str, days: tuple[Day, ...]
) -> dict[str, Any]:
    weeks = _weeks(month)
    after = _next_month(month)
    entries = listing.dates_between(asked.wanted, now, _midnight(month, zone), _midnight(after, zone))
    held = _by_day([entry for entry in entries if not entry.cancelled], month, after - timedelta(days=1))
    here: dict[date, str] = {}
    for day in days:
        start = day.first
        while start <= day.last:
            here.setdefault(start, f"#{day.id}")
            start += timedelta(days=1)
    today = clock.today(zone)
    whole = addresses.to(view="month", month=f"{month:%Y-%m}", past=None)

    def cell(day: date) -> dict[str, Any] | None:
        if day.month != month.month:
            return None
        url = here.get(day, f"{whole}#m{day}") if day in held else None
        label = i18n.day_text(day, lang) + (": " + _("events") if url else "")
        return {"number": day.day, "url": url, "label": label, "today": day == today}

    return {
        "caption": _capital(f"{i18n.month(month, lang)} {month.year}"),
        "weekdays": _weekdays(lang),
        "weeks": [[cell(day) for day in week] for week in weeks],
        "url": whole,
    }


def _month(asked: Asked, addresses: _Addresses, zone: str, now: datetime, lang: str) -> dict[str, Any]:
    today = clock.today(zone)
    month = asked.month or today.replace(day=1)
    weeks = _weeks(month)
    first, last = weeks[0][0], weeks[-1][-1]
    entries = listing.dates_between(
        asked.wanted, now, _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    )
    held = _by_day(entries, first, last)
    title = _capital(f"{i18n.month(month, lang)} {month.year}")

    def cell(day: date) -> dict[str, Any]:
        of_day = held.get(day, [])
        shown = [
            {
                "url": links.path(links.EVENT, lang=lang, hub=entry.hub, event=entry.slug),
                "title": nbsp(entry.title.text(lang)),
                "title_lang": words.lang_mark(entry.title, lang),
                "time": words.clock_text(entry.starts_at, entry.zone, lang)
                if _local_day(entry.starts_at, entry.zone) == day
                else None,
                "cancelled": entry.cancelled,
            }
            for entry in of_day[:IN_CELL]
        ]
        rest = len(of_day) - len(shown)
        return {
            "id": f"m{day}",
            "number": day.day,
            "weekday": i18n.weekday(day, lang),
            "today": day == today,
            "outside": day.month != month.month,
            "events": shown,
            "more": {
                "label": _("and %(number)s more", number=rest),
                "url": addresses.to(view=None, month=f"{day:%Y-%m}", past="1" if day < today else None),
            }
            if rest
            else None,
        }

    before, after = _previous_month(month), _next_month(month)

    def way(to: date) -> dict[str, str] | None:
        if not 2000 <= to.year <= 2099:
            return None
        return {
            "label": _capital(f"{i18n.month(to, lang)} {to.year}"),
            "url": addresses.to(view="month", month=f"{to:%Y-%m}"),
        }

    return {
        "caption": title,
        "weekdays": _weekdays(lang),
        "weeks": [[cell(day) for day in week] for week in weeks],
        "empty": not any(day.month == month.month and held.get(day) for week in weeks for day in week),
        "previous": way(before),
        "next": way(after),
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
