"""An organiser's story: refused until the funder is named, filled, repeated on another day, and called off."""

import re
from dataclasses import replace
from typing import Any

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient

from hubevents.core.db import db
from hubevents.hubs.models import Hub
from hubevents.jobs import service as jobs
from tests import make, people, smtp
from tests.pages import posted

REASON = "Лекторът е болен."


def register(client: FlaskClient, page: str, first_name: str) -> str:
    """Somebody registers on the page; the address of their own."""
    email = f"{len(first_name)}@example.org"
    answer = client.post(
        f"{page}register", data={"first_name": first_name, "last_name": "Желева", "email": email}
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def statuses(client: FlaskClient) -> dict[str, str]:
    """The entries of the hub's feed with their STATUS."""
    calendar = icalendar.Calendar.from_ical(client.get("/feeds/zagore.ics").data)
    return {str(each["URL"]).split("/")[-2]: str(each["STATUS"]) for each in calendar.walk("VEVENT")}


def has_cancel(mail: Any) -> bool:
    return any(
        part.get_content_type() == "text/calendar" and part.get_param("method") == "CANCEL" for part in mail.walk()
    )


def test_refused_published_filled_repeated_and_called_off(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people.cast(app)
    with app.app_context():
        hub = db.session.scalars(db.select(Hub).filter_by(slug="zagore")).one()
        programme = make.programme(hub, funded=True).id
        event = make.event(hub, "lekciya", status="draft", published_at=None, programme_id=programme, capacity=2).id
        db.session.remove()
    alice, anybody = people.signed_in(app, "alice"), app.test_client()
    page, workspace = "/bg/zagore/events/lekciya/", f"/organise/zagore/events/{event}/"

    # Without the funder's words nothing goes out.
    refused = alice.post(f"{workspace}publish", follow_redirects=True)
    assert "flash--bad" in refused.text
    assert (anybody.get(page).status_code, statuses(anybody)) == (404, {})
    path = f"/organise/zagore/programmes/{programme}/"
    alice.post(path, data={**posted(alice.get(path).text), "emblem": "cofunded"})
    alice.post(f"{workspace}publish")
    shown = anybody.get(page)
    assert (shown.status_code, statuses(anybody)) == (200, {"lekciya": "CONFIRMED"})
    assert "Съфинансирано от" in shown.text

    # Two come, one waits.
    pages = [register(anybody, page, name) for name in ("Мария", "Петър-Ангел", "Ана")]
    listed = alice.get(f"{workspace}people/").text
    assert [listed.count(name) > 0 for name in ("Мария", "Петър-Ангел", "Ана")] == [True] * 3

    # The same again is a draft that nobody sees until it is published.
    day = make.in_days(24)
    fields = {**posted(alice.get(f"{workspace}copy").text), "dates-0-on": f"{day:%Y-%m-%d}"}
    copy = alice.post(f"{workspace}copy", data=fields).location
    assert statuses(anybody) == {"lekciya": "CONFIRMED"}
    alice.post(f"{copy}publish")
    slugs = set(statuses(anybody))
    (copied,) = slugs - {"lekciya"}
    assert "Ана" not in alice.get(f"{copy}people/").text

    # Called off: everybody is told why, and those with a place lose the entry in their calendar.
    with smtp.server() as inbox:
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], smtp_url=inbox.url))
        jobs.run_all(app)
        inbox.taken.clear()
        inbox.recipients.clear()
        assert alice.post(f"{workspace}cancel", data={"reason_bg": REASON}).status_code == 303
        jobs.run_all(app)
    assert sorted(inbox.recipients) == ["11@example.org", "3@example.org", "5@example.org"]
    told = dict(zip(inbox.recipients, inbox.mails, strict=True))
    assert [REASON in mail.get_body(("plain",)).get_content() for mail in inbox.mails] == [True] * 3
    assert {address: has_cancel(mail) for address, mail in told.items()} == {
        "5@example.org": True, "11@example.org": True, "3@example.org": False,
    }  # fmt: skip
    assert statuses(anybody) == {"lekciya": "CANCELLED", copied: "CONFIRMED"}
    for address in (page, *pages):
        assert REASON in anybody.get(address).text
    assert anybody.get(f"{page}register").status_code == 303
    assert re.search(r"/register\"", anybody.get(f"/bg/zagore/events/{copied}/").text)
    said = alice.get(f"{workspace}messages/").text
    assert [said.count(f"{name}@example.org") for name in ("5", "11", "3")] == [2, 2, 2]
