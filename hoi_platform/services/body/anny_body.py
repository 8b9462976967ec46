"""Builds the neutral-skeleton body of a character from the Anny model (Apache-2.0, CC0 data).

Anny's 104 bones are merged into the 55 joints: skinning weights of merged bones add up, the
joint sits at the head of its first bone. The rest pose is then turned from Anny's A-pose into
the T-pose, so that axis-angles mean what they mean for SMPL-X.
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES, NUM_JOINTS, PARENTS
from hoi_platform.core.formats.array_schema import (
    ArraySpec,
    check_arrays,
    load_arrays,
    save_arrays,
)
from hoi_platform.core.geometry.rotations import rotation_between
from hoi_platform.services.native_log import (
    WARP_WITHOUT_A_GPU,
    has_nvidia_gpu,
    without_chatter,
)

# Joint → the Anny bones that it stands for; {s} is the side. Bones named nowhere (toes apart)
# fall to the joint of their nearest listed ancestor.
_CENTRAL: Final = {
    "pelvis": ("root", "spine05"),
    "spine1": ("spine04",),
    "spine2": ("spine03",),
    "spine3": ("spine02",),
    "neck": ("neck01",),
    "head": ("head",),
}
_SIDED: Final = {
    "hip": ("upperleg01.{s}",),
    "knee": ("lowerleg01.{s}",),
    "ankle": ("foot.{s}",),
    "foot": ("toe2-1.{s}", "toe1-1.{s}", "toe3-1.{s}", "toe4-1.{s}", "toe5-1.{s}"),
    "collar": ("clavicle.{s}",),
    "shoulder": ("upperarm01.{s}",),
    "elbow": ("lowerarm01.{s}",),
    "wrist": ("wrist.{s}",),
    "eye": ("eye.{s}",),
}
_SCHEMA: Final = (
    ArraySpec("name", (), "text"),
    ArraySpec("rest_vertices", ("V", 3), finite=True),
    ArraySpec("faces", ("F", 3), "int"),
    ArraySpec("rest_joints", (NUM_JOINTS, 3), finite=True),
    ArraySpec("weights", ("V", NUM_JOINTS), finite=True),
)
_FINGER_NUMBER: Final = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
"""Number of each finger in the names of Anny's bones."""

_LEFT, _DOWN = (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)
"""Directions that define the T-pose, as in SMPL-X's rest frame."""
_T_POSE: Final = {
    "left_shoulder": ("left_elbow", _LEFT),
    "left_elbow": ("left_wrist", _LEFT),
    "left_wrist": ("left_middle1", _LEFT),
    "left_hip": ("left_knee", _DOWN),
    "left_knee": ("left_ankle", _DOWN),
}
_R_rest_anny: Final = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From Anny's axes (+z up, facing -y) to the rest frame's (+y up, facing +z)."""


def build_anny_body(name: str, phenotype: dict[str, float], scale: float = 1.0) -> BodyModel:
    """The body of a phenotype (Anny's labels, each in [0, 1]), uniformly scaled.

    Takes about 5 s; ``load_character`` caches the result. Raises ValueError on an unknown label.
    """
    import warp
    from anny import Anny

    warp.config.log_level = warp.LOG_ERROR  # else it describes the machine in ten lines
    with without_chatter(() if has_nvidia_gpu() else WARP_WITHOUT_A_GPU):
        warp.init()
    model = Anny()
    if unknown := set(phenotype) - set(model.phenotype_labels):
        raise ValueError(
            f"character {name}: unknown phenotype {sorted(unknown)}; "
            f"Anny knows {list(model.phenotype_labels)}"
        )
    with torch.no_grad():
        posed = model(phenotype_kwargs=phenotype)
    bones = list(model.bone_labels)
    heads = posed["bone_poses"][0, :, :3, 3].numpy() @ _R_rest_anny.T
    vertices = posed["vertices"][0].numpy() @ _R_rest_anny.T
    bone_joint = _joint_of_bones(bones, list(model.bone_parents))
    joints = _joint_positions(bones, heads)
    weights = _merged_weights(
        model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy(), bone_joint
    )
    body = BodyModel(
        name,
        scale * (vertices - joints[0]),
        model.get_triangular_faces().numpy().astype(np.int64),
        scale * (joints - joints[0]),
        weights,
    )
    return _in_t_pose(body)


def _first_bones() -> dict[str, tuple[str, ...]]:
    table = dict(_CENTRAL)
    for side in ("left", "right"):
        letter = side[0].upper()
        for joint, bones in _SIDED.items():
            table[f"{side}_{joint}"] = tuple(b.format(s=letter) for b in bones)
        for finger, number in _FINGER_NUMBER.items():
            for i in (1, 2, 3):
                table[f"{side}_{finger}{i}"] = (f"finger{number}-{i}.{letter}",)
    return table


def _joint_of_bones(bones: list[str], parents: list[int]) -> np.ndarray:
    listed = {bone: JOINT[joint] for joint, names in _first_bones().items() for bone in names}
    # spine01 carries the collars, which hang on spine3.
    listed["spine01"] = JOINT["spine3"]
    result = np.zeros(len(bones), dtype=np.int64)
    for i, bone in enumerate(bones):
        result[i] = listed.get(bone, result[parents[i]])
    return result


def _joint_positions(bones: list[str], heads: Array) -> Array:
    joints = np.full((NUM_JOINTS, 3), np.nan)
    for joint, names in _first_bones().items():
        joints[JOINT[joint]] = heads[bones.index(names[0])]
    # Anny's rig has no jaw: the joint exists for SMPL-X's order, moves nothing, sits by the mouth.
    eyes = joints[[JOINT["left_eye"], JOINT["right_eye"]]].mean(axis=0)
    joints[JOINT["jaw"]] = (joints[JOINT["head"]] + eyes) / 2
    assert np.isfinite(joints).all(), [JOINT_NAMES[i] for i in np.where(np.isnan(joints))[0]]
    return joints


def _merged_weights(indices: Array, weights: Array, bone_joint: Array) -> Array:
    merged = np.zeros((len(indices), NUM_JOINTS))
    rows = np.repeat(np.arange(len(indices)), indices.shape[1])
    np.add.at(merged, (rows, bone_joint[indices].ravel()), weights.ravel())
    return merged / merged.sum(axis=1, keepdims=True)


def _in_t_pose(body: BodyModel) -> BodyModel:
    """Re-rest the body in the pose in which its limbs point along ``_T_POSE``."""
    mirrored = {
        joint.replace("left", "right"): (child.replace("left", "right"), (-x, y, z))
        for joint, (child, (x, y, z)) in _T_POSE.items()
    }
    targets = _T_POSE | mirrored
    R_world = np.tile(np.eye(3), (NUM_JOINTS, 1, 1))
    local = R_world.copy()
    for joint, parent in enumerate(PARENTS):
        inherited = R_world[parent] if parent >= 0 else np.eye(3)
        if target := targets.get(JOINT_NAMES[joint]):
            child, direction = JOINT[target[0]], np.array(target[1])
            limb = inherited @ (body.rest_joints[child] - body.rest_joints[joint])
            R_world[joint] = rotation_between(limb, direction) @ inherited
        else:
            R_world[joint] = inherited
        local[joint] = inherited.T @ R_world[joint]
    posed = body.pose(torch.as_tensor(local)[None], torch.zeros(1, 3, dtype=torch.float64))
    return BodyModel(
        body.name, body.skin(posed)[0].numpy(), body.faces, posed.joints[0].numpy(), body.weights
    )


def save_body(body: BodyModel, path: Path) -> None:
    """Store a body as a compressed npz (no pickle)."""
    save_arrays(
        path,
        name=np.array(body.name),
        rest_vertices=body.rest_vertices.astype(np.float32),
        faces=body.faces.astype(np.int32),
        rest_joints=body.rest_joints,
        weights=body.weights.astype(np.float32),
    )


def load_body(path: Path) -> BodyModel:
    """Read what ``save_body`` wrote. Raises BadInputError for another file."""
    data = check_arrays(str(path), load_arrays(path, "body"), _SCHEMA)
    return BodyModel(
        str(data["name"]),
        data["rest_vertices"],
        data["faces"],
        data["rest_joints"],
        data["weights"] / data["weights"].sum(axis=1, keepdims=True),
    )
