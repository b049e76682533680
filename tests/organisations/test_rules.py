"""Numbers of organisations: one form for one body, and check digits that find a slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubevents.organisations import rules


def eik(first_eight: str) -> str:
    """A number completed by its check digit, by the words of the rule."""
    remainder = sum(int(d) * w for d, w in zip(first_eight, range(1, 9), strict=True)) % 11
    if remainder == 10:
        remainder = sum(int(d) * w for d, w in zip(first_eight, range(3, 11), strict=True)) % 11
    return first_eight + str(0 if remainder == 10 else remainder)


@pytest.mark.parametrize("number", ["123456786", "200000002", "200000015", "100000550", "1234567860016"])
def test_known_numbers_are_valid(number: str) -> None:
    assert rules.is_eik(number)


@given(st.text("0123456789", min_size=8, max_size=8))
def test_exactly_one_check_digit_is_right(first_eight: str) -> None:
    valid = [digit for digit in range(10) if rules.is_eik(f"{first_eight}{digit}")]
    assert [f"{first_eight}{digit}" for digit in valid] == [eik(first_eight)]


@given(st.text("0123456789", min_size=8, max_size=8), st.text("0123456789", min_size=3, max_size=3))
def test_exactly_one_check_digit_of_a_branch_is_right(first_eight: str, branch: str) -> None:
    head = eik(first_eight)
    assert len([digit for digit in range(10) if rules.is_eik(f"{head}{branch}{digit}")]) == 1
    wrong_head = head[:8] + str((int(head[8]) + 1) % 10)
    assert [digit for digit in range(10) if rules.is_eik(f"{wrong_head}{branch}{digit}")] == []


@pytest.mark.parametrize(
    "typed",
    [
        "123456786",
        " 123 456 786 ",
        "BG123456786",
        "bg 123-456-786",
        "ВГ123456786",
        "БГ123456786",
        "ЕИК: 123456786",
        "EIK 123456786",
        "БУЛСТАТ 123456786",
        "１２３456786",
    ],
)
def test_one_body_has_one_number(typed: str) -> None:
    assert rules.normalise_organisation_number(typed) == "123456786"


@given(st.text())
def test_normalising_is_final(typed: str) -> None:
    once = rules.normalise_organisation_number(typed)
    assert rules.normalise_organisation_number(once) == once


@pytest.mark.parametrize(
    ("typed", "number", "country"),
    [
        ("123456786", "123456786", "BG"),
        ("de 123 456 789", "DE123456789", "DE"),
        ("ATU12345678", "ATU12345678", "AT"),
        ("EL123456789", "EL123456789", "GR"),
        ("RS101134702", "RS101134702", "RS"),
        ("CHE-123.456.789", "CHE123456789", "CH"),
        ("NL123456789B01", "NL123456789B01", "NL"),
    ],
)
def test_numbers_of_other_countries_are_kept_with_their_country(typed: str, number: str, country: str) -> None:
    kept = rules.normalise_organisation_number(typed)
    assert kept == number
    assert rules.is_organisation_number(kept)
    assert rules.country_of(kept) == country


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "1",
        "123456787",
        "12345678",
        "7523169263",
        "BG7523169263",
        "DE12345",
        "България",
        "XX",
        "ABCDEFGH",
        "1234567860017",
        "١٢٣٤٥٦٧٨٦",
        "=1+1",
    ],
)
def test_other_texts_are_no_numbers(wrong: str) -> None:
    assert not rules.is_organisation_number(rules.normalise_organisation_number(wrong))


@given(st.text("0123456789", min_size=10, max_size=10))
def test_ten_digits_and_so_an_identity_number_are_never_one(number: str) -> None:
    assert not rules.is_organisation_number(rules.normalise_organisation_number(number))
