"""What is known of person and object after a frame: predicted to the next, updated from it."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int8, UInt8

from hoi_platform.core.arrays import Array32, Image, Mask
from hoi_platform.core.segmentation.appearance import AppearanceModel, color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.gates import Areas, GateResult
from hoi_platform.core.segmentation.images import Parts, Soft, Window, eroded
from hoi_platform.core.segmentation.prior import (
    Gray,
    Prediction,
    backward_flow,
    fit_similarity,
    flow_image,
    warped,
)

_MIN_VISIBLE: Final = 0.1
"""Share of the object that has to be visible for its motion to be measured there alone; chosen:
an object that is covered further moves with the hand that covers it."""
_USUAL_FRAMES: Final = 15
"""Number of trusted frames whose median area is the object's usual one; chosen."""


class Frame(NamedTuple):
    """One frame, prepared."""

    image: UInt8[Image, "h w 3"]
    gray: UInt8[Gray, "h w"]  # for optical flow
    parts: Int8[Parts, "h w"]

    @classmethod
    def of(cls, image: UInt8[Image, "h w 3"], parts: Int8[Parts, "h w"]) -> "Frame":
        return cls(image, flow_image(image), parts)

    def cut(self, window: Window) -> "Frame":
        return Frame(*(np.ascontiguousarray(layer[window]) for layer in self))


class FrameMasks(NamedTuple):
    """One frame's result: masks (height, width) and the results of their gates."""

    object: Bool[Mask, "h w"]
    human: Bool[Mask, "h w"]
    object_gates: GateResult
    human_gates: GateResult


@dataclass(frozen=True)
class TrackState:
    """What is known after a frame."""

    gray: UInt8[Gray, "height width"]
    blended: Float32[Array32, "2 height width"]  # see ``Labels.blended``
    amodal: Float32[Soft, "height width"]  # probability of the whole object, hidden parts included
    appearance: AppearanceModel
    object_areas: Areas
    human_areas: Areas
    trusted_areas: tuple[int, ...]  # of the object, in the last frames in which it was trusted
    lost: bool = False
    max_confidence: float = 1.0
    """Limit on the object's confidence: after a redetection it may be another object."""

    @classmethod
    def first(
        cls,
        frame: Frame,
        object_mask: Bool[Mask, "height width"],
        human: Bool[Mask, "height width"],
    ) -> "TrackState":
        """From frame 0 with its exact masks."""
        blended = np.stack([human, object_mask]).astype(np.float32)
        appearance = AppearanceModel.of(frame.image, eroded(human), object_mask, frame.parts)
        area, human_area = int(object_mask.sum()), int(human.sum())
        areas = Areas(area, area, area), Areas(human_area, human_area, human_area)
        return cls(frame.gray, blended, blended[1], appearance, *areas, (area,))

    @property
    def support(self) -> Bool[Mask, "height width"]:
        """Where person or object have been."""
        return np.maximum(self.blended.max(axis=0), self.amodal) > 0.3

    def predict(self, frame: Frame, window: Window) -> Prediction:
        """The next ``frame``, which is cut to the window."""
        rows, columns = window
        flow = backward_flow(frame.gray, self.gray[window])
        human, moved = warped(self.blended[:, rows, columns], flow)
        (whole,) = warped(self.amodal[None, rows, columns], flow) > 0.5
        visible = moved > 0.5
        is_enough = visible.sum() >= max(_MIN_VISIBLE * whole.sum(), 1)
        motion = fit_similarity(flow, visible if is_enough else whole)
        amodal = motion.warped(np.ascontiguousarray(self.amodal[window]))
        size_px = float(np.sqrt(self.object_areas.usual))
        return Prediction(human, amodal, frame.parts >= 0, size_px, motion.still)

    def learned(self, frame: Frame, masks: FrameMasks, config: SegmentationConfig) -> "TrackState":
        """Colors and areas, as far as the frame's masks are trusted."""
        codes, rate, appearance = color_codes(frame.image), config.color_rate, self.appearance
        object_area, human_area = int(masks.object.sum()), int(masks.human.sum())
        trusted_areas = self.trusted_areas
        if masks.object_gates.confidence >= config.learning_confidence:
            appearance = appearance.with_object(codes[eroded(masks.object)], rate)
            trusted_areas = (*trusted_areas, object_area)[-_USUAL_FRAMES:]
        if masks.human_gates.confidence >= config.learning_confidence:
            inner = eroded(masks.human)
            appearance = appearance.with_person(codes[inner], frame.parts[inner], rate)
        return replace(
            self,
            gray=frame.gray,
            appearance=appearance,
            object_areas=Areas(
                self.object_areas.first, object_area, float(np.median(trusted_areas))
            ),
            human_areas=Areas(self.human_areas.first, human_area, human_area),
            trusted_areas=trusted_areas,
        )

    def next_max_confidence(self, confidence: float, rate: float) -> float:
        """The limit rises by ``rate`` after a frame whose confidence comes near it."""
        is_near = confidence >= 0.8 * self.max_confidence
        return min(self.max_confidence + rate, 1.0) if is_near else self.max_confidence
