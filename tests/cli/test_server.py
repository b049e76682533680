"""Ports that are taken, hosts that others reach, and whom the embedded server believes."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hubevents.cli import server
from hubevents.core.config import ConfigError


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("events.example.org", False),
        ("", False),
    ],
)
def test_hosts_that_only_this_machine_reaches(host: str, loopback: bool):
    assert server.is_loopback(host) is loopback


def test_a_taken_default_port_moves_to_the_next_free_one(monkeypatch):
    with server.listen("127.0.0.1", 0) as taken:
        monkeypatch.setattr(server, "DEFAULT_PORT", taken.getsockname()[1])
        with server.listen("127.0.0.1", None) as moved:
            assert moved.getsockname()[1] > taken.getsockname()[1]
            monkeypatch.setattr(server, "TRIES", 1)
            with pytest.raises(ConfigError, match="are all taken"):
                server.listen("127.0.0.1", None)


def test_a_taken_port_that_was_asked_for_is_one_clear_line():
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"^Port {port} of 127\.0\.0\.1 is taken: choose another with --port\.$"):
            server.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_a_host_that_is_not_ours_is_one_clear_line(host: str):
    with pytest.raises(ConfigError, match="^Cannot listen on") as refused:
        server.listen(host, 0)
    assert "\n" not in str(refused.value)


def test_the_address_names_host_and_port():
    with server.listen("localhost", 0) as listener:
        assert server.address_of(listener, "localhost") == f"http://localhost:{listener.getsockname()[1]}"
        assert server.address_of(listener, "::1") == f"http://[::1]:{listener.getsockname()[1]}"


def seen(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """An application that answers whom it sees."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "-")
    return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']} {forwarded}".encode()]


@pytest.fixture
def serving(request: pytest.FixtureRequest) -> Iterator[int]:
    listener = server.listen("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    web = server.make(seen, listener, request.param)
    thread = threading.Thread(target=_run, args=(web,))
    thread.start()
    yield port
    web.trigger.pull_trigger(web.close)
    thread.join(10)
    web.task_dispatcher.shutdown()
    listener.close()
    assert not thread.is_alive()


def _run(web: Any) -> None:
    web.asyncore.loop(timeout=1, map=web._map, use_poll=True)


def ask(port: int, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


FORWARDED = {"X_Forwarded_For": "203.0.113.9, 198.51.100.4", "X_Forwarded_Proto": "https"}


@pytest.mark.parametrize(
    ("serving", "expected"),
    [
        (0, "127.0.0.1 http 203.0.113.9, 198.51.100.4"),
        (1, "198.51.100.4 https 198.51.100.4"),
        (2, "203.0.113.9 https 203.0.113.9, 198.51.100.4"),
    ],
    indirect=["serving"],
)
def test_only_the_proxies_that_are_told_of_are_believed(serving: int, expected: str):
    assert ask(serving, **FORWARDED) == (200, expected)


@pytest.mark.parametrize("serving", [1], indirect=True)
def test_without_a_forwarded_header_the_peer_is_the_client(serving: int):
    assert ask(serving) == (200, "127.0.0.1 http -")


@pytest.mark.parametrize("serving", [0], indirect=True)
def test_a_body_beyond_all_limits_is_refused(serving: int):
    with socket.create_connection(("127.0.0.1", serving), timeout=10) as connection:
        length = server.LARGEST_BODY + 1
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
