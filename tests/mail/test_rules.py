"""Back-off and the meaning of SMTP replies."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.mail.rules import BACKOFF, Failure, Stage, next_attempt, read_failure, refusal

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_each_failure_waits_longer_and_the_eighth_is_the_last() -> None:
    waits = [next_attempt(attempts, NOW) for attempts in range(1, 9)]
    assert waits == [NOW + wait for wait in BACKOFF] + [None]
    assert sorted(BACKOFF) == list(BACKOFF)
    assert sum(BACKOFF, timedelta()) > timedelta(hours=36)


@pytest.mark.parametrize(
    ("stage", "code", "permanent"),
    [
        (Stage.RECIPIENT, 550, True),
        (Stage.RECIPIENT, 450, False),
        (Stage.CONTENT, 554, True),
        (Stage.CONTENT, 452, False),
        (Stage.SENDER, 550, False),
        (Stage.SIGN_IN, 535, False),
        (Stage.CONNECT, 554, False),
    ],
)
def test_only_refused_recipients_and_contents_are_for_good(stage: Stage, code: int, permanent: bool) -> None:
    assert refusal(stage, code, b"no").permanent is permanent


def test_a_failure_keeps_codes_but_no_words_of_the_server() -> None:
    failure = refusal(Stage.RECIPIENT, 550, b"5.1.1 <maria@example.org>: user unknown")
    assert str(failure) == "address_refused 550 5.1.1"
    assert read_failure(str(failure)) == (Stage.RECIPIENT, "550 5.1.1")


@given(st.text(max_size=80))
def test_any_kept_text_can_be_read(text: str) -> None:
    stage, detail = read_failure(text)
    assert (stage is None and detail == text) or stage in Stage


def test_failures_without_detail_are_one_word() -> None:
    assert str(Failure(Stage.ENCODING, permanent=True)) == "address_not_supported"
