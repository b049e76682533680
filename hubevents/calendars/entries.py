"""An EventDate as a calendar entry: the one wording that feeds, downloads and invites share."""

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from hubevents.calendars.ics import Entry, Status
from hubevents.core import links, text
from hubevents.core.config import Settings
from hubevents.core.vocabulary import Vocabularies
from hubevents.events import queries as events
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format

_EXCERPT = 600
_REMOTE = frozenset({Format.ONLINE, Format.SELF_PACED})
_JOINED = frozenset({Format.ONLINE, Format.HYBRID})


def entry_of(date: EventDate, language: str, *, personal_url: str | None = None, sequence: int | None = None) -> Entry:
    """The entry of one date, read from it, its event, hub, venue and room.

    `personal_url` (absolute) is the page of the person whose calendar this is: it takes the place of the public page,
    and only then does the entry hold the address to join online. `sequence` replaces the date's own, for a person
    whose invites went further.
    """
    event = date.event
    cancelled = is_cancelled(date)
    status: Status = "cancelled" if cancelled else "confirmed"
    url = personal_url or links.absolute(links.EVENT, lang=language, hub=event.hub.slug, event=event.slug)
    remote = event.format in _REMOTE
    with force_locale(language):
        mark = _("Cancelled") if cancelled else ""
        conference = None
        if personal_url and event.online_url and event.format in _JOINED:
            conference = (event.online_url, _("Join online"))
        description = _description(event, language, url, cancelled=cancelled)
    venue = None if remote else event.venue
    geo = (venue.latitude, venue.longitude) if venue else (None, None)
    return Entry(
        uid=date.uid,
        sequence=date.sequence if sequence is None else sequence,
        created_at=date.created_at,
        changed_at=max(date.changed_at, event.changed_at),
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        zone=event.zone,
        summary=title_of(date, language),
        description=description,
        location=place_of(date, language),
        url=url,
        status=status,
        mark=mark,
        categories=(_vocabularies().kinds.text(event.kind, language),),
        geo=(geo[0], geo[1]) if geo[0] is not None and geo[1] is not None else None,
        conference=conference,
    )


def is_cancelled(date: EventDate) -> bool:
    """Whether this date will not take place, by itself or with its event."""
    return date.status is DateStatus.CANCELLED or date.event.status is EventStatus.CANCELLED


def title_of(date: EventDate, language: str) -> str:
    """The event's title with the topic of this date, when it has one."""
    title, topic = date.event.title.text(language), date.title.text(language)
    return f"{title}: {topic}" if topic and topic != title else title


def place_of(date: EventDate, language: str) -> str:
    """Where on one line: room, venue and address; the word for online where nobody travels."""
    event = date.event
    if event.format in _REMOTE:
        return _vocabularies().formats.text(Format.ONLINE.value, language)
    return events.place(event.venue, date.room).text(language)


def organiser_of(event: Event) -> tuple[str, str]:
    """Address and name of the ORGANIZER: what the first publishing stored (I94), else the sender of all mails."""
    settings: Settings = current_app.extensions["settings"]
    name = event.organiser_name or event.hub.name.text(event.hub.languages[0] if event.hub.languages else "bg")
    return event.organiser_address or settings.mail_from, name


def _description(event: Event, language: str, url: str, *, cancelled: bool) -> str:
    """The lead, why it is cancelled and where to read more; plain text. Runs under the language's locale."""
    parts = []
    reason = event.cancel_reason.text(language) if cancelled else ""
    if reason:
        parts.append(_("Cancelled: %(reason)s", reason=reason))
    lead = event.summary.text(language)
    if not lead:
        lead = text.excerpt(text.markdown_to_plain(event.description.text(language)), _EXCERPT)
    parts += [part for part in (event.subtitle.text(language), lead) if part]
    parts.append(url)
    return "\n\n".join(parts)


def _vocabularies() -> Vocabularies:
    loaded: Vocabularies = current_app.extensions["vocabularies"]
    return loaded
