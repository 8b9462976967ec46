"""Measured depth as point clouds of fixed size."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array


def depth_clouds(
    depth: NDArray[np.float32],
    masks: NDArray[np.bool_],
    camera: Camera,
    count: int,
    rng: np.random.Generator,
) -> tuple[Array, NDArray[np.bool_]]:
    """World points (T, count, 3) of the known depth (T, H, W) within masks, and which are real.

    Frames with fewer pixels than ``count`` are padded with points that are not real.
    """
    frames = len(depth)
    points, real = np.zeros((frames, count, 3)), np.zeros((frames, count), dtype=bool)
    for t in range(frames):
        v, u = np.nonzero(masks[t] & np.isfinite(depth[t]) & (depth[t] > 0))
        chosen = rng.permutation(len(v))[:count]
        uv = np.stack([u[chosen], v[chosen]], axis=-1) + 0.5
        z = depth[t][v[chosen], u[chosen]].astype(np.float64)
        points[t, : len(chosen)] = camera.unproject(uv, z)
        real[t, : len(chosen)] = True
    return points, real
