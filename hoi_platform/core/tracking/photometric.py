"""The colors that the object should show at a pose, and their evidence in a frame."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32

from hoi_platform.core.arrays import Array, Array32, Mask
from hoi_platform.core.colors import linear_from_srgb, srgb_from_linear
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.least_squares.robust import GEMAN_MCCLURE
from hoi_platform.core.tracking.frames import (
    LEAST_SAMPLES,
    FrameEvidence,
    blurred,
    gradients,
    mask_at,
    sampled,
)
from hoi_platform.core.tracking.lighting import Lighting, LightingFit, srgb_slope
from hoi_platform.core.tracking.motion import (
    BEND_SIGMAS,
    PoseResiduals,
    center_of,
    pixel_jacobian,
)
from hoi_platform.core.tracking.view import ObjectModel, View

_GAIN_RANGE: Final = (0.6, 1.6)
"""Least and greatest brightness of a frame, as a factor; chosen: more is another light."""
_SIMILAR_LOG: Final = 0.5
"""Largest difference from the median of the logarithm of a pixel's gain (factor e^0.5); chosen."""
_SATURATED: Final = 0.9
"""Linear color (0 to 1) from which on a pixel is overexposed; chosen."""
_BLACK: Final = 0.02
"""Added to linear colors (0 to 1) before they divide; chosen: the noise of dark pixels."""
_SIGMA_OF_MEDIAN: Final = 0.85
"""Factor from the median length of color residuals to a channel's standard deviation; chosen as
1 / (0.67 · √3), that of three Gaussian channels which err alike."""


@dataclass(frozen=True)
class Rendering:
    """Predicted sRGB per hit of a view, and how it changes when the object turns."""

    colors: Float[Array, "N 3"]
    turn: Float[Array, "N channels=3 3"]  # d color / d ω by the shading alone


def render(
    view: View, R_cam_object: Float[Array, "3 3"], lighting: Lighting, gain: Float[Array, "3"]
) -> Rendering:
    """Colors of a view's hits; ``gain`` is this frame's brightness per channel."""
    normals = view.normals @ R_cam_object.T
    linear = gain * lighting.reflected(view.albedo, normals)
    # dE/dω with dn = ω × n is n × ∇E.
    slope = lighting.slope(view.albedo, normals)
    turn: Array = np.asarray(np.cross(normals[:, None, :], slope), dtype=float)
    colors: Array = srgb_from_linear(linear)
    return Rendering(colors, (srgb_slope(linear) * gain)[..., None] * turn)


def visible(frame: FrameEvidence, view: View) -> Bool[Mask, " N"]:
    """Hits that fall on the object's mask and not on the human."""
    uv = view.uv.astype(int)
    return frame.mask[uv[:, 1], uv[:, 0]] & ~frame.hidden[uv[:, 1], uv[:, 0]]


def frame_gain(
    frame: FrameEvidence, view: View, R_cam_object: Float[Array, "3 3"], lighting: Lighting
) -> Float[Array, "3"]:
    """Observed over predicted linear color per channel, bounded; outliers are left out."""
    seen = visible(frame, view)
    if seen.sum() < LEAST_SAMPLES:
        return np.ones(3)
    observed = linear_from_srgb(sampled(frame.levels[-1], view.uv[seen]))
    normals = view.normals[seen] @ R_cam_object.T
    predicted = lighting.reflected(view.albedo[seen], normals)
    ratio = (observed + _BLACK) / (predicted + _BLACK)
    similar = np.abs(np.log(ratio / np.median(ratio, axis=0))) < _SIMILAR_LOG
    weights = similar / (predicted + _BLACK)
    square = (weights * predicted**2).sum(axis=0)
    known = square > 0  # else no two pixels agree on this channel's brightness
    gain = (weights * predicted * observed).sum(axis=0) / np.where(known, square, 1.0)
    return np.where(known, np.clip(gain, *_GAIN_RANGE), 1.0)


def add_to_lighting(
    fit: LightingFit, frame: FrameEvidence, view: View, R_cam_object: Float[Array, "3 3"]
) -> None:
    """Let a frame with a trusted pose inform the lighting; the silhouette's rim is left out."""
    seen = visible(frame, view) & _eroded(view.hit)[view.hit]
    observed = linear_from_srgb(sampled(frame.levels[-1], view.uv[seen]))
    albedo = _blurred_albedo(view)[seen]
    normals = view.normals[seen] @ R_cam_object.T
    # Least squares of sRGB rather than of linear differences; overexposed pixels say nothing.
    weights = (observed.max(axis=1) < _SATURATED) / (observed.mean(axis=1) + _BLACK)
    fit.add(albedo, normals, observed, weights)


def _blurred_albedo(view: View) -> Float[Array, "N 3"]:
    weight = blurred(view.image(np.ones(len(view.albedo))), 1.0)
    return np.asarray(blurred(view.image(view.albedo), 1.0)[view.hit] / weight[view.hit, None])


@dataclass(frozen=True)
class Template:
    """The rendered object at one pose and blur: points with their expected colors."""

    p_object: Float[Array, "N 3"]
    colors: Float[Array, "N 3"]  # sRGB
    slope: Float[Array, "N 3 2"]  # d color / d(u, v)
    turn: Float[Array, "N 3 3"]  # d color / d ω


def template(
    frame: FrameEvidence, view: View, rendering: Rendering, level: int, sigma_px: float
) -> Template:
    """Blend the rendering into the frame, blur both alike, and take points on the object.

    Outside of its silhouette the rendering is continued by the frame itself, so that the blur
    mixes in the true background. The slope is the mean of rendering's and frame's (ESM). The
    view has one or 3 x 3, 5 x 5 … samples per pixel.
    """
    per_pixel = round(1.0 / view.stride)
    alpha = _pixels(view.image(np.ones(len(view.depth))), per_pixel)
    u0, v0 = view.origin
    window = (slice(v0, v0 + alpha.shape[0]), slice(u0, u0 + alpha.shape[1]))
    own = _pixels(view.image(rendering.colors), per_pixel)
    smooth = blurred(frame.image[window] * (1 - alpha[..., None]) + own, sigma_px)
    slopes = [
        0.5 * (mine + theirs)
        for mine, theirs in zip(
            gradients(smooth), gradients(frame.levels[level][window]), strict=True
        )
    ]
    inner = (alpha > 1 - 1e-6) if per_pixel > 1 else _eroded(view.hit)
    index = view.image(np.arange(len(view.depth), dtype=float), -1.0)
    middle = per_pixel // 2
    hits = index[middle::per_pixel, middle::per_pixel][inner].astype(int)
    return Template(
        view.p_object[hits],
        smooth[inner],
        np.stack([s[inner] for s in slopes], axis=-1),
        rendering.turn[hits],
    )


def _pixels(
    samples: Float32[Array32, "H W *channels"], per_pixel: int
) -> Float32[Array32, "h w *channels"]:
    """Means over blocks of ``per_pixel`` x ``per_pixel`` samples."""
    h, w = samples.shape[0] // per_pixel, samples.shape[1] // per_pixel
    blocks = samples.reshape(h, per_pixel, w, per_pixel, *samples.shape[2:])
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _eroded(mask: Bool[Mask, "h w"]) -> Bool[Mask, "h w"]:
    import cv2

    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))) > 0


def photometric_residuals(
    frame: FrameEvidence,
    template: Template,
    T: Float[Array, "4 4"],
    twist: Float[Array, "6"],
    model: ObjectModel,
    level: int,
) -> PoseResiduals:
    """The frame's colors less the surface's, three per point that is seen.

    ``twist`` is the motion since the template was rendered, which changes the shading. The
    noise is the larger of a floor and the residuals' own spread; what a blur mixes counts once.
    """
    p_cam = transform_points(T, template.p_object)
    uv = model.camera.project_cam(p_cam)
    residual = sampled(frame.levels[level], uv) - template.colors - template.turn @ twist[3:]
    size = np.linalg.norm(residual, axis=1)
    seen = mask_at(frame.mask, uv) & ~mask_at(frame.hidden, uv)
    if seen.sum() < LEAST_SAMPLES:
        return PoseResiduals(np.zeros(0), np.zeros((0, 6)), np.zeros(0))
    sigma = max(model.config.color_noise, _SIGMA_OF_MEDIAN * float(np.median(size[seen])))
    weights = seen * GEMAN_MCCLURE.weight((size / (BEND_SIGMAS * sigma)) ** 2)
    pixels = pixel_jacobian(p_cam, center_of(T, model.center), model.camera.focal_px)
    J = template.slope @ pixels
    J[..., 3:] -= template.turn
    # Three channels of as many pixels as a Gaussian blur makes one of.
    correlation = 3.0 * max(1.0, 4.0 * np.pi * model.config.blur_px[level] ** 2)
    weights = np.repeat(weights / (sigma**2 * correlation), 3)
    return PoseResiduals(residual.reshape(-1), J.reshape(-1, 6), weights)
