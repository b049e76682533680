"""When a message is tried again, and what its row says about itself; pure."""

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


class MessageStatus(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"
    REPLACED = "replaced"


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """When to try again after `attempts` failures; None when it is time to give up."""
    return now + BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
