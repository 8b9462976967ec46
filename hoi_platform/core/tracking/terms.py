"""The two kinds of evidence as weighted normal equations in the twist of the object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.appearance import Template
from hoi_platform.core.tracking.evidence import FrameEvidence, sampled, signed_distance
from hoi_platform.core.tracking.se3 import pixel_jacobian
from hoi_platform.core.tracking.view import View

_COLOR_NOISE = 0.02
"""Least standard deviation of a color residual (sRGB units)."""
_CONTOUR_NOISE_PX = 0.5
_CONTOUR_CORRELATION = 4.0
"""Neighboring silhouette pixels carry this many times the information of one."""


@dataclass(frozen=True)
class NormalEquations:
    """Minimize ½ δᵀ H δ + gᵀ δ over the twist δ; H is the information (inverse covariance)."""

    H: Array  # (6, 6)
    g: Array  # (6,)

    def __add__(self, other: "NormalEquations") -> "NormalEquations":
        return NormalEquations(self.H + other.H, self.g + other.g)


@dataclass(frozen=True)
class Contour:
    """Points of the rendered silhouette's rim."""

    p_object: Array  # (M, 3)
    distance: Array  # (M,) to the rendered silhouette's boundary (px), about -0.5


def contour_of(view: View, camera: Camera) -> Contour:
    """The hits on the rim of a view's silhouette, but for those at the image's border."""
    import cv2

    inside = view.hit.astype(np.uint8)
    rim = view.hit & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 0)
    at_rim = rim[view.hit]
    uv = view.uv[at_rim]
    size = np.array([camera.width_px, camera.height_px])
    kept = ((uv > 2) & (uv < size - 2)).all(axis=1)
    distance = signed_distance(view.hit)[rim] * view.stride
    return Contour(view.p_object[at_rim][kept], distance[kept].astype(float))


def contour_term(
    frame: FrameEvidence, contour: Contour, T: Array, center: Array, camera: Camera, soft_px: float
) -> NormalEquations:
    """The rim's distance to the mask's boundary; parts of it next to the human are ignored.

    ``soft_px`` is the residual at which a point's weight has fallen to a quarter.
    """
    p_cam = transform_points(T, contour.p_object)
    uv = camera.project_cam(p_cam)
    residual = sampled(frame.distance, uv) - contour.distance
    slope = sampled(frame.slope, uv)
    boundary = uv - residual[:, None] * slope
    weights = (1.0 + (residual / soft_px) ** 2) ** -2
    weights *= ~(_hidden(frame, uv) | _hidden(frame, boundary))
    J = np.einsum(
        "na,nad->nd", slope, pixel_jacobian(p_cam, _moved_center(T, center), camera.focal_px)
    )
    scale = 1.0 / (_CONTOUR_NOISE_PX**2 * _CONTOUR_CORRELATION)
    return _normal_equations(J, residual, weights * scale)


def photometric_term(
    frame: FrameEvidence,
    template: Template,
    T: Array,
    twist: Array,
    center: Array,
    camera: Camera,
    level: int,
    sigma_px: float,
) -> NormalEquations:
    """The surface's colors against the frame's, with Geman-McClure weights.

    ``twist`` is the motion since the template was rendered, which changes the shading.
    """
    p_cam = transform_points(T, template.p_object)
    uv = camera.project_cam(p_cam)
    residual = sampled(frame.levels[level], uv) - template.colors - template.turn @ twist[3:]
    size = np.linalg.norm(residual, axis=1)
    seen = ~_hidden(frame, uv) & _on(frame.mask, uv)
    if seen.sum() < 10:
        return NormalEquations(np.zeros((6, 6)), np.zeros(6))
    sigma = max(_COLOR_NOISE, 0.85 * float(np.median(size[seen])))
    weights = seen * (1.0 + (size / (3.0 * sigma)) ** 2) ** -2
    pixels = pixel_jacobian(p_cam, _moved_center(T, center), camera.focal_px)
    J = template.slope @ pixels
    J[..., 3:] -= template.turn
    correlation = 3.0 * max(1.0, 4.0 * np.pi * sigma_px**2)
    weights = np.repeat(weights / (sigma**2 * correlation), 3)
    return _normal_equations(J.reshape(-1, 6), residual.reshape(-1), weights)


def prior_term(T: Array, T_expected: Array, information: Array, center: Array) -> NormalEquations:
    """A Gaussian about an expected pose with the given (6, 6) information."""
    from hoi_platform.core.tracking.se3 import twist_between

    return NormalEquations(information, information @ twist_between(T_expected, T, center))


def _normal_equations(J: Array, residual: Array, weights: Array) -> NormalEquations:
    JtW = J.T * weights
    return NormalEquations(JtW @ J, JtW @ residual)


def _moved_center(T: Array, center: Array) -> Array:
    return T[:3, :3] @ center + T[:3, 3]


def _on(mask: NDArray[np.bool_], uv: Array) -> NDArray[np.bool_]:
    u = np.clip(np.nan_to_num(uv[:, 0]).astype(int), 0, mask.shape[1] - 1)
    v = np.clip(np.nan_to_num(uv[:, 1]).astype(int), 0, mask.shape[0] - 1)
    return mask[v, u]


def _hidden(frame: FrameEvidence, uv: Array) -> NDArray[np.bool_]:
    return _on(frame.hidden, uv)
