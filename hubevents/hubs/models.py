"""Hubs, memberships and the slugs they once had."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hubevents.accounts.models import User
from hubevents.core.db import Base, status_type
from hubevents.core.i18n import Translated
from hubevents.hubs.rules import Role


class Hub(Base):
    """An innovation hub that holds events; all its public texts are in every language of the hub."""

    __tablename__ = "hub"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[Translated]
    kind_line: Mapped[Translated]
    """The small line under the name, such as "Европейски цифров иновационен хъб"."""
    summary: Mapped[Translated]
    about: Mapped[Translated]
    """Markdown."""
    imprint: Mapped[Translated]
    """Markdown."""
    privacy: Mapped[Translated]
    """Markdown; the text that every registration form links to."""
    zone: Mapped[str] = mapped_column(sa.String(60))
    languages: Mapped[tuple[str, ...]]
    """Languages in which texts are kept, the first is the hub's own."""
    colour: Mapped[str] = mapped_column(sa.String(7))
    logo: Mapped[str | None] = mapped_column(sa.String(80))
    """File name in the uploads folder."""
    email: Mapped[str] = mapped_column(sa.String(254))
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    address: Mapped[Translated]
    website: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[datetime]


class Membership(Base):
    """A user's role in a hub."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("user_id", "hub_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"), index=True)
    role: Mapped[Role] = mapped_column(status_type(Role))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship()
    hub: Mapped[Hub] = relationship()


class OldSlug(Base):
    """A slug that something had before: pages answer it with a redirect, nobody else gets it."""

    __tablename__ = "old_slug"
    __table_args__ = (sa.UniqueConstraint("kind", "hub_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    """hub, event or programme."""
    hub_id: Mapped[int] = mapped_column(default=0)
    """The hub within which the slug was unique; 0 for hubs themselves."""
    slug: Mapped[str] = mapped_column(sa.String(60))
    target_id: Mapped[int]
