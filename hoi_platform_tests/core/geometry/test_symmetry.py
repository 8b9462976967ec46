"""Symmetry axes of shapes whose symmetry is known, in any orientation."""

import numpy as np
import pytest
import trimesh

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.symmetry import CONTINUOUS, symmetry_axes, symmetry_rotations
from hoi_platform.core.scene.library.table import BUILDERS

_R = matrix_from_axis_angle(np.array([0.4, -0.7, 0.3]))
_SHIFT = np.array([0.3, -1.0, 2.0])


def turned(shape: trimesh.Trimesh) -> TriangleMesh:
    return TriangleMesh(np.array(shape.vertices) @ _R.T + _SHIFT, np.array(shape.faces, np.int64))


create = trimesh.creation
SHAPES = {
    "box": (create.box((1.0, 2.0, 3.0)), [2, 2, 2], 4),
    "cube": (create.box((1.0, 1.0, 1.0)), [4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2], 24),
    "square prism": (create.box((1.0, 1.0, 3.0)), [4, 2, 2, 2, 2], 8),
    "three-sided prism": (create.cylinder(1.0, 1.0, sections=3), [3, 2, 2, 2], 6),
    "hexagonal prism": (create.cylinder(1.0, 1.0, sections=6), [6, 2, 2, 2, 2, 2, 2], 12),
}


@pytest.mark.parametrize("name", SHAPES)
def test_prisms_have_their_axes_and_their_group(name: str) -> None:
    """Discrete axes would be missed, invented, or given too low an order."""
    shape, orders, group = SHAPES[name]
    axes = symmetry_axes(turned(shape))
    assert [axis.order for axis in axes] == orders
    assert len(symmetry_rotations(axes)) == group


def _main_axis(shape: trimesh.Trimesh) -> tuple[list[int], Array, Array]:
    axes = symmetry_axes(turned(shape))
    return [axis.order for axis in axes], axes[0].axis, axes[0].point


def test_a_cone_turns_about_its_axis_only() -> None:
    """A bottle's free rotation would not be known, and its pose error be counted."""
    orders, axis, point = _main_axis(create.cone(1.0, 2.0, sections=64))
    assert orders == [CONTINUOUS]
    assert abs(axis @ _R[:, 2]) == pytest.approx(1.0, abs=1e-4)
    assert np.cross(point - _SHIFT, _R[:, 2]) == pytest.approx(np.zeros(3), abs=1e-2)


def test_a_cylinder_also_turns_upside_down() -> None:
    """The flip of a can would count as an error of 180 degrees."""
    orders, axis, _ = _main_axis(create.cylinder(0.4, 2.0, sections=64))
    assert orders == [CONTINUOUS, 2]
    assert abs(axis @ _R[:, 2]) == pytest.approx(1.0, abs=1e-4)


def test_a_sphere_has_three_continuous_axes() -> None:
    """A ball would be tracked as if its shape showed its rotation."""
    axes = symmetry_axes(turned(create.icosphere(3)))
    assert [axis.order for axis in axes] == [CONTINUOUS] * 3
    assert symmetry_rotations(axes).shape == (1000, 3, 3)


def test_rotations_of_a_group_leave_the_shape_alike() -> None:
    """A rotation that is not a symmetry would forgive real errors."""
    axes = symmetry_axes(turned(create.box((1.0, 1.0, 3.0))))
    corners = np.array(create.box((1.0, 1.0, 3.0)).vertices) @ _R.T
    for R in symmetry_rotations(axes):
        gaps = np.linalg.norm(corners[:, None] @ R.T - corners[None], axis=-1).min(axis=1)
        assert gaps.max() < 1e-6


@pytest.mark.parametrize("name", BUILDERS)
def test_library_objects_are_as_symmetric_as_real_ones(name: str) -> None:
    """A drill would be mistaken for symmetric, or a bottle for asymmetric."""
    orders = [axis.order for axis in symmetry_axes(BUILDERS[name]().mesh.geometry())]
    hexagonal_heads = [6, 2, 2, 2, 2, 2, 2]
    known = {"bottle": [0], "ball": [0, 0, 0], "box": [2, 2, 2], "dumbbell": hexagonal_heads}
    assert orders == known.get(name, [])
