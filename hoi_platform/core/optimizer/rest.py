"""How long the object rests where it was rendered: told by its masks, not by its tracked pose."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_CHANGED = 0.35
"""Of the first mask's area: a larger change is motion. One pixel around a small object is 0.25."""
_SEEN = 0.2
"""Least visible share of the first mask that tells anything."""
_EDGE_PX = 2
_CONFIDENT = 0.5


def rest_frames(
    object_masks: NDArray[np.bool_],
    human_masks: NDArray[np.bool_],
    confidence: NDArray[np.floating],
) -> int:
    """The number of frames before the object's visible part has left the first frame's mask.

    Hands begin to touch an object before it moves; while it rests its pose is known exactly.
    Pixels at or near the person, and frames (T,) of low mask confidence, tell nothing. T when it
    never moves.
    """
    first = object_masks[0]
    area = int(first.sum())
    for t in range(1, len(object_masks)):
        if area == 0 or confidence[t] < _CONFIDENT:
            continue
        visible = ~ndimage.binary_dilation(human_masks[t], iterations=_EDGE_PX)
        seen = int((first & visible).sum())
        changed = int(((first ^ object_masks[t]) & visible).sum())
        if seen >= _SEEN * area and changed > _CHANGED * seen:
            return t
        if seen < _SEEN * area and changed > area:  # it is seen elsewhere
            return t
    return len(object_masks)
