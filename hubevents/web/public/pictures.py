"""Share pictures (PNG, 1200x630) of events and hubs, drawn by us and kept on disk by what they show."""

import hashlib
import json
import os
import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from flask import Response, current_app, request
from flask_babel import gettext as _
from PIL import Image, ImageDraw, ImageFont, ImageOps

from hubevents.core import art, assets, links
from hubevents.core.art import Inks
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.colour import PAPER_LIGHT, colours
from hubevents.web import access, shown
from hubevents.web.context import vocabularies
from hubevents.web.locale import language
from hubevents.web.public import words
from hubevents.web.public.blueprint import blueprint
from hubevents.web.public.found import public_event, public_hub

WIDTH, HEIGHT = 1200, 630
"""What Open Graph readers show uncut."""
VERSION = 1
"""Raised when the drawing changes, so that kept pictures are drawn anew."""
MOST_KEPT = 4000
BAND = 396
"""Width of the pattern on the right."""
MARGIN = 64
INK, QUIET = "#1b1619", "#5f555a"
_TILE = 198
_FINER = 4

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class Shown:
    """All that a picture shows; equal values are the same picture."""

    language: str
    hub: str
    line: str
    colour: str
    face: str
    title: str
    numerals: str
    date: str
    place: str
    mark: str
    picture: str | None
    version: int = VERSION

    @property
    def digest(self) -> str:
        """The name under which it is kept."""
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


@blueprint.get(links.rule(links.EVENT_PICTURE))
@access.public
def event_picture(lang: str, hub: str, event: str) -> Response:
    """The picture that a link to the event shows."""
    row = public_event(hub, event)
    return _answer(_of_event(row, language()))


@blueprint.get(links.rule(links.HUB_PICTURE))
@access.public
def hub_picture(lang: str, hub: str) -> Response:
    """The picture that a link to the hub shows."""
    row = public_hub(hub)
    lang = language()
    return _answer(
        Shown(
            language=lang,
            hub=row.name.text(lang),
            line=row.kind_line.text(lang),
            colour=row.colour,
            face=f"hub {row.id}",
            title=row.name.text(lang),
            numerals="",
            date=row.kind_line.text(lang),
            place=row.address.text(lang),
            mark="",
            picture=None,
        )
    )


def _of_event(event: Event, lang: str) -> Shown:
    numerals = date = ""
    if event.dates:
        block = shown.event_date(event, lang)
        numerals = f"{block.first}–{block.last}" if block.last else block.first
        date = f"{block.weekday}, {block.month}"
    place = ""
    if event.dates:
        start = words.clock_text(event.dates[0].starts_at, event.zone, lang)
        venue = event.venue.name.text(lang) if event.venue else ""
        remote = vocabularies().formats.text(event.format, lang)
        place = " · ".join(part for part in (start, venue or remote) if part)
    return Shown(
        language=lang,
        hub=event.hub.name.text(lang),
        line=vocabularies().kinds.text(event.kind, lang),
        colour=event.hub.colour,
        face=shown.face(event),
        title=event.title.text(lang),
        numerals=numerals,
        date=date,
        place=place,
        mark=_("Cancelled") if event.status is EventStatus.CANCELLED else "",
        picture=event.picture,
    )


def _answer(what: Shown) -> Response:
    settings = current_app.extensions["settings"]
    folder = settings.instance / "share"
    path = folder / f"{what.digest}.png"
    try:
        png = path.read_bytes()
    except FileNotFoundError:
        png = draw(what, settings.uploads)
        _keep(path, png)
    response = Response(png, mimetype="image/png")
    response.set_etag(what.digest)
    response.headers["Cache-Control"] = "public, max-age=600"
    return response.make_conditional(request)


def _keep(path: Path, png: bytes) -> None:
    """Writes a picture whole or not at all; now and then the oldest make room. A full disk costs time, no page."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(png)
        part.replace(path)
        if path.name.startswith("0"):
            files = sorted(path.parent.glob("*.png"), key=lambda file: file.stat().st_mtime)
            for file in files[: max(0, len(files) - MOST_KEPT)]:
                file.unlink(missing_ok=True)
    except OSError:
        return


# --- drawing ---------------------------------------------------------------------------------------------------------


def draw(what: Shown, uploads: Path) -> bytes:
    """The picture as PNG: date, title and place on paper, pattern or uploaded picture beside them."""
    palette = colours(what.colour)
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER_LIGHT)
    image.paste(_band(what, palette.art, uploads), (WIDTH - BAND, 0))
    pen = ImageDraw.Draw(image)
    hub = palette.light.hub
    room = WIDTH - BAND - 2 * MARGIN + 16
    mark_at = MARGIN
    _mark(pen, mark_at, 52, 44, hub)
    _write(pen, what.language, (mark_at + 62, 86), _cut(what.hub, 30, 750, room - 62, what.language), 30, 750, INK)

    at = 168
    if what.numerals:
        size = 150
        _write(pen, what.language, (MARGIN - 8, at + 112), what.numerals, size, 250, INK)
        beside = MARGIN + _width(what.numerals, size, 250, what.language) + 18
        day, _comma, month = what.date.partition(", ")
        _write(pen, what.language, (beside, at + 76), day, 32, 750, INK)
        _write(pen, what.language, (beside, at + 112), month, 28, 400, QUIET)
        at += 152
    pen.rectangle((MARGIN, at, WIDTH - BAND - MARGIN + 16, at + 2), fill=INK)
    at += 48
    line = f"{what.line} · {what.mark}" if what.mark else what.line
    if what.numerals:
        _write(pen, what.language, (MARGIN, at), line, 26, 600, "#b3261e" if what.mark else hub)
        at += 14
    size, rows = _fit(what.title, room, what.language, 3 if what.numerals else 4)
    for row in rows:
        at += round(size * 1.12)
        _write(pen, what.language, (MARGIN, at), row, size, 750, INK)
    foot = what.place if what.numerals else what.date
    _write(pen, what.language, (MARGIN, HEIGHT - 50), _cut(foot, 28, 400, room, what.language), 28, 400, QUIET)
    out = BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _band(what: Shown, palette: art.Palette, uploads: Path) -> Image.Image:
    if what.picture:
        try:
            with Image.open(uploads / what.picture, formats=("WEBP",)) as opened:
                return ImageOps.fit(opened.convert("RGB"), (BAND, HEIGHT))
        except OSError:
            pass  # the file is gone; the pattern is always there
    drawing = art.draw(what.face)
    tile = _tile(drawing, palette[drawing.scheme])
    band = Image.new("RGB", (BAND, HEIGHT))
    for left in range(0, BAND, _TILE):
        for top in range(-_TILE // 4, HEIGHT, _TILE):
            band.paste(tile, (left, top))
    return band


def _tile(drawing: art.Drawing, inks: Inks) -> Image.Image:
    """The drawing once, made larger and shrunk, because Pillow draws polygons without smooth edges."""
    side = _TILE * _FINER
    scale = side / art.SIZE
    tile = Image.new("RGB", (side, side), inks.ground)
    pen = ImageDraw.Draw(tile)
    for ink, paths in ((inks.second, drawing.second), (inks.first, drawing.first)):
        for path in paths:
            corners = [(x * scale, y * scale) for x, y in art.outline(path)]
            if len(corners) > 2:
                pen.polygon(corners, fill=ink)
    return tile.resize((_TILE, _TILE), Image.Resampling.LANCZOS)


_STITCHES = (
    "     #     ", "    ###    ", "   ## ##   ", "  ##   ##  ", " ##  #  ## ", "##  ###  ##",
    " ##  #  ## ", "  ##   ##  ", "   ## ##   ", "    ###    ", "     #     ",
)  # fmt: skip


def _mark(pen: ImageDraw.ImageDraw, left: int, top: int, side: int, ink: str) -> None:
    """The diamond of stitches, as `parts.mark` draws it."""
    step = side / len(_STITCHES)
    for y, row in enumerate(_STITCHES):
        for x, stitch in enumerate(row):
            if stitch == "#":
                corner = (left + x * step, top + y * step)
                pen.rectangle((corner, (corner[0] + step, corner[1] + step)), fill=ink)


@lru_cache(maxsize=64)
def _fonts(size: int, weight: int) -> tuple[Font, Font, Font] | None:
    """Sofia Sans for Cyrillic, Latin and the other Latin letters; None where the assets were not made."""
    static = assets.root() / "static"
    known = assets.Assets(static)
    found = []
    for subset in ("cyrillic", "latin", "latin-ext"):
        path = static / known.path(f"fonts/sofia-sans-{subset}-wght-normal.woff2")
        if not path.is_file():
            return None
        font = ImageFont.truetype(str(path), size)
        font.set_variation_by_axes([weight])
        found.append(font)
    return found[0], found[1], found[2]


@lru_cache(maxsize=16)
def _plain_font(size: int, *, bold: bool) -> Font:
    """A font of the system, for an installation without assets."""
    try:
        return ImageFont.truetype("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", round(size * 0.9))
    except OSError:
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font


def _runs(text: str, size: int, weight: int) -> list[tuple[str, Font]]:
    """A text in pieces of one font each."""
    fonts = _fonts(size, weight)
    if fonts is None:
        return [(text, _plain_font(size, bold=weight > 600))]
    runs: list[tuple[str, Font]] = []
    for character in text:
        code = ord(character)
        font = fonts[0] if 0x400 <= code <= 0x52F or code == 0x2116 else fonts[2] if 0x100 <= code <= 0x24F else fonts[1]
        if runs and (runs[-1][1] is font or unicodedata.combining(character)):
            runs[-1] = (runs[-1][0] + character, runs[-1][1])
        else:
            runs.append((character, font))
    return runs


def _width(text: str, size: int, weight: int, language: str) -> float:
    return sum(font.getlength(run, language=_shaped(language)) for run, font in _runs(text, size, weight))


def _shaped(language: str) -> str | None:
    """The language for letter forms, where Pillow can shape text."""
    return language if ImageFont.core.HAVE_RAQM else None


def _write(
    pen: ImageDraw.ImageDraw, language: str, at: tuple[float, float], text: str, size: int, weight: int, ink: str
) -> None:
    """Writes a line; `at` is its left end on the base line."""
    x, y = at
    for run, font in _runs(text, size, weight):
        pen.text((x, y), run, font=font, fill=ink, anchor="ls", language=_shaped(language))
        x += font.getlength(run, language=_shaped(language))


def _cut(text: str, size: int, weight: int, room: float, language: str) -> str:
    if _width(text, size, weight, language) <= room:
        return text
    while text and _width(text + "…", size, weight, language) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _fit(text: str, room: float, language: str, most: int) -> tuple[int, list[str]]:
    """The largest size at which a title stands in so many rows; the smallest one is cut."""
    rows: list[str] = []
    text = " ".join(text.split())[:240]
    for size in (68, 60, 52, 46, 40):
        rows = _rows(text, size, room, language)
        if len(rows) <= most:
            return size, rows
    return 40, [*rows[: most - 1], _cut(" ".join(rows[most - 1 :]), 40, 750, room, language)]


def _rows(text: str, size: int, room: float, language: str) -> list[str]:
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}".strip()
        if row and _width(longer, size, 750, language) > room:
            rows.append(row)
            row = word
        else:
            row = longer
        if _width(row, size, 750, language) > room:
            row = _cut(row, size, 750, room, language)
    return [*rows, row]
