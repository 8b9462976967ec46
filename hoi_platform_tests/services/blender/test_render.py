"""Rendering against arithmetic: the camera is the one of ``core.geometry``, to the pixel."""

import time
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from PIL import Image

from hoi_platform.core.cues.parts import PART, EmptyScene, part_view
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.actors import actor_masks, static_depth
from hoi_platform.core.scene.boxes import box_mesh
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.blender.render import render_conditioning
from hoi_platform.services.blender.service import BlenderService
from hoi_platform_tests.services.blender.rendering import (
    CONFIG,
    SIDE,
    Conditioning,
    H,
    W,
    camera_of_tests,
    colors_of,
    staged,
)


def _data_shot(
    blender: BlenderService, folder: Path, camera: Camera, mesh: TriangleMesh
) -> tuple[NDArray, NDArray]:
    """Depth and object index of a single mesh (as the person) in empty space."""
    arrays = {"vertices": mesh.vertices, "faces": mesh.faces, "colors": colors_of(mesh)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    request = {
        "camera": camera.to_json(),
        "person": {name: str(folder / f"{name}.npy") for name in arrays},
        "shots": [{"kind": "data", "show": ["person"], "out": str(folder / "x_")}],
    }
    blender.call("render_still", request)
    return np.load(folder / "x_depth.npy"), np.load(folder / "x_index.npy")


def test_camera_inside_a_sphere_sees_the_one_depth(blender: BlenderService, tmp_path: Path) -> None:
    """Depth would be the ray's length instead of z, or the principal point be shifted."""
    camera, radius = camera_of_tests(), 2.0
    sphere = trimesh.creation.icosphere(6, radius)
    center = camera.T_world_cam[:3, 3]
    mesh = TriangleMesh(np.asarray(sphere.vertices) + center, np.asarray(sphere.faces, np.int64))
    depth, index = _data_shot(blender, tmp_path, camera, mesh)
    assert (index == 1).all()
    rays = (
        np.linalg.inv(camera.K)
        @ np.concatenate([camera.pixel_centers().reshape(-1, 2), np.ones((W * H, 1))], axis=1).T
    )
    lengths = depth.ravel() * np.linalg.norm(rays, axis=0)
    np.testing.assert_allclose(lengths, radius, rtol=1e-3)
    assert np.ptp(depth) > 0.2  # z-depth falls off toward the corners


def test_plane_ahead_has_one_depth_and_sharp_edges(blender: BlenderService, tmp_path: Path) -> None:
    """Half a pixel of shift, a wrong focal length or a blurred mask would show here."""
    camera = camera_of_tests()
    x0, x1, y0, y1 = 20.0, 71.0, 11.0, 40.0
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    p = camera.unproject(corners, np.full(4, 1.75))
    depth, index = _data_shot(
        blender, tmp_path, camera, TriangleMesh(p, np.array([[0, 1, 2], [0, 2, 3]]))
    )
    expected = np.zeros((H, W), bool)
    expected[11:40, 20:71] = True
    np.testing.assert_array_equal(index == 1, expected)
    np.testing.assert_allclose(depth[expected], 1.75, rtol=1e-6)


def test_masks_and_depth_are_those_of_rays(conditioning: Conditioning) -> None:
    """Cycles and every ray-casting stage would disagree about where things are."""
    spec, person, render, _ = conditioning
    cube = box_mesh(BoxSpec(pos=(0.0, 0.0, 0.0), size=(SIDE, SIDE, SIDE)))
    static = static_depth(spec)
    seen = actor_masks(
        spec.camera.camera(), person, cube.transformed(spec.T_world_object_array()), static
    )
    np.testing.assert_array_equal(render.object_mask, seen.object_mask)
    np.testing.assert_array_equal(render.human_mask, seen.human_mask)
    np.testing.assert_allclose(render.depth, seen.depth, atol=1e-4)
    np.testing.assert_allclose(render.plate_depth, static, atol=1e-4)


def test_part_labels_and_their_depth_are_those_of_cycles(conditioning: Conditioning) -> None:
    """Cues would lie beside what the rendered frames show."""
    spec, person, render, _ = conditioning
    cube = box_mesh(BoxSpec(pos=(0.0, 0.0, 0.0), size=(SIDE, SIDE, SIDE)))
    left = np.full(len(person.faces), PART["left_hand"], np.uint8)
    view = part_view(
        EmptyScene.of(spec), person, left, cube.transformed(spec.T_world_object_array())
    )
    np.testing.assert_array_equal(view.labels == PART["object"], render.object_mask)
    np.testing.assert_array_equal(view.labels == PART["left_hand"], render.human_mask)
    seen = view.labels > 0
    assert (view.labels == PART["support"]).sum() > 100
    np.testing.assert_allclose(view.depth[seen], render.depth[seen], atol=1e-4)


def test_cube_corner_has_its_depth_and_place(conditioning: Conditioning) -> None:
    """The object's scale or pose would be applied wrongly."""
    spec, _, render, _ = conditioning
    camera = spec.camera.camera()
    cube = box_mesh(BoxSpec(pos=(0.0, 0.0, 0.0), size=(SIDE, SIDE, SIDE)))
    p = cube.transformed(spec.T_world_object_array()).vertices
    uv, z = camera.project(p), camera.to_cam(p)[:, 2]
    rows, columns = np.nonzero(render.object_mask)
    assert abs(columns.min() - uv[:, 0].min()) < 1.5
    assert abs(rows.max() + 1 - uv[:, 1].max()) < 1.5
    nearest = int(np.argmin(z))
    column, row = uv[nearest].astype(int)
    assert render.depth[row, column] == pytest.approx(z[nearest], abs=0.02)


def test_files_hold_what_is_returned(conditioning: Conditioning) -> None:
    """Later stages read the files, tests the arrays."""
    _, _, render, _ = conditioning
    paths = render.paths
    np.testing.assert_array_equal(np.asarray(Image.open(paths["frame"])), render.rgb)
    millimeters = np.asarray(Image.open(paths["depth"] / "000000.png"))
    np.testing.assert_allclose(millimeters / 1000, render.depth, atol=0.00051)
    assert (paths["depth"] / "000000.exr").stat().st_size > 1000
    for name, mask in (("masks", render.object_mask), ("human_masks", render.human_mask)):
        np.testing.assert_array_equal(np.asarray(Image.open(paths[name] / "000000.png")) > 0, mask)
    with np.load(paths["plate"] / "depth.npz") as data:
        np.testing.assert_array_equal(data["depth"], render.plate_depth)
    assert render.device == "CPU"


def test_plate_is_the_frame_without_actors(conditioning: Conditioning) -> None:
    """The background model would see the person, or another exposure."""
    _, _, render, _ = conditioning
    difference = np.abs(render.rgb.astype(int) - render.plate_rgb).max(axis=-1)
    assert difference[render.human_mask].mean() > 10
    far = render.depth > 3.5
    assert difference[far].mean() < 8
    same = ~(render.object_mask | render.human_mask)
    np.testing.assert_array_equal(render.depth[same], render.plate_depth[same])


def test_two_renders_give_the_same_bytes(
    conditioning: Conditioning, blender: BlenderService
) -> None:
    """A clip could not be made again; stale artifacts would look fresh."""
    spec, person, first, folder = conditioning
    again = render_conditioning(blender, staged(spec, person, folder), CONFIG, folder / "again")
    names = [("masks", "000000.png"), ("human_masks", "000000.png"), ("depth", "000000.png")]
    for name, file in names:
        assert (first.paths[name] / file).read_bytes() == (again.paths[name] / file).read_bytes()
    assert np.abs(first.rgb.astype(int) - again.rgb).max() <= 1


def test_object_out_of_the_picture_is_an_error(
    conditioning: Conditioning,
    blender: BlenderService,
    tmp_path: Path,
) -> None:
    """Empty masks would be handed on."""
    spec, person, _, folder = conditioning
    away = spec.model_copy(
        update={"T_world_object": rigid(np.eye(3), np.array([0.0, 2.9, 0.2])).tolist()}
    )
    with pytest.raises(StageError, match="the object is not in the rendered picture"):
        render_conditioning(blender, staged(away, person, folder), CONFIG, tmp_path)


def test_two_renders_of_a_scene_are_the_same_files(
    blender: BlenderService, conditioning: Conditioning, tmp_path: Path
) -> None:
    """The clock would lie in the files: no hash of an artifact could be reproduced."""
    spec, person, _, folder = conditioning
    time.sleep(1.1)  # Blender notes whole seconds
    render_conditioning(blender, staged(spec, person, folder), CONFIG, tmp_path)
    assert _hashes(tmp_path) == _hashes(folder / "out")
    assert len(_hashes(tmp_path)) >= 8


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


SLOPE = BoxSpec(
    pos=(-0.4, 0.2, 0.2),
    size=(0.5, 0.8, 0.1),
    turn_rad=(0.3, 0.1, 0.2),
    walkable=True,
    name="slope",
)
WEDGE = MeshSpec.of(
    TriangleMesh(np.array([[0, 0, 0], [0.6, 0, 0], [0, 0.6, 0], [0, 0, 0.5]], float),
                 np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])),
    pos=(0.1, -0.9, 0.0), turn_rad=(0.0, 0.0, 0.8), material="wood", name="wedge",
)  # fmt: skip
TABLE = BoxSpec(
    pos=(0.3, 0.5, 0.6), size=(0.8, 0.5, 0.04), turn_rad=(0.0, 0.0, 0.5), legs=True, name="table"
)


@pytest.mark.parametrize("supports", [[], [TABLE, SLOPE, WEDGE]], ids=["floor", "all"])
def test_every_support_is_drawn_where_rays_meet_it(
    supports: list[BoxSpec | MeshSpec],
    conditioning: Conditioning,
    blender: BlenderService,
    tmp_path: Path,
) -> None:
    """The picture would show other terrain than the one that clips are judged against."""
    spec, person, _, folder = conditioning
    scene = spec.model_copy(update={"supports": supports})
    render = render_conditioning(blender, staged(scene, person, folder), CONFIG, tmp_path)
    np.testing.assert_allclose(render.plate_depth, static_depth(scene), atol=1e-4)
    bare = static_depth(spec.model_copy(update={"supports": []}))
    assert ((render.plate_depth < bare - 1e-3).sum() > 500) == bool(supports)
