"""Facts: what happened, recorded by services and answered by the table in `reactions.py` before the commit.

A fact is a frozen dataclass with ids and old values. Nothing subscribes at run time: `reactions.py` lists every fact.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

Reactions = Mapping[type[Any], tuple[Callable[[Any], object], ...]]

_recorded: ContextVar[list[object] | None] = ContextVar("facts_recorded", default=None)


def record(fact: object) -> None:
    """Notes a fact; its reactions run inside the same transaction, after the work and before the commit."""
    facts = _recorded.get()
    if facts is None:
        raise RuntimeError(f"{type(fact).__name__} recorded outside transaction()")
    facts.append(fact)


def recorded() -> tuple[object, ...]:
    """What was recorded so far in the running transaction."""
    return tuple(_recorded.get() or ())


def begin() -> None:
    """Opens the list of a transaction; called by `core.db.transaction` only."""
    _recorded.set([])


def end() -> None:
    """Closes the list; called by `core.db.transaction` only."""
    _recorded.set(None)


def react(reactions: Reactions) -> None:
    """Runs the reactions in the order of recording; facts that reactions record are answered too.

    Raises LookupError for a fact that the table does not list: forgetting is a fault, "nobody" is an empty tuple.
    """
    facts = _recorded.get()
    done = 0
    while facts and done < len(facts):
        fact = facts[done]
        done += 1
        try:
            functions = reactions[type(fact)]
        except KeyError:
            raise LookupError(f"reactions.py does not list {type(fact).__name__}") from None
        for function in functions:
            function(fact)
