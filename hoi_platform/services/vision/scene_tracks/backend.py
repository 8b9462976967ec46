"""The backends of stage ``scene_tracks`` by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from hoi_platform.core.errors import ConfigError
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

__all__ = ["DEPTH_BACKENDS", "MASK_BACKENDS", "SceneTracksRequest", "scene_tracker"]

MASK_BACKENDS: Final[Mapping[str, Callable[[], MaskTracker]]] = {
    "background": BackgroundMaskTracker,
}
DEPTH_BACKENDS: Final[Mapping[str, Callable[[], DepthEstimator]]] = {
    "plate": PlateDepthEstimator,
}

_MASKS_SHARE: Final = 0.8  # of the work, for the progress

T = TypeVar("T")


def scene_tracker(backend: str = "background", depth_backend: str = "plate") -> SceneTracker:
    """The tracker that ``TracksConfig`` names. Raises ConfigError on an unknown name."""
    return _MasksThenDepth(
        _chosen("tracks.backend", MASK_BACKENDS, backend),
        _chosen("tracks.depth_backend", DEPTH_BACKENDS, depth_backend),
    )


def _chosen(key: str, backends: Mapping[str, Callable[[], T]], name: str) -> T:
    if name not in backends:
        raise ConfigError(f"{key}: unknown backend {name!r}; known: {', '.join(backends)}")
    return backends[name]()


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
