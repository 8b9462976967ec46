"""The object's trajectory that optimization starts from: the track, repaired where it is weak."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.transform import Rotation, Slerp

from hoi_platform.core.arrays import Array, Indices, Mask
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.transforms import inverse, rigid, transform_points
from hoi_platform.core.optimizer.holding import WRISTS, Holding, trusted_frames
from hoi_platform.core.optimizer.interface import OptimizerInput

_PALMS: Final = (JOINT["left_middle1"], JOINT["right_middle1"])
"""Where a hand holds an object: the knuckles of the middle fingers."""
_PALM_M: Final = 0.04
"""Meters from there within which the skin of a hand may touch an object; chosen: half a hand."""


def first_guess(inputs: OptimizerInput, held: Holding) -> Float[Array, "T 4 4"]:
    """The rendered pose while the object rests, then the tracked one where it can be
    trusted, else the one carried along by the hand that holds it, else an interpolated one; all
    within reach of the hand that holds it.
    """
    first = inputs.spec.T_world_object_array()
    if inputs.static_object:
        return np.tile(first, (len(inputs), 1, 1))
    Ts, trusted = inputs.track.Ts_world_object.copy(), trusted_frames(inputs)
    rest = max(1, held.rest)
    Ts[:rest], trusted[:rest] = first, True
    Ts, trusted = _carried(Ts, trusted, inputs, held.hands)
    return _within_reach(_interpolated(Ts, trusted), inputs, held)


def _within_reach(
    Ts: Float[Array, "T 4 4"], inputs: OptimizerInput, held: Holding
) -> Float[Array, "T 4 4"]:
    """Held objects moved along the line of sight to where a holding hand can touch them.

    A small object's depth is read off its size in the image alone and may be decimeters off; the
    hand's hangs on a body of known size that stands on the ground.
    """
    Ts, vertices = Ts.copy(), inputs.mesh.vertices
    center = vertices.mean(axis=0)
    reach = float(np.linalg.norm(vertices - center, axis=-1).max()) + _PALM_M
    joints = inputs.human.motion.joints(inputs.body)
    eye = inverse(inputs.camera.T_cam_world)[:3, 3]
    for hand, palm in enumerate(_PALMS):
        frames = np.flatnonzero(held.hands[:, hand])
        frames = frames[frames >= held.rest]
        p = transform_points(Ts[frames], center[None])[:, 0] - eye
        range_m = np.linalg.norm(p, axis=-1)
        sight = p / range_m[:, None]
        hand_m = ((joints[frames, palm] - eye) * sight).sum(axis=-1)
        excess = range_m - np.clip(range_m, hand_m - reach, hand_m + reach)
        Ts[frames, :3, 3] -= excess[:, None] * sight
    return Ts


def _carried(
    Ts: Float[Array, "T 4 4"],
    trusted: Bool[Mask, " T"],
    inputs: OptimizerInput,
    hands: Bool[Mask, "T 2"],
) -> tuple[Float[Array, "T 4 4"], Bool[Mask, " T"]]:
    """Weak poses within a grasp follow the wrist from the nearest trusted pose of that grasp."""
    Ts, done = Ts.copy(), trusted.copy()
    for hand, wrist in _surest_first(inputs, hands):
        Ts_world_wrist = _joint_poses(inputs, wrist)
        for grasp in _runs(hands[:, hand]):
            known = grasp[trusted[grasp]]
            weak = grasp[~done[grasp]]
            if not known.size or not weak.size:
                continue
            nearest = known[np.abs(weak[:, None] - known[None]).argmin(axis=1)]
            Ts_wrist_object = inverse(Ts_world_wrist[nearest]) @ Ts[nearest]
            Ts[weak] = Ts_world_wrist[weak] @ Ts_wrist_object
            done[weak] = True
    return Ts, done


def _surest_first(inputs: OptimizerInput, hands: Bool[Mask, "T 2"]) -> list[tuple[int, int]]:
    """(hand, wrist joint), the hand first that the video shows best while it is in contact."""
    confidence = inputs.human.joint_confidence[:, WRISTS]
    order = np.argsort(-(confidence * hands).sum(axis=0))
    return [(int(hand), WRISTS[hand]) for hand in order]


def _joint_poses(inputs: OptimizerInput, joint: int) -> Float[Array, "T 4 4"]:
    """World poses of a joint by the first estimate of the person."""
    import torch

    motion = inputs.human.motion
    posed = inputs.body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    return rigid(posed.R_world_joint[:, joint].numpy(), posed.joints[:, joint].numpy())


def _runs(flags: Bool[Mask, " T"]) -> list[Int[Indices, " n"]]:
    """Index arrays of the stretches in which flags hold."""
    frames = np.flatnonzero(flags)
    return [run for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1) if run.size]


def _interpolated(Ts: Float[Array, "T 4 4"], known: Bool[Mask, " T"]) -> Float[Array, "T 4 4"]:
    """Fill the unknown poses between (or beyond) the known ones."""
    frames, at = np.arange(len(Ts)), np.flatnonzero(known)
    t = np.stack([np.interp(frames, at, Ts[at, k, 3]) for k in range(3)], axis=-1)
    if len(at) == 1:
        return rigid(np.tile(Ts[at[0], :3, :3], (len(Ts), 1, 1)), t)
    turns = Slerp(at, Rotation.from_matrix(Ts[at, :3, :3]))
    return rigid(turns(frames.clip(at[0], at[-1])).as_matrix(), t)
