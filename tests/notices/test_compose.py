"""Mails as they leave: their form (INTEROP I60-I77), their words, and nothing a stranger can smuggle in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest
import sqlalchemy as sa
import time_machine
import zxingcpp
from flask import Flask
from PIL import Image

from hubevents.accounts.facts import PasswordResetRequested, StaffInvited
from hubevents.calendars import invites
from hubevents.core import clock, tokens
from hubevents.core.db import db, transaction
from hubevents.core.facts import record
from hubevents.events.facts import DateChange, EventCancelled, EventRescheduled
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import EventStatus, Format
from hubevents.jobs import service as jobs
from hubevents.mail import delivery
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import MessageStatus
from hubevents.notices import reminders
from hubevents.notices.compose import compose
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration
from hubevents.registrations.service import Registrant
from tests import make, smtp
from tests.calendars import checker


@pytest.fixture
def inbox(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[smtp.Inbox]:
    with smtp.server(enable_SMTPUTF8=True) as running:
        monkeypatch.setitem(ctx.extensions, "settings", replace(ctx.extensions["settings"], smtp_url=running.url))
        yield running


def an_event(**values: Any) -> Event:
    hub = make.hub()
    return make.event(hub, "robots", venue_id=make.venue(hub).id, **values)


def register(event: Event, first_name: str = "Мария", language: str = "bg", **values: Any) -> Registration:
    person = Registrant(
        first_name, values.pop("last_name", "Петрова"), values.pop("email", "maria@example.org"), language
    )
    with transaction():
        return registrations.register(event.id, person, **values)


def deliver(inbox: smtp.Inbox) -> list[EmailMessage]:
    """Sends what is due; every mail must have left and pass the checklist."""
    before = len(inbox.taken)
    delivery.deliver(compose)
    rows = db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.error.is_not(None))).all()
    assert [(row.kind, row.error) for row in rows] == []
    for raw in inbox.taken[before:]:
        assert checker.check_mail(raw) == []
    return inbox.mails[before:]


def kinds_of_parts(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\xa0", " ").replace("\r\n", "\n")


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def invite(mail: EmailMessage) -> bytes:
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            return data
    raise AssertionError("no calendar part")


def facts_of(data: bytes) -> tuple[str, int, str]:
    """Method, sequence and status as the icalendar library reads them."""
    calendar = icalendar.Calendar.from_ical(data)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), int(event["SEQUENCE"]), str(event["STATUS"])


def test_a_confirmation_has_ticket_invite_and_one_button(inbox: smtp.Inbox) -> None:
    event = an_event()
    registration = register(event)
    (mail,) = deliver(inbox)
    assert kinds_of_parts(mail) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/calendar",
        "application/ics",
    ]
    assert str(mail["From"]) == "Загоре <events@example.org>"
    assert str(mail["To"]) == "Мария Петрова <maria@example.org>"
    assert str(mail["Reply-To"]) == "Загоре <office@zagore.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert facts_of(invite(mail)) == ("REQUEST", 0, "CONFIRMED")
    page = f"http://127.0.0.1:8000/bg/r/{tokens.link(tokens.REGISTRATION, registration.id, 0)}/"
    assert html(mail).count(f'href="{page}"') == 1
    assert f"\n{page}\n" in plain(mail)
    assert f"{page}cancel" in plain(mail)


def test_the_picture_in_the_mail_is_the_ticket(inbox: smtp.Inbox, tmp_path: Any) -> None:
    event = an_event()
    registration = register(event)
    (mail,) = deliver(inbox)
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<ticket>"
    assert 'src="cid:ticket"' in html(mail)
    path = tmp_path / "ticket.png"
    path.write_bytes(picture.get_payload(decode=True))  # type: ignore[arg-type]
    read = zxingcpp.read_barcode(Image.open(path).convert("L"))
    ticket = tickets.read(read.text, [key.public_key() for key in tokens.ticket_keys()])
    assert ticket == tickets.Ticket(event.id, registration.id, 1)


def test_times_stand_in_words_with_their_zone(inbox: smtp.Inbox) -> None:
    start = make.sofia(2027, 3, 30, 10)
    register(an_event(dates=[(start, start + timedelta(hours=2, minutes=30))]))
    (mail,) = deliver(inbox)
    assert "вторник, 30 март 2027 г., 10:00–12:30 ч." in plain(mail)
    assert "(българско време)" in plain(mail)
    assert "Хъб „Загоре“" in plain(mail)


def test_the_language_is_the_registrations(inbox: smtp.Inbox) -> None:
    start = make.sofia(2027, 3, 30, 10)
    register(an_event(dates=[(start, start + timedelta(hours=2))]), language="en")
    (mail,) = deliver(inbox)
    assert mail["Subject"] == "Your place is booked: Lecture robots"
    assert "Tuesday, 30 March 2027, 10:00–12:00" in plain(mail)
    assert "(Bulgarian time)" in plain(mail)
    assert '<html lang="en">' in html(mail)


def test_the_life_of_an_invite(inbox: smtp.Inbox) -> None:
    event = an_event()
    registration = register(event)
    (first,) = deliver(inbox)
    date_id = event.dates[0].id
    with transaction():
        date = db.session.get_one(EventDate, date_id)
        change = DateChange(date.id, date.starts_at, date.ends_at, make.both("Хъб „Загоре“"))
        date.starts_at += timedelta(hours=1)
        date.ends_at += timedelta(hours=1)
        date.changed_at = clock.now()
        date.sequence += 1
        record(EventRescheduled(event.id, (change,)))
    (second,) = deliver(inbox)
    with transaction():
        registrations.cancel(registration.id, by="person")
    (third,) = deliver(inbox)
    register(event)
    (fourth,) = deliver(inbox)
    objects = [invite(mail) for mail in (first, second, third, fourth)]
    assert [facts_of(each) for each in objects] == [
        ("REQUEST", 0, "CONFIRMED"),
        ("REQUEST", 1, "CONFIRMED"),
        ("CANCEL", 2, "CANCELLED"),
        ("REQUEST", 3, "CONFIRMED"),
    ]
    for older, newer in zip(objects, objects[1:], strict=False):
        assert checker.check_versions(older, newer) == []
    assert len({next(iter(checker.instants(each))) for each in objects}) == 1
    assert "<s " in html(second)


def test_a_waiting_person_gets_no_invite_and_knows_the_place(inbox: smtp.Inbox) -> None:
    event = an_event(capacity=0)
    register(event, email="first@example.org")
    register(event)
    _first, mail = deliver(inbox)
    assert kinds_of_parts(mail) == ["multipart/alternative", "text/plain", "text/html"]
    assert "2" in plain(mail)
    assert "cid:" not in html(mail)


def test_several_dates_come_as_a_file_without_method(inbox: smtp.Inbox) -> None:
    days = [(make.in_days(day), make.in_days(day, 12)) for day in (5, 12, 19)]
    event = an_event(dates=days)
    registration = register(event)
    with transaction():
        invites.next_sequences([f"{registration.participant and registration.participant.email}"], event.dates[1])
        invites.next_sequence("maria@example.org", event.dates[1])
    (mail,) = deliver(inbox)
    attached = next(mail.iter_attachments())
    assert (attached.get_content_type(), attached.get_filename()) == ("text/calendar", "dates.ics")
    data = attached.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert b"METHOD" not in data
    sequences = {str(e["UID"]): int(e["SEQUENCE"]) for e in icalendar.Calendar.from_ical(data).walk("VEVENT")}
    assert sequences == {event.dates[0].uid: 0, event.dates[1].uid: 1, event.dates[2].uid: 0}
    assert "/feeds/my/" in plain(mail)


def test_the_address_to_join_is_for_those_with_a_place(inbox: smtp.Inbox) -> None:
    event = an_event(format=Format.ONLINE, online_url="https://meet.example.org/room?a=1&b=2", capacity=1)
    register(event)
    register(event, email="ivan@example.org")
    confirmed, waiting = deliver(inbox)
    assert "https://meet.example.org/room?a=1&b=2" in plain(confirmed)
    assert 'href="https://meet.example.org/room?a=1&amp;b=2"' in html(confirmed)
    assert "meet.example.org" in invite(confirmed).decode().replace("\r\n ", "")
    assert b"meet.example.org" not in waiting.as_bytes()


def test_reminders_lead_to_the_way_out_and_fall_silent_when_late(inbox: smtp.Inbox) -> None:
    start = make.sofia(2027, 3, 30, 10)
    with time_machine.travel(make.sofia(2027, 3, 1), tick=False) as traveller:
        event = an_event(dates=[(start, start + timedelta(hours=2))])
        registration = register(event, language="en")
        deliver(inbox)
        traveller.move_to(start - timedelta(hours=20))
        reminders.remind()
        with time_machine.travel(start + timedelta(minutes=1), tick=False):
            row = db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.kind == "reminder")).one()
            assert compose(row) is None
        (mail,) = deliver(inbox)
        assert mail["Subject"] == "Tomorrow: Lecture robots"
        assert "I cannot come: http://127.0.0.1:8000/en/r/" in plain(mail)
        with transaction():
            registrations.cancel(registration.id, by="person")
        assert compose(row) is None


def test_a_cancelled_event_says_why(inbox: smtp.Inbox) -> None:
    event = an_event()
    register(event)
    with transaction():
        row = db.session.get_one(Event, event.id)
        row.status = EventStatus.CANCELLED
        row.cancel_reason = make.both("Лекторът е болен.")
        record(EventCancelled(event.id))
    late_confirmation, cancelled = deliver(inbox)
    assert "text/calendar" not in kinds_of_parts(late_confirmation)
    assert "Лекторът е болен." in plain(cancelled)
    assert facts_of(invite(cancelled)) == ("CANCEL", 1, "CANCELLED")


def test_the_link_again_repeats_the_same_invite(inbox: smtp.Inbox) -> None:
    event = an_event()
    register(event)
    (first,) = deliver(inbox)
    with transaction():
        registrations.ask_link(event.id, "maria@example.org")
    (again,) = deliver(inbox)
    assert facts_of(invite(again)) == facts_of(invite(first))
    assert "image/png" in kinds_of_parts(again)


def test_staff_mails_hold_a_link_that_works(inbox: smtp.Inbox) -> None:
    hub = make.hub()
    alice = make.user("alice", hub, language="en")
    bob = make.user("bob", hub, language="en")
    with transaction():
        record(PasswordResetRequested(alice.id))
        record(StaffInvited(bob.id, hub.id, alice.id))
    reset, invitation = deliver(inbox)
    assert "http://127.0.0.1:8000/organise/reset/" in plain(reset)
    assert str(reset["From"]) == "Zagore <events@example.org>"
    assert "Alice invites you to work on the events of Zagore." in plain(invitation)
    assert "http://127.0.0.1:8000/organise/invitation/" in plain(invitation)


def test_funded_events_show_emblem_statement_and_disclaimer(inbox: smtp.Inbox) -> None:
    hub = make.hub()
    programme = make.programme(
        hub, funded=True, emblem="cofunded", statement=make.both("Съфинансирано от ЕС"), disclaimer=make.both("Мнения.")
    )
    register(make.event(hub, programme_id=programme.id))
    (mail,) = deliver(inbox)
    assert [part["Content-ID"] for part in mail.walk() if part.get_content_type() == "image/png"] == [
        "<ticket>",
        "<emblem>",
    ]
    for body in (plain(mail), html(mail)):
        assert "Съфинансирано от ЕС" in body
        assert "Мнения." in body


HOSTILE = [
    "Мария\r\nBcc: all@example.org",
    '"Ева" <eva@evil.example>, x',
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} %(name)s %s",
    "🎉 Мария 👩‍💻",
    "\u202eяираМ",
    "مريم",
    "a\x00b\x1bc",
    "x" * 80,
    "=?utf-8?q?evil?=",
    "Ко,ма; и: още",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_place(inbox: smtp.Inbox, name: str) -> None:
    event = an_event(title=make.both(f"Лекция {name}", f"Lecture {name}"))
    # What the form would have cleaned is written as it is: rows of imports and older versions exist.
    if "\x00" in name:
        name = name.replace("\x00", "")
        with transaction():
            event.title = make.both(f"Лекция {name}")
    register(event, name, last_name=name)
    (mail,) = deliver(inbox)
    assert [address.addr_spec for address in mail["To"].addresses] == ["maria@example.org"]
    assert len(mail["From"].addresses) == 1
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert "<script>alert" not in html(mail)
    assert f"mailto:{'maria@example.org'}" in invite(mail).decode().replace("\r\n ", "")


def test_a_foreign_alphabet_in_the_address(inbox: smtp.Inbox) -> None:
    register(an_event(), email="мария@example.org")
    delivery.deliver(compose)
    row = db.session.scalars(sa.select(OutboxMessage)).one()
    assert (row.status, row.error) == (MessageStatus.SENT, None)
    assert "\r\nTo: Мария Петрова <мария@example.org>\r\n".encode() in inbox.taken[0]


def test_the_organiser_is_never_invited_by_themselves(inbox: smtp.Inbox) -> None:
    register(an_event(), email="events@example.org")
    (mail,) = deliver(inbox)
    assert "text/calendar" not in kinds_of_parts(mail)


def test_answers_reach_the_stored_organiser_when_mails_come_from_another_address(inbox: smtp.Inbox) -> None:
    register(an_event(organiser_address="old@example.org"))
    (mail,) = deliver(inbox)
    assert [address.addr_spec for address in mail["Reply-To"].addresses] == [
        "old@example.org",
        "office@zagore.example.org",
    ]


def test_rows_whose_person_is_gone_say_nothing(ctx: Flask) -> None:
    row = OutboxMessage(kind="confirmation", about="registration:99", recipient="a@example.org", language="bg", data={})
    assert compose(row) is None


def test_composing_needs_no_request_and_few_queries(ctx: Flask, queries: Any) -> None:
    days = [(make.in_days(day), make.in_days(day, 12)) for day in (5, 12, 19)]
    for event in (an_event(), make.event(make.hub("drug"), dates=days)):
        register(event)
    rows = list(db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))
    db.session.expunge_all()
    seen = []
    for row in rows:
        with queries() as counted:
            assert compose(row) is not None
        seen.append(len(counted))
        db.session.expunge_all()
    assert seen == [3, 4]


def test_the_same_row_gives_the_same_calendar_bytes(ctx: Flask) -> None:
    register(an_event())
    row = db.session.scalars(sa.select(OutboxMessage)).one()
    first = compose(row)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        second = compose(row)
    assert first is not None
    assert second is not None
    assert invite(first) == invite(second)


def test_the_job_is_listed_and_delivers(inbox: smtp.Inbox, ctx: Flask) -> None:
    register(an_event())
    table = ctx.extensions["jobs"][2]
    jobs.run(ctx, table, "deliver_mail", [])
    assert len(inbox.taken) == 1
    assert table["deliver_mail"].every == "*"
