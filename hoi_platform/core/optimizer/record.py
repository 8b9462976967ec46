"""From the optimizer's result to the clip's record."""

from typing import Any, Final

import numpy as np

from hoi_platform.core.formats.contact_record import (
    ContactRecord,
    contact_points,
    hand_vertices,
)
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.optimizer.interface import HoiResult, OptimizerInput

_SURFACE_POINTS: Final = 1000
"""Points on the object's surface of which those in contact are stored; chosen."""


def hoi_data_of(
    result: HoiResult, observation: OptimizerInput, meta: dict[str, Any], seed: int
) -> HoiData:
    """The raw record in the world of the clip's scene; ``seed`` draws the contact points."""
    body, contacts, spec = observation.body, observation.contacts, observation.spec
    left, right = hand_vertices(body)
    points, _ = observation.mesh.sample_surface(_SURFACE_POINTS, np.random.default_rng(seed))
    hands = (
        result.motion.vertices(body.subset(left)),
        result.motion.vertices(body.subset(right)),
    )
    return HoiData.of(
        body,
        result.motion,
        Ts_world_object=result.Ts_world_object,
        obj_scale=np.array(spec.object_scale),
        contact_points=contact_points(hands, points, result.Ts_world_object),
        contact=ContactRecord(
            tuple(tuple(joints) for joints in contacts.joints),
            contacts.interval,
            contacts.start_frame,
            contacts.hands,
            contacts.confidence,
        ),
        joint_confidence=observation.human.joint_confidence,
        supports=tuple(spec.supports),
        meta=meta,
        eval_data=result.eval_data,
    )
