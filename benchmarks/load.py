"""A small load generator: processes of threads, one kept-alive raw connection each, so that the client costs little."""

import multiprocessing
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")


class Client:
    """One connection to a server on loopback; `ask` sends prepared bytes and reads one answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes, *, head_only: bool = False) -> tuple[int, bytes, bytes]:
        """Status, head and body. A connection that the server closed is opened again once."""
        for attempt in (1, 2):
            fresh = self.socket is None
            try:
                if self.socket is None:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.socket.sendall(request)
                return self._read(head_only)
            except (ConnectionError, TimeoutError):
                self.close()
                if fresh or attempt == 2:
                    raise
        raise ConnectionError

    def _read(self, head_only: bool) -> tuple[int, bytes, bytes]:
        assert self.socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionResetError
            data += more
        head, _blank, body = data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        length = _LENGTH.search(head)
        if head_only or status in (204, 304):
            pass
        elif length:
            parts, have, want = [body], len(body), int(length[1])
            while have < want:
                more = self.socket.recv(1 << 20)
                if not more:
                    raise ConnectionResetError
                parts.append(more)
                have += len(more)
            body = b"".join(parts)
        elif _CHUNKED.search(head):
            while not body.endswith(b"0\r\n\r\n"):
                more = self.socket.recv(1 << 20)
                if not more:
                    raise ConnectionResetError
                body += more
        if re.search(rb"(?i)\r\nconnection: *close", head):
            self.close()
        return status, head, body

    def close(self) -> None:
        """Drops the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def get(path: str, **headers: str) -> bytes:
    """A GET request as bytes."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()


def post(path: str, body: bytes, content_type: str, cookie: str = "") -> bytes:
    """A POST request as bytes."""
    cookies = f"Cookie: {cookie}\r\n" if cookie else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n{cookies}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


Unit = Callable[[Client, int], int]
"""One unit of work with a number of its own; gives the status that counts as its result."""


@dataclass
class Result:
    """What a run measured."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Units a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0

    def percentile(self, part: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000 if ordered else 0


def run(port: int, unit: Unit, *, clients: int = 16, processes: int = 2, seconds: float = 0, units: int = 0) -> Result:
    """Runs a unit for `seconds`, or `units` times in all, from `clients` connections in `processes` processes."""
    processes = min(processes, clients)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    gate = context.Barrier(processes + 1)
    share = clients // processes
    workers = [
        context.Process(target=_process, args=(port, unit, share, seconds, units // processes, number, queue, gate))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    gate.wait()
    began = time.perf_counter()
    results = [queue.get() for _ in workers]
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    total = Result(took)
    for latencies, statuses in results:
        total.latencies += latencies
        total.statuses += statuses
    return total


def _process(port, unit, clients, seconds, units, number, queue, gate):  # type: ignore[no-untyped-def]
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    lock = threading.Lock()
    counter = iter(range(number * 10_000_000, (number + 1) * 10_000_000))
    left = [units]

    def work() -> None:
        client = Client(port)
        mine: list[float] = []
        seen: Counter[int] = Counter()
        until = time.perf_counter() + seconds if seconds else None
        while until is None or time.perf_counter() < until:
            with lock:
                if until is None:
                    if left[0] <= 0:
                        break
                    left[0] -= 1
                turn = next(counter)
            began = time.perf_counter()
            try:
                status = unit(client, turn)
            except (OSError, ValueError, KeyError, TypeError):
                status = -1
                client.close()
            mine.append(time.perf_counter() - began)
            seen[status] += 1
        client.close()
        with lock:
            latencies.extend(mine)
            statuses.update(seen)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    gate.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((latencies, statuses))
