"""The code of the room's screen on the personal page: when it is asked for, what is answered, how often one may try."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from hubevents.checkin import rules, selfcheck
from hubevents.checkin import service as checkin
from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import Answer, DoorRole, FirstScan, OtherEvent, Reason, Verdict
from hubevents.checkin.selfcheck import Miss, Outcome
from hubevents.core import clock, links, tokens
from hubevents.core.db import db, transaction
from hubevents.registrations import service as registrations
from hubevents.registrations.models import Registration
from hubevents.registrations.rules import Source
from hubevents.web.participant import here
from tests import make
from tests.conftest import new_app, settings_for

NOW = make.sofia(2026, 10, 14, 10, 5)
START, END = make.sofia(2026, 10, 14, 10), make.sofia(2026, 10, 14, 17)


@pytest.fixture(autouse=True)
def _at_five_past_ten() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@dataclass
class Stage:
    """An event that is on, its screen, and people with their pages."""

    app: Flask
    event_id: int
    door_id: int
    ids: dict[str, int]

    def url(self, name: str = "maria", lang: str = "bg") -> str:
        with self.app.app_context():
            row = db.session.get_one(Registration, self.ids[name])
            token = tokens.link(tokens.REGISTRATION, row.id, row.link_version)
            db.session.remove()
        return links.path(links.REGISTRATION, lang=lang, token=token)

    def code(self, at: datetime = NOW) -> str:
        """What the screen shows at a moment."""
        with self.app.app_context(), time_machine.travel(at, tick=False):
            found = selfcheck.screen(db.session.get_one(Door, self.door_id), "bg").code
            db.session.remove()
        assert found is not None
        return found

    def kept(self) -> list[tuple[str, str | None, str]]:
        with self.app.app_context():
            rows = db.session.execute(sa.select(Scan.verdict, Scan.reason, Scan.method).order_by(Scan.id)).all()
            db.session.remove()
        return [tuple(row) for row in rows]

    def present(self) -> int:
        with self.app.app_context():
            number = db.session.scalar(sa.select(sa.func.count()).select_from(Attendance))
            db.session.remove()
        return number or 0


def stage_of(app: Flask, **values: Any) -> Stage:
    with app.app_context(), time_machine.travel(NOW - timedelta(days=9), tick=False):
        title = make.both("Умна Тракия", "Smart Thrace")
        event = make.event(make.hub(), title=title, dates=[(START, END)], capacity=1)
        with transaction():
            people = {
                name: registrations.register(
                    event.id, registrations.Registrant(name.title(), "Петрова", f"{name}@example.org", "bg")
                ).id
                for name in ("maria", "boyan")
            }
            door = checkin.make_door(event, "Екран", DoorRole.SCREEN, **values)
        stage = Stage(app, event.id, door.id, people)
        db.session.remove()
    return stage


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_of(app)


def said(client: FlaskClient, url: str, code: str) -> str:
    """What the page says after a code was sent."""
    answer = client.post(url, data={"code": code})
    assert (answer.status_code, answer.location) == (303, url)
    page = client.get(url).text
    found = re.search(r'class="flash[^"]*"[^>]*>(.*?)</', page, re.DOTALL)
    assert found is not None, page
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip().replace("\u00a0", " ")


def test_the_field_stands_on_the_page_while_a_screen_takes_people(stage: Stage, client: FlaskClient) -> None:
    page = client.get(stage.url(lang="en")).text
    field = re.search(r'<input[^>]*name="code"[^>]*>', page)
    assert field is not None
    for part in ('inputmode="numeric"', 'autocomplete="off"', 'type="text"'):
        assert part in field[0]
    assert "Here now?" in page
    assert page.count("btn-primary") == 1  # the next step is this one
    for moment in (START - timedelta(days=1), END + timedelta(minutes=121)):
        with time_machine.travel(moment, tick=False):
            answer = client.get(stage.url())
            assert 'name="code"' not in answer.text
            assert "Set-Cookie" not in answer.headers


def test_nobody_else_is_asked(stage: Stage, client: FlaskClient) -> None:
    assert 'name="code"' not in client.get(stage.url("boyan")).text  # waits for a place
    with stage.app.app_context():
        with transaction():
            checkin.revoke_door(stage.event_id, stage.door_id)
        db.session.remove()
    assert 'name="code"' not in client.get(stage.url()).text


def test_the_code_checks_in_and_the_answer_is_in_words(stage: Stage, client: FlaskClient) -> None:
    url = stage.url(lang="en")
    assert said(client, url, stage.code()) == "Checked in to “Smart Thrace” at 10:05. Welcome!"
    assert stage.kept() == [("admitted", None, "self")]
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        assert said(client, url, stage.code()) == "You are checked in to “Smart Thrace” already, since 10:05."
    assert stage.present() == 1


def test_a_page_sent_twice_is_harmless(stage: Stage, client: FlaskClient) -> None:
    url, code = stage.url(), stage.code()
    assert [client.post(url, data={"code": code}).status_code for _press in range(3)] == [303] * 3
    assert [verdict for verdict, _reason, _method in stage.kept()] == ["admitted", "already_in", "already_in"]
    assert stage.present() == 1


def test_d18_opening_the_link_checks_nobody_in(stage: Stage, client: FlaskClient) -> None:
    url, code = stage.url(), stage.code()
    for path in (url, f"{url}?code={code}", f"{url}here?code={code}", f"{url}{code}"):
        client.get(path)
        client.head(path)
    assert (stage.kept(), stage.present()) == ([], 0)


def test_d52_on_the_second_day_the_code_checks_in_again(app: Flask, client: FlaskClient) -> None:
    stage = stage_of(app)
    with app.app_context():
        with transaction():
            date = db.session.get_one(Registration, stage.ids["maria"]).event.dates[0]
            date.ends_at = END + timedelta(days=1)
            db.session.get_one(Door, stage.door_id).expires_at = END + timedelta(days=2)
        db.session.remove()
    url = stage.url(lang="en")
    said(client, url, stage.code())
    tomorrow = NOW + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        assert said(client, url, stage.code(tomorrow)) == "Checked in to “Smart Thrace” at 10:05. Welcome!"
    assert stage.present() == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("12345", "The code has six digits. Type it as it stands on the screen."),
        ("12345six", "The code has six digits. Type it as it stands on the screen."),
        ("6" * 19_000, "The code has six digits. Type it as it stands on the screen."),
        ("\u202e{{7*7}}<script>", "The code has six digits. Type it as it stands on the screen."),
        ("000000", "This is not the code on the screen. Look once more and type its six digits."),
    ],
)
def test_what_is_no_code_of_now_is_told_with_what_to_do(
    stage: Stage, client: FlaskClient, typed: str, words: str
) -> None:
    assert said(client, stage.url(lang="en"), typed) == words
    assert stage.kept() == []


@pytest.mark.parametrize("written", ["{0}\u00a0{1}", "{0}-{1}", " {0} {1} ", "{0}–{1}"])
def test_spaces_and_dashes_are_forgiven(stage: Stage, client: FlaskClient, written: str) -> None:
    code = stage.code()
    assert client.post(stage.url(), data={"code": written.format(code[:3], code[3:])}).status_code == 303
    assert stage.kept() == [("admitted", None, "self")]


def test_digits_of_other_widths_and_letters_that_look_like_them(stage: Stage, client: FlaskClient) -> None:
    wide = stage.code().translate(str.maketrans("0123456789", "О１２З４５６７８９"))
    assert "Checked in" in said(client, stage.url(lang="en"), wide)


def test_an_old_code_is_told_as_such(stage: Stage, client: FlaskClient) -> None:
    code = stage.code(NOW - timedelta(minutes=3))
    assert said(client, stage.url(lang="en"), code) == (
        "This code has changed meanwhile. Type the one that is on the screen now."
    )
    assert stage.kept() == []


def test_d13_who_waits_is_not_checked_in(stage: Stage, client: FlaskClient) -> None:
    assert said(client, stage.url("boyan", lang="en"), stage.code()) == (
        "Your registration is not confirmed, so you are not checked in. Speak to the organiser."
    )
    assert stage.kept() == [("refused", "waitlisted", "self")]
    assert stage.present() == 0


def test_an_empty_field_is_an_error_beside_it(stage: Stage, client: FlaskClient) -> None:
    for typed in ("", " ", "\u200b"):
        answer = client.post(stage.url(lang="en"), data={"code": typed})
        assert answer.status_code == 422
        assert "Type the six digits on the screen." in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert "<title>Error:" in answer.text
    assert stage.kept() == []


def test_without_the_forms_token_nothing_happens(app: Flask, stage: Stage) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = app.test_client()
        url, code = stage.url(), stage.code()
        assert client.post(url, data={"code": code}).status_code == 422
        assert client.post(url, json={"code": code}).status_code == 422
        assert stage.kept() == []
        page = client.get(url).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        assert client.post(url, data={"code": code, "csrf_token": token[1]}).status_code == 303
        assert stage.kept() == [("admitted", None, "self")]
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_renewed_and_foreign_links_take_no_codes(stage: Stage, client: FlaskClient) -> None:
    url, code = stage.url(), stage.code()
    with stage.app.app_context():
        with transaction():
            registrations.renew_link(stage.ids["maria"])
        db.session.remove()
    assert client.post(url, data={"code": code}).status_code == 410
    assert client.post("/bg/r/" + "A" * 32 + "/", data={"code": code}).status_code == 404
    assert stage.kept() == []
    assert client.post(stage.url(), data={"code": code}).status_code == 303


# --- every answer ----------------------------------------------------------------------------------------------------

AT = make.sofia(2026, 10, 14, 11)


@pytest.mark.parametrize("lang", ["bg", "en"])
@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Answer.ADMITTED),
        Verdict(Answer.ALREADY_IN, first_scan=FirstScan(AT)),
        Verdict(Answer.ALREADY_IN),
        *(Verdict(Answer.REFUSED, reason) for reason in Reason),
        Verdict(Answer.REFUSED, Reason.NOT_YET, opens_at=AT),
        Verdict(Answer.REFUSED, Reason.CLOSED, closed_at=AT),
        Verdict(Answer.REFUSED, Reason.WRONG_SESSION, other=OtherEvent("Данни", AT)),
    ],
    ids=str,
)
def test_every_verdict_has_words_and_names_no_person(ctx: Flask, verdict: Verdict, lang: str) -> None:
    with ctx.test_request_context(f"/{lang}/"):
        told = here._Said(verdict, "Роботи", "Europe/Sofia", lang)
        kind, words = here._words(verdict, Outcome(AT, verdict=verdict), told)
    assert kind == ("bad" if verdict.verdict is Answer.REFUSED else "ok")
    assert words
    assert "%(" not in words
    assert ".." not in words
    for moment in (verdict.opens_at, verdict.first_scan):
        assert moment is None or "11:00" in words
    assert verdict.other is None or "Данни" in words


def test_every_reason_the_rulebook_gives_at_a_screen_has_a_sentence_of_its_own() -> None:
    at_a_screen = {
        Reason.CANCELLED, Reason.WAITLISTED, Reason.PENDING, Reason.DECLINED, Reason.EXPIRED, Reason.WRONG_SESSION,
        Reason.NOT_YET, Reason.CLOSED, Reason.EVENT_CANCELLED, Reason.FULL,
    }  # fmt: skip
    assert set(here._REFUSALS) == at_a_screen
    assert set(here._MISSES) == set(Miss)
    assert rules.may_use(DoorRole.SCREEN, rules.Method.SELF)


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Flask]:
    """An application that counts."""
    app = new_app(settings_for(tmp_path / "limited", rate_limits=True))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_ten_codes_in_ten_minutes_and_no_more_for_one_registration(limited: Flask) -> None:
    stage = stage_of(limited)
    client, url = limited.test_client(), stage.url(lang="en")
    with limited.app_context():
        with transaction():
            person = registrations.Registrant("Вера", "Петрова", "vera@example.org", "bg")
            stage.ids["vera"] = registrations.register(stage.event_id, person, source=Source.STAFF, beyond=True).id
        db.session.remove()
    with time_machine.travel(NOW) as travel:
        assert [client.post(url, data={"code": f"{turn:06}"}).status_code for turn in range(10)] == [303] * 10
        right = client.post(url, data={"code": stage.code(clock.now())})
        assert (right.status_code, right.headers["Retry-After"]) == (429, "600")
        assert "Ten codes in ten minutes are enough." in right.text
        assert stage.kept() == []
        # The page itself stays, another browser and another language count for the same, and others are not touched.
        assert client.get(url).status_code == 200
        again = limited.test_client().post(stage.url(lang="bg"), data={"code": stage.code(clock.now())})
        assert again.status_code == 429
        vera = limited.test_client().post(stage.url("vera"), data={"code": stage.code(clock.now())})
        assert (vera.status_code, stage.kept()) == (303, [("admitted", None, "self")])
        with limited.app_context():
            with transaction():
                registrations.renew_link(stage.ids["maria"])
            db.session.remove()
        assert client.post(stage.url(), data={"code": stage.code(clock.now())}).status_code == 429
        travel.shift(timedelta(minutes=10, seconds=1))
        assert client.post(stage.url(), data={"code": stage.code(clock.now())}).status_code == 303
    assert stage.kept() == [("admitted", None, "self")] * 2


# --- cost ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_page_costs_one_statement_more_while_the_event_is_near(
    stage: Stage, client: FlaskClient, queries: Any, number: int
) -> None:
    with stage.app.app_context():
        event = db.session.get_one(Registration, stage.ids["maria"]).event
        for turn in range(number):
            session = make.session(event, f"Сесия {turn}", START)
            with transaction():
                checkin.make_door(event, f"Екран {turn}", DoorRole.SCREEN, [session.id])
        db.session.remove()
    url = stage.url()
    counted = []
    for moment in (START - timedelta(days=3), NOW):
        with time_machine.travel(moment, tick=False):
            client.get(url)
            with queries() as seen:
                client.get(url)
            counted.append(len(seen))
    assert counted == [4, 5]
