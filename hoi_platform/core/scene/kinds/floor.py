"""The object lies on the floor before the person."""

from functools import partial

import numpy as np

from hoi_platform.core.config.base import Config
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.drawing import Draw, Placement, draw_room
from hoi_platform.core.scene.kind import SceneKind
from hoi_platform.core.scene.templates import Range, SceneRequirements, SceneTemplate


class FloorTemplate(Config):
    """Where the object lies as seen by the person."""

    ahead_statures: Range = (0.16, 0.26)
    """From the middle between the feet to the object's near side; chosen."""
    side_statures: Range = (-0.12, 0.12)
    """From the person's midline to the object's center, + to the right; chosen."""


class FloorRequirements(SceneRequirements):
    """A hand reaches the floor by bending and kneeling."""

    max_reach: float = 2.6
    """As a multiple of the arm's length; chosen: the shoulder comes down with the person."""


class FloorScene(SceneTemplate):
    """A furnished room in which nothing supports the object but the floor."""

    floor: FloorTemplate = FloorTemplate()
    """Where the object lies."""
    requirements: FloorRequirements = FloorRequirements()
    """What a drawn scene has to meet."""


def _on_the_floor(draw: Draw, turned: TriangleMesh) -> Placement:
    assert isinstance(draw.template, FloorScene)
    form, h = draw.template.floor, draw.stature_m
    low, high = turned.bounds
    near = draw.place[1] + draw.between(form.ahead_statures) * h
    middle = draw.place[0] + draw.between(form.side_statures) * h
    corner = np.array([middle - (high[0] - low[0]) / 2, near, 0.0])
    return Placement([], corner - low)


KINDS = (SceneKind("floor", FloorScene, partial(draw_room, place=_on_the_floor)),)
