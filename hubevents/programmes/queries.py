"""Reading programmes."""

import sqlalchemy as sa

from hubevents.core.db import db
from hubevents.programmes.models import Programme


def programme_of_hub(hub_id: int, programme_id: int) -> Programme | None:
    """A programme of this hub; None when it is another hub's."""
    return db.session.scalar(sa.select(Programme).where(Programme.id == programme_id, Programme.hub_id == hub_id))


def programme_by_slug(hub_id: int, slug: str) -> Programme | None:
    """The programme of a hub with this slug."""
    return db.session.scalar(sa.select(Programme).where(Programme.hub_id == hub_id, Programme.slug == slug))


def programmes_of_hub(hub_id: int) -> list[Programme]:
    """All programmes of a hub, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Programme)
            .where(Programme.hub_id == hub_id)
            .order_by(Programme.starts_on.is_(None), Programme.starts_on.desc(), Programme.id.desc())
        )
    )
