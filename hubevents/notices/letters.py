"""What each kind of mail says: a letter of plain values that the templates lay out as text and HTML.

Every function runs under the locale of the letter's language. Times carry their zone; dates stand in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext

from hubevents.calendars import entries
from hubevents.core import clock, i18n, links, text, tokens
from hubevents.core.i18n import EN_DASH, Translated
from hubevents.core.vocabulary import Vocabularies
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, Format
from hubevents.hubs.models import Hub
from hubevents.notices.rules import Kind, greeting_name
from hubevents.programmes.emblem import statement
from hubevents.programmes.models import Programme
from hubevents.registrations.models import Participant, Registration
from hubevents.registrations.rules import RegistrationStatus, Source

_SUBJECT = 150
_JOINED = frozenset({Format.ONLINE, Format.HYBRID})


def _(message: str, **values: object) -> str:
    return str(gettext(message, **values))


@dataclass(frozen=True)
class Link:
    """Words and the absolute address they lead to."""

    label: str
    url: str


@dataclass(frozen=True)
class When:
    """The date as the picture of the mail: a big numeral and two lines beside it."""

    numeral: str
    first: str
    second: str


@dataclass(frozen=True)
class Row:
    """One fact: its label, the words that count, more words, an address; struck out when it no longer holds."""

    label: str
    strong: str
    more: str = ""
    url: str = ""
    struck: bool = False
    brief: str = ""
    """What stands for `strong` under a big date, which says the day already."""


@dataclass(frozen=True)
class Note:
    """A sentence after the button, with a link when something can be done."""

    text: str
    link: Link | None = None


@dataclass(frozen=True)
class Code:
    """The ticket: what the QR holds (digits) and the short code to type."""

    payload: str
    short: str


@dataclass(frozen=True)
class Funding:
    """Funding statement, disclaimer and the programme; `emblem` when the European emblem stands beside."""

    statement: str
    more: str
    emblem: bool


@dataclass(frozen=True)
class Sender:
    """From whom the letter is: a hub, or the installation itself."""

    name: str
    line: str
    colour: str
    email: str
    url: str
    privacy_url: str


@dataclass(frozen=True)
class Letter:
    """One mail as plain values."""

    language: str
    sender: Sender
    subject: str
    heading: str
    lead: tuple[str, ...]
    when: When | None = None
    rows: tuple[Row, ...] = ()
    code: Code | None = None
    button: Link | None = None
    notes: tuple[Note, ...] = ()
    funding: Funding | None = None
    why: str = ""
    """Why this person gets the mail."""

    @property
    def preheader(self) -> str:
        """What mail programs show beside the subject."""
        facts = [f"{self.rows[0].strong} {self.rows[0].more}".strip()] if self.rows else []
        return text.excerpt(" ".join([*facts, *self.lead]), 120)


@dataclass(frozen=True)
class Case:
    """What a letter to a participant is written from."""

    kind: Kind
    data: Mapping[str, Any]
    language: str
    registration: Registration
    participant: Participant
    event: Event
    dates: tuple[EventDate, ...]
    """All dates of the event, in order."""
    code: Code | None
    number: int | None
    """Place in the waiting list, from 1."""
    invited: bool
    """Whether the mail carries an invite or its cancellation."""

    @property
    def scheduled(self) -> list[EventDate]:
        """The dates that take place."""
        return [date for date in self.dates if date.status is DateStatus.SCHEDULED]

    @property
    def title(self) -> str:
        """The event's title."""
        return self.event.title.text(self.language)

    @property
    def page(self) -> str:
        """The personal page."""
        return links.absolute(links.REGISTRATION, lang=self.language, token=self._token)

    @property
    def cancel_page(self) -> str:
        """The page with the one button that cancels."""
        return links.absolute(links.REGISTRATION_CANCEL, lang=self.language, token=self._token)

    @property
    def feed(self) -> str:
        """The address of the person's own calendar."""
        token = tokens.link(tokens.PERSONAL_FEED, self.participant.id, self.participant.feed_version)
        return links.absolute(links.PERSONAL_FEED, token=token, form="ics")

    @property
    def event_page(self) -> str:
        """The public page."""
        return links.absolute(links.EVENT, lang=self.language, hub=self.event.hub.slug, event=self.event.slug)

    @property
    def _token(self) -> str:
        return tokens.link(tokens.REGISTRATION, self.registration.id, self.registration.link_version)


# --- participants ----------------------------------------------------------------------------------------------------


def letter(case: Case) -> Letter | None:
    """The letter to a participant; None when events went past what it would tell."""
    write = {
        Kind.CONFIRMATION: _confirmation,
        Kind.WAITING: _waiting,
        Kind.PROMOTED: _promoted,
        Kind.REMINDER: _reminder,
        Kind.CANCELLED: _cancelled,
        Kind.EVENT_CHANGED: _event_changed,
        Kind.EVENT_CANCELLED: _event_cancelled,
        Kind.LINK_AGAIN: _link_again,
    }[case.kind]
    return write(case)


def _frame(case: Case, subject: str, heading: str, lead: Sequence[str]) -> Letter:
    """What all letters to a participant share."""
    return Letter(
        language=case.language,
        sender=hub_sender(case.event.hub, case.language),
        subject=text.excerpt(subject, _SUBJECT),
        heading=heading,
        lead=tuple(lead),
        button=Link(_("Open my page"), case.page),
        funding=_funding(case.event.programme, case.language),
        why=_why(case),
    )


def _confirmation(case: Case) -> Letter:
    lead = [_welcome(case)]
    found = _frame(
        case,
        _("Your place is booked: %(title)s", title=case.title),
        _greeted(_("Your place is booked, %(name)s."), _("Your place is booked."), case),
        lead,
    )
    return _with_place(found, case)


def _promoted(case: Case) -> Letter:
    lead = [
        _("A place at “%(title)s” became free, and it is yours.", title=case.title),
        _welcome(case),
    ]
    found = _frame(
        case,
        _("A place is yours now: %(title)s", title=case.title),
        _greeted(_("A place is yours now, %(name)s."), _("A place is yours now."), case),
        lead,
    )
    return _with_place(found, case)


def _waiting(case: Case) -> Letter:
    found = _frame(
        case,
        _("You are on the waiting list: %(title)s", title=case.title),
        _greeted(_("You are on the waiting list, %(name)s."), _("You are on the waiting list."), case),
        _waiting_lead(case),
    )
    return _with_waiting(found, case)


def _link_again(case: Case) -> Letter:
    if case.registration.status is RegistrationStatus.CONFIRMED:
        found = _frame(
            case,
            _("Your ticket: %(title)s", title=case.title),
            _greeted(_("Here is your ticket again, %(name)s."), _("Here is your ticket again."), case),
            [_welcome(case)],
        )
        return _with_place(found, case)
    found = _frame(
        case,
        _("Your registration: %(title)s", title=case.title),
        _greeted(_("Here is your link again, %(name)s."), _("Here is your link again."), case),
        _waiting_lead(case),
    )
    return _with_waiting(found, case)


def _reminder(case: Case) -> Letter | None:
    date = next((date for date in case.scheduled if date.id == case.data["date"]), None)
    registered = case.registration.status is RegistrationStatus.CONFIRMED
    if date is None or entries.is_cancelled(date) or not registered or date.starts_at <= clock.now():
        return None
    zone = case.event.zone
    ahead = (i18n.local(date.starts_at, zone).date() - clock.today(zone)).days
    topic = entries.title_of(date, case.language)
    if ahead == 0:
        subject = _("Today: %(title)s", title=topic)
        heading = _greeted(_("See you today, %(name)s."), _("See you today."), case)
    elif ahead == 1:
        subject = _("Tomorrow: %(title)s", title=topic)
        heading = _greeted(_("See you tomorrow, %(name)s."), _("See you tomorrow."), case)
    else:
        subject = _("Reminder: %(title)s", title=topic)
        heading = _greeted(_("See you soon, %(name)s."), _("See you soon."), case)
    lead = [_welcome(case)]
    if len(case.scheduled) > 1:
        number = case.scheduled.index(date) + 1
        lead.append(_("This is date %(number)s of %(count)s.", number=number, count=len(case.scheduled)))
    found = _frame(case, subject, heading, lead)
    return replace(
        found,
        when=_when([date], case),
        rows=(*_time_rows([date], case), *_place_rows(date, case)),
        code=case.code,
        notes=(Note(_("Is something in the way?"), Link(_("I cannot come"), case.cancel_page)),),
    )


def _cancelled(case: Case) -> Letter:
    if case.data.get("by") == "staff":
        lead = [
            _("The organiser has cancelled your registration for “%(title)s”.", title=case.title),
            _("If you have a question, simply reply to this mail."),
        ]
    else:
        lead = [_("You are no longer registered for “%(title)s”.", title=case.title)]
        if case.data.get("had_place"):
            lead.append(_("Thank you for telling us: the place is free for somebody else now."))
    found = _frame(
        case,
        _("Registration cancelled: %(title)s", title=case.title),
        _greeted(_("Your registration is cancelled, %(name)s."), _("Your registration is cancelled."), case),
        lead,
    )
    notes = [Note(_("The entry in your calendar is removed with this mail."))] if case.invited else []
    return replace(
        found,
        when=_when(case.scheduled, case),
        rows=_time_rows(case.scheduled, case),
        button=Link(_("See the event"), case.event_page),
        notes=tuple(notes),
    )


def _event_cancelled(case: Case) -> Letter:
    reason = case.event.cancel_reason.text(case.language)
    found = _frame(
        case,
        _("Cancelled: %(title)s", title=case.title),
        _greeted(_("The event is cancelled, %(name)s."), _("The event is cancelled."), case),
        [_("We are sorry: “%(title)s” will not take place.", title=case.title)],
    )
    rows = [replace(row, struck=True) for row in _time_rows(case.dates, case)]
    if reason:
        rows.append(Row(_("Reason"), "", reason))
    notes = [Note(_("The entry in your calendar is removed with this mail."))] if case.invited else []
    hub_page = links.absolute(links.HUB, lang=case.language, hub=case.event.hub.slug)
    return replace(found, rows=tuple(rows), button=Link(_("See other events"), hub_page), notes=tuple(notes))


def _event_changed(case: Case) -> Letter | None:
    if case.registration.status not in (RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED):
        return None
    changes: list[dict[str, Any]] = case.data["changes"]
    found = _frame(
        case,
        _("Changed: %(title)s", title=case.title),
        _greeted(_("There is a change, %(name)s."), _("There is a change."), case),
        [_what_changed(changes, case), _("Your registration stays as it is; there is nothing you need to do.")],
    )
    rows: list[Row] = []
    for change in changes:
        rows += _change_rows(change, case)
    confirmed = case.registration.status is RegistrationStatus.CONFIRMED
    if confirmed:
        rows += _online_rows(case)
    notes = list(_calendar_notes(case)) if confirmed else []
    notes.append(Note(_("Does it no longer suit you?"), Link(_("Cancel my registration"), case.cancel_page)))
    return replace(found, rows=tuple(rows), notes=tuple(notes))


# --- parts of them ---------------------------------------------------------------------------------------------------


def _greeted(with_name: str, without: str, case: Case) -> str:
    """A heading with the first name where it may stand; the name is put in last, so that its `%` stays."""
    name = greeting_name(case.registration.first_name)
    return with_name.replace("%(name)s", name) if name else without


def _welcome(case: Case) -> str:
    if case.event.format is Format.ONLINE:
        return _("We look forward to seeing you at “%(title)s”. How to join is written below.", title=case.title)
    if case.code is None:
        return _("We look forward to seeing you at “%(title)s”.", title=case.title)
    return _(
        "We look forward to seeing you at “%(title)s”. Show this code at the door, on your phone or on paper.",
        title=case.title,
    )


def _waiting_lead(case: Case) -> list[str]:
    lead = [_("All places at “%(title)s” are taken.", title=case.title)]
    if case.number is not None:
        lead.append(_("You are number %(number)s in line.", number=case.number))
    lead.append(_("As soon as it is your turn, the place is yours and we write to you at once."))
    return lead


def _with_place(found: Letter, case: Case) -> Letter:
    """Dates, place, ticket and calendar of somebody who has a place."""
    cancel = Note(_("Can you not come?"), Link(_("Cancel my registration"), case.cancel_page))
    rows = [*_time_rows(case.scheduled, case)]
    if case.scheduled:
        rows += _place_rows(case.scheduled[0], case)
    return replace(
        found,
        when=_when(case.scheduled, case),
        rows=tuple(rows),
        code=case.code,
        notes=(*_calendar_notes(case), cancel),
    )


def _with_waiting(found: Letter, case: Case) -> Letter:
    leave = Note(_("Do you no longer wish to wait?"), Link(_("Leave the list"), case.cancel_page))
    rows = [*_time_rows(case.scheduled, case)]
    if case.scheduled:
        rows += _venue_rows(case.scheduled[0], case)
    return replace(found, when=_when(case.scheduled, case), rows=tuple(rows), notes=(leave,))


def _calendar_notes(case: Case) -> tuple[Note, ...]:
    if case.invited:
        return (
            Note(
                _("The invite for your calendar is attached. When something changes, the entry is brought up to date.")
            ),
        )
    if case.data.get("calendar", {}).get("file"):
        return (
            Note(_("A file with all dates for your calendar is attached.")),
            Note(
                _("With a subscription, changes arrive by themselves:"),
                Link(_("Subscribe to my calendar"), case.feed),
            ),
        )
    return ()


def _when(dates: Sequence[EventDate], case: Case) -> When | None:
    """The big date of one date within a month; several dates are a list of rows."""
    if len(dates) != 1:
        return None
    zone, language = case.event.zone, case.language
    first = i18n.local(dates[0].starts_at, zone).date()
    last = i18n.local(dates[0].ends_at - timedelta(seconds=1), zone).date()
    if (first.year, first.month) != (last.year, last.month):
        return None
    if first == last:
        return When(str(first.day), i18n.weekday(first, language), i18n.month_text(first, language))
    days = f"{i18n.weekday(first, language)} {EN_DASH} {i18n.weekday(last, language)}"
    return When(f"{first.day}{EN_DASH}{last.day}", days, i18n.month_text(first, language))


def _time_rows(dates: Sequence[EventDate], case: Case) -> tuple[Row, ...]:
    """When, with the zone: the hours under a big date, else whole dates."""
    zone, language = case.event.zone, case.language
    rows = []
    for number, date in enumerate(dates, 1):
        zone_name = i18n.zone_text(zone, language, date.starts_at)
        label = _("When") if len(dates) == 1 else _("Date %(number)s", number=number)
        topic = date.title.text(language) if len(dates) > 1 else ""
        when = _range(date.starts_at, date.ends_at, zone, language)
        same_day = i18n.local(date.starts_at, zone).date() == i18n.local(date.ends_at, zone).date()
        brief = i18n.time_range_text(date.starts_at, date.ends_at, zone, language) if same_day else ""
        rows.append(Row(label, when, f"({zone_name})" + (f" · {topic}" if topic else ""), brief=brief))
    return tuple(rows)


def _range(starts_at: datetime, ends_at: datetime, zone: str, language: str) -> str:
    """From and to with the weekday of the first day, as it opens a sentence."""
    day = i18n.weekday(i18n.local(starts_at, zone).date(), language)
    return f"{day}, {i18n.range_text(starts_at, ends_at, zone, language)}"


def _place_rows(date: EventDate, case: Case) -> list[Row]:
    """Where, and for people with a place how to join online."""
    return [*_venue_rows(date, case), *_online_rows(case)]


def _venue_rows(date: EventDate, case: Case) -> list[Row]:
    venue, language = case.event.venue, case.language
    if case.event.format in (Format.ONLINE, Format.SELF_PACED) or venue is None:
        return []
    names = [venue.name.text(language), date.room.name.text(language) if date.room else ""]
    return [Row(_("Where"), ", ".join(name for name in names if name), venue.address.text(language))]


def _online_rows(case: Case) -> list[Row]:
    event = case.event
    if event.format not in _JOINED:
        return []
    if not event.online_url:
        return [Row(_("Online"), "", _("The address to join follows by mail."))]
    return [Row(_("Online"), _("Join online"), url=event.online_url)]


def _what_changed(changes: Sequence[Mapping[str, Any]], case: Case) -> str:
    """One sentence: time, place, both, or the dates themselves."""
    title = case.title
    if any(change["was"] is None or change["now"] is None for change in changes):
        return _("The dates of “%(title)s” have changed.", title=title)
    keys = ("starts_at", "ends_at")
    time = any(any(change["was"][key] != change["now"][key] for key in keys) for change in changes)
    place = any(change["was"]["place"] != change["now"]["place"] for change in changes)
    if time and place:
        return _("“%(title)s” has a new time and a new place.", title=title)
    if time:
        return _("“%(title)s” has a new time.", title=title)
    if place:
        return _("“%(title)s” has a new place.", title=title)
    return _("The address to join “%(title)s” has changed.", title=title)


def _change_rows(change: Mapping[str, Any], case: Case) -> list[Row]:
    was, now = change["was"], change["now"]
    if was is None:
        return [_moment_row(_("New date"), now, case)]
    if now is None:
        return [replace(_moment_row(_("Dropped"), was, case), struck=True)]
    if was == now:
        return [_moment_row(_("When"), now, case)]
    return [replace(_moment_row(_("Was"), was, case), struck=True), _moment_row(_("Now"), now, case)]


def _moment_row(label: str, moment: Mapping[str, Any], case: Case) -> Row:
    zone, language = case.event.zone, case.language
    starts_at, ends_at = datetime.fromisoformat(moment["starts_at"]), datetime.fromisoformat(moment["ends_at"])
    zone_name = i18n.zone_text(zone, language, starts_at)
    where = Translated.of(moment["place"]).text(language)
    if not where and case.event.format in (Format.ONLINE, Format.SELF_PACED):
        where = _vocabularies().formats.text(Format.ONLINE.value, language)
    when = _range(starts_at, ends_at, zone, language)
    return Row(label, f"{when} ({zone_name})", where)


def _why(case: Case) -> str:
    on = i18n.date_text(i18n.local(case.registration.created_at, case.event.zone).date(), case.language)
    if case.registration.source is Source.WEB:
        return _("You receive this mail because on %(date)s you registered with this address.", date=on)
    return _("You receive this mail because on %(date)s you were registered with this address.", date=on)


def _funding(programme: Programme | None, language: str) -> Funding | None:
    if programme is None or not programme.funded:
        return None
    words = programme.statement.text(language)
    if not words and programme.emblem == "funded":
        words = statement("funded", language)
    elif not words and programme.emblem == "cofunded":
        words = statement("cofunded", language)
    project = _("Project: %(title)s.", title=programme.title.text(language))
    more = " ".join(part for part in (project, programme.disclaimer.text(language)) if part)
    return Funding(words, more, emblem=programme.emblem in ("funded", "cofunded"))


def hub_sender(hub: Hub, language: str) -> Sender:
    """A hub as the sender of a letter."""
    name = hub.name.text(language)
    parts = (hub.kind_line.text(language), name, hub.address.text(language))
    return Sender(
        name=name,
        line=" · ".join(part for part in parts if part),
        colour=hub.colour,
        email=hub.email,
        url=links.absolute(links.HUB, lang=language, hub=hub.slug),
        privacy_url=links.absolute(links.PRIVACY, lang=language, hub=hub.slug),
    )


def _vocabularies() -> Vocabularies:
    loaded: Vocabularies = current_app.extensions["vocabularies"]
    return loaded


# --- staff -----------------------------------------------------------------------------------------------------------


def password_reset(sender: Sender, language: str, url: str) -> Letter:
    """The letter with the link to set a new password."""
    return Letter(
        language=language,
        sender=sender,
        subject=_("Set a new password"),
        heading=_("Set a new password."),
        lead=(
            _("Somebody asked for a new password for your sign-in. The link works once and for two hours."),
            _("If it was not you, there is nothing you need to do: your password stays as it is."),
        ),
        button=Link(_("Set a new password"), url),
        why=_("You receive this mail because there is a sign-in with this address."),
    )


def staff_invitation(sender: Sender, language: str, url: str, by: str) -> Letter:
    """The letter that brings a colleague into a hub's team."""
    by = greeting_name(by)
    if by:
        lead = _("%(name)s invites you to work on the events of %(hub)s.", name=by, hub=sender.name)
    else:
        lead = _("You are invited to work on the events of %(hub)s.", hub=sender.name)
    return Letter(
        language=language,
        sender=sender,
        subject=text.excerpt(_("Invitation to the team of %(hub)s", hub=sender.name), _SUBJECT),
        heading=_("Welcome to the team."),
        lead=(lead, _("Choose a password with this link. It works once and for a week.")),
        button=Link(_("Accept the invitation"), url),
        why=_("You receive this mail because a colleague entered this address."),
    )
