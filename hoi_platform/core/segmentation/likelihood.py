"""The likelihood of a frame's colors on background, person and object."""

from dataclasses import dataclass
from math import pi
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int8, UInt8

from hoi_platform.core.arrays import Array32, Image, Mask
from hoi_platform.core.segmentation.appearance import AppearanceModel, color_codes
from hoi_platform.core.segmentation.background import BackgroundModel, Colors, exposure_gain
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import Parts, Soft, Window, outline_distance_px

BACKGROUND, HUMAN, OBJECT = 0, 1, 2
"""Layers of likelihood, prior and posterior (3, h, w)."""
_CLEAR_NAT: Final = 1.0
"""Difference of log densities (nat) that is clear, in either direction; chosen."""


@dataclass(frozen=True)
class FirstFrame:
    """Frame 0, whose labels are exact: what has not moved since looks the same."""

    image: Float32[Colors, "height width 3"]
    labels: Bool[Mask, "3 height width"]
    noise: Float32[Soft, "height width"]  # standard deviation in gray values

    def mixed_into(
        self,
        density: Float32[Array32, "3 h w"],
        image: Float32[Colors, "h w 3"],
        window: Window,
        unchanged: float,
    ) -> Float32[Array32, "3 h w"]:
        """Densities where each label is, with that probability, still frame 0's."""
        rows, columns = window
        difference = image - self.image[window]
        squared = np.einsum("...c,...c->...", difference, difference)
        variance = 2 * np.square(self.noise[window])  # of the difference of two frames
        same = np.exp(-0.5 * squared / variance) / (2 * pi * variance) ** 1.5
        still = unchanged * self.labels[:, rows, columns]
        return np.asarray((1 - still) * density + still * same, np.float32)


class ColorModels(NamedTuple):
    """Which colors are expected where."""

    background: BackgroundModel
    first_frame: FirstFrame
    appearance: AppearanceModel

    def log_likelihood(
        self,
        rgb: UInt8[Image, "h w 3"],
        parts: Int8[Parts, "h w"],
        window: Window,
        predicted: Bool[Mask, "h w"],
        config: SegmentationConfig,
    ) -> Float32[Array32, "3 h w"]:
        """log p(c) of background, person and object; all images are of a window.

        ``predicted`` is where the object is expected.
        """
        image = rgb.astype(np.float32)
        far = outline_distance_px(parts >= 0) > 0.7 * config.margin_px
        image /= exposure_gain(image, self.background.plate[window], far)
        codes = color_codes(np.clip(image, 0, 255).astype(np.uint8))
        density = np.stack(
            [
                self.background.density(image, window, config),
                self.appearance.person_density(codes, parts, config.body_reach_px),
                self.appearance.object_density(codes, predicted),
            ]
        )
        return np.log(self.first_frame.mixed_into(density, image, window, config.unchanged))


def favored(log_likelihood: Float32[Array32, "3 h w"], label: int) -> Bool[Mask, "h w"]:
    """Pixels whose colors clearly favor ``label``."""
    return log_likelihood[label] > _best_other(log_likelihood, label) + _CLEAR_NAT


def color_support(
    log_likelihood: Float32[Array32, "3 h w"], label: int, mask: Bool[Mask, "h w"]
) -> float:
    """Share of a mask whose colors do not clearly favor another label; 0 if empty."""
    if not mask.any():
        return 0.0
    at_mask = log_likelihood[:, mask]
    return float((at_mask[label] > _best_other(at_mask, label) - _CLEAR_NAT).mean())


def _best_other(
    log_likelihood: Float32[Array32, " 3 *shape"], label: int
) -> Float32[Array32, "*shape"]:
    return np.asarray(np.delete(log_likelihood, label, axis=0).max(axis=0))
