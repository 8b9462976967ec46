"""The neutral skeleton of all results: SMPL-X joint names, order and parents."""

from typing import Final

_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")

_BODY: Final[tuple[tuple[str, str | None], ...]] = (
    ("pelvis", None),
    ("left_hip", "pelvis"),
    ("right_hip", "pelvis"),
    ("spine1", "pelvis"),
    ("left_knee", "left_hip"),
    ("right_knee", "right_hip"),
    ("spine2", "spine1"),
    ("left_ankle", "left_knee"),
    ("right_ankle", "right_knee"),
    ("spine3", "spine2"),
    ("left_foot", "left_ankle"),
    ("right_foot", "right_ankle"),
    ("neck", "spine3"),
    ("left_collar", "spine3"),
    ("right_collar", "spine3"),
    ("head", "neck"),
    ("left_shoulder", "left_collar"),
    ("right_shoulder", "right_collar"),
    ("left_elbow", "left_shoulder"),
    ("right_elbow", "right_shoulder"),
    ("left_wrist", "left_elbow"),
    ("right_wrist", "right_elbow"),
    ("jaw", "head"),
    ("left_eye", "head"),
    ("right_eye", "head"),
)


def _hand(side: str) -> tuple[tuple[str, str], ...]:
    """Three joints per finger, knuckle first."""
    rows = []
    for finger in _FINGERS:
        parent = f"{side}_wrist"
        for i in (1, 2, 3):
            rows.append((f"{side}_{finger}{i}", parent))
            parent = f"{side}_{finger}{i}"
    return tuple(rows)


_TREE: Final = _BODY + _hand("left") + _hand("right")

JOINT_NAMES: Final[tuple[str, ...]] = tuple(name for name, _ in _TREE)
JOINT: Final[dict[str, int]] = {name: i for i, name in enumerate(JOINT_NAMES)}
PARENTS: Final[tuple[int, ...]] = tuple(-1 if p is None else JOINT[p] for _, p in _TREE)

NUM_JOINTS: Final = len(JOINT_NAMES)  # 55
NUM_BODY_JOINTS: Final = 22
"""Pelvis to wrists: what GRAIL's hoi_data.pkl calls poses (SMPL-X)."""
LEFT_HAND: Final = slice(25, 40)
RIGHT_HAND: Final = slice(40, 55)
