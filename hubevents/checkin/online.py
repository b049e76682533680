"""Join and leave logs of online meetings, read liberally as the meeting tools write them; pure.

Microsoft Teams (its report in sections, or the flat older one with "Joined" and "Left"), Zoom, Google Meet, Webex,
BigBlueButton and any table with name, joined and left; English or Bulgarian heads; UTF-8, UTF-16 or Windows-1251;
tabs, commas or semicolons. A row that cannot be understood is a `Problem` with its line, and the others are taken.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from hubevents.core import text
from hubevents.core.errors import Invalid
from hubevents.events.rules import instant, is_shown_twice

MAX_BYTES = 5 * 2**20
MOST_ROWS = 5_000
MOST_LINES = 20_000
"""Lines of a file that are looked at: a report has a summary and a list of people before its rows."""
LONGEST_STAY = timedelta(hours=24)
SHOWN = 80
"""Characters of a cell that a problem repeats."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stay in a meeting; `left_at` is None when the log does not say."""

    line: int
    name: str
    email: str
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was left out: a code of `web/messages.py`, and what stood there."""

    line: int
    code: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """What a file holds."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


# --- the file --------------------------------------------------------------------------------------------------------


def read(data: bytes, *, zone: str, day: date, days: Collection[date], now: datetime) -> Log:
    """The rows of a file.

    `zone` is that of its times unless they say another; `day` that of times without a date; `days` are those on which
    the event is on: they decide whether 10/11 is October or November, and rows of other days are left out. Raises
    Invalid: `empty_file`, `file_too_large`, `log_workbook`, `log_unknown`, `log_without_times`, `log_too_long`.
    """
    if len(data) > MAX_BYTES:
        raise Invalid("file_too_large", limit=MAX_BYTES // 2**20)
    if data[:4] == b"PK\x03\x04" or data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Invalid("log_workbook")
    said = _decoded(data)
    if not said.strip():
        raise Invalid("empty_file")
    tables = _best(_readings(said))
    cells = [cell for table in tables for line in table.lines for cell in table.times(line)]
    clock = _Clock(zone, day, frozenset(days), now, _days_first(cells, days))
    rows: list[Row] = []
    problems: list[Problem] = []
    for table in tables:
        for made in table.rows(clock):
            (rows if isinstance(made, Row) else problems).append(made)  # type: ignore[arg-type]
            if len(rows) + len(problems) > MOST_ROWS:
                raise Invalid("log_too_long", limit=MOST_ROWS)
    return Log(tuple(rows), tuple(problems))


def _decoded(data: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace").replace("\0", "")
    if data[1:200:2].count(0) > len(data[1:200:2]) // 2:
        return data.decode("utf-16-le", "replace").replace("\0", "")
    if data[0:200:2].count(0) > len(data[0:200:2]) // 2:
        return data.decode("utf-16-be", "replace").replace("\0", "")
    try:
        said = data.decode("utf-8")
    except UnicodeDecodeError:
        said = data.decode("cp1251", "replace")
    return said.replace("\0", "")


_Line = tuple[int, list[str]]
"""Its number and its cells."""


def _readings(said: str) -> Iterable[list["_Table"]]:
    """What each delimiter makes of a file; none after one that clearly is the right one."""
    for delimiter in ("\t", ",", ";", "|"):
        if delimiter in said:
            tables = _tables(_lines(said, delimiter))
            yield tables
            if any(len(table.columns) > 2 for table in tables):
                return


def _lines(said: str, delimiter: str) -> list[_Line]:
    """The lines of a table; a quote that is never closed must not swallow what follows."""
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        reader = csv.reader(io.StringIO(said, newline=""), delimiter=delimiter, quoting=quoting)
        lines: list[_Line] = []
        before = 0
        try:
            for cells in reader:
                number, before = before + 1, reader.line_num
                if any(delimiter in cell and ("\n" in cell or "\r" in cell) for cell in cells):
                    break
                if len(lines) >= MOST_LINES:
                    raise Invalid("log_too_long", limit=MOST_ROWS)
                lines.append((number, [_cell(cell) for cell in cells]))
            else:
                return lines
        except csv.Error:
            continue
    return []


def _cell(said: str) -> str:
    """A cell without the quotes and the formula that keep a spreadsheet from reading it as something else."""
    found = _FORMULA.fullmatch(said) if said.startswith("=") else None
    return (found[1] if found else said)[:2000].strip("\"' \t\r\n\ufeff")


_FORMULA = re.compile(r'=\s*"+(.*?)"+', re.DOTALL)


# --- columns ---------------------------------------------------------------------------------------------------------


def _head_key(head: str) -> str:
    """A column's head for comparison: without case, alphabet, marks and what stands in brackets."""
    return " ".join(re.findall(r"[a-z0-9]+", text.search_key(re.sub(r"[(\[].*?[)\]]", " ", head[:200]))))


_HEADS: dict[str, tuple[str, ...]] = {
    "name": (
        "Display name", "Full name", "Participant", "Participant name", "Attendee",
        "Attendee name", "Name", "User name", "Username", "User", "Nickname",
        "Име и фамилия", "Имена", "Три имена", "Пълно име", "Показвано име", "Участник", "Име на участника", "Име",
        "Потребител", "Потребителско име",
    ),
    "first": ("First name", "Given name", "Собствено име", "Лично име"),
    "last": ("Last name", "Surname", "Family name", "Фамилия", "Фамилно име"),
    "email": (
        "Email", "E-mail", "Mail", "Email address", "E-mail address", "User email", "Attendee email",
        "Participant email", "Participant ID (UPN)", "UPN", "Имейл", "Имейл адрес", "Електронна поща", "Ел. поща",
        "Е-поща", "ИД на участника", "Поща",
    ),
    "join": (
        "Join time", "Joined", "Joined at", "Time joined", "Join", "Join date", "Join timestamp", "Entered",
        "Entry time", "Enter time", "Time in", "In", "Start", "Присъединяване", "Време на присъединяване",
        "Час на присъединяване", "Присъединен", "Присъединил се", "Присъедини се", "Влизане", "Час на влизане",
        "Влязъл", "Влязла", "Вход", "Начало", "От",
    ),
    "first join": (
        "First join", "First join time", "First joined", "First seen", "Първо присъединяване", "Първо влизане",
    ),
    "leave": (
        "Leave time", "Left", "Left at", "Time left", "Leave", "Leave date", "Leave timestamp", "Time exited", "Exited",
        "Exit time", "Exit", "Time out", "Out", "End", "Last leave", "Last leave time", "Last seen", "Напускане",
        "Време на напускане", "Час на напускане", "Напуснал", "Напусна", "Последно напускане", "Излизане",
        "Час на излизане", "Излязъл", "Излязла", "Изход", "Край", "До",
    ),
    "duration": (
        "Duration", "Total duration", "Attendance duration", "In-meeting duration", "Meeting duration",
        "Time in meeting", "Time in session", "Time in call", "Online", "Minutes", "Продължителност",
        "Продължителност в събранието", "Продължителност на присъствието", "Времетраене", "Минути",
    ),
    "action": ("User action", "Action", "Event", "Activity", "Действие", "Действие на потребителя", "Действия"),
    "at": (
        "Timestamp", "Time", "UTC event timestamp", "Date and time", "Време", "Час", "Дата и час", "Клеймо за време",
    ),
    "date": ("Date", "Day", "Meeting date", "Дата", "Ден"),
}  # fmt: skip
_ROLES: dict[str, tuple[str, int]] = {
    _head_key(head): (role, rank)
    for role, heads in _HEADS.items()
    for rank, head in enumerate(heads)
}
"""What a column is by its head, and how much better known heads of the same sort come first."""
_SECTION = re.compile(r"\d{1,2}\.\s+\D.*")
"""The title of a section of a Teams report."""


_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "null", "none"})


@dataclass
class _Table:
    """A head that was understood, and the lines under it."""

    columns: dict[str, tuple[int, ...]]
    heads: list[str]
    lines: list[_Line] = field(default_factory=list)

    @property
    def is_detailed(self) -> bool:
        """Whether each stay has a line of its own, not each person."""
        return "join" in self.columns or self.is_paired

    @property
    def is_paired(self) -> bool:
        """Whether joining and leaving stand on lines of their own."""
        return {"action", "at"} <= self.columns.keys() and "join" not in self.columns

    def get(self, line: _Line, role: str) -> str:
        """The first filled cell of a role in a line."""
        cells = line[1]
        found = (cells[at] for at in self.columns.get(role, ()) if at < len(cells))
        return next((cell for cell in found if cell.casefold() not in _NOTHING), "")

    def times(self, line: _Line) -> list[str]:
        """The cells of a line that hold times or dates."""
        return [cell for role in ("join", "first join", "leave", "at", "date") if (cell := self.get(line, role))]

    def rows(self, clock: "_Clock") -> Iterable[Row | Problem]:
        """The stays of the table, or what is wrong with them."""
        clock = clock.of(self.heads[at] for role in ("join", "first join", "at") for at in self.columns.get(role, ()))
        if self.is_paired:
            yield from self._paired(clock)
            return
        for line in self.lines:
            yield self._row(line, clock)

    def _who(self, line: _Line) -> tuple[str, str]:
        name = self.get(line, "name") or f"{self.get(line, 'first')} {self.get(line, 'last')}".strip()
        cells = line[1]
        mail = next((cells[at] for at in self.columns.get("email", ()) if at < len(cells) and "@" in cells[at]), "")
        return text.clean(name)[:160], text.normalise_email(mail) if " " not in mail and len(mail) < 255 else ""

    def _row(self, line: _Line, clock: "_Clock") -> Row | Problem:
        number = line[0]
        name, email = self._who(line)
        if not name and not email:
            return Problem(number, "log_nobody")
        joined = self.get(line, "join") or self.get(line, "first join")
        if not joined:
            return Problem(number, "log_time_missing")
        joined_at = clock.read(joined, self.get(line, "date"))
        if joined_at is None:
            return _unreadable(number, joined)
        left = self.get(line, "leave")
        left_at = clock.read(left, self.get(line, "date"), after=joined_at) if left else None
        if left and left_at is None:
            return _unreadable(number, left)
        lasted = self._lasted(line)
        # Of a person's first joining and last leaving only the time between is told that they were away.
        if lasted is not None and (left_at is None or not self.is_detailed):
            left_at = min(joined_at + lasted, left_at or joined_at + lasted)
        return clock.checked(Row(number, name, email, joined_at, left_at))

    def _lasted(self, line: _Line) -> timedelta | None:
        at = next(iter(self.columns.get("duration", ())), None)
        return duration(self.get(line, "duration"), self.heads[at]) if at is not None else None

    def _paired(self, clock: "_Clock") -> Iterable[Row | Problem]:
        """Stays out of "Joined" and "Left" on lines of their own."""
        moves: list[tuple[datetime, int, tuple[str, str], bool]] = []
        for line in self.lines:
            who, said = self._who(line), self.get(line, "at")
            at = clock.read(said, self.get(line, "date"))
            if not any(who):
                yield Problem(line[0], "log_nobody")
            elif at is None:
                yield _unreadable(line[0], said)
            else:
                moves.append((at, line[0], who, bool(_LEFT.search(_head_key(self.get(line, "action"))))))
        joined: dict[tuple[str, str], list[tuple[int, datetime]]] = defaultdict(list)
        last: dict[tuple[str, str], datetime] = {}
        for at, number, who, leaves in sorted(moves):
            if not leaves:
                joined[who].append((number, at))
            elif joined[who]:
                since, joined_at = joined[who].pop(0)
                last[who] = at
                yield clock.checked(Row(since, *who, joined_at, at))
            else:
                yield Problem(number, "log_left_without_joining")
        for who, still in joined.items():
            for number, joined_at in still:
                # Of two joinings before one leaving, a device dropped out unseen.
                if who not in last or joined_at > last[who]:
                    yield clock.checked(Row(number, *who, joined_at, None))


def _unreadable(line: int, said: str) -> Problem:
    return Problem(line, "log_time_unreadable", text.clean(said)[:SHOWN])


_LEFT = re.compile(r"\b(left|leave|leaves|exit|exited|out|napusn|napusna|napusnal|izlyazal|izlyazla|izhod)")


def _columns(cells: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """What each column of a line would be if it were a head: the places of each role, the best first."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, cell in enumerate(cells[:60]):
        role, rank = _role(cell) if 0 < len(cell) < 80 and "@" not in cell else ("", 0)
        if role:
            found[role].append((rank, at))
    if "last" in found and "first" not in found and found.get("name"):
        found["first"] = found.pop("name")  # „Име“ beside „Фамилия“
    name = min(found["name"])[1] if found.get("name") else 0
    columns = {role: tuple(at for _rank, at in sorted(places)) for role, places in found.items()}
    if "email" in columns:
        # A Zoom report names the host too: the address beside the name is the participant's.
        columns["email"] = tuple(sorted(columns["email"], key=lambda at: abs(at - name)))
    return columns


@lru_cache(maxsize=8192)
def _role(head: str) -> tuple[str, int]:
    """What a column is by its head, and how well known that head is; no role for other cells."""
    return _ROLES.get(_head_key(head), ("", 0))


def _tables(lines: Sequence[_Line]) -> list[_Table]:
    """The tables of a file, each from its head to the next head or section."""
    tables: list[_Table] = []
    current: _Table | None = None
    for line in lines:
        cells = line[1]
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        columns = _columns(cells) if len(filled) > 1 else {}
        if any(role in columns for role in ("name", "first", "email")) and (
            "join" in columns or "first join" in columns or {"action", "at"} <= columns.keys() or "duration" in columns
        ):
            current = _Table(columns, cells)
            tables.append(current)
        elif len(filled) == 1 and _SECTION.fullmatch(filled[0]):
            current = None
        elif current is not None:
            current.lines.append(line)
    return tables


def _best(readings: Iterable[list[_Table]]) -> list[_Table]:
    """The tables to take, of the reading whose heads are understood best: those with a line for each stay, if any."""
    tables = max(readings, key=lambda found: max((len(table.columns) for table in found), default=0), default=[])
    if not tables:
        raise Invalid("log_unknown")
    detailed = [table for table in tables if table.is_detailed]
    of_people = [table for table in tables if "first join" in table.columns]
    if not detailed and not of_people:
        raise Invalid("log_without_times")
    return detailed or of_people


# --- times -----------------------------------------------------------------------------------------------------------

_MONTHS = {
    word: number
    for number, words in enumerate(
        ("jan яну", "feb фев", "mar мар", "apr апр", "may май", "jun юни", "jul юли", "aug авг", "sep сеп", "oct окт",
         "nov ное", "dec дек"), 1,
    )
    for word in words.split()
}  # fmt: skip
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "wet": 0, "cet": 60, "west": 60, "cest": 120, "eet": 120, "eest": 180}
_ZONE = rf"(?:\s*\(?(?P<zone>{'|'.join(_ZONES)})?\s*(?P<offset>[+-]\d{{1,2}}(?::?\d\d)?)?\)?)"
_TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?\s*ч?\.?"
    r"\s*(?P<half>[ap]\.?\s?m\.?|пр\.?\s?об\.?|сл\.?\s?об\.?)?" + _ZONE
)
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?:[\s,tт]+{_TIME})?")
_FIGURES = re.compile(
    rf"(?P<one>\d\d?)(?P<mark>[/.-])(?P<two>\d\d?)(?P=mark)(?P<year>\d{{4}}|\d\d)(?:\s*г\.?)?(?:[\s,]+(?:в\s+)?{_TIME})?"
)
_MONTH = r"(?P<word>[a-zа-я]{3,9})\.?"
_DAY_WORD = re.compile(rf"(?P<day>\d\d?)\s+{_MONTH}\s+(?P<year>\d{{4}})(?:\s*г\.?)?(?:[\s,]+(?:at\s+|в\s+)?{_TIME})?")
_WORD_DAY = re.compile(rf"{_MONTH}\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})(?:[\s,]+(?:at\s+)?{_TIME})?")
_CLOCK = re.compile(_TIME)
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun|пон|вто|сря|чет|пет|съб|нед)[a-zа-я]*\.?,?\s+")


def _plain(said: str) -> str:
    """A time in lower case, with plain spaces."""
    return _WEEKDAY.sub("", " ".join(said.casefold().split()))


def _days_first(cells: Iterable[str], days: Collection[date]) -> bool:
    """Whether dates such as 10/11/2026 begin with the day.

    A number above 12 tells; else the reading that meets the days of the event more often; else whoever writes am and pm
    begins with the month.
    """
    first, second, halves = 0, 0, False
    for cell in cells:
        said = _plain(cell)
        halves = halves or bool(re.search(r"\d\s?[ap]\.?m", said))
        found = _FIGURES.match(said)
        if found is None or found["mark"] == ".":
            continue
        one, two, year = int(found["one"]), int(found["two"]), _year(found["year"])
        first += (_date(year, two, one) in days) + 1_000 * (one > 12)
        second += (_date(year, one, two) in days) + 1_000 * (two > 12)
    return not halves if first == second else first > second


def _year(said: str) -> int:
    return int(said) + (2000 if len(said) == 2 else 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True)
class _Clock:
    """Reads the times of a file."""

    zone: str
    day: date
    days: frozenset[date]
    now: datetime
    days_first: bool
    offset: timedelta | None = None
    """What the head of the column says its times are ahead of UTC."""

    def of(self, heads: Iterable[str]) -> "_Clock":
        """The clock of a table whose heads may name the zone: `Timestamp (UTC)`."""
        for head in heads:
            found = re.search(r"\b(utc|gmt)\s*([+-]\d{1,2}(?::?\d\d)?)?", head.casefold())
            if found:
                return replace(self, offset=_offset(found[1], found[2]))
        return self

    def read(self, said: str, on: str = "", after: datetime | None = None) -> datetime | None:
        """The moment of a cell, None when it cannot be told; `on` is the date beside a time that has none.

        `after` is the joining: a leaving without a date, or in the hour that autumn repeats, lies after it.
        """
        said = _plain(said)
        parts = self._parts(said)
        if parts is None or parts["hour"] is None:
            return None
        day = self._day(parts)
        if day is None and "year" not in parts:
            beside = self._parts(_plain(on)) if on else None
            day = self._day(beside) if beside is not None else self.day if not on else None
        at = _time(parts)
        if day is None or at is None:
            return None
        local = datetime.combine(day, at)
        moment = self._moment(local, parts)
        if moment is not None and after is not None and moment < after:
            if "year" not in parts and (later := self._moment(local + timedelta(days=1), parts)) is not None:
                return later if later - after <= LONGEST_STAY else moment
            if is_shown_twice(local, self.zone):
                return self._moment(local, parts, later=True)
        return moment

    def _parts(self, said: str) -> dict[str, str | None] | None:
        for pattern in (_YEAR_FIRST, _FIGURES, _DAY_WORD, _WORD_DAY, _CLOCK):
            found = pattern.fullmatch(said)
            if found:
                return found.groupdict()
        return None

    def _day(self, parts: Mapping[str, str | None]) -> date | None:
        year = parts.get("year")
        if year is None:
            return None
        if "one" in parts:
            one, two = int(parts["one"] or 0), int(parts["two"] or 0)
            days_first = self.days_first or parts.get("mark") == "."
            return _date(_year(year), two if days_first else one, one if days_first else two)
        month = parts.get("month")
        number = int(month) if month else _MONTHS.get((parts.get("word") or "")[:3], 0)
        return _date(_year(year), number, int(parts.get("day") or 0))

    def _moment(self, local: datetime, parts: Mapping[str, str | None], *, later: bool = False) -> datetime | None:
        offset = _offset(parts.get("zone"), parts.get("offset"))
        if offset is None:
            offset = self.offset
        try:
            if offset is not None:
                return local.replace(tzinfo=timezone(offset)).astimezone(UTC)
            return instant(local, self.zone, later=later)
        except (Invalid, ValueError, OverflowError):
            return None

    def checked(self, row: Row) -> Row | Problem:
        """A row that can be true, else what is wrong with it."""
        if row.left_at is not None and row.left_at < row.joined_at:
            return Problem(row.line, "log_left_first")
        if row.left_at is not None and row.left_at - row.joined_at > LONGEST_STAY:
            return Problem(row.line, "log_stay_too_long")
        if row.joined_at > self.now or (row.left_at is not None and row.left_at > self.now):
            return Problem(row.line, "attendance_in_future")
        on = row.joined_at.astimezone(ZoneInfo(self.zone)).date()
        if on not in self.days:
            return Problem(row.line, "log_other_day", on.isoformat())
        return row


def _offset(zone: str | None, offset: str | None) -> timedelta | None:
    if offset:
        digits = offset[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
        ahead = timedelta(hours=hours, minutes=minutes)
        return -ahead if offset[0] == "-" else ahead
    return timedelta(minutes=_ZONES[zone]) if zone else None


def _time(parts: Mapping[str, str | None]) -> time | None:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = re.sub(r"[.\s]", "", parts.get("half") or "")
    if half in ("pm", "слоб") and hour < 12:
        hour += 12
    elif half in ("am", "проб") and hour == 12:
        hour = 0
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


_LASTED = re.compile(
    r"(?:pt)?\s*(?:(?P<h>\d{1,3})\s*(?:h|hr|hrs|hour|hours|ч|час|часа|часове)\.?,?\s*)?"
    r"(?:(?P<m>\d{1,4})\s*(?:m|min|mins|minute|minutes|мин|минута|минути|м)\.?,?\s*)?"
    r"(?:(?P<s>\d{1,5})\s*(?:s|sec|secs|second|seconds|сек|секунда|секунди|с)\.?)?"
)
_COLONS = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?")


def duration(said: str, head: str = "") -> timedelta | None:
    """A length such as `1h 20m`, `80 min`, `1:20:00` or, in the unit that the head names (else minutes), `80`."""
    said = _plain(said)
    if not said:
        return None
    if re.fullmatch(r"\d{1,6}(?:[.,]\d{1,3})?", said):
        number = float(said.replace(",", "."))
        seconds = re.search(r"\(?(sec|сек)", head.casefold()) is not None
        return timedelta(seconds=round(number if seconds else number * 60))
    if found := _COLONS.fullmatch(said):
        return timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3] or 0))
    found = _LASTED.fullmatch(said)
    if found is None or not any(found.groups()):
        return None
    return timedelta(hours=int(found["h"] or 0), minutes=int(found["m"] or 0), seconds=int(found["s"] or 0))
