"""Schedules of other programs: bytes of a `schedule.xml` or `schedule.json` -> plain frozen values."""

from hubevents.agenda.formats.reading import MAX_BYTES, read_schedule
from hubevents.agenda.formats.rows import (
    DayRow,
    Place,
    Refusal,
    RoomRow,
    Schedule,
    ScheduleError,
    ScheduleWarning,
    SessionRow,
    SpeakerRow,
    TrackRow,
)

__all__ = [
    "MAX_BYTES",
    "DayRow",
    "Place",
    "Refusal",
    "RoomRow",
    "Schedule",
    "ScheduleError",
    "ScheduleWarning",
    "SessionRow",
    "SpeakerRow",
    "TrackRow",
    "read_schedule",
]
