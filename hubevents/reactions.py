"""The one table of what follows from each fact, inside the same transaction. An empty tuple says "nobody"."""

from hubevents.accounts.facts import PasswordResetRequested, StaffInvited
from hubevents.agenda.facts import ScheduleImported, SessionCapacityRaised, SessionsChanged
from hubevents.agenda.service import copy_agenda, restate_agenda
from hubevents.calendars import service as calendars
from hubevents.checkin.attendance import fold_again
from hubevents.checkin.service import follow_dates
from hubevents.core.facts import Reactions, record
from hubevents.events.facts import (
    CapacityChanged,
    EventCancelled,
    EventChanged,
    EventCopied,
    EventPublished,
    EventRescheduled,
    HubEventsChanged,
)
from hubevents.hubs.facts import HubChanged
from hubevents.notices import service as notices
from hubevents.programmes.facts import ProgrammeChanged
from hubevents.registrations.facts import (
    DetailsChanged,
    LinkRequested,
    Promoted,
    Registered,
    RegistrationCancelled,
)
from hubevents.registrations.service import fill_places, fill_session

REACTIONS: Reactions = {
    # accounts
    PasswordResetRequested: (notices.password_reset_requested,),
    StaffInvited: (notices.staff_invited,),
    # hubs
    HubChanged: (calendars.hub_changed,),
    # programmes
    ProgrammeChanged: (lambda fact: record(HubEventsChanged(fact.hub_id)),),
    # events
    EventPublished: (calendars.event_changed, lambda fact: follow_dates(fact.event_id)),
    EventChanged: (calendars.event_changed, lambda fact: fold_again(fact.event_id)),
    EventRescheduled: (
        notices.event_rescheduled,
        calendars.event_changed,
        lambda fact: follow_dates(fact.event_id),
        lambda fact: fold_again(fact.event_id),
    ),
    EventCancelled: (notices.event_cancelled, restate_agenda, calendars.event_changed),
    EventCopied: (copy_agenda,),
    HubEventsChanged: (calendars.hub_changed,),
    CapacityChanged: (lambda fact: fill_places(fact.event_id),),
    # agenda
    SessionsChanged: (calendars.event_changed, lambda fact: fold_again(fact.event_id)),
    ScheduleImported: (
        notices.schedule_imported,
        calendars.event_changed,
        lambda fact: follow_dates(fact.event_id),
        lambda fact: fold_again(fact.event_id),
    ),
    SessionCapacityRaised: (lambda fact: fill_session(fact.session_id),),
    # registrations
    Registered: (notices.registered,),
    Promoted: (notices.promoted,),
    RegistrationCancelled: (notices.registration_cancelled,),
    DetailsChanged: (),
    LinkRequested: (notices.link_requested,),
}
