"""The video role as a Dagster resource: from the configured name to a backend.

The one place where the keys of video services are read, when they are used:
KLING_ACCESS_KEY and KLING_SECRET_KEY, or KLING_API_KEY; KLING_BASE_URL; KLING_CALLBACK_URL;
KLING_WEBHOOK_SECRET; FAL_KEY; FAL_BASE_URL.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import ConfigError, MissingResourceError
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.keys import read_key
from hoi_platform.resources.ledger import LedgerResource, account_name
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoBackend
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.remote import VideoProvider
from hoi_platform.services.video.retry import VideoRetry

if TYPE_CHECKING:
    from hoi_platform.services.video.delivery import Delivery

_KLING_URL: Final = "https://api-singapore.klingai.com"
_FAL_URL: Final = "https://queue.fal.run"
_SHORT_ATTEMPTS: Final = 5
"""Attempts to have a request accepted where a worker must not be held."""


class VideoResource(dg.ConfigurableResource):
    """Video backends by the name that the configuration gives in ``video.model_api``."""

    blender: dg.ResourceDependency[BlenderResource]
    ledger: dg.ResourceDependency[LedgerResource]
    wait: bool = False
    """Wait for a paid task in ``interaction_video`` (the command line does); else it fails at
    once while the task runs, and the sensor ``video_poll`` requests it when it is ready."""

    buys: bool = True
    """Whether ``video_task`` may order what the ledger does not hold yet."""

    def backend(self, config: VideoConfig) -> VideoBackend:
        """The backend; MissingResourceError names the keys that it needs."""
        if config.model_api == "simulated":
            from hoi_platform.services.video.simulated import SimulatedBackend

            return SimulatedBackend(self.blender.service())
        if config.model_api == "imported":
            from hoi_platform.services.video.imported import ImportedBackend

            return ImportedBackend()
        from hoi_platform.services.video.gate import Gate
        from hoi_platform.services.video.montage import Montage, is_montage

        paid = self.paid(config)
        backend = Montage(paid, _camera_drift) if is_montage(config) else paid
        if not self.buys or self.ledger.platform.platform().buy_again:
            return backend
        return Gate(backend, self.ledger.ledger(config.budget))

    def paid(self, config: VideoConfig) -> PaidVideoBackend:
        """A paid backend over the ledger. Raises MissingResourceError, ConfigError."""
        if config.model_api not in PROVIDERS:
            raise ConfigError(f"{config.model_api!r} is no paid backend: {', '.join(PROVIDERS)}")
        provider = PROVIDERS[config.model_api](config)
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


def _camera_drift(video: Path) -> float:
    from hoi_platform.core.filtering.video_sanity import camera_drift
    from hoi_platform.services.video.codec import read_video

    return camera_drift(read_video(video).frames)


def require_video_keys(config: VideoConfig) -> None:
    """Raises MissingResourceError or ConfigError before any work is done for a paid video."""
    if config.model_api in PROVIDERS:
        PROVIDERS[config.model_api](config)


def webhook_secret() -> str:
    """What Kling signs its callbacks with. Raises MissingResourceError."""
    secret = read_key("KLING_WEBHOOK_SECRET")
    if not secret:
        raise MissingResourceError(
            "KLING_WEBHOOK_SECRET is not set; copy the secret (whsec_…) of the callback from "
            "Kling's console, or leave callbacks out: polling does without them"
        )
    return secret


def _kling(config: VideoConfig) -> VideoProvider:
    from hoi_platform.services.ledger.intent import utc_now
    from hoi_platform.services.video.http import checked_base_url
    from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner
    from hoi_platform.services.video.kling.legacy import LegacyKling
    from hoi_platform.services.video.kling.limits import NEW
    from hoi_platform.services.video.kling.new import NewKling
    from hoi_platform.services.video.kling.transport import KlingTransport

    url = checked_base_url("KLING_BASE_URL", dg.EnvVar("KLING_BASE_URL").get_value() or _KLING_URL)
    access = read_key("KLING_ACCESS_KEY")
    secret = read_key("KLING_SECRET_KEY")
    api_key = read_key("KLING_API_KEY")
    callback = dg.EnvVar("KLING_CALLBACK_URL").get_value()
    if config.kling_model_name in NEW:
        if not api_key:
            raise MissingResourceError(
                f"KLING_API_KEY is not set; {config.kling_model_name} is of the generation that "
                "takes an API key alone. Export one, or choose a model with a key pair such as "
                "kling-v2-5-turbo, or set video.model_api: simulated"
            )
        transport = KlingTransport(url, ApiKeySigner(api_key))
        return NewKling(transport, account_name("kling-ai", api_key), callback)
    if access and secret:
        transport = KlingTransport(url, JwtSigner(access, secret, utc_now))
        return LegacyKling(transport, account_name("kling-ai", access), callback)
    if api_key:
        transport = KlingTransport(url, ApiKeySigner(api_key))
        return LegacyKling(transport, account_name("kling-ai", api_key), callback)
    raise MissingResourceError(
        "no key for kling-ai: export KLING_ACCESS_KEY and KLING_SECRET_KEY, or KLING_API_KEY, or "
        "set video.model_api: simulated"
    )


def _fal(_config: VideoConfig) -> VideoProvider:
    from hoi_platform.services.video.fal import FalKling
    from hoi_platform.services.video.http import checked_base_url

    url = checked_base_url("FAL_BASE_URL", dg.EnvVar("FAL_BASE_URL").get_value() or _FAL_URL)
    key = read_key("FAL_KEY")
    if not key:
        raise MissingResourceError(
            "no key for fal-ai: export FAL_KEY, or set video.model_api: simulated"
        )
    return FalKling(url, key, account_name("fal-ai", key))


PROVIDERS: Final[dict[str, Callable[[VideoConfig], VideoProvider]]] = {
    "kling-ai": _kling,
    "fal-ai": _fal,
}
