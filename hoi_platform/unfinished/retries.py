"""How often and when what stopped is tried again, and what a person does about the rest."""

from datetime import datetime, timedelta
from typing import Final

from hoi_platform.unfinished.ends import End, EndKind
from hoi_platform.unfinished.tags import LEFT, TRY

_S, _MIN, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

WAITS: Final[dict[EndKind, tuple[timedelta, ...]]] = {
    EndKind.LOST: (30 * _S, _MIN, 5 * _MIN, 30 * _MIN),
    EndKind.NOT_REQUESTED: (30 * _S, _MIN, 5 * _MIN, 30 * _MIN),
    EndKind.UPSTREAM: (30 * _S, 5 * _MIN, _H),
    EndKind.TRANSIENT: (2 * _MIN, 10 * _MIN, _H, 6 * _H),
    EndKind.WAITING: (2 * _MIN, 10 * _MIN, _H, 6 * _H),
    EndKind.UNEXPECTED: (10 * _MIN,),
    EndKind.PERMANENT: (),
    EndKind.CANCELED: (),
}
"""Time (s) from the end of a run to each next attempt; as many attempts as there are waits. Chosen:
what was killed is in order at once, a service or a disk may be out for hours, and an error that
nobody foresaw rarely passes. A wait of 30 s leaves a dead run to Dagster's own retry."""

CURES: Final[dict[EndKind, str]] = {
    EndKind.LOST: "look into the run's log and the machine's memory; materialize the cell again",
    EndKind.NOT_REQUESTED: "materialize the cell, or run the same command again",
    EndKind.UPSTREAM: "materialize what it needs",
    EndKind.TRANSIENT: "repair what the reason names; materialize the cell again",
    EndKind.WAITING: "see `hoi ledger list`",
    EndKind.UNEXPECTED: "report the error of the run's log; materialize the cell again",
    EndKind.PERMANENT: "do what the reason says; materialize the cell again",
    EndKind.CANCELED: "none needed; materialize the cell if it is wanted after all",
}
"""What a person does about a cell that is not tried again."""


def tries(end: End) -> int:
    """Attempts that were made so far, the run that ended included, since a person last asked."""
    return int(end.tags.get(TRY, 0))


def due_at(end: End, left: int) -> datetime | None:
    """When to try again; None if not at all. ``left`` is the number of stages to be made.

    An attempt that made at least one of them starts the count anew, so that a cell is tried a
    bounded number of times per stage.
    """
    waits, made = WAITS[end.kind], tries(end)
    if made and left < int(end.tags.get(LEFT, left)):
        made = 0
    return end.at + waits[made] if made < len(waits) else None


def next_try(end: End, left: int) -> int:
    """The number of the next attempt."""
    return 1 if left < int(end.tags.get(LEFT, left)) else tries(end) + 1
