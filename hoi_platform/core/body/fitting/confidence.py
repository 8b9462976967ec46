"""How well the video supports each joint of a fitted motion."""

import numpy as np

from hoi_platform.core.body.keypoints import KeypointRegressor
from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS
from hoi_platform.core.geometry.rotations import Array

_GROSS_SIGMAS = 4.0


def joint_confidence(
    regressor: KeypointRegressor, uv: Array, detected: Array, sigma_px: Array
) -> Array:
    """(T, 55) in [0, 1] from fitted (T, K, 2) and detected (T, K, 3) landmarks.

    A landmark supports the joint that carries it by its confidence, less so the farther the fit
    is from it; a joint without landmarks has the mean of its neighbors in the tree.
    """
    error = np.linalg.norm(uv - detected[..., :2], axis=-1) / sigma_px
    agreement = 1 / (1 + (np.nan_to_num(error, nan=np.inf) / _GROSS_SIGMAS) ** 2)
    support = np.where(np.isfinite(error), detected[..., 2] * agreement, 0.0)
    weight = regressor.points.weights  # (K, 55)
    total = weight.sum(axis=0)
    confidence = (support @ weight) / np.maximum(total, 1e-9)
    for joint in np.flatnonzero(total < 1e-6):
        near = [j for j in range(NUM_JOINTS) if PARENTS[j] == joint or PARENTS[joint] == j]
        confidence[:, joint] = confidence[:, [j for j in near if total[j] >= 1e-6] or [0]].mean(1)
    return np.clip(confidence, 0.0, 1.0)
