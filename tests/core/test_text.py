"""Text from outside: nothing hostile passes, nothing honest is lost."""

import datetime as dt
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from hubevents.core import text

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
BULGARIAN = st.text("абвгдежзийклмнопрстуфхцчшщъьюя", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("  Мария \t Иванова\n", "Мария Иванова"),
        ("a\x00b\x07c\x9fd", "abcd"),
        ("и\u0306", "й"),
        ("a\ud800b\udfff", "ab"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("a\u2067b\u2069", "ab"),
        ("\u200b \u200d \u00ad", ""),
        ("ред 1\r\nред 2", "ред 1 ред 2"),
        ("лице 👩\u200d🌾", "лице 👩\u200d🌾"),
        ("a\ufffeb\U0001ffffc", "abc"),
    ],
)
def test_a_single_line_is_cleaned(given_text: str, kept: str) -> None:
    assert text.clean(given_text) == kept


def test_a_long_text_keeps_lines_and_tabs() -> None:
    assert text.clean(" a\r\n\tb\rc\x00\u2028d\n\n ", long=True) == "a\n\tb\nc\nd"


@given(ANY_TEXT, st.booleans())
def test_cleaning_is_final_and_storable(anything: str, long: bool) -> None:
    kept = text.clean(anything, long=long)
    assert text.clean(kept, long=long) == kept
    assert unicodedata.is_normalized("NFC", kept)
    kept.encode("utf-8")
    allowed = {"\n", "\t"} if long else set()
    assert [char for char in kept if unicodedata.category(char) == "Cc" and char not in allowed] == []


def test_one_person_has_one_address() -> None:
    assert text.normalise_email(" Maria.Ivanova@Example.ORG\n") == "maria.ivanova@example.org"
    assert text.normalise_email("МАРИЯ@ПРИМЕР.БГ") == "мария@пример.бг"


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("България", "Bulgaria"),
        ("БЪЛГАРИЯ", "BULGARIA"),
        ("българският", "balgarskiyat"),
        ("Стара Загора", "Stara Zagora"),
        ("Мария", "Maria"),
        ("МАРИЯ ЩЕРЕВА", "MARIA SHTEREVA"),
        ("Илияна Щерева", "Iliyana Shtereva"),
        ("Юлиян Жечев", "Yuliyan Zhechev"),
        ("Цонко Хаджиев", "Tsonko Hadzhiev"),
        ("Ъгъл, шофьор", "Agal, shofyor"),
        ("Йордан (Ямбол)", "Yordan (Yambol)"),
        ("И\u0306ордан", "Yordan"),
        ("Щ", "Sht"),
        ("Београд, Київ", "Beograd, Kiyiv"),
        ("AI & Straße 2026", "AI & Straße 2026"),
    ],
)
def test_names_become_latin_by_the_act(cyrillic: str, latin: str) -> None:
    assert text.transliterate(cyrillic) == latin


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Дни на дигиталните иновации 2026", "dni-na-digitalnite-inovatsii-2026"),
        ("Café „Müller“ – Łódź’s straße", "cafe-muller-lodzs-strasse"),
        ("  --  ", ""),
        ("日本語", ""),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_slugs_are_plain_ascii(title: str, slug: str) -> None:
    assert text.slugify(title) == slug


def test_a_long_slug_is_cut_between_words() -> None:
    assert (
        text.slugify("обучение по киберсигурност за общински служители", limit=30) == "obuchenie-po-kibersigurnost-za"
    )
    assert text.slugify("обучение по киберсигурност", limit=20) == "obuchenie-po"
    assert text.slugify("а" * 100, limit=10) == "a" * 10


@given(ANY_TEXT, st.integers(1, 80))
def test_a_slug_is_safe_whatever_comes(anything: str, limit: int) -> None:
    slug = text.slugify(anything, limit=limit)
    assert len(slug) <= limit
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug == slug.strip("-")
    assert text.slugify(slug, limit=limit) == slug


@pytest.mark.parametrize(
    "typed",
    ["мария", "МАРИЯ", "Maria", "mariya", "мари", "Елкина", "Ёлкина", "elkina", "Андреи\u0306", "андрей"],
)
def test_people_are_found_by_part_in_both_alphabets(typed: str) -> None:
    assert text.search_key(typed) in text.search_key("Мария-Андрей ѝ „Ёлкина“")


@given(BULGARIAN, st.integers(1, 20))
def test_half_a_word_finds_the_word(word: str, length: int) -> None:
    assert text.search_key(word).startswith(text.search_key(word[:length]))


@given(BULGARIAN)
def test_latin_finds_cyrillic(word: str) -> None:
    assert text.search_key(text.transliterate(word)) == text.search_key(word)


def test_different_accents_are_one_key() -> None:
    assert text.search_key("José  Łukasz") == text.search_key("jose łukasz") == "jose lukasz"
    assert text.search_key("ѝ") == text.search_key("и")


@pytest.mark.parametrize(
    ("title", "ext", "name"),
    [
        ("Списък на участниците", "csv", "spisak-na-uchastnitsite.csv"),
        ("CON", "xlsx", "file-con.xlsx"),
        ('a"; rm -rf /\r\n', "ics", "a-rm-rf.ics"),
        ("会议", "../PDF", "file.pdf"),
    ],
)
def test_file_names_are_harmless(title: str, ext: str, name: str) -> None:
    assert text.file_name(title, ext) == name


def test_markdown_becomes_safe_html() -> None:
    html = text.markdown("# Програма\nВиж [тук](https://example.org) и **сега**\n\n- едно\n- две")
    assert isinstance(html, Markup)
    assert html == (
        "<h3>Програма</h3>\n"
        '<p>Виж <a href="https://example.org" rel="noopener nofollow">тук</a> и <strong>сега</strong></p>\n'
        "<ul>\n<li>едно</li>\n<li>две</li>\n</ul>"
    )


def test_a_bare_address_becomes_a_link_without_its_full_stop() -> None:
    assert text.markdown("на https://example.org/а?x=1.") == (
        '<p>на <a href="https://example.org/%D0%B0?x=1" rel="noopener nofollow">https://example.org/а?x=1</a>.</p>'
    )
    assert text.markdown("`https://example.org`") == "<p><code>https://example.org</code></p>"


class Elements(HTMLParser):
    """Collects what a browser would see as elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


@pytest.mark.parametrize(
    ("hostile", "elements"),
    [
        ("<script>alert(1)</script>", [("p", [])]),
        ("<img src=x onerror=alert(1)>", [("p", [])]),
        ("![x](https://example.org/pixel.png)", [("p", [])]),
        ("[x](javascript:alert(1))", [("p", [])]),
        ("[x](data:text/html,hi)", [("p", [])]),
        ("<style>*{display:none}</style>", [("p", [])]),
        ('<b onclick="x" style="y">z</b>', [("p", [])]),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", [("p", [])]),
        ('[x](https://example.org "a\\" onclick=\\"b")', [("p", []), ("a", ["href", "title", "rel"])]),
        ('https://example.org/"onclick=x', [("p", []), ("a", ["href", "rel"])]),
    ],
)
def test_hostile_markdown_makes_no_element_of_its_own(hostile: str, elements: list[tuple[str, list[str]]]) -> None:
    assert Elements(text.markdown(hostile)).found == elements


def test_an_image_leaves_its_words() -> None:
    assert text.markdown("![план на залата](https://example.org/x.png)") == "<p>план на залата</p>"


def test_markdown_for_mail_and_calendars() -> None:
    source = (
        "## Какво ще научите\n\nПишете на [нас](mailto:hub@example.org), <hub@example.org> или "
        "[тук](https://example.org/).\nВтори ред\n\n1. първо\n2. второ\n   - вътре\n\n> цитат\n\n"
        "| а | б |\n|---|---|\n| 1 | 2 |"
    )
    assert text.markdown_to_plain(source) == (
        "Какво ще научите\n\n"
        "Пишете на нас (mailto:hub@example.org), hub@example.org или тук (https://example.org/).\nВтори ред\n\n"
        "1. първо\n2. второ\n   - вътре\n\n> цитат\n\nа | б\n1 | 2"
    )


def test_foreign_html_becomes_markdown() -> None:
    html = (
        "<div><h2>About</h2><p>Some <b>bold</b> &amp; <a href='https://example.org'>link</a></p></div>"
        "<div>Next<script>alert(1)</script><style>p{}</style><img src=x onerror=alert(1)></div>"
        "<ul><li>a</li><li>b</li></ul>"
    )
    assert text.html_to_markdown(html) == "## About\n\nSome **bold** & [link](https://example.org)\n\nNext\n\n- a\n- b"


@pytest.mark.parametrize(
    "hostile",
    [
        "<a href='javascript:alert(1)'>x</a>",
        "<svg onload=alert(1)>x</svg>",
        "<<script>script>alert(1)<</script>/script>x",
        "<iframe src=//evil>x</iframe>",
        "&lt;script&gt;alert(1)&lt;/script&gt;x",
        "<math><mtext></mtext><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>x",
    ],
)
def test_hostile_html_stays_harmless_through_both_steps(hostile: str) -> None:
    html = str(text.markdown(text.html_to_markdown(hostile)))
    for part in ("<script", "<img", "<svg", "<iframe", "<style", "href"):
        assert part not in html


@pytest.mark.parametrize(
    "bomb",
    ["<div>" * 20000, "<ul><li>" * 20000, "<b>" * 3000, "<b>" * 500, " " * 100_000 + "x", "<a href='" * 5000],
    ids=["div", "li", "b", "shallow", "spaces", "quotes"],
)
def test_deep_or_wide_html_takes_no_time(bomb: str) -> None:
    begun = time.perf_counter()
    text.html_to_markdown(bomb + "x")
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "bomb", [">" * 20000, "- " * 5000, "*" * 20000, "https://" * 3000, "|" * 5000 + "\n" + "|-" * 5000]
)
def test_deep_markdown_takes_no_time(bomb: str) -> None:
    begun = time.perf_counter()
    text.markdown(bomb)
    text.markdown_to_plain(bomb)
    assert time.perf_counter() - begun < 2


def test_an_excerpt_ends_between_words() -> None:
    assert text.excerpt("Кратък  текст", 20) == "Кратък текст"
    assert text.excerpt("Дълъг текст, който трябва да се отреже", 20) == "Дълъг текст, който…"
    assert text.excerpt("а" * 50, 10) == "а" * 9 + "…"


@given(ANY_TEXT, st.integers(1, 60))
def test_an_excerpt_is_never_longer_than_asked(anything: str, limit: int) -> None:
    assert len(text.excerpt(anything, limit)) <= limit


@pytest.mark.parametrize(
    "formula", ["=1+1", "+359 88", "-2", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "\n=1"]
)
def test_formulas_are_neutralised(formula: str) -> None:
    assert text.csv_safe(formula) == "'" + formula


@pytest.mark.parametrize("cell", ["Иван", "a=b", "", -5, 3.5, None, True])
def test_other_cells_pass(cell: object) -> None:
    assert text.csv_safe(cell) == cell


def test_bulgarian_lines_break_where_they_may() -> None:
    assert text.nbsp("И в Стара Загора, 26 места, 5 май 2026 г. в 10:00 ч. с нас").replace("\u00a0", "_") == (
        "И_в_Стара Загора, 26_места, 5_май 2026_г. в_10:00_ч. с_нас"
    )
    assert text.nbsp("an A to B, 1 2") == "an A to B, 1 2"


def egn(year: int, month: int, day: int, serial: int) -> str:
    offset = {18: 20, 19: 0, 20: 40}[year // 100]
    first = f"{year % 100:02}{month + offset:02}{day:02}{serial:03}"
    weights = (2, 4, 8, 5, 10, 9, 7, 3, 6)
    return first + str(sum(w * int(d) for w, d in zip(weights, first, strict=True)) % 11 % 10)


@given(st.dates(min_value=dt.date(1880, 1, 1), max_value=dt.date(2099, 12, 31)), st.integers(0, 999))
def test_every_identity_number_is_found(born: dt.date, serial: int) -> None:
    number = egn(born.year, born.month, born.day, serial)
    assert text.is_egn(number)
    assert text.egn_in(f"Моят номер е {number}, благодаря")
    assert text.egn_in(f"ЕГН:{number[:6]} {number[6:]}.")
    wrong = number[:9] + str((int(number[9]) + 1) % 10)
    assert not text.egn_in(wrong)


@given(st.integers(0, 9_999_999), st.sampled_from(["087", "088", "089", "098", "099"]))
def test_mobile_numbers_are_none(rest: int, operator: str) -> None:
    assert not text.egn_in(f"{operator}{rest:07}")
    assert not text.egn_in(f"+359{operator[1:]}{rest:07}")


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "2026",
        "123456789",
        "1234567890123",
        "IBAN BG80BNBA96617523169263",
        "+7523169263",
        "3.7523169263",
        "7513169263",
        "752316926３4",
    ],
)
def test_other_numbers_are_none(harmless: str) -> None:
    assert not text.egn_in(harmless)


def test_the_published_example_is_found() -> None:
    assert text.is_egn("7523169263")
    assert not text.is_egn("7523169264")
    assert not text.is_egn("752316926")
