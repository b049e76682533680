"""Self check-in: the code on a room's screen, typed on the personal page, is a scan like any other.

The code is derived, not stored: six digits of an HMAC over the door, its link_version, the session and the minute of
the server's clock. A renewed or revoked pass therefore ends its codes at once. Good are the code of this minute and the
two before: people type slowly, and a projector lags.

Guessing. Three codes in a million are good at a time, and `limits.ROOM_CODES` lets one registration try ten times in
ten minutes: whoever guesses on for eight hours (480 tries) gets in with one and a half in a thousand for each open
screen of the event. A code that somebody in the room passes on is good for three minutes at most.
"""

import hashlib
import hmac
import struct
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionStatus
from hubevents.checkin import queries, rules, statements
from hubevents.checkin.ledger import Ledger, Scope
from hubevents.checkin.models import Attendance, Door
from hubevents.checkin.rules import (
    Attempt,
    Direction,
    DoorRole,
    DoorRules,
    Earlier,
    EventRules,
    FirstScan,
    Method,
    Passage,
    Question,
    RegistrationRules,
    SessionRules,
    Span,
    Verdict,
)
from hubevents.core import clock, tokens
from hubevents.core.db import db, is_sqlite
from hubevents.core.errors import NotFound
from hubevents.events import queries as events
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations.models import SessionPlace
from hubevents.registrations.rules import RegistrationStatus

PURPOSE = "room-code"
DIGITS = 6
MINUTE = timedelta(minutes=1)
GOOD = 3
"""The code of this minute and of so many less one before it are good."""
RECOGNISED = 10
"""So many minutes back a code is told to be too old, instead of wrong."""
NEAR = timedelta(days=2)
"""Farther from all of an event's dates nobody asks the database for its screens."""


# --- what a screen stands for ---


@dataclass(frozen=True, slots=True)
class Stand:
    """What a screen stands for at a moment: a session, or the event itself (None).

    While it is not open there is no code; `opens_at` is when there will be one, None when never again.
    """

    session: SessionRules | None
    is_open: bool
    opens_at: datetime | None = None


def stand(door: DoorRules, event: EventRules, at: datetime) -> Stand:
    """For a door of several sessions the one that is on, else the next one whose window is open, else the last one
    whose window still is.
    """
    if not door.sessions:
        spans: Sequence[Span | SessionRules] = event.dates
    else:
        spans = [each for each in event.sessions if each.id in door.sessions and not each.cancelled]
    now = [span for span in spans if _covers(door, span, at)]
    if not now:
        return _shut(door, spans, at)
    on = [span for span in now if span.starts_at <= at < span.ends_at]
    coming = [span for span in now if span.starts_at > at]
    if on:
        chosen = max(on, key=lambda span: span.starts_at)
    elif coming:
        chosen = min(coming, key=lambda span: span.starts_at)
    else:
        chosen = max(now, key=lambda span: span.ends_at)
    return Stand(chosen if isinstance(chosen, SessionRules) else None, is_open=True)


def _shut(door: DoorRules, spans: Iterable[Span | SessionRules], at: datetime) -> Stand:
    before = timedelta(minutes=door.opens_minutes_before)
    later = [span for span in spans if span.starts_at - before > at]
    coming = min(later, key=lambda span: span.starts_at, default=None)
    if coming is None:
        return Stand(None, is_open=False)
    session = coming if isinstance(coming, SessionRules) else None
    return Stand(session, is_open=False, opens_at=coming.starts_at - before)


def _covers(door: DoorRules, span: Span | SessionRules, at: datetime) -> bool:
    before = timedelta(minutes=door.opens_minutes_before)
    after = timedelta(minutes=door.closes_minutes_after)
    return span.starts_at - before <= at <= span.ends_at + after


# --- the code ---


def minute_of(at: datetime) -> datetime:
    """The start of a moment's minute; the code of a minute is that of what the screen stands for at its start."""
    return at.replace(second=0, microsecond=0)


def code(door: Door, session: SessionRules | None, minute: datetime) -> str:
    """The six digits of one minute, as the screen shows them."""
    return _digits(tokens.keys(PURPOSE)[0], door, session, minute)


def _digits(key: bytes, door: Door, session: SessionRules | None, minute: datetime) -> str:
    number = int(minute.timestamp()) // 60
    body = struct.pack(">QQQQ", door.id, door.link_version, int(session.id) if session else 0, number)
    mac = hmac.digest(key, body, hashlib.sha256)
    return f"{int.from_bytes(mac[:8]) % 10**DIGITS:0{DIGITS}}"


_LOOK_ALIKE = str.maketrans("OoОоIlІіЗз", "0000111133")
"""Letters, Latin and Cyrillic, that a tired eye or another keyboard types for a digit."""


def read_code(typed: str) -> str | None:
    """Six digits out of what was typed, None when that is no code.

    Digits of any script count, and letters that look like one; spaces, dashes and dots are forgiven.
    """
    found = []
    for char in typed.translate(_LOOK_ALIKE):
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            found.append(str(digit))
        elif not (char.isspace() or char in ".·" or unicodedata.category(char) in ("Pd", "Cf")):
            return None
        if len(found) > DIGITS:
            return None
    return "".join(found) if len(found) == DIGITS else None


# --- the screen ---


@dataclass(frozen=True, slots=True)
class Screen:
    """What a room's screen shows now. `code` is None while there is nothing to check in to."""

    code: str | None
    seconds_left: int
    """Until the next code, 1 to 60."""
    session: str | None
    """The title of the session, None for the event itself."""
    opens_at: datetime | None
    cancelled: bool
    present: int
    """How many have been checked in today, also those who left again."""


def screen(door: Door, language: str) -> Screen:
    """The screen of a door of this role; NotFound for another door. `language` words the session's title."""
    if door.role != DoorRole.SCREEN:
        raise NotFound("page")
    now = clock.now()
    event = queries.event_rules(door.event_id, language)
    minute = minute_of(now)
    stands = stand(rules_of(door), event, minute)
    session = stands.session
    return Screen(
        code=code(door, session, minute) if stands.is_open and not event.cancelled else None,
        seconds_left=60 - now.second,
        session=session.title if session else None,
        opens_at=stands.opens_at,
        cancelled=event.cancelled,
        present=_count(door.event_id, session, rules.day_of(now, event.zone)),
    )


def rules_of(door: Door) -> DoorRules:
    """A door as the rulebook knows it."""
    return DoorRules(
        role=DoorRole(door.role),
        sessions=tuple(str(id) for id in door.session_ids),
        opens_minutes_before=door.opens_minutes_before,
        closes_minutes_after=door.closes_minutes_after,
        re_entry=door.reentry,
        capacity=door.capacity,
        ends_at=door.expires_at,
        revoked=door.revoked_at is not None,
    )


def _count(event_id: int, session: SessionRules | None, day: Any) -> int:
    in_scope = Attendance.session_id.is_(None) if session is None else Attendance.session_id == int(session.id)
    return db.session.scalars(
        sa.select(sa.func.count())
        .select_from(Attendance)
        .where(Attendance.event_id == event_id, Attendance.day == day, in_scope)
    ).one()


# --- the personal page ---


def is_offered(event: Event) -> bool:
    """Whether some screen of this event, loaded with its dates, takes people now; one statement, none while far."""
    now = clock.now()
    dates = events.scheduled(event)
    near = any(date.starts_at - NEAR <= now <= date.ends_at + NEAR for date in dates)
    if not near or event.status is EventStatus.CANCELLED:
        return False
    rows = db.session.execute(
        sa.select(Door, EventSession.id, EventSession.starts_at, EventSession.ends_at)
        .outerjoin(
            EventSession,
            sa.and_(EventSession.event_id == Door.event_id, EventSession.status == SessionStatus.SCHEDULED),
        )
        .where(*_in_force(event.id, now))
    )
    spans = [Span(date.starts_at, date.ends_at) for date in dates]
    for door, session_id, starts_at, ends_at in rows:
        wanted = spans if not door.session_ids else []
        if session_id in door.session_ids:
            wanted = [Span(starts_at, ends_at)]
        if any(_covers(rules_of(door), span, now) for span in wanted):
            return True
    return False


def _in_force(event_id: int, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Door.event_id == event_id,
        Door.role == DoorRole.SCREEN.value,
        Door.revoked_at.is_(None),
        Door.expires_at >= now,
    )


class Miss(StrEnum):
    """Why what was typed is no code of now."""

    NOT_A_CODE = "not_a_code"
    """Not six digits."""
    WRONG = "wrong"
    OLD = "old"
    """It was good some minutes ago."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a typed code: a `miss`, or the `verdict` with the title of the session it was for (None: the event
    itself).
    """

    at: datetime
    miss: Miss | None = None
    verdict: Verdict | None = None
    session: str | None = None


def check_in(registration_id: int, event_id: int, typed: str, language: str) -> Outcome:
    """Takes a code typed on a personal page, in the running transaction; a good one is judged and kept as a scan.

    Doing it again is harmless: the second time the person is in already. `language` words titles.
    """
    now = clock.now()
    wanted = read_code(typed)
    if wanted is None:
        return Outcome(now, Miss.NOT_A_CODE)
    # Event, doors, registration: the order of every lock (DESIGN 3).
    db.session.execute(sa.select(Event.id).where(Event.id == event_id).with_for_update(read=True, key_share=True))
    event = queries.event_rules(event_id, language)
    doors = db.session.scalars(sa.select(Door).where(*_in_force(event_id, now)).order_by(Door.id)).all()
    found = _find(wanted, doors, event, now)
    if isinstance(found, Miss):
        return Outcome(now, found)
    door, session = found
    if door.capacity is not None:
        db.session.execute(
            sa.select(Door.id).where(Door.event_id == event_id).order_by(Door.id).with_for_update(key_share=True)
        )
    verdict = _Passing(door, session, event, now).take(registration_id)
    return Outcome(now, verdict=verdict, session=session.title if session else None)


def _find(
    wanted: str, doors: Iterable[Door], event: EventRules, now: datetime
) -> tuple[Door, SessionRules | None] | Miss:
    """Whose code it is, the newest first. Every code is compared, each in constant time."""
    good: list[tuple[Door, SessionRules | None]] = []
    old = False
    keys = tokens.keys(PURPOSE)
    doors = list(doors)
    for ago in range(RECOGNISED + 1):
        minute = minute_of(now) - ago * MINUTE
        for door in doors:
            stands = stand(rules_of(door), event, minute)
            same = False
            for key in keys:
                same |= hmac.compare_digest(_digits(key, door, stands.session, minute), wanted)
            if not (same and stands.is_open):
                continue
            if ago < GOOD:
                good.append((door, stands.session))
            else:
                old = True
    if good:
        return good[0]
    return Miss.OLD if old else Miss.WRONG


@dataclass
class _Passing:
    """One person before one screen, from judgement to rows."""

    door: Door
    session: SessionRules | None
    event: EventRules
    now: datetime

    def take(self, registration_id: int) -> Verdict:
        """Judges, keeps the scan and folds it into attendance."""
        person = statements.execute(statements.people_locked(is_sqlite()), {"ids": [registration_id]}).one_or_none()
        if person is None:
            raise NotFound("link_unknown")
        scan_id = str(uuid.uuid4())
        session_id = int(self.session.id) if self.session else None
        scope: Scope = (registration_id, session_id, rules.day_of(self.now, self.event.zone))
        ledger = Ledger(self.event, self.now)
        before = {"known": [scan_id], "undone": [scan_id], "ids": [registration_id]}
        for row in statements.execute(statements.scans_before(is_sqlite()), before):
            if row.event_id == self.door.event_id and row.counts and row.undone_at is None:
                ledger.know(row)
        verdict = self._judge(person, ledger, scope)
        settled = rules.settle(verdict, None)
        row = self._row(scan_id, scope, verdict, settled)
        if settled.counts:
            ledger.add(scope, Passage(scan_id, self.now, door=self.door.name), Method.SELF.value, row["flagged"])
        ledger.rows |= dict(statements.write(statements.scan_insert(is_sqlite()), [row]).all())
        ledger.write()
        return verdict

    def _judge(self, person: Any, ledger: Ledger, scope: Scope) -> Verdict:
        so_far = ledger.presence(scope)
        first = so_far.first
        present = 0
        if self.door.capacity is not None:
            present = queries.count_present(self.door.event_id, scope[2], self.door.session_ids)
        places = db.session.scalars(
            sa.select(SessionPlace.session_id).where(
                SessionPlace.registration_id == person.id, SessionPlace.status == RegistrationStatus.CONFIRMED
            )
        )
        return rules.judge(
            Question(
                scan=Attempt(self.now, Method.SELF, session=self.session.id if self.session else None),
                door=rules_of(self.door),
                event=self.event,
                registration=RegistrationRules(
                    event=str(person.event_id),
                    status=person.status.value,
                    version=person.version or 1,
                    name=f"{person.first_name} {person.last_name}",
                    sessions=tuple(str(id) for id in places),
                ),
                earlier=Earlier(so_far.inside, FirstScan(first.at, first.door, first.device) if first else None),
                present=present,
            )
        )

    def _row(self, scan_id: str, scope: Scope, verdict: Verdict, settled: rules.Settlement) -> dict[str, Any]:
        registration_id, session_id, day = scope
        reason = verdict.reason.value if verdict.reason else None
        return {
            "scan_id": scan_id,
            "door_id": self.door.id,
            "device_id": None,
            "user_id": None,
            "event_id": self.door.event_id,
            "registration_id": registration_id,
            "session_id": session_id,
            "day": day,
            "method": Method.SELF.value,
            "direction": Direction.IN.value,
            "scanned_at": self.now,
            "said_at": self.now,
            "received_at": self.now,
            "verdict": verdict.verdict.value,
            "reason": reason,
            "shown": None,
            "override_reason": None,
            "flagged": settled.flag.value if settled.flag else None,
            "counts": settled.counts,
            "overridden": None,
            "undoes": None,
            "undone_at": None,
            "note": None,
            "settled_at": None,
            "settled_as": None,
            "settled_by_id": None,
            "answer": {"verdict": verdict.verdict.value, "reason": reason, "name": verdict.name, "first_scan": None},
        }
