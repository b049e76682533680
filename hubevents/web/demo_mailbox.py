"""The demo's mailbox: what would have been sent, as text, HTML and calendar part; it exists in the demo only."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from hubevents.core import i18n, links
from hubevents.core.config import LOOPBACK
from hubevents.core.db import db
from hubevents.core.errors import NotFound
from hubevents.mail import queries as mail
from hubevents.mail.models import OutboxMessage
from hubevents.notices.rules import Kind
from hubevents.notices.wording import failure_words, kind_words, status_words
from hubevents.web import access
from hubevents.web.headers import CSP, private
from hubevents.web.locale import language
from hubevents.web.site import plain_site

blueprint = Blueprint("demo_mailbox", __name__, url_prefix="/demo/mail")

NEWEST = 200
ZONE = "Europe/Sofia"

_LETTER_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)
"""A mail's own styles are inline; nothing in it may run, and a click leads the whole window on."""

_KEYS = (Kind.PASSWORD_RESET, Kind.STAFF_INVITATION)
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_CID = re.compile(r"\bcid:([A-Za-z0-9._-]+)")


@dataclass(frozen=True)
class Line:
    """One message of the list."""

    subject: str
    recipient: str
    kind: str
    at: str
    status: str
    url: str | None


@dataclass(frozen=True)
class Piece:
    """Some text of a mail; `url` when it is an address."""

    text: str
    url: str | None


@dataclass(frozen=True)
class Opened:
    """A mail opened for reading."""

    subject: str
    recipient: str
    sender: str
    kind: str
    at: str
    text: tuple[Piece, ...]
    html_url: str | None
    calendar: str | None
    calendar_url: str | None


@blueprint.get("/")
@access.public
def mailbox() -> Response:
    """The newest messages, filtered by a part of the address or name."""
    search = request.args.get("q", "").strip()[:100]
    rows = mail.newest(NEWEST, search)
    lines = [
        Line(
            subject=row.subject or kind_words(row.kind),
            recipient=f"{row.recipient_name} <{row.recipient}>" if row.recipient_name else row.recipient,
            kind=kind_words(row.kind),
            at=_moment(row),
            status=" ".join(part for part in (status_words(row.status), failure_words(row.error)) if part),
            # The demo's older mails were never composed: they have neither subject nor text.
            url=url_for(".message", message_id=row.id)
            if row.sent_at and row.subject is not None and not _is_key(row)
            else None,
        )
        for row in rows
    ]
    page = render_template(
        "demo/mailbox.html", site=plain_site(private=True), lines=lines, search=search, action=url_for(".mailbox")
    )
    return private(make_response(page))


@blueprint.get("/<int:message_id>")
@access.public
def message(message_id: int) -> Response:
    """One mail: its text, its HTML in a frame, and the calendar part as text."""
    row, sent = _sent(message_id)
    plain = sent.get_body(("plain",))
    calendar = _calendar(sent)
    opened = Opened(
        subject=str(sent["Subject"]),
        recipient=str(sent["To"]),
        sender=str(sent["From"]),
        kind=kind_words(row.kind),
        at=_moment(row),
        text=_pieces(plain.get_content() if plain else ""),
        html_url=url_for(".html", message_id=message_id) if sent.get_body(("html",)) else None,
        calendar=calendar.decode(errors="replace").replace("\r\n", "\n") if calendar else None,
        calendar_url=url_for(".calendar", message_id=message_id) if calendar else None,
    )
    page = render_template(
        "demo/mail.html", site=plain_site(private=True), mail=opened, mailbox_url=url_for(".mailbox")
    )
    response = private(make_response(page))
    response.headers["Content-Security-Policy"] = CSP.format(wasm="", blob="") + "; frame-src 'self'"
    return response


@blueprint.get("/<int:message_id>/html")
@access.public
def html(message_id: int) -> Response:
    """The HTML part alone, with its pictures, under a policy of its own: it may style itself and do nothing else."""
    _row, sent = _sent(message_id)
    body = sent.get_body(("html",))
    if body is None:
        raise NotFound("page")
    text = _CID.sub(lambda found: url_for(".picture", message_id=message_id, cid=found[1]), body.get_content())
    response = private(make_response(text.replace("<head>", '<head><base target="_top">', 1)))
    response.headers["Content-Security-Policy"] = _LETTER_CSP
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/<int:message_id>/picture/<cid>")
@access.public
def picture(message_id: int, cid: str) -> Response:
    """A picture inside the HTML part."""
    _row, sent = _sent(message_id)
    for part in sent.walk():
        if part["Content-ID"] == f"<{cid}>" and part.get_content_type() == "image/png":
            response = make_response(part.get_payload(decode=True))
            response.mimetype = "image/png"
            return private(response)
    raise NotFound("page")


@blueprint.get("/<int:message_id>/calendar.ics")
@access.public
def calendar(message_id: int) -> Response:
    """The calendar part, to open it in a calendar program."""
    _row, sent = _sent(message_id)
    data = _calendar(sent)
    if data is None:
        raise NotFound("page")
    response = make_response(data)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="invite.ics"'
    return private(response)


def _sent(message_id: int) -> tuple[OutboxMessage, EmailMessage]:
    row = db.session.get(OutboxMessage, message_id)
    if row is None or row.sent is None or _is_key(row):
        raise NotFound("page")
    sent = message_from_bytes(row.sent, policy=policy.default)
    assert isinstance(sent, EmailMessage)
    return row, sent


def _is_key(row: OutboxMessage) -> bool:
    """Whether a mail opens a staff sign-in of a demo that others than this machine can reach: then nobody reads it."""
    return row.kind in _KEYS and urlsplit(links.base_url()).hostname not in LOOPBACK


def _calendar(sent: EmailMessage) -> bytes | None:
    for part in sent.walk():
        if part.get_content_type() == "text/calendar":
            data = part.get_payload(decode=True)
            return data if isinstance(data, bytes) else None
    return None


def _moment(row: OutboxMessage) -> str:
    return i18n.date_time_text(row.sent_at or row.created_at, ZONE, language())


def _pieces(text: str) -> tuple[Piece, ...]:
    """A text with its addresses apart, so that the template makes links of them."""
    pieces: list[Piece] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        pieces += [Piece(text[end : found.start()], None), Piece(found[0], found[0])]
        end = found.end()
    return (*pieces, Piece(text[end:], None))
