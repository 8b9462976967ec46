"""The sockets of stage ``scene_tracks``: a tracker, or one of masks and one of depth."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.tracks import SceneTracks, TrackFlag
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.segmentation.silhouette import BodyView, face_parts, view_body
from hoi_platform.core.segmentation.working_clip import WorkingClip
from hoi_platform.services.video.codec import Video

Mask = NDArray[np.bool_]

Progress = Callable[[float, str], None]
"""Called with the fraction done in [0, 1] and what is being done."""


def no_progress(fraction: float, text: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class SceneTracksRequest:
    """A clip of a static camera and what is known of its scene and its first frame.

    Raises BadInputError when sizes or numbers of frames disagree or the object is not there.
    """

    video: Video
    camera: Camera
    first_object_mask: Mask  # (height, width)
    first_human_mask: Mask  # (height, width)
    plate_rgb: NDArray[np.uint8]  # (height, width, 3), the empty scene
    plate_depth: NDArray[np.floating]  # (height, width) z-depth in meters, nan = unknown
    body: BodyModel
    human_motion: BodyMotion
    """As many frames as the video, in the world."""

    def __post_init__(self) -> None:
        found = {
            "video": self.video.frames.shape[1:3],
            "first object mask": self.first_object_mask.shape,
            "first human mask": self.first_human_mask.shape,
            "plate": self.plate_rgb.shape[:2],
            "plate depth": self.plate_depth.shape,
        }
        if wrong := {name: size for name, size in found.items() if size != self.camera.shape}:
            raise BadInputError(f"the camera is {self.camera.shape} (height, width) but {wrong}")
        if len(self.human_motion) != len(self.video):
            raise BadInputError(
                f"the human motion has {len(self.human_motion)} frames, the video {len(self.video)}"
            )
        if not self.first_object_mask.any():
            raise BadInputError("the first frame's object mask is empty: nothing to follow")

    @cached_property
    def body_views(self) -> tuple[BodyView, ...]:
        """The fitted body in each frame, as far as the scene does not hide it."""
        parts, faces = face_parts(self.body), self.body.faces
        return tuple(
            view_body(self.camera, vertices, faces, parts, self.plate_depth)
            for vertices in self.human_motion.vertices(self.body)
        )

    @cached_property
    def working_clip(self) -> WorkingClip:
        """What segmentation looks at."""
        return WorkingClip.of(
            self.video.frames,
            self.plate_rgb,
            self.first_object_mask,
            self.first_human_mask,
            self.body_views,
        )


class MaskTracks(NamedTuple):
    """What a tracker of masks finds; see ``SceneTracks``."""

    object_masks: NDArray[np.bool_]  # (T, height, width)
    human_masks: NDArray[np.bool_]  # (T, height, width)
    confidence: NDArray[np.float64]  # (T, 2) object, human
    flags: tuple[TrackFlag, ...]


class DepthFrames(NamedTuple):
    """What an estimator of depth finds; see ``SceneTracks``."""

    depth: NDArray[np.float32]  # (T, height, width)
    flags: tuple[TrackFlag, ...]


class MaskTracker(Protocol):
    """A backend for masks: this process, or an external runner (SAM 2)."""

    def track_masks(self, request: SceneTracksRequest, *, progress: Progress = ...) -> MaskTracks:
        """Raises StageError or MissingResourceError."""
        ...


class DepthEstimator(Protocol):
    """A backend for depth: this process, or an external runner (MoGe, DepthPro)."""

    def estimate_depth(
        self, request: SceneTracksRequest, masks: MaskTracks, *, progress: Progress = ...
    ) -> DepthFrames:
        """Metric z-depth, aligned to the plate's. Raises StageError or MissingResourceError."""
        ...


class SceneTracker(Protocol):
    """What the stage calls."""

    def track(self, request: SceneTracksRequest, *, progress: Progress = ...) -> SceneTracks:
        """Masks and depth of every frame; the first frame's masks are the given ones."""
        ...
