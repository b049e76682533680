"""Staff's lists of events: scopes, counts, search in either alphabet, and what stands around today."""

from datetime import timedelta

from flask import Flask

from hubevents.core import clock
from hubevents.events import desk
from hubevents.events.desk import Scope
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from tests import make


def slugs(found: tuple[list[Event], int]) -> tuple[list[str], int]:
    return [event.slug for event in found[0]], found[1]


def test_each_event_stands_in_one_scope_of_its_hub(ctx: Flask) -> None:
    hub, other = make.hub(), make.hub("plovdiv")
    past = [(make.in_days(-3), make.in_days(-2))]
    make.event(hub, "ide")
    make.event(hub, "ide-skoro", dates=[(make.in_days(1), make.in_days(2))])
    make.event(hub, "mina", dates=past)
    make.event(hub, "chernova", status=EventStatus.DRAFT, published_at=None, dates=[])
    make.event(hub, "otmenena", status=EventStatus.CANCELLED)
    make.event(other, "chuzhda")
    now = clock.now()
    assert {scope: slugs(desk.events_page(hub.id, scope, now)) for scope in Scope} == {
        Scope.COMING: (["ide-skoro", "ide"], 2),
        Scope.DRAFTS: (["chernova"], 1),
        Scope.PAST: (["mina"], 1),
        Scope.CANCELLED: (["otmenena"], 1),
    }
    assert desk.counts(hub.id, now) == {Scope.COMING: 2, Scope.DRAFTS: 1, Scope.PAST: 1, Scope.CANCELLED: 1}
    assert [event.slug for event in desk.around(hub.id, now, back=timedelta(days=7))] == [
        "mina", "ide-skoro", "ide", "chernova",
    ]  # fmt: skip
    assert [event.slug for event in desk.around(hub.id, now, back=timedelta(days=1))] == [
        "ide-skoro",
        "ide",
        "chernova",
    ]


def test_titles_are_found_by_parts_in_any_language_and_alphabet(ctx: Flask) -> None:
    hub = make.hub()
    for day, slug in enumerate(("a", "b", "c"), 1):
        title = make.both("Умна Тракия", "Smart Thrace") if slug != "b" else make.both("Семинар")
        make.event(hub, slug, title=title, dates=[(make.in_days(day), make.in_days(day, 12))])
    now = clock.now()
    for words in ("тракия умна", "TRAKI", "thrace"):
        assert slugs(desk.events_page(hub.id, Scope.COMING, now, search=words)) == (["a", "c"], 2)
    assert slugs(desk.events_page(hub.id, Scope.COMING, now, search="умна", offset=1, limit=1)) == (["c"], 2)
    assert slugs(desk.events_page(hub.id, Scope.COMING, now, search="%")) == ([], 0)
