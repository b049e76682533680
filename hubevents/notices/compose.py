"""An outbox row as the mail it stands for: text, HTML, pictures and calendar part (INTEROP I70-I77).

Reads only, needs nothing but an app context, and gives the same calendar bytes however often it is called.
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import joinedload

from hubevents.accounts import service as accounts
from hubevents.accounts.models import User
from hubevents.calendars import entries, ics, invites
from hubevents.core import clock, links, qr, text, tokens
from hubevents.core.config import Settings
from hubevents.core.db import db
from hubevents.events.models import Event, EventDate
from hubevents.hubs import queries as hubs
from hubevents.hubs.colour import HubColours, colours
from hubevents.hubs.models import Hub
from hubevents.mail.models import OutboxMessage
from hubevents.notices import letters
from hubevents.notices.letters import Case, Code, Letter, Sender
from hubevents.notices.pictures import EMBLEM_SIZE, emblem_png
from hubevents.notices.rules import Kind
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus

QR_ID = "ticket"
EMBLEM_ID = "emblem"
_QR_MODULE = 8
_PLAIN_COLOUR = "#a6124f"
_WITH_TICKET = frozenset({Kind.CONFIRMATION, Kind.PROMOTED, Kind.REMINDER, Kind.LINK_AGAIN})
# Quoting is correct in a header, but too many programs split an address list at any comma they see.
_NOT_IN_NAMES = re.compile(r'["(),:;<>@\[\]\\]+')


def compose(row: OutboxMessage) -> EmailMessage | None:
    """The mail of a row, in its language; None when there is nothing true left to tell.

    That is so when the registration or user is gone, and when a reminder or a change came to nothing meanwhile.
    """
    kind = Kind(row.kind)
    with force_locale(row.language):
        if kind is Kind.PASSWORD_RESET or kind is Kind.STAFF_INVITATION:
            letter = _staff_letter(row, kind)
            return None if letter is None else _message(row, letter)
        case = _case(row, kind)
        letter = None if case is None else letters.letter(case)
        if case is None or letter is None:
            return None
        return _message(row, letter, case)


# --- reading ---------------------------------------------------------------------------------------------------------


def _case(row: OutboxMessage, kind: Kind) -> Case | None:
    event_part = joinedload(Registration.event)
    registration = db.session.scalar(
        sa.select(Registration)
        .where(Registration.id == _id(row))
        .options(
            joinedload(Registration.participant),
            event_part.joinedload(Event.hub),
            event_part.joinedload(Event.venue),
            event_part.joinedload(Event.programme),
            event_part.selectinload(Event.dates).options(joinedload(EventDate.room), joinedload(EventDate.event)),
        )
    )
    if registration is None or registration.participant is None:
        return None
    event = registration.event
    dates = tuple(event.dates)
    waiting = registration.status is RegistrationStatus.WAITLISTED
    calendar = row.data.get("calendar", {})
    return Case(
        kind=kind,
        data=row.data,
        language=row.language,
        registration=registration,
        participant=registration.participant,
        event=event,
        dates=dates,
        code=_code(registration) if kind in _WITH_TICKET and not waiting else None,
        number=_number(registration) if waiting else None,
        invited="method" in calendar and _invited_date(row, calendar, dates, event) is not None,
    )


def _id(row: OutboxMessage) -> int:
    return int(row.about.partition(":")[2])


def _code(registration: Registration) -> Code | None:
    """The valid ticket of a registration; None while it has none."""
    ticket = db.session.scalar(
        sa.select(Ticket)
        .where(Ticket.registration_id == registration.id, Ticket.replaced_at.is_(None))
        .order_by(Ticket.version.desc())
        .limit(1)
    )
    if ticket is None:
        return None
    payload = tickets.issue(
        tokens.ticket_keys()[0],
        event_id=registration.event_id,
        registration_id=registration.id,
        version=ticket.version,
    )
    return Code(payload, tickets.short_code(ticket.code))


def _number(registration: Registration) -> int:
    """Place in the waiting list, from 1."""
    ahead = sa.select(sa.func.count()).where(
        Registration.event_id == registration.event_id,
        Registration.status == RegistrationStatus.WAITLISTED,
        sa.tuple_(Registration.waiting_since, Registration.id)
        < sa.tuple_(sa.literal(registration.waiting_since, Registration.waiting_since.type), registration.id),
    )
    return (db.session.scalar(ahead) or 0) + 1


def _staff_letter(row: OutboxMessage, kind: Kind) -> Letter | None:
    user = db.session.get(User, _id(row))
    if user is None:
        return None
    if kind is Kind.PASSWORD_RESET:
        url = links.absolute(links.PASSWORD_RESET, token=accounts.reset_token(user))
        found = hubs.memberships(user.id)
        sender = letters.hub_sender(found[0].hub, row.language) if len(found) == 1 else _installation()
        return letters.password_reset(sender, row.language, url)
    hub = db.session.get(Hub, row.hub_id) if row.hub_id else None
    sender = letters.hub_sender(hub, row.language) if hub else _installation()
    url = links.absolute(links.STAFF_INVITATION, token=accounts.invitation_token(user))
    return letters.staff_invitation(sender, row.language, url, row.data.get("by", ""))


def _installation() -> Sender:
    """The sender of mails that belong to no one hub."""
    return Sender("HubEvents", "HubEvents", _PLAIN_COLOUR, "", links.base_url(), "")


# --- the calendar part -----------------------------------------------------------------------------------------------


def _invited_date(
    row: OutboxMessage, calendar: dict[str, Any], dates: tuple[EventDate, ...], event: Event
) -> EventDate | None:
    """The date an invite is for; None when it cannot be sent as it was meant.

    A request for what was cancelled meanwhile is left out (I64): the cancellation follows in its own mail. Nobody can
    be invited by themselves (I61).
    """
    date = next((date for date in dates if date.id == calendar["date"]), None)
    if date is None or entries.organiser_of(event)[0].casefold() == row.recipient.casefold():
        return None
    return None if calendar["method"] == "REQUEST" and entries.is_cancelled(date) else date


def _invite(row: OutboxMessage, case: Case) -> tuple[ics.Method, bytes] | None:
    calendar = row.data.get("calendar", {})
    if "method" not in calendar:
        return None
    date = _invited_date(row, calendar, case.dates, case.event)
    if date is None:
        return None
    method: ics.Method = calendar["method"]
    data = ics.invite(
        entries.entry_of(date, row.language, personal_url=case.page),
        method=method,
        organiser=entries.organiser_of(case.event),
        attendee=(row.recipient, case.registration.name),
        sequence=calendar["sequence"],
        sent_at=row.created_at,
    )
    return method, data


def _dates_file(row: OutboxMessage, case: Case) -> bytes | None:
    """All dates as a file; after a change also those that were dropped, so that calendars strike them out."""
    if not row.data.get("calendar", {}).get("file"):
        return None
    dates = case.dates if case.kind is Kind.EVENT_CHANGED else tuple(case.scheduled)
    numbers = invites.highest_sequences(row.recipient, [date.uid for date in dates])
    return ics.dates_file(
        entries.entry_of(
            date, row.language, personal_url=case.page, sequence=max(date.sequence, numbers.get(date.uid, 0))
        )
        for date in dates
    )


# --- the message -----------------------------------------------------------------------------------------------------


def _message(row: OutboxMessage, letter: Letter, case: Case | None = None) -> EmailMessage:
    settings: Settings = current_app.extensions["settings"]
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(letter.sender.name, settings.mail_from)
    message["To"] = _mailbox(row.recipient_name, row.recipient)
    answers = _answers_to(letter, case, settings)
    if answers:
        message["Reply-To"] = answers
    message["Subject"] = text.clean(letter.subject)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = row.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    message.set_content(_render("mail/message.txt", letter), cte="quoted-printable")
    message.add_alternative(
        _render("mail/message.html", letter, shades=_shades(letter)), subtype="html", cte="quoted-printable"
    )
    _add_pictures(message, letter)
    if case is not None:
        _add_calendar(message, row, case)
    return message


def _add_pictures(message: EmailMessage, letter: Letter) -> None:
    page = message.get_payload()[1]  # type: ignore[index]
    if letter.code is not None:
        picture = qr.png(letter.code.payload, module_size=_QR_MODULE)
        _relate(page, picture, QR_ID, "ticket.png")
    if letter.funding is not None and letter.funding.emblem:
        _relate(page, emblem_png(), EMBLEM_ID, "eu.png")


def _relate(page: Any, picture: bytes, cid: str, name: str) -> None:
    page.add_related(picture, "image", "png", cid=f"<{cid}>", disposition="inline", filename=name)


def _add_calendar(message: EmailMessage, row: OutboxMessage, case: Case) -> None:
    invite = _invite(row, case)
    if invite is not None:
        method, data = invite
        message.add_alternative(data.decode(), subtype="calendar", params={"method": method}, cte="base64")
        message.add_attachment(data, "application", "ics", filename="invite.ics")
        return
    dates = _dates_file(row, case)
    if dates is not None:
        message.add_attachment(dates.decode(), subtype="calendar", cte="base64", filename="dates.ics")


def _mailbox(name: str, address: str) -> Address:
    """An address with a name that cannot break out of the header, whatever it holds."""
    local, _at, domain = address.rpartition("@")
    shown = text.excerpt(_NOT_IN_NAMES.sub(" ", text.clean(name)), 78)
    return Address(shown, local, domain if domain.isascii() else domain.encode("idna").decode())


def _answers_to(letter: Letter, case: Case | None, settings: Settings) -> list[Address]:
    """The hub's people; before them the ORGANIZER where mails now come from another address (I77)."""
    answers = [letter.sender.email] if letter.sender.email else []
    if case is not None:
        organiser = entries.organiser_of(case.event)[0]
        if organiser.casefold() != settings.mail_from.casefold() and organiser not in answers:
            answers.insert(0, organiser)
    return [_mailbox(letter.sender.name, address) for address in answers]


def _shades(letter: Letter) -> HubColours:
    return colours(letter.sender.colour)


def _render(name: str, letter: Letter, **values: object) -> str:
    template = current_app.jinja_env.get_template(name)
    return template.render(letter=letter, qr_id=QR_ID, emblem_id=EMBLEM_ID, emblem_size=EMBLEM_SIZE, **values)
