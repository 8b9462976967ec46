"""The tracker's picture of an object against arithmetic and the z-buffer renderer."""

import numpy as np
import pytest
import trimesh

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.motion import spin_information, without_spin
from hoi_platform.core.tracking.surface import surface_of, unseen_axes
from hoi_platform.core.tracking.view import SurfaceCaster
from hoi_platform_tests.core.tracking.shots import CAMERA, shot
from hoi_platform_tests.core.tracking.zbuffer import draw

RED = Material("red", (0.8, 0.2, 0.1))


def _solid(mesh: trimesh.Trimesh, material: Material = RED) -> TexturedMesh:
    return TexturedMesh((MeshPart(np.array(mesh.vertices), np.array(mesh.faces), material),))


def _caster(mesh: TexturedMesh) -> SurfaceCaster:
    return SurfaceCaster(surface_of(mesh, np.ones(3), 0.002), CAMERA)


@pytest.mark.parametrize("name", ["box", "mug", "cordless_drill"])
def test_silhouette_depth_and_colors_are_those_of_another_renderer(name: str) -> None:
    """Half a pixel, a mirrored texture or a swapped axis would be in every pose."""
    truth = shot(name)
    view = truth.model().caster.view(truth.T)
    ours = np.zeros(CAMERA.shape, bool)
    u, v = view.origin
    ours[v : v + view.hit.shape[0], u : u + view.hit.shape[1]] = view.hit
    theirs = np.isfinite(truth.picture.depth)
    assert (ours ^ theirs).sum() < 0.005 * theirs.sum()
    both = ours & theirs
    depth = np.full(CAMERA.shape, np.nan)
    depth[ours] = view.depth
    assert np.abs(depth - truth.picture.depth)[both].mean() < 2e-5
    pixel = view.uv.astype(int)
    assert np.array_equal(ours[pixel[:, 1], pixel[:, 0]], np.ones(len(pixel), bool))
    shown = truth.picture.colors[pixel[:, 1], pixel[:, 0]]
    whole = truth.picture.cover[pixel[:, 1], pixel[:, 0]] == 1
    rank = [np.corrcoef(view.albedo[whole, k], shown[whole, k])[0, 1] for k in range(3)]
    assert min(rank) > 0.8


def test_a_ball_is_seen_where_arithmetic_says() -> None:
    """Normals would point inward, or depth be the distance along the ray."""
    ball = _solid(trimesh.creation.icosphere(subdivisions=4, radius=0.1))
    T = rigid(np.eye(3), np.array([0.0, 0.0, 0.8]))
    view = _caster(ball).view(T)
    nearest = np.argmin(view.depth)
    assert view.depth[nearest] == pytest.approx(0.7, abs=2e-4)
    assert view.uv[nearest] == pytest.approx([CAMERA.width_px / 2, CAMERA.height_px / 2], abs=6)
    radial = view.p_object / np.linalg.norm(view.p_object, axis=1, keepdims=True)
    assert (view.normals * radial).sum(axis=1).min() > 0.995
    # The silhouette of a ball has the radius f·r/√(d² − r²).
    radius = CAMERA.focal_px * 0.1 / np.sqrt(0.8**2 - 0.1**2)
    assert view.hit.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    # Pixels, points and depth are the same thing three times.
    p_cam = view.p_object + T[:3, 3]
    assert CAMERA.project_cam(p_cam) == pytest.approx(view.uv, abs=1e-2)
    assert p_cam[:, 2] == pytest.approx(view.depth, abs=1e-5)


def test_a_surface_seen_from_behind_is_lit_from_the_camera() -> None:
    """Parts that are inside out, or open, would be shaded as if lit from within."""
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=0.1)
    sphere.invert()
    T = rigid(np.eye(3), np.array([0.0, 0.0, 0.8]))
    view = _caster(_solid(sphere)).view(T)
    toward = -(view.p_object + T[:3, 3])
    assert ((view.normals * toward).sum(axis=1) >= 0).all()


@pytest.mark.parametrize("stride", [1 / 3, 1.0, 2.0])
def test_samples_stand_at_the_middle_of_their_cells(stride: float) -> None:
    """Super-sampled and coarse views would be shifted against the image."""
    view = _caster(_solid(trimesh.creation.box((0.2, 0.1, 0.1)))).view(
        rigid(np.eye(3), np.array([0.0, 0.0, 1.0])), stride
    )
    assert view.grid[0, 0] - view.origin == pytest.approx([stride / 2, stride / 2])
    assert view.grid[view.hit] == pytest.approx(view.uv)
    assert view.uv.mean(axis=0) == pytest.approx([CAMERA.width_px / 2, CAMERA.height_px / 2], abs=1)
    image = view.image(np.arange(len(view.depth), dtype=float), -1.0)
    assert np.array_equal(image >= 0, view.hit)
    assert np.array_equal(image[view.hit], np.arange(len(view.depth)))


def test_an_object_out_of_view_has_none() -> None:
    """The tracker would work on an empty picture, or on one from behind the camera."""
    caster = _caster(_solid(trimesh.creation.box((0.1, 0.1, 0.1))))
    for t in ([0.0, 0.0, -1.0], [3.0, 0.0, 1.0], [0.0, 0.0, 0.06]):
        assert caster.view(rigid(np.eye(3), np.array(t))) is None
    near = rigid(np.eye(3), np.array([0.0, 0.0, 1.0]))
    shifted = rigid(np.eye(3), np.array([0.01, 0.0, 1.0]))
    assert caster.moved_px(near, shifted) == pytest.approx(0.01 * CAMERA.focal_px, rel=0.02)
    assert caster.moved_px(near, rigid(np.eye(3), np.array([0.0, 0.0, -1.0]))) == np.inf


def _checkered() -> tuple[TexturedMesh, np.ndarray]:
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    part = MeshPart(corners, faces, Material("paper", texture=texture), corners[:, :2])
    plain = MeshPart(corners + np.eye(3)[2], faces, RED)
    return TexturedMesh((part, plain)), texture


def test_albedo_is_the_texel_at_the_point() -> None:
    """Textures would be upside down, mirrored, or on the wrong part."""
    mesh, texture = _checkered()
    surface = surface_of(mesh, np.ones(3), 1e-6)
    rng = np.random.default_rng(1)
    bary = rng.dirichlet(np.ones(3), 200)
    face_ids = rng.integers(0, 4, 200)
    points = surface.positions(face_ids, bary)
    colors = surface.albedo(face_ids, bary)
    for point, face, color in zip(points, face_ids, colors, strict=True):
        if face >= 2:
            assert color == pytest.approx(RED.color)
            assert point[2] == pytest.approx(1.0)
            continue
        row, column = int((1 - point[1]) * 8), int(point[0] * 8)
        encoded = texture[row, column] / 255.0
        linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
        assert color == pytest.approx(linear, abs=1e-6)


def test_textures_finer_than_the_image_are_averaged() -> None:
    """One lookup per pixel would alias, so that a printed pattern flickers."""
    mesh, _ = _checkered()
    coarse = surface_of(mesh, np.ones(3), 1.0).textures[0]
    assert coarse.shape == (1, 1, 3)
    fine = surface_of(mesh, np.ones(3), 1e-6).textures[0]
    assert coarse[0, 0] == pytest.approx(fine.mean(axis=(0, 1)), rel=1e-4)


def test_random_places_are_even_by_area_and_scale_is_applied() -> None:
    """Symmetry would be judged on the many small triangles alone."""
    box = _solid(trimesh.creation.box((0.1, 0.2, 0.4)))
    surface = surface_of(box, np.array([2.0, 1.0, 1.0]), 0.01)
    assert np.ptp(surface.vertices, axis=0) == pytest.approx([0.2, 0.2, 0.4])
    assert surface.radius == pytest.approx(np.sqrt(0.1**2 + 0.1**2 + 0.2**2))
    assert surface.center == pytest.approx(np.zeros(3), abs=1e-12)
    points = surface.positions(*surface.sample(20_000, np.random.default_rng(0)))
    ends = np.abs(np.abs(points[:, 2]) - 0.2) < 1e-9
    area = 2 * 0.2 * 0.2
    assert ends.mean() == pytest.approx(area / (area + 4 * 0.2 * 0.4), abs=0.02)
    assert points[ends, 0].std() == pytest.approx(0.2 / np.sqrt(12), rel=0.03)


def _cylinder(texture: np.ndarray | None = None) -> TexturedMesh:
    mesh = trimesh.creation.cylinder(radius=0.04, height=0.2, sections=96)
    if texture is None:
        return _solid(mesh)
    v = np.array(mesh.vertices)
    uv = np.stack([np.arctan2(v[:, 1], v[:, 0]) / (2 * np.pi) % 1.0, v[:, 2] / 0.2 + 0.5], axis=1)
    material = Material("label", texture=texture)
    return TexturedMesh((MeshPart(v, np.array(mesh.faces), material, uv),))


def _unseen(mesh: TexturedMesh) -> np.ndarray:
    return unseen_axes(surface_of(mesh, np.ones(3), 0.001), np.random.default_rng(0))


def test_turns_that_nothing_shows_are_found() -> None:
    """Noise would spin a plain can, or a label's turn be taken for noise."""
    axes = _unseen(_cylinder())
    assert np.abs(axes) == pytest.approx(np.array([[0, 0, 1.0]]), abs=0.02)
    rings = np.repeat(np.uint8([[40], [200], [90], [250]]), 3, axis=1)[:, None].repeat(8, axis=1)
    assert len(_unseen(_cylinder(rings.repeat(8, axis=0)))) == 1
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:, 4:] = 255
    assert len(_unseen(_cylinder(halves))) == 0
    assert len(_unseen(_solid(trimesh.creation.box((0.1, 0.2, 0.3))))) == 0
    ball = _unseen(_solid(trimesh.creation.icosphere(subdivisions=4, radius=0.05)))
    assert np.linalg.matrix_rank(ball, tol=0.1) == 3


def test_unseen_turns_are_held_and_not_measured() -> None:
    """What is known about the other directions would be lost with the spin."""
    R = matrix_from_axis_angle(np.array([0.3, -0.5, 0.8]))
    axis = R @ [0.0, 0.0, 1.0]
    spin = np.r_[np.zeros(3), axis]
    axes = np.array([[0.0, 0.0, 1.0]])
    held = spin_information(axes, R, 0.003)
    assert spin @ held @ spin == pytest.approx(0.003**-2)
    assert np.linalg.matrix_rank(held) == 1
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6))
    information = root @ root.T
    rest = without_spin(information, axes, R)
    assert rest @ spin == pytest.approx(np.zeros(6), abs=1e-12)
    other = rng.normal(size=6)
    other -= (other @ spin) * spin
    assert other @ rest @ other == pytest.approx(other @ information @ other)
    none = np.zeros((0, 3))
    assert not spin_information(none, R, 0.003).any()
    assert np.array_equal(without_spin(information, none, R), information)
    # Three nearly dependent axes hold every turn once, not three times.
    many = np.eye(3)
    assert spin_information(many, R, 0.003)[3:, 3:] == pytest.approx(np.eye(3) / 0.003**2, abs=1e-6)


def test_the_z_buffer_itself_draws_a_square_where_it_is() -> None:
    """The reference would share the mistakes that it is to show."""
    square = _solid(trimesh.creation.box((0.2, 0.1, 1e-6)))
    camera = Camera(60, 40, 100.0, np.eye(4))
    picture = draw(square, rigid(np.eye(3), np.array([0.05, 0.0, 1.0])), camera)
    # 20 x 10 pixels, from (25, 15) to (45, 25).
    assert np.array_equal(np.argwhere(picture.cover == 1)[[0, -1]], [[15, 25], [24, 44]])
    assert picture.cover.sum() == pytest.approx(200)
    assert picture.depth[20, 30] == pytest.approx(1.0)
