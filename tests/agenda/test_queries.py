"""Agendas by day, in a number of statements that does not grow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from hubevents.agenda import queries as agenda
from hubevents.agenda.models import SessionSpeaker
from hubevents.agenda.rules import Clash, SessionStatus
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from tests import make

NINTH = make.sofia(2026, 12, 9, 10)


def conference(**values: Any) -> Event:
    hub = make.hub()
    venue = make.venue(hub, rooms=("Берое", "Траяна"))
    return make.event(hub, "k", dates=[(NINTH, NINTH + timedelta(days=3))], **{"venue": venue, **values})


def test_sessions_stand_by_day_of_the_zone_and_by_start_then_room(ctx: Flask) -> None:
    event = conference(zone="Asia/Tokyo")
    assert event.venue is not None
    beroe, trayana = event.venue.rooms
    make.session(event, "Втора зала", NINTH, room_id=trayana.id)
    make.session(event, "Първа зала", NINTH, 90, room_id=beroe.id, speakers=("Мария", "Стефан"), track="Поле")
    make.session(event, "Без зала", NINTH + timedelta(hours=2))
    make.session(event, "След полунощ в Токио", NINTH + timedelta(hours=7))
    shown = agenda.agenda_of(event.id)
    assert shown.zone == "Asia/Tokyo"
    assert [
        (str(day.on), [[session.title.text("bg") for session in slot.sessions] for slot in day.slots])
        for day in shown.days
    ] == [
        ("2026-12-09", [["Първа зала", "Втора зала"], ["Без зала"]]),
        ("2026-12-10", [["След полунощ в Токио"]]),
    ]
    first = shown.sessions[0]
    assert shown.days[0].slots[0].ends_at == first.ends_at == NINTH + timedelta(minutes=90)
    assert (first.room, first.track) == (make.both("Берое"), make.both("Поле"))
    assert (shown.sessions[2].room, shown.sessions[2].track) == (None, None)
    assert [speaker.name for speaker in shown.speakers] == ["Мария", "Стефан"]


def test_nothing_of_an_event_that_is_not_there_or_has_no_sessions(ctx: Flask) -> None:
    assert agenda.agenda_of(4711).days == ()
    assert agenda.agenda_of(conference().id).days == ()


def test_the_public_sees_what_was_withdrawn_since_the_publishing_only(ctx: Flask) -> None:
    event = conference(published_at=datetime(2026, 11, 1, tzinfo=UTC))
    for title, on in (("Преди", 1), ("След", 2)):
        changed_at = datetime(2026, 10 if on == 1 else 11, 2, tzinfo=UTC)
        make.session(event, title, status=SessionStatus.CANCELLED, changed_at=changed_at)
    make.session(event, "Остава", NINTH + timedelta(hours=3))

    def titles(*, public: bool) -> list[str]:
        return [session.title.text("bg") for session in agenda.agenda_of(event.id, public=public).sessions]

    assert titles(public=False) == ["Преди", "След", "Остава"]
    assert titles(public=True) == ["След", "Остава"]


def test_speakers_of_cancelled_sessions_are_not_named_and_nothing_clashes_with_them(ctx: Flask) -> None:
    event = conference()
    assert event.venue is not None
    room = event.venue.rooms[0].id
    off = make.session(event, "Отпада", NINTH, room_id=room, speakers=("Мария",), status=SessionStatus.CANCELLED)
    one = make.session(event, "Една", NINTH, room_id=room, speakers=("Стефан",))
    two = make.session(event, "Две", NINTH + timedelta(minutes=30), room_id=room)
    shown = agenda.agenda_of(event.id)
    assert [speaker.name for speaker in shown.speakers] == ["Стефан"]
    assert shown.clashes == (Clash(one.id, two.id, same_room=True, speaker_ids=()),)
    assert off.id in [session.id for session in shown.sessions]


@pytest.mark.parametrize("public", [True, False])
def test_three_statements_for_3_and_for_300_sessions(ctx: Flask, queries: Any, public: bool) -> None:
    event = conference()
    seen = []
    for number in (3, 300):
        with transaction():
            for each in range(number):
                start = NINTH + timedelta(minutes=each)
                make.session(event, f"С{each}", start, speakers=("Мария", "Стефан"), track=f"Л{each}")
        with queries() as counter:
            shown = agenda.agenda_of(event.id, public=public)
        seen.append((len(counter), len(shown.sessions)))
    assert seen == [(3, 3), (3, 303)]


def test_who_is_wanted_twice_is_found_in_all_events_of_the_hub(ctx: Flask) -> None:
    event = conference()
    hub_id, room = event.hub_id, event.venue.rooms[0].id if event.venue else 0
    one = make.session(event, "Една", NINTH, room_id=room, speakers=("Мария", "Стефан"))
    maria, stefan = (speaker.id for speaker in one.speakers)
    other = make.event(event.hub, "drugo", dates=[(NINTH, NINTH + timedelta(hours=3))])
    two = make.session(other, "Две", NINTH + timedelta(minutes=30), 60)
    with transaction():
        db.session.add(SessionSpeaker(session_id=two.id, speaker_id=maria))

    def found(start: int, end: int, room_id: int | None, *people: int, but: int | None = None) -> list[Any]:
        hits = agenda.disturbed_by(
            hub_id=hub_id, starts_at=NINTH + timedelta(minutes=start), ends_at=NINTH + timedelta(minutes=end),
            room_id=room_id, speaker_ids=people, but=but,
        )  # fmt: skip
        return [(hit.session_id, hit.event_id, hit.room is not None, hit.speakers) for hit in hits]

    assert found(0, 120, room, maria, stefan) == [
        (one.id, event.id, True, ("Мария", "Стефан")),
        (two.id, other.id, False, ("Мария",)),
    ]
    assert found(0, 120, room, maria, but=one.id) == [(two.id, other.id, False, ("Мария",))]
    assert found(0, 120, room) == [(one.id, event.id, True, ())]
    assert found(0, 120, None, stefan) == [(one.id, event.id, False, ("Стефан",))]
    assert found(45, 60, room, stefan) == []
    assert found(0, 120, None) == []
    assert found(30, 30, room, maria) == []
    with transaction():
        db.session.get_one(Event, other.id).status = EventStatus.CANCELLED
    assert found(0, 120, None, maria) == [(one.id, event.id, False, ("Мария",))]


def test_speakers_are_listed_with_their_sessions_within_their_hub(ctx: Flask) -> None:
    event = conference()
    one = make.session(event, "Една", speakers=("Стефан", "Ана"))
    two = make.session(event, "Две")
    with transaction():
        db.session.add(SessionSpeaker(session_id=two.id, speaker_id=one.speakers[0].id))
    assert [(person.name, person.sessions) for person in agenda.people_of(event.id)] == [("Ана", 1), ("Стефан", 2)]
    other = make.hub("partner")
    id = one.speakers[0].id
    assert agenda.speaker_of_hub(other.id, id) is None
    assert agenda.speaker_of_hub(event.hub_id, id) is not None
    assert [speaker.name for speaker in agenda.speakers_of_hub(event.hub_id)] == ["Ана", "Стефан"]
    assert agenda.session_of(event.id, one.id) is not None
    assert agenda.session_of(event.id + 1, one.id) is None
