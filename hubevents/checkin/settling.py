"""Scans that staff should look at, and what staff decides about them.

A flagged scan waits until somebody settles it (`Decision`): it stays as it is, it does not count, or it counts although
it did not. Attendance follows through the `Ledger`, so the order in which scans, undos and decisions arrive makes no
difference; a settled scan is never flagged again by a later fold, and the same decision twice changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.checkin import queries, rules, statements
from hubevents.checkin.ledger import Ledger, Scope
from hubevents.checkin.models import Device, Door, Scan
from hubevents.checkin.rules import Decision, Direction, Flag, Method, Passage
from hubevents.core import clock
from hubevents.core.db import db, is_sqlite
from hubevents.core.errors import Conflict, NotFound
from hubevents.core.i18n import Translated
from hubevents.events.models import Event
from hubevents.hubs.models import Hub
from hubevents.registrations import service as registrations
from hubevents.registrations.rules import ConsentKind, Source

SHOWN = 50
"""So many open and so many settled scans stand on a page at most; their number is said."""
LONGEST_NOTE = 300
HELD_BACK = "held_back"
"""Where a quarantined walk-in lies in a scan's answer."""

_CAN_COUNT = frozenset({Flag.QUARANTINED.value, Flag.REFUSED_ANYWAY.value, Flag.ADMITTED_ANYWAY.value})


@dataclass(frozen=True, slots=True)
class ToSettle:
    """A scan with what may be decided; `first` is the admission before a second one."""

    scan: Scan
    decisions: tuple[Decision, ...]
    first: Passage | None = None


@dataclass(frozen=True, slots=True)
class FromShut:
    """Several scans that one shut phone sent through a door; `device_id` is None for one that told no name."""

    door_id: int
    door: str
    device_id: int | None
    device: str | None
    number: int


@dataclass(frozen=True, slots=True)
class OpenInEvent:
    """How many scans of an event wait to be settled."""

    event_id: int
    title: Translated
    number: int


def decisions(flagged: str | None, *, counts: bool, somebody: bool) -> tuple[Decision, ...]:
    """What may be decided about a scan; `somebody` tells whether there is a person whom it could count for."""
    if counts:
        return Decision.KEPT, Decision.DROPPED
    if somebody and flagged in _CAN_COUNT:
        return Decision.KEPT, Decision.COUNTED
    return (Decision.KEPT,)


def held_back(scan: Scan) -> dict[str, Any] | None:
    """The walk-in that a shut door registered, as the phone sent it."""
    found = scan.answer.get(HELD_BACK)
    return found if isinstance(found, dict) else None


# --- reading ---------------------------------------------------------------------------------------------------------


def _is_open() -> sa.ColumnElement[bool]:
    """What was taken back at the door settled itself."""
    return sa.and_(Scan.flagged.is_not(None), Scan.settled_at.is_(None), Scan.undone_at.is_(None))


def count_open(event_id: int) -> int:
    """How many scans of an event wait."""
    counted: int = db.session.scalars(
        sa.select(sa.func.count()).select_from(Scan).where(Scan.event_id == event_id, _is_open())
    ).one()
    return counted


def open_by_event(hub_id: int) -> Sequence[OpenInEvent]:
    """Events of a hub in which scans wait, the latest event first."""
    rows = db.session.execute(
        sa.select(Event.id, Event.title, sa.func.count(Scan.id).label("number"))
        .join(Scan, Scan.event_id == Event.id)
        .where(Event.hub_id == hub_id, _is_open())
        .group_by(Event.id, Event.starts_at)
        .order_by(Event.starts_at.desc(), Event.id)
    )
    return [OpenInEvent(row.id, row.title, row.number) for row in rows]


def _is_shut() -> sa.ColumnElement[bool]:
    return sa.and_(Scan.flagged == Flag.QUARANTINED.value, _is_open())


def from_shut(event_id: int) -> list[FromShut]:
    """Phones that sent more than one scan which waits because their pass or they themselves were shut."""
    rows = db.session.execute(
        sa.select(Door.id, Door.name, Device.id, Device.name, sa.func.count(Scan.id))
        .select_from(Scan)
        .join(Door, Door.id == Scan.door_id)
        .outerjoin(Device, Device.id == Scan.device_id)
        .where(Scan.event_id == event_id, _is_shut())
        .group_by(Door.id, Device.id)
        .having(sa.func.count(Scan.id) > 1)
        .order_by(Door.id, Device.id)
    )
    return [FromShut(*row) for row in rows]


def open_scans(event_id: int) -> list[ToSettle]:
    """Scans of an event that wait, the latest first, at most `SHOWN`."""
    scans = db.session.scalars(
        _loaded().where(Scan.event_id == event_id, _is_open()).order_by(Scan.scanned_at.desc(), Scan.id).limit(SHOWN)
    ).all()
    entries = _entries(scan.registration_id for scan in scans if scan.flagged == Flag.SECOND_ENTRY.value)
    return [
        ToSettle(
            scan,
            _decisions(scan),
            _entry_before(scan, entries.get(_room(scan), ())),
        )
        for scan in scans
    ]


def settled_scans(event_id: int) -> Sequence[Scan]:
    """Scans of an event that were settled, the latest decision first, at most `SHOWN`."""
    return db.session.scalars(
        _loaded()
        .where(Scan.event_id == event_id, Scan.settled_at.is_not(None))
        .order_by(Scan.settled_at.desc(), Scan.id.desc())
        .limit(SHOWN)
        .options(joinedload(Scan.settled_by))
    ).all()


def _loaded() -> sa.Select[Scan]:
    return sa.select(Scan).options(joinedload(Scan.door), joinedload(Scan.device), joinedload(Scan.registration))


def _decisions(scan: Scan) -> tuple[Decision, ...]:
    somebody = scan.undoes is None and (scan.registration_id is not None or held_back(scan) is not None)
    return decisions(scan.flagged, counts=scan.counts, somebody=somebody)


def _room(row: Any) -> tuple[Scope, bool]:
    """The scope of a scan; passages of online logs are folded apart from the others, as the ledger does."""
    return (row.registration_id or 0, row.session_id, row.day), row.method == Method.ONLINE.value


def _entries(registration_ids: Iterable[int | None]) -> dict[tuple[Scope, bool], list[Passage]]:
    """All that counts for these people, by scope."""
    rows = db.session.execute(
        sa.select(
            Scan.scan_id,
            Scan.registration_id,
            Scan.session_id,
            Scan.day,
            Scan.scanned_at,
            Scan.direction,
            Scan.method,
            Door.name.label("door"),
            Device.name.label("device"),
        )
        .outerjoin(Door, Door.id == Scan.door_id)
        .outerjoin(Device, Device.id == Scan.device_id)
        .where(Scan.registration_id.in_(set(registration_ids)), Scan.counts, Scan.undone_at.is_(None))
    )
    found: dict[tuple[Scope, bool], list[Passage]] = {}
    for row in rows:
        passage = Passage(row.scan_id, row.scanned_at, Direction(row.direction), row.door, row.device)
        found.setdefault(_room(row), []).append(passage)
    return found


def _entry_before(scan: Scan, passages: Sequence[Passage]) -> Passage | None:
    """The entry that still stood when somebody was admitted once more."""
    odd = {id for id, _flag in rules.presence(passages).flags}
    before = [
        passage
        for passage in passages
        if passage.direction is Direction.IN and passage.scan_id not in odd and passage.at <= scan.scanned_at
    ]
    return max(before, key=lambda each: (each.at, each.scan_id), default=None)


# --- deciding --------------------------------------------------------------------------------------------------------


def settle(event_id: int, scan_id: int, decision: Decision | None, user_id: int, note: str = "") -> Scan:
    """Settles a flagged scan of an event and lets attendance follow; the same decision again changes nothing.

    NotFound; Conflict(`settled_otherwise`) when a colleague decided differently, Conflict(`nothing_to_settle`) when it
    is no longer in question, Conflict(`decision_impossible`), also for None; of a walk-in also what
    `registrations.register` raises.
    """
    _lock(event_id)
    scan = db.session.scalar(
        sa.select(Scan).where(Scan.id == scan_id, Scan.event_id == event_id).execution_options(populate_existing=True)
    )
    if scan is None:
        raise NotFound("page")
    if scan.settled_at is not None:
        if scan.settled_as != decision:
            raise Conflict("settled_otherwise")
        return scan
    if scan.flagged is None or scan.undone_at is not None:
        raise Conflict("nothing_to_settle")
    if decision is None or decision not in _decisions(scan):
        raise Conflict("decision_impossible")
    _decide([scan], decision, user_id, note)
    return scan


def settle_shut(event_id: int, door_id: int, device_id: int | None, decision: Decision | None, user_id: int) -> int:
    """Settles together all that one shut phone (or one that told no name) sent through a door; gives how many.

    What cannot be decided so, such as a code of nobody that should count, is left open. NotFound for a door of another
    event; Conflict(`decision_impossible`) for None.
    """
    _lock(event_id)
    if queries.door_of(event_id, door_id) is None:
        raise NotFound("page")
    if decision is None:
        raise Conflict("decision_impossible")
    scans = db.session.scalars(
        sa.select(Scan)
        .where(Scan.event_id == event_id, Scan.door_id == door_id, _is_shut(), _of_device(device_id))
        .order_by(Scan.scanned_at, Scan.scan_id)
        .execution_options(populate_existing=True)
    ).all()
    chosen = [scan for scan in scans if decision in _decisions(scan)]
    _decide(chosen, decision, user_id, "")
    return len(chosen)


def _of_device(device_id: int | None) -> sa.ColumnElement[bool]:
    return Scan.device_id.is_(None) if device_id is None else Scan.device_id == device_id


def _lock(event_id: int) -> None:
    """The event's whole row: a decision, an undo and a batch of the same people never pass each other unseen."""
    db.session.execute(sa.select(Event.id).where(Event.id == event_id).with_for_update())


def _decide(scans: Sequence[Scan], decision: Decision, user_id: int, note: str) -> None:
    if not scans:
        return
    if decision is Decision.COUNTED:
        _count(scans)
    elif decision is Decision.DROPPED:
        _drop(scans)
    for scan in scans:
        scan.settled_at, scan.settled_as, scan.settled_by_id = clock.now(), decision.value, user_id
        scan.note = note[:LONGEST_NOTE] or scan.note
    db.session.flush()


def _count(scans: Sequence[Scan]) -> None:
    """Makes scans count that did not; a walk-in who was held back is registered first."""
    for scan in scans:
        if scan.registration_id is None:
            scan.registration_id = _register(scan)
            scan.answer = {key: value for key, value in scan.answer.items() if key != HELD_BACK}
    ledger = _ledger(scans)
    for scan in scans:
        scan.counts = True
        ledger.rows[scan.scan_id] = scan.id
        ledger.add(
            (scan.registration_id or 0, scan.session_id, scan.day),
            Passage(scan.scan_id, scan.scanned_at, Direction(scan.direction)),
            scan.method,
            scan.flagged,
        )
    ledger.write()


def _drop(scans: Sequence[Scan]) -> None:
    """Takes scans back that counted."""
    ledger = _ledger(scans)
    for scan in scans:
        scan.undone_at = clock.now()
        ledger.forget(scan.scan_id)
    ledger.write()


def _ledger(scans: Sequence[Scan]) -> Ledger:
    """What counts so far for the people of these scans, who are locked."""
    ids = {"ids": sorted({scan.registration_id for scan in scans if scan.registration_id is not None})}
    statements.execute(statements.people_locked(is_sqlite()), ids)
    ledger = Ledger(queries.event_rules(scans[0].event_id, ""), clock.now())
    for row in statements.execute(statements.scans_before(is_sqlite()), {"known": [], "undone": [], **ids}):
        if row.undone_at is None:
            ledger.know(row)
    return ledger


def _register(scan: Scan) -> int:
    """Registers the walk-in of a scan as the door would have done, or finds whoever has the address already."""
    said: Mapping[str, Any] = held_back(scan) or {}
    languages = db.session.scalars(
        sa.select(Hub.languages).join(Event, Event.hub_id == Hub.id).where(Event.id == scan.event_id)
    ).one()
    registrant = registrations.Registrant(
        first_name=said["first_name"],
        last_name=said["last_name"],
        email=said.get("email"),
        language=languages[0],
        phone=said.get("phone", ""),
        position=said.get("position", ""),
        organisation=said.get("organisation", ""),
        organisation_number=said.get("organisation_number", ""),
        consents=frozenset(ConsentKind(kind) for kind in said.get("consents", ())),
    )
    try:
        with db.session.begin_nested():
            made = registrations.register(scan.event_id, registrant, source=Source.WALK_IN, beyond=True)
    except Conflict as refusal:
        known = refusal.details.get("registration_id")
        if not isinstance(known, int):
            raise
        return known
    return made.id
