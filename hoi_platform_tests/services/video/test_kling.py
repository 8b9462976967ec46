"""Kling's client against the stand-in: both generations, errors by code, limits, downloads."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hoi_platform.core.errors import (
    AccountError,
    ConfigError,
    HoiError,
    RefusedError,
    TransientError,
)
from hoi_platform.services.fake_apis.kling import REFUSALS
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.messages import Call, Reply
from hoi_platform.services.fake_apis.transport import Gateway, InProcess
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.http import checked_base_url, download, files_client
from hoi_platform.services.video.kling import legacy, new
from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner
from hoi_platform.services.video.kling.errors import CODES, answer_of, error_of
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.limits import LEGACY, NEW, V1
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.pricing import video_price_usd
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    TaskRef,
    UnknownOutcomeError,
    UnprovenRefusalError,
)
from hoi_platform_tests.services.video.paid_world import (
    BASE_URL,
    World,
)

KEYS = KlingKeys()


def provider(world: World, kind: type, signer: object = None) -> LegacyKling | NewKling:
    gateway = Gateway(world.kling, world.kling.files, world.plan, world.clock.now)
    transport = KlingTransport(BASE_URL, signer or ApiKeySigner(KEYS.api_key), InProcess(gateway))
    return kind(transport, "test")


def error(status: int, **body: Any) -> HoiError | None:
    """What the client makes of an answer."""
    request = httpx.Request("POST", BASE_URL)
    return error_of(answer_of(httpx.Response(status, request=request, **body)))


def with_config(request: VideoRequest, **changes: object) -> VideoRequest:
    return replace(request, config=request.config.model_copy(update=changes))


@pytest.mark.parametrize(("kind", "model"), [(LegacyKling, "kling-v2-6"), (NewKling, "kling-2.6")])
def test_a_task_lives_from_order_to_video(
    kind: type, model: str, world: World, request_: VideoRequest, tmp_path: Path
) -> None:
    """The client and the documented API would not understand each other."""
    kling, request = provider(world, kind), with_config(request_, kling_model_name=model)
    kling.validate(request)
    task = kling.create(request, "hoi-1")
    ref = TaskRef("hoi-1", task.task_id, model)
    assert task.state == "submitted"
    world.clock.sleep(10)
    assert kling.find(ref).state == "processing"  # type: ignore[union-attr]
    world.clock.sleep(60)
    (done,) = kling.query([ref])
    assert (done.state, done.external_task_id) == ("succeeded", "hoi-1")
    assert f"{done.cost_usd:.2f}" == "0.35"
    assert done.video_url is not None
    kling.download(done.video_url, tmp_path / "v.mp4")
    assert (tmp_path / "v.mp4").stat().st_size > 500
    assert "signature" not in repr(done)


@pytest.mark.parametrize("kind", [LegacyKling, NewKling])
def test_an_id_that_was_never_taken_is_none(kind: type, world: World) -> None:
    """A look-up after a lost answer could not say that the task does not exist."""
    assert provider(world, kind).find(TaskRef("hoi-none", None, "m")) is None


def test_many_legacy_tasks_are_asked_for_in_one_request(
    world: World, request_: VideoRequest
) -> None:
    """A tick of the sensor would send hundreds of requests."""
    kling = provider(world, LegacyKling)
    refs = [TaskRef(f"hoi-{i}", kling.create(request_, f"hoi-{i}").task_id, "m") for i in range(20)]
    before = len(world.kling.calls)
    assert {t.external_task_id for t in kling.query(refs)} == {r.external_task_id for r in refs}
    assert len(world.kling.calls) - before == 1


def test_the_legacy_body_is_as_documented(request_: VideoRequest) -> None:
    """Kling refuses data: prefixes, numbers as durations, and cfg_scale for later models."""
    for model in LEGACY:
        body = legacy.create_body(with_config(request_, kling_model_name=model), "x")
        assert base64.b64decode(body["image"], validate=True) == request_.frame.read_bytes()
        assert body["duration"] == "5"
        assert ("cfg_scale" in body) == (model in V1)


def test_the_new_body_is_as_documented(request_: VideoRequest) -> None:
    """The model is in the path, the duration a number, what to avoid in the prompt."""
    body = new.create_body(with_config(request_, kling_model_name="kling-3.0"), "x")
    assert set(body) == {"contents", "settings", "options"}
    assert body["settings"] == {"resolution": "1080p", "duration": 5}
    assert "Avoid: blur" in body["contents"][0]["text"]


@pytest.mark.parametrize("skew_s", [-7200, -60, 0, 60, 7200])
def test_a_wrong_clock_is_mended_by_the_services(
    skew_s: float, world: World, request_: VideoRequest
) -> None:
    """A machine whose clock is off could not buy anything."""
    signer = JwtSigner(
        KEYS.access_key, KEYS.secret_key, lambda: world.clock.now() + timedelta(seconds=skew_s)
    )
    kling = provider(world, LegacyKling, signer)
    assert kling.create(request_, "hoi-1").task_id
    assert len(world.kling.calls) <= 2
    world.clock.sleep(7200)
    assert kling.find(TaskRef("hoi-1", None, "m")) is not None


def test_a_key_pair_cannot_order_from_the_new_generation(
    world: World, request_: VideoRequest
) -> None:
    """The user would not learn which key is missing."""
    signer = JwtSigner(KEYS.access_key, KEYS.secret_key, world.clock.now)
    request = with_config(request_, kling_model_name="kling-3.0")
    with pytest.raises(RefusedError, match="KLING_API_KEY"):
        provider(world, NewKling, signer).create(request, "hoi-1")


@pytest.mark.parametrize("fault", REFUSALS)
def test_permanent_answers_are_permanent(fault: str, world: World, request_: VideoRequest) -> None:
    """An empty account would be asked again and again; 429 alone says nothing."""
    world.kling.on_prompt["object"] = fault
    with pytest.raises(RefusedError, match=str(REFUSALS[fault][1])):
        provider(world, LegacyKling).create(request_, "hoi-1")


def test_every_code_of_the_table_has_its_category() -> None:
    """A new or changed code would fall through to a guess."""
    kinds = {
        "refused": RefusedError,
        "account": AccountError,
        "token_lifetime": AccountError,
        "unproven": UnprovenRefusalError,
        "not_accepted": NotAcceptedError,
        "unknown": UnknownOutcomeError,
    }
    for code, known in CODES.items():
        assert type(error(429, json={"code": code, "message": "m"})) is kinds[known.category]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, UnknownOutcomeError),
        (302, UnprovenRefusalError),
        (403, UnprovenRefusalError),
        (404, UnprovenRefusalError),
        (408, UnknownOutcomeError),
        (429, UnknownOutcomeError),
        (502, UnknownOutcomeError),
    ],
)
def test_nothing_is_proved_by_an_answer_without_a_code(status: int, kind: type) -> None:
    """A proxy's error page would be mistaken for Kling's word that nothing was bought."""
    assert type(error(status, text="<html>")) is kind
    assert type(error(status, json={"code": 4711 if status != 200 else 1, "message": "m"})) is kind


@pytest.mark.parametrize("fault", ["truncated", "expired", "error", "dropped"])
def test_a_broken_download_is_transient(fault: str, world: World, tmp_path: Path) -> None:
    """Half a video would be mistaken for a whole one."""

    def answer(call: Call) -> Reply:
        return {
            "truncated": Reply(200, b"abc", announced=9),
            "dropped": Reply(200, b"", announced=9),
            "expired": Reply(403, b"expired"),
            "error": Reply(503, b""),
        }[fault]

    class Files:
        handle = staticmethod(answer)

    gateway = Gateway(world.kling, Files(), world.plan, world.clock.now)  # type: ignore[arg-type]
    with pytest.raises(TransientError):
        download(files_client(InProcess(gateway)), f"{BASE_URL}/files/x.mp4", tmp_path / "x")


def test_keys_go_to_https_or_this_machine_only() -> None:
    """A mistyped address would send the key in clear text."""
    assert checked_base_url("KLING_BASE_URL", "https://a.example/") == "https://a.example"
    assert checked_base_url("KLING_BASE_URL", "http://127.0.0.1:80")
    with pytest.raises(ConfigError, match="KLING_BASE_URL"):
        checked_base_url("KLING_BASE_URL", "http://a.example")


def test_prices_of_the_default_model() -> None:
    """The estimate of a batch and the budget would be wrong."""
    assert str(video_price_usd("kling-v2-5-turbo", "pro", 5)) == "0.35"
    assert video_price_usd("unknown", "std", 1) >= max(
        video_price_usd(model, "pro", 1) for model in LEGACY + NEW
    )
