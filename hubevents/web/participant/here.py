"""The code of a room's screen on the personal page: the field that takes it, and what became of it in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter import RequestLimit
from wtforms.validators import DataRequired

from hubevents.checkin.rules import Answer, Reason, Verdict
from hubevents.checkin.selfcheck import Miss, Outcome
from hubevents.core import i18n, tokens
from hubevents.web import errors
from hubevents.web.forms import Form, Text


class CodeForm(Form):
    """The code as it stands on the screen."""

    code = Text(_l("Type the code on the room's screen"), [DataRequired(_l("Type the six digits on the screen."))])


def whose() -> str:
    """What tries are counted by: the registration, whichever of its links they come through."""
    link = tokens.read_link(tokens.REGISTRATION, (request.view_args or {})["token"])
    return f"registration {link.id}" if link else f"address {request.remote_addr}"


def too_often(limit: RequestLimit) -> Any:
    """The answer to one who types codes again and again."""
    words = _("Ten codes in ten minutes are enough. Show your ticket to the organiser, or try again in ten minutes.")
    response = errors.page(429, words)
    response.headers["Retry-After"] = "600"
    return response


def tell(outcome: Outcome, title: str, zone: str, lang: str) -> None:
    """Leaves the answer for the page that follows; `title` is the event's."""
    if outcome.miss is not None:
        flash(_MISSES[outcome.miss](), "bad")
        return
    verdict = outcome.verdict
    assert verdict is not None
    kind, words = _words(verdict, outcome, _Said(verdict, outcome.session or title, zone, lang))
    flash(words, kind)


_MISSES: dict[Miss, Callable[[], str]] = {
    Miss.NOT_A_CODE: lambda: _("The code has six digits. Type it as it stands on the screen."),
    Miss.WRONG: lambda: _("This is not the code on the screen. Look once more and type its six digits."),
    Miss.OLD: lambda: _("This code has changed meanwhile. Type the one that is on the screen now."),
}


@dataclass(frozen=True)
class _Said:
    """What the sentences need."""

    verdict: Verdict
    title: str
    zone: str
    lang: str

    def when(self, moment: datetime) -> str:
        """Day and time in the event's zone."""
        day = i18n.day_text(i18n.local(moment, self.zone).date(), self.lang)
        return f"{day}, {i18n.time_text(moment, self.zone, self.lang)}"


def _words(verdict: Verdict, outcome: Outcome, said: _Said) -> tuple[str, str]:
    if verdict.verdict is Answer.ADMITTED:
        time = i18n.time_text(outcome.at, said.zone, said.lang)
        return "ok", _("Checked in to “%(title)s” at %(time)s. Welcome!", title=said.title, time=time)
    if verdict.verdict is Answer.ALREADY_IN:
        first = verdict.first_scan
        time = i18n.time_text(first.scanned_at if first else outcome.at, said.zone, said.lang)
        return "ok", _("You are checked in to “%(title)s” already, since %(time)s.", title=said.title, time=time)
    told = _REFUSALS.get(verdict.reason) if verdict.reason else None
    return "bad", told(said) if told else _("This is not possible.")


def _no_place(said: _Said) -> str:
    other = said.verdict.other
    if other is None or other.starts_at is None:
        return str(_("You have no place in “%(title)s”. Ask the organiser whether one is free.", title=said.title))
    when = said.when(other.starts_at)
    return str(
        _(
            "You have no place in “%(title)s”. Yours is in “%(other)s”, %(when)s.",
            title=said.title,
            other=other.title,
            when=when,
        )
    )


def _too_early(said: _Said) -> str:
    opens = said.verdict.opens_at
    if opens is None:
        return str(_("It is too early for this code."))
    return str(
        _("It is too early: check-in to “%(title)s” opens on %(when)s.", title=said.title, when=said.when(opens))
    )


def _too_late(said: _Said) -> str:
    return str(_("Check-in to “%(title)s” is over.", title=said.title))


def _unconfirmed(said: _Said) -> str:
    return str(_("Your registration is not confirmed, so you are not checked in. Speak to the organiser."))


def _given_back(said: _Said) -> str:
    return str(_("You are not registered any more, so you are not checked in. Speak to the organiser."))


_REFUSALS: dict[Reason, Callable[[_Said], str]] = {
    Reason.WRONG_SESSION: _no_place,
    Reason.NOT_YET: _too_early,
    Reason.CLOSED: _too_late,
    Reason.PENDING: _unconfirmed,
    Reason.WAITLISTED: _unconfirmed,
    Reason.CANCELLED: _given_back,
    Reason.DECLINED: _given_back,
    Reason.EXPIRED: _given_back,
    Reason.FULL: lambda said: _("The room is full. Wait until somebody leaves, then type the new code."),
    Reason.EVENT_CANCELLED: lambda said: _("The event is cancelled."),
}
