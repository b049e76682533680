"""Real server processes for tests: `hubevents run` on a free port, asked over real connections."""

import os
import re
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
_HIDDEN = re.compile(r'name="(csrf_token|opened)"[^>]*value="([^"]+)"')


class Server:
    """A `hubevents run` process of its own; `kill()` is SIGKILL, leaving a context ends it politely."""

    def __init__(self, instance: Path, **settings: str) -> None:
        self.instance = instance
        self.environ = {
            **os.environ,
            "HUBEVENTS_INSTANCE": str(instance),
            "HUBEVENTS_RATE_LIMITS": "off",
            "PYTHONPATH": str(ROOT),
            **{f"HUBEVENTS_{name}": value for name, value in settings.items()},
        }
        for name in [name for name in self.environ if name.startswith("HUBEVENTS_TEST_")]:
            del self.environ[name]
        self.log = (instance / "server.log").open("ab")

    def __enter__(self) -> "Server":
        self.start()
        return self

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hubevents", "run", "--port", "0"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=ROOT,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"(?:listening on|runs at) (http://127\.0\.0\.1:\d+)(?!.*listening on)", line)
            if found:
                self.port = urlsplit(found[1]).port
                break
        else:
            raise RuntimeError((self.instance / "server.log").read_text())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                continue
        raise RuntimeError("the server does not answer")

    def ask(
        self, method: str, path: str, data: dict[str, str] | None = None, cookie: str = ""
    ) -> tuple[int, dict[str, str], str]:
        """One request on a connection of its own: status, headers, text."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Cookie": cookie} if cookie else {}
            body = None
            if data is not None:
                body = urlencode(data)
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def register(self, form: str, person: dict[str, str]) -> tuple[int, str]:
        """A whole web registration, GET and POST: status and where it leads."""
        status, headers, page = self.ask("GET", form)
        if status != 200:
            return status, ""
        cookie = headers["Set-Cookie"].split(";")[0]
        status, headers, _page = self.ask("POST", form, {**person, **dict(_HIDDEN.findall(page))}, cookie)
        return status, headers.get("Location", "")

    def kill(self) -> None:
        """The power cut: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def _reap(self) -> None:
        self.process.wait(20)
        if self.process.stdout:
            self.process.stdout.close()

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self._reap()
        self.log.close()
