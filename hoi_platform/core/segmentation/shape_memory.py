"""The object's whole outline, hidden parts included, carried along as a soft mask.

What a hand covers is remembered where the rest of the object takes it, so that it comes out
again; what the object has never been is not taken for it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Soft = NDArray[np.float32]

_STILL_PX: Final = 0.25
"""Motion below which nothing moves: optical flow is no better, and resampling blurs."""
_LEAST_POINTS: Final = 12
_ITERATIONS: Final = 6
_LARGEST_TURN: Final = 0.35
"""Change of scale (natural logarithm) and of angle (radians) within a frame that is believed."""


@dataclass(frozen=True)
class ImageMotion:
    """Similarity from a frame's pixels (u, v, indices) to those of the frame before."""

    matrix: NDArray[np.float64]  # (2, 3)
    still: bool

    def carried(self, shape: Soft) -> Soft:
        """The previous frame's soft mask (h, w) at this frame's pixels."""
        import cv2

        if self.still:
            return shape
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(shape, self.matrix, shape.shape[::-1], flags=flags))


def fit_motion(flow: NDArray[np.float32], where: Mask) -> ImageMotion:
    """The similarity that the backward flow (h, w, 2) follows on most of a mask (h, w)."""
    v, u = np.nonzero(where)
    shift = flow[v, u].astype(np.float64)
    if not len(shift):
        return ImageMotion(np.eye(2, 3), still=True)
    points = np.stack([u, v], axis=-1).astype(np.float64)
    matrix = np.column_stack([np.eye(2), np.median(shift, axis=0)])
    if len(shift) >= _LEAST_POINTS:
        matrix = _similarity(points, points + shift, matrix)
    moved = points @ matrix[:, :2].T + matrix[:, 2] - points
    still = bool(np.linalg.norm(moved, axis=1).max() < _STILL_PX)
    return ImageMotion(np.eye(2, 3) if still else matrix, still)


def remembered(shape: Soft, thing: Mask, human: Mask, rate: float) -> Soft:
    """Move the soft mask toward what is seen; what the person covers stays as it was."""
    seen = np.where(human, shape, thing.astype(np.float32))
    return np.asarray(shape + rate * (seen - shape), np.float32)


def _similarity(
    p: NDArray[np.float64], q: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """q ≈ A p + t by least squares with Tukey weights; ``start`` where the result is absurd."""
    matrix = start
    for _ in range(_ITERATIONS):
        residual = np.linalg.norm(p @ matrix[:, :2].T + matrix[:, 2] - q, axis=1)
        limit = 4.685 * max(1.4826 * float(np.median(residual)), 0.1)
        weight = np.square(np.clip(1 - np.square(residual / limit), 0, None))
        weight /= max(weight.sum(), 1e-9)
        p_mean, q_mean = weight @ p, weight @ q
        a, b = p - p_mean, q - q_mean
        norm = weight @ np.square(a).sum(axis=1)
        if norm < 1e-6:
            return start
        c = weight @ (a * b).sum(axis=1) / norm
        s = weight @ (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / norm
        A = np.array([[c, -s], [s, c]])
        matrix = np.column_stack([A, q_mean - A @ p_mean])
    scale, angle = np.hypot(c, s), np.arctan2(s, c)
    return matrix if max(abs(np.log(scale)), abs(angle)) < _LARGEST_TURN else start
