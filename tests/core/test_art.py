"""The drawn face of an event: the same for ever, safe, and the same as polygons."""

import hashlib
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.core import art
from hubevents.core.art import Inks

PALETTE = (
    Inks("#faeaf0", "#a6124f", "#eebccf"),
    Inks("#a6124f", "#fbdfe9", "#6d0a33"),
    Inks("#3a0a20", "#f2a3c0", "#a6124f"),
)
ONE_OF_EACH_FAMILY = {"event-2": 0, "event-7": 1, "event-1": 2, "event-0": 3}


@pytest.mark.parametrize(("identifier", "family"), ONE_OF_EACH_FAMILY.items())
def test_the_examples_cover_the_families(identifier: str, family: int) -> None:
    assert art.draw(identifier).family == family


@pytest.mark.parametrize(
    ("identifier", "digest"),
    [
        ("event-0", "eadb2a39c7d9"),
        ("event-1", "e72a21d8a40d"),
        ("event-2", "c7365b7fbbce"),
        ("event-7", "d06a933a7f25"),
    ],
)
def test_a_drawing_never_changes(identifier: str, digest: str) -> None:
    assert hashlib.sha256(repr(art.draw(identifier)).encode()).hexdigest()[:12] == digest


def test_all_families_and_schemes_are_drawn() -> None:
    drawings = [art.draw(f"e{number}") for number in range(200)]
    assert {drawing.family for drawing in drawings} == {0, 1, 2, 3}
    assert {drawing.scheme for drawing in drawings} == {0, 1, 2}
    assert len(set(drawings)) == 200
    assert [drawing for drawing in drawings if not drawing.first] == []


@pytest.mark.parametrize("wide", [False, True])
@given(identifier=st.text(st.characters(codec=None, exclude_categories=())))
def test_page_art_needs_no_style_and_tells_nothing(wide: bool, identifier: str) -> None:
    svg = str(art.art(identifier, wide=wide, class_name="face"))
    root = ET.fromstring(svg)
    assert "style" not in svg
    assert root.attrib["class"] == f"art art--{art.draw(identifier).scheme} face"
    assert root.attrib["aria-hidden"] == "true"
    fills = set(re.findall(r'fill="([^"]+)"', svg))
    assert {fill for fill in fills if not fill.startswith("url(#art-")} <= {
        "var(--art-bg)",
        "var(--art-1)",
        "var(--art-2)",
    }


def test_a_class_is_escaped() -> None:
    assert str(art.art("x", class_name='"><script>')).count("<script>") == 0


def test_wide_art_points_to_its_own_pattern() -> None:
    def name(identifier: str, class_name: str = "") -> str:
        svg = str(art.art(identifier, wide=True, class_name=class_name))
        (pattern,) = re.findall(r'<pattern id="([^"]+)"', svg)
        assert f"url(#{pattern})" in svg
        return str(pattern)

    assert name("a") == name("a")
    assert len({name("a"), name("b"), name("a", "band"), name("a", "hero")}) == 4


def test_a_file_has_its_size_and_literal_colours() -> None:
    svg = art.art_svg("event-7", PALETTE, width=1200, height=630, tile=210)
    root = ET.fromstring(svg)
    assert (root.tag, root.attrib["viewBox"]) == ("{http://www.w3.org/2000/svg}svg", "0 0 1200 630")
    inks = PALETTE[art.draw("event-7").scheme]
    assert set(re.findall(r'fill="(#[^"]+)"', svg)) == {inks.ground, inks.first, inks.second}
    assert 'patternTransform="scale(1.75)"' in svg
    assert "var(" not in svg


@given(st.integers(0, 10_000))
def test_outlines_are_closed_shapes_within_the_square(number: int) -> None:
    drawing = art.draw(str(number))
    for path in drawing.first + drawing.second:
        points = art.outline(path)
        assert len(points) >= 4
        assert all(-0.01 <= value <= art.SIZE + 0.01 for point in points for value in point)


def area(points: list[art.Point]) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def test_outlines_have_the_area_of_their_shapes() -> None:
    assert area(art.outline("M8 16h8v8h-8z")) == 64
    assert area(art.outline("M0 0h24a24 24 0 0 1-24 24z")) == pytest.approx(3.14159 * 24 * 24 / 4, rel=0.01)
    assert area(art.outline("M5 15a10 10 0 1 0 20 0a10 10 0 1 0-20 0z")) == pytest.approx(314.159, rel=0.02)
    assert area(art.outline("M0 0A30 30 0 0 1 30 30A30 30 0 0 1 0 0z")) == pytest.approx(
        900 * (3.14159 / 2 - 1), rel=0.02
    )
    assert area(art.outline("M14 0A14 14 0 0 1 0 14V10A10 10 0 0 0 10 0z")) == pytest.approx(75.4, rel=0.01)
