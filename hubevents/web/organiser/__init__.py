"""Staff pages under /organise/: one module per area, all on one blueprint."""

from hubevents.web.organiser import frame, home, settings, sign_in, staff
from hubevents.web.organiser.blueprint import blueprint

__all__ = ["blueprint", "frame", "home", "settings", "sign_in", "staff"]
