"""Pictures inside mails as PNG, because mail programs show no SVG."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from hubevents.programmes import emblem

EMBLEM_SIZE = (90, 60)
"""Width and height in CSS pixels; the file has twice as many."""
_FINE = 4


@lru_cache(maxsize=1)
def emblem_png() -> bytes:
    """The European emblem without words, by its public construction (programmes.emblem)."""
    width, height = EMBLEM_SIZE[0] * 2, EMBLEM_SIZE[1] * 2
    scale = height * _FINE / emblem.HOIST
    large = Image.new("RGB", (width * _FINE, height * _FINE), emblem.BLUE)
    draw = ImageDraw.Draw(large)
    for centre in emblem.star_centres():
        draw.polygon([(x * scale, y * scale) for x, y in emblem.star_points(centre)], fill=emblem.GOLD)
    out = BytesIO()
    large.resize((width, height), Image.Resampling.LANCZOS).quantize(16).save(out, "PNG", optimize=True)
    return out.getvalue()
