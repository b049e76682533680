"""From bytes to text, from text to the right reader."""

from __future__ import annotations

import codecs
import re
import zlib

from hubevents.agenda.formats import schedule_json, schedule_xml
from hubevents.agenda.formats.building import build
from hubevents.agenda.formats.rows import Place, Schedule, ScheduleError, ScheduleWarning

MAX_BYTES = 32 * 1024 * 1024

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]{1,40})\s*["']""")
# Encodings that a browser reads as their larger sisters (WHATWG), because the programs mean those.
_SISTERS = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gbk": "gb18030"}
_NO_ENCODINGS = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"}


def read_schedule(data: bytes, *, zone: str | None = None, keep_rest: bool = False) -> Schedule:
    """Read frab/pentabarf schedule.xml or c3voc schedule.json, plain or packed with gzip.

    `zone` (IANA name) is for files that give times but neither offset nor zone. Raises ScheduleError for a
    wrong format, and for sessions without title, start or duration, listing them all in `refusals`; with
    `keep_rest` those stand in `Schedule.refused` and the rest is read. Equal bytes give an equal result.
    """
    if not data.strip():
        raise ScheduleError("empty_file")
    if len(data) > MAX_BYTES:
        raise ScheduleError("file_too_large", limit=MAX_BYTES // 2**20)
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
    _refuse_other_formats(data)
    text, warnings = _decoded(data)
    text = text.lstrip("\ufeff \t\r\n\v\f\0")
    if text.startswith("<"):
        raw = schedule_xml.read(text)
    elif text.startswith(("{", "[")):
        raw = schedule_json.read(text)
    else:
        raise ScheduleError("unknown_format")
    raw.warnings[:0] = warnings
    return build(raw, zone=zone, keep_rest=keep_rest)


def _unpacked(data: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        plain = inflate.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        raise ScheduleError("broken_gzip") from None
    if len(plain) > MAX_BYTES:
        raise ScheduleError("file_too_large", limit=MAX_BYTES // 2**20)
    if not inflate.eof:
        raise ScheduleError("broken_gzip")
    return plain


def _refuse_other_formats(data: bytes) -> None:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"begin:vcalendar"):
        raise ScheduleError("other_format", found="iCalendar")
    if start.startswith(b"pk\x03\x04"):
        raise ScheduleError("other_format", found="ZIP/XLSX")
    if start.startswith(b"%pdf"):
        raise ScheduleError("other_format", found="PDF")
    if start.startswith((b"<!doctype html", b"<html")):
        raise ScheduleError("other_format", found="HTML")


def _decoded(data: bytes) -> tuple[str, list[ScheduleWarning]]:
    encoding = _encoding(data)
    try:
        return data.decode(encoding), []
    except UnicodeDecodeError:
        warning = ScheduleWarning("bytes_replaced", Place(), {"encoding": encoding})
        return data.decode(encoding, errors="replace"), [warning]


def _encoding(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    head = data[:4]
    if len(head) == 4 and head.count(0) >= 1:
        # without a mark, the zero bytes of the first ASCII characters tell the width (RFC 4627, section 3)
        zeros = tuple(byte == 0 for byte in head)
        widths = {
            (True, True, True, False): "utf-32-be",
            (True, False, True, False): "utf-16-be",
            (False, True, True, True): "utf-32-le",
            (False, True, False, True): "utf-16-le",
        }
        if zeros in widths:
            return widths[zeros]
    declared = _DECLARED.match(data[:1024])
    if declared is None:
        return "utf-8"
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name
    except LookupError:
        return "utf-8"
    if name.startswith(("utf-16", "utf-32")) or not _is_text(name):
        return "utf-8"  # the declaration was just read as single bytes, so it cannot be true
    return _SISTERS.get(name, name)


def _is_text(encoding: str) -> bool:
    """Whether the codec holds ASCII as single bytes; the library also has codecs that are no encodings."""
    if encoding in _NO_ENCODINGS:
        return False
    try:
        return b"<schedule/>".decode(encoding) == "<schedule/>"
    except (LookupError, ValueError):
        return False
