"""The colors' evidence and the prior as normal equations in the object's twist."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.appearance import Template
from hoi_platform.core.tracking.evidence import FrameEvidence, sampled
from hoi_platform.core.tracking.se3 import center_of, pixel_jacobian, twist_between

_COLOR_NOISE = 0.02
"""Least standard deviation of a color residual (sRGB units)."""


@dataclass(frozen=True)
class NormalEquations:
    """Minimize ½ δᵀ H δ + gᵀ δ over the twist δ; H is the information (inverse covariance)."""

    H: Array  # (6, 6)
    g: Array  # (6,)

    def __add__(self, other: "NormalEquations") -> "NormalEquations":
        return NormalEquations(self.H + other.H, self.g + other.g)


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
    seen = on(frame.mask, uv) & ~on(frame.hidden, uv)
    if seen.sum() < 10:
        return NormalEquations(np.zeros((6, 6)), np.zeros(6))
    sigma = max(_COLOR_NOISE, 0.85 * float(np.median(size[seen])))
    weights = seen * (1.0 + (size / (3.0 * sigma)) ** 2) ** -2
    pixels = pixel_jacobian(p_cam, center_of(T, center), camera.focal_px)
    J = template.slope @ pixels
    J[..., 3:] -= template.turn
    correlation = 3.0 * max(1.0, 4.0 * np.pi * sigma_px**2)
    weights = np.repeat(weights / (sigma**2 * correlation), 3)
    return normal_equations(J.reshape(-1, 6), residual.reshape(-1), weights)


def prior_term(T: Array, T_expected: Array, information: Array, center: Array) -> NormalEquations:
    """A Gaussian about an expected pose with the given (6, 6) information."""
    return NormalEquations(information, information @ twist_between(T_expected, T, center))


def normal_equations(J: Array, residual: Array, weights: Array) -> NormalEquations:
    JtW = J.T * weights
    return NormalEquations(JtW @ J, JtW @ residual)


def on(mask: NDArray[np.bool_], uv: Array) -> NDArray[np.bool_]:
    """Values (...) of a mask (H, W) at pixels (..., 2); outside the nearest pixel's."""
    u = np.clip(np.nan_to_num(uv[..., 0]).astype(int), 0, mask.shape[1] - 1)
    v = np.clip(np.nan_to_num(uv[..., 1]).astype(int), 0, mask.shape[0] - 1)
    return mask[v, u]
