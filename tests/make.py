"""Plain factory functions: rows as the services would leave them, each in a transaction of its own when needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher

from hubevents.accounts.models import User
from hubevents.agenda.models import EventSession, SessionSpeaker, Speaker, Track
from hubevents.core import clock
from hubevents.core.db import db, in_transaction, transaction
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, EventDate, Room, Venue
from hubevents.events.rules import EventStatus
from hubevents.hubs.models import Hub, Membership
from hubevents.hubs.rules import Role
from hubevents.programmes.models import Programme

SOFIA = ZoneInfo("Europe/Sofia")
PASSWORD = "correct horse"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@contextmanager
def _unit() -> Iterator[None]:
    if in_transaction():
        yield
        db.session.flush()
    else:
        with transaction():
            yield


def both(bg: str, en: str = "") -> Translated:
    """A text in Bulgarian and, when given, English."""
    return Translated.of({"bg": bg, "en": en})


def sofia(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A local time of Sofia."""
    return datetime(year, month, day, hour, minute, tzinfo=SOFIA)


def in_days(days: float, hour: int = 10) -> datetime:
    """A whole hour in Sofia some days from now."""
    day = (clock.now() + timedelta(days=days)).astimezone(SOFIA)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def hub(slug: str = "zagore", **values: Any) -> Hub:
    """A hub; "zagore" by default."""
    row = Hub(
        **{
            "slug": slug,
            "name": both("Загоре" if slug == "zagore" else slug.title(), slug.title()),
            "kind_line": both("Европейски цифров иновационен хъб", "European Digital Innovation Hub"),
            "summary": both("Обучения, лекции и срещи.", "Trainings, lectures and meetings."),
            "about": both("За хъба.", "About."),
            "imprint": both("Импресум", "Imprint"),
            "privacy": both("Лични данни", "Personal data"),
            "zone": "Europe/Sofia",
            "languages": ("bg", "en"),
            "colour": "#a6124f",
            "email": f"office@{slug}.example.org",
            "address": both("Стара Загора", "Stara Zagora"),
            "created_at": clock.now(),
            **values,
        }
    )
    with _unit():
        db.session.add(row)
    return row


def user(name: str, in_hub: Hub | None = None, role: Role = Role.OWNER, **values: Any) -> User:
    """A user `name@example.org` with the password "correct horse", in a hub when given."""
    row = User(
        **{
            "email": f"{name}@example.org",
            "name": name.title(),
            "password_hash": PASSWORD_HASH,
            "language": "bg",
            "created_at": clock.now(),
            **values,
        }
    )
    with _unit():
        db.session.add(row)
        db.session.flush()
        if in_hub is not None:
            db.session.add(Membership(user_id=row.id, hub_id=in_hub.id, role=role, created_at=clock.now()))
    return row


def venue(of: Hub, name: str = "Хъб „Загоре“", rooms: tuple[str, ...] = ("Берое",), **values: Any) -> Venue:
    """A venue with rooms."""
    row = Venue(
        **{
            "hub_id": of.id,
            "name": both(name),
            "address": both("ул. „Цар Иван Шишман“ 54, Стара Загора"),
            "directions": both(""),
            "latitude": 42.4258,
            "longitude": 25.6345,
            "created_at": clock.now(),
            **values,
        }
    )
    row.rooms = [Room(name=both(room), position=i) for i, room in enumerate(rooms)]
    with _unit():
        db.session.add(row)
    return row


def programme(of: Hub, slug: str = "umeniya", **values: Any) -> Programme:
    """A programme, not funded unless said."""
    row = Programme(
        **{
            "hub_id": of.id,
            "slug": slug,
            "title": both("Цифрови умения", "Digital skills"),
            "summary": both(""),
            "description": both(""),
            "authority": both(""),
            "statement": both(""),
            "disclaimer": both(""),
            "created_at": clock.now(),
            "changed_at": clock.now(),
            **values,
        }
    )
    with _unit():
        db.session.add(row)
    return row


def event(
    of: Hub, slug: str = "lekciya", *, dates: list[tuple[datetime, datetime]] | None = None, **values: Any
) -> Event:
    """A published lecture of one date in ten days, with 50 places, unless said otherwise."""
    now = clock.now()
    row = Event(
        **{
            "hub_id": of.id,
            "slug": slug,
            "kind": "lecture",
            "status": EventStatus.PUBLISHED,
            "title": both(f"Лекция {slug}", f"Lecture {slug}"),
            "subtitle": both(""),
            "summary": both("Накратко.", "In short."),
            "description": both("Повече **подробности**.", "More **details**."),
            "gains": both(""),
            "audience": both(""),
            "co_organisers": both(""),
            "languages": ("bg",),
            "interpretation": both(""),
            "sectors": (),
            "technologies": (),
            "picture_alt": both(""),
            "zone": of.zone,
            "capacity": 50,
            "cancel_reason": both(""),
            "created_at": now,
            "changed_at": now,
            "published_at": now,
            "organiser_name": of.name.text("bg"),
            "organiser_address": "events@example.org",
            **values,
        }
    )
    if dates is None:
        dates = [(in_days(10, 10), in_days(10, 12))]
    row.dates = [
        EventDate(starts_at=start, ends_at=end, title=both(""), created_at=now, changed_at=now) for start, end in dates
    ]
    row.starts_at = min((start for start, _ in dates), default=None)
    row.ends_at = max((end for _, end in dates), default=None)
    with _unit():
        db.session.add(row)
    return row


def session(
    of: Event,
    title: str = "Откриване",
    start: datetime | None = None,
    minutes: int = 45,
    *,
    speakers: tuple[str, ...] = (),
    track: str | None = None,
    **values: Any,
) -> EventSession:
    """A session at the event's start unless said."""
    start = start or of.dates[0].starts_at
    row = EventSession(
        **{
            "event_id": of.id,
            "title": both(title),
            "abstract": both(""),
            "starts_at": start,
            "ends_at": start + timedelta(minutes=minutes),
            "created_at": clock.now(),
            "changed_at": clock.now(),
            **values,
        }
    )
    with _unit():
        if track:
            row.track = Track(event_id=of.id, name=both(track))
        for position, name in enumerate(speakers):
            person = Speaker(hub_id=of.hub_id, name=name, position=both(""), biography=both(""), created_at=clock.now())
            row.speakings.append(SessionSpeaker(speaker=person, position=position))
        db.session.add(row)
    return row
