"""Signed distance grids against closed forms."""

import numpy as np
import pytest
import torch
import trimesh

from hoi_platform.core.arrays import Array
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.winding import inside_grid
from hoi_platform_tests.core.geometry.test_mesh import box, solid

_HALF = np.array([0.05, 0.1, 0.15])


def box_distance(p: Array) -> Array:
    q = np.abs(p) - _HALF
    return np.linalg.norm(q.clip(0), axis=-1) + q.max(axis=-1).clip(max=0)


@pytest.fixture(scope="module")
def grid() -> SignedDistanceGrid:
    return SignedDistanceGrid.of(box(*(2 * _HALF)), 30)


def lattice(grid: SignedDistanceGrid) -> Array:
    axes = [
        o + grid.cell * np.arange(n) for o, n in zip(grid.origin, grid.values.shape, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def test_box_matches_its_closed_form_at_the_grid_points(grid: SignedDistanceGrid) -> None:
    """Distance or sign of the grid would be wrong."""
    assert grid.values == pytest.approx(box_distance(lattice(grid)), abs=1e-7)


def test_sphere_matches_its_closed_form_between_the_grid_points() -> None:
    """Interpolation would mix up axes or offsets."""
    sphere = SignedDistanceGrid.of(solid(trimesh.creation.icosphere(3, radius=0.1)), 24)
    p = np.random.default_rng(0).uniform(-0.11, 0.11, (2000, 3))
    found = sphere.sample(torch.tensor(p)).numpy()
    away = np.linalg.norm(p, axis=1) > 2 * sphere.cell  # the cone's tip is rounded by the cells
    error = (found - (np.linalg.norm(p, axis=1) - 0.1))[away]
    assert np.abs(error).max() < 0.05 * 0.1


def test_outside_the_grid_it_is_a_lower_bound_and_continuous(grid: SignedDistanceGrid) -> None:
    """Far points would report contact, or the distance would jump at the grid's border."""
    p = np.random.default_rng(1).uniform(-0.6, 0.6, (2000, 3))
    found, true = grid.sample(torch.tensor(p)).numpy(), box_distance(p)
    assert (found <= true + grid.cell / 4).all()
    assert (found[true > 0.2] > 0.7 * true[true > 0.2]).all()
    edge = grid.origin + grid.cell * (np.array(grid.values.shape) - 1)
    pair = torch.tensor(np.stack([edge * [1, 0, 0], edge * [1 + 1e-9, 0, 0]]))
    inner, outer = grid.sample(pair).tolist()
    assert outer == pytest.approx(inner, abs=1e-6)


def test_gradient_matches_finite_differences(grid: SignedDistanceGrid) -> None:
    """The penetration term would push hands in a wrong direction."""
    rng = np.random.default_rng(2)
    p = torch.tensor(rng.uniform(-0.3, 0.3, (40, 3)), requires_grad=True)
    assert torch.autograd.gradcheck(grid.sample, (p,), eps=1e-8, atol=1e-5)


def test_sample_keeps_batch_shapes(grid: SignedDistanceGrid) -> None:
    """Frames and vertices would be flattened together."""
    assert grid.sample(torch.zeros(2, 5, 3)).shape == (2, 5)
    assert grid.sample(torch.zeros(0, 3)).shape == (0,)


def test_overlapping_parts_are_solid_together() -> None:
    """The overlap of two closed parts would count as outside, as it does by parity."""
    near, far = box(1.0, 1.0, 1.0), box(1.0, 1.0, 1.0)
    vertices = np.concatenate([near.vertices, far.vertices + np.array([0.5, 0.0, 0.0])])
    both = TriangleMesh(vertices, np.concatenate([near.faces, far.faces + 8]))
    axis = np.linspace(-1.5, 1.5, 31)
    inside = inside_grid(both, (axis, axis, axis))
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    expected = (np.abs(y) < 0.5) & (np.abs(z) < 0.5) & (x > -0.5) & (x < 1.0)
    border = np.isclose(np.abs(y), 0.5) | np.isclose(np.abs(z), 0.5)
    border |= np.isclose(x, -0.5) | np.isclose(x, 1.0)
    assert (inside == expected)[~border].all()


@pytest.mark.parametrize("damage", ["hole", "turned triangles"])
def test_sign_survives_a_leaky_mesh(damage: str) -> None:
    """One missing or turned triangle would turn a whole column of the grid inside out."""
    ball = trimesh.creation.icosphere(3)
    faces = np.array(ball.faces, np.int64)
    if damage == "hole":
        faces = faces[8:]
    else:
        faces[::9] = faces[::9, ::-1]
    axis = np.linspace(-1.4, 1.4, 29)
    inside = inside_grid(TriangleMesh(np.array(ball.vertices), faces), (axis, axis, axis))
    radius = np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1), axis=-1)
    assert inside[radius < 0.9].mean() > 0.99
    assert inside[radius > 1.05].mean() < 0.005


def test_cache_gives_the_same_grid_and_refuses_other_files(
    grid: SignedDistanceGrid, tmp_path
) -> None:
    """A stale or foreign file would be mistaken for distances."""
    grid.save(tmp_path / "grid.npz")
    again = SignedDistanceGrid.load(tmp_path / "grid.npz")
    assert (again.values == grid.values).all()
    assert (again.cell, again.origin.tolist()) == (grid.cell, grid.origin.tolist())
    (tmp_path / "bad.npz").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(BadInputError, match="not a signed distance grid"):
        SignedDistanceGrid.load(tmp_path / "bad.npz")
