"""The organisation behind a registration: found by number, else by name, else made."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hubevents.core import clock, text
from hubevents.core.db import db, is_sqlite
from hubevents.organisations import rules
from hubevents.organisations.models import Organisation


def of_registrant(hub_id: int, name: str, number: str) -> int | None:
    """The id of the hub's organisation with this number, else this name; a new one when unknown; None without a name.

    `number` is normalised or empty. A known number keeps its registered name, whatever was typed.
    """
    if number:
        found = db.session.scalar(
            sa.select(Organisation.id).where(Organisation.hub_id == hub_id, Organisation.number == number)
        )
        if found is not None:
            return found
    if not name:
        return None
    search = text.search_key(name)[:200]
    if not number:
        found = db.session.scalar(
            sa.select(Organisation.id)
            .where(Organisation.hub_id == hub_id, Organisation.search == search)
            .order_by(Organisation.id)
            .limit(1)
        )
        if found is not None:
            return found
    dialect: Any = sqlite if is_sqlite() else postgresql
    made = db.session.scalar(
        dialect.insert(Organisation)
        .values(
            hub_id=hub_id,
            name=name,
            search=search,
            number=number or None,
            country=rules.country_of(number) if number else "BG",
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Organisation.id)
    )
    if made is not None:
        return int(made)
    return db.session.scalars(
        sa.select(Organisation.id).where(Organisation.hub_id == hub_id, Organisation.number == number)
    ).one()
