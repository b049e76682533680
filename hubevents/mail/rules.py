"""When a message is tried again, what a failure means, and what a row says about itself; pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""Waiting times after each failed attempt; after the last one the row has failed for good."""

CLAIM = timedelta(minutes=5)
"""How long a claimed row belongs to one worker; a crash frees it afterwards."""

CLAIM_RESERVE = timedelta(minutes=2)
"""What must be left of a claim to begin sending: one attempt takes less, so no other worker sends the same row."""

INTERRUPTED = 20
"""So many attempts, most of them ended by a crash, are enough: the row itself may be what crashes the worker."""

_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


class MessageStatus(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"
    REPLACED = "replaced"


class Stage(StrEnum):
    """How far a delivery came before it failed; the values are what is kept with the row."""

    CONNECT = "server_unreachable"
    SIGN_IN = "sign_in_refused"
    SENDER = "sender_refused"
    RECIPIENT = "address_refused"
    CONTENT = "content_refused"
    ENCODING = "address_not_supported"
    COMPOSE = "not_composed"
    CRASH = "interrupted"


@dataclass(frozen=True)
class Failure:
    """Why a message did not leave: a stage, and what the server or the program called it. Never personal data."""

    stage: Stage
    detail: str = ""
    """Reply code with enhanced status (`550 5.1.1`, RFC 3463), or the name of an exception."""
    permanent: bool = False

    def __str__(self) -> str:
        """As kept in `OutboxMessage.error`: the stage, then the detail."""
        return f"{self.stage.value} {self.detail}".strip()


def read_failure(error: str) -> tuple[Stage | None, str]:
    """Stage and detail of a kept failure; the whole text as detail when the stage is unknown."""
    first, _, rest = error.partition(" ")
    try:
        return Stage(first), rest
    except ValueError:
        return None, error


def refusal(stage: Stage, code: int, reply: bytes | str) -> Failure:
    """What an SMTP reply means (RFC 5321 4.2.1); its text is dropped, because servers repeat the address in it.

    Only a 5xx to the recipient or to the content is for good: a refused sign-in or sender is ours to put right, and
    then everything that waited still goes out.
    """
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    enhanced = _ENHANCED.search(text)
    detail = f"{code} {enhanced[0]}" if enhanced else str(code)
    return Failure(stage, detail, permanent=500 <= code < 600 and stage in (Stage.RECIPIENT, Stage.CONTENT))


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after `attempts` failures; None when it is time to give up."""
    return now + BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
