"""Chromium against a live server: `live` is a running installation on SQLite, `page` a page in Debian's Chromium.

Make rows with `with live.app.app_context():` and `tests.make`; open `live.url("/bg/")`. Each test starts with an empty
database. `demo` is the demo hub as `hubevents run --demo` shows it, shared by all tests of a process: look, do not
count. A fake camera belongs to one browser: `camera_browser(frames)` starts one whose camera shows those pictures.
"""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import waitress.server
from flask import Flask, abort
from PIL import Image
from playwright.sync_api import Browser, BrowserType

from hubevents.core.config import Settings
from hubevents.core.db import db
from hubevents.demo import service as demo_hub
from hubevents.web import access
from hubevents.web.limits import limiter
from tests.conftest import new_app, settings_for

CHROMIUM = shutil.which("chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Live:
    """A running server and its application."""

    app: Flask
    port: int = 0
    server: Any = None
    thread: threading.Thread | None = None

    def url(self, path: str = "/") -> str:
        """An absolute address on the server; localhost, so that the browser counts it as secure."""
        return f"http://localhost:{self.port}{path}"

    def start(self) -> None:
        """Serves, on the port it had before when it was killed."""
        self.server = waitress.server.create_server(self.app, host="127.0.0.1", port=self.port, threads=8)
        self.port = self.server.effective_port
        self.thread = threading.Thread(target=_serve, args=(self.server,), name="live", daemon=True)
        self.thread.start()

    def kill(self) -> None:
        """Nothing answers any more; open connections are cut."""
        if self.thread is None:
            return
        self.server.trigger.pull_trigger(self.server.close)  # in the loop's own thread: it ends when its map is empty
        for channel in list(self.server.active_channels.values()):
            with suppress(OSError):
                channel.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.thread = None
        self.server.task_dispatcher.shutdown()


@contextmanager
def serving(settings: Settings) -> Iterator[Live]:
    """A migrated installation on a free port, with waitress in a thread."""
    app = new_app(settings)
    app.config["WTF_CSRF_ENABLED"] = True
    app.testing = False  # a fault is an error page, as for everybody
    live = Live(app)
    live.start()
    (app.extensions["settings"].instance / "address").write_text(f"http://localhost:{live.port}", "utf-8")
    yield live
    live.kill()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Live]:
    """A running installation of the test's own, which may be killed and started again."""
    with serving(settings_for(tmp_path / "own")) as live:
        yield live


@pytest.fixture(scope="session")
def _live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(settings_for(tmp_path_factory.mktemp("live"))) as live:
        yield live


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The demo hub, just made; staff sign in with `demo-demo`. `/broken/<status>` answers with that error's page."""
    with serving(settings_for(tmp_path_factory.mktemp("demo"), demo=True)) as live:
        live.app.add_url_rule("/broken/<int:status>", "broken", access.public(_break))
        with live.app.app_context():
            demo_hub.build("demo-demo")
            db.session.remove()
        yield live


def _break(status: int) -> None:
    if status == 500:
        raise ZeroDivisionError
    abort(status)


def _serve(server: Any) -> None:
    with suppress(OSError):
        server.run()


@pytest.fixture
def live(_live: Live) -> Live:
    """The running installation, emptied."""
    with _live.app.app_context(), db.engine.begin() as connection:
        for table in reversed(db.metadata.sorted_tables):
            connection.execute(sa.delete(table))
    if limiter.enabled:
        limiter.reset()
    return _live


def launch_args(*more: str) -> dict[str, Any]:
    """How Chromium is started: Debian's when there is one, without its sandbox only as root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    args = [*(["--no-sandbox"] if root else []), *more]
    return {"args": args, **({"executable_path": CHROMIUM} if CHROMIUM else {})}


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: addresses are `live.url(...)`; the plugin's own fixture is written in a way pytest warns of."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **launch_args()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A phone with Bulgarian first."""
    return {**browser_context_args, "locale": "bg-BG", "viewport": {"width": 375, "height": 812}}


def film(path: Path, frames: list[Image.Image]) -> Path:
    """A film for the fake camera: JPEGs one after another, 640x480; it loops."""
    with path.open("wb") as file:
        for frame in frames:
            canvas = Image.new("RGB", (640, 480), "#888")
            picture = frame.convert("RGB")
            picture.thumbnail((440, 440), Image.Resampling.NEAREST)
            canvas.paste(picture, ((640 - picture.width) // 2, (480 - picture.height) // 2))
            canvas.save(file, "JPEG", quality=85)
    return path


@pytest.fixture
def camera_browser(browser_type: BrowserType, tmp_path: Path) -> Iterator[Callable[[list[Image.Image]], Browser]]:
    """`camera_browser(frames)` is a Chromium whose camera shows the pictures in turn; closed after the test."""
    opened: list[Browser] = []

    def start(frames: list[Image.Image]) -> Browser:
        path = film(tmp_path / f"camera{len(opened)}.mjpeg", frames)
        args = launch_args(
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={path}",
        )
        opened.append(browser_type.launch(**args))
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()
