"""Which support a thing lies on."""

from collections.abc import Iterable

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec, shape_of

Part = BoxSpec | MeshSpec


def rest_gap(support: Part | None, vertices: Array) -> float:
    """How far a thing with world vertices (V, 3) is from resting on a support (m).

    None is the floor: the ground z = 0, without an end.
    """
    if support is None:
        return abs(float(vertices[:, 2].min()))
    return shape_of(support).rest_gap(vertices)


def support_below(supports: Iterable[Part], vertices: Array) -> Part | None:
    """The support that a thing is nearest to resting on; None: the floor is nearer."""
    candidates: list[Part | None] = [*supports, None]
    return min(candidates, key=lambda support: rest_gap(support, vertices))
