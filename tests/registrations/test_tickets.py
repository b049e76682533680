"""Tickets: what is signed, what survives a scanner and a keyboard, and what never passes."""

import re
import secrets
import time
from io import BytesIO

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from hubevents.core import qr
from hubevents.registrations.tickets import (
    ALPHABET,
    DIGITS,
    PURPOSE,
    Problem,
    ShortCode,
    Ticket,
    issue,
    new_code,
    normalise_code,
    read,
    short_code,
    understand,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OLD_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FOREIGN_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
OURS = (KEY.public_key(), OLD_KEY.public_key())

TICKET = Ticket(event_id=7, registration_id=4_321, version=2)
TEXT = issue(KEY, event_id=7, registration_id=4_321, version=2)
SECOND = issue(KEY, event_id=7, registration_id=4_322, version=1)
CODE = new_code(lambda bits: 0x2A5F0C3D1)


def written(payload: bytes) -> str:
    return str(int.from_bytes(payload, "big")).zfill(DIGITS)


def payload_of(text: str) -> bytearray:
    return bytearray(int(text).to_bytes(80, "big"))


# --- the signed number ---


def test_a_ticket_is_193_digits_and_says_what_it_was_issued_for() -> None:
    assert re.fullmatch("[0-9]{193}", TEXT)
    assert read(TEXT, OURS) == TICKET


def test_the_same_ticket_is_the_same_text() -> None:
    assert issue(KEY, event_id=7, registration_id=4_321, version=2) == TEXT


def test_the_layout_is_the_documented_one() -> None:
    payload = payload_of(TEXT)
    body = bytes(payload[:16])
    assert body == bytes.fromhex("01 000000000007 0000000010e1 000002")
    KEY.public_key().verify(bytes(payload[16:]), PURPOSE + body)


ids = st.integers(0, 2**48 - 1)


@settings(max_examples=60, deadline=None)
@given(event_id=ids, registration_id=ids, version=st.integers(0, 2**24 - 1))
@example(event_id=2**48 - 1, registration_id=2**48 - 1, version=2**24 - 1)
@example(event_id=0, registration_id=0, version=0)
def test_every_id_in_range_comes_back(event_id: int, registration_id: int, version: int) -> None:
    text = issue(KEY, event_id=event_id, registration_id=registration_id, version=version)
    assert len(text) == DIGITS
    assert read(text, OURS) == Ticket(event_id, registration_id, version)


@pytest.mark.parametrize(
    "too_much", [{"event_id": 2**48}, {"registration_id": 2**48}, {"version": 2**24}, {"event_id": -1}]
)
def test_what_does_not_fit_is_not_issued(too_much: dict[str, int]) -> None:
    with pytest.raises(OverflowError):
        issue(KEY, **{"event_id": 1, "registration_id": 1, "version": 1, **too_much})


def test_a_ticket_of_the_former_key_is_still_ours() -> None:
    assert read(issue(OLD_KEY, event_id=7, registration_id=4_321, version=2), OURS) == TICKET


def test_a_key_taken_out_of_use_is_foreign() -> None:
    assert read(TEXT, OURS[1:]) is Problem.FORGED
    assert read(TEXT, ()) is Problem.FORGED


# --- D16: tampered ---


@settings(max_examples=80, deadline=None)
@given(place=st.integers(0, 639))
def test_d16_no_flipped_bit_passes(place: int) -> None:
    payload = payload_of(TEXT)
    payload[place // 8] ^= 1 << place % 8
    assert read(written(bytes(payload)), OURS) is Problem.FORGED


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, DIGITS - 1), digit=st.sampled_from("0123456789"))
def test_d16_no_changed_digit_passes(place: int, digit: str) -> None:
    changed = TEXT[:place] + digit + TEXT[place + 1 :]
    assert read(changed, OURS) == (TICKET if changed == TEXT else Problem.FORGED)


def test_d16_swapped_signed_again_and_bodies_exchanged_are_forged() -> None:
    one, two = payload_of(TEXT), payload_of(SECOND)
    assert read(written(bytes(one[:16] + two[16:])), OURS) is Problem.FORGED
    assert read(TEXT[::-1], OURS) is Problem.FORGED
    assert read(issue(FOREIGN_KEY, event_id=7, registration_id=4_321, version=2), OURS) is Problem.FORGED
    assert read(written(bytes(one[:16]) + KEY.sign(bytes(one[:16]))), OURS) is Problem.FORGED
    assert (
        read(written(bytes(one[:16]) + KEY.sign(b"hubevents link\x00" + bytes(one[:16]))), OURS)
        is Problem.FORGED
    )
    assert read("0" * DIGITS, OURS) is Problem.FORGED
    assert read("9" * DIGITS, OURS) is Problem.FORGED


@pytest.mark.parametrize("length", [1, 80, 192, 194, 300])
def test_d16_truncated_or_lengthened_is_no_ticket(length: int) -> None:
    assert read((TEXT + TEXT)[:length], OURS) is Problem.NOT_A_TICKET


def test_a_genuine_body_of_a_later_format_is_not_read_as_ours() -> None:
    body = bytes([2]) + bytes(payload_of(TEXT)[1:16])
    assert read(written(body + KEY.sign(PURPOSE + body)), OURS) is Problem.NOT_A_TICKET


# --- D17: foreign ---

FOREIGN = [
    "",
    " ",
    "\x00",
    "\x00" * 500,
    "https://example.org/bg/zagore/events/roboti/",
    f"https://example.org/?t={TEXT}",
    "BEGIN:VCARD\nVERSION:3.0\nN:Петрова;Мария\nEND:VCARD",
    "WIFI:T:WPA;S:Hub;P:secret;;",
    "BCD\n002\n1\nSCT\nSTSABGSF\nHub\nBG80BNBG96611020345678\nEUR10",
    "🎟️" * 40,
    "a" * 3_000,
    "1" * 3_000,
    "9" * 200_000,
    "5901234123457",
    "\ud800",
    "٣" * 193,
    "１" * 193,
    "²" * 193,
    "-" + "1" * 192,
    "1_" * 193,
    f"{TEXT}{SECOND}",
    f"{TEXT}\n{SECOND}",
    f"{TEXT}{TEXT[:80]}",
    f"{TEXT} 7",
    f"Билетът е {TEXT}, пазете го",
]


@pytest.mark.parametrize("text", FOREIGN, ids=range(len(FOREIGN)))
def test_d17_what_is_not_ours_is_no_ticket(text: str) -> None:
    assert read(text, OURS) is Problem.NOT_A_TICKET
    assert understand(text, OURS) is Problem.NOT_A_TICKET
    assert read(TEXT, OURS) == TICKET


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60) | st.text("0123456789 \n]Q1", max_size=500))
def test_d17_no_text_is_an_error(text: str) -> None:
    assert isinstance(understand(text, OURS), (Problem, ShortCode))


# --- D66: keyboard scanners ---


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT}\n",
        f"{TEXT}\r\n",
        f"{TEXT}\t",
        f"  {TEXT}  ",
        f"\ufeff{TEXT}\u200b",
        f"\x02{TEXT}\x03",
        f"]Q1{TEXT}",
        f"]Q3{TEXT}\r",
        f"~{TEXT}#",
        f"QR:{TEXT};",
        " ".join(TEXT[start : start + 4] for start in range(0, DIGITS, 4)),
        TEXT + TEXT,
        f"{TEXT}\n{TEXT}\n",
        f"]Q1{TEXT}\n]Q1{TEXT}\n",
        f"~{TEXT}~{TEXT}~{TEXT}",
    ],
)
def test_d66_what_scanners_add_is_dropped_and_glued_scans_are_one(text: str) -> None:
    assert read(text, OURS) == TICKET


def test_the_ticket_goes_through_a_qr_code_of_version_5() -> None:
    found = zxingcpp.read_barcodes(Image.open(BytesIO(qr.png(TEXT))))
    assert [read(each.text, OURS) for each in found] == [TICKET]
    assert len(qr.modules(TEXT)) == 37


def test_reading_foreign_texts_is_quick_however_long() -> None:
    started = time.perf_counter()
    for text in FOREIGN:
        understand(text * 100, OURS)
    assert time.perf_counter() - started < 1


# --- the short code ---


def test_a_code_is_eight_characters_shown_in_two_groups() -> None:
    assert re.fullmatch(f"[{ALPHABET}]{{8}}", CODE)
    assert short_code(CODE) == f"{CODE[:4]}-{CODE[4:]}"
    assert new_code(lambda bits: 0) == "00000000"


def test_a_code_asks_for_35_bits_and_uses_them_all() -> None:
    asked: list[int] = []

    def randbits(bits: int) -> int:
        asked.append(bits)
        return 2**bits - 1

    assert new_code(randbits).startswith("ZZZZZZZ")
    assert asked == [35]
    assert len({new_code(lambda bits, place=place: 1 << place) for place in range(35)}) == 35


def test_the_alphabet_has_no_look_alikes() -> None:
    assert (len(set(ALPHABET)), set("ILOU") & set(ALPHABET)) == (32, set())


codes = st.integers(0, 2**35 - 1).map(lambda number: new_code(lambda bits: number))


@settings(max_examples=100, deadline=None)
@given(code=codes)
def test_every_code_is_read_as_itself(code: str) -> None:
    assert normalise_code(code) == code
    assert normalise_code(short_code(code).lower()) == code
    assert normalise_code(f" {code[:2]} {code[2:5]}–{code[5:]}\n") == code
    assert normalise_code(code.replace("0", "O").replace("1", "l").replace("V", "u")) == code
    assert understand(short_code(code), OURS) == ShortCode(code)


@settings(max_examples=100, deadline=None)
@given(code=codes)
def test_cyrillic_look_alikes_are_the_letters_they_look_like(code: str) -> None:
    alike = str.maketrans("ABEKMHPCTYX", "АВЕКМНРСТУХ")
    assert normalise_code(code.translate(alike)) == code
    assert normalise_code(code.translate(alike).lower()) == code


@settings(max_examples=100, deadline=None)
@given(code=codes, place=st.integers(0, 7), other=st.sampled_from(ALPHABET))
def test_no_single_wrong_character_passes(code: str, place: int, other: str) -> None:
    typo = code[:place] + other + code[place + 1 :]
    assert normalise_code(typo) == (code if typo == code else None)


@settings(max_examples=100, deadline=None)
@given(code=codes, one=st.integers(0, 7), two=st.integers(0, 7))
def test_no_two_swapped_characters_pass(code: str, one: int, two: int) -> None:
    letters = list(code)
    letters[one], letters[two] = letters[two], letters[one]
    assert normalise_code("".join(letters)) == (code if "".join(letters) == code else None)


def by_key(code: str) -> str:
    """What the keys of the phonetic Bulgarian layout give for a code typed without looking."""
    return code.translate(str.maketrans("ABCDEFGHJKMNPQRSTVWXYZ", "АБЦДЕФГХЙКМНПЯРСТЖВЬЪЗ"))


def test_typed_blind_on_a_bulgarian_layout_nearly_every_code_survives() -> None:
    sample = [new_code(lambda bits, seed=seed: seed * 7_919_777_771 % 2**35) for seed in range(400)]
    readings = [normalise_code(by_key(code)) for code in sample]
    right = sum(reading == code for reading, code in zip(readings, sample, strict=True))
    wrong = sum(reading not in (None, code) for reading, code in zip(readings, sample, strict=True))
    assert right >= 380
    assert right + wrong == len(sample)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        CODE[:7],
        CODE + "0",
        f"{CODE}{CODE}",
        "ÄÄÄÄÄÄÄÄ",
        "ЩЩЩЩЩЩЩЩ",
        CODE[:4] + "!" + CODE[4:],
        "0" * 5_000,
    ],
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert normalise_code(text) is None


def test_codes_of_the_real_source_of_chance_are_well_formed() -> None:
    drawn = [new_code(secrets.randbits) for _ in range(50)]
    assert [normalise_code(code) for code in drawn] == drawn
