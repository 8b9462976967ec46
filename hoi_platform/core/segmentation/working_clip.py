"""A clip at the size at which it is segmented, with its background model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import BackgroundModel, fit_background
from hoi_platform.core.segmentation.first_look import FirstLook
from hoi_platform.core.segmentation.noise import has_outliers, without_outliers
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

    frames: NDArray[np.uint8]  # (T, height, width, 3) without outliers
    parts: list[NDArray[np.int8]]  # T of (height, width), body part expected, -1: none
    first_object: Mask
    first_human: Mask
    background: BackgroundModel
    first_look: FirstLook

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
        thing, human = resized_mask(first_object, shape), resized_mask(first_human, shape)
        human &= ~thing
        known = _known_background(thing | human)
        frames, plate = _prepared(frames, plate, shape, known)
        background = fit_background(frames[0], plate, known)
        labels = np.stack([~(thing | human), human, thing])
        look = FirstLook(frames[0].astype(np.float32), labels, background.light_noise)
        parts = [view.parts_image(shape) for view in body_views]
        return cls(frames, parts, thing, human, background, look)


def _prepared(
    frames: NDArray[np.uint8], plate: NDArray[np.uint8], shape: Shape, known: Mask
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Frames and plate at a size, without outliers."""
    if frames.shape[1:3] != shape:
        frames = np.stack([resized_image(frame, shape) for frame in frames])
        plate = resized_image(plate, shape)
    if has_outliers(frames[0], known):
        frames = np.stack([without_outliers(frame) for frame in frames])
        plate = without_outliers(plate)
    return frames, plate


def _known_background(foreground: Mask) -> Mask:
    import cv2

    return cv2.dilate(foreground.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
