"""The socket of the role ``human_pose``: what an estimator gets and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.video.codec import Video

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class HumanPoseRequest:
    """A clip of a static camera and what is known of its first frame.

    Raises BadInputError when the shapes disagree.
    """

    video: Video
    camera: Camera
    body: BodyModel
    first_frame: BodyMotion
    """One frame: the pose that was rendered, in the world."""
    first_human_mask: NDArray[np.bool_]
    """(height, width): the person in the first frame; may be empty."""
    scene_depth: Array | None = None
    """(height, width): depth of the scene without person and object (m), where it is known."""

    def __post_init__(self) -> None:
        if len(self.first_frame) != 1:
            raise BadInputError(f"the first frame's pose has {len(self.first_frame)} frames, not 1")
        found = {
            "video": self.video.frames.shape[1:3],
            "first human mask": self.first_human_mask.shape,
        }
        if self.scene_depth is not None:
            found["scene depth"] = self.scene_depth.shape
        expected = self.camera.shape
        if wrong := {name: shape for name, shape in found.items() if shape != expected}:
            raise BadInputError(f"the camera's height x width is {expected} but {wrong}")


class HumanPoseEstimator(Protocol):
    """Reads a person's motion from a video, in this process or by an external runner."""

    @property
    def name(self) -> str:
        """The key among ``BACKENDS``."""
        ...

    def estimate(
        self, request: HumanPoseRequest, *, progress: Progress | None = None
    ) -> HumanPoseEstimate:
        """Body and hands in every frame. Raises StageError when the person cannot be followed."""
        ...
