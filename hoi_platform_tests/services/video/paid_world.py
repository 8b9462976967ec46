"""Clips, a stand-in for Kling and fresh "processes" around one ledger, for the tests of payment."""

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.files import MakeVideo
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.transport import Gateway, InProcess
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner, Signer
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.retry import VideoRetry

BASE_URL = "http://127.0.0.1:1"
RETRY = VideoRetry(
    submit=RetryPolicy(8, first_wait_s=1.0, longest_wait_s=30.0),
    poll=RetryPolicy(10, first_wait_s=30.0, longest_wait_s=30.0, jitter=0.0),
)
MAKE_VIDEO = still_video(width=320, fps=1)


class ProcessDiedError(BaseException):
    """The worker ends here and now, as with kill -9."""


class Death:
    """Strikes at a random one of the moments it is asked about."""

    def __init__(self, rate: float, rng: random.Random) -> None:
        self.rate = rate
        self._rng = rng
        self.struck = 0

    def strike(self) -> None:
        if self._rng.random() < self.rate:
            self.struck += 1
            raise ProcessDiedError


class MortalTransport(httpx.BaseTransport):
    """Death before a request leaves or after its answer came."""

    def __init__(self, inner: httpx.BaseTransport, death: Death) -> None:
        self._inner = inner
        self._death = death

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._death.strike()
        response = self._inner.handle_request(request)
        self._death.strike()
        return response


@dataclass
class World:
    """A stand-in with its clock and fault plan."""

    clock: FakeClock
    plan: FaultPlan
    kling: FakeKling
    generation: str

    @staticmethod
    def of(
        plan: FaultPlan,
        generation: str = "legacy",
        slots: int = 5,
        clock: FakeClock | None = None,
        make_video: MakeVideo = MAKE_VIDEO,
        run_s: float = 60.0,
    ) -> "World":
        clock = clock or FakeClock()
        skew = timedelta(seconds=plan.rates.clock_skew_s)
        # The client lives by ``clock``, the service by a clock that differs.
        kling = FakeKling(
            lambda: clock.now() - skew,
            make_video,
            plan,
            base_url=BASE_URL,
            slots=slots,
            run_s=run_s,
        )
        return World(clock, plan, kling, generation)

    def process(
        self, ledger: Ledger, folder: Path, death: Death | None = None, seed: int = 0
    ) -> PaidVideoBackend:
        """A fresh worker process' backend."""
        gateway = Gateway(self.kling, self.kling.files, self.plan, self.kling.book.clock)
        network: httpx.BaseTransport = InProcess(gateway)
        if death is not None:
            network = MortalTransport(network, death)
        keys = KlingKeys()
        legacy = self.generation == "legacy"
        signer: Signer = (
            JwtSigner(keys.access_key, keys.secret_key, self.clock.now)
            if legacy
            else ApiKeySigner(keys.api_key)
        )
        kind = LegacyKling if legacy else NewKling
        provider = kind(KlingTransport(BASE_URL, signer, network), f"test-{self.plan.seed}")
        delivery = Delivery(folder, self.clock.sleep)
        rng = random.Random(seed)
        return PaidVideoBackend(provider, ledger, delivery, self.clock.sleep, RETRY, rng)

    def config(self) -> VideoConfig:
        model = "kling-v2-5-turbo" if self.generation == "legacy" else "kling-2.5-turbo"
        return VideoConfig(model_api="kling-ai", kling_model_name=model)


def make_frames(folder: Path, count: int) -> list[Path]:
    """Conditioning frames that differ clearly."""
    paths = []
    for index in range(count):
        rng = np.random.default_rng(index)
        coarse = Image.fromarray(rng.integers(0, 255, (4, 4, 3), np.uint8))
        buffer = io.BytesIO()
        coarse.resize((320, 320), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=95)
        path = folder / f"frame{index:02d}.jpg"
        path.write_bytes(buffer.getvalue())
        paths.append(path)
    return paths


def make_request(frame: Path, config: VideoConfig, name: str = "clip") -> VideoRequest:
    """A request whose identity is its name."""
    return VideoRequest(
        clip=name,
        fingerprint=sha256(name.encode()).hexdigest(),
        frame=frame,
        prompt=f"A person takes the object of {name}.",
        config=config,
    )


def mortal_clock(clock: FakeClock, death: Death) -> Callable[[], datetime]:
    """The ledger asks for the time within its transactions: death there rolls them back."""

    def now() -> datetime:
        death.strike()
        return clock.now()

    return now


def quiet(_fraction: float, _text: str) -> None:
    """No progress."""
