"""Measured depth as point clouds of fixed size."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32

from hoi_platform.core.arrays import Array, Array32, Mask
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.raster import rasterize

_OWN_M: Final = 0.005
"""Meters; chosen: no measured depth is in the median that close to an estimate."""
_LOOKS: Final = 3
"""Number of frames that are compared; chosen: beginning, middle and end."""
_STRIDE: Final = 5
"""Pixels; chosen: fast, and odd, so that coarse pixels have the centers of every fifth one."""


def depth_clouds(
    depth: Float32[Array32, "T H W"],
    masks: Bool[Mask, "T H W"],
    camera: Camera,
    count: int,
    rng: np.random.Generator,
) -> tuple[Float[Array, "T count 3"], Bool[Mask, "T count"]]:
    """World points of the known depth within masks, and which are real.

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


def is_depth_of_body(
    depth: Float32[Array32, "T H W"],
    human_masks: Bool[Mask, "T H W"],
    body: BodyModel,
    motion: BodyMotion,
    camera: Camera,
) -> bool:
    """Whether the depth on the person was rendered from this very motion.

    A depth backend without a model fills it in so. It measures nothing: compared with it, the
    person would be held to its first estimate.
    """
    frames = np.unique(np.linspace(0, len(depth) - 1, _LOOKS).round().astype(int))
    gaps = []
    offset = _STRIDE // 2
    for t in frames:
        vertices = motion[t : t + 1].vertices(body)[0]
        own = rasterize(camera, vertices, body.faces, _STRIDE).depth
        rows, columns = own.shape
        inner = (
            slice(offset, offset + _STRIDE * rows, _STRIDE),
            slice(offset, offset + _STRIDE * columns, _STRIDE),
        )
        gap = np.abs(own - depth[t][inner])[human_masks[t][inner]]
        gaps.append(gap[np.isfinite(gap)])
    found = np.concatenate(gaps)
    return bool(found.size) and float(np.median(found)) < _OWN_M
