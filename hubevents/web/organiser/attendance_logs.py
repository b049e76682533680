"""Logs of online meetings: sent as a file, matched with who is registered, confirmed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import FileField, SelectField

from hubevents.checkin import desk, matching, online, online_logs
from hubevents.checkin import queries as checkin
from hubevents.checkin.models import OnlineLog
from hubevents.checkin.rules import day_of
from hubevents.core import clock, i18n
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, Invalid, NotFound
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.rules import Action
from hubevents.web import access, messages
from hubevents.web.forms import Form, in_form
from hubevents.web.headers import private
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.attendance import BASE, Chosen, chosen_by
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.fields import optional_id, refuse
from hubevents.web.organiser.words import event_url

MOST_OPTIONS = 20_000
"""Choices of one page; where there would be more, only those who are likely are offered."""
SHOWN_PROBLEMS = 100
SHOWN_WRONG = 5


class LogForm(Form):
    """The file of an online meeting."""

    source = FileField(_l("Log of the meeting"))
    session = SelectField(_l("For"), coerce=optional_id)
    zone = SelectField(_l("Time zone of the file"))
    day = SelectField(_l("Day, where the file has only times"))


@dataclass(frozen=True)
class ShownLog:
    """A log in the list."""

    url: str
    name: str
    where: str
    when: str
    people: int
    matched: int
    confirmed: bool


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


def _log_form(chosen: Chosen) -> LogForm:
    zone, shown = chosen.event.zone, language()
    form = LogForm(
        data={"session": chosen.where.session_id, "zone": zone, "day": chosen.where.day.isoformat()},
    )
    titles = [(each.id, f"{i18n.day_text(day_of(each.starts_at, zone), shown)}, {each.title}")
              for each in chosen.rules.sessions if not each.cancelled]  # fmt: skip
    form.session.choices = [("", _("The whole event")), *titles]
    form.zone.choices = [(zone, zone), *((each, each) for each in ("UTC", *_zones()) if each != zone)]
    form.day.choices = [(day.isoformat(), i18n.date_text(day, shown)) for day in chosen.days]
    return form


@blueprint.get(BASE + "/online")
@access.staff(Action.SEE_PEOPLE)
def attendance_logs(hub: str, event_id: int) -> Response:
    """The logs of online meetings, and the form for another."""
    chosen = chosen_by(event_id)
    if chosen is None:
        return redirect(event_url("attendance_list", hub, event_id), 303)
    return _logs_page(chosen, _log_form(chosen))


@blueprint.post(BASE + "/online")
@access.staff(Action.EDIT_PEOPLE)
@in_form
def attendance_read(hub: str, event_id: int) -> Response:
    """Reads a log and shows whom it names."""
    request.max_content_length = online.MAX_BYTES + 100_000
    chosen = chosen_by(event_id)
    if chosen is None:
        raise NotFound("page")
    form = _log_form(chosen)
    if not form.validate():
        return _logs_page(chosen, form, status=422)
    sent = request.files.get("source")
    data = sent.stream.read(online.MAX_BYTES + 1) if sent is not None else b""
    try:
        log = online.read(
            data,
            zone=form.zone.data,
            day=date.fromisoformat(form.day.data),
            days=chosen.days,
            now=clock.now(),
        )
        digest = hashlib.sha256(data).hexdigest()
        with transaction():
            kept = online_logs.keep_log(
                event_id,
                form.session.data,
                log,
                file_name=(sent.filename or "") if sent is not None else "",
                digest=digest,
                user_id=current_user.id,
            )
    except NotFound:
        raise
    except DomainError as error:
        known = error.details.get("log_id")
        if isinstance(known, int):
            flash(messages.words(error), "warn")
            return redirect(event_url("attendance_log", hub, event_id, log_id=known), 303)
        refuse(form.source, messages.words(error))
        also = []
        if error.code == "log_no_rows":
            also = [_problem(problem.line, problem.code, problem.said) for problem in log.problems[:SHOWN_WRONG]]
        return _logs_page(chosen, form, also, 409 if isinstance(error, Conflict) else 422)
    flash(ngettext("One row was read.", "%(num)s rows were read.", len(log.rows)), "ok")
    return redirect(event_url("attendance_log", hub, event_id, log_id=kept.id), 303)


def _problem(line: int, code: str, said: str) -> str:
    words = messages.words(Invalid(code, value=said) if said else Invalid(code))
    return str(_("Line %(line)s: %(problem)s", line=line, problem=words))


def _logs_page(chosen: Chosen, form: LogForm, also: Sequence[str] = (), status: int = 200) -> Response:
    shown = language()
    titles = {int(each.id): each.title for each in chosen.rules.sessions}
    logs = []
    for log in desk.logs_of(chosen.event.id):
        rows = online_logs.stays(log)
        people = online_logs.people_in(rows)
        logs.append(
            ShownLog(
                url=event_url("attendance_log", access.this_hub().slug, chosen.event.id, log_id=log.id),
                name=log.file_name or _("without a name"),
                where=titles.get(log.session_id or 0, _("the whole event")),
                when=i18n.date_time_text(log.created_at, chosen.event.zone, shown),
                people=len(people),
                matched=sum(online_logs.matched(rows, person) is not None for person in people),
                confirmed=log.confirmed_at is not None,
            )
        )
    may_edit = access.permitted(Action.EDIT_PEOPLE) and chosen.event.status is EventStatus.PUBLISHED
    page = render_template(
        "organiser/attendance_logs.html",
        event=frame.workspace(chosen.event, "attendance"),
        form=form if may_edit else None,
        also=also,
        logs=logs,
        megabytes=online.MAX_BYTES // 2**20,
        up=chosen.url("attendance_list"),
        read_url=chosen.url("attendance_read"),
    )
    return private(Response(page, status, mimetype="text/html"))


@dataclass(frozen=True)
class Option:
    """Somebody to choose."""

    value: int
    label: str


@dataclass(frozen=True)
class Match:
    """A person of a log and who they may be."""

    number: int
    name: str
    email: str
    times: str
    chosen: int
    """The registration that was confirmed, or is certain; 0 for nobody."""
    likely: tuple[Option, ...]


@blueprint.get(BASE + "/online/<int:log_id>")
@access.staff(Action.SEE_PEOPLE)
def attendance_log(hub: str, event_id: int, log_id: int) -> Response:
    """Whom a log names, with who they most likely are; staff confirms or chooses."""
    event = frame.this_event(event_id)
    log = desk.log_of(event.id, log_id)
    if log is None:
        raise NotFound("page")
    everybody = desk.registered(event.id)
    labels = {
        each.id: f"{each.name} · {organisation}" if organisation else each.name for each, organisation in everybody
    }
    register = matching.Register(each for each, _organisation in everybody)
    rows = online_logs.stays(log)
    people = online_logs.people_in(rows)
    several = len({i18n.local(datetime.fromisoformat(row["joined_at"]), event.zone).date() for row in rows}) > 1
    matches = []
    for number, person in enumerate(people):
        guess = register.guess(person.name, person.email)
        confirmed = online_logs.matched(rows, person) if log.confirmed_at is not None else guess.certain
        likely = [id for id in dict.fromkeys((confirmed, guess.certain, *guess.likely)) if id in labels]
        matches.append(
            Match(
                number=number,
                name=person.name,
                email=person.email,
                times=_times([rows[place] for place in person.rows], event.zone, several=several),
                chosen=confirmed or 0,
                likely=tuple(Option(id, labels[id]) for id in likely),
            )
        )
    problems = [row for row in log.rows if "problem" in row]
    page = render_template(
        "organiser/attendance_log.html",
        event=frame.workspace(event, "attendance"),
        name=log.file_name or _("without a name"),
        where=_log_words(log, event),
        confirmed=log.confirmed_at is not None,
        doubtful=[match for match in matches if not match.chosen],
        found=[match for match in matches if match.chosen],
        everybody=[Option(id, label) for id, label in labels.items()]
        if len(labels) * len(matches) <= MOST_OPTIONS
        else [],
        problems=[_problem(row["line"], row["problem"], row["said"]) for row in problems[:SHOWN_PROBLEMS]],
        more_problems=max(0, len(problems) - SHOWN_PROBLEMS),
        may_edit=access.permitted(Action.EDIT_PEOPLE) and event.status is EventStatus.PUBLISHED,
        removable=all(row["registration_id"] is None for row in rows),
        up=event_url("attendance_logs", hub, event.id, session=log.session_id),
        urls={
            "confirm": event_url("attendance_confirm", hub, event.id, log_id=log.id),
            "remove": event_url("attendance_remove", hub, event.id, log_id=log.id),
            "register": event_url("register_person", hub, event.id),
        },
    )
    return private(Response(page, mimetype="text/html"))


def _log_words(log: OnlineLog, event: Event) -> str:
    when = i18n.date_time_text(log.created_at, event.zone, language())
    title = checkin.session_title(log.session_id).text(language()) if log.session_id else _("the whole event")
    return f"{title} · {when}"


def _times(rows: Sequence[dict[str, Any]], zone: str, *, several: bool) -> str:
    """From when to when somebody was in the meeting, and how often; with `several` days also on which."""
    shown = language()
    since = min(datetime.fromisoformat(row["joined_at"]) for row in rows)
    ends = [datetime.fromisoformat(row["left_at"]) for row in rows if row["left_at"] is not None]
    if len(ends) == len(rows):
        words = i18n.time_range_text(since, max(ends), zone, shown)
    else:
        words = _("from %(time)s", time=i18n.time_text(since, zone, shown))
    if several:
        words = f"{i18n.day_text(i18n.local(since, zone).date(), shown)}, {words}"
    if len(rows) > 1:
        words = f"{words} · " + ngettext("%(num)s time", "%(num)s times", len(rows))
    return words


@blueprint.post(BASE + "/online/<int:log_id>")
@access.staff(Action.EDIT_PEOPLE)
def attendance_confirm(hub: str, event_id: int, log_id: int) -> Response:
    """Matches the people of a log as chosen; whoever is matched was there."""
    frame.this_event(event_id)
    chosen: dict[int, int | None] = {}
    for name, value in request.form.items():
        number = name.removeprefix("person-")
        if number != name and number.isascii() and number.isdecimal() and len(number) < 6:
            if not (value.isascii() and value.isdecimal() and len(value) < 10):
                raise NotFound("page")
            chosen[int(number)] = int(value) or None
    with transaction():
        done = online_logs.confirm(event_id, log_id, chosen, user_id=current_user.id)
    if done.changed:
        flash(
            ngettext(
                "One person of the log is matched, and their presence is noted.",
                "%(num)s people of the log are matched, and their presence is noted.",
                done.matched,
            ),
            "ok",
        )
    else:
        flash(_("Nothing changed."), "ok")
    return redirect(event_url("attendance_log", hub, event_id, log_id=log_id), 303)


@blueprint.post(BASE + "/online/<int:log_id>/remove")
@access.staff(Action.EDIT_PEOPLE)
def attendance_remove(hub: str, event_id: int, log_id: int) -> Response:
    """Forgets a log of which nobody is matched."""
    frame.this_event(event_id)
    with transaction():
        online_logs.remove_log(event_id, log_id)
    flash(_("The log is forgotten."), "ok")
    return redirect(event_url("attendance_logs", hub, event_id), 303)
