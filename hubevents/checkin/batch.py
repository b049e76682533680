"""One batch of scans on its way from judgement to rows (DESIGN 6 "Door sync").

Locks are taken in the order event, doors, registrations by id. The event's row is locked FOR KEY SHARE, which
scans at many doors hold together and which keeps a cancellation from locking the same rows the other way
round; only a batch with a walk-in, an override or an undo locks it whole. Two scans of one ticket meet at the
registration's row, so exactly one finds nobody inside (INTEROP D04).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hubevents.checkin import queries, rules, statements
from hubevents.checkin.intake import BadItem, Delivery, Item, Reported, WalkIn
from hubevents.checkin.ledger import Ledger, Scope
from hubevents.checkin.models import Door, Scan
from hubevents.checkin.roster import NAMED, masked, rfc3339
from hubevents.checkin.rules import (
    Answer,
    Attempt,
    Direction,
    DoorRole,
    DoorRules,
    Earlier,
    EventRules,
    FirstScan,
    Flag,
    OtherEvent,
    Passage,
    Question,
    Reading,
    Reason,
    RegistrationRules,
    Span,
    Verdict,
)
from hubevents.core import tokens
from hubevents.core.db import db, is_sqlite
from hubevents.core.errors import Conflict, Gone, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import Asked, EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import SessionPlace, Ticket
from hubevents.registrations.rules import AttendsAs, ConsentKind, RegistrationStatus, Source

GRACE = timedelta(days=7)
"""How long a closed pass still takes the scans of phones that were offline."""
STILL = timedelta(seconds=5)
"""A clock that is off by less is the network's delay and is not corrected."""
SEEN_EVERY = timedelta(seconds=10)
"""How old the time may get at which a device was last here, so that not every scan writes its row."""
MANY = 10
"""So many values PostgreSQL expects in a list that it has not seen."""


@dataclass(frozen=True)
class Answers:
    """What a phone gets back: those inside now, and one answer per item in the order they came."""

    present: int
    verdicts: list[dict[str, Any]]


@dataclass
class _Held:
    """The door as it stands in this transaction, and what its judgements need."""

    door: Any
    """A row of `statements.door_rows`."""
    revoked: bool
    rules: DoorRules
    event: EventRules
    language: str
    device_id: int | None = None
    device_name: str | None = None
    offset: timedelta = timedelta(0)


def take(token: str, delivery: Delivery, received_at: datetime, language: str) -> Answers:
    """Judges a batch, keeps every scan, folds attendance, and answers each item in order.

    A known scan_id gets its first answer again; when it now tells what the phone showed meanwhile, it is settled anew
    by that. `language` words the titles of other events and sessions. NotFound for a forged pass; Gone(`door_closed`)
    when the pass ended or was revoked more than `GRACE` ago.
    """
    batch = _Batch(_hold(token, delivery, received_at, language), received_at)
    items = [item for item in delivery.items if isinstance(item, Item)]
    batch.prepare(items)
    # Within a batch people pass in the order of their time, whatever the order of upload (D40).
    for item in sorted(items, key=lambda each: each.scanned_at):
        # The same scan twice in one batch, live and as it was shown then: what was shown holds.
        shown = batch.late.get(item.scan_id)
        batch.take(item if item.shown is shown else replace(item, shown=shown))
    batch.store()
    role = batch.held.rules.role
    verdicts = [
        _bad(item) if isinstance(item, BadItem) else {"scan_id": item.said, **_told(batch.answers[item.scan_id], role)}
        for item in delivery.items
    ]
    return Answers(_present(batch.held, received_at), verdicts)


def _hold(token: str, delivery: Delivery, received_at: datetime, language: str) -> _Held:
    link = tokens.read_link(tokens.DOOR, token)
    if link is None:
        raise NotFound("link_unknown")
    whole = any(isinstance(i, Item) and (i.walk_in or i.undoes or i.override_reason) for i in delivery.items)
    uuid = delivery.device.id if delivery.device is not None else None
    rows = statements.execute(statements.door_rows(whole), {"door_id": link.id, "uuid": uuid}).all()
    if not rows:
        raise NotFound("link_unknown")
    row = rows[0]
    replaced = row.link_version != link.version
    ended_at = min(row.expires_at, row.revoked_at or row.expires_at)
    if received_at > ended_at + GRACE:
        raise Gone("door_closed")
    if row.capacity is not None:
        # People inside a room are counted over all doors of the event, so their batches go one by one.
        db.session.execute(
            sa.select(Door.id).where(Door.event_id == row.event_id).order_by(Door.id).with_for_update(key_share=True)
        )
    named = any(isinstance(item, Item) and (item.session or item.undoes) for item in delivery.items)
    held = _Held(
        door=row,
        revoked=replaced or row.revoked_at is not None,
        rules=DoorRules(
            role=DoorRole(row.role),
            sessions=tuple(str(id) for id in row.session_ids),
            opens_minutes_before=row.opens_minutes_before,
            closes_minutes_after=row.closes_minutes_after,
            re_entry=row.reentry,
            capacity=row.capacity,
            ends_at=row.expires_at,
        ),
        event=EventRules(
            id=str(row.event_id),
            zone=row.zone,
            dates=tuple(Span(each.starts_at, each.ends_at) for each in rows if each.starts_at is not None),
            sessions=queries.session_rules(row.event_id, language) if named or row.session_ids else (),
            cancelled=row.status is EventStatus.CANCELLED,
        ),
        language=language,
    )
    if delivery.device is not None:
        _note_device(held, delivery.device, received_at)
    return held


def _note_device(held: _Held, device: Reported, received_at: datetime) -> None:
    """Keeps when a device was last here, how many scans wait on it, and how far its clock is ahead.

    A busy device that says the same again is written once in `SEEN_EVERY`.
    """
    ahead = device.sent_at - received_at if device.sent_at is not None else timedelta(0)
    held.offset = ahead if abs(ahead) > STILL else timedelta(0)
    held.device_name = device.name or None
    id, revoked_at = held.door.device_id, held.door.device_revoked_at
    if id is None or _is_news(held.door, device, ahead, received_at):
        list_at = device.list_at
        seen = {
            "name": device.name,
            "last_seen_at": received_at,
            "queued": device.queued,
            "clock_offset": ahead.total_seconds(),
            "list_at": min(list_at - held.offset, received_at) if list_at is not None else None,
        }
        values = {"door_id": held.door.id, "uuid": device.id, "first_seen_at": received_at, **seen}
        id, revoked_at = statements.execute(statements.device_upsert(is_sqlite()), values).one()
    held.device_id = id
    held.revoked = held.revoked or revoked_at is not None


def _is_news(kept: Any, device: Reported, ahead: timedelta, received_at: datetime) -> bool:
    """Whether what a device says differs from what is kept of it, or is worth a new time."""
    drifted = abs(ahead - timedelta(seconds=kept.device_clock_offset)) > STILL
    rested = received_at - kept.device_last_seen_at >= SEEN_EVERY
    return drifted or rested or (kept.device_name, kept.device_queued) != (device.name, device.queued)


@dataclass
class _Person:
    """A registration as it stands under its lock."""

    id: int
    event_id: int
    status: str
    version: int
    name: str
    created_at: datetime | None
    organisation: str = ""
    attends_as: AttendsAs = AttendsAs.PARTICIPANT
    sessions: tuple[str, ...] = ()


@dataclass
class _Batch:
    """The items of one request on their way from judgement to rows."""

    held: _Held
    received_at: datetime
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By canonical scan_id; without the scan_id itself."""
    people: dict[int, _Person] = field(default_factory=dict)
    readings: dict[str, tuple[Reading, int | None]] = field(default_factory=dict)
    """What each code gave, and whose it is."""
    others: dict[int, Any] = field(default_factory=dict)
    """Further events of this hub that codes were for."""
    ledger: Ledger = field(init=False)
    stored: dict[str, Any] = field(default_factory=dict)
    """Rows of this event that were there before, by scan_id."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Stored scans that undos are for."""
    late: dict[str, Answer] = field(default_factory=dict)
    """What phones showed, by scan_id; some of these scans may be stored already."""
    settled_again: list[dict[str, Any]] = field(default_factory=list)
    """Values for `statements.scan_settle`."""
    undone: set[str] = field(default_factory=set)
    undone_rows: set[int] = field(default_factory=set)
    rows: list[dict[str, Any]] = field(default_factory=list)
    inside: int = 0

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.held.event, self.received_at)

    # --- loading -----------------------------------------------------------------------------------------------------

    def prepare(self, items: list[Item]) -> None:
        """Reads codes, locks the people they are for, and loads what was scanned before."""
        if not items:
            return
        self._read_codes(items)
        ids = {id for _, id in self.readings.values() if id is not None}
        ids |= {item.registration for item in items if item.registration}
        targets = {item.undoes for item in items if item.undoes}
        self.late = {item.scan_id: item.shown for item in items if item.shown is not None}
        if targets or self.late:
            # Whose these scans are must be known before people are locked. For undos the event's row is locked whole,
            # so a scan and its undo never pass each other unseen.
            named = {"scan_ids": sorted(targets | self.late.keys())}
            for row in statements.execute(statements.scans_named(is_sqlite()), named):
                if row.scan_id in targets:
                    self.kept[row.scan_id] = row
                if row.registration_id is not None and row.event_id == self.held.door.event_id:
                    ids.add(row.registration_id)
        self._lock(ids)
        self._load_scans({item.scan_id for item in items}, targets, ids)
        self._load_others()
        if self.held.door.capacity is not None:
            self.inside = _present(self.held, self.received_at)

    def _read_codes(self, items: list[Item]) -> None:
        keys: list[Ed25519PublicKey] = [key.public_key() for key in tokens.ticket_keys()]
        typed: dict[str, str] = {}
        for code in {item.code for item in items if item.code is not None}:
            found = tickets.understand(code, keys)
            if isinstance(found, tickets.Ticket):
                reading = Reading(event=str(found.event_id), version=found.version)
                self.readings[code] = (reading, found.registration_id)
            elif isinstance(found, tickets.ShortCode):
                typed[code] = found.code
            else:
                self.readings[code] = (Reading(problem=Reason(found.value)), None)
        if not typed:
            return
        rows = db.session.execute(
            sa.select(Ticket.code, Ticket.registration_id, Ticket.version).where(Ticket.code.in_(set(typed.values())))
        )
        known = {row.code: row for row in rows}
        for code, short in typed.items():
            row = known.get(short)
            if row is None:
                self.readings[code] = (Reading(), None)
            else:
                self.readings[code] = (Reading(version=row.version), row.registration_id)

    def _lock(self, ids: set[int]) -> None:
        if not ids:
            return
        rows = statements.execute(statements.people_locked(is_sqlite()), {"ids": sorted(ids)})
        for row in rows:
            self.people[row.id] = _Person(
                id=row.id,
                event_id=row.event_id,
                status=row.status.value,
                version=row.version or 1,
                name=f"{row.first_name} {row.last_name}",
                created_at=row.created_at,
                organisation=row.organisation_name,
                attends_as=row.attends_as,
            )
        found = ids & self.people.keys()
        if self.held.event.sessions and found:
            places = db.session.execute(
                sa.select(SessionPlace.registration_id, SessionPlace.session_id).where(
                    SessionPlace.registration_id.in_(found), SessionPlace.status == RegistrationStatus.CONFIRMED
                )
            )
            for registration_id, session_id in places:
                self.people[registration_id].sessions += (str(session_id),)

    def _load_scans(self, scan_ids: set[str], targets: set[str], ids: set[int]) -> None:
        """Read after the locks: what a parallel request stored for the same people is seen here."""
        # The plan kept for short lists reads the whole table if that was small when the plan was made.
        plan_anew = len(scan_ids) > MANY and not is_sqlite()
        if plan_anew:
            statements.execute(statements.PLANS["force_custom_plan"], {})
        rows = statements.execute(
            statements.scans_before(is_sqlite()),
            {"known": [*scan_ids, *targets], "undone": list(scan_ids), "ids": list(ids)},
        )
        if plan_anew:
            statements.execute(statements.PLANS["auto"], {})
        here = self.held.door.event_id
        for row in rows:
            if row.scan_id in scan_ids:
                self.answers[row.scan_id] = _given(row.answer) if row.event_id == here else _plain(*_BAD)
            if row.event_id != here:
                continue
            if row.scan_id in self.late:
                self.stored[row.scan_id] = row
            if row.scan_id in targets:
                self.kept[row.scan_id] = row
            if row.undoes in scan_ids:
                self.undone.add(row.undoes)
            if row.counts and row.undone_at is None and row.registration_id is not None:
                self.ledger.know(row)

    def _load_others(self) -> None:
        """The events that foreign codes are for, of this hub alone: another hub's are not named."""
        here = self.held.door.event_id
        ids = {int(reading.event) for reading, _ in self.readings.values() if reading.event is not None}
        ids |= {person.event_id for person in self.people.values()}
        ids = {id for id in ids if id != here and id < 2**31}
        if ids:
            rows = db.session.execute(
                sa.select(Event.id, Event.title, Event.starts_at).where(
                    Event.id.in_(ids), Event.hub_id == self.held.door.hub_id, Event.status != EventStatus.DRAFT
                )
            )
            self.others = {row.id: row for row in rows}

    # --- judging -----------------------------------------------------------------------------------------------------

    def take(self, item: Item) -> None:
        """Judges one item, unless its scan_id has an answer already."""
        if item.scan_id in self.answers:
            self._settle_again(item)
            return
        if item.undoes is not None:
            self._undo(item, item.undoes)
        elif item.walk_in is not None:
            self._walk_in(item, item.walk_in)
        else:
            reading, id = (Reading(), item.registration) if item.code is None else self.readings[item.code]
            self._scan(item, reading, id)

    def _scan(self, item: Item, reading: Reading, id: int | None) -> None:
        person = self.people.get(id) if id is not None else None
        at, doubtful = self._time(item, person)
        known = _rules_of(person) if person else None
        if person is None and reading.event == self.held.event.id:
            # We signed it and nobody is there any more: an erased person (D19).
            known = RegistrationRules(event=reading.event, status="cancelled", erased=True)
        foreign = int(reading.event) if reading.event is not None else (person.event_id if person else None)
        other = self.others.get(foreign) if foreign is not None else None
        verdict = self._judge(item, at, reading, person, known, other)
        here = person if person is not None and person.event_id == self.held.door.event_id else None
        if here is not None and verdict.overridden in (Reason.WAITLISTED, Reason.PENDING):
            self._confirm(here)
        self._keep(item, at, doubtful, verdict, here)

    def _judge(
        self,
        item: Item,
        at: datetime,
        reading: Reading,
        person: _Person | None,
        known: RegistrationRules | None,
        other: Any,
    ) -> Verdict:
        held = self.held
        earlier = Earlier()
        if person is not None:
            so_far = self.ledger.presence(self._scope(person.id, item, at))
            first = so_far.first
            earlier = Earlier(so_far.inside, FirstScan(first.at, first.door, first.device) if first else None)
        return rules.judge(
            Question(
                scan=Attempt(at, item.method, item.direction, item.session, item.override_reason),
                door=held.rules if not held.revoked else DoorRules(role=held.rules.role, revoked=True),
                event=held.event,
                reading=reading,
                registration=known,
                other_event=OtherEvent(
                    other.title.text(held.language), other.starts_at, same_series=other.title == held.door.title
                )
                if other is not None
                else None,
                earlier=earlier,
                present=self.inside,
            )
        )

    def _walk_in(self, item: Item, walk_in: WalkIn) -> None:
        """Registers somebody at the door beyond capacity, unless the door may not or the address is known.

        Whom a phone let in already is never lost: where the server would not have taken them, they are registered all
        the same and flagged, or held back for staff.
        """
        at, doubtful = self._time(item, None)
        verdict = self._judge(item, at, Reading(), None, None, None)
        let_in = item.shown is Answer.ADMITTED
        missing = self._missing(walk_in)
        if missing and verdict.verdict is Answer.ADMITTED and not let_in:
            # Not kept, so that the form can be completed and sent again under its id.
            self.answers[item.scan_id] = {**_plain(*_BAD), "missing": missing}
            return
        if not rules.settle(verdict, item.shown).counts or self.held.event.cancelled:
            held_back = walk_in if let_in or verdict.reason is Reason.QUARANTINED else None
            self._keep(item, at, doubtful, verdict, None, held_back=held_back)
            return
        person, known = self._registered(walk_in)
        if person is None:
            self._keep(item, at, doubtful, Verdict(*_BAD), None, held_back=walk_in if let_in else None)
        elif known:
            self._scan(item, Reading(), person.id)
        else:
            if verdict.verdict is Answer.ADMITTED:
                verdict = replace(verdict, name=person.name)
            self._keep(item, at, doubtful, verdict, person, odd=bool(missing or walk_in.emptied))

    def _missing(self, walk_in: WalkIn) -> list[str]:
        """What the event must know and the form leaves out."""
        return [
            name
            for name in ("organisation", "phone", "position")
            if getattr(self.held.door, f"ask_{name}") is Asked.REQUIRED and not getattr(walk_in, name)
        ]

    def _registered(self, walk_in: WalkIn) -> tuple[_Person | None, bool]:
        """The person of a walk-in, and whether they were registered before: then it is an arrival of that person.

        None when somebody with this address registers in the same instant.
        """
        registrant = registrations.Registrant(
            first_name=walk_in.first_name,
            last_name=walk_in.last_name,
            email=walk_in.email,
            language=self.held.language,
            phone=walk_in.phone,
            position=walk_in.position,
            organisation=walk_in.organisation,
            organisation_number=walk_in.organisation_number,
            consents=frozenset(ConsentKind(kind) for kind in walk_in.consents),
        )
        try:
            with db.session.begin_nested():
                made = registrations.register(self.held.door.event_id, registrant, source=Source.WALK_IN, beyond=True)
        except Conflict as refusal:
            id = refusal.details.get("registration_id")
            if not isinstance(id, int):
                return None, False
            if id not in self.people:
                self._lock({id})
                self._load_scans(set(), set(), {id})
            return self.people[id], True
        person = _Person(
            id=made.id,
            event_id=made.event_id,
            status=made.status.value,
            version=1,
            name=f"{made.first_name} {made.last_name}",
            created_at=None,
            organisation=made.organisation_name,
        )
        self.people[made.id] = person
        return person, False

    def _confirm(self, person: _Person) -> None:
        """Somebody waiting was let in with a reason: that is a place, even beyond capacity."""
        registrations.confirm_beyond(person.id, event_id=person.event_id)
        person.status = RegistrationStatus.CONFIRMED.value

    def _undo(self, item: Item, target: str) -> None:
        """Takes a scan back, also one that has not arrived yet or that stands in the same batch."""
        at, doubtful = self._time(item, None)
        stored = self.kept.get(target)
        if stored is not None and (stored.event_id != self.held.door.event_id or stored.undoes is not None):
            self.answers[item.scan_id] = _plain(*_BAD)
            return
        person_id = stored.registration_id if stored is not None else None
        if self.held.revoked:
            verdict = Verdict(Answer.REFUSED, Reason.QUARANTINED)
        else:
            verdict = Verdict(Answer.UNDONE)
            self.undone.add(target)
            if stored is not None:
                self.undone_rows.add(stored.id)
            for row in self.rows:
                if row["scan_id"] == target:
                    row["undone_at"] = self.received_at
                    person_id = row["registration_id"]
            self.inside += self.ledger.forget(target)
        person = self.people.get(person_id) if person_id is not None else None
        name = person.name if person is not None and verdict.verdict is Answer.UNDONE else None
        self.rows.append(
            self._row(item, at, doubtful, Verdict(verdict.verdict, verdict.reason, name), person)
            | {"undoes": target, "method": "undo", "direction": Direction.IN.value}
        )
        self.answers[item.scan_id] = _plain(verdict.verdict, verdict.reason, name)

    def _keep(
        self,
        item: Item,
        at: datetime,
        doubtful: bool,
        verdict: Verdict,
        person: _Person | None,
        *,
        held_back: WalkIn | None = None,
        odd: bool = False,
    ) -> None:
        """Notes the answer and the row, and moves the person in or out when the scan counts.

        `odd` is a walk-in whom the server would have sent back to the form.
        """
        settled = rules.settle(verdict, item.shown)
        row = self._row(item, at, doubtful, verdict, person)
        flag = settled.flag or (Flag.ADMITTED_ANYWAY if odd else None)
        row["flagged"] = flag.value if flag else row["flagged"]
        answer = _answer(verdict, person)
        if item.walk_in is not None and person is not None:
            answer["registration"] = str(person.id)
        row["answer"] = answer | ({_HELD: _plain_walk_in(held_back)} if held_back else {})
        counts = settled.counts and person is not None
        row["counts"] = counts
        if item.scan_id in self.undone:
            row["undone_at"] = self.received_at
        elif counts and person is not None:
            passage = Passage(item.scan_id, at, item.direction, self.held.door.name, self.held.device_name)
            scope = self._scope(person.id, item, at)
            self.inside += self.ledger.add(scope, passage, item.method.value, row["flagged"])
        self.rows.append(row)
        self.answers[item.scan_id] = answer

    def _settle_again(self, item: Item) -> None:
        """A stored scan whose phone tells only now what it showed: that holds as if it had been told at once.

        What staff decided meanwhile, or an undo, stands. The answer stays the first one.
        """
        row = self.stored.pop(item.scan_id, None)
        if row is None or item.shown is None or row.shown is not None or row.undoes is not None:
            return
        verdict = Verdict(Answer(row.verdict), Reason(row.reason) if row.reason else None)
        settled = rules.settle(verdict, item.shown)
        person_id, counts, flag = row.registration_id, row.counts, row.flagged
        if row.settled_at is None:
            if settled.counts and person_id is None and item.walk_in is not None and not self.held.event.cancelled:
                person, _known = self._registered(item.walk_in)
                person_id = person.id if person is not None else None
            counts = settled.counts and person_id is not None
            flag = _flag_again(row.flagged, settled.flag, counts=counts)
            if row.undone_at is None and item.scan_id not in self.undone:
                self._move_again(row, person_id, flag, counts=counts)
        self.settled_again.append(
            {"id_": row.id, "shown": item.shown.value, "counts": counts, "flagged": flag, "registration_id": person_id}
        )

    def _move_again(self, row: Any, person_id: int | None, flag: str | None, *, counts: bool) -> None:
        if row.counts and not counts:
            self.inside += self.ledger.forget(row.scan_id)
        elif counts and not row.counts and person_id is not None:
            passage = Passage(
                row.scan_id, row.scanned_at, Direction(row.direction), row.door_name, row.device_name or None
            )
            self.ledger.rows[row.scan_id] = row.id
            self.inside += self.ledger.add((person_id, row.session_id, row.day), passage, row.method, flag)

    def _row(
        self, item: Item, at: datetime, doubtful: bool, verdict: Verdict, person: _Person | None
    ) -> dict[str, Any]:
        held = self.held
        return {
            "scan_id": item.scan_id,
            "door_id": held.door.id,
            "device_id": held.device_id,
            "event_id": held.door.event_id,
            "registration_id": person.id if person else None,
            "session_id": self._session_id(item),
            "day": rules.day_of(at, held.event.zone),
            "method": item.method.value,
            "direction": item.direction.value,
            "scanned_at": at,
            "said_at": item.scanned_at,
            "received_at": self.received_at,
            "verdict": verdict.verdict.value,
            "reason": verdict.reason.value if verdict.reason else None,
            "shown": item.shown.value if item.shown else None,
            "override_reason": item.override_reason,
            "flagged": Flag.DOUBTFUL_TIME.value if doubtful else None,
            "counts": False,
            "overridden": verdict.overridden.value if verdict.overridden else None,
            "undoes": None,
            "undone_at": None,
            "user_id": None,
            "note": None,
            "settled_at": None,
            "settled_as": None,
            "settled_by_id": None,
            "answer": _plain(verdict.verdict, verdict.reason, verdict.name),
        }

    def _time(self, item: Item, person: _Person | None) -> tuple[datetime, bool]:
        """When a scan was, by the server's clock; True when the device's clock cannot be right (D45).

        Never in the future, never before the door was made or the person registered.
        """
        at = min(item.scanned_at - self.held.offset, self.received_at)
        if at < self.held.door.created_at - STILL:
            return self.received_at, True
        if person is not None and person.created_at is not None and at < person.created_at:
            return min(person.created_at, self.received_at), person.created_at - at > STILL
        return at, False

    def _session_id(self, item: Item) -> int | None:
        wanted = item.session
        if wanted is None and len(self.held.rules.sessions) == 1:
            wanted = self.held.rules.sessions[0]
        known = next((session.id for session in self.held.event.sessions if session.id == wanted), None)
        return int(known) if known is not None else None

    def _scope(self, registration_id: int, item: Item, at: datetime) -> Scope:
        return registration_id, self._session_id(item), rules.day_of(at, self.held.event.zone)

    # --- storing -----------------------------------------------------------------------------------------------------

    def store(self) -> None:
        """Writes the scans, then what they add up to."""
        if self.rows:
            # In one order in every transaction: two of them that store the same ids must not wait for each other.
            rows = sorted(self.rows, key=lambda row: str(row["scan_id"]))
            new: dict[str, int] = dict(statements.write(statements.scan_insert(is_sqlite()), rows).all())
            self.ledger.rows |= new
            lost = {row["scan_id"] for row in rows} - new.keys()
            if lost:
                self._yield_to(lost)
        if self.undone_rows:
            db.session.execute(
                sa.update(Scan)
                .where(Scan.id.in_(self.undone_rows), Scan.undone_at.is_(None))
                .values(undone_at=self.received_at)
                .execution_options(synchronize_session=False)
            )
        if self.settled_again:
            statements.execute(statements.scan_settle(), self.settled_again)
        self.ledger.write()
        if self.late and self.people:
            self._doubt()

    def _doubt(self) -> None:
        """Who was told "already in" although the server knew of no entry is flagged while none has come to light."""
        for row in statements.execute(statements.scans_told_in(is_sqlite()), {"ids": list(self.people)}):
            known = self.ledger.presence((row.registration_id, row.session_id, row.day)).first is not None
            flag = None if known else Flag.REFUSED_ANYWAY.value
            if row.flagged != flag and row.flagged in (None, Flag.REFUSED_ANYWAY.value):
                db.session.execute(
                    sa.update(Scan)
                    .where(Scan.id == row.id)
                    .values(flagged=flag)
                    .execution_options(synchronize_session=False)
                )

    def _yield_to(self, lost: set[str]) -> None:
        """A parallel request stored these scan_ids first: its answers hold, and nothing of ours counts."""
        for row in statements.execute(statements.scans_named(is_sqlite()), {"scan_ids": sorted(lost)}):
            ours = row.event_id == self.held.door.event_id
            self.answers[row.scan_id] = _given(row.answer) if ours else _plain(*_BAD)
            shown = self.late.get(row.scan_id)
            if ours and shown is not None and row.registration_id is None:
                # Nobody to lock stood between the two requests, and nobody to count.
                settled = rules.settle(Verdict(Answer(row.verdict), Reason(row.reason) if row.reason else None), shown)
                flag = _flag_again(row.flagged, settled.flag, counts=False)
                values = {"shown": shown.value, "counts": False, "flagged": flag, "registration_id": None}
                self.settled_again.append({"id_": row.id, **values})
        for scan_id in lost:
            self.ledger.forget(scan_id)


def _flag_again(was: str | None, flag: Flag | None, *, counts: bool) -> str | None:
    """The flag of a scan that is settled anew; a mark that only counting scans have falls with the counting."""
    if flag is not None:
        return flag.value
    return was if counts or was == Flag.DOUBTFUL_TIME else None


def _rules_of(person: _Person) -> RegistrationRules:
    return RegistrationRules(
        event=str(person.event_id),
        status=person.status,
        version=person.version,
        name=person.name,
        sessions=person.sessions,
    )


# --- answers ---------------------------------------------------------------------------------------------------------

_BAD = (Answer.REFUSED, Reason.BAD_ITEM)
_HELD = "held_back"
"""Where a quarantined walk-in is kept for staff; never part of an answer."""


def _plain(verdict: Answer, reason: Reason | None, name: str | None = None) -> dict[str, Any]:
    return {
        "verdict": verdict.value,
        "reason": reason.value if reason else None,
        "name": name,
        "first_scan": None,
    }


def _bad(item: BadItem) -> dict[str, Any]:
    answer = {"scan_id": item.said, **_plain(*_BAD)}
    return {**answer, "national_id": list(item.national_id)} if item.national_id else answer


def _told(answer: dict[str, Any], role: DoorRole) -> dict[str, Any]:
    """An answer as a door of this role may know it: organisations where people are looked up, initials at a kiosk."""
    told = answer if role in NAMED else {key: value for key, value in answer.items() if key != "org"}
    if role in (DoorRole.KIOSK, DoorRole.SCREEN) and told["name"]:
        told = {**told, "name": masked(told["name"])}
    return told


def _given(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != _HELD}


def _plain_walk_in(walk_in: WalkIn) -> dict[str, Any]:
    return {name: getattr(walk_in, name) for name in WalkIn.__slots__}


def _answer(verdict: Verdict, person: _Person | None) -> dict[str, Any]:
    """The four keys of DESIGN 6; what the page needs for its words beside them only where there is something to say."""
    answer = _plain(verdict.verdict, verdict.reason, verdict.name)
    if person is not None and verdict.name is not None:
        if person.attends_as is not AttendsAs.PARTICIPANT:
            answer["as"] = person.attends_as.value
        if person.organisation:
            answer["org"] = person.organisation
    if verdict.first_scan is not None:
        first = verdict.first_scan
        answer["first_scan"] = {"scanned_at": rfc3339(first.scanned_at), "door": first.door, "device": first.device}
    if verdict.other is not None:
        other = verdict.other
        starts_at = rfc3339(other.starts_at) if other.starts_at else None
        answer["other"] = {"title": other.title, "starts_at": starts_at}
    if verdict.opens_at is not None:
        answer["opens_at"] = rfc3339(verdict.opens_at)
    if verdict.closed_at is not None:
        answer["closed_at"] = rfc3339(verdict.closed_at)
    if verdict.overridable:
        answer["overridable"] = True
    if verdict.overridden is not None:
        answer["overridden"] = verdict.overridden.value
    return answer


def _present(held: _Held, at: datetime) -> int:
    ids = [int(id) for id in held.rules.sessions]
    return queries.count_present(held.door.event_id, rules.day_of(at, held.event.zone), ids)
