"""The resolution at which a clip is tracked."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera

WORKING_SIZE_PX = 100.0
"""An object larger than this in the image is tracked on averaged pixels: as exact, and faster."""


def coarser_by(camera: Camera, first_mask: NDArray[np.bool_]) -> int:
    """The whole factor by which images can shrink: it divides both sides of the image."""
    rows, columns = np.nonzero(first_mask)
    if not len(rows):
        return 1
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    wanted = max(1, int(size / WORKING_SIZE_PX + 0.5))
    return max(
        k for k in range(1, wanted + 1) if camera.width_px % k == 0 and camera.height_px % k == 0
    )


def shrunk_camera(camera: Camera, factor: int) -> Camera:
    """The camera whose pixels are ``factor`` times as large."""
    return Camera(
        camera.width_px // factor,
        camera.height_px // factor,
        camera.focal_px / factor,
        camera.T_world_cam,
    )


def shrunk_images(images: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """(T, H, W, 3) averaged over blocks of ``factor`` pixels."""
    import cv2

    if factor == 1:
        return images
    size = (images.shape[2] // factor, images.shape[1] // factor)
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])


def shrunk_masks(masks: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """(T, H, W): true where at least half of a block is."""
    if factor == 1:
        return masks
    T, h, w = masks.shape
    blocks = masks.reshape(T, h // factor, factor, w // factor, factor)
    return blocks.sum(axis=(2, 4)) * 2 >= factor * factor
