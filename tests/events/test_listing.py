"""Lists of events as queries."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from hubevents.core import clock
from hubevents.core.db import transaction
from hubevents.events import listing
from hubevents.events.listing import Wanted
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus, Format, Visibility
from tests import make


def slugs(found: list[listing.Listed]) -> list[str]:
    return [each.event.slug for each in found]


def test_an_event_of_several_dates_stands_at_its_next_one_and_drafts_nowhere(ctx: Flask) -> None:
    hub = make.hub()
    weekly = [(make.in_days(day, 9), make.in_days(day, 12)) for day in (-7, 7, 14)]
    make.event(hub, "weekly", dates=weekly)
    make.event(hub, "sooner", dates=[(make.in_days(3), make.in_days(3, 12))])
    make.event(hub, "later", dates=[(make.in_days(9), make.in_days(9, 12))])
    make.event(hub, "hidden", visibility=Visibility.UNLISTED)
    make.event(hub, "draft", status=EventStatus.DRAFT)
    make.event(hub, "gone", dates=[(make.in_days(-3), make.in_days(-3, 12))])
    make.event(hub, "dateless", dates=[])
    found = listing.coming(Wanted(hub.id), clock.now())
    assert [(each.event.slug, each.starts_at) for each in found] == [
        ("sooner", make.in_days(3)),
        ("weekly", make.in_days(7, 9)),
        ("later", make.in_days(9)),
    ]
    assert slugs(listing.coming(Wanted(hub.id), clock.now(), since=make.in_days(8))) == ["later"]
    assert slugs(listing.past(Wanted(hub.id), clock.now())) == ["gone"]


def test_each_filter_finds_its_own_and_counts_agree_with_lists(ctx: Flask) -> None:
    hub = make.hub()
    project = make.programme(hub)
    values: dict[str, dict[str, Any]] = {
        "kind": {"kind": "hackathon"},
        "format": {"format": Format.ONLINE},
        "sector": {"sectors": ("construction",)},
        "language": {"languages": ("en", "bg")},
        "programme": {"programme_id": project.id},
        "full": {"capacity": 3, "seats_taken": 3},
        "queue": {"capacity": 3, "seats_taken": 2, "waiting": 1},
        "early": {"registration_opens_at": make.in_days(5)},
        "late": {"registration_closes_at": make.in_days(-1)},
        "closed": {"takes_registrations": False},
        "cancelled": {"status": EventStatus.CANCELLED},
    }
    for slug, more in values.items():
        make.event(hub, slug, **more)
    now = clock.now()
    asked = {
        "kind": Wanted(hub.id, kind="hackathon"),
        "format": Wanted(hub.id, format=Format.ONLINE),
        "sector": Wanted(hub.id, sector="construction"),
        "language": Wanted(hub.id, language="en"),
        "programme": Wanted(hub.id, programme_id=project.id),
    }
    assert {slug: slugs(listing.coming(wanted, now)) for slug, wanted in asked.items()} == {s: [s] for s in asked}
    free = Wanted(hub.id, free=True)
    assert sorted(slugs(listing.coming(free, now))) == ["format", "kind", "language", "programme", "sector"]
    options = (("kind", ("lecture", "hackathon")), ("free", (True,)), ("programme_id", (project.id,)))
    assert listing.counts(free, now, options) == {
        "all": {"kind": 5, "free": 11, "programme_id": 5},
        "kind": {"lecture": 4, "hackathon": 1},
        "free": {True: 5},
        "programme_id": {project.id: 1},
    }
    assert listing.counts(Wanted(hub.id), now + timedelta(days=40), options, over=True)["all"]["kind"] == 11


def test_a_month_holds_every_date_that_touches_it(ctx: Flask) -> None:
    hub = make.hub()
    make.event(
        hub,
        "conference",
        dates=[(make.sofia(2027, 1, 30), make.sofia(2027, 2, 2)), (make.sofia(2027, 2, 10), make.sofia(2027, 2, 11))],
    )
    february = (make.sofia(2027, 2, 1, 0), make.sofia(2027, 3, 1, 0))
    found = listing.dates_between(Wanted(hub.id), clock.now(), *february)
    assert [(each.slug, each.starts_at) for each in found] == [
        ("conference", make.sofia(2027, 1, 30)),
        ("conference", make.sofia(2027, 2, 10)),
    ]


@pytest.mark.parametrize("change", [{"seats_taken": 1}, {"waiting": 1}, {"status": EventStatus.DRAFT}])
def test_the_stamp_changes_with_seats_queue_and_what_is_seen(ctx: Flask, change: dict[str, Any]) -> None:
    hub = make.hub()
    id = make.event(hub).id
    before = listing.stamp(hub.id)
    assert before == listing.stamp(hub.id)
    with transaction():
        row = ctx.extensions["sqlalchemy"].session.get(Event, id)
        for name, value in change.items():
            setattr(row, name, value)
    assert listing.stamp(hub.id) != before


def test_a_seat_given_here_and_taken_there_changes_the_stamp(ctx: Flask) -> None:
    hub = make.hub()
    one, other = make.event(hub, "one", seats_taken=1).id, make.event(hub, "other").id
    before = listing.stamp(hub.id)
    with transaction():
        ctx.extensions["sqlalchemy"].session.get(Event, one).seats_taken = 0
        ctx.extensions["sqlalchemy"].session.get(Event, other).seats_taken = 1
    assert listing.stamp(hub.id) != before
