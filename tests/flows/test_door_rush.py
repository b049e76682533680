"""An hour without a server, then all phones of a conference send what they hold, while people look at the web site."""

import json
import secrets
import statistics
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Device, Scan
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus, Source
from tests import make
from tests.flows import installations
from tests.servers import Server

DEVICES, OWN, DOUBLE, BATCH = 10, 270, 30, 100
"""Each phone let in people of its own, and some whom the next phone let in as well."""
PAGES = ("/bg/zagore/", "/bg/zagore/events/lekciya/", "/bg/zagore/events/idna/register", "/feeds/zagore.ics")


def an_event_with_people() -> tuple[str, list[str]]:
    """The pass of a door, and signed codes of all who registered."""
    now = clock.now()
    hub = make.hub()
    make.event(hub, "idna")
    event = make.event(hub, capacity=None, dates=[(now - timedelta(hours=1), now + timedelta(hours=6))])
    common = {"language": "bg", "created_at": now - timedelta(days=9), "changed_at": now - timedelta(days=9)}
    with transaction():
        db.session.execute(
            sa.insert(Registration),
            [
                {
                    "event_id": event.id, "status": RegistrationStatus.CONFIRMED, "source": Source.IMPORT,
                    "first_name": "Гост", "last_name": f"Номер {number}", "search": f"gost nomer {number}", **common,
                }
                for number in range(DEVICES * OWN)
            ],
        )  # fmt: skip
        ids = db.session.scalars(sa.select(Registration.id).order_by(Registration.id)).all()
        codes = [{"registration_id": id, "code": tickets.new_code(secrets.randbits), "issued_at": now} for id in ids]
        db.session.execute(sa.insert(Ticket), [{"version": 1, **code} for code in codes])
        door = checkin.make_door(event, "Вход", DoorRole.SCAN)
        # The scans were made while the server was away.
        door.created_at = now - timedelta(days=1)
        token = checkin.token_of(door)
    key = tokens.ticket_keys()[0]
    return token, [tickets.issue(key, event_id=event.id, registration_id=id, version=1) for id in ids]


@pytest.fixture(params=installations.KINDS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Flask, list[Server], Any]]:
    """Our own view of the database, its running servers, and the pass with the codes."""
    with installations.running(request.param, tmp_path, an_event_with_people) as running:
        yield running


class Phone:
    """A phone with scans that nobody has yet."""

    def __init__(self, server: Server, token: str, number: int, codes: list[str], made_at: datetime) -> None:
        self.server, self.path = server, f"/door/{token}"
        self.device = {"id": str(uuid.UUID(int=number)), "name": f"Телефон {number}"}
        first = number * OWN
        tickets_seen = [codes[(first + n) % len(codes)] for n in range(OWN + DOUBLE)]
        self.scans = [
            {
                "scan_id": str(uuid.uuid4()),
                "code": code,
                "scanned_at": (made_at + timedelta(seconds=n * 10 + number)).isoformat(),
                "shown": "admitted",
            }
            for n, code in enumerate(tickets_seen)
        ]
        self.answers: list[tuple[int, Counter[str]]] = []
        self.times: list[float] = []

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request on a connection of its own; the time it took is kept."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        began = time.perf_counter()
        try:
            said = json.dumps(body) if body is not None else None
            connection.request(method, self.path + path, said, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()
            self.times.append(time.perf_counter() - began)

    def send(self) -> None:
        """All scans in batches; the answer to every second batch gets lost, so it is sent again."""
        batches = [self.scans[at : at + BATCH] for at in range(0, len(self.scans), BATCH)]
        for number, batch in enumerate(batches):
            for _again in range(1 + number % 2):
                device = {**self.device, "sent_at": clock.now().isoformat(), "queued": len(self.scans) - BATCH * number}
                status, answer = self.ask("POST", "/scans", {"device": device, "scans": batch})
                assert [verdict["scan_id"] for verdict in answer["verdicts"]] == [item["scan_id"] for item in batch]
                self.answers.append((status, Counter(verdict["verdict"] for verdict in answer["verdicts"])))


@pytest.mark.slow
def test_d49_ten_phones_send_3000_scans_at_once_and_the_site_answers(
    installation: tuple[Flask, list[Server], Any], capsys: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    app, servers, (token, codes) = installation
    made_at = clock.now() - timedelta(minutes=55)
    phones = [Phone(servers[n % len(servers)], token, n, codes, made_at) for n in range(DEVICES)]
    over, pages = threading.Event(), []
    for server in servers:
        assert {server.ask("GET", page)[0] for page in PAGES} == {200}

    def read(number: int) -> None:
        while not over.is_set():
            began = time.perf_counter()
            status = servers[number % len(servers)].ask("GET", PAGES[len(pages) % len(PAGES)])[0]
            pages.append((status, time.perf_counter() - began))

    with ThreadPoolExecutor(DEVICES + 2) as crowd:
        readers = [crowd.submit(read, number) for number in range(2)]
        began = time.perf_counter()
        try:
            sent = [crowd.submit(phone.send) for phone in phones]
            for each in sent:
                each.result()
            seconds = time.perf_counter() - began
        finally:
            over.set()
        for reader in readers:
            reader.result()

    slowest = max(time for phone in phones for time in phone.times)
    p95 = statistics.quantiles([time for _status, time in pages], n=20)[-1]
    with capsys.disabled():
        print(
            f"\n3 000 scans of ten phones, {request.node.callspec.id}: {seconds:.1f} s, the slowest batch "
            f"{slowest:.1f} s; {len(pages)} public pages meanwhile, p95 {p95 * 1000:.0f} ms"
        )
    assert Counter(status for status, _time in pages).keys() == {200}
    answers = [answer for phone in phones for answer in phone.answers]
    assert Counter(status for status, _verdicts in answers) == {200: DEVICES * 4}
    assert sum((verdicts for _status, verdicts in answers), Counter()).keys() <= {"admitted", "already_in"}
    log = (tmp_path / "server.log").read_text()
    assert "request failed" not in log
    assert "locked" not in log
    assert seconds < 30

    with app.app_context():
        scans = db.session.execute(sa.select(Scan.registration_id, Scan.scanned_at, Scan.flagged, Scan.counts)).all()
        assert len(scans) == DEVICES * (OWN + DOUBLE)
        assert {row.counts for row in scans} == {True}
        assert Counter(row.flagged for row in scans) == {None: DEVICES * OWN, "second_entry": DEVICES * DOUBLE}
        earliest: dict[int, datetime] = {}
        for row in scans:
            earliest[row.registration_id] = min(row.scanned_at, earliest.get(row.registration_id, row.scanned_at))
        present = db.session.execute(sa.select(Attendance.registration_id, Attendance.first_in_at, Attendance.inside))
        assert {row.registration_id: (row.first_in_at, row.inside) for row in present} == {
            id: (at, True) for id, at in earliest.items()
        }
        assert len(earliest) == DEVICES * OWN
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Device)) == DEVICES
    # A phone that asks now has the day as all phones know it.
    status, found = phones[0].ask("GET", "/roster")
    assert (status, found["total"], found["present"]) == (200, DEVICES * OWN, DEVICES * OWN)
    assert all(person["present"][0]["inside"] for person in found["registrations"])
