"""Frames of a camera that sees our tickets as it does at a door: tilted, blurred, dim, cracked, on screens, small.

A frame is a photograph of a plane: the ticket is drawn as mails and pages show it, laid on a card or a phone, turned in
space, projected through a lens of 65 degrees, then lit, blurred, covered and compressed. Pure Pillow, seeded: the same
frames on every machine. `all_frames()` gives them with their class and the text they hold.
"""

import io
import math
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from hubevents.core import qr
from hubevents.registrations import tickets

USUAL = (1280, 720)
"""What the scanner asks a camera for."""
FINE = (1920, 1080)
"""What some give all the same."""
UPRIGHT = (720, 1280)
"""The same of a phone that is held upright."""
COARSE = (640, 480)
"""What an old one gives, and the camera of a laptop."""
LENS = math.radians(65)
"""How much of the long side a phone's main camera sees."""
MODULE = 12
"""Pixels of a module of the drawn ticket (core/qr.png)."""
SIDE = 37
"""Modules of a ticket's symbol, without its quiet zone of four."""


@dataclass(frozen=True)
class Frame:
    """A photograph: JPEG bytes, the class of its difficulty, and what stands in the ticket."""

    kind: str
    number: int
    jpeg: bytes
    text: str

    @property
    def name(self) -> str:
        """For addresses and reports."""
        return f"{self.kind.replace(' ', '-')}-{self.number}"


@dataclass
class Shot:
    """How a frame is taken. Angles in degrees, lengths in centimetres, shares of one."""

    rng: random.Random
    size: tuple[int, int] = USUAL
    wide: float = 5.2
    """Of the symbol with its quiet zone, as a phone shows it."""
    away: float = 22.0
    aside: float = 0.04
    """How far from the middle of the frame, in parts of its sides, at most."""
    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    dark: Any = 12
    light: Any = 244
    quiet: int = 4
    ground: int = 250
    """The card around the ticket."""
    on_phone: bool = False
    inverted: bool = False
    blur: float = 0.6
    """Sigma in pixels; no lens is sharper."""
    motion: float = 0.0
    """Pixels during the exposure."""
    brightness: float = 0.9
    noise: float = 2.0
    """Sigma in steps of 255."""
    quality: int = 88
    covers: list[Callable[["Shot", Image.Image], Image.Image]] = field(default_factory=list)
    """What lies on the ticket, drawn before it is turned."""
    grid: int = 0
    """Pixels of a screen per module, whose raster then beats against the sensor's; 0 is paper."""


# --- the ticket ------------------------------------------------------------------------------------------------------


@cache
def ticket(number: int) -> str:
    """The signed digits of a ticket, always the same ones."""
    key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32))
    text = tickets.issue(key, event_id=300 + number, registration_id=70_000 + 37 * number, version=1 + number % 3)
    assert len(text) == 193
    return text


def symbol(text: str, shot: Shot) -> Image.Image:
    """The picture that a mail or a page shows, in the colours of the shot."""
    drawn = Image.open(io.BytesIO(qr.png(text, module_size=MODULE))).convert("L")
    cut = (4 - shot.quiet) * MODULE
    drawn = drawn.crop((cut, cut, drawn.width - cut, drawn.height - cut))
    dark, light = (shot.light, shot.dark) if shot.inverted else (shot.dark, shot.light)
    black, white = ((each,) * 3 if isinstance(each, int) else each for each in (dark, light))
    inks = zip(black, white, strict=True)
    return Image.merge("RGB", [drawn.point([b + (w - b) * step // 255 for step in range(256)]) for b, w in inks])


def laid(text: str, shot: Shot) -> tuple[Image.Image, float]:
    """The ticket on its card or phone, with lines of text, and the card's width in centimetres."""
    drawn = symbol(text, shot)
    for cover in shot.covers:
        drawn = cover(shot, drawn)
    edge = drawn.width // 5
    card = Image.new("RGB", (drawn.width + 2 * edge, drawn.height + 3 * edge), (shot.ground,) * 3)
    pen = ImageDraw.Draw(card)
    ink = (30,) * 3 if shot.ground > 128 else (225,) * 3
    for line in range(3):
        top = drawn.height + edge + edge * (line + 1) // 2
        pen.rectangle((edge, top, edge + drawn.width * shot.rng.uniform(0.35, 0.95), top + edge // 7), fill=ink)
    if shot.on_phone:
        pen.rectangle((0, 0, card.width - 1, card.height - 1), outline=(8, 8, 10), width=edge // 3)
    card.paste(drawn, (edge, edge))
    symbol_wide = (SIDE + 2 * shot.quiet) / (SIDE + 8) * shot.wide
    card_wide = symbol_wide * card.width / drawn.width
    return (as_screen(card, shot) if shot.grid else card), card_wide


def as_screen(card: Image.Image, shot: Shot) -> Image.Image:
    """The same picture as the red, green and blue stripes of a screen with dark gaps between its pixels."""
    small = card.resize([side * shot.grid // MODULE for side in card.size], Image.Resampling.BOX)
    zoom = 3
    large = small.resize([side * zoom for side in small.size], Image.Resampling.NEAREST)
    gap = 40
    tile = Image.new("RGB", (zoom, zoom), (gap,) * 3)
    for x in range(zoom):
        for y in range(zoom - 1):
            tile.putpixel((x, y), tuple(255 if channel == x else gap for channel in range(3)))
    mask = Image.new("RGB", large.size)
    row = Image.new("RGB", (large.width, zoom))
    for x in range(0, large.width, zoom):
        row.paste(tile, (x, 0))
    for y in range(0, large.height, zoom):
        mask.paste(row, (0, y))
    return ImageChops.multiply(large, mask)


# --- what covers it --------------------------------------------------------------------------------------------------


def finger(share: float, side: str) -> Callable[[Shot, Image.Image], Image.Image]:
    """A fingertip over this share of the ticket with its margin, from below, from the right or over their corner."""

    def cover(shot: Shot, drawn: Image.Image) -> Image.Image:
        wide = drawn.width
        tip = Image.new("L", (wide, wide))
        pen = ImageDraw.Draw(tip)
        middle = shot.rng.uniform(0.52, 0.6) * wide
        reach = 0.0
        while ImageChops.multiply(tip, tip).histogram()[255] < share * wide * wide:
            reach += wide / 200
            tip.paste(0, (0, 0, wide, wide))
            broad = 0.17 * wide
            if side == "corner":
                pen.ellipse((wide - reach, wide - reach, wide + reach, wide + reach), fill=255)
            elif side == "below":
                pen.rounded_rectangle((middle - broad, wide - reach, middle + broad, 2 * wide), broad, fill=255)
            else:
                pen.rounded_rectangle((wide - reach, middle - broad, 2 * wide, middle + broad), broad, fill=255)
        skin = Image.new("RGB", drawn.size, shot.rng.choice([(196, 144, 120), (226, 182, 160), (120, 82, 64)]))
        soft = tip.filter(ImageFilter.GaussianBlur(3))
        return Image.composite(skin, drawn, soft)

    return cover


def cracks(number: int, width: float) -> Callable[[Shot, Image.Image], Image.Image]:
    """Lines of cracked glass from one point of impact, `width` in modules, bright where they catch the light."""

    def cover(shot: Shot, drawn: Image.Image) -> Image.Image:
        out = drawn.copy()
        pen = ImageDraw.Draw(out)
        wide, rng = drawn.width, shot.rng
        centre = (rng.uniform(0.3, 0.9) * wide, rng.uniform(0.3, 0.9) * wide)
        turn = rng.uniform(0, math.tau)
        for line in range(number):
            angle = turn + math.tau * line / number + rng.uniform(-0.2, 0.2)
            at, tone = centre, rng.choice([35, 120, 215, 250])
            for _joint in range(9):
                angle += rng.uniform(-0.3, 0.3)
                to = (at[0] + math.cos(angle) * wide / 8, at[1] + math.sin(angle) * wide / 8)
                pen.line((*at, *to), fill=(tone,) * 3, width=max(1, round(width * MODULE * rng.uniform(0.6, 1.0))))
                at = to
        for ring in (0.08, 0.17):
            box = tuple(c + s * ring * wide for s in (-1, 1) for c in centre)
            pen.arc(box, 0, 300, fill=(190,) * 3, width=max(1, round(width * MODULE * 0.6)))
        return out

    return cover


def glare(share: float, strength: float) -> Callable[[Shot, Image.Image], Image.Image]:
    """A lamp's reflection over this share of the ticket: white in its middle, milky around."""

    def cover(shot: Shot, drawn: Image.Image) -> Image.Image:
        wide = drawn.width
        radius = math.sqrt(share / math.pi) * wide
        x, y = (shot.rng.uniform(0.42, 0.7) * wide for _axis in range(2))
        spot = Image.new("L", drawn.size)
        broad, high = radius * 1.3, radius / 1.3
        ImageDraw.Draw(spot).ellipse((x - broad, y - high, x + broad, y + high), fill=255)
        spot = spot.filter(ImageFilter.GaussianBlur(radius * 0.35)).point([int(step * strength) for step in range(256)])
        return Image.composite(Image.new("RGB", drawn.size, (255, 255, 250)), drawn, spot)

    return cover


# --- the photograph --------------------------------------------------------------------------------------------------


def corners(card: Image.Image, wide: float, shot: Shot) -> list[tuple[float, float]]:
    """Where the corners of the card lie in the frame."""
    pitch, yaw, roll = (math.radians(angle) for angle in (shot.pitch, shot.yaw, shot.roll))
    long_side = max(shot.size)
    lens = long_side / 2 / math.tan(LENS / 2)
    high = wide * card.height / card.width
    off = [shot.rng.uniform(0.6, 1) * shot.rng.choice([-1, 1]) * shot.aside * side for side in shot.size]
    found = []
    for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = u * wide / 2, v * high / 2
        x, y = x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)
        y, z = y * math.cos(pitch), y * math.sin(pitch)
        x, z = x * math.cos(yaw) + z * math.sin(yaw), -x * math.sin(yaw) + z * math.cos(yaw)
        scale = lens / (shot.away + z)
        found.append((shot.size[0] / 2 + off[0] + x * scale, shot.size[1] / 2 + off[1] + y * scale))
    return found


def coefficients(out: list[tuple[float, float]], into: list[tuple[float, float]]) -> list[float]:
    """The eight of Pillow's PERSPECTIVE that take points of the result to points of the source."""
    rows = []
    for (x, y), (u, v) in zip(out, into, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for pivot in range(8):
        best = max(range(pivot, 8), key=lambda row: abs(rows[row][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for row in range(8):
            if row != pivot:
                factor = rows[row][pivot]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[pivot], strict=True)]
    return [row[8] for row in rows]


def desk(size: tuple[int, int], rng: random.Random) -> Image.Image:
    """What lies around a ticket: soft shapes, edges, and a strip of print."""
    tone = rng.randint(50, 170)
    small = Image.new("RGB", (24, 14))
    small.putdata([tuple(min(255, max(0, tone + rng.randint(-45, 45))) for _c in range(3)) for _p in range(24 * 14)])
    out = small.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(out)
    for _line in range(14):
        x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        grey = rng.randint(0, 255)
        to = (x + rng.uniform(-500, 500), y + rng.uniform(-90, 90))
        pen.line((x, y, *to), fill=(grey,) * 3, width=rng.randint(1, 14))
    return out


def put(card: Image.Image, wide: float, shot: Shot) -> Image.Image:
    """The card seen by the camera: finer than its pixels and averaged, as light is; not so a screen's raster."""
    place = corners(card, wide, shot)
    left, top = (math.floor(min(each[axis] for each in place)) - 2 for axis in (0, 1))
    right, bottom = (math.ceil(max(each[axis] for each in place)) + 2 for axis in (0, 1))
    fine = 1 if shot.grid else 2
    size = ((right - left) * fine, (bottom - top) * fine)
    out = [((x - left) * fine, (y - top) * fine) for x, y in place]
    source = [(0, 0), (card.width, 0), (card.width, card.height), (0, card.height)]
    data = coefficients(out, [(float(x), float(y)) for x, y in source])
    turned = card.transform(size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BICUBIC)
    there = Image.new("L", card.size, 255).transform(size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR)
    small = (right - left, bottom - top)
    frame = desk(shot.size, shot.rng)
    if shot.grid:
        frame = frame.point([round(step / shot.brightness) for step in range(256)] * 3)
    frame.paste(turned.resize(small, Image.Resampling.BOX), (left, top), there.resize(small, Image.Resampling.BOX))
    return frame


def moved(frame: Image.Image, pixels: float, rng: random.Random) -> Image.Image:
    """The mean of a frame along a short straight way."""
    angle, steps = rng.uniform(0, math.tau), max(2, round(pixels) * 2)
    mean = frame
    for step in range(1, steps):
        by = pixels * step / (steps - 1)
        shift = (1, 0, math.cos(angle) * by, 0, 1, math.sin(angle) * by)
        shifted = frame.transform(frame.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
        mean = Image.blend(mean, shifted, 1 / (step + 1))
    return mean


def grain(size: tuple[int, int], sigma: float, rng: random.Random) -> Image.Image:
    """Noise around 128: the mean of four even ones, which is nearly normal."""
    tile = (size[0] // 2, size[1] // 2)
    even = [Image.frombytes("L", tile, rng.randbytes(tile[0] * tile[1])) for _turn in range(4)]
    mean = Image.blend(Image.blend(even[0], even[1], 0.5), Image.blend(even[2], even[3], 0.5), 0.5)
    mean = mean.point([round(128 + (step - 127.5) * sigma / 36.8) for step in range(256)])
    whole = Image.new("L", size)
    for x in (0, tile[0]):
        for y in (0, tile[1]):
            whole.paste(mean, (x, y))
    return whole


def photograph(text: str, shot: Shot) -> bytes:
    """The frame as JPEG."""
    return developed(put(*laid(text, shot), shot), shot)


def developed(frame: Image.Image, shot: Shot) -> bytes:
    """What lens, light, sensor and compression make of a view."""
    if shot.motion:
        frame = moved(frame, shot.motion, shot.rng)
    if shot.blur:
        frame = frame.filter(ImageFilter.GaussianBlur(shot.blur))
    frame = frame.point([min(255, round(step * shot.brightness)) for step in range(256)] * 3)
    if shot.noise:
        bands = [ImageChops.add(band, grain(frame.size, shot.noise, shot.rng), 1, -128) for band in frame.split()]
        frame = Image.merge("RGB", bands)
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=shot.quality)
    return out.getvalue()


# --- the set ---------------------------------------------------------------------------------------------------------

_Taker = Callable[[random.Random, float], Shot]
"""Makes the shot of one frame; the number runs from 0 (mild) to 1 (the worst that is promised)."""


def _held(rng: random.Random, **values: Any) -> Shot:
    """As a hand holds a ticket: nearly straight."""
    held = {"pitch": rng.uniform(-8, 8), "yaw": rng.uniform(-8, 8), "roll": rng.uniform(-10, 10)}
    return Shot(rng, **{"away": rng.uniform(18, 26), "on_phone": rng.random() < 0.5, **held, **values})


def _tilted(rng: random.Random, worst: float) -> Shot:
    angle = 10 + 20 * worst
    size = rng.choice([USUAL, UPRIGHT])
    return _held(
        rng, size=size, pitch=angle * rng.choice([-1, 1]), yaw=angle * rng.choice([-1, 1]), roll=rng.uniform(-20, 20)
    )


_CLASSES: dict[str, tuple[int, _Taker]] = {
    "held straight": (4, lambda rng, worst: _held(rng, size=[USUAL, UPRIGHT, FINE, COARSE][round(3 * worst)])),
    "at the edge": (4, lambda rng, worst: _held(rng, aside=0.24 + 0.04 * worst, away=30.0)),
    "turned": (4, lambda rng, worst: _held(rng, roll=45 + 90 * worst)),
    "tilted to 30 degrees": (8, _tilted),
    "out of focus": (6, lambda rng, worst: _held(rng, blur=1.4 + 1.4 * worst)),
    "moving": (6, lambda rng, worst: _held(rng, motion=3 + 4 * worst)),
    "low light": (8, lambda rng, worst: _held(rng, brightness=0.3 - 0.1 * worst, noise=4 + 4 * worst, quality=70)),
    "finger": (6, lambda rng, worst: _held(
        rng, covers=[finger(0.08 + 0.07 * worst, rng.choice(["below", "right", "corner"]))])),
    "cracked glass": (6, lambda rng, worst: _held(
        rng, on_phone=True, covers=[cracks(5 + round(7 * worst), 0.25 + 0.3 * worst)])),
    "glare": (6, lambda rng, worst: _held(rng, on_phone=True, covers=[glare(0.08 + 0.07 * worst, 0.8 + 0.15 * worst)])),
    "inverted": (6, lambda rng, worst: _held(rng, on_phone=True, inverted=True, ground=18)),
    "screen moire": (8, lambda rng, worst: _held(
        rng, wide=6.8, grid=rng.choice([6, 7, 9, 11]), brightness=2.3, away=20 + 12 * worst, blur=0.5)),
    "chat jpeg": (6, lambda rng, worst: _held(rng, quality=round(45 - 15 * worst), away=30.0)),
    "2 cm print at 30 cm": (6, lambda rng, worst: _held(rng, wide=2.0 * 45 / 37, away=24 + 6 * worst, blur=0.7)),
    "no quiet zone": (6, lambda rng, worst: _held(rng, quiet=0, ground=round(230 - 210 * worst))),
    "low contrast": (6, lambda rng, worst: _held(rng, dark=round(110 + 20 * worst), light=200, noise=3.0)),
    "coloured": (6, lambda rng, worst: _held(rng, **rng.choice([
        {"dark": (130, 10, 62), "light": (250, 223, 233)}, {"dark": (20, 60, 160), "light": (255, 235, 150)},
        {"dark": (0, 95, 60), "light": (200, 240, 255)}, {"dark": (150, 60, 10), "light": (240, 240, 240)}]))),
    "dim, tilted and moving": (6, lambda rng, worst: _held(
        rng, pitch=20.0, yaw=-15.0, motion=1.5 + 1.5 * worst, brightness=0.4, noise=4.0)),
}  # fmt: skip


def all_frames(only: Collection[str] = ()) -> Iterator[Frame]:
    """The whole set or some classes of it, class by class, from mild to the worst that is promised."""
    for at, (kind, (number, take)) in enumerate(_CLASSES.items()):
        if only and kind not in only:
            continue
        for turn in range(number):
            rng = random.Random(f"{kind} {turn}")
            shot = take(rng, turn / (number - 1))
            text = ticket(1 + (7 * at + turn) % 40)
            yield Frame(kind, turn, photograph(text, shot), text)
