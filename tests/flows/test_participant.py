"""A participant's story, from the published event to the calendar that follows every turn of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest
from flask import Flask

from hubevents.core import clock
from hubevents.jobs import service as jobs
from tests import make, people, smtp
from tests.calendars import checker
from tests.pages import posted

PAGE = "/bg/zagore/events/umnata-sushilnya/"
MARIA = {"first_name": "Мария", "last_name": "Желязкова", "email": "maria@example.org"}


@pytest.fixture
def inbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[smtp.Inbox]:
    """The mail server of everybody in the story."""
    with smtp.server() as running:
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], smtp_url=running.url))
        yield running


def delivered(app: Flask, inbox: smtp.Inbox) -> list[EmailMessage]:
    """What the worker sends now; each mail passes the checklist."""
    before = len(inbox.taken)
    jobs.run_all(app)
    assert [checker.check_mail(raw) for raw in inbox.taken[before:]] == [[]] * len(inbox.taken[before:])
    return inbox.mails[before:]


def invite(mail: EmailMessage) -> bytes:
    """The calendar part of a mail."""
    (found,) = (part for part in mail.walk() if part.get_content_type() == "text/calendar")
    data = found.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def entry(data: bytes) -> tuple[str, int, datetime]:
    """UID, SEQUENCE and beginning of the only entry."""
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    return str(event["UID"]), int(event["SEQUENCE"]), event["DTSTART"].dt


def method(data: bytes) -> str:
    return str(icalendar.Calendar.from_ical(data)["METHOD"])


def publish(alice: Any) -> str:
    """Alice makes an event in ten days and publishes it; the address of its workspace."""
    day = make.in_days(10, 10)
    answer = alice.post(
        "/organise/zagore/events/new",
        data={"kind": "seminar", "title_bg": "Умната сушилня", "on": f"{day:%Y-%m-%d}", "begins": "10:00"},
    )
    workspace: str = answer.location.removesuffix("edit")
    assert alice.get("/bg/zagore/").text.count("Умната сушилня") == 0
    assert alice.post(f"{workspace}publish").status_code == 303
    return workspace


def move(alice: Any, workspace: str, begins: str, ends: str) -> None:
    """Alice moves the only date, and answers the question whether everybody may be told."""
    fields = posted(alice.get(f"{workspace}edit").text)
    asked = alice.post(f"{workspace}edit", data={**fields, "dates-0-begins": begins, "dates-0-ends": ends})
    assert asked.status_code == 200
    assert alice.post(f"{workspace}edit", data=posted(asked.text)).status_code == 303


def test_the_calendar_follows_every_turn(app: Flask, inbox: smtp.Inbox, time_machine: Any) -> None:
    # Calendars count in seconds: the turns of this story are minutes apart, as people's are.
    time_machine.move_to(clock.now().replace(hour=9, minute=0), tick=False)
    people.cast(app)
    alice, maria = people.signed_in(app, "alice"), app.test_client()
    workspace = publish(alice)

    # It stands in the list and in the hub's feed.
    assert "Умната сушилня" in maria.get("/bg/zagore/").text
    assert maria.get(PAGE).status_code == 200
    feeds = [maria.get("/feeds/zagore.ics").data]
    assert checker.check_feed(feeds[0]) == []
    uid, sequence, starts_at = entry(feeds[0])
    assert (sequence, starts_at) == (0, make.in_days(10, 10))

    time_machine.shift(60)
    # Maria registers: page, ticket and an invite to the same entry.
    personal = maria.post(f"{PAGE}register", data=MARIA).location
    assert maria.get(f"{personal}ticket.png").mimetype == "image/png"
    (confirmation,) = delivered(app, inbox)
    assert personal in confirmation.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    invites = [invite(confirmation)]
    feed_path = re.search(r"/feeds/my/[\w-]+\.ics\?lang=bg", maria.get(personal).text)
    assert feed_path is not None
    mine = [maria.get(feed_path[0]).data]

    time_machine.shift(60)
    # The event moves: a new invite, her feed and the hub's agree.
    move(alice, workspace, "15:00", "17:00")
    (changed,) = delivered(app, inbox)
    invites.append(invite(changed))
    feeds.append(maria.get("/feeds/zagore.ics").data)
    mine.append(maria.get(feed_path[0]).data)
    moved = (uid, 1, make.in_days(10, 15))
    assert [entry(each) for each in (invites[-1], feeds[-1], mine[-1])] == [moved] * 3
    assert "15:00" in maria.get(personal).text

    time_machine.shift(60)
    # She gives the place back; her feed empties, the hub's stays.
    assert maria.post(f"{personal}cancel").status_code == 303
    (farewell,) = delivered(app, inbox)
    invites.append(invite(farewell))
    assert maria.get(f"{personal}ticket.png").status_code == 404
    assert icalendar.Calendar.from_ical(maria.get(feed_path[0]).data).walk("VEVENT") == []
    assert maria.get("/feeds/zagore.ics").data == feeds[-1]

    time_machine.shift(60)
    # And she registers again: her program takes the new invite as newer than the withdrawal.
    again = maria.post(f"{PAGE}register", data=MARIA).location
    assert again != personal
    (welcome,) = delivered(app, inbox)
    invites.append(invite(welcome))
    mine.append(maria.get(feed_path[0]).data)
    assert [(method(each), *entry(each)[:2]) for each in invites] == [
        ("REQUEST", uid, 0), ("REQUEST", uid, 1), ("CANCEL", uid, 2), ("REQUEST", uid, 3),
    ]  # fmt: skip
    for versions in (invites, feeds, mine):
        for older, newer in zip(versions, versions[1:], strict=False):
            assert checker.check_versions(older, newer) == []
    assert entry(mine[-1]) == (uid, 3, make.in_days(10, 15))
    assert checker.check_feed(mine[-1]) == []
