"""Words for every refusal code, in every language; a test checks that each code raised anywhere has words."""

from collections.abc import Callable

from flask_babel import gettext as _

from hubevents.core.errors import DomainError

_WORDS: dict[str, Callable[..., str]] = {
    # pages
    "page": lambda: _("This page does not exist."),
    "role": lambda role="": _("Your role in this hub does not allow this."),
    "no_access_declared": lambda: _("This page is closed."),
    "link_unknown": lambda: _("This link is not valid. Open it again from the newest mail."),
    "link_used": lambda: _("This link was already used. Ask for a new one."),
    "link_renewed": lambda: _("This link was replaced by a newer one. Open the newest mail."),
    "link_expired": lambda: _("This link has expired. Ask for a new one."),
    # hubs and staff
    "slug_taken": lambda field="": _("This address is taken. Choose another."),
    "slug_reserved": lambda field="": _("This address cannot be used. Choose another."),
    "already_staff": lambda: _("This person already works in the hub."),
    "last_owner": lambda: _("A hub needs at least one owner. Make somebody else owner first."),
    # pictures
    "picture_too_large": lambda megabytes=12: _(
        "The picture is too large: at most %(megabytes)s MB and 25 megapixels.", megabytes=megabytes
    ),
    "picture_unreadable": lambda: _("This file is no picture that we can read. Use JPEG, PNG, WebP or GIF."),
    # registering
    "registration_closed": lambda openness="": _("Registration for this event is closed."),
    "already_registered": lambda registration_id=None: _("This address is already registered for the event."),
    "event_begun": lambda: _("The event has begun; this can no longer be changed here. Write to the hub."),
    "registration_ended": lambda: _("This registration has ended and can no longer be changed."),
    "not_waiting": lambda: _("This person is not waiting for a place."),
    "no_address": lambda: _("This person has no e-mail address."),
}


def words(error: DomainError) -> str:
    """The sentence for a refusal in the reader's language."""
    template = _WORDS.get(error.code)
    return template(**error.details) if template else _("This is not possible.")


def codes() -> frozenset[str]:
    """All codes that have words."""
    return frozenset(_WORDS)
