"""What a clip's record says of contact: labels per interval, points on the object per frame."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, LEFT_HAND, RIGHT_HAND
from hoi_platform.core.geometry.transforms import inverse, transform_points

HANDS: Final = ("left_hand", "right_hand")
CONTACT_THRESHOLD_M: Final = 0.05
"""Largest distance between a hand's surface and the object that counts as contact (m); GRAIL's."""
_WRISTS: Final = (JOINT["left_wrist"], JOINT["right_wrist"])


@dataclass(frozen=True)
class ContactRecord:
    """Joints in contact per interval, and hands in contact per frame."""

    labels: tuple[tuple[str, ...], ...]
    """Joint names of each interval, ``interval`` frames long, the first at ``start_frame``."""
    interval: int
    start_frame: int
    hands: NDArray[np.bool_]  # (T, 2), left and right
    confidence: Array | None = None
    """(T, 2) in [0, 1], 0 where there is no contact; None in results of foreign tools."""

    def first(self, frames: int) -> "ContactRecord":
        """The first frames alone."""
        intervals = max(0, -(-(frames - self.start_frame) // self.interval))
        sure = None if self.confidence is None else self.confidence[:frames]
        return replace(
            self, labels=self.labels[:intervals], hands=self.hands[:frames], confidence=sure
        )

    def to_reference(self) -> dict[str, Any]:
        """The reference's ``contact`` dict."""
        return {
            "contact_labels": [list(joints) for joints in self.labels],
            "contact_interval": self.interval,
            "contact_start_idx": self.start_frame,
            "hands": self.hands,
            **({} if self.confidence is None else {"confidence": self.confidence}),
        }


@dataclass(frozen=True)
class HandContact:
    """N points on the object that one hand touches, over all frames."""

    points: Array  # (N, 3), object coordinates after scaling, meters
    frames: NDArray[np.int64]  # (N,), ascending

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.frames), 3):
            raise ValueError(f"points are {self.points.shape}, not ({len(self.frames)}, 3)")

    def at(self, frame: int) -> Array:
        """(k, 3) points of one frame."""
        return self.points[self.frames == frame]

    def first(self, frames: int) -> "HandContact":
        """The first frames alone."""
        keep = self.frames < frames
        return HandContact(self.points[keep], self.frames[keep])

    def by_frame(self) -> dict[int, Array]:
        """Frame → (k, 3), for the frames with contact."""
        return {int(frame): self.at(frame) for frame in np.unique(self.frames)}

    @classmethod
    def from_frames(cls, by_frame: Mapping[int, Array]) -> "HandContact":
        """The inverse of ``by_frame``."""
        rows = [(int(frame), np.asarray(by_frame[frame], float)) for frame in sorted(by_frame)]
        frames = [np.full(len(points), frame) for frame, points in rows]
        return cls(
            np.concatenate([np.zeros((0, 3)), *(points for _, points in rows)]),
            np.concatenate([np.zeros(0, np.int64), *frames]).astype(np.int64),
        )


@dataclass(frozen=True)
class ContactPoints:
    """Points on the object within reach of each hand's surface."""

    left_hand: HandContact
    right_hand: HandContact

    def first(self, frames: int) -> "ContactPoints":
        """The first frames alone."""
        return ContactPoints(self.left_hand.first(frames), self.right_hand.first(frames))

    @classmethod
    def none(cls) -> "ContactPoints":
        """No contact in any frame."""
        return cls(HandContact.from_frames({}), HandContact.from_frames({}))


def hand_vertices(body: BodyModel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertices that belong to the left and to the right hand, the wrist's skin included."""
    joint = body.vertex_joint
    left = (joint == _WRISTS[0]) | ((joint >= LEFT_HAND.start) & (joint < LEFT_HAND.stop))
    right = (joint == _WRISTS[1]) | ((joint >= RIGHT_HAND.start) & (joint < RIGHT_HAND.stop))
    return np.flatnonzero(left), np.flatnonzero(right)


def contact_points(
    hand_surfaces: tuple[Array, Array],
    surface: Array,
    Ts_world_object: Array,
    threshold_m: float = CONTACT_THRESHOLD_M,
) -> ContactPoints:
    """The object's points that lie within ``threshold_m`` of a hand, frame by frame.

    ``hand_surfaces``: (T, H, 3) world vertices of the left and the right hand; ``surface``: (N, 3)
    samples of the object's surface in its own coordinates (scaled); ``Ts_world_object`` (T, 4, 4).
    """
    Ts_object_world = inverse(Ts_world_object)
    left, right = (
        _touched(transform_points(Ts_object_world, hand), surface, threshold_m)
        for hand in hand_surfaces
    )
    return ContactPoints(left, right)


def _touched(hand: Array, surface: Array, threshold_m: float) -> HandContact:
    by_frame = {}
    for frame, vertices in enumerate(hand):
        distance, _ = cKDTree(vertices).query(surface, distance_upper_bound=threshold_m)
        if (near := np.isfinite(distance)).any():
            by_frame[frame] = surface[near]
    return HandContact.from_frames(by_frame)
