"""Plans in the ledger's database: written, approved once, each cell of them used once.

Every change is one transaction that holds the lock in which the ledger reserves, so that two
processes can neither approve a plan twice nor use a cell twice, and a crash leaves it as it was.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import uuid4

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BadInputError, NeedsApprovalError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import ClaimRow, RequestRow
from hoi_platform.services.ledger.states import COUNTED
from hoi_platform.services.plans.launch import Launch
from hoi_platform.services.plans.pricing import Prices
from hoi_platform.services.plans.schema import PlanCellRow, PlanRow, UnplannedRow

LASTS: Final = timedelta(days=7)
"""How long a plan can be approved and used; chosen: prices and results change."""
_ID_LENGTH: Final = 8
"""Characters of a plan's id; chosen: it is typed."""
CURE: Final = (
    "`hoi run --dry_run` (on the page: the asset purchase_plan) writes a plan, and "
    "`hoi approve PLAN` (the job approve_plan) releases it; or raise video.budget.confirm_above_usd"
)


@dataclass(frozen=True)
class Purchase:
    """What is about to be bought for a clip: its whole order."""

    order_id: str
    """The request's fingerprint."""
    subject: str
    what: str
    usd: Decimal


class PlanBook:
    """The plans of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def now(self) -> datetime:
        return self._ledger.now()

    def write(
        self,
        prices: Prices,
        made_by: str,
        *,
        approved: bool = False,
        lasts: timedelta = LASTS,
    ) -> PlanRow:
        """A new plan; ``approved`` by what makes it where that has limits of its own."""
        now = self.now()
        plan = PlanRow(
            id=uuid4().hex[:_ID_LENGTH],
            made_by=made_by,
            created_at=now,
            expires_at=now + lasts,
            questions_usd=prices.questions_usd,
            cells=[
                PlanCellRow(subject=cell.subject, what=cell.what, usd=cell.usd, withdrawn=False)
                for cell in prices.cells
            ],
        )
        with self._ledger.writing() as session:
            session.add(plan)
            if approved:
                session.flush()
                _approve(session, plan, made_by, now)
        return plan

    def get(self, plan_id: str) -> PlanRow:
        """Raises BadInputError, which lists the open plans, for an unknown one."""
        with self._ledger.reading() as session:
            plan = session.get(PlanRow, plan_id)
        if plan is None:
            waiting = ", ".join(known.id for known in self.open_plans()) or "none"
            raise BadInputError(
                f"no plan {plan_id!r}; waiting for approval: {waiting}; `hoi run --dry_run` writes "
                "one"
            )
        return plan

    def open_plans(self) -> list[PlanRow]:
        """Plans that can be approved, oldest first."""
        now = self.now()
        query = (
            select(PlanRow)
            .where(PlanRow.approved_at.is_(None), PlanRow.expires_at > now)
            .order_by(PlanRow.created_at)
        )
        with self._ledger.reading() as session:
            return list(session.scalars(query))

    def approve(self, plan_id: str, by: str) -> PlanRow:
        """Release the plan's cells. Raises BadInputError where that was done, or it expired."""
        self.get(plan_id)
        now = self.now()
        with self._ledger.writing() as session:
            plan = session.get_one(PlanRow, plan_id, populate_existing=True)
            if plan.approved_at is not None:
                raise BadInputError(
                    f"plan {plan_id} was approved at {plan.approved_at:%Y-%m-%d %H:%M} UTC by "
                    f"{plan.approved_by}; it releases each of its cells once. For more, write "
                    "another one with `hoi run --dry_run`"
                )
            if plan.expires_at <= now:
                raise BadInputError(
                    f"plan {plan_id} expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC; write "
                    "another one with `hoi run --dry_run`"
                )
            _approve(session, plan, by, now)
        return plan

    def release(self, purchase: Purchase, launch: Launch, limit_usd: Decimal | None) -> None:
        """Let a purchase be made: by an approved plan, else within the launch's allowance.

        What was let once stays so. Raises NeedsApprovalError.
        """
        now = self.now()
        with self._ledger.writing() as session:
            if _is_released(session, purchase):
                return
            cell = session.scalar(_releases(purchase, now))
            if cell is not None:
                cell.used_at, cell.order_id = now, purchase.order_id
                return
            left = _allowance(session, launch, limit_usd)
            if left is not None and purchase.usd > left:
                raise NeedsApprovalError(_refusal(purchase, launch, limit_usd, left), purchase.usd)
            session.add(
                UnplannedRow(
                    order_id=purchase.order_id,
                    launch=_name(launch),
                    subject=purchase.subject,
                    usd=purchase.usd,
                    at=now,
                )
            )

    def require_releasable(
        self, purchase: Purchase, launch: Launch, limit_usd: Decimal | None
    ) -> None:
        """Raises NeedsApprovalError where ``release`` would; nothing is used."""
        now = self.now()
        with self._ledger.reading() as session:
            if session.scalar(_releases(purchase, now)) is not None:
                return
            left = _allowance(session, launch, limit_usd)
        if left is not None and purchase.usd > left:
            raise NeedsApprovalError(_refusal(purchase, launch, limit_usd, left), purchase.usd)

    def unused_usd(self, made_by: str) -> Decimal:
        """What approved plans of a maker may still spend."""
        query = (
            _usable(self.now())
            .with_only_columns(func.sum(PlanCellRow.usd))
            .where(PlanRow.made_by == made_by)
        )
        with self._ledger.reading() as session:
            return Decimal(session.scalar(query) or 0)

    def spent_usd(self, made_by: str, since: datetime) -> Decimal:
        """What the ledger counts since then for cells that a maker's plans released before."""
        released = (
            exists()
            .where(ClaimRow.request_id == RequestRow.id, PlanCellRow.subject == ClaimRow.subject)
            .where(PlanRow.id == PlanCellRow.plan_id, PlanRow.made_by == made_by)
            .where(PlanRow.approved_at <= RequestRow.reserved_at)
        )
        amount = func.coalesce(RequestRow.cost_usd, RequestRow.estimate_usd)
        query = (
            select(func.sum(amount))
            .where(RequestRow.reserved_at >= since, RequestRow.state.in_(sorted(COUNTED)))
            .where(released)
        )
        with self._ledger.reading() as session:
            return Decimal(session.scalar(query) or 0)


def _approve(session: Session, plan: PlanRow, by: str, now: datetime) -> None:
    """A cell is released by one plan at a time: an earlier release that was not used ends."""
    subjects = [cell.subject for cell in plan.cells]
    earlier = (
        update(PlanCellRow)
        .where(PlanCellRow.used_at.is_(None), PlanCellRow.plan_id != plan.id)
        .where(PlanCellRow.plan_id.in_(select(PlanRow.id).where(PlanRow.approved_at.is_not(None))))
        .values(withdrawn=True)
        .execution_options(synchronize_session=False)
    )
    for start in range(0, len(subjects), _BATCH):
        part = subjects[start : start + _BATCH]
        session.execute(earlier.where(PlanCellRow.subject.in_(part)))
    plan.approved_at, plan.approved_by = now, by


_BATCH: Final = 500
"""Number of subjects in one statement; chosen below SQLite's limit of variables."""


def _usable(now: datetime) -> Select[tuple[PlanCellRow]]:
    """Cells of approved plans that were not used."""
    return (
        select(PlanCellRow)
        .join(PlanRow, PlanRow.id == PlanCellRow.plan_id)
        .where(PlanRow.approved_at.is_not(None), PlanRow.expires_at > now)
        .where(PlanCellRow.used_at.is_(None), PlanCellRow.withdrawn.is_(False))
    )


def _releases(purchase: Purchase, now: datetime) -> Select[tuple[PlanCellRow]]:
    """The cell that releases a purchase, at most at the price that was approved."""
    return (
        _usable(now)
        .where(PlanCellRow.subject == purchase.subject, PlanCellRow.what == purchase.what)
        .where(PlanCellRow.usd >= purchase.usd)
        .order_by(PlanRow.approved_at)
        .limit(1)
    )


def _is_released(session: Session, purchase: Purchase) -> bool:
    """Whether it was let before: a crash came between that and the ledger's row."""
    by_plan = select(PlanCellRow.subject).where(PlanCellRow.order_id == purchase.order_id)
    known = session.get(UnplannedRow, purchase.order_id)
    return known is not None or session.scalar(by_plan.limit(1)) is not None


def _allowance(session: Session, launch: Launch, limit_usd: Decimal | None) -> Decimal | None:
    """What a launch may still buy without a plan; None for any amount."""
    if limit_usd is None:
        return None
    if launch.is_automatic:
        return Decimal(0)
    query = select(func.sum(UnplannedRow.usd)).where(UnplannedRow.launch == _name(launch))
    return limit_usd - Decimal(session.scalar(query) or 0)


def _name(launch: Launch) -> str:
    return launch.name[: UnplannedRow.launch.type.length]


def _refusal(purchase: Purchase, launch: Launch, limit_usd: Decimal | None, left: Decimal) -> str:
    allowed = (
        "sensors and schedules buy what an approved plan releases, and no plan releases this"
        if launch.is_automatic
        else f"a launch may buy for {limit_usd:.2f} USD without a plan, and {left:.2f} USD of this "
        "one's are left"
    )
    return (
        f"needs approval: ${purchase.usd:.2f} ({purchase.subject}: {purchase.what}). Nothing was "
        f"sent: {allowed}. {CURE}"
    )
