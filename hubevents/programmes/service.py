"""Making and changing programmes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from hubevents.core import clock
from hubevents.core.db import db
from hubevents.core.errors import Invalid
from hubevents.core.facts import record
from hubevents.core.i18n import Translated
from hubevents.hubs import slugs
from hubevents.programmes.facts import ProgrammeChanged
from hubevents.programmes.models import Programme
from hubevents.programmes.rules import Emblem, Indicator


@dataclass(frozen=True)
class ProgrammeDetails:
    """All that staff may say of a programme."""

    title: Translated
    summary: Translated = Translated()
    description: Translated = Translated()
    funded: bool = False
    grant_number: str = ""
    authority: Translated = Translated()
    emblem: Emblem = Emblem.NONE
    statement: Translated = Translated()
    disclaimer: Translated = Translated()
    starts_on: date | None = None
    ends_on: date | None = None
    targets: Mapping[Indicator, int] = field(default_factory=dict)
    slug: str = ""
    """Empty: made of the title, once."""


def create_programme(hub_id: int, details: ProgrammeDetails) -> Programme:
    """A new programme of a hub.

    Raises Invalid(`title_missing` | `ends_before_start` | `slug_taken` | `slug_reserved`).
    """
    now = clock.now()
    _check(details)
    programme = Programme(hub_id=hub_id, created_at=now, changed_at=now)
    programme.slug = slugs.free(Programme, "programme", hub_id, next(iter(details.title.values())), "programme")
    _write(programme, details)
    db.session.add(programme)
    db.session.flush()
    if details.slug and details.slug != programme.slug:
        slugs.change(Programme, "programme", programme, details.slug, remember=False)
    return programme


def change_programme(programme: Programme, details: ProgrammeDetails) -> None:
    """Changes a programme; an old slug keeps leading to it."""
    _check(details)
    if details.slug and details.slug != programme.slug:
        slugs.change(Programme, "programme", programme, details.slug, remember=True)
    _write(programme, details)
    programme.changed_at = clock.now()
    db.session.flush()
    record(ProgrammeChanged(programme.id, programme.hub_id))


def _check(details: ProgrammeDetails) -> None:
    if not details.title:
        raise Invalid("title_missing", field="title")
    if details.starts_on and details.ends_on and details.ends_on < details.starts_on:
        raise Invalid("ends_before_start", field="ends_on")


def _write(programme: Programme, details: ProgrammeDetails) -> None:
    for each in fields(details):
        if each.name not in ("slug", "targets", "emblem"):
            setattr(programme, each.name, getattr(details, each.name))
    programme.emblem = details.emblem.value
    programme.targets = {indicator.value: number for indicator, number in details.targets.items()}
