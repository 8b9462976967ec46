"""All pictures of a small clip, and the size of a long clip's page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.services.video.codec import read_video
from hoi_platform.services.viewer.page import write_page
from hoi_platform.services.viewer.request import Ghost, VisualsRequest
from hoi_platform.services.viewer.surfaces import load_surfaces
from hoi_platform.services.viewer.visuals import FILES, write_visuals
from hoi_platform_tests.hoi_samples import standing
from hoi_platform_tests.services.viewer.scenes import sample_request

MAX_PAGE_BYTES = 10_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[VisualsRequest, dict[str, Path]]:
    folder = tmp_path_factory.mktemp("visuals")
    request = sample_request(folder, title='<script>alert("x")</script> & co')
    verdict = Verdict((Check.at_most("object_mask_misalignment", 0.7, 0.5, ""),), 4, 5)
    request = replace(request, verdict=verdict)
    return request, write_visuals(request, folder)


def test_every_file_is_there(made: tuple[VisualsRequest, dict[str, Path]]) -> None:
    """A user would not find the files that the seeds name."""
    _, paths = made
    names = {path.name for path in paths.values()}
    assert names == set(FILES.values())
    assert names >= {
        "input.mp4",
        "recon_result.mp4",
        "recon_result_top_view.mp4",
        "recon_comparison.mp4",
        "recon_result.html",
    }
    assert paths["poster"].stat().st_size <= 30_000


def test_videos_have_the_frames_of_the_result(
    made: tuple[VisualsRequest, dict[str, Path]],
) -> None:
    """Videos of a cut clip would run on, or be out of step with each other."""
    request, paths = made
    for key in ("input", "recon_result", "recon_result_top_view", "recon_comparison"):
        video = read_video(paths[key])
        assert len(video) == len(request.data)
        assert video.fps == 24
    assert read_video(paths["recon_result"]).frames.shape[1:] == (90, 160, 3)
    assert read_video(paths["recon_comparison"]).frames.shape[2] == 3 * 160


def test_the_overlay_covers_person_and_object(
    made: tuple[VisualsRequest, dict[str, Path]],
) -> None:
    """The reconstruction would not be drawn where the camera sees it."""
    from hoi_platform.core.geometry.raster import rasterize

    request, paths = made
    frame = read_video(paths["recon_result"]).frames[2].astype(int)
    vertices = request.data.motion.vertices(request.body)[2]
    person = rasterize(request.camera, vertices, request.body.faces).silhouette
    tinted = np.abs(frame - 90).max(axis=2) > 12
    assert tinted[person].mean() > 0.8
    assert tinted[~person].mean() < 0.2


def test_text_on_the_page_is_escaped(made: tuple[VisualsRequest, dict[str, Path]]) -> None:
    """A mesh's name could run a script in the browser of anybody who opens the page."""
    page = made[1]["page"].read_text()
    assert 'alert("x")' not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co" in page
    assert "object_mask_misalignment is 0.7, allowed is at most 0.5" in page


def test_the_page_needs_nothing_else(made: tuple[VisualsRequest, dict[str, Path]]) -> None:
    """The page would not open from disk: it may load no file and no address."""
    page = made[1]["page"].read_text()
    body = page[page.index("<body") :]
    for loader in ("src=", "href=", "@import"):
        assert loader not in body


def test_a_long_clip_stays_below_ten_megabytes(tmp_path: Path) -> None:
    """121 frames of a full body and its double would make a page too large to open."""
    import trimesh

    request = sample_request(tmp_path)
    mesh = trimesh.creation.uv_sphere(count=[120, 116])
    vertices = np.array(mesh.vertices) + np.random.default_rng(0).normal(0, 0.01, (1, 3))
    weights = np.zeros((len(vertices), 55))
    weights[:, 0] = 1
    body = BodyModel("ball", vertices, np.array(mesh.faces), request.body.rest_joints, weights)
    motion = standing(121)
    motion.translation[:, 0] += np.linspace(0, 1, 121)
    Ts = np.tile(np.eye(4), (121, 1, 1))
    data = HoiData.of(
        body,
        motion,
        Ts_world_object=Ts,
        obj_scale=np.ones(3),
        contact_points=request.data.contact_points,
        contact=replace(request.data.contact, hands=np.zeros((121, 2), bool)),
    )
    noise = np.random.default_rng(0).integers(0, 255, (121, 90, 160, 3), dtype=np.uint8)
    long = replace(
        request,
        video=replace(request.video, frames=noise),
        body=body,
        body_colors=np.full((len(vertices), 3), 0.4),
        data=data,
        truth=Ghost(motion, Ts),
    )
    parts = load_surfaces(request.mesh_obj, (1, 1, 1))
    write_page(long, motion.vertices(body), parts, list(noise), tmp_path / "page.html")
    assert 2_000_000 < (tmp_path / "page.html").stat().st_size < MAX_PAGE_BYTES


def test_requests_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """A video of another size or length would be overlaid with a shifted reconstruction."""
    request = sample_request(tmp_path)
    with pytest.raises(ValueError, match=r"video frames are \(45, 160\), the camera's \(90, 160\)"):
        replace(request, video=replace(request.video, frames=request.video.frames[:, ::2]))
    with pytest.raises(ValueError, match="4 frames of result, 3 of video"):
        replace(request, video=replace(request.video, frames=request.video.frames[:3]))
