"""A pose from features of the surface that optical flow follows from one frame to another."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.appearance import visible
from hoi_platform.core.tracking.evidence import FrameEvidence
from hoi_platform.core.tracking.view import View

_FEATURES = 150
_LEAST_INLIERS = 8
_FORWARD_BACKWARD_PX = 0.7
_REPROJECTION_PX = 1.5
_WINDOW_PX = 13


def flow_pose(
    source: FrameEvidence, view: View, T_source: Array, target: FrameEvidence, camera: Camera
) -> Array | None:
    """The object's pose in ``target`` from its ``view`` at the known pose in ``source``.

    Corners on the visible surface are followed by pyramidal Lucas-Kanade with a check back, then
    a pose is fitted to them by RANSAC. None when fewer than eight corners agree.
    """
    corners, p_object = _corners(source, view)
    if len(corners) < _LEAST_INLIERS:
        return None
    found, kept = _followed(source, target, corners)
    if kept.sum() < _LEAST_INLIERS:
        return None
    return _fitted(p_object[kept], found[kept], T_source, camera)


def _gray(frame: FrameEvidence) -> NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.cvtColor((frame.image * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))


def _corners(source: FrameEvidence, view: View) -> tuple[Array, Array]:
    """Corner pixels (N, 2) on the visible surface and their surface points (N, 3)."""
    import cv2

    uv = view.uv
    pixel = uv.astype(int)
    seen = visible(source, view)
    allowed = np.zeros(source.mask.shape, np.uint8)
    allowed[pixel[seen, 1], pixel[seen, 0]] = 255
    allowed = np.asarray(cv2.erode(allowed, np.ones((3, 3), np.uint8)))
    found = cv2.goodFeaturesToTrack(_gray(source), _FEATURES, 0.01, 2.0, mask=allowed, blockSize=5)
    if found is None:
        return np.zeros((0, 2)), np.zeros((0, 3))
    at = found.reshape(-1, 2)
    index = np.full(source.mask.shape, -1)
    index[pixel[:, 1], pixel[:, 0]] = np.arange(len(uv))
    hits = index[at[:, 1].astype(int), at[:, 0].astype(int)]
    return at[hits >= 0], view.p_object[hits[hits >= 0]]


def _followed(
    source: FrameEvidence, target: FrameEvidence, corners: Array
) -> tuple[Array, NDArray[np.bool_]]:
    import cv2

    first, second = _gray(source), _gray(target)
    start = corners.astype(np.float32)[:, None]
    window = (_WINDOW_PX, _WINDOW_PX)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, start, start.copy(), winSize=window)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, there.copy(), winSize=window)
    error = np.linalg.norm((back - start)[:, 0], axis=1)
    kept = (ok[:, 0] > 0) & (ok_back[:, 0] > 0) & (error < _FORWARD_BACKWARD_PX)
    uv = there[:, 0].astype(float)
    inside = (uv >= 0).all(axis=1) & (uv < np.array(target.mask.shape)[::-1]).all(axis=1)
    kept &= inside
    pixel = np.where(kept[:, None], uv, 0).astype(int)
    return uv, kept & ~target.hidden[pixel[:, 1], pixel[:, 0]]


def _fitted(p_object: Array, pixels: Array, T_guess: Array, camera: Camera) -> Array | None:
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
