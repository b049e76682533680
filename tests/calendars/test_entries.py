"""What a date becomes in calendars."""

from flask import Flask

from hubevents.calendars import entries, ics
from hubevents.core.db import transaction
from hubevents.events.models import Event
from hubevents.events.rules import DateStatus, EventStatus, Format
from tests import make


def an_event(**values: object) -> Event:
    hub = make.hub()
    venue = make.venue(hub)
    event = make.event(hub, "robots", venue_id=venue.id, online_url="https://meet.example.org/room", **values)
    with transaction():
        event.dates[0].room = venue.rooms[0]
    return event


PAGE = "http://127.0.0.1:8000/bg/r/token/"


def test_a_public_entry(ctx: Flask) -> None:
    event = an_event(format=Format.HYBRID)
    entry = entries.entry_of(event.dates[0], "en")
    assert entry.summary == "Lecture robots"
    assert entry.location == "Хъб „Загоре“, Берое, ул. „Цар Иван Шишман“ 54, Стара Загора"
    assert entry.url == "http://127.0.0.1:8000/en/zagore/events/robots/"
    assert entry.description == f"In short.\n\n{entry.url}"
    assert (entry.categories, entry.geo, entry.status, entry.mark) == (
        ("Lecture",),
        (42.4258, 25.6345),
        "confirmed",
        "",
    )
    assert (entry.uid, entry.sequence, entry.zone) == (event.dates[0].uid, 0, "Europe/Sofia")


def test_the_address_to_join_is_for_the_registered_only(ctx: Flask) -> None:
    event = an_event(format=Format.HYBRID)
    public = ics.vevent(entries.entry_of(event.dates[0], "bg"))
    personal = ics.vevent(entries.entry_of(event.dates[0], "bg", personal_url=PAGE))
    assert "meet.example.org" not in public
    assert "CONFERENCE;VALUE=URI" in personal
    assert entries.entry_of(event.dates[0], "bg", personal_url=PAGE).url == PAGE


def test_an_event_on_site_shows_no_address_to_join(ctx: Flask) -> None:
    event = an_event(format=Format.ONSITE)
    assert entries.entry_of(event.dates[0], "bg", personal_url=PAGE).conference is None


def test_an_online_event_is_nowhere_on_the_map(ctx: Flask) -> None:
    entry = entries.entry_of(an_event(format=Format.ONLINE).dates[0], "bg")
    assert (entry.location, entry.geo) == ("Онлайн", None)


def test_cancelled_with_the_event_or_alone(ctx: Flask) -> None:
    event = an_event()
    assert not entries.is_cancelled(event.dates[0])
    with transaction():
        event.dates[0].status = DateStatus.CANCELLED
    assert entries.entry_of(event.dates[0], "en").status == "cancelled"
    with transaction():
        event.dates[0].status = DateStatus.SCHEDULED
        event.status = EventStatus.CANCELLED
        event.cancel_reason = make.both("Лекторът е болен.")
    entry = entries.entry_of(event.dates[0], "en")
    assert (entry.status, entry.mark) == ("cancelled", "Cancelled")
    assert "Лекторът е болен." in entry.description


def test_the_topic_of_a_date_stands_in_the_title(ctx: Flask) -> None:
    event = an_event()
    with transaction():
        event.dates[0].title = make.both("Първа среща", "First meeting")
    assert entries.entry_of(event.dates[0], "en", sequence=7).summary == "Lecture robots: First meeting"
    assert entries.entry_of(event.dates[0], "en", sequence=7).sequence == 7
