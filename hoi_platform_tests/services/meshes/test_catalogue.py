"""The object catalogue: shipped entries, the user's own, scales."""

from pathlib import Path

import pytest
import trimesh
import yaml

from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.objects import GraspHint, ObjectEntry
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.meshes.obj_writer import write_clean_obj
from hoi_platform.services.meshes.scale import known_scale, scale_from_real_size, size_word

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "objects"
DRILL = ObjectId("ComAsset", "cordless_drill")
CRATE = ObjectId("Mine", "wooden_crate")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(CONFIGS, tmp_path / "user")


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    folder = tmp_path / "meshes"
    folder.mkdir()
    scene = trimesh.Scene(trimesh.creation.box((10, 20, 40)))
    for name, data in scene.export(file_type="gltf").items():
        (folder / name).write_bytes(data)
    return folder / "model.gltf"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_whole_library_is_shipped_with_the_reference_scale(catalogue: Catalogue) -> None:
    """The demo's object, or one of the library's, could not be named."""
    entries = catalogue.entries()
    assert {object_id.category for object_id in entries} == set(BUILDERS)
    assert entries[DRILL].obj_scale == (2.5, 2.5, 2.5)
    assert entries[DRILL].scene == "indoor2-manipulation"
    assert catalogue.by_key(catalogue.key(DRILL)) == DRILL
    assert catalogue.load_mesh(DRILL).mesh.geometry().extents.max() * 2.5 == pytest.approx(0.22)
    assert catalogue.source_path(DRILL) is None
    grasp = catalogue.grasp(DRILL)
    assert grasp is not None
    assert grasp.approach[0] > 0.9


def test_the_reference_file_form_needs_nothing_else(tmp_path: Path) -> None:
    """The reference's own catalogue files could not be used."""
    text = "objects:\n  mug: {obj_scale: [2, 2, 2], scene: kitchen}\n  ball: {obj_scale: 0.5}\n"
    (tmp_path / "RoboCasa.yaml").write_text(text)
    entries = Catalogue(tmp_path, tmp_path / "user").entries()
    assert entries[ObjectId("RoboCasa", "mug")].scene == "kitchen"
    assert entries[ObjectId("RoboCasa", "ball")].obj_scale == (0.5, 0.5, 0.5)


def test_unknown_objects_are_answered_with_the_nearest_and_the_cure(catalogue: Catalogue) -> None:
    """A typing error would end in a KeyError."""
    with pytest.raises(BadInputError, match=r"did you mean 'ComAsset/cordless_drill'.*hoi objects"):
        catalogue.get(ObjectId("ComAsset", "cordles_dril"))
    with pytest.raises(BadInputError, match="no object with the key 'nothing'"):
        catalogue.by_key("nothing")


def test_added_object_lives_on_without_its_source(catalogue: Catalogue, crate: Path) -> None:
    """Moving the download away would break the dataset, or a restart forget the object."""
    entry = ObjectEntry(real_size_m=0.4, up="y", name="old crate")
    catalogue.add(CRATE, entry, crate, roots=[crate.parent])
    digest = catalogue.source_digest(CRATE)
    for file in crate.parent.iterdir():
        file.unlink()
    again = Catalogue(CONFIGS, catalogue._user_dir)
    assert again.get(CRATE).name == "old crate"
    assert again.check(CRATE).extents == pytest.approx((10, 40, 20))
    assert again.source_digest(CRATE) == digest
    assert len(again.entries()) == len(BUILDERS) + 1


def test_a_refused_mesh_changes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    """A half-added object would stay behind."""
    bad = tmp_path / "bad.obj"
    bad.write_text("v 0 0 0\n")
    before = snapshot(tmp_path)
    with pytest.raises(BadInputError):
        catalogue.add(CRATE, ObjectEntry(), bad, roots=[tmp_path])
    assert snapshot(tmp_path) == before
    assert CRATE not in catalogue.entries()


def test_taken_ids_need_replace(catalogue: Catalogue, crate: Path) -> None:
    """An object would be overwritten by a namesake, or two share one partition key."""
    catalogue.add(CRATE, ObjectEntry(name="first"), crate, roots=[crate.parent])
    with pytest.raises(BadInputError, match=r"in the catalogue already.*--replace"):
        catalogue.add(CRATE, ObjectEntry(name="second"), crate, roots=[crate.parent])
    other_case = ObjectId("MINE", "wooden_crate")
    with pytest.raises(BadInputError, match="in the catalogue already"):
        catalogue.add(other_case, ObjectEntry(), crate, roots=[crate.parent], replace=True)
    catalogue.add(CRATE, ObjectEntry(name="second"), crate, roots=[crate.parent], replace=True)
    assert catalogue.get(CRATE).name == "second"
    assert [folder.parent.name for folder in catalogue._user_dir.glob("*/entry.yaml")] == [
        "wooden-crate"
    ]


def test_remove_takes_own_objects_only(catalogue: Catalogue, crate: Path) -> None:
    """A shipped entry would be deleted, or an own one stay in the catalogue."""
    catalogue.add(CRATE, ObjectEntry(), crate, roots=[crate.parent])
    catalogue.remove(CRATE)
    assert CRATE not in catalogue.entries()
    assert not list(catalogue._user_dir.glob("*/"))
    with pytest.raises(BadInputError, match=r"not one of your own .*comasset.yaml"):
        catalogue.remove(DRILL)


def test_an_entry_without_a_mesh_says_how_to_get_one(tmp_path: Path) -> None:
    """The pipeline would start and fail stages later."""
    (tmp_path / "ComAsset.yaml").write_text("objects: {violin: {obj_scale: 1}}")
    with pytest.raises(BadInputError, match=r"no mesh for ComAsset/violin .*hoi objects add FILE"):
        Catalogue(tmp_path, tmp_path / "user").load_mesh(ObjectId("ComAsset", "violin"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("{obj_scal: 1}", "obj_scal: unknown key; did you mean 'obj_scale'"),
        ("{obj_scale: [1, -1, 1]}", "between 0 and 1e6"),
        ("{grasp: {point: [0,0,0], approach: [0,0,1], axis: [0,0,1], width: 1}}", "perpendicular"),
        ("{task: no/task}", "not usable as a name"),
        ("3", "valid dictionary"),
    ],
)
def test_a_bad_entry_is_reported_and_the_others_are_usable(
    tmp_path: Path, fields: str, message: str
) -> None:
    """One wrong entry would make the whole catalogue unreadable, or be ignored silently."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"objects: {{mug: {fields}, {'x' * 129}: {{}}, ball: {{}}}}")
    catalogue = Catalogue(tmp_path, tmp_path / "user")
    assert [object_id.category for object_id in catalogue.entries()] == ["ball"]
    mug, long_name = catalogue.bad_entries()
    assert mug.startswith(f"{file}: objects.mug: ")
    assert message in mug
    assert "at most 128 characters" in long_name
    with pytest.raises(BadInputError, match=r"mine/mug cannot be used: .*mine\.yaml"):
        catalogue.get(ObjectId("mine", "mug"))


def test_a_bad_file_of_the_user_leaves_the_others(catalogue: Catalogue, crate: Path) -> None:
    """One damaged entry of the user's would stop every command."""
    catalogue.add(CRATE, ObjectEntry(), crate, roots=[crate.parent])
    broken = catalogue._user_dir / "mine--broken--manipulation"
    broken.mkdir()
    (broken / "entry.yaml").write_text("objects: [")
    assert CRATE in catalogue.entries()
    assert str(broken) in catalogue.bad_entries()[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("objects: [", "not readable YAML"),
        ("mug", "holds a str, not a mapping"),
        ("objcts: {}", "objcts: unknown key; did you mean 'objects'"),
        ("objects: 3", "needs `objects:`"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """All of a file's objects would vanish without a word."""
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        Catalogue(tmp_path, tmp_path / "user").entries()


def test_one_object_in_two_files_is_ambiguous(tmp_path: Path) -> None:
    """Which scale is used would depend on the order of file names."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("dataset: D\nobjects: {mug: {}}")
    with pytest.raises(ConfigError, match="is in both"):
        Catalogue(tmp_path, tmp_path / "user").entries()


def test_grasp_directions_are_normalized() -> None:
    """A hand would be placed at the wrong distance."""
    grasp = GraspHint(point=(0, 0, 0), approach=(0, 0, -2), axis=(3, 0, 0), width=0.1)
    assert (grasp.approach, grasp.axis) == ((0, 0, -1), (1, 0, 0))
    assert grasp.moved((1, 2, 3)).point == (1, 2, 3)


def test_scale_comes_from_the_entry_then_its_size_then_its_category(
    catalogue: Catalogue, crate: Path, tmp_path: Path
) -> None:
    """A hand-tuned scale would be overruled, or a mesh in inches be mistaken for meters."""
    entry = ObjectEntry(real_size_m=0.8)
    imported = catalogue.add(CRATE, entry, crate, roots=[crate.parent])
    write_clean_obj(imported, tmp_path / "clean")
    obj = tmp_path / "clean" / "model.obj"
    tuned = known_scale(CRATE, ObjectEntry(obj_scale=(1, 2, 3)), obj, catalogue)
    assert (tuned.obj_scale, tuned.origin) == ((1, 2, 3), "catalogue")
    sized = known_scale(CRATE, entry, obj, catalogue)
    assert (sized.obj_scale, sized.origin) == (pytest.approx((0.02,) * 3), "real_size_m")
    mug = known_scale(ObjectId("Mine", "red_mug_02"), ObjectEntry(), obj, catalogue)
    assert mug.obj_scale == pytest.approx((0.12 / 40,) * 3)
    assert mug.to_json()["origin"] == "real_world_sizes:mug"
    with pytest.raises(BadInputError, match=r"no real-world size for the category 'wooden_crate'"):
        known_scale(CRATE, ObjectEntry(), obj, catalogue)


def test_size_words_prefer_the_head_of_the_name() -> None:
    """A bottle opener would be as large as a bottle, a watering can as a tin."""
    table = {"bottle": 0.2, "opener": 0.1, "can": 0.1, "watering can": 0.4, "scissors": 0.2}
    assert size_word("bottle_opener", table) == "opener"
    assert size_word("Watering-Can_3", table) == "watering can"
    assert size_word("bottles", table) == "bottle"
    assert size_word("scissor", table) == "scissors"


def test_longest_side_gets_the_real_size(catalogue: Catalogue) -> None:
    """The scale would be taken from another side than the table means."""
    mesh = catalogue.load_mesh(DRILL).mesh.geometry()
    factor, _, _ = scale_from_real_size(mesh, "cordless_drill", catalogue.real_world_sizes())
    assert mesh.extents.max() * factor == pytest.approx(0.22)


def test_the_shipped_table_covers_the_library(catalogue: Catalogue) -> None:
    """A library object without a scale would have no size."""
    sizes = catalogue.real_world_sizes()
    assert all(size_word(name, sizes) for name in BUILDERS)
    assert list(sizes) == sorted(sizes)
    assert yaml.safe_load((CONFIGS / "real_world_sizes.yaml").read_text())["sizes"] == sizes
