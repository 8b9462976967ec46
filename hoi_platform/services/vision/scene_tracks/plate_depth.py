"""Depth from the rendered plate and the fitted body: the backend that needs no weights."""

from dataclasses import dataclass, field

import numpy as np

from hoi_platform.core.formats.tracks import TrackFlag
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.scale import resized_mask
from hoi_platform.core.segmentation.scene_depth import compose_depth, unexplained
from hoi_platform.services.vision.scene_tracks.protocol import (
    DepthFrames,
    MaskTracks,
    Progress,
    SceneTracksRequest,
    no_progress,
)


@dataclass(frozen=True)
class PlateDepthEstimator:
    """The plate's depth where the background is seen, the body's on the person, else unknown."""

    config: SegmentationConfig = field(default_factory=SegmentationConfig)

    def estimate_depth(
        self,
        request: SceneTracksRequest,
        masks: MaskTracks,
        *,
        progress: Progress = no_progress,
    ) -> DepthFrames:
        clip = request.working_clip
        T, shape = len(request.video), request.camera.shape
        depth = np.empty((T, *shape), np.float32)
        flags: list[TrackFlag] = []
        for t, body in enumerate(request.body_views):
            thing, human = masks.object_masks[t], masks.human_masks[t]
            small = (resized_mask(mask, clip.shape) for mask in (thing, human))
            odd = unexplained(clip.frames[t], clip.background, *small)
            if (area := int(odd.sum())) >= self.config.unexplained_px:
                flags.append(TrackFlag(t, f"scene: {area} px show something unknown"))
            unknown = resized_mask(odd, shape)
            depth[t] = compose_depth(request.plate_depth, body, thing, human, unknown)
            progress((t + 1) / T, f"depth of frame {t + 1} of {T}")
        return DepthFrames(depth, tuple(flags))
