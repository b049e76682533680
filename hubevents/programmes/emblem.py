"""The European emblem with its funding statement, drawn as SVG from the public construction.

Construction: "Graphics guide to the European emblem", Interinstitutional Style Guide, Annex A1. A blue
rectangle whose fly is one and a half times its hoist; twelve gold stars with one point upright, at the hours
of a clock, their centres on a circle of a third of the hoist around the middle; each star fits in a circle of
an eighteenth of the hoist. Statement: written out in full, in one of the permitted typefaces (Arial), beside
or under the emblem, nothing else near it (Model Grant Agreement, Article 17.2).

The drawing stands on a white ground of its own and so looks the same on a dark page; nothing in it takes
colour from the page.
"""

from html import escape
from math import cos, pi, sin
from typing import Literal

Variant = Literal["funded", "cofunded"]
Layout = Literal["horizontal", "vertical"]

BLUE = "#003399"
GOLD = "#ffcc00"

HOIST = 120.0
FLY = HOIST * 1.5
RING = HOIST / 3
STAR = HOIST / 18

FALLBACK_LANGUAGE = "en"
STATEMENTS: dict[Variant, dict[str, tuple[str, str]]] = {
    "funded": {
        "bg": ("Финансирано от", "Европейския съюз"),
        "en": ("Funded by", "the European Union"),
    },
    "cofunded": {
        "bg": ("Съфинансирано от", "Европейския съюз"),
        "en": ("Co-funded by", "the European Union"),
    },
}

Point = tuple[float, float]

# Arial's capitals are .716 of its size; two lines with this size and pitch are as tall as the emblem.
_FONT_SIZE = HOIST * 0.42
_LINE = HOIST * 0.56
_CAPITAL = 0.716
# Arial's widest of these lines has .57 of its size per letter; a little more keeps other fonts inside the
# drawing.
_LETTER = 0.6
_MARGIN = HOIST / 6


def statement(variant: Variant, language: str) -> str:
    """The official words in one line; in English where the language has none."""
    return " ".join(_lines(variant, language))


def _lines(variant: Variant, language: str) -> tuple[str, str]:
    words = STATEMENTS[variant]
    return words.get(language) or words[FALLBACK_LANGUAGE]


def star_centres() -> tuple[Point, ...]:
    """Centres of the twelve stars, from twelve o'clock clockwise, in units of the drawing."""
    return tuple((FLY / 2 + RING * sin(hour * pi / 6), HOIST / 2 - RING * cos(hour * pi / 6)) for hour in range(12))


def star_points(centre: Point) -> tuple[Point, ...]:
    """The ten corners of a star around `centre`, from the upright point clockwise; the sides continue each
    other as in a pentagram.
    """
    inner = STAR * cos(2 * pi / 5) / cos(pi / 5)
    x, y = centre
    return tuple(
        (x + radius * sin(corner * pi / 5), y - radius * cos(corner * pi / 5))
        for corner in range(10)
        for radius in (STAR if corner % 2 == 0 else inner,)
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _flag(left: float, top: float) -> str:
    stars = "".join(
        "M" + "L".join(f"{_number(left + x)} {_number(top + y)}" for x, y in star_points(centre)) + "z"
        for centre in star_centres()
    )
    return (
        f'<rect x="{_number(left)}" y="{_number(top)}" width="{_number(FLY)}" height="{_number(HOIST)}"'
        f' fill="{BLUE}"/>'
        f'<path fill="{GOLD}" d="{stars}"/>'
    )


def flag_svg(*, one_colour: bool = False) -> str:
    """The emblem alone for printed papers, which set the words themselves (`lines`).

    `one_colour` is the form for printers of black only: black stars on white in a black outline (same guide).
    """
    body = _flag(0, 0)
    if one_colour:
        edge = HOIST / 60
        outline = (
            f'<rect x="{_number(edge / 2)}" y="{_number(edge / 2)}" width="{_number(FLY - edge)}"'
            f' height="{_number(HOIST - edge)}" fill="#fff" stroke="#000" stroke-width="{_number(edge)}"/>'
        )
        body = outline + body[body.index("<path") :].replace(GOLD, "#000")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(FLY)} {_number(HOIST)}"'
        f' width="{_number(FLY)}" height="{_number(HOIST)}">{body}</svg>'
    )


def lines(variant: Variant, language: str) -> tuple[str, str]:
    """The official words in the two lines that stand beside or under the emblem."""
    return _lines(variant, language)


def _text(lines: tuple[str, ...], x: float, baseline: float, anchor: str) -> str:
    spans = "".join(
        f'<tspan x="{_number(x)}" y="{_number(baseline + _LINE * row)}">{escape(line)}</tspan>'
        for row, line in enumerate(lines)
    )
    return (
        '<text font-family="Arial, Helvetica, Liberation Sans, sans-serif" font-weight="700"'
        f' font-size="{_number(_FONT_SIZE)}"'
        f' text-anchor="{anchor}" fill="{BLUE}" aria-hidden="true">{spans}</text>'
    )


def emblem_svg(variant: Variant | None, language: str, layout: Layout = "horizontal") -> str:
    """The emblem as inline SVG with the statement in `language`; without words where `variant` is None.

    The SVG carries its statement as accessible name, has no `style`, script, id or outside reference (it
    passes a strict CSP, mail clients and typst alike) and no size of its own: the page gives it one. Units
    are 1/120 of the hoist.
    """
    lines = _lines(variant, language) if variant else ()
    name = escape(" ".join(lines) if lines else _name(language), quote=True)
    text_width = max((len(line) for line in lines), default=0) * _LETTER * _FONT_SIZE
    if not lines:
        width, height = FLY, HOIST
        body = _flag(0, 0)
    elif layout == "horizontal":
        width, height = FLY + 3 * _MARGIN + text_width, HOIST + 2 * _MARGIN
        block = _CAPITAL * _FONT_SIZE + _LINE
        baseline = _MARGIN + (HOIST - block) / 2 + _CAPITAL * _FONT_SIZE
        body = _flag(_MARGIN, _MARGIN) + _text(lines, FLY + 2 * _MARGIN, baseline, "start")
    else:
        width = max(FLY, text_width) + 2 * _MARGIN
        height = HOIST + 3 * _MARGIN + _CAPITAL * _FONT_SIZE + _LINE
        body = _flag((width - FLY) / 2, _MARGIN) + _text(
            lines, width / 2, HOIST + 2 * _MARGIN + _CAPITAL * _FONT_SIZE, "middle"
        )
    ground = f'<rect width="{_number(width)}" height="{_number(height)}" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(width)} {_number(height)}"'
        f' role="img" aria-label="{name}" focusable="false">{ground}{body}</svg>'
    )


def _name(language: str) -> str:
    return {"bg": "Емблема на Европейския съюз"}.get(language, "Emblem of the European Union")
