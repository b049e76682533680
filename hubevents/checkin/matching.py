"""Who is who in the log of an online meeting; pure.

Names are compared without case, accents and the order of words, Cyrillic as Latin (`core.text.search_key`). Only an
address, or a name that one person alone bears, is certain; what is merely similar is offered for choice.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from hubevents.core import text

# --- one person ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who a log names, with the places of their rows: one address, or one name without any."""

    name: str
    email: str
    rows: tuple[int, ...]


def people(rows: Iterable[tuple[str, str]]) -> list[Person]:
    """The people of rows of name and address, in the order in which they came first."""
    names: dict[str, str] = {}
    places: dict[str, list[int]] = defaultdict(list)
    mails: dict[str, str] = {}
    for at, (name, email) in enumerate(rows):
        key = email or f"\n{' '.join(name_words(name)) or name}"
        names.setdefault(key, name)
        names[key] = names[key] or name
        mails[key] = email
        places[key].append(at)
    return [Person(names[key], mails[key], tuple(places[key])) for key in places]


Interval = tuple[datetime, datetime]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Their union: on phone and laptop at once is one presence, and no minute is counted twice or lost."""
    out: list[Interval] = []
    for since, until in sorted(intervals):
        if out and since <= out[-1][1]:
            out[-1] = (out[-1][0], max(until, out[-1][1]))
        else:
            out.append((since, until))
    return out


# --- who is who ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration to match with; `comes` says that it is in force."""

    id: int
    name: str
    email: str
    comes: bool = True


@dataclass(frozen=True, slots=True)
class Guess:
    """Who somebody in a log may be: one for certain, or some to choose from, the likeliest first."""

    certain: int | None = None
    likely: tuple[int, ...] = ()


MOST_LIKELY = 5
SIMILAR = 0.72
"""How similar two names must be (difflib) to be offered."""
_ROLE_WORDS = frozenset({
    "guest", "external", "unverified", "host", "co", "cohost", "organizer", "organiser", "presenter", "moderator", "me",
    "you", "gost", "vanshen", "organizator", "domakin", "az", "iphone", "ipad", "android", "phone",
})  # fmt: skip
"""What meeting tools put beside a name."""
_LOOSE = [
    (re.compile(pattern), into)
    for pattern, into in (
        (r"sht|sch|sh", "s"), (r"zh", "j"), (r"tch|ch|ts|tz|cz", "c"), (r"kh", "h"), (r"ph", "f"), (r"x", "ks"),
        (r"w", "v"), (r"q", "k"), (r"[yij]u|iou|you", "u"), (r"[yij]a", "a"), (r"[yij]o", "o"), (r"ou|oo", "u"),
        (r"ee", "i"), (r"y", "i"), (r"(.)\1+", r"\1"),
    )
]  # fmt: skip
"""How people write Bulgarian names in Latin beside the Act: Jivko and Zhivko, Iordan and Yordan, Tzvetelina."""


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name in Latin, sorted, without what a meeting tool puts beside it."""
    words = re.findall(r"[a-z0-9]+", text.search_key(name))
    return tuple(sorted(word for word in words if word not in _ROLE_WORDS)) or tuple(sorted(words))


def _loose(words: Iterable[str]) -> str:
    out = []
    for word in words:
        for pattern, into in _LOOSE:
            word = pattern.sub(into, word)
        out.append(word)
    return " ".join(sorted(out))


def _variants(name: str) -> list[tuple[str, ...]]:
    """A name as it stands, and its parts where a tool adds another: `Maria (Мария Желева)`, `Мария Желева | Фирма`."""
    parts = [name, re.sub(r"[(\[].*?[)\]]", " ", name), *re.findall(r"[(\[](.*?)[)\]]", name)]
    parts += re.split(r"\s[-–—|/]\s|[|/]", parts[1])
    return list(dict.fromkeys(words for part in parts if (words := name_words(part))))


class Register:
    """Registrations by address and by name, for matching many people of a log."""

    def __init__(self, registered: Iterable[Registered]) -> None:
        # Whoever cancelled and registered again is the one who comes.
        everybody = sorted(registered, key=lambda each: (not each.comes, each.id))
        self._words = {each.id: name_words(each.name) for each in everybody}
        self._by_mail: dict[str, int] = {}
        self._by_words: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._by_loose: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_part: dict[str, list[int]] = defaultdict(list)
        self._loose: dict[int, str] = {}
        self._comes = {each.id for each in everybody if each.comes}
        for each in everybody:
            words = self._words[each.id]
            if each.email:
                self._by_mail.setdefault(each.email, each.id)
            self._by_words[words].append(each.id)
            self._loose[each.id] = _loose(words)
            self._by_loose[self._loose[each.id]].append(each.id)
            for word in set(words):
                self._by_word[word].append(each.id)
            for part in _parts_of(self._loose[each.id]):
                self._by_part[part].append(each.id)

    def guess(self, name: str, email: str) -> Guess:
        """Who this may be: the address decides, then a name that only one person in force bears."""
        if email and email in self._by_mail:
            return Guess(self._by_mail[email])
        variants = _variants(name)
        likely: list[int] = []
        for words in variants:
            same = self._by_words.get(words, [])
            coming = [id for id in same if id in self._comes]
            if len(words) > 1 and len(coming or same) == 1:
                return Guess((coming or same)[0])
            likely += same
        for words in variants:
            likely += self._by_loose.get(_loose(words), [])
            likely += self._around(words)
        for words in variants:
            likely += self._similar(_loose(words))
        return Guess(None, tuple(dict.fromkeys(likely))[:MOST_LIKELY])

    def _around(self, words: tuple[str, ...]) -> list[int]:
        """Those whose name is part of this one (a middle name, a firm), or of whose name this one is part."""
        given = set(words)
        rarest = sorted((self._by_word.get(word, []) for word in given), key=len)
        if len(given) == 1:
            return rarest[0][:MOST_LIKELY]
        found = []
        for ids in rarest:
            for id in ids[:200]:
                own = set(self._words[id])
                if len(own) > 1 and (own <= given or given <= own):
                    found.append(id)
        return found[:MOST_LIKELY]

    def _similar(self, loose: str) -> list[int]:
        """The most similar names: those that share most triples of letters are compared letter by letter."""
        shared: Counter[int] = Counter()
        for part in _parts_of(loose):
            ids = self._by_part.get(part, ())
            if len(ids) <= 2_000:
                shared.update(ids)
        scored = []
        for id, _count in shared.most_common(12):
            score = _alike(loose, self._loose[id])
            if score >= SIMILAR:
                scored.append((-score, id))
        return [id for _score, id in sorted(scored)]


def _alike(one: str, other: str) -> float:
    """How similar two names are as a whole, or word by word where another first letter changed their order."""
    fewer, more = sorted((one.split(), other.split()), key=len)
    whole = SequenceMatcher(None, one, other).ratio()
    if len(fewer) < 2:
        return whole
    best = [max(SequenceMatcher(None, word, each).ratio() for each in more) for word in fewer]
    return max(whole, sum(best) / len(best))


def _parts_of(loose: str) -> set[str]:
    padded = f" {loose} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}
