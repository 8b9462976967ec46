"""Backend ``mediapipe``: landmarks by MediaPipe, body and hands by a fit of the known character."""

from dataclasses import dataclass, field

from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.fitting.fit import fit_motion
from hoi_platform.services.vision.hands.protocol import HandTracker
from hoi_platform.services.vision.human_pose.mediapipe_detector import detect_keypoints
from hoi_platform.services.vision.human_pose.protocol import HumanPoseRequest, Progress


def _silent(fraction: float, text: str) -> None:
    pass


@dataclass(frozen=True)
class MediapipeEstimator:
    """Runs on the CPU, offline; about 0.2 s a frame on two cores."""

    name: str = "mediapipe"
    config: FitConfig = field(default_factory=FitConfig)
    hands: HandTracker | None = None
    """Who finds the hands; None: MediaPipe."""

    def estimate(
        self, request: HumanPoseRequest, *, progress: Progress | None = None
    ) -> HumanPoseEstimate:
        """See ``HumanPoseEstimator``."""
        report = progress or _silent
        observation = detect_keypoints(
            request.video,
            request.camera,
            request.first_human_mask,
            lambda fraction, text: report(0.6 * fraction, text),
            self.hands,
        )
        return fit_motion(
            body=request.body,
            camera=request.camera,
            observation=observation,
            first_frame=request.first_frame,
            fps=request.video.fps,
            config=self.config,
            progress=lambda fraction, text: report(0.6 + 0.4 * fraction, text),
            scene_depth=request.scene_depth,
        )
