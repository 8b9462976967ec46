"""The silhouette's evidence: the rendered rim against the object's mask and against the image.

Where the human's mask touches the object's, either may be in front. A hand before the object
reaches deep into the silhouette, and the rim near it is left out; a body behind the object only
touches the rim, which then is as good a contour as before anything else.

Masks err by a pixel, which is centimeters of depth on a small object. Around each point of the
rendered rim the colors of the object and of what lies behind it are known nearly, so that the
share of object color in a short profile across the rim shows the edge to a fraction of a pixel.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Mask
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.least_squares.robust import GEMAN_MCCLURE
from hoi_platform.core.tracking.frames import (
    FrameEvidence,
    blurred,
    capped_distance_px,
    gradients,
    mask_at,
    sampled,
)
from hoi_platform.core.tracking.motion import PoseResiduals, center_of, pixel_jacobian
from hoi_platform.core.tracking.view import ObjectModel, View

_IN_FRONT_PX: Final = 3.0
"""Depth within the silhouette (px) from which on a human pixel hides the object; chosen."""
_NEAR_OCCLUDER_PX: Final = 5.0
"""Distance (px) from what is in front within which the rim is left out; chosen."""
_BESIDE_PX: Final = 2
"""Distance (px) from the human's mask within which the rim is beside the human; chosen."""
_BESIDE_BEND_PX: Final = 0.8
"""Bend of the loss (px) beside the human where the mask ends inside of the silhouette; chosen:
perhaps a finger covers the object there."""
_REACH_PX: Final = 3.0
"""Half length (px) of the profile in which an edge is looked for; chosen: masks err less."""
_STEP_PX: Final = 0.5
"""Distance (px) between a profile's samples; chosen: finer than the blur."""
_SIDES_PX: Final = (2.0, 4.0)
"""Distances (px) from the rim between which the plain colors of its sides are read; chosen."""
_PROFILE_NOISE: Final = 0.04
"""Standard deviation of a color in a profile (sRGB, 0 to 1); chosen."""
_LEAST_CONTRAST: Final = 3 * _PROFILE_NOISE
"""Distance of the sides' colors (sRGB, 0 to 1) below which no edge is read; chosen."""


@dataclass(frozen=True)
class Contour:
    """Points of the rendered silhouette's rim that nothing covers."""

    p_object: Float[Array, "M 3"]
    distance: Float[Array, " M"]  # to the rendered silhouette's boundary (px), about half a sample
    beside_human: Bool[Mask, " M"]
    per_pixel: float
    """Points per pixel of length."""


def uncovered_rim(view: View, frame: FrameEvidence, camera: Camera) -> Bool[Mask, "h w"]:
    """Samples on the rim of a view's silhouette, but where covered or at the border."""
    import cv2

    inside = view.hit.astype(np.uint8)
    rim = view.hit & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 0)
    occluder = _occluder(view.hit, mask_at(frame.human, view.grid), view.stride)
    rim &= _distance_to(occluder) * view.stride > _NEAR_OCCLUDER_PX
    size = np.array([camera.width_px, camera.height_px])
    return rim & ((view.grid > 2) & (view.grid < size - 2)).all(axis=-1)


def contour_of(view: View, rim: Bool[Mask, "h w"], frame: FrameEvidence) -> Contour:
    """The ``rim`` of a view as points."""
    beside = _distance_to(mask_at(frame.human, view.grid)) * view.stride <= _BESIDE_PX
    distance = capped_distance_px(view.hit)[rim] * view.stride
    return Contour(
        view.p_object[rim[view.hit]], distance.astype(float), beside[rim], 1.0 / view.stride
    )


def _occluder(hit: Bool[Mask, "h w"], human: Bool[Mask, "h w"], stride: float) -> Bool[Mask, "h w"]:
    """Human pixels deep inside the silhouette, or on the middle line of a thin part of it."""
    import cv2

    depth = np.asarray(cv2.distanceTransform(hit.astype(np.uint8), cv2.DIST_L2, 5)) * stride
    size = 2 * int(_IN_FRONT_PX / stride) + 1
    ridge = depth >= 0.95 * cv2.dilate(depth, np.ones((size, size), np.uint8))
    return hit & human & ((depth > _IN_FRONT_PX) | ridge)


def _distance_to(mask: Bool[Mask, "h w"]) -> Float32[Array32, "h w"]:
    """Samples to the nearest true one; far where there is none."""
    import cv2

    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def contour_residuals(
    frame: FrameEvidence, contour: Contour, T: Float[Array, "4 4"], model: ObjectModel, level: int
) -> PoseResiduals:
    """The rim's signed distance to the mask's boundary, less that to the rendered one (px)."""
    config = model.config
    p_cam = transform_points(T, contour.p_object)
    uv = model.camera.project_cam(p_cam)
    residual = sampled(frame.distance, uv) - contour.distance
    slope = sampled(frame.slope, uv)
    maybe_covered = contour.beside_human & (residual > 0)
    usual = config.mask_bend_px[level]
    bend = np.where(maybe_covered, min(usual, _BESIDE_BEND_PX), usual)
    weights = GEMAN_MCCLURE.weight((residual / bend) ** 2) / config.mask_noise_px**2
    weights /= config.rim_correlation_px * contour.per_pixel
    pixels = pixel_jacobian(p_cam, center_of(T, model.center), model.camera.focal_px)
    return PoseResiduals(residual, np.einsum("na,nad->nd", slope, pixels), weights)


@dataclass(frozen=True)
class Edges:
    """Rim points with the edge that the image shows near them."""

    p_object: Float[Array, "M 3"]
    start: Float[Array, "M 2"]  # pixels of the points in the rendering
    normal: Float[Array, "M 2"]  # outward
    offset: Float[Array, " M"]  # of the image's edge from the rendered one, along the normal (px)
    variance: Float[Array, " M"]  # of the offset (px²)
    per_pixel: float
    """Points per pixel of length."""


def edges_of(
    view: View,
    colors: Float[Array, "N 3"],
    rim: Bool[Mask, "h w"],
    frame: FrameEvidence,
    model: ObjectModel,
) -> Edges:
    """Measure the edge at the ``rim`` samples of a view with rendered ``colors``."""
    config = model.config
    distance = capped_distance_px(view.hit) * np.float32(view.stride)
    at = rim[view.hit]
    start = view.uv[at]
    slope = np.stack(gradients(blurred(distance, 1.0 / view.stride)), axis=-1)[rim]
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    normal = slope / np.maximum(length, 1e-6)
    boundary = start - distance[rim][:, None] * normal
    offset, contrast, mismatch = _measured(view, colors, boundary, normal, frame)
    variance = config.edge_noise_px**2 + (_PROFILE_NOISE / np.maximum(contrast, 1e-3)) ** 2
    good = (contrast > _LEAST_CONTRAST) & (mismatch < config.color_tolerance)
    good &= (np.abs(offset) < _REACH_PX - _STEP_PX) & (length[:, 0] > 1e-6)
    return Edges(
        p_object=view.p_object[at][good],
        start=start[good],
        normal=normal[good],
        offset=offset[good],
        variance=variance[good],
        per_pixel=1.0 / view.stride,
    )


def _measured(
    view: View,
    colors: Float[Array, "N 3"],
    boundary: Float[Array, "M 2"],
    normal: Float[Array, "M 2"],
    frame: FrameEvidence,
) -> tuple[Float[Array, " M"], Float[Array, " M"], Float[Array, " M"]]:
    """Per rim point: the edge's offset (px), the contrast across it, and how far the inside's
    color is from the rendered one."""
    s = np.arange(-_SIDES_PX[1], _SIDES_PX[1] + 1e-6, _STEP_PX)
    uv = boundary[:, None] + s[:, None] * normal[:, None]
    observed = _profiles(frame.levels[-1], uv)
    inside, outside = s <= -_SIDES_PX[0], s >= _SIDES_PX[0]
    rendered = _rendered_profiles(view, colors, uv)
    fore = _leveled(rendered, observed, inside)
    back = _leveled(_plate_profiles(frame, uv, observed, outside), observed, outside)
    contrast = np.linalg.norm(back - fore, axis=2)
    share = ((back - observed) * (back - fore)).sum(axis=2) / np.maximum(contrast**2, 1e-6)
    near = np.abs(s) <= _REACH_PX
    share = np.clip(share, -0.25, 1.25)[:, near]
    # Half a step at each end, so that a share of one up to the rim and none beyond gives zero.
    weights = np.full(near.sum(), _STEP_PX)
    weights[[0, -1]] *= 0.5
    offset = share @ weights - _REACH_PX
    mismatch = np.linalg.norm((rendered - observed)[:, inside].mean(axis=1), axis=1)
    return offset, contrast[:, near].min(axis=1), mismatch


def _profiles(image: Float32[Array32, "H W 3"], uv: Float[Array, "M S 2"]) -> Float[Array, "M S 3"]:
    """Colors of an image at pixels."""
    return sampled(image, uv.reshape(-1, 2)).reshape(*uv.shape[:2], image.shape[-1]).astype(float)


def _rendered_profiles(
    view: View, colors: Float[Array, "N 3"], uv: Float[Array, "M S 2"]
) -> Float[Array, "M S 3"]:
    """Of the rendering, continued beyond its silhouette by a normalized blur."""
    sigma = 1.0 / view.stride
    weight = blurred(view.hit.astype(np.float32), sigma)[..., None]
    smooth = blurred(view.image(colors), sigma) / np.maximum(weight, 1e-4)
    local = (uv - view.origin) / view.stride
    return _profiles(smooth.astype(np.float32), local)


def _plate_profiles(
    frame: FrameEvidence,
    uv: Float[Array, "M S 2"],
    observed: Float[Array, "M S 3"],
    outside: NDArray[np.bool_],
) -> Float[Array, "M S 3"]:
    """Of the plate where it is known and no human stands before it, else one color."""
    flat = np.repeat(observed[:, outside].mean(axis=1, keepdims=True), uv.shape[1], axis=1)
    known = _profiles(frame.plate, uv)
    unknown = np.isnan(known).any(axis=(1, 2)) | mask_at(frame.human, uv)[:, outside].any(axis=1)
    return np.where(unknown[:, None, None], flat, known)


def _leveled(
    profile: Float[Array, "M S 3"], observed: Float[Array, "M S 3"], where: NDArray[np.bool_]
) -> Float[Array, "M S 3"]:
    """The profile shifted so that its mean agrees with the observed one ``where`` both hold."""
    shift = (observed - profile)[:, where].mean(axis=1, keepdims=True)
    return profile + shift


def edge_residuals(edges: Edges, T: Float[Array, "4 4"], model: ObjectModel) -> PoseResiduals:
    """Distance (px) of the moved rim from the image's edges."""
    config = model.config
    p_cam = transform_points(T, edges.p_object)
    moved = ((model.camera.project_cam(p_cam) - edges.start) * edges.normal).sum(axis=1)
    residual = moved - edges.offset
    weights = GEMAN_MCCLURE.weight((residual / config.edge_bend_px) ** 2) / edges.variance
    weights /= config.rim_correlation_px * edges.per_pixel
    pixels = pixel_jacobian(p_cam, center_of(T, model.center), model.camera.focal_px)
    return PoseResiduals(residual, np.einsum("na,nad->nd", edges.normal, pixels), weights)
