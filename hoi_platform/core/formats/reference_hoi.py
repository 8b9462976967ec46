"""``hoi_data.pkl`` as GRAIL writes it: no rest joints, which its body model's files hold.

They follow from what is stored. A joint lies at a constant place in the frame of its parent, and
global rotations follow from the local ones alone, so that poses and joints of a few frames give
every offset; that they agree over all frames shows that both are understood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS, NUM_JOINTS, PARENTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, check_arrays
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord, HandContact
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.parts import BoxSpec

FPS: Final = 24.0
"""Frames per second of a file that states none; GRAIL's loader assumes it."""
_MOST_FPS: Final = 1000.0
"""Frames per second beyond which a file is not believed; chosen."""
_AGREE_M: Final = 1e-3
"""Largest deviation of a joint from its constant place in its parent's frame (m); chosen: far above
float32's rounding, below anything visible."""
_HANDS: Final = ("left_hand", "right_hand")
_LABEL_FRAMES: Final = 8
"""Frames per interval of contact labels; GRAIL's."""

_HUMAN: Final = (
    ArraySpec("poses", ("T", 3 * NUM_BODY_JOINTS), finite=True),
    ArraySpec("left_hand_pose", ("T", 45), finite=True),
    ArraySpec("right_hand_pose", ("T", 45), finite=True),
    ArraySpec("joints", ("T", "J", 3), finite=True),
)
_OBJECT: Final = (
    ArraySpec("obj_R", ("T", 3, 3), finite=True),
    ArraySpec("obj_t", ("T", 3), finite=True),
)


@dataclass(frozen=True)
class ReferenceHoi:
    """What a foreign file holds, and whether its fingers could be understood."""

    data: HoiData
    hands_known: bool
    """False where the finger poses are coefficients of the body model's own files: the fingers
    then keep their mean shape."""


def read_reference(content: Any, source: str) -> ReferenceHoi:
    """Raises BadInputError, which names what is absent or does not agree."""
    try:
        return _read(content, source)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise BadInputError(f"{source} is not as the reference writes it: {error!r}") from error


def _read(content: Any, source: str) -> ReferenceHoi:
    human, objects = (_table(content, key, source) for key in ("human_data", "obj_data"))
    arrays = check_arrays(f"{source}: human_data", human, _HUMAN)
    pose = check_arrays(f"{source}: obj_data", objects, _OBJECT)
    T = len(arrays["poses"])
    if len(pose["obj_t"]) != T or arrays["joints"].shape[1] < NUM_JOINTS or T == 0:
        raise BadInputError(
            f"{source} has {T} frames of the person, {len(pose['obj_t'])} of the object and "
            f"{arrays['joints'].shape[1]} joints; the same number of frames and at least "
            f"{NUM_JOINTS} joints are needed"
        )
    meta = content.get("meta") if isinstance(content.get("meta"), dict) else {}
    fps, joints = float(meta.get("fps", FPS)), arrays["joints"][:, :NUM_JOINTS]
    if not 0 < fps < _MOST_FPS:
        raise BadInputError(f"{source} has {fps} frames per second; allowed are 0 to {_MOST_FPS}")
    motion = BodyMotion.from_axis_angle(_poses(arrays), joints[:, 0], fps)
    motion, rest, hands_known = _with_rest(motion, joints, source)
    skeleton = _skeleton(motion, rest)
    points = _points(objects)
    data = HoiData(
        motion=motion,
        rest_joints=rest,
        joints=skeleton,
        Ts_world_object=rigid(pose["obj_R"], pose["obj_t"]),
        obj_scale=_scale(objects),
        contact_points=points,
        contact=_contact(content.get("contact"), points, T),
        supports=_supports(content.get("scene_data")),
        eval_data=_numbers(content.get("eval_data")),
    )
    return ReferenceHoi(data, hands_known)


def _poses(arrays: Mapping[str, Array]) -> Array:
    """(T, 165): body, then jaw and eyes at rest, then the hands."""
    face = np.zeros((len(arrays["poses"]), 9))
    parts = arrays["poses"], face, arrays["left_hand_pose"], arrays["right_hand_pose"]
    return np.concatenate(parts, axis=1)


def _with_rest(motion: BodyMotion, joints: Array, source: str) -> tuple[BodyMotion, Array, bool]:
    """The motion, its rest joints, and whether the poses of the fingers explain the joints."""
    offsets, deviation = _offsets(motion.rotations, joints)
    worst = float(deviation[:NUM_BODY_JOINTS].max())
    if worst > _AGREE_M:
        raise BadInputError(
            f"{source}: joints lie up to {1000 * worst:.3g} mm from where the poses put them; "
            f"allowed are {1000 * _AGREE_M:g} mm. Its poses are not those of SMPL-X in axis-angle"
        )
    hands_known = bool(deviation[NUM_BODY_JOINTS:].max() <= _AGREE_M)
    if not hands_known:
        rotations = motion.rotations.copy()
        rotations[:, NUM_BODY_JOINTS:] = np.eye(3)
        motion = BodyMotion(rotations, motion.translation, motion.fps)
        offsets, _ = _offsets(rotations, joints)
    rest = np.zeros((NUM_JOINTS, 3))
    for joint, parent in enumerate(PARENTS[1:], 1):
        rest[joint] = rest[parent] + offsets[joint]
    return motion, rest, hands_known


def _offsets(rotations: Array, joints: Array) -> tuple[Array, Array]:
    """Mean place (55, 3) of each joint in its parent's frame, and its largest deviation (55,)."""
    world = [rotations[:, 0]]
    places = np.zeros_like(joints)
    for joint, parent in enumerate(PARENTS[1:], 1):
        across = joints[:, joint] - joints[:, parent]
        places[:, joint] = np.einsum("tji,tj->ti", world[parent], across)
        world.append(world[parent] @ rotations[:, joint])
    mean = places.mean(axis=0)
    return mean, np.linalg.norm(places - mean, axis=-1).max(axis=0)


def _skeleton(motion: BodyMotion, rest: Array) -> Array:
    """(T, 55, 3) joints of the motion on these rest joints."""
    found = np.zeros((len(motion), NUM_JOINTS, 3))
    found[:, 0] = motion.translation
    world = [motion.rotations[:, 0]]
    for joint, parent in enumerate(PARENTS[1:], 1):
        found[:, joint] = found[:, parent] + world[parent] @ (rest[joint] - rest[parent])
        world.append(world[parent] @ motion.rotations[:, joint])
    return found


def _table(content: Any, key: str, source: str) -> Mapping[str, Any]:
    if not isinstance(content, dict) or not isinstance(content.get(key), dict):
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise BadInputError(f"{source} has no dictionary {key!r}; found {found}")
    table: dict[str, Any] = content[key]
    return table


def _scale(objects: Mapping[str, Any]) -> Array:
    scale = np.asarray(objects.get("obj_scale", 1.0), float).reshape(-1)
    return np.broadcast_to(scale, (3,)).copy() if scale.size in (1, 3) else np.ones(3)


def _points(objects: Mapping[str, Any]) -> ContactPoints:
    by_hand = objects.get("obj_contact_points") or {}
    left, right = (HandContact.from_frames(by_hand.get(hand) or {}) for hand in _HANDS)
    return ContactPoints(left, right)


def _contact(contact: Any, points: ContactPoints, frames: int) -> ContactRecord:
    """Labels where the file has them; a hand touches in the frames in which it has points."""
    table = contact if isinstance(contact, dict) else {}
    hands = np.zeros((frames, 2), bool)
    for side, hand in enumerate((points.left_hand, points.right_hand)):
        inside = (hand.frames >= 0) & (hand.frames < frames)
        hands[hand.frames[inside], side] = True
    return ContactRecord(
        tuple(tuple(map(str, joints)) for joints in table.get("contact_labels") or ()),
        int(table.get("contact_interval", _LABEL_FRAMES)),
        int(table.get("contact_start_idx", 0)),
        hands,
    )


def _supports(scene: Any) -> tuple[BoxSpec, ...]:
    table = scene.get("table") if isinstance(scene, dict) else None
    if not isinstance(table, dict):
        return ()
    pos, size = (np.asarray(table[key], float).reshape(3).tolist() for key in ("pos", "size"))
    return (BoxSpec(pos=pos, size=size, name="table"),)


def _numbers(values: Any) -> dict[str, float]:
    """The terms of the optimizer that are single numbers."""
    table = values if isinstance(values, dict) else {}
    single = {str(key): np.asarray(value) for key, value in table.items()}
    return {k: float(v) for k, v in single.items() if v.size == 1 and v.dtype.kind in "fiu"}
