"""Object masks as signed distance images, each in a window around its mask."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from numpy.typing import NDArray
from scipy import ndimage

from hoi_platform.core.arrays import Array, Array32, Indices, Mask
from hoi_platform.core.geometry.mask_distance import signed_distance_px

CONTOUR_POINTS: Final = 96
"""Number of points on a mask's contour per frame; chosen."""
_MARGIN: Final = 0.05
"""Fraction of the image's width; chosen: from so far off its mask the object is pulled back."""
_OCCLUSION_PX: Final = 3
"""Pixels; chosen: a contour this close to the person may be the person's, not the object's."""


@dataclass(frozen=True)
class MaskWindows:
    """T square windows of S pixels; pixel centers at +0.5."""

    corner_px: Int[Indices, "T 2"]  # u, v of the window's top left corner
    distance_px: Float32[Array32, "T S S"]  # to the mask's outline, negative inside
    hidden: Bool[Mask, "T S S"]  # where the person or the image's border hides the outline
    contour_px: Float[Array, "T C 2"]  # pixel centers along the outline, just inside, in the image
    contour_normal: Float[Array, "T C 2"]  # outward
    contour_weight: Float[Array, "T C"]  # 0 for points that are hidden or padding


class _Window(NamedTuple):
    distance: NDArray[np.float32]
    hidden: NDArray[np.bool_]
    contour: tuple[Array, Array, Array]


def mask_windows(
    object_masks: Bool[Mask, "T H W"], human_masks: Bool[Mask, "T H W"], rng: np.random.Generator
) -> MaskWindows:
    """Distance images of masks. A frame without a mask gets contour weights of 0."""
    width = object_masks.shape[2]
    boxes = np.array([_box(mask) for mask in object_masks])  # (T, 2, 2) as v, u
    centers = _filled_in(boxes.mean(axis=1))
    margin = max(8, round(_MARGIN * width))
    side = int(np.nan_to_num(np.ptp(boxes, axis=1)).max(initial=0)) + 2 * margin
    corners = np.round(centers - side / 2).astype(np.int64)  # v, u
    windows = [
        _window(_cut(mask, corner, side, False), _cut(person, corner, side, True), corner, rng)
        for mask, person, corner in zip(object_masks, human_masks, corners, strict=True)
    ]
    points, normals, weights = zip(*(window.contour for window in windows), strict=True)
    return MaskWindows(
        corners[:, ::-1].copy(),
        np.stack([window.distance for window in windows]),
        np.stack([window.hidden for window in windows]),
        np.stack(points),
        np.stack(normals),
        np.stack(weights),
    )


def _box(mask: Bool[Mask, "H W"]) -> Float[Array, "2 2"]:
    """First and last row and column of a mask; nan when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return np.full((2, 2), np.nan)
    return np.array([[rows[0], columns[0]], [rows[-1] + 1, columns[-1] + 1]], float)


def _filled_in(centers: Float[Array, "T 2"]) -> Float[Array, "T 2"]:
    """Empty frames look where their neighbors are."""
    seen = np.flatnonzero(np.isfinite(centers).all(axis=1))
    if not seen.size:
        return np.zeros_like(centers)
    frames = np.arange(len(centers))
    return np.stack([np.interp(frames, seen, centers[seen, k]) for k in range(2)], axis=1)


def _cut(
    image: Bool[Mask, "H W"], corner: Int[Array, "2"], side: int, outside: bool
) -> Bool[Mask, "side side"]:
    """A piece whose top left pixel is ``corner`` (v, u); ``outside`` fills up."""
    piece = np.full((side, side), outside)
    low, high = np.maximum(corner, 0), np.minimum(corner + side, image.shape)
    if (low < high).all():
        a, b = low - corner, high - corner
        piece[a[0] : b[0], a[1] : b[1]] = image[low[0] : high[0], low[1] : high[1]]
    return piece


def _window(
    mask: Bool[Mask, "S S"],
    hides: Bool[Mask, "S S"],
    corner: Int[Array, "2"],
    rng: np.random.Generator,
) -> _Window:
    hidden = ndimage.distance_transform_edt(~(hides & ~mask)) <= _OCCLUSION_PX
    if not mask.any():
        nothing = np.zeros((CONTOUR_POINTS, 2))
        far = np.full(mask.shape, len(mask), np.float32)
        return _Window(far, hidden | True, (nothing, nothing, np.zeros(CONTOUR_POINTS)))
    distance = signed_distance_px(mask, "exact")
    contour = _contour(mask, distance, hidden, rng)
    points = contour[0] + corner[::-1]
    return _Window(distance.astype(np.float32), hidden, (points, *contour[1:]))


def _contour(
    mask: Bool[Mask, "S S"],
    distance: Float[Array, "S S"],
    hidden: Bool[Mask, "S S"],
    rng: np.random.Generator,
) -> tuple[Float[Array, "C 2"], Float[Array, "C 2"], Float[Array, " C"]]:
    """Up to ``CONTOUR_POINTS`` visible outline pixels: points, normals, weights."""
    outline = mask & ~ndimage.binary_erosion(mask) & ~hidden
    rows, columns = np.nonzero(outline)
    count = min(CONTOUR_POINTS, len(rows))
    chosen = rng.choice(len(rows), count, replace=False) if count else np.zeros(0, np.int64)
    slope_v, slope_u = np.gradient(ndimage.gaussian_filter(distance, 1.0))
    v, u = rows[chosen], columns[chosen]
    normal = np.stack([slope_u[v, u], slope_v[v, u]], axis=-1)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    pad = ((0, CONTOUR_POINTS - count), (0, 0))
    points = np.stack([u + 0.5, v + 0.5], axis=-1)
    return np.pad(points, pad), np.pad(normal, pad), np.pad(np.ones(count), pad[0])
