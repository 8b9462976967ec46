"""One frame's pixels, labeled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, log_priors, mix
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT, cleaned, components, posteriors
from hoi_platform.core.segmentation.silhouette import signed_distance_px
from hoi_platform.core.segmentation.window import Window, placed

Mask = NDArray[np.bool_]

_SPECK_PX = (30, 10)  # smallest region of a person, of an object
_REACH_PX = (6, 8)  # how far from where it is expected a region may lie


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
        """(3, h, w) what the next frame starts from: half decided, half in doubt."""
        hard = np.stack([~(self.human | self.thing), self.human, self.thing])
        return np.asarray(0.5 * self.soft + 0.5 * hard, np.float32)


def label_pixels(
    evidence: Evidence, before: NDArray[np.float32], config: SegmentationConfig
) -> Labeled:
    """``before`` (3, h, w): the last frame's labels, carried to this one."""
    scores = mix(evidence, log_priors(evidence, before, config), config)
    soft = posteriors(scores, evidence.guide, config)
    near_thing = signed_distance_px(before[OBJECT] > 0.5) > -_REACH_PX[1]
    wanted = soft.argmax(axis=0) == OBJECT
    thing = _in_one_place(cleaned(wanted, near_thing, _SPECK_PX[1]), config)
    soft[OBJECT, wanted & ~thing] = 0.0  # whatever it is, it is not the object
    soft /= np.maximum(soft.sum(axis=0), 1e-6)
    near_body = (evidence.body_distance_px > -_REACH_PX[0]) | (before[HUMAN] > 0.5)
    human = cleaned(soft.argmax(axis=0) == HUMAN, near_body, _SPECK_PX[0])
    return Labeled(human & ~thing, thing, soft)


def _in_one_place(thing: Mask, config: SegmentationConfig) -> Mask:
    """The largest region and those near it: fingers may divide an object, nothing scatters it."""
    import cv2

    regions = sorted(components(thing), key=np.count_nonzero, reverse=True)
    if len(regions) < 2:
        return thing
    reach = config.gap * float(np.sqrt(np.count_nonzero(regions[0])))
    away = cv2.distanceTransform((~regions[0]).astype(np.uint8), cv2.DIST_L2, 3)
    return np.any([region for region in regions if away[region].min() <= reach], axis=0)
