"""Programmes: digital-skills projects and series with their funding and visibility."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from hubevents.core.db import Base
from hubevents.core.i18n import Translated


class Programme(Base):
    """A funded project or series over many events; on screen "Проект"."""

    __tablename__ = "programme"
    __table_args__ = (sa.UniqueConstraint("hub_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    slug: Mapped[str] = mapped_column(sa.String(60))
    title: Mapped[Translated]
    summary: Mapped[Translated]
    description: Mapped[Translated]
    """Markdown."""
    funded: Mapped[bool] = mapped_column(default=False)
    grant_number: Mapped[str] = mapped_column(sa.String(60), default="")
    authority: Mapped[Translated]
    """Granting authority."""
    emblem: Mapped[str] = mapped_column(sa.String(20), default="none")
    """none, funded or cofunded (programmes.rules.Emblem)."""
    statement: Mapped[Translated]
    disclaimer: Mapped[Translated]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    targets: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    """Indicator key to target number, such as {"events": 12, "participants": 400}."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
