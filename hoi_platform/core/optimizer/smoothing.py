"""The final smoothing: Savitzky-Golay over trajectories, without blurring the moment of contact."""

import numpy as np
from jaxtyping import Float
from scipy.signal import savgol_filter

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.rotations import matrix_from_quaternion, quaternion_from_matrix
from hoi_platform.core.geometry.transforms import rigid


def window_frames(window_at_24_fps: int, fps: float) -> int:
    """The odd window that lasts as long at ``fps``; 0 when it would hold less than 3 frames."""
    frames = round(window_at_24_fps * fps / 24.0)
    odd = frames if frames % 2 else frames - 1
    return odd if odd >= 3 else 0


def smooth_motion(motion: BodyMotion, window: int, order: int) -> BodyMotion:
    """Filter the pelvis' path and every joint's rotation; ``window`` in frames."""
    return BodyMotion(
        smooth_rotations(motion.rotations, window, order),
        smooth(motion.translation, window, order),
        motion.fps,
    )


def smooth_object(
    Ts_world_object: Float[Array, "T 4 4"],
    center: Float[Array, "3"],
    start: int,
    window: int,
    order: int,
) -> Float[Array, "T 4 4"]:
    """Filter poses about ``center`` (object coordinates) from frame ``start`` on.

    Before, it rests; filtering across the start would move it too early.
    """
    R, t = Ts_world_object[:, :3, :3], Ts_world_object[:, :3, 3]
    path = R @ center + t
    at_rest = smooth_rotations(R[:start], 0, order)
    R = np.concatenate([at_rest, smooth_rotations(R[start:], window, order)])
    path[start:] = smooth(path[start:], window, order)
    return rigid(R, path - R @ center)


def smooth(
    trajectory: Float[Array, " T *shape"], window: int, order: int
) -> Float[Array, " T *shape"]:
    """Filtered along time; unchanged when it is shorter than the window."""
    if len(trajectory) < max(window, order + 2) or window <= order:
        return trajectory
    return savgol_filter(trajectory, window, order, axis=0, mode="interp")


def smooth_rotations(
    R: Float[Array, "T *shape 3 3"], window: int, order: int
) -> Float[Array, "T *shape 3 3"]:
    """Filtered as quaternions of continuous sign; exactly orthonormal after it."""
    if not len(R):
        return R
    q = quaternion_from_matrix(R)
    flips = np.where((q[1:] * q[:-1]).sum(-1) < 0, -1.0, 1.0)
    q[1:] *= np.cumprod(flips, axis=0)[..., None]
    return matrix_from_quaternion(smooth(q, window, order))
