"""Throw-away data in bulk: 1 000 events of one hub, 30 000 registrations, one big open event, one rush, two doors."""

import random
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from benchmarks import crowd
from hubevents.calendars import service as calendars
from hubevents.checkin import service as checkin
from hubevents.checkin.rules import DoorRole
from hubevents.core import clock, text, tokens
from hubevents.core.db import db, transaction
from hubevents.core.i18n import Translated
from hubevents.events.models import Event, EventDate, Room, Venue, new_uid
from hubevents.events.rules import DateStatus, EventStatus, Format, Visibility
from hubevents.hubs.models import Hub
from hubevents.registrations import tickets
from hubevents.registrations.models import Participant, Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus, Source

HUB = "bench"
EVENTS = 1_000
REGISTRATIONS = 20_000
RUSH_SEATS = 500
_WORDS = ("цифрови", "умения", "данни", "мрежа", "сигурност", "интелект", "община", "завод", "поле", "робот", "облак")
_DESCRIPTION = "## Какво ще правим\n\nМного **примери** и списък:\n\n- едно\n- две\n\n" + "Текст. " * 80
_KINDS = ("lecture", "seminar", "workshop", "training", "conference", "webinar", "infoday", "demoday")


@dataclass(frozen=True)
class Made:
    """What the scenarios need to know."""

    event_slugs: tuple[str, ...]
    open_slug: str
    rush_slug: str
    door_pass: str
    codes: tuple[str, ...]
    """Signed tickets of the door's event."""
    list_pass: str
    """The door of a conference of 10 000."""


def _both(words: str) -> Translated:
    return Translated.of({"bg": words, "en": text.transliterate(words)})


def build(app: Flask) -> Made:
    """Fills an empty, migrated database; about ten seconds."""
    chance = random.Random(1)
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    with app.app_context():
        with transaction():
            hub = Hub(
                slug=HUB,
                name=_both("Хъб за измерване"),
                kind_line=_both("Хъб"),
                summary=_both("Обучения и лекции."),
                about=_both(""),
                imprint=_both(""),
                privacy=_both("Лични данни."),
                address=_both("Стара Загора"),
                zone="Europe/Sofia",
                languages=("bg", "en"),
                colour="#a6124f",
                email="bench@example.org",
                created_at=now,
            )
            db.session.add(hub)
            venue = Venue(
                hub_id=0, name=_both("Хъб"), address=_both("ул. Първа 1"), directions=_both(""), created_at=now
            )
            db.session.flush()
            venue.hub_id = hub.id
            venue.rooms = [Room(name=_both("Голяма зала"), position=0)]
            db.session.add(venue)
            db.session.flush()
            events = [_event(hub, venue, chance, now, number) for number in range(EVENTS)]
            for row in (
                _special(hub, venue, now, "open", None),
                _special(hub, venue, now, "rush", RUSH_SEATS),
                _special(hub, venue, now, "door", None, starts_in=timedelta(minutes=30)),
                _special(hub, venue, now, "list", None, starts_in=timedelta(minutes=30)),
            ):
                events.append(row)
            db.session.add_all(events)
            db.session.flush()
            slugs = tuple(event.slug for event in events[:EVENTS])
            ids = {event.slug: event.id for event in events}
            hub_id = hub.id
        counts = _register(hub_id, ids, slugs, chance, now)
        codes = _tickets(counts["door"])
        with transaction():
            door = checkin.make_door(db.session.get_one(Event, ids["door"]), "Вход", DoorRole.SCAN)
            token = tokens.link(tokens.DOOR, door.id, door.link_version)
            conference = db.session.get_one(Event, ids["list"])
            crowded = checkin.make_door(conference, "Вход", DoorRole.STEWARD)
            list_pass = tokens.link(tokens.DOOR, crowded.id, crowded.link_version)
        crowd.fill(conference, crowded, clock.now())
        calendars.refresh_calendars(hub_id)
        db.session.remove()
    return Made(slugs, "open", "rush", token, codes, list_pass)


def _event(hub: Hub, venue: Venue, chance: random.Random, now: Any, number: int) -> Event:
    start = now + timedelta(days=number % 180, hours=chance.randint(0, 8))
    title = " ".join(chance.sample(_WORDS, 4)).capitalize()
    return _row(hub, venue, now, f"event-{number}", title, start, 60, kind=_KINDS[number % len(_KINDS)])


def _special(
    hub: Hub, venue: Venue, now: Any, slug: str, capacity: int | None, starts_in: timedelta = timedelta(days=9)
) -> Event:
    return _row(hub, venue, now, slug, f"Събитие {slug}", now + starts_in, capacity)


def _row(
    hub: Hub, venue: Venue, now: Any, slug: str, title: str, start: Any, capacity: int | None, kind: str = "lecture"
) -> Event:
    end = start + timedelta(hours=3)
    event = Event(
        hub_id=hub.id,
        slug=slug,
        kind=kind,
        status=EventStatus.PUBLISHED,
        visibility=Visibility.PUBLIC,
        format=Format.ONSITE,
        title=_both(title),
        subtitle=_both(""),
        summary=_both("Три часа с примери от региона. " * 3),
        description=_both(
            "## Какво ще правим\n\nМного **примери** и списък:\n\n- едно\n- две\n- три\n\n" + "Текст. " * 80
        ),
        gains=_both("Примери\nМатериали\nУдостоверение"),
        audience=_both("Управители и инженери"),
        co_organisers=_both(""),
        languages=("bg",),
        interpretation=_both(""),
        sectors=("education",),
        technologies=(),
        picture_alt=_both(""),
        zone=hub.zone,
        venue_id=venue.id,
        capacity=capacity,
        cancel_reason=_both(""),
        created_at=now,
        changed_at=now,
        published_at=now,
        organiser_name="Хъб",
        organiser_address="events@example.org",
        starts_at=start,
        ends_at=end,
    )
    event.dates = [
        EventDate(uid=new_uid(), sequence=0, status=DateStatus.SCHEDULED, title=_both(""), starts_at=start, ends_at=end,
                  created_at=now, changed_at=now)
    ]  # fmt: skip
    return event


def _register(
    hub_id: int, ids: dict[str, int], slugs: tuple[str, ...], chance: random.Random, now: Any
) -> dict[str, int]:
    """20 000 people: 5 000 at the door's event, the others over all events; counters are set to the rows."""
    targets = [ids["door"]] * 5_000 + [ids[slugs[n % EVENTS]] for n in range(REGISTRATIONS - 5_000)]
    with transaction():
        people = [
            {"hub_id": hub_id, "email": f"b{n}@example.org", "language": "bg", "feed_version": 0, "created_at": now}
            for n in range(REGISTRATIONS)
        ]
        db.session.execute(sa.insert(Participant), people)
        emails = {email: id for id, email in db.session.execute(sa.select(Participant.id, Participant.email))}
        db.session.execute(
            sa.insert(Registration),
            [
                {
                    "event_id": event_id,
                    "participant_id": emails[f"b{n}@example.org"],
                    "status": RegistrationStatus.CONFIRMED,
                    "source": Source.WEB,
                    "first_name": "Човек",
                    "last_name": f"Номер {n}",
                    "search": f"chovek nomer {n}",
                    "language": "bg",
                    "created_at": now,
                    "changed_at": now,
                }
                for n, event_id in enumerate(targets)
            ],
        )
        taken = (
            sa.select(sa.func.count())
            .select_from(Registration)
            .where(Registration.event_id == Event.id)
            .scalar_subquery()
        )
        db.session.execute(sa.update(Event).values(seats_taken=taken).execution_options(synchronize_session=False))
        rows = db.session.scalars(sa.select(Registration.id)).all()
        db.session.execute(
            sa.insert(Ticket),
            [
                {"registration_id": id, "version": 1, "code": tickets.new_code(secrets.randbits), "issued_at": now}
                for id in rows
            ],
        )
    return {"door": ids["door"]}


def _tickets(event_id: int) -> tuple[str, ...]:
    key = tokens.ticket_keys()[0]
    rows = db.session.scalars(
        sa.select(Registration.id).where(Registration.event_id == event_id).order_by(Registration.id)
    )
    return tuple(tickets.issue(key, event_id=event_id, registration_id=id, version=1) for id in rows)
