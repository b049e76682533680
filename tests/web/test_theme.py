"""The theme and the hub's style sheet speak of the same tokens."""

import re

from hubevents.core.assets import root
from hubevents.hubs.colour import stylesheet

HUB_TOKEN = r"(--(?:on-)?(?:hub|art)-?[a-z-]*)\s*:"


def theme() -> str:
    text = (root() / "static/css/theme.css").read_text()
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def test_a_hub_sets_every_colour_token_that_the_theme_has() -> None:
    tokens = set(re.findall(HUB_TOKEN, theme()))
    assert tokens
    assert tokens - set(re.findall(HUB_TOKEN, stylesheet("#0b5fa5"))) == set()


def test_dark_by_system_and_dark_by_switch_are_the_same() -> None:
    text = theme()
    system = re.search(r':root:not\(\[data-bs-theme="light"\]\) \{(.*?)\n\s*\}', text, flags=re.DOTALL)
    switch = re.search(r':root\[data-bs-theme="dark"\] \{(.*?)\n\s*\}', text, flags=re.DOTALL)
    assert system is not None
    assert switch is not None
    assert system[1].split() == switch[1].split()


def test_every_token_used_in_our_styles_is_defined_somewhere() -> None:
    sheets = [file.read_text() for file in (root() / "static").rglob("*.css") if "vendor" not in file.parts]
    text = "\n".join(sheets)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", text))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\s*[,)]", text))
    bootstrap = {name for name in used if name.startswith("--bs-")}
    with_fallback = set(re.findall(r"var\((--[a-z0-9-]+)\s*,", text))
    assert used - bootstrap - with_fallback - defined == set()
