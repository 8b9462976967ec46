"""A clip at the size at which it is segmented, with its background model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import BackgroundModel, fit_background
from hoi_platform.core.segmentation.scale import (
    Shape,
    resized_image,
    resized_mask,
    working_shape,
)
from hoi_platform.core.segmentation.silhouette import BodyView

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class WorkingClip:
    """Frames, masks and body parts of one size (height, width)."""

    frames: NDArray[np.uint8]  # (T, height, width, 3)
    parts: list[NDArray[np.int8]]  # T of (height, width), body part expected, -1: none
    first_object: Mask
    first_human: Mask
    background: BackgroundModel

    @property
    def shape(self) -> Shape:
        height, width = self.first_object.shape
        return height, width

    @classmethod
    def of(
        cls,
        frames: NDArray[np.uint8],
        plate: NDArray[np.uint8],
        first_object: Mask,
        first_human: Mask,
        body_views: Sequence[BodyView],
    ) -> "WorkingClip":
        """From images and masks of the video's size."""
        height, width = frames.shape[1:3]
        shape = working_shape((height, width))
        if shape != (height, width):
            frames = np.stack([resized_image(frame, shape) for frame in frames])
        thing, human = resized_mask(first_object, shape), resized_mask(first_human, shape)
        known = _known_background(thing | human)
        background = fit_background(frames[0], resized_image(plate, shape), known)
        parts = [view.parts_image(shape) for view in body_views]
        return cls(frames, parts, thing, human, background)


def _known_background(foreground: Mask) -> Mask:
    import cv2

    return cv2.dilate(foreground.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
