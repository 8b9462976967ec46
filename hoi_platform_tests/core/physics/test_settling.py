"""The judgment of rest: centers of mass, support polygons, facets made flush."""

import numpy as np
import pytest
import trimesh

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, rotation_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.physics import settling


def _hull(mesh: trimesh.Trimesh) -> settling.RigidHull:
    return settling.rigid_hull(np.asarray(mesh.vertices), np.asarray(mesh.faces))


def test_center_of_mass_of_a_solid_and_of_a_shell() -> None:
    """An object would tip the wrong way: a cone's mass lies at a quarter of its height."""
    cone = trimesh.creation.cone(0.05, 0.2, sections=64)
    np.testing.assert_allclose(_hull(cone).center_of_mass, [0, 0, 0.05], atol=1e-9)
    bowl = trimesh.creation.box((2.0, 2.0, 1.0))
    open_top = bowl.submesh([bowl.face_normals[:, 2] < 0.5], append=True)
    # Bottom 4 at -0.5 and four sides of 2 at 0: -2 / 12.
    np.testing.assert_allclose(_hull(open_top).center_of_mass, [0, 0, -1 / 6], atol=1e-9)


def test_flat_mesh_is_refused() -> None:
    """Bullet would be given a body without volume."""
    with pytest.raises(BadInputError, match="no volume to settle on"):
        settling.rigid_hull(np.eye(3), np.array([[0, 1, 2]]))


def test_flush_undoes_a_small_tilt_exactly() -> None:
    """Objects would float on an edge by Bullet's tolerance."""
    hull = _hull(trimesh.creation.box((0.3, 0.2, 0.1)))
    yaw = matrix_from_axis_angle(np.array([0, 0, 0.7]))
    tilted = matrix_from_axis_angle(np.deg2rad([0.5, -0.8, 0.0])) @ yaw
    assert np.rad2deg(rotation_angle(settling.flush(hull, tilted), yaw)) < 0.02


@pytest.mark.parametrize("seed", range(20))
def test_a_round_body_is_laid_on_a_facet_that_carries_it(seed: int) -> None:
    """A rounded bottom would be put on a facet beside its balance and roll off in the proof.

    Law: the center of mass is not raised, and is a local minimum over small rotations.
    """
    rng = np.random.default_rng(seed)
    egg = trimesh.creation.icosphere(subdivisions=3)
    egg.vertices *= [0.1, 0.07, 0.06] * rng.uniform(0.97, 1.03, (len(egg.vertices), 1))
    hull = _hull(egg)
    start = matrix_from_axis_angle(rng.uniform(-3, 3, 3))
    R = settling.flush(hull, start)

    def height(R_world_object: np.ndarray) -> float:
        return -float((hull.centered @ R_world_object[2]).min())

    assert height(R) <= height(start) + 1e-12
    for azimuth in np.linspace(0, 2 * np.pi, 24):
        axis = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        assert height(matrix_from_axis_angle(1e-4 * axis) @ R) > height(R)


def test_support_margin_is_the_distance_to_the_edge() -> None:
    """A pose that tips over would count as rest."""
    box = trimesh.creation.box((0.3, 0.2, 0.1))
    assert settling.support_margin(_hull(box), np.eye(3)) == pytest.approx(0.1)
    on_edge = matrix_from_axis_angle(np.deg2rad([45.0, 0.0, 0.0]))
    assert settling.support_margin(_hull(box), on_edge) < 0
    leaning = trimesh.Trimesh(box.vertices + [[0.2 * (z > 0), 0, 0] for z in box.vertices[:, 2]])
    leaning.faces = box.faces
    assert settling.support_margin(_hull(leaning), np.eye(3)) == pytest.approx(0.05)


def test_speed_is_that_of_the_fastest_point() -> None:
    """A moving object would be judged still, or a trembling one moving."""
    hull = _hull(trimesh.creation.box((0.3, 0.2, 0.1)))
    t = np.arange(100) / 60
    zero = np.zeros_like(t)
    sliding = rigid(np.eye(3), np.stack([0.02 * t, zero, zero], axis=-1))
    assert settling.window_speed(hull, sliding, 1 / 60) == pytest.approx(0.02)
    assert settling.drift(hull, sliding) == pytest.approx(0.02 * t[-1])
    turning = rigid(matrix_from_axis_angle(np.stack([zero, zero, 0.1 * t], axis=-1)), np.zeros(3))
    corner = 0.1 * np.hypot(0.15, 0.1)
    assert settling.window_speed(hull, turning, 1 / 60) == pytest.approx(corner, rel=1e-3)
    trembling = rigid(np.eye(3), np.stack([1e-4 * (-1.0) ** np.arange(100), zero, zero], axis=-1))
    assert settling.window_speed(hull, trembling, 1 / 60) < 1e-3
    assert settling.window_speed(hull, sliding[:1], 1 / 60) == np.inf


def test_a_rolling_rod_is_judged_by_its_surface_and_not_by_its_angle() -> None:
    """A rod of 3 mm that creeps by a millimeter a second would count as turning and never rest."""
    rod = _hull(trimesh.creation.cylinder(0.003, 0.3, sections=16))
    t = np.arange(60) / 60
    zero = np.zeros_like(t)
    rolled = np.stack([zero, zero, 0.33 * t], axis=-1)
    poses = rigid(matrix_from_axis_angle(rolled), np.stack([0.001 * t, zero, zero], axis=-1))
    assert settling.window_speed(rod, poses, 1 / 60) < settling.MAX_SPEED * rod.size


def test_thickness_is_the_smallest_width() -> None:
    """Bullet would simulate a thin object at a size at which its tolerances are as thick."""
    assert _hull(trimesh.creation.box((0.3, 0.2, 0.004))).thickness == pytest.approx(0.004)
    rod = _hull(trimesh.creation.cylinder(0.003, 0.3, sections=16))
    assert rod.thickness == pytest.approx(0.006 * np.cos(np.pi / 16))


def test_tilt_is_within_its_bound_and_horizontal() -> None:
    """The perturbation would turn the object about the vertical, or over."""
    rng = np.random.default_rng(0)
    R = np.array([settling.tilt(2.0, rng) for _ in range(200)])
    angles = np.rad2deg(rotation_angle(np.eye(3), R))
    assert 0.5 < angles.mean() < 1.5
    assert angles.max() <= 2.0
    np.testing.assert_allclose(R[:, 0, 1], R[:, 1, 0], atol=1e-12)
