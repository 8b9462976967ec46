"""The object's trajectory that optimization starts from: the track, mended where it is weak."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import inverse, rigid
from hoi_platform.core.optimizer.observation import HoiObservation

TRUSTED_CONFIDENCE = 0.5
_AT_REST_M = 0.03
_WRISTS = (JOINT["left_wrist"], JOINT["right_wrist"])


def first_guess(observation: HoiObservation) -> Array:
    """(T, 4, 4): tracked poses where they can be trusted, elsewhere (in this order)

    the rendered pose before anything touches the object, the pose carried along by the hand that
    holds it, or what lies between the trusted poses.
    """
    first = observation.spec.T_world_object_array()
    if observation.static_object:
        return np.tile(first, (len(observation), 1, 1))
    Ts, trusted = observation.track.Ts_world_object.copy(), _trusted(observation)
    touched = np.flatnonzero(observation.contacts.hands.any(axis=1))
    start = int(touched[0]) if touched.size else 0
    near = np.linalg.norm(Ts[:, :3, 3] - first[:3, 3], axis=1) < _AT_REST_M
    rests = (np.arange(len(Ts)) < start) & (near | ~trusted)
    Ts[rests], trusted = first, trusted | rests
    Ts[0], trusted[0] = first, True
    Ts, trusted = _carried(Ts, trusted, observation)
    return _interpolated(Ts, trusted)


def _trusted(observation: HoiObservation) -> NDArray[np.bool_]:
    track = observation.track
    return (track.confidence >= TRUSTED_CONFIDENCE) & ~track.lost


def _carried(
    Ts: Array, trusted: NDArray[np.bool_], observation: HoiObservation
) -> tuple[Array, NDArray[np.bool_]]:
    """Weak poses within a grasp follow the wrist from the nearest trusted pose of that grasp."""
    Ts, done = Ts.copy(), trusted.copy()
    for hand, wrist in enumerate(_WRISTS):
        held = observation.contacts.hands[:, hand]
        Ts_world_wrist = _joint_poses(observation, wrist)
        for grasp in _runs(held):
            known = grasp[trusted[grasp]]
            weak = grasp[~done[grasp]]
            if not known.size or not weak.size:
                continue
            nearest = known[np.abs(weak[:, None] - known[None]).argmin(axis=1)]
            Ts_wrist_object = inverse(Ts_world_wrist[nearest]) @ Ts[nearest]
            Ts[weak] = Ts_world_wrist[weak] @ Ts_wrist_object
            done[weak] = True
    return Ts, done


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
