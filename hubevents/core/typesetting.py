"""Printed papers: templates in `templates/pdf/` (typst) and plain values become PDF, and SVG or PNG of a single page.

Values reach typst as data: markup in them is text. Files outside of the template's folder are out of reach, no network
is asked, the fonts are ours alone, so a paper looks the same everywhere and equal values and dates give equal bytes. A
PDF is tagged and conforms to PDF/A-2a and PDF/UA-1 by typst's own check: a template must give its title, its language
and words for every picture.

Setting happens in a short process of its own (`core.typesetter`): at most `AT_ONCE` at a time, each at most `SECONDS`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from hubevents.core import assets

SECONDS = 30
AT_ONCE = 2
_room = threading.BoundedSemaphore(AT_ONCE)

TYPESETTER = Path(__file__).with_name("typesetter.py")
_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
"""What of the environment the process sees: settings hold secrets."""

Format = Literal["pdf", "png", "svg"]


class Job(TypedDict):
    """What the process reads."""

    source: str
    root: str
    fonts: list[str]
    data: Mapping[str, Any]
    format: Format
    ppi: float | None
    dated: int


class TypesettingFailed(RuntimeError):
    """A template that typst refuses, or a paper that took too long: a fault of ours, never of the person who asked."""


def pdf(template: str, data: Mapping[str, Any], *, dated: datetime) -> bytes:
    """The PDF of a template's name (`badges` is `templates/pdf/badges.typ`) and JSON-able values; `dated` is aware."""
    return _set(template, data, "pdf", dated=int(dated.timestamp()))


def svg(template: str, data: Mapping[str, Any]) -> bytes:
    """The first page as SVG, in points, its letters as outlines."""
    return _set(template, data, "svg")


def png(template: str, data: Mapping[str, Any], *, ppi: float) -> bytes:
    """The first page as PNG."""
    return _set(template, data, "png", ppi=ppi)


def templates() -> Path:
    """The folder of the templates, and all that typst may read."""
    return assets.root() / "templates" / "pdf"


def fonts() -> Path:
    """The folder of the fonts that `assets.mjs` copied."""
    return assets.root() / "static" / "vendor" / "paper-fonts"


def _set(template: str, data: Mapping[str, Any], form: Format, *, ppi: float | None = None, dated: int = 0) -> bytes:
    root = templates()
    job = Job(
        source=str(root / f"{template}.typ"),
        root=str(root),
        fonts=[str(fonts())],
        data=data,
        format=form,
        ppi=ppi,
        dated=dated,
    )
    sent = json.dumps(job, ensure_ascii=False).encode()
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with _room:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-X", "utf8", str(TYPESETTER)],
                input=sent,
                capture_output=True,
                timeout=SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(f"{template}: not set within {SECONDS} seconds") from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise TypesettingFailed(f"{template}: {said[-1] if said else f'exit {done.returncode}'}")
    return done.stdout
