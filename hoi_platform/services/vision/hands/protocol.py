"""The socket of the role ``hands``: what a hand tracker gets and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack

Side = Literal["left", "right"]
Progress = Callable[[float, str], None]

NUM_HAND_LANDMARKS = 21
"""In MediaPipe's order: the wrist, then thumb to little finger from the palm to the tip."""


@dataclass(frozen=True)
class HandsRequest:
    """A clip and the body that was found in it."""

    video: Video
    camera: Camera
    body: LandmarkTrack
    """MediaPipe's 33 landmarks of the body."""


class HandTracker(Protocol):
    """Finds the 21 landmarks of each hand in each frame."""

    def track(
        self, request: HandsRequest, *, progress: Progress | None = None
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        """The left and the right hand; nothing is found where the body never was.

        Raises StageError or MissingResourceError.
        """
        ...
