"""What a pose is worth: its score, whether it is lost or moves, how far it can be trusted."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.frames import FrameEvidence, blurred, sampled
from hoi_platform.core.tracking.motion import center_of, pixel_jacobian
from hoi_platform.core.tracking.photometric import frame_gain, render
from hoi_platform.core.tracking.view import ObjectModel, View

LEAST_PIXELS: Final = 30
"""Number of visible pixels of the object below which no pose is looked for; chosen."""
_OVERLAP_RAMP: Final = (0.3, 0.85)
"""Overlap (IoU) that earns confidence 0 and 1, linear between; chosen."""
_ENOUGH_SEEN: Final = 0.35
"""Share of the silhouette in view that earns full confidence; chosen."""
_LASTING: Final = 2
"""Number of seen frames in a row that must show motion; chosen: one alone is noise."""


class Score(NamedTuple):
    """Ratios in [0, 1]; pixels of the human count neither for nor against."""

    total: float
    """Explained pixels over the union of silhouette and mask: overlap weighed by color."""
    overlap: float
    """Intersection over union of silhouette and mask."""
    seen: float
    """Share of the silhouette that the mask shows."""


NOTHING: Final = Score(0.0, 0.0, 0.0)
"""The score of a pose that shows nothing, by definition."""


class PoseEstimate(NamedTuple):
    """A frame's pose, what the image alone says about it, and how well it fits."""

    T: Float[Array, "4 4"]  # T_cam_object
    information: Float[Array, "6 6"]
    score: Score
    lost: bool = False

    def as_lost(self) -> "PoseEstimate":
        """The same pose as a mere guess."""
        return PoseEstimate(self.T, np.zeros((6, 6)), NOTHING, True)


def score_pose(
    frame: FrameEvidence, T_cam_object: Float[Array, "4 4"], model: ObjectModel, stride: float = 2.0
) -> Score:
    """Compare the rendering at a pose with a frame, one sample per ``stride`` pixels."""
    view = model.caster.view(T_cam_object, stride)
    if view is None:
        return NOTHING
    pixel = view.uv.astype(int)
    hidden = frame.hidden[pixel[:, 1], pixel[:, 0]]
    on_mask = frame.mask[pixel[:, 1], pixel[:, 0]] & ~hidden
    area = float((frame.mask & ~frame.hidden).sum()) / stride**2
    both = float(on_mask.sum())
    union = max(area + float((~hidden).sum()) - both, both)
    if union < 1.0:
        return NOTHING
    distance = _color_distance(frame, view, T_cam_object[:3, :3], model)[on_mask]
    share = np.minimum(distance / model.config.color_tolerance, 1.0)
    return Score(float((1.0 - share).sum()) / union, both / union, both / len(pixel))


def _color_distance(
    frame: FrameEvidence, view: View, R: Float[Array, "3 3"], model: ObjectModel
) -> Float[Array, " N"]:
    """Between the blurred frame and the rendering, blurred alike."""
    observed = sampled(frame.levels[-1], view.uv)
    gain = frame_gain(frame, view, R, model.lighting)
    colors = render(view, R, model.lighting, gain).colors
    sigma = model.config.blur_px[-1] / view.stride
    weight = blurred(view.hit.astype(np.float32), sigma)[view.hit, None]
    smooth = blurred(view.image(colors), sigma)[view.hit] / weight
    return np.asarray(np.linalg.norm(observed - smooth, axis=1))


def is_lost(score: Score, reference: Score, config: TrackerConfig) -> bool:
    """The pose explains so little that it must be wrong; ``reference`` is frame 0's score."""
    relative = _relative(score, reference)
    return score.overlap < config.lost_overlap or relative < config.lost_score


def is_doubtful(score: Score, reference: Score, config: TrackerConfig) -> bool:
    """The pose may be wrong, so that it is worth looking further afield."""
    relative = _relative(score, reference)
    return score.overlap < config.doubtful_overlap or relative < config.doubtful_score


def _relative(score: Score, reference: Score) -> float:
    return score.total / max(reference.total, 1e-6)


def confidence_of(
    found: PoseEstimate, reference: Score, information: Float[Array, "6 6"], config: TrackerConfig
) -> float:
    """In [0, 1]: fit of silhouette and colors, share in view, and certainty of the pose.

    ``information`` holds the image's and the prior's, so that it can be inverted.
    """
    if found.lost:
        return 0.0
    score, (low, high) = found.score, _OVERLAP_RAMP
    explained = min(_relative(score, reference), 1.0)
    overlap = np.clip((score.overlap - low) / (high - low), 0.0, 1.0)
    seen = min(score.seen / _ENOUGH_SEEN, 1.0)
    variance = np.diag(np.linalg.inv(information))
    tolerable_m, tolerable_rad = config.tolerable_sigma
    spread = variance[:3].sum() / tolerable_m**2 + variance[3:].sum() / tolerable_rad**2
    return float(np.clip(explained * overlap * seen / (1.0 + spread), 0.0, 1.0))


def shows_motion(
    found: PoseEstimate, T_rest: Float[Array, "4 4"], model: ObjectModel, prior: Float[Array, "6 6"]
) -> bool:
    """The pose differs from the rest pose in the image by more than its own uncertainty.

    ``prior`` is the information about the pose beside the image's.
    """
    if found.lost:
        return False
    moved_px = model.caster.moved_px(found.T, T_rest)
    config = model.config
    return moved_px > config.still_px + config.motion_sigmas * _spread_px(found, model, prior)


def _spread_px(found: PoseEstimate, model: ObjectModel, prior: Float[Array, "6 6"]) -> float:
    """Root mean square uncertainty (px) of the object's extreme points in the image."""
    p_cam = transform_points(found.T, model.caster.corners)
    J = pixel_jacobian(p_cam, center_of(found.T, model.center), model.camera.focal_px)
    covariance = np.linalg.inv(found.information + prior)
    variance = np.einsum("nad,de,nae->n", J, covariance, J)
    return float(np.sqrt(variance.mean()))


def resting_frames(moves: Sequence[bool], lost: Sequence[bool]) -> Bool[Mask, " T"]:
    """True up to the last frame that is seen at rest before a lasting motion.

    A lost frame says nothing: it neither confirms a motion nor ends one, and where the object was
    covered while it began to move, rest ends with the last frame that showed it. The last run of
    motion may be short.
    """
    seen = np.flatnonzero(~np.asarray(lost))
    moved = np.asarray(moves)[seen]
    for i in range(len(seen)):
        if moved[i : i + _LASTING].all():
            return np.arange(len(moves)) < (seen[i - 1] + 1 if i else 0)
    return np.ones(len(moves), dtype=bool)
