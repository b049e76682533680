"""Organisations: firms and public bodies that participants come from."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from hubevents.core.db import Base


class Organisation(Base):
    """A firm or public body as one hub knows it; typed once, offered again by exact number only."""

    __tablename__ = "organisation"
    __table_args__ = (
        sa.UniqueConstraint("hub_id", "number"),
        sa.Index("ix_organisation_hub_id_search", "hub_id", "search"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hub_id: Mapped[int] = mapped_column(sa.ForeignKey("hub.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    search: Mapped[str] = mapped_column(sa.String(200))
    """`core.text.search_key` of the name."""
    number: Mapped[str | None] = mapped_column(sa.String(30))
    """Normalised ЕИК/БУЛСТАТ or VAT number (organisations.rules)."""
    kind: Mapped[str | None] = mapped_column(sa.String(40))
    size: Mapped[str | None] = mapped_column(sa.String(40))
    sector: Mapped[str | None] = mapped_column(sa.String(60))
    secondary_sector: Mapped[str | None] = mapped_column(sa.String(60))
    district: Mapped[str | None] = mapped_column(sa.String(40))
    country: Mapped[str] = mapped_column(sa.String(2), default="BG")
    created_at: Mapped[datetime]
