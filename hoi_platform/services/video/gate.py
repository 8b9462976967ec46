"""A clip that has a bought video gets another one only on explicit request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.arrays import Progress
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.video.backend import (
    CollectedVideo,
    VideoBackend,
    VideoOrder,
    VideoRequest,
    VideoTask,
)
from hoi_platform.services.video.montage import segment_of

S = RequestState

_BOUGHT: Final = OPEN | {S.SUCCEEDED, S.DELIVERED, S.REJECTED}
"""States in which a video exists, or may."""


@dataclass(frozen=True)
class Gate:
    """A paid backend that buys what a clip's first order holds, and nothing else.

    Takes, segments and repeated attempts belong to the order that the ledger records for them; a
    request for more takes, more segments or other tail images is another order.
    """

    backend: VideoBackend
    ledger: Ledger

    @property
    def name(self) -> str:
        return self.backend.name

    def submit(self, request: VideoRequest) -> VideoTask:
        """Raises ConfigError before anything is sent, and what the backend raises."""
        self._require_first(request)
        return self.backend.submit(request)

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Raises what ``submit`` raises: collecting sends what is not sent yet."""
        self._require_first(request)
        return self.backend.collect(task, request, target, progress)

    def _require_first(self, request: VideoRequest) -> None:
        rows = self.ledger.videos_of(request.clip)
        bought = [row for row in rows if row.state in _BOUGHT]
        if not bought or _is_among(self.ledger, request, rows):
            return
        row = bought[-1]
        raise ConfigError(
            f"{request.clip} has a bought video (ledger row {row.id}, {row.state}: {row.provider} "
            f"{row.model}), and with today's settings or inputs its request is another one. "
            "Nothing was sent. Restore what it was ordered with, or buy another video on the "
            "command line with `python -m hoi_platform.pipelines.gen_2dhoi … --buy-again`"
        )


def is_ordered(ledger: Ledger, request: VideoRequest) -> bool:
    """Whether one of the ledger's rows is of an order that holds all of the request."""
    return _is_among(ledger, request, ledger.videos_of(request.clip))


def _is_among(ledger: Ledger, request: VideoRequest, rows: Sequence[RequestRow]) -> bool:
    orders = [order for row in rows if (order := _order_of(row)) is not None]
    if any(order.request == request.fingerprint for order in orders):
        return any(order.covers(request.order) for order in orders)
    return _holds_every_take(ledger, request)


def _holds_every_take(ledger: Ledger, request: VideoRequest) -> bool:
    """For rows that do not record their order: each take has been reserved."""
    takes = range(request.order.takes)
    first = (segment_of(request, take, 0, request.frame).fingerprint for take in takes)
    return all(ledger.find(fingerprint) is not None for fingerprint in first)


def _order_of(row: RequestRow) -> VideoOrder | None:
    """What a row records about its order; rows of earlier versions record nothing."""
    noted = (row.ordered or {}).get("order")
    if noted is None:
        return None
    return VideoOrder(noted["request"], noted["takes"], tuple(noted["tails"]))
