"""Starting poses for a frame."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.evidence import FrameEvidence
from hoi_platform.core.tracking.se3 import center_of, moved, twist_between
from hoi_platform.core.tracking.view import SurfaceCaster

_CLOSE_PX = 0.7
_TURNS_DEG = (12.0, 25.0)


def constant_velocity(T_before: Array, T_last: Array, center: Array) -> Array:
    """The pose one frame after ``T_last`` when the last motion goes on."""
    return moved(T_last, twist_between(T_before, T_last, center), center)


def placed(R: Array, c_cam: Array, center: Array) -> Array:
    """The pose with rotation ``R`` whose center lies at ``c_cam``."""
    return rigid(R, c_cam - R @ center)


def shifted_to_mask(T: Array, frame: FrameEvidence, caster: SurfaceCaster) -> Array:
    """``T`` moved parallel to the image until the visible silhouette is centered on the mask.

    Unchanged when either is empty or the human hides so much that the centers mean little.
    """
    view = caster.view(T, 2.0)
    if view is None:
        return T
    uv = view.uv
    open_ = ~frame.hidden[uv[:, 1].astype(int), uv[:, 0].astype(int)]
    rows, columns = np.nonzero(frame.mask)
    if open_.sum() < 10 or len(rows) < 40:
        return T
    target = np.array([columns.mean(), rows.mean()]) + 0.5
    shift = target - uv[open_].mean(axis=0)
    c = center_of(T, caster.surface.center)
    v = np.array([*shift, 0.0]) * c[2] / caster.camera.focal_px
    return moved(T, np.concatenate([v, np.zeros(3)]), caster.surface.center)


def turned(T: Array, center: Array) -> list[Array]:
    """``T`` turned by small and middling angles about the camera's axes, the center fixed."""
    twists = np.zeros((6 * len(_TURNS_DEG), 6))
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    twists[:, 3:] = np.concatenate([np.radians(angle) * axes for angle in _TURNS_DEG])
    return [moved(T, twist, center) for twist in twists]


@cache
def rotation_grid() -> Array:
    """576 rotations that leave none further away than about 25 degrees (576, 3, 3).

    24 rotations of the cube times 24 evenly drawn offsets would cluster; the super-Fibonacci
    spiral of Alexa (CVPR 2022) spreads them evenly.
    """
    n = 576
    i = np.arange(n) + 0.5
    r, s = np.sqrt(i / n), np.sqrt(1 - i / n)
    a, b = 2 * np.pi * i / np.sqrt(2.0), 2 * np.pi * i / 1.533751168755204288118041
    quaternions = np.stack([r * np.sin(a), r * np.cos(a), s * np.sin(b), s * np.cos(b)], axis=1)
    return Rotation.from_quat(quaternions).as_matrix()


def from_mask(
    frame: FrameEvidence, rotations: Sequence[Array], caster: SurfaceCaster, depth: float
) -> list[Array]:
    """Poses with the given rotations, centered behind the mask's box at a depth."""
    rows, columns = np.nonzero(frame.mask)
    camera: Camera = caster.camera
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2 + 0.5
    xy = (middle - np.array([camera.width_px, camera.height_px]) / 2) / camera.focal_px
    c = np.append(xy, 1.0) * depth
    return [placed(R, c, caster.surface.center) for R in rotations]


def distinct(poses: Sequence[Array], caster: SurfaceCaster) -> list[Array]:
    """The poses without those that show nearly the same as an earlier one."""
    kept: list[Array] = []
    for T in poses:
        if all(caster.moved_px(T, other) > _CLOSE_PX for other in kept):
            kept.append(T)
    return kept
