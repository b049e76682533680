"""The reminder of the day before, written by a sweep when it is due, once for each registration and date."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.core import clock
from hubevents.core.db import db, transaction
from hubevents.events.models import Event, EventDate
from hubevents.events.rules import DateStatus, EventStatus
from hubevents.mail import service as mail
from hubevents.mail.models import OutboxMessage
from hubevents.notices.rules import REMIND_AHEAD, Kind, reminder_due
from hubevents.registrations.models import Participant, Registration, Ticket
from hubevents.registrations.rules import RegistrationStatus

REMIND = "remind"
"""The name of the job in `work.py`."""

_BATCH = 200


def remind() -> None:
    """Writes the reminders that are due. Whoever got a place after that moment was told just then, and gets none."""
    now = clock.now()
    dates = db.session.scalars(
        sa.select(EventDate)
        .join(EventDate.event)
        .where(
            EventDate.status == DateStatus.SCHEDULED,
            EventDate.starts_at > now,
            EventDate.starts_at <= now + REMIND_AHEAD,
            Event.status == EventStatus.PUBLISHED,
        )
        .options(joinedload(EventDate.event))
        .order_by(EventDate.starts_at, EventDate.id)
    ).all()
    due = [(date.id, at) for date in dates if (at := reminder_due(date.starts_at, date.event.zone)) <= now]
    db.session.rollback()
    for date_id, at in due:
        while _remind_some(date_id, at) == _BATCH:
            pass


def _remind_some(date_id: int, due_at: datetime) -> int:
    """Writes a batch of one date's reminders in a transaction; returns how many people it looked at."""
    with transaction():
        date = db.session.get_one(EventDate, date_id, options=[joinedload(EventDate.event)])
        if date.status is not DateStatus.SCHEDULED or date.event.status is not EventStatus.PUBLISHED:
            return 0
        once = sa.literal("reminder:") + sa.cast(Registration.id, sa.String) + sa.literal(f":{date.id}")
        told = sa.select(OutboxMessage.id).where(OutboxMessage.once == once).exists()
        had_place = (
            sa.select(Ticket.id).where(Ticket.registration_id == Registration.id, Ticket.issued_at <= due_at).exists()
        )
        people = db.session.execute(
            sa.select(Registration, Participant.email)
            .join(Participant, Registration.participant_id == Participant.id)
            .where(
                Registration.event_id == date.event_id,
                Registration.status == RegistrationStatus.CONFIRMED,
                had_place,
                ~told,
            )
            .order_by(Registration.id)
            .limit(_BATCH)
        ).all()
        for registration, address in people:
            mail.queue(
                Kind.REMINDER.value,
                about=f"registration:{registration.id}",
                recipient=address,
                recipient_name=registration.name,
                language=registration.language,
                data={"date": date.id},
                hub_id=date.event.hub_id,
                event_id=date.event_id,
                once=f"reminder:{registration.id}:{date.id}",
            )
        return len(people)
