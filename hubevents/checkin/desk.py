"""What staff's pages of attendance read: who is expected and who came, a person's history, logs of online meetings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from hubevents.accounts.models import User
from hubevents.agenda.models import EventSession
from hubevents.agenda.rules import SessionKind
from hubevents.checkin.hours import Where
from hubevents.checkin.matching import Registered
from hubevents.checkin.models import Attendance, Door, OnlineLog, Scan
from hubevents.core import text
from hubevents.core.db import db
from hubevents.registrations.models import Participant, Registration, SessionPlace
from hubevents.registrations.rules import LIVE, RegistrationStatus

PER_PAGE = 50


class Show(StrEnum):
    """Which people of a scope a list shows."""

    ALL = "all"
    """Those expected and those who came."""
    HERE = "here"
    """Who came."""
    INSIDE = "inside"
    """Who is inside now."""
    MISSING = "missing"
    """Who was expected and did not come."""
    OTHERS = "others"
    """Who is registered without a place and did not come, so that they can be marked too."""


@dataclass(frozen=True)
class Line:
    """One person in one scope; the times are None for who did not come."""

    id: int
    first_name: str
    last_name: str
    email: str
    organisation: str
    status: RegistrationStatus
    expected: bool
    first_in_at: datetime | None
    last_out_at: datetime | None
    inside: bool
    minutes: int
    checked_out: bool
    method: str
    door: str
    user: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def came(self) -> bool:
        """Whether there is attendance."""
        return self.first_in_at is not None


@dataclass(frozen=True)
class Counts:
    """People of a scope: those with a place, who came, who is inside now, who came unexpected, all registered."""

    expected: int = 0
    here: int = 0
    inside: int = 0
    missing: int = 0
    unexpected: int = 0
    others: int = 0

    @property
    def all(self) -> int:
        """Those expected and those who came."""
        return self.expected + self.unexpected

    def of(self, show: Show) -> int:
        """How many a filter shows."""
        return int(getattr(self, show.value))




def _joined(event_id: int, where: Where, columns: Iterable[Any]) -> sa.Select[Any]:
    """Registrations of an event beside their attendance in a scope."""
    session = (
        Attendance.session_id.is_(None) if where.session_id is None else Attendance.session_id == where.session_id
    )
    at = sa.and_(Attendance.registration_id == Registration.id, Attendance.day == where.day, session)
    return (
        sa.select(*columns)
        .select_from(Registration)
        .outerjoin(Attendance, at)
        .where(Registration.event_id == event_id)
    )


def _expected(where: Where, booked: bool) -> sa.ColumnElement[bool]:
    """Who has a place: in the event, and in a session that has places of its own."""
    confirmed = Registration.status == RegistrationStatus.CONFIRMED
    if not booked:
        return confirmed
    place = (
        sa.select(SessionPlace.id)
        .where(
            SessionPlace.registration_id == Registration.id,
            SessionPlace.session_id == where.session_id,
            SessionPlace.status == RegistrationStatus.CONFIRMED,
        )
        .exists()
    )
    return sa.and_(confirmed, place)


def _shown(show: Show, where: Where, booked: bool) -> sa.ColumnElement[bool]:
    expected, came = _expected(where, booked), Attendance.id.is_not(None)
    return {
        Show.ALL: sa.or_(expected, came),
        Show.HERE: came,
        Show.INSIDE: sa.and_(came, Attendance.inside),
        Show.MISSING: sa.and_(expected, ~came),
        Show.OTHERS: sa.and_(~expected, ~came),
    }[show]


def counts(event_id: int, where: Where, *, booked: bool) -> Counts:
    """How many people of a scope each filter shows; `booked` says that the session has places of its own."""
    expected, came = _expected(where, booked), Attendance.id.is_not(None)

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    columns = (
        number(expected),
        number(came),
        number(sa.and_(came, Attendance.inside)),
        number(sa.and_(expected, ~came)),
        number(sa.and_(~expected, came)),
        number(sa.and_(~expected, ~came)),
    )
    return Counts(*db.session.execute(_joined(event_id, where, columns)).one())


def people(
    event_id: int,
    where: Where,
    *,
    booked: bool,
    show: Show = Show.ALL,
    search: str = "",
    only: int | None = None,
    offset: int = 0,
    limit: int | None = PER_PAGE,
) -> tuple[list[Line], int]:
    """One page of a scope's people by name, and how many match; `only` one registration, whatever its state."""
    expected = _expected(where, booked)
    first, door, user = aliased(Scan), aliased(Door), aliased(User)
    query = _joined(
        event_id,
        where,
        (
            Registration.id,
            Registration.first_name,
            Registration.last_name,
            Participant.email,
            Registration.organisation_name,
            Registration.status,
            expected.label("expected"),
            Attendance.first_in_at,
            Attendance.last_out_at,
            Attendance.inside,
            Attendance.minutes,
            Attendance.checked_out,
            Attendance.method,
            door.name.label("door"),
            user.name.label("user"),
        ),
    ).outerjoin(Participant, Participant.id == Registration.participant_id)
    query = (
        query.outerjoin(first, first.id == Attendance.first_scan_id)
        .outerjoin(door, door.id == first.door_id)
        .outerjoin(user, user.id == first.user_id)
    )
    query = query.where(_shown(show, where, booked) if only is None else Registration.id == only)
    for word in text.search_key(search).split()[:8]:
        query = query.where(Registration.search.contains(word, autoescape=True))
    total = db.session.scalars(sa.select(sa.func.count()).select_from(query.subquery())).one()
    query = query.order_by(Registration.last_name, Registration.first_name, Registration.id).offset(offset)
    rows = db.session.execute(query.limit(limit) if limit is not None else query)
    return [_line(row) for row in rows], total


def _line(row: Any) -> Line:
    return Line(
        id=row.id,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email or "",
        organisation=row.organisation_name,
        status=row.status,
        expected=bool(row.expected),
        first_in_at=row.first_in_at,
        last_out_at=row.last_out_at,
        inside=bool(row.inside),
        minutes=row.minutes or 0,
        checked_out=bool(row.checked_out),
        method=row.method or "",
        door=row.door or "",
        user=row.user or "",
    )


def kept_for(event_id: int) -> dict[date, set[int | None]]:
    """The days of which there is attendance, with the sessions; None is the event itself."""
    found: dict[date, set[int | None]] = {}
    for day, session_id in db.session.execute(
        sa.select(Attendance.day, Attendance.session_id).where(Attendance.event_id == event_id).distinct()
    ):
        found.setdefault(day, set()).add(session_id)
    return found


def breaks_of(event_id: int) -> set[int]:
    """The sessions of an event that are breaks: nobody is counted at coffee."""
    rows = db.session.scalars(
        sa.select(EventSession.id).where(EventSession.event_id == event_id, EventSession.kind == SessionKind.BREAK)
    )
    return set(rows)


def history(event_id: int, registration_id: int, where: Where) -> Sequence[Scan]:
    """Every scan of a person in a scope, and what took one back, with door, device and colleague; the newest first."""
    def in_scope(scan: Any) -> sa.ColumnElement[bool]:
        session = scan.session_id.is_(None) if where.session_id is None else scan.session_id == where.session_id
        of_person = sa.and_(scan.event_id == event_id, scan.registration_id == registration_id)
        return sa.and_(of_person, scan.day == where.day, session, scan.undoes.is_(None))

    # A scan is taken back on another day too, or through the door of a session.
    target = aliased(Scan)
    mine = sa.or_(in_scope(Scan), Scan.undoes.in_(sa.select(target.scan_id).where(in_scope(target))))
    return db.session.scalars(
        sa.select(Scan)
        .where(mine)
        .order_by(Scan.received_at.desc(), Scan.id.desc())
        .options(
            joinedload(Scan.door), joinedload(Scan.device), joinedload(Scan.user), joinedload(Scan.settled_by)
        )
    ).all()


# --- online meetings --------------------------------------------------------------------------------------------------


def logs_of(event_id: int) -> Sequence[OnlineLog]:
    """The logs of an event, the newest first."""
    return db.session.scalars(
        sa.select(OnlineLog).where(OnlineLog.event_id == event_id).order_by(OnlineLog.id.desc())
    ).all()


def log_of(event_id: int, log_id: int) -> OnlineLog | None:
    """A log when it is this event's."""
    return db.session.scalar(sa.select(OnlineLog).where(OnlineLog.id == log_id, OnlineLog.event_id == event_id))


def registered(event_id: int) -> list[tuple[Registered, str]]:
    """Everybody registered for an event, by name, with the organisation."""
    rows = db.session.execute(
        sa.select(
            Registration.id,
            Registration.first_name,
            Registration.last_name,
            Registration.organisation_name,
            Registration.status,
            Participant.email,
        )
        .outerjoin(Participant, Participant.id == Registration.participant_id)
        .where(Registration.event_id == event_id)
        .order_by(Registration.last_name, Registration.first_name, Registration.id)
    )
    return [
        (
            Registered(row.id, f"{row.first_name} {row.last_name}", row.email or "", row.status in LIVE),
            row.organisation_name,
        )
        for row in rows
    ]
