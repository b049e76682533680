"""`import schedule` from the outside; what an import does to an event is tested beside `agenda`."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from hubevents.agenda.models import EventSession
from hubevents.app import create_app
from hubevents.core.db import db
from hubevents.events.models import Event
from tests import make

CASES = Path(__file__).resolve().parents[1] / "agenda" / "cases"
SCHEDULE = str(CASES / "hub_days.xml")


def rows() -> tuple[list[str], int]:
    """The slugs of all events and the number of sessions."""
    app = create_app()
    with app.app_context():
        try:
            return list(db.session.scalars(sa.select(Event.slug).order_by(Event.id))), len(
                db.session.scalars(sa.select(EventSession.id)).all()
            )
        finally:
            db.session.remove()
            db.engine.dispose()


def test_a_draft_is_made_and_a_second_time_changes_nothing(first_hub):
    result = first_hub("import", "schedule", SCHEDULE)
    assert result.exit_code == 0, result.output
    assert "(a new draft)" in result.output
    slugs, sessions = rows()
    assert len(slugs) == 1
    assert f"sessions: {sessions} new, 0 changed, 0 cancelled, 0 as they were" in result.output
    result = first_hub("import", "schedule", SCHEDULE, "--hub", "zagore", "--event", slugs[0])
    assert f"sessions: 0 new, 0 changed, 0 cancelled, {sessions} as they were" in result.output
    assert "Nothing to do." in result.output
    assert rows() == (slugs, sessions)


def test_a_dry_run_says_all_and_changes_nothing(first_hub):
    result = first_hub("import", "schedule", SCHEDULE, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "dry run: nothing was changed" in result.output
    assert rows() == ([], 0)


def test_the_event_is_named_by_slug_or_number(first_hub):
    app = create_app()
    with app.app_context():
        event = make.event(db.session.get_one(make.Hub, 1), "dni")
        number = event.id
        db.session.remove()
        db.engine.dispose()
    assert first_hub("import", "schedule", SCHEDULE, "--event", "dni").exit_code == 0
    result = first_hub("import", "schedule", SCHEDULE, "--event", str(number))
    assert "Nothing to do." in result.output
    assert rows()[0] == ["dni"]


@pytest.mark.parametrize(("args", "code"), [(("--hub", "rodopi"), "hub"), (("--event", "none"), "event")])
def test_an_unknown_hub_or_event_is_refused(first_hub, args, code: str):
    first_hub("import", "schedule", SCHEDULE, *args)
    assert first_hub.refused is not None
    assert first_hub.refused.code == code


def test_a_file_that_is_not_there_is_one_line(first_hub):
    first_hub("import", "schedule", "/nowhere/schedule.xml")
    assert str(first_hub.refused) == "/nowhere/schedule.xml cannot be read: No such file or directory."


def test_a_file_that_is_no_schedule_is_refused_by_its_name(first_hub, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("just notes")
    result = first_hub("import", "schedule", str(tmp_path / "notes.txt"))
    assert result.exit_code == 1
    assert "notes.txt was not imported: " in result.output
    assert rows() == ([], 0)


def test_sessions_that_cannot_be_taken_are_named_with_their_place(first_hub, tmp_path: Path):
    broken = Path(SCHEDULE).read_text("utf-8").replace("<duration>00:45</duration>", "<duration></duration>")
    (tmp_path / "broken.xml").write_text(broken, "utf-8")
    result = first_hub("import", "schedule", str(tmp_path / "broken.xml"))
    assert result.exit_code == 1
    assert '  day 1, room "Голяма зала", id 1: ' in result.output
    assert rows() == ([], 0)


def test_without_a_hub_the_command_says_so(hubevents):
    hubevents("db", "upgrade")
    hubevents("import", "schedule", SCHEDULE)
    assert str(hubevents.refused) == "Name the hub with --hub: there is none yet."
