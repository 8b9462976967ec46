"""The silhouette's evidence: the rendered rim against the boundary of the object's mask.

Where the human's mask touches the object's, either may be in front. A hand before the object
reaches deep into the silhouette, and the rim near it is left out; a body behind the object only
touches the rim, which then is as good a contour as before any background.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.evidence import FrameEvidence, sampled, signed_distance
from hoi_platform.core.tracking.se3 import center_of, pixel_jacobian
from hoi_platform.core.tracking.terms import NormalEquations, normal_equations, on
from hoi_platform.core.tracking.view import View

_NOISE_PX = 0.5
_CORRELATION_PX = 4.0
"""Length (px) of rim that carries the information of one point."""
_DEEP_PX = 3.0
"""A human pixel this far inside the silhouette belongs to something in front of the object."""
_NEAR_OCCLUDER_PX = 5.0
_BESIDE_PX = 2
_BESIDE_SOFT_PX = 0.8
"""Robust scale beside the human where the mask ends inside the silhouette: perhaps a finger."""


@dataclass(frozen=True)
class Contour:
    """Points of the rendered silhouette's rim that nothing covers."""

    p_object: Array  # (M, 3)
    distance: Array  # (M,) to the rendered silhouette's boundary (px), about half a sample
    beside_human: NDArray[np.bool_]  # (M,)
    per_pixel: float
    """Points per pixel of length."""


def uncovered_rim(view: View, frame: FrameEvidence, camera: Camera) -> NDArray[np.bool_]:
    """(h, w) samples on the rim of a view's silhouette, but where covered or at the border."""
    import cv2

    inside = view.hit.astype(np.uint8)
    rim = view.hit & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 0)
    occluder = _occluder(view.hit, on(frame.human, view.grid), view.stride)
    rim &= _distance_to(occluder) * view.stride > _NEAR_OCCLUDER_PX
    size = np.array([camera.width_px, camera.height_px])
    return rim & ((view.grid > 2) & (view.grid < size - 2)).all(axis=-1)


def contour_of(view: View, rim: NDArray[np.bool_], frame: FrameEvidence) -> Contour:
    """The ``rim`` (h, w) of a view as points."""
    beside = _distance_to(on(frame.human, view.grid)) * view.stride <= _BESIDE_PX
    distance = signed_distance(view.hit)[rim] * view.stride
    return Contour(
        view.p_object[rim[view.hit]], distance.astype(float), beside[rim], 1.0 / view.stride
    )


def _occluder(hit: NDArray[np.bool_], human: NDArray[np.bool_], stride: float) -> NDArray[np.bool_]:
    """Human pixels deep inside the silhouette, or on the middle line of a thin part of it."""
    import cv2

    depth = np.asarray(cv2.distanceTransform(hit.astype(np.uint8), cv2.DIST_L2, 5)) * stride
    size = 2 * int(_DEEP_PX / stride) + 1
    ridge = depth >= 0.95 * cv2.dilate(depth, np.ones((size, size), np.uint8))
    return hit & human & ((depth > _DEEP_PX) | ridge)


def _distance_to(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Samples to the nearest true one; far where there is none."""
    import cv2

    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def contour_term(
    frame: FrameEvidence, contour: Contour, T: Array, center: Array, camera: Camera, soft_px: float
) -> NormalEquations:
    """The rim's distance to the mask's boundary.

    ``soft_px`` is the residual at which a point's weight has fallen to a quarter.
    """
    p_cam = transform_points(T, contour.p_object)
    uv = camera.project_cam(p_cam)
    residual = sampled(frame.distance, uv) - contour.distance
    slope = sampled(frame.slope, uv)
    maybe_covered = contour.beside_human & (residual > 0)
    soft = np.where(maybe_covered, min(soft_px, _BESIDE_SOFT_PX), soft_px)
    weights = (1.0 + (residual / soft) ** 2) ** -2 / _NOISE_PX**2
    weights /= _CORRELATION_PX * contour.per_pixel
    J = np.einsum("na,nad->nd", slope, pixel_jacobian(p_cam, center_of(T, center), camera.focal_px))
    return normal_equations(J, residual, weights)
