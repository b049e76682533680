"""The drawn face of an event without a picture: the same identifier gives the same drawing for ever.

Four families from the place of the first hub: 0 embroidery, 1 straight streets, 2 fields, 3 lime leaves.
Three colour schemes: 0 light, 1 hub, 2 deep. SHA-256 of the identifier chooses both and draws; nothing of
the identifier itself gets into the picture. On pages the colours come from `--art-bg`, `--art-1`, `--art-2`
by the class `art--<scheme>`, so that hub colour and dark mode follow by themselves without a style
attribute (CSP).
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

SIZE: Final = 120
"""Side of a drawing in its own units; it repeats without a seam."""


@dataclass(frozen=True)
class Inks:
    """The three colours of a scheme as `#rrggbb`: ground, first and second ink."""

    ground: str
    first: str
    second: str


Palette = tuple[Inks, Inks, Inks]
"""One `Inks` for each scheme."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Drawing:
    """What an identifier draws: closed SVG path pieces for each ink, on a square of `SIZE`."""

    family: int
    scheme: int
    first: tuple[str, ...]
    second: tuple[str, ...]


class _Chance:
    """The bytes and bits of the digest, read by position, so that a drawing depends on no order of calls."""

    def __init__(self, digest: bytes) -> None:
        self._bytes = digest
        self._bits = [(byte >> at) & 1 for byte in digest for at in range(8)]

    def byte(self, at: int) -> int:
        """A number from 0 to 255."""
        return self._bytes[at % len(self._bytes)]

    def bit(self, at: int) -> int:
        """0 or 1."""
        return self._bits[at % len(self._bits)]


# Each family yields (second ink?, path).
_Shapes = Iterator[tuple[bool, str]]


def _embroidery(chance: _Chance) -> _Shapes:
    """Fifteen by fifteen stitches with eight-fold symmetry, from rings and diagonals."""
    half, stitch = 7, 8
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            i, j = abs(x), abs(y)
            ring, diagonal = i + j, abs(i - j)
            if ring == 0 or chance.bit(ring) ^ chance.bit(20 + diagonal):
                second = bool(chance.bit(40 + max(i, j)) and chance.bit(60 + diagonal))
                yield second, f"M{(x + half) * stitch} {(y + half) * stitch}h8v8h-8z"


def _streets(chance: _Chance) -> _Shapes:
    """Quarter discs and blocks on the straight street grid of Stara Zagora."""
    s = 24
    for k in range(25):
        x, y = (k % 5) * s, (k // 5) * s
        corner, tone = chance.byte(k) % 4, (chance.byte(k) >> 2) % 5
        if tone == 4:
            yield True, f"M{x} {y}h{s}v{s}h-{s}z"
            continue
        quarter = (
            f"M{x} {y}h{s}a{s} {s} 0 0 1-{s} {s}z",
            f"M{x + s} {y}v{s}a{s} {s} 0 0 1-{s}-{s}z",
            f"M{x + s} {y + s}h-{s}a{s} {s} 0 0 1 {s}-{s}z",
            f"M{x} {y + s}v-{s}a{s} {s} 0 0 1 {s} {s}z",
        )[corner]
        yield tone == 3, quarter


def _fields(chance: _Chance) -> _Shapes:
    """Furrows, straight or round, in nine plots."""
    s = 40
    for k in range(9):
        x, y = (k % 3) * s, (k // 3) * s
        course, second = chance.byte(k) % 6, (chance.byte(k) >> 3) % 4 == 0
        if course < 2:
            for offset in (2, 10, 18, 26, 34):
                lying, standing = f"M{x} {y + offset}h{s}v4h-{s}z", f"M{x + offset} {y}v{s}h4v-{s}z"
                yield second, lying if course == 0 else standing
            continue
        cx, cy = ((x, y), (x + s, y), (x + s, y + s), (x, y + s))[course - 2]
        right, down = 1 if cx == x else -1, 1 if cy == y else -1
        sweep = 1 if right * down > 0 else 0
        for outer in (6, 14, 22, 30, 38):
            inner = outer - 4
            yield (
                second,
                f"M{cx + right * outer} {cy}A{outer} {outer} 0 0 {sweep} {cx} {cy + down * outer}"
                f"V{cy + down * inner}A{inner} {inner} 0 0 {1 - sweep} {cx + right * inner} {cy}z",
            )


def _lime_leaves(chance: _Chance) -> _Shapes:
    """Leaves and fruits of the lime trees along the streets."""
    s = 30
    for k in range(16):
        x, y = (k % 4) * s, (k // 4) * s
        rising, tone = chance.byte(k) % 2, (chance.byte(k) >> 1) % 5
        if tone == 4:
            yield False, f"M{x + 5} {y + 15}a10 10 0 1 0 20 0a10 10 0 1 0-20 0z"
        elif rising:
            yield tone == 0, f"M{x} {y}A{s} {s} 0 0 1 {x + s} {y + s}A{s} {s} 0 0 1 {x} {y}z"
        else:
            yield tone == 0, f"M{x + s} {y}A{s} {s} 0 0 1 {x} {y + s}A{s} {s} 0 0 1 {x + s} {y}z"


_FAMILIES: Final[tuple[Callable[[_Chance], _Shapes], ...]] = (_embroidery, _streets, _fields, _lime_leaves)


def draw(identifier: str) -> Drawing:
    """An identifier's drawing: byte 0 of its SHA-256 is the family, byte 1 the scheme, the rest draws."""
    digest = hashlib.sha256(identifier.encode("utf-8", "replace")).digest()
    family, scheme = digest[0] % len(_FAMILIES), digest[1] % 3
    shapes = list(_FAMILIES[family](_Chance(digest[2:])))
    return Drawing(
        family=family,
        scheme=scheme,
        first=tuple(path for second, path in shapes if not second),
        second=tuple(path for second, path in shapes if second),
    )


def _layers(drawing: Drawing, inks: Inks) -> str:
    """Ground and both inks as SVG elements."""
    ground = f'<rect width="{SIZE}" height="{SIZE}" fill="{inks.ground}"/>'
    paths = ((inks.second, drawing.second), (inks.first, drawing.first))
    return ground + "".join(f'<path fill="{ink}" d="{"".join(shapes)}"/>' for ink, shapes in paths if shapes)


_VARIABLES: Final = Inks("var(--art-bg)", "var(--art-1)", "var(--art-2)")


def art(identifier: str, *, wide: bool = False, class_name: str = "") -> Markup:
    """Inline SVG of a drawing, hidden from screen readers; `wide` fills any box with a seamless repeat.

    The pattern's id comes from identifier and class, so two wide ones of one event on a page want two classes.
    """
    drawing = draw(identifier)
    classes = escape(" ".join(["art", f"art--{drawing.scheme}", *class_name.split()]))
    head = f'<svg class="{classes}" aria-hidden="true" focusable="false"'
    layers = _layers(drawing, _VARIABLES)
    if not wide:
        return Markup(f'{head} viewBox="0 0 {SIZE} {SIZE}">{layers}</svg>')  # noqa: S704 - numbers and hashes only
    name = "art-" + hashlib.sha256(f"{class_name}\n{identifier}".encode("utf-8", "replace")).hexdigest()[:10]
    return Markup(  # noqa: S704 - numbers and hashes only, the class is escaped
        f'{head} width="100%" height="100%"><defs>{_pattern(name, layers)}</defs>'
        f'<rect width="100%" height="100%" fill="url(#{name})"/></svg>'
    )


def _pattern(name: str, layers: str) -> str:
    """The repeat, at 72 px."""
    return (
        f'<pattern id="{name}" width="{SIZE}" height="{SIZE}" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale(.6)">{layers}</pattern>'
    )


def art_svg(identifier: str, palette: Palette, *, width: int = SIZE, height: int = SIZE, tile: float = SIZE) -> str:
    """A whole SVG file with literal colours, for papers and pictures; the drawing repeats every `tile` px."""
    drawing = draw(identifier)
    layers = _layers(drawing, palette[drawing.scheme])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">'
        f'<defs><pattern id="art" width="{SIZE}" height="{SIZE}" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale({tile / SIZE:g})">{layers}</pattern></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#art)"/></svg>\n'
    )


# --- the same as polygons, for drawing pixels ----------------------------------------------------------

_COMMAND: Final = re.compile(r"([MhvHVaAz])([^MhvHVaAz]*)")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_ARC_STEPS: Final = 12


def outline(path: str) -> list[Point]:
    """The corners of one closed path piece of a `Drawing`, its arcs as chains of twelve chords."""
    points: list[Point] = []
    x = y = 0.0
    for command, rest in _COMMAND.findall(path):
        numbers = [float(number) for number in _NUMBER.findall(rest)]
        if command == "z":
            break
        if command in "aA":
            radius, large, sweep = numbers[0], bool(numbers[3]), bool(numbers[4])
            end = (numbers[5], numbers[6]) if command == "A" else (x + numbers[5], y + numbers[6])
            points += _arc((x, y), end, radius, large=large, sweep=sweep)
            x, y = end
            continue
        if command == "M":
            x, y = numbers[0], numbers[1]
        elif command in "hH":
            x = numbers[0] + (x if command == "h" else 0)
        else:
            y = numbers[0] + (y if command == "v" else 0)
        points.append((x, y))
    return points


def _arc(start: Point, end: Point, radius: float, *, large: bool, sweep: bool) -> list[Point]:
    """Points on a circular arc after its start (SVG 2, B.2.4)."""
    half_x, half_y = (end[0] - start[0]) / 2, (end[1] - start[1]) / 2
    chord = math.hypot(half_x, half_y)
    away = math.sqrt(max(radius * radius - chord * chord, 0.0)) / chord * (-1 if large != sweep else 1)
    centre = (start[0] + half_x + away * half_y, start[1] + half_y - away * half_x)
    begin = math.atan2(start[1] - centre[1], start[0] - centre[0])
    turn = math.atan2(end[1] - centre[1], end[0] - centre[0]) - begin
    if sweep and turn <= 0:
        turn += 2 * math.pi
    elif not sweep and turn >= 0:
        turn -= 2 * math.pi
    steps = (begin + turn * step / _ARC_STEPS for step in range(1, _ARC_STEPS))
    return [*((centre[0] + radius * math.cos(at), centre[1] + radius * math.sin(at)) for at in steps), end]
