"""Starting poses for a frame: the past, the mask, optical flow, and all rotations after a loss."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array, Image, Mask
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.frames import LEAST_SAMPLES, FrameEvidence
from hoi_platform.core.tracking.judging import PoseEstimate
from hoi_platform.core.tracking.motion import apply_twist, center_of, twist_between
from hoi_platform.core.tracking.photometric import visible
from hoi_platform.core.tracking.view import ObjectModel, SurfaceCaster, View

_SAME_PX: Final = 0.7
"""Distance in the image (px) below which two starts are one, and a corner that is followed there
and back has returned; chosen: the refinement reaches it."""
_TURNS_DEG: Final = (12.0, 25.0)
"""Turns (degrees) of the wide search; chosen: the refinement reaches about 10."""
_LEAST_MASK_PX: Final = 40
"""Number of pixels of a mask below which its center says nothing; chosen."""
_KNOWN_EVERY: Final = 4
"""Frames from one earlier rotation to the next that is tried after a loss; chosen."""
_CORNERS: Final = 150
"""Largest number of corners that are followed; chosen."""
_LEAST_INLIERS: Final = 8
"""Number of corners that must agree on a pose; chosen: twice what a pose needs."""
_REPROJECTION_PX: Final = 1.5
"""Largest error (px) of an inlier; chosen: that of the flow."""
_FLOW_WINDOW_PX: Final = 13
"""Side (px) of the window that Lucas-Kanade compares; chosen."""


def local_starts(
    previous: FrameEvidence,
    frame: FrameEvidence,
    history: Sequence[PoseEstimate],
    model: ObjectModel,
) -> list[Float[Array, "4 4"]]:
    """The last pose, the last motion continued, optical flow, and shifts onto the mask."""
    last = history[-1]
    starts = [last.T]
    if len(history) > 1 and not (last.lost or history[-2].lost):
        starts.append(constant_velocity(history[-2].T, last.T, model.center))
    starts += [shifted_to_mask(T, frame, model.caster) for T in starts]
    view = None if last.lost else model.caster.view(last.T)
    if view is not None:
        flow = flow_pose(previous, view, last.T, frame, model.camera)
        starts += [] if flow is None else [flow]
    return distinct(starts, model.caster)


def wide_starts(
    frame: FrameEvidence, history: Sequence[PoseEstimate], model: ObjectModel
) -> list[Float[Array, "4 4"]]:
    """Turns of the last pose on the mask; after a loss all rotations and those seen before."""
    last = history[-1]
    on_mask = shifted_to_mask(last.T, frame, model.caster)
    starts = [on_mask, *turned(on_mask, model.center)]
    if last.lost and frame.mask.any():
        known = [found.T[:3, :3] for found in history if not found.lost][::_KNOWN_EVERY]
        depth = float(center_of(last.T, model.center)[2])
        starts += from_mask(frame, [*rotation_grid(), *known], model.caster, depth)
    return starts


def constant_velocity(
    T_before: Float[Array, "4 4"], T_last: Float[Array, "4 4"], center: Float[Array, "3"]
) -> Float[Array, "4 4"]:
    """The pose one frame after ``T_last`` when the last motion goes on."""
    return apply_twist(T_last, twist_between(T_before, T_last, center), center)


def placed(
    R: Float[Array, "3 3"], c_cam: Float[Array, "3"], center: Float[Array, "3"]
) -> Float[Array, "4 4"]:
    """The pose with rotation ``R`` whose center lies at ``c_cam``."""
    return rigid(R, c_cam - R @ center)


def shifted_to_mask(
    T: Float[Array, "4 4"], frame: FrameEvidence, caster: SurfaceCaster
) -> Float[Array, "4 4"]:
    """``T`` moved parallel to the image until the visible silhouette is centered on the mask.

    Unchanged when either is empty or the human hides so much that the centers mean little.
    """
    view = caster.view(T, 2.0)
    if view is None:
        return T
    uv = view.uv
    open_ = ~frame.hidden[uv[:, 1].astype(int), uv[:, 0].astype(int)]
    rows, columns = np.nonzero(frame.mask)
    if open_.sum() < LEAST_SAMPLES or len(rows) < _LEAST_MASK_PX:
        return T
    middle = np.array([columns.mean(), rows.mean()]) + 0.5
    shift = middle - uv[open_].mean(axis=0)
    c = center_of(T, caster.surface.center)
    v = np.array([*shift, 0.0]) * c[2] / caster.camera.focal_px
    return apply_twist(T, np.concatenate([v, np.zeros(3)]), caster.surface.center)


def turned(T: Float[Array, "4 4"], center: Float[Array, "3"]) -> list[Float[Array, "4 4"]]:
    """``T`` turned by small and middling angles about the camera's axes, the center fixed."""
    twists = np.zeros((6 * len(_TURNS_DEG), 6))
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    twists[:, 3:] = np.concatenate([np.radians(angle) * axes for angle in _TURNS_DEG])
    return [apply_twist(T, twist, center) for twist in twists]


@cache
def rotation_grid() -> Float[Array, "576 3 3"]:
    """576 rotations that leave none further away than about 25 degrees.

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
    frame: FrameEvidence,
    rotations: Sequence[Float[Array, "3 3"]],
    caster: SurfaceCaster,
    depth: float,
) -> list[Float[Array, "4 4"]]:
    """Poses with the given rotations, centered behind the mask's box at a depth (m)."""
    rows, columns = np.nonzero(frame.mask)
    camera = caster.camera
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2 + 0.5
    xy = (middle - np.array([camera.width_px, camera.height_px]) / 2) / camera.focal_px
    c = np.append(xy, 1.0) * depth
    return [placed(R, c, caster.surface.center) for R in rotations]


def distinct(
    poses: Sequence[Float[Array, "4 4"]], caster: SurfaceCaster
) -> list[Float[Array, "4 4"]]:
    """The poses without those that show nearly the same as an earlier one."""
    kept: list[Array] = []
    for T in poses:
        if all(caster.moved_px(T, other) > _SAME_PX for other in kept):
            kept.append(T)
    return kept


def flow_pose(
    previous: FrameEvidence,
    view: View,
    T_previous: Float[Array, "4 4"],
    frame: FrameEvidence,
    camera: Camera,
) -> Float[Array, "4 4"] | None:
    """The object's pose in ``frame`` from its ``view`` at the known pose in ``previous``.

    Corners on the visible surface are followed by pyramidal Lucas-Kanade with a check back, then
    a pose is fitted to them by RANSAC. None when fewer than eight corners agree.
    """
    corners, p_object = _corners(previous, view)
    if len(corners) < _LEAST_INLIERS:
        return None
    found, kept = _followed(previous, frame, corners)
    if kept.sum() < _LEAST_INLIERS:
        return None
    return _fitted(p_object[kept], found[kept], T_previous, camera)


def _gray(frame: FrameEvidence) -> UInt8[Image, "H W"]:
    import cv2

    return np.asarray(cv2.cvtColor((frame.image * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))


def _corners(frame: FrameEvidence, view: View) -> tuple[Float[Array, "N 2"], Float[Array, "N 3"]]:
    """Corner pixels on the visible surface and their surface points."""
    import cv2

    uv = view.uv
    pixel = uv.astype(int)
    seen = visible(frame, view)
    allowed = np.zeros(frame.mask.shape, np.uint8)
    allowed[pixel[seen, 1], pixel[seen, 0]] = 255
    allowed = np.asarray(cv2.erode(allowed, np.ones((3, 3), np.uint8)))
    found = cv2.goodFeaturesToTrack(_gray(frame), _CORNERS, 0.01, 2.0, mask=allowed, blockSize=5)
    if found is None:
        return np.zeros((0, 2)), np.zeros((0, 3))
    at = found.reshape(-1, 2)
    index = np.full(frame.mask.shape, -1)
    index[pixel[:, 1], pixel[:, 0]] = np.arange(len(uv))
    hits = index[at[:, 1].astype(int), at[:, 0].astype(int)]
    return at[hits >= 0], view.p_object[hits[hits >= 0]]


def _followed(
    previous: FrameEvidence, frame: FrameEvidence, corners: Float[Array, "N 2"]
) -> tuple[Float[Array, "N 2"], Bool[Mask, " N"]]:
    """Where corners are in ``frame``, and which of them were found."""
    import cv2

    first, second = _gray(previous), _gray(frame)
    start = corners.astype(np.float32)[:, None]
    window = (_FLOW_WINDOW_PX, _FLOW_WINDOW_PX)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, start, start.copy(), winSize=window)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, there.copy(), winSize=window)
    error = np.linalg.norm((back - start)[:, 0], axis=1)
    kept = (ok[:, 0] > 0) & (ok_back[:, 0] > 0) & (error < _SAME_PX)
    uv = there[:, 0].astype(float)
    inside = (uv >= 0).all(axis=1) & (uv < np.array(frame.mask.shape)[::-1]).all(axis=1)
    kept &= inside
    pixel = np.where(kept[:, None], uv, 0).astype(int)
    return uv, kept & ~frame.hidden[pixel[:, 1], pixel[:, 0]]


def _fitted(
    p_object: Float[Array, "N 3"],
    pixels: Float[Array, "N 2"],
    T_guess: Float[Array, "4 4"],
    camera: Camera,
) -> Float[Array, "4 4"] | None:
    """The pose that shows points at pixels; outliers are left out."""
    import cv2

    # Features are at integer pixel indices, so that the principal point moves by half a pixel.
    K = camera.K
    K[:2, 2] -= 0.5
    undistorted = np.zeros(4)
    guess_turn = np.array(cv2.Rodrigues(T_guess[:3, :3])[0], dtype=float)
    guess_shift = T_guess[:3, 3:].copy()
    cv2.setRNGSeed(0)
    ok, rotation, translation, inliers = cv2.solvePnPRansac(
        p_object,
        pixels,
        K,
        undistorted,
        guess_turn,
        guess_shift,
        useExtrinsicGuess=True,
        iterationsCount=100,
        reprojectionError=_REPROJECTION_PX,
    )
    if not ok or inliers is None or len(inliers) < _LEAST_INLIERS:
        return None
    chosen = inliers[:, 0]
    rotation, translation = cv2.solvePnPRefineLM(
        p_object[chosen], pixels[chosen], K, undistorted, rotation, translation
    )
    if not np.isfinite(translation).all() or translation[2, 0] <= 0:
        return None
    return rigid(np.array(cv2.Rodrigues(rotation)[0], float), np.array(translation[:, 0], float))
