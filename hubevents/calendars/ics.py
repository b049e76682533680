"""iCalendar as text: plain values in, bytes that INTEROP I01-I95 hold for out; knows no database and no HTTP.

Components are serialised by hand because the icalendar library takes ten times as long per event; the tests
read everything back with it and with other parsers.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

Status = Literal["confirmed", "tentative", "cancelled"]
Method = Literal["REQUEST", "CANCEL"]

PRODID = "-//HubEvents//HubEvents//EN"

_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_STATUS = {"confirmed": "CONFIRMED", "tentative": "TENTATIVE", "cancelled": "CANCELLED"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One VEVENT as plain values: aware times, plain texts, an end at least a second after the start.

    `mark` is a word in the reader's language written before the title, such as "Отменено" for a cancelled
    entry (I95). `geo` is latitude and longitude in degrees, `conference` an address and its label, `zone` an
    IANA name. Values that no client could read (a relative url, a latitude of 91) are left out, not refused.
    """

    uid: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    description: str = ""
    location: str = ""
    url: str | None = None
    status: Status = "confirmed"
    mark: str = ""
    categories: tuple[str, ...] = ()
    geo: tuple[float, float] | None = None
    conference: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse with ValueError what would give clients a second, floating or unreadable entry."""
        if not is_uid(self.uid):
            raise ValueError(f"not a UID: {self.uid!r}")
        if not 0 <= self.sequence < 2**31:
            raise ValueError(f"SEQUENCE out of range: {self.sequence}")
        if self.status not in _STATUS:
            raise ValueError(f"unknown status: {self.status!r}")
        for moment in (self.created_at, self.changed_at, self.starts_at, self.ends_at):
            if moment.tzinfo is None:
                raise ValueError("an entry's times must be aware")
        if self.ends_at.replace(microsecond=0) <= self.starts_at.replace(microsecond=0):
            raise ValueError("an entry must end after it starts")


def is_uid(text: str) -> bool:
    """Tell whether the text may be a UID: 1 to 255 visible ASCII characters, no space (I20, RFC 7986 5.3)."""
    return 0 < len(text) <= 255 and text.isascii() and text.isprintable() and " " not in text


# --- texts ------------------------------------------------------------------------------------------------

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BREAKS_AND_TABS = re.compile(" *[\n\t][\n\t ]*")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


def _cleaned(text: str) -> str:
    """Keep tab and newline of the control characters; drop the rest, lone surrogates and byte order marks.

    Other line breaks of Unicode become newlines: parsers built on `str.splitlines` would cut a line there.
    """
    if text.replace("\n", "").isprintable():
        return text
    return _UNWANTED.sub("", _LINE_BREAKS.sub("\n", text))


def _one_line(text: str) -> str:
    """Clean a text for one line; only line breaks and tabs become spaces: titles stay as they are."""
    if text.isprintable():
        return text.strip()
    return _BREAKS_AND_TABS.sub(" ", _cleaned(text)).strip()


def _escaped(text: str) -> str:
    """Escape a TEXT value by RFC 5545 3.3.11: backslash, semicolon, comma and newline, nothing else (I31)."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _quoted(text: str) -> str:
    """Write a parameter value by RFC 6868, always in quotes: unquoted Cyrillic names broke clients (I08).

    A backslash escapes nothing here, but many clients think so: it becomes a slash.
    """
    return '"' + _one_line(text).replace("\\", "/").replace("^", "^^").replace('"', "^'") + '"'


def _continues_cluster(before: str, after: str) -> bool:
    """Tell whether the second character is drawn together with the first (near enough to UAX 29)."""
    if before == "\u200d" or after in "\u200c\u200d" or unicodedata.category(after)[0] == "M":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # flags: two letters; three in a row only cost a shorter line
        return "\U0001f1e6" <= before <= "\U0001f1ff"
    return "\u1160" <= after <= "\u11ff"  # Hangul vowels and finals of decomposed syllables


def _start_of_character(data: bytes, at: int) -> int:
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _whole_pair(data: bytes, start: int, at: int) -> int:
    """Step back over the backslash before `at` when it begins an escape pair that a cut would split."""
    run = at
    while run > start and data[run - 1] == 0x5C:
        run -= 1
    return at - (at - run) % 2


def _break_before(data: bytes, start: int, at: int) -> int:
    """Find the last place up to `at` to cut `data[start:]`: never in an escape pair, best between grapheme
    clusters; text that holds none (hundreds of combining marks) is cut between two characters.
    """
    at = last = _whole_pair(data, start, at)
    while at > start:
        previous = _start_of_character(data, at - 1)
        after = at + 1
        while after < len(data) and data[after] & 0xC0 == 0x80:
            after += 1
        if not _continues_cluster(data[previous:at].decode(), data[at:after].decode()):
            return at
        at = _whole_pair(data, start, previous)
    return last


_PLAIN_CYRILLIC = b"\xd0\xd1"
_NEEDS_A_LOOK = b"\\\x8d"


def _folded(line: str) -> str:
    """Fold a content line to physical lines of at most 75 octets and end it with CRLF (I02-I04)."""
    if len(line) <= 75 and line.isascii():
        return line + "\r\n"
    data = line.encode()
    if len(data) <= 75:
        return line + "\r\n"
    pieces = []
    start, limit = 0, 75
    while len(data) - start > limit:
        end = start + limit
        while data[end] & 0xC0 == 0x80:
            end -= 1
        # ASCII and U+0400-U+047F never extend what stands before them, unless that is a joiner (E2 80 8D).
        if (data[end] >= 0x80 and data[end] not in _PLAIN_CYRILLIC) or data[end - 1] in _NEEDS_A_LOOK:
            end = _break_before(data, start, end)
        pieces.append(data[start:end])
        start, limit = end, 74
    pieces.append(data[start:])
    return b"\r\n ".join(pieces).decode() + "\r\n"


# --- addresses --------------------------------------------------------------------------------------------

_PLAIN_WEB_ADDRESS = re.compile("https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[A-Za-z0-9._~/-]*)?", re.ASCII)
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_CALL_SCHEMES = ("tel", "sip", "sips", "xmpp")
_MAIL_PARTS = "!$'*+~"
_URI_PARTS = "%!$&'()*+,;=:@/?~"


def _ascii_host(host: str) -> str:
    """Give the host as ASCII, foreign names in punycode; UnicodeError when it cannot be one."""
    if len(host) > 253:  # longer ones are none, and slow to encode
        raise UnicodeError("too long for a host name")
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if not re.fullmatch(r"[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\]", name):
        raise UnicodeError(f"not a host name: {host!r}")
    return name


def web_address(url: str) -> str | None:
    """Give an absolute http(s) address as ASCII URI, Cyrillic in percent code and punycode (I35), or None.

    A user name and password in it are left out.
    """
    if _PLAIN_WEB_ADDRESS.fullmatch(url):
        return url
    text = _cleaned(url).strip()
    try:
        parts = urlsplit(text)
        port = parts.port
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        host = _ascii_host(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname)
    except ValueError:  # UnicodeError is one
        return None
    return urlunsplit(
        (
            parts.scheme,
            host if port is None else f"{host}:{port}",
            _percent(parts.path),
            _percent(parts.query),
            _percent(parts.fragment),
        )
    )


def _percent(text: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_URI_PARTS)


def _any_address(uri: str) -> str | None:
    """Give a conference's address as an ASCII URI, of the schemes of RFC 7986 5.11 or the web, or None."""
    text = _one_line(uri)
    scheme, _, rest = text.partition(":")
    if scheme.lower() in ("http", "https"):
        return web_address(text)
    return f"{scheme.lower()}:{_percent(rest)}" if rest and scheme.lower() in _CALL_SCHEMES else None


def mailto(address: str) -> str:
    """Give the mailto URI of a mail address (RFC 6068): ASCII, what has a meaning in URIs in percent code."""
    local, _, domain = _one_line(address).rpartition("@")
    try:
        host = _ascii_host(domain)
    except UnicodeError as fault:
        raise ValueError(f"not a mail address: {address!r}") from fault
    if not local:
        raise ValueError(f"not a mail address: {address!r}")
    return f"mailto:{quote(local, safe=_MAIL_PARTS)}@{host}"


# --- time zones -------------------------------------------------------------------------------------------

# Rules are sought in these years. What lies outside is written in UTC, and so is a zone whose present rules
# are younger than _HELD_SINCE: its VTIMEZONE could not be right two years back (I53). Dates are fixed so
# that the bytes of a feed depend on the zone database alone.
_SCAN_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_SCAN_UNTIL = datetime(2060, 1, 1, tzinfo=UTC)
_HELD_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class _Change:
    """One change of a zone's offset; `wall` is the time on the clocks that are about to be put on or back."""

    at: datetime
    before: timedelta
    after: timedelta
    abbreviation: str

    @property
    def wall(self) -> datetime:
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def positions(self) -> frozenset[int]:
        """Which of its weekday in the month it is: 1 to 4, -1 for the last; a fifth is always the last."""
        wall = self.wall
        found = {(wall.day - 1) // 7 + 1} - {5}
        if wall.day + 7 > monthrange(wall.year, wall.month)[1]:
            found.add(-1)
        return frozenset(found)

    @property
    def pattern(self) -> tuple[object, ...]:
        wall = self.wall
        return (wall.month, wall.weekday(), wall.time(), self.before, self.after)


@dataclass(frozen=True, slots=True)
class _Rules:
    """A zone's clock in its present form: its VTIMEZONE and the first whole year in which this is exact."""

    zone: ZoneInfo
    since: datetime
    component: str


def _changes(zone: ZoneInfo) -> list[_Change]:
    """List all changes of offset between 1970 and 2060, in order."""

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(zone).utcoffset() or timedelta()

    found = []
    step = timedelta(days=7)
    left, before = _SCAN_FROM, offset(_SCAN_FROM)
    while left < _SCAN_UNTIL:
        right = left + step
        after = offset(right)
        if after != before:
            low, high = left, right
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (low, middle) if offset(middle) != before else (middle, high)
            found.append(_Change(high, before, after, high.astimezone(zone).tzname() or ""))
        left, before = right, after
    return found


def _signed(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"
    return f"{text}{rest:02}" if rest else text


def _observance(kind: str, first: _Change, rule: str | None) -> str:
    lines = [f"BEGIN:{kind}", f"DTSTART:{_basic(first.wall)}"]
    if rule:
        lines.append(f"RRULE:{rule}")
    lines.append(f"TZOFFSETFROM:{_signed(first.before)}")
    lines.append(f"TZOFFSETTO:{_signed(first.after)}")
    if first.abbreviation:
        lines.append(f"TZNAME:{_escaped(first.abbreviation)}")
    lines.append(f"END:{kind}")
    return "".join(f"{line}\r\n" for line in lines)


def _yearly(changes: list[_Change]) -> tuple[list[_Change], str, str] | None:
    """Fit two yearly rules to the latest changes: those that follow them, in order, and both observances."""
    if not changes or changes[-1].at.year != _SCAN_UNTIL.year - 1:
        return None
    fitting: list[_Change] = []
    positions: dict[bool, frozenset[int]] = {}
    earliest: dict[bool, _Change] = {}
    for change in reversed(changes):
        onward = change.after > change.before
        if fitting and onward == (fitting[-1].after > fitting[-1].before):
            break
        later = earliest.get(onward)
        if later and (change.pattern != later.pattern or change.wall.year != later.wall.year - 1):
            break
        common = positions.get(onward, change.positions) & change.positions
        if not common:
            break
        positions[onward], earliest[onward] = common, change
        fitting.append(change)
    if len(earliest) < 2:
        return None
    observances = []
    for onward, kind in ((True, "DAYLIGHT"), (False, "STANDARD")):
        first = earliest[onward]
        which = min(positions[onward])  # -1 before 4 when both fit
        weekday = _WEEKDAYS[first.wall.weekday()]
        rule = f"FREQ=YEARLY;BYMONTH={first.wall.month};BYDAY={which}{weekday}"
        observances.append(_observance(kind, first, rule))
    return fitting[::-1], observances[0], observances[1]


@cache
def _rules(name: str) -> _Rules | None:
    """Find a zone's rules; None when unknown or when they are not one or two that have held since 2024."""
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, outside the database, a folder of it
        return None
    changes = _changes(zone)
    if not changes or changes[-1].at <= _HELD_SINCE:
        offset = _SCAN_FROM.astimezone(zone).utcoffset() or timedelta()
        abbreviation = _SCAN_FROM.astimezone(zone).tzname() or ""
        last = changes[-1] if changes else _Change(_SCAN_FROM - offset, offset, offset, abbreviation)
        first, observances = last, _observance("STANDARD", last, None)
    else:
        fitted = _yearly(changes)
        if fitted is None or fitted[0][0].at > _HELD_SINCE:
            return None
        first, observances = fitted[0][0], fitted[1] + fitted[2]
    component = f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nX-LIC-LOCATION:{name}\r\n{observances}END:VTIMEZONE\r\n"
    return _Rules(zone, datetime(first.at.year + 1, 1, 1, tzinfo=UTC), component)


@cache
def needs_utc(zone: str) -> bool:
    """Tell whether times of this zone must be written in UTC.

    True for UTC itself and other names without an area (I51), for unknown names, and where one or two rules
    of the form "last Sunday of March" do not give every change from 2024 on: Morocco follows the moon,
    Egypt "the day after the last Thursday", and Outlook reads no other form (I55).
    """
    area, slash, _ = zone.partition("/")
    return not slash or area in ("", "Etc", "posix", "right", "SystemV") or _rules(zone) is None


def vtimezone(zone: str) -> str:
    """Give the zone's VTIMEZONE: two yearly rules or one STANDARD; ValueError when it needs UTC (I50-I58)."""
    rules = _rules(zone)
    if rules is None:
        raise ValueError(f"no yearly rules for zone {zone!r}: write its times in UTC")
    return rules.component


# --- entries ----------------------------------------------------------------------------------------------


def _basic(moment: datetime) -> str:
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _utc(moment: datetime) -> str:
    return _basic(moment if moment.tzinfo is UTC else moment.astimezone(UTC)) + "Z"


def _is_twice(local: datetime) -> bool:
    """Tell whether the clock shows this time twice that night (the hour put back in autumn)."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _local_times(entry: Entry) -> tuple[datetime, datetime] | None:
    """Give start and end in the entry's zone, or None when both must be written in UTC.

    Both go the same way: clients show the zone of the start for the whole entry.
    """
    if needs_utc(entry.zone):
        return None
    rules = _rules(entry.zone)
    if rules is None or entry.starts_at < rules.since or entry.ends_at >= _SCAN_UNTIL:
        return None
    start, end = entry.starts_at.astimezone(rules.zone), entry.ends_at.astimezone(rules.zone)
    return None if _is_twice(start) or _is_twice(end) else (start, end)


def zone_used(entry: Entry) -> str | None:
    """Name the zone whose VTIMEZONE a calendar with this entry must hold; None when its times are in UTC."""
    return None if _local_times(entry) is None else entry.zone


def _description(entry: Entry) -> str:
    """Repeat the conference's address in the text: Outlook and Google ignore CONFERENCE (I18)."""
    text = _cleaned(entry.description).strip()
    if entry.conference is None:
        return text
    address, label = _one_line(entry.conference[0]), _one_line(entry.conference[1])
    address = _any_address(address) or address
    if not address or address in text or address in entry.location:
        return text
    line = f"{label}: {address}" if label else address
    return f"{text}\n\n{line}" if text else line


def _geo(geo: tuple[float, float]) -> str | None:
    latitude, longitude = geo
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # false for NaN too
        return None
    return f"{latitude:.6f};{longitude:.6f}"


def _vevent(entry: Entry, sequence: int, stamped_at: datetime, status: Status, people: tuple[str, ...]) -> str:
    changed_at = max(entry.changed_at, entry.created_at)
    times = _local_times(entry)
    title = _one_line(entry.summary)
    mark = _one_line(entry.mark)
    if mark:
        title = f"{mark}: {title}" if title else mark
    lines = [
        f"UID:{_escaped(entry.uid)}",
        f"DTSTAMP:{_utc(stamped_at)}",
        f"CREATED:{_utc(entry.created_at)}",
        f"LAST-MODIFIED:{_utc(changed_at)}",
        f"SEQUENCE:{sequence}",
        f"STATUS:{_STATUS[status]}",
        f"SUMMARY:{_escaped(title) or '-'}",
    ]
    if times is None:
        lines += (f"DTSTART:{_utc(entry.starts_at)}", f"DTEND:{_utc(entry.ends_at)}")
    else:
        lines.append(f"DTSTART;TZID={entry.zone}:{_basic(times[0])}")
        lines.append(f"DTEND;TZID={entry.zone}:{_basic(times[1])}")
    if entry.ends_at - entry.starts_at > _DAY:
        lines.append("TRANSP:TRANSPARENT")
    if location := _one_line(entry.location):
        lines.append(f"LOCATION:{_escaped(location)}")
    if description := _description(entry):
        lines.append(f"DESCRIPTION:{_escaped(description)}")
    if entry.url and (url := web_address(entry.url)):
        lines.append(f"URL:{url}")
    if categories := [_escaped(text) for word in entry.categories if (text := _one_line(word))]:
        lines.append("CATEGORIES:" + ",".join(categories))
    if entry.geo and (geo := _geo(entry.geo)):
        lines.append(f"GEO:{geo}")
    if entry.conference and (address := _any_address(entry.conference[0])):
        feature = ";FEATURE=VIDEO" if address[:4].lower() == "http" else ""
        label = f";LABEL={_quoted(entry.conference[1])}" if _one_line(entry.conference[1]) else ""
        lines.append(f"CONFERENCE;VALUE=URI{feature}{label}:{address}")
    lines += people
    return "BEGIN:VEVENT\r\n" + "".join(map(_folded, lines)) + "END:VEVENT\r\n"


def vevent(entry: Entry) -> str:
    """Give the finished lines of an entry for feeds and files, folded, with CRLF, BEGIN to END.

    DTSTAMP is the last change, never "now", so that equal rows give equal bytes (I23). Times are local with
    TZID, or in UTC where `zone_used` says None.
    """
    return _vevent(entry, entry.sequence, max(entry.changed_at, entry.created_at), entry.status, ())


# --- calendars --------------------------------------------------------------------------------------------


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        raise ValueError("a refresh interval is at least a minute")
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def _calendar(head: list[str], zones: Iterable[str], parts: Iterable[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", *head]
    pieces = [_folded(line) for line in lines]
    pieces += [vtimezone(zone) for zone in sorted(set(zones))]
    pieces += parts
    pieces.append("END:VCALENDAR\r\n")
    return "".join(pieces).encode()


@cache
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def feed(name: str, zones: Iterable[str], parts: Iterable[str], *, zone: str, refresh: timedelta = _HOUR) -> bytes:
    """Join parts made by `vevent` to a feed without METHOD; `zones` are what `zone_used` named for them.

    An empty name among `zones` stands for times in UTC.

    `zone` is the hub's and stands in X-WR-TIMEZONE; a feed without parts keeps its VTIMEZONE, because some
    clients refuse a calendar without any component (I17).
    """
    title = _escaped(_one_line(name)) or "-"
    every = _duration(refresh)
    head = [f"NAME:{title}", f"X-WR-CALNAME:{title}"]
    if _is_known(zone):
        head.append(f"X-WR-TIMEZONE:{zone}")
    head += [f"REFRESH-INTERVAL;VALUE=DURATION:{every}", f"X-PUBLISHED-TTL:{every}"]
    parts = list(parts)
    if not parts:
        zones = ["Etc/UTC" if needs_utc(zone) else zone]
    return _calendar(head, filter(None, zones), parts)


def dates_file(entries: Iterable[Entry]) -> bytes:
    """Give all dates of an event as one file without METHOD: a message may hold but one UID (I60)."""
    entries = list(entries)
    used = {zone for entry in entries if (zone := zone_used(entry))}
    return _calendar([], used, [vevent(entry) for entry in entries])


def invite(
    entry: Entry,
    *,
    method: Method,
    organiser: tuple[str, str],
    attendee: tuple[str, str],
    sequence: int,
    sent_at: datetime,
) -> bytes:
    """Give the iTIP object of one mail (RFC 5546, I60-I67) for one person; pairs are mail address and name.

    `sequence` and `sent_at` were fixed when the mail was written down, so that composing it again gives the
    same bytes. The recipient answers from NEEDS-ACTION although they registered themselves: without RSVP
    Gmail and Outlook offer no buttons and do not enter it by themselves (I62). ValueError when a cancelled
    entry is to be requested (I64) or the recipient is the organiser (I61).
    """
    if method == "REQUEST" and entry.status == "cancelled":
        raise ValueError("a cancelled entry cannot be requested")
    if not 0 <= sequence < 2**31:
        raise ValueError(f"SEQUENCE out of range: {sequence}")
    if sent_at.tzinfo is None:
        raise ValueError("sent_at must be aware")
    host, guest = mailto(organiser[0]), mailto(attendee[0])
    if host.casefold() == guest.casefold():
        raise ValueError("the organiser cannot be invited")
    rsvp = ";RSVP=TRUE" if method == "REQUEST" else ""
    people = (
        f"ORGANIZER{_cn(organiser[1])}:{host}",
        f"ATTENDEE{_cn(attendee[1])};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION{rsvp}:{guest}",
    )
    status: Status = "cancelled" if method == "CANCEL" else entry.status
    used = zone_used(entry)
    part = _vevent(entry, sequence, sent_at, status, people)
    return _calendar([f"METHOD:{method}"], [used] if used else [], [part])


def _cn(name: str) -> str:
    return f";CN={_quoted(name)}" if _one_line(name) else ""
