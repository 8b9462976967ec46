"""Masks by comparison with the background plate: the backend that needs no weights."""

from dataclasses import dataclass, field

import numpy as np

from hoi_platform.core.formats.tracks import TrackFlag
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.scale import resized_mask
from hoi_platform.core.segmentation.tracker import track_masks
from hoi_platform.services.vision.scene_tracks.protocol import (
    MaskTracks,
    Progress,
    SceneTracksRequest,
    no_progress,
)


@dataclass(frozen=True)
class BackgroundMaskTracker:
    """Plate differences, color models, the fitted body's silhouette and optical flow."""

    config: SegmentationConfig = field(default_factory=SegmentationConfig)

    def track_masks(
        self, request: SceneTracksRequest, *, progress: Progress = no_progress
    ) -> MaskTracks:
        clip = request.working_clip
        T, shape = len(request.video), request.camera.shape
        thing = np.zeros((T, *shape), bool)
        human = np.zeros((T, *shape), bool)
        confidence = np.ones((T, 2))
        flags: list[TrackFlag] = []
        for t, masks in enumerate(track_masks(clip, self.config)):
            thing[t] = resized_mask(masks.thing, shape)
            human[t] = resized_mask(masks.human, shape)
            judgements = (masks.thing_judgement, masks.human_judgement)
            confidence[t] = [judgement.confidence for judgement in judgements]
            flags += [TrackFlag(t, reason) for each in judgements for reason in each.reasons]
            progress((t + 1) / T, f"masks of frame {t + 1} of {T}")
        thing[0], human[0] = request.first_object_mask, request.first_human_mask
        return MaskTracks(thing, human & ~thing, confidence, tuple(flags))
