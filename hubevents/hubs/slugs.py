"""Slugs of what belongs to a hub: unique within it, stable, and once changed still leading to their thing."""

from typing import Any

import sqlalchemy as sa

from hubevents.core import text
from hubevents.core.db import db
from hubevents.core.errors import Invalid
from hubevents.hubs.models import OldSlug
from hubevents.hubs.service import RESERVED_SLUGS

LIMIT = 60


def free(model: Any, kind: str, hub_id: int, wanted: str, fallback: str) -> str:
    """A slug nobody of this model and hub has or had: of the words `wanted`, else `fallback`, with a number if taken.

    `model` has the columns `hub_id` and `slug`; `kind` is that of `OldSlug`.
    """
    base = text.slugify(wanted, limit=LIMIT - 5) or fallback
    rows = db.session.scalars(
        sa.select(model.slug).where(model.hub_id == hub_id, model.slug.startswith(base, autoescape=True))
    )
    former = db.session.scalars(
        sa.select(OldSlug.slug).where(
            OldSlug.kind == kind, OldSlug.hub_id == hub_id, OldSlug.slug.startswith(base, autoescape=True)
        )
    )
    taken = {*rows, *former, *RESERVED_SLUGS}
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def change(model: Any, kind: str, row: Any, slug: str, *, remember: bool) -> None:
    """Gives a row another slug; with `remember` the former one keeps leading to it.

    Raises Invalid(`slug_reserved` | `slug_taken`).
    """
    if slug in RESERVED_SLUGS or not slug or slug != text.slugify(slug, limit=LIMIT):
        raise Invalid("slug_reserved", field="slug")
    other = db.session.scalar(
        sa.select(model.id).where(model.hub_id == row.hub_id, model.slug == slug, model.id != row.id)
    )
    former = db.session.scalar(
        sa.select(OldSlug).where(OldSlug.kind == kind, OldSlug.hub_id == row.hub_id, OldSlug.slug == slug)
    )
    if other is not None or (former is not None and former.target_id != row.id):
        raise Invalid("slug_taken", field="slug")
    if former is not None:
        db.session.delete(former)
        db.session.flush()
    if remember:
        db.session.add(OldSlug(kind=kind, hub_id=row.hub_id, slug=row.slug, target_id=row.id))
    row.slug = slug
    db.session.flush()
