"""A clip at the size at which it is segmented, with the models that come from frame 0."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int8, UInt8

from hoi_platform.core.arrays import Image, Mask
from hoi_platform.core.segmentation.background import BackgroundModel, fit_background
from hoi_platform.core.segmentation.body_view import BodyView
from hoi_platform.core.segmentation.images import (
    Parts,
    dilated,
    has_fireflies,
    resized_image,
    resized_mask,
    without_fireflies,
    working_shape,
)
from hoi_platform.core.segmentation.likelihood import FirstFrame


@dataclass(frozen=True)
class WorkingClip:
    """Frames, masks and body parts of one size (height, width)."""

    frames: UInt8[Image, "T height width 3"]  # without fireflies
    parts: list[Int8[Parts, "height width"]]  # T of them
    first_object: Bool[Mask, "height width"]
    first_human: Bool[Mask, "height width"]
    background: BackgroundModel
    first_frame: FirstFrame

    @classmethod
    def of(
        cls,
        frames: UInt8[Image, "T H W 3"],
        plate: UInt8[Image, "H W 3"],
        first_object: Bool[Mask, "H W"],
        first_human: Bool[Mask, "H W"],
        body_views: Sequence[BodyView],
    ) -> "WorkingClip":
        """From images and masks of the video's size."""
        height, width = frames.shape[1:3]
        shape = working_shape((height, width))
        object_mask = resized_mask(first_object, shape)
        human = resized_mask(first_human, shape) & ~object_mask
        foreground = object_mask | human
        known_background = ~dilated(foreground, 9)
        frames, plate = _prepared(frames, plate, shape, known_background)
        background = fit_background(frames[0], plate, known_background)
        labels = np.stack([~foreground, human, object_mask])
        first_frame = FirstFrame(frames[0].astype(np.float32), labels, background.light_noise)
        parts = [view.parts_image(shape) for view in body_views]
        return cls(frames, parts, object_mask, human, background, first_frame)


def _prepared(
    frames: UInt8[Image, "T H W 3"],
    plate: UInt8[Image, "H W 3"],
    shape: tuple[int, int],
    known_background: Bool[Mask, "h w"],
) -> tuple[UInt8[Image, "T h w 3"], UInt8[Image, "h w 3"]]:
    """Frames and plate at a size, without fireflies."""
    if frames.shape[1:3] != shape:
        frames = np.stack([resized_image(frame, shape) for frame in frames])
        plate = resized_image(plate, shape)
    if has_fireflies(frames[0], known_background):
        frames = np.stack([without_fireflies(frame) for frame in frames])
        plate = without_fireflies(plate)
    return frames, plate
