"""Seats, queue and promotion; the counters always agree with the rows."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubevents.core import clock
from hubevents.core.db import db, is_sqlite, transaction
from hubevents.core.errors import Conflict, NotFound
from hubevents.core.facts import recorded
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.organisations.models import Organisation
from hubevents.registrations import service as registrations
from hubevents.registrations.facts import Promoted, Registered, RegistrationCancelled
from hubevents.registrations.models import Consent, Participant, Registration, SessionPlace, Ticket
from hubevents.registrations.rules import ConsentKind, RegistrationStatus, Source
from hubevents.registrations.service import Registrant
from tests import make

CONFIRMED = RegistrationStatus.CONFIRMED
WAITLISTED = RegistrationStatus.WAITLISTED
CANCELLED = RegistrationStatus.CANCELLED


def person(name: str, **values: object) -> Registrant:
    return Registrant(
        **{"first_name": name, "last_name": "Петрова", "email": f"{name}@example.org", "language": "bg", **values}
    )  # type: ignore[arg-type]


def register(event_id: int, name: str, **values: object) -> Registration:
    with transaction():
        return registrations.register(event_id, person(name, **values))


def counters(event_id: int) -> tuple[int, int]:
    event = db.session.get(Event, event_id, populate_existing=True)
    assert event is not None
    db.session.rollback()
    return event.seats_taken, event.waiting


def statuses(event_id: int) -> Counter[RegistrationStatus]:
    rows = db.session.scalars(sa.select(Registration.status).where(Registration.event_id == event_id))
    return Counter(rows)


def assert_counters_agree(event_id: int) -> None:
    found = statuses(event_id)
    assert counters(event_id) == (found[CONFIRMED], found[WAITLISTED])


def test_first_come_is_confirmed_then_the_waiting_list_in_order(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=2)
    got = [register(event.id, name).status for name in ("ana", "boyan", "vera", "georgi")]
    assert got == [CONFIRMED, CONFIRMED, WAITLISTED, WAITLISTED]
    assert counters(event.id) == (2, 2)


def test_an_event_without_limit_confirms_everybody(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=None)
    assert [register(event.id, f"p{i}").status for i in range(3)] == [CONFIRMED] * 3
    assert counters(event.id) == (3, 0)


def test_a_confirmed_person_has_a_ticket_and_a_waiting_one_has_none(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    first, second = register(event.id, "ana"), register(event.id, "boyan")
    tickets = db.session.scalars(sa.select(Ticket)).all()
    assert [(t.registration_id, t.version, t.replaced_at) for t in tickets] == [(first.id, 1, None)]
    assert second.waiting_since is not None


def test_cancelling_promotes_the_next_in_line_in_the_same_transaction(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    ana, boyan, vera = (register(event.id, name) for name in ("ana", "boyan", "vera"))
    with transaction():
        registrations.cancel(ana.id, by="person")
        facts = recorded()
    assert facts == (RegistrationCancelled(ana.id, "person", CONFIRMED), Promoted(boyan.id))
    rows = {r.id: r.status for r in db.session.scalars(sa.select(Registration))}
    assert rows == {ana.id: CANCELLED, boyan.id: CONFIRMED, vera.id: WAITLISTED}
    assert counters(event.id) == (1, 1)
    assert db.session.scalars(sa.select(Ticket.registration_id).order_by(Ticket.id)).all() == [ana.id, boyan.id]


def test_a_waiting_person_who_leaves_frees_no_seat(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    _, boyan, vera = (register(event.id, name) for name in ("ana", "boyan", "vera"))
    with transaction():
        registrations.cancel(boyan.id, by="person")
    assert counters(event.id) == (1, 1)
    db.session.refresh(vera)
    assert vera.status is WAITLISTED


def test_cancelling_twice_changes_nothing(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    ana = register(event.id, "ana")
    for _ in range(2):
        with transaction():
            registrations.cancel(ana.id, by="person")
    assert counters(event.id) == (0, 0)


def test_who_cancelled_registers_anew_behind_the_queue(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    ana, _, _ = (register(event.id, name) for name in ("ana", "boyan", "vera"))
    with transaction():
        registrations.cancel(ana.id, by="person")
    again = register(event.id, "ana")
    assert (again.status, again.id != ana.id, counters(event.id)) == (WAITLISTED, True, (1, 2))


def test_a_known_address_gets_no_second_registration(ctx: Flask) -> None:
    event = make.event(make.hub())
    ana = register(event.id, "ana")
    with pytest.raises(Conflict) as refusal:
        register(event.id, "ana")
    assert (refusal.value.code, refusal.value.details) == ("already_registered", {"registration_id": ana.id})
    assert counters(event.id) == (1, 0)


def test_people_without_mail_may_share_a_name(ctx: Flask) -> None:
    event = make.event(make.hub())
    register(event.id, "ivan", email=None)
    register(event.id, "ivan", email=None)
    assert (counters(event.id), db.session.scalar(sa.select(sa.func.count(Participant.id)))) == ((2, 0), 0)


@pytest.mark.parametrize(
    ("values", "openness"),
    [
        ({"status": EventStatus.CANCELLED}, "cancelled"),
        ({"takes_registrations": False}, "none"),
        ({"registration_opens_at": make.in_days(1)}, "not_yet"),
        ({"registration_closes_at": make.in_days(-1)}, "closed"),
        ({"dates": [(make.in_days(-2, 9), make.in_days(-2, 12))]}, "over"),
    ],
)
def test_a_closed_event_takes_nobody_from_the_web(ctx: Flask, values: dict[str, object], openness: str) -> None:
    event = make.event(make.hub(), **values)
    with pytest.raises(Conflict) as refusal:
        register(event.id, "ana")
    assert refusal.value.details == {"openness": openness}


def test_staff_registers_after_the_deadline_and_beyond_the_capacity(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=0, registration_closes_at=make.in_days(-1))
    with transaction():
        row = registrations.register(event.id, person("ana"), source=Source.STAFF, beyond=True)
    assert (row.status, counters(event.id)) == (CONFIRMED, (1, 0))


def test_a_draft_is_unknown(ctx: Flask) -> None:
    event = make.event(make.hub(), status=EventStatus.DRAFT)
    with pytest.raises(NotFound):
        register(event.id, "ana")


def test_more_places_move_the_queue_up(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    for name in ("ana", "boyan", "vera", "georgi"):
        register(event.id, name)
    with transaction():
        row = db.session.get(Event, event.id)
        assert row is not None
        row.capacity = 3
        db.session.flush()
        assert registrations.fill_places(event.id) == 2
    assert counters(event.id) == (3, 1)


def test_nobody_moves_up_once_the_last_date_began(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=1)
    ana, boyan = register(event.id, "ana"), register(event.id, "boyan")
    with time_machine.travel(event.dates[0].starts_at + timedelta(minutes=1), tick=False), transaction():
        registrations.cancel(ana.id, by="person")
    db.session.refresh(boyan)
    assert (boyan.status, counters(event.id)) == (WAITLISTED, (0, 1))


def test_consents_are_kept_with_time_and_text_version(ctx: Flask) -> None:
    event = make.event(make.hub())
    now = clock.now()
    with time_machine.travel(now, tick=False):
        row = register(event.id, "ana", consents=frozenset({ConsentKind.PHOTO}))
        with transaction():
            registrations.decide_consent(row.id, ConsentKind.PHOTO, granted=False)
    rows = db.session.scalars(sa.select(Consent).order_by(Consent.id)).all()
    assert [(c.kind, c.granted, c.decided_at, c.text_version) for c in rows] == [
        (ConsentKind.PHOTO, True, now, registrations.CONSENT_TEXTS),
        (ConsentKind.NEWSLETTER, False, now, registrations.CONSENT_TEXTS),
        (ConsentKind.PHOTO, False, now, registrations.CONSENT_TEXTS),
    ]


def test_the_organisation_is_found_by_number_then_by_name(ctx: Flask) -> None:
    hub = make.hub()
    event = make.event(hub)
    a = register(event.id, "ana", organisation="Берое Машини АД", organisation_number="123456786")
    b = register(event.id, "boyan", organisation="БЕРОЕ", organisation_number="123456786")
    c = register(event.id, "vera", organisation="берое  машини ад")
    d = register(event.id, "georgi", organisation="Друга")
    organisations = db.session.scalars(sa.select(Organisation.name).order_by(Organisation.id)).all()
    assert organisations == ["Берое Машини АД", "Друга"]
    assert a.organisation_id == b.organisation_id == c.organisation_id != d.organisation_id


def test_session_places_have_their_own_queue_and_free_with_the_person(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=2)
    item = make.session(event, capacity=1)
    free = make.session(event, "Обща", capacity=None)
    ana, boyan, vera = (register(event.id, name, session_ids=(item.id, free.id)) for name in ("ana", "boyan", "vera"))

    def places() -> dict[int, RegistrationStatus]:
        db.session.expire_all()
        return {p.registration_id: p.status for p in db.session.scalars(sa.select(SessionPlace))}

    assert places() == {ana.id: CONFIRMED, boyan.id: WAITLISTED, vera.id: RegistrationStatus.PENDING}
    db.session.rollback()
    with transaction():
        registrations.cancel(ana.id, by="person")
    assert places() == {ana.id: CANCELLED, boyan.id: CONFIRMED, vera.id: WAITLISTED}
    db.session.refresh(item)
    assert (item.seats_taken, item.waiting) == (1, 1)


def test_a_renewed_link_replaces_the_ticket(ctx: Flask) -> None:
    event = make.event(make.hub())
    row = register(event.id, "ana")
    with transaction():
        registrations.renew_link(row.id)
    tickets = db.session.scalars(sa.select(Ticket).order_by(Ticket.version)).all()
    assert [(t.version, t.replaced_at is None) for t in tickets] == [(1, False), (2, True)]
    assert tickets[0].code != tickets[1].code


def test_another_events_registration_is_not_found(ctx: Flask) -> None:
    hub = make.hub()
    one, other = make.event(hub), make.event(hub, "druga")
    row = register(one.id, "ana")
    with pytest.raises(NotFound), transaction():
        registrations.cancel(row.id, by="staff", event_id=other.id)


def test_registering_records_one_fact(ctx: Flask) -> None:
    event = make.event(make.hub())
    with transaction():
        row = registrations.register(event.id, person("ana"))
        assert recorded() == (Registered(row.id, CONFIRMED),)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.just(("join", 0)),
            st.tuples(st.just("leave"), st.integers(0, 9)),
            st.tuples(st.just("places"), st.integers(0, 4)),
        ),
        max_size=14,
    )
)
def test_whatever_the_order_counters_agree_and_nobody_waits_beside_a_free_place(
    ctx: Flask, steps: list[tuple[str, int]]
) -> None:
    hub = make.hub(f"h{clock.now().timestamp():.6f}".replace(".", ""))
    event = make.event(hub, capacity=2)
    people: list[int] = []
    for step, number in steps:
        if step == "join":
            people.append(register(event.id, f"p{len(people)}").id)
        elif step == "leave" and people:
            with transaction():
                registrations.cancel(people[number % len(people)], by="person")
        elif step == "places":
            with transaction():
                row = db.session.get(Event, event.id, populate_existing=True)
                assert row is not None
                row.capacity = number
                db.session.flush()
                registrations.fill_places(event.id)
    assert_counters_agree(event.id)
    row = db.session.get(Event, event.id, populate_existing=True)
    assert row is not None
    assert row.waiting == 0 or row.capacity is not None and row.seats_taken >= row.capacity


def _in_thread(app: Flask, work: "list[object]", event_id: int, name: str, gate: threading.Barrier) -> threading.Thread:
    def run() -> None:
        with app.app_context():
            gate.wait()
            try:
                work.append(register(event_id, name).status)
            except Exception as error:  # noqa: BLE001 - the test looks at whatever came
                work.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_same_address_at_the_same_instant_registers_once(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=5)
    db.session.rollback()
    got: list[object] = []
    gate = threading.Barrier(4)
    threads = [_in_thread(ctx, got, event.id, "ana", gate) for _ in range(4)]
    for thread in threads:
        thread.join()
    assert Counter(str(result) if not isinstance(result, Conflict) else result.code for result in got) == {
        "confirmed": 1,
        "already_registered": 3,
    }
    assert_counters_agree(event.id)


@pytest.mark.slow
def test_200_at_once_for_50_seats_end_with_50_confirmed_and_150_waiting(ctx: Flask) -> None:
    event = make.event(make.hub(), capacity=50)
    db.session.rollback()
    got: list[object] = []
    gate = threading.Barrier(20)

    def crowd(number: int) -> None:
        with ctx.app_context():
            gate.wait()
            for i in range(10):
                try:
                    got.append(register(event.id, f"p{number}-{i}").status)
                except Exception as error:  # noqa: BLE001 - the test looks at whatever came
                    got.append(error)
            db.session.remove()

    threads = [threading.Thread(target=crowd, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(got) == {CONFIRMED: 50, WAITLISTED: 150}
    assert counters(event.id) == (50, 150)
    order = db.session.scalars(
        sa.select(Registration.id)
        .where(Registration.status == WAITLISTED)
        .order_by(Registration.waiting_since, Registration.id)
    ).all()
    assert len(order) == 150


def test_joining_while_the_last_seat_is_cancelled_leaves_nobody_behind(ctx: Flask) -> None:
    """The race of DESIGN 3 step by step: B's UPDATE waits for A's cancellation, or the other way round."""
    if is_sqlite():
        return  # one writer at a time: there is nothing to interleave
    event = make.event(make.hub(), capacity=1)
    ana = register(event.id, "ana")
    db.session.rollback()
    joined: list[object] = []
    started = threading.Event()

    def join() -> None:
        with ctx.app_context():
            started.set()
            joined.append(register(event.id, "boyan").status)
            db.session.remove()

    thread = threading.Thread(target=join)
    with transaction():
        registrations.cancel(ana.id, by="person")
        thread.start()
        started.wait()
        waits = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with db.engine.connect() as other:
            for _ in range(2000):
                if other.scalar(waits):
                    break
                other.rollback()
            else:
                pytest.fail("the joining transaction did not wait for the cancelling one")
    thread.join()
    assert joined == [CONFIRMED]
    assert counters(event.id) == (1, 0)
    assert_counters_agree(event.id)
