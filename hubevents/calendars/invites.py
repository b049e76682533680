"""Which SEQUENCE an invite carries: counted for each address and UID, kept across cancelling and registering again."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hubevents.calendars.models import Invite
from hubevents.core.db import db, is_sqlite
from hubevents.events.models import EventDate

_ROWS_PER_STATEMENT = 500


def next_sequence(address: str, date: EventDate) -> int:
    """The number of the next invite of a date to an address: `max(date.sequence, last + 1)`, kept as the last."""
    return next_sequences((address,), date)[address]


def repeated_sequence(address: str, date: EventDate) -> int:
    """The number for sending the same invite again: the last one, or the date's own where that is higher."""
    return _count((address,), date, step=0)[address]


def next_sequences(addresses: Collection[str], date: EventDate) -> dict[str, int]:
    """The same for many addresses, a few hundred per statement; numbers by address."""
    return _count(addresses, date, step=1)


def highest_sequences(address: str, uids: Collection[str]) -> dict[str, int]:
    """The highest number written so far to an address, by UID; UIDs that were never sent to it are absent."""
    if not uids:
        return {}
    query = sa.select(Invite.uid, Invite.last_sequence).where(Invite.address == address, Invite.uid.in_(uids))
    found: dict[str, int] = {}
    found.update((uid, last) for uid, last in db.session.execute(query))
    return found


def invited(addresses: Collection[str], uid: str) -> set[str]:
    """Those of the addresses to which an invite of this UID was ever written."""
    found: set[str] = set()
    wanted = list(dict.fromkeys(addresses))
    for start in range(0, len(wanted), _ROWS_PER_STATEMENT):
        some = wanted[start : start + _ROWS_PER_STATEMENT]
        found.update(db.session.scalars(sa.select(Invite.address).where(Invite.uid == uid, Invite.address.in_(some))))
    return found


def _upsert(dialect: Any, step: int) -> Any:
    """The statement that counts on: built once, so that it is compiled once and not for every person of a rush."""
    insert = dialect.insert(Invite.__table__)
    after, floor = Invite.__table__.c.last_sequence + step, insert.excluded.last_sequence
    return insert.on_conflict_do_update(
        index_elements=["address", "uid"], set_={"last_sequence": sa.case((after > floor, after), else_=floor)}
    ).returning(Invite.__table__.c.address, Invite.__table__.c.last_sequence)


_STATEMENTS = {
    (name, step): _upsert(dialect, step)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
    for step in (0, 1)
}


def _count(addresses: Collection[str], date: EventDate, *, step: int) -> dict[str, int]:
    # Sorted, so that two transactions lock the rows in the same order.
    rows = [{"address": address, "uid": date.uid, "last_sequence": date.sequence} for address in sorted(set(addresses))]
    if not rows:
        return {}
    statement = _STATEMENTS["sqlite" if is_sqlite() else "postgresql", step]
    return {row.address: row.last_sequence for row in db.session.connection().execute(statement, rows)}
