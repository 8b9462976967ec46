"""Landmarks of a body or a hand through a video, and the crops in which a network finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import rotation_between
from hoi_platform.services.video.codec import Frame

_SINGLE_PASS: Final = 0.7
"""Factor on the confidence of what only one of two passes detected; chosen."""


@dataclass(frozen=True)
class LandmarkTrack:
    """N landmarks over T frames: pixels of the image with a confidence, and metric positions.

    nan, nan, 0 and nan in the frames without a detection. The metric positions are relative, in
    the axes of a camera that looks along the ray through the subject.
    """

    uv_confidence: Array  # (T, N, 3)
    metric: Array  # (T, N, 3)

    @property
    def found(self) -> NDArray[np.bool_]:
        """(T,)."""
        return np.isfinite(self.uv_confidence[:, 0, 0])

    @property
    def pixels_per_meter(self) -> Array:
        """(T,) from the metric landmarks to the image, by their spread."""
        uv, xy = self.uv_confidence[..., :2], self.metric[..., :2]
        spread_px = np.linalg.norm(uv - uv.mean(axis=1, keepdims=True), axis=(1, 2))
        spread_m = np.linalg.norm(xy - xy.mean(axis=1, keepdims=True), axis=(1, 2))
        return spread_px / spread_m

    @classmethod
    def empty(cls, frames: int, landmarks: int) -> "LandmarkTrack":
        uv_confidence = np.full((frames, landmarks, 3), np.nan)
        uv_confidence[..., 2] = 0.0
        return cls(uv_confidence, np.full((frames, landmarks, 3), np.nan))

    def columns(self, rows: Sequence[int]) -> "LandmarkTrack":
        """Some of the landmarks, in the given order."""
        return LandmarkTrack(self.uv_confidence[:, list(rows)], self.metric[:, list(rows)])

    def mirrored(self, width_px: int) -> "LandmarkTrack":
        """The track in the mirror image of a video of that width."""
        uv_confidence, metric = self.uv_confidence.copy(), self.metric.copy()
        uv_confidence[..., 0] = width_px - uv_confidence[..., 0]
        metric[..., 0] *= -1
        return LandmarkTrack(uv_confidence, metric)

    def where(self, mine: NDArray[np.bool_], other: "LandmarkTrack") -> "LandmarkTrack":
        """This track in the frames ``mine`` (T,), the other one elsewhere."""
        keep = mine[:, None, None]
        return LandmarkTrack(
            np.where(keep, self.uv_confidence, other.uv_confidence),
            np.where(keep, self.metric, other.metric),
        )

    def without(self, frames: NDArray[np.bool_]) -> "LandmarkTrack":
        """This track with nothing detected in the given frames (T,)."""
        return self.where(~frames, LandmarkTrack.empty(*self.uv_confidence.shape[:2]))

    def averaged(self, other: "LandmarkTrack", tolerance_m: float) -> "LandmarkTrack":
        """The mean of two passes over the same landmarks.

        Confidence is the lesser one, halved at a disagreement of ``tolerance_m``; in frames in
        which only one pass detected anything, it is that pass's times ``_SINGLE_PASS``.
        """
        a, b = self.uv_confidence, other.uv_confidence
        apart_px = np.linalg.norm(a[..., :2] - b[..., :2], axis=-1)
        agreement = 1 / (1 + (apart_px / (tolerance_m * self.pixels_per_meter[:, None])) ** 2)
        confidence = np.minimum(a[..., 2], b[..., 2]) * agreement
        mean = np.concatenate([(a + b)[..., :2] / 2, confidence[..., None]], axis=-1)
        both = LandmarkTrack(mean, (self.metric + other.metric) / 2)
        single = self.where(self.found, other)
        single.uv_confidence[..., 2] *= _SINGLE_PASS
        return both.where(self.found & other.found, single)


def toward(camera: Camera, uv: Array) -> Array:
    """(3, 3) the axes of a camera that looks along the ray through a pixel, in the camera's."""
    ray = np.linalg.solve(camera.K, [*uv, 1.0])
    return rotation_between(np.array([0.0, 0.0, 1.0]), ray)


@dataclass(frozen=True)
class Crop:
    """The square of ``side_px`` around a center (u, v), resampled to ``output_px`` squared."""

    center_px: Array
    side_px: float
    output_px: int

    @classmethod
    def around_mask(cls, mask: NDArray[np.bool_], margin: float, output_px: int) -> "Crop | None":
        """About a mask's bounding box, wider by ``margin`` of its larger side all around.

        None when the mask is empty.
        """
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return None
        lo = np.array([columns.min(), rows.min()], dtype=float)
        hi = np.array([columns.max(), rows.max()], dtype=float) + 1.0
        return cls((lo + hi) / 2, float((hi - lo).max()) * (1 + 2 * margin), output_px)

    @classmethod
    def of_image(cls, shape: tuple[int, ...], output_px: int) -> "Crop":
        """The one that contains an image of (height, width)."""
        height, width = shape
        return cls(np.array([width, height]) / 2, float(max(shape)), output_px)

    @property
    def _magnification(self) -> float:
        return self.output_px / self.side_px

    def cut(self, image: Frame) -> Frame:
        """(output_px, output_px, 3); the image's border is repeated outside of it."""
        import cv2

        # OpenCV counts pixel centers at integers, this project at halves.
        m = self._magnification
        shift = self.output_px / 2 - m * self.center_px + 0.5 * m - 0.5
        M = np.array([[m, 0.0, shift[0]], [0.0, m, shift[1]]])
        size = (self.output_px, self.output_px)
        flags = cv2.INTER_CUBIC if m > 1 else cv2.INTER_LINEAR
        cut = cv2.warpAffine(image, M, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cut, dtype=np.uint8)

    def to_image(self, uv: Array) -> Array:
        """Pixels of the cut (..., 2) → pixels of the image."""
        return (uv - self.output_px / 2) / self._magnification + self.center_px
