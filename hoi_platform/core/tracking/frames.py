"""The images that a clip is tracked on: working size, plate, and one frame's evidence.

A frame is blurred and differentiated once for all poses that are tried on it.
"""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Image, Mask
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mask_distance import signed_distance_px

COARSE, FINE = 0, 1
"""Levels of blur."""
LEAST_SAMPLES: Final = 10
"""Number of samples below which colors and centers of a surface say nothing; chosen."""
_OCCLUDER_MARGIN_PX: Final = 1
"""Distance (px) from the human's mask within which the object's colors are not trusted; chosen."""
_FAR_PX: Final = 40.0
"""Largest distance (px) to a mask's boundary; chosen: robust losses see no farther."""
_REMAP_COLUMNS: Final = 1024
"""Samples per row of a remap; chosen: OpenCV refuses images of 32,767 rows or columns."""
_PLATE_FRAMES: Final = 24
"""Number of frames whose median is the plate; chosen: more cost time alone."""
_PLATE_MARGIN_PX: Final = 4
"""Distance (px) from an actor's mask within which a pixel is not the plate's; chosen."""


@dataclass(frozen=True)
class FrameEvidence:
    """What is compared with the rendered object; images are (H, W, ...) float32."""

    image: Float32[Array32, "H W 3"]  # sRGB in [0, 1]
    levels: tuple[Float32[Array32, "H W 3"], ...]  # the image, blurred coarsely and finely
    mask: Bool[Mask, "H W"]  # the object's visible part
    human: Bool[Mask, "H W"]
    hidden: Bool[Mask, "H W"]  # the human's mask, dilated
    distance: Float32[Array32, "H W"]  # signed pixels to the mask's boundary, < 0 inside
    slope: Float32[Array32, "H W 2"]  # its gradient by (u, v)
    plate: Float32[Array32, "H W 3"]  # nan where unknown


def frame_evidence(
    rgb: UInt8[Image, "H W 3"],
    mask: Bool[Mask, "H W"],
    human: Bool[Mask, "H W"],
    plate: Float32[Array32, "H W 3"],
    blur_px: tuple[float, float],
) -> FrameEvidence:
    """Prepare a frame with the object's and the human's masks.

    ``plate`` is the scene without its actors in [0, 1], nan where it is unknown.
    """
    import cv2

    image = rgb.astype(np.float32) / 255.0
    levels = tuple(blurred(image, sigma) for sigma in blur_px)
    size = 2 * _OCCLUDER_MARGIN_PX + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    hidden = cv2.dilate(human.astype(np.uint8), kernel) > 0
    distance = capped_distance_px(mask)
    slope = np.stack(gradients(blurred(distance, 1.0)), axis=-1)
    return FrameEvidence(
        image=image,
        levels=levels,
        mask=mask & ~human,
        human=human,
        hidden=hidden,
        distance=distance,
        slope=slope,
        plate=plate,
    )


def plate_of(
    frames: UInt8[Image, "T H W 3"], actors: Bool[Mask, "T H W"]
) -> Float32[Array32, "H W 3"]:
    """Median color in [0, 1] of the frames in which a pixel shows no actor, else nan.

    ``actors`` are grown by a margin; the camera is static.
    """
    import cv2

    chosen = np.unique(np.linspace(0, len(frames) - 1, _PLATE_FRAMES).round().astype(int))
    kernel = np.ones((2 * _PLATE_MARGIN_PX + 1, 2 * _PLATE_MARGIN_PX + 1), np.uint8)
    grown = np.stack([cv2.dilate(actors[t].astype(np.uint8), kernel) > 0 for t in chosen])
    result = frames[0].astype(np.float32) / 255.0
    result[grown[0]] = np.nan
    rows, columns = np.nonzero(grown.any(axis=0))
    samples = frames[chosen][:, rows, columns].astype(np.float32) / 255.0
    samples[grown[:, rows, columns]] = np.nan
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice")
        result[rows, columns] = np.nanmedian(samples, axis=0)
    return result


def blurred(
    image: Float32[Array32, "H W *channels"], sigma_px: float
) -> Float32[Array32, "H W *channels"]:
    """An image under a Gaussian."""
    import cv2

    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


def gradients(
    image: Float32[Array32, "H W *channels"],
) -> tuple[Float32[Array32, "H W *channels"], Float32[Array32, "H W *channels"]]:
    """Central differences by u and v."""
    padded = np.pad(image, [(1, 1), (1, 1)] + [(0, 0)] * (image.ndim - 2), mode="edge")
    du = (padded[1:-1, 2:] - padded[1:-1, :-2]) * 0.5
    dv = (padded[2:, 1:-1] - padded[:-2, 1:-1]) * 0.5
    return du, dv


def capped_distance_px(mask: Bool[Mask, "H W"]) -> Float32[Array32, "H W"]:
    """The signed distance to a mask's outline, as far as robust losses see."""
    distance = signed_distance_px(mask, "chamfer_5")
    return np.clip(distance, -_FAR_PX, _FAR_PX).astype(np.float32)


def sampled(
    image: Float32[Array32, "H W *channels"], uv: Float[NDArray, "N 2"]
) -> Float32[Array32, " N *channels"]:
    """Bilinear values of an image at pixels; edges repeat."""
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


def mask_at(mask: Bool[Mask, "H W"], uv: Float[Array, "*batch 2"]) -> Bool[Mask, "*batch"]:
    """Values of a mask at pixels; outside the nearest pixel's."""
    u = np.clip(np.nan_to_num(uv[..., 0]).astype(int), 0, mask.shape[1] - 1)
    v = np.clip(np.nan_to_num(uv[..., 1]).astype(int), 0, mask.shape[0] - 1)
    return mask[v, u]


def shrink_factor(camera: Camera, first_mask: Bool[Mask, "H W"], working_size_px: float) -> int:
    """The whole factor by which images can shrink: it divides both sides of the image."""
    rows, columns = np.nonzero(first_mask)
    if not len(rows):
        return 1
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    wanted = max(1, int(size / working_size_px + 0.5))
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


def shrunk_images(images: UInt8[Image, "T H W 3"], factor: int) -> UInt8[Image, "T h w 3"]:
    """Averaged over blocks of ``factor`` pixels."""
    import cv2

    if factor == 1:
        return images
    size = (images.shape[2] // factor, images.shape[1] // factor)
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])


def shrunk_masks(masks: Bool[Mask, "T H W"], factor: int) -> Bool[Mask, "T h w"]:
    """True where at least half of a block is."""
    if factor == 1:
        return masks
    T, h, w = masks.shape
    blocks = masks.reshape(T, h // factor, factor, w // factor, factor)
    return blocks.sum(axis=(2, 4)) * 2 >= factor * factor
