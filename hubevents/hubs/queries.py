"""Reading hubs and memberships."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from hubevents.core.db import db
from hubevents.core.errors import NotFound
from hubevents.hubs.models import Hub, Membership, OldSlug


def all_hubs() -> list[Hub]:
    """Every hub of the installation, oldest first."""
    return list(db.session.scalars(sa.select(Hub).order_by(Hub.id)))


def hub_by_slug(slug: str) -> Hub | None:
    """The hub with this slug."""
    return db.session.scalar(sa.select(Hub).where(Hub.slug == slug))


def hub_by_id(id: int) -> Hub:
    """The hub with this id, which exists."""
    return db.session.get_one(Hub, id)


def membership(user_id: int, hub_slug: str) -> Membership | None:
    """A user's membership in the hub with this slug, with the hub loaded."""
    return db.session.scalar(
        sa.select(Membership)
        .join(Membership.hub)
        .where(Membership.user_id == user_id, Hub.slug == hub_slug)
        .options(joinedload(Membership.hub))
    )


def memberships(user_id: int) -> list[Membership]:
    """All memberships of a user with their hubs, by hub."""
    return list(
        db.session.scalars(
            sa.select(Membership)
            .where(Membership.user_id == user_id)
            .order_by(Membership.hub_id)
            .options(joinedload(Membership.hub))
        )
    )


def staff_of(hub_id: int) -> list[Membership]:
    """The staff of a hub with their users, by name."""
    query = sa.select(Membership).where(Membership.hub_id == hub_id).options(joinedload(Membership.user))
    return sorted(db.session.scalars(query), key=lambda membership: membership.user.name.casefold())


def moved(kind: str, hub_id: int, slug: str) -> int | None:
    """The id of what once had this slug, so that its pages can redirect."""
    return db.session.scalar(
        sa.select(OldSlug.target_id).where(OldSlug.kind == kind, OldSlug.hub_id == hub_id, OldSlug.slug == slug)
    )


def membership_of_hub(hub_id: int, membership_id: int) -> Membership:
    """A membership of this hub with its user. Raises NotFound for another hub's."""
    found = db.session.scalar(
        sa.select(Membership)
        .where(Membership.id == membership_id, Membership.hub_id == hub_id)
        .options(joinedload(Membership.user))
    )
    if found is None:
        raise NotFound("page")
    return found
