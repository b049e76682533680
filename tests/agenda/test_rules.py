"""Pure decisions about agendas."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.agenda import rules
from hubevents.agenda.rules import Clash, SessionKind, SessionStatus

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Item:
    id: int
    starts_at: datetime
    ends_at: datetime
    room_id: int | None = None
    speaker_ids: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("word", "title", "speakers", "kind"),
    [
        ("", "Opening", True, SessionKind.TALK),
        ("", "Lunch", False, SessionKind.BREAK),
        ("", "Coffee break", False, SessionKind.BREAK),
        ("", "Обяд", False, SessionKind.BREAK),
        ("", "Lunch", True, SessionKind.TALK),
        ("", "Breaking news of the kernel", False, SessionKind.TALK),
        ("Long talk (45 minutes)", "x", True, SessionKind.TALK),
        ("BoF (45 minutes)", "x", True, SessionKind.PANEL),
        ("Workshop (2h)", "x", True, SessionKind.WORKSHOP),
        ("Работилница", "x", True, SessionKind.WORKSHOP),
        ("performance", "x", True, SessionKind.OTHER),
    ],
)
def test_the_free_word_of_a_file_becomes_a_kind(word: str, title: str, speakers: bool, kind: SessionKind) -> None:
    assert rules.kind_of(word, title, has_speakers=speakers) is kind


@pytest.mark.parametrize(
    ("text", "declared", "languages", "usual", "language"),
    [
        ("Opening", "de", ("bg", "en"), None, "de"),
        ("Opening", "en-GB", ("bg", "en"), None, "en"),
        ("Откриване", None, ("bg", "en"), "en", "bg"),
        ("Opening", None, ("bg", "en"), "de", "de"),
        ("Opening", None, ("bg", "en"), None, "en"),
        ("Opening", None, ("bg",), None, "en"),
        ("Opening", None, ("ro",), None, "ro"),
        ("Отваряне", None, ("mk", "en"), None, "mk"),
        ("Opening", "eng", ("bg", "en"), None, "en"),
    ],
)
def test_a_text_is_kept_under_the_language_it_is_in(
    text: str, declared: str | None, languages: tuple[str, ...], usual: str | None, language: str
) -> None:
    assert rules.text_language(text, declared, languages, usual) == language


def test_the_usual_language_does_not_depend_on_the_order() -> None:
    assert rules.usual_language(["de", "en", None, "en-GB", "de"]) == "de"
    assert rules.usual_language(["en", "de"]) == rules.usual_language(["de", "en"]) == "de"
    assert rules.usual_language([None, "eng"]) is None


def test_what_ends_at_midnight_does_not_touch_the_next_day() -> None:
    start = datetime(2026, 12, 9, 20, tzinfo=ZoneInfo("Europe/Sofia"))
    assert rules.days_of(start, start + 4 * HOUR, "Europe/Sofia") == {date(2026, 12, 9)}
    assert rules.days_of(start, start + 5 * HOUR, "Europe/Sofia") == {date(2026, 12, 9), date(2026, 12, 10)}
    assert rules.days_of(start, start, "Europe/Sofia") == {date(2026, 12, 9)}


def test_each_day_that_no_date_holds_is_missing_and_night_belongs_to_its_evening() -> None:
    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 12, day, hour, tzinfo=UTC)

    sessions = [
        (1, at(9, 9), at(9, 10)),
        (2, at(10, 9), at(10, 10)),
        (2, at(11, 1), at(11, 2)),
        (None, at(12, 9), at(12, 10)),
        (None, at(12, 15), at(12, 16)),
    ]
    assert rules.missing_days([(at(9, 14), at(9, 18))], sessions, "UTC") == [
        (at(10, 9), at(11, 2)),
        (at(12, 9), at(12, 16)),
    ]
    assert rules.missing_days([], sessions, "UTC")[0] == (at(9, 9), at(9, 10))


def test_a_copy_keeps_the_time_on_the_wall_over_a_change_of_the_clocks() -> None:
    sofia = ZoneInfo("Europe/Sofia")
    moved = rules.moved_along(
        datetime(2026, 10, 24, 14, tzinfo=sofia),
        datetime(2026, 10, 24, 10, tzinfo=sofia),
        datetime(2026, 10, 25, 1, tzinfo=sofia),
        "Europe/Sofia",
        "Europe/Sofia",
    )
    assert moved == datetime(2026, 10, 25, 5, tzinfo=sofia)


def test_a_clash_needs_the_same_room_or_speaker_at_one_time() -> None:
    one = Item(1, NOON, NOON + HOUR, room_id=1, speaker_ids=(7, 8))
    room = Item(2, NOON + HOUR / 2, NOON + 2 * HOUR, room_id=1)
    people = Item(3, NOON, NOON + HOUR, room_id=2, speaker_ids=(8, 7, 9))
    after = Item(4, NOON + HOUR, NOON + 2 * HOUR, room_id=3, speaker_ids=(7,))
    empty = Item(5, NOON + HOUR / 2, NOON + HOUR / 2, room_id=1)
    assert rules.clashes([after, people, empty, room, one]) == (
        Clash(1, 3, same_room=False, speaker_ids=(7, 8)),
        Clash(1, 2, same_room=True, speaker_ids=()),
    )


items = st.builds(
    lambda id, start, length, room, people: Item(
        id, NOON + start * HOUR / 4, NOON + (start + length) * HOUR / 4, room, tuple(people)
    ),
    st.integers(1, 10_000),
    st.integers(0, 30),
    st.integers(0, 12),
    st.none() | st.integers(1, 3),
    st.lists(st.integers(1, 4), unique=True, max_size=2),
)


@given(st.lists(items, max_size=12, unique_by=lambda item: item.id))
def test_the_sweep_finds_what_comparing_all_pairs_finds(held: list[Item]) -> None:
    expected = {
        frozenset((one.id, other.id)) for one in held for other in held if one.id < other.id and rules.clash(one, other)
    }
    found = rules.clashes(held)
    assert len(found) == len(expected)
    assert {frozenset((clash.session_id, clash.other_id)) for clash in found} == expected


def test_what_was_withdrawn_from_a_draft_was_never_public() -> None:
    cancelled = SessionStatus.CANCELLED
    assert rules.was_public(SessionStatus.SCHEDULED, NOON, None) is True
    assert rules.was_public(cancelled, NOON, None) is False
    assert rules.was_public(cancelled, NOON, NOON + HOUR) is False
    assert rules.was_public(cancelled, NOON, NOON - HOUR) is True
