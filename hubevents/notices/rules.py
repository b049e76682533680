"""Which kinds of mail there are, when a reminder is due, and what remains of several changes; pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

REMIND_FROM = time(9)
"""Reminders come at this hour of the day before, or a full day ahead of an event that begins earlier."""

REMIND_AHEAD = timedelta(days=2)
"""No reminder is due earlier than this before the start."""

_LIKE_AN_ADDRESS = re.compile(r"[/@:\\<>]|\w\.\w|www", re.IGNORECASE)


class Kind(StrEnum):
    """What a mail tells; the value is `OutboxMessage.kind`."""

    CONFIRMATION = "confirmation"
    WAITING = "waiting"
    PROMOTED = "promoted"
    REMINDER = "reminder"
    CANCELLED = "cancelled"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    LINK_AGAIN = "link_again"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    STAFF_INVITATION = "staff_invitation"


def reminder_due(starts_at: datetime, zone: str) -> datetime:
    """When the reminder of a date is due (aware): on the day before, from nine in the morning there."""
    local = starts_at.astimezone(ZoneInfo(zone))
    morning = datetime.combine(local.date() - timedelta(days=1), REMIND_FROM, ZoneInfo(zone))
    return min(morning, local - timedelta(hours=24))


def greeting_name(first_name: str) -> str:
    """The name to greet with; empty for one that a mail program would make a link of.

    Anybody can enter any address and any name into a form: our mails must not carry a stranger's advertisement.
    """
    return "" if len(first_name) > 40 or _LIKE_AN_ADDRESS.search(first_name) else first_name


Change = dict[str, Any]
"""`{"date": id, "was": moment | None, "now": moment | None, "online": bool}`, a moment being
`{"starts_at": ISO 8601, "ends_at": ISO 8601, "place": {language: text}}`; without `was` the date is new, without `now`
it is withdrawn. `online` says that the address to join changed."""


def merged_changes(steps: Iterable[Iterable[Mapping[str, Any]]]) -> list[Change]:
    """Several steps of changes, oldest first, as one: the oldest `was` and the newest `now` of each date.

    What ended where it began is left out.
    """
    found: dict[int, Change] = {}
    for step in steps:
        for change in step:
            known = found.get(change["date"])
            if known is None:
                found[change["date"]] = {**change, "online": bool(change.get("online"))}
            else:
                known["now"] = change["now"]
                known["online"] = known["online"] or bool(change.get("online"))
    return [
        change for change in found.values() if change["was"] != change["now"] or (change["now"] and change["online"])
    ]
