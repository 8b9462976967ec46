"""Rows of earlier versions and the identity that they get today."""

from dataclasses import dataclass, field
from typing import Any

from hoi_platform.services.ledger.schema import RequestRow


@dataclass(frozen=True)
class Carried:
    """A row of an earlier version, and what today's request calls the same."""

    row: RequestRow
    fingerprint: str
    ordered: dict[str, Any] = field(default_factory=dict)
    """What a delivered file is checked against; nothing for an answer in words."""
    result: str | None = None
    """The answer in today's form; None where it stays as it is."""

    def apply(self, row: RequestRow) -> None:
        """Change the row, read anew inside a transaction; the service keeps its old id of it."""
        row.fingerprint = self.fingerprint
        row.ordered = row.ordered or self.ordered or None
        row.result = row.result if self.result is None else self.result
