"""The page's rulebook, readings and search keys answer as Python's do, whatever they are asked.

tests/cases/ holds what people thought of; here chance asks, the same questions in every run.
"""

import datetime as dt
import json
import random
import shutil
import subprocess
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hubevents.checkin.rules import (
    Direction,
    DoorRole,
    Method,
    Passage,
    Question,
    Reason,
    day_of,
    judge,
    presence,
)
from hubevents.core.assets import root
from hubevents.core.text import search_key
from hubevents.registrations.tickets import ALPHABET, issue, new_code, normalise_code, short_code, understand
from tests.cases.make import KEY, OLD_KEY, tickets
from tests.cases.test_cases import KEYS, as_json
from tests.checkin.book import as_instants, fold, from_json, to_json

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

STATUSES = ["confirmed"] * 6 + ["cancelled", "waitlisted", "offered", "pending", "declined", "expired", "moved"]
ZONES = ["Europe/Sofia", "UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
MIDNIGHT = dt.datetime(2026, 10, 24, tzinfo=ZoneInfo("Europe/Sofia"))


class Chance(random.Random):
    """Questions by chance, near each other so that the rules meet."""

    def often(self, value: Any, otherwise: Any) -> Any:
        """`value` three times of four."""
        return value if self.random() < 0.75 else otherwise

    def moment(self, days: int = 3) -> str:
        """Around the night the clock goes back, often on a quarter of an hour, in any offset."""
        minutes = 15 * self.randrange(96 * days) + self.choice([0, 0, 0, self.uniform(-1, 1)])
        at = MIDNIGHT.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
        zone = self.choice([dt.UTC, ZoneInfo("Europe/Sofia"), dt.timezone(dt.timedelta(hours=-5, minutes=30))])
        return at.astimezone(zone).isoformat(timespec=self.choice(["seconds", "milliseconds"]))

    def span(self) -> dict[str, str]:
        """From a start to an end after it."""
        start = dt.datetime.fromisoformat(self.moment()).replace(microsecond=0)
        return {
            "starts_at": start.isoformat(),
            "ends_at": (start + dt.timedelta(minutes=self.randrange(1, 600))).isoformat(),
        }

    def some(self, values: list[str]) -> list[str]:
        """None, one or several of them."""
        return self.sample(values, self.choice([0, 0, 1, 1, 2]))

    def question(self) -> dict[str, Any]:
        """A question in JSON; absent keys and nulls are among it."""
        sessions = [
            {
                "id": id,
                "title": id.upper(),
                **self.span(),
                "booked": self.random() < 0.6,
                "cancelled": self.random() < 0.2,
            }
            for id in self.sample(["s1", "s2", "s3", "s10"], 3)
        ]
        asked: dict[str, Any] = {
            "scan": {
                "scanned_at": self.moment(),
                "method": self.often("qr", self.choice(list(Method)).value),
                "direction": self.often("in", self.choice(list(Direction)).value),
                "session": self.often(None, self.choice(["s1", "s2", "s9"])),
                "override_reason": self.choice([None, "", " \t", "Поканен"]),
            },
            "door": {
                "role": self.often("steward", self.choice(list(DoorRole)).value),
                "sessions": self.often([], self.some(["s1", "s2", "s3", "s10"])),
                "opens_minutes_before": self.choice([0, 120, 600]),
                "closes_minutes_after": self.choice([0, 120, 600]),
                "re_entry": self.random() < 0.5,
                "capacity": self.choice([None, 0, 1, 2]),
                "ends_at": self.often(None, self.moment()),
                "revoked": self.random() < 0.05,
            },
            "event": {
                "id": "7",
                "zone": self.choice(ZONES),
                "dates": [self.span() for _ in range(self.randrange(4))],
                "sessions": sessions,
                "cancelled": self.random() < 0.1,
            },
            "present": self.randrange(4),
            "offline": self.random() < 0.5,
        }
        if self.random() < 0.7:
            problem = self.often(None, self.choice([Reason.FORGED, Reason.NOT_A_TICKET]).value)
            event = self.often("7", self.choice([None, "8"]))
            asked["reading"] = {"problem": problem, "event": event, "version": self.choice([None, 0, 1, 2, 3])}
        if self.random() < 0.8:
            asked["registration"] = {
                "event": self.often(self.often("7", "8"), "7"),
                "status": self.choice(STATUSES),
                "version": self.choice([1, 1, 2]),
                "name": self.often("Мария Петрова", None),
                "sessions": self.some(["s1", "s2", "s3", "s10"]),
                "erased": self.random() < 0.05,
            }
        if self.random() < 0.4:
            asked["other_event"] = self.choice([{"title": "Семинар", "same_series": True}, {"title": "Среща"}])
        if self.random() < 0.5:
            first = self.often({"scanned_at": self.moment()}, None)
            asked["earlier"] = {"inside": self.random() < 0.5, "first_scan": first}
        return asked

    def folded(self) -> dict[str, Any]:
        """Passages of a day, some of them twice or undone."""
        ids = [f"{self.randrange(16):x}{self.randrange(16):x}" for _ in range(self.randrange(7))]
        scans = {
            id: {"scan_id": id, "at": self.moment(1), "direction": self.choice(list(Direction)).value} for id in ids
        }
        passages = [scans[id] for id in [*ids, *ids[:2]]]
        self.shuffle(passages)
        return {"passages": passages, "undone": self.sample([*ids, "zz"], 1) if self.random() < 0.4 else []}

    def noisy(self, text: str) -> str:
        """A text with a little wrong, or only dressed up."""
        letters = list(text)
        for _ in range(self.randrange(4)):
            place = self.randrange(len(letters) + 1)
            noise = self.choice(["", " ", "\n", "]Q1", "~", "🎟", "\u200b", "-", "А", "0", text[:5], text])
            letters[place : place + self.randrange(2)] = noise
        return "".join(letters)

    def words(self) -> str:
        """Letters that transliteration, case and marks have something to do with."""
        letters = "абвгдежзийклмнопрстуфхцчшщъьюяѝёЙЩЮЯИiyYbulgaАБЪ ß\u0306\u0301-–'„\"« .@0ıİςΣﬁéŁ🎟\u0345\ufeff\x1c"
        return "".join(self.choices(letters, k=self.randrange(14)))


@cache
def asked_and_answered() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """What is asked, and the page's answers."""
    chance = Chance(3)
    numbers = [(chance.randrange(2**48), chance.randrange(2**48), chance.randrange(2**24)) for _ in range(60)]
    texts = [
        issue(chance.choice([KEY, OLD_KEY]), event_id=event, registration_id=registration, version=version)
        for event, registration, version in numbers
    ]
    codes = [new_code(chance.getrandbits) for _ in range(400)]
    asked: dict[str, list[Any]] = {
        "keys": tickets()["keys"],
        "judge": [chance.question() for _ in range(2000)],
        "presence": [chance.folded() for _ in range(1000)],
        "dayOf": [[chance.moment(400), chance.choice(ZONES)] for _ in range(1000)],
        "understand": [chance.noisy(text) for text in texts * 8],
        "normaliseCode": [chance.noisy(short_code(code)) for code in codes]
        + ["".join(chance.choices(ALPHABET + "OILUАЕКМОТБВНРСУХшщц", k=8)) for _ in range(4000)],
        "searchKey": [chance.words() for _ in range(4000)],
    }
    assert NODE
    done = subprocess.run(
        [NODE, "tests/javascript/answers.mjs"],
        cwd=root(),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return asked, json.loads(done.stdout)


def differences(kind: str, ours: list[Any], *, instants: bool = False) -> list[tuple[Any, Any, Any]]:
    """Where the page answers otherwise: question, our answer, the page's."""
    asked, answered = asked_and_answered()
    theirs = [as_instants(each) for each in answered[kind]] if instants else answered[kind]
    assert len(ours) == len(theirs)
    return [each for each in zip(asked[kind], ours, theirs, strict=True) if each[1] != each[2]]


def without_nulls(value: Any) -> Any:
    """The classes of the rules take absent keys for null."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def test_verdicts() -> None:
    verdicts = [judge(from_json(Question, without_nulls(each))) for each in asked_and_answered()[0]["judge"]]
    assert differences("judge", [to_json(each) for each in verdicts], instants=True) == []
    # Chance asks for all there is.
    said = {each.reason or each.verdict for each in verdicts}
    assert said == {*Reason, "admitted", "left", "already_in"}


def test_presence() -> None:
    folds = asked_and_answered()[0]["presence"]
    ours = [fold(presence([from_json(Passage, scan) for scan in each["passages"]], each["undone"])) for each in folds]
    for each in ours:
        each.pop("flags", None)
        each["first"] = each["first"] and {"direction": "in", **each["first"]}
    assert differences("presence", ours, instants=True) == []


def test_days() -> None:
    moments = asked_and_answered()[0]["dayOf"]
    ours = [day_of(dt.datetime.fromisoformat(moment), zone).isoformat() for moment, zone in moments]
    assert differences("dayOf", ours) == []


def test_readings() -> None:
    ours = [as_json(understand(text, KEYS)) for text in asked_and_answered()[0]["understand"]]
    assert differences("understand", ours) == []
    assert sum("event" in each for each in ours) > 100


def test_typed_codes() -> None:
    ours = [normalise_code(text) for text in asked_and_answered()[0]["normaliseCode"]]
    assert differences("normaliseCode", ours) == []
    assert sum(each is not None for each in ours) > 200


def test_search_keys() -> None:
    ours = [search_key(text) for text in asked_and_answered()[0]["searchKey"]]
    assert differences("searchKey", ours) == []
