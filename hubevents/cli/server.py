"""The embedded server: a socket on a free port, waitress around the application, a clean end on SIGTERM and SIGINT."""

import contextlib
import errno
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import waitress

from hubevents.core.config import ConfigError

DEFAULT_PORT = 8000
TRIES = 100
"""How many ports after the default one are looked at."""
THREADS = 8
CONNECTIONS = 1000
LARGEST_BODY = 32 * 1024 * 1024
"""Bytes; the application's own limits are lower, this only stops what never ends."""


def is_loopback(host: str) -> bool:
    """Whether a host (name or address) is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket on `port`, or without one on the first free port from 8000; raises ConfigError.

    Listening begins here and not later, so that of two servers starting at once each gets a port of its own; who
    connects meanwhile waits.
    """
    for number in range(DEFAULT_PORT, DEFAULT_PORT + TRIES) if port is None else (port,):
        try:
            return _listen(host, number)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(f"Port {number} of {host} is taken: choose another with --port.") from error
            raise ConfigError(f"Cannot listen on {host}, port {number}: {error.strerror or error}.") from error
    raise ConfigError(f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + TRIES - 1} of {host} are all taken.")


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """The address (scheme, host, port) under which a browser on this machine reaches the socket."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def make(app: Any, listener: socket.socket, proxy_hops: int) -> Any:
    """A waitress server on a socket.

    With `proxy_hops` waitress itself reads X-Forwarded-For and -Proto of that many proxies, so the application must not
    (no ProxyFix). With 0 nobody trusts these headers, but they pass, so that the application can warn of them.
    """
    trusted: dict[str, Any] = {"clear_untrusted_proxy_headers": False}
    if proxy_hops:
        trusted = {
            "trusted_proxy": "*",
            "trusted_proxy_count": proxy_hops,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
            "clear_untrusted_proxy_headers": True,
        }
    return waitress.create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        max_request_body_size=LARGEST_BODY,
        ident="HubEvents",
        **trusted,
    )


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Calls `stop` in the main thread at the first SIGTERM or SIGINT; later ones are ignored while all is ending."""

    def first(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, first)


def leave() -> None:
    """Raises what ends waitress's loop; requests that have begun are answered."""
    raise SystemExit(0)


@contextlib.contextmanager
def signals_held() -> Iterator[Callable[[], object]]:
    """Holds SIGTERM and SIGINT back, in threads begun inside too; gives the function that waits for one of them."""
    ending = {signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        yield lambda: signal.sigwait(ending)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
