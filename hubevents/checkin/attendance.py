"""Attendance as staff settles it: marked by hand, taken back, corrected, closed in the evening.

Everything is a fact. Presence marked by hand is a scan without a door; whoever was not there has each counting scan
taken back by a row of its own; a correction does both at once. No scan is edited but for `undone_at`, none is deleted,
so a person's page tells the whole story. What the facts add up to is the Ledger's.

Every act has a UUID of the form that sent it, from which the ids of its scans are derived: sent again, it changes
nothing. Locks are taken in the house's order: the event FOR KEY SHARE, which scans at doors hold too, then
registrations by id.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hubevents.checkin import hours, ledger, queries, rules, statements
from hubevents.checkin.hours import Where
from hubevents.checkin.ledger import Ledger, Scope
from hubevents.checkin.models import Attendance, Scan
from hubevents.checkin.rules import Answer, Direction, EventRules, Method, Passage
from hubevents.core import clock, config
from hubevents.core.db import db, is_sqlite, transaction
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.events.models import Event

CHECK_OUT = "check_out"
"""The name of the job in `work.py`."""
AT_ONCE = 200
"""People whom the job checks out in one transaction."""
LOADED = 1_000
"""People whose scans are read by one statement."""
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Stay:
    """From when to when somebody was there; without an end they still are."""

    in_at: datetime
    out_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """How many were marked now, and how many already were."""

    now: int
    already: int


def usual_stay(where: Where, event: EventRules, now: datetime) -> Stay:
    """What marking present means without times: from start to end, or from now on while it lasts.

    Conflict(`attendance_not_yet`) before the day; Conflict(`times_needed`) when nothing is held that day.
    """
    if where.day > rules.day_of(now, event.zone):
        raise Conflict("attendance_not_yet")
    span = hours.hours_of(where, event)
    if span is None:
        raise Conflict("times_needed")
    return Stay(span.starts_at, span.ends_at) if now >= span.ends_at else Stay(now)


def check_stay(stay: Stay, where: Where, event: EventRules, now: datetime) -> None:
    """Refuses what cannot be: a time in the future, an end before the beginning, a beginning on another day."""
    if stay.in_at > now:
        raise Invalid("attendance_in_future", field="in_at")
    if rules.day_of(stay.in_at, event.zone) != where.day:
        raise Invalid("attendance_other_day", field="in_at")
    if stay.out_at is not None:
        if stay.out_at <= stay.in_at:
            raise Invalid("ends_before_start", field="out_at")
        if stay.out_at > now:
            raise Invalid("attendance_in_future", field="out_at")


# --- what staff does --------------------------------------------------------------------------------------------------


def mark_present(
    event_id: int,
    registration_ids: Collection[int],
    where: Where,
    *,
    act: uuid.UUID,
    user_id: int,
    stay: Stay | None = None,
    note: str = "",
) -> Marked:
    """Says that people were there; who is known to have been there that day is left as they are.

    Without a `stay` it is the usual one. NotFound for people of another event, Conflict(`event_cancelled`), and what
    `usual_stay` and `check_stay` refuse.
    """
    work = Work.hold(event_id, user_id)
    if work.event.cancelled:
        raise Conflict("event_cancelled")
    work.know(where)
    stay = stay or usual_stay(where, work.event, work.now)
    check_stay(stay, where, work.event, work.now)
    names = {id: _name(act, id, where) for id in registration_ids}
    work.load(names, [uuid.uuid5(name, "in") for name in names.values()])
    marked = 0
    for id, name in names.items():
        scope = (id, where.session_id, where.day)
        if work.is_known(uuid.uuid5(name, "in")) or work.ledger.presence(scope).first is not None:
            continue
        work.enter(scope, name, stay, note)
        marked += 1
    work.store()
    return Marked(marked, len(names) - marked)


def was_not_here(
    event_id: int, registration_id: int, where: Where, *, act: uuid.UUID, user_id: int, reason: str
) -> bool:
    """Takes back every scan that counts for a person in that scope; False when there was none or it was done before.

    A scan that an offline phone sends afterwards counts again: it is a further fact.
    """
    work = Work.hold(event_id, user_id)
    name = _name(act, registration_id, where)
    work.load([registration_id], [_undo_id(name, 0)])
    if work.is_known(_undo_id(name, 0)):
        return False
    done = work.take_back((registration_id, where.session_id, where.day), name, reason)
    work.store()
    return done


def correct_times(
    event_id: int, registration_id: int, where: Where, stay: Stay, *, act: uuid.UUID, user_id: int, reason: str
) -> bool:
    """Puts other times in place of all that counts for a person in that scope; False when it was done before.

    Refuses what `check_stay` refuses.
    """
    work = Work.hold(event_id, user_id)
    work.know(where)
    check_stay(stay, where, work.event, work.now)
    name = _name(act, registration_id, where)
    work.load([registration_id], [uuid.uuid5(name, "in")])
    if work.is_known(uuid.uuid5(name, "in")):
        return False
    scope = (registration_id, where.session_id, where.day)
    work.take_back(scope, name, reason)
    work.enter(scope, name, stay, reason)
    work.store()
    return True


def check_out_now(event_id: int, where: Where, *, act: uuid.UUID, user_id: int) -> int:
    """Lets everybody who is inside leave at this moment; returns how many did.

    Only today: an earlier day was closed at its own closing time. Conflict(`attendance_not_today`).
    """
    work = Work.hold(event_id, user_id)
    if where.day != rules.day_of(work.now, work.event.zone):
        raise Conflict("attendance_not_today")
    work.know(where)
    ids = db.session.scalars(
        sa.select(Attendance.registration_id).where(
            Attendance.event_id == event_id, Attendance.day == where.day, in_scope(where), Attendance.inside
        )
    ).all()
    names = {id: _name(act, id, where) for id in ids}
    work.load(names, [uuid.uuid5(name, "out") for name in names.values()])
    left = 0
    for id, name in names.items():
        scope = (id, where.session_id, where.day)
        if work.ledger.presence(scope).inside and not work.is_known(uuid.uuid5(name, "out")):
            work.leave(scope, name, work.now, "")
            left += 1
    work.store()
    return left


# --- what time does ---------------------------------------------------------------------------------------------------


def check_out() -> None:
    """The job: who is still inside long after the closing time has left at it. Safe to repeat and to interrupt."""
    now = clock.now()
    scopes = db.session.execute(
        sa.select(Attendance.event_id, Attendance.session_id, Attendance.day)
        .where(Attendance.inside, Attendance.day <= (now + timedelta(days=1)).date())
        .distinct()
        .order_by(Attendance.event_id, Attendance.day, Attendance.session_id)
    ).all()
    events: dict[int, EventRules] = {}
    due: list[tuple[int, Where]] = []
    for event_id, session_id, day in scopes:
        if event_id not in events:
            events[event_id] = queries.event_rules(event_id, config.LANGUAGES[0])
        where = Where(day, session_id)
        if ledger.due_at(where, events[event_id]) <= now:
            due.append((event_id, where))
    db.session.rollback()
    for event_id, where in due:
        last = 0
        while (following := _check_out_some(event_id, where, last)) is not None:
            last = following


def _check_out_some(event_id: int, where: Where, after: int) -> int | None:
    """Folds the next people who may have to be checked out in a transaction; the last one's id, None after the end."""
    with transaction():
        work = Work.hold(event_id, None)
        due_at = ledger.due_at(where, work.event)
        if due_at > work.now:
            return None
        over = work.now >= hours.day_after(where.day, work.event.zone) + ledger.CHECK_OUT_AFTER
        ids = db.session.scalars(
            sa.select(Attendance.registration_id)
            .where(
                Attendance.event_id == event_id,
                Attendance.day == where.day,
                in_scope(where),
                Attendance.inside,
                Attendance.registration_id > after,
                # Folded since and still inside: whoever came after the closing time stays until the day is over.
                sa.true() if over else Attendance.changed_at < due_at,
            )
            .order_by(Attendance.registration_id)
            .limit(AT_ONCE)
        ).all()
        if not ids:
            return None
        work.load(ids, [])
        for id in ids:
            work.ledger.again((id, where.session_id, where.day))
        work.store()
        return ids[-1]


def fold_again(event_id: int) -> int:
    """After an event or its sessions were moved: who left by the closing time has left by the new one.

    Their scans stand; only what was assumed changes, so a wrong end that is put right puts the minutes right. On a day
    on which nothing is held any more nobody knows when they left, and nothing is counted. Returns how many were folded.
    """
    db.session.flush()
    rows = db.session.execute(
        sa.select(
            Attendance.registration_id, Attendance.session_id, Attendance.day, Attendance.last_out_at, Attendance.inside
        ).where(Attendance.event_id == event_id, sa.or_(Attendance.checked_out, Attendance.inside))
    ).all()
    if not rows:
        return 0
    work = Work.hold(event_id, None)
    stale: list[Scope] = []
    for row in rows:
        where = Where(row.day, row.session_id)
        span = hours.hours_of(where, work.event)
        left_at = span.ends_at if span is not None else None
        is_due = ledger.due_at(where, work.event) <= work.now
        if is_due if row.inside else row.last_out_at != left_at:
            stale.append((row.registration_id, row.session_id, row.day))
    if stale:
        work.load({scope[0] for scope in stale}, [])
        for scope in stale:
            work.ledger.again(scope)
        work.store()
    return len(stale)


# --- the work on the rows ---------------------------------------------------------------------------------------------


def _name(act: uuid.UUID, registration_id: int, where: Where) -> uuid.UUID:
    """The namespace of the scans that an act makes for one person in one scope."""
    return uuid.uuid5(act, f"{registration_id} {where.session_id or 0} {where.day}")


def _undo_id(name: uuid.UUID, number: int) -> uuid.UUID:
    return uuid.uuid5(name, f"undo {number}")


def in_scope(where: Where) -> sa.ColumnElement[bool]:
    """Attendance of the event itself, or of the session."""
    if where.session_id is None:
        return Attendance.session_id.is_(None)
    return Attendance.session_id == where.session_id


@dataclass
class Work:
    """Scans to be added and taken back in this transaction, and the ledger that folds them."""

    event: EventRules
    event_id: int
    user_id: int | None
    now: datetime
    ledger: Ledger = field(init=False)
    rows: list[dict[str, Any]] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    """Ids of the rows that are taken back."""
    stored: set[str] = field(default_factory=set)
    """Scan ids of this act, or of these people, that have a row."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.event, self.now)

    @classmethod
    def hold(cls, event_id: int, user_id: int | None) -> "Work":
        """Locks the event as a scan does and reads its hours. NotFound for none."""
        db.session.execute(
            sa.select(Event.id).where(Event.id == event_id).with_for_update(of=Event, read=True, key_share=True)
        )
        return cls(queries.event_rules(event_id, config.LANGUAGES[0]), event_id, user_id, clock.now())

    def know(self, where: Where) -> None:
        """Refuses a session of another event."""
        if where.session_id is not None and hours.session_of(where.session_id, self.event) is None:
            raise NotFound("page")

    def load(self, ids: Iterable[int], scan_ids: Sequence[uuid.UUID]) -> None:
        """Locks people in the order of their ids and notes what counts for them. NotFound for another event's."""
        wanted = sorted(set(ids))
        acts = [str(id) for id in scan_ids]
        for start in range(0, len(wanted), LOADED):
            some = wanted[start : start + LOADED]
            people = statements.execute(statements.people_locked(is_sqlite()), {"ids": some}).all()
            if len(people) != len(some) or any(person.event_id != self.event_id for person in people):
                raise NotFound("page")
        # Read once all locks are held: what a parallel request stored for these people is seen here.
        for start in range(0, max(len(wanted), len(acts)), LOADED):
            given = {
                "known": acts[start : start + LOADED],
                "undone": [],
                "ids": wanted[start : start + LOADED],
            }
            for row in statements.execute(statements.scans_before(is_sqlite()), given):
                if row.scan_id in self.stored:
                    continue
                self.stored.add(row.scan_id)
                if row.counts and row.undone_at is None and row.registration_id is not None:
                    self.ledger.know(row)

    def is_known(self, scan_id: uuid.UUID) -> bool:
        """Whether this act was done before."""
        return str(scan_id) in self.stored

    def enter(self, scope: Scope, name: uuid.UUID, stay: Stay, note: str) -> None:
        """Adds an entry by hand, and an exit when the stay has one."""
        self.add(scope, uuid.uuid5(name, "in"), stay.in_at, Direction.IN, Method.MANUAL, note)
        if stay.out_at is not None:
            self.leave(scope, name, stay.out_at, note)

    def leave(self, scope: Scope, name: uuid.UUID, at: datetime, note: str) -> None:
        """Adds an exit by hand."""
        self.add(scope, uuid.uuid5(name, "out"), at, Direction.OUT, Method.MANUAL, note)

    def take_back(self, scope: Scope, name: uuid.UUID, reason: str) -> bool:
        """Takes back all that counts in a scope; False when nothing does."""
        passages = sorted(self.ledger.passages.get(scope, ()), key=lambda each: (each.at, each.scan_id))
        for number, passage in enumerate(passages):
            self.undo(scope, _undo_id(name, number), passage.scan_id, reason)
        return bool(passages)

    def undo(self, scope: Scope, id: uuid.UUID, scan_id: str, reason: str) -> None:
        """Takes one counting scan back by a row of its own."""
        self.undone.append(self.ledger.rows[scan_id])
        self.ledger.forget(scan_id)
        row = self._row(scope, id, self.now, Answer.UNDONE, reason)
        self.rows.append(row | {"undoes": scan_id, "method": "undo"})

    def add(
        self, scope: Scope, id: uuid.UUID, at: datetime, direction: Direction, method: Method, note: str
    ) -> None:
        """Adds a scan that counts."""
        answer = Answer.ADMITTED if direction is Direction.IN else Answer.LEFT
        row = self._row(scope, id, at, answer, note)
        self.rows.append(row | {"method": method.value, "direction": direction.value, "counts": True})
        self.ledger.add(scope, Passage(str(id), at, direction), method.value)

    def _row(self, scope: Scope, id: uuid.UUID, at: datetime, answer: Answer, note: str) -> dict[str, Any]:
        registration_id, session_id, day = scope
        at = at.astimezone(UTC)
        return {
            "scan_id": str(id),
            "door_id": None,
            "device_id": None,
            "user_id": self.user_id,
            "event_id": self.event_id,
            "registration_id": registration_id,
            "session_id": session_id,
            "day": day,
            "method": Method.MANUAL.value,
            "direction": Direction.IN.value,
            "scanned_at": at,
            "said_at": at,
            "received_at": self.now,
            "verdict": answer.value,
            "reason": None,
            "shown": None,
            "override_reason": None,
            "flagged": None,
            "counts": False,
            "overridden": None,
            "undoes": None,
            "undone_at": None,
            "note": note[:LONGEST_REASON] or None,
            "settled_at": None,
            "settled_as": None,
            "settled_by_id": None,
            "answer": {"verdict": answer.value, "reason": None, "name": None, "first_scan": None},
        }

    def store(self) -> None:
        """Writes the scans, marks those taken back, then writes what all of it adds up to."""
        for start in range(0, len(self.rows), LOADED):
            some = self.rows[start : start + LOADED]
            self.ledger.rows |= dict(statements.write(statements.scan_insert(is_sqlite()), some).all())
        for start in range(0, len(self.undone), LOADED):
            db.session.execute(
                sa.update(Scan)
                .where(Scan.id.in_(self.undone[start : start + LOADED]), Scan.undone_at.is_(None))
                .values(undone_at=self.now)
                .execution_options(synchronize_session=False)
            )
        self.ledger.write()
