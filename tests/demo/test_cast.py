"""The demo's people: names as Bulgarians bear them, numbers that are valid and nobody's, the same every time."""

from random import Random

import pytest

from hubevents.demo.build import read
from hubevents.demo.cast import Cast, _of_woman
from hubevents.organisations import rules


def cast(seed: int = 1) -> Cast:
    return Cast(Random(seed), read("people"), "zagore")


@pytest.mark.parametrize(
    ("man", "woman"), [("Петров", "Петрова"), ("Енчев", "Енчева"), ("Горски", "Горска"), ("Белчин", "Белчина")]
)
def test_a_woman_bears_the_womans_form(man, woman):
    assert _of_woman(man) == woman


def test_family_names_fit_first_names():
    content = read("people")
    women = set(content["women"])
    assert women.isdisjoint(content["men"])
    for person in cast().invite(200, ()):
        if person.last_name in content["alike"]:
            continue
        families = content["families"]
        assert person.last_name in (map(_of_woman, families) if person.first_name in women else families), person


def test_people_of_one_event_are_different_and_so_are_their_addresses():
    people = [*cast().invite(30, ("manufacturing",)), *cast().invite(30, ())]
    assert len({person.email for person in people[:30]}) == 30
    assert {person.email.rpartition(".example.org")[1:] for person in people} == {(".example.org", "")}
    assert all(person.email.isascii() for person in people)


def test_people_come_again():
    troupe = cast()
    first = {person.email for person in troupe.invite(40, ())}
    second = {person.email for person in troupe.invite(40, ())}
    assert 5 <= len(first & second) <= 25


def test_numbers_are_valid_and_in_a_range_no_register_gave_out():
    numbers = [employer.number for employer in cast().employers]
    assert len(set(numbers)) == len(numbers) == 50
    assert all(rules.is_eik(number) and number.startswith("99") for number in numbers)


def test_the_same_random_numbers_give_the_same_people():
    assert cast(7).invite(25, ("education",)) == cast(7).invite(25, ("education",))
    assert cast(7).invite(25, ()) != cast(8).invite(25, ())
