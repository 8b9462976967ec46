"""One fixed vertex of the skin at the tip of each finger: the skeleton ends at the last knuckle."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT

FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
"""In the order of the usual 21 keypoints of a hand, which is not the skeleton's."""


def finger_tip_vertices(body: BodyModel) -> NDArray[np.int64]:
    """(2, 5) vertices of ``SIDES`` × ``FINGERS``.

    The one that lies furthest along the last bone of its finger at rest, of those that its last
    joint (``left_index3``) moves most.
    """
    return np.array([[_tip(body, f"{side}_{finger}") for finger in FINGERS] for side in SIDES])


def _tip(body: BodyModel, finger: str) -> int:
    before, last = JOINT[f"{finger}2"], JOINT[f"{finger}3"]
    bone = body.rest_joints[last] - body.rest_joints[before]
    mine = np.flatnonzero(body.vertex_joint == last)
    return int(mine[np.argmax(body.rest_vertices[mine] @ bone)])
