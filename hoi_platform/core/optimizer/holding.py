"""How long the object rests, and which hand holds it when.

Rest is read off the masks, not off the tracked pose; contact labels are continued where they were
made from a track that was lost.
"""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.formats.tracks import OBJECT
from hoi_platform.core.optimizer.interface import OptimizerInput

TRUSTED_CONFIDENCE: Final = 0.5
"""Fraction; chosen: a tracked pose or a mask of less confidence has no say."""
_CHANGED: Final = 0.35
"""Fraction of the first mask's area; chosen: a larger change is motion. One pixel around a small
object is 0.25."""
_SEEN: Final = 0.2
"""Least visible fraction of the first mask that says anything; chosen."""
_EDGE_PX: Final = 2
"""Pixels at the person's border that say nothing; chosen."""
WRISTS: Final = (JOINT["left_wrist"], JOINT["right_wrist"])


class Holding(NamedTuple):
    """When the object leaves its place, and the hands in contact."""

    rest: int
    """The object is at its rendered pose in all frames before this one."""
    hands: Bool[Mask, "T 2"]  # left and right
    confidence: Float[Array, "T 2"]  # in [0, 1], 0 for a hand that is not in contact


def holding(inputs: OptimizerInput) -> Holding:
    """The labels, continued where they were made from a track that was lost.

    An object that has left its place is held: where no hand is labeled and the track cannot be
    trusted, the hand of the nearest label holds it as long as the video shows it. Without any
    label no hand does: there is no evidence which.
    """
    hands, confidence = inputs.contacts.hands.copy(), inputs.contacts.confidence.copy()
    rest = _rest(inputs)
    missing = ~hands.any(axis=1) & ~trusted_frames(inputs)
    missing[:rest] = False
    labeled = np.flatnonzero(hands.any(axis=1))
    frames = np.flatnonzero(missing)
    if frames.size and labeled.size:
        nearest = labeled[np.abs(frames[:, None] - labeled[None]).argmin(axis=1)]
        hands[frames] = hands[nearest]
        shown = inputs.human.joint_confidence[frames][:, WRISTS]
        confidence[frames] = np.minimum(confidence[nearest], shown)
    return Holding(rest, hands, confidence)


def trusted_frames(inputs: OptimizerInput) -> Bool[Mask, " T"]:
    """Frames whose tracked pose counts."""
    track = inputs.track
    return (track.confidence >= TRUSTED_CONFIDENCE) & ~track.lost


def _rest(inputs: OptimizerInput) -> int:
    tracks = inputs.tracks
    seen = rest_frames(tracks.object_masks, tracks.human_masks, tracks.confidence[:, OBJECT])
    if seen < len(tracks):
        seen -= 1  # a lift begins with less than what changes the mask
    touched = np.flatnonzero(inputs.contacts.hands.any(axis=1))
    return max(seen, int(touched[0])) if touched.size else seen


def rest_frames(
    object_masks: Bool[Mask, "T H W"],
    human_masks: Bool[Mask, "T H W"],
    confidence: Float[Array, " T"],
) -> int:
    """The number of frames before the object's visible part has left the first frame's mask.

    Hands begin to touch an object before it moves; while it rests its pose is known exactly.
    Pixels at or near the person, and frames of low mask confidence, say nothing; a single
    frame in which the mask differs is a slip of its tracker. T when it never moves.
    """
    total = len(object_masks)
    judged = [
        (t, moved)
        for t in range(1, total)
        if confidence[t] >= TRUSTED_CONFIDENCE
        and (moved := _has_moved(object_masks[0], object_masks[t], human_masks[t])) is not None
    ]
    following = [moved for _, moved in judged[1:]] + [True]
    return next(
        (t for (t, now), then in zip(judged, following, strict=False) if now and then), total
    )


def _has_moved(
    first: Bool[Mask, "H W"], mask: Bool[Mask, "H W"], person: Bool[Mask, "H W"]
) -> bool | None:
    """Whether the mask is elsewhere; None where too little of the first place can be seen."""
    area = int(first.sum())
    visible = ~ndimage.binary_dilation(person, iterations=_EDGE_PX)
    seen = int((first & visible).sum())
    changed = int(((first ^ mask) & visible).sum())
    if area == 0 or seen < _SEEN * area:
        return True if changed > area > 0 else None
    return changed > _CHANGED * seen
