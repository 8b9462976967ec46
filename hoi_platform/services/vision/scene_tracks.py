"""Stage ``scene_tracks``: masks of object and person and metric depth in every frame.

The sockets of the roles ``masks`` and ``depth``, and the backends that need no weights.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Image, Mask, Progress
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.tracks import SceneTracks, TrackFlag
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.segmentation.body_view import BodyView, compose_depth, face_parts
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import resized_mask
from hoi_platform.core.segmentation.tracker import track_masks
from hoi_platform.core.segmentation.working_clip import WorkingClip
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.progress import silent

_MASKS_SHARE: Final = 0.8
"""Share of the masks in the work, for the progress; chosen."""


@dataclass(frozen=True)
class SceneTracksRequest:
    """A clip of a static camera and what is known of its scene and of frame 0.

    Raises BadInputError when sizes or numbers of frames disagree or the object is not there.
    """

    video: Video
    camera: Camera
    first_object_mask: Mask  # (height, width)
    first_human_mask: Mask  # (height, width)
    plate_rgb: Image  # the empty scene
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
            BodyView.of(self.camera, vertices, faces, parts, self.plate_depth)
            for vertices in self.human_motion.vertices(self.body)
        )

    @cached_property
    def working_clip(self) -> WorkingClip:
        """The clip as it is segmented."""
        return WorkingClip.of(
            self.video.frames,
            self.plate_rgb,
            self.first_object_mask,
            self.first_human_mask,
            self.body_views,
        )


class MaskTracks(NamedTuple):
    """Result of a mask tracker; see ``SceneTracks``."""

    object_masks: Mask  # (T, height, width)
    human_masks: Mask  # (T, height, width)
    confidence: NDArray[np.float64]  # (T, 2) object, human
    flags: tuple[TrackFlag, ...]


class DepthFrames(NamedTuple):
    """Result of a depth estimator; see ``SceneTracks``."""

    depth: NDArray[np.float32]  # (T, height, width)
    flags: tuple[TrackFlag, ...]


class MaskTracker(Protocol):
    """Role ``masks``: this process, or an external runner (SAM 2)."""

    def track_masks(self, request: SceneTracksRequest, *, progress: Progress = ...) -> MaskTracks:
        """Raises StageError or MissingResourceError."""
        ...


class DepthEstimator(Protocol):
    """Role ``depth``: this process, or an external runner (MoGe, DepthPro)."""

    def estimate_depth(
        self, request: SceneTracksRequest, masks: MaskTracks, *, progress: Progress = ...
    ) -> DepthFrames:
        """Metric z-depth, aligned to the plate's. Raises StageError or MissingResourceError."""
        ...


def track_scene(
    request: SceneTracksRequest,
    masks: MaskTracker,
    depth: DepthEstimator,
    progress: Progress = silent,
) -> SceneTracks:
    """Masks and depth of every frame by any two backends; the masks of frame 0 are the given."""
    found = masks.track_masks(
        request, progress=lambda done, text: progress(_MASKS_SHARE * done, text)
    )
    known = depth.estimate_depth(
        request,
        found,
        progress=lambda done, text: progress(_MASKS_SHARE + (1 - _MASKS_SHARE) * done, text),
    )
    flags = tuple(sorted((*found.flags, *known.flags)))
    return SceneTracks(found.object_masks, found.human_masks, known.depth, found.confidence, flags)


@dataclass(frozen=True)
class PlateMaskTracker:
    """Backend ``background`` of the role ``masks``: colors compared with the plate and with what
    frame 0 showed, the fitted body's silhouette, and optical flow."""

    config: SegmentationConfig = field(default_factory=SegmentationConfig)

    def track_masks(
        self, request: SceneTracksRequest, *, progress: Progress = silent
    ) -> MaskTracks:
        """See ``MaskTracker``."""
        T, shape = len(request.video), request.camera.shape
        object_masks, human_masks = np.zeros((T, *shape), bool), np.zeros((T, *shape), bool)
        confidence = np.ones((T, 2))
        flags: list[TrackFlag] = []
        for t, masks in enumerate(track_masks(request.working_clip, self.config)):
            object_masks[t] = resized_mask(masks.object, shape)
            human_masks[t] = resized_mask(masks.human, shape)
            gates = (masks.object_gates, masks.human_gates)
            confidence[t] = [result.confidence for result in gates]
            flags += [TrackFlag(t, reason) for result in gates for reason in result.reasons]
            progress((t + 1) / T, f"masks of frame {t + 1} of {T}")
        object_masks[0], human_masks[0] = request.first_object_mask, request.first_human_mask
        return MaskTracks(object_masks, human_masks & ~object_masks, confidence, tuple(flags))


@dataclass(frozen=True)
class PlateDepthEstimator:
    """Backend ``plate`` of the role ``depth``: the plate's depth on the background, the fitted
    body's on the person, else unknown."""

    config: SegmentationConfig = field(default_factory=SegmentationConfig)

    def estimate_depth(
        self, request: SceneTracksRequest, masks: MaskTracks, *, progress: Progress = silent
    ) -> DepthFrames:
        """See ``DepthEstimator``."""
        clip = request.working_clip
        T, shape = len(request.video), request.camera.shape
        depth = np.empty((T, *shape), np.float32)
        flags: list[TrackFlag] = []
        for t, body in enumerate(request.body_views):
            object_mask, human = masks.object_masks[t], masks.human_masks[t]
            small = [resized_mask(mask, clip.first_object.shape) for mask in (object_mask, human)]
            odd = clip.background.unexplained(clip.frames[t], small[0] | small[1], self.config)
            if (area := int(odd.sum())) >= self.config.unexplained_px:
                flags.append(TrackFlag(t, f"scene: {area} px show something unknown"))
            unknown = object_mask | (resized_mask(odd, shape) & ~human)
            depth[t] = compose_depth(request.plate_depth, body, human, unknown)
            progress((t + 1) / T, f"depth of frame {t + 1} of {T}")
        return DepthFrames(depth, tuple(flags))
