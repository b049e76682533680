"""What a phone sends to `/door/{pass}/scans`, read liberally into plain values (DESIGN 6 "Door sync"); pure.

An absent key is null, an unknown one is ignored. An item that cannot be understood becomes a `BadItem` and
never blocks the others (INTEROP D39).
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email

from hubevents.checkin.rules import Answer, Direction, Method
from hubevents.core import text
from hubevents.organisations.rules import is_organisation_number, normalise_organisation_number

MOST_ITEMS = 500
LARGEST_ID = 2**31 - 1
"""The largest id a column holds; anything beyond is nobody's."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a device says of itself, by its own clock: when it sent (`sent_at`) and when it last fetched its list
    (`list_at`); `queued` are the scans still waiting.
    """

    id: str
    name: str
    sent_at: datetime | None
    queued: int
    list_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody registered at the door; the fields of the register form, cleaned. `email` is None without one.

    `emptied` names the fields that could not be kept of somebody whom a phone had let in already.
    """

    first_name: str
    last_name: str
    email: str | None
    phone: str = ""
    position: str = ""
    organisation: str = ""
    organisation_number: str = ""
    consents: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One scan, walk-in or undo; `said` is its scan_id as it was written, `scan_id` the canonical UUID."""

    said: str
    scan_id: str
    scanned_at: datetime
    method: Method = Method.QR
    direction: Direction = Direction.IN
    code: str | None = None
    registration: int | None = None
    walk_in: WalkIn | None = None
    undoes: str | None = None
    session: str | None = None
    override_reason: str | None = None
    shown: Answer | None = None


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that cannot be taken; `said` is its scan_id when it had one, `national_id` names the fields that hold
    an ЕГН.
    """

    said: str | None
    national_id: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request: the device, when it told of itself, and the items in the order they came."""

    device: Reported | None
    items: tuple[Item | BadItem, ...]


class Unreadable(Exception):
    """The body as a whole is no delivery; `too_many` items or the wrong `shape`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Bad(Exception):
    """This item is bad; with the fields that hold an ЕГН when that is why."""

    def __init__(self, national_id: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.national_id = national_id


def read(body: object) -> Delivery:
    """A parsed JSON body as a delivery. Raises Unreadable when it is no object with a list of at most 500 scans."""
    if not isinstance(body, dict):
        raise Unreadable("shape")
    scans = body.get("scans")
    if not isinstance(scans, list):
        raise Unreadable("shape")
    if len(scans) > MOST_ITEMS:
        raise Unreadable("too_many")
    return Delivery(_device(body.get("device")), tuple(_item(scan) for scan in scans))


def _device(value: object) -> Reported | None:
    """The device, None without a usable id: a scan counts whoever sent it."""
    if not isinstance(value, dict):
        return None
    try:
        id = _uuid(value.get("id"))
        sent_at = None if value.get("sent_at") is None else _moment(value.get("sent_at"))
    except _Bad:
        return None
    queued, name = value.get("queued"), value.get("name")
    try:
        list_at = None if value.get("list_at") is None else _moment(value.get("list_at"))
    except _Bad:
        list_at = None
    return Reported(
        id,
        _line(name, 80) if isinstance(name, str) else "",
        sent_at,
        min(max(queued, 0), 1_000_000) if isinstance(queued, int) else 0,
        list_at,
    )


def _item(value: object) -> Item | BadItem:
    said = value.get("scan_id") if isinstance(value, dict) else None
    said = _storable(said)[:80] if isinstance(said, str) else None
    if not isinstance(value, dict) or said is None:
        return BadItem(said)
    try:
        shown = _shown(value.get("shown"))
        admitted = shown is Answer.ADMITTED
        common: dict[str, Any] = {
            "said": said,
            "scan_id": _uuid(said),
            "scanned_at": _moment(value.get("scanned_at")),
            "shown": shown,
            "session": _session(value.get("session")),
        }
        if value.get("undoes") is not None:
            return Item(**common, undoes=_uuid(value["undoes"]))
        if value.get("walk_in") is not None:
            return Item(
                **common,
                method=Method.WALK_IN,
                walk_in=_walk_in(value["walk_in"], admitted=admitted),
                override_reason=_reason(value.get("override_reason"), admitted=admitted),
            )
        code, registration = value.get("code"), value.get("registration")
        if (code is None) == (registration is None):
            raise _Bad
        if code is not None and not isinstance(code, str):
            raise _Bad
        method = _one_of(Method, value.get("method"), Method.QR)
        if method not in _BY_PHONE:
            raise _Bad
        if registration is not None and method is not Method.KIOSK:
            method = Method.SEARCH  # whoever names a person by id has looked them up; a role may not allow it
        return Item(
            **common,
            code=code,
            registration=None if registration is None else _id(registration),
            method=method,
            direction=_one_of(Direction, value.get("direction"), Direction.IN),
            override_reason=_reason(value.get("override_reason"), admitted=admitted),
        )
    except _Bad as why:
        return BadItem(said, why.national_id)


def _storable(value: str) -> str:
    """Without what no database or JSON keeps."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def _line(value: object, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad
    return text.clean(value[: 4 * longest])[:longest]


def _uuid(value: object) -> str:
    if not isinstance(value, str) or len(value) > 45:
        raise _Bad
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise _Bad from None


# RFC 3339; Python reads more (week dates, no separators), which a phone never writes.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _moment(value: object) -> datetime:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _Bad
    day, clock, fraction, zone = found.groups()
    zone = "+00:00" if zone in "zZ" else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Bad from None
    if not _EARLIEST - timedelta(days=2) <= moment <= _LATEST:
        raise _Bad
    return moment


def _one_of(kind: Callable[[str], Any], value: object, default: Any) -> Any:
    if value is None:
        return default
    if not isinstance(value, str):
        raise _Bad
    try:
        return kind(value)
    except ValueError:
        raise _Bad from None


def _shown(value: object) -> Answer | None:
    """A verdict of a newer phone that this server does not know is no reason to lose the scan."""
    try:
        answer: Answer | None = _one_of(Answer, value, None)
    except _Bad:
        return None
    return answer


def _id(value: object) -> int:
    """An id, which is a string; a number is forgiven. What no column holds is nobody's (0)."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _Bad
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise _Bad
        value = int(value)
    return value if 0 < value <= LARGEST_ID else 0


def _session(value: object) -> str | None:
    return None if value is None else str(_id(value))


_BY_PHONE = frozenset({Method.QR, Method.CODE, Method.SEARCH, Method.KIOSK})
"""The others are walk-ins, which have their own shape, or come from a personal page, from staff and from logs."""
_LONGEST = {"first_name": 80, "last_name": 80, "phone": 40, "position": 120, "organisation": 200,
            "organisation_number": 30}  # fmt: skip
_NAMES = ("first_name", "last_name")
_NAMELESS = "—"
"""Stands for a name that could not be kept."""


def _walk_in(value: object, *, admitted: bool) -> WalkIn:
    """The fields of the register form.

    Who was `admitted` by the phone is inside: what cannot be kept of them is emptied then, and nobody is lost.
    """
    if not isinstance(value, dict):
        raise _Bad
    fields: dict[str, str] = {}
    emptied: list[str] = []
    for name, longest in _LONGEST.items():
        try:
            fields[name] = _line(value.get(name), longest)
            if name in _NAMES and not fields[name]:
                raise _Bad
        except _Bad:
            if not admitted:
                raise
            emptied.append(name)
            fields[name] = _NAMELESS if name in _NAMES else ""
    number = normalise_organisation_number(fields["organisation_number"])[:30]
    held = tuple(name for name in _LONGEST if _holds_egn(name, fields[name], number))
    if held and not admitted:
        raise _Bad(held)
    for name in held:
        fields[name] = re.sub(r"\d", "", fields[name]).strip() or _NAMELESS if name in _NAMES else ""
    fields["organisation_number"] = "" if "organisation_number" in held else number
    try:
        email = _email(value.get("email"))
    except _Bad:
        if not admitted:
            raise
        email, emptied = None, [*emptied, "email"]
    consents = tuple(kind for kind in ("photo", "newsletter") if value.get(f"consent_{kind}") is True)
    return WalkIn(**fields, email=email, consents=consents, emptied=(*emptied, *held))


def _holds_egn(name: str, said: str, number: str) -> bool:
    """Whether a free field holds an ЕГН (PRODUCT 14); a phone number is none, and a company's number may look alike."""
    if name == "phone" or (name == "organisation_number" and is_organisation_number(number)):
        return False
    return text.egn_in(said)


def _reason(value: object, *, admitted: bool) -> str | None:
    reason = _line(value, 200)
    if text.egn_in(reason):
        if not admitted:
            raise _Bad(("override_reason",))
        reason = ""
    return reason or None


def _email(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Bad
    address = text.normalise_email(value or "")
    if not address:
        return None
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise _Bad from None
    if len(address) > 254:
        raise _Bad
    return address
