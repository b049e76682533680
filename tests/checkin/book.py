"""tests/cases/verdicts.json and presence.json, which the page's JavaScript answers too, as values of the rules."""

import dataclasses
import datetime as dt
import json
import types
import typing
from enum import StrEnum
from pathlib import Path
from typing import Any

from hubevents.checkin import rules

FOLDER = Path(__file__).parent.parent / "cases"
BOOK: dict[str, Any] = json.loads((FOLDER / "verdicts.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = BOOK["cases"]
FOLDS: dict[str, Any] = json.loads((FOLDER / "presence.json").read_text(encoding="utf-8"))


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def from_json(kind: Any, value: Any) -> Any:
    """A plain value as the class of the rules, which names its JSON shape."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType:
        kind = next(each for each in typing.get_args(kind) if each is not types.NoneType)
        origin = typing.get_origin(kind)
    if origin is tuple:
        return tuple(from_json(typing.get_args(kind)[0], each) for each in value)
    if kind is dt.datetime:
        moment = dt.datetime.fromisoformat(value)
        assert moment.tzinfo is not None
        return moment
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        assert not set(value) - set(hints), "a case has a key the rules do not know"
        return kind(**{key: from_json(hints[key], each) for key, each in value.items()})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    assert isinstance(value, kind)
    return value


# Of the rules as they are, so that a mutant cannot hide behind a changed default.
_DEFAULTS = {
    kind.__name__: {field.name: field.default for field in dataclasses.fields(kind)}
    for kind in (rules.Verdict, rules.FirstScan, rules.OtherEvent, rules.Passage)
}


def to_json(value: Any) -> dict[str, Any]:
    """What of a verdict or a passage is not its default; moments stay instants."""
    result: dict[str, Any] = {}
    for name, default in _DEFAULTS[type(value).__name__].items():
        each = getattr(value, name)
        if default is not dataclasses.MISSING and each == default:
            continue
        result[name] = to_json(each) if dataclasses.is_dataclass(each) else each
    return result


def as_instants(value: Any) -> Any:
    """Moments of a JSON value as instants."""
    if isinstance(value, dict):
        return {key: as_instants(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_instants(each) for each in value]
    if isinstance(value, str) and value[:4].isdigit() and "T" in value:
        return dt.datetime.fromisoformat(value)
    return value


def question(case: dict[str, Any], kind: Any = rules.Question) -> Any:
    """The question of a case; `kind` is that of another rulebook with the same names."""
    return from_json(kind, merged(BOOK["base"], case["given"]))


def passages(case: dict[str, Any], kind: Any = rules.Passage) -> list[Any]:
    """The passages of a fold."""
    return [from_json(kind, each) for each in case["passages"]]


def fold(presence: Any) -> dict[str, Any]:
    """A presence as presence.json has it."""
    folded = {
        "first": to_json(presence.first) if presence.first else None,
        "stays": [list(stay) for stay in presence.stays],
        "inside": presence.inside,
    }
    return folded | ({"flags": dict(presence.flags)} if presence.flags else {})
