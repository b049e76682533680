"""What machines read."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from hubevents.events.rules import EventStatus, Visibility
from hubevents.hubs import colour
from hubevents.jobs import service as jobs
from hubevents.web.public import machine
from hubevents.web.site import colour_url
from tests import make

BASE = "http://127.0.0.1:8000"
NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def places(xml: str, tag: str = "url") -> list[str]:
    return [str(each.text).removeprefix(BASE) for each in ET.fromstring(xml).findall(f"s:{tag}/s:loc", NS)]


def test_the_site_map_names_what_everybody_may_find(app: Flask, client: Any) -> None:
    with app.app_context():
        hub = make.hub()
        make.programme(hub)
        make.event(hub, "seen")
        make.event(hub, "off", status=EventStatus.CANCELLED)
        make.event(hub, "draft", status=EventStatus.DRAFT)
        make.event(hub, "secret", visibility=Visibility.UNLISTED)
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    paths = (
        "", "zagore/", "zagore/programmes/", "zagore/about", "zagore/programmes/umeniya/", "zagore/events/off/",
        "zagore/events/seen/",
    )  # fmt: skip
    assert places(answer.text) == [f"/{lang}/{path}" for path in paths for lang in ("bg", "en")]
    assert len(ET.fromstring(answer.text).findall("s:url/x:link", NS)) == len(paths) * 4
    for path in places(answer.text):
        assert client.get(path).status_code == 200
    again = client.get("/sitemap.xml", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_many_addresses_are_an_index_of_parts(
    app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch, queries: Callable[[], Any]
) -> None:
    monkeypatch.setattr(machine, "SITEMAP_ADDRESSES", 4)
    monkeypatch.setattr(machine, "PART", 2)
    with app.app_context():
        hub = make.hub()
        for slug in "abc":
            make.event(hub, slug)
    parts = places(client.get("/sitemap.xml").text, "sitemap")
    assert parts == ["/sitemap-0.xml", "/sitemap-1.xml", "/sitemap-2.xml"]
    found = [path for part in parts[1:] for path in places(client.get(part).text)]
    assert found == [f"/{lang}/zagore/events/{slug}/" for slug in "cba" for lang in ("bg", "en")]
    with queries() as seen:
        client.get("/sitemap-1.xml")
    assert len(seen) == 1
    assert client.get("/sitemap-99999999999.xml").status_code == 404


def test_robots_keep_out_of_personal_pages(client: Any) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    for path in ("/bg/r/", "/en/r/", "/door/", "/organise/", "/feeds/my/"):
        assert f"Disallow: {path}" in lines


def test_ready_means_database_and_queue(app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, "ok\n")

    def broken() -> None:
        raise OSError("gone")

    monkeypatch.setattr(jobs, "reach", broken)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not reachable: queue\n")
    monkeypatch.setattr(machine, "_database", broken)
    assert client.get("/readyz").text == "not reachable: database, queue\n"
    assert client.get("/healthz").status_code == 200


def test_a_hub_s_colour_is_kept_for_ever_under_its_own_address_only(app: Flask, client: Any) -> None:
    with app.app_context():
        path = colour_url(make.hub(colour="#0b5fa5"))
    answer = client.get(path)
    assert answer.text == colour.stylesheet("#0b5fa5")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/css", machine.FOR_EVER)
    assert client.get("/hubs/zagore/colour-0000000000.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/hubs/nobody/colour-0000000000.css").status_code == 404


def test_only_re_encoded_pictures_are_served(app: Flask, client: Any) -> None:
    folder = app.extensions["settings"].uploads
    folder.mkdir(exist_ok=True)
    name = "0" * 32 + ".webp"
    (folder / name).write_bytes(b"RIFF")
    (folder / "plain.txt").write_text("secret")
    with client.get(f"/uploads/{name}") as answer:
        assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (
            b"RIFF",
            "image/webp",
            machine.FOR_EVER,
        )
    for bad in ("plain.txt", "1" * 32 + ".webp", "..%2Fsecret-key", name.upper(), "../secret-key"):
        assert client.get(f"/uploads/{bad}").status_code == 404


def test_browsers_that_ask_for_an_icon_get_the_drawing(client: Any) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert "favicon" in answer.headers["Location"]
