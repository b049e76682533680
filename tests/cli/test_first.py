"""`init` makes the first owner and hub, once."""

import pytest

from hubevents.accounts import queries as accounts
from hubevents.accounts.passwords import matches
from hubevents.app import create_app
from hubevents.core.db import db
from hubevents.hubs import queries as hubs
from hubevents.hubs.rules import Role

ANSWERS = "Alice@Example.org\nАлиса Петрова\ncorrect horse\ncorrect horse\nХъб „Загоре“\n"


def test_the_questions_make_an_owner_and_a_hub(hubevents):
    result = hubevents("init", input=ANSWERS)
    assert result.exit_code == 0, result.output
    assert "correct horse" not in result.output
    app = create_app()
    with app.app_context():
        [hub] = hubs.all_hubs()
        user = accounts.user_by_email("alice@example.org")
        assert user is not None
        assert (user.name, user.language) == ("Алиса Петрова", "bg")
        assert matches("correct horse", user.password_hash)
        assert (hub.slug, hub.name.text("bg"), hub.zone) == ("hab-zagore", "Хъб „Загоре“", "Europe/Sofia")
        assert hub.languages == ("bg", "en")
        assert [(m.user_id, m.role) for m in hubs.staff_of(hub.id)] == [(user.id, Role.OWNER)]
        db.session.remove()
        db.engine.dispose()


def test_a_second_time_is_refused(first_hub):
    result = first_hub(
        "init", "--email", "mallory@example.org", "--name", "M", "--password", "correct horse", "--hub", "Other"
    )
    assert result.exit_code == 1
    assert first_hub.refused is not None
    assert first_hub.refused.code == "hub_exists"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--email", "no address", "Invalid value for '--email'"),
        ("--email", "a@b@c", "Invalid value for '--email'"),
        ("--password", "short", "at least 10 characters"),
        ("--name", " ", "may not be empty"),
        ("--hub", "\u200b \t", "may not be empty"),
        ("--language", "xx", "Invalid value for '--language'"),
        ("--slug", "verify", None),
        ("--zone", "Mars/Base", None),
    ],
)
def test_bad_answers_are_one_clear_line(hubevents, instance, option: str, value: str, words: str | None):
    good = {"--email": "a@example.org", "--name": "A", "--password": "correct horse", "--hub": "Загоре"}
    args = [part for pair in {**good, option: value}.items() for part in pair]
    result = hubevents("init", *args)
    assert result.exit_code != 0
    if words is None:
        assert hubevents.refused is not None
    else:
        assert words in result.output


def test_the_hub_may_have_an_english_name_and_a_slug_of_its_own(hubevents):
    result = hubevents(
        *("init", "--email", "a@example.org", "--name", "A", "--password", "correct horse"),
        *("--hub", "Загоре", "--hub-english", "Zagore", "--slug", "zg", "--zone", "Europe/Athens"),
    )
    assert result.output == "The hub zg and its owner a@example.org are made. Start with: hubevents run\n"
    app = create_app()
    with app.app_context():
        [hub] = hubs.all_hubs()
        assert (dict(hub.name), hub.zone) == ({"bg": "Загоре", "en": "Zagore"}, "Europe/Athens")
        db.session.remove()
        db.engine.dispose()
