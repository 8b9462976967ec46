"""The procedural library: closed, sized for a hand, textured, the same every time."""

import numpy as np
import pytest
import torch

from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.topology import MeshStatistics
from hoi_platform.core.scene.library.cordless_drill import UNIT_M
from hoi_platform.core.scene.library.table import BUILDERS

# Longest side in meters after the catalogue's scale.
_SIZES = {
    "cordless_drill": 0.22,
    "mug": 0.109,
    "hammer": 0.27,
    "suitcase": 0.24,
    "chair": 0.26,
    "box": 0.16,
    "bottle": 0.22,
    "ball": 0.075,
    "frypan": 0.284,
    "dumbbell": 0.172,
    "kettle": 0.165,
    "flashlight": 0.17,
}


def _unit_m(name: str) -> float:
    return UNIT_M if name == "cordless_drill" else 1.0


@pytest.mark.parametrize("name", BUILDERS)
def test_object_is_closed_and_of_the_announced_size(name: str) -> None:
    """Settling needs a volume, and the catalogue's scales a size."""
    statistics = MeshStatistics.of(BUILDERS[name]().mesh.geometry())
    assert statistics.watertight
    assert statistics.volume > 0
    assert 1000 <= statistics.faces <= 10_000
    assert max(statistics.extents) * _unit_m(name) == pytest.approx(_SIZES[name], abs=0.002)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_part_faces_outward(name: str) -> None:
    """A part turned inside out would be shaded black and subtract from the volume."""
    for part in BUILDERS[name]().mesh.parts:
        corners = part.vertices[part.faces]
        volume = np.einsum("nd,nd->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
        assert volume > 0, part.material.name


@pytest.mark.parametrize("name", BUILDERS)
def test_textures_have_features_and_stay_the_same(name: str) -> None:
    """A pose tracker would find nothing to hold on to, or renders would differ between runs."""
    first, second = BUILDERS[name]().mesh, BUILDERS[name]().mesh
    edges = []
    for a, b in zip(first.parts, second.parts, strict=True):
        assert (a.vertices == b.vertices).all()
        assert (a.faces == b.faces).all()
        if a.material.texture is not None:
            assert (a.material.texture == b.material.texture).all()
            assert a.uv is not None
            assert 0 <= a.uv.min() < a.uv.max() <= 1
            steps = np.abs(np.diff(a.material.texture.astype(int), axis=1)).max(axis=-1)
            edges.append((steps > 60).sum())
    assert sum(edges) > 1500


@pytest.mark.parametrize("name", BUILDERS)
def test_grasp_is_where_a_hand_can_close(name: str) -> None:
    """The hint would send the hand into the air, through the object, or around too much of it."""
    built = BUILDERS[name]()
    grasp, mesh = built.grasp, built.mesh.geometry()
    assert grasp.width * _unit_m(name) <= 0.08
    distance = SignedDistanceGrid.of(mesh, 48)
    point = torch.tensor([grasp.point])
    assert float(distance.sample(point)) < 0
    if name != "box":  # its palm lies at the narrow side, farther away than half the width
        palm = point - 0.75 * grasp.width * torch.tensor([grasp.approach])
        assert 0 < float(distance.sample(palm)) < grasp.width


def test_centering_moves_the_grasp_along() -> None:
    """The hint would be off by the builder's origin."""
    built = BUILDERS["mug"]()
    offset = built.mesh.geometry().bounds.mean(axis=0)
    centered = built.centered()
    assert np.array(centered.grasp.point) == pytest.approx(np.array(built.grasp.point) - offset)
    assert centered.mesh.geometry().bounds.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
