"""The silhouette's evidence in the image itself: where along its normal the object ends.

Masks err by a pixel, which is centimeters of depth on a small object. Around each point of the
rendered rim the colors of the object and of what lies behind it are known nearly, so that the
share of object color in a short profile across the rim tells the edge to a fraction of a pixel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.evidence import (
    FrameEvidence,
    blurred,
    gradients,
    sampled,
    signed_distance,
)
from hoi_platform.core.tracking.se3 import center_of, pixel_jacobian
from hoi_platform.core.tracking.terms import NormalEquations, normal_equations, on
from hoi_platform.core.tracking.view import View

_REACH_PX = 3.0
_STEP_PX = 0.5
_OUTER_PX = (2.0, 4.0)
"""Where the plain colors on both sides of the rim are read."""
_LEAST_CONTRAST = 0.12
_STRANGE = 0.25
"""A color on the object's side this far from the rendering's is not the object's."""
_COLOR_NOISE = 0.04
_MODEL_NOISE_PX = 0.25
_CORRELATION_PX = 4.0
_SOFT_PX = 1.0


@dataclass(frozen=True)
class Edges:
    """Rim points with the edge that the image shows near them."""

    p_object: Array  # (M, 3)
    start: Array  # (M, 2) pixels of the points in the rendering
    normal: Array  # (M, 2) outward
    offset: Array  # (M,) of the image's edge from the rendered one, along the normal (px)
    variance: Array  # (M,) of the offset (px²)
    per_pixel: float
    """Points per pixel of length."""


def edges_of(view: View, colors: Array, rim: NDArray[np.bool_], frame: FrameEvidence) -> Edges:
    """Measure the edge at the ``rim`` (h, w) samples of a view with rendered ``colors`` (N, 3)."""
    distance = signed_distance(view.hit) * np.float32(view.stride)
    at = rim[view.hit]
    start = view.uv[at]
    slope = np.stack(gradients(blurred(distance, 1.0 / view.stride)), axis=-1)[rim]
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    normal = slope / np.maximum(length, 1e-6)
    boundary = start - distance[rim][:, None] * normal
    offset, contrast, strange = _measured(view, colors, boundary, normal, frame)
    variance = _MODEL_NOISE_PX**2 + (_COLOR_NOISE / np.maximum(contrast, 1e-3)) ** 2
    good = (contrast > _LEAST_CONTRAST) & (strange < _STRANGE) & (np.abs(offset) < _REACH_PX - 0.5)
    good &= length[:, 0] > 1e-6
    return Edges(
        view.p_object[at][good],
        start[good],
        normal[good],
        offset[good],
        variance[good],
        1.0 / view.stride,
    )


def _measured(
    view: View, colors: Array, boundary: Array, normal: Array, frame: FrameEvidence
) -> tuple[Array, Array, Array]:
    """Per rim point: the edge's offset (px), the contrast across it, how strange the inside is."""
    s = np.arange(-_OUTER_PX[1], _OUTER_PX[1] + 1e-6, _STEP_PX)
    uv = boundary[:, None] + s[:, None] * normal[:, None]
    observed = _profiles(frame.levels[-1], uv)
    inside, outside = s <= -_OUTER_PX[0], s >= _OUTER_PX[0]
    fore = _leveled(_rendered_profiles(view, colors, uv), observed, inside)
    back = _leveled(_background_profiles(frame, uv, observed, outside), observed, outside)
    contrast = np.linalg.norm(back - fore, axis=2)
    share = ((back - observed) * (back - fore)).sum(axis=2) / np.maximum(contrast**2, 1e-6)
    near = np.abs(s) <= _REACH_PX
    share = np.clip(share, -0.25, 1.25)[:, near]
    # Half a step at each end, so that a share of one up to the rim and none beyond gives zero.
    weights = np.full(near.sum(), _STEP_PX)
    weights[[0, -1]] *= 0.5
    offset = share @ weights - _REACH_PX
    strange = np.linalg.norm(
        (_rendered_profiles(view, colors, uv) - observed)[:, inside].mean(axis=1), axis=1
    )
    return offset, contrast[:, near].min(axis=1), strange


def _profiles(image: NDArray[np.float32], uv: Array) -> Array:
    """(M, S, 3) colors of an image at pixels (M, S, 2)."""
    return sampled(image, uv.reshape(-1, 2)).reshape(*uv.shape[:2], image.shape[-1]).astype(float)


def _rendered_profiles(view: View, colors: Array, uv: Array) -> Array:
    """The rendering, continued beyond its silhouette by a normalized blur."""
    sigma = 1.0 / view.stride
    weight = blurred(view.hit.astype(np.float32), sigma)[..., None]
    smooth = blurred(view.image(colors), sigma) / np.maximum(weight, 1e-4)
    local = (uv - view.origin) / view.stride
    return _profiles(smooth.astype(np.float32), local)


def _background_profiles(
    frame: FrameEvidence, uv: Array, observed: Array, outside: NDArray[np.bool_]
) -> Array:
    """The static background where it is known and no human stands before it, else one color."""
    flat = np.repeat(observed[:, outside].mean(axis=1, keepdims=True), uv.shape[1], axis=1)
    known = _profiles(frame.background, uv)
    unknown = np.isnan(known).any(axis=(1, 2)) | on(frame.human, uv)[:, outside].any(axis=1)
    return np.where(unknown[:, None, None], flat, known)


def _leveled(profile: Array, observed: Array, where: NDArray[np.bool_]) -> Array:
    """The profile shifted so that its mean agrees with the observed one ``where`` both hold."""
    shift = (observed - profile)[:, where].mean(axis=1, keepdims=True)
    return profile + shift


def edge_term(edges: Edges, T: Array, center: Array, camera: Camera) -> NormalEquations:
    """Distance of the moved rim from the image's edges."""
    p_cam = transform_points(T, edges.p_object)
    moved = ((camera.project_cam(p_cam) - edges.start) * edges.normal).sum(axis=1)
    residual = moved - edges.offset
    weights = (1.0 + (residual / _SOFT_PX) ** 2) ** -2 / edges.variance
    weights /= _CORRELATION_PX * edges.per_pixel
    J = np.einsum(
        "na,nad->nd", edges.normal, pixel_jacobian(p_cam, center_of(T, center), camera.focal_px)
    )
    return normal_equations(J, residual, weights)
