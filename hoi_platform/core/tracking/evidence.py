"""One frame's images, blurred and differentiated once for all poses that are tried on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COARSE, FINE = 0, 1
BLUR_PX = (2.5, 1.0)
"""Gaussian blur of the coarse and the fine level."""
OCCLUDER_MARGIN_PX = 1
"""Nearer than this to the human's mask the object's colors are not trusted."""
_FAR_PX = 40.0
_REMAP_COLUMNS = 1024
"""Samples per row of a remap: OpenCV refuses images of 32767 rows or columns and more."""


@dataclass(frozen=True)
class FrameEvidence:
    """What is compared with the rendered object; images are (H, W, ...) float32."""

    image: NDArray[np.float32]  # (H, W, 3) sRGB in [0, 1]
    levels: tuple[NDArray[np.float32], ...]  # the image blurred by BLUR_PX
    mask: NDArray[np.bool_]  # the object's visible part
    human: NDArray[np.bool_]
    hidden: NDArray[np.bool_]  # the human's mask, dilated
    distance: NDArray[np.float32]  # (H, W) signed pixels to the mask's boundary, < 0 inside
    slope: NDArray[np.float32]  # (H, W, 2) its gradient by (u, v)
    background: NDArray[np.float32]  # (H, W, 3), nan where unknown


def frame_evidence(
    rgb: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    human: NDArray[np.bool_],
    background: NDArray[np.float32],
) -> FrameEvidence:
    """Prepare a frame (H, W, 3) with the object's and the human's masks (H, W).

    ``background`` (H, W, 3) is the static scene in [0, 1], nan where it is unknown.
    """
    import cv2

    image = rgb.astype(np.float32) / 255.0
    levels = tuple(blurred(image, sigma) for sigma in BLUR_PX)
    size = 2 * OCCLUDER_MARGIN_PX + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    hidden = cv2.dilate(human.astype(np.uint8), kernel) > 0
    distance = signed_distance(mask)
    slope = np.stack(gradients(blurred(distance, 1.0)), axis=-1)
    return FrameEvidence(image, levels, mask & ~human, human, hidden, distance, slope, background)


def blurred(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


def gradients(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Central differences by u and v of (H, W) or (H, W, C)."""
    padded = np.pad(image, [(1, 1), (1, 1)] + [(0, 0)] * (image.ndim - 2), mode="edge")
    du = (padded[1:-1, 2:] - padded[1:-1, :-2]) * 0.5
    dv = (padded[2:, 1:-1] - padded[:-2, 1:-1]) * 0.5
    return du, dv


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Pixels from each pixel center to the boundary of the mask, negative inside, capped."""
    import cv2

    outside = np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5))
    inside = np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5))
    signed = np.where(mask, 0.5 - inside, outside - 0.5)
    return np.clip(signed, -_FAR_PX, _FAR_PX).astype(np.float32)


def sampled(image: NDArray[np.float32], uv: NDArray) -> NDArray[np.float32]:
    """Bilinear values (N, ...) of an image (H, W, ...) at pixels (N, 2); edges repeat."""
    import cv2

    count = len(uv)
    if not count:  # which OpenCV refuses
        return np.zeros((0, *image.shape[2:]), np.float32)
    rows = -(-count // _REMAP_COLUMNS)
    columns = min(count, _REMAP_COLUMNS)
    maps = np.zeros((rows * columns, 2), np.float32)
    maps[:count] = uv.astype(np.float32) - np.float32(0.5)
    values = cv2.remap(
        image,
        maps[:, 0].reshape(rows, columns),
        maps[:, 1].reshape(rows, columns),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(values, np.float32).reshape(-1, *image.shape[2:])[:count]
