"""Nothing moves the object before it is lifted."""

import torch
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, weighted_mean

_SCALE_M = 1e-3
_POINTS = 64


class ObjPrecontactRegParams(Config):
    """``obj_precontact_reg`` has no parameters."""


def obj_precontact_reg(
    prediction: Prediction, targets: Targets, params: ObjPrecontactRegParams
) -> Tensor:
    """mean ρ(x(t) − x_first) over surface points and the frames in which the object rests; meters.

    x: 64 surface points (T, 64, 3); x_first: theirs at the rendered pose of frame 0. ρ: Charbonnier
    at 1 mm. It rests until it is touched and its mask has left its place (``optimizer.rest``).
    """
    points = prediction.of_object(prediction.model.object_points[:_POINTS])
    moved = charbonnier(points - targets.first_object_points[:_POINTS], _SCALE_M).mean(-1)
    frames = torch.arange(len(moved), device=moved.device)
    return weighted_mean(moved, (frames < targets.contact.rest).to(moved))
