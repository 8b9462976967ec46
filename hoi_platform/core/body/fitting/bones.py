"""The bones between landmarks whose direction the detector's metric landmarks give."""

from itertools import pairwise
from typing import Final

from hoi_platform.core.body.keypoints import KEYPOINT

_SIDES: Final = ("left", "right")
_LIMBS: Final = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("hip", "shoulder"),
    ("heel", "foot_index"),
    ("ear", "eye"),
)
_ACROSS: Final = ("shoulder", "hip", "ear")
_FINGERS: Final = ("index", "middle", "ring", "pinky")


def _pairs(*names: tuple[str, str]) -> list[tuple[int, int]]:
    return [(KEYPOINT[a], KEYPOINT[b]) for a, b in names]


def _hand(side: str) -> list[tuple[str, str]]:
    wrist = f"{side}_hand_wrist"
    bones = [(wrist, f"{side}_hand_thumb_cmc")]
    for finger in ("thumb", *_FINGERS):
        parts = ("cmc", "mcp", "ip", "tip") if finger == "thumb" else ("mcp", "pip", "dip", "tip")
        chain = [f"{side}_hand_{finger}_{part}" for part in parts]
        bones += list(pairwise(chain))
    return bones


def _palm(side: str) -> list[tuple[str, str]]:
    wrist, mcps = f"{side}_hand_wrist", [f"{side}_hand_{finger}_mcp" for finger in _FINGERS]
    return [*((wrist, mcp) for mcp in mcps), (mcps[0], mcps[-1])]


BODY_BONES: Final = _pairs(
    *((f"{side}_{a}", f"{side}_{b}") for a, b in _LIMBS for side in _SIDES),
    *((f"right_{part}", f"left_{part}") for part in _ACROSS),
)
"""Pairs of keypoints (start, end) on limbs, trunk and head."""

PALM_BONES: Final = {side: _pairs(*_palm(side)) for side in _SIDES}
"""Pairs within the rigid palm: they turn with the wrist alone."""

FINGER_BONES: Final = {side: _pairs(*_hand(side)) for side in _SIDES}
"""Pairs along the fingers."""

ALL_BONES: Final = [
    *BODY_BONES,
    *(bone for side in _SIDES for bone in (*PALM_BONES[side], *FINGER_BONES[side])),
]
