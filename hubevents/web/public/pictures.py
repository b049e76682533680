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
from PIL import Image, ImageDraw, ImageFont, ImageOps, features

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
INK, QUIET, BAD = "#1b1619", "#5f555a", "#b3261e"
LEADING = 1.12
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
            title=_("Coming events"),
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
    response.make_conditional(request)
    return response


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
    page = _Page(ImageDraw.Draw(image), what.language)
    hub = palette.light.hub
    room = WIDTH - BAND - 2 * MARGIN + 16
    _mark(page.pen, MARGIN, 52, 44, hub)
    size = next((each for each in (30, 27, 24) if page.width(what.hub, each, 750) <= room - 62), 24)
    page.write((MARGIN + 62, 84), page.cut(what.hub, size, 750, room - 62), size, 750, INK)
    at = 132
    if what.numerals:
        beside = page.numerals((MARGIN - 6, at + 112), what.numerals) + 24
        day, _comma, month = what.date.partition(", ")
        page.write((beside, at + 76), page.cut(day, 32, 750, WIDTH - BAND - 40 - beside), 32, 750, INK)
        page.write((beside, at + 112), page.cut(month, 28, 400, WIDTH - BAND - 40 - beside), 28, 400, QUIET)
        at += 146
    page.pen.rectangle((MARGIN, at, MARGIN + room, at + 2), fill=INK)
    if what.numerals:
        at += 46
        line = f"{what.line} · {what.mark}" if what.mark else what.line
        page.write((MARGIN, at), page.cut(line, 26, 600, room), 26, 600, BAD if what.mark else hub)
    at += 10
    size, rows = page.fit(what.title, room, HEIGHT - 104 - at)
    for row in rows:
        at += round(size * LEADING)
        page.write((MARGIN, at), row, size, 750, INK)
    foot = what.place if what.numerals else " · ".join(part for part in (what.date, what.place) if part)
    page.write((MARGIN, HEIGHT - 48), page.cut(foot, 28, 400, room), 28, 400, QUIET)
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
        if 0x400 <= code <= 0x52F or code == 0x2116:
            font = fonts[0]
        else:
            font = fonts[2] if 0x100 <= code <= 0x24F else fonts[1]
        if runs and (runs[-1][1] is font or unicodedata.combining(character)):
            runs[-1] = (runs[-1][0] + character, runs[-1][1])
        else:
            runs.append((character, font))
    return runs


class _Page:
    """Writing on one picture in one language; positions are the left end of a base line."""

    def __init__(self, pen: ImageDraw.ImageDraw, language: str) -> None:
        self.pen = pen
        # Letter forms of the language, where Pillow can shape text.
        self._shaped = language if features.check("raqm") else None

    def width(self, text: str, size: int, weight: int) -> float:
        """How long a line is, in pixels."""
        return sum(font.getlength(run, language=self._shaped) for run, font in _runs(text, size, weight))

    def write(self, at: tuple[float, float], text: str, size: int, weight: int, ink: str) -> float:
        """Writes a line and gives its right end."""
        x, y = at
        for run, font in _runs(text, size, weight):
            self.pen.text((x, y), run, font=font, fill=ink, anchor="ls", language=self._shaped)
            x += font.getlength(run, language=self._shaped)
        return x

    def numerals(self, at: tuple[float, float], text: str) -> float:
        """Writes a day, or a range with a drawn dash because the font's is too wide at this size; its right end."""
        first, dash, last = text.partition("–")
        size = 128 if dash else 150
        x = self.write(at, first, size, 250, INK)
        if dash:
            middle = at[1] - size * 0.36
            self.pen.rectangle((x + 12, middle, x + 44, middle + 5), fill=INK)
            x = self.write((x + 50, at[1]), last, size, 250, INK)
        return x

    def cut(self, text: str, size: int, weight: int, room: float) -> str:
        """A text that fits on a line, cut where it does not."""
        if self.width(text, size, weight) <= room:
            return text
        short, long = 0, len(text)
        while short < long - 1:
            middle = (short + long) // 2
            fits = self.width(text[:middle] + "…", size, weight) <= room
            short, long = (middle, long) if fits else (short, middle)
        return text[:short].rstrip() + "…"

    def fit(self, text: str, room: float, height: float) -> tuple[int, list[str]]:
        """The largest size at which a title stands in a box, and its rows; at the smallest it is cut."""
        text = " ".join(text.split())[:240]
        sizes = (72, 64, 56, 50, 44, 38)
        for size in sizes:
            rows = self._rows(text, size, room)
            if len(rows) * size * LEADING <= height:
                return size, rows
        most = int(height // (sizes[-1] * LEADING))
        rows = self._rows(text, sizes[-1], room)
        return sizes[-1], [*rows[: most - 1], self.cut(" ".join(rows[most - 1 :]), sizes[-1], 750, room)]

    def _rows(self, text: str, size: int, room: float) -> list[str]:
        rows: list[str] = []
        row = ""
        for word in text.split(" "):
            longer = f"{row} {word}".strip()
            if row and self.width(longer, size, 750) > room:
                rows.append(row)
                longer = word
            row = self.cut(longer, size, 750, room)
        return [*rows, row]
