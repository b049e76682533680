"""The counting scans of some people and what they add up to: the one way from scans to attendance.

Doors, staff's corrections, logs of online meetings and the closing time all note passages here and then `write()`, so
attendance is always the fold of `rules.presence` over the scans that stand, whatever brought them.

Who is in the hall may be in the meeting too, on the laptop: passages of online logs are folded apart from those of
doors and staff, and what the two give is united, so that leaving the meeting is not leaving the hall.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hubevents.checkin import hours, rules, statements
from hubevents.checkin.hours import Where
from hubevents.checkin.models import Attendance, Scan
from hubevents.checkin.rules import Direction, EventRules, Flag, Method, Passage, Presence
from hubevents.core.db import db, is_sqlite
from hubevents.registrations import service as registrations

Scope = tuple[int, int | None, date]
"""A registration at the event's entrance (None) or in one session, on one day."""

CHECK_OUT_AFTER = timedelta(hours=2)
"""How long after the closing time who is still inside is checked out, with the closing time as the exit."""

_FOLDED = (None, Flag.SECOND_ENTRY.value, Flag.STRAY_EXIT.value)
"""The flags that depend on the whole and may change with each passage."""
_SETTLED = "settled"
"""In place of the flag that staff settled, which no fold changes any more."""


@dataclass
class Ledger:
    """Passages of an event by scope, as rows hold them and as this transaction adds or takes away.

    The registrations must be locked before their scans are noted, and the rows of new scans inserted (and their ids put
    into `rows`) before `write`.
    """

    event: EventRules
    now: datetime
    passages: dict[Scope, list[Passage]] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str | None] = field(default_factory=dict)
    """What stands in the rows of passages now."""
    rows: dict[str, int] = field(default_factory=dict)
    """Ids of the rows by scan_id."""
    touched: set[Scope] = field(default_factory=set)
    scopes: dict[str, Scope] = field(default_factory=dict)
    """Where each passage is noted, by scan_id."""

    def know(self, row: Any) -> None:
        """Notes a stored scan (a row of `statements.scans_before`) that counts and was not taken back."""
        scope = (row.registration_id, row.session_id, row.day)
        passage = Passage(
            row.scan_id, row.scanned_at, Direction(row.direction), row.door_name, row.device_name or None
        )
        self.passages.setdefault(scope, []).append(passage)
        self.scopes[row.scan_id] = scope
        self.methods[row.scan_id] = row.method
        self.flags[row.scan_id] = row.flagged if row.settled_at is None else _SETTLED
        self.rows[row.scan_id] = row.id

    def add(self, scope: Scope, passage: Passage, method: str, flag: str | None = None) -> int:
        """Notes a new passage; gives how many more are inside by it (1, 0 or -1)."""
        before = self.presence(scope).inside
        self.passages.setdefault(scope, []).append(passage)
        self.scopes[passage.scan_id] = scope
        self.methods[passage.scan_id] = method
        self.flags[passage.scan_id] = flag
        self.touched.add(scope)
        return self.presence(scope).inside - before

    def forget(self, scan_id: str) -> int:
        """Takes a passage away; gives how many more are inside by it."""
        scope = self.scopes.pop(scan_id, None)
        if scope is None:
            return 0
        before = self.presence(scope).inside
        self.passages[scope] = [passage for passage in self.passages[scope] if passage.scan_id != scan_id]
        self.touched.add(scope)
        return self.presence(scope).inside - before

    def again(self, scope: Scope) -> None:
        """Has a scope folded anew although no passage came or went: time passed, or the event was moved."""
        self.touched.add(scope)

    def presence(self, scope: Scope) -> Presence:
        """What the passages of a scope add up to so far."""
        online: list[Passage] = []
        seen: list[Passage] = []
        for passage in self.passages.get(scope, ()):
            (online if self.methods[passage.scan_id] == Method.ONLINE else seen).append(passage)
        return _united(rules.presence(seen), rules.presence(online)) if online else rules.presence(seen)

    def write(self) -> None:
        """Attendance of every scope that was touched; who was never in has none (D56)."""
        folded: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        gone: set[int] = set()
        for scope in sorted(self.touched, key=lambda each: (each[0], each[1] or 0, each[2])):
            presence = self.presence(scope)
            self._flag(scope, presence)
            if presence.first is None or presence.first_in_at is None:
                _delete(scope)
                gone.add(scope[0])
            else:
                folded[scope[1] is None].append(self._attendance(scope, presence, presence.first))
        for of_event, rows in folded.items():
            if rows:
                statements.write(statements.attendance_upsert(is_sqlite(), of_event), rows)
        registrations.touch(gone)
        self.touched.clear()

    def _attendance(self, scope: Scope, presence: Presence, first: Passage) -> dict[str, Any]:
        registration_id, session_id, day = scope
        came_last = presence.stays[-1][0]
        span = hours.hours_of(Where(day, session_id), self.event)
        # Whoever came after the closing time, or when nothing was held, left at a time that nobody knows: the end of
        # the day checks them out, and nothing is counted.
        closes_at = span.ends_at if span is not None and span.ends_at > came_last else None
        over = presence.inside and self.now >= (closes_at or hours.day_after(day, self.event.zone)) + CHECK_OUT_AFTER
        left_at = (closes_at or came_last) if over else presence.last_out_at
        return {
            "event_id": int(self.event.id),
            "registration_id": registration_id,
            "session_id": session_id,
            "day": day,
            "method": self.methods[first.scan_id],
            "first_in_at": first.at,
            "last_out_at": left_at,
            "inside": presence.inside and not over,
            "minutes": presence.minutes(left_at or came_last),
            "checked_out": over,
            "changed_at": self.now,
            "first_scan_id": self.rows[first.scan_id],
        }

    def _flag(self, scope: Scope, presence: Presence) -> None:
        """Second entries and stray exits depend on the whole, so they are written once all of it is known."""
        odd = dict(presence.flags)
        for passage in self.passages.get(scope, ()):
            was = self.flags[passage.scan_id]
            if was not in _FOLDED:
                continue
            found = odd.get(passage.scan_id)
            now = found.value if found is not None else None
            if now != was:
                db.session.execute(
                    sa.update(Scan)
                    .where(Scan.id == self.rows[passage.scan_id])
                    .values(flagged=now)
                    .execution_options(synchronize_session=False)
                )
                self.flags[passage.scan_id] = now


def due_at(where: Where, event: EventRules) -> datetime:
    """When the closing time begins to check people out of a day of the event, or of a session."""
    span = hours.hours_of(where, event)
    return (span.ends_at if span is not None else hours.day_after(where.day, event.zone)) + CHECK_OUT_AFTER


def _united(one: Presence, other: Presence) -> Presence:
    """Two presences of one person side by side: every moment is counted once, the earlier admission is the first."""
    stays: list[tuple[datetime, datetime | None]] = []
    for came, left in sorted(one.stays + other.stays, key=lambda stay: stay[0]):
        if stays and (stays[-1][1] is None or came <= stays[-1][1]):
            since, until = stays[-1]
            stays[-1] = (since, None if until is None or left is None else max(until, left))
        else:
            stays.append((came, left))
    firsts = [each.first for each in (one, other) if each.first is not None]
    return Presence(min(firsts, key=lambda each: each.at, default=None), tuple(stays), one.flags + other.flags)


def _delete(scope: Scope) -> None:
    registration_id, session_id, day = scope
    in_scope = Attendance.session_id.is_(None) if session_id is None else Attendance.session_id == session_id
    db.session.execute(
        sa.delete(Attendance)
        .where(Attendance.registration_id == registration_id, in_scope, Attendance.day == day)
        .execution_options(synchronize_session=False)
    )
