"""Words and marks of statuses for staff, and the parts that all staff lists share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import gettext as _

from hubevents.core import text
from hubevents.events.rules import EventStatus
from hubevents.mail.rules import MessageStatus
from hubevents.registrations.rules import RegistrationStatus, Source

MOST_PAGES = 10_000


@dataclass(frozen=True)
class State:
    """A mark and a word: kind is ok, wait, ask or off."""

    kind: str
    text: str


@dataclass(frozen=True)
class Chip:
    """A filter as a link; state is None, "all" or "on"."""

    label: str
    url: str
    count: int | None
    state: str | None


@dataclass(frozen=True)
class Pages:
    """Where in a list the reader stands."""

    first: int
    last: int
    total: int
    previous_url: str | None
    next_url: str | None


def registration_state(status: RegistrationStatus) -> State:
    """How a registration's status is shown."""
    return {
        RegistrationStatus.CONFIRMED: State("ok", _("Confirmed")),
        RegistrationStatus.PENDING: State("ask", _("To be approved")),
        RegistrationStatus.WAITLISTED: State("wait", _("Waits for a place")),
        RegistrationStatus.OFFERED: State("ask", _("Place offered")),
        RegistrationStatus.CANCELLED: State("off", _("Registration ended")),
        RegistrationStatus.DECLINED: State("off", _("Declined")),
        RegistrationStatus.EXPIRED: State("off", _("Expired")),
    }[status]


def registrations_label(status: RegistrationStatus) -> str:
    """A filter's word for all registrations of a status."""
    words: dict[RegistrationStatus, str] = {
        RegistrationStatus.CONFIRMED: _("All confirmed"),
        RegistrationStatus.PENDING: _("All to approve"),
        RegistrationStatus.WAITLISTED: _("All waiting"),
        RegistrationStatus.OFFERED: _("All offered"),
        RegistrationStatus.CANCELLED: _("All who cancelled"),
        RegistrationStatus.DECLINED: _("All declined"),
        RegistrationStatus.EXPIRED: _("All expired"),
    }
    return words[status]


def source_words(source: Source) -> str:
    """How a registration came to be."""
    words: dict[Source, str] = {
        Source.WEB: _("On the web page"),
        Source.STAFF: _("By a colleague"),
        Source.WALK_IN: _("At the door"),
        Source.IMPORT: _("From a list"),
    }
    return words[source]


def event_state(status: EventStatus) -> State:
    """How an event's status is shown."""
    return {
        EventStatus.DRAFT: State("ask", _("Draft")),
        EventStatus.PUBLISHED: State("ok", _("Published")),
        EventStatus.CANCELLED: State("off", _("Cancelled")),
    }[status]


def message_state(status: MessageStatus) -> str:
    """The mark of a message's status; its words are `notices.wording`'s."""
    return {
        MessageStatus.WAITING: "ask",
        MessageStatus.SENT: "ok",
        MessageStatus.RETRYING: "wait",
        MessageStatus.FAILED: "wait",
        MessageStatus.REPLACED: "off",
    }[status]


def page_number() -> int:
    """The page that the address asks for, from 1; anything strange is the first."""
    typed = request.args.get("page", "1")
    return min(max(int(typed), 1), MOST_PAGES) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1


def searched() -> str:
    """The words of a search in the address, cleaned and bounded."""
    return text.clean(request.args.get("q", ""))[:100]


def here(**changes: str | int | None) -> str:
    """The present address with other parameters; None takes one out, another filter begins at the first page."""
    kept = {key: request.args[key] for key in request.args if key != "page" or "page" in changes}
    values: Mapping[str, str | int | None] = {**kept, **changes}
    query = urlencode({key: value for key, value in values.items() if value not in (None, "")})
    return request.path + (f"?{query}" if query else "")


def pages(total: int, number: int, size: int) -> Pages:
    """Where page `number` of a list of `total` rows stands."""
    first = (number - 1) * size
    return Pages(
        first=min(first + 1, total),
        last=min(first + size, total),
        total=total,
        previous_url=here(page=number - 1 if number > 2 else None) if number > 1 else None,
        next_url=here(page=number + 1) if first + size < total else None,
    )


def event_url(endpoint: str, hub: str, event_id: int, **more: Any) -> str:
    """The address of a page in an event's workspace."""
    return url_for(f"organiser.{endpoint}", hub=hub, event_id=event_id, **more)
