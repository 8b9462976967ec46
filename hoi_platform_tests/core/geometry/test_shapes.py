"""What stands still, against closed forms and brute force: boxes in any pose and meshes."""

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.shapes import BoxShape, MeshShape, Shape, least_distance
from hoi_platform.core.optimizer.obstacles import obstacle_of
from hoi_platform_tests.core.geometry.test_mesh import solid

CENTER, SIZE = np.array([0.3, -0.2, 0.9]), np.array([1.2, 0.5, 0.3])
TURNS = {
    "straight": None,
    "yawed": (0.0, 0.0, 0.7),
    "tilted": (0.35, 0.0, 0.0),
    "any": (0.4, -0.8, 1.3),
}


def as_tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array))


def turned_box(turn: str) -> BoxShape:
    vector = TURNS[turn]
    R = None if vector is None else Rotation.from_rotvec(vector).as_matrix()
    return BoxShape(CENTER, SIZE, R)


def local(points: Array, turn: str) -> Array:
    """World points in the box's axes, by SciPy."""
    return Rotation.from_rotvec(TURNS[turn] or (0, 0, 0)).inv().apply(points - CENTER)


def cloud(seed: int = 0) -> Array:
    """Points in, on and around the box."""
    return CENTER + np.random.default_rng(seed).uniform(-1.0, 1.0, (3000, 3))


def on_surface(box: BoxShape, rng: np.random.Generator) -> Array:
    return box.surface().sample_surface(200_000, rng)[0]


def stairs() -> TriangleMesh:
    """Three steps of 20 x 30 cm, 1 m wide, up along +x: closed, not convex."""
    outline = [(0, 0), (0.9, 0), (0.9, 0.6), (0.6, 0.6), (0.6, 0.4), (0.3, 0.4), (0.3, 0.2)]
    polygon = np.array([*outline, (0, 0.2)])  # x and z, counter-clockwise
    front = np.insert(polygon, 1, -0.5, axis=1)
    back = np.insert(polygon, 1, 0.5, axis=1)
    n = len(polygon)
    sides = [t for i in range(n) for t in _quad(i, (i + 1) % n, (i + 1) % n + n, i + n)]
    caps = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 6), (0, 6, 7)]
    faces = [*sides, *((c, b, a) for a, b, c in caps), *((a + n, b + n, c + n) for a, b, c in caps)]
    mesh = trimesh.Trimesh(np.concatenate([front, back]), faces, process=False)
    mesh.fix_normals()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(0.3 * (0.2 + 0.4 + 0.6))
    return solid(mesh)


def _quad(a: int, b: int, c: int, d: int) -> list[tuple[int, int, int]]:
    return [(a, b, c), (a, c, d)]


def stair_height(x: Array) -> Array:
    return np.where((x < 0) | (x > 0.9), -np.inf, 0.2 * (1 + np.minimum(np.floor(x / 0.3), 2)))


@pytest.mark.parametrize("turn", TURNS)
def test_distance_to_a_box_is_its_closed_form(turn: str) -> None:
    """A hand would go through a turned table, or stop short of it."""
    box, points = turned_box(turn), cloud()
    q = np.abs(local(points, turn)) - SIZE / 2
    expected = np.linalg.norm(q.clip(0), axis=1) + q.max(axis=1).clip(max=0)
    assert box.distance(points) == pytest.approx(expected, abs=1e-12)
    assert (expected < 0).sum() > 50


@pytest.mark.parametrize("turn", TURNS)
def test_distance_to_a_box_is_that_to_its_surface(turn: str) -> None:
    """What is drawn would stand elsewhere than what is measured."""
    box, rng = turned_box(turn), np.random.default_rng(1)
    points, surface = cloud()[:60], on_surface(turned_box(turn), rng)
    brute = np.linalg.norm(points[:, None] - surface, axis=-1).min(axis=1)
    assert np.abs(box.distance(points)) == pytest.approx(brute, abs=0.008)
    assert MeshShape(box.surface()).distance(points) == pytest.approx(
        box.distance(points), abs=1e-9
    )


def test_distance_to_a_mesh_is_its_closed_form() -> None:
    """Outside and inside of terrain would be mixed up; a hollow corner is not inside."""
    ball = MeshShape(solid(trimesh.creation.icosphere(5, radius=0.5)))
    points = np.random.default_rng(2).uniform(-1, 1, (400, 3))
    assert ball.distance(points) == pytest.approx(np.linalg.norm(points, axis=1) - 0.5, abs=1e-3)
    steps = MeshShape(stairs())
    found = steps.distance(np.array([[0.45, 0.0, 0.35], [0.45, 0.0, 0.45], [0.15, 0.0, 0.35]]))
    assert found == pytest.approx([-0.05, 0.05, 0.15])


@pytest.mark.parametrize("turn", TURNS)
def test_the_optimizer_sees_the_same_depth(turn: str) -> None:
    """The penetration term would push things out of a support where there is none."""
    box, points = turned_box(turn), cloud()
    depth = np.maximum(-box.distance(points), 0)
    assert obstacle_of(box, as_tensor).depth_inside(as_tensor(points)).numpy() == pytest.approx(
        depth
    )
    grid = obstacle_of(MeshShape(box.surface()), as_tensor).depth_inside(as_tensor(points)).numpy()
    assert grid == pytest.approx(depth, abs=0.02)


def test_depth_in_a_turned_box_has_its_gradient() -> None:
    """The optimizer would push along the world's axes instead of out of the box."""
    box = obstacle_of(turned_box("any"), as_tensor)
    inside = cloud()[turned_box("any").distance(cloud()) < -0.01][:20]
    p = torch.tensor(inside, requires_grad=True)
    assert torch.autograd.gradcheck(box.depth_inside, (p,))
    (gradient,) = torch.autograd.grad(box.depth_inside(p).sum(), p)
    assert gradient.norm(dim=1).numpy() == pytest.approx(np.ones(len(inside)))


@pytest.mark.parametrize("turn", TURNS)
def test_the_top_of_a_box_is_where_a_ray_from_above_hits(turn: str) -> None:
    """Things would hover over, or sink into, a slope."""
    box = turned_box(turn)
    xy = CENTER[:2] + np.random.default_rng(3).uniform(-0.8, 0.8, (500, 2))
    top = box.top_at(xy)
    rays = trimesh.Trimesh(box.surface().vertices, box.surface().faces).ray
    down = np.tile([0.0, 0.0, -1.0], (len(xy), 1))
    hits, ray, _ = rays.intersects_location(np.c_[xy, np.full(len(xy), 5.0)], down)
    expected = np.full(len(xy), -np.inf)
    np.maximum.at(expected, ray, hits[:, 2])
    assert 50 < np.isfinite(expected).sum() < 450
    assert (np.isfinite(top) == np.isfinite(expected)).all()
    near = np.isfinite(top)
    assert top[near] == pytest.approx(expected[near], abs=1e-5)
    mesh = MeshShape(box.surface()).top_at(xy)
    assert (np.isfinite(mesh) == near).all()
    assert mesh[near] == pytest.approx(top[near], abs=1e-9)
    assert box.top == pytest.approx(box.surface().vertices[:, 2].max())


def test_the_top_of_stairs_is_that_of_the_step() -> None:
    """A foot would be planned on the wrong step."""
    x = np.random.default_rng(4).uniform(-0.3, 1.2, 700)
    top = MeshShape(stairs()).top_at(np.stack([x, np.zeros_like(x)], axis=-1))
    assert np.array_equal(np.isfinite(top), np.isfinite(stair_height(x)))
    near = np.isfinite(top)
    assert top[near] == pytest.approx(stair_height(x)[near])
    assert MeshShape(stairs()).top_at(np.zeros((0, 2))).shape == (0,)


@pytest.mark.parametrize("as_mesh", [False, True])
@pytest.mark.parametrize("turn", ["straight", "yawed"])
def test_the_gap_to_a_level_support(turn: str, as_mesh: bool) -> None:
    """The filter would accept what floats, or reject what stands."""
    box = turned_box(turn)
    shape: Shape = MeshShape(box.surface()) if as_mesh else box
    R = np.eye(3) if box.R_world_box is None else box.R_world_box
    block = BoxShape(np.zeros(3), np.full(3, 0.1)).surface().vertices
    for at, gap in {(0.2, 0.0, 0.0): 0.0, (0.2, 0.1, 0.08): 0.08, (0.0, 0.0, -0.02): -0.02}.items():
        vertices = block + CENTER + R @ (np.array(at) + np.array([0, 0, SIZE[2] / 2 + 0.05]))
        assert shape.rest_gap(vertices) == pytest.approx(abs(gap), abs=1e-9)
    beside = block + CENTER + R @ (SIZE * [0.5, 0, 0.5] + [0.4, 0, 0.05])
    assert shape.rest_gap(beside) == pytest.approx(0.4, abs=1e-9)


def test_the_gap_to_a_slope_is_measured_below_the_thing() -> None:
    """What lies on a slope would count as deep inside it, or far above it."""
    slope = turned_box("tilted")
    R = slope.R_world_box
    assert R is not None
    block = BoxShape(np.zeros(3), np.full(3, 0.1)).surface().vertices
    lying = (block + np.array([0.3, 0.0, SIZE[2] / 2 + 0.05])) @ R.T + CENTER
    assert slope.rest_gap(lying) == pytest.approx(0.0, abs=1e-9)
    assert slope.rest_gap(lying + np.array([0, 0, 0.07])) == pytest.approx(0.07)


def test_shadows_fall_on_every_step() -> None:
    """A performance on stairs would be composited over its own old shadow."""
    assert turned_box("straight").levels == (pytest.approx(CENTER[2] + SIZE[2] / 2),)
    levels = np.array(MeshShape(stairs()).levels)
    for height in (0.2, 0.4, 0.6):
        assert np.abs(levels - height).min() < 0.05
    assert levels[0] == pytest.approx(0.6)


def test_the_least_distance_is_that_over_all() -> None:
    """A person would be drawn inside a cabinet that was not looked at."""
    rng = np.random.default_rng(5)
    shapes: list[Shape] = [
        BoxShape(
            rng.uniform(-2, 2, 3), rng.uniform(0.1, 0.6, 3), Rotation.random(rng=rng).as_matrix()
        )
        for _ in range(30)
    ]
    points = rng.uniform(2.0, 2.4, (50, 3))
    brute = min(float(shape.distance(points).min()) for shape in shapes)
    assert brute > 0
    assert least_distance(points, shapes) == pytest.approx(brute)
    assert least_distance(points, [*shapes, BoxShape(points[0], np.ones(3))]) == 0.0
    assert least_distance(points, []) == np.inf
