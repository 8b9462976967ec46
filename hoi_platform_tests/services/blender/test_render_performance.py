"""Rendering of moving bodies: it begins at the conditioning frame, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.actors import Border
from hoi_platform.services.blender.performance import performance_request, render_performance
from hoi_platform.services.blender.service import BlenderService
from hoi_platform_tests.services.blender.rendering import (
    Conditioning,
    H,
    W,
    staged,
)


@pytest.fixture(scope="module")
def performance(conditioning: Conditioning, blender: BlenderService):
    spec, person, _, folder = conditioning
    frames = 4
    body = np.repeat(person.vertices[None], frames, axis=0)
    body[:, :, 0] += 0.02 * np.arange(frames)[:, None]
    lift = np.zeros((frames, 3))
    lift[:, 2] = 0.03 * np.arange(frames)
    poses = rigid(np.eye(3), lift) @ spec.T_world_object_array()
    reported: list[tuple[float, str]] = []
    moving = replace(staged(spec, person, folder), vertices=body)
    render = render_performance(
        blender,
        moving,
        poses,
        samples=4,
        with_depth=True,
        progress=lambda share, text: reported.append((share, text)),
    )
    return render, reported


def test_first_video_frame_is_the_conditioning_frame(
    conditioning: Conditioning, performance
) -> None:
    """The video would not start at the frame that it is conditioned on."""
    _, _, still, _ = conditioning
    render, _ = performance
    difference = np.abs(render.frames[0].astype(int) - still.rgb)
    assert difference.mean() < 3
    np.testing.assert_array_equal(render.object_masks[0], still.object_mask)
    np.testing.assert_array_equal(render.human_masks[0], still.human_mask)
    np.testing.assert_allclose(render.depth[0], still.depth, atol=1e-4)


def test_only_the_border_changes_and_the_object_rises(performance) -> None:
    """Standing walls would flicker, or motion not arrive in the pictures."""
    render, reported = performance
    assert len(render.frames) == 4
    assert [fraction for fraction, _ in reported] == [0.25, 0.5, 0.75, 1.0]
    outside = np.ones((H, W), bool)
    outside[render.border.slices] = False
    assert outside.any()
    first, last = render.frames[0], render.frames[3]
    np.testing.assert_array_equal(first[outside], last[outside])
    rows = [np.nonzero(mask)[0].mean() for mask in render.object_masks]
    assert np.all(np.diff(rows) < -0.3)
    assert np.abs(first.astype(int) - last)[render.object_masks[3]].mean() > 5


def test_border_render_has_the_noise_of_the_whole_picture(
    conditioning: Conditioning,
    blender: BlenderService,
    tmp_path: Path,
) -> None:
    """The changing part would be shifted by a pixel, or its noise differ at the seam."""
    spec, person, _, folder = conditioning
    still = replace(staged(spec, person, folder), vertices=person.vertices[None])
    poses = spec.T_world_object_array()[None]
    noisy = {"base_samples": 2, "denoise": ""}
    for x0, y0, x1, y1 in ((13, 7, 61, 44), (0, 0, 31, 17)):
        border = Border(x0, y0, x1, y1)
        request = performance_request(still, poses, border, tmp_path, samples=2, gpu=False)
        blender.run(request.model_copy(update=noisy))
        part = np.asarray(Image.open(tmp_path / "frame_00000.png"))
        whole = np.asarray(Image.open(tmp_path / "base.png"))
        assert part.shape == (y1 - y0, x1 - x0, 3)
        assert np.abs(part.astype(int) - whole[y0:y1, x0:x1]).mean() < 0.05
