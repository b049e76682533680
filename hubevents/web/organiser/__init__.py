"""Staff pages under /organise/: one module per area, all on one blueprint."""

from hubevents.web.organiser import sign_in
from hubevents.web.organiser.blueprint import blueprint

__all__ = ["blueprint", "sign_in"]
