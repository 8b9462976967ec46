"""Segments a clip of a static camera frame by frame: likelihood × prior → posterior → gates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32

from hoi_platform.core.arrays import Array32, Mask
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.gates import (
    GateResult,
    gated,
    lost,
    measured_human,
    measured_object,
    ramp,
    redetected,
)
from hoi_platform.core.segmentation.images import (
    WHOLE,
    Soft,
    Window,
    components,
    placed,
    window_around,
)
from hoi_platform.core.segmentation.likelihood import (
    OBJECT,
    ColorModels,
    color_support,
)
from hoi_platform.core.segmentation.posterior import Labels, posterior
from hoi_platform.core.segmentation.prior import Prediction, log_prior, updated_amodal
from hoi_platform.core.segmentation.state import Frame, FrameMasks, TrackState
from hoi_platform.core.segmentation.working_clip import WorkingClip

_LOST_PRIOR: Final = 0.02
"""Prior probability of a lost object at each pixel of the image; chosen."""
_LARGEST: Final = 2.5
"""Area of a region that may be the lost object, as a multiple of its usual area; chosen."""


def track_masks(clip: WorkingClip, config: SegmentationConfig) -> Iterator[FrameMasks]:
    """Yield the masks of every frame; those of frame 0 are the given ones."""
    tracker, exact = Tracker(clip, config), GateResult(1.0, ())
    yield FrameMasks(clip.first_object, clip.first_human, exact, exact)
    state = tracker.start()
    for t in range(1, len(clip.frames)):
        state, masks = tracker.step(state, tracker.frame(t))
        yield masks


class Evidence(NamedTuple):
    """The terms of the formula in a window (h, w) of one frame."""

    window: Window
    predicted: Prediction
    log_likelihood: Float32[Array32, "3 h w"]
    log_prior: Float32[Array32, "3 h w"]
    labels: Labels


@dataclass(frozen=True)
class Tracker:
    """A filter over the frames of a clip: predict, compare, update."""

    clip: WorkingClip
    config: SegmentationConfig

    def start(self) -> TrackState:
        """The state after frame 0, whose masks are exact."""
        return TrackState.first(self.frame(0), self.clip.first_object, self.clip.first_human)

    def frame(self, t: int) -> Frame:
        return Frame.of(self.clip.frames[t], self.clip.parts[t])

    def step(self, state: TrackState, frame: Frame) -> tuple[TrackState, FrameMasks]:
        """Segment the next frame, gate its masks, and learn from them."""
        config, usual_area = self.config, state.object_areas.usual
        seen = self.segment(state, frame)
        object_gates, human_gates = self._gates(state, seen)
        labels = seen.labels.placed(seen.window, frame.parts.shape)
        is_small = bool(labels.object.sum() < config.lost_area * usual_area)
        is_searched = is_small or state.lost or object_gates.foreign
        found = self._redetect(state, frame) if is_searched else None
        if found is not None:
            object_gates = redetected(found, state.amodal, state.lost, config.redetected_confidence)
            labels = labels.with_object(found)
        elif is_small:
            object_gates = lost(seen.labels, seen.predicted, usual_area)
        object_gates = object_gates.capped(state.max_confidence)
        masks = FrameMasks(labels.object, labels.human, object_gates, human_gates)
        after = replace(
            state.learned(frame, masks, config),
            blended=labels.blended(),
            amodal=self._amodal(seen, masks) if found is None else found.astype(np.float32),
            lost=is_small and found is None,
            max_confidence=state.next_max_confidence(object_gates.confidence, config.recovery_rate)
            if found is None
            else config.redetected_confidence,
        )
        return after, masks

    def segment(self, state: TrackState, frame: Frame) -> Evidence:
        """P(label | pixel) in a window around person and object."""
        config = self.config
        window = window_around(state.support | (frame.parts >= 0), round(config.margin_px))
        view = frame.cut(window)
        predicted = state.predict(view, window)
        likelihood = self._log_likelihood(state, view, window, predicted.object)
        prior = log_prior(predicted, config)
        p = posterior(likelihood, prior, view.image, config)
        labels = Labels.of(p, likelihood, predicted, config)
        return Evidence(window, predicted, likelihood, prior, labels)

    def _log_likelihood(
        self, state: TrackState, view: Frame, window: Window, predicted: Bool[Mask, "h w"]
    ) -> Float32[Array32, "3 h w"]:
        models = ColorModels(self.clip.background, self.clip.first_frame, state.appearance)
        return models.log_likelihood(view.image, view.parts, window, predicted, self.config)

    def _gates(self, state: TrackState, seen: Evidence) -> tuple[GateResult, GateResult]:
        """Those of the object and of the person."""
        terms = seen.labels, seen.log_likelihood, seen.predicted
        object_ = measured_object(*terms, state.object_areas)
        human = measured_human(*terms, state.human_areas)
        gates = self.config.gates
        return gated("object", object_, gates), gated("human", human, gates)

    def _amodal(self, seen: Evidence, masks: FrameMasks) -> Float32[Soft, "height width"]:
        """The amodal mask after a frame in which the object was not redetected."""
        predicted, config = seen.predicted, self.config
        amodal = placed(predicted.amodal, seen.window, masks.object.shape)
        if masks.object_gates.confidence == 0:
            return amodal
        rate = config.still_rate if predicted.still else config.amodal_rate
        return updated_amodal(amodal, masks.object, masks.human, rate)

    def _redetect(self, state: TrackState, frame: Frame) -> Bool[Mask, "height width"] | None:
        """The region of the image that looks most like the object; None where nothing does."""
        config, usual_area = self.config, state.object_areas.usual
        nowhere = np.zeros(frame.parts.shape, np.float32)
        size_px = float(np.sqrt(usual_area))
        predicted = Prediction(nowhere, nowhere, frame.parts >= 0, size_px, still=False)
        likelihood = self._log_likelihood(state, frame, WHOLE, predicted.object)
        prior = log_prior(predicted, config)
        prior[OBJECT] = np.log(_LOST_PRIOR)
        p = posterior(likelihood, prior, frame.image, config)
        best, best_score = None, 0.0
        for region in components(p.argmax(axis=0) == OBJECT):
            area = int(region.sum())
            if not config.lost_area * usual_area <= area <= _LARGEST * usual_area:
                continue
            color = ramp(color_support(likelihood, OBJECT, region), config.gates.color)
            score = color * min(area / usual_area, 1.0)
            if color >= 0.5 and score > best_score:
                best, best_score = region, score
        return best
