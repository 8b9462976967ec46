"""How a case ended: its requests against the services' records."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from hoi_platform.services.chaos import buying
from hoi_platform.services.chaos.audit import Row, Task
from hoi_platform.services.chaos.plan import Case
from hoi_platform.services.chaos.service import UNUSABLE

_ENDS: Final = frozenset({"delivered", "rejected", "refused", "failed"})
_REASON_LENGTH: Final = 70
"""Characters of a reason by which failures are counted; chosen."""


@dataclass
class Result:
    """The outcome of a case."""

    counts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """How its requests ended, with the reason where they were not delivered."""
    findings: dict[str, list[str]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)

    def found(self, kind: str, text: str) -> None:
        self.findings.setdefault(kind, []).append(text)


def judge_case(
    result: Result, case: Case, site: buying.Site, rows: Sequence[Row], tasks: Sequence[Task]
) -> None:
    """Record in ``result`` how each request ended, and whether the money adds up."""
    by_subject = {row.subject: row for row in rows}
    for index in range(case.requests):
        subject = buying.clip_of(case, index).path
        own = [task for task in tasks if task.subject == subject]
        row = by_subject.get(subject)
        _judge_request(result, case, subject, row, own)
        done = row is not None and row.state == "delivered"
        if done and not buying.is_recorded(case, index, site):
            result.found("unrecorded", subject)
    charged = sum((task.usd for task in tasks), Decimal(0))
    with_task = {task.subject for task in tasks}
    booked = sum((row.usd for row in rows if row.subject in with_task), Decimal(0))
    result.counts["charged micro-USD"] += int(charged * 10**6)
    result.counts["booked micro-USD"] += int(booked * 10**6)
    if charged != booked:
        text = f"{case.name}: {charged} USD charged, {booked} USD in the ledger"
        result.found("money not conserved", text)


def _judge_request(
    result: Result, case: Case, subject: str, row: Row | None, tasks: Sequence[Task]
) -> None:
    usable = any(task.fault not in UNUSABLE for task in tasks)
    state = "absent" if row is None else row.state
    delivered, unfetchable = state == "delivered", state == "succeeded" and not usable
    reason = "" if row is None or delivered else row.reason
    end = "ready, but broken at the service" if unfetchable else state
    result.counts["requests"] += 1
    result.counts["tasks"] += len(tasks)
    result.counts["bought twice"] += len(tasks) > 1
    result.counts["deliverable"] += not case.permanent_faults
    result.counts["deliverable, delivered"] += delivered and not case.permanent_faults
    result.ends[f"{end}: {bucket(reason)}" if reason else end] += 1
    result.story.append(f"  {subject} is {end} {reason}".rstrip())
    if usable and not delivered:
        result.found("lost", f"{subject} is {state}: {reason}")
    if state not in _ENDS and not unfetchable:
        result.found("endless", f"{subject} is {state}: {reason}")
    elif not delivered and not reason:
        result.found("without a reason", f"{subject} is {state}")


def bucket(reason: str) -> str:
    """A reason without its figures, short enough to count by."""
    return "".join("#" if c.isdigit() else c for c in reason)[:_REASON_LENGTH]
