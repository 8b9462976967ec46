"""The object's trajectory that optimization starts from: the track, mended where it is weak."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import inverse, rigid
from hoi_platform.core.optimizer.holding import WRISTS, Holding, trusted_frames
from hoi_platform.core.optimizer.observation import HoiObservation


def first_guess(observation: HoiObservation, held: Holding) -> Array:
    """(T, 4, 4): the rendered pose while the object rests, then the tracked one where it can be
    trusted, else the one carried along by the hand that holds it, else what lies between.
    """
    first = observation.spec.T_world_object_array()
    if observation.static_object:
        return np.tile(first, (len(observation), 1, 1))
    Ts, trusted = observation.track.Ts_world_object.copy(), trusted_frames(observation)
    rest = max(1, held.rest)
    Ts[:rest], trusted[:rest] = first, True
    Ts, trusted = _carried(Ts, trusted, observation, held.hands)
    return _interpolated(Ts, trusted)


def _carried(
    Ts: Array,
    trusted: NDArray[np.bool_],
    observation: HoiObservation,
    hands: NDArray[np.bool_],
) -> tuple[Array, NDArray[np.bool_]]:
    """Weak poses within a grasp follow the wrist from the nearest trusted pose of that grasp."""
    Ts, done = Ts.copy(), trusted.copy()
    for hand, wrist in _surest_first(observation, hands):
        Ts_world_wrist = _joint_poses(observation, wrist)
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


def _surest_first(observation: HoiObservation, hands: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(hand, wrist joint), the hand first that the video shows best while it is in contact."""
    confidence = observation.human.joint_confidence[:, WRISTS]
    order = np.argsort(-(confidence * hands).sum(axis=0))
    return [(int(hand), WRISTS[hand]) for hand in order]


def _joint_poses(observation: HoiObservation, joint: int) -> Array:
    """(T, 4, 4) world poses of a joint by the first estimate of the person."""
    import torch

    motion = observation.human.motion
    posed = observation.body.pose(
        torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation)
    )
    return rigid(posed.R_world_joint[:, joint].numpy(), posed.joints[:, joint].numpy())


def _runs(flags: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Index arrays of the stretches in which flags hold."""
    frames = np.flatnonzero(flags)
    return [run for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1) if run.size]


def _interpolated(Ts: Array, known: NDArray[np.bool_]) -> Array:
    """Fill the unknown poses between (or beyond) the known ones."""
    frames, at = np.arange(len(Ts)), np.flatnonzero(known)
    t = np.stack([np.interp(frames, at, Ts[at, k, 3]) for k in range(3)], axis=-1)
    if len(at) == 1:
        return rigid(np.tile(Ts[at[0], :3, :3], (len(Ts), 1, 1)), t)
    turns = Slerp(at, Rotation.from_matrix(Ts[at, :3, :3]))
    return rigid(turns(frames.clip(at[0], at[-1])).as_matrix(), t)
