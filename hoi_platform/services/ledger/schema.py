"""The ledger's tables (SQLAlchemy; SQLite or PostgreSQL)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from hoi_platform.services.ledger.clean import clean_json, clean_text
from hoi_platform.services.ledger.states import RequestState


class CleanText(TypeDecorator[str]):
    """Text of any length that every database accepts, whatever a service has sent."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class CleanJson(TypeDecorator[dict[str, Any]]):
    """JSON that every database accepts: bounded in depth and size, without nan."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else clean_json(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant; SQLite keeps no zone, so it is stored in UTC and returned with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger accepts only instants with a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The ledger's metadata."""


class AccountRow(Base):
    """One paying account; its row is what concurrent writers queue at."""

    __tablename__ = "account"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    touched: Mapped[int] = mapped_column(default=0)


class ClaimRow(Base):
    """A clip or object that a request is for; several may share one purchase."""

    __tablename__ = "claim"

    request_id: Mapped[int] = mapped_column(ForeignKey("paid_request.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(CleanText, primary_key=True)


class RequestRow(Base):
    """One paid request, from the intent to the delivered file."""

    __tablename__ = "paid_request"
    __table_args__ = (
        Index("ix_paid_request_account_state", "account", "state"),
        Index("ix_paid_request_reserved_at", "reserved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    """Hash of everything that is sent, by content: the same is never bought twice."""
    external_task_id: Mapped[str] = mapped_column(String(64), unique=True)
    """Ours, derived from the fingerprint; the provider can be asked for it."""
    kind: Mapped[str] = mapped_column(String(16))
    """``video`` or ``vision``."""
    provider: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    model: Mapped[str] = mapped_column(CleanText)
    subject: Mapped[str] = mapped_column(CleanText)
    """The clip or object that it was first asked for; ``subjects`` lists all."""
    attempt: Mapped[int] = mapped_column(default=0)
    state: Mapped[RequestState] = mapped_column(String(16))
    task_id: Mapped[str | None] = mapped_column(CleanText)
    """The provider's."""
    estimate_usd: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    tokens: Mapped[int | None] = mapped_column()
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """While sending: when its sender must be dead or timed out."""
    sender: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The process that sends or sent it (``ProcessId``); None in rows of earlier versions."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sends: Mapped[int] = mapped_column(default=0)
    answer: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    """The provider's last answer without secrets and signed addresses."""
    reason: Mapped[str] = mapped_column(CleanText, default="")
    result: Mapped[str | None] = mapped_column(CleanText)
    """Where the delivered file lies, or the answer of a vision model."""
    ordered: Mapped[dict[str, Any] | None] = mapped_column(CleanJson)
    """What a delivered file is checked against; None in rows of earlier versions."""
    fetches: Mapped[int] = mapped_column(default=0)
    """Attempts to fetch the file that did not deliver it whole."""
    fetch_after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the file is fetched again automatically; a person may do so at any time."""
    claims: Mapped[list[ClaimRow]] = relationship(lazy="selectin", order_by=ClaimRow.subject)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every clip or object that shares the purchase."""
        return tuple(claim.subject for claim in self.claims) or (self.subject,)
