"""Addresses that leave the app are made of the patterns from which web's routes are built, and never of a request."""

import pytest

from hubevents.core import config, links


def test_values_are_percent_encoded():
    assert links.path(links.EVENT, lang="bg", hub="zagore", event="a b/ж") == "/bg/zagore/events/a%20b%2F%D0%B6/"


def test_a_missing_value_is_a_fault():
    with pytest.raises(KeyError):
        links.path(links.EVENT, lang="bg", hub="zagore")


def test_rules_get_converters():
    assert links.rule(links.REGISTER) == "/<lang:lang>/<slug:hub>/events/<slug:event>/register"
    assert links.rule(links.DOOR) == "/door/<token>/"
    assert links.rule(links.DOOR_BADGE) == "/door/<token>/badge/<int:registration_id>.png"


@pytest.mark.parametrize(
    "pattern", [name for name in dir(links) if name.isupper() and isinstance(getattr(links, name), str)]
)
def test_every_pattern_is_an_absolute_path(pattern: str):
    assert getattr(links, pattern).startswith("/")


def test_the_host_is_base_url_else_the_bound_address(ctx):
    instance = ctx.extensions["settings"].instance
    (instance / config.ADDRESS_FILE).unlink(missing_ok=True)
    assert links.absolute(links.HOME, lang="bg") == "http://127.0.0.1:8000/bg/"
    config.write_address(instance, "http://127.0.0.1:8042")
    assert links.absolute(links.HOME, lang="bg") == "http://127.0.0.1:8042/bg/"
    (instance / config.ADDRESS_FILE).unlink()
