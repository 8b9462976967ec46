"""``hoi_data.pkl``: the reference's dictionary, for its downstream tools.

It holds only plain containers, numbers, strings and numpy arrays. Where the reference's reading
script (``object_data``) and its code (``obj_data``) differ, both are written. Beyond the
reference's keys there are ``joint_confidence``, ``rest_joints``, ``joint_names`` and the poses of
jaw and eyes, so that the motion can be replayed without a licensed body model: rotate about the
pelvis, then add ``trans``.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT_NAMES, NUM_BODY_JOINTS, NUM_JOINTS, PARENTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, check_arrays
from hoi_platform.core.formats.contact_record import (
    HANDS,
    ContactPoints,
    ContactRecord,
    HandContact,
)
from hoi_platform.core.formats.foreign_pickle import load_foreign_pickle
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.parts import BoxSpec, table_of

PROTOCOL: Final = 4
"""Pickle protocol; chosen: 5 needs Python 3.8, and simulators' environments are often older."""

# Key of human_data → its joints among the 55.
_POSE_KEYS: Final = {
    "poses": slice(0, NUM_BODY_JOINTS),
    "jaw_pose": slice(22, 23),
    "leye_pose": slice(23, 24),
    "reye_pose": slice(24, 25),
    "left_hand_pose": slice(25, 40),
    "right_hand_pose": slice(40, 55),
}

_HUMAN_SCHEMA: Final = (
    ArraySpec("trans", ("T", 3), finite=True),
    *(
        ArraySpec(key, ("T", 3 * (joints.stop - joints.start)), finite=True)
        for key, joints in _POSE_KEYS.items()
    ),
    ArraySpec("betas", ("B",), finite=True),
    ArraySpec("scale", (), finite=True),
    ArraySpec("joints", ("T", NUM_JOINTS, 3), finite=True),
    ArraySpec("rest_joints", (NUM_JOINTS, 3), finite=True),
)
_OBJECT_SCHEMA: Final = (
    ArraySpec("obj_R", ("T", 3, 3), finite=True),
    ArraySpec("obj_t", ("T", 3), finite=True),
    ArraySpec("obj_scale", (3,), finite=True),
)

_DERIVED_META: Final = ("fps", "num_frames", "inter_start_idx", "inter_end_idx")


def to_reference(data: HoiData) -> dict[str, Any]:
    """The reference's dictionary. Raises BadInputError when joints and pose disagree."""
    data.check_kinematics()
    table = table_of(data.supports)
    return {
        "human_data": _human(data),
        "obj_data": {
            "obj_R": data.Ts_world_object[:, :3, :3].copy(),
            "obj_t": data.Ts_world_object[:, :3, 3].copy(),
            "obj_scale": data.obj_scale,
            "obj_contact_points": {
                hand: getattr(data.contact_points, hand).by_frame() for hand in HANDS
            },
        },
        "object_data": {"object_poses": data.Ts_world_object},
        "meta": dict(data.meta) | _derived_meta(data),
        "eval_data": dict(data.eval_data),
        "scene_data": {} if table is None else {"table": _reference_box(table)},
        "contact": data.contact.to_reference(),
    }


def _derived_meta(data: HoiData) -> dict[str, float | int]:
    """The interaction is frames ``inter_start_idx`` up to, not including, ``inter_end_idx``."""
    touching = np.flatnonzero(data.contact.hands.any(axis=1))
    start, end = (int(touching[0]), int(touching[-1]) + 1) if touching.size else (len(data),) * 2
    values = (data.motion.fps, len(data), start, end)
    return dict(zip(_DERIVED_META, values, strict=True))


def write_hoi_pickle(data: HoiData, path: Path) -> None:
    """Write the reference's ``hoi_data.pkl``."""
    path.write_bytes(pickle.dumps(to_reference(data), protocol=PROTOCOL))


def read_hoi_pickle(path: Path) -> HoiData:
    """Read a ``hoi_data.pkl`` from anywhere. Raises BadInputError that names what is wrong."""
    return from_reference(load_foreign_pickle(path), str(path))


def from_reference(content: Any, source: str = "hoi_data.pkl") -> HoiData:
    """The inverse of ``to_reference``; raises BadInputError that names what is wrong."""
    human = check_arrays(
        f"{source}: human_data", _table(content, "human_data", source), _HUMAN_SCHEMA
    )
    meta, contact = (_table(content, key, source) for key in ("meta", "contact"))
    objects = _table(content, "obj_data", source)
    pose = check_arrays(f"{source}: obj_data", objects, _OBJECT_SCHEMA)
    poses = np.concatenate([human[key] for key in _POSE_KEYS], axis=1)
    left, right = (
        HandContact.from_frames(objects.get("obj_contact_points", {}).get(hand, {}))
        for hand in HANDS
    )
    return HoiData(
        motion=BodyMotion.from_axis_angle(poses, human["trans"], float(meta.get("fps", 24.0))),
        rest_joints=human["rest_joints"],
        joints=human["joints"],
        Ts_world_object=rigid(pose["obj_R"], pose["obj_t"]),
        obj_scale=pose["obj_scale"],
        contact_points=ContactPoints(left, right),
        contact=_contact(contact, len(poses)),
        joint_confidence=_table(content, "human_data", source).get("joint_confidence"),
        betas=human["betas"],
        scale=float(human["scale"]),
        supports=_supports(_table(content, "scene_data", source)),
        meta={key: value for key, value in meta.items() if key not in _DERIVED_META},
        eval_data=dict(_table(content, "eval_data", source)),
    )


def _human(data: HoiData) -> dict[str, Any]:
    poses = data.motion.axis_angle
    return {
        **{key: _flat(poses[:, joints]) for key, joints in _POSE_KEYS.items()},
        "trans": data.motion.translation,
        "betas": data.betas,
        "scale": data.scale,
        "joints": data.joints,
        "rest_joints": data.rest_joints,
        "joint_names": list(JOINT_NAMES),
        "parents": list(PARENTS),
        **({} if data.joint_confidence is None else {"joint_confidence": data.joint_confidence}),
    }


def _flat(poses: Array) -> Array:
    return np.ascontiguousarray(poses.reshape(len(poses), -1))


def _table(content: Any, key: str, source: str) -> Mapping[str, Any]:
    if not isinstance(content, dict) or not isinstance(content.get(key), dict):
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise BadInputError(f"{source} has no dictionary {key!r}; found {found}")
    table: dict[str, Any] = content[key]
    return table


def _contact(contact: Mapping[str, Any], frames: int) -> ContactRecord:
    return ContactRecord(
        tuple(tuple(joints) for joints in contact.get("contact_labels", ())),
        int(contact.get("contact_interval", 8)),
        int(contact.get("contact_start_idx", 0)),
        np.asarray(contact.get("hands", np.zeros((frames, 2))), dtype=bool),
        contact.get("confidence"),
    )


def _reference_box(table: BoxSpec) -> dict[str, Array]:
    """The reference's boxes lie along the axes: the bounds of one that is turned."""
    if table.R_world_part is None:
        return {"pos": np.array(table.pos), "size": np.array(table.size)}
    low, high = table.shape().surface().bounds
    return {"pos": (low + high) / 2, "size": high - low}


def _supports(scene: Mapping[str, Any]) -> tuple[BoxSpec, ...]:
    if "table" not in scene:
        return ()
    pos, size = (np.asarray(scene["table"][key], float).tolist() for key in ("pos", "size"))
    return (BoxSpec(pos=pos, size=size, name="table"),)
