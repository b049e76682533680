"""Slugs are unique within a hub, never reserved, and a former one belongs to its thing for ever."""

import pytest
from flask import Flask

from hubevents.core.db import transaction
from hubevents.core.errors import Invalid
from hubevents.events.models import Event
from hubevents.hubs import queries, slugs
from tests import make


def test_a_free_slug_avoids_the_taken_the_former_and_the_reserved(ctx: Flask) -> None:
    hub, other = make.hub(), make.hub("plovdiv")
    event = make.event(hub, "lektsia")
    make.event(other, "seminar")
    with transaction():
        slugs.change(Event, "event", event, "nova", remember=True)
    assert slugs.free(Event, "event", hub.id, "Лекция", "event") == "lektsia-2"
    assert slugs.free(Event, "event", hub.id, "Nova", "event") == "nova-2"
    assert slugs.free(Event, "event", hub.id, "Семинар", "event") == "seminar"
    assert slugs.free(Event, "event", hub.id, "All", "event") == "all-2"
    assert slugs.free(Event, "event", hub.id, "日本 !!!", "event") == "event"
    assert len(slugs.free(Event, "event", hub.id, "щ" * 300, "event")) <= slugs.LIMIT


@pytest.mark.parametrize("wanted", ["", "my", "Нова", "a b", "-a", "a--b", "a/b"])
def test_what_is_no_slug_is_refused(ctx: Flask, wanted: str) -> None:
    event = make.event(make.hub())
    with pytest.raises(Invalid) as refused, transaction():
        slugs.change(Event, "event", event, wanted, remember=True)
    assert refused.value.code == "slug_reserved"


def test_a_slug_that_was_never_public_is_forgotten(ctx: Flask) -> None:
    hub = make.hub()
    event = make.event(hub, "stara")
    with transaction():
        slugs.change(Event, "event", event, "nova", remember=False)
    assert queries.moved("event", hub.id, "stara") is None
