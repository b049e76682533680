"""The Agenda tab: sessions, tracks, rooms, speakers and files, scoped by hub, and nothing typed breaks it."""

import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.agenda.rules import SessionStatus
from hubevents.core.db import db
from hubevents.events.models import Event, Room
from hubevents.events.rules import EventStatus
from hubevents.hubs.models import Hub
from tests import make, people

FILE = {
    "schedule": {
        "conference": {
            "acronym": "d",
            "title": "Days",
            "days": [
                {
                    "index": 1,
                    "date": "2026-12-09",
                    "rooms": {
                        "Beroe": [
                            {
                                "guid": "a",
                                "title": "Opening <b>",
                                "date": "2026-12-09T10:00:00+02:00",
                                "duration": "0:45",
                            },
                            {"guid": "b", "title": "", "date": "2026-12-09T11:00:00+02:00", "duration": "0:45"},
                        ]
                    },
                }
            ],
        }
    }
}


class Desk:
    """Alice at the agenda of one event."""

    def __init__(self, app: Flask, **values: Any) -> None:
        self.app = app
        self.cast = people.cast(app)
        with app.app_context():
            hub = db.session.get_one(Hub, self.cast.hub_id)
            self.venue_id = make.venue(hub, rooms=("Берое", "Траяна")).id
            start = make.sofia(2026, 12, 9, 9)
            event = make.event(
                hub, dates=[(start, make.sofia(2026, 12, 9, 18))], **{"venue_id": self.venue_id, **values}
            )
            self.event_id = event.id
            self.rooms = [id for (id,) in db.session.execute(sa.select(Room.id).order_by(Room.position))]
        self.client = people.signed_in(app, "alice")
        self.base = f"/organise/zagore/events/{self.event_id}/agenda"

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data=data)

    def save(self, path: str = "/sessions/new", **data: Any) -> Any:
        form = {"title_bg": "Откриване", "starts": "2026-12-09T10:00", "ends": "2026-12-09T10:45", "kind": "talk"}
        return self.post(path, **{**form, **data})

    def sessions(self) -> list[EventSession]:
        with self.app.app_context():
            query = sa.select(EventSession).order_by(EventSession.id)
            found = list(db.session.scalars(query))
            db.session.expunge_all()
            return found

    def count(self, model: type[Any]) -> int:
        with self.app.app_context():
            return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_a_session_is_added_shown_changed_withdrawn_and_brought_back(app: Flask) -> None:
    desk = Desk(app)
    assert "Още няма сесии" in desk.client.get(desk.base).text or "No sessions yet" in desk.client.get(desk.base).text
    assert desk.client.get(desk.base + "/sessions/new").status_code == 200
    answer = desk.save(
        title_en="Opening", abstract_bg="**Добре дошли**", room_id=desk.rooms[0], language="bg",
        url="https://example.org/x", **{"speakers-0": "Мария Петрова", "speakers-1": ""},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, desk.base)
    (session,) = desk.sessions()
    assert (dict(session.title), session.starts_at, session.room_id, session.language) == (
        {"bg": "Откриване", "en": "Opening"}, make.sofia(2026, 12, 9, 10), desk.rooms[0], "bg",
    )  # fmt: skip
    page = desk.client.get(desk.base).text
    assert "Откриване" in page
    assert "10:00–10:45" in page
    assert "Мария Петрова" in page
    edit = f"/sessions/{session.id}"
    shown = desk.client.get(desk.base + edit).text
    assert 'value="2026-12-09T10:00"' in shown
    same = desk.save(
        edit, title_en="Opening", abstract_bg="**Добре дошли**", room_id=desk.rooms[0], language="bg",
        url="https://example.org/x", **{"speakers-0": "мария петрова"},
    )  # fmt: skip
    assert same.status_code == 303
    (again,) = desk.sessions()
    assert (again.sequence, again.changed_at) == (0, session.changed_at)
    assert desk.count(Speaker) == 1
    assert desk.save(edit, room_id=desk.rooms[1]).status_code == 303
    assert desk.sessions()[0].sequence == 1
    assert desk.post(edit + "/withdraw").status_code == 303
    assert desk.sessions()[0].status is SessionStatus.CANCELLED
    assert desk.post(edit + "/restore").status_code == 303
    assert (desk.sessions()[0].status, desk.sessions()[0].sequence) == (SessionStatus.SCHEDULED, 3)


def test_a_clash_names_the_other_session_and_one_may_save_anyway(app: Flask) -> None:
    desk = Desk(app)
    desk.save(room_id=desk.rooms[0], **{"speakers-0": "Мария"})
    data = {"title_bg": "Втора", "room_id": desk.rooms[0], "speakers-0": "Мария"}
    answer = desk.save(**data)
    assert answer.status_code == 409
    assert "Откриване" in answer.text
    assert 'value="Втора"' in answer.text
    assert 'name="despite_clashes"' in answer.text
    assert desk.count(EventSession) == 1
    assert desk.save(**data, despite_clashes="y").status_code == 303
    assert desk.count(EventSession) == 2
    assert desk.client.get(desk.base).text.count('class="flag"') == 4


def test_times_are_those_of_the_events_zone_and_untouched_ones_keep_their_seconds(app: Flask) -> None:
    desk = Desk(app, zone="Asia/Tokyo")
    desk.save(starts="2026-12-09T19:00", ends="2026-12-09T19:45")
    (session,) = desk.sessions()
    assert session.starts_at == make.sofia(2026, 12, 9, 12)
    with app.app_context():
        exact = make.sofia(2026, 12, 9, 13).replace(second=30)
        id = make.session(db.session.get_one(Event, desk.event_id), "Точна", exact).id
    desk.save(f"/sessions/{id}", title_bg="Точно", starts="2026-12-09T20:00", ends="2026-12-09T20:45")
    changed = desk.sessions()[1]
    assert (dict(changed.title), changed.starts_at, changed.sequence) == ({"bg": "Точно"}, exact, 0)


def test_lone_surrogates_leave(app: Flask) -> None:
    desk = Desk(app)
    body = b"title_bg=%ED%A0%80x&starts=2026-12-09T10:00&ends=2026-12-09T10:45&kind=talk"
    kind = "application/x-www-form-urlencoded"
    assert desk.client.post(desk.base + "/sessions/new", data=body, content_type=kind).status_code == 303


@pytest.mark.parametrize(
    "data",
    [
        {"title_bg": "", "title_en": ""},
        {"title_bg": "   \u200b"},
        {"title_bg": "x" * 301},
        {"starts": ""},
        {"starts": "soon"},
        {"starts": "0001-01-01T00:00"},
        {"ends": "9999-12-31T23:59"},
        {"ends": "2026-12-09T09:00"},
        {"starts": "2027-03-28T03:30", "ends": "2027-03-28T05:00"},
        {"kind": "x"},
        {"room_id": "999999"},
        {"room_id": "99999999999999999999999"},
        {"room_id": "x"},
        {"track_id": "-1"},
        {"language": "xx"},
        {"capacity": "0"},
        {"capacity": "1e9"},
        {"url": "javascript:alert(1)"},
        {"url": "https://x/" + "y" * 600},
        {"speakers-0": "x" * 201},
        {"abstract_bg": "x" * 40_000},
    ],
)
def test_what_cannot_be_is_said_in_the_form(app: Flask, data: dict[str, str]) -> None:
    desk = Desk(app)
    answer = desk.save(**data)
    assert (answer.status_code, desk.count(EventSession)) == (422, 0)
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "data",
    [
        {"title_bg": "\ufffe<script>\x00x", "abstract_bg": "\x1b[31m" + "[" * 2000},
        {"speakers-0": "'; DROP TABLE speaker; --", "speakers-99999": "x", "speakers-x": "y"},
        {"title_bg": "%(title)s {{ 7*7 }}", "track_id": "", "room_id": ""},
    ],
)
def test_strange_texts_are_harmless(app: Flask, data: dict[str, str]) -> None:
    desk = Desk(app)
    assert desk.save(**data).status_code == 303
    page = desk.client.get(desk.base)
    assert page.status_code == 200
    assert "<script>" not in page.text.partition("<main")[2]


def test_a_room_of_another_venue_and_a_track_of_another_event_cannot_be_chosen(app: Flask) -> None:
    desk = Desk(app)
    with app.app_context():
        other = make.venue(db.session.get_one(Hub, desk.cast.other_id), "Друго")
        room_id = other.rooms[0].id
    assert desk.save(room_id=room_id).status_code == 422
    assert desk.count(EventSession) == 0


def test_a_failed_token_shows_the_form_again_filled(app: Flask) -> None:
    desk = Desk(app)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = desk.save(title_bg="Дълъг труд")
        assert answer.status_code == 422
        assert 'value="Дълъг труд"' in answer.text
        assert desk.count(EventSession) == 0
        assert desk.post("/parts", act="track", **{"track-name_bg": "Поле"}).status_code == 422
        assert desk.post("/speakers/new", name="Мария").status_code == 422
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert (desk.count(Track), desk.count(Speaker)) == (0, 0)


def test_tracks_are_added_and_renamed_rooms_added(app: Flask) -> None:
    desk = Desk(app)
    assert desk.client.get(desk.base + "/parts").status_code == 200
    assert desk.post("/parts", act="track", **{"track-name_bg": "Поле", "track-name_en": "Field"}).status_code == 303
    with app.app_context():
        id, name = db.session.execute(sa.select(Track.id, Track.name)).one()
    assert dict(name) == {"bg": "Поле", "en": "Field"}
    assert desk.post("/parts", act=f"track{id}", **{f"track{id}-name_bg": "Завод"}).status_code == 303
    assert desk.post("/parts", act="room", **{"room-name_bg": "Липите", "room-capacity": "40"}).status_code == 303
    assert desk.post("/parts", act="room", **{"room-name_bg": "липите "}).status_code == 303
    assert (desk.count(Track), desk.count(Room)) == (1, 3)
    page = desk.client.get(desk.base + "/parts").text
    assert "Завод" in page
    assert "Липите" in page
    assert desk.post("/parts", act="room", **{"room-name_bg": " "}).status_code == 422
    assert desk.post("/parts", act="room", **{"room-name_bg": "x", "room-capacity": "-4"}).status_code == 422
    assert desk.post("/parts", act="track999").status_code == 404
    assert desk.post("/parts").status_code == 404


def test_an_event_without_venue_takes_no_rooms(app: Flask) -> None:
    desk = Desk(app, venue_id=None)
    assert desk.post("/parts", act="room", **{"room-name_bg": "Липите"}).status_code == 422
    assert desk.client.get(desk.base + "/parts").status_code == 200


def test_a_speaker_is_added_changed_and_chosen_again(app: Flask) -> None:
    desk = Desk(app)
    assert desk.client.get(desk.base + "/speakers/new").status_code == 200
    answer = desk.post("/speakers/new", name="Мария", position_bg="агроном", biography_bg="Знае *много*.")
    assert answer.status_code == 303
    desk.save(**{"speakers-0": "Мария"})
    assert (desk.count(Speaker), desk.count(SessionSpeaker)) == (1, 1)
    with app.app_context():
        id = db.session.scalars(sa.select(Speaker.id)).one()
    assert "Знае *много*." in desk.client.get(f"{desk.base}/speakers/{id}").text
    assert desk.post(f"/speakers/{id}", name="Мария Петрова").status_code == 303
    page = desk.client.get(desk.base + "/speakers").text
    assert "Мария Петрова" in page
    assert desk.post(f"/speakers/{id}", name="").status_code == 422
    desk.post("/speakers/new", name="Мария Петрова")
    assert "№" in desk.client.get(desk.base + "/sessions/new").text


def test_a_file_is_shown_before_it_is_taken(app: Flask) -> None:
    desk = Desk(app)
    data = json.dumps(FILE).encode()

    def upload(content: bytes) -> Any:
        return desk.client.post(desk.base + "/import", data={"source": (io.BytesIO(content), "schedule.json")})

    assert desk.client.get(desk.base + "/import").status_code == 200
    preview = upload(data)
    assert preview.status_code == 200
    assert "Opening &lt;b&gt;" in preview.text
    assert desk.count(EventSession) == 0
    held = preview.text.partition('name="held"')[2].partition('value="')[2].partition('"')[0]
    assert len(held) == 32
    folder = app.extensions["settings"].instance / "imports"
    assert (folder / f"{desk.event_id}-{held}").stat().st_mode & 0o777 == 0o600
    answer = desk.post("/import", held=held)
    assert (answer.status_code, answer.headers["Location"]) == (303, desk.base)
    assert [dict(session.title) for session in desk.sessions()] == [{"en": "Opening <b>"}]
    assert not (folder / f"{desk.event_id}-{held}").exists()
    assert desk.post("/import", held=held).status_code == 422
    again = upload(data).text
    assert 'name="held"' not in again
    empty = upload(json.dumps({"schedule": {"conference": {"title": "x", "days": []}}}).encode())
    assert 'name="allow_empty"' in empty.text
    held = empty.text.partition('name="held"')[2].partition('value="')[2].partition('"')[0]
    assert desk.post("/import", held=held).status_code == 409
    assert desk.post("/import", held=held, allow_empty="y").status_code == 303
    assert desk.sessions()[0].status is SessionStatus.CANCELLED


@pytest.mark.parametrize(
    "content", [b"", b"BEGIN:VCALENDAR", b"PK\x03\x04", b"{", b"<schedule>", b"\xff\xfe\x00", b"[" * 5000, b'{"a": 1}']
)
def test_a_file_of_another_kind_is_refused_in_words(app: Flask, content: bytes) -> None:
    desk = Desk(app)
    answer = desk.client.post(desk.base + "/import", data={"source": (io.BytesIO(content), "x.json")})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("held", ["", "../../etc/passwd", "0" * 32, "0" * 33, "\x00", "é" * 32])
def test_a_file_that_is_not_there_cannot_be_confirmed(app: Flask, held: str) -> None:
    desk = Desk(app)
    assert desk.post("/import", held=held).status_code == 422
    assert desk.post("/import").status_code == 422


def test_a_cancelled_event_takes_no_changes(app: Flask) -> None:
    desk = Desk(app, status=EventStatus.CANCELLED)
    assert desk.save().status_code == 409
    assert "/sessions/new" not in desk.client.get(desk.base).text.partition("<main")[2]


PAGES = (
    "",
    "/sessions/new",
    "/sessions/{session}",
    "/parts",
    "/speakers",
    "/speakers/new",
    "/speakers/{speaker}",
    "/import",
)


def test_other_hubs_and_roles_see_nothing(app: Flask) -> None:
    desk = Desk(app)
    desk.save(**{"speakers-0": "Мария"})
    with app.app_context():
        session = db.session.scalars(sa.select(EventSession.id)).one()
        speaker = db.session.scalars(sa.select(Speaker.id)).one()
        elsewhere = make.event(db.session.get_one(Hub, desk.cast.other_id), "chuzhdo").id
        second = make.event(db.session.get_one(Hub, desk.cast.hub_id), "vtoro").id
    charlie, bob = people.signed_in(app, "charlie"), people.signed_in(app, "bob")
    for page in PAGES:
        path = page.format(session=session, speaker=speaker)
        assert desk.client.get(desk.base + path).status_code == 200
        assert charlie.get(desk.base + path).status_code == 404
        assert charlie.get(f"/organise/rodopi/events/{desk.event_id}/agenda{path}").status_code == 404
        assert bob.get(desk.base + path).status_code == (403 if path else 200)
    for path in (f"/sessions/{session}", f"/speakers/{speaker}"):
        assert charlie.get(f"/organise/rodopi/events/{elsewhere}/agenda{path}").status_code == 404
    assert desk.client.get(f"/organise/zagore/events/{second}/agenda/sessions/{session}").status_code == 404
    for act in ("withdraw", "restore"):
        assert charlie.post(f"/organise/rodopi/events/{elsewhere}/agenda/sessions/{session}/{act}").status_code == 404
        assert desk.client.post(f"/organise/zagore/events/{second}/agenda/sessions/{session}/{act}").status_code == 404
    assert desk.sessions()[0].status is SessionStatus.SCHEDULED


def test_the_list_takes_the_same_number_of_statements_for_one_and_thirty(app: Flask, queries: Any) -> None:
    desk = Desk(app)
    desk.save(room_id=desk.rooms[0], **{"speakers-0": "Мария"})
    desk.client.get(desk.base)
    with queries() as one:
        desk.client.get(desk.base)
    with app.app_context():
        event = db.session.get_one(Event, desk.event_id)
        for number in range(30):
            make.session(event, f"Сесия {number}", speakers=(f"Лектор {number}",), track=f"Линия {number}")
    with queries() as many:
        desk.client.get(desk.base)
    assert len(many) == len(one)


def test_a_file_of_several_megabytes_is_taken(app: Flask) -> None:
    desk = Desk(app)
    body = b"--x\r\nContent-Disposition: form-data; name=\"source\"; filename=\"s.json\"\r\n\r\n"
    body += json.dumps(FILE).encode() + b" " * 3_000_000 + b"\r\n--x--\r\n"
    answer = desk.client.post(desk.base + "/import", data=body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, 'name="held"' in answer.text) == (200, True)
