"""Reads calendar bytes as a strict client would and names the rules of INTEROP part 1 that they break.

Written from INTEROP and the RFCs alone, without `hubevents` and without an iCalendar library, so that a fault
in either shows. `check_feed`, `check_file`, `check_invite`, `check_mail` and `check_versions` return sorted rule
numbers; every feed, download, invite and cancellation must give an empty list.
"""

import email
import email.policy
import re
import time
import unicodedata
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_TEXTS = {
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "COMMENT",
    "CONTACT",
    "NAME",
    "X-WR-CALNAME",
    "CATEGORIES",
    "TZNAME",
}
_ONCE = [
    "DURATION",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "URL",
    "GEO",
    "CLASS",
    "TRANSP",
    "PRIORITY",
    "ORGANIZER",
    "RECURRENCE-ID",
    "COLOR",
]
_DURATION = re.compile(r"P(?=.*[1-9])(\d+W|(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)")
_KNOWN = {
    "CLASS": {"PUBLIC", "PRIVATE", "CONFIDENTIAL"},
    "TRANSP": {"OPAQUE", "TRANSPARENT"},
    "PRIORITY": {str(number) for number in range(10)},
}
_MARKUP = re.compile(r"</?(?:a|b|br|div|em|i|li|p|span|strong|ul)\b[^>]*>|&(?:amp|lt|gt|quot|nbsp|#\d+);|Ð[°-¿]|Ñ\x80")
_SAFE_ENCODINGS = ("base64", "quoted-printable")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass
class _Property:
    name: str
    parameters: dict[str, list[str]]
    value: str

    def parameter(self, name: str) -> str:
        return ",".join(self.parameters.get(name, []))


@dataclass
class _Component:
    name: str
    properties: list[_Property] = field(default_factory=list)
    children: list["_Component"] = field(default_factory=list)

    def every(self, name: str) -> list[_Property]:
        return [p for p in self.properties if p.name == name]

    def value(self, name: str) -> str | None:
        found = self.every(name)
        return found[0].value if found else None

    def parts(self, *names: str) -> list["_Component"]:
        return [c for c in self.children if c.name in names]


def check_feed(data: bytes, *, now: datetime | None = None) -> list[str]:
    """Name the rules a feed or a downloaded file breaks; `now` (aware) replaces the clock."""
    broken, calendar = _read(data)
    if calendar is not None:
        _check_calendar(calendar, now or _now(), broken)
        _check_feed_only(calendar, broken)
    return sorted(broken)


def check_file(data: bytes, *, now: datetime | None = None) -> list[str]:
    """Name the rules a file of dates breaks: as a feed, but it needs neither name nor refresh interval."""
    return [rule for rule in check_feed(data, now=now) if rule not in ("I13", "I14")]


def check_invite(data: bytes, *, recipient: str | None = None, now: datetime | None = None) -> list[str]:
    """Name the rules an invite or a cancellation in a mail breaks; `recipient` is the mail's only address."""
    broken, calendar = _read(data)
    if calendar is not None:
        _check_calendar(calendar, now or _now(), broken)
        _check_invite_only(calendar, recipient, broken)
    return sorted(broken)


def check_versions(before: bytes, after: bytes) -> list[str]:
    """Name the rules broken between two fetches of one feed, or two invites for one person (I63, I90-I94)."""
    broken: set[str] = set()
    old, new = _events_by_uid(before), _events_by_uid(after)
    if old and not set(old) & set(new):
        broken.add("I90")
    for uid in set(old) & set(new):
        _check_change(old[uid], new[uid], broken)
    return sorted(broken)


def check_mail(raw: bytes, *, now: datetime | None = None) -> list[str]:
    """Name the rules a mail with a calendar object breaks (I70-I77 and those of the object inside).

    A mail may carry an invite as last alternative and attachment, or only attach a file of dates.
    """
    broken: set[str] = set()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    people = _check_mail_head(raw, message, broken)
    for part in message.walk():
        if part.is_multipart():
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes) and not body.isascii() and part["Content-Transfer-Encoding"] not in _SAFE_ENCODINGS:
            broken.add("I73")
    attached = [part for part in message.walk() if part.get_content_disposition() == "attachment"]
    files = [part for part in attached if part.get_content_type() in ("application/ics", "text/calendar")]
    for part in files:
        if not re.fullmatch(r"[!-~]+\.ics", part.get_filename() or ""):
            broken.add("I74")
    shown = [part for part in message.walk() if part.get_content_type() == "text/calendar" and part not in attached]
    if not shown:
        for part in files:
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            broken.update(check_file(content, now=now))
            if b"\r\nMETHOD:" in content:
                broken.add("I70")
        return sorted(broken)
    calendar = shown[0].get_payload(decode=True)
    assert isinstance(calendar, bytes)
    broken.update(check_invite(calendar, recipient=people["To"], now=now))
    _check_mail_shape(message, shown, broken)
    method = re.search(rb"\r\nMETHOD:([^\r]*)", calendar)
    parameters = dict(shown[0]["Content-Type"].params)
    told = method[1].decode() if method else "missing"
    if parameters.get("charset", "").lower() != "utf-8" or parameters.get("method") != told:
        broken.add("I72")
    if [part.get_payload(decode=True) for part in files] != [calendar]:
        broken.add("I74")
    organiser = re.search(rb"\r\nORGANIZER[^\r]*mailto:([^\r]+)", re.sub(rb"\r\n[ \t]", b"", calendar), re.I)
    if organiser and unquote(organiser[1].decode()).casefold() not in (people["From"], people["Reply-To"]):
        broken.add("I77")
    return sorted(broken)


def instants(data: bytes) -> dict[str, tuple[datetime, datetime, str]]:
    """Give start and end (UTC) and title by UID as this reader understands the bytes, for cross-parsing."""
    found = {}
    for uid, event in _events_by_uid(data).items():
        start, end = _instant(event.every("DTSTART")[0]), _instant(event.every("DTEND")[0])
        assert start is not None
        assert end is not None
        found[uid] = (start, end, _plain(event.value("SUMMARY") or ""))
    return found


def _check_mail_head(raw: bytes, message: EmailMessage, broken: set[str]) -> dict[str, str]:
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    needed = ("From", "To", "Date", "Message-ID", "Subject")
    if not head.isascii() or any(len(message.get_all(name, [])) != 1 for name in needed):
        broken.add("I76")
    if not message["Auto-Submitted"]:
        broken.add("I76")
    people = {}
    for name in ("From", "Reply-To", "To"):
        addresses = [a.addr_spec.casefold() for header in message.get_all(name, []) for a in header.addresses]
        if name == "To" and len(addresses) != 1:
            broken.add("I75")
        people[name] = addresses[0] if addresses else ""
    if message["Bcc"] or message["Cc"]:
        broken.add("I75")
    return people


def _check_mail_shape(message: EmailMessage, shown: list[EmailMessage], broken: set[str]) -> None:
    parts = list(message.iter_parts()) if message.is_multipart() else []
    choices = list(parts[0].iter_parts()) if parts and parts[0].is_multipart() else []
    kinds = [part.get_content_type() for part in choices]
    if kinds[1:2] == ["multipart/related"]:  # pictures of the HTML
        kinds[1] = next(choices[1].iter_parts()).get_content_type()
    if message.get_content_type() != "multipart/mixed" or parts[0].get_content_type() != "multipart/alternative":
        broken.add("I71")
    if kinds != ["text/plain", "text/html", "text/calendar"] or len(shown) != 1:
        broken.add("I71")


# --- bytes and lines ---------------------------------------------------------------------------------------


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _read(data: bytes) -> tuple[set[str], _Component | None]:
    broken: set[str] = set()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = re.sub(rb"\r\n[ \t]", b"", data).decode("utf-8")  # whole again: only the folds were wrong
        except UnicodeDecodeError:
            return {"I01"}, None
    if text.startswith("\ufeff"):
        broken.add("I01")
        text, data = text[1:], data[3:]
    if not data.endswith(b"\r\n") or re.search(rb"\r(?!\n)|(?<!\r)\n", data):
        broken.add("I02")
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        broken.add("I05")
    lines = re.split(rb"\r\n|\r|\n", data)
    if lines and not lines[-1]:
        lines.pop()
    _check_folds(lines, broken)
    unfolded = re.sub("(?:\r\n|\r|\n)[ \t]", "", text)
    calendar = _tree([line for line in re.split("\r\n|\r|\n", unfolded) if line], broken)
    return broken, calendar


def _check_folds(lines: list[bytes], broken: set[str]) -> None:
    for number, line in enumerate(lines):
        if not line:
            broken.add("I06")
        if len(line) > 75:
            broken.add("I03")
        try:
            shown = line.decode()
        except UnicodeDecodeError:
            broken.add("I04")
            continue
        if line[:1] not in (b" ", b"\t"):
            continue
        previous = lines[number - 1]
        backslashes = len(previous) - len(previous.rstrip(b"\\"))
        first = shown[1:2]
        if (
            not first
            or backslashes % 2
            or (unicodedata.category(first)[0] == "M" or first == "\u200d" or previous.endswith("\u200d".encode()))
        ):
            broken.add("I04")


def _tree(lines: list[str], broken: set[str]) -> _Component | None:
    if lines[:1] != ["BEGIN:VCALENDAR"] or lines[-1:] != ["END:VCALENDAR"] or lines.count(lines[0]) != 1:
        broken.add("I06")
        if "BEGIN:VCALENDAR" not in lines:
            return None
    root = _Component("")
    stack = [root]
    for line in lines:
        found = _property(line, broken)
        if found is None:
            continue
        if found.name == "BEGIN":
            if found.value != found.value.strip() or not found.value:
                broken.add("I09")
            child = _Component(found.value.strip())
            stack[-1].children.append(child)
            stack.append(child)
        elif found.name == "END":
            if len(stack) == 1 or stack[-1].name != found.value:
                broken.add("I09")
            if len(stack) > 1:
                stack.pop()
        else:
            stack[-1].properties.append(found)
    if len(stack) != 1:
        broken.add("I09")
    calendars = root.parts("VCALENDAR")
    return calendars[0] if calendars else None


def _property(line: str, broken: set[str]) -> _Property | None:
    name = re.match(r"[A-Za-z0-9-]+", line)
    if name is None:
        broken.add("I07")
        return None
    at = name.end()
    parameters: dict[str, list[str]] = {}
    while (found := _PARAMETER.match(line, at)) is not None:
        values = re.findall(r'"[^"]*"|[^,]+', found[2])
        if any("^" in re.sub("\\^['n^]", "", value) or re.search(r"\\[n,;]", value) for value in values):
            broken.add("I08")
        parameters[found[1].upper()] = [value.strip('"') for value in values]
        at = found.end()
    if line[at : at + 1] != ":":
        broken.add("I08" if at < len(line) and line[name.end()] == ";" else "I07")
        return None
    return _Property(name[0].upper(), parameters, line[at + 1 :])


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda pair: "\n" if pair[1] in "nN" else pair[1], value)


# --- VCALENDAR and VEVENT ----------------------------------------------------------------------------------


def _check_calendar(calendar: _Component, now: datetime, broken: set[str]) -> None:
    _check_head(calendar, broken)
    _check_texts(calendar, broken)
    events = calendar.parts("VEVENT")
    for event in events:
        _check_event(event, now, broken)
    keys = [(event.value("UID"), event.value("RECURRENCE-ID")) for event in events]
    if len(keys) != len(set(keys)):
        broken.add("I21")
    _check_zones(calendar, now, broken)


def _check_head(calendar: _Component, broken: set[str]) -> None:
    products = calendar.every("PRODID")
    if (
        [p.value for p in calendar.every("VERSION")] != ["2.0"]
        or len(products) != 1
        or not products[0].value
        or {p.name for p in calendar.properties[:2]} != {"VERSION", "PRODID"}
    ):
        broken.add("I10")
    if any(p.value != "GREGORIAN" for p in calendar.every("CALSCALE")):
        broken.add("I11")
    if any(child.every("METHOD") for child in calendar.children) or len(calendar.every("METHOD")) > 1:
        broken.add("I12")
    for refresh in calendar.every("REFRESH-INTERVAL"):
        if refresh.parameter("VALUE") != "DURATION" or not _DURATION.fullmatch(refresh.value):
            broken.add("I14")
    if any(not _DURATION.fullmatch(p.value) for p in calendar.every("X-PUBLISHED-TTL")):
        broken.add("I14")
    if any(_zone(p.value) is None for p in calendar.every("X-WR-TIMEZONE")):
        broken.add("I15")
    for holder in (calendar, *calendar.parts("VEVENT")):
        if any(not re.fullmatch("[a-z]+", p.value) for p in holder.every("COLOR")):
            broken.add("I16")
        _check_links(holder, broken)
    if not calendar.children:
        broken.add("I17")


def _check_links(holder: _Component, broken: set[str]) -> None:
    told = _plain(holder.value("DESCRIPTION") or "") + " " + _plain(holder.value("LOCATION") or "")
    for link in holder.every("CONFERENCE"):
        if (
            link.parameter("VALUE") != "URI"
            or not re.fullmatch(r"[a-z][a-z0-9+.-]*:[!-~]+", link.value)
            or unquote(link.value.split("://")[-1]).split("/")[-1] not in unquote(told)
        ):
            broken.add("I18")
    for image in holder.every("IMAGE"):
        kind = image.parameter("VALUE")
        if kind == "BINARY" and image.parameter("ENCODING") == "BASE64":
            continue
        if kind != "URI" or not re.fullmatch(r"[a-z][a-z0-9+.-]*:[!-~]+", image.value):
            broken.add("I18")


def _check_texts(component: _Component, broken: set[str]) -> None:
    for found in component.properties:
        if found.name not in _TEXTS:
            continue
        rest = re.sub(r"\\[\\;,n]", "", found.value)
        if "\\" in rest or ";" in rest or ("," in rest and found.name != "CATEGORIES"):
            broken.add("I31")
        if found.name in ("SUMMARY", "DESCRIPTION", "LOCATION") and _MARKUP.search(_plain(found.value)):
            broken.add("I32")
        if re.search(r"\\\\[,;n]", found.value):
            broken.add("I32")
        if found.name == "CATEGORIES":
            items = re.sub(r"\\.", "x", found.value).split(",")
            if any(not item.strip() for item in items):
                broken.add("I33")
    for child in component.children:
        _check_texts(child, broken)


def _check_event(event: _Component, now: datetime, broken: set[str]) -> None:
    uids = [p.value for p in event.every("UID")]
    if len(uids) != 1 or not uids[0] or re.search(r"\s", uids[0]) or len(uids[0].encode()) > 255:
        broken.add("I20")
    stamps = [p.value for p in event.every("DTSTAMP")]
    stamp = _utc(stamps[0]) if len(stamps) == 1 else None
    if stamp is None or stamp > now + timedelta(seconds=1):
        broken.add("I23")
    _check_times(event, broken)
    sequence = event.value("SEQUENCE") or ""
    if not re.fullmatch("[0-9]+", sequence) or int(sequence) >= 2**31:
        broken.add("I26")
    modified, created = _utc(event.value("LAST-MODIFIED") or ""), _utc(event.value("CREATED") or "")
    if modified is None or (created is not None and modified < created):
        broken.add("I27")
    if event.value("STATUS") not in ("TENTATIVE", "CONFIRMED", "CANCELLED"):
        broken.add("I29")
    if not _plain(event.value("SUMMARY") or "").strip():
        broken.add("I30")
    for geo in event.every("GEO"):
        pair = re.fullmatch(r"(-?\d+(?:\.\d+)?);(-?\d+(?:\.\d+)?)", geo.value)
        if pair is None or abs(float(pair[1])) > 90 or abs(float(pair[2])) > 180:
            broken.add("I34")
    for url in event.every("URL"):
        parts = urlsplit(url.value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or not re.fullmatch("[!-~]+", url.value)
            or re.search(r'[\\<>"{}|^`]', url.value)
        ):
            broken.add("I35")
    if any(len(event.every(name)) > 1 for name in _ONCE):
        broken.add("I36")
    for name, allowed in _KNOWN.items():
        if any(p.value not in allowed for p in event.every(name)):
            broken.add("I37")
    for rule in event.every("RRULE"):
        keys = dict(part.split("=", 1) for part in rule.value.split(";") if "=" in part)
        whole_days = event.every("DTSTART")[0].parameter("VALUE") == "DATE" if event.every("DTSTART") else False
        until = keys.get("UNTIL")
        if (
            ("FREQ" not in keys or keys["FREQ"] in ("SECONDLY", "MINUTELY") or ("COUNT" in keys) == (until is not None))
            or until
            and not re.fullmatch(r"\d{8}" if whole_days else r"\d{8}T\d{6}Z", until)
        ):
            broken.add("I39")
    for alarm in event.parts("VALARM"):
        _check_alarm(alarm, broken)


def _check_alarm(alarm: _Component, broken: set[str]) -> None:
    action = alarm.value("ACTION")
    needed = {"DISPLAY": ["DESCRIPTION"], "EMAIL": ["SUMMARY", "DESCRIPTION", "ATTENDEE"]}.get(action or "", [])
    if not action or any(not alarm.every(name) for name in ("TRIGGER", *needed)):
        broken.add("I67")
    if bool(alarm.every("DURATION")) != bool(alarm.every("REPEAT")):
        broken.add("I67")


def _check_times(event: _Component, broken: set[str]) -> None:
    starts, ends, spans = event.every("DTSTART"), event.every("DTEND"), event.every("DURATION")
    if len(starts) != 1 or len(ends) + len(spans) != 1:
        broken.add("I24")
        return
    if spans and not _DURATION.fullmatch(spans[0].value):
        broken.add("I24")
    for found in (*starts, *ends):
        if found.parameter("VALUE") == "DATE":
            if not re.fullmatch(r"\d{8}", found.value):
                broken.add("I24")
        elif not re.fullmatch(r"\d{8}T\d{6}Z?", found.value):
            broken.add("I24")
            return
        elif not found.value.endswith("Z") and not found.parameter("TZID"):
            broken.add("I25")
    if ends:
        if starts[0].parameter("VALUE") != ends[0].parameter("VALUE"):
            broken.add("I24")
            return
        start, end = _instant(starts[0]), _instant(ends[0])
        if start is not None and end is not None and end <= start:
            broken.add("I24")


def _moment(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 (wall clock times are naive)
    except ValueError:
        return None


def _utc(value: str) -> datetime | None:
    moment = _moment(value[:-1]) if value.endswith("Z") else None
    return None if moment is None else moment.replace(tzinfo=UTC)


def _instant(found: _Property) -> datetime | None:
    if found.parameter("VALUE") == "DATE":
        return _utc(found.value + "T000000Z")
    if found.value.endswith("Z"):
        return _utc(found.value)
    zone, moment = _zone(found.parameter("TZID")), _moment(found.value)
    return None if zone is None or moment is None else moment.replace(tzinfo=zone).astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if re.fullmatch(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", name) else None
    except (KeyError, ValueError, OSError):
        return None


# --- time zones --------------------------------------------------------------------------------------------


def _check_zones(calendar: _Component, now: datetime, broken: set[str]) -> None:
    used: dict[str, list[datetime]] = {}
    for event in calendar.parts("VEVENT"):
        for found in event.properties:
            if "TZID" not in found.parameters:
                continue
            moment = _moment(found.value)
            if found.value.endswith("Z") or found.parameter("VALUE") == "DATE" or moment is None:
                broken.add("I50")
            else:
                used.setdefault(found.parameter("TZID"), []).append(moment)
    defined = [zone.value("TZID") or "" for zone in calendar.parts("VTIMEZONE")]
    if set(used) - set(defined):
        broken.add("I50")
    kinds = [child.name for child in calendar.children]
    unused = set(defined) - set(used)
    if len(defined) != len(set(defined)) or (unused and "VEVENT" in kinds):
        broken.add("I56")
    if "VEVENT" in kinds and "VTIMEZONE" in kinds[kinds.index("VEVENT") :]:
        broken.add("I56")
    for name in {*used, *defined}:
        zone = _zone(name)
        if zone is None or "/" not in name:
            broken.add("I51")
            continue
        for moment in used.get(name, []):
            local = moment.replace(tzinfo=zone)
            again = local.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
            if again != moment or local.utcoffset() != local.replace(fold=1).utcoffset():
                broken.add("I57")
    for component in calendar.parts("VTIMEZONE"):
        _check_zone(component, used.get(component.value("TZID") or "", []), now, broken)


def _check_zone(component: _Component, moments: list[datetime], now: datetime, broken: set[str]) -> None:
    name = component.value("TZID") or ""
    if any(p.value != name for p in component.every("X-LIC-LOCATION")):
        broken.add("I58")
    observances = component.parts("STANDARD", "DAYLIGHT")
    kinds = sorted(part.name for part in observances)
    if kinds not in (["STANDARD"], ["DAYLIGHT", "STANDARD"]) or any(part.every("RDATE") for part in observances):
        broken.add("I55")
    first_year = min([now.year - 2, *(moment.year for moment in moments)])
    last_year = max([now.year + 8, *(moment.year for moment in moments)])
    onsets: list[tuple[datetime, timedelta]] = []
    walls: list[datetime] = []
    for part in observances:
        start = _moment(part.value("DTSTART") or "")
        before, after = _offset(part.value("TZOFFSETFROM")), _offset(part.value("TZOFFSETTO"))
        if start is None or before is None or after is None or any(p.parameters for p in part.every("DTSTART")):
            broken.add("I52")
            return
        walls.append(start)
        local = [start]
        for rule in part.every("RRULE"):
            until = re.search("UNTIL=([^;]*)", rule.value)
            if until and _utc(until[1]) is None:
                broken.add("I52")
            local = _expand(start, rule.value, last_year)
        onsets += [((moment - before).replace(tzinfo=UTC), after) for moment in local]
    if not observances:
        broken.add("I52")
        return
    if any(moment < min(walls) for moment in moments):
        broken.add("I54")
    onsets.sort()
    years = {moment.year for moment in moments}
    zone = _zone(name)
    if zone is None:
        return
    for instant in _instants_to_compare(name, first_year, last_year):
        told = [after for at, after in onsets if at <= instant]
        asked = instant.year >= now.year - 2 or instant.year in years
        if asked and (not told or told[-1] != instant.astimezone(zone).utcoffset()):
            broken.add("I53")
            return


def _offset(value: str | None) -> timedelta | None:
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)(\d\d)?", value or "")
    if found is None or value == "-0000":
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    return -size if found[1] == "-" else size


def _expand(start: datetime, rule: str, last_year: int) -> list[datetime]:
    keys = dict(part.split("=", 1) for part in rule.split(";"))
    place = re.fullmatch(r"(-?\d)([A-Z]{2})", keys.get("BYDAY", ""))
    if keys.get("FREQ") != "YEARLY" or place is None:
        return []
    until = _utc(keys["UNTIL"]) if "UNTIL" in keys else None
    found = []
    for year in range(start.year, last_year + 2):
        month = int(keys["BYMONTH"])
        days = [
            day
            for day in range(1, monthrange(year, month)[1] + 1)
            if _DAYS[datetime(year, month, day, tzinfo=UTC).weekday()] == place[2]
        ]
        which = int(place[1])
        day = days[which] if which < 0 else days[which - 1]
        moment = start.replace(year=year, month=month, day=day)
        if moment >= start and (until is None or moment.replace(tzinfo=UTC) <= until):
            found.append(moment)
    return found


@cache
def _instants_to_compare(name: str, first_year: int, last_year: int) -> tuple[datetime, ...]:
    """Give moments up to two hours around every change of the zone's offset, and the middle of each month."""
    zone = ZoneInfo(name)
    found = []
    day = datetime(first_year, 1, 1, tzinfo=UTC)
    while day.year <= last_year:
        tomorrow = day + timedelta(days=1)
        if day.day == 15:
            found.append(day)
        if day.astimezone(zone).utcoffset() != tomorrow.astimezone(zone).utcoffset():
            minute = day
            while minute.astimezone(zone).utcoffset() == day.astimezone(zone).utcoffset():
                minute += timedelta(minutes=1)
            around = (-120, -60, -1, 0, 1, 60, 120)
            found += [minute + timedelta(minutes=minutes) for minutes in around]
        day = tomorrow
    return tuple(found)


# --- feeds, invites, versions ------------------------------------------------------------------------------


def _check_feed_only(calendar: _Component, broken: set[str]) -> None:
    if any(p.value != "PUBLISH" for p in calendar.every("METHOD")):
        broken.add("I12")
    names = [calendar.value("NAME"), calendar.value("X-WR-CALNAME")]
    if not names[0] or names[0] != names[1]:
        broken.add("I13")
    hints = [calendar.value("REFRESH-INTERVAL"), calendar.value("X-PUBLISHED-TTL")]
    if not hints[0] or hints[0] != hints[1]:
        broken.add("I14")
    for event in calendar.parts("VEVENT"):
        if event.every("ATTENDEE") or (calendar.value("METHOD") == "PUBLISH" and not event.every("ORGANIZER")):
            broken.add("I66")
        if event.parts("VALARM"):
            broken.add("I68")


def _check_invite_only(calendar: _Component, recipient: str | None, broken: set[str]) -> None:
    method = calendar.value("METHOD")
    if method not in ("REQUEST", "CANCEL"):
        broken.add("I12")
    events = calendar.parts("VEVENT")
    if len({event.value("UID") for event in events}) != 1:
        broken.add("I60")
    for event in events:
        guests = [_mailbox(p) for p in event.every("ATTENDEE")]
        hosts = [_mailbox(p) for p in event.every("ORGANIZER")]
        if len(hosts) != 1 or hosts[0] is None or hosts[0] in guests:
            broken.add("I61")
        if len(guests) != 1 or guests[0] is None or (recipient and guests[0] != recipient.casefold()):
            broken.add("I62")
        for guest in event.every("ATTENDEE"):
            _check_guest(guest, method, broken)
        cancelled = event.value("STATUS") == "CANCELLED"
        if method == "CANCEL" and not cancelled:
            broken.add("I63")
        if method == "REQUEST" and cancelled:
            broken.add("I64")
        if method == "CANCEL" and event.parts("VALARM"):
            broken.add("I65")


def _check_guest(guest: _Property, method: str | None, broken: set[str]) -> None:
    allowed = {
        "PARTSTAT": ("NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"),
        "ROLE": ("CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"),
        "RSVP": ("TRUE", "FALSE", ""),
    }
    if any(guest.parameter(name) not in values for name, values in allowed.items()):
        broken.add("I62")
    if method == "REQUEST" and (guest.parameter("RSVP"), guest.parameter("PARTSTAT")) != (
        "TRUE",
        "NEEDS-ACTION",
    ):
        broken.add("I62")


def _mailbox(found: _Property) -> str | None:
    address = unquote(found.value[7:]) if found.value[:7].lower() == "mailto:" else ""
    return address.casefold() if re.fullmatch(r"[^\s@]+@[^\s@]+", address) else None


def _events_by_uid(data: bytes) -> dict[str, _Component]:
    calendar = _read(data)[1]
    events = [] if calendar is None else calendar.parts("VEVENT")
    for event in events:
        event.properties.append(_Property("X-METHOD", {}, (calendar and calendar.value("METHOD")) or ""))
    return {event.value("UID") or "": event for event in events}


def _check_change(old: _Component, new: _Component, broken: set[str]) -> None:
    def shown(event: _Component, *names: str) -> list[str | None]:
        return [event.value(name) for name in names]

    def when(event: _Component) -> list[datetime | None]:
        return [_instant(p) for name in ("DTSTART", "DTEND") for p in event.every(name)]

    falls = int(new.value("SEQUENCE") or 0) - int(old.value("SEQUENCE") or 0)
    weighty = when(old) != when(new) or shown(old, "LOCATION", "STATUS") != shown(new, "LOCATION", "STATUS")
    if falls < 0 or (weighty and falls == 0):
        broken.add("I91")
    if new.value("X-METHOD") == "CANCEL" and old.value("X-METHOD") == "REQUEST" and falls <= 0:
        broken.add("I63")
    quiet = ("LAST-MODIFIED", "DTSTAMP")
    edited = [(p.name, p.value) for p in old.properties if p.name not in quiet] != [
        (p.name, p.value) for p in new.properties if p.name not in quiet
    ]
    before, after = _utc(old.value("LAST-MODIFIED") or ""), _utc(new.value("LAST-MODIFIED") or "")
    mailed = new.value("X-METHOD") != ""
    if before and after and not mailed and ((edited and after <= before) or (not edited and after != before)):
        broken.add("I92")
    if old.value("CREATED") != new.value("CREATED"):
        broken.add("I92")
    if not edited and not mailed and old.value("DTSTAMP") != new.value("DTSTAMP"):
        broken.add("I93")
    if shown(old, "ORGANIZER") != shown(new, "ORGANIZER"):
        broken.add("I63" if new.value("X-METHOD") == "CANCEL" else "I94")
