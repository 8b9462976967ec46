"""How well a pose explains a frame."""

from typing import NamedTuple

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.appearance import frame_gain, render
from hoi_platform.core.tracking.evidence import BLUR_PX, FrameEvidence, blurred, sampled
from hoi_platform.core.tracking.lighting import Lighting
from hoi_platform.core.tracking.view import SurfaceCaster, View

_COLOR_LIMIT = 0.25
"""Color distance (sRGB units) at which a pixel explains nothing."""


class Score(NamedTuple):
    """Ratios in [0, 1]; pixels of the human count neither for nor against."""

    total: float
    """Explained pixels over the union of silhouette and mask: overlap weighed by color."""
    overlap: float
    """Intersection over union of silhouette and mask."""
    seen: float
    """Share of the silhouette that the mask shows."""


NOTHING = Score(0.0, 0.0, 0.0)


def score_pose(
    frame: FrameEvidence,
    T_cam_object: Array,
    caster: SurfaceCaster,
    lighting: Lighting,
    stride: float = 2.0,
) -> Score:
    """Compare the rendering at a pose with a frame."""
    view = caster.view(T_cam_object, stride)
    if view is None:
        return NOTHING
    uv = view.uv
    pixel = uv.astype(int)
    hidden = frame.hidden[pixel[:, 1], pixel[:, 0]]
    on_mask = frame.mask[pixel[:, 1], pixel[:, 0]] & ~hidden
    area = float((frame.mask & ~frame.hidden).sum()) / stride**2
    both = float(on_mask.sum())
    union = max(area + float((~hidden).sum()) - both, both)
    if union < 1.0:
        return NOTHING
    distance = _color_distance(frame, view, T_cam_object[:3, :3], lighting)[on_mask]
    explained = float((1.0 - np.minimum(distance / _COLOR_LIMIT, 1.0)).sum())
    return Score(explained / union, both / union, both / len(uv))


def _color_distance(frame: FrameEvidence, view: View, R: Array, lighting: Lighting) -> Array:
    """(N,) between the blurred frame and the rendering, blurred alike."""
    observed = sampled(frame.levels[-1], view.uv)
    colors = render(view, R, lighting, frame_gain(frame, view, R, lighting)).colors
    sigma = BLUR_PX[-1] / view.stride
    weight = blurred(view.hit.astype(np.float32), sigma)[view.hit, None]
    smooth = blurred(view.image(colors), sigma)[view.hit] / weight
    return np.asarray(np.linalg.norm(observed - smooth, axis=1))
