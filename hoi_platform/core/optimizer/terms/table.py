"""Which terms there are, what each needs to have been observed, and which parameters it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms import (
    contact,
    contact_smoothness,
    depth_pointcloud,
    ground,
    human_foot_contact,
    human_global_init_reg,
    human_pose_reg,
    human_smoothness,
    human_traj_reg,
    keypoint_tracking,
    obj_precontact_reg,
    obj_rot_reg,
    obj_smoothness,
    obj_traj_reg,
    penetration,
    verts_tracking,
)

TermFunction = Callable[[Prediction, Targets, Any], Tensor]


@dataclass(frozen=True)
class Term:
    """A term's function, the model of its parameters and its requirement."""

    function: TermFunction
    params: type[Config]
    missing: Callable[[Targets], str | None] = lambda targets: None
    """What the term needs and these targets lack; None when it can be computed."""
    moving_object: bool = False
    """The term judges the object's motion: it is left out where the object is static."""


def _no_masks(targets: Targets) -> str | None:
    return "the object has no mask in any frame" if targets.masks is None else None


def _no_depth(targets: Targets) -> str | None:
    none = targets.object_cloud is None and targets.human_cloud is None
    return (
        "no depth was measured on the object, nor any on the person but the body's own"
        if none
        else None
    )


def _no_contact(targets: Targets) -> str | None:
    return None if bool(targets.contact.hands.any()) else "no hand is in contact in any frame"


TERMS: Final[dict[str, Term]] = {
    "contact": Term(contact.contact, contact.ContactParams, _no_contact, True),
    "contact_smoothness": Term(
        contact_smoothness.contact_smoothness,
        contact_smoothness.ContactSmoothnessParams,
        _no_contact,
        True,
    ),
    "depth_pointcloud": Term(
        depth_pointcloud.depth_pointcloud, depth_pointcloud.DepthPointcloudParams, _no_depth
    ),
    "ground": Term(ground.ground, ground.GroundParams),
    "human_foot_contact": Term(
        human_foot_contact.human_foot_contact, human_foot_contact.HumanFootContactParams
    ),
    "human_global_init_reg": Term(
        human_global_init_reg.human_global_init_reg,
        human_global_init_reg.HumanGlobalInitRegParams,
    ),
    "human_pose_reg": Term(human_pose_reg.human_pose_reg, human_pose_reg.HumanPoseRegParams),
    "human_smoothness": Term(
        human_smoothness.human_smoothness, human_smoothness.HumanSmoothnessParams
    ),
    "human_traj_reg": Term(human_traj_reg.human_traj_reg, human_traj_reg.HumanTrajRegParams),
    "keypoint_tracking": Term(
        keypoint_tracking.keypoint_tracking, keypoint_tracking.KeypointTrackingParams
    ),
    "obj_precontact_reg": Term(
        obj_precontact_reg.obj_precontact_reg,
        obj_precontact_reg.ObjPrecontactRegParams,
        moving_object=True,
    ),
    "obj_rot_reg": Term(obj_rot_reg.obj_rot_reg, obj_rot_reg.ObjRotRegParams, moving_object=True),
    "obj_smoothness": Term(
        obj_smoothness.obj_smoothness, obj_smoothness.ObjSmoothnessParams, moving_object=True
    ),
    "obj_traj_reg": Term(
        obj_traj_reg.obj_traj_reg, obj_traj_reg.ObjTrajRegParams, moving_object=True
    ),
    "penetration": Term(penetration.penetration, penetration.PenetrationParams),
    "verts_tracking": Term(
        verts_tracking.verts_tracking,
        verts_tracking.VertsTrackingParams,
        _no_masks,
        moving_object=True,
    ),
}


def find_term(name: str, where: str) -> Term:
    """Raises ConfigError that names the nearest term."""
    if name in TERMS:
        return TERMS[name]
    close = get_close_matches(name, TERMS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(TERMS)}"
    raise ConfigError(f"{where}: unknown term {name!r}; {hint}")
