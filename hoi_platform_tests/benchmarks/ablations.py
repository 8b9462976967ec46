"""Ablations of the hand-written vision parts: what does each piece bring?

An ablation switches one piece off by replacing a function, a constant or a setting's default. See
``ablate`` for the command that measures them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.config.base import Config
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.tracking.config import TrackerConfig

_CORE: Final = "hoi_platform.core."
Change = Callable[[], Any]
"""Makes a context manager in which the piece is off."""


@dataclass(frozen=True)
class Ablation:
    """One piece that can be switched off."""

    name: str
    stage: str
    """The first stage that the piece is part of."""
    changes: tuple[Change, ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Everything in this process runs without the piece."""
        with ExitStack() as stack:
            for change in self.changes:
                stack.enter_context(change())
            yield


def replaced(where: str, value: Any) -> Change:
    """``where``: ``module:name`` below ``hoi_platform.core``, or ``module:Class.name``."""
    module, _, path = where.partition(":")

    def change() -> Any:
        owner: Any = import_module(_CORE + module)
        *classes, name = path.split(".")
        for part in classes:
            owner = getattr(owner, part)
        return patch.object(owner, name, value)

    return change


def default(model: type[Config], **values: Any) -> Change:
    """Other defaults of a model of settings."""

    @contextmanager
    def change() -> Iterator[None]:
        before = {name: model.model_fields[name].default for name in values}
        for fields in (values, before):
            for name, value in fields.items():
                model.model_fields[name].default = value
            model.model_rebuild(force=True)
            if fields is values:
                yield

    return change


def _nothing(*_: Any, **__: Any) -> Any:
    from hoi_platform.core.tracking.motion import PoseResiduals

    return PoseResiduals(np.zeros(0), np.zeros((0, 6)), np.zeros(0))


_TRACKER: Final = "tracking.tracker:"
_REFINE: Final = "tracking.refine:"
_FIT: Final = "body.fitting.fit:"


def _tracking(name: str, *changes: Change) -> Ablation:
    return Ablation(name, "object_pose", changes)


def _segmentation(name: str, *changes: Change) -> Ablation:
    return Ablation(name, "scene_tracks", changes)


def _fitting(name: str, *changes: Change) -> Ablation:
    return Ablation(name, "human_pose", changes)


ABLATIONS: Final = (
    Ablation("everything on", "human_pose", ()),
    _tracking("photometric residuals", replaced(_REFINE + "photometric_residuals", _nothing)),
    _tracking("contour residuals", replaced(_REFINE + "contour_residuals", _nothing)),
    _tracking("edge residuals", replaced(_REFINE + "edges_of", lambda *_: None)),
    _tracking(
        "coarse level",
        replaced(_REFINE + "COARSE", 1),
    ),
    _tracking("supersampling", replaced(_REFINE + "_SUPERSAMPLED_BELOW_PX", 0)),
    _tracking("wide search", replaced(_TRACKER + "is_doubtful", lambda *_: False)),
    _tracking(
        "start: optical flow",
        replaced("tracking.starts:flow_pose", lambda *_: None),
    ),
    _tracking(
        "start: shift to the mask",
        replaced("tracking.starts:shifted_to_mask", lambda T, *_: T),
    ),
    _tracking(
        "start: constant velocity",
        replaced("tracking.starts:constant_velocity", lambda before, last, center: last),
    ),
    _tracking(
        "lighting learned on the way",
        replaced(_TRACKER + "_Tracker._learn_lighting", lambda *_: None),
    ),
    _tracking("gain of each frame", replaced(_REFINE + "frame_gain", lambda *_: np.ones(3))),
    _tracking(
        "second pass", replaced(_TRACKER + "_Tracker._refined", lambda self, t: self._found[t])
    ),
    _tracking("smoothing of the path", replaced(_TRACKER + "_Tracker._smooth", lambda *_: None)),
    _tracking(
        "rest until motion",
        replaced(_TRACKER + "resting_frames", lambda moves, lost: np.arange(len(moves)) < 1),
    ),
    _tracking(
        "unseen spin",
        replaced(_TRACKER + "spin_information", lambda *_: np.zeros((6, 6))),
        replaced(_TRACKER + "without_spin", lambda information, *_: information),
    ),
    _tracking("bend beside the human", replaced("tracking.silhouette:_BESIDE_BEND_PX", 1e6)),
    _tracking(
        "rim near what covers it",
        replaced("tracking.silhouette:_NEAR_OCCLUDER_PX", 0.0),
    ),
    _tracking("more than one start", default(TrackerConfig, refined_starts=(1, 1))),
    _segmentation(
        "guided filter",
        replaced(
            "segmentation.tracker:posterior",
            lambda ll, lp, g, c: _softmax(c.color_weight * ll + lp),
        ),
    ),
    _segmentation("shadows", default(SegmentationConfig, shadows=0.0)),
    _segmentation("pixels unchanged since frame 0", default(SegmentationConfig, unchanged=0.0)),
    _segmentation("prior: the fitted body", default(SegmentationConfig, body_blur_px=1e6)),
    _segmentation("prior: tail around the object", default(SegmentationConfig, tail=0.0)),
    _segmentation("weight of colors below 1", default(SegmentationConfig, color_weight=1.0)),
    _segmentation(
        "object found again",
        replaced("segmentation.tracker:Tracker._redetect", lambda *_: None),
    ),
    _segmentation(
        "exposure gain",
        replaced("segmentation.likelihood:exposure_gain", lambda *_: 1.0),
    ),
    _segmentation("colors learned on the way", default(SegmentationConfig, color_rate=0.0)),
    _segmentation(
        "amodal mask",
        default(SegmentationConfig, amodal_rate=0.0, still_rate=0.0),
    ),
    _segmentation(
        "regions near the largest",
        default(SegmentationConfig, gap=0.0),
    ),
    _segmentation(
        "tones of the plate matched",
        replaced(
            "segmentation.background:_match_tones", lambda plate, *_: plate.astype(np.float32)
        ),
    ),
    _segmentation(
        "misfit at edges",
        replaced("segmentation.background:_misfit_px", lambda *_: 0.0),
    ),
    _fitting(
        "depth of the arms", replaced(_FIT + "correct_arm_depth", lambda measured, *_: measured)
    ),
    _fitting("start of the arms", replaced(_FIT + "start_arms", lambda *_: None)),
    _fitting("balance", default(FitConfig, balance_m=1e6)),
    _fitting("planted feet", default(FitConfig, foot_slide_m=1e6, foot_height_m=1e6)),
    _fitting("smooth joints", default(FitConfig, acceleration_m=1e6)),
    _fitting("smooth rotations", default(FitConfig, turn_acceleration_rad=1e6)),
    _fitting("bones of the body", default(FitConfig, bone_rad=1e6)),
    _fitting("bones of the hands", default(FitConfig, hand_bone_rad=1e6)),
    _fitting("bias of frame 0", default(FitConfig, first_frame_trust=0.0)),
    _fitting("growth with low confidence", default(FitConfig, confidence_growth=0.0)),
    _fitting("robust loss", default(FitConfig, outlier_sigmas=1e3)),
    _fitting(
        "coarse phase",
        replaced(_FIT + "_COARSE_OUTLIER_SIGMAS", 2.0),
    ),
)


def _softmax(scores: np.ndarray) -> np.ndarray:
    likely = np.exp(scores - scores.max(axis=0))
    return np.asarray(likely / likely.sum(axis=0), np.float32)
