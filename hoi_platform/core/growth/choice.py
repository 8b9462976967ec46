"""The most valuable empty cells first.

The value of a cell is ``(target - valid) / target * yield / price``: the share of the target that
is missing, times the probability that the cell becomes valid, per USD. ``valid`` counts, besides
the valid clips of the category, the expected ones of its cells that are in work or already chosen;
without that, one category would take the whole night.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hoi_platform.core.growth.config import GrowthConfig

Group = tuple[str, str]
"""Task and category: what has a target and a yield of its own."""


@dataclass(frozen=True)
class Counts:
    """The clips of a group so far."""

    valid: int = 0
    rejected: int = 0
    in_work: int = 0
    """Begun and not judged."""

    def expected_yield(self, config: GrowthConfig) -> float:
        """Mean of the Beta posterior of the verdicts: the probability that a clip is valid."""
        valid = self.valid + config.prior_valid
        return valid / (valid + self.rejected + config.prior_rejected)


@dataclass(frozen=True, order=True)
class EmptyCell:
    """A cell that has no clip."""

    key: str
    """Its partition key: ties are broken by it."""
    group: Group
    usd: Decimal
    """What making it is expected to cost."""


@dataclass(frozen=True)
class Chosen:
    """A cell with the numbers that it was chosen by."""

    cell: EmptyCell
    value: float
    """Share of the target per USD."""
    below_floor: bool
    valid: float
    """Valid clips of its group, with those that were expected when it was chosen."""
    target: int
    expected_yield: float


@dataclass(frozen=True)
class Limits:
    """What tonight may still begin and spend."""

    cells: int
    usd: Decimal


@dataclass
class _Queue:
    """The cells of one group, cheapest first: within a group price and key alone decide."""

    group: Group
    cells: deque[EmptyCell]
    counts: Counts
    config: GrowthConfig
    taken: int = 0

    def next(self) -> Chosen | None:
        """The group's best cell; None when the group is full or has no cell left."""
        share = self.counts.expected_yield(self.config)
        target = self.config.target(self.group[1])
        valid = self.counts.valid + (self.counts.in_work + self.taken) * share
        if not self.cells or valid >= target:
            return None
        return Chosen(
            cell=self.cells[0],
            value=(target - valid) / target * share / _price(self.cells[0], self.config),
            below_floor=valid < self.config.floor(self.group[1]),
            valid=valid,
            target=target,
            expected_yield=share,
        )

    def drop(self, *, taken: bool) -> None:
        """Go on to the group's next cell."""
        self.cells.popleft()
        self.taken += taken


def choose(
    cells: Iterable[EmptyCell],
    counts: Mapping[Group, Counts],
    config: GrowthConfig,
    limits: Limits,
) -> list[Chosen]:
    """Cells in the order of their value, groups below their floor first, within the limits.

    A cell that is dearer than what is left is passed over; cheaper ones may still fit.
    """
    heap: list[tuple[tuple[bool, float, str], int, Chosen, _Queue]] = []
    for number, queue in enumerate(_queues(cells, counts, config)):
        _push(heap, number, queue)
    chosen: list[Chosen] = []
    left = limits.usd
    while heap and len(chosen) < limits.cells:
        _, number, best, queue = heapq.heappop(heap)
        fits = best.cell.usd <= left
        if fits:
            chosen.append(best)
            left -= best.cell.usd
        queue.drop(taken=fits)
        _push(heap, number, queue)
    return chosen


def _push(
    heap: list[tuple[tuple[bool, float, str], int, Chosen, _Queue]], number: int, queue: _Queue
) -> None:
    best = queue.next()
    if best is not None:
        rank = (not best.below_floor, -best.value, best.cell.key)
        heapq.heappush(heap, (rank, number, best, queue))


def _price(cell: EmptyCell, config: GrowthConfig) -> float:
    """What a cell counts as (USD); a free one is not free of computing."""
    return max(float(cell.usd), config.cell_usd)


def _queues(
    cells: Iterable[EmptyCell], counts: Mapping[Group, Counts], config: GrowthConfig
) -> list[_Queue]:
    by_group: dict[Group, list[EmptyCell]] = {}
    for cell in cells:
        by_group.setdefault(cell.group, []).append(cell)
    return [
        _Queue(
            group=group,
            cells=deque(sorted(found, key=lambda cell: (_price(cell, config), cell.key))),
            counts=counts.get(group, Counts()),
            config=config,
        )
        for group, found in sorted(by_group.items())
    ]
