"""What makes the door's page an app: its manifest, its icon, and the service worker that keeps it without a network."""

import hashlib
import json
from functools import lru_cache
from io import BytesIO

from flask import Blueprint, Response, current_app, request
from PIL import Image, ImageDraw

from hubevents.checkin import queries
from hubevents.core import links
from hubevents.core.assets import Assets
from hubevents.core.errors import NotFound
from hubevents.web import access, headers
from hubevents.web.locale import language

blueprint = Blueprint("installing", __name__)

SIZES = (180, 192, 512)
"""Pixels: an iPhone's home screen, and what Chromium asks for."""
GROUND, MARK, FRAME = "#0d0a0c", "#ffffff", "#8c8287"
WORKER = "door/sw.js"
"""Below static/; what it is to keep is written before its text."""
_SHELL = frozenset(
    {
        "base.css",
        "css/theme.css",
        "css/parts.css",
        "js/theme.js",
        "favicon.svg",
        "zxing-reader.js",
        "zxing-reader.wasm",
        "ed25519.js",
    }
)
"""What the page needs beside its own files and the fonts."""
_FINER = 4


@blueprint.get(links.rule(links.DOOR_MANIFEST))
@access.link
def manifest(token: str) -> Response:
    """The app is this door alone: another pass on the same phone is another app."""
    door = queries.open_door(token)
    lang = language()
    page = links.path(links.DOOR, token=token)
    icons = [
        {"src": links.path(links.DOOR_ICON, size=str(size)), "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in SIZES[1:]
        for purpose in ("any", "maskable")
    ]  # fmt: skip
    body = {
        "id": page,
        "name": f"{door.name} · {door.event.hub.name.text(lang)}",
        "short_name": door.name,
        "lang": lang,
        "dir": "ltr",
        "start_url": page,
        "scope": page,
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": icons,
    }
    answer = Response(json.dumps(body, ensure_ascii=False), mimetype="application/manifest+json")
    answer.vary.add("Accept-Language")
    headers.private(answer)
    return answer


@blueprint.get(links.rule(links.DOOR_ICON))
@access.public
def icon(size: int) -> Response:
    """The icon of every door."""
    if size not in SIZES:
        raise NotFound("page")
    answer = Response(_icon(size), mimetype="image/png")
    answer.headers["Cache-Control"] = "public, max-age=604800"
    return answer


@lru_cache(maxsize=len(SIZES))
def _icon(size: int) -> bytes:
    """A check mark in the frame of a scanner; all of it lies in the circle that a mask leaves (W3C: 40 % around the
    middle).
    """
    side = size * _FINER
    picture = Image.new("RGB", (side, side), GROUND)
    pen = ImageDraw.Draw(picture)
    for across in (1, -1):
        for down in (1, -1):
            corner = [(0.10, 0.26), (0.26, 0.26), (0.26, 0.10)]
            _stroke(pen, [(0.5 + across * x, 0.5 + down * y) for x, y in corner], side, 0.035, FRAME)
    _stroke(pen, [(0.36, 0.51), (0.46, 0.61), (0.65, 0.40)], side, 0.075, MARK)
    out = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _stroke(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], side: int, width: float, ink: str) -> None:
    """A line with round ends and joints, in parts of the side."""
    at = [(round(x * side), round(y * side)) for x, y in points]
    thick = round(width * side) | 1  # an odd width lies evenly around its points, as the circles do
    pen.line(at, fill=ink, width=thick)
    radius = thick // 2
    for x, y in at:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


@blueprint.get(links.DOOR_WORKER)
@access.public
def worker() -> Response:
    """The service worker of all doors, told what to keep. Browsers ask for it at each visit; the same text is a 304."""
    static: Assets = current_app.extensions["assets"]
    try:
        source = (static.static / WORKER).read_text("utf-8")
    except FileNotFoundError:
        raise NotFound("page") from None
    urls = _shell(static)
    shell = {"version": hashlib.sha256("\n".join(urls).encode()).hexdigest()[:16], "assets": urls}
    text = f"const SHELL = {json.dumps(shell)};\n{source}"
    answer = Response(text, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = headers.DOOR_PREFIX
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _shell(static: Assets) -> list[str]:
    """The addresses of all files that the page needs, sorted; own files also when newer than the built ones."""
    known = {*static.manifest.assets, *(f"door/{file.name}" for file in (static.static / "door").iterdir())}
    own = {name for name in known if name.startswith("door/") and name.endswith((".js", ".css")) and name != WORKER}
    fonts = {name for name in known if name.startswith("fonts/") and name.endswith(".woff2")}
    return sorted(static.url(name) for name in own | fonts | (_SHELL & known))
