"""Body, object and supports do not share space, and a hand that holds touches."""

from typing import Final

import numpy as np

from hoi_platform.core.scene.performance.laws import Act, Law
from hoi_platform.core.scene.performance.measured import GRIP_M, Measured

PENETRATION_M: Final = 0.008
SELF_PENETRATION_M: Final = 0.015


def _grip_gap(act: Act) -> float:
    distance = act.measured.hand_distance()
    return max((distance[h.frames, h.side].max(initial=0) for h in act.holds), default=0.0)


def self_penetration(measured: Measured, every: int = 4) -> float:
    """Deepest point of forearms and hands below the skin of trunk, head and thighs (m)."""
    from scipy.spatial import cKDTree

    deepest = 0.0
    witness = measured.witness
    for frame in range(0, len(measured.vertices), every):
        skin = measured.vertices[frame, witness.trunk]
        points = measured.vertices[frame, witness.arms]
        distance, nearest = cKDTree(skin).query(points, distance_upper_bound=0.08)
        near = np.isfinite(distance)
        offset = points[near] - skin[nearest[near]]
        normal = measured.normals[frame, witness.trunk][nearest[near]]
        deepest = max(deepest, float((-(offset * normal).sum(-1)).max(initial=0.0)))
    return deepest


LAWS = (
    Law(
        "body in a support",
        PENETRATION_M,
        "m",
        lambda act: float(-act.support_distance(act.measured.vertices).min()),
    ),
    Law(
        "body in object", PENETRATION_M, "m", lambda act: float(-act.measured.object_distance.min())
    ),
    Law(
        "object in a support",
        PENETRATION_M,
        "m",
        lambda act: float(-act.support_distance(act.object_points).min()),
    ),
    Law("arm in trunk", SELF_PENETRATION_M, "m", lambda act: self_penetration(act.measured)),
    Law("grip gap", GRIP_M, "m", _grip_gap),
)
