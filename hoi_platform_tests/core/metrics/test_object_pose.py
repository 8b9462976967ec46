"""Errors of object poses against closed forms, symmetric objects above all."""

import numpy as np
import pytest

from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.symmetry import CONTINUOUS, SymmetryAxis, symmetry_axes
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.metrics.object_pose import (
    add_mm,
    add_s_mm,
    auc,
    moved,
    object_rotation_deg,
    object_translation_mm,
)
from hoi_platform_tests.hoi_samples import box_mesh, object_path

TRUTH = object_path(4, (0.3, 0.1, 0.9))
BOX = TriangleMesh(*box_mesh((0.3, 0.2, 0.1)))
POINTS = BOX.sample_surface(20000, np.random.default_rng(0))[0]
Z = np.array([0.0, 0.0, 1.0])


def _axis(axis: np.ndarray, order: int) -> SymmetryAxis:
    return SymmetryAxis(axis, order, np.zeros(3))


def _turned(axis: np.ndarray, angle: float) -> np.ndarray:
    return TRUTH @ rigid(matrix_from_axis_angle(angle * axis), np.zeros(3))


def test_pure_translation() -> None:
    """ADD and the translation error of a shift d are |d|, the rotation error is zero."""
    shifted = TRUTH.copy()
    shifted[:, :3, 3] += [0.003, 0.0, -0.004]
    np.testing.assert_allclose(add_mm(shifted, TRUTH, POINTS), 5)
    np.testing.assert_allclose(object_translation_mm(shifted, TRUTH, np.ones(3)), 5)
    np.testing.assert_allclose(object_rotation_deg(shifted, TRUTH), 0, atol=1e-6)
    assert (add_s_mm(shifted, TRUTH, POINTS) <= 5).all()


def test_pure_rotation() -> None:
    """The rotation error is not the geodesic angle in degrees, or moves the object's center."""
    turned = _turned(np.array([0.6, 0.0, 0.8]), np.radians(30))
    np.testing.assert_allclose(object_rotation_deg(turned, TRUTH), 30)
    np.testing.assert_allclose(object_translation_mm(turned, TRUTH, np.zeros(3)), 0, atol=1e-9)
    # A turn by θ about z moves a point at radius r by 2 r sin(θ/2).
    ring = np.array([[0.1, 0, 0], [0, 0.1, 0.05], [-0.1, 0, 0]])
    expected = 2 * 100 * np.sin(np.radians(15))
    np.testing.assert_allclose(add_mm(_turned(Z, np.radians(30)), TRUTH, ring), expected)


def test_equal_poses_have_no_error() -> None:
    """ADD-S would have a floor even for the perfect result."""
    np.testing.assert_allclose(add_s_mm(TRUTH, TRUTH, POINTS), 0, atol=1e-6)


def test_turn_about_a_continuous_axis_is_no_error() -> None:
    """A bottle turned about its axis looks the same: any angle has zero rotation error, ADD-S."""
    angle = np.linspace(0, 2 * np.pi, 181)[:-1]
    ring = 0.05 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    can = np.concatenate([ring + np.array([0, 0, z]) for z in np.linspace(-0.06, 0.06, 25)])
    turned = _turned(Z, np.radians(34))  # a multiple of 2°, the spacing of the ring
    axes = [_axis(Z, CONTINUOUS)]
    np.testing.assert_allclose(object_rotation_deg(turned, TRUTH, axes), 0, atol=1e-6)
    np.testing.assert_allclose(add_s_mm(turned, TRUTH, can, sources=len(can)), 0, atol=1e-6)
    assert (add_mm(turned, TRUTH, can) > 20).all()
    # What is left after the best turn is the tilt of the axis alone.
    tilted = turned @ rigid(matrix_from_axis_angle(np.array([np.radians(7), 0, 0])), np.zeros(3))
    np.testing.assert_allclose(object_rotation_deg(tilted, TRUTH, axes), 7, atol=1e-6)


def test_a_flipped_cylinder_is_no_error() -> None:
    """With an axis of order 2 across a continuous one, upside down is right as well."""
    axes = [_axis(Z, CONTINUOUS), _axis(np.array([1.0, 0, 0]), 2)]
    flipped = _turned(np.array([np.cos(0.7), np.sin(0.7), 0]), np.pi)
    np.testing.assert_allclose(object_rotation_deg(flipped, TRUTH, axes), 0, atol=1e-5)
    np.testing.assert_allclose(object_rotation_deg(flipped, TRUTH, axes[:1]), 180, atol=1e-5)


def test_symmetries_of_a_box_are_found_and_used() -> None:
    """Half a turn of a box would be a 180° error; a quarter turn would be none."""
    axes = symmetry_axes(BOX)
    half, quarter = _turned(Z, np.pi), _turned(Z, np.pi / 2)
    np.testing.assert_allclose(object_rotation_deg(half, TRUTH, axes), 0, atol=1e-4)
    np.testing.assert_allclose(object_rotation_deg(quarter, TRUTH, axes), 90, atol=1e-4)
    spacing_mm = 1000 * np.sqrt(BOX.areas.sum() / len(POINTS))
    assert (add_s_mm(half, TRUTH, POINTS) < spacing_mm).all()


def test_a_sphere_has_no_rotation_error() -> None:
    """Two continuous axes generate every rotation."""
    axes = [_axis(axis, CONTINUOUS) for axis in np.eye(3)]
    turned = _turned(np.array([0.6, 0.0, 0.8]), 1.0)
    np.testing.assert_array_equal(object_rotation_deg(turned, TRUTH, axes), 0)


def test_auc_is_the_area_under_the_curve() -> None:
    """The closed form would not equal the integral of the share of accepted frames."""
    errors = np.array([0.0, 10.0, 50.0, 99.0, 400.0])
    thresholds = np.linspace(0, 100, 100001)
    curve = (errors[None] <= thresholds[:, None]).mean(axis=1)
    assert auc(errors) == pytest.approx(curve.mean(), abs=1e-4)
    assert auc(np.zeros(3)) == 1.0


def test_moved_frames_are_those_off_the_first_pose() -> None:
    """Frames in which the object rests, where its pose is known, would flatter the figures."""
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[1, 0, 3] = 0.004
    poses[2, 0, 3] = 0.006
    poses[3, :3, :3] = matrix_from_axis_angle(np.radians(1.5) * Z)
    poses[4, :3, :3] = matrix_from_axis_angle(np.radians(2.5) * Z)
    assert moved(poses).tolist() == [False, False, True, False, True]
