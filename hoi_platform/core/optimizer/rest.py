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
    Pixels at or near the person, and frames (T,) of low mask confidence, tell nothing; a single
    frame in which the mask differs is a slip of its tracker. T when it never moves.
    """
    total = len(object_masks)
    told = [
        (t, moved)
        for t in range(1, total)
        if confidence[t] >= _CONFIDENT
        and (moved := _has_moved(object_masks[0], object_masks[t], human_masks[t])) is not None
    ]
    following = [moved for _, moved in told[1:]] + [True]
    return next((t for (t, now), then in zip(told, following, strict=False) if now and then), total)


def _has_moved(
    first: NDArray[np.bool_], mask: NDArray[np.bool_], person: NDArray[np.bool_]
) -> bool | None:
    """Whether the mask is elsewhere; None when too little of the first place can be seen."""
    area = int(first.sum())
    visible = ~ndimage.binary_dilation(person, iterations=_EDGE_PX)
    seen = int((first & visible).sum())
    changed = int(((first ^ mask) & visible).sum())
    if area == 0 or seen < _SEEN * area:
        return True if changed > area > 0 else None
    return changed > _CHANGED * seen
