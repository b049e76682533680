"""Making and changing programmes."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from hubevents.core import facts
from hubevents.core.db import transaction
from hubevents.core.errors import Invalid
from hubevents.core.i18n import Translated
from hubevents.events.facts import HubEventsChanged
from hubevents.hubs import queries as hubs
from hubevents.programmes import queries, service
from hubevents.programmes.facts import ProgrammeChanged
from hubevents.programmes.rules import Emblem, Indicator
from hubevents.programmes.service import ProgrammeDetails
from tests import make


def test_a_programme_keeps_what_was_said_and_gets_a_slug(ctx: Flask) -> None:
    hub = make.hub()
    details = ProgrammeDetails(
        make.both("Цифрови умения", "Digital skills"),
        funded=True,
        grant_number="101083000",
        emblem=Emblem.COFUNDED,
        starts_on=date(2026, 1, 1),
        ends_on=date(2028, 12, 31),
        targets={Indicator.EVENTS: 12},
    )
    with transaction():
        made = service.create_programme(hub.id, details)
        second = service.create_programme(hub.id, details)
    assert (made.slug, second.slug) == ("tsifrovi-umenia", "tsifrovi-umenia-2")
    assert (made.emblem, made.targets, made.grant_number) == ("cofunded", {"events": 12}, "101083000")
    assert [row.id for row in queries.programmes_of_hub(hub.id)] == [second.id, made.id]
    assert queries.programme_of_hub(make.hub("plovdiv").id, made.id) is None


def test_a_change_is_told_and_an_old_slug_leads_on(ctx: Flask) -> None:
    hub = make.hub()
    programme = make.programme(hub)
    with transaction():
        service.change_programme(programme, ProgrammeDetails(make.both("Друго"), slug="drugo"))
        assert facts.recorded() == (ProgrammeChanged(programme.id, hub.id),)
    assert hubs.moved("programme", hub.id, "umeniya") == programme.id
    assert queries.programme_by_slug(hub.id, "drugo") is programme


def test_its_events_are_shown_anew(ctx: Flask) -> None:
    assert ctx.extensions["reactions"][ProgrammeChanged]
    hub = make.hub()
    with transaction():
        ctx.extensions["reactions"][ProgrammeChanged][0](ProgrammeChanged(1, hub.id))
        assert facts.recorded() == (HubEventsChanged(hub.id),)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": Translated()}, "title_missing"),
        ({"starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)}, "ends_before_start"),
        ({"slug": "all"}, "slug_reserved"),
    ],
)
def test_what_cannot_be_is_refused(ctx: Flask, change: dict[str, Any], code: str) -> None:
    hub = make.hub()
    with pytest.raises(Invalid) as refused, transaction():
        service.create_programme(hub.id, ProgrammeDetails(**{"title": make.both("Умения"), **change}))
    assert refused.value.code == code
