"""The posterior P(label | pixel) and the clean, disjoint masks that are made of it."""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array32, Image, Mask
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import (
    Window,
    cleaned,
    components,
    outline_distance_px,
    placed,
)
from hoi_platform.core.segmentation.likelihood import HUMAN, OBJECT, color_support
from hoi_platform.core.segmentation.prior import Prediction

_MIN_SCORE: Final = -12.0
"""Log score relative to the best at which a pixel's veto ends (nat); chosen."""
_MIN_HUMAN_PX: Final = 30
"""Number of pixels of the smallest region of a person; chosen."""
_MIN_OBJECT_PX: Final = 10
"""Number of pixels of the smallest region of an object; chosen."""


def posterior(
    log_likelihood: Float32[Array32, "3 h w"],
    log_prior: Float32[Array32, "3 h w"],
    guide: UInt8[Image, "h w 3"],
    config: SegmentationConfig,
) -> Float32[Array32, "3 h w"]:
    """P(label | pixel), smoothed along the edges of the ``guide``.

    Cost-volume filtering (Hosni et al., 2013) with the guided filter (He et al., 2010).
    """
    import cv2

    scores = np.asarray(config.color_weight * log_likelihood + log_prior, np.float32)
    bounded = np.clip(scores - scores.max(axis=0), _MIN_SCORE, 0.0)
    layers = np.ascontiguousarray(np.moveaxis(bounded, 0, -1))
    radius, epsilon = config.smoothing_radius_px, config.smoothing_epsilon
    smooth = np.moveaxis(cv2.ximgproc.guidedFilter(guide, layers, radius, epsilon), -1, 0)
    likely = np.exp(smooth - smooth.max(axis=0))
    return np.asarray(likely / likely.sum(axis=0), np.float32)


class Labels(NamedTuple):
    """Disjoint masks and the posterior behind them, of a window (h, w) or the whole image."""

    human: Mask
    object: Mask
    posterior: NDArray[np.float32]  # (3, h, w)

    @classmethod
    def of(
        cls,
        posterior: Float32[Array32, "3 h w"],
        log_likelihood: Float32[Array32, "3 h w"],
        predicted: Prediction,
        config: SegmentationConfig,
    ) -> "Labels":
        """The most probable labels, without specks and regions that are far from the predicted."""
        p, size_px = posterior.copy(), predicted.size_px
        wanted = p.argmax(axis=0) == OBJECT
        near = outline_distance_px(predicted.object) < config.tail_reach * size_px
        object_mask = cleaned(wanted, near, _MIN_OBJECT_PX)
        object_mask = _gathered(object_mask, log_likelihood, config.gap * size_px)
        p[OBJECT, wanted & ~object_mask] = 0.0  # whatever it is, it is not the object
        p /= np.maximum(p.sum(axis=0), 1e-6)
        near_body = predicted.body_distance_px < config.body_reach_px
        near_body |= predicted.human > 0.5
        human = cleaned(p.argmax(axis=0) == HUMAN, near_body, _MIN_HUMAN_PX)
        return cls(human & ~object_mask, object_mask, p)

    def placed(self, window: Window, shape: tuple[int, ...]) -> "Labels":
        """The same in the whole image, background around it."""
        p = placed(self.posterior, window, shape)
        p[0] = placed(self.posterior[0], window, shape, 1.0)
        return Labels(placed(self.human, window, shape), placed(self.object, window, shape), p)

    def with_object(self, object_mask: Bool[Mask, "h w"]) -> "Labels":
        """The same with the object elsewhere."""
        return Labels(self.human & ~object_mask, object_mask, self.posterior)

    def blended(self) -> Float32[Array32, "2 h w"]:
        """Person and object, the mean of mask and posterior: predicts the next frame."""
        masks = np.stack([self.human, self.object])
        return np.asarray(0.5 * self.posterior[HUMAN:] + 0.5 * masks, np.float32)


def _gathered(
    mask: Bool[Mask, "h w"], log_likelihood: Float32[Array32, "3 h w"], gap_px: float
) -> Bool[Mask, "h w"]:
    """The largest region and those near it that have the object's colors: a hand may divide an
    object, but nothing scatters it."""
    import cv2

    regions = sorted(components(mask), key=np.count_nonzero, reverse=True)
    if len(regions) < 2:
        return mask
    away = cv2.distanceTransform((~regions[0]).astype(np.uint8), cv2.DIST_L2, 3)
    kept = [
        region
        for region in regions[1:]
        if away[region].min() <= gap_px and color_support(log_likelihood, OBJECT, region) >= 0.5
    ]
    return np.any([regions[0], *kept], axis=0)
