"""Settling with Bullet against arithmetic and on shapes that are hard to settle."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import trimesh

from hoi_platform.core.config.gen_2dhoi import SimulationConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.physics.settling import SettledPose, rigid_hull
from hoi_platform.services.blender.bullet_drop import BulletDrop
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.blender.settle import (
    ROLLING_RESISTANCE,
    read_settled_pose,
    settle_object,
    write_settled_pose,
)

UNIT = (1.0, 1.0, 1.0)


def _mug() -> trimesh.Trimesh:
    cup = trimesh.creation.annulus(0.036, 0.04, 0.09, sections=40)
    floor = trimesh.creation.cylinder(0.036, 0.004, sections=40)
    floor.apply_translation([0, 0, -0.043])
    handle = trimesh.creation.torus(0.025, 0.005)
    handle.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    handle.apply_translation([0.06, 0, 0])
    return trimesh.util.concatenate([cup, floor, handle])


def _chair() -> trimesh.Trimesh:
    parts = [trimesh.creation.box((0.4, 0.4, 0.04)), trimesh.creation.box((0.4, 0.03, 0.4))]
    parts[1].apply_translation([0, -0.2, 0.2])
    for x in (-0.18, 0.18):
        for y in (-0.18, 0.18):
            leg = trimesh.creation.box((0.03, 0.03, 0.42))
            parts.append(leg.apply_translation([x, y, -0.22]))
    return trimesh.util.concatenate(parts)


def _lying(radius: float, height: float, sections: int) -> trimesh.Trimesh:
    cylinder = trimesh.creation.cylinder(radius, height, sections=sections)
    return cylinder.apply_transform(trimesh.transformations.rotation_matrix(1.4, [0, 1, 0]))


SHAPES = {
    "box": trimesh.creation.box((0.3, 0.2, 0.1)),
    "ball": trimesh.creation.icosphere(3, 0.11),
    "mug": _mug(),
    "chair": _chair(),
    "bottle": _lying(0.035, 0.25, 48),
    "die": trimesh.creation.box((0.016, 0.016, 0.016)),
    "rod": trimesh.creation.cylinder(0.003, 0.3, sections=16),
    "sheet": trimesh.creation.box((0.297, 0.21, 0.001)),
    "round can": _lying(0.033, 0.12, 96),
}


def _write(mesh: trimesh.Trimesh, folder: Path) -> Path:
    path = folder / "model.obj"
    lines = ["v {:.9g} {:.9g} {:.9g}".format(*vertex) for vertex in mesh.vertices]
    lines += ["f {} {} {}".format(*(face + 1)) for face in mesh.faces]
    path.write_text("\n".join(lines))
    return path


def _settle(blender: BlenderService, name: str, folder: Path, **config: float) -> SettledPose:
    return settle_object(blender, _write(SHAPES[name], folder), UNIT, SimulationConfig(**config))


@pytest.mark.parametrize("size", [0.05, 0.3, 2.0])
def test_free_fall_is_half_g_t_squared(blender: BlenderService, size: float) -> None:
    """Time or length would be scaled wrongly, or gravity not be 9.81 m/s²."""
    box = trimesh.creation.box((size, size, size))
    drop = BulletDrop(blender, rigid_hull(box.vertices, box.faces))
    start = rigid(np.eye(3), np.array([0.0, 0.0, 20 * size]))
    poses = drop.run(start, 20 * drop.dt_s, damping=(0.0, 0.0), stop_when_still=False)
    t = np.arange(len(poses)) * drop.dt_s
    # Bullet's Euler steps, four to a pose, are ahead of the parabola by g·t·h/2.
    fallen = 9.81 / 2 * t * (t + drop.dt_s / 4)
    np.testing.assert_allclose(poses[0, 2, 3] - poses[:, 2, 3], fallen, atol=1e-4 * size)
    np.testing.assert_allclose(poses[:, :3, :3], np.tile(np.eye(3), (len(poses), 1, 1)), atol=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_rests_on_its_lowest_points(
    blender: BlenderService, tmp_path: Path, name: str
) -> None:
    """An object would float, sink, roll on or balance on an edge."""
    settled = _settle(blender, name, tmp_path)
    z = np.asarray(SHAPES[name].vertices) @ settled.R_world_object[2] + settled.height_m
    assert abs(z.min()) < 1e-6
    assert settled.penetration_m < 0.002
    assert settled.gap_m < 0.002
    assert settled.drift_m < 0.002
    assert settled.support_margin_m > 0


def test_upright_shapes_stay_upright_and_the_bottle_lies(
    blender: BlenderService, tmp_path: Path
) -> None:
    """A drop of 10 cm with 2° of tilt would topple furniture."""
    for name in ("chair", "mug", "box"):
        assert _settle(blender, name, tmp_path).R_world_object[2, 2] == pytest.approx(1, abs=1e-6)
    # The exact height of a lying 48-sided prism is its inner radius.
    bottle = _settle(blender, "bottle", tmp_path)
    assert bottle.height_m == pytest.approx(0.035 * np.cos(np.pi / 48), abs=1e-5)


def test_what_is_out_of_balance_tips_over_against_the_rolling_resistance(
    blender: BlenderService,
) -> None:
    """A pose that falls would be slowed down so far that it passes for rest."""
    box = trimesh.creation.box((0.02, 0.02, 0.2))  # in balance up to 5.7 degrees
    drop = BulletDrop(blender, rigid_hull(box.vertices, box.faces))
    leaning = matrix_from_axis_angle(np.deg2rad([7.0, 0.0, 0.0]))
    start = rigid(leaning, np.array([0.0, 0.0, -(drop.hull.centered @ leaning[2]).min()]))
    poses = drop.run(start, 1.0, damping=ROLLING_RESISTANCE, stop_when_still=False)
    assert abs(poses[-1, 2, 2]) < 0.1


def test_scale_and_seed(blender: BlenderService, tmp_path: Path) -> None:
    """Scales per axis would be ignored, or a seed not fix the result."""
    path = _write(SHAPES["box"], tmp_path)
    config = SimulationConfig(initial_rotation_perturbation=30)
    first = settle_object(blender, path, (0.5, 0.5, 2.0), config)
    again = settle_object(blender, path, (0.5, 0.5, 2.0), config)
    assert first.to_json() == again.to_json()
    other = settle_object(blender, path, (0.5, 0.5, 2.0), config.model_copy(update={"seed": 7}))
    assert other.to_json() != first.to_json()
    half = np.sort([0.5 * 0.3, 0.5 * 0.2, 2 * 0.1]) / 2
    assert np.isclose(half, first.height_m, atol=1e-6).any()


def test_what_does_not_settle_is_told_with_speeds_and_cure(
    blender: BlenderService, tmp_path: Path
) -> None:
    """A falling object would be rendered in mid-air."""
    message = r"does not settle within 0\.01 s: it moves at [\d.]+ m/s .*Raise simulation\.settling"
    standing = trimesh.creation.box((0.02, 0.02, 0.5))
    tilted = rigid(matrix_from_axis_angle(np.array([0.4, 0.2, 0])), np.zeros(3))
    path = _write(standing.apply_transform(tilted), tmp_path)
    with pytest.raises(StageError, match=message):
        settle_object(blender, path, UNIT, SimulationConfig(settling_time=0.01))


def test_files_read_back(blender: BlenderService, tmp_path: Path) -> None:
    """Later stages, or the reference's tools, would not find the pose."""
    settled = _settle(blender, "mug", tmp_path)
    state, reference = tmp_path / "initial_state.json", tmp_path / "initial_state.pickle"
    write_settled_pose(settled, state, reference)
    assert read_settled_pose(state).to_json() == settled.to_json()
    data = pickle.loads(reference.read_bytes())
    assert set(data) == {"orientation", "euler", "R", "position"}
    assert data["position"][2] == settled.height_m
