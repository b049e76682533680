"""What happened to events, with old values where somebody must be told of the difference."""

from dataclasses import dataclass
from datetime import datetime

from hubevents.core.i18n import Translated


@dataclass(frozen=True)
class DateChange:
    """How one EventDate was before: its time and place, or `None` for all when it is new."""

    event_date_id: int
    old_starts_at: datetime | None
    old_ends_at: datetime | None
    old_place: Translated | None
    withdrawn: bool = False


@dataclass(frozen=True)
class EventPublished:
    """A draft became visible."""

    event_id: int


@dataclass(frozen=True)
class EventChanged:
    """Something shown of a published event changed, but neither time nor place."""

    event_id: int


@dataclass(frozen=True)
class EventRescheduled:
    """Time or place of one or more dates changed in one step: people get one message."""

    event_id: int
    changes: tuple[DateChange, ...]


@dataclass(frozen=True)
class EventCancelled:
    """A published event will not take place."""

    event_id: int


@dataclass(frozen=True)
class EventCopied:
    """A draft was made from another event; what hangs on it is copied by whoever owns it."""

    event_id: int
    source_id: int


@dataclass(frozen=True)
class CapacityChanged:
    """The number of places changed: whoever waits may move up."""

    event_id: int


@dataclass(frozen=True)
class HubEventsChanged:
    """Many events of a hub show something new (a name, a programme): their calendar parts are made anew by a job."""

    hub_id: int
