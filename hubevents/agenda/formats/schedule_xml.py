"""frab, pentabarf, pretalx, wafer and FOSDEM `schedule.xml` -> `RawSchedule`."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from hubevents.agenda.formats.raw import RawDay, RawPerson, RawSchedule, RawSession
from hubevents.agenda.formats.rows import Place, ScheduleError

MAX_DEPTH = 64
MAX_ELEMENTS = 1_000_000

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DECLARATION = re.compile(r"<\?xml\b[^<>]*\?>")
_KEPT = re.compile(r"<!\[CDATA\[|<!--")
_AMPERSAND = re.compile(r"&(?P<entity>#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)?")
_XML_ENTITIES = {"amp;", "lt;", "gt;", "quot;", "apos;"}
_FOLDERS = {"schedule", "conference", "days", "rooms", "events", "day", "room"}
_RICH = {"abstract", "description", "biography"}
_PERSON_LISTS = {"persons", "speakers"}


def read(text: str) -> RawSchedule:
    """Sort the document into its places; a broken document is mended once (stray `&`, control characters)."""
    schedule = RawSchedule()
    try:
        root = _parsed(text)
    except ParseError as fault:
        try:
            root = _parsed(_mended(text))
        except ParseError:
            line, column = fault.position
            raise ScheduleError("broken_xml", line=line, column=column + 1) from None
        schedule.warn("text_repaired", Place())
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2].lower()
    if root.tag != "schedule":
        found = root.find("schedule")
        if found is None:
            raise ScheduleError("other_format", found=f"<{root.tag[:40]}>")
        root = found
    _walk(root, schedule, None, "")
    return schedule


class _Bounded(TreeBuilder):
    """A tree of bounded depth and size: memory is no attacker's to spend."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise ScheduleError("too_deep")
        if self._elements > MAX_ELEMENTS:
            raise ScheduleError("too_many_elements", limit=MAX_ELEMENTS)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _parsed(text: str) -> Element:
    parser = XMLParser(target=_Bounded(), forbid_dtd=False)
    try:
        parser.feed(text)
        root = parser.close()
    except DefusedXmlException:
        raise ScheduleError("unsafe_xml") from None
    if not isinstance(root, Element):
        raise ScheduleError("unknown_format")
    return root


def _mended(text: str) -> str:
    """The text without control characters and XML declaration, every `&` outside CDATA made valid."""
    text = _DECLARATION.sub("", _CONTROLS.sub("", text), count=1)
    mended: list[str] = []
    at = 0
    for found in _KEPT.finditer(text):
        if found.start() < at:
            continue
        end = text.find("]]>" if found[0].endswith("[") else "-->", found.end())
        if end < 0:
            break
        mended += (_AMPERSAND.sub(_mend_entity, text[at : found.start()]), text[found.start() : end])
        at = end
    mended.append(_AMPERSAND.sub(_mend_entity, text[at:]))
    return "".join(mended)


def _mend_entity(match: re.Match[str]) -> str:
    entity = match["entity"]
    if entity is None:
        return "&amp;"
    if entity in _XML_ENTITIES:
        return f"&{entity}"
    meant = html.unescape(f"&{entity}")
    if meant == f"&{entity}":
        return f"&amp;{entity}"
    return html.escape(_CONTROLS.sub("", meant))


def _walk(parent: Element, schedule: RawSchedule, day: int | None, room: str) -> None:
    for child in parent:
        if child.tag == "event":
            schedule.add_session(_session(child, day, room))
        elif child.tag == "day":
            _walk(child, schedule, schedule.add_day(_day(child)), "")
        elif child.tag == "room":
            name = child.get("name") or child.get("title") or ""
            schedule.add_room(name, child.get("guid", ""), child.get("capacity", ""))
            _walk(child, schedule, day, name)
        elif child.tag == "conference":
            _conference(child, schedule)
            _walk(child, schedule, day, room)
        elif child.tag == "tracks":
            for track in child:
                _track(track, schedule)
        elif child.tag in ("base_url", "title", "acronym", "time_zone_name"):
            schedule.conference.setdefault(child.tag, _plain(child))
        elif child.tag in _FOLDERS:
            _walk(child, schedule, day, room)


def _day(element: Element) -> RawDay:
    return RawDay(
        index=element.get("index", ""),
        on=element.get("date", ""),
        start=element.get("start") or element.get("day_start") or "",
        end=element.get("end") or element.get("day_end") or "",
    )


def _conference(element: Element, schedule: RawSchedule) -> None:
    for child in element:
        if child.tag == "track":
            _track(child, schedule)
        elif child.tag not in _FOLDERS:
            schedule.conference[child.tag] = _plain(child)


def _track(element: Element, schedule: RawSchedule) -> None:
    schedule.add_track(element.get("name") or _plain(element), element.get("color", ""))


def _plain(element: Element) -> str:
    return "".join(element.itertext())


def _rich(element: Element) -> str:
    """Text, or the markup of a file that wrote its HTML unescaped."""
    if len(element) == 0:
        return element.text or ""
    inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in element)
    return html.escape(element.text or "", quote=False) + inner


def _session(element: Element, day: int | None, room: str) -> RawSession:
    fields = {name.rpartition("}")[2].lower(): value for name, value in element.attrib.items()}
    persons: list[RawPerson] = []
    for child in element:
        if child.tag in _PERSON_LISTS:
            persons.extend(_person(person) for person in child)
        elif child.tag in ("person", "speaker"):
            persons.append(_person(child))
        elif not fields.get(child.tag):
            fields[child.tag] = _rich(child) if child.tag in _RICH else _plain(child)
    return RawSession(day, room, fields, persons)


def _person(element: Element) -> RawPerson:
    children = {child.tag: child for child in element}
    names = (_plain(children[tag]) for tag in ("public_name", "full_public_name", "name") if tag in children)
    return RawPerson(
        name=next(names, "") or element.get("name") or _plain(element),
        guid=element.get("guid", ""),
        source_id=element.get("id") or element.get("code") or "",
        biography=_rich(children["biography"]) if "biography" in children else element.get("biography", ""),
    )
