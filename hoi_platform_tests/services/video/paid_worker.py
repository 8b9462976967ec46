"""A worker process that buys and fetches clips one after the other, until it is killed."""

import contextlib
import time
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import TransientError, UnsettledError
from hoi_platform.services.fake_apis.fal import FAL_KEY
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.ledger.database import make_engine
from hoi_platform.services.ledger.intent import LEASE, utc_now
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.kling.auth import JwtSigner
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.remote import TaskRef, VideoProvider
from hoi_platform.services.video.retry import VideoRetry
from hoi_platform_tests.services.video.paid_world import make_request, quiet

RETRY = VideoRetry(
    submit=RetryPolicy(20, 0.01, 0.05),
    poll=RetryPolicy(200, 0.02, 0.02, jitter=0.0),
)


def work(
    service: str,
    address: str,
    ledger_url: str,
    folder: Path,
    frames: list[Path],
    life: int,
    ready: Connection,
) -> None:
    """Life ``life`` begins after the leases of the earlier ones have run out."""

    def clock() -> datetime:
        return utc_now() + life * (LEASE + timedelta(seconds=1))

    provider = _provider(service, address)
    config = VideoConfig(model_api=provider.name, video_retry_wait=0.1)
    ledger = Ledger(make_engine(ledger_url), clock=clock)
    backend = PaidVideoBackend(provider, ledger, Delivery(folder, _nap), _nap, RETRY)
    _warm_up(provider, ledger)
    ready.send("working")
    for frame in frames:
        request = make_request(frame, config, frame.stem)
        while not _try(backend, request, folder / f"{frame.stem}.out.mp4"):
            pass
    ready.send("finished")


def _provider(service: str, address: str) -> VideoProvider:
    if service == "fal":
        return FalKling(f"{address}/fal", FAL_KEY, "test")
    keys = KlingKeys()
    signer = JwtSigner(keys.access_key, keys.secret_key, utc_now)
    return LegacyKling(KlingTransport(address, signer), "test")


def _warm_up(provider: VideoProvider, ledger: Ledger) -> None:
    """Slow first times happen before a kill can strike."""
    for _ in range(20):
        with contextlib.suppress(TransientError):
            provider.find(TaskRef("warm-up", "warm-up", ""))
            break
    ledger.rows({RequestState.RESERVED})


def _try(backend: PaidVideoBackend, request: VideoRequest, target: Path) -> bool:
    try:
        backend.collect(backend.submit(request), request, target, quiet)
    except TransientError:
        return False
    except UnsettledError:
        return True  # until a person has looked into fal's console
    return True


def _nap(seconds: float) -> None:
    time.sleep(min(seconds, 0.02))
