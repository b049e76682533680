"""schema.org data of events, hubs and programmes as JSON-LD, for search engines (PRODUCT 27)."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from hubevents.agenda.queries import Agenda, AgendaSession
from hubevents.agenda.rules import SessionKind
from hubevents.core import i18n, links, text
from hubevents.core.i18n import Translated
from hubevents.events import queries as events
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format, Openness
from hubevents.hubs.models import Hub
from hubevents.web.context import vocabularies
from hubevents.web.site import upload_url

MOST_SESSIONS = 30
"""A conference of 300 sessions would double the weight of its page; search engines show a few."""
_COURSES = frozenset({"training", "bootcamp"})
_MODES = {
    Format.ONSITE: "OfflineEventAttendanceMode",
    Format.ONLINE: "OnlineEventAttendanceMode",
    Format.HYBRID: "MixedEventAttendanceMode",
    Format.SELF_PACED: "OnlineEventAttendanceMode",
}
_SCHEMA = "https://schema.org/"


def script(data: dict[str, Any]) -> Markup:
    """JSON for a script element: no text in it can end the element (HTML, "script data state")."""
    plain = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return Markup(plain)  # noqa: S704 - every character that HTML knows is escaped


def event(row: Event, agenda: Agenda, openness: Openness, lang: str) -> dict[str, Any]:
    """An event with its dates or sessions; a training is a Course with the event as its instance."""
    url = links.absolute(links.EVENT, lang=lang, hub=row.hub.slug, event=row.slug)
    kind = vocabularies().kinds.term(row.kind)
    data: dict[str, Any] = {
        "@type": str(kind.get("schema_org") or "Event"),
        "@id": url,
        "url": url,
        "name": row.title.text(lang),
        "description": _description(row, lang),
        "inLanguage": list(row.languages) or None,
        "startDate": _time(row.starts_at, row.zone),
        "endDate": _time(row.ends_at, row.zone),
        "eventStatus": _status(cancelled=row.status is EventStatus.CANCELLED),
        "eventAttendanceMode": _SCHEMA + _MODES[row.format],
        "location": _location(row, url, lang),
        "image": [
            *([links.base_url() + str(upload_url(row.picture))] if row.picture else []),
            links.absolute(links.EVENT_PICTURE, lang=lang, hub=row.hub.slug, event=row.slug),
        ],
        "organizer": hub(row.hub, lang),
        "isAccessibleForFree": not row.price,
        "offers": _offer(row, openness, lang),
        "maximumAttendeeCapacity": row.capacity,
        "audience": {"@type": "Audience", "audienceType": row.audience.text(lang)} if row.audience else None,
        "performer": [{"@type": "Person", "name": speaker.name} for speaker in agenda.speakers[:MOST_SESSIONS]] or None,
        "superEvent": _programme(row, lang),
        "subEvent": _parts(row, agenda, url, lang) or None,
    }
    if row.kind not in _COURSES:
        return _said(data)
    instance = _said({**data, "@type": ["CourseInstance", data["@type"]], "courseMode": _course_mode(row.format)})
    return _said(
        {
            "@type": "Course",
            "@id": url + "#course",
            "url": url,
            "name": data["name"],
            "description": data["description"],
            "provider": data["organizer"],
            "inLanguage": data["inLanguage"],
            "timeRequired": f"PT{row.learning_hours.normalize():f}H" if row.learning_hours else None,
            "offers": data["offers"],
            "hasCourseInstance": instance,
        }
    )


def hub(row: Hub, lang: str) -> dict[str, Any]:
    """The organisation behind a hub."""
    return _said(
        {
            "@type": "Organization",
            "name": row.name.text(lang),
            "url": row.website or links.absolute(links.HUB, lang=lang, hub=row.slug),
            "email": row.email or None,
            "telephone": row.phone or None,
            "address": row.address.text(lang) or None,
            "logo": links.base_url() + str(upload_url(row.logo)) if row.logo else None,
        }
    )


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """Without what nobody said."""
    return {key: value for key, value in data.items() if value is not None and value != ""}


def _description(row: Event, lang: str) -> str:
    said = row.summary.text(lang) or row.subtitle.text(lang)
    return text.excerpt(said or text.markdown_to_plain(row.description.text(lang)), 500)


def _time(moment: datetime | None, zone: str) -> str | None:
    return i18n.local(moment, zone).isoformat(timespec="seconds") if moment else None


def _status(*, cancelled: bool) -> str:
    return _SCHEMA + ("EventCancelled" if cancelled else "EventScheduled")


def _course_mode(format: Format) -> str:
    return {Format.ONSITE: "Onsite", Format.HYBRID: "Blended"}.get(format, "Online")


def _location(row: Event, url: str, lang: str) -> Any:
    """The place, the web (its address is for the registered only, so the page stands for it), or both."""
    virtual = {"@type": "VirtualLocation", "url": url}
    if row.format in (Format.ONLINE, Format.SELF_PACED):
        return virtual
    if row.venue is None:
        return None
    venue = row.venue
    geo = None
    if venue.latitude is not None and venue.longitude is not None:
        geo = {"@type": "GeoCoordinates", "latitude": venue.latitude, "longitude": venue.longitude}
    place = _said(
        {
            "@type": "Place",
            "name": venue.name.text(lang),
            "address": venue.address.text(lang) or venue.name.text(lang),
            "geo": geo,
        }
    )
    return [place, virtual] if row.format is Format.HYBRID else place


def _offer(row: Event, openness: Openness, lang: str) -> dict[str, Any] | None:
    if not row.takes_registrations:
        return None
    available = {
        Openness.OPEN: "InStock",
        Openness.WAITING_LIST: "SoldOut",
        Openness.NOT_YET: "PreOrder",
    }.get(openness, "Discontinued")
    return _said(
        {
            "@type": "Offer",
            "url": links.absolute(links.REGISTER, lang=lang, hub=row.hub.slug, event=row.slug),
            "price": f"{row.price or Decimal(0):.2f}",
            "priceCurrency": "EUR",
            "availability": _SCHEMA + available,
            "validFrom": _time(row.registration_opens_at or row.published_at, row.zone),
            "validThrough": _time(row.registration_closes_at, row.zone),
        }
    )


def _programme(row: Event, lang: str) -> dict[str, Any] | None:
    if row.programme is None:
        return None
    url = links.absolute(links.PROGRAMME, lang=lang, hub=row.hub.slug, programme=row.programme.slug)
    return {"@type": "EventSeries", "name": row.programme.title.text(lang), "url": url}


def _parts(row: Event, agenda: Agenda, url: str, lang: str) -> list[dict[str, Any]]:
    """The dates of an event of several, else the first sessions of its agenda."""
    dates = events.scheduled(row)
    if len(row.dates) > 1:
        return [_date(row, each, url, lang) for each in row.dates[:MOST_SESSIONS]]
    held = [each for each in agenda.sessions if each.kind is not SessionKind.BREAK]
    return [_session(row, each, url, lang) for each in held[:MOST_SESSIONS]] if dates else []


def _date(row: Event, date: EventDate, url: str, lang: str) -> dict[str, Any]:
    return _part(
        row,
        date.title or row.title,
        date.starts_at,
        date.ends_at,
        url,
        lang,
        cancelled=row.status is EventStatus.CANCELLED or date.status is DateStatus.CANCELLED,
    )


def _session(row: Event, session: AgendaSession, url: str, lang: str) -> dict[str, Any]:
    cancelled = session.cancelled or row.status is EventStatus.CANCELLED
    return _part(row, session.title, session.starts_at, session.ends_at, url, lang, cancelled=cancelled)


def _part(
    row: Event, title: Translated, start: datetime, end: datetime, url: str, lang: str, *, cancelled: bool
) -> dict[str, Any]:
    return _said(
        {
            "@type": "Event",
            "name": title.text(lang),
            "startDate": _time(start, row.zone),
            "endDate": _time(end, row.zone),
            "eventStatus": _status(cancelled=cancelled),
            "eventAttendanceMode": _SCHEMA + _MODES[row.format],
            "location": _location(row, url, lang),
        }
    )
