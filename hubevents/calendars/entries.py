"""An EventDate or a session as a calendar entry: the one wording that feeds, downloads and invites share."""

from datetime import timedelta

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionStatus
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


def entry_of_session(session: EventSession, language: str) -> Entry:
    """The entry of one session for public feeds, read from it, its event, hub, venue and room.

    What has no length in the agenda gets a minute: an entry must end after it starts (I24).
    """
    event = session.event
    cancelled = is_session_cancelled(session)
    page = links.absolute(links.EVENT, lang=language, hub=event.hub.slug, event=event.slug)
    with force_locale(language):
        mark = _("Cancelled") if cancelled else ""
    about = text.excerpt(text.markdown_to_plain(session.abstract.text(language)), _EXCERPT)
    speakers = ", ".join(speaker.name for speaker in session.speakers)
    url = f"{page}#{session_anchor(session.id)}"
    remote = event.format in _REMOTE
    return Entry(
        uid=session.uid,
        sequence=session.sequence,
        created_at=session.created_at,
        changed_at=max(session.changed_at, event.changed_at),
        starts_at=session.starts_at,
        ends_at=max(session.ends_at, session.starts_at + timedelta(minutes=1)),
        zone=event.zone,
        summary=session.title.text(language),
        description="\n\n".join(part for part in (event.title.text(language), speakers, about, url) if part),
        location=_vocabularies().formats.text(Format.ONLINE.value, language)
        if remote
        else events.place(event.venue, session.room).text(language),
        url=url,
        status="cancelled" if cancelled else "confirmed",
        mark=mark,
        categories=(session.track.name.text(language),) if session.track else (),
    )


def session_anchor(session_id: int) -> str:
    """The id of a session's place on its event's page."""
    return f"session-{session_id}"


def is_cancelled(date: EventDate) -> bool:
    """Whether this date will not take place, by itself or with its event; what was held before stays held."""
    event = date.event
    if date.status is DateStatus.CANCELLED:
        return True
    return event.status is EventStatus.CANCELLED and (event.cancelled_at is None or date.ends_at > event.cancelled_at)


def is_session_cancelled(session: EventSession) -> bool:
    """Whether this session will not take place, by itself or with its event; what was held before stays held."""
    event = session.event
    if session.status is SessionStatus.CANCELLED:
        return True
    return event.status is EventStatus.CANCELLED and (
        event.cancelled_at is None or session.ends_at > event.cancelled_at
    )


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
