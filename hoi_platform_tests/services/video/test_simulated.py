"""The simulated backend: what it asks of Blender."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.services.blender.scene_request import RenderRequest
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.body.anny_body import save_body
from hoi_platform.services.video.backend import SimulatedScene, VideoRequest
from hoi_platform.services.video.simulated import SimulatedBackend
from hoi_platform_tests.core.scene.scenes import sampled
from hoi_platform_tests.hoi_samples import moving, stick_body
from hoi_platform_tests.services.performances.samples import stored_performance


class AskedError(Exception):
    """Ends the rendering at its request."""


class RecordingBlender:
    """Records the request instead of rendering it."""

    def __init__(self) -> None:
        self.request: RenderRequest | None = None

    def run(self, request: RenderRequest, on_event: Callable[..., None]) -> None:
        self.request = request
        raise AskedError


@pytest.mark.parametrize("gpu", [False, True])
def test_the_gpu_reaches_the_video(tmp_path: Path, gpu: bool) -> None:
    """rendering.gpu: true would render the video on the CPU, for hours."""
    spec = sampled().spec
    person = tmp_path / "person"
    person.mkdir()
    body = stick_body()
    save_body(body, person / "body.npz")
    np.save(person / "colors.npy", np.full((len(body.rest_vertices), 3), 0.5))
    (tmp_path / "scene.json").write_text(spec.model_dump_json())
    mesh = tmp_path / "model.obj"
    mesh.write_text("v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n")
    stored = tmp_path / "performance.npz"
    stored_performance(moving(3, np.random.default_rng(0)), body, spec).save(stored)
    scene = SimulatedScene(tmp_path / "scene.json", person, mesh, 7, gpu, stored)
    request = VideoRequest("a/b/c", "f", tmp_path / "frame.png", "", VideoConfig(), scene=scene)
    blender = RecordingBlender()
    backend = SimulatedBackend(cast(BlenderService, blender))
    task = backend.submit(request)
    with pytest.raises(AskedError):
        backend.collect(task, request, tmp_path / "video.mp4", lambda _f, _t: None)
    assert blender.request is not None
    assert blender.request.gpu is gpu
