"""One label for the person who came in, as a picture that the scanner's page prints on a roll of 62 mm."""

from io import BytesIO

from flask import Blueprint, request
from PIL import Image
from werkzeug.wrappers import Response

from hubevents.checkin import badges, queries
from hubevents.checkin.rules import DoorRole
from hubevents.core import links, typesetting
from hubevents.core.errors import Conflict, NotFound
from hubevents.web import access, headers
from hubevents.web.limits import limiter

blueprint = Blueprint("badge", __name__)
"""Stands inside the door's blueprint, whose language and refusals hold here too."""

BADGES = "240 per minute"
"""Per address: a label printer needs some seconds for each, and several may stand behind one router."""
DOTS = 300
"""What label printers print per inch."""
SIZES = (badges.ROLL_LONG, badges.ROLL_SHORT)
_PRINTING = (DoorRole.SCAN, DoorRole.SEARCH, DoorRole.STEWARD, DoorRole.KIOSK)
_MASKED = (DoorRole.SCAN, DoorRole.KIOSK)
"""Roles whose list holds no full names."""
_DARK = 150
"""Below it a pixel is printed: grey edges would be dithered, and the code blurred."""


@blueprint.get(links.rule(links.DOOR_BADGE))
@access.link
@limiter.limit(BADGES)
def badge(token: str, registration_id: int) -> Response:
    """The label as a black-and-white PNG of `?size=roll-62x100` or `roll-62x29`, to be shown as wide as it is named.

    404 where the door prints no badges or the registration is another event's or has no place; 410 when the pass ended.
    A door that shows no full names (scan, kiosk) prints only for those who came in; before that it answers 409.
    """
    door = queries.open_door(token)
    bearer = badges.standing(door.event_id, registration_id) if door.badges else None
    if bearer is None or door.role not in _PRINTING or not (bearer.placed or bearer.present):
        raise NotFound("no_badge")
    if door.role in _MASKED and not bearer.present:
        raise Conflict("badge_too_early")
    asked = request.args.get("size")
    size = badges.SIZES[asked if asked in SIZES else SIZES[0]]
    values = badges.paper(door.event, [registration_id], size, door.event.hub.languages[0])
    drawn = typesetting.png("badges", values, ppi=DOTS)
    return headers.private(Response(_printed(drawn), mimetype="image/png"))


def _printed(drawn: bytes) -> bytes:
    """The picture in black and white only, with its true size."""
    grey = Image.open(BytesIO(drawn)).convert("L")
    plain = grey.point(lambda shade: 255 if shade >= _DARK else 0).convert("1", dither=Image.Dither.NONE)
    out = BytesIO()
    plain.save(out, "PNG", dpi=(DOTS, DOTS), optimize=True)
    return out.getvalue()
