"""The counting scans of some people and what they add up to: the one way from scans to attendance.

Doors, staff's corrections, logs of online meetings and the closing time all note passages here and then `write()`, so
attendance is always the fold of `rules.presence` over the scans that stand, whatever brought them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hubevents.checkin import rules, statements
from hubevents.checkin.models import Attendance, Scan
from hubevents.checkin.rules import Direction, EventRules, Flag, Passage, Presence
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

    def know(self, row: Any) -> None:
        """Notes a stored scan (a row of `statements.scans_before`) that counts and was not taken back."""
        scope = (row.registration_id, row.session_id, row.day)
        passage = Passage(
            row.scan_id, row.scanned_at, Direction(row.direction), row.door_name, row.device_name or None
        )
        self.passages.setdefault(scope, []).append(passage)
        self.methods[row.scan_id] = row.method
        self.flags[row.scan_id] = row.flagged if row.settled_at is None else _SETTLED
        self.rows[row.scan_id] = row.id

    def add(self, scope: Scope, passage: Passage, method: str, flag: str | None = None) -> int:
        """Notes a new passage; gives how many more are inside by it (1, 0 or -1)."""
        before = self.presence(scope).inside
        self.passages.setdefault(scope, []).append(passage)
        self.methods[passage.scan_id] = method
        self.flags[passage.scan_id] = flag
        self.touched.add(scope)
        return self.presence(scope).inside - before

    def forget(self, scan_id: str) -> int:
        """Takes a passage away; gives how many more are inside by it."""
        change = 0
        for scope, passages in self.passages.items():
            left = [passage for passage in passages if passage.scan_id != scan_id]
            if len(left) != len(passages):
                before = rules.presence(passages).inside
                self.passages[scope] = left
                self.touched.add(scope)
                change += rules.presence(left).inside - before
        return change

    def presence(self, scope: Scope) -> Presence:
        """What the passages of a scope add up to so far."""
        return rules.presence(self.passages.get(scope, ()))

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
        closing = rules.closing_of(day, self.event, None if session_id is None else str(session_id))
        over = presence.inside and closing is not None and self.now >= closing + CHECK_OUT_AFTER
        left_at, minutes = presence.last_out_at, presence.minutes(presence.stays[-1][0])
        if over and closing is not None:
            left_at, minutes = max(closing, presence.stays[-1][0]), presence.minutes(closing)
        return {
            "event_id": int(self.event.id),
            "registration_id": registration_id,
            "session_id": session_id,
            "day": day,
            "method": self.methods[first.scan_id],
            "first_in_at": first.at,
            "last_out_at": left_at,
            "inside": presence.inside and not over,
            "minutes": minutes,
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


def _delete(scope: Scope) -> None:
    registration_id, session_id, day = scope
    in_scope = Attendance.session_id.is_(None) if session_id is None else Attendance.session_id == session_id
    db.session.execute(
        sa.delete(Attendance)
        .where(Attendance.registration_id == registration_id, in_scope, Attendance.day == day)
        .execution_options(synchronize_session=False)
    )
