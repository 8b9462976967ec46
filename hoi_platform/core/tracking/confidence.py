"""When a frame counts as lost and how far a pose can be trusted."""

from typing import Final

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.scoring import Score
from hoi_platform.core.tracking.search import Found

LEAST_PIXELS: Final = 30
"""Fewer visible pixels of the object tell no pose."""
_LEAST_OVERLAP, _LEAST_EXPLAINED = 0.5, 0.35
_DOUBTFUL_OVERLAP, _DOUBTFUL_EXPLAINED = 0.8, 0.7
_ENOUGH_SEEN = 0.35
_TOLERABLE = (0.02, 0.2)
"""Standard deviations (meters, radians) at which an otherwise perfect pose is trusted by half."""


def is_lost(score: Score, reference: Score) -> bool:
    """The pose explains so little that it must be wrong; ``reference`` is frame 0's score."""
    explained = score.total / max(reference.total, 1e-6)
    return score.overlap < _LEAST_OVERLAP or explained < _LEAST_EXPLAINED


def is_doubtful(score: Score, reference: Score) -> bool:
    """The pose may be wrong, so that it is worth to look further afield."""
    explained = score.total / max(reference.total, 1e-6)
    return score.overlap < _DOUBTFUL_OVERLAP or explained < _DOUBTFUL_EXPLAINED


def confidence_of(found: Found, reference: Score, information: Array) -> float:
    """In [0, 1]: fit of silhouette and colors, share in view, and certainty of the pose.

    ``information`` (6, 6) holds the image's and the prior's, so that it can be inverted.
    """
    if found.lost:
        return 0.0
    score = found.score
    explained = min(score.total / max(reference.total, 1e-6), 1.0)
    overlap = np.clip((score.overlap - 0.3) / 0.55, 0.0, 1.0)
    seen = min(score.seen / _ENOUGH_SEEN, 1.0)
    variance = np.diag(np.linalg.inv(information))
    spread = variance[:3].sum() / _TOLERABLE[0] ** 2 + variance[3:].sum() / _TOLERABLE[1] ** 2
    return float(np.clip(explained * overlap * seen / (1.0 + spread), 0.0, 1.0))
