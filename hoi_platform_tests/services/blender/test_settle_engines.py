"""Where objects come to rest in our simulation and in MuJoCo: the same stable poses as often.

A stable pose is recognized by the height of its center of mass: that is the same for all the facets
of a round side and for poses that are mirror images. Per object, the counts of both engines over
the seeds are compared by a permutation test of the χ² of their contingency table. No object may
differ at 1 % divided by the number of tests (Bonferroni): a right simulation fails this file less
than once in a hundred.
"""

from collections import Counter

import numpy as np
import pytest
import trimesh

from hoi_platform.core.arrays import Array
from hoi_platform.core.config.gen_2dhoi import SimulationConfig
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.physics import settling
from hoi_platform.core.physics.settling import RigidHull
from hoi_platform.core.scene.library.cordless_drill import UNIT_M
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.services.blender.bullet_drop import BulletDrop
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.blender.settle import fall, start_pose
from hoi_platform_tests.services.blender.mujoco_drop import mujoco_drop

_SHAPES = {
    "rod": trimesh.creation.cylinder(0.003, 0.3, sections=16),
    "plate": trimesh.creation.cylinder(0.1, 0.01, sections=32),
    "cone": trimesh.creation.cone(0.05, 0.12, sections=32),
    "book": trimesh.creation.box((0.03, 0.15, 0.2)),
    "can": trimesh.creation.cylinder(0.033, 0.12, sections=40),
}
_OBJECTS = (*BUILDERS, *_SHAPES)
_ALPHA = 0.01
_PERMUTATIONS = 20_000
_SAME_POSE = 0.02
"""Of the object's size: heights of one stable pose agree so well."""


def _mesh(name: str) -> TriangleMesh:
    if name in _SHAPES:
        shape = _SHAPES[name]
        return TriangleMesh(np.asarray(shape.vertices), np.asarray(shape.faces))
    unit = UNIT_M if name == "cordless_drill" else 1.0
    return BUILDERS[name]().mesh.geometry().scaled((unit, unit, unit))


def _pose(hull: RigidHull, R: Array) -> int:
    height = -float((hull.centered @ settling.flush(hull, R)[2]).min())
    return round(height / (_SAME_POSE * hull.size))


def _outcomes(
    blender: BlenderService, name: str, tilt_deg: float, seeds: range
) -> tuple[list[int], list[int]]:
    """The stable poses over the seeds in Bullet and in MuJoCo, from the same starts."""
    mesh = _mesh(name)
    hull = settling.rigid_hull(mesh.vertices, mesh.faces)
    drop, ours, theirs = BulletDrop(blender, hull), [], []
    for seed in seeds:
        config = SimulationConfig(seed=seed, initial_rotation_perturbation=tilt_deg)
        start = start_pose(hull, config, np.random.default_rng(seed))
        fallen, _ = fall(drop, start, config.settling_time)
        ours.append(_pose(hull, fallen[-1, :3, :3]))
        theirs.append(_pose(hull, mujoco_drop(mesh, hull, start)))
    return ours, theirs


def p_value(ours: list[int], theirs: list[int], rng: np.random.Generator) -> float:
    """How often two samples of one distribution differ at least as much."""
    both = np.array([*ours, *theirs])
    orders = np.vstack([both, rng.permuted(np.tile(both, (_PERMUTATIONS, 1)), axis=1)])
    statistic = np.zeros(len(orders))
    for pose in np.unique(both):
        first, total = (orders[:, : len(ours)] == pose).sum(axis=1), (both == pose).sum()
        statistic += (2 * first - total) ** 2 / total
    return float((statistic >= statistic[0] - 1e-9).mean())


def test_the_comparison_tells_distributions_apart() -> None:
    """Engines that topple a bottle never and in half of the drops would pass as equal."""
    rng = np.random.default_rng(0)
    assert p_value([1] * 16, [1] * 16, rng) == 1
    assert p_value([1] * 9 + [2] * 7, [1] * 8 + [2] * 8, rng) > 0.5
    assert p_value([1] * 9 + [2] * 7, [1] * 16, rng) < _ALPHA
    assert p_value([1] * 2 + [2] * 14, [1] * 14 + [2] * 2, rng) < _ALPHA / 26


def test_a_bottle_stands_after_the_drop_as_it_does_in_mujoco(blender: BlenderService) -> None:
    """A landing as hard as a blow on one corner would topple what stands on every table."""
    for seeds in (range(42, 43), range(1, 8)):
        ours, theirs = _outcomes(blender, "bottle", 2.0, seeds)
        assert ours == theirs
        assert len(set(ours)) == 1


def test_hard_contacts_topple_the_bottle_in_mujoco_too() -> None:
    """The cause would be another than the hardness of the landing, and the pad a cover for it."""
    mesh = _mesh("bottle")
    hull = settling.rigid_hull(mesh.vertices, mesh.faces)
    start = start_pose(hull, SimulationConfig(), np.random.default_rng(42))
    standing = _pose(hull, np.eye(3))
    assert _pose(hull, mujoco_drop(mesh, hull, start)) == standing
    assert _pose(hull, mujoco_drop(mesh, hull, start, contact=(0.001, 1.0))) != standing


@pytest.mark.long
@pytest.mark.parametrize("tilt_deg", [2.0, 180.0])
@pytest.mark.parametrize("name", _OBJECTS)
def test_stable_poses_come_as_often_as_in_mujoco(
    blender: BlenderService, name: str, tilt_deg: float
) -> None:
    """Objects would rest in poses that an independent engine finds rare or does not find."""
    ours, theirs = _outcomes(blender, name, tilt_deg, range(1, 17))
    p = p_value(ours, theirs, np.random.default_rng(1))
    assert p > _ALPHA / (2 * len(_OBJECTS)), f"ours {Counter(ours)}, MuJoCo {Counter(theirs)}"
