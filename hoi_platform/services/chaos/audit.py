"""The invariants: what the services sold against what the ledger says, while workers work."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.ledger.schema import RequestRow

_NO_TASK: Final = frozenset({"reserved", "refused"})
"""States that say that nothing was bought."""
_TASK_KNOWN: Final = frozenset({"submitted", "processing", "succeeded", "delivered", "rejected"})
_KEPT: Final = frozenset({"delivered", "rejected"})
"""States of rows whose video is in the ledger's folder."""
_COLUMNS: Final = ("id", "subject", "state", "task_id", "cost_usd", "estimate_usd", "reason")
_CENT: Final = Decimal("0.000001")


@dataclass(frozen=True)
class Row:
    """What the ledger says of one request."""

    id: int
    subject: str
    state: str
    task_id: str | None
    cost_usd: Decimal | None
    estimate_usd: Decimal
    reason: str
    result: str | None

    @property
    def usd(self) -> Decimal:
        return self.estimate_usd if self.cost_usd is None else self.cost_usd


@dataclass(frozen=True)
class Task:
    """What a service sold."""

    subject: str
    task_id: str
    usd: Decimal
    fault: str | None
    sha256: str


@dataclass
class Findings:
    """What audits found; every list is empty when the promise holds."""

    bought_twice: set[str] = field(default_factory=set)
    """More than one task was sold for one request."""
    denied: set[str] = field(default_factory=set)
    """A task exists, and the ledger says that nothing was bought, or knows nothing of it."""
    invented: set[str] = field(default_factory=set)
    """The ledger names a task that no service sold."""
    wrong_cost: set[str] = field(default_factory=set)
    broken_files: set[str] = field(default_factory=set)
    """A delivered file is absent or differs from what the service made."""

    def all(self) -> dict[str, list[str]]:
        return {name: sorted(found) for name, found in vars(self).items() if found}


class Auditor:
    """Reads through an engine of its own; remembers which files it has hashed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hashes: dict[tuple[str, int], str] = {}
        self.findings = Findings()
        self.audits = 0

    def audit(
        self, before: Sequence[Task], rows: Sequence[Row], after: Sequence[Task], excused: set[str]
    ) -> None:
        """The services' records ``before`` and ``after`` the ledger was read.

        A task that was there before must be in the ledger, what the ledger claims must be there
        after. ``excused`` requests may be unknown to the ledger for now: its disk forgot them.
        """
        self.audits += 1
        by_subject = {row.subject: row for row in rows}
        sold = Counter(task.subject for task in after)
        self.findings.bought_twice |= {subject for subject, count in sold.items() if count > 1}
        for task in before:
            row = by_subject.get(task.subject)
            if (row is None or row.state in _NO_TASK) and task.subject not in excused:
                said = "no row" if row is None else f"{row.state}: {row.reason}"
                self.findings.denied.add(f"{task.subject}: {said}")
        known = {(task.subject, task.task_id): task for task in after}
        for row in rows:
            self._audit_row(row, known)

    def _audit_row(self, row: Row, known: Mapping[tuple[str, str], Task]) -> None:
        if row.state not in _TASK_KNOWN:
            return
        task = known.get((row.subject, row.task_id or ""))
        if task is None:
            self.findings.invented.add(f"{row.subject}: {row.state} with task {row.task_id}")
            return
        if row.cost_usd is not None and abs(row.cost_usd - task.usd) > _CENT:
            text = f"{row.subject}: {row.cost_usd} USD in the ledger, {task.usd} USD charged"
            self.findings.wrong_cost.add(text)
        if row.state in _KEPT and self._hash(row) != task.sha256:
            self.findings.broken_files.add(f"{row.subject}: {row.result}")

    def _hash(self, row: Row) -> str:
        path = Path(row.result or "")
        if row.result is None or not path.is_file():
            return "absent"
        key = (row.result, path.stat().st_mtime_ns)
        if key not in self._hashes:
            self._hashes[key] = file_digest(path)
        return self._hashes[key]

    def rows(self) -> list[Row]:
        """Everything in the ledger."""
        columns = [getattr(RequestRow, name) for name in (*_COLUMNS, "result")]
        with Session(self._engine) as session:
            return [Row(*values) for values in session.execute(select(*columns))]


def tasks_of(books: Iterable[Mapping[str, Any]]) -> list[Task]:
    """The services' records as they come over the wire."""
    return [
        Task(
            subject=_subject(book["prompt"]),
            task_id=book["task_id"],
            usd=Decimal(book["usd"]),
            fault=book["fault"],
            sha256=book["sha256"],
        )
        for book in books
    ]


def _subject(prompt: str) -> str:
    return prompt.removeprefix("A person takes the object of ").rstrip(".")
