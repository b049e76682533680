"""Writes tickets.json and search.json anew: `python -m tests.cases.make`.

The expectations of tickets.json stand here, written by hand; the keys of search.json are those `search_key`
gives, to be looked at in the difference. The tests see that the files are what is made here.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hubevents.core.text import search_key, transliterate
from hubevents.registrations.tickets import ALPHABET, DIGITS, PURPOSE, issue, new_code, short_code

FOLDER = Path(__file__).parent

# --- tickets ---

KEY, OLD_KEY, FOREIGN_KEY = (Ed25519PrivateKey.from_private_bytes(bytes(range(at, at + 32))) for at in range(3))
# The order of the group: S + L in a signature's place of S is the same number to a careless verifier.
_L = 2**252 + 27742317777372353535851937790883648493

NOT_A_TICKET, FORGED = {"problem": "not_a_ticket"}, {"problem": "forged"}


def _written(payload: bytes) -> str:
    return str(int.from_bytes(payload, "big")).zfill(DIGITS)


def _payload(text: str) -> bytes:
    return int(text).to_bytes(80, "big")


def _signed(body: bytes, key: Ed25519PrivateKey = KEY, purpose: bytes = PURPOSE) -> str:
    return _written(body + key.sign(purpose + body))


MINE = issue(KEY, event_id=7, registration_id=4321, version=2)
OTHER = issue(KEY, event_id=7, registration_id=4322, version=1)
TICKET = {"event": "7", "registration": "4321", "version": 2}
CODE = new_code(lambda bits: 0x2A5F0C3D1)

Case = tuple[str, str, str, dict[str, Any]]


def _genuine() -> Iterator[Case]:
    yield "a ticket", "D01", MINE, TICKET
    yield "another", "D01", OTHER, {"event": "7", "registration": "4322", "version": 1}
    yield (
        "signed by the former key",
        "D14",
        issue(OLD_KEY, event_id=7, registration_id=4321, version=2),
        TICKET,
    )
    yield (
        "the highest numbers",
        "D01",
        issue(KEY, event_id=2**48 - 1, registration_id=2**48 - 1, version=2**24 - 1),
        {"event": "281474976710655", "registration": "281474976710655", "version": 16777215},
    )
    yield (
        "numbers beyond 32 bits",
        "D01",
        issue(KEY, event_id=2**32 + 1, registration_id=2**40 + 9, version=1),
        {"event": "4294967297", "registration": "1099511627785", "version": 1},
    )
    yield (
        "the lowest numbers",
        "D01",
        issue(KEY, event_id=0, registration_id=0, version=0),
        {"event": "0", "registration": "0", "version": 0},
    )
    for number in range(1, 9):
        yield (
            f"one of many, {number}",
            "D01",
            issue(OLD_KEY if number % 3 == 0 else KEY, event_id=number, registration_id=97 * number**5, version=number),
            {"event": str(number), "registration": str(97 * number**5), "version": number},
        )


def _scanned() -> Iterator[Case]:
    """What scanners and keyboards add (D66)."""
    forms = {
        "with a line end": f"{MINE}\n",
        "with a Windows line end": f"{MINE}\r\n",
        "with a tab": f"{MINE}\t",
        "between spaces": f"  {MINE}  ",
        "between no-break and thin spaces": f"\u00a0{MINE}\u2009\u202f",
        "after a byte order mark": f"\ufeff{MINE}\u200b",
        "between control characters": f"\x02{MINE}\x03",
        "between separators of old tapes": f"\x1c{MINE}\x1f\x85",
        "with an AIM prefix": f"]Q1{MINE}",
        "with another AIM prefix": f"]Q3{MINE}\r",
        "with an AIM prefix of Data Matrix": f"]d2{MINE}",
        "between a prefix and a suffix": f"~{MINE}#",
        "after a word": f"QR:{MINE};",
        "after eight characters": f"ABCDEFGH{MINE}",
        "after Cyrillic, as a Bulgarian layout writes a prefix": f"ЯР:{MINE}",
        "in groups of four": " ".join(MINE[start : start + 4] for start in range(0, DIGITS, 4)),
        "in lines of sixty": "\n".join(MINE[start : start + 60] for start in range(0, DIGITS, 60)),
        "twice, glued": MINE * 2,
        "three times, glued": MINE * 3,
        "four times, glued": MINE * 4,
        "twice, in lines": f"{MINE}\n{MINE}\n",
        "twice, each with an AIM prefix": f"]Q1{MINE}\n]Q1{MINE}\n",
        "three times between marks": f"~{MINE}~{MINE}~{MINE}",
        "between two emoji, which are one character each": f"🎟{MINE}🎟",
        "after eight emoji": f"{'🎟' * 8}{MINE}",
    }
    for name, text in forms.items():
        yield name, "D66", text, TICKET
    yield "an emoji with its selector eight times is too long", "D66", f"{'🎟️' * 8}{MINE}", TICKET
    yield "seventeen characters around it are too many", "D66", f"{'~' * 17}{MINE}", NOT_A_TICKET
    yield "sixteen characters around it are forgiven", "D66", f"{'~' * 8}{MINE}{'~' * 8}", TICKET
    yield "an AIM prefix is none of them", "D66", f"{'~' * 8}]Q1{MINE}{'~' * 8}", TICKET
    yield "four times with 64 spaces", "D66", MINE * 4 + " " * 64, TICKET
    yield "four times with 65 spaces is too long", "D66", MINE * 4 + " " * 65, NOT_A_TICKET
    yield "five times is longer than any scanner glues", "D66", MINE * 5, NOT_A_TICKET


def _forged() -> Iterator[Case]:
    """Right in shape, signed by no key of ours (D16)."""
    one, two = _payload(MINE), _payload(OTHER)
    body = one[:16]
    for place in (0, 1, 6, 7, 12, 13, 15, 16, 31, 47, 48, 63, 79):
        changed = bytearray(one)
        changed[place] ^= 1 << place % 8
        yield f"a bit of byte {place} turned", "D16", _written(bytes(changed)), FORGED
    for place in (0, 1, 5, 96, 191, 192):
        digit = str((int(MINE[place]) + 1) % 10)
        yield f"digit {place} changed", "D16", MINE[:place] + digit + MINE[place + 1 :], FORGED
    yield "two digits swapped", "D16", _swapped(MINE, 100), FORGED
    yield "one ticket's body with another's signature", "D16", _written(body + two[16:]), FORGED
    yield "halves of two tickets", "D16", MINE[:96] + OTHER[96:], FORGED
    yield "backwards", "D16", MINE[::-1], FORGED
    yield "signed again by a stranger", "D16", _signed(body, FOREIGN_KEY), FORGED
    yield "signed without the purpose", "D16", _signed(body, purpose=b""), FORGED
    yield "signed for another purpose", "D16", _signed(body, purpose=b"hubevents link\x00"), FORGED
    yield "a version raised", "D16", _written(body[:15] + bytes([body[15] + 1]) + one[16:]), FORGED
    yield "a signature whose number is not reduced", "D16", _written(_unreduced(one)), FORGED
    yield "a signature of zeros", "D16", _written(body + bytes(64)), FORGED
    yield "a signature of the neutral element", "D16", _written(body + bytes([1]) + bytes(63)), FORGED
    yield "zeros", "D16", "0" * DIGITS, FORGED
    yield "nines, which are more than 80 bytes", "D16", "9" * DIGITS, FORGED
    yield "the least number of 81 bytes", "D16", str(2**640), FORGED
    yield "the greatest number of 80 bytes", "D16", str(2**640 - 1), FORGED
    yield "a genuine ticket with a byte more", "D16", str(256 * int(MINE) + 5), FORGED
    yield "a foreign ticket, scanned twice", "D16", _signed(body, FOREIGN_KEY) * 2, FORGED
    yield "a format of tomorrow, signed by us", "D16", _signed(bytes([2]) + body[1:]), NOT_A_TICKET
    yield "a format of tomorrow, signed by a stranger", "D16", _signed(bytes([2]) + body[1:], FOREIGN_KEY), FORGED
    for length in (1, 80, 192, 194, 300):
        yield f"the first {length} digits of two", "D16", (MINE + MINE)[:length], NOT_A_TICKET


def _swapped(text: str, place: int) -> str:
    """Two different neighbours changed, at `place` or after it."""
    while text[place] == text[place + 1]:
        place += 1
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _unreduced(payload: bytes) -> bytes:
    """S + L instead of S in a signature: the same equation, which no strict verifier takes."""
    number = int.from_bytes(payload[48:], "little") + _L
    return payload[:48] + number.to_bytes(32, "little")


def _foreign() -> Iterator[Case]:
    """Other codes that people hold up (D17)."""
    texts = {
        "nothing": "",
        "a space": " ",
        "NUL": "\x00",
        "many NUL": "\x00" * 500,
        "an address": "https://example.org/bg/zagore/events/roboti/",
        "an address with a ticket in it": f"https://example.org/?t={MINE}",
        "a script": "javascript:alert(1)",
        "a vCard": "BEGIN:VCARD\nVERSION:3.0\nN:Петрова;Мария\nTEL:+359888123456\nEND:VCARD",
        "a MECARD": "MECARD:N:Петрова,Мария;TEL:0888123456;;",
        "a wireless network": "WIFI:T:WPA;S:Hub;P:secret;;",
        "a payment (EPC)": "BCD\n002\n1\nSCT\nSTSABGSF\nHub\nBG80BNBG96611020345678\nEUR10",
        "a fiscal receipt": "DT123456*0012345*2026-10-14*09:12:00*12.50",
        "a parcel": "]C1(00)340123450000000017",
        "another system's ticket": "kc7s8xk2p9v4m3n6b1q5w8e2r7t4y9u6",
        "a token of three parts": "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJl",
        "a health certificate": "HC1:6BFOXN%TSMAHN-HWWK2RL99TEZP3Z9M52O651WGT0VQ*CG",
        "a place": "geo:42.6977,23.3219",
        "a mail": "mailto:maria@example.org?subject=Билет",
        "a telephone number": "tel:+359888123456",
        "a message": "SMSTO:+359888123456:Идвам",
        "a barcode of goods": "5901234123457",
        "emoji": "🎟️" * 40,
        "a family": "👩‍👩‍👧‍👦",
        "3 kB of text": "Билет за събитие. " * 90,
        "JSON": '{"ticket": 4321}',
        "half of a pair of surrogates": "\ud800",
        "surrogates the wrong way round": "\udc00\ud800",
        "Arabic digits": "٣" * DIGITS,
        "full-width digits": "１" * DIGITS,
        "mathematical digits": "𝟏" * DIGITS,
        "superscripts": "²" * DIGITS,
        "a number with a sign": "-" + "1" * 192,
        "a number with a decimal point": f"{MINE[:100]}.{MINE[100:]}",
        "a number with underscores": "_".join(MINE),
        "two tickets glued": f"{MINE}{OTHER}",
        "two tickets in lines": f"{MINE}\n{OTHER}",
        "a ticket and part of it": f"{MINE}{MINE[:80]}",
        "a ticket and a digit": f"{MINE} 7",
        "a ticket in a sentence": f"Билетът е {MINE}, пазете го",
        "an AIM prefix alone": "]Q1",
    }
    for name, text in texts.items():
        yield name, "D17", text, NOT_A_TICKET


_LONG = (("a", 3_000), ("1", 3_000), ("9", 200_000), ("🎟", 900), ("Ж", 4_000), ("\n", 900), (f"{MINE}\n", 40))

# Together they hold the whole alphabet.
_STEMS = ("0123456", "789ABCD", "EFGHJKM", "NPQRSTV", "WXYZ000", "CHNPRXY", "BHKMTPC", "YVANR1V", "ZZZZZZZ")


def _code(stem: str) -> str:
    """The code that begins with seven characters."""
    number = 0
    for char in stem:
        number = 32 * number + ALPHABET.index(char)
    return new_code(lambda bits: number)


CODES = tuple(map(_code, _STEMS))
_LOOKS = str.maketrans("ABEKMHPCTYX", "АВЕКМНРСТУХ")
_SOUNDS = str.maketrans("ABDEFGHJKMNPRSTVZ", "АБДЕФГХЙКМНПРСТВЗ")
_PHONETIC = str.maketrans("ABCDEFGHJKMNPQRSTVWXYZ", "АБЦДЕФГХЙКМНПЯРСТЖВЬЪЗ")


def _codes() -> Iterator[tuple[str, str, str | None]]:
    for code in CODES:
        shown = short_code(code)
        yield "as shown", shown, code
        yield "in small letters", shown.lower(), code
        yield "without the dash", code, code
        yield "with spaces", f" {code[:2]} {code[2:5]}–{code[5:]}\n", code
        yield "letter by letter", " ".join(code), code
        yield "with look-alikes", code.replace("0", "O").replace("1", "l").replace("V", "u"), code
        yield "with other look-alikes", code.replace("0", "o").replace("1", "I").replace("V", "U"), code
        yield "in Cyrillic, by the look", code.translate(_LOOKS), code
        yield "in small Cyrillic, by the look", code.translate(_LOOKS).lower(), code
        yield "on a phonetic layout", code.translate(_PHONETIC), code
        yield "in Cyrillic, as said aloud", code.translate(_SOUNDS), code
        yield "in full width", "".join(chr(ord(char) + 0xFEE0) for char in code), code
        yield "a character missing", code[1:], None
        yield "a character more", f"{code}{code[0]}", None
        yield "twice", code + code, None
        yield "the first character wrong", ALPHABET[(ALPHABET.index(code[0]) + 1) % 32] + code[1:], None
        yield "the last character wrong", code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 5) % 32], None
        if code[2] != code[5]:
            yield "two characters swapped", code[:2] + code[5] + code[3:5] + code[2] + code[6:], None
    yield "with an em dash", f"{CODE[:4]}—{CODE[4:]}", CODE
    yield "with a minus", f"{CODE[:4]}−{CODE[4:]}", CODE
    yield "with an underscore", f"{CODE[:4]}_{CODE[4:]}", CODE
    yield "with dots", f"{CODE[:2]}.{CODE[2:4]}·{CODE[4:]}", CODE
    yield "with a soft hyphen", f"{CODE[:4]}\u00ad{CODE[4:]}", CODE
    yield "with a no-break space", f"{CODE[:4]}\u00a0{CODE[4:]}", CODE
    yield "with invisible characters", f"\u200b{CODE[:4]}\u2060{CODE[4:]}\ufeff", CODE
    yield "with separators of old tapes", f"{CODE[:4]}\x1c{CODE[4:]}\x85", CODE
    yield "with й made of two characters", CODE.translate(_PHONETIC).replace("Й", "И\u0306"), CODE
    yield "in circles", "".join(_circled(char) for char in CODE), CODE
    yield "with an exclamation mark", f"{CODE[:4]}!{CODE[4:]}", None
    yield "with an accent", f"{CODE[:4]}\u0301{CODE[4:]}", None
    yield "in letters with accents", "ÄÄÄÄÄÄÄÄ", None
    yield "in letters that are none of them", "ЩЩЩЩЩЩЩЩ", None
    yield "in eight emoji", "🎟" * 8, None
    yield "in half pairs of surrogates", "\ud800" * 8, None
    yield "with letters that grow in capitals", "ßßßßßßßß", None
    yield "of 64 characters", CODE + " " * 56, CODE
    yield "of 65 characters", CODE + " " * 57, None
    yield "of NUL", "\x00" * 8, None


def _circled(char: str) -> str:
    if char.isdigit():
        return chr(0x2460 + int(char) - 1) if char != "0" else "⓪"
    return chr(0x24B6 + ord(char) - ord("A"))


def tickets() -> dict[str, Any]:
    """tickets.json."""
    texts = [
        {"name": name, "case": case, "text": text, "expect": expect}
        for made in (_genuine, _scanned, _forged, _foreign)
        for name, case, text, expect in made()
    ]
    texts += [
        {"name": f"{times} times {text[:8]!a}", "case": "D17", "text": text, "times": times, "expect": NOT_A_TICKET}
        for text, times in _LONG
    ]
    texts += [
        {"name": "a short code, held up or typed", "case": "D65", "text": short_code(CODE), "expect": {"code": CODE}},
        {"name": "a short code from a hand scanner", "case": "D66", "text": f"{CODE}\r\n", "expect": {"code": CODE}},
        {"name": "a short code with an AIM prefix", "case": "D66", "text": f"]Q1{CODE}", "expect": NOT_A_TICKET},
    ]
    return {
        "about": "Texts at the door and what they are, shared by hubevents/registrations/tickets.py and the page; "
        "made by tests/cases/make.py. text is repeated times times. codes are short codes as people type them, "
        "null where the check character denies it.",
        "keys": [
            urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=") for key in (KEY, OLD_KEY)
        ],
        "texts": texts,
        "codes": [{"name": name, "typed": typed, "code": code} for name, typed, code in _codes()],
    }


# --- search ---

_NAMES = """
Мария Петрова|Иван Иванов|Георги Димитров|Елена Стоянова-Колева|Надежда Жекова|Цветан Щерев|Юлия Йорданова
Яна Ямакова|Ангел Ъглов|Сия Синьова|Гьорги Гьоргиев|Йоан Йовчев|Хайредин Хюсеинов|Жасмина Чучулайн
Щилиян Шейтанов|Цонка Цонева|Миряна Кьосева|Дмитрий Андреевич Ёлкин|Любомир Любенов|Ивайло Ивайлов
България|Българка Българова|Bulgaria|Булгаков|Сергей Ильич|Анастасия Вълчева|Велислава Илийчева
Мъгърдич Мъгърдичян|Пламен „Пацо“ Паскалев|О'Брайън|Жан-Клод Ван Дам|Д-р инж. Петър Берон|проф. Иван Шишманов
Йордан Радичков|Софийски университет „Св. Климент Охридски“|„Агро 2000“ ЕООД|ЕТ «Зора – Иван Минчев»
Софтуер №1 ООД|Кафе-сладкарница "Шоколад"|С. Х. Ц. Щ.|Ѝскра|ѝ|Ѝ|Маринѐ|Хѐ|Ѣгодина Ѫглов|Ґалаґан Їжакевич
Ўладзімір Крук|Љубица Његош|Ђорђе Ћосић|Џемо Ѓорѓиев Ќосев|Ѕвездан Јовановић|Эдуард Ыйм|Вяра и Мая|Ия|Ий|Иййй
Євген Їжак|ѧзꙑкъ|Œuvre œuvre|José Łukasz|Straße|STRASSE
Ægir Øresund|Þór Ðagur|Đorđe Ħamm|İstanbul|ISTANBUL|ıstanbul|Σίσυφος|ΣΊΣΥΦΟΣ
ﬁne ﬂow|Ǆungla|ŉeen|①②③|Ⅷ век|𝕳𝖆𝖘𝖍|ＦＵＬＬ　ＷＩＤＴＨ|½ литър|10 ℃|H₂O|x²|ªº|ͺ|aͺb
maria@example.org|MARIA.PETROVA+door@Example.ORG|info@xn--80ak6aa92e.com|тест@пример.бг
李明|김철수|김|ガギグ|ｶﾞ|नमस्ते|สวัสดี|עִבְרִית|العَرَبِيَّة|Ω Ω Å Å|Ꮳ Ꭰ ꮳ|ǰ ẖ ẗ|ẞ ß ſ|ΰ ΐ ᾳ ᾼ
👩‍👩‍👧 Мария|🎟️|e\u0301|é|И\u0306ордан|й|и\u0306|Е\u0308лка|е\u0308|ѝ|и\u0300|а\u0301дрес|Мари\u0301я
""".replace("\n", "|")

_HALF = (
    "Мария", "Щерев", "Юлия", "Гьорги", "Илийчева", "България", "Хюсеинов", "Дмитрий", "Цветан", "Mariya", "Bulgaria",
)  # fmt: skip

_HOSTILE = (
    "", " ", "\t\n ", "\x00", "a\x00b", "a\x1cb", "a\x85b", "a\u00a0b", "a\u2003b", "a\u200bb",
    "\ufeffa", "a\u2028b", "a\u3000b", "-", "--", "–—−", "‐‑‒", "\"'`´‘’‚‛“”„‟«»‹›", "„Мария“", "'a'", "a'b",
    "a - b", "a–b", "%_\\", "' OR 1=1 --", "<b>Мария</b>", "\ud800", "\U0001f600", "\u0301", "\u0301a",
    "a\u0345", "a\u0345\u0301", "a\u034f", "\u0489а\u0489", "\u0345",
    "iy", "iyy", "iyiy", "yiy", "иий", "ийя", "bulg", "BULG", "Bulgbulg", "булг", "бълг", "буулг", "ий ий", "Ий-ия",
    "Й" * 20, "Щ" * 50, "A" * 300,
)  # fmt: skip


def search() -> dict[str, Any]:
    """search.json."""
    texts = [name for name in _NAMES.split("|") if name]
    for name in list(texts):
        texts += [name.upper(), name.lower(), transliterate(name)]
    for word in _HALF:
        texts += [word[:length] for length in range(1, len(word) + 1)]
        texts += [transliterate(word)[:length] for length in range(1, len(transliterate(word)) + 1)]
    texts += _HOSTILE
    return {
        "about": "What people write and the key it is searched by, shared by hubevents/core/text.py and the page; "
        "made by tests/cases/make.py.",
        "keys": [{"text": text, "key": search_key(text)} for text in dict.fromkeys(texts)],
    }


# --- the files ---


def _visible(char: str) -> str:
    """A character of JSON: only those one sees are themselves."""
    if char == " " or char.isprintable():
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _line(value: Any) -> str:
    return "".join(map(_visible, json.dumps(value, ensure_ascii=False)))


def written(book: dict[str, Any]) -> str:
    """A file's text: a line for each case."""
    parts = []
    for key, value in book.items():
        lines = ",\n".join(map(_line, value)) if isinstance(value, list) else _line(value)
        parts.append(f'"{key}": ' + (f"[\n{lines}\n]" if isinstance(value, list) else lines))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Writes both files."""
    (FOLDER / "tickets.json").write_text(written(tickets()), encoding="utf-8")
    (FOLDER / "search.json").write_text(written(search()), encoding="utf-8")


if __name__ == "__main__":
    main()
