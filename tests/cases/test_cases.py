"""The vectors that the page's JavaScript is tested with are true: Python gives the same answers."""

import json
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hubevents.core.text import search_key
from hubevents.registrations.tickets import ALPHABET, Problem, ShortCode, Ticket, normalise_code, understand
from tests.cases.make import FOLDER, search, tickets, written


def book(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


TICKETS, SEARCH = book("tickets"), book("search")
KEYS = [Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(f"{key}=")) for key in TICKETS["keys"]]


@pytest.mark.parametrize(("name", "made"), [("tickets", tickets), ("search", search)])
def test_the_files_are_what_is_made(name: str, made: Callable[[], dict[str, Any]]) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == written(made())


def as_json(found: Ticket | ShortCode | Problem) -> dict[str, Any]:
    if isinstance(found, Ticket):
        return {
            "event": str(found.event_id),
            "registration": str(found.registration_id),
            "version": found.version,
        }
    return {"code": found.code} if isinstance(found, ShortCode) else {"problem": found.value}


@pytest.mark.parametrize("case", TICKETS["texts"], ids=[each["name"] for each in TICKETS["texts"]])
def test_d16_d17_d66_every_text_is_understood_as_written(case: dict[str, Any]) -> None:
    assert as_json(understand(case["text"] * case.get("times", 1), KEYS)) == case["expect"]


def test_every_typed_code_is_read_as_written() -> None:
    wrong = [case for case in TICKETS["codes"] if normalise_code(case["typed"]) != case["code"]]
    assert wrong == []
    assert {char for case in TICKETS["codes"] for char in case["code"] or ""} == set(ALPHABET)


def test_every_text_has_its_key() -> None:
    assert [case for case in SEARCH["keys"] if search_key(case["text"]) != case["key"]] == []
    assert len(SEARCH["keys"]) > 400


def test_the_names_of_the_texts_differ() -> None:
    assert [name for name, times in Counter(each["name"] for each in TICKETS["texts"]).items() if times > 1] == []
