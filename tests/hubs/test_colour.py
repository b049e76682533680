"""Whatever colour a hub chooses, its text can be read."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubevents.hubs import colour
from hubevents.hubs.colour import HubColours, Shades, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#00ffff")
@example("#0000ff")
@example("#777777")
def test_text_of_every_hub_can_be_read(chosen: str) -> None:
    values = colour.colours(chosen)
    for shades, grounds in (
        (values.light, (colour.PAPER_LIGHT, colour.SURFACE_LIGHT)),
        (values.dark, (colour.PAPER_DARK, colour.SURFACE_DARK)),
    ):
        for text in (shades.hub, shades.strong):
            for ground in (*grounds, shades.tint, shades.on_hub):
                assert contrast(text, ground) >= 4.5


@given(COLOURS)
def test_all_values_are_colours(chosen: str) -> None:
    values = colour.colours(chosen)
    every = [value for shades in (values.light, values.dark) for value in vars(shades).values()]
    every += [value for inks in values.art + values.art_dark for value in vars(inks).values()]
    assert [value for value in every if not colour.is_colour(value)] == []


@given(COLOURS)
def test_a_colour_that_can_be_read_stays_as_it_was_chosen(chosen: str) -> None:
    values = colour.colours(chosen)
    if min(contrast(chosen, ground) for ground in (colour.SURFACE_LIGHT, values.light.tint)) >= 4.5:
        assert values.light.hub == chosen


@given(COLOURS)
def test_the_ground_of_the_art_parts_from_its_first_ink(chosen: str) -> None:
    for inks in colour.colours(chosen).art + colour.colours(chosen).art_dark:
        assert contrast(inks.ground, inks.first) >= 3


def test_the_first_hub_gets_the_colours_that_were_drawn() -> None:
    drawn = HubColours(
        light=Shades("#a6124f", "#820b3c", "#ffffff", "#faeaf0", "#eebccf", "#3a0a20"),
        dark=Shades("#ff8db5", "#ffb3cd", "#2b0615", "#35121f", "#6a2440", "#0c0508"),
        art=colour.colours("#a6124f").art,
        art_dark=colour.colours("#a6124f").art_dark,
    )
    computed = colour.colours("#A6124F")
    for shades, wanted in ((computed.light, drawn.light), (computed.dark, drawn.dark)):
        for name, value in vars(shades).items():
            assert distance(value, getattr(wanted, name)) <= 3, name
    assert distance(computed.art[1].first, "#fbdfe9") <= 3
    assert distance(computed.art[1].second, "#6d0a33") <= 3
    assert distance(computed.art[2].first, "#f2a3c0") <= 3


def distance(one: str, other: str) -> int:
    """The largest difference of a channel, of 255."""
    return max(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))


@pytest.mark.parametrize("bad", ["", "red", "#fff", "#12345g", "#1234567", "a6124f", "#a6124f;}", "#a6124f\n"])
def test_anything_else_is_refused(bad: str) -> None:
    assert not colour.is_colour(bad)
    with pytest.raises(ValueError, match="not a colour"):
        colour.stylesheet(bad)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


def test_the_style_sheet_sets_every_token_for_each_scheme() -> None:
    sheet = colour.stylesheet("#0b5fa5")
    values = colour.colours("#0b5fa5")
    light, fixed, dark_by_system, dark_by_choice = sheet.splitlines()
    assert light == (
        f":root,[data-bs-theme=light]{{--hub:#0b5fa5;--hub-strong:{values.light.strong};--on-hub:#ffffff;"
        f"--hub-tint:{values.light.tint};--hub-soft:{values.light.soft};--hub-deep:{values.light.deep}}}"
    )
    tokens = (
        f"{{--hub:{values.dark.hub};--hub-strong:{values.dark.strong};--on-hub:{values.dark.on_hub};"
        f"--hub-tint:{values.dark.tint};--hub-soft:{values.dark.soft};--hub-deep:{values.dark.deep}}}"
    )
    assert dark_by_system == (
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-bs-theme=light]){tokens}}}"
    )
    assert dark_by_choice == f"@media screen{{[data-bs-theme=dark]{tokens}}}"
    assert re.findall(r"(--[a-z-]+):", fixed) == [
        "--hub-fixed", "--hub-fixed-strong", "--on-hub-fixed", "--hub-fixed-tint", "--hub-fixed-soft",
        "--art-base", "--art-pale", "--art-dark", "--art-deep", "--art-mid",
    ]  # fmt: skip
