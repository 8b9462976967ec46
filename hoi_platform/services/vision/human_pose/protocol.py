"""The socket of stage ``human_pose``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.video.codec import Video

Progress = Callable[[float, str], None]
"""Called with the fraction done in [0, 1] and what is being done."""


@dataclass(frozen=True)
class HumanPoseRequest:
    """A clip and what is known of its first frame."""

    video: Video
    camera: Camera
    body: BodyModel
    first_frame: BodyMotion
    """One frame: the pose that was rendered."""
    first_human_mask: NDArray[np.bool_]
    """(height, width): the person in the first frame; may be empty."""

    def __post_init__(self) -> None:
        if len(self.first_frame) != 1:
            raise ValueError(f"first_frame has {len(self.first_frame)} frames, not 1")
        if self.video.frames.shape[1:3] != self.camera.shape:
            raise ValueError(
                f"the video is {self.video.frames.shape[1:3]}, the camera {self.camera.shape} "
                "(height, width)"
            )


class HumanPoseEstimator(Protocol):
    """A backend; it may run in this process or hand the request to an external runner."""

    def estimate(self, request: HumanPoseRequest, progress: Progress = ...) -> HumanPoseEstimate:
        """Raises StageError when the person cannot be followed."""
        ...
