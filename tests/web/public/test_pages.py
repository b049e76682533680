"""Pages of a hub."""

from typing import Any

import pytest
from flask import Flask

from tests import make


@pytest.mark.parametrize("lang", ["bg", "en"])
@pytest.mark.parametrize("name", ["about", "privacy", "imprint", "accessibility", "programmes/"])
def test_every_page_of_a_hub_names_it_and_its_contact(app: Flask, client: Any, lang: str, name: str) -> None:
    with app.app_context():
        make.hub(phone="+359 42 600 000", website="javascript:alert(1)")
    answer = client.get(f"/{lang}/zagore/{name}")
    assert answer.status_code == 200
    assert f'<html lang="{lang}">' in answer.text
    assert "mailto:office@zagore.example.org" in answer.text
    assert 'href="javascript' not in answer.text
    assert client.get(f"/{lang}/nobody/{name}").status_code == 404


def test_a_text_that_is_missing_says_whom_to_ask(app: Flask, client: Any) -> None:
    with app.app_context():
        make.hub(imprint=make.both(""), privacy=make.both("Пазим **малко**."))
    assert "This text is not written yet." in client.get("/en/zagore/imprint").text
    assert '<div class="prose" lang="bg"><p>Пазим <strong>малко</strong>.</p>' in client.get("/en/zagore/privacy").text


def test_a_programme_shows_who_pays_and_its_events(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        project = make.programme(
            hub, grant_number="101083456", funded=True, emblem="funded", statement=make.both("Платено", "Paid"),
            disclaimer=make.both("Мнение", "A view"), description=make.both("**Осем** организации"),
        )  # fmt: skip
        make.programme(hub, "empty", title=make.both("Празен", "Empty"))
        make.event(hub, "mine", programme_id=project.id)
        make.event(hub, "over", programme_id=project.id, dates=[(make.in_days(-5), make.in_days(-5, 12))])
        make.event(hub, "other")
    html = client.get("/en/zagore/programmes/umeniya/").text
    for words in ("101083456", "Paid A view", "Lecture mine", "Lecture over", "/feeds/zagore/programmes/umeniya.ics"):
        assert words in html
    assert "Lecture other" not in html
    assert "No events of this programme" in client.get("/en/zagore/programmes/empty/").text
    listed = client.get("/en/zagore/programmes/").text
    assert listed.index('href="/en/zagore/programmes/empty/"') < listed.index('href="/en/zagore/programmes/umeniya/"')
    assert client.get("/en/zagore/programmes/none/").status_code == 404
