"""The pose in one frame: several starts compete, the best are refined."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.evidence import COARSE, FINE, FrameEvidence
from hoi_platform.core.tracking.flow_pose import flow_pose
from hoi_platform.core.tracking.hypotheses import (
    constant_velocity,
    distinct,
    from_mask,
    rotation_grid,
    shifted_to_mask,
    turned,
)
from hoi_platform.core.tracking.refine import Model, Prior, refine
from hoi_platform.core.tracking.scoring import NOTHING, Score, score_pose
from hoi_platform.core.tracking.se3 import center_of

_LOCAL_REFINED, _WIDE_REFINED = 2, 4
_ROUNDS = 2


class Found(NamedTuple):
    """A frame's pose, what the image alone tells about it, and how well it fits."""

    T: Array  # (4, 4) T_cam_object
    information: Array  # (6, 6)
    score: Score
    lost: bool = False

    def as_lost(self) -> "Found":
        return Found(self.T, np.zeros((6, 6)), NOTHING, True)


def local_starts(
    previous: FrameEvidence, frame: FrameEvidence, history: Sequence[Found], model: Model
) -> list[Array]:
    """The last pose, the last motion continued, optical flow, and shifts onto the mask."""
    last = history[-1]
    starts = [last.T]
    if len(history) > 1 and not (last.lost or history[-2].lost):
        starts.append(constant_velocity(history[-2].T, last.T, model.center))
    starts += [shifted_to_mask(T, frame, model.caster) for T in starts]
    view = None if last.lost else model.caster.view(last.T)
    if view is not None:
        flow = flow_pose(previous, view, last.T, frame, model.camera)
        starts += [] if flow is None else [flow]
    return distinct(starts, model.caster)


def wide_starts(frame: FrameEvidence, history: Sequence[Found], model: Model) -> list[Array]:
    """Turns of the last pose on the mask; after a loss all rotations and those seen before."""
    last = history[-1]
    on_mask = shifted_to_mask(last.T, frame, model.caster)
    starts = [on_mask, *turned(on_mask, model.center)]
    if last.lost and frame.mask.any():
        known = [found.T[:3, :3] for found in history if not found.lost][::4]
        depth = float(center_of(last.T, model.center)[2])
        starts += from_mask(frame, [*rotation_grid(), *known], model.caster, depth)
    return starts


def best_of(
    frame: FrameEvidence, starts: Sequence[Array], model: Model, prior: Array, wide: bool = False
) -> Found:
    """Refine the most promising starts coarsely and the best of these finely.

    ``prior`` (6, 6) is the information about each start, that keeps unseen directions in place.
    """
    promising = _ranked(frame, starts, model)[: _WIDE_REFINED if wide else _LOCAL_REFINED]
    coarse = [refine(frame, T, model, Prior(T, prior), COARSE, _ROUNDS).T for T in promising]
    T = _ranked(frame, coarse, model)[0]
    pose, information = refine(frame, T, model, Prior(T, prior), FINE, _ROUNDS)
    return Found(pose, information, score_pose(frame, pose, model.caster, model.lighting, 1.0))


def _ranked(frame: FrameEvidence, poses: Sequence[Array], model: Model) -> list[Array]:
    if len(poses) == 1:
        return list(poses)
    scores = [score_pose(frame, T, model.caster, model.lighting).total for T in poses]
    return [poses[i] for i in np.argsort(scores)[::-1]]
