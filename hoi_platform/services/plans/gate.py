"""A paid backend that sends an order only when a plan or the launch's allowance releases it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hoi_platform.core.arrays import Progress
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.plans.book import PlanBook, Purchase
from hoi_platform.services.plans.launch import Launch
from hoi_platform.services.plans.pricing import what_of
from hoi_platform.services.video.backend import (
    CollectedVideo,
    VideoBackend,
    VideoRequest,
    VideoTask,
)
from hoi_platform.services.video.gate import is_ordered


@dataclass(frozen=True)
class SpendingGate:
    """What is in the ledger is past the gate; a first order is not."""

    backend: VideoBackend
    ledger: Ledger
    launch: Launch
    limit_usd: Decimal | None
    """What a launch may buy without a plan; None for any amount."""
    price: Callable[[VideoRequest], Decimal]
    """Of one take of one segment (USD)."""

    @property
    def name(self) -> str:
        return self.backend.name

    def submit(self, request: VideoRequest) -> VideoTask:
        """Raises NeedsApprovalError before anything is sent, and what the backend raises."""
        self._require_release(request)
        return self.backend.submit(request)

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Raises what ``submit`` raises: collecting sends what is not sent yet."""
        self._require_release(request)
        return self.backend.collect(task, request, target, progress)

    def _require_release(self, request: VideoRequest) -> None:
        if is_ordered(self.ledger, request):
            return
        count = request.config.num_videos * request.config.num_video_segments
        purchase = Purchase(
            order_id=request.fingerprint,
            subject=request.clip,
            what=what_of(request.config),
            usd=self.price(request) * count,
        )
        PlanBook(self.ledger).release(purchase, self.launch, self.limit_usd)
