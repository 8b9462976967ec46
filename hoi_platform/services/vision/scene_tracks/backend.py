"""Stage ``scene_tracks``: one backend for the masks, one for the depth."""

from dataclasses import dataclass
from typing import Final

from hoi_platform.core.formats.tracks import SceneTracks, TrackFlag
from hoi_platform.services.vision.scene_tracks.background import BackgroundMaskTracker
from hoi_platform.services.vision.scene_tracks.plate_depth import PlateDepthEstimator
from hoi_platform.services.vision.scene_tracks.protocol import (
    DepthEstimator,
    MaskTracker,
    Progress,
    SceneTracker,
    SceneTracksRequest,
    no_progress,
)

__all__ = ["SceneTracksRequest", "scene_tracker"]

_MASKS_SHARE: Final = 0.8  # of the work, for the progress


def scene_tracker(
    masks: MaskTracker | None = None, depth: DepthEstimator | None = None
) -> SceneTracker:
    """Any tracker of masks with any estimator of depth; by default those without weights."""
    return _MasksThenDepth(masks or BackgroundMaskTracker(), depth or PlateDepthEstimator())


@dataclass(frozen=True)
class _MasksThenDepth:
    """Any tracker of masks with any estimator of depth."""

    masks: MaskTracker
    depth: DepthEstimator

    def track(
        self, request: SceneTracksRequest, *, progress: Progress = no_progress
    ) -> SceneTracks:
        masks = self.masks.track_masks(
            request, progress=lambda done, text: progress(_MASKS_SHARE * done, text)
        )
        depth = self.depth.estimate_depth(
            request,
            masks,
            progress=lambda done, text: progress(_MASKS_SHARE + (1 - _MASKS_SHARE) * done, text),
        )
        flags: tuple[TrackFlag, ...] = tuple(sorted((*masks.flags, *depth.flags)))
        return SceneTracks(
            masks.object_masks, masks.human_masks, depth.depth, masks.confidence, flags
        )
