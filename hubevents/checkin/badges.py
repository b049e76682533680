"""Badges: sizes of labels, the people in the order of a desk, and the values of `templates/pdf/badges.typ`.

Sheets are measured as label programs know them: glabels 3.4 and LibreOffice 7.4 agree on them to half a millimetre (the
measures of the 80 x 50 mm name badges stand in glabels alone). A roll of 62 mm is printed on its inner 58.9 mm and cut
with 3 mm to spare at both ends.

The code on a badge is the ticket, so a badge is read at a door like a phone. Its modules are no smaller than 0.48 mm.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from hubevents.checkin.models import Attendance
from hubevents.core import qr, text, tokens
from hubevents.core.db import db
from hubevents.events.models import Event
from hubevents.hubs.colour import colours
from hubevents.programmes import emblem
from hubevents.programmes.rules import Emblem
from hubevents.registrations import tickets
from hubevents.registrations.models import Registration, Ticket
from hubevents.registrations.rules import AttendsAs, RegistrationStatus

MOST = 500
"""Badges in one PDF: it is made while the person waits."""


# --- labels ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """How a label is filled, in millimetres; heights of letters are those of capitals."""

    inset: tuple[float, float]
    """Free at the sides, and above and below."""
    first: float
    """The first name when it fits."""
    least: float
    """The first name however long it is."""
    organisation: float
    small: float
    """The event's title; 0 leaves it out."""
    band: float
    """Height of the band with the role."""
    code: float
    """Side of the QR code with its quiet zone."""


@dataclass(frozen=True)
class Size:
    """A label, and the sheet that holds `columns` x `rows` of it; a roll holds one on a page."""

    key: str
    width: float
    height: float
    look: Look
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    across: float = 0
    """From one label's left edge to the next one's."""
    down: float = 0
    products: tuple[str, ...] = ()
    """Products known to have these measures."""

    @property
    def roll(self) -> bool:
        """Whether it comes from a roll and is printed in black only."""
        return self.columns * self.rows == 1

    @property
    def per_sheet(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows


_LARGE = Look((3.5, 3.5), first=10.5, least=4, organisation=2.7, small=1.7, band=6.5, code=24)
_MIDDLE = Look((3, 3), first=8.5, least=3.6, organisation=2.2, small=1.6, band=6, code=22)
_SMALL = Look((2.8, 2.6), first=6, least=2.6, organisation=1.8, small=1.4, band=4.6, code=22)
_LONG = Look((2.5, 3.5), first=10, least=4, organisation=2.6, small=1.8, band=7.5, code=28)
_SHORT = Look((2.1, 3.1), first=5, least=2.2, organisation=1.6, small=0, band=3.8, code=22.6)

ROLL_LONG, ROLL_SHORT = "roll-62x100", "roll-62x29"

SIZES: dict[str, Size] = {
    size.key: size
    for size in (
        Size("99x68", 99.1, 67.7, _LARGE, 2, 4, 4.65, 13.05, 101.6, 67.73, ("Avery L7165", "Herma 4269", "Herma 5077")),
        Size("99x57", 99.1, 57, _LARGE, 2, 5, 4.65, 6, 101.6, 57, ("Avery L7173", "Herma 4268")),
        Size("86x55", 86, 55, _MIDDLE, 2, 4, 19, 38.5, 86, 55, ("Avery L7418",)),
        Size("80x50", 80, 50, _MIDDLE, 2, 5, 17.5, 13.5, 95, 55, ("Avery L4785",)),
        Size("99x38", 99.1, 38.1, _SMALL, 2, 7, 4.65, 15.15, 101.6, 38.1, ("Avery L7163", "Herma 4678", "Herma 5076")),
        Size("70x37", 70, 37.1, _SMALL, 3, 8, 0, 0.1, 70, 37.1, ("Avery Zweckform 3474", "Herma 4464")),
        Size("64x38", 63.5, 38.1, _SMALL, 3, 7, 7.2, 15.15, 66.04, 38.1, ("Avery L7160", "Herma 4677", "Herma 5074")),
        Size(ROLL_LONG, 62, 100, _LONG),
        Size(ROLL_SHORT, 62, 29, _SHORT),
    )
}
DEFAULT = "80x50"


# --- who -------------------------------------------------------------------------------------------------------------


def role_words(role: AttendsAs) -> str:
    """What somebody is at the event, in the language in force."""
    words: dict[AttendsAs, str] = {
        AttendsAs.PARTICIPANT: _("Participant"),
        AttendsAs.SPEAKER: _("Speaker"),
        AttendsAs.STAFF: _("Staff"),
        AttendsAs.GUEST: _("Guest"),
        AttendsAs.PRESS: _("Press"),
    }
    return words[role]


@dataclass(frozen=True)
class Bearer:
    """Somebody with a place, as a list of badges needs them."""

    id: int
    first_name: str
    last_name: str
    role: AttendsAs

    @property
    def letter(self) -> str:
        """The letter under which the desk looks for them; empty for a name without letters."""
        return _plain(self.last_name)[:1].upper()


def bearers(event_id: int, ids: Sequence[int] | None = None) -> list[Bearer]:
    """Everybody with a place at an event, or those of them with these ids, in the order of a Bulgarian list."""
    query = sa.select(Registration.id, Registration.first_name, Registration.last_name, Registration.attends_as).where(
        Registration.event_id == event_id, Registration.status == RegistrationStatus.CONFIRMED
    )
    if ids is not None:
        query = query.where(Registration.id.in_(ids))
    found = [Bearer(*row) for row in db.session.execute(query)]
    return sorted(found, key=lambda each: (order(each.last_name), order(each.first_name), each.id))


_ALPHABET = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_PLACES = str.maketrans({letter: chr(place) for place, letter in enumerate(_ALPHABET, 1)})
_ACCENTS = str.maketrans({"ѝ": "и", "ё": "е", "є": "е", "і": "и", "ї": "и", "ј": "й"})


def order(name: str) -> str:
    """A name as a key of a Bulgarian list: Cyrillic by its alphabet, then digits, then Latin, case and marks apart."""
    return _plain(name).translate(_PLACES)


def _plain(name: str) -> str:
    """Letters and digits in lower case without accents; й stays a letter of its own."""
    lower = name.casefold().translate(_ACCENTS)
    bare = "".join(char if char in _ALPHABET else text.without_accents(char) for char in lower)
    return "".join(filter(str.isalnum, bare))


def between(people: Iterable[Bearer], first: str, last: str) -> list[Bearer]:
    """Those whose letter stands from `first` to `last`; an empty end is open."""
    low, high = order(first), order(last)
    return [each for each in people if low <= order(each.letter) and (not high or order(each.letter) <= high)]


def parts(people: Sequence[Bearer], size: Size) -> list[Sequence[Bearer]]:
    """People in portions of at most `MOST`, each of whole sheets but the last."""
    whole = max(MOST // size.per_sheet, 1) * size.per_sheet
    return [people[at : at + whole] for at in range(0, len(people), whole)]


@dataclass(frozen=True)
class Standing:
    """Whether somebody has a place at an event, and whether they were ever let in."""

    placed: bool
    present: bool


def standing(event_id: int, registration_id: int) -> Standing | None:
    """How a registration stands; None when it is another event's."""
    present = sa.exists().where(Attendance.registration_id == registration_id, Attendance.event_id == event_id)
    row = db.session.execute(
        sa.select(Registration.status, present).where(
            Registration.id == registration_id, Registration.event_id == event_id
        )
    ).one_or_none()
    return None if row is None else Standing(row[0] is RegistrationStatus.CONFIRMED, bool(row[1]))


# --- values of the paper ---------------------------------------------------------------------------------------------

_BANDS: dict[AttendsAs, tuple[str, str]] = {
    AttendsAs.SPEAKER: ("#ffbe2e", "#211400"),
    AttendsAs.STAFF: ("#1b1619", "#ffffff"),
    AttendsAs.GUEST: ("#0a7040", "#ffffff"),
    AttendsAs.PRESS: ("#1d4f91", "#ffffff"),
}
"""Ground and letters of the band; a participant wears the hub's colour."""


def paper(
    event: Event,
    ids: Sequence[int],
    size: Size,
    language: str,
    *,
    start: int = 1,
    shift: tuple[float, float] = (0, 0),
    alone: bool = False,
) -> dict[str, Any]:
    """The values of the template for these registrations of an event, in the order given; ids of others are left out.

    `start` is the label of the first sheet to begin with, `shift` moves everything right and down in millimetres,
    `language` is that of the document; each badge speaks the language of its registration. `alone` puts each label on a
    page of its own size, for pictures.
    """
    rows = {
        row[0].id: row
        for row in db.session.execute(
            sa.select(Registration, Ticket.version)
            .outerjoin(Ticket, sa.and_(Ticket.registration_id == Registration.id, Ticket.replaced_at.is_(None)))
            .where(Registration.event_id == event.id, Registration.id.in_(ids))
        )
    }
    funded = _funded(event)
    wording = {code: _wording(event, code, funded) for code in {row[0].language for row in rows.values()}}
    key = tokens.ticket_keys()[0]
    badges = []
    for id in ids:
        if id not in rows:
            continue
        row, version = rows[id]
        code = (
            None if version is None else tickets.issue(key, event_id=event.id, registration_id=row.id, version=version)
        )
        badges.append(_badge(row, code, wording[row.language], event.hub.colour, mono=size.roll))
    look = size.look
    single = alone or size.roll
    grid = {"columns": 1, "rows": 1, "left": 0, "top": 0, "across": 0, "down": 0}
    if not single:
        grid = {name: getattr(size, name) for name in grid}
    return {
        "lang": language,
        "title": " · ".join(part for part in (_("Badges"), event.title.text(language)) if part),
        "mono": size.roll,
        "page": {"width": size.width, "height": size.height} if single else {"width": 210, "height": 297},
        "grid": grid,
        "label": {
            "width": size.width,
            "height": size.height,
            "standing": size.height > size.width,
            "inset": look.inset,
            "first": look.first,
            "least": look.least,
            "org": look.organisation,
            "small": look.small,
            "band": look.band,
            "qr": look.code,
        },
        "start": 0 if single else min(max(start, 1), size.per_sheet) - 1,
        "shift": shift,
        "flag": emblem.flag_svg(one_colour=size.roll) if funded else None,
        "badges": badges,
    }


def _funded(event: Event) -> emblem.Variant | None:
    """Which words stand beside the emblem that the badges of this event must bear (PRODUCT 34)."""
    programme = event.programme
    if programme is None or not programme.funded or programme.emblem == Emblem.NONE:
        return None
    return "cofunded" if programme.emblem == Emblem.COFUNDED else "funded"


@dataclass(frozen=True)
class _Wording:
    """What all badges of a language share."""

    language: str
    title: str
    roles: dict[AttendsAs, str]
    code: str
    funding: tuple[str, str] | None
    statement: str


def _wording(event: Event, language: str, funded: emblem.Variant | None) -> _Wording:
    with force_locale(language):
        return _Wording(
            language=language,
            title=event.title.text(language),
            roles={role: role_words(role) for role in AttendsAs},
            code=_("QR code of the ticket"),
            funding=emblem.lines(funded, language) if funded else None,
            statement=emblem.statement(funded, language) if funded else "",
        )


def _badge(row: Registration, code: str | None, words: _Wording, colour: str, *, mono: bool) -> dict[str, Any]:
    fill, on = _BANDS.get(row.attends_as) or (colours(colour).light.hub, colours(colour).light.on_hub)
    if mono:
        fill, on = ("#ffffff", "#000000") if row.attends_as is AttendsAs.PARTICIPANT else ("#000000", "#ffffff")
    return {
        "lang": words.language,
        "first": row.first_name,
        "first2": halves(row.first_name),
        "last": row.last_name,
        "last2": halves(row.last_name),
        "organisation": row.organisation_name,
        "role": words.roles[row.attends_as],
        "fill": fill,
        "on": on,
        "edge": fill == "#ffffff",
        "event": words.title,
        "qr": qr.svg(code) if code else None,
        "qr_alt": words.code,
        "funding": words.funding,
        "funding_alt": words.statement,
    }


_PIECE = re.compile(r"[^\s\-\u2010\u2011\u2013]+[\-\u2010\u2011\u2013]*|[\-\u2010\u2011\u2013]+")


def halves(name: str) -> tuple[str, str] | None:
    """A name in two lines, broken behind a hyphen or at a space where it is most even; None for a single piece."""
    breaks = [found.end() for found in _PIECE.finditer(name)][:-1]
    if not breaks:
        return None
    best = min(breaks, key=lambda at: max(at, len(name) - at))
    return name[:best].strip(), name[best:].strip()
