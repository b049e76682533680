"""The door's rulebook, driven by tests/cases/verdicts.json, shared with the page's JavaScript."""

import dataclasses
import datetime as dt
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubevents.checkin import rules
from hubevents.checkin.rules import (
    Answer,
    Direction,
    DoorRole,
    Flag,
    Method,
    Passage,
    Presence,
    Reason,
    Settlement,
    Verdict,
    day_of,
    judge,
    may_override,
    may_use,
    presence,
    settle,
)
from hubevents.registrations.tickets import Problem
from tests.checkin import book
from tests.checkin.book import CASES, FOLDS, as_instants, question, to_json

# --- the cases ---


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_every_case_gets_its_verdict(case: dict[str, Any]) -> None:
    assert to_json(judge(question(case))) == as_instants(case["expect"])


@pytest.mark.parametrize("cases", [CASES, FOLDS["cases"]])
def test_the_names_of_the_cases_differ(cases: list[dict[str, Any]]) -> None:
    assert len(cases) >= 20
    assert [name for name, times in Counter(each["name"] for each in cases).items() if times > 1] == []


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 120


def test_every_answer_and_reason_is_expected_by_some_case() -> None:
    answers = {each["expect"]["verdict"] for each in CASES}
    reasons = {each["expect"].get("reason") for each in CASES} - {None}
    # An undo names no registration and is not judged: the service answers it.
    assert answers == {each.value for each in Answer} - {"undone"}
    assert reasons == {each.value for each in Reason}


def test_the_codes_are_those_other_programs_know() -> None:
    assert [each.value for each in Answer] == ["admitted", "left", "already_in", "undone", "refused"]
    assert {each.value for each in Reason} == {
        "cancelled",
        "waitlisted",
        "pending",
        "declined",
        "expired",
        "replaced",
        "wrong_event",
        "wrong_date",
        "wrong_session",
        "not_yet",
        "closed",
        "event_cancelled",
        "full",
        "not_inside",
        "unknown",
        "forged",
        "not_a_ticket",
        "erased",
        "quarantined",
        "bad_item",
    }
    assert {each.value for each in Problem} <= {each.value for each in Reason}


def failing_cases() -> list[str]:
    return [each["name"] for each in CASES if to_json(judge(question(each))) != as_instants(each["expect"])]


# A code that cannot be read names no event, so these two never meet.
_UNORDERED = {("_reading", "_this_event")}


@pytest.mark.parametrize("checks", ["_IDENTITY", "_ENTRY"])
def test_no_two_neighbouring_checks_can_change_places_unnoticed(checks: str) -> None:
    order = getattr(rules, checks)
    unnoticed = []
    for place in range(len(order) - 1):
        swapped = list(order)
        swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
        with patch.object(rules, checks, tuple(swapped)):
            if not failing_cases():
                unnoticed.append((order[place].__name__, order[place + 1].__name__))
    assert [pair for pair in unnoticed if pair not in _UNORDERED] == []


@pytest.mark.parametrize("checks", ["_IDENTITY", "_ENTRY"])
def test_no_check_can_be_left_out_unnoticed(checks: str) -> None:
    order = getattr(rules, checks)
    for check in order:
        with patch.object(rules, checks, tuple(each for each in order if each is not check)):
            assert failing_cases() != [], check.__name__


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_a_fault_marked_overridable_yields_to_a_stewards_reason_and_no_other_does(
    case: dict[str, Any],
) -> None:
    asked = question(case)
    if not may_use(DoorRole.STEWARD, asked.scan.method) or asked.scan.direction is Direction.OUT:
        return
    plain = judge(dataclasses.replace(asked, scan=dataclasses.replace(asked.scan, override_reason=None)))
    steward = dataclasses.replace(
        asked,
        scan=dataclasses.replace(asked.scan, override_reason="видях поканата"),
        door=dataclasses.replace(asked.door, role=DoorRole.STEWARD),
    )
    if plain.reason is Reason.BAD_ITEM or plain.verdict is Answer.ADMITTED:
        return
    lifted = judge(steward)
    if plain.overridable and lifted.verdict is Answer.ADMITTED:
        assert lifted.overridden in (plain.reason, plain.verdict)
    elif not plain.overridable:
        assert (lifted.verdict, lifted.reason) == (plain.verdict, plain.reason)


def test_what_each_role_may() -> None:
    assert {
        role.value: [method.value for method in Method if may_use(role, method)] for role in DoorRole
    } == {
        "scan": ["qr", "code"],
        "search": ["qr", "code", "search"],
        "steward": ["qr", "code", "search", "walk_in"],
        "kiosk": ["qr", "code", "kiosk"],
        "screen": ["self"],
    }
    assert [role.value for role in DoorRole if may_override(role)] == ["steward"]


def test_the_day_of_a_scan_is_its_date_in_the_events_zone() -> None:
    late = dt.datetime(2026, 10, 14, 21, 30, tzinfo=dt.UTC)
    assert day_of(late, "Europe/Sofia") == dt.date(2026, 10, 15)
    assert day_of(late, "America/New_York") == dt.date(2026, 10, 14)
    # The night the clock goes back: both times of 03:30 are the same day.
    assert [
        day_of(dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC), "Europe/Sofia") for hour in (0, 1)
    ] == [dt.date(2026, 10, 25)] * 2


# --- what counts ---


@pytest.mark.parametrize(
    ("verdict", "reason", "shown", "counts", "flag"),
    [
        ("admitted", None, None, True, None),
        ("admitted", None, "admitted", True, None),
        ("left", None, None, True, None),
        ("left", None, "left", True, None),
        ("already_in", None, None, False, None),
        ("already_in", None, "already_in", False, None),
        ("refused", "cancelled", None, False, None),
        ("refused", "cancelled", "refused", False, None),
        # D34: shown green offline, cancelled meanwhile.
        ("refused", "cancelled", "admitted", True, "admitted_anyway"),
        ("refused", "replaced", "admitted", True, "admitted_anyway"),
        ("refused", "closed", "admitted", True, "admitted_anyway"),
        # D32: the server knows another phone's entry already; the fold decides which is the admission.
        ("already_in", None, "admitted", True, None),
        # D40: the exit came before its entry.
        ("refused", "not_inside", "left", True, None),
        ("refused", "not_inside", None, False, None),
        # The phone's clock or list said "already in"; nobody walked in twice.
        ("admitted", None, "already_in", False, None),
        ("admitted", None, "refused", False, "refused_anyway"),
        # Nobody of this event to count, but staff must see that somebody was let in.
        ("refused", "forged", "admitted", False, "admitted_anyway"),
        ("refused", "unknown", "admitted", False, "admitted_anyway"),
        ("refused", "wrong_event", "admitted", False, "admitted_anyway"),
        ("refused", "wrong_date", "admitted", False, "admitted_anyway"),
        ("refused", "erased", "admitted", False, "admitted_anyway"),
        ("refused", "quarantined", "admitted", False, "quarantined"),
        ("refused", "bad_item", "left", False, None),
        ("refused", "quarantined", "left", False, "quarantined"),
        ("refused", "quarantined", None, False, "quarantined"),
        ("undone", None, None, False, None),
    ],
)
def test_what_was_told_at_the_door_holds(
    verdict: str, reason: str | None, shown: str | None, counts: bool, flag: str | None
) -> None:
    judged = Verdict(Answer(verdict), Reason(reason) if reason else None)
    assert settle(judged, Answer(shown) if shown else None) == Settlement(
        counts, Flag(flag) if flag else None
    )


# --- presence ---


@pytest.mark.parametrize("case", FOLDS["cases"], ids=[each["name"] for each in FOLDS["cases"]])
def test_every_fold_is_as_written(case: dict[str, Any]) -> None:
    assert book.fold(presence(book.passages(case), case["undone"])) == as_instants(case["expect"])


@pytest.mark.parametrize("case", FOLDS["days"], ids=[f"{each['moment']} {each['zone']}" for each in FOLDS["days"]])
def test_every_moment_has_its_day(case: dict[str, str]) -> None:
    assert day_of(dt.datetime.fromisoformat(case["moment"]), case["zone"]).isoformat() == case["day"]


def at(clock: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-10-14T{clock}:00+03:00")


def came(scan_id: str, clock: str, device: str = "A") -> Passage:
    return Passage(scan_id, at(clock), Direction.IN, "Вход А", device)


def went(scan_id: str, clock: str, device: str = "A") -> Passage:
    return Passage(scan_id, at(clock), Direction.OUT, "Вход А", device)


def test_nobody_came() -> None:
    folded = presence([])
    assert folded == Presence()
    assert (folded.first_in_at, folded.last_out_at, folded.inside, folded.minutes(at("17:00"))) == (
        None,
        None,
        False,
        0,
    )


def test_one_entry_lasts_until_the_doors_close() -> None:
    folded = presence([came("1", "10:00")])
    assert (folded.first, folded.first_in_at, folded.last_out_at) == (came("1", "10:00"), at("10:00"), None)
    assert (folded.inside, folded.minutes(at("17:00")), folded.flags) == (True, 420, ())


def test_d40_in_out_in_made_offline_and_uploaded_in_any_order() -> None:
    folded = presence([came("3", "12:00"), came("1", "10:00"), went("2", "11:30")])
    assert folded.stays == ((at("10:00"), at("11:30")), (at("12:00"), None))
    assert (folded.inside, folded.last_out_at, folded.minutes(at("13:00")), folded.flags) == (
        True,
        None,
        150,
        (),
    )
    assert folded.first == came("1", "10:00")


def test_d32_two_phones_that_both_admitted_are_one_entry_and_one_conflict() -> None:
    a, b = came("a", "09:05", "A"), came("b", "09:00", "B")
    assert presence([a, b]) == presence([b, a])
    folded = presence([a, b])
    assert (folded.first, folded.stays, folded.flags) == (
        b,
        ((at("09:00"), None),),
        (("a", Flag.SECOND_ENTRY),),
    )


def test_two_phones_at_the_same_instant_have_one_winner() -> None:
    a, b = came("a", "09:00", "A"), came("b", "09:00", "B")
    assert presence([a, b]) == presence([b, a])
    assert presence([b, a]).flags == (("b", Flag.SECOND_ENTRY),)


def test_a_second_exit_is_flagged_and_the_first_holds() -> None:
    folded = presence([came("1", "10:00"), went("2", "11:00"), went("3", "11:05", "B")])
    assert (folded.last_out_at, folded.inside, folded.flags) == (
        at("11:00"),
        False,
        (("3", Flag.STRAY_EXIT),),
    )


def test_an_exit_without_entry_is_no_presence() -> None:
    folded = presence([went("1", "11:00")])
    assert (folded.first, folded.stays, folded.flags) == (None, (), (("1", Flag.STRAY_EXIT),))


def test_d06_an_undone_entry_takes_the_presence_away_and_the_next_counts() -> None:
    assert presence([came("1", "10:00")], ["1"]) == Presence()
    folded = presence([came("1", "10:00"), came("2", "10:05")], ["1", "1"])
    assert (folded.first, folded.flags) == (came("2", "10:05"), ())


def test_an_undone_exit_leaves_the_person_inside() -> None:
    folded = presence([came("1", "10:00"), went("2", "11:00")], ["2"])
    assert (folded.inside, folded.minutes(at("12:00"))) == (True, 120)


def test_an_undo_without_its_scan_changes_nothing() -> None:
    assert presence([came("1", "10:00")], ["9"]) == presence([came("1", "10:00")])


def test_minutes_are_whole_and_never_negative() -> None:
    entry = Passage("1", at("10:00") + dt.timedelta(seconds=30))
    assert presence([entry]).minutes(at("10:02")) == 1
    assert presence([entry]).minutes(at("09:00")) == 0


passages = st.lists(
    st.builds(
        Passage,
        scan_id=st.text("abcdefgh", min_size=1, max_size=2),
        at=st.integers(0, 40).map(lambda minute: at("10:00") + dt.timedelta(minutes=minute)),
        direction=st.sampled_from(Direction),
        device=st.sampled_from(["A", "B"]),
    ),
    max_size=9,
    unique_by=lambda each: each.scan_id,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), scans=passages)
def test_d38_order_and_repetition_change_nothing(data: st.DataObject, scans: list[Passage]) -> None:
    undone = data.draw(st.lists(st.sampled_from([each.scan_id for each in scans] or ["x"]), max_size=3))
    shuffled = data.draw(st.permutations(scans * 3))
    assert presence(shuffled, [*undone, *undone]) == presence(scans, undone)


@settings(max_examples=150, deadline=None)
@given(scans=passages)
def test_every_scan_is_an_entry_an_exit_or_flagged(scans: list[Passage]) -> None:
    folded = presence(scans)
    entries = len(folded.stays)
    exits = sum(left is not None for _, left in folded.stays)
    assert entries + exits + len(folded.flags) == len(scans)
    assert folded.inside == (entries > exits)
    times = [moment for stay in folded.stays for moment in stay if moment is not None]
    assert times == sorted(times)
    assert folded.minutes(at("10:41")) <= 41
