"""What staff reads of people: the place in the queue, who can be reached, the consent in force."""

from flask import Flask

from hubevents.core.db import transaction
from hubevents.registrations import desk, service
from hubevents.registrations.desk import Filter
from hubevents.registrations.rules import ConsentKind, RegistrationStatus
from hubevents.registrations.service import Registrant
from tests import make


def person(name: str, email: str | None) -> Registrant:
    return Registrant(name, "Желева", email, "bg")


def test_the_queue_is_counted_from_one_in_order(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    with transaction():
        rows = [service.register(event.id, person(name, f"{name}@example.org")) for name in ("a", "b", "c")]
    assert [desk.position(row) for row in rows] == [None, 1, 2]
    waiting = desk.people(event.id, Filter(status=RegistrationStatus.WAITLISTED))
    assert ([row.id for row in waiting[0]], waiting[1]) == ([rows[1].id, rows[2].id], 2)
    assert desk.counts(event.id) == {RegistrationStatus.CONFIRMED: 1, RegistrationStatus.WAITLISTED: 2}


def test_reached_are_those_with_an_address_who_have_not_left(ctx: Flask) -> None:
    hub = make.hub()
    one, two = make.event(hub, "edna"), make.event(hub, "dve")
    with transaction():
        service.register(one.id, person("a", "a@example.org"))
        service.register(one.id, person("b", None))
        left = service.register(one.id, person("c", "c@example.org"))
        service.register(two.id, person("a", "a@example.org"))
    with transaction():
        service.cancel(left.id, by="person")
    assert (desk.reachable([one.id]), desk.reachable([one.id, two.id]), desk.reachable([])) == (1, 2, 0)


def test_the_last_decision_about_a_consent_is_in_force(ctx: Flask) -> None:
    event = make.event(make.hub())
    with transaction():
        row = service.register(event.id, person("a", "a@example.org"))
    with transaction():
        service.decide_consent(row.id, ConsentKind.PHOTO, granted=True)
    assert desk.consents_of_event(event.id) == {row.id: {"photo": True, "newsletter": False}}
    assert [consent.granted for consent in desk.consents(row.id)] == [True, False, False]


def test_a_person_of_another_event_is_none(ctx: Flask) -> None:
    hub = make.hub()
    one, two = make.event(hub, "edna"), make.event(hub, "dve")
    with transaction():
        row = service.register(one.id, person("a", "a@example.org"))
    assert desk.person(one.id, row.id) is row
    assert desk.person(two.id, row.id) is None
