"""All colours of a hub from the one it chose, so that text always passes WCAG AA (mock-ups, "Tokens").

Computed in OKLCH (B. Ottosson, 2020): hue and colourfulness come from the hub's colour, lightness from the
role. The hub's colour itself stays as it is on light pages when it is dark enough, else it is darkened
until it is.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hubevents.core.art import Inks, Palette

PAPER_LIGHT: Final = "#fdfcfb"
SURFACE_LIGHT: Final = "#f6f3f2"
PAPER_DARK: Final = "#141113"
SURFACE_DARK: Final = "#1e1a1c"
ENOUGH: Final = 4.5
"""WCAG 2.2, 1.4.3: contrast of text; for the two art inks nothing is asked, they are decoration."""

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
# The chroma of the first hub's colour, whose shades were drawn by hand; a paler hub gets paler shades.
_DRAWN_CHROMA: Final = 0.181
_STEP: Final = 0.004


@dataclass(frozen=True)
class Shades:
    """The `--hub*` values of one scheme; `hub` and `strong` pass on paper and tint, `on_hub` on both."""

    hub: str
    strong: str
    on_hub: str
    tint: str
    soft: str
    deep: str


@dataclass(frozen=True)
class HubColours:
    """Everything that follows from a hub's colour; `art` holds the three schemes in their light form."""

    light: Shades
    dark: Shades
    art: Palette
    art_dark: Palette


def is_colour(text: str) -> bool:
    """Whether a text is a colour `#rrggbb`."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=256)
def colours(colour: str) -> HubColours:
    """All values for a hub's colour `#rrggbb`; ValueError for anything else."""
    if not is_colour(colour):
        raise ValueError(f"not a colour: {colour!r}")
    lightness, chroma, hue = _to_oklch(colour)
    scale = min(chroma / _DRAWN_CHROMA, 1.2)

    def shade(at: float, drawn_chroma: float, turn: float) -> str:
        return _from_oklch(at, drawn_chroma * scale, hue + turn)

    def readable_at_night(at: float, drawn_chroma: float, turn: float) -> str:
        grounds = (PAPER_DARK, SURFACE_DARK, dark_tint, on_hub)
        return _readable(at, drawn_chroma * scale, hue + turn, _STEP, grounds)

    # Lightness, chroma and turn of the hue as the first hub's shades were drawn.
    tint, soft, deep = shade(0.951, 0.019, -0.2), shade(0.845, 0.062, -0.19), shade(0.241, 0.078, -0.13)
    hub = _readable(lightness, chroma, hue, -_STEP, (PAPER_LIGHT, SURFACE_LIGHT, tint), keep=colour.lower())
    base = _to_oklch(hub)
    strong = _from_oklch(max(base[0] - 0.077, 0.0), base[1] * 0.84, hue)
    light = Shades(hub, strong, "#ffffff", tint, soft, deep)

    dark_tint, on_hub = shade(0.242, 0.059, -0.1), shade(0.199, 0.064, -0.09)
    dark = Shades(
        hub=readable_at_night(0.777, 0.144, -0.1),
        strong=readable_at_night(0.846, 0.094, -0.13),
        on_hub=on_hub,
        tint=dark_tint,
        soft=shade(0.374, 0.104, -0.1),
        deep=shade(0.129, 0.017, -0.27),
    )

    beside = base[0] - 0.12 if base[0] > 0.27 else base[0] + 0.12
    full = Inks(hub, shade(0.929, 0.033, -0.18), _from_oklch(beside, base[1] * 0.74, hue))
    night = Inks(deep, shade(0.801, 0.1, -0.15), hub)
    return HubColours(
        light=light,
        dark=dark,
        art=(Inks(tint, hub, soft), full, night),
        art_dark=(Inks(dark.tint, dark.hub, dark.soft), full, night),
    )


def stylesheet(colour: str) -> str:
    """The style sheet of a hub: tokens for light and dark, and those that stay light at night (ticket, patterns).

    It has no cascade layer, therefore it stands above the values in the theme's layers; it is dark on screens only,
    so that paper keeps the light values.
    """
    values = colours(colour)
    light, dark = values.light, values.dark
    fixed = {
        "--hub-fixed": light.hub,
        "--hub-fixed-strong": light.strong,
        "--on-hub-fixed": light.on_hub,
        "--hub-fixed-tint": light.tint,
        "--hub-fixed-soft": light.soft,
        "--art-base": light.hub,
        "--art-pale": values.art[1].first,
        "--art-dark": values.art[1].second,
        "--art-deep": values.art[2].ground,
        "--art-mid": values.art[2].first,
    }
    rules = (
        f":root,[data-bs-theme=light]{{{_declarations(_tokens(light))}}}",
        f":root{{{_declarations(fixed)}}}",
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-bs-theme=light]){{{_declarations(_tokens(dark))}}}}}",
        f"@media screen{{[data-bs-theme=dark]{{{_declarations(_tokens(dark))}}}}}",
    )
    return "\n".join(rules) + "\n"


def _tokens(shades: Shades) -> dict[str, str]:
    """The tokens that differ between light and dark."""
    return {
        "--hub": shades.hub,
        "--hub-strong": shades.strong,
        "--on-hub": shades.on_hub,
        "--hub-tint": shades.tint,
        "--hub-soft": shades.soft,
        "--hub-deep": shades.deep,
    }


def _declarations(tokens: Mapping[str, str]) -> str:
    """The inside of a rule."""
    return ";".join(f"{name}:{value}" for name, value in tokens.items())


def _readable(
    lightness: float, chroma: float, hue: float, step: float, grounds: Iterable[str], keep: str | None = None
) -> str:
    """The nearest lighter or darker colour with enough contrast to all grounds; `keep` itself if it has."""
    grounds = tuple(grounds)
    found = keep or _from_oklch(lightness, chroma, hue)
    while min(contrast(found, ground) for ground in grounds) < ENOUGH and 0 < lightness + step < 1:
        lightness += step
        found = _from_oklch(lightness, chroma, hue)
    return found


def _channels(colour: str) -> tuple[float, float, float]:
    """Red, green and blue as linear light, 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    """sRGB to linear light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    """Linear light to sRGB."""
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour: str) -> tuple[float, float, float]:
    """Lightness 0 to 1, chroma 0 to about 0.33 and hue in radians."""
    red, green, blue = _channels(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    mid = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short
    chroma = math.hypot(a, b)
    lightness = 0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short
    return lightness, 0.0 if chroma < 0.001 else chroma, math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """The sRGB colour, with less chroma where the screen cannot show it."""
    for share in range(20, -1, -1):
        channels = _to_linear(lightness, chroma * share / 20, hue)
        if all(-0.0005 <= channel <= 1.0005 for channel in channels):
            break
    numbers = (round(255 * _gamma(min(max(channel, 0.0), 1.0))) for channel in channels)
    return "#" + "".join(f"{number:02x}" for number in numbers)


def _to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """OKLCH to linear light, which may lie outside of 0 to 1."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )
