"""Every mail of an event with its state and reason; a failed one is tried again, one mail's text is shown."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hubevents.core import i18n, log
from hubevents.core.db import db, transaction
from hubevents.hubs.rules import Action
from hubevents.mail import desk
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus
from hubevents.notices.compose import compose
from hubevents.notices.wording import failure_words, kind_words, status_words
from hubevents.web import access
from hubevents.web.headers import private
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.words import (
    Chip,
    State,
    event_url,
    here,
    message_state,
    page_number,
    pages,
    searched,
)

logger = log.get(__name__)


@dataclass(frozen=True)
class MessageLine:
    """One mail of the list."""

    id: int
    url: str
    kind: str
    recipient: str
    name: str
    state: State
    reason: str
    when: str
    again: bool
    again_url: str


def line(row: OutboxMessage, hub: str, zone: str) -> MessageLine:
    """A mail as lists show it; one without an event has no page of its own."""
    event_id = row.event_id or 0
    return MessageLine(
        id=row.id,
        url=event_url("message", hub, event_id, message_id=row.id),
        kind=kind_words(row.kind),
        recipient=row.recipient,
        name=row.recipient_name,
        state=State(message_state(row.status), status_words(row.status)),
        reason=failure_words(row.error) if row.status in (MessageStatus.FAILED, MessageStatus.RETRYING) else "",
        when=i18n.date_time_text(row.sent_at or row.created_at, zone, language()),
        again=row.status is MessageStatus.FAILED,
        again_url=event_url("message_again", hub, event_id, message_id=row.id),
    )


@blueprint.get("/<slug:hub>/events/<int:event_id>/messages/")
@access.staff(Action.SEE_MESSAGES)
def messages(hub: str, event_id: int) -> Response:
    """All mails of the event, with a filter by state and a search by address or name."""
    event = frame.this_event(event_id)
    asked = request.args.get("status", "")
    status = MessageStatus(asked) if asked in list(MessageStatus) else None
    search, number = searched(), page_number()
    counts = desk.counts(event.hub_id, event.id)
    rows, total = desk.messages(
        event.hub_id, event.id, status=status, search=search, offset=(number - 1) * desk.PER_PAGE
    )
    chips = [Chip(_("All"), here(status=None), sum(counts.values()), None if status else "all")]
    for each in MessageStatus:
        if counts.get(each) or each is status:
            on = each is status
            url = here(status=None if on else each.value)
            chips.append(Chip(status_words(each), url, counts.get(each, 0), "on" if on else None))
    page = render_template(
        "organiser/messages.html",
        event=frame.workspace(event, "messages"),
        lines=[line(row, hub, event.zone) for row in rows],
        chips=chips,
        search=search,
        status=status.value if status else "",
        pages=pages(total, number, desk.PER_PAGE),
        any_messages=sum(counts.values()) > 0,
        may_send=access.permitted(Action.SEND_MESSAGES),
    )
    return private(Response(page, mimetype="text/html"))


@blueprint.get("/<slug:hub>/events/<int:event_id>/messages/<int:message_id>/")
@access.staff(Action.SEE_MESSAGES)
def message(hub: str, event_id: int, message_id: int) -> Response:
    """One mail: its state, and its text as it was or would be sent."""
    event = frame.this_event(event_id)
    row = desk.message(event.hub_id, event.id, message_id)
    subject, body = _text(row)
    page = render_template(
        "organiser/message.html",
        event=frame.workspace(event, "messages"),
        line=line(row, hub, event.zone),
        subject=subject,
        body=body,
        lang=row.language,
        sent=row.sent_at is not None,
        attempts=row.attempts,
        up=event_url("messages", hub, event.id),
        may_send=access.permitted(Action.SEND_MESSAGES),
    )
    return private(Response(page, mimetype="text/html"))


def _text(row: OutboxMessage) -> tuple[str, str | None]:
    """Subject and plain text: of the mail that was sent, else of the one that would be; None when there is none."""
    sent = desk.sent_text(row)
    if sent is not None:
        return row.subject or "", sent
    try:
        mail = compose(row)
    except Exception as error:  # noqa: BLE001 - whatever a template raises concerns this row alone
        logger.error("mail not composed for staff", message=row.id, fault=type(error).__name__)
        return row.subject or "", None
    finally:
        db.session.rollback()
    body = mail.get_body(("plain",)) if mail is not None else None
    if mail is None or body is None:
        return "", None
    return str(mail["Subject"]), body.get_content()


@blueprint.post("/<slug:hub>/events/<int:event_id>/messages/<int:message_id>/again")
@access.staff(Action.SEND_MESSAGES)
def message_again(hub: str, event_id: int, message_id: int) -> Response:
    """Tries a failed mail again."""
    with transaction():
        event = frame.this_event(event_id)
        desk.try_again(desk.message(event.hub_id, event.id, message_id))
    flash(_("The message will be tried again."), "ok")
    return redirect(event_url("messages", hub, event_id), 303)
