"""Contact labels from geometry: what is near the object while both move together.

Estimates are decimeters off in depth, so distances along the line of sight count less, and a
distance alone proves little. But an object that has left its place is held by a hand: by the one
that stays with it. A hand that the video does not show is no evidence and is not labeled, however
near its estimate is.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.spatial import cKDTree

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.contact_record import hand_vertices
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.geometry.transforms import inverse, transform_points

HAND_JOINTS: Final = ("left_wrist", "right_wrist")
WRISTS: Final = tuple(JOINT[name] for name in HAND_JOINTS)
_DISPLACED_M: Final = 0.02
"""Meters from its first place beyond which an object has left it; chosen."""
_DISPLACED_RAD: Final = np.deg2rad(8.0)
"""Radians likewise; chosen."""
_TOGETHER_M_S: Final = 0.15
"""Meters per second between hand and object below which they move together; chosen."""
_HELD_SLACK: Final = 3.0
"""Multiples of the contact distance that a hand which holds a displaced object may seem away;
chosen: estimates are decimeters off in depth."""
_DEPTH_SHARE: Final = 0.2
"""Weight of a distance along the line of sight beside one across it; chosen."""
_LASTING_S: Final = 0.25
"""Seconds that a hand may be hidden and still count as seen; chosen: it turns in half a second."""
_START_M: Final = 0.04
"""Meters; GRAIL: the interaction starts where the object has moved so far in ``_START_FRAMES``."""
_START_FRAMES: Final = 8
"""Frames; GRAIL."""
_SURFACE_POINTS: Final = 600
"""Number of points on the object; chosen: 1 cm apart on a hand-sized one."""


@dataclass(frozen=True)
class ContactLabels:
    """Joints in contact per interval, and the hands per frame."""

    joints: list[list[str]]
    interval: int
    """Frames per entry of ``joints``; the first entry begins at ``start_frame``."""
    start_frame: int
    """Where the object has moved more than 4 cm within 8 frames; 0 if it never does."""
    hands: NDArray[np.bool_]  # (T, 2), left and right
    confidence: Array  # (T, 2) in [0, 1], 0 where there is no label

    def __post_init__(self) -> None:
        if self.confidence.shape != self.hands.shape:
            raise ValueError(
                f"contact confidence is {self.confidence.shape} where labels are {self.hands.shape}"
            )

    def to_json(self) -> str:
        """The reference's form, with the hands per frame beside it."""
        data = {
            "contact_labels": self.joints,
            "contact_interval": self.interval,
            "contact_start_idx": self.start_frame,
            "hands": self.hands.astype(int).tolist(),
            "confidence": self.confidence.round(4).tolist(),
        }
        return json.dumps(data) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ContactLabels":
        """Read what ``to_json`` wrote. Raises BadInputError for labels without confidence."""
        data: dict[str, Any] = json.loads(text)
        if "confidence" not in data:
            raise BadInputError(
                "these contact labels are of a version that did not state their confidence; "
                "make contact_labels again (--force contact_labels)"
            )
        return cls(
            data["contact_labels"],
            data["contact_interval"],
            data["contact_start_idx"],
            np.array(data["hands"], dtype=bool).reshape(-1, 2),
            np.array(data["confidence"], dtype=float).reshape(-1, 2),
        )


def label_contacts(
    body: BodyModel,
    motion: BodyMotion,
    mesh: TriangleMesh,
    Ts_world_object: Array,
    camera: Camera,
    visibility: Array,
    config: ContactConfig,
) -> ContactLabels:
    """Label T frames; ``mesh`` is the object in meters in its own frame.

    ``visibility`` (T, 2) in [0, 1]: how well the video supports the left and the right wrist.
    """
    points, _ = mesh.sample_surface(_SURFACE_POINTS, np.random.default_rng(0))
    hands = [motion.vertices(body.subset(ids)) for ids in hand_vertices(body)]
    sights = _sights(camera, Ts_world_object, points.mean(axis=0))
    in_object = [transform_points(inverse(Ts_world_object), hand) for hand in hands]
    distance = np.stack([_distances(hand, points, sights) for hand in in_object], axis=1)
    speed = np.stack([_relative_speed(hand, motion.fps) for hand in in_object], axis=1)
    displaced = _displaced(Ts_world_object)
    support = _lasting(visibility, motion.fps)
    seen = support >= config.min_visibility
    touching = seen & (distance <= config.distance_m) & (speed <= _TOGETHER_M_S)
    held = _held(distance, displaced, seen, config.distance_m)
    labels = _joined(touching, held)
    nearness = 1 - distance / (2 * _HELD_SLACK * config.distance_m)  # at least 0.5 where labeled
    confidence = np.where(labels, support * nearness.clip(0, 1), 0.0)
    return labels_of_hands(labels, confidence, Ts_world_object, config.contact_interval)


def labels_of_hands(
    hands: NDArray[np.bool_], confidence: Array, Ts_world_object: Array, interval: int
) -> ContactLabels:
    """Labels of hands per frame (T, 2) with the reference's intervals, from any backend."""
    start = _start_frame(Ts_world_object)
    return ContactLabels(_intervals(hands, start, interval), interval, start, hands, confidence)


def _lasting(visibility: Array, fps: float) -> Array:
    """(T, 2) the best visibility within ``_LASTING_S`` before and after: a grasp outlasts it."""
    reach = max(1, round(_LASTING_S * fps))
    return np.asarray(maximum_filter1d(visibility, 2 * reach + 1, axis=0, mode="nearest"))


def _sights(camera: Camera, Ts_world_object: Array, center: Array) -> Array:
    """(T, 3) unit directions from the camera to the object, in object coordinates."""
    T_object_world = inverse(Ts_world_object)
    eye = transform_points(T_object_world, inverse(camera.T_cam_world)[None, :3, 3])[:, 0]
    sight = center - eye
    return np.asarray(sight / np.linalg.norm(sight, axis=-1, keepdims=True))


def _distances(hand: Array, points: Array, sights: Array) -> Array:
    """(T,) least distance between a hand's vertices (T, V, 3) and the surface, object frame.

    Differences along ``sights`` (T, 3) count for the share ``_DEPTH_SHARE``.
    """
    result = np.empty(len(hand))
    for t, (vertices, sight) in enumerate(zip(hand, sights, strict=True)):
        flatten = np.eye(3) - (1 - _DEPTH_SHARE) * np.outer(sight, sight)
        result[t] = cKDTree(points @ flatten).query(vertices @ flatten)[0].min()
    return result


def _relative_speed(hand: Array, fps: float) -> Array:
    """(T,) speed of the hand's centroid as seen from the object (m/s), smoothed over 3 frames."""
    centroid = hand.mean(axis=1)
    step = np.linalg.norm(np.diff(centroid, axis=0, prepend=centroid[:1]), axis=-1) * fps
    return np.convolve(np.pad(step, 1, mode="edge"), np.ones(3) / 3, mode="valid")


def _displaced(Ts_world_object: Array) -> NDArray[np.bool_]:
    """(T,) frames in which the object is not where it first lay."""
    moved = np.linalg.norm(Ts_world_object[:, :3, 3] - Ts_world_object[0, :3, 3], axis=-1)
    turned = rotation_angle(Ts_world_object[:1, :3, :3], Ts_world_object[:, :3, :3])
    return (moved > _DISPLACED_M) | (turned > _DISPLACED_RAD)


def _held(
    distance: Array, displaced: NDArray[np.bool_], seen: NDArray[np.bool_], reach_m: float
) -> NDArray[np.bool_]:
    """(T, 2) displaced frames, for the seen hand that stays nearest and for one as near."""
    held = np.zeros(distance.shape, dtype=bool)
    counted = seen & displaced[:, None]
    typical = [
        float(np.median(distance[counted[:, hand], hand])) if counted[:, hand].any() else np.inf
        for hand in range(2)
    ]
    for hand in range(2):
        nearest = typical[hand] <= min(typical) + 1e-9
        if np.isfinite(typical[hand]) and (nearest or typical[hand] <= reach_m):
            held[:, hand] = counted[:, hand] & (distance[:, hand] <= _HELD_SLACK * reach_m)
    return held


def _joined(touching: NDArray[np.bool_], held: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Held frames, with the touching frames that lead to them or follow without a gap."""
    labels = held.copy()
    for hand in range(2):
        frames = np.flatnonzero(held[:, hand])
        if not len(frames):
            continue
        first, last = frames[0], frames[-1]
        while first > 0 and touching[first - 1, hand]:
            first -= 1
            labels[first, hand] = True
        while last + 1 < len(labels) and touching[last + 1, hand]:
            last += 1
            labels[last, hand] = True
    return labels


def _start_frame(Ts_world_object: Array) -> int:
    center = Ts_world_object[:, :3, 3]
    span = min(_START_FRAMES, len(center) - 1)
    moved = np.linalg.norm(center[span:] - center[: len(center) - span], axis=-1)
    frames = np.flatnonzero(moved > _START_M)
    return int(frames[0]) if len(frames) else 0


def _intervals(labels: NDArray[np.bool_], start: int, interval: int) -> list[list[str]]:
    """Joints that are in contact in at least half of each interval's frames."""
    result = []
    for first in range(start, len(labels), interval):
        share = labels[first : first + interval].mean(axis=0)
        result.append([name for name, s in zip(HAND_JOINTS, share, strict=True) if s >= 0.5])
    return result
