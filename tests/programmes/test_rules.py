"""What a funded programme must show before its events are published."""

from dataclasses import dataclass

import pytest

from hubevents.core.i18n import Translated
from hubevents.programmes import rules

BOTH = Translated.of(bg="да", en="yes")


@dataclass(frozen=True)
class Shown:
    funded: bool = True
    emblem: str = "cofunded"
    statement: Translated = BOTH
    disclaimer: Translated = BOTH


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (Shown(), []),
        (Shown(funded=False, emblem="none", statement=Translated(), disclaimer=Translated()), []),
        (Shown(emblem="none"), ["emblem"]),
        (Shown(emblem="strange"), ["emblem"]),
        (Shown(statement=Translated.of(en="yes")), ["statement:bg"]),
        (
            Shown(emblem="none", statement=Translated(), disclaimer=Translated.of(bg="да")),
            ["emblem", "statement:bg", "statement:en", "disclaimer:en"],
        ),
    ],
)
def test_what_is_missing_is_named_with_its_language(shown: Shown, missing: list[str]) -> None:
    assert rules.missing_visibility(shown, ("bg", "en")) == missing


def test_only_the_hubs_languages_are_asked_for() -> None:
    assert rules.missing_visibility(Shown(statement=Translated.of(en="yes")), ("en",)) == []


def test_the_usual_disclaimer_begins_with_the_statement_in_languages_we_know() -> None:
    assert rules.usual_disclaimer("Co-funded by the European Union", "en").startswith(
        "Co-funded by the European Union. "
    )
    assert rules.usual_disclaimer("Съфинансирано от Европейския съюз", "bg").startswith("Съфинансирано")
    assert rules.usual_disclaimer("Ko-finanziert", "de") == ""
