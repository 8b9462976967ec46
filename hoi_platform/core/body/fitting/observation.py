"""What a landmark detector saw: the input of the fit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.keypoints import NUM_KEYPOINTS
from hoi_platform.core.errors import StageError

MIN_FOUND_SHARE: Final = 0.3
"""Share of the frames in which the person must be found; chosen."""


@dataclass(frozen=True)
class KeypointObservation:
    """Landmarks of one person over T frames, in the order of ``KEYPOINT_NAMES``."""

    keypoints_px: Float[Array, "T K 3"]
    """u, v and confidence in [0, 1]; nan, nan, 0 where nothing was detected."""
    landmarks_cam: Float[Array, "T K 3"]
    """In camera axes (m); nan where unknown. Only differences within the body or within
    one hand mean anything: the origin and the person's size are the detector's guess."""

    def __post_init__(self) -> None:
        expected = (len(self.keypoints_px), NUM_KEYPOINTS, 3)
        for name in ("keypoints_px", "landmarks_cam"):
            if (found := getattr(self, name).shape) != expected:
                raise ValueError(f"{name} is {found}, not {expected}")

    def __len__(self) -> int:
        return len(self.keypoints_px)

    @property
    def found(self) -> Bool[Mask, " T"]:
        """Whether the person was found in the frame."""
        return np.isfinite(self.keypoints_px[..., 0]).any(axis=1)

    def require_person(self, video: str = "the video") -> None:
        """Raise StageError when the person is missing from most frames."""
        count, T = int(self.found.sum()), len(self)
        if count < MIN_FOUND_SHARE * T:
            raise StageError(
                f"no person found in {T - count} of {T} frames of {video}; at least "
                f"{MIN_FOUND_SHARE:.0%} of the frames must show one: look at the video, or choose "
                "another human_model.backend"
            )


def nothing_seen(frames: int) -> KeypointObservation:
    """An observation of T frames without a detection, to be filled in."""
    keypoints = np.full((frames, NUM_KEYPOINTS, 3), np.nan)
    keypoints[..., 2] = 0.0
    return KeypointObservation(keypoints, np.full((frames, NUM_KEYPOINTS, 3), np.nan))
