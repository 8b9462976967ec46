"""A worker's backend and requests: the only place that knows how the product is put together."""

import functools
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from PIL import Image

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.chaos.plan import Case, Provider
from hoi_platform.services.fake_apis.fal import FAL_KEY
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.identity import request_identity
from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner, Signer
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform.services.video.remote import VideoProvider
from hoi_platform.services.video.retry import VideoRetry

_MODELS: Final[dict[Provider, tuple[str, str]]] = {
    "kling-legacy": ("kling-ai", "kling-v2-5-turbo"),
    "kling-new": ("kling-ai", "kling-2.5-turbo"),
    "fal": ("fal-ai", "kling-v2-5-turbo"),
}
FRAMES: Final = 8
"""Conditioning frames of a part; chosen: requests differ in their prompts."""


@dataclass(frozen=True)
class Site:
    """Where the requests of a part are bought."""

    ledger_url: str
    service_url: str
    folder: Path

    @property
    def videos(self) -> Path:
        return self.folder / "ledger" / "videos"


def network() -> httpx.BaseTransport:
    """The real one, over loopback; a TLS context of its own would cost each process 20 ms."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.HTTPTransport(verify=_no_tls(), trust_env=False, limits=limits)


@functools.cache
def _no_tls() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def provider_of(
    case: Case, site: Site, now: Callable[[], datetime], transport: httpx.BaseTransport
) -> VideoProvider:
    """The case's account at its service."""
    url, keys = f"{site.service_url}/{case.name}", KlingKeys()
    if case.provider == "fal":
        return FalKling(url, FAL_KEY, case.name, transport)
    legacy = case.provider == "kling-legacy"
    signer: Signer = (
        JwtSigner(keys.access_key, keys.secret_key, now) if legacy else ApiKeySigner(keys.api_key)
    )
    kind = LegacyKling if legacy else NewKling
    return kind(KlingTransport(url, signer, transport), case.name)


def backend_of(
    case: Case,
    provider: VideoProvider,
    ledger: Ledger,
    site: Site,
    sleep: Callable[[float], None],
    seed: int,
) -> PaidVideoBackend:
    """What a fresh worker process buys with."""
    retry = VideoRetry(
        submit=RetryPolicy(8, first_wait_s=1.0, longest_wait_s=30.0),
        poll=RetryPolicy(10, first_wait_s=30.0, longest_wait_s=30.0, jitter=0.0),
        slots=case.slots,
    )
    delivery = Delivery(site.videos, sleep)
    return PaidVideoBackend(provider, ledger, delivery, sleep, retry, random.Random(seed))


def requests_of(case: Case, site: Site) -> list[VideoRequest]:
    """The case's requests, the same in each of its processes."""
    api, model = _MODELS[case.provider]
    config = VideoConfig.model_validate(
        {"model_api": api, "kling_model_name": model, "duration": case.duration}
    )
    return [_request(case, index, site, config) for index in range(case.requests)]


def _request(case: Case, index: int, site: Site, config: VideoConfig) -> VideoRequest:
    request = VideoRequest(
        clip=clip_of(case, index).path,
        fingerprint="",
        frame=site.folder / "frames" / f"{(case.number + index) % FRAMES}.jpg",
        prompt=prompt_of(case, index),
        config=config,
    )
    return replace(request, fingerprint=request_identity(request))


def prompt_of(case: Case, index: int) -> str:
    """By what a service's records and the ledger are compared: no two requests share it."""
    return f"A person takes the object of {clip_of(case, index).path}."


def clip_of(case: Case, index: int) -> ClipId:
    """The clip of a request."""
    return ClipId(ObjectId("Chaos", f"object-{case.number}"), "kid", case.database, index + 1)


def list_price(case: Case, site: Site) -> Decimal:
    """What the case's service charges where its answers do not say."""
    provider = provider_of(case, site, datetime.now, network())
    return provider.estimate_usd(requests_of(case, site)[0])


def buy(backend: PaidVideoBackend, request: VideoRequest, clip: ClipId, site: Site) -> None:
    """Submit, collect and record one clip, as its two assets do."""
    store = ArtifactStore(site.folder / "results")
    task = backend.submit(request)
    with store.staging("video_task", clip) as staging:
        write_whole(staging.path("task"), task.model_dump_json(indent=1))
        store.commit(staging, _record("video_task", request))
    with store.staging("interaction_video", clip) as staging:
        backend.collect(task, request, staging.path("video"), lambda _fraction, _text: None)
        write_whole(staging.path("checks"), "{}\n")
        store.commit(staging, _record("interaction_video", request))


def settle(ledger: Ledger, request: VideoRequest, task_id: str | None) -> None:
    """What a person does after a look into the service's console (``hoi ledger settle``)."""
    row = ledger.get(request.fingerprint)
    if row.state != RequestState.DOUBTFUL:
        return
    if task_id is None:
        ledger.advance(row.fingerprint, RequestState.RESERVED, reason="settled by hand")
    else:
        ledger.advance(row.fingerprint, RequestState.SUBMITTED, task_id=task_id, reason="")


def is_recorded(case: Case, index: int, site: Site) -> bool:
    """Whether the clip's video is done: its record is whole and its files have the right hashes."""
    store = ArtifactStore(site.folder / "results")
    fingerprint = requests_of(case, site)[index].fingerprint
    return store.status("interaction_video", clip_of(case, index), fingerprint).done


def make_frames(folder: Path) -> None:
    """Conditioning frames that differ clearly."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(FRAMES):
        pixels = np.random.default_rng(index).integers(0, 255, (4, 4, 3), np.uint8)
        image = Image.fromarray(pixels).resize((320, 320), Image.Resampling.BICUBIC)
        image.save(folder / f"{index}.jpg", quality=95)


def _record(asset: str, request: VideoRequest) -> ArtifactRecord:
    return ArtifactRecord(
        asset=asset,
        subject=request.clip,
        schema_version=1,
        fingerprint=request.fingerprint,
        code_version="1",
        backend=request.config.model_api,
        settings={},
        inputs={},
        files={},
        seconds=0.0,
        created_at="",
        machine="",
    )
