"""What happened to agendas."""

from dataclasses import dataclass

from hubevents.events.facts import DateChange


@dataclass(frozen=True)
class SessionsChanged:
    """Sessions of an event were added, edited, moved or withdrawn by hand in one step."""

    event_id: int
    session_ids: tuple[int, ...]


@dataclass(frozen=True)
class ScheduleImported:
    """A schedule file was read into an event: one import, one fact, so at most one mail per person."""

    event_id: int
    created: int
    changed: int
    cancelled: int
    date_changes: tuple[DateChange, ...] = ()
    """Dates that were stretched or added to hold the schedule."""


@dataclass(frozen=True)
class SessionCapacityRaised:
    """A session that people wait for has more places: whoever waits may move up."""

    session_id: int
