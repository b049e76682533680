"""A mutation of any rule fails a case: every small wrong change of the rulebook is noticed by tests/cases/."""

import datetime as dt
from typing import Any

from hubevents.checkin import rules
from tests.checkin.book import CASES, FOLDS, as_instants, fold, passages, question, to_json
from tests.checkin.mutants import Mutant, mutants

SAME = {
    "Answer: UNDONE = 'undone': 'undone' -> 'undone~'": "an undo is answered by the service, never by `judge`",
    "_reading: return _refused(Reason.UNKNOWN) -> return None": (
        "what cannot be read names nobody, so `_found` gives the same answer"
    ),
    "_this_event: event = question.reading.event or (registration.event if registration else "
    "question.event.id): registration.event if registration else question.event.id -> question.event.id": (
        "the next condition compares the registration's event too"
    ),
    "_STATUS_FAULT: without 'pending'": "`pending` is also the answer for statuses that are not in the table",
    "_STATUS_FAULT: 'pending' -> 'pending~'": "as above",
    "_window: last = max((closes for _, closes in windows if closes < at), default=None): "
    "closes < at -> closes <= at": "at the very end the window was open, and no window ends before it opens",
    "_window: coming = min((opens for opens, _ in windows if opens > at), default=None): "
    "opens > at -> opens >= at": "as above for its beginning",
    "_IDENTITY: (_revoked, _method, _reading, _this_event, _found, _newest) -> "
    "(_revoked, _method, _this_event, _reading, _found, _newest)": "what cannot be read names no event",
}

QUESTIONS = [(case, question(case), as_instants(case["expect"])) for case in CASES]
PASSAGES = [(case, passages(case), as_instants(case["expect"])) for case in FOLDS["cases"]]
DAYS = [(dt.datetime.fromisoformat(each["moment"]), each["zone"], each["day"]) for each in FOLDS["days"]]


def fails_a_case(names: dict[str, Any], *, own_values: bool) -> bool:
    """Whether a rulebook answers a case wrongly; `own_values` means its classes are not those of `rules`."""
    kind, passage = (names["Question"], names["Passage"]) if own_values else (None, None)
    return (
        any(names["day_of"](moment, zone).isoformat() != day for moment, zone, day in DAYS)
        or any(
            to_json(names["judge"](question(case, kind) if own_values else asked)) != expected
            for case, asked, expected in QUESTIONS
        )
        or any(
            fold(names["presence"](passages(case, passage) if own_values else scans, case["undone"]))
            != expected
            for case, scans, expected in PASSAGES
        )
    )


def is_noticed(mutant: Mutant) -> bool:
    """Whether a case fails, or the changed rulebook cannot even answer."""
    try:
        return fails_a_case(mutant.names(), own_values=mutant.changes_a_class)
    except Exception:  # noqa: BLE001 - whatever a wrong rulebook stumbles over
        return True


def test_the_rulebook_as_it_is_fails_no_case() -> None:
    assert not fails_a_case(vars(rules), own_values=False)
    assert not fails_a_case(vars(rules), own_values=True)


def test_a_mutation_of_any_rule_fails_a_case() -> None:
    unnoticed, holders = [], set()
    for mutant in mutants():
        holders.add(mutant.place.split(":")[0])
        if not is_noticed(mutant):
            unnoticed.append(mutant.place)
    # The list of reasons holds no mutant that a case does notice, or that is gone.
    assert sorted(unnoticed) == sorted(SAME)
    checks = {check.__name__ for check in (*rules._IDENTITY, *rules._ENTRY)}
    assert holders >= checks | {"judge", "presence", "day_of", "may_use", "may_override", "_METHODS", "DoorRules"}
