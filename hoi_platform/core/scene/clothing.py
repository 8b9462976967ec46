"""Vertex colors that dress a body: T-shirt, trousers, shoes, hair and a face.

Regions follow from the joint that moves a vertex most and from its place in the T-pose, so that
they fit every character. Lengths on the face are in units of the height from eyes to crown.
"""

from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES
from hoi_platform.core.colors import linear_from_srgb
from hoi_platform.core.config.characters import PaletteConfig

_SLEEVE: Final = 0.6
"""Fraction of the upper arm that the T-shirt covers; chosen."""
_FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
_FINGER_TONE: Final = (1.0, 0.9, 1.08, 0.88, 1.02)
"""Factor of the skin's color per finger; chosen: neighbors differ a little, so that a hand detector
sees their borders."""
_EYE_WHITE: Final = np.array([0.8, 0.8, 0.78])
"""Linear RGB; chosen."""
_IRIS: Final = np.array([0.03, 0.02, 0.015])
"""Linear RGB; chosen: dark brown."""


def body_colors(body: BodyModel, palette: PaletteConfig | None = None) -> Array:
    """(V, 3) linear RGB per vertex; the default palette is the kid's."""
    palette = palette or PaletteConfig()
    color = {name: linear_rgb(value) for name, value in palette.model_dump().items()}
    colors = np.tile(color["skin"], (len(body.rest_vertices), 1))
    _paint_hands(colors, body)
    for region, mask in _clothes(body).items():
        colors[mask] = color[region]
    _paint_head(colors, body, color)
    return colors


def linear_rgb(srgb_hex: str) -> Array:
    """``#rrggbb`` → (3,) linear RGB in [0, 1] (IEC 61966-2-1)."""
    c = np.array([int(srgb_hex[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return linear_from_srgb(c)


def _moved_by(body: BodyModel, *joints: str) -> Mask:
    return np.isin(body.vertex_joint, [JOINT[joint] for joint in joints])


def _clothes(body: BodyModel) -> dict[str, Mask]:
    x, y = body.rest_vertices[:, 0], body.rest_vertices[:, 1]
    joints = body.rest_joints
    waist = 0.6 * joints[JOINT["spine1"], 1]
    spine = ("pelvis", "spine1", "spine2", "spine3")
    trunk = _moved_by(body, *spine, "left_collar", "right_collar")
    legs = _moved_by(body, *(f"{s}_{j}" for s in ("left", "right") for j in ("hip", "knee")))
    neckline = joints[JOINT["neck"], 1]
    masks = {"shirt": (trunk | legs) & (y > waist) & (y < neckline)}
    for side, sign in (("left", 1), ("right", -1)):
        shoulder, elbow = joints[JOINT[f"{side}_shoulder"], 0], joints[JOINT[f"{side}_elbow"], 0]
        cuff = shoulder + _SLEEVE * (elbow - shoulder)
        arm = _moved_by(body, f"{side}_shoulder")
        masks[f"{side}_sleeve"] = arm & (sign * x < sign * cuff)
        ankle = _moved_by(body, f"{side}_ankle", f"{side}_foot")
        hem = joints[JOINT[f"{side}_ankle"], 1] + 0.02 * body.height_m
        masks[f"{side}_leg"] = (trunk | legs | ankle) & (y <= waist) & (sign * x >= 0)
        shoe = _moved_by(body, f"{side}_knee", f"{side}_ankle", f"{side}_foot") & (y < hem)
        masks["shoes"] = masks.get("shoes", np.zeros(len(y), bool)) | shoe
    masks["shoes"] = masks.pop("shoes")  # painted last, over the legs
    return masks


def _paint_hands(colors: Array, body: BodyModel) -> None:
    for joint, name in enumerate(JOINT_NAMES):
        _, _, part = name.partition("_")
        if part[:-1] in _FINGERS:
            colors[body.vertex_joint == joint] *= _FINGER_TONE[_FINGERS.index(part[:-1])]


def _paint_head(colors: Array, body: BodyModel, color: dict[str, Array]) -> None:
    p = body.rest_vertices
    eyes = body.rest_joints[[JOINT["left_eye"], JOINT["right_eye"]]]
    unit = p[:, 1].max() - eyes[:, 1].mean()
    head = _moved_by(body, "head")
    up = (p[:, 1] - eyes[:, 1].mean()) / unit
    forward = (p[:, 2] - eyes[:, 2].mean()) / unit
    side = np.abs(p[:, 0]) / unit
    front = head & (forward > 0)
    # A plane from the forehead down to the nape, passing above the ears.
    colors[head & (up - 0.75 * forward > 0.62)] = color["hair"]
    colors[front & (np.abs(up - 0.2) < 0.04) & (side > 0.12) & (side < 0.45)] = color["hair"]
    colors[front & (np.abs(up + 0.66) < 0.065) & (side < 0.17)] = color["lips"]
    for name in ("left_eye", "right_eye"):
        ball = np.flatnonzero(_moved_by(body, name))
        offset = p[ball] - (p[ball].min(axis=0) + p[ball].max(axis=0)) / 2
        radius = np.abs(offset).max()
        iris = (np.linalg.norm(offset[:, :2], axis=1) < 0.5 * radius) & (offset[:, 2] > 0)
        colors[ball] = np.where(iris[:, None], _IRIS, _EYE_WHITE)
