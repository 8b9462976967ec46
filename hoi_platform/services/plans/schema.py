"""The plans' tables, in the ledger's database: what is bought and what may be commit together."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hoi_platform.services.ledger.schema import Base, CleanText, UtcDateTime


class PlanRow(Base):
    """One purchase plan."""

    __tablename__ = "purchase_plan"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    made_by: Mapped[str] = mapped_column(CleanText)
    """What wrote it: a command, an asset, the nightly growth."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Afterwards it can neither be approved nor used."""
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(CleanText)
    questions_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    """Most that questions to a vision model cost on the way; they need no release."""
    cells: Mapped[list["PlanCellRow"]] = relationship(
        lazy="selectin", order_by="PlanCellRow.subject", cascade="all, delete-orphan"
    )


class PlanCellRow(Base):
    """One clip of a plan."""

    __tablename__ = "plan_cell"
    __table_args__ = (Index("ix_plan_cell_subject", "subject"),)

    plan_id: Mapped[str] = mapped_column(ForeignKey("purchase_plan.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(CleanText, primary_key=True)
    what: Mapped[str] = mapped_column(CleanText)
    """Service, model, quality, length and count: another purchase is not released."""
    usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    """The most that it may cost."""
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """A later plan for the same clip was approved before this release was used."""
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    order_id: Mapped[str | None] = mapped_column(String(64))
    """Fingerprint of the request that used it."""


class UnplannedRow(Base):
    """What a launch bought without a plan, within its allowance."""

    __tablename__ = "unplanned_purchase"
    __table_args__ = (Index("ix_unplanned_purchase_launch", "launch"),)

    order_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Fingerprint of the request."""
    launch: Mapped[str] = mapped_column(String(128))
    subject: Mapped[str] = mapped_column(CleanText)
    usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
