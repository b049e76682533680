"""Reading for feeds: what a feed is of, its version, its parts and, where a part is absent, the rows behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from hubevents.agenda.models import EventSession, SessionSpeaker
from hubevents.calendars.models import CalendarPart, CalendarState
from hubevents.core import clock
from hubevents.core.config import LANGUAGES
from hubevents.core.db import db, holds, in_transaction, is_sqlite
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, EventDate, Room
from hubevents.events.rules import EventStatus, Visibility
from hubevents.hubs import queries as hubs
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme
from hubevents.registrations.models import Participant, Registration
from hubevents.registrations.rules import RegistrationStatus

CANCELLED_DAYS = 60
"""How long a cancelled entry stays after its former end (PRODUCT 25)."""


class Include(StrEnum):
    """Which entries a feed holds."""

    EVENT = "event"
    SESSIONS = "sessions"
    BOTH = "both"


@dataclass(frozen=True)
class Wish:
    """What a reader asked for; keys are sorted, several of one filter mean any of them, none means all."""

    language: str | None = None
    include: Include = Include.EVENT
    kinds: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    """Slugs."""
    sectors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """Languages in which events are held."""

    @property
    def filters(self) -> bool:
        """Whether events are chosen by their values."""
        return bool(self.kinds or self.programmes or self.sectors or self.languages)


@dataclass(frozen=True)
class Version:
    """A hub as its feeds see it; `stamp` is None when nothing was ever written for it."""

    hub_id: int
    slug: str
    name: Translated
    zone: str
    languages: tuple[str, ...]
    stamp: str | None
    changed_at: datetime | None
    pending: bool
    base_url: str | None

    def language(self, wanted: str | None) -> str:
        """The wanted language when the hub has it, else its first."""
        return wanted if wanted in self.languages else self.languages[0]


@dataclass(frozen=True)
class Source:
    """What a feed is of: all hubs, one, a programme or an event; `name` is the hub's, programme's or event's."""

    kind: str
    versions: tuple[Version, ...]
    name: Translated
    slug: str
    event_id: int | None = None
    programme_id: int | None = None


@dataclass(frozen=True)
class Window:
    """From when on entries are held, in UTC; None on both sides is a whole feed."""

    since: datetime | None
    cancelled_since: datetime | None

    def holds(self, ends_at: datetime, *, cancelled: bool) -> bool:
        """Whether an entry that ends then is in the feed."""
        limit = self.cancelled_since if cancelled else self.since
        return limit is None or ends_at >= limit


def languages_of(hub: Hub) -> tuple[str, ...]:
    """The languages in which a hub's feeds exist: its own that the installation has, never none."""
    return _known(hub.languages)


def _known(languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(code for code in languages if code in LANGUAGES) or LANGUAGES[:1]


# --- versions ------------------------------------------------------------------------------------------------------
# Made once: building a statement costs more than running it.

_VERSION = (
    Hub.id,
    Hub.slug,
    Hub.name,
    Hub.zone,
    Hub.languages,
    CalendarState.stamp,
    CalendarState.changed_at,
    CalendarState.pending,
    CalendarState.base_url,
)
_BASE = sa.select(*_VERSION).join(CalendarState, CalendarState.hub_id == Hub.id, isouter=True)
_ALL = _BASE.order_by(Hub.id)
_HUB = _BASE.where(Hub.slug == sa.bindparam("hub"))
_EVENT = (
    _BASE.add_columns(Event.id, Event.title, Event.slug)
    .join(Event, Event.hub_id == Hub.id)
    .where(Hub.slug == sa.bindparam("hub"), Event.slug == sa.bindparam("event"), Event.status != EventStatus.DRAFT)
)
_PROGRAMME = (
    _BASE.add_columns(Programme.id, Programme.title, Programme.slug)
    .join(Programme, Programme.hub_id == Hub.id)
    .where(Hub.slug == sa.bindparam("hub"), Programme.slug == sa.bindparam("programme"))
)


def _version(row: Sequence[Any]) -> Version:
    hub_id, slug, name, zone, languages, stamp, changed_at, pending, base_url = row[:9]
    return Version(hub_id, slug, name, zone, _known(languages), stamp, changed_at, pending is not None, base_url)


def _rows(statement: Any, **values: str) -> Sequence[Any]:
    """The rows of a single statement, which is all that a 304 needs.

    On PostgreSQL it runs outside any transaction: BEGIN and ROLLBACK would triple the journeys to the server.
    """
    if is_sqlite() or in_transaction():
        return db.session.execute(statement, values).all()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.execute(statement, values).all()


def _row(statement: Any, **values: str) -> Any | None:
    return next(iter(_rows(statement, **values)), None)


def all_hubs() -> Source:
    """Every hub of the installation."""
    versions = tuple(_version(row) for row in _rows(_ALL))
    return Source("all", versions, Translated(), "all")


def hub(slug: str) -> Source | None:
    """One hub."""
    row = _row(_HUB, hub=slug)
    if row is None:
        return None
    version = _version(row)
    return Source("hub", (version,), version.name, slug)


def programme(hub_slug: str, slug: str) -> Source | None:
    """One programme of a hub."""
    row = _row(_PROGRAMME, hub=hub_slug, programme=slug)
    if row is None:
        return None
    return Source("programme", (_version(row),), row[10], slug, programme_id=row[9])


def event(hub_slug: str, slug: str) -> Source | None:
    """One event that is no draft, unlisted ones too."""
    row = _row(_EVENT, hub=hub_slug, event=slug)
    if row is None:
        return None
    return Source("event", (_version(row),), row[10], slug, event_id=row[9])


def slug_now(kind: str, hub_id: int, slug: str) -> str | None:
    """The present slug of an event (no draft) or programme of a hub that once had this one."""
    target_id = hubs.moved(kind, hub_id, slug)
    if target_id is None:
        return None
    if kind == "programme":
        query = sa.select(Programme.slug).where(Programme.id == target_id, Programme.hub_id == hub_id)
    else:
        query = sa.select(Event.slug).where(
            Event.id == target_id, Event.hub_id == hub_id, Event.status != EventStatus.DRAFT
        )
    return cast(str | None, db.session.scalar(query))


# --- windows -------------------------------------------------------------------------------------------------------

WHOLE = Window(None, None)


def window(zone: str, today: date) -> Window:
    """The last 12 months and all to come; both edges move at midnight of the zone."""
    return Window(_midnight(_years_later(today, -1), zone), _midnight(today - timedelta(days=CANCELLED_DAYS), zone))


def left_at(ends_at: datetime, zone: str, *, cancelled: bool) -> datetime:
    """The midnight at which an entry that ended then left the window (a day late at the end of a February)."""
    following = ends_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    day = following + timedelta(days=CANCELLED_DAYS) if cancelled else _years_later(following, 1)
    return _midnight(day, zone)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))


# --- parts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """What of a stored part a feed needs."""

    zone: str
    body: str
    changed_at: datetime


def stored_parts(source: Source, wish: Wish, windows: Sequence[Window]) -> list[Written]:
    """The parts of a feed in the order of their starts, in one statement."""
    query = (
        sa.select(CalendarPart.zone, CalendarPart.body, CalendarPart.changed_at)
        .where(_of(source, wish), sa.or_(*map(_within, source.versions, [wish] * len(windows), windows)))
        .order_by(CalendarPart.starts_at, CalendarPart.uid)
    )
    return [Written(*row) for row in db.session.execute(_filtered(query, source, wish))]


def last_left(source: Source, wish: Wish, windows: Sequence[Window]) -> datetime | None:
    """When an entry last fell out of the feed because time went by: that too is a change of its bytes (I83)."""
    if source.kind == "event":
        return None
    live, dead = sa.not_(CalendarPart.cancelled), CalendarPart.cancelled
    query = (
        sa.select(
            CalendarPart.hub_id,
            sa.func.max(sa.case((live, CalendarPart.ends_at))),
            sa.func.max(sa.case((dead, CalendarPart.ends_at))),
        )
        .where(_of(source, wish), sa.or_(*map(_before, source.versions, [wish] * len(windows), windows)))
        .group_by(CalendarPart.hub_id)
    )
    zones = {version.hub_id: version.zone for version in source.versions}
    moments = [
        left_at(ends_at, zones[hub_id], cancelled=cancelled)
        for hub_id, ended, called_off in db.session.execute(_filtered(query, source, wish))
        for ends_at, cancelled in ((ended, False), (called_off, True))
        if ends_at is not None
    ]
    return max(moments, default=None)


def _of(source: Source, wish: Wish) -> sa.ColumnElement[bool]:
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if wish.include is not Include.BOTH:
        session = CalendarPart.session_id
        conditions.append(session.is_(None) if wish.include is Include.EVENT else session.is_not(None))
    if source.event_id is not None:
        conditions.append(CalendarPart.event_id == source.event_id)
    else:
        conditions.append(CalendarPart.listed.is_(True))
    return sa.and_(*conditions)


def _within(version: Version, wish: Wish, limits: Window) -> sa.ColumnElement[bool]:
    conditions = [CalendarPart.hub_id == version.hub_id, CalendarPart.language == version.language(wish.language)]
    if limits.since is not None:
        # The first is implied by the second; it is what the index can be asked for.
        conditions.append(CalendarPart.ends_at >= limits.since)
        conditions.append(sa.or_(sa.not_(CalendarPart.cancelled), CalendarPart.ends_at >= limits.cancelled_since))
    return sa.and_(*conditions)


def _before(version: Version, wish: Wish, limits: Window) -> sa.ColumnElement[bool]:
    return sa.and_(
        CalendarPart.hub_id == version.hub_id,
        CalendarPart.language == version.language(wish.language),
        CalendarPart.ends_at < limits.cancelled_since,
        sa.or_(CalendarPart.cancelled, CalendarPart.ends_at < limits.since),
    )


def _filtered(query: Any, source: Source, wish: Wish) -> Any:
    if not wish.filters and source.programme_id is None:
        return query
    return query.join(Event, Event.id == CalendarPart.event_id).where(*_chosen(source, wish))


def _chosen(source: Source, wish: Wish) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if source.programme_id is not None:
        conditions.append(Event.programme_id == source.programme_id)
    if wish.kinds:
        conditions.append(Event.kind.in_(wish.kinds))
    if wish.programmes:
        conditions.append(Event.programme_id.in_(sa.select(Programme.id).where(Programme.slug.in_(wish.programmes))))
    if wish.sectors:
        conditions.append(sa.or_(*(holds(Event.sectors, key) for key in wish.sectors)))
    if wish.languages:
        conditions.append(sa.or_(*(holds(Event.languages, key) for key in wish.languages)))
    return conditions


# --- rows ----------------------------------------------------------------------------------------------------------

_WHOLE_EVENT = (
    joinedload(Event.hub),
    joinedload(Event.venue),
    joinedload(Event.programme),
    selectinload(Event.dates).joinedload(EventDate.room),
)


def events_of(source: Source, wish: Wish) -> list[Event]:
    """The events behind a feed with all that entries show, drafts never; their number of statements is fixed."""
    query = sa.select(Event).options(*_WHOLE_EVENT).where(Event.status != EventStatus.DRAFT, *_chosen(source, wish))
    if source.event_id is not None:
        query = query.where(Event.id == source.event_id)
    else:
        hub_ids = [version.hub_id for version in source.versions]
        query = query.where(Event.hub_id.in_(hub_ids), Event.visibility == Visibility.PUBLIC)
    return list(db.session.scalars(query.order_by(Event.id)))


def events_by_id(event_ids: Iterable[int]) -> list[Event]:
    """The same by id, whatever their status, read anew from the database."""
    query = sa.select(Event).options(*_WHOLE_EVENT).where(Event.id.in_(event_ids)).order_by(Event.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def sessions_of(event_ids: Iterable[int], *, anew: bool = False) -> list[EventSession]:
    """The sessions of events with all that entries show; `anew` replaces what is in memory."""
    query = (
        sa.select(EventSession)
        .where(EventSession.event_id.in_(event_ids))
        .options(
            joinedload(EventSession.room).joinedload(Room.venue),
            joinedload(EventSession.track),
            selectinload(EventSession.speakings).joinedload(SessionSpeaker.speaker),
        )
        .order_by(EventSession.starts_at, EventSession.id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=anew)))


def parts_of(event_ids: Iterable[int]) -> list[CalendarPart]:
    """The stored parts of events, in all languages."""
    query = sa.select(CalendarPart).where(CalendarPart.event_id.in_(event_ids))
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def pending_hubs(base_url: str) -> list[int]:
    """Hubs whose parts are stale, absent or written for another address."""
    state = CalendarState
    query = (
        sa.select(Hub.id)
        .join(state, state.hub_id == Hub.id, isouter=True)
        .where(sa.or_(state.hub_id.is_(None), state.pending.is_not(None), state.base_url != base_url))
        .order_by(Hub.id)
    )
    return list(db.session.scalars(query))


# --- one person ----------------------------------------------------------------------------------------------------


def participant(participant_id: int) -> Participant | None:
    """The person whose feed is read."""
    return db.session.get(Participant, participant_id)


def places_of(participant_id: int) -> list[Registration]:
    """A person's confirmed registrations with their events; those who wait have nothing in the calendar yet."""
    query = (
        sa.select(Registration)
        .join(Registration.event)
        .where(
            Registration.participant_id == participant_id,
            Registration.status == RegistrationStatus.CONFIRMED,
            Event.status != EventStatus.DRAFT,
        )
        .options(joinedload(Registration.event).options(*_WHOLE_EVENT))
        .order_by(Registration.id)
    )
    return list(db.session.scalars(query))


def last_registration_change(participant_id: int) -> datetime | None:
    """When any registration of a person last changed, ended ones too."""
    newest = sa.select(sa.func.max(Registration.changed_at)).where(Registration.participant_id == participant_id)
    return cast(datetime | None, db.session.scalar(newest))


def today_windows(source: Source) -> tuple[Window, ...]:
    """The window of each hub of a feed today; an event's own feed is whole."""
    if source.kind == "event":
        return (WHOLE,)
    return tuple(window(version.zone, clock.today(version.zone)) for version in source.versions)
