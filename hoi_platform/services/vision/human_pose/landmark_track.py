"""Landmarks of a body or a hand through a video, and how two looks at it are joined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array, rotation_between


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
        """(T,) the scale between the metric landmarks and the image, by their spread."""
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

    def joined(self, other: "LandmarkTrack", tolerance_m: float, alone: float) -> "LandmarkTrack":
        """The mean of two looks at the same landmarks.

        Confidence is the lesser one, halved at a disagreement of ``tolerance_m``; in frames where
        only one look found anything, it is that look's times ``alone``.
        """
        a, b = self.uv_confidence, other.uv_confidence
        apart_px = np.linalg.norm(a[..., :2] - b[..., :2], axis=-1)
        agreement = 1 / (1 + (apart_px / (tolerance_m * self.pixels_per_meter[:, None])) ** 2)
        confidence = np.minimum(a[..., 2], b[..., 2]) * agreement
        mean = np.concatenate([(a + b)[..., :2] / 2, confidence[..., None]], axis=-1)
        both = LandmarkTrack(mean, (self.metric + other.metric) / 2)
        single = self.where(self.found, other)
        single.uv_confidence[..., 2] *= alone
        return both.where(self.found & other.found, single)


def toward(camera: Camera, uv: Array) -> Array:
    """(3, 3) the axes of a camera that looks along the ray through a pixel, in the camera's."""
    ray = np.linalg.solve(camera.K, [*uv, 1.0])
    return rotation_between(np.array([0.0, 0.0, 1.0]), ray)
