"""A rush for few seats on real servers, and a power cut in the middle of one."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.core.db import db
from hubevents.core.tokens import REGISTRATION, read_link
from hubevents.events.models import Event
from hubevents.mail.models import OutboxMessage
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.queries import counter_faults
from hubevents.registrations.rules import RegistrationStatus
from tests import make
from tests.flows import installations
from tests.servers import Server

FORM = "/bg/zagore/events/lekciya/register"


def person(number: int) -> dict[str, str]:
    return {"first_name": "Човек", "last_name": f"Номер {number}", "email": f"p{number}@example.org"}


@pytest.fixture(params=installations.KINDS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Flask, list[Server]]]:
    """An installation with one event of 50 seats: our own view of its database, and its running servers."""
    with installations.running(request.param, tmp_path, lambda: make.event(make.hub(), capacity=50)) as running:
        yield running[:2]


@pytest.mark.slow
def test_200_people_rush_for_50_seats(installation: tuple[Flask, list[Server]]) -> None:
    app, servers = installation
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda n: servers[n % len(servers)].register(FORM, person(n)), range(200)))
    assert Counter(status for status, _location in answers) == {303: 200}
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        assert (event.seats_taken, event.waiting) == (50, 150)
        found = Counter(db.session.scalars(sa.select(Registration.status)))
        assert found == {RegistrationStatus.CONFIRMED: 50, RegistrationStatus.WAITLISTED: 150}
        assert counter_faults() == []
        kinds = Counter(db.session.scalars(sa.select(OutboxMessage.kind)))
        assert kinds == {"confirmation": 50, "waiting": 150}


@pytest.mark.slow
def test_a_power_cut_in_a_rush_loses_nothing_that_was_acknowledged(installation: tuple[Flask, list[Server]]) -> None:
    app, servers = installation
    acknowledged: list[str] = []
    enough = threading.Event()

    def come(number: int) -> None:
        try:
            status, location = servers[number % len(servers)].register(FORM, person(number))
        except (OSError, KeyError):
            return  # the server died: this person was not acknowledged
        if status == 303:
            acknowledged.append(location.split("/")[3])
            if len(acknowledged) == 40:
                enough.set()

    with ThreadPoolExecutor(16) as crowd:
        for number in range(200):
            crowd.submit(come, number)
        assert enough.wait(60)
        for server in servers:
            server.kill()
    for server in servers:
        server.start()
    with app.app_context():
        links = [read_link(REGISTRATION, token) for token in acknowledged]
        kept = set(db.session.scalars(sa.select(Registration.id)))
        assert {link.id for link in links if link} <= kept
        assert len([link for link in links if link]) == len(acknowledged) >= 40
        assert counter_faults() == []
        registered = set(db.session.scalars(sa.select(Registration.id)))
        told = set(db.session.scalars(sa.select(OutboxMessage.about)))
        assert told == {f"registration:{id}" for id in registered}
        confirmed = set(
            db.session.scalars(sa.select(Registration.id).where(Registration.status == RegistrationStatus.CONFIRMED))
        )
        assert set(db.session.scalars(sa.select(Ticket.registration_id))) == confirmed
    # Life goes on: the next person is served and the seats are still exact.
    assert servers[0].register(FORM, person(999))[0] == 303
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        assert event.seats_taken == min(50, event.seats_taken + event.waiting)
