"""Facts are answered in the order of recording, facts of reactions too; forgetting one is a fault."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hubevents.core import facts


@dataclass(frozen=True)
class Came:
    id: int


@dataclass(frozen=True)
class Went:
    id: int


@pytest.fixture(autouse=True)
def recording() -> Iterator[None]:
    facts.begin()
    yield
    facts.end()


def test_reactions_run_in_the_order_of_recording_and_of_the_table():
    seen: list[object] = []
    facts.record(Came(1))
    facts.record(Went(2))
    facts.record(Came(3))
    facts.react({Came: (lambda f: seen.append(("a", f.id)), lambda f: seen.append(("b", f.id))), Went: (seen.append,)})
    assert seen == [("a", 1), ("b", 1), Went(2), ("a", 3), ("b", 3)]


def test_what_a_reaction_records_is_answered_after_the_others():
    seen: list[object] = []
    facts.record(Came(1))
    facts.record(Came(2))
    facts.react({Came: (lambda f: facts.record(Went(f.id)), seen.append), Went: (seen.append,)})
    assert seen == [Came(1), Came(2), Went(1), Went(2)]
    assert facts.recorded() == (Came(1), Came(2), Went(1), Went(2))


def test_an_empty_tuple_says_nobody_and_a_missing_line_is_a_fault():
    facts.record(Came(1))
    facts.react({Came: ()})
    facts.record(Went(1))
    with pytest.raises(LookupError, match="does not list Went"):
        facts.react({Came: ()})


def test_outside_a_transaction_nothing_is_recorded():
    facts.end()
    with pytest.raises(RuntimeError, match="Came recorded outside transaction"):
        facts.record(Came(1))
    assert facts.recorded() == ()
