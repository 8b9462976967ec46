"""The video role as a Dagster resource: from the configured name to a backend.

The one place where the keys of video services are read, when they are used:
KLING_ACCESS_KEY and KLING_SECRET_KEY, or KLING_API_KEY; KLING_BASE_URL; KLING_CALLBACK_URL;
KLING_WEBHOOK_SECRET; FAL_KEY; FAL_BASE_URL.
"""

import os
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
from pydantic import PrivateAttr

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import ConfigError, MissingResourceError
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.keys import read_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.backends.registry import Backend, backends, find_backend
from hoi_platform.services.backends.uses import VideoUse
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.plans.book import PlanBook, Purchase
from hoi_platform.services.plans.launch import UNKNOWN, Launch
from hoi_platform.services.plans.pricing import order_usd, what_of
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoBackend
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.retry import VideoRetry

if TYPE_CHECKING:
    from hoi_platform.services.video.delivery import Delivery

_SHORT_ATTEMPTS: Final = 5
"""Attempts to have a request accepted where a worker must not be held up; chosen."""


class VideoResource(dg.ConfigurableResource):
    """Video backends by the name that the configuration gives in ``video.model_api``."""

    blender: dg.ResourceDependency[BlenderResource]
    ledger: dg.ResourceDependency[LedgerResource]
    wait: bool = False
    """Wait for a paid task in ``interaction_video`` (the command line does); else it yields nothing
    while the task runs, and the sensor ``video_poll`` requests it when it is ready."""

    buys: bool = True
    """Whether ``video_task`` may order what the ledger does not hold yet."""

    _launch: Launch = PrivateAttr(default=UNKNOWN)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note for which launch it buys."""
        if context.run is not None:
            self._launch = Launch.of_run(context.run.run_id, context.run.tags)

    def backend(self, config: VideoConfig) -> VideoBackend:
        """The backend; MissingResourceError names the keys that it needs."""
        row = _row(config)
        if not row.paid:
            made: VideoBackend = row.make(_use(row, config, self.blender))
            return made
        from hoi_platform.services.plans.gate import SpendingGate
        from hoi_platform.services.video.gate import Gate
        from hoi_platform.services.video.montage import Montage, is_montage

        paid = self.paid(config)
        backend: VideoBackend = Montage(paid, _camera_drift) if is_montage(config) else paid
        if not self.buys:
            return backend
        ledger = self.ledger.ledger(config.budget)
        price, limit = paid.provider.estimate_usd, _unplanned_usd(config)
        planned = SpendingGate(backend, ledger, self._launch, limit, price)
        buy_again = self.ledger.platform.platform().buy_again
        return planned if buy_again else Gate(planned, ledger)

    def require_releasable(self, config: VideoConfig, clip: str) -> None:
        """Raises NeedsApprovalError where the clip's video could not be bought now.

        What leads to the video need not be paid for then.
        """
        if not _row(config).paid or not self.buys:
            return
        ledger = self.ledger.ledger(config.budget)
        if ledger.videos_of(clip):
            return
        purchase = Purchase("", clip, what_of(config), order_usd(config))
        limit = _unplanned_usd(config)
        PlanBook(ledger).require_releasable(purchase, self._launch, limit)

    def paid(self, config: VideoConfig) -> PaidVideoBackend:
        """A paid backend over the ledger. Raises MissingResourceError, ConfigError."""
        row = _row(config)
        if not row.paid:
            paid = ", ".join(other.name for other in backends("video") if other.paid)
            raise ConfigError(f"{config.model_api!r} is no paid backend: {paid}")
        provider = row.make(_use(row, config, self.blender))
        ledger = self.ledger.ledger(config.budget)
        retry, delivery, sleep = self._retry(config), self.delivery(), self.sleeper()
        return PaidVideoBackend(provider, ledger, delivery, sleep, retry, buys=self.buys)

    def delivery(self) -> "Delivery":
        """Where delivered videos are kept."""
        from hoi_platform.services.video.delivery import Delivery
        from hoi_platform.services.video.http import remove_abandoned_parts

        videos = self.ledger.platform.platform().results_dir / "ledger" / "videos"
        remove_abandoned_parts(videos)
        return Delivery(videos, self.sleeper())

    def sleeper(self) -> Callable[[float], None]:
        """What a paid backend waits with, in seconds; a subclass need not wait."""
        return time.sleep

    def of_row(self, row: RequestRow, config: VideoConfig) -> PaidVideoBackend:
        """The backend that a ledger row was sent with, by whatever is configured now."""
        sent_with = {"model_api": row.provider}
        if row.provider == "kling-ai":
            sent_with["kling_model_name"] = row.model
        return self.paid(config.model_copy(update=sent_with))

    def _retry(self, config: VideoConfig) -> VideoRetry:
        wait_s = config.video_retry_wait
        return VideoRetry(
            submit=RetryPolicy(
                config.video_max_retries + 1 if self.wait else _SHORT_ATTEMPTS,
                longest_wait_s=wait_s,
            ),
            poll=RetryPolicy(
                config.video_max_polls if self.wait else 1, wait_s, wait_s, jitter=0.0
            ),
            slots=config.concurrency,
        )


def resuming_video(platform: PlatformResource) -> VideoResource:
    """Waits for what the ledger holds, and buys nothing that it does not."""
    ledger = LedgerResource(platform=platform)
    return VideoResource(blender=BlenderResource(), ledger=ledger, wait=True, buys=False)


def _unplanned_usd(config: VideoConfig) -> Decimal | None:
    """What a launch may buy without a plan."""
    limit = config.budget.confirm_above_usd
    return None if limit is None else Decimal(str(limit))


def _row(config: VideoConfig) -> Backend:
    return find_backend("video", config.model_api, "video.model_api")


def _use(row: Backend, config: VideoConfig, blender: BlenderResource) -> Any:
    return VideoUse(
        role="video",
        name=row.name,
        model=config.model,
        environ=os.environ,
        config=config,
        blender=blender.service,
        key=read_key,
    )


def _camera_drift(video: Path) -> float:
    from hoi_platform.core.filtering.video_sanity import camera_drift
    from hoi_platform.services.video.codec import read_video

    return camera_drift(read_video(video).frames)


def require_video_keys(config: VideoConfig) -> None:
    """Raises MissingResourceError or ConfigError before any work is done for a paid video."""
    row = _row(config)
    if row.paid:
        row.make(_use(row, config, BlenderResource()))


def webhook_secret() -> str:
    """What Kling signs its callbacks with. Raises MissingResourceError."""
    secret = read_key("KLING_WEBHOOK_SECRET")
    if not secret:
        raise MissingResourceError(
            "KLING_WEBHOOK_SECRET is not set; copy the secret (whsec_…) of the callback from "
            "Kling's console, or leave callbacks out: polling does without them"
        )
    return secret
