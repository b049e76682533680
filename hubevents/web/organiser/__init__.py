"""Staff pages under /organise/: one module per area, all on one blueprint."""

from hubevents.web.organiser import frame, home, sign_in
from hubevents.web.organiser.blueprint import blueprint

__all__ = ["blueprint", "frame", "home", "sign_in"]
