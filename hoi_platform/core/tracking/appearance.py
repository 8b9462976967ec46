"""The colors that the object should show at a pose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.evidence import FrameEvidence, blurred, gradients, sampled
from hoi_platform.core.tracking.lighting import (
    Lighting,
    LightingFit,
    linear_from_srgb,
    srgb_from_linear,
    srgb_slope,
)
from hoi_platform.core.tracking.view import View

_GAIN_RANGE = (0.6, 1.6)
_SATURATED = 0.9
_SIMILAR_LOG = 0.5


@dataclass(frozen=True)
class Rendering:
    """Predicted sRGB per hit of a view, and how it changes when the object turns."""

    colors: Array  # (N, 3)
    turn: Array  # (N, 3 channels, 3): d color / d ω by the shading alone


def render(view: View, R_cam_object: Array, lighting: Lighting, gain: Array) -> Rendering:
    """Lambertian colors of a view; ``gain`` (3,) is this frame's brightness per channel."""
    normals = view.normals @ R_cam_object.T
    lit = view.albedo * gain
    linear = lit * lighting.irradiance(normals)
    # dE/dω with dn = ω × n is n × ∇E.
    turn = np.cross(normals[:, None, :], lighting.gradient(normals))
    return Rendering(srgb_from_linear(linear), (srgb_slope(linear) * lit)[..., None] * turn)


def visible(frame: FrameEvidence, view: View) -> NDArray[np.bool_]:
    """(N,) hits that fall on the object's mask and not on the human."""
    uv = view.uv.astype(int)
    return frame.mask[uv[:, 1], uv[:, 0]] & ~frame.hidden[uv[:, 1], uv[:, 0]]


def frame_gain(frame: FrameEvidence, view: View, R_cam_object: Array, lighting: Lighting) -> Array:
    """Observed over predicted linear color per channel (3,), bounded; outliers are left out."""
    seen = visible(frame, view)
    if seen.sum() < 10:
        return np.ones(3)
    observed = linear_from_srgb(sampled(frame.levels[-1], view.uv[seen]))
    normals = view.normals[seen] @ R_cam_object.T
    predicted = view.albedo[seen] * lighting.irradiance(normals)
    ratio = (observed + 0.02) / (predicted + 0.02)
    similar = np.abs(np.log(ratio / np.median(ratio, axis=0))) < _SIMILAR_LOG
    weights = similar / (predicted + 0.02)
    gain = (weights * predicted * observed).sum(axis=0) / (weights * predicted**2).sum(axis=0)
    return np.clip(gain, *_GAIN_RANGE)


def add_to_lighting(
    fit: LightingFit, frame: FrameEvidence, view: View, R_cam_object: Array
) -> None:
    """Let a frame with a trusted pose inform the lighting; the silhouette's rim is left out."""
    import cv2

    inner = cv2.erode(view.hit.astype(np.uint8), np.ones((3, 3), np.uint8))[view.hit] > 0
    seen = visible(frame, view) & inner
    observed = linear_from_srgb(sampled(frame.levels[-1], view.uv[seen]))
    albedo = _blurred_albedo(view)[seen]
    normals = view.normals[seen] @ R_cam_object.T
    # Least squares of sRGB rather than of linear differences; burnt-out pixels tell nothing.
    weights = (observed.max(axis=1) < _SATURATED) / (observed.mean(axis=1) + 0.02)
    fit.add(albedo, normals, observed, weights)


def _blurred_albedo(view: View) -> Array:
    weight = blurred(view.image(np.ones(len(view.albedo))), 1.0)
    return np.asarray(blurred(view.image(view.albedo), 1.0)[view.hit] / weight[view.hit, None])


@dataclass(frozen=True)
class Template:
    """The rendered object at one pose and blur: points with their expected colors."""

    p_object: Array  # (N, 3)
    colors: Array  # (N, 3) sRGB
    slope: Array  # (N, 3, 2) d color / d(u, v)
    turn: Array  # (N, 3, 3) d color / d ω


def template(
    frame: FrameEvidence, view: View, rendering: Rendering, level: int, sigma_px: float
) -> Template:
    """Blend the rendering into the frame, blur both alike, and take points on the object.

    Outside of its silhouette the rendering is continued by the frame itself, so that the blur
    mixes in the true background. The slope is the mean of rendering's and frame's (ESM).
    """
    import cv2

    u0, v0 = view.origin
    h, w = view.hit.shape
    window = (slice(v0, v0 + h), slice(u0, u0 + w))
    composite = frame.image[window].copy()
    composite[view.hit] = rendering.colors
    smooth = blurred(composite, sigma_px)
    slopes = [
        0.5 * (mine + theirs)
        for mine, theirs in zip(
            gradients(smooth), gradients(frame.levels[level][window]), strict=True
        )
    ]
    inner = cv2.erode(view.hit.astype(np.uint8), np.ones((3, 3), np.uint8))[view.hit] > 0
    at = view.hit
    return Template(
        view.p_object[inner],
        smooth[at][inner],
        np.stack([s[at][inner] for s in slopes], axis=-1),
        rendering.turn[inner],
    )
