"""The people of the demo: names put together at random, organisations with numbers that no register gave out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from hubevents.core import text
from hubevents.organisations import rules

_PREFIX = "99"
"""No register has given out numbers that begin so."""
_ON_THEIR_OWN = 0.1
"""The part of the people who come for themselves."""
_AGAIN = 0.36
"""The part of registrations by people who were there before."""
_FITTING = 0.5
"""How often an event draws somebody of its sectors."""


@dataclass
class Employer:
    """An organisation of the demo; `kind`, `size`, `sector` and `district` are keys of their vocabularies."""

    name: str
    domain: str
    number: str
    kind: str
    size: str
    sector: str
    district: str
    positions: Sequence[str]
    people: int = 0


@dataclass(frozen=True)
class Person:
    """Somebody who registers; `employer` is None for who comes for themselves."""

    first_name: str
    last_name: str
    email: str
    phone: str
    position: str
    language: str
    employer: Employer | None


class Cast:
    """The people around one hub, found or made as events need them; the same choices for the same random numbers."""

    def __init__(self, random: Random, content: dict[str, Any], hub: str) -> None:
        """`content` is `people.toml`."""
        self._random = random
        self._content = content
        self._addresses: set[str] = set()
        self._people: list[Person] = []
        self.employers = [self._employer(each) for each in content[hub]["organisations"]]

    def invite(self, number: int, sectors: Collection[str]) -> list[Person]:
        """So many different people for an event of these sectors; some were at others before."""
        known = list(self._people)
        self._random.shuffle(known)
        invited: list[Person] = []
        for _ in range(number):
            if known and self._random.random() < _AGAIN:
                invited.append(known.pop())
            else:
                invited.append(self._newcomer(sectors))
        return invited

    def _newcomer(self, sectors: Collection[str]) -> Person:
        random = self._random
        employer = None
        if random.random() >= _ON_THEIR_OWN:
            fitting = [each for each in self.employers if each.sector in sectors] if random.random() < _FITTING else []
            employer = min(fitting or self.employers, key=lambda each: (each.people, random.random()))
            employer.people += 1
        first, last = self._name()
        person = Person(
            first,
            last,
            self._address(first, last, employer.domain if employer else "poshta"),
            f"088 000 {random.randrange(10_000):04}",
            random.choice(employer.positions) if employer else "",
            "en" if random.random() < 0.04 else "bg",
            employer,
        )
        self._people.append(person)
        return person

    def _name(self) -> tuple[str, str]:
        """First and family name; the family name follows the person's sex."""
        random = self._random
        woman = random.random() < 0.52
        first = random.choice(self._content["women" if woman else "men"])
        if random.random() < 0.03:
            return first, random.choice(self._content["alike"])
        last = random.choice(self._content["families"])
        return first, _of_woman(last) if woman else last

    def _address(self, first: str, last: str, domain: str) -> str:
        local = f"{text.slugify(first)[0]}.{text.slugify(last)}"
        free, number = local, 1
        while f"{free}@{domain}" in self._addresses:
            number += 1
            free = f"{local}{number}"
        self._addresses.add(f"{free}@{domain}")
        return f"{free}@{domain}.example.org"

    def _employer(self, said: dict[str, str]) -> Employer:
        return Employer(
            said["name"],
            said["latin"],
            self._number(),
            said["kind"],
            said["size"],
            said["sector"],
            said["district"],
            self._content["positions"][said["jobs"]],
        )

    def _number(self) -> str:
        """A formally valid ЕИК: six random digits between the prefix and the check digit."""
        body = f"{_PREFIX}{self._random.randrange(1_000_000):06}"
        return next(body + str(digit) for digit in range(10) if rules.is_eik(body + str(digit)))


def _of_woman(last_name: str) -> str:
    """The woman's form of a man's family name: Горски -> Горска, Петров -> Петрова."""
    return last_name[:-1] + "а" if last_name.endswith("и") else last_name + "а"
