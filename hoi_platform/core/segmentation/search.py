"""Finding an object again that was lost: where does the image show its colors?"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, Expectation, log_priors, mix
from hoi_platform.core.segmentation.identity import ramp
from hoi_platform.core.segmentation.labeling import OBJECT, components, posteriors

Mask = NDArray[np.bool_]

_PRIOR: Final = 0.02
"""Probability that a pixel belongs to the lost object, before its color is seen."""
_LARGEST: Final = 2.5
"""A candidate may be this much larger than the object usually is."""


def find_object(evidence: Evidence, usual_area: float, config: SegmentationConfig) -> Mask | None:
    """The region (h, w) that looks most like the object; None where nothing does."""
    nothing = np.zeros(evidence.codes.shape, np.float32)
    expected = Expectation(nothing, nothing, float(np.sqrt(usual_area)), still=False)
    priors = log_priors(evidence, expected, config)
    priors[OBJECT] = np.log(_PRIOR)
    soft = posteriors(mix(evidence, priors, config), evidence.guide, config)
    best, best_score = None, 0.0
    for region in components(soft.argmax(axis=0) == OBJECT):
        area = int(region.sum())
        if not config.lost_area * usual_area <= area <= _LARGEST * usual_area:
            continue
        color = ramp(evidence.own_color(region, OBJECT), config.color_gate)
        score = color * min(area / usual_area, 1.0)
        if color >= 0.5 and score > best_score:
            best, best_score = region, score
    return best
