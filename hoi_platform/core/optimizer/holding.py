"""Who holds the object when: the contact labels, and what follows from an object that moves."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.formats.tracks import OBJECT
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.optimizer.rest import rest_frames

TRUSTED_CONFIDENCE = 0.5
"""Of the tracked pose: below it the pose has no say."""
WRISTS = (JOINT["left_wrist"], JOINT["right_wrist"])


class Holding(NamedTuple):
    """When the object leaves its place, and the hands in contact."""

    rest: int
    """The object is at its rendered pose in all frames before this one."""
    hands: NDArray[np.bool_]  # (T, 2) left and right
    confidence: Array  # (T, 2) in [0, 1], 0 for a hand that is not in contact


def holding(observation: HoiObservation) -> Holding:
    """The labels, carried on where they were made from a track that was lost.

    An object that has left its place is held: where no hand is labeled and the track cannot be
    trusted, the hand of the nearest label holds it as long as the video shows it. Without any
    label nobody does: there is no evidence of who.
    """
    hands, confidence = observation.contacts.hands.copy(), observation.contacts.confidence.copy()
    rest = _rest(observation)
    missing = ~hands.any(axis=1) & ~trusted_frames(observation)
    missing[:rest] = False
    labeled = np.flatnonzero(hands.any(axis=1))
    frames = np.flatnonzero(missing)
    if frames.size and labeled.size:
        nearest = labeled[np.abs(frames[:, None] - labeled[None]).argmin(axis=1)]
        hands[frames] = hands[nearest]
        shown = observation.human.joint_confidence[frames][:, WRISTS]
        confidence[frames] = np.minimum(confidence[nearest], shown)
    return Holding(rest, hands, confidence)


def trusted_frames(observation: HoiObservation) -> NDArray[np.bool_]:
    """(T,) frames whose tracked pose counts."""
    track = observation.track
    return (track.confidence >= TRUSTED_CONFIDENCE) & ~track.lost


def _rest(observation: HoiObservation) -> int:
    tracks = observation.tracks
    seen = rest_frames(tracks.object_masks, tracks.human_masks, tracks.confidence[:, OBJECT])
    if seen < len(tracks):
        seen -= 1  # a lift begins with less than what changes the mask
    touched = np.flatnonzero(observation.contacts.hands.any(axis=1))
    return max(seen, int(touched[0])) if touched.size else seen
