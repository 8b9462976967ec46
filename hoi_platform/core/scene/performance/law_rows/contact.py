"""Body, object and supports do not share space, and a hand that holds the object touches it."""

from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.surface_distance import SurfaceDistance
from hoi_platform.core.scene.performance.laws import Candidate, Law
from hoi_platform.core.scene.performance.skinned import GRIP_M, SkinnedAnimation

PENETRATION_M: Final = 0.008
"""Meters of body in object or support, and of object in support, at most; chosen: skin is soft."""
SELF_PENETRATION_M: Final = 0.015
"""Meters of an arm in the trunk, at most; chosen: both are soft, and clothed."""

_NEAR_M: Final = 0.08
"""Meters beyond which an arm is not in the trunk, nor the skin's patch at the object; chosen: a
forearm's thickness."""
_TOUCHING_M: Final = 0.01
"""Meters between body and object within which one may be in the other; chosen."""
_ESTIMATED_STEP: Final = 4
"""Frames from one to the next of which an estimate is made; chosen: a quarter of the work."""
_ESTIMATE_ERROR_M: Final = 0.01
"""Meters by which an estimate from the nearest vertex may be too large; chosen: where skin is
bent most, vertices are 1 cm apart."""


def _grip_gap(candidate: Candidate) -> float:
    distance = candidate.skinned.hand_distance()
    return max((distance[h.frames, h.side].max(initial=0) for h in candidate.holds), default=0.0)


def self_penetration(skinned: SkinnedAnimation) -> float:
    """Deepest point of forearms and hands below the skin of trunk, head and thighs (m).

    Of a complete sample it is exact and of every frame, of a sparse one an estimate.
    """
    faces = skinned.sample.trunk_faces
    if faces is None:
        frames = range(0, len(skinned.vertices), _ESTIMATED_STEP)
        return max(float(-_from_nearest_vertex(skinned, t)[1].min(initial=0.0)) for t in frames)
    deepest = 0.0
    for t in range(len(skinned.vertices)):
        arms, distance = _from_nearest_vertex(skinned, t)
        below = arms[distance < _ESTIMATE_ERROR_M]
        if len(below):
            trunk = SurfaceDistance(TriangleMesh(skinned.vertices[t], faces))
            deepest = max(deepest, float(-trunk.distance(below).min()))
    return deepest


def object_in_body(candidate: Candidate) -> float:
    """Deepest point of the object below the skin (m), in frames in which they touch; thin parts
    may be in a hand without a vertex of it in them.

    Of a sparse sample, which has no skin, it is 0.
    """
    skinned, faces = candidate.skinned, candidate.skinned.sample.body.faces
    deepest = 0.0
    for t in (
        np.flatnonzero(skinned.object_distance.min(axis=1) < _TOUCHING_M) if len(faces) else ()
    ):
        points, skin = candidate.object_points[t], skinned.vertices[t]
        low, high = points.min(axis=0) - _NEAR_M, points.max(axis=0) + _NEAR_M
        near = ((skin > low) & (skin < high)).all(axis=1)
        patch = TriangleMesh(skin, faces[near[faces].all(axis=1)])
        deepest = max(deepest, float(-SurfaceDistance(patch).distance(points).min()))
    return deepest


def _from_nearest_vertex(skinned: SkinnedAnimation, t: int) -> tuple[Array, Array]:
    """Points (N, 3) of the arms that are near the trunk, and estimates (N,) of their distances
    (m): along the normal of the nearest vertex, negative below the skin."""
    from scipy.spatial import cKDTree

    vertices, sample = skinned.vertices[t], skinned.sample
    skin, arms = vertices[sample.trunk], vertices[sample.arms]
    distance, nearest = cKDTree(skin).query(arms, distance_upper_bound=_NEAR_M)
    near = np.isfinite(distance)
    points, at = arms[near], nearest[near]
    return points, ((points - skin[at]) * skinned.normals[t, sample.trunk][at]).sum(axis=-1)


LAWS = (
    Law(
        "body in a support",
        PENETRATION_M,
        "m",
        lambda candidate: float(-candidate.support_distance(candidate.skinned.vertices).min()),
    ),
    Law(
        "body in object",
        PENETRATION_M,
        "m",
        lambda candidate: float(-candidate.skinned.object_distance.min()),
    ),
    Law("object in body", PENETRATION_M, "m", object_in_body),
    Law(
        "object in a support",
        PENETRATION_M,
        "m",
        lambda candidate: float(-candidate.support_distance(candidate.object_points).min()),
    ),
    Law(
        "arm in trunk",
        SELF_PENETRATION_M,
        "m",
        lambda candidate: self_penetration(candidate.skinned),
    ),
    Law("grip gap", GRIP_M, "m", _grip_gap),
)
