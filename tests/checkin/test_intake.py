"""What a phone may send, and what of it is kept: methods, walk-ins, personal numbers, the device."""

import uuid
from typing import Any

import pytest

from hubevents.checkin import intake
from hubevents.checkin.intake import BadItem, Item, WalkIn
from hubevents.checkin.rules import Answer, Method

AT = "2026-10-14T07:30:00Z"
EGN = "7523169263"
ANA = {"first_name": "Ана", "last_name": "Иванова"}


def one(**values: Any) -> Item | BadItem:
    return intake.read({"scans": [{"scan_id": str(uuid.uuid4()), "scanned_at": AT, **values}]}).items[0]


def good(**values: Any) -> Item:
    item = one(**values)
    assert isinstance(item, Item)
    return item


def bad(**values: Any) -> tuple[str, ...]:
    item = one(**values)
    assert isinstance(item, BadItem)
    return item.national_id


def walked_in(shown: str | None = None, **fields: Any) -> WalkIn:
    item = good(walk_in={**ANA, **fields}, shown=shown)
    assert item.walk_in is not None
    return item.walk_in


# --- how somebody was recognised -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["self", "manual", "online", "walk_in", "undo", "", "QR", 7])
def test_a_phone_recognises_nobody_in_other_ways(method: Any) -> None:
    assert bad(code="1", method=method) == ()
    assert bad(registration="1", method=method) == ()


@pytest.mark.parametrize(
    ("sent", "method"),
    [
        ({"code": "1"}, Method.QR),
        ({"code": "1", "method": "code"}, Method.CODE),
        ({"registration": "1"}, Method.SEARCH),
        ({"registration": "1", "method": "qr"}, Method.SEARCH),
        ({"registration": "1", "method": "kiosk"}, Method.KIOSK),
        ({"walk_in": ANA, "method": "self"}, Method.WALK_IN),
    ],
)
def test_the_ways_of_a_phone(sent: dict[str, Any], method: Method) -> None:
    assert good(**sent).method is method


def test_a_verdict_of_a_newer_phone_is_no_reason_to_lose_the_scan() -> None:
    assert good(code="1", shown="teleported").shown is None
    assert good(code="1", shown="already_in").shown is Answer.ALREADY_IN


# --- walk-ins --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["first_name", "last_name", "position", "organisation", "organisation_number"])
def test_a_personal_number_is_refused_in_every_free_field(field: str) -> None:
    assert bad(walk_in={**ANA, field: f"ЕГН {EGN[:6]} {EGN[6:]}"}) == (field,)


def test_all_fields_with_a_personal_number_are_named() -> None:
    assert bad(walk_in={**ANA, "position": EGN, "last_name": EGN}) == ("last_name", "position")


def test_what_only_looks_like_a_personal_number_is_kept() -> None:
    kept = walked_in(phone=EGN, organisation_number=f"PL{EGN}", position="отдел 7523169264")
    assert (kept.phone, kept.organisation_number, kept.position) == (EGN, f"PL{EGN}", "отдел 7523169264")
    assert kept.emptied == ()


def test_of_somebody_let_in_already_only_the_personal_number_is_left_out() -> None:
    kept = walked_in(
        "admitted",
        last_name=f"Иванова {EGN}",
        position=f"лаборант, {EGN}",
        organisation="Берое",
        organisation_number=f"BG{EGN}",
    )
    assert (kept.first_name, kept.last_name, kept.position) == ("Ана", "Иванова", "")
    assert (kept.organisation, kept.organisation_number) == ("Берое", "")
    assert kept.emptied == ("last_name", "position", "organisation_number")


def test_nobody_let_in_already_is_lost_for_a_bad_field() -> None:
    kept = walked_in("admitted", first_name="", last_name=EGN, email="няма", phone=7, organisation=["x"])
    assert kept == WalkIn("—", "—", None, emptied=("first_name", "phone", "organisation", "email", "last_name"))


@pytest.mark.parametrize("field", ["first_name", "phone", "organisation", "email"])
def test_live_a_bad_field_is_a_bad_item(field: str) -> None:
    for shown in (None, "refused", "already_in"):
        assert bad(walk_in={**ANA, field: 7}, shown=shown) == ()
    assert isinstance(one(walk_in=[], shown="admitted"), BadItem)


def test_a_reason_holds_no_personal_number_either() -> None:
    assert bad(code="1", override_reason=f"лектор {EGN}") == ("override_reason",)
    assert good(code="1", override_reason=f"лектор {EGN}", shown="admitted").override_reason is None
    assert good(code="1", override_reason=" лектор ").override_reason == "лектор"


# --- the device ------------------------------------------------------------------------------------------------------


def device(**values: Any) -> Any:
    return intake.read({"device": {"id": str(uuid.UUID(int=7)), **values}, "scans": []}).device


def test_a_device_tells_its_time_its_queue_and_how_old_its_list_is() -> None:
    told = device(name=" Каса ", sent_at=AT, queued=3, list_at="2026-10-14T07:00:00.5Z")
    assert (told.name, told.queued) == ("Каса", 3)
    assert (told.sent_at.minute, told.list_at.minute, told.list_at.microsecond) == (30, 0, 500_000)


@pytest.mark.parametrize("strange", [7, "вчера", [], {}, True, "2026-10-14"])
def test_strange_words_of_a_device_are_left_out_and_its_scans_count(strange: Any) -> None:
    told = device(name=7, list_at=strange, queued="7")
    assert (told.name, told.list_at, told.queued) == ("", None, 0)
    assert device(sent_at=strange) is None
