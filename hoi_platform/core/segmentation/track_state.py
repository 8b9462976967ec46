"""What is known of person and object after a frame, and how it is learned."""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.appearance import Appearance
from hoi_platform.core.segmentation.colors import color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.identity import Judgement
from hoi_platform.core.segmentation.labeling import eroded
from hoi_platform.core.segmentation.propagation import flow_image

Mask = NDArray[np.bool_]
Parts = NDArray[np.int8]  # (height, width) body part expected at each pixel, -1: none

AFTER_A_JUMP: Final = 0.3
"""Trust in an object that was found again by its colors alone."""
_TRUST_PER_FRAME: Final = 0.05
_TRUSTED: Final = 0.6
"""Confidence from which on a frame's colors and area are learned."""
_REMEMBERED: Final = 15
"""Frames over which the usual area is taken."""


class Frame(NamedTuple):
    """One frame, prepared."""

    image: NDArray[np.uint8]  # (height, width, 3)
    gray: NDArray[np.uint8]  # (height, width), for optical flow
    parts: Parts

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.parts.shape
        return height, width

    @classmethod
    def of(cls, image: NDArray[np.uint8], parts: Parts) -> "Frame":
        return cls(image, flow_image(image), parts)


class FrameMasks(NamedTuple):
    """One frame's result."""

    thing: Mask  # (height, width) the object
    human: Mask  # (height, width)
    thing_judgement: Judgement
    human_judgement: Judgement


@dataclass(frozen=True)
class TrackState:
    """What is known after a frame."""

    gray: NDArray[np.uint8]
    labels: NDArray[np.float32]  # (2, height, width) soft: person, object
    shape: NDArray[np.float32]  # (height, width) soft outline of the whole object
    appearance: Appearance
    first_areas: tuple[int, int]  # object, person
    thing_areas: tuple[int, ...]  # where the object was trusted
    thing_area: int
    human_area: int
    lost: bool = False
    trust: float = 1.0  # that it is still the same object

    @classmethod
    def first(cls, frame: Frame, thing: Mask, human: Mask) -> "TrackState":
        """From the first frame's exact masks."""
        codes = color_codes(frame.image)
        appearance = Appearance.first(codes, eroded(human), thing, frame.parts)
        labels = np.stack([human, thing]).astype(np.float32)
        areas = int(thing.sum()), int(human.sum())
        return cls(frame.gray, labels, labels[1], appearance, areas, areas[:1], *areas)

    @property
    def usual_area(self) -> float:
        return float(np.median(self.thing_areas[-_REMEMBERED:]))

    @property
    def followed(self) -> Mask:
        """(height, width) where person or object have been."""
        return np.maximum(self.labels.max(axis=0), self.shape) > 0.3

    def learned(self, frame: Frame, masks: FrameMasks, config: SegmentationConfig) -> "TrackState":
        """Colors and sizes, as far as the frame's masks are trusted."""
        appearance, areas = self.appearance, self.thing_areas
        thing_area, human_area = int(masks.thing.sum()), int(masks.human.sum())
        codes, rate = color_codes(frame.image), config.update_rate
        if masks.thing_judgement.confidence >= _TRUSTED:
            appearance = appearance.with_thing(codes[eroded(masks.thing)], rate)
            areas = (*areas[-_REMEMBERED:], thing_area)
        if masks.human_judgement.confidence >= _TRUSTED:
            inner = eroded(masks.human)
            appearance = appearance.with_person(codes[inner], frame.parts[inner], rate)
        return replace(
            self,
            gray=frame.gray,
            appearance=appearance,
            thing_areas=areas,
            thing_area=thing_area,
            human_area=human_area,
        )

    def trust_after(self, judgement: Judgement, jumped: bool) -> float:
        """Whether it is the same object cannot be seen after a jump: trust returns slowly."""
        if jumped:
            return AFTER_A_JUMP
        sound = judgement.confidence >= 0.8 * self.trust
        return min(self.trust + _TRUST_PER_FRAME, 1.0) if sound else self.trust
