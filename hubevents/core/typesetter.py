"""Sets one paper with typst and ends: a process of its own, started by `core.typesetting` by this file's path.

A process because typst keeps 40 to 150 MB once it ran, which no server worker should hold for ever, and because a paper
of hostile values can then be stopped. It knows the standard library and typst alone. It reads one job as JSON from its
standard input (`typesetting.Job`) and writes the paper to its standard output; exit 1 with a line on standard error
when typst refuses.

Names come in any script, while PDF/A and PDF/UA refuse a character that no font can show. Such a symbol is left out and
such a letter becomes a box, before typst sees it.
"""

import json
import re
import struct
import sys
import unicodedata
from pathlib import Path
from typing import Any

import typst

BOX = "\u25a1"
STANDARDS: Any = ["a-2a", "ua-1"]
NO_PACKAGES = "no-packages"
"""A folder that does not exist: nothing is ever fetched from typst's package server."""

_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
_SPACES = re.compile(r"(?<=\S)  +")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\t\n")


def characters(font: bytes) -> set[int]:
    """The code points of a TrueType or OpenType font: its Unicode `cmap` subtables of format 4 and 12."""
    tables = {}
    for at in range(12, 12 + 16 * struct.unpack_from(">H", font, 4)[0], 16):
        tables[font[at : at + 4]] = struct.unpack_from(">I", font, at + 8)[0]
    start = tables[b"cmap"]
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        platform, _encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * number)
        if platform in (0, 3):
            found |= _subtable(font, start + offset)
    return found


def _subtable(font: bytes, at: int) -> set[int]:
    form = struct.unpack_from(">H", font, at)[0]
    found: set[int] = set()
    if form == 4:
        twice = struct.unpack_from(">H", font, at + 6)[0]
        ends = struct.unpack_from(f">{twice // 2}H", font, at + 14)
        starts = struct.unpack_from(f">{twice // 2}H", font, at + 16 + twice)
        for first, last in zip(starts, ends, strict=True):
            found.update(range(first, last + 1))
        found.discard(0xFFFF)
    elif form == 12:
        for group in range(struct.unpack_from(">I", font, at + 12)[0]):
            first, last, _glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
            found.update(range(first, last + 1))
    return found


def showable(value: Any, known: set[int]) -> Any:
    """The same value with every text reduced to what the fonts show."""
    if isinstance(value, str):
        if all(ord(char) in known or char in _INVISIBLE for char in value):
            return value
        return _SPACES.sub(" ", "".join(_shown(char, known) for char in value)).strip()
    if isinstance(value, list):
        return [showable(each, known) for each in value]
    if isinstance(value, dict):
        return {name: showable(each, known) for name, each in value.items()}
    return value


def _shown(char: str, known: set[int]) -> str:
    if ord(char) in known or char in _INVISIBLE:
        return char
    return BOX if unicodedata.category(char)[0] in "LNP" else ""


def compiled(job: dict[str, Any]) -> bytes:
    """The paper of a job."""
    files = [file for folder in job["fonts"] for file in sorted(Path(folder).glob("*.ttf"))]
    data = job["data"]
    if files:
        data = showable(data, set().union(*(characters(file.read_bytes()) for file in files)))
    compiler = typst.Compiler(
        input=job["source"],
        root=job["root"],
        # Without fonts of ours (assets were not made) those inside typst print what they can.
        font_paths=typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=not files, font_paths=list(job["fonts"]) if files else []
        ),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        package_path=NO_PACKAGES,
        package_cache_path=NO_PACKAGES,
    )
    if job["format"] != "pdf":
        made = compiler.compile(format=job["format"], ppi=job["ppi"])
    else:
        # Fonts inside typst show less than ours: then a paper that can be read is worth more than a conforming one.
        try:
            made = compiler.compile(format="pdf", timestamp=job["dated"], pdf_standards=STANDARDS)
        except typst.TypstError as error:
            if "could not be displayed" not in error.message:
                raise
            made = compiler.compile(format="pdf", timestamp=job["dated"])
    return made[0] if isinstance(made, list) else made or b""


def main() -> None:
    """Reads the job, writes the paper."""
    try:
        made = compiled(json.load(sys.stdin.buffer))
    except typst.TypstError as error:
        # What typst quotes may be somebody's name, and this line ends in a log.
        place = re.search(r"[\w.]+\.typ:\d+:\d+", error.diagnostic or "")
        said = _QUOTED.sub("...", error.message.partition("panicked with")[0] or "panicked")
        sys.exit(f"{place[0] + ': ' if place else ''}{said}")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
