"""Agendas edited by hand and copied: SEQUENCE, LAST-MODIFIED and facts rise exactly when they should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from hubevents.agenda import queries
from hubevents.agenda import service as agenda
from hubevents.agenda.facts import SessionCapacityRaised, SessionsChanged
from hubevents.agenda.models import EventSession, Speaker
from hubevents.agenda.rules import SessionKind, SessionStatus
from hubevents.agenda.service import SessionDetails, SpeakerDetails
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, DomainError, Invalid, NotFound
from hubevents.core.facts import record, recorded
from hubevents.events.facts import EventCancelled, EventCopied
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.registrations import service as registrations
from hubevents.registrations.models import SessionPlace
from hubevents.registrations.rules import RegistrationStatus
from hubevents.registrations.service import Registrant
from tests import make

TEN = make.sofia(2026, 12, 9, 10)
HOUR = timedelta(hours=1)
LATER = datetime(2026, 12, 1, 8, tzinfo=UTC)
OPENING = SessionDetails(title=make.both("Откриване"), starts_at=TEN, ends_at=TEN + HOUR)


def conference(**values: Any) -> Event:
    hub = make.hub()
    venue = make.venue(hub, rooms=("Берое", "Траяна"))
    return make.event(hub, "k", dates=[(TEN, TEN + timedelta(days=2))], **{"venue": venue, **values})


def add(event: Event, details: SessionDetails = OPENING, **options: Any) -> EventSession:
    with transaction():
        return agenda.add_session(event.id, details, **options)


def change(session: EventSession, details: SessionDetails, **options: Any) -> list[object]:
    with time_machine.travel(LATER, tick=False), transaction():
        agenda.change_session(session.event_id, session.id, details, **options)
        facts = list(recorded())
    db.session.refresh(session)
    return facts


def test_a_session_begins_with_sequence_0_and_one_fact(ctx: Flask) -> None:
    event = conference()
    with transaction():
        session = agenda.add_session(event.id, replace(OPENING, speakers=("Мария", "Стефан", "Мария")))
        assert recorded() == (SessionsChanged(event.id, (session.id,)),)
    assert (session.sequence, session.status, session.source_key) == (0, SessionStatus.SCHEDULED, None)
    assert [speaker.name for speaker in session.speakers] == ["Мария", "Стефан"]


@pytest.mark.parametrize(
    ("changed", "sequence"),
    [
        ({"starts_at": TEN + HOUR / 2}, 1),
        ({"ends_at": TEN + 2 * HOUR}, 1),
        ({"room": True}, 1),
        ({"starts_at": TEN + HOUR, "ends_at": TEN + 2 * HOUR, "room": True}, 1),
        ({"title": make.both("Друго")}, 0),
        ({"abstract": make.both("Друго")}, 0),
        ({"kind": SessionKind.PANEL}, 0),
        ({"url": "https://example.org/"}, 0),
        ({"language": "en"}, 0),
        ({"capacity": 5}, 0),
        ({"speakers": ("Мария",)}, 0),
    ],
)
def test_sequence_rises_with_time_and_place_last_modified_with_all(
    ctx: Flask, changed: dict[str, Any], sequence: int
) -> None:
    event = conference()
    session = add(event)
    assert event.venue is not None
    values = {("room_id" if name == "room" else name): value for name, value in changed.items()}
    if "room" in changed:
        values["room_id"] = event.venue.rooms[0].id
    facts = change(session, replace(OPENING, **values))
    assert (session.sequence, session.changed_at) == (sequence, LATER)
    assert facts == [SessionsChanged(event.id, (session.id,))]


def test_saving_the_same_again_changes_nothing(ctx: Flask) -> None:
    event = conference()
    session = add(event, replace(OPENING, speakers=("Мария", "Стефан")))
    before = session.changed_at
    ids = tuple(speaker.id for speaker in session.speakers)
    assert change(session, replace(OPENING, speakers=ids)) == []
    assert (session.sequence, session.changed_at) == (0, before)
    assert len(change(session, replace(OPENING, speakers=ids[::-1]))) == 1
    assert [speaker.id for speaker in session.speakers] == list(ids[::-1])
    assert len(change(session, replace(OPENING, speakers=ids[:1]))) == 1
    assert [speaker.id for speaker in session.speakers] == [ids[0]]


def test_withdrawing_and_restoring_are_steps_of_status(ctx: Flask) -> None:
    event = conference()
    session = add(event)
    seen = []
    for act in (agenda.withdraw_session, agenda.withdraw_session, agenda.restore_session, agenda.restore_session):
        with transaction():
            act(event.id, session.id)
            seen.append((session.status.value, session.sequence, len(recorded())))
    assert seen == [("cancelled", 1, 1), ("cancelled", 1, 0), ("scheduled", 2, 1), ("scheduled", 2, 0)]


def test_clashes_are_named_and_may_be_passed(ctx: Flask) -> None:
    event = conference()
    assert event.venue is not None
    room = event.venue.rooms[0].id
    first = add(event, replace(OPENING, room_id=room))
    same = replace(OPENING, title=make.both("Втора"), room_id=room)
    with pytest.raises(Conflict) as refusal:
        add(event, same)
    clashes: Any = refusal.value.details["clashes"]
    assert (refusal.value.code, [clash.session_id for clash in clashes]) == ("session_clashes", [first.id])
    second = add(event, same, despite_clashes=True)
    with pytest.raises(Conflict, match="session_clashes"):
        change(second, replace(same, title=make.both("Трета")))
    assert len(change(second, replace(same, starts_at=TEN + HOUR, ends_at=TEN + 2 * HOUR))) == 1


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (replace(OPENING, title=make.both("")), "title_missing"),
        (replace(OPENING, ends_at=TEN - HOUR), "ends_before_start"),
        (replace(OPENING, room_id=4711), "room_elsewhere"),
        (replace(OPENING, track_id=4711), "track_elsewhere"),
        (replace(OPENING, speakers=(4711,)), "speaker_elsewhere"),
    ],
)
def test_what_cannot_be_is_refused(ctx: Flask, details: SessionDetails, code: str) -> None:
    event = conference()
    with pytest.raises(Invalid, match=code):
        add(event, details)


def test_what_belongs_elsewhere_is_refused(ctx: Flask) -> None:
    event = conference()
    session = add(event)
    other = make.hub("partner")
    foreign = make.event(other, "chuzhdo", venue=make.venue(other))
    strange = make.session(foreign, "Чужда", speakers=("Чужд",), track="Чужда")
    assert foreign.venue is not None
    for wrong in (
        replace(OPENING, room_id=foreign.venue.rooms[0].id),
        replace(OPENING, track_id=strange.track_id),
        replace(OPENING, speakers=(strange.speakers[0].id,)),
    ):
        with pytest.raises(Invalid):
            change(session, wrong)
    calls: list[Any] = [
        lambda: agenda.change_session(event.id, strange.id, OPENING),
        lambda: agenda.withdraw_session(event.id, strange.id),
        lambda: agenda.restore_session(event.id, strange.id),
        lambda: agenda.rename_track(event.id, strange.track_id or 0, make.both("x")),
        lambda: agenda.change_speaker(event.hub_id, strange.speakers[0].id, SpeakerDetails("x")),
        lambda: agenda.add_session(4711, OPENING),
    ]
    for call in calls:
        with pytest.raises(NotFound), transaction():
            call()


def test_a_cancelled_event_takes_no_changes_and_its_sessions_are_cancelled_for_calendars(ctx: Flask) -> None:
    event = conference()
    session, off = add(event), add(event, replace(OPENING, starts_at=TEN + HOUR, ends_at=TEN + 2 * HOUR))
    with transaction():
        agenda.withdraw_session(event.id, off.id)
    with time_machine.travel(LATER, tick=False), transaction():
        db.session.get_one(Event, event.id).status = EventStatus.CANCELLED
        record(EventCancelled(event.id))
    db.session.expire_all()
    assert (session.sequence, session.status, session.changed_at) == (1, SessionStatus.SCHEDULED, LATER)
    assert off.sequence == 1
    with pytest.raises(Conflict, match="event_cancelled"):
        add(event)


def test_tracks_and_rooms_are_not_doubled_and_renaming_shows_in_sessions(ctx: Flask) -> None:
    event = conference()
    with transaction():
        track = agenda.add_track(event.id, make.both("Поле", "Field"))
        assert agenda.add_track(event.id, make.both("друго", "field ")).id == track.id
        assert agenda.add_track(event.id, make.both("Завод")).position == 1
        assert agenda.add_room(event.id, make.both("берое")).position == 0
        assert agenda.add_room(event.id, make.both("Липите"), 40).position == 2
    session, other = add(event, replace(OPENING, track_id=track.id)), add(event)
    with time_machine.travel(LATER, tick=False), transaction():
        agenda.rename_track(event.id, track.id, make.both("Нива"))
        agenda.rename_track(event.id, track.id, make.both("Нива"))
        assert recorded() == (SessionsChanged(event.id, (session.id,)),)
    db.session.refresh(session)
    db.session.refresh(other)
    assert (session.sequence, session.changed_at == LATER, other.changed_at == LATER) == (0, True, False)
    bare = make.event(event.hub, "bez", venue=None)
    for call in (lambda: agenda.add_room(bare.id, make.both("x")), lambda: agenda.add_track(bare.id, make.both(""))):
        with pytest.raises(DomainError), transaction():
            call()


def test_a_speakers_name_is_shown_in_all_events_a_biography_in_none(ctx: Flask) -> None:
    event = conference()
    first = add(event, replace(OPENING, speakers=("Мария",)))
    id = first.speakers[0].id
    other = make.event(event.hub, "drugo", dates=[(TEN + 5 * HOUR, TEN + 8 * HOUR)])
    second = add(other, replace(OPENING, starts_at=TEN + 5 * HOUR, ends_at=TEN + 6 * HOUR, speakers=(id,)))
    with transaction():
        agenda.change_speaker(event.hub_id, id, SpeakerDetails("Мария", biography=make.both("Знае.")))
        assert recorded() == ()
    with transaction():
        agenda.change_speaker(event.hub_id, id, SpeakerDetails("Мария Петрова", biography=make.both("Знае.")))
        assert recorded() == (SessionsChanged(event.id, (first.id,)), SessionsChanged(other.id, (second.id,)))
    assert [speaker.name for speaker in db.session.scalars(sa.select(Speaker))] == ["Мария Петрова"]


def test_more_places_move_up_who_waits(ctx: Flask) -> None:
    event = conference()
    session = add(event, replace(OPENING, capacity=1))
    with transaction():
        for name in ("a", "b", "c"):
            person = Registrant(name, "Петрова", f"{name}@example.org", "bg", session_ids=(session.id,))
            registrations.register(event.id, person)
    db.session.refresh(session)
    assert (session.seats_taken, session.waiting) == (1, 2)
    facts = change(session, replace(OPENING, capacity=2))
    assert facts == [SessionsChanged(event.id, (session.id,)), SessionCapacityRaised(session.id)]
    assert (session.seats_taken, session.waiting) == (2, 1)
    assert change(session, replace(OPENING, capacity=1)) == [SessionsChanged(event.id, (session.id,))]
    change(session, replace(OPENING, capacity=None))
    assert (session.seats_taken, session.waiting) == (3, 0)
    statuses = set(db.session.scalars(sa.select(SessionPlace.status)))
    assert statuses == {RegistrationStatus.CONFIRMED}


def test_a_copy_keeps_the_clock_the_people_and_the_order(ctx: Flask) -> None:
    event = conference()
    assert event.venue is not None
    with transaction():
        track = agenda.add_track(event.id, make.both("Поле"))
    room = event.venue.rooms[0].id
    first = add(
        event,
        replace(OPENING, room_id=room, track_id=track.id, speakers=("Мария", "Стефан"), capacity=9, language="bg"),
    )
    add(event, replace(OPENING, title=make.both("Втори ден"), starts_at=TEN + 30 * HOUR, ends_at=TEN + 31 * HOUR))
    off = add(event, replace(OPENING, title=make.both("Отпада")))
    with transaction():
        agenda.withdraw_session(event.id, off.id)
    start = make.sofia(2027, 3, 27, 14)
    copy = make.event(
        event.hub, "kopie", dates=[(start, start + timedelta(days=2))], status=EventStatus.DRAFT, venue=event.venue
    )
    with transaction():
        record(EventCopied(copy.id, event.id))
    shown = queries.agenda_of(copy.id).sessions
    assert [(s.title.text("bg"), s.starts_at) for s in shown] == [
        ("Откриване", start),
        ("Втори ден", make.sofia(2027, 3, 28, 20)),
    ]
    one = shown[0]
    assert (one.room_id, one.track, one.capacity, one.seats_taken, one.sequence, one.imported, one.language) == (
        room, make.both("Поле"), 9, 0, 0, False, "bg",
    )  # fmt: skip
    assert one.uid != first.uid
    assert one.track_id != track.id
    assert [(speaker.id, speaker.name) for speaker in one.speakers] == [(s.id, s.name) for s in first.speakers]
    elsewhere = make.event(event.hub, "drugade", dates=[(start, start + HOUR)], venue=make.venue(event.hub, "Друго"))
    with transaction():
        record(EventCopied(elsewhere.id, event.id))
    assert [s.room for s in queries.agenda_of(elsewhere.id).sessions] == [None, None]
