"""Marked keys, and what is made from them, are nowhere after a run with faults through Dagster."""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import httpx
import pytest

from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.services.fake_apis.chat import FakeChat
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.messages import Call
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.video.callbacks import callback_app
from hoi_platform_tests.platform.prepared import kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import paid_environment
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO, make_frames

KEYS = KlingKeys("marked-kling-access", "marked-kling-secret-of-32-characters", "marked-kling-api")
WEBHOOK = "whsec_" + base64.b64encode(b"marked-webhook-secret").decode()
SECRETS = {
    "KLING_ACCESS_KEY": KEYS.access_key,
    "KLING_SECRET_KEY": KEYS.secret_key,
    "KLING_API_KEY": KEYS.api_key,
    "KLING_WEBHOOK_SECRET": WEBHOOK,
    "FAL_KEY": "marked-fal-id:marked-fal-secret",
    "OPENAI_API_KEY": "sk-marked-openai",
}
# Backends and models: Kling's key pair, its API key, fal.
BOUGHT = (
    {"model_api": "kling-ai", "kling_model_name": "kling-v2-5-turbo"},
    {"model_api": "kling-ai", "kling_model_name": "kling-2.5-turbo"},
    {"model_api": "fal-ai", "kling_model_name": "kling-v2-5-turbo"},
)
ASSETS = ("video_prompt", "video_task", "interaction_video")


@dataclass
class Services:
    """The stand-ins behind one port, with the callbacks that they send."""

    port: int
    plan: FaultPlan
    keys_fit: bool
    """Whether they take our keys, or refuse them and quote them."""
    callbacks: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        fit = self.keys_fit
        self.url = f"http://127.0.0.1:{self.port}"
        self.kling = FakeKling(
            utc_now,
            MAKE_VIDEO,
            self.plan,
            base_url=self.url,
            keys=KEYS if fit else KlingKeys(),
            run_s=0.0,
            callback_secret=WEBHOOK,
            notify=self._notify,
        )
        fal_key, chat_key = SECRETS["FAL_KEY"], SECRETS["OPENAI_API_KEY"]
        self.fal = FakeFal(
            utc_now,
            MAKE_VIDEO,
            self.plan,
            base_url=f"{self.url}/fal",
            key=fal_key if fit else "another",
            run_s=0.0,
        )
        self.chat = FakeChat(utc_now, self.plan, key=chat_key if fit else "another")

    def _notify(self, url: str, headers: dict[str, str], body: bytes) -> None:
        """A signed callback, and a forged one behind it."""
        self.callbacks.append(Call("POST", url, {}, headers, body))
        for signature in (headers["webhook-signature"], "v1,Zm9yZ2Vk"):
            httpx.post(url, headers={**headers, "webhook-signature": signature}, content=body)

    def environment(self, callback_url: str) -> dict[str, str]:
        """Our keys, and where the services are."""
        addresses = {
            "KLING_BASE_URL": self.url,
            "KLING_CALLBACK_URL": callback_url,
            "FAL_BASE_URL": f"{self.url}/fal",
            "OPENAI_BASE_URL": f"{self.url}/openai/v1",
        }
        return SECRETS | addresses

    def made_from_keys(self) -> set[str]:
        """Tokens that were sent, the signatures in them and those of callbacks and videos."""
        calls = [*self.kling.calls, *self.fal.calls, *self.chat.calls]
        tokens = {call.headers.get("authorization", "").partition(" ")[2] for call in calls}
        signatures = {token.rpartition(".")[2] for token in tokens if token.count(".") == 2}
        signatures |= {call.headers["webhook-signature"] for call in self.callbacks}
        return (tokens | signatures | {"signature="}) - {""}


@dataclass
class Traces:
    """Everything that was said and written, and all that must not be in it."""

    said: list[str]
    folder: Path
    secrets: set[str]


@pytest.fixture
def traces(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Traces:
    """Of a run with faults, and of one whose keys are refused."""
    caplog.set_level(logging.DEBUG)
    faulty = FaultPlan(Rates(call=0.25, permanent=0.05, file=0.3), seed=2)
    found = Traces([], tmp_path, set(SECRETS.values()))
    for name, services, seeds in (
        ("faults", Services(free_port(), faulty, keys_fit=True), range(1, 5)),
        ("refused", Services(free_port(), FaultPlan(), keys_fit=False), range(1, 2)),
    ):
        endpoint = callback_app(WEBHOOK, lambda _id: None)
        app = application(services.kling, services.fal, services.chat)
        with serving(endpoint, free_port()) as url, serving(app, services.port):
            with paid_environment(services.environment(f"{url}/kling")):
                found.said += _run_all(tmp_path / name, seeds)
            for task in services.kling.book.tasks:
                services.kling.callback(task)
        found.secrets |= services.made_from_keys()
    for record in caplog.records:
        found.said += [record.getMessage(), str(vars(record))]
    found.said += capfd.readouterr()
    return found


@pytest.mark.slow
def test_keys_and_what_is_made_from_them_are_nowhere(traces: Traces) -> None:
    """A key would lie in a log, event, artifact, exception, repr or in the ledger."""
    files = {path: path.read_bytes() for path in traces.folder.rglob("*") if path.is_file()}
    assert len(traces.said) > 500
    assert {path.suffix for path in files} >= {".db", ".json", ".mp4"}
    assert len(traces.secrets) > len(SECRETS) + 10, "few tokens were sent"
    assert any("(removed)" in text for text in traces.said), "no service quoted a key"
    for secret in traces.secrets:
        assert [_around(text, secret) for text in traces.said if secret in text] == []
        assert [path for path, data in files.items() if secret.encode() in data] == []


def _around(text: str, secret: str) -> str:
    place = text.index(secret)
    return text[max(0, place - 300) : place + 100]


def _run_all(folder: Path, seeds: range) -> list[str]:
    """Each backend's clips through Dagster; what events, errors, reprs and rows say."""
    said: list[str] = []
    home = folder / "home"
    home.mkdir(parents=True)
    (frame,) = make_frames(folder, 1)
    with dg.instance_for_test(temp_dir=str(home)) as instance:
        add_object_keys(instance, ["cordless-drill"])
        for index, video in enumerate(BOUGHT):
            resource = kling_platform(folder / str(index), **video)
            prepare(resource, frame, seeds)
            for seed in seeds:
                said += _run(resource, seed, instance)
            said += _shown(resource)
    return said


def _run(resource: PlatformResource, seed: int, instance: dg.DagsterInstance) -> list[str]:
    job = _defs(resource).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        asset_selection=[dg.AssetKey(name) for name in ASSETS],
        partition_key=cell_key("cordless-drill", seed),
        instance=instance,
        raise_on_error=False,
    )
    events = [repr(event) for event in result.all_events]
    return events + [str(entry) for entry in instance.all_logs(result.run_id)]


class HastyVideo(VideoResource):
    """Waits for nothing."""

    def sleeper(self) -> Callable[[float], None]:
        return lambda _seconds: None


class HastyVision(VisionResource):
    """Waits for nothing."""

    def sleeper(self) -> Callable[[float], None]:
        return lambda _seconds: None


def _defs(resource: PlatformResource) -> dg.Definitions:
    ledger = LedgerResource(platform=resource)
    video = HastyVideo(blender=BlenderResource(), ledger=ledger, wait=True)
    return build_defs(platform=resource, video=video, vision=HastyVision(ledger=ledger))


def _shown(resource: PlatformResource) -> list[str]:
    """The ledger's rows, and whatever may be printed of the things that hold keys."""
    ledger = LedgerResource(platform=resource)
    video = VideoResource(blender=BlenderResource(), ledger=ledger)
    vision = VisionResource(ledger=ledger)
    config = resource.platform().settings("manipulation").gen_2dhoi
    backend, model = video.paid(config.video), vision.model(config, "a test", "")
    held = [video, vision, backend, vars(backend), backend.provider, model, vars(model)]
    rows = ledger.ledger(config.video.budget).rows()
    return [repr(item) for item in held] + [str(vars(row)) for row in rows]
