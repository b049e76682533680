"""Words that lists and event pages share."""

from datetime import date

import pytest
from flask import Flask

from hubevents.web.public import words


@pytest.mark.parametrize(
    ("markdown", "top", "html"),
    [
        ("", 2, None),
        ("# A\n\n## B", 2, "<h2>A</h2>\n<h3>B</h3>"),
        ("### A\n\n# B", 2, "<h3>A</h3>\n<h2>B</h2>"),
        ("#### A", 5, "<h5>A</h5>"),
        ("# A\n\n## B\n\n### C", 5, "<h5>A</h5>\n<h6>B</h6>\n<h6>C</h6>"),
        ("`<h1>`", 2, "<p><code>&lt;h1&gt;</code></p>"),
    ],
)
def test_headings_of_a_text_begin_below_the_page_s_and_skip_no_level(markdown: str, top: int, html: str | None) -> None:
    made = words.prose(markdown, top)
    assert (None if made is None else str(made).strip()) == html


def test_a_range_says_how_many_days_it_is_and_the_year_when_it_is_another(ctx: Flask) -> None:
    with ctx.test_request_context("/en/"):
        day = words.list_date(date(2026, 12, 4), date(2026, 12, 4), "en", 2026)
        assert (day.first, day.last, day.weekday, day.month) == ("4", None, "Friday", "December")
        assert words.list_date(date(2027, 1, 4), date(2027, 1, 4), "en", 2026).month == "January 2027"
        long = words.list_date(date(2026, 11, 30), date(2026, 12, 2), "en", 2026)
        assert (long.first, long.last) == ("30", "2")
        assert (long.weekday, long.month) == ("Monday\u00a0– Wednesday", "November\u00a0– December, 3 days")


def test_languages_are_listed_as_a_sentence(ctx: Flask) -> None:
    with ctx.test_request_context("/en/"):
        assert words.joined([]) == ""
        assert words.joined(["a"]) == "a"
        assert words.joined(["a", "b", "c"]) == "a, b and c"
