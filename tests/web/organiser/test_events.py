"""Staff's events: from five answers to a published event, moved, called off, copied; nothing typed breaks a form."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.core.i18n import Translated
from hubevents.events import queries as event_queries
from hubevents.events.models import Event, Venue
from hubevents.events.rules import DateStatus, EventStatus, Visibility
from hubevents.hubs.models import Hub
from hubevents.mail.models import OutboxMessage
from hubevents.programmes.models import Programme
from hubevents.registrations import service as registrations
from hubevents.registrations.service import Registrant
from tests import make, people
from tests.pages import posted

HOSTILE = {
    "control": "a\x00b\x07c\x1b[31m\x7f\x85",
    "long": "щ" * 10_000,
    "right-to-left": "\u202eabc\u2066שלום\u200f",
    "emoji": "👩🏽‍💻" * 30,
    "sql": "'; DROP TABLE event; -- %_\\",
    "html": "<script>alert(1)</script>{{7*7}}\"'><img src=x>",
    "number": "9" * 400,
    "negative": "-1",
    "nan": "NaN",
    "signalling": "sNaN",
    "infinite": "1e999",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "no day": "2026-02-30",
    "time": "25:61",
    "digits": "٣٤٥",
    "empty": "",
    "space": "\u00a0\u2003 ",
    "surrogate": "\udcff\ud800",
}


FREE = ("first_name", "last_name", "organisation", "position")


class Desk:
    """Alice at the desk of zagore."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cast = people.cast(app)
        self.client = people.signed_in(app, "alice")

    def event(self, **values: Any) -> Event:
        """An event of the hub, as a row read in a closed context; only its columns are asked."""
        with self.app.app_context():
            row = make.event(db.session.get_one(Hub, self.cast.hub_id), **values)
            db.session.expunge_all()
        return row

    def load(self, id: int) -> Event:
        with self.app.app_context():
            row = event_queries.event_of_hub(self.cast.hub_id, id)
            assert row is not None
            db.session.expunge_all()
        return row

    def url(self, path: str) -> str:
        return f"/organise/zagore/{path}"

    def register(self, event_id: int, *names: str) -> None:
        with self.app.app_context(), transaction():
            for name in names:
                registrations.register(event_id, Registrant(name, "Желева", f"{name}@example.org", "bg"))

    def fields(self, path: str) -> dict[str, Any]:
        """What a browser would post from a form that was opened and not touched."""
        page = self.client.get(self.url(path))
        assert page.status_code == 200, page.status_code
        return posted(page.text)


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app)


def test_five_answers_make_a_draft_with_the_defaults_of_its_kind(desk: Desk) -> None:
    answer = desk.client.post(
        desk.url("events/new"),
        data={"kind": "council", "title_bg": "Съвет", "title_en": "Council", "on": "2027-01-14", "begins": "14:00"},
    )
    assert answer.status_code == 303
    row = desk.load(1)
    assert answer.location == desk.url("events/1/edit")
    assert (row.status, row.visibility, row.title) == (
        EventStatus.DRAFT, Visibility.UNLISTED, {"bg": "Съвет", "en": "Council"},
    )  # fmt: skip
    assert (row.starts_at, row.ends_at) == (make.sofia(2027, 1, 14, 14), make.sofia(2027, 1, 14, 16))


def test_without_a_title_the_form_comes_back_filled(desk: Desk) -> None:
    answer = desk.client.post(desk.url("events/new"), data={"kind": "lecture", "on": "2027-01-14", "begins": "14:00"})
    assert answer.status_code == 422
    assert 'value="2027-01-14"' in answer.text
    assert "error-sum" in answer.text


def test_saving_an_untouched_form_changes_nothing(desk: Desk) -> None:
    row = desk.event(
        competences=[
            {"framework": "digcomp_3_0", "id": "1.1", "level": "basic"},
            {"framework": "digcomp_2_2", "id": "2.1", "level": "advanced"},
        ],
        sectors=("education",),
        registration_closes_at=make.in_days(9, 18),
        online_url="https://a.example.org",
    )
    before = desk.load(row.id)
    answer = desk.client.post(desk.url(f"events/{row.id}/edit"), data=desk.fields(f"events/{row.id}/edit"))
    assert answer.status_code == 303, answer.text
    after = desk.load(row.id)
    for column in Event.__table__.columns:
        assert getattr(after, column.key) == getattr(before, column.key), column.key
    assert [date.sequence for date in after.dates] == [0]


def test_moving_a_published_event_asks_first_and_tells_everybody_once(desk: Desk) -> None:
    row = desk.event()
    desk.register(row.id, "maria", "petar")
    fields = desk.fields(f"events/{row.id}/edit")
    fields["dates-0-begins"], fields["dates-0-ends"] = "15:00", "17:00"
    asked = desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields)
    assert asked.status_code == 200
    assert desk.load(row.id).dates[0].sequence == 0
    sure = posted(asked.text)
    assert sure["sure"] != ""
    assert sure["dates-0-begins"] == "15:00"
    answer = desk.client.post(desk.url(f"events/{row.id}/edit"), data=sure)
    assert answer.status_code == 303
    date = desk.load(row.id).dates[0]
    assert (date.sequence, date.starts_at) == (1, make.in_days(10, 15))


def test_another_change_after_the_question_is_asked_about_again(desk: Desk) -> None:
    row = desk.event()
    desk.register(row.id, "maria")
    fields = {**desk.fields(f"events/{row.id}/edit"), "dates-0-begins": "11:00"}
    sure = posted(desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields).text)
    again = desk.client.post(desk.url(f"events/{row.id}/edit"), data={**sure, "dates-0-begins": "11:30"})
    assert again.status_code == 200
    assert desk.load(row.id).dates[0].sequence == 0


def test_nobody_registered_nobody_is_asked_about(desk: Desk) -> None:
    row = desk.event()
    fields = {**desk.fields(f"events/{row.id}/edit"), "dates-0-begins": "11:00"}
    assert desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields).status_code == 303
    assert desk.load(row.id).dates[0].sequence == 1


def test_what_a_colleague_saved_meanwhile_is_not_overwritten_silently(desk: Desk) -> None:
    row = desk.event()
    mine, theirs = desk.fields(f"events/{row.id}/edit"), desk.fields(f"events/{row.id}/edit")
    desk.client.post(desk.url(f"events/{row.id}/edit"), data={**theirs, "title_bg": "Първо"})
    answer = desk.client.post(desk.url(f"events/{row.id}/edit"), data={**mine, "title_bg": "Второ"})
    assert answer.status_code == 409
    assert desk.load(row.id).title.text("bg") == "Първо"
    again = desk.client.post(desk.url(f"events/{row.id}/edit"), data=posted(answer.text))
    assert again.status_code == 303
    assert desk.load(row.id).title.text("bg") == "Второ"


def test_a_date_is_added_without_javascript_and_one_is_withdrawn(desk: Desk) -> None:
    row = desk.event()
    fields = {**desk.fields(f"events/{row.id}/edit"), "act": "add_date"}
    more = posted(desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields).text)
    assert (more["dates-1-id"], more["dates-1-on"], more["dates-1-begins"]) == ("", "", more["dates-0-begins"])
    more |= {"dates-1-on": "2027-09-01", "dates-1-ends": "23:00", "dates-1-topic_bg": "Втора среща"}
    assert desk.client.post(desk.url(f"events/{row.id}/edit"), data=more).status_code == 303
    dates = desk.load(row.id).dates
    assert [date.title for date in dates] == [Translated(), {"bg": "Втора среща"}]
    fields = {**desk.fields(f"events/{row.id}/edit"), "dates-0-withdrawn": "y"}
    assert desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields).status_code == 303
    assert [date.status for date in desk.load(row.id).dates] == [DateStatus.CANCELLED, DateStatus.SCHEDULED]


def test_an_hour_that_spring_leaves_out_is_refused_with_its_reason(desk: Desk) -> None:
    row = desk.event(status=EventStatus.DRAFT, published_at=None)
    fields = {**desk.fields(f"events/{row.id}/edit"), "dates-0-on": "2027-03-28", "dates-0-begins": "03:30",
              "dates-0-ends": "06:00"}  # fmt: skip
    answer = desk.client.post(desk.url(f"events/{row.id}/edit"), data=fields)
    assert answer.status_code == 422
    assert 'value="03:30"' in answer.text
    assert "03:30 " in answer.text.split('id="error-sum"')[1]


def test_an_hour_that_autumn_shows_twice_is_the_first_and_then_by_choice_the_second(desk: Desk) -> None:
    row = desk.event(status=EventStatus.DRAFT, published_at=None)
    path = f"events/{row.id}/edit"
    fields = {**desk.fields(path), "dates-0-on": "2027-10-31", "dates-0-begins": "03:30", "dates-0-ends": "06:00"}
    assert desk.client.post(desk.url(path), data=fields).status_code == 303
    first = desk.load(row.id).starts_at
    assert 'name="dates-0-later"' in desk.client.get(desk.url(path)).text
    desk.client.post(desk.url(path), data={**desk.fields(path), "dates-0-later": "y"})
    second = desk.load(row.id).starts_at
    assert first is not None
    assert second is not None
    assert (second - first).total_seconds() == 3600


def test_publishing_names_what_a_funded_event_lacks(desk: Desk) -> None:
    with desk.app.app_context():
        programme = make.programme(db.session.get_one(Hub, desk.cast.hub_id), funded=True)
    row = desk.event(status=EventStatus.DRAFT, published_at=None, programme_id=programme.id)
    page = desk.client.post(desk.url(f"events/{row.id}/publish"), follow_redirects=True)
    assert desk.load(row.id).status is EventStatus.DRAFT
    assert "flash--bad" in page.text
    desk.client.post(
        desk.url(f"programmes/{programme.id}/"),
        data={**desk.fields(f"programmes/{programme.id}/"), "emblem": "cofunded"},
    )
    with desk.app.app_context():
        words = db.session.get_one(Programme, programme.id)
        assert words.statement == {
            "bg": "Съфинансирано от Европейския съюз", "en": "Co-funded by the European Union",
        }  # fmt: skip
        assert set(words.disclaimer) == {"bg", "en"}
    desk.client.post(desk.url(f"events/{row.id}/publish"))
    assert desk.load(row.id).status is EventStatus.PUBLISHED


def test_calling_off_asks_and_then_keeps_the_reason(desk: Desk) -> None:
    row = desk.event()
    desk.register(row.id, "maria")
    assert desk.client.get(desk.url(f"events/{row.id}/cancel")).status_code == 200
    assert desk.load(row.id).status is EventStatus.PUBLISHED
    answer = desk.client.post(desk.url(f"events/{row.id}/cancel"), data={"reason_bg": "Лекторът е болен."})
    assert answer.status_code == 303
    event = desk.load(row.id)
    assert (event.status, event.cancel_reason) == (EventStatus.CANCELLED, {"bg": "Лекторът е болен."})
    assert desk.client.get(desk.url(f"events/{row.id}/cancel")).status_code == 409


def test_the_same_again_takes_a_day_and_keeps_the_rest(desk: Desk) -> None:
    row = desk.event(capacity=12)
    fields = desk.fields(f"events/{row.id}/copy")
    answer = desk.client.post(desk.url(f"events/{row.id}/copy"), data=fields)
    assert answer.status_code == 422
    answer = desk.client.post(desk.url(f"events/{row.id}/copy"), data={**fields, "dates-0-on": "2027-02-01"})
    assert answer.status_code == 303
    copy = desk.load(row.id + 1)
    assert (copy.status, copy.capacity, copy.starts_at) == (EventStatus.DRAFT, 12, make.sofia(2027, 2, 1, 10))
    assert len([name for name in fields if name not in ("act", "csrf_token")]) <= 5


def test_moving_a_venue_shows_which_events_and_how_many_people_first(desk: Desk) -> None:
    with desk.app.app_context():
        venue = make.venue(db.session.get_one(Hub, desk.cast.hub_id))
    row = desk.event(venue_id=venue.id)
    desk.register(row.id, "maria")
    path = f"venues/{venue.id}/"
    asked = desk.client.post(desk.url(path), data={**desk.fields(path), "address_bg": "ул. „Нова“ 1"})
    assert asked.status_code == 200
    assert row.title.text("bg") in asked.text
    assert desk.load(row.id).dates[0].sequence == 0
    assert desk.client.post(desk.url(path), data=posted(asked.text)).status_code == 303
    assert desk.load(row.id).dates[0].sequence == 1


def test_a_new_venue_with_rooms(desk: Desk) -> None:
    fields = {
        **desk.fields("venues/new"),
        "name_bg": "Библиотека",
        "rooms-0-name_bg": "Читалня",
        "rooms-0-capacity": "40",
        "latitude": "42,4258",
        "longitude": "25.6345",
    }
    assert desk.client.post(desk.url("venues/new"), data=fields).status_code == 303
    with desk.app.app_context():
        venue = db.session.query(Venue).one()
        assert [(room.name, room.capacity) for room in venue.rooms] == [({"bg": "Читалня"}, 40)]
        assert (venue.latitude, venue.longitude) == (42.4258, 25.6345)


def test_lists_and_the_home_cost_the_same_for_1_and_3_events(desk: Desk, queries: Callable[[], Any]) -> None:
    def add(slug: str) -> None:
        with desk.app.app_context():
            hub = db.session.get_one(Hub, desk.cast.hub_id)
            venue = make.venue(hub, rooms=("Берое", "Траяна"))
            programme = make.programme(hub, slug=f"p-{slug}", funded=True)
            event = make.event(hub, slug, capacity=1, venue_id=venue.id, programme_id=programme.id)
            make.event(hub, f"draft-{slug}", status=EventStatus.DRAFT, published_at=None, programme_id=programme.id)
            make.event(hub, f"past-{slug}", dates=[(make.in_days(-3), make.in_days(-2))])
            with transaction():
                for name in ("a", "b"):
                    registrations.register(event.id, Registrant("А", "Б", f"{name}-{slug}@example.org", "bg"))
            with transaction():
                now = clock.now()
                db.session.add(
                    OutboxMessage(hub_id=hub.id, event_id=event.id, about="registration:1", kind="confirmation",
                                  recipient="a@example.org", language="bg", data={}, message_id=f"<{slug}@x>",
                                  created_at=now, due_at=now, done_at=now, error="550", attempts=8)
                )  # fmt: skip

    def cost(path: str) -> int:
        with queries() as seen:
            assert desk.client.get(desk.url(path)).status_code == 200
        return len(seen)

    pages = ["", "events/", "events/?show=drafts", "events/?q=lecture", "programmes/", "venues/"]
    add("one")
    one = [cost(path) for path in pages]
    add("two")
    add("three")
    assert [cost(path) for path in pages] == one
    assert max(one) <= 9


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_typed_into_a_form_breaks_it(desk: Desk, name: str) -> None:
    """All fields of each form at once, its texts alone (then saved and shown), and once each field in turn."""
    typed = HOSTILE[name].encode("utf-8", "surrogateescape" if "\ud800" not in HOSTILE[name] else "surrogatepass")
    with desk.app.app_context():
        hub = db.session.get_one(Hub, desk.cast.hub_id)
        venue_id = make.venue(hub).id
        programme_id = make.programme(hub).id
    row = desk.event(status=EventStatus.DRAFT, published_at=None)
    desk.event(slug="druga")
    forms = ["events/new", f"events/{row.id}/edit", f"events/{row.id}/copy", "events/2/cancel", "programmes/new",
             f"programmes/{programme_id}/", "venues/new", f"venues/{venue_id}/", "events/2/people/new",
             f"events/{row.id}/picture"]  # fmt: skip
    for path in forms:
        page = desk.client.get(desk.url(path))
        if page.status_code == 409:
            continue
        fields = posted(page.text)
        words = {key for key in fields if key.endswith(("_bg", "_en")) or key in FREE}
        alone = [{key} for key in fields if not key.startswith("digcomp")] if name == "number" else []
        for chosen in [set(fields), words, *alone]:
            data = {key: typed if key in chosen else value for key, value in fields.items() if key != "version"}
            answer = desk.client.post(desk.url(path), data=data)
            assert answer.status_code in (200, 303, 409, 413, 422), (path, sorted(chosen), answer.status_code)
            if answer.status_code == 303:
                shown = desk.client.get(answer.location)
                assert shown.status_code == 200
                assert "<script>alert" not in shown.text
    for address in (
        "",
        "events/",
        "venues/",
        "programmes/",
        f"events/{row.id}/",
        "events/2/people/",
        "events/2/messages/",
    ):
        answer = desk.client.get(
            desk.url(address),
            query_string={b"q": typed, b"page": typed, b"status": typed, b"show": typed, b"sort": typed},
        )
        assert answer.status_code == 200, address
