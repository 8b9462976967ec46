"""A purchase is what is sent, by content: nothing else makes another one, nothing is left out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from hoi_platform.services.video.backend import SimulatedScene, VideoRequest
from hoi_platform.services.video.identity import pixels_digest, request_identity
from hoi_platform.services.video.montage import segment_of
from hoi_platform_tests.services.video.paid_world import World

Change = Callable[[VideoRequest, Path], VideoRequest]


@pytest.fixture
def request_(tmp_path: Path, world: World) -> VideoRequest:
    frame = tmp_path / "frame.png"
    Image.fromarray(_pixels()).save(frame)
    return VideoRequest("a/b/c", "", frame, "A person lifts it.", world.config())


def _pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)


def _configured(**changes: Any) -> Change:
    return lambda request, _: replace(request, config=request.config.model_copy(update=changes))


def _rendered_again(request: VideoRequest, folder: Path) -> VideoRequest:
    """The same pixels in another file, with the clock in it."""
    notes, path = PngImagePlugin.PngInfo(), folder / "again.png"
    notes.add_text("Date", "2026/11/21 16:40:59")
    Image.fromarray(_pixels()).save(path, pnginfo=notes, compress_level=1)
    assert path.read_bytes() != request.frame.read_bytes()
    return replace(request, frame=path)


def _another_pixel(request: VideoRequest, folder: Path) -> VideoRequest:
    pixels, path = _pixels(), folder / "other.png"
    pixels[3, 4, 1] ^= 1
    Image.fromarray(pixels).save(path)
    return replace(request, frame=path)


UNSENT: dict[str, Change] = {
    "clip": lambda request, _: replace(request, clip="x/y/z"),
    "file": _rendered_again,
    "fingerprint": lambda request, _: replace(request, fingerprint="other"),
    "polls": _configured(video_max_polls=7, concurrency=9),
    "takes": _configured(num_videos=4, num_video_segments=2),
    "simulated": _configured(simulated_fps=30, simulated_samples=2),
}
SENT: dict[str, Change] = {
    "pixel": _another_pixel,
    "prompt": lambda request, _: replace(request, prompt="A person drops it."),
    "negative": lambda request, _: replace(request, negative_prompt="noise"),
    "tail": lambda request, _: replace(request, tail_frame=request.frame),
    "provider": _configured(model_api="fal-ai"),
    "model": _configured(kling_model_name="kling-v3"),
    "mode": _configured(kling_mode="std"),
    "duration": _configured(duration="10"),
}


@pytest.mark.parametrize("name", UNSENT)
def test_what_is_not_sent_makes_no_purchase(
    name: str, request_: VideoRequest, tmp_path: Path
) -> None:
    """A re-rendered frame, a second clip or another machine would buy the same video again."""
    assert request_identity(UNSENT[name](request_, tmp_path)) == request_identity(request_)


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_makes_a_purchase(name: str, request_: VideoRequest, tmp_path: Path) -> None:
    """A changed request would be answered with the old video."""
    assert request_identity(SENT[name](request_, tmp_path)) != request_identity(request_)


def test_takes_and_segments_are_purchases_of_their_own(request_: VideoRequest) -> None:
    """The second take would be the first one, bought once and compared with itself."""
    ids = {request_identity(request_, take, segment) for take in (0, 1) for segment in (0, 1)}
    assert len(ids) == 4
    plain = replace(request_, fingerprint=request_identity(request_))
    assert segment_of(plain, 0, 0, plain.frame).fingerprint == plain.fingerprint


def test_a_simulated_video_depends_on_what_it_is_made_from(
    request_: VideoRequest, tmp_path: Path
) -> None:
    """A mode that only paid services read would make another simulated task."""
    scene = SimulatedScene(tmp_path / "scene.json", tmp_path, tmp_path / "m.obj", seed=5)
    simulated = replace(_configured(model_api="simulated")(request_, tmp_path), scene=scene)
    assert request_identity(SENT["mode"](simulated, tmp_path)) == request_identity(simulated)
    faster = UNSENT["simulated"](simulated, tmp_path)
    assert request_identity(faster) != request_identity(simulated)
    redrawn = replace(simulated, scene=replace(scene, seed=6))
    assert request_identity(redrawn) != request_identity(simulated)


def test_two_shapes_of_the_same_bytes_differ(tmp_path: Path) -> None:
    """A frame turned on its side would pass for the upright one."""
    for name, shape in (("wide", (2, 8, 3)), ("high", (8, 2, 3))):
        Image.fromarray(np.full(shape, 7, np.uint8)).save(tmp_path / f"{name}.png")
    assert pixels_digest(tmp_path / "wide.png") != pixels_digest(tmp_path / "high.png")
