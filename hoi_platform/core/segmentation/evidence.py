"""What the colors of one frame say about background, person and object in a window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.appearance import Appearance
from hoi_platform.core.segmentation.background import BackgroundModel, exposure_gain
from hoi_platform.core.segmentation.colors import color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT
from hoi_platform.core.segmentation.silhouette import signed_distance_px
from hoi_platform.core.segmentation.window import Window

_LEAST_PRIOR = 0.01


@dataclass(frozen=True)
class Evidence:
    """Log densities and what they were taken from, cut to a window (h, w)."""

    window: Window
    guide: NDArray[np.uint8]  # (h, w, 3), the smoothed frame
    codes: NDArray[np.int64]  # (h, w)
    parts: NDArray[np.int8]  # (h, w) body parts expected, -1: none
    log_density: NDArray[np.float32]  # (3, h, w) background, human, object

    @property
    def body_distance_px(self) -> NDArray[np.float32]:
        """(h, w) distance to the fitted body's outline, positive inside."""
        return signed_distance_px(self.parts >= 0)

    def own_color(self, mask: NDArray[np.bool_], label: int) -> float:
        """Part of a mask (h, w) whose colors are likelier for ``label`` than for the others."""
        if not mask.any():
            return 0.0
        scores = self.log_density[:, mask]
        others = np.delete(scores, label, axis=0).max(axis=0)
        return float((scores[label] > others - 1.0).mean())


def gather(
    frame: NDArray[np.uint8],
    parts: NDArray[np.int8],
    window: Window,
    background: BackgroundModel,
    appearance: Appearance,
    likely: NDArray[np.bool_],
    config: SegmentationConfig,
) -> Evidence:
    """``frame`` (height, width, 3), smoothed, and ``parts`` (height, width) are whole images;
    ``likely`` (h, w) is where the object is expected."""
    guide = np.ascontiguousarray(frame[window])
    cut = np.ascontiguousarray(parts[window])
    image = guide.astype(np.float32)
    far = signed_distance_px(cut >= 0) < -0.7 * config.margin_px
    image /= exposure_gain(image, background.plate[window], far)
    codes = color_codes(np.clip(image, 0, 255).astype(np.uint8))
    densities = (
        background.log_density(image, window),
        appearance.log_person(codes, cut, config.part_reach_px),
        appearance.log_thing(codes, likely),
    )
    return Evidence(window, guide, codes, cut, np.stack(densities).astype(np.float32))


def log_priors(
    evidence: Evidence, carried: NDArray[np.float32], config: SegmentationConfig
) -> NDArray[np.float32]:
    """(3, h, w) from the fitted body's silhouette and the labels carried from the last frame."""
    human = np.clip(carried[HUMAN], _LEAST_PRIOR, 1 - _LEAST_PRIOR)
    if (evidence.parts >= 0).any():
        body = _logit(_sigmoid(evidence.body_distance_px / config.body_blur_px))
        human = _sigmoid((body + _logit(human)) / 2)
    outline = signed_distance_px(carried[OBJECT] > 0.5)
    thing = np.clip(0.95 * _sigmoid(outline / config.object_blur_px), 5e-4, 0.95)
    return np.log(np.stack([(1 - human) * (1 - thing), human * (1 - thing), thing]))


def mix(
    evidence: Evidence, priors: NDArray[np.float32], config: SegmentationConfig
) -> NDArray[np.float32]:
    """(3, h, w) log scores."""
    return np.asarray(config.color_weight * evidence.log_density + priors, np.float32)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _logit(p: NDArray[np.float32]) -> NDArray[np.float32]:
    p = np.clip(p, _LEAST_PRIOR, 1 - _LEAST_PRIOR)
    return np.log(p / (1 - p))
