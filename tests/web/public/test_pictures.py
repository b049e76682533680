"""Share pictures."""

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from hubevents.core import pictures as uploads
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.web.public import pictures
from hubevents.web.public.pictures import Shown
from tests import make

PATH = "/bg/zagore/events/lekciya/share.png"


def shown(**values: Any) -> Shown:
    given = {
        "language": "bg", "hub": "Загоре", "line": "Лекция", "colour": "#a6124f", "face": "x", "title": "Заглавие",
        "numerals": "9", "date": "сряда, декември 2026 г.", "place": "10:00 ч.", "mark": "", "picture": None,
    }  # fmt: skip
    return Shown(**{**given, **values})


def size(png: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return image.format, image.size


def test_an_event_s_picture_is_drawn_once_and_kept(app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        make.event(make.hub(), title=make.both("Данните в завода", "Data in the factory"))
    answer = client.get(PATH)
    assert (answer.status_code, answer.mimetype, answer.headers.get("Set-Cookie")) == (200, "image/png", None)
    assert size(answer.data) == ("PNG", (1200, 630))
    assert client.get(PATH, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304

    def forbidden(what: Shown, uploads: Path) -> bytes:
        raise AssertionError("drawn again")

    monkeypatch.setattr(pictures, "draw", forbidden)
    assert client.get(PATH).data == answer.data
    monkeypatch.undo()
    assert client.get(PATH.replace("/bg/", "/en/")).headers["ETag"] != answer.headers["ETag"]
    with app.app_context(), transaction():
        db.session.query(Event).one().status = EventStatus.CANCELLED
    assert client.get(PATH).headers["ETag"] != answer.headers["ETag"]


def test_a_hub_has_a_picture_and_drafts_have_none(app: Flask, client: Any) -> None:
    with app.app_context():
        make.event(make.hub(), status=EventStatus.DRAFT)
    assert client.get(PATH).status_code == 404
    assert size(client.get("/en/zagore/share.png").data) == ("PNG", (1200, 630))


@pytest.mark.parametrize(
    "values",
    [
        {"title": "W" * 300}, {"title": "дълга дума " * 60}, {"title": ""}, {"title": "日本語 😀 \u0301 العربية"},
        {"numerals": "28–2", "date": "сряда – петък, декември 2026 г. – януари 2027 г."}, {"numerals": "", "date": ""},
        {"hub": "Много дълго име на хъб " * 9, "place": "Място " * 50, "line": "Вид " * 40}, {"mark": "Отменено"},
        {"picture": "missing.webp"},
    ],
)  # fmt: skip
def test_no_words_break_the_drawing(tmp_path: Path, values: dict[str, str]) -> None:
    assert size(pictures.draw(shown(**values), tmp_path)) == ("PNG", (1200, 630))


def test_an_uploaded_picture_takes_the_place_of_the_pattern(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "#00ff00").save(file, "PNG")
    file.seek(0)
    name = uploads.store(file, tmp_path)
    png = pictures.draw(shown(picture=name), tmp_path)
    with Image.open(io.BytesIO(png)) as image:
        red, green, blue = image.getpixel((1150, 300))  # type: ignore[misc]
    assert (red < 40, green > 215, blue < 40) == (True, True, True)


def test_letters_stay_on_the_paper_at_every_length(tmp_path: Path) -> None:
    """Nothing dark is written in the margins: left of the text, or between it and the pattern."""
    png = pictures.draw(shown(title="Щ" * 200, place="Ю" * 200, hub="Ж" * 200), tmp_path)
    with Image.open(io.BytesIO(png)) as image:
        grey = image.convert("L")
        left = grey.crop((0, 0, 50, pictures.HEIGHT)).getextrema()
        right = grey.crop((pictures.WIDTH - pictures.BAND - 24, 0, pictures.WIDTH - pictures.BAND, 630)).getextrema()
    assert (left[0], right[0]) == (left[1], right[1])


def test_without_the_assets_the_picture_is_still_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_fonts", lambda size, weight: None)
    assert size(pictures.draw(shown(), tmp_path)) == ("PNG", (1200, 630))


def test_the_oldest_kept_pictures_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_KEPT", 2)
    folder = tmp_path / "share"
    for name in ("a", "b", "c", "0"):
        pictures._keep(folder / f"{name}.png", b"x")
    assert len(list(folder.iterdir())) == 2
    pictures._keep(tmp_path / "missing" / "deep" / "a.png", b"x")  # a full disk or missing folder costs no page
