"""The delivery job: claim, compose, send, mark, each in a short transaction of its own (STACK 2.2).

At least once: a crash between sending and marking sends the row again, with the same Message-ID. A crash at any
other point costs nothing but the five minutes of the claim.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from hubevents.core import clock, links, log
from hubevents.core.config import Settings
from hubevents.core.db import db, transaction
from hubevents.mail import smtp
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import CLAIM, CLAIM_RESERVE, INTERRUPTED, Failure, Stage, next_attempt

logger = log.get(__name__)

BATCH = 20

Compose = Callable[[OutboxMessage], EmailMessage | None]
"""Turns a row into its mail; None when there is nothing true left to say."""


@dataclass(frozen=True)
class Claim:
    """A row that belongs to this worker until `until`."""

    id: int
    attempts: int
    until: datetime


def deliver(compose: Compose) -> None:
    """Sends all rows that are due, in order, over one connection.

    Without an SMTP server rows wait, and `doctor` says so; the demo keeps the mails and sends nothing. When the server
    cannot be reached the job ends: the row that was tried waits for its next attempt, the others stay as they were.
    """
    settings: Settings = current_app.extensions["settings"]
    if settings.demo:
        outlet: smtp.Outlet = smtp.Nowhere()
    elif settings.smtp_url:
        outlet = smtp.Connection(smtp.server(settings.smtp_url), hello=_own_name())
    else:
        return
    with outlet:
        while claims := claim():
            for at, claimed in enumerate(claims):
                if clock.now() >= claimed.until - CLAIM_RESERVE:
                    _release(claims[at:])
                    break
                if not _deliver_one(claimed, compose, outlet, settings):
                    _release(claims[at + 1 :])
                    return


def claim(limit: int = BATCH) -> list[Claim]:
    """Takes up to `limit` due rows for five minutes, each for one worker only; oldest first."""
    now = clock.now()
    due = sa.and_(
        OutboxMessage.done_at.is_(None),
        OutboxMessage.due_at <= now,
        sa.or_(OutboxMessage.locked_until.is_(None), OutboxMessage.locked_until < now),
    )
    # Looking first keeps a hint with nothing to do away from SQLite's write lock.
    anything = db.session.scalar(sa.select(OutboxMessage.id).where(due).limit(1))
    db.session.rollback()
    if anything is None:
        return []
    ids = sa.select(OutboxMessage.id).where(due).order_by(OutboxMessage.due_at, OutboxMessage.id).limit(limit)
    until = now + CLAIM
    with transaction():
        taken = db.session.execute(
            sa.update(OutboxMessage)
            .where(OutboxMessage.id.in_(ids.with_for_update(skip_locked=True).scalar_subquery()))
            .values(locked_until=until, attempts=OutboxMessage.attempts + 1)
            .returning(OutboxMessage.due_at, OutboxMessage.id, OutboxMessage.attempts)
            .execution_options(synchronize_session=False)
        ).all()
    return [Claim(id, attempts, until) for _due_at, id, attempts in sorted((d, i, a) for d, i, a in taken)]


def _deliver_one(claimed: Claim, compose: Compose, outlet: smtp.Outlet, settings: Settings) -> bool:
    """Sends one row and marks it; False when the server itself does not work."""
    if claimed.attempts > INTERRUPTED:
        _mark_failed(claimed, Failure(Stage.CRASH, permanent=True))
        return True
    try:
        composed = _composed(claimed.id, compose)
    except Exception as error:  # noqa: BLE001 - whatever a template raises concerns its row alone
        _log_fault(claimed.id, error)
        _mark_failed(claimed, Failure(Stage.COMPOSE, type(error).__name__))
        return True
    if composed is None:
        _mark(claimed.id, done_at=clock.now(), replaced=True, locked_until=None, error=None)
        return True
    try:
        outlet.send(sender=settings.mail_from, recipient=composed.recipient, data=composed.data)
    except smtp.Undelivered as undelivered:
        _mark_failed(claimed, undelivered.failure)
        return undelivered.failure.stage not in (Stage.CONNECT, Stage.SIGN_IN)
    now = clock.now()
    _mark(
        claimed.id,
        sent_at=now,
        done_at=now,
        locked_until=None,
        error=None,
        sent=composed.data,
        subject=composed.subject,
    )
    return True


@dataclass(frozen=True)
class _Composed:
    recipient: str
    subject: str
    data: bytes


def _composed(id: int, compose: Compose) -> _Composed | None:
    """The finished bytes of a row; reads only, and ends its read transaction."""
    try:
        row = db.session.get(OutboxMessage, id)
        message = compose(row) if row is not None else None
        if row is None or message is None:
            return None
        policy = SMTP if row.recipient.isascii() else SMTPUTF8
        return _Composed(row.recipient, str(message["Subject"])[:300], message.as_bytes(policy=policy))
    finally:
        db.session.rollback()


def _mark_failed(claimed: Claim, failure: Failure) -> None:
    again = None if failure.permanent else next_attempt(claimed.attempts, clock.now())
    if again is None:
        _mark(claimed.id, done_at=clock.now(), locked_until=None, error=str(failure))
    else:
        _mark(claimed.id, due_at=again, locked_until=None, error=str(failure))


def _mark(id: int, **values: object) -> None:
    with transaction():
        db.session.execute(
            sa.update(OutboxMessage)
            .where(OutboxMessage.id == id, OutboxMessage.done_at.is_(None))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _release(claims: list[Claim]) -> None:
    """Gives back what was claimed but not tried, as if it had not been claimed."""
    for each in claims:
        with transaction():
            db.session.execute(
                sa.update(OutboxMessage)
                .where(OutboxMessage.id == each.id, OutboxMessage.locked_until == each.until)
                .values(locked_until=None, attempts=OutboxMessage.attempts - 1)
                .execution_options(synchronize_session=False)
            )


def _log_fault(id: int, error: Exception) -> None:
    """Notes where composing failed; the exception's own words may hold a person's data and stay out of the log."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    logger.error("mail not composed", message=id, fault=type(error).__name__, where=where)


def _own_name() -> str:
    """Our name in EHLO: the installation's host, an address in brackets (RFC 5321 4.1.3)."""
    host = urlsplit(links.base_url()).hostname or "localhost"
    if host.replace(".", "").isdigit():
        return f"[{host}]"
    return f"[IPv6:{host}]" if ":" in host else host
