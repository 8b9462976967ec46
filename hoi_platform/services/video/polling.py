"""Polls all open tasks at once: one batch per account, whatever happens to the others."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hoi_platform.core.errors import HoiError, TransientError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.video.paid import PaidVideoBackend

BackendOf = Callable[[RequestRow], PaidVideoBackend]


@dataclass
class Poll:
    """What a poll of every open task found."""

    asked: int = 0
    ready: list[RequestRow] = field(default_factory=list)
    """Finished at the service, to be fetched now."""
    fetched: list[RequestRow] = field(default_factory=list)
    """Fetched already; the run of their clip checks them."""
    later: list[RequestRow] = field(default_factory=list)
    """Without a whole file so far; the daemon waits for the time of their next visit."""
    failed: list[RequestRow] = field(default_factory=list)
    """Failed since the last look."""
    unread: list[str] = field(default_factory=list)
    """Tasks that were queried and could not be read, and why."""
    unasked: list[str] = field(default_factory=list)
    """Accounts that could not be queried, and why."""

    @property
    def finished(self) -> list[RequestRow]:
        """Every finished row that is not checked yet."""
        return [*self.ready, *self.fetched, *self.later]


def refresh_named(ledger: Ledger, backend_of: BackendOf, external_task_id: str) -> None:
    """Query one open video task; one that is not in this ledger, or has ended, is left alone.

    Raises TransientError when the task could not be read, PermanentError without a backend.
    """
    row = ledger.find_external(external_task_id)
    if row is None or row.kind != "video" or row.state not in OPEN:
        return
    if troubles := backend_of(row).poll([row]).troubles:
        raise TransientError(troubles[0])


def poll_open_tasks(ledger: Ledger, backend_of: BackendOf) -> Poll:
    """Refresh the ledger's open video tasks; errors of one task or account leave others alone."""
    ledger.release_abandoned()
    rows = [row for row in ledger.rows(OPEN) if row.kind == "video"]
    accounts: dict[tuple[str, str, str], list[RequestRow]] = defaultdict(list)
    for row in rows:
        accounts[(row.provider, row.account, row.model)].append(row)
    poll = Poll(asked=len(rows))
    for (provider, _, model), group in accounts.items():
        try:
            polled = backend_of(group[0]).poll(group)
        except HoiError as error:  # keys are missing, or the model is no longer known
            poll.unasked.append(f"{provider} {model}: {error}")
            continue
        poll.unread += polled.troubles
        poll.failed += [row for row in polled.rows if row.state == RequestState.FAILED]
    now = ledger.now()
    for row in ledger.rows({RequestState.SUCCEEDED}):
        if row.kind == "video":
            _part_of(poll, row, now).append(row)
    return poll


def _part_of(poll: Poll, row: RequestRow, now: datetime) -> list[RequestRow]:
    """The list that a finished row belongs to."""
    if row.result is not None:
        return poll.fetched
    waits = row.fetch_after is not None and now < row.fetch_after
    return poll.later if waits else poll.ready
