"""Every stand-in on one port, each behaving like a service with a life of its own."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from hoi_platform.services.fake_apis.chat import CHAT_KEY, FakeChat
from hoi_platform.services.fake_apis.fal import FAL_KEY, FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import CALLBACK_SECRET, FakeKling
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.rehearsal import Rehearsal, eye_for_sizes
from hoi_platform.services.fake_apis.server import application, serving
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.platform import Platform
from hoi_platform.services.video.simulated import SimulatedBackend


@dataclass(frozen=True)
class Stage:
    """The options of the command."""

    port: int
    task_seconds: float = 20.0
    fps: int = 24
    slots: int = 5
    seed: int | None = None
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True)
class StandIns:
    """The services behind one port."""

    kling: FakeKling
    fal: FakeFal
    chat: FakeChat


def fault_plan(seed: int | None, rates: Rates) -> FaultPlan:
    """The plan of a seed and rates: a random one of a seed alone, none without both."""
    if seed is not None and rates == Rates():
        return FaultPlan.of_seed(seed)
    return FaultPlan(rates, seed or 0)


def stand_ins(stage: Stage, platform: Platform, backend: SimulatedBackend) -> StandIns:
    """All services under one fault plan, around one results folder."""
    url, plan = f"http://127.0.0.1:{stage.port}", fault_plan(stage.seed, stage.rates)
    skew = timedelta(seconds=plan.rates.clock_skew_s)
    videos = Rehearsal(platform, backend, still_video(width=640), stage.fps)
    kling = FakeKling(
        lambda: utc_now() - skew,
        videos.make,
        plan,
        base_url=url,
        slots=stage.slots,
        run_s=stage.task_seconds,
        notify=post_callback,
        work=videos.work,
    )
    fal = FakeFal(
        utc_now,
        videos.make,
        plan,
        base_url=f"{url}/fal",
        run_s=stage.task_seconds,
        work=videos.work,
    )
    return StandIns(kling, fal, FakeChat(utc_now, plan, eye=eye_for_sizes(platform)))


def environment(port: int) -> dict[str, str]:
    """What to export so that the platform talks to the stand-ins."""
    url, keys = f"http://127.0.0.1:{port}", KlingKeys()
    return {
        "KLING_BASE_URL": url,
        "KLING_ACCESS_KEY": keys.access_key,
        "KLING_SECRET_KEY": keys.secret_key,
        "KLING_API_KEY": keys.api_key,
        "KLING_WEBHOOK_SECRET": CALLBACK_SECRET,
        "FAL_BASE_URL": f"{url}/fal",
        "FAL_KEY": FAL_KEY,
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API_KEY": CHAT_KEY,
    }


def run(stage: Stage, platform: Platform, backend: SimulatedBackend) -> None:
    """Serve until interrupted."""
    services = stand_ins(stage, platform, backend)
    lines = [f"export {name}={value}\n" for name, value in environment(stage.port).items()]
    lines.append("# with `hoi callbacks` running beside:\n")
    lines.append("# export KLING_CALLBACK_URL=http://127.0.0.1:3090/kling\n")
    app = application(services.kling, services.fal, services.chat)
    with serving(app, stage.port), calling_back(services.kling):
        sys.stdout.writelines(lines)
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def post_callback(url: str, headers: dict[str, str], body: bytes) -> None:
    """Send one callback; that nobody listens is not an error of the service."""
    with contextlib.suppress(httpx.TransportError):
        httpx.post(url, headers=headers, content=body, timeout=5)


@contextlib.contextmanager
def calling_back(kling: FakeKling, every_s: float = 1.0) -> Iterator[None]:
    """Announce each change of a task's state, as Kling does where an order has an address."""
    ended = threading.Event()
    announced: dict[str, str] = {}

    def watch() -> None:
        while not ended.wait(every_s):
            for task in list(kling.book.tasks):
                state = task.state(kling.book.clock())
                if announced.get(task.task_id) != state:
                    announced[task.task_id] = state
                    kling.callback(task)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=10)
