"""Making, changing, publishing, copying and cancelling events; every fact is looked at before reactions run."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.core import clock, facts
from hubevents.core.db import db, transaction
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.i18n import Translated
from hubevents.events import queries, service
from hubevents.events.facts import (
    CapacityChanged,
    DateChange,
    EventCancelled,
    EventChanged,
    EventCopied,
    EventPublished,
    EventRescheduled,
    HubEventsChanged,
)
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus, Format
from hubevents.events.service import DateDetails, EventDetails, RoomDetails, VenueDetails
from hubevents.hubs import queries as hubs
from tests import make


def done(work: Callable[[], Any]) -> tuple[Any, list[object]]:
    """The result of one unit of work and the facts it recorded itself."""
    with transaction():
        result = work()
        seen = list(facts.recorded())
    return result, seen


def changed(event: Event, **values: Any) -> EventDetails:
    """What an event is, with some of it different."""
    details = service.details_of(event)
    return EventDetails(**{**{name: getattr(details, name) for name in EventDetails.__dataclass_fields__}, **values})


def moved(event: Event, hours: int = 1, **more: Any) -> EventDetails:
    """The details with the first date some hours later."""
    first, *rest = service.details_of(event).dates
    later = DateDetails(
        first.starts_at + timedelta(hours=hours),
        first.ends_at + timedelta(hours=hours),
        first.title,
        first.room_id,
        first.id,
    )
    return changed(event, dates=(later, *rest), **more)


def load(event: Event) -> Event:
    found = queries.event_of_hub(event.hub_id, event.id)
    assert found is not None
    return found


@pytest.fixture
def event(ctx: Flask) -> Event:
    return load(make.event(make.hub(), capacity=3))


def test_a_new_event_is_a_draft_with_a_slug_of_its_title_and_spans_its_dates(ctx: Flask) -> None:
    hub = make.hub()
    starts = [make.in_days(3), make.in_days(5)]
    details = EventDetails(
        kind="training",
        title=make.both("Изкуствен интелект", "AI"),
        dates=tuple(DateDetails(start, start + timedelta(hours=2)) for start in reversed(starts)),
    )
    first, seen = done(lambda: service.create_event(hub, details))
    second, _ = done(lambda: service.create_event(hub, details))
    assert (first.status, first.slug, second.slug) == (EventStatus.DRAFT, "izkustven-intelekt", "izkustven-intelekt-2")
    assert (first.starts_at, first.ends_at) == (starts[0], starts[1] + timedelta(hours=2))
    assert [date.starts_at for date in first.dates] == starts
    assert (first.zone, first.languages, first.seats_taken) == ("Europe/Sofia", ("bg",), 0)
    assert seen == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": Translated()}, "title_missing"),
        ({"zone": "Europe/Atlantis"}, "zone_unknown"),
        ({"slug": "my"}, "slug_reserved"),
        ({"slug": "Не е"}, "slug_reserved"),
        ({"dates": (DateDetails(make.in_days(2), make.in_days(1)),)}, "ends_before_start"),
        ({"dates": (DateDetails(make.in_days(2), make.in_days(40)),)}, "date_too_long"),
        ({"dates": (DateDetails(make.in_days(2), make.in_days(3), room_id=1),)}, "room_elsewhere"),
        ({"dates": (DateDetails(make.in_days(2), make.in_days(3)),) * 61}, "too_many_dates"),
        (
            {"registration_opens_at": make.in_days(3), "registration_closes_at": make.in_days(2)},
            "closes_before_opening",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(ctx: Flask, change: dict[str, Any], code: str) -> None:
    hub = make.hub()
    details = EventDetails(**{"kind": "lecture", "title": make.both("Лекция"), **change})
    with pytest.raises(Invalid) as refused, transaction():
        service.create_event(hub, details)
    assert refused.value.code == code
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == 0


def test_another_hubs_venue_and_programme_do_not_exist(ctx: Flask) -> None:
    hub, other = make.hub(), make.hub("plovdiv")
    venue, programme = make.venue(other), make.programme(other)
    for values in ({"venue_id": venue.id}, {"programme_id": programme.id}):
        with pytest.raises(NotFound), transaction():
            service.create_event(hub, EventDetails(kind="lecture", title=make.both("Лекция"), **values))


def test_saving_without_a_change_says_nothing(event: Event) -> None:
    before = event.changed_at
    changes, seen = done(lambda: service.change_event(event, service.details_of(event)))
    assert (changes, seen, event.changed_at, event.dates[0].sequence) == ((), [], before, 0)


def test_another_title_is_shown_but_moves_nobody(event: Event) -> None:
    changes, seen = done(lambda: service.change_event(event, changed(event, title=make.both("Друго"))))
    assert (changes, seen, event.dates[0].sequence) == ((), [EventChanged(event.id)], 0)


def test_another_time_raises_the_sequence_once_and_tells_the_old_one(event: Event) -> None:
    date = event.dates[0]
    old = (date.starts_at, date.ends_at)
    details = moved(event)
    assert service.what_moves(event, details) == (date.id,)
    changes, seen = done(lambda: service.change_event(event, details))
    assert changes == (DateChange(date.id, *old, Translated()),)
    assert seen == [EventRescheduled(event.id, changes)]
    again = load(event)
    assert (again.dates[0].sequence, again.starts_at) == (1, old[0] + timedelta(hours=1))


def test_time_and_title_and_capacity_in_one_step(event: Event) -> None:
    _, seen = done(lambda: service.change_event(event, moved(event, title=make.both("Друго"), capacity=9)))
    assert [type(fact) for fact in seen] == [EventRescheduled, EventChanged, CapacityChanged]


def test_another_venue_room_format_or_link_is_another_place(ctx: Flask) -> None:
    hub = make.hub()
    venue, other = make.venue(hub), make.venue(hub, "Библиотека", ("Читалня", "Фоайе"))
    event = load(make.event(hub))
    first = event.dates[0].id
    steps = [
        {"venue_id": venue.id},
        {"venue_id": other.id},
        {"format": Format.HYBRID, "online_url": "https://meet.example.org/1"},
        {"online_url": "https://meet.example.org/2"},
        {"format": Format.ONLINE},
    ]
    for sequence, step in enumerate(steps, 1):
        event = load(event)
        details = changed(event, **step)
        assert service.what_moves(event, details) == (first,)
        changes, seen = done(lambda event=event, details=details: service.change_event(event, details))
        assert seen[0] == EventRescheduled(event.id, changes)
        assert event.dates[0].sequence == sequence
    assert queries.place(venue, None) != queries.place(other, None)


def test_a_room_is_a_place_of_its_date_only(ctx: Flask) -> None:
    hub = make.hub()
    venue = make.venue(hub, rooms=("Берое", "Аула"))
    event = load(
        make.event(
            hub, venue_id=venue.id, dates=[(make.in_days(3), make.in_days(4)), (make.in_days(5), make.in_days(6))]
        )
    )
    one, two = service.details_of(event).dates
    details = changed(event, dates=(one, DateDetails(two.starts_at, two.ends_at, two.title, venue.rooms[1].id, two.id)))
    changes, _ = done(lambda: service.change_event(event, details))
    assert [change.event_date_id for change in changes] == [two.id]
    assert changes[0].old_place == queries.place(venue, None)
    assert [date.sequence for date in load(event).dates] == [0, 1]


def test_a_link_of_an_event_on_site_is_nobodys_place(event: Event) -> None:
    details = changed(event, online_url="https://meet.example.org/1")
    assert service.what_moves(event, details) == ()
    _, seen = done(lambda: service.change_event(event, details))
    assert seen == [EventChanged(event.id)]


def test_a_withdrawn_date_of_a_published_event_stays_as_cancelled(ctx: Flask) -> None:
    event = load(make.event(make.hub(), dates=[(make.in_days(3), make.in_days(4)), (make.in_days(5), make.in_days(6))]))
    keep, drop = service.details_of(event).dates
    details = changed(event, dates=(keep,))
    assert service.what_moves(event, details) == (drop.id,)
    changes, seen = done(lambda: service.change_event(event, details))
    assert changes == (DateChange(drop.id, drop.starts_at, drop.ends_at, Translated(), withdrawn=True),)
    assert seen == [EventRescheduled(event.id, changes)]
    again = load(event)
    assert [(date.status, date.sequence) for date in again.dates] == [
        (DateStatus.SCHEDULED, 0),
        (DateStatus.CANCELLED, 1),
    ]
    assert again.ends_at == keep.ends_at
    assert done(lambda: service.change_event(again, service.details_of(again)))[1] == []


def test_a_draft_loses_a_date_silently(ctx: Flask) -> None:
    event = load(make.event(make.hub(), status=EventStatus.DRAFT, published_at=None))
    _, seen = done(lambda: service.change_event(event, changed(event, dates=())))
    assert seen == []
    assert (event.starts_at, event.ends_at) == (None, None)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(EventDate)) == 0


def test_a_published_event_keeps_a_date(event: Event) -> None:
    with pytest.raises(Invalid) as refused, transaction():
        service.change_event(event, changed(event, dates=()))
    assert refused.value.code == "date_missing"


def test_a_further_date_of_a_published_event_is_told(event: Event) -> None:
    new = DateDetails(make.in_days(20), make.in_days(21))
    details = changed(event, dates=(*service.details_of(event).dates, new))
    assert service.what_moves(event, details) == (0,)
    changes, seen = done(lambda: service.change_event(event, details))
    assert changes == (DateChange(event.dates[1].id, None, None, None),)
    assert seen == [EventRescheduled(event.id, changes)]
    assert load(event).ends_at == new.ends_at


def test_a_correction_of_the_past_writes_to_nobody(ctx: Flask) -> None:
    event = load(make.event(make.hub(), dates=[(make.in_days(-9), make.in_days(-8))]))
    details = moved(event)
    assert service.what_moves(event, details) == ()
    changes, seen = done(lambda: service.change_event(event, details))
    assert (len(changes), seen, event.dates[0].sequence) == (1, [EventChanged(event.id)], 1)


def test_a_date_of_another_event_does_not_exist(event: Event) -> None:
    other = make.event(event.hub, "druga")
    strange = DateDetails(make.in_days(2), make.in_days(3), id=other.dates[0].id)
    with pytest.raises(NotFound), transaction():
        service.change_event(event, changed(event, dates=(strange,)))


def test_dates_of_a_cancelled_event_do_not_move_but_its_texts_may_change(event: Event) -> None:
    done(lambda: service.cancel_event(event))
    with pytest.raises(Conflict) as refused, transaction():
        service.change_event(event, moved(event))
    assert refused.value.code == "event_cancelled"
    event = load(event)
    assert service.what_moves(event, moved(event)) == ()
    _, seen = done(lambda: service.change_event(event, changed(event, summary=make.both("Защо."))))
    assert seen == [EventChanged(event.id)]


def test_a_published_events_old_slug_leads_on_and_nobody_else_gets_it(event: Event) -> None:
    done(lambda: service.change_event(event, changed(event, slug="nova")))
    assert hubs.moved("event", event.hub_id, "lekciya") == event.id
    hub = event.hub
    made, _ = done(lambda: service.create_event(hub, EventDetails(kind="lecture", title=make.both("Lekciya"))))
    assert made.slug == "lekciya-2"
    with pytest.raises(Invalid) as refused, transaction():
        service.change_event(made, changed(made, slug="lekciya"))
    assert refused.value.code == "slug_taken"
    done(lambda: service.change_event(load(event), changed(load(event), slug="lekciya")))
    assert (load(event).slug, hubs.moved("event", event.hub_id, "lekciya")) == ("lekciya", None)


def test_publishing_fixes_the_organiser_once(ctx: Flask) -> None:
    hub = make.hub()
    event = load(
        make.event(hub, status=EventStatus.DRAFT, published_at=None, organiser_name=None, organiser_address=None)
    )
    _, seen = done(lambda: service.publish(event))
    assert seen == [EventPublished(event.id)]
    assert (event.status, event.organiser_name, event.organiser_address) == (
        EventStatus.PUBLISHED,
        "Загоре",
        "events@example.org",
    )
    assert event.published_at is not None
    with pytest.raises(Conflict) as refused, transaction():
        service.publish(event)
    assert refused.value.code == "not_a_draft"


def test_without_a_date_nothing_is_published(ctx: Flask) -> None:
    event = load(make.event(make.hub(), status=EventStatus.DRAFT, published_at=None, dates=[]))
    with pytest.raises(Invalid) as refused, transaction():
        service.publish(event)
    assert refused.value.code == "date_missing"


def test_a_funded_event_without_visibility_is_refused_with_the_list(ctx: Flask) -> None:
    hub = make.hub()
    programme = make.programme(hub, funded=True, statement=make.both("Финансирано"))
    event = load(make.event(hub, status=EventStatus.DRAFT, published_at=None, programme_id=programme.id))
    with pytest.raises(Invalid) as refused, transaction():
        service.publish(event)
    assert (refused.value.code, refused.value.details["missing"]) == (
        "visibility_missing",
        ["emblem", "statement:en", "disclaimer:bg", "disclaimer:en"],
    )
    assert load(event).status is EventStatus.DRAFT


def test_cancelling_raises_the_sequence_of_coming_dates_once(ctx: Flask) -> None:
    event = load(
        make.event(make.hub(), dates=[(make.in_days(-2), make.in_days(-1)), (make.in_days(2), make.in_days(3))])
    )
    _, seen = done(lambda: service.cancel_event(event, make.both("Лекторът е болен.")))
    assert seen == [EventCancelled(event.id)]
    assert [date.sequence for date in event.dates] == [0, 1]
    assert (event.status, event.cancel_reason) == (EventStatus.CANCELLED, make.both("Лекторът е болен."))
    assert done(lambda: service.cancel_event(event))[1] == []


def test_neither_a_draft_nor_the_past_is_cancelled(ctx: Flask) -> None:
    hub = make.hub()
    draft = load(make.event(hub, status=EventStatus.DRAFT, published_at=None))
    over = load(make.event(hub, "minala", dates=[(make.in_days(-2), make.in_days(-1))]))
    codes = []
    for event in (draft, over):
        with pytest.raises(Conflict) as refused, transaction():
            service.cancel_event(event)
        codes.append(refused.value.code)
    assert codes == ["not_published", "event_over"]


def test_the_same_again_on_other_dates_keeps_lengths_and_clock_times(ctx: Flask) -> None:
    hub = make.hub()
    start = make.sofia(2027, 3, 22)
    with clock.at(datetime(2027, 1, 1, tzinfo=UTC)):
        event = load(
            make.event(
                hub,
                capacity=7,
                picture="a.webp",
                seats_taken=3,
                dates=[
                    (start, start + timedelta(hours=3)),
                    (start + timedelta(days=1), start + timedelta(days=1, hours=1)),
                ],
                registration_closes_at=make.sofia(2027, 3, 21, 18),
            )
        )
        new, seen = done(lambda: service.copy_event(event, [make.sofia(2027, 3, 30), make.sofia(2027, 3, 29)]))
    assert seen == [EventCopied(new.id, event.id)]
    assert [(date.starts_at, date.ends_at) for date in new.dates] == [
        (make.sofia(2027, 3, 29), make.sofia(2027, 3, 29, 13)),
        (make.sofia(2027, 3, 30), make.sofia(2027, 3, 30, 11)),
    ]
    assert new.registration_closes_at == make.sofia(2027, 3, 28, 18)
    assert (new.status, new.capacity, new.seats_taken, new.picture, new.slug) == (
        EventStatus.DRAFT,
        7,
        0,
        "a.webp",
        "lektsia-lekciya",
    )
    assert new.dates[0].uid != event.dates[0].uid
    assert (new.published_at, new.organiser_address) == (None, None)


def test_a_moved_venue_moves_its_coming_events_and_no_others(ctx: Flask) -> None:
    hub = make.hub()
    venue = make.venue(hub)
    two = [(make.in_days(-3), make.in_days(-2)), (make.in_days(2), make.in_days(3))]
    coming = make.event(hub, "ide", venue_id=venue.id, dates=two)
    make.event(hub, "minala", venue_id=venue.id, dates=[(make.in_days(-3), make.in_days(-2))])
    make.event(hub, "chernova", venue_id=venue.id, status=EventStatus.DRAFT, published_at=None)
    make.event(hub, "onlain", venue_id=venue.id, format=Format.ONLINE)
    make.event(hub, "druga", venue_id=make.venue(hub, "Друго").id)
    old = queries.place(venue, None)
    details = VenueDetails(
        make.both("Нов дом"), venue.address, rooms=(RoomDetails(make.both("Берое"), 10, venue.rooms[0].id),)
    )
    assert [event.id for event in service.moved_by_venue(venue, details)] == [coming.id]
    ids, seen = done(lambda: service.change_venue(venue, details))
    date = load(coming).dates[1]
    assert ids == (coming.id,)
    assert seen == [
        EventRescheduled(coming.id, (DateChange(date.id, date.starts_at, date.ends_at, old),)),
        HubEventsChanged(hub.id),
    ]
    assert [date.sequence for date in load(coming).dates] == [0, 1]


def test_a_renamed_room_moves_the_dates_in_it(ctx: Flask) -> None:
    hub = make.hub()
    venue = make.venue(hub, rooms=("Берое", "Аула"))
    there, elsewhere = make.event(hub, "tam", venue_id=venue.id), make.event(hub, "drugade", venue_id=venue.id)
    with transaction():
        load(there).dates[0].room = venue.rooms[1]
    details = VenueDetails(
        venue.name,
        venue.address,
        rooms=(
            RoomDetails(make.both("Берое"), None, venue.rooms[0].id),
            RoomDetails(make.both("Зала 2"), None, venue.rooms[1].id),
        ),
    )
    ids, _ = done(lambda: service.change_venue(venue, details))
    assert ids == (there.id,)
    assert [load(event).dates[0].sequence for event in (there, elsewhere)] == [1, 0]


def test_directions_and_a_new_room_move_nobody(ctx: Flask) -> None:
    hub = make.hub()
    venue = make.venue(hub)
    make.event(hub, venue_id=venue.id)
    rooms = (RoomDetails(make.both("Берое"), 30, venue.rooms[0].id), RoomDetails(make.both("Нова")))
    details = VenueDetails(venue.name, venue.address, make.both("До парка"), rooms=rooms)
    ids, seen = done(lambda: service.change_venue(venue, details))
    assert ids == ()
    assert seen == [HubEventsChanged(hub.id)]
    assert [room.name.text("bg") for room in queries.venues_of_hub(hub.id)[0].rooms] == ["Берое", "Нова"]


def test_another_venues_room_does_not_exist(ctx: Flask) -> None:
    hub = make.hub()
    venue, other = make.venue(hub), make.venue(hub, "Друго")
    details = VenueDetails(venue.name, venue.address, rooms=(RoomDetails(make.both("Х"), None, other.rooms[0].id),))
    with pytest.raises(NotFound), transaction():
        service.change_venue(venue, details)
