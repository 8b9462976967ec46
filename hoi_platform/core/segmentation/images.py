"""Windows, outlines, regions and sizes of images and masks."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Shaped, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Image, Mask
from hoi_platform.core.geometry.mask_distance import signed_distance_px

Soft = NDArray[np.float32]  # (height, width), a probability or a density at each pixel
Parts = NDArray[np.int8]  # (height, width) index into ``body_view.PARTS``, -1: no body
Window = tuple[slice, slice]
"""Rows and columns of an image. Sizes within a window are written (h, w)."""

WHOLE: Final[Window] = (slice(None), slice(None))
_WORKING_WIDTH_PX: Final = 640
"""Pixels; wider videos are segmented at this width. Chosen: noise averages out, the time is
bounded, and outlines that are scaled up as signed distances are exact to about a video pixel."""
_FIREFLY_GRAY: Final = 25.0
"""Gray values of difference from the neighborhood's median; chosen."""
_FIREFLY_SHARE: Final = 0.002
"""Share of pixels that differ by more in a clean image, at thin edges; chosen: in renders with
fireflies it is ten times as large."""


def window_around(mask: Bool[Mask, "H W"], margin_px: int = 0) -> Window:
    """The smallest window that contains a mask, and a margin, cut at the image; empty for none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    v, u = (
        slice(max(int(i[0]) - margin_px, 0), min(int(i[-1]) + 1 + margin_px, size))
        for i, size in zip((rows, columns), mask.shape, strict=True)
    )
    return v, u


def placed(
    part: Shaped[NDArray, "*layers h w"], window: Window, shape: tuple[int, ...], fill: float = 0
) -> Shaped[NDArray, "*layers H W"]:
    """An image that shows ``part`` and ``fill`` around it."""
    image = np.full((*part.shape[:-2], *shape), fill, part.dtype)
    rows, columns = window
    image[..., rows, columns] = part
    return image


def outline_distance_px(mask: Bool[Mask, "H W"]) -> Float[Array, "H W"]:
    """To the nearest pixel beyond the outline, negative inside; inf if empty."""
    return signed_distance_px(mask, "chamfer_3", to="pixel")


def dilated(mask: Bool[Mask, "H W"], kernel_px: int) -> Bool[Mask, "H W"]:
    """With everything whose square of ``kernel_px`` touches the mask."""
    import cv2

    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((kernel_px,) * 2, np.uint8))) > 0


def eroded(mask: Bool[Mask, "H W"]) -> Bool[Mask, "H W"]:
    """Without the outermost pixels, whose colors are mixed."""
    import cv2

    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))) > 0


def components(mask: Bool[Mask, "H W"], min_area: int = 1) -> Iterator[Bool[Mask, "H W"]]:
    """The connected regions of a mask that have at least ``min_area`` pixels."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= min_area:
            yield labels == label


def cleaned(mask: Bool[Mask, "H W"], near: Bool[Mask, "H W"], min_area: int) -> Bool[Mask, "H W"]:
    """Without regions that are small or do not touch ``near``, and without small holes."""
    kept = np.zeros_like(mask)
    for region in components(mask, min_area):
        if (region & near).any():
            kept |= region
    return _without_holes(kept, min_area)


def _without_holes(mask: Bool[Mask, "H W"], max_area: int) -> Bool[Mask, "H W"]:
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    hole = stats[:, cv2.CC_STAT_AREA] < max_area
    hole[0] = False  # label 0 is the mask itself
    return mask | hole[labels]


def working_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """(height, width) at which a video of that size is segmented; masks keep the video's size."""
    height, width = shape
    if width <= _WORKING_WIDTH_PX:
        return height, width
    return round(height * _WORKING_WIDTH_PX / width), _WORKING_WIDTH_PX


def resized_image(image: UInt8[Image, "H W 3"], shape: tuple[int, int]) -> UInt8[Image, "h w 3"]:
    """The image at another size (height, width) by area averaging."""
    import cv2

    if image.shape[:2] == shape:
        return image
    return np.asarray(cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def resized_mask(mask: Bool[Mask, "H W"], shape: tuple[int, ...]) -> Bool[Mask, "h w"]:
    """The mask at another size (height, width), with smooth outlines."""
    import cv2

    if mask.shape == shape or mask.all() or not mask.any():
        return mask if mask.shape == shape else np.full(shape, mask.all())
    distance = signed_distance_px(mask, "chamfer_3")
    method = cv2.INTER_AREA if shape[1] < mask.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(distance, shape[::-1], interpolation=method)) < 0


def has_fireflies(frame: UInt8[Image, "H W 3"], flat: Bool[Mask, "H W"]) -> bool:
    """Whether the ``flat`` part of a frame has outliers of a path tracer with few samples."""
    if not flat.any():
        return False
    difference = np.abs(frame.astype(np.float32) - without_fireflies(frame)).max(axis=-1)
    return bool((difference[flat] > _FIREFLY_GRAY).mean() > _FIREFLY_SHARE)


def without_fireflies(frame: UInt8[Image, "H W 3"]) -> UInt8[Image, "H W 3"]:
    """The median of each pixel and its eight neighbors."""
    import cv2

    return np.asarray(cv2.medianBlur(np.ascontiguousarray(frame), 3), np.uint8)
