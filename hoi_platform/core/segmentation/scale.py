"""The size at which a clip is segmented; masks keep the video's size.

Wider videos are looked at 640 pixels wide: the noise averages out, the time is bounded, and the
outlines, scaled up as signed distances, are exact to about a pixel of the video.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.silhouette import signed_distance_px

Mask = NDArray[np.bool_]
Shape = tuple[int, int]  # (height, width)

WORKING_WIDTH_PX: Final = 640


def working_shape(shape: Shape) -> Shape:
    """The size at which an image of that size is segmented."""
    height, width = shape
    if width <= WORKING_WIDTH_PX:
        return height, width
    return round(height * WORKING_WIDTH_PX / width), WORKING_WIDTH_PX


def resized_image(image: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    """(height, width, 3) by area averaging."""
    import cv2

    if image.shape[:2] == shape:
        return image
    return np.asarray(cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def resized_mask(mask: Mask, shape: Shape) -> Mask:
    """The mask at another size, with smooth outlines."""
    import cv2

    if mask.shape == shape or not mask.any():
        return mask if mask.shape == shape else np.zeros(shape, bool)
    # Distances between pixel centers: half a pixel makes the outline run between them.
    distance = signed_distance_px(mask) - np.where(mask, 0.5, -0.5).astype(np.float32)
    shrinks = shape[1] < mask.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(distance, shape[::-1], interpolation=how)) > 0
