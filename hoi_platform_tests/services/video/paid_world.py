"""Clips, stand-ins for Kling and fal, and fresh "processes" around one ledger."""

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
from hoi_platform.services.fake_apis.fal import FAL_KEY, FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.files import MakeVideo
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.tasks import FakeTask
from hoi_platform.services.fake_apis.transport import FAL_ERRORS, Gateway, InProcess
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner, Signer
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.remote import VideoProvider
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
    fal: FakeFal
    generation: str
    """``legacy`` or ``new`` of Kling, or ``fal``."""

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
        forever = 1e9  # a plan that lasts for days is no proof that a video was lost
        fal = FakeFal(clock.now, make_video, plan, base_url=BASE_URL, run_s=run_s, keeps_s=forever)
        return World(clock, plan, kling, fal, generation)

    def process(
        self, ledger: Ledger, folder: Path, death: Death | None = None, seed: int = 0
    ) -> PaidVideoBackend:
        """A fresh worker process' backend."""
        network: httpx.BaseTransport = InProcess(self.gateway())
        if death is not None:
            network = MortalTransport(network, death)
        delivery = Delivery(folder, self.clock.sleep)
        rng = random.Random(seed)
        return PaidVideoBackend(
            self.provider(network), ledger, delivery, self.clock.sleep, RETRY, rng
        )

    def gateway(self) -> Gateway:
        """The service with its faults on the way."""
        if self.generation == "fal":
            return Gateway(self.fal, self.fal.files, self.plan, self.clock.now, FAL_ERRORS)
        return Gateway(self.kling, self.kling.files, self.plan, self.kling.book.clock)

    def provider(self, network: httpx.BaseTransport) -> VideoProvider:
        """The client."""
        account = f"test-{self.plan.seed}"
        if self.generation == "fal":
            return FalKling(BASE_URL, FAL_KEY, account, network)
        keys = KlingKeys()
        legacy = self.generation == "legacy"
        signer: Signer = (
            JwtSigner(keys.access_key, keys.secret_key, self.clock.now)
            if legacy
            else ApiKeySigner(keys.api_key)
        )
        kind = LegacyKling if legacy else NewKling
        return kind(KlingTransport(BASE_URL, signer, network), account)

    def config(self) -> VideoConfig:
        model = "kling-2.5-turbo" if self.generation == "new" else "kling-v2-5-turbo"
        api = "fal-ai" if self.generation == "fal" else "kling-ai"
        return VideoConfig(model_api=api, kling_model_name=model)

    def bought(self, row: RequestRow, request: VideoRequest) -> list[FakeTask]:
        """Every task that the service sold for a request."""
        if self.generation == "fal":
            return [task for task in self.fal.book.tasks if task.order.prompt == request.prompt]
        return self.kling.book.bought(row.external_task_id)

    def settle(self, ledger: Ledger, request: VideoRequest) -> None:
        """What a person does who looks into fal's console for a doubtful request."""
        row = ledger.get(request.fingerprint)
        if row.state != RequestState.DOUBTFUL:
            return
        if bought := self.bought(row, request):
            known = {"task_id": bought[0].task_id, "reason": "found in the console"}
            ledger.advance(row.fingerprint, RequestState.SUBMITTED, **known)
        else:
            ledger.advance(row.fingerprint, RequestState.RESERVED, reason="not in the console")


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
        prompt=prompt_of(name),
        config=config,
    )


def prompt_of(name: str) -> str:
    """The prompt of a request, by which a person finds it in a service's console."""
    return f"A person takes the object of {name}."


def mortal_clock(clock: FakeClock, death: Death) -> Callable[[], datetime]:
    """The ledger asks for the time within its transactions: death there rolls them back."""

    def now() -> datetime:
        death.strike()
        return clock.now()

    return now


def quiet(_fraction: float, _text: str) -> None:
    """No progress."""
