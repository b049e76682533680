"""When reminders are due, which names greet, and what several changes come to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.notices.rules import REMIND_AHEAD, Change, greeting_name, merged_changes, reminder_due

SOFIA = ZoneInfo("Europe/Sofia")


@pytest.mark.parametrize(
    ("starts", "due"),
    [
        (datetime(2026, 12, 9, 10, tzinfo=SOFIA), datetime(2026, 12, 8, 9, tzinfo=SOFIA)),
        (datetime(2026, 12, 9, 18, tzinfo=SOFIA), datetime(2026, 12, 8, 9, tzinfo=SOFIA)),
        (datetime(2026, 12, 9, 7, tzinfo=SOFIA), datetime(2026, 12, 8, 7, tzinfo=SOFIA)),
        (datetime(2026, 10, 25, 12, tzinfo=SOFIA), datetime(2026, 10, 24, 9, tzinfo=SOFIA)),
    ],
)
def test_reminders_come_on_the_day_before(starts: datetime, due: datetime) -> None:
    assert reminder_due(starts, "Europe/Sofia") == due


@given(st.integers(0, 6 * 365 * 24 * 4))
def test_a_reminder_is_never_late_nor_long_before(quarters: int) -> None:
    starts = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
    ahead = starts - reminder_due(starts, "Europe/Sofia")
    assert timedelta(hours=22) < ahead <= REMIND_AHEAD


@pytest.mark.parametrize("name", ["Мария", "Анна-Мария", "J.", "O'Neill", "Мария 🎉", "מרים", "Ана Мария", "<>"[:0]])
def test_names_greet(name: str) -> None:
    assert greeting_name(name) == name


@pytest.mark.parametrize(
    "name", ["https://bad.example", "win.money", "bad@example.org", "www bad", "<b>", "a/b", "x" * 41, "a\\b"]
)
def test_what_looks_like_an_address_does_not_greet(name: str) -> None:
    assert greeting_name(name) == ""


def change(date: int, was: str | None, now: str | None, *, online: bool = False) -> Change:
    def moment(start: str | None) -> dict[str, object] | None:
        return None if start is None else {"starts_at": start, "ends_at": start, "place": {}}

    return {"date": date, "was": moment(was), "now": moment(now), "online": online}


def test_the_oldest_was_and_the_newest_now_remain() -> None:
    merged = merged_changes([[change(1, "a", "b"), change(2, "x", "y")], [change(1, "b", "c"), change(3, None, "n")]])
    assert merged == [change(1, "a", "c"), change(2, "x", "y"), change(3, None, "n")]


def test_back_and_forth_is_nothing() -> None:
    assert merged_changes([[change(1, "a", "b")], [change(1, "b", "a")]]) == []
    assert merged_changes([[change(3, None, "n")], [change(3, "n", None)]]) == []


def test_a_new_address_to_join_is_news_although_nothing_moved() -> None:
    assert merged_changes([[change(1, "a", "a", online=True)]]) == [change(1, "a", "a", online=True)]
