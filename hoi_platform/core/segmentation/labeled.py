"""One frame's pixels, labeled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, Expectation, log_priors, mix
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT, cleaned, components, posteriors
from hoi_platform.core.segmentation.silhouette import signed_distance_px
from hoi_platform.core.segmentation.window import Window, placed

Mask = NDArray[np.bool_]

_SPECK_PX = (30, 10)  # smallest region of a person, of an object
_REACH_PX = 6  # how far from the fitted body a region of the person may lie


class Labeled(NamedTuple):
    """Disjoint masks and the soft labels behind them, in a window (h, w) or the whole image."""

    human: Mask
    thing: Mask
    soft: NDArray[np.float32]  # (3, h, w)

    def placed(self, window: Window, shape: tuple[int, int]) -> "Labeled":
        """The same in the whole image, background around it."""
        soft = placed(self.soft, window, shape)
        soft[0] = placed(self.soft[0], window, shape, 1.0)
        return Labeled(placed(self.human, window, shape), placed(self.thing, window, shape), soft)

    def with_thing(self, thing: Mask) -> "Labeled":
        """The same with the object elsewhere."""
        return Labeled(self.human & ~thing, thing, self.soft)

    def memory(self) -> NDArray[np.float32]:
        """(2, h, w) person and object, half decided, half in doubt: what the next frame expects."""
        hard = np.stack([self.human, self.thing])
        return np.asarray(0.5 * self.soft[HUMAN:] + 0.5 * hard, np.float32)


def label_pixels(evidence: Evidence, expected: Expectation, config: SegmentationConfig) -> Labeled:
    """Colors, priors and neighbors make each pixel background, person or object."""
    scores = mix(evidence, log_priors(evidence, expected, config), config)
    soft = posteriors(scores, evidence.guide, config)
    reach = config.tail_reach * expected.size_px
    wanted = soft.argmax(axis=0) == OBJECT
    thing = cleaned(wanted, signed_distance_px(expected.thing) > -reach, _SPECK_PX[1])
    thing = _in_one_place(thing, evidence, config.gap * expected.size_px)
    soft[OBJECT, wanted & ~thing] = 0.0  # whatever it is, it is not the object
    soft /= np.maximum(soft.sum(axis=0), 1e-6)
    near_body = (evidence.body_distance_px > -_REACH_PX) | (expected.human > 0.5)
    human = cleaned(soft.argmax(axis=0) == HUMAN, near_body, _SPECK_PX[0])
    return Labeled(human & ~thing, thing, soft)


def _in_one_place(thing: Mask, evidence: Evidence, gap_px: float) -> Mask:
    """The largest region and those near it that have the object's colors: a hand may divide an
    object, but nothing scatters it."""
    import cv2

    regions = sorted(components(thing), key=np.count_nonzero, reverse=True)
    if len(regions) < 2:
        return thing
    away = cv2.distanceTransform((~regions[0]).astype(np.uint8), cv2.DIST_L2, 3)
    kept = [
        region
        for region in regions[1:]
        if away[region].min() <= gap_px and evidence.own_color(region, OBJECT) >= 0.5
    ]
    return np.any([regions[0], *kept], axis=0)
