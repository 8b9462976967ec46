"""Supports in the world view and on the 3D page: none, a turned table, terrain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.services.viewer.page import write_page
from hoi_platform.services.viewer.request import VisualsRequest
from hoi_platform.services.viewer.surfaces import load_surfaces
from hoi_platform.services.viewer.world_view import WorldView, part_surface
from hoi_platform_tests.core.geometry.test_shapes import stairs
from hoi_platform_tests.services.viewer.scenes import sample_request

TURNED = BoxSpec(
    pos=(0.5, 1.2, 0.73), size=(1.0, 0.6, 0.04), turn_rad=(0.0, 0.0, 0.7), legs=True, name="table"
)
STAIRS = MeshSpec.of(stairs(), pos=(-0.6, 0.4, 0.0), walkable=True, name="stairs")
EXTENT = np.array([[-0.8, -0.2, 0.0], [0.9, 1.4, 1.7]])


def _with(request: VisualsRequest, supports: list[BoxSpec | MeshSpec]) -> VisualsRequest:
    return replace(request, spec=request.spec.model_copy(update={"supports": supports}))


def _from_above(request: VisualsRequest) -> np.ndarray:
    with WorldView(request.camera, request.spec, EXTENT) as view:
        return view.top_view().astype(int)


def test_the_map_shows_each_support_and_needs_none(tmp_path: Path) -> None:
    """The map of a floor scene would crash, or terrain be left out of it."""
    request = sample_request(tmp_path)
    bare = _from_above(_with(request, []))
    for support in (TURNED, STAIRS):
        changed = np.abs(_from_above(_with(request, [support])) - bare).max(axis=-1) > 8
        assert 0.02 < changed.mean() < 0.6, support.name


def test_a_turned_part_has_flat_sides_where_it_stands() -> None:
    """The viewer would draw a turned table straight."""
    surface = part_surface(TURNED)
    expected = TURNED.shape().surface()
    assert surface.vertices.min(axis=0) == pytest.approx(expected.bounds[0])
    assert surface.vertices.max(axis=0) == pytest.approx(expected.bounds[1])
    assert len(surface.vertices) == 3 * len(surface.faces) == 36


@pytest.mark.parametrize("supports", [[], [TURNED, STAIRS]])
def test_the_page_is_written_with_and_without_supports(
    tmp_path: Path, supports: list[BoxSpec | MeshSpec]
) -> None:
    """The 3D page of a floor scene would not be written."""
    request = _with(sample_request(tmp_path), supports)
    vertices = request.data.motion.vertices(request.body)
    parts = load_surfaces(request.mesh_obj, (1.0, 1.0, 1.0))
    film = list(request.video.frames[: len(request.data)])
    write_page(request, vertices, parts, film, tmp_path / "page.html")
    size = (tmp_path / "page.html").stat().st_size
    write_page(_with(request, []), vertices, parts, film, tmp_path / "bare.html")
    more = size - (tmp_path / "bare.html").stat().st_size
    assert (more > 3000) == bool(supports)


def test_the_truth_of_stairs_is_their_surface() -> None:
    """Flat-sided copies of a mesh would face inward and be culled."""
    surface = part_surface(STAIRS)
    camera = look_at(160, 90, 184.0, np.array([3.5, 2.0, 1.6]), np.array([0.2, 0.6, 0.9]))
    drawn = rasterize(camera, surface.vertices, surface.faces)
    true = STAIRS.shape().surface()
    assert np.array_equal(drawn.silhouette, rasterize(camera, true.vertices, true.faces).silhouette)
    assert drawn.silhouette.sum() > 100
