"""Gives rows of earlier versions today's identities and subjects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from hoi_platform.services.ledger.access import lock_account, required_row
from hoi_platform.services.ledger.schema import RequestRow

if TYPE_CHECKING:
    from hoi_platform.services.ledger.ledger import Ledger


@dataclass(frozen=True)
class Carried:
    """A row of an earlier version, and the identity of the same request today."""

    row: RequestRow
    fingerprint: str
    ordered: dict[str, Any] = field(default_factory=dict)
    """What a delivered file is checked against; nothing for an answer in words."""
    result: str | None = None
    """The answer in today's form; None where it stays as it is."""

    def apply(self, row: RequestRow) -> None:
        """Change the row, read again inside a transaction; the service keeps its old id of it."""
        row.fingerprint = self.fingerprint
        row.ordered = row.ordered or self.ordered or None
        row.result = row.result if self.result is None else self.result


def carry_over(ledger: "Ledger", carried: Sequence[Carried]) -> None:
    """Give rows of an earlier version today's identities, all or none of them."""
    if not carried:
        return
    with ledger.writing() as session:
        for account in sorted({one.row.account for one in carried}):
            lock_account(session, account)
        for one in carried:
            one.apply(required_row(session, one.row.fingerprint))


def rename_subjects(ledger: "Ledger", today: Callable[[str], str]) -> None:
    """Rename the clips and objects of all rows to today's names, all or none of them."""
    with ledger.writing() as session:
        rows = session.scalars(select(RequestRow).order_by(RequestRow.account)).all()
        for account in sorted({row.account for row in rows}):
            lock_account(session, account)
        for row in rows:
            row.subject = today(row.subject)
            known = {claim.subject for claim in row.claims}
            for claim in row.claims:
                if (name := today(claim.subject)) in known - {claim.subject}:
                    session.delete(claim)
                else:
                    claim.subject = name
