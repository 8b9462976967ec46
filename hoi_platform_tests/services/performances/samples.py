"""Performances without planning: the person moves, the object rests."""

import numpy as np

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.cues.finger_tips import finger_tip_vertices
from hoi_platform.core.formats.performance import StoredPerformance
from hoi_platform.core.scene.spec import SceneSpec


def stored_performance(motion: BodyMotion, body: BodyModel, spec: SceneSpec) -> StoredPerformance:
    """The left hand holds from the second frame on."""
    tips, count = finger_tip_vertices(body), len(motion)
    contact = np.zeros((count, 2), bool)
    contact[1:, 0] = True
    return StoredPerformance(
        motion=motion,
        Ts_world_object=np.repeat(spec.T_world_object_array()[None], count, axis=0),
        contact=contact,
        finger_tips=motion.vertices(body)[:, tips],
        finger_tip_vertices=tips,
        phases=(("stand", 0.0, 0.04), ("show", 0.04, count / motion.fps)),
    )
