"""The prior: what the frames before and the fitted body predict, before any color is compared.

The object is predicted by its *amodal mask*, its whole silhouette, hidden parts included: what a
hand covers is predicted where the rest of the object moves, so that it comes out again.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Image, Mask
from hoi_platform.core.least_squares.robust import TUKEY, TUKEY_BEND, robust_deviation
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import Soft, outline_distance_px

Gray = NDArray[np.uint8]  # (height, width)
Flow = NDArray[np.float32]  # (height, width, 2), see ``backward_flow``

_MIN_HUMAN: Final = 0.01
"""Least prior probability of the person, and of anything else; chosen."""
_OBJECT_RANGE: Final = (5e-4, 0.97)
"""Least and largest prior probability of the object; chosen."""
_STILL_PX: Final = 0.25
"""Pixels of motion below which the object rests; chosen: optical flow is no more exact, and
resampling blurs."""
_MIN_POINTS: Final = 12
"""Number of pixels that a rotation and a change of size are fitted to; chosen."""
_ITERATIONS: Final = 6
"""Iterations of reweighting; chosen."""
_MAX_TURN: Final = 0.35
"""Largest rotation (radians) and change of size (natural logarithm) between frames; chosen."""


@dataclass(frozen=True)
class Prediction:
    """Person and object in a window (h, w) of the next frame."""

    human: Float32[Soft, "h w"]  # η carried: the last probability, moved by optical flow
    amodal: Float32[Soft, "h w"]  # probability of the whole object, hidden parts included
    body: Bool[Mask, "h w"]  # silhouette of the fitted body
    size_px: float  # root of the object's usual area
    still: bool  # the object does not move

    @property
    def object(self) -> Bool[Mask, "h w"]:
        """Where the object is, visible or hidden."""
        return self.amodal > 0.5

    @cached_property
    def body_distance_px(self) -> Float[Array, "h w"]:
        """Distance to the fitted body's outline, negative inside."""
        return outline_distance_px(self.body)


def log_prior(predicted: Prediction, config: SegmentationConfig) -> Float32[Array32, "3 h w"]:
    """log π of background, person and object.

    Where person and object are both predicted, either may be in front.
    """
    eta = np.clip(predicted.human, _MIN_HUMAN, 1 - _MIN_HUMAN)
    if predicted.body.any():
        body = _logit(_sigmoid(-predicted.body_distance_px / config.body_blur_px))
        eta = _sigmoid((body + _logit(eta)) / 2)
    q = _object_prior(predicted, config)
    layers = np.stack([(1 - eta) * (1 - q), eta * (1 - q / 2), q * (1 - eta / 2)])
    return np.log(layers / layers.sum(axis=0))


def _object_prior(predicted: Prediction, config: SegmentationConfig) -> Float32[Soft, "h w"]:
    """High inside the outline, low but not zero around it: a turning object changes it."""
    import cv2

    blur = config.still_blur_px if predicted.still else config.object_blur_px
    outside = np.maximum(outline_distance_px(predicted.object), 0)
    tail = config.tail * np.exp(-outside / (config.tail_reach * predicted.size_px))
    near = cv2.GaussianBlur(predicted.amodal, (0, 0), blur)
    return np.clip(np.maximum(near, tail), *_OBJECT_RANGE)


def updated_amodal(
    amodal: Float32[Soft, "h w"],
    object_mask: Bool[Mask, "h w"],
    human: Bool[Mask, "h w"],
    rate: float,
) -> Float32[Soft, "h w"]:
    """Moved toward the object's mask; what the person covers stays as it was."""
    seen = np.where(human, amodal, object_mask.astype(np.float32))
    return np.asarray(amodal + rate * (seen - amodal), np.float32)


def _sigmoid(x: Float32[Soft, "*shape"]) -> Float32[Soft, "*shape"]:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _logit(p: Float32[Soft, "*shape"]) -> Float32[Soft, "*shape"]:
    p = np.clip(p, _MIN_HUMAN, 1 - _MIN_HUMAN)
    return np.log(p / (1 - p))


def flow_image(rgb: UInt8[Image, "h w 3"]) -> UInt8[Gray, "h w"]:
    """The blurred gray image that optical flow is computed on."""
    import cv2

    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0))


def backward_flow(
    current: UInt8[Gray, "h w"], previous: UInt8[Gray, "h w"]
) -> Float32[Flow, "h w 2"]:
    """From where in the previous frame each pixel came (du, dv).

    Dense inverse search (Kroeger et al., 2016).
    """
    import cv2

    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    current, previous = np.ascontiguousarray(current), np.ascontiguousarray(previous)
    start = np.zeros((*current.shape, 2), np.float32)
    return np.asarray(search.calc(current, previous, start), np.float32)


def warped(
    layers: Float32[Array32, "n h w"], flow: Float32[Flow, "h w 2"]
) -> Float32[Array32, "n h w"]:
    """Layers of the previous frame at the current frame's pixels."""
    import cv2

    height, width = flow.shape[:2]
    v, u = np.mgrid[:height, :width].astype(np.float32)
    u, v = u + flow[..., 0], v + flow[..., 1]
    border = cv2.BORDER_REPLICATE
    return np.stack(
        [cv2.remap(layer, u, v, cv2.INTER_LINEAR, borderMode=border) for layer in layers]
    )


@dataclass(frozen=True)
class Similarity:
    """From a frame's pixels (u, v, indices) to those of the frame before."""

    matrix: Float[Array, "2 3"]
    still: bool

    def warped(self, layer: Float32[Soft, "h w"]) -> Float32[Soft, "h w"]:
        """A layer of the previous frame at this frame's pixels."""
        import cv2

        if self.still:
            return layer
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(layer, self.matrix, layer.shape[::-1], flags=flags))


def fit_similarity(flow: Float32[Flow, "h w 2"], where: Bool[Mask, "h w"]) -> Similarity:
    """The similarity transform that the backward flow follows on most of a mask."""
    v, u = np.nonzero(where)
    shift = flow[v, u].astype(np.float64)
    if not len(shift):
        return Similarity(np.eye(2, 3), still=True)
    points = np.stack([u, v], axis=-1).astype(np.float64)
    matrix = np.column_stack([np.eye(2), np.median(shift, axis=0)])
    if len(shift) >= _MIN_POINTS:
        matrix = _tukey_fit(points, points + shift, matrix)
    moved = points @ matrix[:, :2].T + matrix[:, 2] - points
    still = bool(np.linalg.norm(moved, axis=1).max() < _STILL_PX)
    return Similarity(np.eye(2, 3) if still else matrix, still)


def _tukey_fit(
    p: Float[Array, "N 2"], q: Float[Array, "N 2"], start: Float[Array, "2 3"]
) -> Float[Array, "2 3"]:
    """q ≈ A p + t by least squares with Tukey weights; ``start`` where the result is absurd."""
    matrix = start
    for _ in range(_ITERATIONS):
        residual = np.linalg.norm(p @ matrix[:, :2].T + matrix[:, 2] - q, axis=1)
        limit = TUKEY_BEND * max(robust_deviation(residual), 0.1)
        weight = TUKEY.weight(np.square(residual / limit))
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
    size, angle = np.hypot(c, s), np.arctan2(s, c)
    return matrix if max(abs(np.log(size)), abs(angle)) < _MAX_TURN else start
