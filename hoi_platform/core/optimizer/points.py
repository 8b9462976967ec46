"""Fixed sample points on the body: few, even, denser on hands and soles."""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.formats.contact_record import hand_vertices

HAND_POINTS: Final = 120
"""Number per hand; chosen: about 8 mm apart on an adult's."""
SOLE_POINTS: Final = 16
"""Number per foot; chosen."""
SKIN_POINTS: Final = 480
"""Number on the rest of the body; chosen: about 6 cm apart on an adult's."""


class BodyPoints(NamedTuple):
    """Light bodies that carry only some vertices of the full one."""

    hands: BodyModel
    """The left hand's points, then as many of the right one."""
    soles: BodyModel
    """The left sole's points, then as many of the right one."""
    skin: BodyModel
    """Neither hands nor soles."""
    skin_vertices: NDArray[np.int64]
    """Indices of ``skin`` in the full body."""


def body_points(body: BodyModel) -> BodyPoints:
    """Choose the points; the same body always gets the same ones."""
    left, right = hand_vertices(body)
    soles = [_sole(body, side) for side in ("left", "right")]
    rest = np.setdiff1d(np.arange(len(body.rest_vertices)), np.concatenate([left, right, *soles]))
    hands = _equally_many(body.rest_vertices, [left, right], HAND_POINTS)
    feet = _equally_many(body.rest_vertices, soles, SOLE_POINTS)
    skin = rest[farthest_points(body.rest_vertices[rest], SKIN_POINTS)]
    return BodyPoints(body.subset(hands), body.subset(feet), body.subset(skin), skin)


def farthest_points(points: Float[Array, "N 3"], count: int) -> Int[Indices, " chosen"]:
    """Indices of up to ``count`` points, each as far as possible from those before it."""
    distance = np.full(len(points), np.inf)
    chosen = [0]
    for _ in range(min(count, len(points)) - 1):
        distance = np.minimum(distance, np.square(points - points[chosen[-1]]).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return np.array(chosen, dtype=np.int64)


def _equally_many(
    vertices: Array, groups: list[NDArray[np.int64]], count: int
) -> NDArray[np.int64]:
    count = min(count, *(len(group) for group in groups))
    return np.concatenate([group[farthest_points(vertices[group], count)] for group in groups])


def _sole(body: BodyModel, side: str) -> Int[Indices, " n"]:
    """Vertices of the foot within 1 % of the stature of its lowest one."""
    joints = [JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]]
    foot = np.flatnonzero(np.isin(body.vertex_joint, joints))
    height = body.rest_vertices[foot, 1]
    return foot[height < height.min() + 0.01 * body.height_m]
