"""Body, object and supports do not share space, and a hand that holds the object touches it."""

from typing import Final

import numpy as np

from hoi_platform.core.scene.performance.laws import Candidate, Law
from hoi_platform.core.scene.performance.skinned import GRIP_M, SkinnedAnimation

PENETRATION_M: Final = 0.008
"""Meters of body in object or support, and of object in support, at most; chosen: skin is soft."""
SELF_PENETRATION_M: Final = 0.015
"""Meters of an arm in the trunk, at most; chosen: both are soft, and clothed."""


def _grip_gap(candidate: Candidate) -> float:
    distance = candidate.skinned.hand_distance()
    return max((distance[h.frames, h.side].max(initial=0) for h in candidate.holds), default=0.0)


def self_penetration(skinned: SkinnedAnimation, every: int = 4) -> float:
    """Deepest point of forearms and hands below the skin of trunk, head and thighs (m)."""
    from scipy.spatial import cKDTree

    deepest = 0.0
    sample = skinned.sample
    for frame in range(0, len(skinned.vertices), every):
        skin = skinned.vertices[frame, sample.trunk]
        points = skinned.vertices[frame, sample.arms]
        distance, nearest = cKDTree(skin).query(points, distance_upper_bound=0.08)
        near = np.isfinite(distance)
        offset = points[near] - skin[nearest[near]]
        normal = skinned.normals[frame, sample.trunk][nearest[near]]
        deepest = max(deepest, float((-(offset * normal).sum(-1)).max(initial=0.0)))
    return deepest


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
