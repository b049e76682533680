"""A ticket is a signed number: the public key alone tells, without a list, that it was issued and for what.

The payload is 80 bytes: a body of 16 (format 1 byte, event id 6, registration id 6, ticket version 3,
big-endian) and the Ed25519 signature (RFC 8032) over a purpose prefix and that body. It is written as 193
decimal digits, zero-padded: digits are the same on every keyboard layout (INTEROP D66) and, in numeric mode,
fit QR version 5 at error correction M (202 digits). The keys are few and each of them is tried, so the body
names none.

The short code is what a person types when no camera helps: seven random characters of Crockford's base 32 and
one check character, shown in two groups of four. It proves nothing by itself; it is looked up.

`understand` is mirrored by the door page; a change here needs one there.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DIGITS = 193
PURPOSE = b"hubevents ticket\x00"
_FORMAT = 1
_ID_BYTES = 6
_VERSION_BYTES = 3
_BODY_BYTES = 1 + 2 * _ID_BYTES + _VERSION_BYTES
_SIGNATURE_BYTES = 64
_PAYLOAD_BYTES = _BODY_BYTES + _SIGNATURE_BYTES


class Problem(StrEnum):
    """Why a text gives no ticket; the values are reason codes of DESIGN 6."""

    NOT_A_TICKET = "not_a_ticket"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a genuine ticket says; `version` rises on reissue and hand-over, an older one is replaced."""

    event_id: int
    registration_id: int
    version: int


@dataclass(frozen=True, slots=True)
class ShortCode:
    """A well-formed short code, upper case and without its dash; whether it is anybody's is a look-up."""

    code: str


# --- the signed number ---


def issue(private_key: Ed25519PrivateKey, *, event_id: int, registration_id: int, version: int) -> str:
    """The ticket as 193 digits; the same values and key give the same digits.

    Raises OverflowError for ids from 2^48 and versions from 2^24.
    """
    body = (
        bytes([_FORMAT])
        + event_id.to_bytes(_ID_BYTES, "big")
        + registration_id.to_bytes(_ID_BYTES, "big")
        + version.to_bytes(_VERSION_BYTES, "big")
    )
    payload = body + private_key.sign(PURPOSE + body)
    return str(int.from_bytes(payload, "big")).zfill(DIGITS)


def read(text: str, public_keys: Iterable[Ed25519PublicKey]) -> Ticket | Problem:
    """The ticket in a scanned or typed text, or why there is none; never raises (D16, D17).

    White space, control characters and a scanner's short prefix or suffix are dropped. The same ticket
    several times in one text (two scans glued together) is one ticket; two different ones are none. Right in
    shape but signed by no key of ours is `forged`; everything else is `not_a_ticket`.
    """
    digits = _the_digits(text)
    if digits is None:
        return Problem.NOT_A_TICKET
    number = int(digits)
    if number.bit_length() > 8 * _PAYLOAD_BYTES:
        return Problem.FORGED
    payload = number.to_bytes(_PAYLOAD_BYTES, "big")
    body, signature = payload[:_BODY_BYTES], payload[_BODY_BYTES:]
    if not any(_signed(key.public_bytes_raw(), signature, body) for key in public_keys):
        return Problem.FORGED
    if body[0] != _FORMAT:
        return Problem.NOT_A_TICKET
    event_end = 1 + _ID_BYTES
    registration_end = event_end + _ID_BYTES
    return Ticket(
        event_id=int.from_bytes(body[1:event_end], "big"),
        registration_id=int.from_bytes(body[event_end:registration_end], "big"),
        version=int.from_bytes(body[registration_end:], "big"),
    )


def understand(text: str, public_keys: Iterable[Ed25519PublicKey]) -> Ticket | ShortCode | Problem:
    """What a text at the door is: a ticket, else a short code, else the problem `read` gives."""
    found = read(text, public_keys)
    if found is Problem.NOT_A_TICKET:
        code = normalise_code(text)
        if code is not None:
            return ShortCode(code)
    return found


@lru_cache(maxsize=10_000)  # the costliest step at a door, where phones send again and people leave and return
def _signed(key: bytes, signature: bytes, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, PURPOSE + body)
    except InvalidSignature:
        return False
    return True


_LONGEST = 4 * DIGITS + 64
_SPACE = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060\ufeff]+")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_RUN = re.compile(r"[0-9]+")
_AFFIX = 8


def _the_digits(text: str) -> str | None:
    """The 193 digits all runs of digits in the text repeat, or None."""
    if len(text) > _LONGEST:
        return None
    # An AIM identifier such as ]Q1 stands before each symbol and ends in a digit of its own.
    plain = _SYMBOLOGY.sub("", _SPACE.sub("", text))
    copies: list[str] = []
    for run in _RUN.findall(plain):
        if len(run) % DIGITS:
            return None
        copies += [run[start : start + DIGITS] for start in range(0, len(run), DIGITS)]
    foreign = len(plain) - DIGITS * len(copies)
    if len(set(copies)) != 1 or foreign > _AFFIX * (len(copies) + 1):
        return None
    return copies[0]


# --- the short code ---

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8
_RANDOM_BITS = 5 * (_CODE_LENGTH - 1)

_SEPARATORS = re.compile(r"[\s\-_.·\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]+")
_ALIKE = {"O": "0", "I": "1", "L": "1", "U": "V"}
# Cyrillic letters that mean the same however one came to type them.
_EITHER = dict(zip("АЕКМОТБГДФЙЛИЍІПЖШЯЦЪЗЬЅЈ", "AEKM0TBGDFJ1111PVWQCYZXSJ", strict=True))
# The rest differ: read off the ticket by their look, or struck on the phonetic Bulgarian layout where N gives
# Н and W gives В, or said aloud. The check character tells which was meant.
_READINGS = tuple(
    str.maketrans(_ALIKE | _EITHER | dict(zip("ВНРСУХ", meant, strict=True)))
    for meant in ("BHPCYX", "WNRSVH", "VNRSVH")
)


def new_code(randbits: Callable[[int], int]) -> str:
    """A new short code (eight characters, no dash) from 35 bits of `randbits`, such as `secrets.randbits`.

    The caller looks for a collision and draws again.
    """
    number = randbits(_RANDOM_BITS)
    values = [number >> shift & 31 for shift in range(_RANDOM_BITS - 5, -1, -5)]
    return "".join(ALPHABET[value] for value in (*values, _remainder(values)))


def short_code(code: str) -> str:
    """The short code as people see it: two groups of four with a dash."""
    return f"{code[:4]}-{code[4:]}"


def normalise_code(text: str) -> str | None:
    """The eight characters meant by what somebody typed, or None when the check character denies it.

    Case, spaces, dashes, look-alike letters (O I L U) and Cyrillic letters are forgiven; a single wrong
    character or two swapped ones never are.
    """
    if len(text) > 64:
        return None
    typed = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())
    for reading in _READINGS:
        code = typed.translate(reading)
        if len(code) == _CODE_LENGTH and all(character in ALPHABET for character in code):
            values = [ALPHABET.index(character) for character in code]
            if _remainder(values[:-1]) == values[-1]:
                return code
    return None


def _remainder(values: list[int]) -> int:
    """The check value in GF(32): every place weighs another power of 2, so no single error or swap hides."""
    check = 0
    for value in values:
        check = (check ^ value) << 1
        if check & 32:
            check ^= 0b100101
    return check
