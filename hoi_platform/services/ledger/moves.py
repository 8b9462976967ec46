"""Advances a row when something about it becomes known, inside a transaction."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from hoi_platform.core.errors import HoiError
from hoi_platform.services.ledger.clean import clean_json, clean_text
from hoi_platform.services.ledger.costs import cost_problem
from hoi_platform.services.ledger.faults import UnwrittenAnswerError
from hoi_platform.services.ledger.schema import ClaimRow, RequestRow
from hoi_platform.services.ledger.states import (
    TERMINAL,
    IllegalTransitionError,
    RequestState,
    check_transition,
)
from hoi_platform.services.secrets import redacted


def moved(
    row: RequestRow, state: RequestState, changes: dict[str, Any], now: datetime
) -> RequestRow:
    """The row in its new state with what is known. Raises IllegalTransitionError."""
    check_transition(RequestState(row.state), state)
    if row.state == RequestState.SENDING != state:
        changes = {"reason": ""} | changes
    changes = redacted(changes)  # before anything is cut
    if "answer" in changes:
        changes = changes | {"answer": clean_json(changes["answer"])}
    changes = changes | _believable_cost(row, changes)
    for name, value in changes.items():
        if not hasattr(RequestRow, name):
            raise AttributeError(f"a ledger row has no {name}")
        setattr(row, name, value)
    row.state = state
    row.updated_at = now
    if state in TERMINAL:
        row.finished_at = now
    return row


def claimed(row: RequestRow, subjects: Iterable[str]) -> RequestRow:
    """The row with these among the subjects that it is for."""
    known = {claim.subject for claim in row.claims}
    cleaned = dict.fromkeys(clean_text(redacted(subject)) for subject in subjects)
    row.claims += [ClaimRow(subject=subject) for subject in cleaned if subject not in known]
    return row


def _believable_cost(row: RequestRow, changes: dict[str, Any]) -> dict[str, Any]:
    """What a stated cost changes: itself, or the reason why the estimate still counts."""
    cost = changes.get("cost_usd")
    problem = None if cost is None else cost_problem(Decimal(cost), row.estimate_usd)
    if problem is None:
        return {}
    words = f"the service states a cost that is not used: {problem}; `hoi ledger settle --cost`"
    reason = changes.get("reason", row.reason)
    if words not in reason:
        reason = "; ".join(filter(None, [reason, words]))
    return {"cost_usd": row.cost_usd, "reason": reason}


@contextlib.contextmanager
def id_never_lost(row: RequestRow, changes: dict[str, Any]) -> Iterator[None]:
    """When the database fails, the id of a bought task stands in the error and on stderr."""
    try:
        yield
    except HoiError as error:
        task_id = changes.get("task_id")
        if task_id is None or isinstance(error, IllegalTransitionError):
            raise
        task_id = clean_text(redacted(str(task_id)))
        message = (
            f"{row.subject}: {row.provider} has task {task_id!r}, which could "
            f"not be written into ledger row {row.id}: {error}. It is bought: once the ledger can "
            f"be written, `hoi ledger settle {row.id} --task-id {task_id}`"
        )
        sys.stderr.write(f"hoi: {redacted(message)}\n")
        raise UnwrittenAnswerError(message) from error
