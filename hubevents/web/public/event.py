"""The page of one event."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from hubevents.agenda import queries as agendas
from hubevents.agenda import stamps
from hubevents.agenda.queries import Agenda, AgendaSession, AgendaSpeaker
from hubevents.agenda.rules import SessionKind
from hubevents.calendars.entries import session_anchor
from hubevents.core import art, clock, i18n, links, text
from hubevents.core.errors import NotFound
from hubevents.core.text import nbsp
from hubevents.events import queries as events
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format, Openness, Visibility
from hubevents.hubs import queries as hubs
from hubevents.hubs.rules import Action, may
from hubevents.web import access, shown
from hubevents.web.context import vocabularies
from hubevents.web.headers import private
from hubevents.web.locale import language
from hubevents.web.public import kept, structured, words
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import public_event
from hubevents.web.public.words import Flag, Places
from hubevents.web.shown import BigDate
from hubevents.web.site import Site, plain_site, upload_url

MANY_DATES = 8
"""More dates than this are folded."""
DESCRIPTION = 200
"""Characters of the description in link previews and search results."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One date of an event of several."""

    number: int
    day: str
    hours: str
    iso: str
    title: str
    place: str
    cancelled: bool
    over: bool


@dataclass(frozen=True, slots=True)
class Register:
    """The register button: `url` None means nothing can be pressed; `status` says then what there is to say."""

    label: str = ""
    url: str | None = None
    note: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One session of the agenda; see `parts.agenda`."""

    id: str
    title: str
    title_lang: str | None
    track: str | None
    room: str | None
    who: str | None
    note: str | None
    abstract: Markup | None
    abstract_lang: str | None
    cancelled: bool
    materials: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownSlot:
    """Sessions that begin together."""

    time: str
    time_iso: str
    until: str
    breaks: tuple[ShownSession, ...]
    sessions: tuple[ShownSession, ...]


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of the agenda."""

    id: str
    date: BigDate
    slots: tuple[ShownSlot, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A speaker."""

    name: str
    role: str | None
    role_lang: str | None
    initials: str
    picture_url: str | None
    biography: Markup | None
    biography_lang: str | None


@blueprint.get(links.rule(links.EVENT))
@access.public
def event_page(lang: str, hub: str, event: str) -> Response:
    """The event; staff of the hub see a draft as it will be."""
    stamp = stamps.page_stamp(hub, event)
    if stamp is not None:
        return kept.answer(stamp, lambda: _page(public_event(hub, event)))
    draft = _draft(hub, event)
    if draft is None:
        _page(public_event(hub, event))
        raise NotFound("page")
    response: Response = make_response(_page(draft))
    private(response)
    return response


def _draft(hub: str, slug: str) -> Event | None:
    """A draft, for staff of its hub only; whoever has no session is not even asked for."""
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies or not current_user.is_authenticated:
        return None
    membership = hubs.membership(current_user.id, hub)
    if membership is None or not may(membership.role, Action.SEE_EVENTS):
        return None
    found = events.event_by_name(membership.hub_id, slug)
    if found is None or found.slug != slug or found.status is not EventStatus.DRAFT:
        return None
    return events.event_of_hub(membership.hub_id, found.id)


def _page(event: Event) -> str:
    lang = language()
    openness = events.openness(event)
    agenda = agendas.agenda_of(event.id, public=True)
    draft = event.status is EventStatus.DRAFT
    unlisted = event.visibility is Visibility.UNLISTED
    site = plain_site(event.hub, current="events", private=draft)
    if unlisted and not draft:
        site = replace(site, robots="noindex", alternates=(), canonical=None)
    places = words.places(event, openness, lang)
    title = nbsp(event.title.text(lang))
    return render_template(
        "public/event.html",
        site=site,
        event=_event(event, openness, lang, draft=draft),
        places=places,
        register=_register(event, openness, lang),
        meetings=_meetings(event, lang),
        many_dates=MANY_DATES,
        agenda=_agenda(agenda, event, lang),
        speakers=_people(agenda.speakers, lang),
        about=_about(event, lang),
        funding=shown.funding(event.programme, lang),
        funding_lang=words.lang_mark(event.programme.statement, lang) if event.programme else None,
        programme=_programme(event, lang),
        up={"label": _("All events"), "url": links.path(links.HUB, lang=lang, hub=event.hub.slug)},
        preview=_preview(event, site, lang),
        schema=structured.script(structured.event(event, agenda, openness, lang)) if event.dates else None,
        bar_text=_bar_text(places, openness),
        title=title,
    )


def _event(event: Event, openness: Openness, lang: str, *, draft: bool) -> dict[str, Any]:
    known = vocabularies()
    dates = events.scheduled(event)
    picture = upload_url(event.picture)
    place, address = _place(event, lang)
    audience = [nbsp(line) for line in event.audience.text(lang).splitlines() if line.strip()]
    spoken = words.languages_text(event, lang)
    audience += [nbsp(_capital(spoken))] if spoken else []
    audience.append(i18n.money_text(float(event.price), lang) if event.price else _("Free of charge"))
    return {
        "title_lang": words.lang_mark(event.title, lang),
        "subtitle": nbsp(event.subtitle.text(lang)) or None,
        "subtitle_lang": words.lang_mark(event.subtitle, lang),
        "kind": known.kinds.text(event.kind, lang),
        "kind_note": words.kind_note(event),
        "format": event.format.value,
        "format_label": known.formats.text(event.format, lang),
        "date": shown.event_date(event, lang) if dates else None,
        "time": _time(dates, event, lang),
        "zone": i18n.zone_text(event.zone, lang, dates[0].starts_at) if dates else None,
        "series": _series(dates, event, lang),
        "calendar_url": None if draft else _feed(event, lang),
        "google_url": None if draft or openness is Openness.CANCELLED else _google(dates, event, lang),
        "place": place,
        "address": address,
        "map_url": _map(event),
        "directions": _directions(event, lang),
        "audience": audience,
        "summary": nbsp(event.summary.text(lang)) or None,
        "summary_lang": words.lang_mark(event.summary, lang),
        "description": words.prose(event.description.text(lang), 2),
        "description_lang": words.lang_mark(event.description, lang),
        "gains": [nbsp(line) for line in (each.strip("-*• ") for each in event.gains.text(lang).splitlines()) if line],
        "gains_lang": words.lang_mark(event.gains, lang),
        "organiser": _organiser(event, lang),
        "contact": event.contact or event.hub.email or None,
        "cancelled": _cancelled(event, lang) if openness is Openness.CANCELLED else None,
        "cancel_reason": nbsp(event.cancel_reason.text(lang)) if openness is Openness.CANCELLED else None,
        "flags": [Flag("warn", _("This is a draft. Only the staff of the hub can see it."))] if draft else [],
        "art": None if picture else art.art(shown.face(event), wide=True),
        "picture_url": picture,
        "picture_alt": event.picture_alt.text(lang),
        "date_line": _date_line(dates, event, lang),
    }  # fmt: skip


def _directions(event: Event, lang: str) -> Markup | None:
    said = event.venue.directions.text(lang) if event.venue else ""
    return words.prose(said, 3)


def _feed(event: Event, lang: str) -> str:
    return links.path(links.EVENT_FEED, hub=event.hub.slug, event=event.slug, form="ics") + f"?lang={lang}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _date_line(dates: list[EventDate], event: Event, lang: str) -> str:
    """The date in the bar of a phone: `9–11 декември`, `4 декември, 14:00 ч.`."""
    if not dates:
        return ""
    first, last = shown.event_days(event)
    if len(dates) == 1 and first != last:
        line = i18n.date_range_text(first, last, lang)
        year = f" {last.year}"
        return line.partition(year)[0]
    on = i18n.local(dates[0].starts_at, event.zone).date()
    return f"{i18n.day_text(on, lang)}, {words.clock_text(dates[0].starts_at, event.zone, lang)}"


def _time(dates: list[EventDate], event: Event, lang: str) -> str:
    if not dates:
        return str(_("The date will be announced"))
    if len(dates) > 1:
        return words.kind_note(event) or ""
    start, end = dates[0].starts_at, dates[0].ends_at
    begin = words.clock_text(start, event.zone, lang)
    finish = words.clock_text(end, event.zone, lang)
    if end - start < timedelta(days=1):
        begin = begin.removesuffix("\u00a0ч.")
        return str(_("from %(start)s to %(end)s", start=begin, end=finish))
    return str(_("begins at %(start)s, ends at %(end)s", start=begin, end=finish))


def _series(dates: list[EventDate], event: Event, lang: str) -> str | None:
    if len(dates) < 2:
        return None
    first, last = (i18n.local(each.starts_at, event.zone).date() for each in (dates[0], dates[-1]))
    return i18n.date_range_text(first, last, lang)


def _place(event: Event, lang: str) -> tuple[str | None, list[str]]:
    if event.format in (Format.ONLINE, Format.SELF_PACED):
        return _("Online"), [_("The address to join comes with the ticket.")] if event.takes_registrations else []
    if event.venue is None:
        return _("The place will be announced"), [_("or online")] if event.format is Format.HYBRID else []
    dates = events.scheduled(event)
    rooms = {each.room.id: each.room for each in dates if each.room is not None}
    lines = [next(iter(rooms.values())).name.text(lang)] if len(rooms) == 1 else []
    lines += [part.strip() for part in event.venue.address.text(lang).split("\n") if part.strip()]
    if event.format is Format.HYBRID:
        lines.append(_("or online"))
    return nbsp(event.venue.name.text(lang)), [nbsp(line) for line in lines]


def _map(event: Event) -> str | None:
    """A link to the map, never the map itself: nobody else learns who reads this page."""
    venue = event.venue
    if venue is None or event.format in (Format.ONLINE, Format.SELF_PACED):
        return None
    if venue.latitude is not None and venue.longitude is not None:
        at = f"{venue.latitude:.5f}", f"{venue.longitude:.5f}"
        return f"https://www.openstreetmap.org/?mlat={at[0]}&mlon={at[1]}#map=17/{at[0]}/{at[1]}"
    address = venue.address.text(language())
    return "https://www.openstreetmap.org/search?" + urlencode({"query": address}) if address else None


def _google(dates: list[EventDate], event: Event, lang: str) -> str | None:
    """Google's page for adding one entry; an event of several dates is subscribed instead."""
    if len(dates) != 1:
        return None
    span = "/".join(
        moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for moment in (dates[0].starts_at, dates[0].ends_at)
    )
    url = links.absolute(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug)
    values = {
        "action": "TEMPLATE",
        "text": event.title.text(lang)[:200],
        "dates": span,
        "location": shown.place_line(event, lang)[:200],
        "details": url,
    }
    return "https://calendar.google.com/calendar/render?" + urlencode(values)


def _organiser(event: Event, lang: str) -> str:
    said = _("Organiser: %(name)s.", name=nbsp(event.hub.name.text(lang)))
    others = event.co_organisers.text(lang).strip().rstrip(".")
    if others:
        said = f"{said} {_('With: %(names)s.', names=nbsp(', '.join(others.splitlines())))}"
    return str(said)


def _cancelled(event: Event, lang: str) -> str:
    if event.cancelled_at is None:
        return str(_("This event is cancelled."))
    on = i18n.day_text(i18n.local(event.cancelled_at, event.zone).date(), lang)
    return str(_("Cancelled on %(day)s.", day=on))


def _register(event: Event, openness: Openness, lang: str) -> Register:
    url = links.path(links.REGISTER, lang=lang, hub=event.hub.slug, event=event.slug)
    if openness is Openness.OPEN:
        closes = event.registration_closes_at
        until = words.moment_text(closes, event.zone, lang) if closes else None
        return Register(_("Sign up"), url, _("Registration is open until %(when)s.", when=until) if until else None)
    if openness is Openness.WAITING_LIST:
        return Register(_("Wait for a place"), url, _("Free places go to those who wait, in their order, by mail."))
    if openness is Openness.CANCELLED:
        return Register(status=_("The event is cancelled"))
    if openness is Openness.NONE and event.status is EventStatus.PUBLISHED:
        return Register(status=_("There is no registration for this event."))
    if openness is Openness.CLOSED:
        return Register(note=_("Is it important? Write to the organiser."))
    return Register()


def _bar_text(places: Places | None, openness: Openness) -> str | None:
    """What the bar says where the places say nothing."""
    if openness is Openness.CANCELLED:
        return str(_("The event is cancelled"))
    return None if places and places.state != "none" else str(_("No registration"))


def _meetings(event: Event, lang: str) -> list[Meeting]:
    """All dates of an event of several, withdrawn ones too."""
    if len(event.dates) < 2:
        return []
    now = clock.now()
    found = []
    number = 0
    for each in event.dates:
        cancelled = each.status is DateStatus.CANCELLED
        number += not cancelled
        start = i18n.local(each.starts_at, event.zone)
        found.append(
            Meeting(
                number=number,
                day=f"{i18n.day_text(start.date(), lang)}, {i18n.weekday(start.date(), lang)}",
                hours=i18n.time_range_text(each.starts_at, each.ends_at, event.zone, lang).removeprefix("0"),
                iso=start.isoformat(timespec="minutes"),
                title=nbsp(each.title.text(lang)),
                place=nbsp(each.room.name.text(lang)) if each.room else "",
                cancelled=cancelled,
                over=each.ends_at <= now,
            )
        )
    return found


# --- agenda ----------------------------------------------------------------------------------------------------------


def _agenda(agenda: Agenda, event: Event, lang: str) -> dict[str, Any] | None:
    if not agenda.days:
        return None
    several = len(agenda.days) > 1
    changed = max(session.changed_at for session in agenda.sessions)
    days = []
    for day in agenda.days:
        slots = []
        for slot in day.slots:
            breaks = [each for each in slot.sessions if each.kind is SessionKind.BREAK]
            held = [each for each in slot.sessions if each.kind is not SessionKind.BREAK]
            ends = max(each.ends_at for each in slot.sessions)
            slots.append(
                ShownSlot(
                    time=f"{i18n.local(slot.starts_at, agenda.zone):%H:%M}".removeprefix("0"),
                    time_iso=i18n.local(slot.starts_at, agenda.zone).isoformat(timespec="minutes"),
                    until=_("until %(time)s", time=f"{i18n.local(ends, agenda.zone):%H:%M}".removeprefix("0")),
                    breaks=tuple(_session(each, event, lang, ends) for each in breaks),
                    sessions=tuple(_session(each, event, lang, ends) for each in held),
                )
            )
        date = BigDate(str(day.on.day), i18n.weekday(day.on, lang), i18n.month(day.on, lang))
        days.append(ShownDay(f"day-{day.on}", date, tuple(slots)))
    published = event.published_at
    note = None
    if published and changed - published > timedelta(minutes=10):
        on = i18n.day_text(i18n.local(changed, agenda.zone).date(), lang)
        note = _("Brought up to date on %(day)s.", day=on)
    return {"days": days, "note": note, "several": several}


def _session(session: AgendaSession, event: Event, lang: str, slot_ends: Any) -> ShownSession:
    names = [speaker.name for speaker in session.speakers if not speaker.moderates]
    hosts = [speaker.name for speaker in session.speakers if speaker.moderates]
    who = [", ".join(names)] if names else []
    if hosts:
        who.append(_("Moderator: %(names)s", names=", ".join(hosts)))
    notes = []
    if session.ends_at != slot_ends:
        notes.append(_("until %(time)s", time=words.clock_text(session.ends_at, event.zone, lang)))
    if session.language and event.languages and session.language not in event.languages[:1]:
        name = vocabularies().languages.text(session.language, lang)
        notes.append(_("in %(languages)s", languages=name[:1].lower() + name[1:] if lang == "bg" else name))
    if session.capacity is not None:
        left = max(0, session.capacity - session.seats_taken)
        notes.append(_("%(free)s of %(all)s places free", free=left, all=session.capacity))
    return ShownSession(
        id=session_anchor(session.id),
        title=nbsp(session.title.text(lang)),
        title_lang=words.lang_mark(session.title, lang),
        track=session.track.text(lang) if session.track else None,
        room=nbsp(session.room.text(lang)) if session.room else None,
        who=" · ".join(who) or None,
        note=" · ".join(notes) or None,
        abstract=words.prose(session.abstract.text(lang), 5),
        abstract_lang=words.lang_mark(session.abstract, lang),
        cancelled=session.cancelled,
    )


def _people(speakers: Iterable[AgendaSpeaker], lang: str) -> list[Person]:
    named = [
        (speaker, speaker.latin_name if lang != "bg" and speaker.latin_name else speaker.name) for speaker in speakers
    ]
    return [
        Person(
            name=name,
            role=nbsp(speaker.position.text(lang)) or None,
            role_lang=words.lang_mark(speaker.position, lang),
            initials="".join(part[0] for part in name.split() if part[0].isalpha())[:2].upper(),
            picture_url=upload_url(speaker.photo),
            biography=words.prose(speaker.biography.text(lang), 3),
            biography_lang=words.lang_mark(speaker.biography, lang),
        )
        for speaker, name in named
    ]


def _about(event: Event, lang: str) -> list[dict[str, Any]]:
    """Hours, sectors, technologies and competences, as pairs of label and lines."""
    known = vocabularies()
    found = []
    if event.learning_hours:
        hours = i18n.number_text(float(event.learning_hours), lang)
        found.append({"label": _("Learning hours"), "lines": [hours]})
    if event.sectors:
        found.append(
            {"label": _("Sectors"), "lines": [", ".join(known.sectors.text(key, lang) for key in event.sectors)]}
        )
    if event.technologies:
        names = ", ".join(known.technologies.text(key, lang) for key in event.technologies)
        found.append({"label": _("Technologies"), "lines": [names]})
    lines = []
    for each in event.competences:
        framework = str(each.get("framework", ""))
        if framework not in ("digcomp_2_2", "digcomp_3_0"):
            continue
        line = getattr(known, framework).text(str(each.get("id", "")), lang)
        if each.get("level"):
            line += " · " + getattr(known, framework + "_levels").text(str(each["level"]), lang)
        lines.append(f"{each.get('id', '')} {line}")
    if lines:
        found.append({"label": _("Digital competences (DigComp)"), "lines": lines})
    return found


def _programme(event: Event, lang: str) -> dict[str, Any] | None:
    programme = event.programme
    if programme is None:
        return None
    return {
        "title": nbsp(programme.title.text(lang)),
        "title_lang": words.lang_mark(programme.title, lang),
        "url": links.path(links.PROGRAMME, lang=lang, hub=event.hub.slug, programme=programme.slug),
    }


def _preview(event: Event, site: Site, lang: str) -> dict[str, Any]:
    plain = event.summary.text(lang) or text.markdown_to_plain(event.description.text(lang))
    when = shown.time_line(event, lang) if event.dates else ""
    said = " · ".join(part for part in (when, text.excerpt(plain, DESCRIPTION)) if part)
    return {
        "title": event.title.text(lang),
        "description": said,
        "url": site.canonical or links.absolute(links.EVENT, lang=lang, hub=event.hub.slug, event=event.slug),
        "image_url": None
        if event.status is EventStatus.DRAFT
        else links.absolute(links.EVENT_PICTURE, lang=lang, hub=event.hub.slug, event=event.slug),
        "image_alt": f"{event.title.text(lang)}, {when}" if when else event.title.text(lang),
    }
