"""Numbers of organisations: Bulgarian ЕИК/БУЛСТАТ with their check digits, VAT numbers of other countries (DOMAIN 3.3).

A number is kept without its Bulgarian prefix (`BG`), a foreign one with its country's. A BULSTAT number of ten digits
is somebody's ЕГН and therefore never valid here (PRODUCT 14).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

# What VAT numbers look like after their country's prefix (European Commission, VIES).
_VAT: Final = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{10}\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"(\d{9}|\d{12}|(GD|HA)\d{3})",
}
# Any other country: its two letters and 4 to 13 letters or digits, of which some digit.
_OTHER: Final = re.compile(r"[A-Z]{2}(?=[A-Z]*\d)[A-Z0-9]{4,13}")
# VIES names, where they differ from ISO 3166.
_COUNTRIES: Final = {"EL": "GR", "XI": "GB"}
# Cyrillic letters that look like Latin ones, as they come from a Bulgarian keyboard.
_LOOK_ALIKES: Final = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")

_FIRST: Final = (1, 2, 3, 4, 5, 6, 7, 8)
_SECOND: Final = (3, 4, 5, 6, 7, 8, 9, 10)
_BRANCH_FIRST: Final = (2, 7, 3, 5)
_BRANCH_SECOND: Final = (4, 9, 5, 7)


def normalise_organisation_number(text: str) -> str:
    """The form in which a number is kept and compared: capitals without spaces and marks, Bulgarian prefix taken off.

    `BG 123 456 789`, `БГ123456789`, `ЕИК 123456789` and `123456789` are one number. Says nothing about validity.
    """
    number = re.sub(r"[^\w+*]|_", "", unicodedata.normalize("NFKC", text).upper())
    number = re.sub(r"^(ЕИК|БУЛСТАТ|EIK|BULSTAT|VAT|ДДС)(?=.*\d)", "", number)
    number = re.sub(r"^(БГ|ВГ)(?=\d)", "BG", number).translate(_LOOK_ALIKES)
    return re.sub(r"^BG(?=\d)", "", number)


def is_eik(number: str) -> bool:
    """Whether nine digits (a body) or thirteen (its branch) are an ЕИК/БУЛСТАТ by their check digits."""
    if not (number.isascii() and number.isdigit() and len(number) in (9, 13)):
        return False
    digits = [int(digit) for digit in number]
    if _check_digit(digits[:8], _FIRST, _SECOND) != digits[8]:
        return False
    return len(digits) == 9 or _check_digit(digits[8:12], _BRANCH_FIRST, _BRANCH_SECOND) == digits[12]


def is_foreign_vat(number: str) -> bool:
    """Whether a normalised number has the form of another country's VAT number; its check digits are not judged."""
    country = number[:2]
    if country in _VAT:
        return re.fullmatch(_VAT[country], number[2:], re.ASCII) is not None
    return country != "BG" and _OTHER.fullmatch(number) is not None


def is_organisation_number(number: str) -> bool:
    """Whether a normalised number may be kept: an ЕИК/БУЛСТАТ or another country's VAT number."""
    return is_eik(number) or is_foreign_vat(number)


def country_of(number: str) -> str:
    """The country (ISO 3166, two letters) that a valid normalised number tells."""
    prefix = number[:2]
    return "BG" if prefix.isdigit() else _COUNTRIES.get(prefix, prefix)


def _check_digit(digits: Sequence[int], first: Sequence[int], second: Sequence[int]) -> int:
    """The remainder by 11 with the first weights; if that is 10 with the second; if that is 10 too, 0."""
    remainder = _weighted(digits, first)
    if remainder == 10:
        remainder = _weighted(digits, second)
    return remainder % 10


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """The weighted sum by 11."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
