"""Controlled vocabularies (DOMAIN 3): keys with words in languages, from TOML, overlaid by the hub's own.

A file holds one vocabulary: a table per key, with the words by language code (`bg = "..."`) and the
attributes it knows (`_ATTRIBUTES`); the order of the file is the order on screen. A file of the same name
in `instance/vocabularies/` adds keys, changes words or attributes, and hides with `hidden = true`. Hidden
or unknown keys still have a text, because old rows hold them.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

from hubevents.core.i18n import Translated

BUILT_IN: Final = Path(__file__).resolve().parent.parent / "vocabularies"

Attribute = str | int | bool | date

_ATTRIBUTES: Final[Mapping[str, Mapping[str, type]]] = {
    "kinds": {
        "schema_org": str,  # type of schema.org
        "service_category": str,  # key of service_categories; absent: none
        "format": str,  # key of formats
        "minutes": int,  # usual length of one date
        "several_dates": bool,  # usually more than one EventDate
        "tracks": bool,  # its agenda has tracks and speakers
        "members_only": bool,  # usually a closed list with quorum and minutes
        "certificate": bool,  # usually ends with a certificate
    },
    "formats": {},
    "service_categories": {"export": str},
    "organisation_types": {"export": str, "service_row": bool},
    "organisation_sizes": {"export": str},
    "sectors": {"export": str},
    "technologies": {"export": str},
    "digcomp_2_2": {"area": bool},
    "digcomp_3_0": {"area": bool},
    "digcomp_2_2_levels": {"steps": str},
    "digcomp_3_0_levels": {"steps": str},
    "districts": {"nuts": str},
    "languages": {"native": str},
    "aid_bases": {
        "act": str,
        "valid_from": date,
        "valid_to": date,
        "ceiling": int,  # euro per single undertaking in the window
        "window_years": int,
    },
}
_REFERENCES: Final = {"service_category": "service_categories", "format": "formats"}

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.]{0,29}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


class VocabularyError(ValueError):
    """A vocabulary file that cannot be used; the message names file and line or key."""


@dataclass(frozen=True)
class Term:
    """One entry of a vocabulary; `attributes` holds what the file gave, see `_ATTRIBUTES`."""

    key: str
    words: Translated
    plurals: Translated = field(default_factory=Translated)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    hidden: bool = False

    def text(self, language: str) -> str:
        """The words; the key itself for an entry that has none."""
        return self.words.text(language) or self.key

    def plural(self, language: str) -> str:
        """The words for many, as on a chip (`Обучения`); without them the words for one."""
        return self.plurals.text(language) or self.text(language)

    def get(self, attribute: str) -> Attribute | None:
        """An attribute, None when absent."""
        return self.attributes.get(attribute)

    def is_set(self, attribute: str) -> bool:
        """Whether a yes/no attribute is true."""
        return self.attributes.get(attribute) is True


class Vocabulary:
    """The entries of one vocabulary, in the order in which they are offered."""

    def __init__(self, name: str, terms: Mapping[str, Term]) -> None:
        """Takes all entries, hidden ones too, keyed and in order."""
        self.name: Final = name
        self._all: Final = dict(terms)
        self.terms: Final = tuple(term for term in terms.values() if not term.hidden)

    def __contains__(self, key: object) -> bool:
        """Whether a key may be chosen: known and not hidden."""
        term = self._all.get(key) if isinstance(key, str) else None
        return term is not None and not term.hidden

    def knows(self, key: str) -> bool:
        """Whether a key is known, hidden or not."""
        return key in self._all

    def __iter__(self) -> Iterator[Term]:
        """The entries on offer."""
        return iter(self.terms)

    def __len__(self) -> int:
        """How many entries are on offer."""
        return len(self.terms)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys on offer."""
        return tuple(term.key for term in self.terms)

    def term(self, key: str) -> Term:
        """The entry of a key, hidden or not; an unknown key gives an entry that shows the key."""
        return self._all.get(key) or Term(key, Translated(), hidden=True)

    def text(self, key: str, language: str) -> str:
        """The words of a key; the key itself when it is unknown."""
        return self.term(key).text(language)

    def plural(self, key: str, language: str) -> str:
        """The words of a key for many."""
        return self.term(key).plural(language)

    def choices(self, language: str) -> list[tuple[str, str]]:
        """Pairs of key and words for a form's field."""
        return [(term.key, term.text(language)) for term in self.terms]


@dataclass(frozen=True)
class Vocabularies:
    """All vocabularies of an installation, loaded once when it starts."""

    kinds: Vocabulary
    formats: Vocabulary
    service_categories: Vocabulary
    organisation_types: Vocabulary
    organisation_sizes: Vocabulary
    sectors: Vocabulary
    technologies: Vocabulary
    digcomp_2_2: Vocabulary
    digcomp_3_0: Vocabulary
    digcomp_2_2_levels: Vocabulary
    digcomp_3_0_levels: Vocabulary
    districts: Vocabulary
    languages: Vocabulary
    aid_bases: Vocabulary


def load(folder: Path | None = None) -> Vocabularies:
    """The built-in vocabularies, overlaid by those of a folder if there is one; or VocabularyError."""
    overlays = {path.stem: path for path in sorted(folder.glob("*.toml"))} if folder and folder.is_dir() else {}
    for name, path in overlays.items():
        if name not in _ATTRIBUTES:
            raise VocabularyError(f"{path}: no vocabulary of this name; there are {', '.join(_ATTRIBUTES)}")
    loaded: dict[str, Vocabulary] = {}
    for name in _ATTRIBUTES:
        terms = _overlaid(name, {}, BUILT_IN / f"{name}.toml")
        if name in overlays:
            terms = _overlaid(name, terms, overlays[name])
        loaded[name] = Vocabulary(name, terms)
    for term in loaded["kinds"]:
        for attribute, target in _REFERENCES.items():
            value = term.get(attribute)
            if value is not None and not loaded[target].knows(str(value)):
                path = overlays.get("kinds", BUILT_IN / "kinds.toml")
                raise VocabularyError(f"{path}: {term.key}: {attribute} = {value!r} is no key of {target}")
    return Vocabularies(**loaded)


def _overlaid(name: str, terms: Mapping[str, Term], path: Path) -> dict[str, Term]:
    """Entries with those of a file laid over them; new ones come last, but before `other`."""
    merged = dict(terms)
    for key, entry in _read(path).items():
        merged[key] = _term(name, key, entry, merged.get(key), path)
    last = merged.pop("other", None)
    return merged if last is None else {**merged, "other": last}


def _read(path: Path) -> dict[str, Any]:
    """The tables of a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VocabularyError(f"{path}: {error}") from error
    except OSError as error:
        raise VocabularyError(f"{path}: cannot be read ({error.strerror})") from error


def _term(name: str, key: str, entry: object, known: Term | None, path: Path) -> Term:
    """One entry, laid over what is known of its key."""

    def bad(why: str) -> VocabularyError:
        return VocabularyError(f"{path}: {key}: {why}")

    if not _KEY.fullmatch(key):
        raise bad("a key is at most 30 small Latin letters, digits, _ and . (quoted when it holds a point)")
    if not isinstance(entry, dict):
        raise bad(f"must be a table: write [{key}] and the words below it")
    known = known or Term(key, Translated())
    words, plurals, attributes, hidden = (
        dict(known.words),
        dict(known.plurals),
        dict(known.attributes),
        known.hidden,
    )
    for word, value in entry.items():
        if word == "hidden":
            if not isinstance(value, bool):
                raise bad("hidden is true or false")
            hidden = value
        elif word == "plural":
            if not isinstance(value, dict) or not all(map(_is_wording, value.items())):
                raise bad('plural is a table of words by language: { bg = "...", en = "..." }')
            plurals |= value
        elif word in _ATTRIBUTES[name]:
            wanted = _ATTRIBUTES[name][word]
            if type(value) is not wanted:
                raise bad(f"{word} must be of the type {_TYPE_WORDS[wanted]}")
            attributes[word] = cast(Attribute, value)
        elif _LANGUAGE.fullmatch(word):
            if not _is_wording((word, value)):
                raise bad(f"{word} must be a text that is not blank")
            words[word] = value
        else:
            known_words = ", ".join(["hidden", "plural", *_ATTRIBUTES[name]])
            raise bad(f"{word} means nothing here; there are language codes, {known_words}")
    if not words and not hidden:
        raise bad("has no words in any language")
    return Term(key, Translated.of(words), Translated.of(plurals), attributes, hidden)


_TYPE_WORDS: Final = {str: "text", int: "whole number", bool: "true or false", date: "date"}


def _is_wording(item: tuple[str, object]) -> bool:
    """Whether a pair is a language code and a text that is not blank."""
    return bool(_LANGUAGE.fullmatch(item[0])) and isinstance(item[1], str) and bool(item[1].strip())
