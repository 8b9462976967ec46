"""The socket of the role ``hands``: what a hand tracker gets and gives."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from hoi_platform.services.video.codec import Frame
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack

Side = Literal["left", "right"]


class HandTracker(Protocol):
    """Finds 21 landmarks of one hand in each frame, in MediaPipe's order."""

    def track(
        self,
        frames: Sequence[Frame] | Frame,
        pose: LandmarkTrack,
        side: Side,
        on_frame: Callable[[], None],
    ) -> LandmarkTrack:
        """``pose``: the body's 33 landmarks; nothing is found where the body never was."""
        ...
