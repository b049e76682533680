"""Logs of online meetings: kept as they were read, matched by staff, and only then attendance.

A confirmed row is an entry and an exit of the method `online`. What a person was matched to, on phone and laptop and in
all logs of the event, is united first, so that no minute is lost or counted twice. Confirming again takes back and adds
only what differs, and leaves those alone whose matching did not change: what staff corrected by hand stays.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hubevents.checkin import hours, matching, rules
from hubevents.checkin.attendance import Work
from hubevents.checkin.hours import Where
from hubevents.checkin.ledger import Scope
from hubevents.checkin.matching import Interval, Person
from hubevents.checkin.models import OnlineLog
from hubevents.checkin.online import Log
from hubevents.checkin.rules import Direction, EventRules, Method
from hubevents.core import text
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.events.models import Event

SHORTEST = timedelta(seconds=1)
"""A stay lasts at least so long, so that its entry comes before its exit."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many people of the log are matched, and of how many registrations the presence changed."""

    matched: int
    changed: int


def keep_log(
    event_id: int, session_id: int | None, log: Log, *, file_name: str, digest: str, user_id: int
) -> OnlineLog:
    """Keeps a log that was read (`online.read`) until its matching is confirmed.

    NotFound for a session of another event; Conflict(`event_cancelled`), Conflict(`log_known`, log_id=...) for a file
    that was read before; Invalid(`log_no_rows`) when none of its rows could be read.
    """
    # The whole row: of two colleagues who send the same file at once the second is told.
    db.session.execute(sa.select(Event.id).where(Event.id == event_id).with_for_update(of=Event))
    work = Work.hold(event_id, user_id)
    if work.event.cancelled:
        raise Conflict("event_cancelled")
    if session_id is not None and hours.session_of(session_id, work.event) is None:
        raise NotFound("page")
    if not log.rows:
        raise Invalid("log_no_rows", number=len(log.problems))
    known = db.session.scalar(
        sa.select(OnlineLog.id).where(
            OnlineLog.event_id == event_id, OnlineLog.digest == digest, _same_session(session_id)
        )
    )
    if known is not None:
        raise Conflict("log_known", log_id=known)
    rows: list[dict[str, Any]] = [
        {
            "line": row.line,
            "name": row.name,
            "email": row.email,
            "joined_at": row.joined_at.isoformat(),
            "left_at": row.left_at.isoformat() if row.left_at is not None else None,
            "registration_id": None,
        }
        for row in log.rows
    ]
    rows += [{"line": problem.line, "problem": problem.code, "said": problem.said} for problem in log.problems]
    kept = OnlineLog(
        event_id=event_id,
        session_id=session_id,
        file_name=text.clean(file_name)[-200:],
        digest=digest,
        rows=rows,
        user_id=user_id,
        created_at=work.now,
    )
    db.session.add(kept)
    db.session.flush()
    return kept


def stays(log: OnlineLog) -> list[dict[str, Any]]:
    """The rows of a log that could be read."""
    return [row for row in log.rows if "problem" not in row]


def people_in(rows: Iterable[Mapping[str, Any]]) -> list[Person]:
    """Whom the rows of a log name."""
    return matching.people((row["name"], row["email"]) for row in rows)


def matched(rows: Sequence[Mapping[str, Any]], person: Person) -> int | None:
    """The registration that staff matched a person of these rows with."""
    id: int | None = rows[person.rows[0]]["registration_id"]
    return id


def confirm(event_id: int, log_id: int, chosen: Mapping[int, int | None], *, user_id: int) -> Confirmed:
    """Matches people of a log, by their place in `people_in`, with registrations or with nobody; the others stay.

    NotFound for a log or a registration of another event, Conflict(`event_cancelled`).
    """
    work = Work.hold(event_id, user_id)
    log = _locked(event_id, log_id)
    if work.event.cancelled:
        raise Conflict("event_cancelled")
    rows, before, after = stays(log), defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    for place, row in enumerate(rows):
        if row["registration_id"] is not None:
            before[row["registration_id"]].add(place)
    people = people_in(rows)
    matches = {
        place: chosen[number] if number in chosen else rows[place]["registration_id"]
        for number, person in enumerate(people)
        for place in person.rows
    }
    for place, id in matches.items():
        if id is not None:
            after[id].add(place)
    changed = {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}
    work.load(changed, [])
    wanted = defaultdict[int, list[Mapping[str, Any]]](list)
    for id in changed:
        wanted[id] += [rows[place] for place in sorted(after.get(id, ()))]
    for other in db.session.scalars(
        sa.select(OnlineLog).where(
            OnlineLog.event_id == event_id, OnlineLog.id != log_id, _same_session(log.session_id)
        )
    ):
        for row in stays(other):
            if row["registration_id"] in changed:
                wanted[row["registration_id"]].append(row)
    there = _there(work, log.session_id)
    for id in sorted(changed):
        _change(work, log, id, wanted[id], there[id])
    work.store()
    log.rows = [{**row, "registration_id": matches[place]} for place, row in enumerate(rows)] + [
        row for row in log.rows if "problem" in row
    ]
    log.confirmed_at = work.now
    db.session.flush()
    return Confirmed(sum(1 for person in people if matches[person.rows[0]] is not None), len(changed))


def remove_log(event_id: int, log_id: int) -> None:
    """Forgets a log with the names in it; Conflict(`log_in_use`) while somebody is matched, for it is their proof."""
    Work.hold(event_id, None)
    log = _locked(event_id, log_id)
    if any(row["registration_id"] is not None for row in stays(log)):
        raise Conflict("log_in_use")
    db.session.delete(log)
    db.session.flush()


_Key = tuple[date, datetime, Direction]
"""One passage of a person: the day it counts for, when, and which way."""


def _there(work: Work, session_id: int | None) -> defaultdict[int, dict[_Key, tuple[Scope, str]]]:
    """What counts by logs of online meetings in a session so far, by registration: scope and scan_id."""
    found: defaultdict[int, dict[_Key, tuple[Scope, str]]] = defaultdict(dict)
    for scope, passages in work.ledger.passages.items():
        for passage in passages:
            if scope[1] == session_id and work.ledger.methods[passage.scan_id] == Method.ONLINE:
                found[scope[0]][scope[2], passage.at, passage.direction] = scope, passage.scan_id
    return found


def _change(
    work: Work, log: OnlineLog, id: int, rows: Iterable[Mapping[str, Any]], there: Mapping[_Key, tuple[Scope, str]]
) -> None:
    """Takes back and adds what makes a person's online scans in the log's session those of these rows."""
    wanted = {
        (day, at, direction)
        for day, intervals in _by_day(rows, log.session_id, work.event, work.now).items()
        for interval in intervals
        for at, direction in zip(interval, (Direction.IN, Direction.OUT), strict=True)
    }
    for key in sorted(there.keys() - wanted):
        scope, scan_id = there[key]
        work.undo(scope, uuid.uuid5(uuid.UUID(scan_id), "undo"), scan_id, log.file_name)
    for day, at, direction in sorted(wanted - there.keys()):
        name = f"{id} {log.session_id or 0} {day} {at.isoformat()} {direction.value}"
        work.add((id, log.session_id, day), _free_id(work, log, name), at, direction, Method.ONLINE, log.file_name)


def _free_id(work: Work, log: OnlineLog, name: str) -> uuid.UUID:
    """The id of a scan; one that was taken back stays so, and matching again makes another."""
    turn = 0
    while work.is_known(id := uuid.uuid5(uuid.NAMESPACE_URL, f"online-log:{log.id}:{name}:{turn}")):
        turn += 1
    return id


def _by_day(
    rows: Iterable[Mapping[str, Any]], session_id: int | None, event: EventRules, now: datetime
) -> dict[date, Sequence[Interval]]:
    """The union of stays by the day on which they began; of a session only what lies within its hours.

    Who is not said to have left stayed to the end, as at a door; while the meeting is on, until now.
    """
    found: defaultdict[date, list[Interval]] = defaultdict(list)
    for row in rows:
        joined_at = datetime.fromisoformat(row["joined_at"])
        day = rules.day_of(joined_at, event.zone)
        span = hours.hours_of(Where(day, session_id), event)
        session = hours.session_of(session_id, event) if session_id is not None else None
        if span is None and session is not None:  # joined on the eve
            day = rules.day_of(session.starts_at, event.zone)
            span = hours.hours_of(Where(day, session_id), event)
        ends_at = min(span.ends_at, now) if span is not None else joined_at
        left_at = datetime.fromisoformat(row["left_at"]) if row["left_at"] is not None else max(joined_at, ends_at)
        if session_id is not None:
            if span is None or joined_at >= span.ends_at or left_at <= span.starts_at:
                continue
            joined_at, left_at = max(joined_at, span.starts_at), min(left_at, span.ends_at)
        found[day].append((joined_at, max(left_at, joined_at + SHORTEST)))
    return {day: matching.merged(intervals) for day, intervals in found.items()}


def _locked(event_id: int, log_id: int) -> OnlineLog:
    log = db.session.scalar(
        sa.select(OnlineLog)
        .where(OnlineLog.id == log_id, OnlineLog.event_id == event_id)
        .with_for_update(of=OnlineLog)
        .execution_options(populate_existing=True)
    )
    if log is None:
        raise NotFound("page")
    return log


def _same_session(session_id: int | None) -> sa.ColumnElement[bool]:
    return OnlineLog.session_id.is_(None) if session_id is None else OnlineLog.session_id == session_id
