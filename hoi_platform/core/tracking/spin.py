"""Turns of the object that no image shows: they are kept at rest."""

from collections.abc import Iterable

import numpy as np

from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array, matrix_from_axis_angle
from hoi_platform.core.geometry.symmetry import CONTINUOUS, symmetry_axes
from hoi_platform.core.tracking.surface import TexturedSurface

_SAMPLES = 1500
_COLOR_TOLERANCE = 0.02
"""Mean linear RGB difference below which a turned texture looks the same."""
_ANGLES_DEG = (10.0, 25.0, 60.0, 130.0)
_SPIN_SIGMA = 0.003
"""How far (radians per frame) the object may turn about an axis that shows nothing."""


def unseen_axes(surface: TexturedSurface, rng: np.random.Generator) -> Array:
    """Unit axes (K, 3) of the object about which neither its shape nor its colors tell a turn."""
    mesh = TriangleMesh(surface.vertices, surface.faces.astype(np.int64))
    axes = [axis for axis in symmetry_axes(mesh) if axis.order == CONTINUOUS]
    if not axes:
        return np.zeros((0, 3))
    face_ids, bary = surface.sample(_SAMPLES, rng)
    points, colors = surface.positions(face_ids, bary), surface.albedo(face_ids, bary)
    plain = [axis.axis for axis in axes if _looks_alike(points - axis.point, colors, axis.axis)]
    return np.array(plain).reshape(-1, 3)


def _looks_alike(points: Array, colors: Array, axis: Array) -> bool:
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    floor = np.abs(colors - colors[tree.query(points, k=2)[1][:, 1]]).mean()
    for angle in np.radians(_ANGLES_DEG):
        nearest = tree.query(points @ matrix_from_axis_angle(axis * angle).T)[1]
        if np.abs(colors - colors[nearest]).mean() > floor + _COLOR_TOLERANCE:
            return False
    return True


def spin_information(axes: Array, R_cam_object: Array) -> Array:
    """(6, 6) information that holds the rotation about the given object axes (K, 3)."""
    information = np.zeros((6, 6))
    for axis in _in_camera(axes, R_cam_object):
        information[3:, 3:] += np.outer(axis, axis) / _SPIN_SIGMA**2
    return information


def without_spin(information: Array, axes: Array, R_cam_object: Array) -> Array:
    """An image's information (6, 6) less what it pretends to know about the given axes."""
    keep = np.eye(6)
    for axis in _in_camera(axes, R_cam_object):
        keep[3:, 3:] -= np.outer(axis, axis)
    return keep @ information @ keep


def _in_camera(axes: Array, R_cam_object: Array) -> Iterable[Array]:
    return np.linalg.qr((axes @ R_cam_object.T).T)[0].T if len(axes) else []
