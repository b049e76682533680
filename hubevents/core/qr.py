"""QR codes are drawn dark on white with the quiet zone of four modules that ISO/IEC 18004 asks for.

The mask pattern is fixed: choosing the best of eight costs five times the drawing, and every decoder reads
all of them. Digits alone use the numeric mode (three digits in ten bits), so that the 193 digits of a ticket
fit version 5.
"""

from html import escape
from io import BytesIO

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

BORDER = 4
_MASK = 2


def modules(text: str) -> list[list[bool]]:
    """The symbol as rows of dark (True) and light modules without its quiet zone; error correction M.

    Raises ValueError for an empty text and qrcode's DataOverflowError past 2 331 bytes.
    """
    if not text:
        raise ValueError("a QR code needs a text")
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK)
    # One chunk in the densest mode the whole text allows; digits alone are numeric.
    symbol.add_data(text, optimize=0)
    symbol.make(fit=True)
    return [[bool(module) for module in row] for row in symbol.modules]


def svg(text: str, *, title: str | None = None, module_size: int = 6) -> str:
    """An `<svg>` element for a strict CSP: no style attribute, its own white ground, a size of its own.

    `title` is what a screen reader says (escaped here); without it the picture is decorative. `module_size`
    is in CSS pixels.
    """
    rows = modules(text)
    side = len(rows) + 2 * BORDER
    pixels = side * module_size
    spoken = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" {spoken} width="{pixels}" height="{pixels}"'
        f' viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d="{_path(rows)}"/></svg>'
    )


def png(text: str, *, module_size: int = 12) -> bytes:
    """The symbol as a black-and-white PNG of `module_size` pixels a module (a ticket: 540 pixels, 1 kB)."""
    rows = modules(text)
    side = len(rows) + 2 * BORDER
    shades = bytes(0 if dark else 255 for row in _framed(rows) for dark in row)
    small = Image.frombytes("L", (side, side), shades).convert("1", dither=Image.Dither.NONE)
    large = small.resize((side * module_size, side * module_size), Image.Resampling.NEAREST)
    out = BytesIO()
    large.save(out, "PNG")
    return out.getvalue()


def _framed(rows: list[list[bool]]) -> list[list[bool]]:
    edge = [False] * BORDER
    blank = [[False] * (len(rows) + 2 * BORDER)] * BORDER
    return [*blank, *([*edge, *row, *edge] for row in rows), *blank]


def _path(rows: list[list[bool]]) -> str:
    """One horizontal bar per run of dark modules: a fifth of the size of a square per module."""
    bars: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                bars.append(f"M{start + BORDER} {y + BORDER}h{x - start}v1h-{x - start}z")
            else:
                x += 1
    return "".join(bars)
