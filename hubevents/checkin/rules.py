"""Who may pass a door, and what many scans of one person add up to: pure, so that the phone has the same
rulebook.

`judge` turns one `Question` into one `Verdict`. Its order is INTEROP part 3's: readable, ours, this event,
valid registration, time window, already used, room left. Validity stands before "already used", so somebody
cancelled after coming in is told "cancelled". The day of a scan is its date in the event's zone.

Shape. Every class here is plain values, and its JSON form is the same names: times are RFC 3339 with an
offset, ids are strings, an absent key is the default beside the field, `tests/cases/verdicts.json` holds
questions and verdicts in it. The JavaScript twin (`static/door/verdict.js`) reads the same file.

Windows. Without dates of its own a door is open from `opens_minutes_before` each EventDate's start to
`closes_minutes_after` its end (a conference of three days is one EventDate, so its nights count as open); a
session's door likewise around the session. Outside all of them a scan is `closed` when a window ended on the
same day or none is left, else `not_yet`: the day between two dates of a training is `not_yet`, with the time
it opens again. Leaving is never refused for the hour.

Overrides. A steward's reason lifts every fault marked `overridable`: an unconfirmed, cancelled or expired
registration, the lack of a place in a session, the hour, a full room, a second entry where re-entry is off.
It never makes a code genuine, never turns another event's or a replaced ticket into this one's, never admits
to a cancelled event or through an ended door.

Arrivals out of order. What was told to the person at the door is the fact: `settle` says whether a scan
counts, and `presence` folds those that do by their time, so any order of uploads and any repetition ends the
same (D32, D38, D40).
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

# --- words that other programs rely on (DESIGN 6: may be added, never renamed) ---


class Answer(StrEnum):
    """The `verdict` of a scan."""

    ADMITTED = "admitted"
    LEFT = "left"
    ALREADY_IN = "already_in"
    UNDONE = "undone"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why somebody is refused."""

    CANCELLED = "cancelled"
    WAITLISTED = "waitlisted"
    PENDING = "pending"
    DECLINED = "declined"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WRONG_EVENT = "wrong_event"
    WRONG_DATE = "wrong_date"
    WRONG_SESSION = "wrong_session"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    EVENT_CANCELLED = "event_cancelled"
    FULL = "full"
    NOT_INSIDE = "not_inside"
    UNKNOWN = "unknown"
    FORGED = "forged"
    NOT_A_TICKET = "not_a_ticket"
    ERASED = "erased"
    QUARANTINED = "quarantined"
    BAD_ITEM = "bad_item"


class DoorRole(StrEnum):
    """What the person at a door may do; `screen` is a room's screen whose code people type themselves."""

    SCAN = "scan"
    SEARCH = "search"
    STEWARD = "steward"
    KIOSK = "kiosk"
    SCREEN = "screen"


class Method(StrEnum):
    """How somebody was recognised."""

    QR = "qr"
    CODE = "code"
    SEARCH = "search"
    KIOSK = "kiosk"
    WALK_IN = "walk_in"
    SELF = "self"
    """Typed from a room's screen on the personal page."""
    MANUAL = "manual"
    """Marked by staff on a list, without a door."""
    ONLINE = "online"
    """From the log of an online meeting, without a door."""


class Direction(StrEnum):
    """Which way somebody passes."""

    IN = "in"
    OUT = "out"


_METHODS: dict[DoorRole, frozenset[Method]] = {
    DoorRole.SCAN: frozenset({Method.QR, Method.CODE}),
    DoorRole.SEARCH: frozenset({Method.QR, Method.CODE, Method.SEARCH}),
    DoorRole.STEWARD: frozenset({Method.QR, Method.CODE, Method.SEARCH, Method.WALK_IN}),
    DoorRole.KIOSK: frozenset({Method.QR, Method.CODE, Method.KIOSK}),
    DoorRole.SCREEN: frozenset({Method.SELF}),
}


def may_use(role: DoorRole, method: Method) -> bool:
    """Whether a door of this role offers this way of recognising somebody."""
    return method in _METHODS[role]


def may_override(role: DoorRole) -> bool:
    """Only a steward lets somebody in with a reason."""
    return role is DoorRole.STEWARD


# --- the question ---


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to pass; `session` null is the event's entrance or the only session of a session's door."""

    scanned_at: dt.datetime
    method: Method = Method.QR
    direction: Direction = Direction.IN
    session: str | None = None
    override_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the code gave: a `problem` (`not_a_ticket`, `forged`), or the signed values of a ticket, or
    neither (code, search).
    """

    problem: Reason | None = None
    event: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What one door lets through.

    `sessions` empty is the event's own entrance, else only those. `capacity` is that of the room behind it.
    `ends_at` is when its pass ended; `revoked` is true for a revoked pass or device.
    """

    role: DoorRole = DoorRole.SCAN
    sessions: tuple[str, ...] = ()
    opens_minutes_before: int = 120
    closes_minutes_after: int = 120
    re_entry: bool = False
    capacity: int | None = None
    ends_at: dt.datetime | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From start to end of one EventDate."""

    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SessionRules:
    """A session as the door knows it; with `booked` only those holding a place in it may enter."""

    id: str
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    booked: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class EventRules:
    """The event the door belongs to; `dates` are its EventDates in order, `zone` an IANA name."""

    id: str
    zone: str
    dates: tuple[Span, ...]
    sessions: tuple[SessionRules, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """The event of this hub a foreign ticket is for; `same_series` makes it another date of ours."""

    title: str
    starts_at: dt.datetime | None = None
    same_series: bool = False


@dataclass(frozen=True, slots=True)
class RegistrationRules:
    """A registration as the door knows it; `sessions` are those it holds a place in."""

    event: str
    status: str
    version: int = 1
    name: str | None = None
    sessions: tuple[str, ...] = ()
    erased: bool = False


@dataclass(frozen=True, slots=True)
class FirstScan:
    """The admission somebody is reminded of: when, at which door, on whose device."""

    scanned_at: dt.datetime
    door: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What this registration already did at this entrance or session on this day."""

    inside: bool = False
    first_scan: FirstScan | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """All that a verdict depends on.

    `registration` null means nobody was found; `present` counts those inside now where `door.capacity` holds;
    `offline` is true on a phone answering from its own list, which may be older than a genuine ticket.
    """

    scan: Attempt
    door: DoorRules
    event: EventRules
    reading: Reading = Reading()
    registration: RegistrationRules | None = None
    other_event: OtherEvent | None = None
    earlier: Earlier = Earlier()
    present: int = 0
    offline: bool = False


# --- the verdict ---


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer at the door.

    `name` is null where none may be shown. `first_scan` comes with `already_in`. `other` names what the
    ticket is for instead (`wrong_event`, `wrong_date`, `wrong_session`). `opens_at` / `closed_at` come with
    `not_yet` / `closed`. `overridable` says that a steward's reason would do; `overridden` is the fault it
    lifted (`already_in` for a second entry). `provisional` marks a genuine ticket the phone's list does not
    know yet.
    """

    verdict: Answer
    reason: Reason | None = None
    name: str | None = None
    first_scan: FirstScan | None = None
    other: OtherEvent | None = None
    opens_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    overridable: bool = False
    overridden: Reason | Answer | None = None
    provisional: bool = False


def judge(question: Question) -> Verdict:
    """The verdict on one scan; total: every question has an answer, and the first fault in the order above
    names it.
    """
    scan, door = question.scan, question.door
    found = _first_fault(question, _IDENTITY)
    if found is not None:
        return found
    name = question.registration.name if question.registration else None
    if scan.direction is Direction.OUT:
        if question.earlier.inside:
            return Verdict(Answer.LEFT, name=name)
        return Verdict(Answer.REFUSED, Reason.NOT_INSIDE, name=name)

    lifted: Reason | Answer | None = None
    steward = may_override(door.role) and bool((scan.override_reason or "").strip())
    for check in _ENTRY:
        fault = check(question)
        if fault is None:
            continue
        if not (fault.overridable and steward):
            return replace(fault, name=name)
        lifted = lifted or fault.reason or fault.verdict
    return Verdict(Answer.ADMITTED, name=name, overridden=lifted, provisional=_is_provisional(question))


def day_of(moment: dt.datetime, zone: str) -> dt.date:
    """The day a scan counts for: its date in the event's zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


_Check = Callable[[Question], Verdict | None]


def _first_fault(question: Question, checks: Iterable[_Check]) -> Verdict | None:
    return next((fault for check in checks if (fault := check(question)) is not None), None)


def _refused(reason: Reason, *, overridable: bool = False) -> Verdict:
    return Verdict(Answer.REFUSED, reason, overridable=overridable)


def _revoked(question: Question) -> Verdict | None:
    return _refused(Reason.QUARANTINED) if question.door.revoked else None


def _method(question: Question) -> Verdict | None:
    return None if may_use(question.door.role, question.scan.method) else _refused(Reason.BAD_ITEM)


def _reading(question: Question) -> Verdict | None:
    problem = question.reading.problem
    if problem is Reason.NOT_A_TICKET and question.scan.method is Method.CODE:
        # Of something typed, "no such code" helps; "not a ticket of this system" would send the person away.
        return _refused(Reason.UNKNOWN)
    return _refused(problem) if problem is not None else None


def _this_event(question: Question) -> Verdict | None:
    registration = question.registration
    event = question.reading.event or (registration.event if registration else question.event.id)
    if event == question.event.id and (registration is None or registration.event == event):
        return None
    other = question.other_event
    reason = Reason.WRONG_DATE if other is not None and other.same_series else Reason.WRONG_EVENT
    return replace(_refused(reason), other=other)


def _found(question: Question) -> Verdict | None:
    if question.scan.method is Method.WALK_IN:
        return None
    if question.registration is None:
        return None if _is_provisional(question) else _refused(Reason.UNKNOWN)
    return _refused(Reason.ERASED) if question.registration.erased else None


def _newest(question: Question) -> Verdict | None:
    """A higher version than the row's is a genuine reissue this list has not heard of, so only a lower one is
    refused.
    """
    registration, version = question.registration, question.reading.version
    if registration is None or version is None or version >= registration.version:
        return None
    return replace(_refused(Reason.REPLACED), name=registration.name)


def _is_provisional(question: Question) -> bool:
    """A genuine ticket for this event, issued after the phone's last sync (D35)."""
    reading = question.reading
    if not question.offline or reading.event is None:
        return False
    registration = question.registration
    return registration is None or (reading.version or 0) > registration.version


def _event_cancelled(question: Question) -> Verdict | None:
    return _refused(Reason.EVENT_CANCELLED) if question.event.cancelled else None


_STATUS_FAULT = {
    "cancelled": Reason.CANCELLED,
    "waitlisted": Reason.WAITLISTED,
    # An offer not yet taken is still a place in the queue.
    "offered": Reason.WAITLISTED,
    "pending": Reason.PENDING,
    "declined": Reason.DECLINED,
    "expired": Reason.EXPIRED,
}


def _status(question: Question) -> Verdict | None:
    registration = question.registration
    if registration is None or registration.status == "confirmed":
        return None
    # A status this list does not know yet is no admission.
    return _refused(_STATUS_FAULT.get(registration.status, Reason.PENDING), overridable=True)


def _session_of(question: Question) -> str | None:
    """The session a scan is for: its own, else the only one of a session door."""
    sessions = question.door.sessions
    if question.scan.session is None and len(sessions) == 1:
        return sessions[0]
    return question.scan.session


def _session(question: Question) -> Verdict | None:
    wanted, allowed = _session_of(question), question.door.sessions
    if wanted is None:
        return _refused(Reason.WRONG_SESSION) if allowed else None
    session = _session_rules(question, wanted)
    if session is None or session.cancelled or wanted not in allowed:
        return _refused(Reason.WRONG_SESSION)
    return None


def _session_place(question: Question) -> Verdict | None:
    session = _session_rules(question, _session_of(question))
    if session is None or not session.booked or question.scan.method is Method.WALK_IN:
        return None
    registration = question.registration
    if registration is None:
        # The phone cannot know the places of somebody its list has not heard of.
        return _refused(Reason.UNKNOWN, overridable=True)
    if session.id in registration.sessions:
        return None
    own = [
        each for each in question.event.sessions if each.id in registration.sessions and not each.cancelled
    ]
    at = question.scan.scanned_at
    nearest = min(own, key=lambda each: (abs(each.starts_at - at), each.id), default=None)
    other = OtherEvent(nearest.title, nearest.starts_at, same_series=True) if nearest else None
    return replace(_refused(Reason.WRONG_SESSION, overridable=True), other=other)


def _session_rules(question: Question, session_id: str | None) -> SessionRules | None:
    return next((session for session in question.event.sessions if session.id == session_id), None)


def _door_ended(question: Question) -> Verdict | None:
    ends_at = question.door.ends_at
    if ends_at is None or question.scan.scanned_at <= ends_at:
        return None
    return replace(_refused(Reason.CLOSED), closed_at=ends_at)


def _window(question: Question) -> Verdict | None:
    at, event, door = question.scan.scanned_at, question.event, question.door
    session = _session_rules(question, _session_of(question))
    spans = (Span(session.starts_at, session.ends_at),) if session else event.dates
    before = dt.timedelta(minutes=door.opens_minutes_before)
    after = dt.timedelta(minutes=door.closes_minutes_after)
    windows = [(span.starts_at - before, span.ends_at + after) for span in spans]
    if any(opens <= at <= closes for opens, closes in windows):
        return None
    last = max((closes for _, closes in windows if closes < at), default=None)
    coming = min((opens for opens, _ in windows if opens > at), default=None)
    over_today = last is not None and day_of(last, event.zone) == day_of(at, event.zone)
    if coming is None or over_today:
        return replace(_refused(Reason.CLOSED, overridable=True), closed_at=last, opens_at=coming)
    return replace(_refused(Reason.NOT_YET, overridable=True), opens_at=coming)


def _already_in(question: Question) -> Verdict | None:
    earlier = question.earlier
    if earlier.inside:
        return Verdict(Answer.ALREADY_IN, first_scan=earlier.first_scan)
    if earlier.first_scan is not None and not question.door.re_entry:
        return Verdict(Answer.ALREADY_IN, first_scan=earlier.first_scan, overridable=True)
    return None


def _full(question: Question) -> Verdict | None:
    capacity = question.door.capacity
    if capacity is None or question.present < capacity:
        return None
    return _refused(Reason.FULL, overridable=True)


_IDENTITY: tuple[_Check, ...] = (_revoked, _method, _reading, _this_event, _found, _newest)
_ENTRY: tuple[_Check, ...] = (
    _event_cancelled,
    _status,
    _session,
    _session_place,
    _door_ended,
    _window,
    _already_in,
    _full,
)


# --- what counts, and what many scans add up to ---

_NEVER_PRESENT = frozenset(
    {
        Reason.NOT_A_TICKET,
        Reason.FORGED,
        Reason.UNKNOWN,
        Reason.WRONG_EVENT,
        Reason.WRONG_DATE,
        Reason.ERASED,
        Reason.QUARANTINED,
        Reason.BAD_ITEM,
    }
)


class Flag(StrEnum):
    """Why staff should look at a scan."""

    ADMITTED_ANYWAY = "admitted_anyway"
    REFUSED_ANYWAY = "refused_anyway"
    SECOND_ENTRY = "second_entry"
    STRAY_EXIT = "stray_exit"
    DOUBTFUL_TIME = "doubtful_time"
    """Set by the server: the device's clock cannot be right (D45)."""
    QUARANTINED = "quarantined"
    """From a revoked pass or device: never merged by itself (D44)."""


class Decision(StrEnum):
    """What staff decided about a flagged scan."""

    KEPT = "kept"
    """It stays as it is."""
    COUNTED = "counted"
    """It counts although it did not."""
    DROPPED = "dropped"
    """It does not count."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Whether a scan moves somebody in or out (`counts`), and why staff should look at it (`flag`)."""

    counts: bool
    flag: Flag | None = None


def settle(verdict: Verdict, shown: Answer | None) -> Settlement:
    """What a scan does to presence: what the door told the person holds, whatever the server finds later.

    `shown` is the phone's own answer, null for a scan the server judged live. An admission shown is never
    dropped: where the server judges otherwise it counts and is flagged (D34), unless there is nobody of this
    event to count. Repetitions told "already in" do not count, so an undone first entry leaves nobody inside.
    """
    told = shown if shown is not None else verdict.verdict
    refused = verdict.verdict is Answer.REFUSED
    if verdict.reason is Reason.QUARANTINED:
        return Settlement(False, Flag.QUARANTINED)
    if told is Answer.ADMITTED:
        wrong = refused and verdict.reason is not Reason.NOT_INSIDE
        return Settlement(verdict.reason not in _NEVER_PRESENT, Flag.ADMITTED_ANYWAY if wrong else None)
    if told is Answer.LEFT:
        return Settlement(verdict.reason not in _NEVER_PRESENT)
    turned_away = told is Answer.REFUSED and verdict.verdict is Answer.ADMITTED
    return Settlement(False, Flag.REFUSED_ANYWAY if turned_away else None)


@dataclass(frozen=True, slots=True)
class Passage:
    """One counting scan of a registration at one entrance or session on one day; `at` is its corrected time,
    aware.
    """

    scan_id: str
    at: dt.datetime
    direction: Direction = Direction.IN
    door: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """What the passages of one registration, session and day add up to.

    `stays` are pairs of entry and exit, the last exit null while inside. `flags` maps the scans staff should
    see to the reason: two devices that both admitted (the earlier is the admission, the other a
    `second_entry`), an exit without entry.
    """

    first: Passage | None = None
    stays: tuple[tuple[dt.datetime, dt.datetime | None], ...] = ()
    flags: tuple[tuple[str, Flag], ...] = ()

    @property
    def first_in_at(self) -> dt.datetime | None:
        """When the admission was."""
        return self.stays[0][0] if self.stays else None

    @property
    def last_out_at(self) -> dt.datetime | None:
        """The last exit; null while inside."""
        return self.stays[-1][1] if self.stays else None

    @property
    def inside(self) -> bool:
        """Whether the last entry has no exit yet."""
        return bool(self.stays) and self.stays[-1][1] is None

    def minutes(self, closes_at: dt.datetime) -> int:
        """Whole minutes present; who never checked out stayed until `closes_at` (but an entry after it gives
        nothing).
        """
        total = sum(
            (max(dt.timedelta(0), (left or closes_at) - came) for came, left in self.stays),
            start=dt.timedelta(0),
        )
        return total // dt.timedelta(minutes=1)


def presence(passages: Iterable[Passage], undone: Iterable[str] = ()) -> Presence:
    """Folds counting scans by time (then id), whatever their order or repetition; `undone` scan ids are left
    out (D06, D56).

    An undo may arrive before its scan, or twice.
    """
    gone = frozenset(undone)
    unique = {passage.scan_id: passage for passage in passages if passage.scan_id not in gone}
    first: Passage | None = None
    stays: list[tuple[dt.datetime, dt.datetime | None]] = []
    flags: list[tuple[str, Flag]] = []
    for passage in sorted(unique.values(), key=lambda each: (each.at, each.scan_id)):
        inside = bool(stays) and stays[-1][1] is None
        if passage.direction is Direction.IN:
            if inside:
                flags.append((passage.scan_id, Flag.SECOND_ENTRY))
            else:
                first = first or passage
                stays.append((passage.at, None))
        elif inside:
            stays[-1] = (stays[-1][0], passage.at)
        else:
            flags.append((passage.scan_id, Flag.STRAY_EXIT))
    return Presence(first, tuple(stays), tuple(flags))
