"""Uploaded pictures: decoded, turned upright, shrunk and written anew as WebP, so that nothing of the file survives."""

import hashlib
import io
import os
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps

from hubevents.core import log
from hubevents.core.errors import Invalid

logger = log.get(__name__)

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 25_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
"""No SVG: it can hold scripts."""


def store(upload: IO[bytes], folder: Path, *, longest: int = 1600) -> str:
    """Re-encodes a picture into `folder` and returns its file name, a digest of the content.

    Raises Invalid(`picture_too_large` | `picture_unreadable` | `file_not_kept`). Takes up to a second: never inside a
    transaction.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Invalid("picture_too_large", megabytes=MAX_BYTES // 1024 // 1024)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise Invalid("picture_too_large", megabytes=MAX_BYTES // 1024 // 1024)
            opened.draft("RGB", (longest * 2, longest * 2))
            upright = ImageOps.exif_transpose(opened)
            transparent = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            picture = upright.convert("RGBA" if transparent else "RGB")
    except Invalid:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Invalid("picture_too_large", megabytes=MAX_BYTES // 1024 // 1024) from error
    except Exception as error:
        # Decoders meet forged bytes with whatever their reading trips over: struct.error, IndexError, TypeError ...
        raise Invalid("picture_unreadable") from error
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    try:
        return _keep(out.getvalue(), folder)
    except OSError as error:
        logger.exception("picture not kept")
        raise Invalid("file_not_kept") from error


def _keep(content: bytes, folder: Path) -> str:
    name = hashlib.sha256(content).hexdigest()[:32] + ".webp"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        part = folder / f".{name}.{os.getpid()}.part"
        part.write_bytes(content)
        part.replace(path)  # whole or not at all
    return name
