"""A conference of 10 000: what the largest list of a door holds; also for the test that measures it."""

import random
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from hubevents.checkin.models import Attendance, Door, Scan
from hubevents.checkin.rules import Method, day_of
from hubevents.core import text
from hubevents.core.db import db, transaction
from hubevents.events.models import Event
from hubevents.registrations import tickets
from hubevents.registrations.models import Participant, Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus, Source

PARTICIPANTS, PRESENT = 10_000, 4_000
_FIRST = [
    "Мария", "Иван", "Георги", "Димитър", "Елена", "Николай", "Петър", "Йорданка", "Стефан", "Виктория", "Александър",
    "Радостина", "Християн", "Цветелина", "Борислав", "Теодора", "Пламен", "Десислава", "Калоян", "Магдалена", "Щерьо",
]  # fmt: skip
_LAST = [
    "Иванов", "Георгиев", "Димитров", "Петров", "Николов", "Христов", "Стоянов", "Тодоров", "Илиев", "Ангелов",
    "Желязков", "Караджов", "Пеев", "Шопов", "Чакъров", "Вълчев", "Цонев", "Юруков", "Мутафчиев", "Хаджииванов",
]  # fmt: skip
_ORGANISATIONS = [
    "Община Стара Загора", "Тракийски университет", "Берое Машини", "Загорка", "Прогрес", "Панхим", "Мини Марица-изток",
    "Агенция по заетостта", "Професионална гимназия по електроника „Джон Атанасов“", "Библиотека „Захарий Княжески“",
]  # fmt: skip
_FORMS = ["ООД", "ЕООД", "АД", "филиал", "и партньори"]
_HOSTS = ["abv.bg", "gmail.com", "mail.bg", "uni-sz.bg", "starazagora.bg"]


def fill(event: Event, door: Door, now: datetime) -> None:
    """10 000 people with names, organisations, mail addresses and tickets; 4 000 of them came within three hours."""
    chance = random.Random(19)
    named = [
        (chance.choice(_FIRST), chance.choice(_LAST) + chance.choice(("", "а", "а-Попова")))
        for _ in range(PARTICIPANTS)
    ]
    firms = [f"{chance.choice(_ORGANISATIONS)} {number} {chance.choice(_FORMS)}" for number in range(3_000)]
    mails = [
        f"{text.slugify(first)}.{text.slugify(last)}{chance.randrange(9999)}.{number}@{chance.choice(_HOSTS)}"
        for number, (first, last) in enumerate(named)
    ]
    common = {"language": "bg", "created_at": now - timedelta(days=9)}
    with transaction():
        people = [{"hub_id": event.hub_id, "email": mail, "feed_version": 0, **common} for mail in mails]
        db.session.execute(sa.insert(Participant), people)
        of_mail = dict(map(tuple, db.session.execute(sa.select(Participant.email, Participant.id))))
        db.session.execute(
            sa.insert(Registration),
            [
                {
                    "event_id": event.id, "participant_id": of_mail[mail], "source": Source.WEB, "search": "",
                    "status": chance.choices(list(RegistrationStatus)[:5], (1, 92, 3, 1, 3))[0],
                    "first_name": first, "last_name": last, "organisation_name": chance.choice(("", *firms)),
                    "changed_at": now - timedelta(days=9), **common,
                }
                for (first, last), mail in zip(named, mails, strict=True)
            ],
        )  # fmt: skip
        known = db.session.scalars(
            sa.select(Registration.id).where(Registration.event_id == event.id).order_by(Registration.id)
        ).all()
        db.session.execute(
            sa.insert(Ticket),
            [
                {"registration_id": id, "version": 1, "code": tickets.new_code(chance.getrandbits), "issued_at": now}
                for id in known
            ],
        )
        came = [
            (id, now - timedelta(minutes=5, milliseconds=chance.randrange(3 * 3_600_000)))
            for id in chance.sample(known, PRESENT)
        ]
        db.session.execute(
            sa.insert(Scan),
            [
                {
                    "scan_id": str(uuid.UUID(int=chance.getrandbits(128))), "door_id": door.id, "event_id": event.id,
                    "registration_id": id, "day": day_of(at, event.zone), "method": Method.QR.value, "direction": "in",
                    "scanned_at": at, "said_at": at, "received_at": at, "verdict": "admitted", "counts": True,
                }
                for id, at in came
            ],
        )  # fmt: skip
        scans = dict(
            map(tuple, db.session.execute(sa.select(Scan.registration_id, Scan.id).where(Scan.event_id == event.id)))
        )
        db.session.execute(
            sa.insert(Attendance),
            [
                {
                    "event_id": event.id, "registration_id": id, "day": day_of(at, event.zone), "method": "qr",
                    "first_in_at": at, "inside": True, "changed_at": at, "first_scan_id": scans[id],
                }
                for id, at in came
            ],
        )  # fmt: skip
