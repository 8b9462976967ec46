"""Import of user meshes: every format, and everything that must be refused."""

import os
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.geometry.topology import MeshStatistics
from hoi_platform.services.meshes.importer import ImportedMesh, default_up, import_mesh
from hoi_platform.services.meshes.library import build_library_object
from hoi_platform.services.meshes.obj_writer import write_clean_obj

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_shared = pytest.mark.shared_data

BOX = "v 0 0 0\nv 1 0 0\nv 1 2 0\nv 0 2 0\nv 0 0 3\nv 1 0 3\nv 1 2 3\nv 0 2 3\n"
FACES = "f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n"


def read(path: Path, up: str = "z") -> ImportedMesh:
    return import_mesh(path, up=up, roots=[path.parent])  # type: ignore[arg-type]


def write(folder: Path, text: str, name: str = "thing.obj") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("suffix", ["obj", "glb", "gltf", "stl", "ply"])
def test_every_format_gives_the_same_solid(tmp_path: Path, suffix: str) -> None:
    """A format would lose faces, or its scene transform."""
    if suffix == "gltf":
        files = trimesh.Scene(trimesh.creation.box((1, 2, 3))).export(file_type="gltf")
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        path = tmp_path / "model.gltf"
    else:
        path = tmp_path / f"box.{suffix}"
        trimesh.creation.box((1, 2, 3)).export(path)
    statistics = MeshStatistics.of(read(path).mesh.geometry())
    assert statistics.extents == pytest.approx((1, 2, 3))
    assert statistics.volume == pytest.approx(6)
    assert statistics.watertight


def test_scene_graph_is_flattened_with_its_transforms(tmp_path: Path) -> None:
    """Parts would fall onto each other at the origin, or mirrored ones turn inside out."""
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 1, 1))
    scene.add_geometry(box, transform=trimesh.transformations.translation_matrix([0, 0, 0]))
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirror[0, 3] = 5
    scene.add_geometry(box, transform=mirror)
    scene.export(tmp_path / "two.glb")
    statistics = MeshStatistics.of(read(tmp_path / "two.glb").mesh.geometry())
    assert statistics.extents == pytest.approx((6, 1, 1))
    assert statistics.volume == pytest.approx(2)
    assert statistics.components == 2


def test_y_up_turns_to_z_up_and_the_box_center_is_the_origin(tmp_path: Path) -> None:
    """Objects would lie on their side, or poses refer to a far-away origin."""
    path = write(tmp_path, BOX + FACES)
    flat, turned = read(path, "z"), read(path, "y")
    assert turned.mesh.geometry().extents == pytest.approx([1, 3, 2])
    assert flat.center == pytest.approx([0.5, 1, 1.5])
    assert turned.center == pytest.approx([0.5, -1.5, 1])
    low, high = turned.mesh.geometry().bounds
    assert low == pytest.approx(-high)
    assert [default_up(Path(name)) for name in ("a.glb", "a.GLTF", "a.obj")] == ["y", "y", "z"]


def test_materials_textures_and_vertex_colors_are_kept(tmp_path: Path) -> None:
    """The object would be gray in every render."""
    Image.new("RGB", (8, 8), (10, 200, 30)).save(tmp_path / "green.png")
    mtl = "newmtl a\nKd 0.2 0.4 0.6\n\nnewmtl b\nKd 1 1 1\nmap_Kd green.png\n"
    write(tmp_path, mtl, "thing.mtl")
    uv = "vt 0 0\nvt 1 0\nvt 1 1\n"
    faces = "usemtl a\nf 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nusemtl b\n"
    path = write(
        tmp_path, "mtllib thing.mtl\n" + BOX + uv + faces + "f 4/1 1/2 5/3\nf 4/1 5/3 8/2\n"
    )
    imported = read(path)
    by_name = {part.material.name: part.material for part in imported.mesh.parts}
    assert by_name["a"].color == pytest.approx((0.2, 0.4, 0.6), abs=0.01)
    texture = by_name["b"].texture
    assert texture is not None
    assert (texture == [10, 200, 30]).all()
    assert [file.name for file in imported.files] == ["thing.obj", "thing.mtl", "green.png"]


def test_vertex_colors_are_baked_without_bleeding(tmp_path: Path) -> None:
    """Colored scans would lose their colors, or show their neighbors' at the edges."""
    ball = trimesh.creation.icosphere(1)
    colors = np.where(ball.vertices[:, 2:] > 0, [250, 20, 20], [20, 20, 250]).astype(np.uint8)
    ball.visual.vertex_colors = colors
    ball.export(tmp_path / "ball.ply")
    (part,) = read(tmp_path / "ball.ply").mesh.parts
    assert part.material.texture is not None
    assert part.uv is not None
    height, width = part.material.texture.shape[:2]
    column = np.clip((part.uv[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip(((1 - part.uv[:, 1]) * height).astype(int), 0, height - 1)
    found = part.material.texture[row, column].astype(int)
    expected = np.where(part.vertices[:, 2:] > 1e-9, [250, 20, 20], [20, 20, 250])
    assert np.abs(found - expected).max() <= 40


def test_clean_obj_reads_back_and_is_the_same_every_time(tmp_path: Path) -> None:
    """Artifacts would differ from run to run, or Blender read another object than we do."""
    imported = build_library_object("mug")
    first = write_clean_obj(imported, tmp_path / "a")
    second = write_clean_obj(build_library_object("mug"), tmp_path / "b")
    assert first == second
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["model.mtl", "model.obj", "texture_0.png"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    again = load_obj(tmp_path / "a" / "model.obj", 2.0)
    assert again.extents == pytest.approx(2 * np.array(first.extents), rel=1e-6)
    assert MeshStatistics.of(again).watertight
    outside = trimesh.load_scene(tmp_path / "a" / "model.obj", process=False)
    assert sum(len(g.faces) for g in outside.geometry.values()) == first.faces
    assert {type(g.visual).__name__ for g in outside.geometry.values()} == {"TextureVisuals"}


@needs_shared
@pytest.mark.parametrize(
    ("name", "faces", "watertight"),
    [
        ("chair_model.obj", 12_756, False),
        ("teapot.stl", 894, False),
        ("Duck.glb", 4212, True),
        ("not_convex.obj", 96, False),
    ],
)
def test_real_meshes_work(tmp_path: Path, name: str, faces: int, watertight: bool) -> None:
    """Everyday downloads would not get in."""
    imported = import_mesh(SHARED / name, up=default_up(SHARED / name), roots=[SHARED])
    statistics = write_clean_obj(imported, tmp_path)
    assert (statistics.faces, statistics.watertight) == (faces, watertight)


@needs_shared
def test_lost_materials_are_told_and_groups_stay_apart() -> None:
    """The chair, whose MTL is missing, would become one gray lump without a word."""
    chair = import_mesh(SHARED / "chair_model.obj", up="z", roots=[SHARED])
    assert chair.notes == ("missing beside the mesh: model.mtl; plain colors replace it",)
    assert len({part.material.color for part in chair.mesh.parts}) == 3


@needs_shared
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("points_emptyface.ply", "no faces, only 1024 points"),
        ("soup.stl", "soup of loose triangles .100 of 100"),
    ],
)
def test_bad_real_meshes_are_refused(name: str, message: str) -> None:
    """Points or a soup without a surface would reach the physics."""
    with pytest.raises(BadInputError, match=message):
        import_mesh(SHARED / name, up="z", roots=[SHARED])


BAD = {
    "nan": (BOX.replace("v 1 2 3", "v nan 2 3") + FACES, "1 of 8 vertices .* NaN or infinite"),
    "infinite": (BOX.replace("v 1 2 3", "v 1 inf 3") + FACES, "NaN or infinite"),
    "no faces": (BOX, "no faces, only 8 points"),
    "flat": ("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3\nf 1 3 4\n", "zero extent .1 x 1 x 0"),
    "a point": ("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "zero extent .0 x 0 x 0"),
    "text": ("Dear diary,\ntoday nothing happened.\n", "not a readable OBJ mesh|no faces"),
    "empty": ("", "not a readable OBJ mesh|no faces"),
    "missing vertices": (BOX + FACES + "f 1 2 99\n", "not a readable OBJ mesh|do not exist"),
    "garbage in faces": (BOX + FACES + "f 1 x 3 4\n", "not a readable OBJ mesh"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_geometry_is_refused(tmp_path: Path, kind: str) -> None:
    """A broken file would fail somewhere below with a traceback of numpy or Blender."""
    text, message = BAD[kind]
    with pytest.raises(BadInputError, match=message):
        read(write(tmp_path, text))


@pytest.mark.parametrize("suffix", ["glb", "stl", "ply", "gltf"])
def test_files_that_are_no_mesh_are_refused(tmp_path: Path, suffix: str) -> None:
    """A renamed picture or a cut download would end in a parser's traceback."""
    path = tmp_path / f"thing.{suffix}"
    path.write_bytes(b"glTF\x02\0\0\0" + bytes(range(256)))
    with pytest.raises(BadInputError, match=f"not a readable {suffix.upper()}|no faces"):
        read(path)


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    """Memory would run out before anything is said."""
    path = tmp_path / "huge.stl"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: takes no disk
    with pytest.raises(BadInputError, match=r"10240.0 MB is too large .* decimate"):
        read(path)


def test_paths_outside_the_roots_are_refused(tmp_path: Path) -> None:
    """A service would read any file of its machine."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    secret = write(outside, BOX + FACES)
    (inside / "link.obj").symlink_to(secret)
    for path, found in [
        (secret, "it is not in one"),
        (inside / ".." / "out" / "thing.obj", "read only from"),
        (inside / "link.obj", "a symbolic link leads out of it"),
    ]:
        with pytest.raises(BadInputError, match=found):
            import_mesh(path, up="z", roots=[inside])


@pytest.mark.parametrize("name", ["thing.fbx", "thing", "thing.obj.exe"])
def test_unknown_formats_are_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    """The user would not learn what to export."""
    with pytest.raises(BadInputError, match=r"unknown mesh format .* \.obj, \.glb, \.gltf"):
        read(write(tmp_path, BOX + FACES, name))


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    """A pipe would block forever, a folder end in a traceback."""
    os.mkfifo(tmp_path / "pipe.obj")
    (tmp_path / "folder.obj").mkdir()
    for name, message in [
        ("pipe.obj", "not a regular file"),
        ("folder.obj", "not a regular file"),
        ("gone.obj", "no such file"),
    ]:
        with pytest.raises(BadInputError, match=message):
            read(tmp_path / name)


@pytest.mark.parametrize("reference", ["../secret.mtl", "/etc/passwd", "link.mtl"])
def test_references_out_of_the_folder_are_refused(tmp_path: Path, reference: str) -> None:
    """A mesh could pull any file of the machine into the results."""
    folder = tmp_path / "in"
    folder.mkdir()
    write(tmp_path, "newmtl a\nKd 1 0 0\n", "secret.mtl")
    (folder / "link.mtl").symlink_to(tmp_path / "secret.mtl")
    path = write(folder, f"mtllib {reference}\n" + BOX + FACES)
    with pytest.raises(BadInputError, match=r"refers to files that are not read.*outside"):
        read(path)


def test_a_texture_and_a_gltf_buffer_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """The second level of references would be followed where the first is not."""
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    write(folder, "newmtl a\nmap_Kd ../secret.png\n", "thing.mtl")
    obj = write(folder, "mtllib thing.mtl\nusemtl a\n" + BOX + FACES)
    files = trimesh.Scene(trimesh.creation.box()).export(file_type="gltf")
    for name, data in files.items():
        (folder / name).write_bytes(data.replace(b'"gltf_buffer', b'"../gltf_buffer'))
    for path in (obj, folder / "model.gltf"):
        with pytest.raises(BadInputError, match="outside"):
            read(path)


def test_a_missing_gltf_buffer_is_named(tmp_path: Path) -> None:
    """The user would not learn which file was left behind."""
    files = trimesh.Scene(trimesh.creation.box()).export(file_type="gltf")
    (tmp_path / "model.gltf").write_bytes(files["model.gltf"])
    with pytest.raises(BadInputError, match=r"missing beside it: gltf_buffer_0.bin"):
        read(tmp_path / "model.gltf")
