"""Staff pages under /organise/: one module per area, all on one blueprint."""

from hubevents.web.organiser import (
    agenda,
    badges,
    door_conflicts,
    door_figures,
    door_paper,
    doors,
    events,
    frame,
    home,
    messages,
    people,
    programmes,
    settings,
    sign_in,
    staff,
    venues,
)
from hubevents.web.organiser.blueprint import blueprint

__all__ = [
    "agenda",
    "badges",
    "blueprint",
    "door_conflicts",
    "door_figures",
    "door_paper",
    "doors",
    "events",
    "frame",
    "home",
    "messages",
    "people",
    "programmes",
    "settings",
    "sign_in",
    "staff",
    "venues",
]
