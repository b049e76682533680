"""The demo's texts: whole in both languages, in each with its own letters and quotation marks, and with known keys."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hubevents.core import text, vocabulary
from hubevents.demo.build import CONTENT, read

FILES = ("hubs", "events", "conference")
CYRILLIC = re.compile("[а-яА-Я]")
VOCABULARIES = vocabulary.load(None)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every text in languages with where it stands."""
    if isinstance(value, dict):
        if "bg" in value or "en" in value:
            yield path, value
            return
        for key, inside in value.items():
            yield from texts(inside, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from texts(inside, f"{path}[{number}]")


ALL = [(f"{name}{path}", words) for name in FILES for path, words in texts(read(name))]
EVENTS: list[dict[str, Any]] = read("events")["event"]


def test_nothing_else_lies_in_the_folder():
    assert sorted(file.name for file in CONTENT.iterdir()) == sorted(f"{name}.toml" for name in (*FILES, "people"))


@pytest.mark.parametrize(("path", "words"), ALL, ids=[path for path, _ in ALL])
def test_a_text_is_whole_in_both_languages(path, words):
    assert set(words) == {"bg", "en"}
    bulgarian, english = words["bg"], words["en"]
    assert CYRILLIC.search(bulgarian), bulgarian
    assert not CYRILLIC.search(english), english
    assert bulgarian.strip()
    assert english.strip()
    assert bulgarian.count("\n") == english.count("\n")
    assert not set('"“”«»') & set(re.sub("„[^„“]+“", "", bulgarian)), "Bulgarian quotes are „ and “"
    assert not set('"„«»') & set(english)
    assert "..." not in bulgarian + english
    assert "  " not in bulgarian + english


@pytest.mark.parametrize("said", EVENTS, ids=[said["slug"] for said in EVENTS])
def test_an_event_uses_known_keys(said):
    hub = read("hubs")[said["hub"]]
    rooms = {room["key"]: venue["key"] for venue in hub["venues"] for room in venue["rooms"]}
    assert said["kind"] in VOCABULARIES.kinds
    assert said.get("format", "onsite") in VOCABULARIES.formats
    assert {key for key in said.get("sectors", ()) if key not in VOCABULARIES.sectors} == set()
    assert {key for key in said.get("technologies", ()) if key not in VOCABULARIES.technologies} == set()
    assert said.get("category", "skills") in VOCABULARIES.service_categories
    for tag in said.get("competences", ()):
        assert tag["id"] in VOCABULARIES.digcomp_3_0
        assert tag["level"] in VOCABULARIES.digcomp_3_0_levels
    assert said["programme"] in {programme["key"] for programme in hub["programmes"]}
    assert text.slugify(said["slug"]) == said["slug"]
    assert ("venue" in said) is (said.get("format") != "online")
    assert ("online_url" in said) is (said.get("format", "onsite") != "onsite")
    if "room" in said:
        assert rooms[said["room"]] == said["venue"]
    if "topics" in said:
        assert len(said["topics"]) == said["dates"]


def test_organisations_use_known_keys_and_are_sixty():
    people = read("people")
    organisations = [each for hub in ("zagore", "perelik") for each in people[hub]["organisations"]]
    assert len(organisations) == 60
    assert len({each["latin"] for each in organisations}) == 60
    assert len({each["name"] for each in organisations}) == 60
    for each in organisations:
        assert each["kind"] in VOCABULARIES.organisation_types
        assert each["size"] in VOCABULARIES.organisation_sizes
        assert each["sector"] in VOCABULARIES.sectors
        assert each["district"] in VOCABULARIES.districts
        assert text.slugify(each["latin"]) == each["latin"]
        assert each["jobs"] in people["positions"]


def test_nobody_speaks_twice_at_once_and_no_room_is_taken_twice():
    conference = read("conference")
    seen: set[tuple[object, ...]] = set()
    for session in conference["session"]:
        at = (session["day"], session["time"])
        wanted = [*session.get("speakers", ()), *([session["room"]] if "room" in session else ())]
        for who in wanted:
            assert (*at, who) not in seen
            seen.add((*at, who))
        assert set(session.get("speakers", ())) <= set(conference["speakers"])
        assert set(session.get("moderators", ())) <= set(session.get("speakers", ()))
        assert session.get("track", "land") in conference["tracks"]
