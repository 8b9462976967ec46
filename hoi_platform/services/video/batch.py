"""Queries tasks one by one, so that an odd one spoils no other."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hoi_platform.core.errors import HoiError, TransientError
from hoi_platform.services.video.remote import RemoteTask, Report, TaskRef, Unreadable

Find = Callable[[TaskRef], RemoteTask | None]

_LOST_IN_A_ROW: Final = 3
"""After so many unanswered queries in a row the others are not sent: the host is down, and each
query may take minutes. Chosen."""


def ask_each(service: str, refs: Sequence[TaskRef], find: Find) -> Iterator[Report]:
    """A report of every task."""
    lost, why = 0, ""
    for ref in refs:
        if lost >= _LOST_IN_A_ROW:
            yield Unreadable(ref.external_task_id, f"not queried: {why}")
            continue
        try:
            task = find(ref)
        except HoiError as error:
            why = str(error)
            lost = lost + 1 if isinstance(error, TransientError) else 0
            yield Unreadable(ref.external_task_id, why)
            continue
        lost = 0
        yield task or Unreadable(ref.external_task_id, f"{service} says that it has no such task")
