"""The emblem obeys its construction sheet; the statement is whole and safe."""

from itertools import pairwise
from math import dist, isclose
from xml.etree import ElementTree

import pytest

from hubevents.programmes import emblem
from hubevents.programmes.emblem import emblem_svg, flag_svg, lines, star_centres, star_points, statement

SVG = "{http://www.w3.org/2000/svg}"
MIDDLE = (emblem.FLY / 2, emblem.HOIST / 2)


def test_fly_is_one_and_a_half_times_the_hoist() -> None:
    assert emblem.FLY / emblem.HOIST == 1.5


def test_twelve_stars_stand_at_the_hours_of_a_circle_of_a_third_of_the_hoist() -> None:
    centres = star_centres()
    assert len(centres) == 12
    assert all(isclose(dist(centre, MIDDLE), emblem.HOIST / 3) for centre in centres)
    assert centres[0] == pytest.approx((MIDDLE[0], MIDDLE[1] - emblem.HOIST / 3))
    assert centres[3] == pytest.approx((MIDDLE[0] + emblem.HOIST / 3, MIDDLE[1]))
    gaps = [dist(one, other) for one, other in pairwise((*centres, centres[0]))]
    assert all(isclose(gap, gaps[0]) for gap in gaps)


def test_each_star_is_upright_and_fits_an_eighteenth_of_the_hoist() -> None:
    for centre in star_centres():
        points = star_points(centre)
        assert points[0] == pytest.approx((centre[0], centre[1] - emblem.HOIST / 18))
        assert all(isclose(dist(point, centre), emblem.HOIST / 18) for point in points[::2])
        assert min(y for _, y in points) == points[0][1]


def test_sides_of_a_star_continue_each_other() -> None:
    points = star_points((0.0, 0.0))
    # In a pentagram two opposite inner corners lie on the straight line between two outer ones.
    (x1, y1), (x2, y2) = points[0], points[4]
    for x, y in (points[1], points[3]):
        assert (x2 - x1) * (y - y1) == pytest.approx((y2 - y1) * (x - x1))


def test_statement_has_the_official_words_and_falls_back_to_english() -> None:
    assert statement("cofunded", "bg") == "Съфинансирано от Европейския съюз"
    assert statement("funded", "bg") == "Финансирано от Европейския съюз"
    assert statement("funded", "en") == "Funded by the European Union"
    assert statement("cofunded", "de") == "Co-funded by the European Union"


@pytest.mark.parametrize("layout", ["horizontal", "vertical"])
@pytest.mark.parametrize("variant", ["funded", "cofunded"])
@pytest.mark.parametrize("language", ["bg", "en"])
def test_drawing_has_flag_ground_and_whole_statement(
    variant: emblem.Variant, language: str, layout: emblem.Layout
) -> None:
    root = ElementTree.fromstring(emblem_svg(variant, language, layout))
    ground, flag = root.findall(f"{SVG}rect")
    assert ground.get("fill") == "#fff"
    assert (flag.get("fill"), flag.get("width"), flag.get("height")) == ("#003399", "180", "120")
    stars = root.find(f"{SVG}path")
    assert stars is not None
    assert stars.get("fill") == "#ffcc00"
    assert (stars.get("d") or "").count("z") == 12
    assert " ".join(span.text or "" for span in root.iter(f"{SVG}tspan")) == statement(variant, language)
    assert root.get("aria-label") == statement(variant, language)


def test_drawing_without_words_is_the_flag_alone() -> None:
    root = ElementTree.fromstring(emblem_svg(None, "en"))
    assert root.get("viewBox") == "0 0 180 120"
    assert list(root.iter(f"{SVG}text")) == []
    assert root.get("aria-label") == "Emblem of the European Union"


def test_drawing_passes_a_strict_policy_and_can_stand_twice_on_a_page() -> None:
    svg = emblem_svg("cofunded", "bg")
    for forbidden in ("style", "<script", " id=", "href", "url(", "currentColor", "var("):
        assert forbidden not in svg


def test_a_paper_takes_the_emblem_without_words_and_sets_them_itself() -> None:
    drawn = ElementTree.fromstring(flag_svg())
    assert [part.attrib["fill"] for part in drawn] == [emblem.BLUE, emblem.GOLD]
    assert " ".join(lines("cofunded", "bg")) == statement("cofunded", "bg")
    assert lines("funded", "xx") == lines("funded", "en")


def test_in_one_colour_black_stars_stand_on_white_in_a_black_outline() -> None:
    outline, stars = ElementTree.fromstring(flag_svg(one_colour=True))
    assert (outline.attrib["fill"], outline.attrib["stroke"], stars.attrib["fill"]) == ("#fff", "#000", "#000")
    edge = float(outline.attrib["stroke-width"])
    assert float(outline.attrib["width"]) + edge == emblem.FLY
    assert stars.attrib["d"] == ElementTree.fromstring(flag_svg())[1].attrib["d"]
