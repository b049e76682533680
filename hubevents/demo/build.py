"""Builds the demo: everything that would have happened until now, step by step through the services.

Each step stands at its moment (`core.clock.at`) in a transaction of its own, so that registrations, promotions, mails
and scans carry believable times. The same day gives the same demo, but for random codes and UIDs.
"""

import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from hubevents import work
from hubevents.accounts import queries as users_read
from hubevents.accounts import service as users
from hubevents.agenda import service as agenda
from hubevents.agenda.rules import SessionKind
from hubevents.agenda.service import SessionDetails, SpeakerDetails
from hubevents.checkin import service as checkin
from hubevents.checkin import settling
from hubevents.checkin.intake import Delivery, Item, Reported, WalkIn
from hubevents.checkin.models import Device, Door, Scan
from hubevents.checkin.rules import Answer, Decision, Direction, DoorRole, Flag, Method
from hubevents.core import clock, text, tokens
from hubevents.core.db import db, transaction
from hubevents.core.i18n import Translated
from hubevents.demo import days
from hubevents.demo.cast import Cast, Person
from hubevents.events import rules as event_rules
from hubevents.events import service as events
from hubevents.events.models import Event
from hubevents.events.rules import Asked, Format, Visibility
from hubevents.events.service import DateDetails, EventDetails, RoomDetails, VenueDetails
from hubevents.hubs import service as hubs
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Role
from hubevents.hubs.service import HubDetails
from hubevents.mail.models import OutboxMessage
from hubevents.mail.rules import Failure, Stage
from hubevents.mail.service import DELIVER
from hubevents.notices import reminders
from hubevents.notices.rules import Kind, reminder_due
from hubevents.organisations.models import Organisation
from hubevents.programmes import service as programmes
from hubevents.programmes.rules import Emblem, Indicator, usual_disclaimer
from hubevents.programmes.service import ProgrammeDetails
from hubevents.registrations import service as registrations
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import ConsentKind, RegistrationStatus, Source
from hubevents.registrations.service import Registrant

CONTENT = Path(__file__).parent / "content"
ZONE = "Europe/Sofia"
SEED = 20210330
MAILS_SHOWN = 36
KINDS_SHOWN = 2
"""So many of the newest mails, and of each kind, can be read; composing all of them would make the start slow."""
MAILBOXES_FULL = 2
"""So many confirmations came back, so that staff sees what a failure looks like."""
FOUNDED_AGO = timedelta(days=430)
_HUB_TEXTS = ("name", "kind_line", "summary", "about", "imprint", "privacy", "address")
_SCANS_TOGETHER = timedelta(minutes=10)
_HOURS = (8, 9, 9, 10, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21)
"""Hours at which people register, as often as they do."""
BUSY = timedelta(hours=4)
"""How long before the demo is made the first visitor of today came to the event that is on, whatever the hour."""
SHORTEST = timedelta(minutes=20)
"""Less of a day than this holds no story."""
PHONE = "Телефонът на Деница"
WALK_INS = 27
_TABLET_AHEAD = timedelta(minutes=3, seconds=10)
"""The clock of one device is wrong, so that staff sees how that is said."""


@dataclass(order=True)
class Step:
    """One thing that happened; equal moments keep the order in which they were told."""

    at: datetime
    number: int
    do: Callable[[], object] = field(compare=False)
    whole: bool = field(compare=False, default=False)
    """Whether it opens its own transactions."""


class Story:
    """What happened, in any order, and then told in order."""

    def __init__(self) -> None:
        """Begins with nothing."""
        self._steps: list[Step] = []

    def add(self, at: datetime, do: Callable[[], object], *, whole: bool = False) -> None:
        """Something that happened at a moment (aware)."""
        self._steps.append(Step(at, len(self._steps), do, whole))

    def tell(self) -> None:
        """Lets everything happen, the earliest first."""
        for step in sorted(self._steps):
            with clock.at(step.at):
                if step.whole:
                    step.do()
                else:
                    with transaction():
                        step.do()


@dataclass
class Scene:
    """One event of the demo with the moments of its story."""

    said: dict[str, Any]
    spans: list[tuple[datetime, datetime]]
    published_at: datetime
    until: datetime
    """Nobody registers or cancels afterwards."""
    event: Event | None = None
    workshops: tuple[int, ...] = ()
    registered: list[int] = field(default_factory=list)
    door_id: int = 0

    @property
    def made(self) -> Event:
        """The event; only after its step."""
        assert self.event is not None
        return self.event


@dataclass
class Place:
    """A hub with what its events refer to by key."""

    id: int = 0
    venues: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)
    programmes: dict[str, int] = field(default_factory=dict)


def read(name: str) -> dict[str, Any]:
    """One file of the demo's content."""
    return tomllib.loads((CONTENT / f"{name}.toml").read_text("utf-8"))


def make_everything(staff: dict[str, tuple[str, Role]], password_hash: str) -> None:
    """Fills an empty database; `staff` of the first hub (address to name and role) gets the password."""
    Builder(staff, password_hash).build()


class Builder:
    """Knows today, the random numbers and the story while the demo is being made."""

    def __init__(self, staff: dict[str, tuple[str, Role]], password_hash: str) -> None:
        """Looks at the clock once."""
        self.staff = staff
        self.password_hash = password_hash
        self.now = clock.now().replace(microsecond=0)
        self.today = clock.today(ZONE)
        self.random = Random(SEED)  # noqa: S311 - a story, not a secret
        self.story = Story()
        self.hubs: dict[str, dict[str, Any]] = read("hubs")
        self.places = {slug: Place() for slug in self.hubs}
        self.people = read("people")
        self.casts = {slug: Cast(self.random, self.people, slug) for slug in self.hubs}

    def build(self) -> None:
        """Plans the story, tells it, and leaves the outbox as a working installation would."""
        self.story.add(self.now - FOUNDED_AGO, self._found)
        scenes = [self._scene(said) for said in read("events")["event"]]
        for scene in scenes:
            self._plan(scene)
        self.story.tell()
        with transaction():
            self._describe_organisations()
        self._send_mails()

    # --- hubs ------------------------------------------------------------------------------------------------------

    def _found(self) -> None:
        people = {
            email: users.create_user(email, name, "bg", self.password_hash) for email, (name, _) in self.staff.items()
        }
        owner = next(email for email, (_, role) in self.staff.items() if role is Role.OWNER)
        partner = users.create_user("owner.perelik@example.org", "Светлана Чакърова", "bg")
        for slug, said in self.hubs.items():
            first = slug == next(iter(self.hubs))
            words = {key: Translated.of(said[key]) for key in _HUB_TEXTS}
            hub = hubs.create_hub(
                HubDetails(
                    slug=slug,
                    zone=ZONE,
                    languages=("bg", "en"),
                    colour=said["colour"],
                    email=said["email"],
                    phone=said["phone"],
                    website=said["website"],
                    name=words["name"],
                    kind_line=words["kind_line"],
                    summary=words["summary"],
                    about=words["about"],
                    imprint=words["imprint"],
                    privacy=words["privacy"],
                    address=words["address"],
                ),
                people[owner].id if first else partner.id,
            )
            if first:
                for email, (_, role) in self.staff.items():
                    if email != owner:
                        hubs.add_member(hub.id, people[email].id, role)
            self._furnish(self.places[slug], hub.id, said)

    def _furnish(self, place: Place, hub_id: int, said: dict[str, Any]) -> None:
        """Venues with rooms, and programmes."""
        place.id = hub_id
        for each in said["venues"]:
            venue = events.create_venue(
                hub_id,
                VenueDetails(
                    Translated.of(each["name"]),
                    Translated.of(each["address"]),
                    Translated.of(each["directions"]),
                    each["latitude"],
                    each["longitude"],
                    tuple(RoomDetails(Translated.of(room["name"]), room["capacity"]) for room in each["rooms"]),
                ),
            )
            place.venues[each["key"]] = venue.id
            place.rooms.update({room["key"]: row.id for room, row in zip(each["rooms"], venue.rooms, strict=True)})
        for each in said["programmes"]:
            statement = Translated.of(each.get("statement"))
            programme = programmes.create_programme(
                hub_id,
                ProgrammeDetails(
                    title=Translated.of(each["title"]),
                    summary=Translated.of(each["summary"]),
                    description=Translated.of(each["description"]),
                    funded=each["funded"],
                    grant_number=each.get("grant_number", ""),
                    authority=Translated.of(each.get("authority")),
                    emblem=Emblem(each.get("emblem", "none")),
                    statement=statement,
                    disclaimer=Translated.of(
                        {language: usual_disclaimer(words, language) for language, words in statement.items()}
                    ),
                    starts_on=days.month_start(self.today, each["months"][0]),
                    ends_on=days.month_start(self.today, each["months"][1]) - timedelta(days=1),
                    targets={Indicator(key): number for key, number in each["targets"].items()},
                    slug=each["slug"],
                ),
            )
            place.programmes[each["key"]] = programme.id

    # --- times -----------------------------------------------------------------------------------------------------

    def _at(self, day: date, clock_time: str) -> datetime:
        hour, minute = clock_time.split(":")
        return event_rules.instant(datetime.combine(day, time(int(hour), int(minute))), ZONE)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(ZONE)).date()

    def _spans(self, said: dict[str, Any], times: str) -> list[tuple[datetime, datetime]]:
        starts, ends = times.split("-")
        length = said.get("days", 1)
        first = days.near(self.today, said["day"], said.get("weekday"), length=length)
        if "lasts" in said:
            last = days.near(self.today, said["day"] + said["lasts"])
            return [(self._at(first, starts), self._at(last, ends))]
        return [
            (self._at(day, starts), self._at(day + timedelta(days=length - 1), ends))
            for day in days.series(first, said.get("dates", 1), said.get("step", 7))
        ]

    def _scene(self, said: dict[str, Any]) -> Scene:
        spans = self._spans(said, said["times"])
        first = spans[0][0]
        published_on = min(self._day(first), self.today) - timedelta(days=said.get("published", 3))
        hour, minute = self.random.randrange(9, 12), self.random.randrange(5, 55)
        published_at = self._at(published_on, f"{hour}:{minute}")
        until = self.now - timedelta(minutes=4)
        if said.get("closes") != "end":
            until = min(until, first - timedelta(hours=14))
        if "cancel" in said:
            until = min(until, self._days_ago(said["cancel"]))
        return Scene(said, spans, published_at, until)

    def _days_ago(self, number: int) -> datetime:
        return self._at(self.today - timedelta(days=number), "10:20")

    def _moments(self, scene: Scene, number: int, since: float = 0.0) -> list[datetime]:
        """Moments between publishing and the end of registering at which people sit at a screen; the latest last.

        With `since` only those after that part of the time.
        """
        begin = scene.published_at + (scene.until - scene.published_at) * since
        moments = []
        for _ in range(number):
            rough = begin + (scene.until - begin) * self.random.betavariate(0.9, 1.1)
            clock_time = f"{self.random.choice(_HOURS)}:{self.random.randrange(60)}"
            seconds = timedelta(seconds=self.random.randrange(60))
            likely = (self._at(self._day(rough) - timedelta(days=back), clock_time) + seconds for back in (0, 1))
            moments.append(next((each for each in likely if begin < each < scene.until), rough.replace(microsecond=0)))
        return sorted(moments)

    # --- events ----------------------------------------------------------------------------------------------------

    def _plan(self, scene: Scene) -> None:
        """Everything that happened around one event."""
        said, add = scene.said, self.story.add
        add(scene.published_at - timedelta(hours=20), partial(self._draft, scene))
        if said.get("draft"):
            return
        add(scene.published_at, lambda: events.publish(scene.made))
        people = self.casts[said["hub"]].invite(said["people"], said.get("sectors", ()))
        for person, moment in zip(people, self._moments(scene, len(people)), strict=True):
            add(moment, partial(self._register, scene, person, self._registrant(scene, person)))
        for index, moment in enumerate(self._moments(scene, said.get("cancelled", 0), since=0.85)):
            add(moment, partial(self._cancel, scene, index))
        if "moved" in said:
            add(self._days_ago(said["moved"]), partial(self._move, scene))
        if "cancel" in said:
            reason = Translated.of(said["cancel_reason"])
            add(scene.until, lambda: events.cancel_event(scene.made, reason))
        for starts_at, ends_at in scene.spans:
            reminded_at = reminder_due(starts_at, ZONE) + timedelta(minutes=5)
            if scene.published_at < reminded_at < self.now:
                add(reminded_at, reminders.remind, whole=True)
            if starts_at < self.now and said.get("format") != "online":
                self._plan_door(scene, starts_at, ends_at)

    def _draft(self, scene: Scene) -> None:
        said, place = scene.said, self.places[scene.said["hub"]]
        spans = self._spans(said, said["first_times"]) if "moved" in said else scene.spans
        topics = said.get("topics", [])
        details = EventDetails(
            kind=said["kind"],
            title=self._words(said, "title"),
            dates=tuple(
                DateDetails(
                    starts_at,
                    ends_at,
                    Translated.of(topics[number]) if topics else Translated(),
                    place.rooms[said["room"]] if "room" in said else None,
                )
                for number, (starts_at, ends_at) in enumerate(spans)
            ),
            format=Format(said.get("format", "onsite")),
            visibility=Visibility.UNLISTED if said.get("unlisted") else Visibility.PUBLIC,
            subtitle=self._words(said, "subtitle"),
            summary=self._words(said, "summary"),
            description=self._words(said, "description"),
            gains=self._words(said, "gains"),
            audience=self._words(said, "audience"),
            co_organisers=self._words(said, "co_organisers"),
            languages=tuple(said.get("languages", ("bg",))),
            interpretation=self._words(said, "interpretation"),
            programme_id=place.programmes[said["programme"]],
            service_category=said.get("category"),
            sectors=tuple(said.get("sectors", ())),
            technologies=tuple(said.get("technologies", ())),
            competences=tuple({"framework": "digcomp_3_0", **tag} for tag in said.get("competences", ())),
            learning_hours=Decimal(said["hours"]) if "hours" in said else None,
            venue_id=place.venues[said["venue"]] if "venue" in said else None,
            online_url=said.get("online_url", ""),
            contact=self.hubs[said["hub"]]["email"],
            capacity=said.get("capacity"),
            takes_registrations=said.get("takes_registrations", True),
            registration_opens_at=(
                self._at(self.today + timedelta(days=said["opens"]), "9:00") if "opens" in said else None
            ),
            registration_closes_at=self._closes(said.get("closes"), spans),
            ask_phone=Asked(said.get("ask_phone", "no")),
            ask_position=Asked(said.get("ask_position", "no")),
            slug=said["slug"],
        )
        hub = db.session.get_one(Hub, place.id)
        scene.event = events.create_event(hub, details)
        if "agenda" in said:
            self._agenda(scene, read(said["agenda"]))

    def _words(self, said: dict[str, Any], name: str) -> Translated:
        """A text of an event; `{year}` is the year of its first date."""
        year = str(days.near(self.today, said["day"], said.get("weekday"), length=said.get("days", 1)).year)
        texts: dict[str, str] = said.get(name, {})
        return Translated.of({language: words.replace("{year}", year) for language, words in texts.items()})

    def _closes(self, closes: str | None, spans: list[tuple[datetime, datetime]]) -> datetime | None:
        """End of registration; None is the start of the last date."""
        first, end = spans[0][0], spans[-1][1]
        if closes == "two_days_before":
            return event_rules.shifted(first, timedelta(days=-2, hours=9), ZONE)
        return {"first": first, "end": end}.get(closes or "")

    def _agenda(self, scene: Scene, said: dict[str, Any]) -> None:
        event, place = scene.made, self.places[scene.said["hub"]]
        tracks = {key: agenda.add_track(event.id, Translated.of(name)).id for key, name in said["tracks"].items()}
        speakers = {
            key: agenda.add_speaker(
                place.id,
                SpeakerDetails(
                    each["name"],
                    each.get("latin_name") or text.transliterate(each["name"]),
                    Translated.of(each["position"]),
                    Translated.of(each["biography"]),
                ),
            ).id
            for key, each in said["speakers"].items()
        }
        first_day = scene.spans[0][0].astimezone(ZoneInfo(ZONE)).date()
        workshops = []
        for each in said["session"]:
            starts, ends = each["time"].split("-")
            day = first_day + timedelta(days=each["day"] - 1)
            session = agenda.add_session(
                event.id,
                SessionDetails(
                    title=Translated.of(each["title"]),
                    starts_at=self._at(day, starts),
                    ends_at=self._at(day, ends),
                    kind=SessionKind(each.get("kind", "talk")),
                    abstract=Translated.of(each.get("abstract")),
                    room_id=place.rooms[each["room"]] if "room" in each else None,
                    track_id=tracks[each["track"]] if "track" in each else None,
                    language=each.get("language", "bg") if each.get("speakers") else None,
                    capacity=each.get("capacity"),
                    speakers=tuple(speakers[key] for key in each.get("speakers", ())),
                ),
            )
            moderators = {speakers[key] for key in each.get("moderators", ())}
            for speaking in session.speakings:
                speaking.moderates = speaking.speaker.id in moderators
            if session.capacity is not None:
                workshops.append(session.id)
        scene.workshops = tuple(workshops)

    def _move(self, scene: Scene) -> None:
        """The dates get the times they have now; everybody registered is told."""
        event = scene.made
        dates = tuple(
            replace(date_now, starts_at=starts_at, ends_at=ends_at)
            for date_now, (starts_at, ends_at) in zip(events.details_of(event).dates, scene.spans, strict=True)
        )
        events.change_event(event, replace(events.details_of(event), dates=dates))

    # --- registrations ---------------------------------------------------------------------------------------------

    def _registrant(self, scene: Scene, person: Person) -> Registrant:
        random, said, employer = self.random, scene.said, person.employer
        shares = {ConsentKind.PHOTO: 0.55, ConsentKind.NEWSLETTER: 0.35}
        return Registrant(
            person.first_name,
            person.last_name,
            person.email,
            person.language,
            phone=person.phone if "ask_phone" in said else "",
            position=person.position if "ask_position" in said else "",
            organisation=employer.name if employer else "",
            organisation_number=employer.number if employer else "",
            consents=frozenset(kind for kind, share in shares.items() if random.random() < share),
        )

    def _of(self, scene: Scene, what: str) -> Random:
        """Random numbers that do not depend on what was told before, which changes with the hour."""
        return Random(f"{SEED} {scene.said['slug']} {what}")  # noqa: S311 - a story, not a secret

    def _register(self, scene: Scene, person: Person, registrant: Registrant) -> None:
        chosen = self._of(scene, person.email)
        if scene.workshops and chosen.random() < 0.9:
            favourite = scene.workshops[0]
            registrant = replace(registrant, session_ids=(chosen.choice((favourite, *scene.workshops)),))
        source = Source.STAFF if chosen.random() < 0.05 else Source.WEB
        registration = registrations.register(scene.made.id, registrant, source=source)
        scene.registered.append(registration.id)

    def _cancel(self, scene: Scene, index: int) -> None:
        """Somebody who was early gives the place back."""
        if 3 * index < len(scene.registered):
            registrations.cancel(scene.registered[3 * index], by="person", event_id=scene.made.id)

    # --- the door --------------------------------------------------------------------------------------------------

    def _plan_door(self, scene: Scene, starts_at: datetime, ends_at: datetime) -> None:
        """Arrivals of one date: each day of a long one, until now."""
        if starts_at == scene.spans[0][0]:
            self.story.add(starts_at - timedelta(hours=2), partial(self._open_door, scene))
        day, last = self._day(starts_at), min(self._day(ends_at), self.today)
        if "lasts" in scene.said:
            last -= timedelta(days=1)
            since = max(self.now - BUSY, self._at(self.today, "0:05"))
            if self.now - since >= SHORTEST:
                self.story.add(since - timedelta(minutes=4), BusyDay(self, scene, since).happen, whole=True)
        while day <= last:
            begin = self._at(day, scene.said["times"].split("-")[0])
            if begin < self.now and (len(scene.spans) > 1 or day == self._day(starts_at) or days.is_suitable(day)):
                self.story.add(begin - timedelta(minutes=35), partial(self._admit, scene, begin), whole=True)
            day += timedelta(days=1)

    def _open_door(self, scene: Scene) -> None:
        again = "lasts" in scene.said
        scene.door_id = checkin.make_door(scene.made, "Главен вход", DoorRole.STEWARD, reentry=again, badges=again).id

    def _admit(self, scene: Scene, begin: datetime) -> None:
        """The scans of one day, sent as the phone at the door would: some together, soon after they were made."""
        random = self._of(scene, f"{begin:%Y-%m-%d}")
        arrivals = sorted(self._arrivals(random, scene, begin), key=lambda item: item.scanned_at)
        device = _uuid(self._of(scene, "phone"))
        while arrivals:
            together = [item for item in arrivals if item.scanned_at < arrivals[0].scanned_at + _SCANS_TOGETHER]
            arrivals = arrivals[len(together) :]
            sent_at = together[-1].scanned_at + timedelta(seconds=2)
            with clock.at(sent_at), transaction():
                door = db.session.get_one(Door, scene.door_id)
                sent = Delivery(Reported(device, PHONE, sent_at, 0), tuple(together))
                checkin.take_scans(checkin.token_of(door), sent, sent_at, "bg")

    def _arrivals(self, random: Random, scene: Scene, begin: datetime) -> Iterable[Item]:
        """Most of those with a place come, a few are read twice; somebody who had cancelled tries it."""
        open_house = "lasts" in scene.said
        rows = db.session.execute(
            sa.select(Registration.id, Registration.status, Ticket.version)
            .join(Ticket, Ticket.registration_id == Registration.id)
            .where(Registration.event_id == scene.made.id)
            .order_by(Registration.id)
        ).all()
        db.session.rollback()
        key = tokens.ticket_keys()[0]
        for id, status, version in rows:
            confirmed = status is RegistrationStatus.CONFIRMED
            comes = random.random() < (0.4 if open_house else 0.84 if confirmed else 0.3)
            minutes = random.uniform(5, 240) if open_house else random.triangular(-28, 12, -8)
            scanned_at = (begin + timedelta(minutes=minutes)).replace(microsecond=0)
            twice = random.random() < 0.06
            if not comes or scanned_at >= self.now - timedelta(minutes=1):
                continue
            code = tickets.issue(key, event_id=scene.made.id, registration_id=id, version=version)
            for at in (scanned_at, scanned_at + timedelta(seconds=20))[: 1 + twice]:
                scan_id = _uuid(random)
                yield Item(scan_id, scan_id, at, Method.QR, code=code)

    # --- afterwards ------------------------------------------------------------------------------------------------

    def _describe_organisations(self) -> None:
        """Type, size, sector and district of the organisations, which no page of this version asks for."""
        for slug, cast in self.casts.items():
            for employer in cast.employers:
                db.session.execute(
                    sa.update(Organisation)
                    .where(Organisation.hub_id == self.places[slug].id, Organisation.number == employer.number)
                    .values(kind=employer.kind, size=employer.size, sector=employer.sector, district=employer.district)
                )

    def _send_mails(self) -> None:
        """Marks old mails as sent at their time, two as come back; the newest are composed for the demo's mailbox."""
        rows = db.session.execute(
            sa.select(OutboxMessage.id, OutboxMessage.kind)
            .where(OutboxMessage.done_at.is_(None))
            .order_by(OutboxMessage.due_at.desc(), OutboxMessage.id.desc())
        ).all()
        db.session.rollback()
        of_kind = Counter[str]()
        shown = []
        for place, (id, kind) in enumerate(rows):
            of_kind[kind] += 1
            if place < MAILS_SHOWN or of_kind[kind] <= KINDS_SHOWN:
                shown.append(id)
        full = [id for id, kind in rows if kind == Kind.CONFIRMATION and id not in shown][:MAILBOXES_FULL]
        with transaction():
            db.session.execute(
                sa.update(OutboxMessage)
                .where(OutboxMessage.id.in_(full))
                .values(
                    done_at=OutboxMessage.due_at,
                    attempts=1,
                    error=str(Failure(Stage.RECIPIENT, "552 5.2.2", permanent=True)),
                )
                .execution_options(synchronize_session=False)
            )
            db.session.execute(
                sa.update(OutboxMessage)
                .where(OutboxMessage.done_at.is_(None), OutboxMessage.id.not_in(shown))
                .values(sent_at=OutboxMessage.due_at, done_at=OutboxMessage.due_at, attempts=1)
                .execution_options(synchronize_session=False)
            )
        due = db.session.scalars(
            sa.select(OutboxMessage.due_at).where(OutboxMessage.done_at.is_(None)).order_by(OutboxMessage.due_at)
        ).all()
        db.session.rollback()
        for moment in dict.fromkeys(due):
            with clock.at(moment + timedelta(seconds=3)):
                work.JOBS[DELIVER].run()
        current_app.extensions["jobs"][0].flush()


@dataclass(order=True)
class Pass:
    """Somebody at a door of the busy day; `make` gives the item when its moment has come."""

    at: datetime
    number: int
    door: str = field(compare=False)
    make: Callable[[datetime], Item | None] = field(compare=False)


class BusyDay:
    """Today at the event that is on: three doors with their phones, people who come and go, and what was odd."""

    def __init__(self, builder: Builder, scene: Scene, since: datetime) -> None:
        """Plans nothing yet; `since` is when the first visitor came."""
        self.builder, self.scene, self.since = builder, scene, since
        self.random = builder._of(scene, "today")
        self.passes: list[Pass] = []
        self.then: list[tuple[datetime, Callable[[], object]]] = []
        """What staff and people did in between."""
        self.tablet_gone_at = builder.now - timedelta(minutes=11)
        self.doors: dict[str, int] = {}
        self.devices = {
            "main": Reported(_uuid(builder._of(scene, "phone")), PHONE, None, 0),
            "yard": Reported(_uuid(self.random), "Таблетът в оранжерията", None, 0),
            "kiosk": Reported(_uuid(self.random), "Екранът във фоайето", None, 0),
        }
        self.strange = Reported(_uuid(self.random), "Телефон без собственик", None, 0)

    def happen(self) -> None:
        """Opens the doors, lets people come and go in the order of time, and leaves two scans to settle."""
        with clock.at(self.since - timedelta(minutes=3)), transaction():
            self.doors = {
                "main": self.scene.door_id,
                "yard": checkin.make_door(self.scene.made, "Вход откъм двора", DoorRole.SCAN, reentry=True).id,
                "kiosk": checkin.make_door(self.scene.made, "Самообслужване във фоайето", DoorRole.KIOSK).id,
            }
        self._shut_a_phone()
        rows = db.session.execute(
            sa.select(Registration.id, Ticket.version)
            .join(Ticket, Ticket.registration_id == Registration.id)
            .where(Registration.event_id == self.scene.made.id, Registration.status == RegistrationStatus.CONFIRMED)
            .order_by(Registration.id)
        ).all()
        db.session.rollback()
        codes = [self._code(id, version) for id, version in rows]
        self._odd(rows[1].id, codes)
        for code in codes[3:]:
            if self.random.random() < 0.7:
                self._comes(self.random.choice(("main", "yard", "kiosk")), partial(self._scan, code))
        walk_ins = Cast(self.random, self.builder.people, self.scene.said["hub"]).invite(WALK_INS, ())
        for person in walk_ins:
            self._comes("main", partial(self._walk_in, WalkIn(person.first_name, person.last_name, None)))
        self._send()
        self._last_words()

    def _part(self, part: float) -> datetime:
        """A moment of today: 0 is the first visitor's, 1 is now."""
        until = self.builder.now - timedelta(minutes=2)
        return (self.since + (until - self.since) * part).replace(microsecond=0)

    def _add(self, at: datetime, door: str, make: Callable[[datetime], Item | None]) -> None:
        if door == "yard" and at >= self.tablet_gone_at:
            door = "main"
        self.passes.append(Pass(at, len(self.passes), door, make))

    def _comes(self, door: str, make: Callable[[datetime], Item | None]) -> None:
        """Somebody comes in one of two waves; a third of them leave again."""
        wave = (0.0, 0.55, 0.22) if self.random.random() < 0.6 else (0.4, 1.0, 0.7)
        at = self._part(self.random.triangular(*wave))
        # The scan's id is the person's thread from coming to leaving.
        scan_id = _uuid(self.random)
        self._add(at, door, lambda moment: _with_id(make(moment), scan_id))
        gone = at + (self.builder.now - self.since) * self.random.uniform(0.15, 0.4)
        if self.random.random() < 0.4 and gone < self._part(1):
            self._add(gone, self.random.choice(("main", "yard")), partial(self._leaves, scan_id))

    def _odd(self, cancelled_id: int, codes: list[str]) -> None:
        """Two phones admit one ticket; somebody comes who had just cancelled; a good ticket was turned away."""
        twice, gone, refused = codes[:3]
        cancelled_at = self._part(0.55)
        self._add(self._part(0.3), "yard", partial(self._scan, refused, shown=Answer.REFUSED))
        self._add(self._part(0.42), "main", partial(self._scan, twice, shown=Answer.ADMITTED))
        self._add(self._part(0.45), "yard", partial(self._scan, twice, shown=Answer.ADMITTED))
        self._add(self._part(0.62), "yard", partial(self._scan, gone, shown=Answer.ADMITTED))
        self.then = [
            (self._part(0.4), self._settle),
            (cancelled_at, lambda: registrations.cancel(cancelled_id, by="person", event_id=self.scene.made.id)),
        ]

    def _settle(self) -> None:
        scan = db.session.scalars(
            sa.select(Scan).where(Scan.event_id == self.scene.made.id, Scan.flagged == Flag.REFUSED_ANYWAY.value)
        ).one()
        colleague = users_read.user_by_email("organiser@example.org")
        if colleague is not None:
            note = "Изчака на вратата и влезе след малко."
            settling.settle(self.scene.made.id, scan.id, Decision.COUNTED, colleague.id, note)

    def _send(self) -> None:
        """Sends what passed each door within a few minutes, in the order of time, and what staff did in between."""
        waiting = sorted(self.passes)
        then = sorted(self.then, key=lambda each: each[0])
        while waiting:
            while then and then[0][0] <= waiting[0].at:
                moment, do = then.pop(0)
                with clock.at(moment), transaction():
                    do()
            door = waiting[0].door
            until = waiting[0].at + _SCANS_TOGETHER / 2
            until = min([until, *(moment for moment, _do in then)])
            together = [each for each in waiting if each.door == door and each.at <= until]
            waiting = [each for each in waiting if each not in together]
            self._deliver(door, together[-1].at + timedelta(seconds=2), together)

    def _deliver(self, door: str, sent_at: datetime, passes: Iterable[Pass] = (), queued: int = 0) -> None:
        ahead = _TABLET_AHEAD if door == "yard" else timedelta()
        list_at = sent_at + ahead - timedelta(seconds=sent_at.minute % 5 * 60 + 20)
        said = replace(self.devices[door], sent_at=sent_at + ahead, queued=queued, list_at=list_at)
        items = [each.make(each.at + ahead) for each in passes]
        db.session.rollback()
        with clock.at(sent_at), transaction():
            token = checkin.token_of(db.session.get_one(Door, self.doors[door]))
            delivery = Delivery(said, tuple(item for item in items if item is not None))
            checkin.take_scans(token, delivery, sent_at, "bg")

    def _shut_a_phone(self) -> None:
        """A phone that nobody knew opened the main door's page and was shut out."""
        with clock.at(self.since - timedelta(minutes=2)), transaction():
            door = db.session.get_one(Door, self.scene.door_id)
            seen = Delivery(replace(self.strange, sent_at=clock.now()), ())
            checkin.take_scans(checkin.token_of(door), seen, clock.now(), "bg")
            device = db.session.scalars(sa.select(Device).where(Device.uuid == self.strange.id)).one()
            checkin.shut_device(self.scene.made.id, device.id)

    def _last_words(self) -> None:
        """Two phones are here now; the tablet lost the network some minutes ago, with scans on it."""
        now = self.builder.now
        self._deliver("yard", self.tablet_gone_at, queued=3)
        for door, seconds in (("kiosk", 50), ("main", 15)):
            self._deliver(door, now - timedelta(seconds=seconds))

    def _code(self, id: int, version: int) -> str:
        key = tokens.ticket_keys()[0]
        return tickets.issue(key, event_id=self.scene.made.id, registration_id=id, version=version)

    def _scan(self, code: str, at: datetime, shown: Answer | None = None) -> Item:
        scan_id = _uuid(self.random)
        return Item(scan_id, scan_id, at, Method.QR, code=code, shown=shown)

    def _walk_in(self, person: WalkIn, at: datetime) -> Item:
        scan_id = _uuid(self.random)
        return Item(scan_id, scan_id, at, Method.WALK_IN, walk_in=person)

    def _leaves(self, came: str, at: datetime) -> Item | None:
        """The exit of whoever came with a scan."""
        row = db.session.execute(
            sa.select(Scan.registration_id, sa.func.max(Ticket.version))
            .join(Ticket, Ticket.registration_id == Scan.registration_id)
            .where(Scan.scan_id == came)
            .group_by(Scan.registration_id)
        ).one_or_none()
        if row is None or row[0] is None:
            return None
        return replace(self._scan(self._code(row[0], row[1]), at), direction=Direction.OUT)


def _with_id(item: Item | None, scan_id: str) -> Item | None:
    return replace(item, said=scan_id, scan_id=scan_id) if item is not None else None


def _uuid(random: Random) -> str:
    """A UUID as a browser would make it."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
