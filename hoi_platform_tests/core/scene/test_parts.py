"""Parts of a scene as they are stored, and scenes of earlier versions."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.scene.boxes import part_mesh, rest_gap, scene_parts, support_below, with_legs
from hoi_platform.core.scene.parts import PARTS, BoxSpec, MeshSpec, SeatSpec, shape_of, table_of
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform_tests.core.geometry.test_shapes import stairs
from hoi_platform_tests.core.scene.scenes import THING, standard_scene

SEAT = SeatSpec(center=(0.0, 0.0, 0.45), facing_rad=1.0, width_m=0.4, depth_m=0.42)
STAIRS = MeshSpec.of(
    stairs(), pos=(1.0, 2.0, 0.0), turn_rad=(0.0, 0.0, 0.5), walkable=True, name="stairs"
)


def test_a_mesh_is_stored_whole_in_the_scene() -> None:
    """Terrain would be lost, rounded or found elsewhere when a results folder is moved."""
    spec = standard_scene().spec.model_copy(update={"supports": [STAIRS]})
    again = SceneSpec.model_validate_json(spec.model_dump_json())
    (part,) = again.supports
    assert part == STAIRS
    assert isinstance(part, MeshSpec)
    assert np.array_equal(part.mesh().vertices, stairs().vertices)
    assert np.array_equal(part.mesh().faces, stairs().faces)
    R = matrix_from_axis_angle(np.array([0.0, 0.0, 0.5]))
    placed = part_mesh(part).vertices
    assert placed == pytest.approx(stairs().vertices @ R.T + [1.0, 2.0, 0.0])
    assert part.digest == MeshSpec.of(stairs(), pos=(0.0, 0.0, 0.0)).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digest": "0" * 64}, "the mesh of 'stairs' is damaged"),
        ({"vertices": STAIRS.faces}, "damaged"),
        ({"faces": "?"}, "not base64 of zlib"),
        ({"file": "/home/me/stairs.obj"}, "Extra inputs"),
        ({"kind": "cloud"}, "'box', 'mesh'"),
    ],
)
def test_a_damaged_mesh_is_refused(change: dict[str, str], message: str) -> None:
    """A clip would be judged against other stairs than those in its picture."""
    with pytest.raises(ValidationError, match=message):
        PARTS.validate_python([STAIRS.model_dump() | change])


def test_triangles_without_vertices_are_refused() -> None:
    """The first ray would crash."""
    mesh = stairs()
    mesh.faces[0, 0] = 99
    with pytest.raises(ValidationError, match="triangles without vertices"):
        MeshSpec.of(mesh, pos=(0.0, 0.0, 0.0))


def test_a_shifted_part_takes_its_seat_along() -> None:
    """A packaged clip would have its chair here and its seat there."""
    chair = BoxSpec(pos=(1.0, 0.0, 0.2), size=(0.4, 0.4, 0.4), seat=SEAT)
    moved = chair.shifted(np.array([0.5, -1.0, 0.0]))
    assert moved.pos == (1.5, -1.0, 0.2)
    assert moved.seat is not None
    assert moved.seat.center == (0.5, -1.0, 0.45)
    assert STAIRS.shifted(np.zeros(3)) == STAIRS


def test_scenes_of_the_first_version_are_read() -> None:
    """Every clip that was made before would have to be made again."""
    spec = standard_scene().spec
    (table,) = spec.supports
    assert isinstance(table, BoxSpec)
    old = json.loads(spec.model_dump_json())

    def first(part: dict) -> dict:
        return {key: part[key] for key in ("pos", "size", "color", "name")}

    old["table"], old["schema_version"] = first(old.pop("supports")[0]), 1
    old["furniture"] = [first(part) for part in old.pop("statics")]
    assert len(old["furniture"]) > 5
    assert SceneSpec.model_validate_json(json.dumps(old)) == spec


@pytest.mark.parametrize("version", [0, 3, "two"])
def test_scenes_of_unknown_versions_are_refused(version: object) -> None:
    """A newer scene would be read without what it has more."""
    data = standard_scene().spec.model_dump() | {"schema_version": version}
    with pytest.raises(BadInputError, match=r"schema version .*; this release reads 1 to 2: upgr"):
        SceneSpec.model_validate(data)


def test_legs_turn_with_the_table() -> None:
    """A turned table would stand beside its legs."""
    straight = BoxSpec(pos=(1.0, 2.0, 0.7), size=(1.0, 0.6, 0.04), name="table", legs=True)
    turned = straight.model_copy(update={"turn_rad": (0.0, 0.0, 0.6)})
    R = matrix_from_axis_angle(np.array([0.0, 0.0, 0.6]))
    for a, b in zip(with_legs(straight)[1:], with_legs(turned)[1:], strict=True):
        expected = (part_mesh(a).vertices - straight.pos) @ R.T + straight.pos
        assert part_mesh(b).vertices == pytest.approx(expected)
        assert b.name == "table_leg"


def test_the_reference_s_table_is_the_first_box_that_bears_things_only() -> None:
    """Terrain or a chair would be handed to downstream tools as a table."""
    step = BoxSpec(pos=(0.0, 0.0, 0.1), size=(1.0, 1.0, 0.2), walkable=True)
    chair = BoxSpec(pos=(1.0, 0.0, 0.2), size=(0.4, 0.4, 0.4), seat=SEAT)
    table = BoxSpec(pos=(2.0, 0.0, 0.7), size=(1.0, 0.6, 0.04))
    assert table_of([STAIRS, step, chair, table]) == table
    assert table_of([STAIRS, step, chair]) is None


def test_what_a_thing_lies_on_is_the_nearest_support_or_the_floor() -> None:
    """The filter would hold a thing on the stairs against the table, or against the floor."""
    low = BoxSpec(pos=(0.0, 0.0, 0.2), size=(1.0, 1.0, 0.4))
    high = BoxSpec(pos=(3.0, 0.0, 0.5), size=(1.0, 1.0, 1.0))
    supports = [low, STAIRS, high]
    tall = THING.vertices - [0, 0, THING.bounds[0, 2]]
    on_stairs = shape_of(STAIRS).top_at(np.array([[1.3, 2.2]]))[0]
    for at, support in (
        ((0.1, 0.1, 0.4), low),
        ((3.1, 0.1, 1.0), high),
        ((1.3, 2.2, on_stairs), STAIRS),
        ((-2.0, 0.0, 0.0), None),
    ):
        assert support_below(supports, tall + at) is support
        assert rest_gap(support, tall + at) < 0.06
    assert support_below([], tall) is None
    assert len(scene_parts(standard_scene().spec)) > 5
