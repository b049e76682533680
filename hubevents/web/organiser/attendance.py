"""The Attendance tab: who is expected and who came on a day, at the event or in a session; marking and correcting."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import HiddenField, TimeField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from hubevents.checkin import attendance, desk, hours
from hubevents.checkin import queries as checkin
from hubevents.checkin.attendance import LONGEST_REASON, Stay
from hubevents.checkin.desk import Line, Show
from hubevents.checkin.hours import Where
from hubevents.checkin.models import Scan
from hubevents.checkin.rules import EventRules, Method, SessionRules, day_of
from hubevents.core import clock, i18n, text
from hubevents.core.db import transaction
from hubevents.core.errors import Conflict, DomainError, Invalid, NotFound
from hubevents.events import rules as event_rules
from hubevents.events.models import Event
from hubevents.events.rules import EventStatus
from hubevents.hubs.rules import Action
from hubevents.web import access, messages
from hubevents.web.forms import Form, Text, in_form
from hubevents.web.headers import private
from hubevents.web.locale import language
from hubevents.web.organiser import frame, sheets
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.door_words import VERDICT_WORDS
from hubevents.web.organiser.fields import refuse
from hubevents.web.organiser.words import (
    Chip,
    State,
    event_url,
    here,
    page_number,
    pages,
    registration_state,
    searched,
)
from hubevents.web.site import Link

BASE = "/<slug:hub>/events/<int:event_id>/attendance"
MOST_SELECTED = 200
MOST_DAYS = 31
"""Days that are offered at once, around the chosen one."""


def method_words(method: str) -> str:
    """How a presence came to be known."""
    words: dict[str, str] = {
        Method.QR: _("Ticket"),
        Method.CODE: _("Typed code"),
        Method.SEARCH: _("Found by name"),
        Method.KIOSK: _("Self check-in"),
        Method.WALK_IN: _("Registered at the door"),
        Method.SELF: _("Code of the room"),
        Method.MANUAL: _("By hand"),
        Method.ONLINE: _("Online"),
    }
    return words.get(method, method)


# --- what the address asks for ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """The event with its hours, and the day and session that the address asks for."""

    event: Event
    rules: EventRules
    days: list[date]
    where: Where
    sessions: list[SessionRules]
    """Those of the day, but no breaks."""
    exact: bool
    """Whether the address names day and session itself; nothing is changed at a guess."""

    @property
    def booked(self) -> bool:
        """Whether only those with a place of their own are expected."""
        session = self.session
        return session is not None and session.booked

    @property
    def session(self) -> SessionRules | None:
        """The session that was chosen for."""
        return hours.session_of(self.where.session_id, self.rules) if self.where.session_id is not None else None

    def url(self, endpoint: str, **more: Any) -> str:
        """The address of a page for the same day and session."""
        kept = {"day": self.where.day.isoformat(), "session": self.where.session_id}
        return event_url(endpoint, access.this_hub().slug, self.event.id, **{**kept, **more})

    def words(self) -> str:
        """The day and the session in words."""
        shown = language()
        day = i18n.date_text(self.where.day, shown, with_weekday=True)
        return f"{day} · {self.session.title if self.session else _('the whole event')}"


def chosen_by(event_id: int) -> Chosen | None:
    """What the address asks for; anything strange is the nearest day and the whole event.

    None when the event has no day at all.
    """
    event = frame.this_event(event_id)
    rules, kept, breaks = checkin.event_rules(event.id, language()), desk.kept_for(event.id), desk.breaks_of(event.id)
    days = sorted({*hours.days_of(rules), *kept})
    typed, number = request.args.get("day", ""), request.args.get("session", "")
    named = next((each for each in days if each.isoformat() == typed), None)
    day = named or hours.nearest(days, day_of(clock.now(), event.zone))
    if day is None:
        return None
    sessions = sorted(
        (
            each
            for each in rules.sessions
            if int(each.id) in kept.get(day, ())
            or not (each.cancelled or int(each.id) in breaks or hours.hours_of(Where(day, int(each.id)), rules) is None)
        ),
        key=lambda each: (each.starts_at, each.id),
    )
    session = next((each for each in sessions if each.id == number), None)
    exact = named is not None and (session is not None or not number)
    return Chosen(event, rules, days, Where(day, int(session.id) if session else None), sessions, exact)


def to_change(event_id: int) -> Chosen:
    """What the address asks for, before it is changed; NotFound for a strange day or session."""
    chosen = chosen_by(event_id)
    if chosen is None or not chosen.exact:
        raise NotFound("page")
    return chosen


def _act(typed: str | None) -> uuid.UUID:
    """The UUID of the form that was sent; a form without one is an act of its own."""
    try:
        return uuid.UUID(typed or "")
    except ValueError:
        return uuid.uuid4()


def _day_chips(chosen: Chosen) -> list[Chip]:
    """Days as links when there are several; of very many those around the chosen one."""
    if len(chosen.days) < 2:
        return []
    at = chosen.days.index(chosen.where.day)
    first = max(0, min(at - MOST_DAYS // 2, len(chosen.days) - MOST_DAYS))
    near = chosen.days[first : first + MOST_DAYS]
    offered = sorted({chosen.days[0], *near, chosen.days[-1]})
    shown, several = language(), len({day.year for day in offered}) > 1
    chips = []
    for day in offered:
        words = f"{i18n.weekday(day, shown, short=True)} {i18n.day_text(day, shown)}"
        state = "all" if day == chosen.where.day else None
        url = here(day=day.isoformat(), session=None, page=None)
        chips.append(Chip(i18n.date_text(day, shown) if several else words, url, None, state))
    return chips


def _session_chips(chosen: Chosen) -> list[Chip]:
    """The whole event, then the sessions of the day."""
    if not chosen.sessions:
        return []
    day = chosen.where.day.isoformat()
    whole = here(day=day, session=None, page=None)
    chips = [Chip(_("The whole event"), whole, None, None if chosen.session else "all")]
    for each in chosen.sessions:
        at = i18n.time_text(each.starts_at, chosen.event.zone, language())
        state = "all" if int(each.id) == chosen.where.session_id else None
        chips.append(Chip(f"{at} {each.title}", here(day=day, session=each.id, page=None), None, state))
    return chips


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownLine:
    """One person of the list."""

    id: int
    url: str
    name: str
    organisation: str
    state: State
    came: str
    left: str
    closed: bool
    """Whether the closing time checked them out."""
    minutes: str
    how: str
    markable: bool


def line_state(line: Line) -> State:
    """How a person's attendance is shown."""
    if line.came and not line.expected:
        return State("wait", _("Here without a place") if line.inside else _("Was here without a place"))
    if line.inside:
        return State("ok", _("Here now"))
    if line.came:
        return State("ok", _("Was here"))
    if line.expected:
        return State("off", _("Not here"))
    return registration_state(line.status)


def _how(line: Line) -> str:
    return ", ".join(part for part in (method_words(line.method) if line.came else "", line.door or line.user) if part)


def _shown(line: Line, chosen: Chosen) -> ShownLine:
    shown, zone = language(), chosen.event.zone
    return ShownLine(
        id=line.id,
        url=chosen.url("attendance_person", registration_id=line.id),
        name=line.name,
        organisation=line.organisation,
        state=line_state(line),
        came=i18n.time_text(line.first_in_at, zone, shown) if line.first_in_at else "",
        left=i18n.time_text(line.last_out_at, zone, shown) if line.last_out_at else "",
        closed=line.checked_out,
        minutes=i18n.number_text(line.minutes, shown) if line.came and not line.inside else "",
        how=_how(line),
        markable=not line.came,
    )


def _show() -> Show:
    typed = request.args.get("show", "")
    return Show(typed) if typed in list(Show) else Show.ALL


def show_words(show: Show) -> str:
    """What a filter is called."""
    words: dict[Show, str] = {
        Show.ALL: _("All"),
        Show.HERE: _("Came"),
        Show.INSIDE: _("Here now"),
        Show.MISSING: _("Not here"),
        Show.OTHERS: _("Registered without a place"),
    }
    return words[show]


@blueprint.get(BASE + "/")
@access.staff(Action.SEE_PEOPLE)
def attendance_list(hub: str, event_id: int) -> Response:
    """Who is expected and who came, on one day, at the event or in a session."""
    chosen = chosen_by(event_id)
    if chosen is None:
        event = frame.this_event(event_id)
        page = render_template("organiser/attendance_none.html", event=frame.workspace(event, "attendance"))
        return private(Response(page, mimetype="text/html"))
    event, show, search, number = chosen.event, _show(), searched(), page_number()
    lines, total = desk.people(
        event.id,
        chosen.where,
        booked=chosen.booked,
        show=show,
        search=search,
        offset=(number - 1) * desk.PER_PAGE,
    )
    counts = desk.counts(event.id, chosen.where, booked=chosen.booked)
    may_edit = access.permitted(Action.EDIT_PEOPLE)
    shown = [_shown(line, chosen) for line in lines]
    today = day_of(clock.now(), event.zone)
    query = request.query_string.decode("ascii", "replace")
    page = render_template(
        "organiser/attendance.html",
        event=frame.workspace(event, "attendance"),
        words=chosen.words(),
        days=_day_chips(chosen),
        sessions=_session_chips(chosen),
        counts=counts,
        chips=_filter_chips(show, counts),
        lines=shown,
        search=search,
        kept=[
            ("day", request.args.get("day", "")),
            ("session", chosen.where.session_id or ""),
            ("show", "" if show is Show.ALL else show.value),
        ],
        pages=pages(total, number, desk.PER_PAGE),
        may_mark=_may_mark(chosen) and any(line.markable for line in shown),
        not_yet=chosen.where.day > today,
        today=chosen.where.day == today,
        mark_url=chosen.url("attendance_present", back=query or None),
        out_url=chosen.url("attendance_out", back=query or None)
        if may_edit and chosen.where.day == today and counts.inside
        else None,
        act=str(uuid.uuid4()),
        exports=_exports(chosen, show, search),
        online_url=chosen.url("attendance_logs"),
    )
    return private(Response(page, mimetype="text/html"))


def _may_mark(chosen: Chosen) -> bool:
    """Whether somebody can be marked: the event takes place, and the day has come."""
    has_come = chosen.where.day <= day_of(clock.now(), chosen.event.zone)
    return access.permitted(Action.EDIT_PEOPLE) and chosen.event.status is EventStatus.PUBLISHED and has_come


def _filter_chips(show: Show, counts: desk.Counts) -> list[Chip]:
    chips = [Chip(show_words(Show.ALL), here(show=None), counts.all, "all" if show is Show.ALL else None)]
    for each in (Show.HERE, Show.INSIDE, Show.MISSING, Show.OTHERS):
        on, number = show is each, counts.of(each)
        if on or number or each in (Show.HERE, Show.MISSING):
            chips.append(Chip(show_words(each), here(show=None if on else each.value), number, "on" if on else None))
    return chips


def _exports(chosen: Chosen, show: Show, search: str) -> list[Link]:
    if not access.permitted(Action.EXPORT_PEOPLE):
        return []
    more = {"q": search or None, "show": show.value if show is not Show.ALL else None}
    return [
        Link("CSV", chosen.url("attendance_export", form="csv", **more)),
        Link("Excel", chosen.url("attendance_export", form="xlsx", **more)),
    ]


@blueprint.get(BASE + "/export.<any(csv,xlsx):form>")
@access.staff(Action.EXPORT_PEOPLE)
def attendance_export(hub: str, event_id: int, form: str) -> Response:
    """The list of a day and session as CSV or XLSX, with the page's filter."""
    chosen = chosen_by(event_id)
    head = [
        _("First name"), _("Last name"), _("E-mail"), _("Organisation"), _("Registration"), _("Day"), _("Session"),
        _("State"), _("From"), _("To"), _("Minutes"), _("Recorded"),
    ]  # fmt: skip
    rows: list[list[sheets.Cell]] = []
    name = f"{frame.this_event(event_id).slug}-attendance"
    if chosen is not None:
        zone, day = chosen.event.zone, chosen.where.day
        name = f"{name}-{day}"
        lines, _total = desk.people(
            event_id, chosen.where, booked=chosen.booked, show=_show(), search=searched(), limit=None
        )
        rows = [
            [
                line.first_name,
                line.last_name,
                line.email,
                line.organisation,
                registration_state(line.status).text,
                day.isoformat(),
                chosen.session.title if chosen.session else _("The whole event"),
                line_state(line).text,
                f"{i18n.local(line.first_in_at, zone):%H:%M}" if line.first_in_at else "",
                f"{i18n.local(line.last_out_at, zone):%H:%M}" if line.last_out_at else "",
                line.minutes if line.came and not line.inside else "",
                _how(line),
            ]
            for line in lines
        ]
    return sheets.download(text.file_name(name, form), _("Attendance"), head, rows)


# --- marking several --------------------------------------------------------------------------------------------------


def _back(chosen: Chosen) -> str:
    """The list as it was filtered when the form was sent."""
    url = event_url("attendance_list", access.this_hub().slug, chosen.event.id)
    query = request.args.get("back", "")
    return f"{url}?{query}" if query and query.isascii() and query.isprintable() else chosen.url("attendance_list")


def _ids(typed: Sequence[str]) -> list[int]:
    numbers = [value for value in typed if value.isascii() and value.isdecimal() and len(value) < 10]
    return sorted({int(value) for value in numbers})[:MOST_SELECTED]


@blueprint.post(BASE + "/present")
@access.staff(Action.EDIT_PEOPLE)
def attendance_present(hub: str, event_id: int) -> Response:
    """Marks one person, or those selected, as present: the usual times, or those given for all of them."""
    chosen = to_change(event_id)
    one = request.form.getlist("one")
    ids = _ids(one or request.form.getlist("id"))
    if not ids:
        flash(_("Select people first."), "warn")
        return redirect(_back(chosen), 303)
    try:
        stay = None if one else _typed_stay(chosen)
        with transaction():
            done = attendance.mark_present(
                event_id, ids, chosen.where, act=_act(request.form.get("act")), user_id=current_user.id, stay=stay
            )
    except NotFound:
        raise
    except DomainError as error:
        flash(messages.words(error), "warn")
        return redirect(_back(chosen), 303)
    if done.now:
        flash(ngettext("One person is marked present.", "%(num)s people are marked present.", done.now), "ok")
    if done.already:
        flash(ngettext("One was marked already.", "%(num)s were marked already.", done.already), "warn")
    return redirect(_back(chosen), 303)


def _typed_stay(chosen: Chosen) -> Stay | None:
    """The times that were given for all of those selected; None for the usual ones."""
    times: list[datetime | None] = []
    for name in ("came", "left"):
        typed = request.form.get(name, "").strip()
        try:
            at = time.fromisoformat(typed) if typed else None
        except ValueError:
            raise Invalid("attendance_time") from None
        times.append(_instant(chosen, at) if at is not None else None)
    came, left = times
    if came is None and left is None:
        return None
    if came is None:
        came = attendance.usual_stay(chosen.where, chosen.rules, clock.now()).in_at
    return Stay(came, left)


def _instant(chosen: Chosen, at: time) -> datetime:
    local = datetime.combine(chosen.where.day, at.replace(second=0, microsecond=0, tzinfo=None))
    return event_rules.instant(local, chosen.event.zone)


@blueprint.post(BASE + "/out")
@access.staff(Action.EDIT_PEOPLE)
def attendance_out(hub: str, event_id: int) -> Response:
    """Checks everybody out who is inside now."""
    chosen = to_change(event_id)
    try:
        with transaction():
            left = attendance.check_out_now(
                event_id, chosen.where, act=_act(request.form.get("act")), user_id=current_user.id
            )
    except Conflict as error:
        flash(messages.words(error), "warn")
    else:
        flash(ngettext("One person is checked out.", "%(num)s people are checked out.", left), "ok")
    return redirect(_back(chosen), 303)


# --- one person -------------------------------------------------------------------------------------------------------


def _no_egn(form: Form, field: Any) -> None:
    if text.egn_in(field.data or ""):
        raise ValidationError(_("This looks like a personal number (ЕГН). We never ask for it. Please take it out."))


class TimesForm(Form):
    """From when to when somebody was there."""

    act = HiddenField()
    came = TimeField(_l("From"), [Optional()])
    left = TimeField(_l("To"), [Optional()])
    reason = Text(_l("Reason"), [Length(max=LONGEST_REASON), _no_egn])


class AbsentForm(Form):
    """Why somebody was not there after all."""

    act = HiddenField()
    reason = Text(_l("Reason"), [DataRequired(_l("Write why.")), Length(max=LONGEST_REASON), _no_egn])


@dataclass(frozen=True)
class Entry:
    """One fact of a person's history."""

    state: State
    at: str
    who: str
    how: str
    when: str
    reason: str
    taken_back: bool


def _person(event_id: int, registration_id: int) -> tuple[Chosen, Line]:
    """A person of the event in the day and session that the address asks for; NotFound otherwise."""
    chosen = chosen_by(event_id)
    if chosen is None:
        raise NotFound("page")
    lines, _total = desk.people(chosen.event.id, chosen.where, booked=chosen.booked, only=registration_id)
    if not lines:
        raise NotFound("page")
    return chosen, lines[0]


@blueprint.get(BASE + "/<int:registration_id>/")
@access.staff(Action.SEE_PEOPLE)
def attendance_person(hub: str, event_id: int, registration_id: int) -> Response:
    """One person on one day: the times, everything that led to them, and correcting them."""
    chosen, line = _person(event_id, registration_id)
    return _person_page(chosen, line, *_forms(chosen, line))


def _forms(chosen: Chosen, line: Line, *, sent: str = "") -> tuple[TimesForm, AbsentForm]:
    """Both forms of the page; `sent` names the one that came back."""
    times = {"came": _wall(line.first_in_at, chosen), "left": _wall(line.last_out_at, chosen), "act": str(uuid.uuid4())}
    form = TimesForm(formdata=request.form if sent == "times" else None, prefix="times", data=times)
    absent = AbsentForm(
        formdata=request.form if sent == "absent" else None, prefix="absent", data={"act": str(uuid.uuid4())}
    )
    return form, absent


def _wall(moment: datetime | None, chosen: Chosen) -> time | None:
    """The time on the clocks of the event to the minute, as a form shows it."""
    if moment is None:
        return None
    return i18n.local(moment, chosen.event.zone).time().replace(second=0, microsecond=0)


def _entry(scan: Scan, taken: Scan | None, chosen: Chosen) -> Entry:
    """A scan in words; `taken` is the one that it takes back."""
    shown, zone = language(), chosen.event.zone
    kind, words = VERDICT_WORDS.get(scan.reason or scan.verdict, ("off", scan.reason or scan.verdict))
    door = ", ".join(each.name for each in (scan.door, scan.device) if each is not None and each.name)
    return Entry(
        state=State("off" if scan.undone_at else kind, str(words)),
        at=i18n.time_text((taken or scan).scanned_at, zone, shown) if taken or scan.undoes is None else "",
        who=scan.user.name if scan.user else door,
        how=method_words(scan.method) if scan.undoes is None else "",
        when=i18n.date_time_text(scan.received_at, zone, shown),
        reason=scan.note or scan.override_reason or "",
        taken_back=scan.undone_at is not None,
    )


def _person_page(chosen: Chosen, line: Line, form: TimesForm, absent: AbsentForm, status: int = 200) -> Response:
    may_edit = access.permitted(Action.EDIT_PEOPLE)
    scans = desk.history(chosen.event.id, line.id, chosen.where)
    known = {scan.scan_id: scan for scan in scans}
    page = render_template(
        "organiser/attendance_person.html",
        event=frame.workspace(chosen.event, "attendance"),
        line=_shown(line, chosen),
        came=line.came,
        registration=registration_state(line.status),
        words=chosen.words(),
        zone=i18n.zone_text(chosen.event.zone, language(), clock.now()),
        form=form if may_edit and (line.came or _may_mark(chosen)) else None,
        absent=absent if may_edit and line.came else None,
        entries=[_entry(scan, known.get(scan.undoes or ""), chosen) for scan in scans],
        up=chosen.url("attendance_list"),
        urls={
            "times": chosen.url("attendance_times", registration_id=line.id),
            "absent": chosen.url("attendance_absent", registration_id=line.id),
            "person": event_url("person", access.this_hub().slug, chosen.event.id, registration_id=line.id),
        },
    )
    return private(Response(page, status, mimetype="text/html"))


@blueprint.post(BASE + "/<int:registration_id>/times")
@access.staff(Action.EDIT_PEOPLE)
@in_form
def attendance_times(hub: str, event_id: int, registration_id: int) -> Response:
    """Marks somebody present with their times, or puts other times in place of what is known, with a reason."""
    chosen, line = _person(event_id, registration_id)
    form, absent = _forms(chosen, line, sent="times")
    if not form.validate():
        return _person_page(chosen, line, form, absent, 422)
    if not chosen.exact:
        raise NotFound("page")
    stay = _stay(form, chosen, line)
    if line.came and not form.reason.data:
        refuse(form.reason, _("Write why the times change."))
    if form.errors:
        return _person_page(chosen, line, form, absent, 422)
    act, given = _act(form.act.data), form.reason.data or ""
    try:
        with transaction():
            if line.came and stay is not None:
                attendance.correct_times(
                    event_id, line.id, chosen.where, stay, act=act, user_id=current_user.id, reason=given
                )
            else:
                attendance.mark_present(
                    event_id, [line.id], chosen.where, act=act, user_id=current_user.id, stay=stay, note=given
                )
    except NotFound:
        raise
    except DomainError as error:
        field = form.left if error.details.get("field") == "out_at" else form.came
        refuse(field, messages.words(error))
        return _person_page(chosen, line, form, absent, 409 if isinstance(error, Conflict) else 422)
    flash(_("The times are corrected.") if line.came else _("%(name)s is marked present.", name=line.name), "ok")
    return redirect(chosen.url("attendance_person", registration_id=line.id), 303)


def _stay(form: TimesForm, chosen: Chosen, line: Line) -> Stay | None:
    """What the form says; None for the usual times, or with an error at its field."""
    moments: list[datetime | None] = []
    for field, was in ((form.came, line.first_in_at), (form.left, line.last_out_at)):
        if field.data is None:
            moments.append(None)
        elif was is not None and field.data == _wall(was, chosen):
            moments.append(was)  # not touched: it keeps its seconds
        else:
            try:
                moments.append(_instant(chosen, field.data))
            except Invalid as error:
                refuse(field, messages.words(error))
                return None
    came, left = moments
    if came is None and (left is not None or line.came):
        refuse(form.came, _("Write from when."))
        return None
    return Stay(came, left) if came is not None else None


@blueprint.post(BASE + "/<int:registration_id>/absent")
@access.staff(Action.EDIT_PEOPLE)
@in_form
def attendance_absent(hub: str, event_id: int, registration_id: int) -> Response:
    """Takes back that somebody was there, with a reason."""
    chosen, line = _person(event_id, registration_id)
    form, absent = _forms(chosen, line, sent="absent")
    if not absent.validate():
        return _person_page(chosen, line, form, absent, 422)
    if not chosen.exact:
        raise NotFound("page")
    with transaction():
        done = attendance.was_not_here(
            event_id,
            line.id,
            chosen.where,
            act=_act(absent.act.data),
            user_id=current_user.id,
            reason=absent.reason.data,
        )
    flash(_("It is noted that %(name)s was not here.", name=line.name) if done else _("This was noted already."),
          "ok" if done else "warn")  # fmt: skip
    return redirect(chosen.url("attendance_person", registration_id=line.id), 303)
