"""MediaPipe's pose and hand landmarks as points that ride on the skinned body.

Each landmark is a point of the rest pose with a row of skinning weights: a joint center (weights
shared by the two bones that meet there) or the mean of a few surface vertices. They are found by
rest-pose geometry and skinning weights alone, so any character and topology has them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.landmark_offsets import OFFSETS
from hoi_platform.core.body.model import BodyModel, Posed
from hoi_platform.core.body.skeleton import JOINT, NUM_JOINTS, PARENTS

# Pose landmark ({s} is the side) → the joint that it is centered on.
_POSE_JOINTS: Final = {
    "{s}_shoulder": "{s}_shoulder",
    "{s}_elbow": "{s}_elbow",
    "{s}_wrist": "{s}_wrist",
    "{s}_pinky": "{s}_pinky1",
    "{s}_index": "{s}_index1",
    "{s}_thumb": "{s}_thumb3",
    "{s}_hip": "{s}_hip",
    "{s}_knee": "{s}_knee",
    "{s}_ankle": "{s}_ankle",
}
_FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
_SIDES: Final = ("left", "right")


def _both_sides(*templates: str) -> tuple[str, ...]:
    return tuple(t.format(s=side) for t in templates for side in _SIDES)


def _hand_names(side: str) -> tuple[str, ...]:
    """The 21 landmarks of one hand in the order of MediaPipe's hand model."""
    names = [f"{side}_hand_wrist"]
    for finger in _FINGERS:
        knuckles = ("cmc", "mcp", "ip") if finger == "thumb" else ("mcp", "pip", "dip")
        names += [f"{side}_hand_{finger}_{part}" for part in (*knuckles, "tip")]
    return tuple(names)


POSE_KEYPOINTS: Final[tuple[str, ...]] = (
    "nose",
    *_both_sides("{s}_eye", "{s}_ear", "mouth_{s}"),
    *_both_sides(*_POSE_JOINTS),
    *_both_sides("{s}_heel", "{s}_foot_index"),
)
"""MediaPipe's pose landmarks that are used (all but the corners of the eyes), by its names."""

LEFT_HAND_KEYPOINTS: Final = _hand_names("left")
RIGHT_HAND_KEYPOINTS: Final = _hand_names("right")
KEYPOINT_NAMES: Final[tuple[str, ...]] = (
    *POSE_KEYPOINTS,
    *LEFT_HAND_KEYPOINTS,
    *RIGHT_HAND_KEYPOINTS,
)
KEYPOINT: Final[dict[str, int]] = {name: i for i, name in enumerate(KEYPOINT_NAMES)}
NUM_KEYPOINTS: Final = len(KEYPOINT_NAMES)


@dataclass(frozen=True)
class KeypointRegressor:
    """The landmarks of one body; ``points`` holds one virtual vertex per keypoint."""

    points: BodyModel

    def positions(self, posed: Posed) -> Float[Tensor, "T K 3"]:
        """World positions in the order of ``KEYPOINT_NAMES``; differentiable."""
        return self.points.skin(posed)


def keypoint_regressor(body: BodyModel, calibrated: bool = True) -> KeypointRegressor:
    """The landmarks of a body; ``calibrated`` adds the measured ``OFFSETS`` of MediaPipe."""
    anchors = {"nose": _nose(body)}
    for side in _SIDES:
        anchors |= _face(body, side) | _foot(body, side) | _hand(body, side)
        for landmark, joint in _POSE_JOINTS.items():
            anchors[landmark.format(s=side)] = _joint(body, joint.format(s=side))
    points = np.stack([anchors[name][0] for name in KEYPOINT_NAMES])
    weights = np.stack([anchors[name][1] for name in KEYPOINT_NAMES])
    if calibrated:
        points = points + body.height_m * np.array([_offset(name) for name in KEYPOINT_NAMES])
    no_faces = np.zeros((0, 3), dtype=np.int64)
    return KeypointRegressor(BodyModel(body.name, points, no_faces, body.rest_joints, weights))


_Anchor = tuple[Array, Array]  # a rest point (3,) and its skinning weights (55,)


def _offset(name: str) -> Float[Array, "3"]:
    """The measured offset in statures; the right side mirrors the left."""
    offset = np.array(OFFSETS.get(name.replace("right", "left"), (0.0, 0.0, 0.0)))
    return offset * [-1.0, 1.0, 1.0] if "right" in name else offset


def _joint(body: BodyModel, name: str) -> _Anchor:
    weights = np.zeros(NUM_JOINTS)
    joint = JOINT[name]
    weights[[joint, PARENTS[joint]]] = 0.5
    return body.rest_joints[joint], weights


def _surface(
    body: BodyModel, joints: tuple[str, ...], score: Float[Array, " V"], count: int = 3
) -> _Anchor:
    """The mean of the ``count`` vertices of some joints with the highest score."""
    mine = np.flatnonzero(np.isin(body.vertex_joint, [JOINT[j] for j in joints]))
    best = mine[np.argsort(score[mine])[-count:]]
    return body.rest_vertices[best].mean(axis=0), body.weights[best].mean(axis=0)


def _nearest(body: BodyModel, joints: tuple[str, ...], p: Array) -> _Anchor:
    """The foremost skin near a point of the frontal (x, y) plane."""
    across = np.linalg.norm(body.rest_vertices[:, :2] - p[:2], axis=1)
    return _surface(body, joints, 0.2 * body.rest_vertices[:, 2] - across)


def _nose(body: BodyModel) -> _Anchor:
    """The foremost vertices of the head on the midline, below the eyes."""
    v, eye = body.rest_vertices, body.rest_joints[JOINT["left_eye"]]
    off_midline = np.abs(v[:, 0]) > 0.3 * abs(eye[0])
    too_high_or_low = np.abs(v[:, 1] - eye[1] + 1.4 * abs(eye[0])) > 0.5 * abs(eye[0])
    return _surface(body, ("head",), v[:, 2] - 10.0 * (off_midline | too_high_or_low))


def _face(body: BodyModel, side: str) -> dict[str, _Anchor]:
    v, eye = body.rest_vertices, body.rest_joints[JOINT[f"{side}_eye"]]
    outward = v[:, 0] * np.sign(eye[0])
    # The face is scaled by half the distance of the eyes; the corner of the mouth lies 2.2 below.
    mouth = eye + abs(eye[0]) * np.array([-0.15 * np.sign(eye[0]), -2.25, 0.0])
    near_eye = np.abs(v[:, 1] - eye[1]) < abs(eye[0])
    return {
        f"{side}_eye": _surface(body, (f"{side}_eye",), v[:, 2]),
        f"{side}_ear": _surface(body, ("head",), outward - 10.0 * ~near_eye, count=8),
        f"mouth_{side}": _nearest(body, ("head",), mouth),
    }


def _foot(body: BodyModel, side: str) -> dict[str, _Anchor]:
    v = body.rest_vertices
    joints = (f"{side}_ankle", f"{side}_foot")
    low = v[:, 1] < body.rest_joints[[JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]], 1].mean()
    return {
        f"{side}_heel": _surface(body, joints, -v[:, 2] - 10.0 * ~low, count=6),
        f"{side}_foot_index": _surface(body, (f"{side}_foot",), v[:, 2], count=12),
    }


def _hand(body: BodyModel, side: str) -> dict[str, _Anchor]:
    """Knuckles are joints; a tip is the extreme of the last phalanx along its bone."""
    names = _hand_names(side)
    anchors = {names[0]: _joint(body, f"{side}_wrist")}
    for i, finger in enumerate(_FINGERS):
        joints = [f"{side}_{finger}{k}" for k in (1, 2, 3)]
        row = names[1 + 4 * i : 5 + 4 * i]
        anchors |= {name: _joint(body, joint) for name, joint in zip(row[:3], joints, strict=True)}
        bone = body.rest_joints[JOINT[joints[2]]] - body.rest_joints[JOINT[joints[1]]]
        anchors[row[3]] = _surface(body, (joints[2],), body.rest_vertices @ bone, count=4)
    return anchors
