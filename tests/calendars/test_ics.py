"""Every rule of INTEROP I01-I95 that concerns bytes, by number, on what ics.py writes."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubevents.calendars import ics
from tests.calendars.checker import check_feed, check_file, check_invite, check_versions, instants

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOFIA = ZoneInfo("Europe/Sofia")
HUB = ("events@example.org", "Хъб „Загоре“")
MARIA = ("maria@example.org", "Мария Петрова")

ENTRY = ics.Entry(
    uid="3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001",
    sequence=3,
    created_at=datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
    changed_at=datetime(2026, 11, 1, 8, 30, 15, 999_999, tzinfo=UTC),
    starts_at=datetime(2026, 12, 3, 8, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 3, 10, 0, tzinfo=UTC),
    zone="Europe/Sofia",
    summary="Изкуствен интелект за малки предприятия",
)


def lines(data: bytes | str) -> list[str]:
    text = data if isinstance(data, str) else data.decode()
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def value(data: bytes | str, name: str) -> str | None:
    found = [line for line in lines(data) if re.match(f"{name}[;:]", line)]
    assert len(found) <= 1
    return found[0][len(name) :].lstrip(":") if found else None


def feed_of(*entries: ics.Entry, zone: str = "Europe/Sofia") -> bytes:
    used = [name for entry in entries if (name := ics.zone_used(entry))]
    return ics.feed("Събития", used, [ics.vevent(entry) for entry in entries], zone=zone)


def invite_of(entry: ics.Entry, method: ics.Method = "REQUEST", sequence: int = 4) -> bytes:
    return ics.invite(
        entry,
        method=method,
        organiser=HUB,
        attendee=MARIA,
        sequence=sequence,
        sent_at=NOW - timedelta(hours=1),
    )


# --- whole outputs -----------------------------------------------------------------------------------------


def test_a_plain_entry_is_these_bytes():
    assert lines(ics.vevent(ENTRY)) == [
        "BEGIN:VEVENT",
        "UID:3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001",
        "DTSTAMP:20261101T083015Z",
        "CREATED:20261001T080000Z",
        "LAST-MODIFIED:20261101T083015Z",
        "SEQUENCE:3",
        "STATUS:CONFIRMED",
        "SUMMARY:Изкуствен интелект за малки предприятия",
        "DTSTART;TZID=Europe/Sofia:20261203T100000",
        "DTEND;TZID=Europe/Sofia:20261203T120000",
        "END:VEVENT",
    ]


def test_a_full_entry_keeps_every_rule():
    entry = replace(
        ENTRY,
        description="Първи ред\r\nвтори; трети, и \\ накрая",
        location="Стара Загора,\nул. „Цар Симеон“ 1",
        url="https://загоре.example/bg/събития/ai?x=а б#с",
        categories=("Семинар", "AI, данни", " ", ""),
        geo=(42.42484, 25.63452),
        conference=("https://meet.example.org/стая", 'Зала "1"'),
    )
    part = ics.vevent(entry)
    assert value(part, "DESCRIPTION") == (
        'Първи ред\\nвтори\\; трети\\, и \\\\ накрая\\n\\nЗала "1": https://meet.example.org/%D1%81%D1%82%D0%B0%D1%8F'
    )
    assert value(part, "LOCATION") == "Стара Загора\\, ул. „Цар Симеон“ 1"
    assert value(part, "URL") == (
        "https://xn--80aggf1bm.example/bg/%D1%81%D1%8A%D0%B1%D0%B8%D1%82%D0%B8%D1%8F/ai?x=%D0%B0%20%D0%B1#%D1%81"
    )
    assert value(part, "CATEGORIES") == "Семинар,AI\\, данни"
    assert value(part, "GEO") == "42.424840;25.634520"
    assert value(part, "CONFERENCE") == (
        ";VALUE=URI;FEATURE=VIDEO;LABEL=\"Зала ^'1^'\":https://meet.example.org/%D1%81%D1%82%D0%B0%D1%8F"
    )
    assert check_feed(feed_of(entry), now=NOW) == []


def test_a_feed_has_this_head():
    assert lines(feed_of(ENTRY))[:10] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//HubEvents//HubEvents//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Събития",
        "X-WR-CALNAME:Събития",
        "X-WR-TIMEZONE:Europe/Sofia",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "BEGIN:VTIMEZONE",
    ]


def test_i14_the_refresh_interval_is_given_in_hours_or_minutes():
    written = [
        value(ics.feed("x", [], [], zone="Europe/Sofia", refresh=timedelta(minutes=minutes)), "X-PUBLISHED-TTL")
        for minutes in (15, 60, 90, 1440)
    ]
    assert written == ["PT15M", "PT1H", "PT90M", "PT24H"]
    with pytest.raises(ValueError, match="at least a minute"):
        ics.feed("x", [], [], zone="Europe/Sofia", refresh=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("zone", "kept"), [("Europe/Sofia", "Europe/Sofia"), ("Africa/Cairo", "Etc/UTC"), ("UTC", "Etc/UTC")]
)
def test_i17_an_empty_feed_keeps_a_zone(zone, kept):
    data = ics.feed("Празен", [], [], zone=zone)
    assert value(data, "TZID") == kept
    assert value(data, "X-WR-TIMEZONE") == zone
    assert check_feed(data, now=NOW) == []


def test_an_empty_name_of_a_zone_stands_for_utc():
    part = ics.vevent(replace(ENTRY, zone="UTC"))
    data = ics.feed("x", ["", "Europe/Sofia", ""], [part, ics.vevent(replace(ENTRY, uid="b"))], zone="Europe/Sofia")
    assert check_feed(data, now=NOW) == []


def test_i15_an_unknown_zone_is_not_named():
    data = feed_of(replace(ENTRY, zone="Europe/Zagore"), zone="Europe/Zagore")
    assert value(data, "X-WR-TIMEZONE") is None
    assert value(data, "DTSTART") == "20261203T080000Z"
    assert check_feed(data, now=NOW) == []


def test_i23_equal_values_give_equal_bytes():
    assert feed_of(ENTRY) == feed_of(replace(ENTRY))


def test_i50_i56_each_zone_used_stands_once_before_the_parts():
    other = replace(ENTRY, uid="b", zone="America/New_York")
    data = feed_of(ENTRY, replace(ENTRY, uid="c"), other, replace(ENTRY, uid="d", zone="Africa/Casablanca"))
    assert [line for line in lines(data) if line.startswith("TZID:")] == [
        "TZID:America/New_York",
        "TZID:Europe/Sofia",
    ]
    assert check_feed(data, now=NOW) == []


# --- entries -----------------------------------------------------------------------------------------------


def test_i95_a_cancelled_entry_says_so_twice():
    part = ics.vevent(replace(ENTRY, status="cancelled", mark="Отменено"))
    assert value(part, "STATUS") == "CANCELLED"
    assert value(part, "SUMMARY") == "Отменено: Изкуствен интелект за малки предприятия"


@pytest.mark.parametrize(("summary", "mark", "title"), [("", "", "-"), (" \n", "Отменено", "Отменено")])
def test_i30_a_title_is_never_empty(summary, mark, title):
    assert value(ics.vevent(replace(ENTRY, summary=summary, mark=mark)), "SUMMARY") == title


@pytest.mark.parametrize(("hours", "transparency"), [(24, None), (24.01, "TRANSPARENT"), (60, "TRANSPARENT")])
def test_only_what_is_longer_than_a_day_blocks_nobodys_time(hours, transparency):
    part = ics.vevent(replace(ENTRY, ends_at=ENTRY.starts_at + timedelta(hours=hours)))
    assert value(part, "TRANSP") == transparency


def test_i27_the_last_change_is_never_before_the_making():
    part = ics.vevent(replace(ENTRY, created_at=NOW))
    assert [value(part, name) for name in ("CREATED", "LAST-MODIFIED", "DTSTAMP")] == ["20261123T090000Z"] * 3


@pytest.mark.parametrize("geo", [(91.0, 0.0), (0.0, -181.0), (float("nan"), 0.0), (float("inf"), 0.0)])
def test_i34_a_place_off_the_globe_is_left_out(geo):
    assert value(ics.vevent(replace(ENTRY, geo=geo)), "GEO") is None


def test_i34_a_tiny_coordinate_has_no_exponent():
    assert value(ics.vevent(replace(ENTRY, geo=(1e-9, -0.5))), "GEO") == "0.000000;-0.500000"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://example.org/bg/a-b", "https://example.org/bg/a-b"),
        ("HTTP://Example.org:8080/%D0%B0/50%", "http://example.org:8080/%D0%B0/50%25"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ('https://example.org/"<a>\\', "https://example.org/%22%3Ca%3E%5C"),
        ("https://example.org/a\r\nATTACH:x", "https://example.org/aATTACH:x"),
        ("/bg/events", None),
        ("javascript:alert(1)", None),
        ("ftp://example.org/", None),
        ("https://", None),
        ("https://exa mple.org/", None),
        ("https://example.org:99999/", None),
        ("https://[bad/", None),
        ("https://" + "ж" * 70 + ".bg/", None),
        ("https://" + "ж." * 3000, None),
        ("", None),
    ],
)
def test_i35_an_address_is_ascii_or_left_out(url, written):
    assert ics.web_address(url) == written
    assert value(ics.vevent(replace(ENTRY, url=url)), "URL") == written


def test_i18_a_conference_is_repeated_in_the_text_once():
    told = replace(ENTRY, conference=("tel:+359 42 600 100", ""), description="Обадете се")
    part = ics.vevent(told)
    assert value(part, "DESCRIPTION") == "Обадете се\\n\\ntel:+359%2042%20600%20100"
    assert value(part, "CONFERENCE") == ";VALUE=URI:tel:+359%2042%20600%20100"
    link = "https://meet.example.org/a"
    part = ics.vevent(replace(ENTRY, conference=(link, "Зала"), location=link))
    assert value(part, "DESCRIPTION") is None


def test_i18_a_conference_that_is_no_address_stays_in_the_text_only():
    part = ics.vevent(replace(ENTRY, conference=("стая 5; код 12", "Връзка")))
    assert value(part, "CONFERENCE") is None
    assert value(part, "DESCRIPTION") == "Връзка: стая 5\\; код 12"


@pytest.mark.parametrize(
    ("uid", "good"),
    [
        ("3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001", True),
        ("a" * 255, True),
        ("a" * 256, False),
        ("", False),
        ("a b", False),
        ("a\n", False),
        ("ключ", False),
    ],
)
def test_i20_a_uid_is_short_ascii_without_spaces(uid, good):
    assert ics.is_uid(uid) is good


@pytest.mark.parametrize(
    "wrong",
    [
        {"uid": "a b"},
        {"sequence": -1},
        {"sequence": 2**31},
        {"status": "CANCELED"},
        {"starts_at": datetime(2026, 12, 3, 8, 0)},  # noqa: DTZ001
        {"ends_at": ENTRY.starts_at},
        {"ends_at": ENTRY.starts_at + timedelta(microseconds=500)},
        {"ends_at": ENTRY.starts_at - timedelta(hours=1)},
    ],
)
def test_i20_i24_i25_i26_an_impossible_entry_is_refused(wrong):
    with pytest.raises(ValueError, match="UID|SEQUENCE|status|aware|end after"):
        replace(ENTRY, **wrong)


# --- hostile text ------------------------------------------------------------------------------------------

NASTY = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=30),
        st.text("абвгдежзѝй ", max_size=60),
        st.sampled_from(
            [
                "\r\n",
                "\n",
                "\r",
                "\\",
                "\\n",
                "\\N",
                "\\,",
                ";",
                ",",
                ":",
                '"',
                "^",
                "^n",
                "\t",
                "\0",
                "\x0b",
                "\x1b",
                "\x85",
            ]
            + [
                "\u2028",
                "\ufeff",
                "\ud800",
                "END:VEVENT\r\nBEGIN:VEVENT",
                "👩\u200d👩\u200d👧",
                "🇧🇬",
                "и\u0300",
                "e" + "\u0301" * 90,
            ]
        ),
    ),
    max_size=12,
).map("".join)


def kept(text: str) -> str:
    """What may remain of a text: an own telling of I05 beside the one in ics.py."""
    for line_break in ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
        text = text.replace(line_break, "\n")
    return "".join(
        c
        for c in text
        if c in "\n\t" or not (c < " " or "\x7f" <= c <= "\x9f" or c == "\ufeff" or "\ud800" <= c <= "\udfff")
    )


def on_one_line(text: str) -> str:
    return re.sub("[\n\t ]*[\n\t][\n\t ]*", " ", kept(text)).strip()


@settings(deadline=None)  # this machine may be busy
@given(NASTY, NASTY, NASTY)
@example("\\n", "\\\\n\\;", "^'")
@example("a" * 66 + "\\,", "x" + "\\" * 200, "")
@example("SUMMARY:" + "e" + "\u0301" * 200, "👩\u200d" * 60, "")
def test_i01_to_i09_i31_hostile_text_comes_back_as_it_was(summary, description, name):
    entry = replace(
        ENTRY,
        summary=summary,
        description=description,
        location=name,
        categories=(name, summary),
        url=name,
        conference=("https://meet.example.org/" + name, summary),
        mark=name,
    )
    data = feed_of(entry)
    # What is left unchecked: such text may look like HTML, and cannot always be cut between clusters.
    assert set(check_feed(data, now=NOW)) <= {"I32", "I04"}
    assert all(not line.startswith((b" \x80", b" \xbf")) and line.decode() for line in data.split(b"\r\n")[:-1])
    read = icalendar.Calendar.from_ical(data)
    [event] = read.walk("VEVENT")
    mark, title, place = on_one_line(name), on_one_line(summary), on_one_line(name)
    expected = (f"{mark}: {title}" if title else mark) if mark else title or "-"
    assert str(event["SUMMARY"]) == expected
    assert str(event.get("LOCATION", "")) == place
    assert str(event["DESCRIPTION"]).startswith(kept(description).strip())


@settings(deadline=None)  # this machine may be busy
@given(NASTY, NASTY)
def test_i08_i62_hostile_names_stay_inside_their_parameter(host, guest):
    data = ics.invite(
        ENTRY, method="REQUEST", organiser=(HUB[0], host), attendee=(MARIA[0], guest), sequence=1, sent_at=NOW
    )
    assert set(check_invite(data, recipient=MARIA[0], now=NOW)) <= {"I04"}
    [event] = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert str(event["ATTENDEE"]) == "mailto:maria@example.org"
    assert event["ATTENDEE"].params.get("CN", "") == on_one_line(guest).replace("\\", "/")
    assert event["ORGANIZER"].params.get("CN", "") == on_one_line(host).replace("\\", "/")


@settings(deadline=None)  # this machine may be busy
@given(st.text("аб,;\\\n\u0301 👩🏽\u200d🇧🇬", max_size=300))
def test_i03_i04_folds_split_neither_character_nor_escape_pair(text):
    folded = ics.vevent(replace(ENTRY, description="я" + text)).split("\r\n")
    for line, following in zip(folded, folded[1:], strict=False):
        assert len(line.encode()) <= 75
        if following.startswith(" "):
            assert len(following) > 1
            assert (len(line) - len(line.rstrip("\\"))) % 2 == 0


@pytest.mark.parametrize("cluster", ["и\u0300", "👩\u200d👩\u200d👧", "👍🏽", "🇧🇬", "ᄒ\u1161\u11ab", "⚠\ufe0f"])
@pytest.mark.parametrize("shift", range(8))
def test_i04_folds_keep_what_is_drawn_as_one_together(cluster, shift):
    text = "a" * shift + cluster * 30
    folded = ics.vevent(replace(ENTRY, description=text)).split("\r\n")
    at = next(number for number, line in enumerate(folded) if line.startswith("DESCRIPTION:"))
    pieces = [folded[at].removeprefix("DESCRIPTION:" + "a" * shift)]
    pieces += [line[1:] for line in folded[at + 1 : -2]]
    assert [piece.replace(cluster, "") for piece in pieces] == [""] * len(pieces)


# --- time zones --------------------------------------------------------------------------------------------


def test_i52_i55_i58_sofia_has_the_two_rules_of_the_checklist():
    assert lines(ics.vtimezone("Europe/Sofia")) == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Sofia",
        "X-LIC-LOCATION:Europe/Sofia",
        "BEGIN:DAYLIGHT",
        "DTSTART:19970330T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0300",
        "TZNAME:EEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19971026T040000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0200",
        "TZNAME:EET",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("Asia/Tokyo", []),
        ("Asia/Kolkata", []),
        ("Europe/Istanbul", []),
        ("Europe/Dublin", ["FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"]),
        ("America/New_York", ["FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"]),
        ("Australia/Lord_Howe", ["FREQ=YEARLY;BYMONTH=10;BYDAY=1SU", "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"]),
    ],
)
def test_i55_zones_with_summer_time_have_two_rules_and_others_none(zone, rules):
    found = [line.removeprefix("RRULE:") for line in lines(ics.vtimezone(zone)) if line.startswith("RRULE:")]
    assert found == rules
    data = feed_of(replace(ENTRY, zone=zone))
    assert value(data, "TZID") == zone
    assert check_feed(data, now=NOW) == []


@pytest.mark.parametrize(
    "zone",
    ["Africa/Casablanca", "Africa/Cairo", "Asia/Jerusalem", "America/Santiago"]
    + [
        "UTC",
        "Etc/UTC",
        "Etc/GMT-2",
        "EET",
        "GMT",
        "Nowhere/Atall",
        "../etc/passwd",
        "Europe/",
        "posix/Europe/Sofia",
        "",
        "\0",
    ],
)
def test_i51_i55_zones_without_two_rules_or_without_an_area_need_utc(zone):
    assert ics.needs_utc(zone) is True
    assert value(ics.vevent(replace(ENTRY, zone=zone)), "DTSTART") == "20261203T080000Z"


def test_a_zone_without_rules_has_no_component():
    with pytest.raises(ValueError, match="Africa/Casablanca"):
        ics.vtimezone("Africa/Casablanca")


MONTHS = [(m, datetime(2025 + m // 12, m % 12 + 1, 28, 10, 0, tzinfo=UTC)) for m in range(0, 60, 7)]
ZONES = sorted(available_timezones())


@pytest.mark.parametrize("zone", [z for z in ZONES if z.startswith("Europe/")] + ZONES[::9])
def test_i53_zones_of_the_database_are_right_or_written_in_utc(zone):
    entries = [replace(ENTRY, uid=f"{m}", zone=zone, starts_at=t, ends_at=t + timedelta(hours=1)) for m, t in MONTHS]
    data = feed_of(*entries)
    assert check_feed(data, now=NOW) == []
    assert {key: found[0] for key, found in instants(data).items()} == {f"{m}": t for m, t in MONTHS}


def test_i53_i54_sofia_is_right_in_every_year_since_1998():
    starts = {
        f"{year}-{month}": datetime(year, month, 1, 7, 0, tzinfo=UTC)
        for year in range(1998, 2040)
        for month in (4, 7, 12)
    }
    entries = [replace(ENTRY, uid=uid, starts_at=at, ends_at=at + timedelta(hours=2)) for uid, at in starts.items()]
    assert {ics.zone_used(entry) for entry in entries} == {"Europe/Sofia"}
    data = feed_of(*entries)
    assert check_feed(data, now=NOW) == []
    assert {uid: start for uid, (start, _, _) in instants(data).items()} == starts


@pytest.mark.parametrize(
    "start",
    [datetime(1, 1, 1, tzinfo=UTC), datetime(1997, 7, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC)]
    + [datetime(9999, 12, 31, 22, 0, tzinfo=UTC)],
)
def test_i54_what_lies_outside_the_rules_is_written_in_utc(start):
    entry = replace(ENTRY, starts_at=start, ends_at=start + timedelta(hours=1))
    assert ics.zone_used(entry) is None
    assert value(ics.vevent(entry), "DTSTART") == f"{start:%Y%m%dT%H%M%S}Z".zfill(16)
    assert check_feed(feed_of(entry), now=NOW) == []


@settings(deadline=None)  # this machine may be busy
@given(
    st.integers(-4 * 3600, 6 * 3600),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=5)),
)
def test_i57_the_hour_that_comes_twice_is_written_in_utc(seconds, span):
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    entry = replace(ENTRY, starts_at=start, ends_at=start + span)
    data = feed_of(entry)
    twice = any(
        datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
        <= moment.replace(microsecond=0)
        < datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
        for moment in (entry.starts_at, entry.ends_at)
    )
    assert (ics.zone_used(entry) is None) is twice
    assert check_feed(data, now=NOW) == []
    told = instants(data)[ENTRY.uid]
    assert told[:2] == (entry.starts_at.replace(microsecond=0), entry.ends_at.replace(microsecond=0))


# --- invites -----------------------------------------------------------------------------------------------


def test_i60_to_i62_a_request_invites_one_person():
    data = invite_of(ENTRY)
    assert value(data, "METHOD") == "REQUEST"
    assert value(data, "SEQUENCE") == "4"
    assert value(data, "DTSTAMP") == "20261123T080000Z"
    assert value(data, "STATUS") == "CONFIRMED"
    assert value(data, "ORGANIZER") == ';CN="Хъб „Загоре“":mailto:events@example.org'
    assert value(data, "ATTENDEE") == (
        ';CN="Мария Петрова";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE'
        ":mailto:maria@example.org"
    )
    assert check_invite(data, recipient="maria@example.org", now=NOW) == []


def test_i63_a_cancellation_follows_its_request():
    request, cancel = invite_of(ENTRY, sequence=4), invite_of(ENTRY, "CANCEL", sequence=5)
    assert value(cancel, "STATUS") == "CANCELLED"
    assert "RSVP" not in (value(cancel, "ATTENDEE") or "")
    assert check_invite(cancel, recipient="maria@example.org", now=NOW) == []
    assert check_versions(request, cancel) == []


def test_i64_a_tentative_date_stays_tentative_in_its_request():
    assert value(invite_of(replace(ENTRY, status="tentative")), "STATUS") == "TENTATIVE"


def test_an_invite_is_equal_when_composed_again():
    assert invite_of(ENTRY) == invite_of(replace(ENTRY))


def test_i50_an_invite_in_the_hour_that_comes_twice_needs_no_zone():
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    data = invite_of(replace(ENTRY, starts_at=start, ends_at=start + timedelta(hours=1)))
    assert value(data, "TZID") is None
    assert check_invite(data, now=NOW) == []


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("maria.petrova+work@example.org", "mailto:maria.petrova+work@example.org"),
        ("o'brien@example.org", "mailto:o'brien@example.org"),
        ("a%b&c/d?e@example.org", "mailto:a%25b%26c%2Fd%3Fe@example.org"),
        ("мария@пример.бг", "mailto:%D0%BC%D0%B0%D1%80%D0%B8%D1%8F@xn--e1afmkfd.xn--90ae"),
    ],
)
def test_i61_an_address_becomes_a_mailto_uri(address, uri):
    assert ics.mailto(address) == uri


@pytest.mark.parametrize("address", ["", "a", "@example.org", "a@", "a@b c", "a@b\r\nX:y", 'a@"b"'])
def test_i61_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="not a mail address"):
        ics.mailto(address)


@pytest.mark.parametrize(
    ("changes", "entry", "reason"),
    [
        ({}, replace(ENTRY, status="cancelled"), "cancelled"),
        ({"attendee": ("Events@example.org", "")}, ENTRY, "organiser"),
        ({"sequence": -1}, ENTRY, "SEQUENCE"),
        ({"sent_at": datetime(2026, 1, 1)}, ENTRY, "aware"),  # noqa: DTZ001
    ],
)
def test_i26_i61_i64_an_impossible_invite_is_refused(changes, entry, reason):
    values = {
        "method": "REQUEST",
        "organiser": HUB,
        "attendee": MARIA,
        "sequence": 1,
        "sent_at": NOW,
    } | changes
    with pytest.raises(ValueError, match=reason):
        ics.invite(entry, **values)


def test_i12_i66_a_file_of_several_dates_has_no_method_and_no_people():
    dates = [
        replace(
            ENTRY,
            uid=f"d{n}",
            starts_at=ENTRY.starts_at + timedelta(days=n),
            ends_at=ENTRY.ends_at + timedelta(days=n),
        )
        for n in range(6)
    ]
    data = ics.dates_file(dates)
    assert lines(data)[:5] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//HubEvents//HubEvents//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VTIMEZONE",
    ]
    assert len([line for line in lines(data) if line == "BEGIN:VEVENT"]) == 6
    assert check_file(data, now=NOW) == []
