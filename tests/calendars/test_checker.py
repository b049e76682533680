"""The checker must see what it is for: each rule once on bytes with a planted fault."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from tests.calendars.checker import check_feed, check_file, check_invite, check_mail, check_versions, instants

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

# Written out by hand, not by ics.py, so that both can be wrong only apart.
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Sofia
X-LIC-LOCATION:Europe/Sofia
BEGIN:STANDARD
DTSTART:19701025T040000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
TZNAME:EET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T030000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
TZNAME:EEST
END:DAYLIGHT
END:VTIMEZONE
"""
EVENT = """BEGIN:VEVENT
UID:3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001
DTSTAMP:20261101T083000Z
CREATED:20261001T080000Z
LAST-MODIFIED:20261101T083000Z
SEQUENCE:3
STATUS:CONFIRMED
SUMMARY:Изкуствен интелект\\, на живо
DTSTART;TZID=Europe/Sofia:20261203T100000
DTEND;TZID=Europe/Sofia:20261203T120000
LOCATION:Стара Загора
DESCRIPTION:Описание\\; https://meet.example.org/abc
URL:https://example.org/bg/ai
CATEGORIES:Семинар,Лекция
GEO:42.42484;25.63452
CONFERENCE;VALUE=URI;LABEL="Стая ^'1^'":https://meet.example.org/abc
END:VEVENT
"""
FEED = (
    """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//Test//EN
CALSCALE:GREGORIAN
NAME:Събития
X-WR-CALNAME:Събития
X-WR-TIMEZONE:Europe/Sofia
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
"""
    + ZONE
    + EVENT
    + "END:VCALENDAR\n"
)
PEOPLE = """ORGANIZER;CN=Hub:mailto:events@example.org
ATTENDEE;CN="Мария";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION
 ;RSVP=TRUE:mailto:maria@example.org
"""
REQUEST = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//Test//EN\nMETHOD:REQUEST\n"
    + ZONE
    + EVENT.replace("END:VEVENT", PEOPLE + "END:VEVENT")
    + "END:VCALENDAR\n"
)
CANCEL = (
    REQUEST.replace("METHOD:REQUEST", "METHOD:CANCEL")
    .replace("CONFIRMED", "CANCELLED")
    .replace("SEQUENCE:3", "SEQUENCE:4")
)
ALARM = "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT15M\nEND:VALARM\n"
END = "END:VEVENT"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def changed(text: str, *pairs: str) -> bytes:
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return crlf(text)


def test_good_bytes_break_nothing():
    assert check_feed(crlf(FEED), now=NOW) == []
    assert check_invite(crlf(REQUEST), recipient="Maria@example.org", now=NOW) == []
    assert check_invite(crlf(CANCEL), recipient="maria@example.org", now=NOW) == []
    assert check_versions(crlf(FEED), crlf(FEED)) == []
    assert check_versions(crlf(REQUEST), crlf(CANCEL)) == []


@pytest.mark.parametrize(
    ("broken", "data"),
    [
        (["I01"], b"\xef\xbb\xbf" + crlf(FEED)),
        (["I01"], FEED.replace("\n", "\r\n").encode("cp1251", "replace")),
        (["I02"], FEED.encode()),
        (["I02"], crlf(FEED)[:-2]),
        (["I02"], crlf(FEED).replace(b"SEQUENCE:3\r\n", b"SEQUENCE:3\r")),
        (["I03"], changed(FEED, "LOCATION:Стара", "LOCATION:Стара" + " Загора" * 5)),
        (["I04"], crlf(FEED).replace("Стара".encode(), b"\xd0\r\n " + "Стара".encode()[1:])),
        (["I04"], changed(FEED, "интелект\\,", "интелект\\\n ,")),
        (["I04"], changed(FEED, "LOCATION:Стара", "LOCATION:Стара\n \u0301")),
        (["I04"], changed(FEED, "\nLOCATION:Стара", "\nLOCATION:\n \n Стара")),
        (["I05"], changed(FEED, "\nLOCATION:", "\nLOCATION:\x0b")),
        (["I06"], changed(FEED, "SEQUENCE:3\n", "SEQUENCE:3\n\n")),
        (["I06"], crlf(FEED + FEED)),
        (["I06"], b"<!doctype html>\r\n<title>Sign in</title>\r\n"),
        (["I02", "I06"], b""),
        (["I07"], changed(FEED, "LOCATION:Стара Загора", "LOCATION:Стара\nЗагора")),
        (["I07"], changed(FEED, "SEQUENCE:3", "SEQUENCE:3\nNOTHING")),
        (["I08"], changed(FEED, "Стая ^'1^'", "Стая ^1")),
        (["I08"], changed(FEED, "Стая ^'1^'", 'Стая "1')),
        (["I08"], changed(FEED, "Стая ^'1^'", "Стая\\, 1")),
        (["I09"], changed(FEED, "END:DAYLIGHT", "END:STANDARD")),
        (["I09"], changed(FEED, "BEGIN:VEVENT", "BEGIN:VEVENT ")),
        (["I10"], changed(FEED, "VERSION:2.0\n", "")),
        (["I10"], changed(FEED, "PRODID:-//Test//Test//EN", "PRODID:")),
        (["I10"], changed(FEED, "VERSION:2.0\n", "", "X-WR-TIMEZONE", "VERSION:2.0\nX-WR-TIMEZONE")),
        (["I11"], changed(FEED, "GREGORIAN", "JULIAN")),
        (["I12"], changed(FEED, "CALSCALE", "METHOD:REQUEST\nCALSCALE")),
        (["I12"], changed(FEED, END, "METHOD:PUBLISH\n" + END)),
        (["I12", "I66"], changed(FEED, "CALSCALE", "METHOD:PUBLISH\nMETHOD:PUBLISH\nCALSCALE")),
        (["I13"], changed(FEED, "\nNAME:Събития", "\nNAME:Друго")),
        (["I14"], changed(FEED, "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "REFRESH-INTERVAL:PT1H")),
        (["I14"], changed(FEED, ":PT1H", ":-PT1H")),
        (["I14"], changed(FEED, ":PT1H", ":PT0H")),
        (["I14"], changed(FEED, "TTL:PT1H", "TTL:PT2H")),
        (["I15"], changed(FEED, "X-WR-TIMEZONE:Europe/Sofia", "X-WR-TIMEZONE:FLE Standard Time")),
        (["I16"], changed(FEED, "CALSCALE", "COLOR:#ff0000\nCALSCALE")),
        (["I17"], changed(FEED, ZONE + EVENT, "")),
        (["I18"], changed(FEED, "CONFERENCE;VALUE=URI;", "CONFERENCE;")),
        (["I18"], changed(FEED, ":https://meet", ":meet")),
        (["I18"], changed(FEED, " https://meet.example.org/abc", " на живо")),
        (["I18"], changed(FEED, END, "IMAGE;VALUE=BINARY:abcd\n" + END)),
        (["I20"], changed(FEED, "UID:3f", "UID:3 f")),
        (["I20"], changed(FEED, "SEQUENCE", "UID:b\nSEQUENCE")),
        (["I21"], changed(FEED, EVENT, EVENT + EVENT)),
        (["I23"], changed(FEED, "DTSTAMP:2026", "DTSTAMP:2027")),
        (["I23"], changed(FEED, "DTSTAMP:20261101T083000Z", "DTSTAMP:20261101T083000")),
        (["I23"], changed(FEED, "DTSTAMP:20261101T083000Z\n", "")),
        (["I24"], changed(FEED, "20261203T120000", "20261203T100000")),
        (["I24"], changed(FEED, "DTEND;TZID=Europe/Sofia:20261203T120000\n", "")),
        (["I24"], changed(FEED, "\nLOCATION", "\nDURATION:PT2H\nLOCATION")),
        (["I24"], changed(FEED, "DTEND;TZID=Europe/Sofia:20261203T120000", "DTEND;VALUE=DATE:20261204")),
        (["I25"], changed(FEED, "DTEND;TZID=Europe/Sofia", "DTEND")),
        (["I26"], changed(FEED, "SEQUENCE:3\n", "")),
        (["I26"], changed(FEED, "SEQUENCE:3", "SEQUENCE:1764000000000")),
        (["I27"], changed(FEED, "LAST-MODIFIED:20261101T083000Z\n", "")),
        (["I27"], changed(FEED, "LAST-MODIFIED:20261101", "LAST-MODIFIED:20260901")),
        (["I29"], changed(FEED, "CONFIRMED", "CANCELED")),
        (["I30"], changed(FEED, "SUMMARY:Изкуствен интелект\\, на живо", "SUMMARY: ")),
        (["I31"], changed(FEED, "интелект\\,", "интелект,")),
        (["I31"], changed(FEED, "Описание\\;", "Описание\\:")),
        (["I31"], changed(FEED, "Стара", 'Ста\\"ра')),
        (["I32"], changed(FEED, "интелект\\,", "интелект\\\\\\,")),
        (["I32"], changed(FEED, "Описание", "<p>Описание")),
        (["I32"], changed(FEED, "Описание", "Описание &amp\\; още")),
        (["I33"], changed(FEED, "Семинар,Лекция", "Семинар,,Лекция")),
        (["I34"], changed(FEED, "GEO:42.42484;", "GEO:42.42484\\;")),
        (["I34"], changed(FEED, "GEO:42.42484;", "GEO:42,42484;")),
        (["I34"], changed(FEED, "GEO:42", "GEO:92")),
        (["I35"], changed(FEED, "URL:https://example.org/bg/ai", "URL:https://example.org/bg/събитие")),
        (["I35"], changed(FEED, "URL:https://example.org", "URL:")),
        (["I35"], changed(FEED, "URL:https://example.org/bg/ai", "URL:https://example.org/a\\,b")),
        (["I36"], changed(FEED, "\nLOCATION", "\nLOCATION:Тук\nLOCATION")),
        (["I37"], changed(FEED, END, "TRANSP:BUSY\n" + END)),
        (["I39"], changed(FEED, END, "RRULE:FREQ=DAILY;UNTIL=20261231;COUNT=3\n" + END)),
        (["I39"], changed(FEED, END, "RRULE:FREQ=DAILY;UNTIL=20261231T000000\n" + END)),
        (["I39"], changed(FEED, END, "RRULE:FREQ=DAILY\n" + END)),
        (["I50"], changed(FEED, ZONE, "")),
        (["I50"], changed(FEED, "20261203T120000", "20261203T120000Z")),
        (["I15", "I51"], changed(FEED, "Europe/Sofia", "FLE Standard Time")),
        (
            ["I51"],
            changed(
                FEED,
                "=Europe/Sofia",
                "=EET",
                "TZID:Europe/Sofia",
                "TZID:EET",
                "ATION:Europe/Sofia",
                "ATION:EET",
            ),
        ),
        (["I52"], changed(FEED, "TZOFFSETTO:+0200\n", "")),
        (["I52"], changed(FEED, "TZOFFSETTO:+0200", "TZOFFSETTO:+2")),
        (["I53"], changed(FEED, "BYMONTH=3;BYDAY=-1SU", "BYMONTH=3;BYDAY=4SU")),
        (["I53"], changed(FEED, "19700329T030000", "19700329T020000")),
        (["I53"], changed(FEED, "BYDAY=-1SU", "BYDAY=-1SU;UNTIL=20271231T000000Z")),
        (["I53", "I54"], changed(FEED, ":1970", ":2027")),
        (["I55"], changed(FEED, "TZNAME:EET\n", "TZNAME:EET\nRDATE:20271031T040000\n")),
        (["I56"], changed(FEED, ZONE, ZONE + ZONE)),
        (["I56"], changed(FEED, ZONE + EVENT, EVENT + ZONE)),
        (
            ["I56"],
            changed(
                FEED,
                ";TZID=Europe/Sofia:20261203T100000",
                ":20261203T080000Z",
                ";TZID=Europe/Sofia:20261203T120000",
                ":20261203T100000Z",
            ),
        ),
        (["I57"], changed(FEED, "20261203T100000", "20260329T033000")),
        (["I57"], changed(FEED, "20261203T100000", "20261025T033000")),
        (["I58"], changed(FEED, "X-LIC-LOCATION:Europe/Sofia", "X-LIC-LOCATION:Europe/Athens")),
        (["I66"], changed(FEED, END, PEOPLE + END)),
        (["I67", "I68"], changed(FEED, END, ALARM.replace("TRIGGER:-PT15M\n", "") + END)),
        (["I67", "I68"], changed(FEED, END, ALARM.replace("END:V", "REPEAT:2\nEND:V") + END)),
        (["I68"], changed(FEED, END, ALARM + END)),
    ],
)
def test_a_fault_in_a_feed_is_seen(broken, data):
    assert check_feed(data, now=NOW) == broken


@pytest.mark.parametrize(
    ("broken", "data"),
    [
        (["I12"], changed(REQUEST, "METHOD:REQUEST\n", "")),
        (["I12"], changed(REQUEST, END, "METHOD:REQUEST\n" + END)),
        (
            ["I60"],
            changed(
                REQUEST,
                "END:VCALENDAR",
                EVENT.replace("UID:3", "UID:4").replace(END, PEOPLE + END) + "END:VCALENDAR",
            ),
        ),
        (["I61"], changed(REQUEST, "ORGANIZER;CN=Hub:mailto:events@example.org\n", "")),
        (["I61"], changed(REQUEST, "Hub:mailto:events@example.org", "Hub:mailto:maria@example.org")),
        (["I61"], changed(REQUEST, "Hub:mailto:", "Hub:http://")),
        (["I62"], changed(REQUEST, ":mailto:maria", ":mailto:peter")),
        (
            ["I62"],
            changed(
                REQUEST,
                END,
                "ATTENDEE;ROLE=CHAIR;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:b@example.org\n" + END,
            ),
        ),
        (["I62"], changed(REQUEST, "PARTSTAT=NEEDS-ACTION", "PARTSTAT=MAYBE")),
        (["I62"], changed(REQUEST, ";RSVP=TRUE", "")),
        (["I63"], changed(CANCEL, "CANCELLED", "CONFIRMED")),
        (["I64"], changed(REQUEST, "CONFIRMED", "CANCELLED")),
        (["I65"], changed(CANCEL, END, ALARM + END)),
    ],
)
def test_a_fault_in_an_invite_is_seen(broken, data):
    assert check_invite(data, recipient="maria@example.org", now=NOW) == broken


@pytest.mark.parametrize(
    ("broken", "before", "after"),
    [
        (["I90"], FEED, changed(FEED, "UID:3", "UID:4")),
        (["I91"], FEED, changed(FEED, "SEQUENCE:3", "SEQUENCE:2", "FIED:20261101", "FIED:20261102")),
        (["I91"], FEED, changed(FEED, "T100000", "T093000", "FIED:20261101", "FIED:20261102")),
        (["I91"], FEED, changed(FEED, "LOCATION:Стара", "LOCATION:Нова", "FIED:20261101", "FIED:20261102")),
        (["I92"], FEED, changed(FEED, "на живо", "на запис")),
        (["I92"], FEED, changed(FEED, "FIED:20261101", "FIED:20261102")),
        (
            ["I92"],
            FEED,
            changed(FEED, "CREATED:20261001", "CREATED:20261002", "FIED:20261101", "FIED:20261102"),
        ),
        (["I93"], FEED, changed(FEED, "DTSTAMP:20261101", "DTSTAMP:20261102")),
        (["I94"], REQUEST, changed(REQUEST, "mailto:events", "mailto:office")),
        (["I63"], REQUEST, changed(CANCEL, "mailto:events", "mailto:office")),
        (["I63", "I91"], REQUEST, changed(CANCEL, "SEQUENCE:4", "SEQUENCE:3")),
        (
            [],
            FEED,
            changed(FEED, "T100000", "T093000", "SEQUENCE:3", "SEQUENCE:4", "FIED:20261101", "FIED:20261102"),
        ),
    ],
)
def test_a_fault_between_two_versions_is_seen(broken, before, after):
    assert check_versions(crlf(before), after) == broken


def test_a_file_of_dates_needs_neither_name_nor_refresh():
    data = crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" + ZONE + EVENT + "END:VCALENDAR\n")
    assert check_feed(data, now=NOW) == ["I13", "I14"]
    assert check_file(data, now=NOW) == []


def test_instants_are_read_in_their_zone():
    assert instants(crlf(FEED)) == {
        "3f0c1b9e-2f1c-4a37-9d32-0c4b1f9ad001": (
            datetime(2026, 12, 3, 8, 0, tzinfo=UTC),
            datetime(2026, 12, 3, 10, 0, tzinfo=UTC),
            "Изкуствен интелект, на живо",
        )
    }


def mail(invite: bytes = crlf(REQUEST), method: str = "REQUEST", name: str = "invite.ics") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Хъб <events@example.org>"
    message["To"] = "maria@example.org"
    message["Subject"] = "Записани сте"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = "<1@example.org>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("Здравейте", cte="quoted-printable")
    message.add_alternative("<p>Здравейте</p>", subtype="html", cte="quoted-printable")
    message.add_alternative(invite.decode(), subtype="calendar", params={"method": method}, cte="base64")
    message.add_attachment(invite, maintype="application", subtype="ics", filename=name)
    return message


def dates_mail(content: bytes) -> bytes:
    message = mail()
    message.set_payload(message.get_payload()[:1])
    for part in message.walk():
        if part.get_content_type() == "multipart/alternative":
            part.set_payload(part.get_payload()[:2])
    message.add_attachment(content, maintype="text", subtype="calendar", filename="dates.ics")
    return message.as_bytes()


def without(message: EmailMessage, *names: str, **added: str) -> bytes:
    for name in names:
        del message[name]
    for name, value in added.items():
        message[name.replace("_", "-")] = value
    return message.as_bytes()


def misshapen() -> bytes:
    """The invite before the HTML: clients then show the text of the HTML and no buttons."""
    message = mail()
    alternative = message.get_payload(0)
    parts = alternative.get_payload()
    alternative.set_payload([parts[0], parts[2], parts[1]])
    return message.as_bytes()


def test_good_mails_break_nothing():
    assert check_mail(mail().as_bytes(), now=NOW) == []
    assert check_mail(mail(crlf(CANCEL), "CANCEL").as_bytes(), now=NOW) == []
    assert check_mail(dates_mail(crlf(FEED)), now=NOW) == []


@pytest.mark.parametrize(
    ("broken", "raw"),
    [
        (["I64"], mail(changed(REQUEST, "CONFIRMED", "CANCELLED")).as_bytes()),
        (["I12", "I66", "I70"], dates_mail(crlf(REQUEST))),
        (["I71"], misshapen()),
        (["I72"], mail(method="request").as_bytes()),
        (["I72"], mail(crlf(CANCEL), "REQUEST").as_bytes()),
        (
            ["I73"],
            mail()
            .as_bytes()
            .replace(b"Transfer-Encoding: quoted-printable", b"Transfer-Encoding: 8bit")
            .replace(b"=D0=97=D0=B4", "Зд".encode()),
        ),
        (["I74"], mail(name="покана.ics").as_bytes()),
        (["I74"], mail(name="invite.txt").as_bytes()),
        (["I62", "I75"], without(mail(), "To", To="peter@example.org, maria@example.org")),
        (["I75"], without(mail(), Bcc="archive@example.org")),
        (["I76"], without(mail(), "Auto-Submitted")),
        (["I76"], without(mail(), "Message-ID")),
        (["I76"], mail().as_bytes().replace(b"Subject: =?utf-8?", "Subject: Записани =?utf-8?".encode())),
        (["I77"], without(mail(), "From", From="other@example.org")),
        ([], without(mail(), "From", From="other@example.org", Reply_To="events@example.org")),
    ],
)
def test_a_fault_in_a_mail_is_seen(broken, raw):
    assert check_mail(raw, now=NOW) == broken
