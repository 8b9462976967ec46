"""Errors of 6-DoF object poses, one value per frame.

Poses are (T, 4, 4) object to world. ``points`` (N, 3) are samples of the object's surface in its
own frame, in meters.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hoi_platform.core.geometry.rotations import Array, rotation_angle
from hoi_platform.core.geometry.symmetry import SymmetryAxis
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.metrics.symmetric_rotation import symmetric_rotation_angle

AUC_LIMIT_MM: Final = 100.0
_MOVED_M: Final = 0.005
_MOVED_RAD: Final = np.deg2rad(2.0)


def moved(poses: Array) -> NDArray[np.bool_]:
    """(T,) frames in which the object is more than 5 mm or 2° from its first pose.

    While it rests its pose is known from the scene: errors over these frames say what tracking and
    optimization achieve.
    """
    shift = np.linalg.norm(poses[:, :3, 3] - poses[0, :3, 3], axis=-1)
    return (shift > _MOVED_M) | (rotation_angle(poses[:1, :3, :3], poses[:, :3, :3]) > _MOVED_RAD)


def object_translation_mm(predicted: Array, truth: Array, center: Array) -> Array:
    """(T,) distance between the two positions of ``center`` (3,), a point of the object.

    With the centroid of the surface the value does not depend on where the mesh has its origin,
    nor on which of a symmetric object's equal poses was found.
    """
    difference = transform_points(predicted, center[None]) - transform_points(truth, center[None])
    return 1000 * np.linalg.norm(difference[:, 0], axis=-1)


def object_rotation_deg(predicted: Array, truth: Array, axes: Sequence[SymmetryAxis] = ()) -> Array:
    """(T,) geodesic angle to the nearest of the poses that look like the true one."""
    return np.degrees(symmetric_rotation_angle(predicted[:, :3, :3], truth[:, :3, :3], axes))


def add_mm(predicted: Array, truth: Array, points: Array) -> Array:
    """(T,) ADD: mean distance of corresponding points (Hinterstoisser et al. 2012, eq. 7)."""
    difference = transform_points(predicted, points) - transform_points(truth, points)
    return 1000 * np.linalg.norm(difference, axis=-1).mean(axis=-1)


def add_s_mm(predicted: Array, truth: Array, points: Array, sources: int = 1000) -> Array:
    """(T,) ADD-S: mean distance to the nearest point (Hinterstoisser et al. 2012, eq. 8).

    From the first ``sources`` points at their true place to all points at the predicted one.
    Zero for equal poses; for poses that are equal only by a symmetry a floor remains of about
    half the spacing of the points, √(area / N) / 2.
    """
    relative = inverse(predicted) @ truth
    moved = transform_points(relative, points[:sources])
    distance, _ = cKDTree(points).query(moved.reshape(-1, 3), workers=1)
    return 1000 * distance.reshape(moved.shape[:2]).mean(axis=-1)


def auc(errors_mm: Array, limit_mm: float = AUC_LIMIT_MM) -> float:
    """Area under the curve accuracy(threshold) for thresholds from 0 to ``limit_mm``, in [0, 1].

    In closed form: each frame's error e is accepted by the thresholds above it, a share
    1 - e / limit of them (PoseCNN, Xiang et al. 2018, section IV).
    """
    return float(np.clip(1 - errors_mm / limit_mm, 0, 1).mean())
