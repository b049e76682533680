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
    "link_renewed": lambda: _("This link was replaced by a newer one. Open the newest mail."),
    "link_expired": lambda: _("This link has expired. Ask for a new one."),
}


def words(error: DomainError) -> str:
    """The sentence for a refusal in the reader's language."""
    template = _WORDS.get(error.code)
    return template(**error.details) if template else _("This is not possible.")


def codes() -> frozenset[str]:
    """All codes that have words."""
    return frozenset(_WORDS)
