"""A table at which the person stands, the object on it."""

from functools import partial

import numpy as np

from hoi_platform.core.config.base import Config
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.drawing import Draw, Placement, draw_room
from hoi_platform.core.scene.kind import SceneKind
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.templates import Range, SceneTemplate


class TableTemplate(Config):
    """The table and where the person and the object are relative to it."""

    width_m: Range = (0.9, 1.2)
    """Extent along the person's shoulders, more for a large object; chosen."""
    depth_m: Range = (0.5, 0.62)
    """Extent away from the person, more for a large object; chosen."""
    thickness_m: float = 0.035
    """Thickness of the top; chosen."""
    height_statures: Range = (0.54, 0.58)
    """Height of the top; chosen: that of a kitchen counter."""
    height_m: float | None = None
    """Height of the top in place of ``height_statures``."""
    person_gap_statures: Range = (0.12, 0.135)
    """From the table's near edge to the middle between the person's feet; chosen: the person nearly
    touches it."""
    object_edge_m: Range = (0.03, 0.07)
    """From the table's near edge to the object; chosen."""
    object_side_statures: Range = (-0.09, 0.09)
    """From the person's midline to the object's center, + to the right; chosen."""
    overhang_m: Range = (0.2, 0.32)
    """How far the table reaches past the person on the camera's side; chosen: the person is
    seen."""


class TableScene(SceneTemplate):
    """A furnished room with a table."""

    table: TableTemplate = TableTemplate()
    """The table, person and object at it."""


def _on_the_table(draw: Draw, turned: TriangleMesh) -> Placement:
    """The table before the person and the object on it, near the person.

    The table reaches further away from the camera, so that it hides little of the person. It
    grows when the object needs more room.
    """
    assert isinstance(draw.template, TableScene)
    form, h = draw.template.table, draw.stature_m
    low, high = turned.bounds
    top = form.height_m or draw.between(form.height_statures) * h
    near = draw.place[1] + draw.between(form.person_gap_statures) * h
    edge = draw.between(form.object_edge_m)
    shift = draw.between(form.object_side_statures) * h
    half_x = (high[0] - low[0]) / 2
    reach = max(draw.between(form.overhang_m), draw.side * shift + half_x + edge)
    width = max(draw.between(form.width_m), reach - draw.side * shift + half_x + edge)
    depth = max(draw.between(form.depth_m), high[1] - low[1] + 2 * edge)
    x = draw.place[0] + draw.side * (reach - width / 2)
    table = BoxSpec(
        pos=(x, near + depth / 2, top - form.thickness_m / 2),
        size=(width, depth, form.thickness_m),
        color=draw.palette.table,
        name="table",
        legs=True,
    )
    corner = np.array([draw.place[0] + shift - half_x, near + edge, table.top])
    return Placement([table], corner - low)


KINDS = (SceneKind("table", TableScene, partial(draw_room, place=_on_the_table)),)
