"""The registry of partition keys: given once, stable, never given again."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import trimesh
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.services.meshes.catalogue import MOST_UNASKED, Catalogue
from hoi_platform.services.meshes.keys import KeyRegistry

CATEGORIES = ("mug", "Mug", "mug_2", "mug-2", "m.u.g", "box")
IDS = [ObjectId(dataset, category) for dataset in "AB" for category in CATEGORIES[::2]]

MUG = ObjectId("Mine", "mug")


def shipped(folder: Path, name: str, categories: list[str], **fields: object) -> None:
    folder.mkdir(exist_ok=True)
    data = {"dataset": fields.pop("dataset", name), "objects": dict.fromkeys(categories, fields)}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(data))


@pytest.fixture
def box(tmp_path: Path) -> Path:
    file = tmp_path / "box.obj"
    trimesh.creation.box((1, 2, 3)).export(file)
    return file


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(IDS)), max_size=30))
@settings(max_examples=25, deadline=None)
def test_keys_are_stable_unique_and_never_reused(moves: list[tuple[bool, ObjectId]]) -> None:
    """A removed object's history would appear as that of the object added anew."""
    with tempfile.TemporaryDirectory() as folder:
        given_before: set[str] = set()
        now: dict[ObjectId, str] = {}
        for removes, object_id in moves:
            registry = KeyRegistry(Path(folder))
            if removes:
                assert registry.retire(object_id) == now.pop(object_id, None)
                continue
            key = registry.register([object_id])[object_id]
            assert key == now.get(object_id, key)
            assert object_id in now or key not in given_before
            given_before.add(key)
            now[object_id] = key
            assert registry.keys() == now


def test_equal_catalogues_give_equal_keys(tmp_path: Path) -> None:
    """Two machines would call one object by two keys, or two objects by one."""
    configs = tmp_path / "configs"
    shipped(configs, "B", ["mug", "box"])
    shipped(configs, "A", ["mug", "lamp"])
    one, other = (Catalogue(configs, tmp_path / name) for name in ("one", "other"))
    assert one.key(ObjectId("B", "mug")) == "mug-2"
    assert other.key(ObjectId("A", "lamp")) == "lamp"
    assert one.keys() == other.keys()
    assert one.by_key("mug-2") == ObjectId("B", "mug")


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """A dry run would change the folder that it looks at."""
    shipped(tmp_path / "configs", "A", ["mug"])
    catalogue = Catalogue(tmp_path / "configs", tmp_path / "user")
    assert list(catalogue.entries()) == [catalogue.named("A", "mug", "manipulation")]
    assert not (tmp_path / "user").exists()


def test_an_object_added_anew_has_a_new_key(tmp_path: Path, box: Path) -> None:
    """Dagster keeps a key's history: the new object's cells would read as made."""
    catalogue = Catalogue(tmp_path, tmp_path / "user")
    for key in ("mug", "mug-2"):
        catalogue.add(MUG, ObjectEntry(), box, roots=[tmp_path])
        assert catalogue.key(MUG) == key
        catalogue.add(MUG, ObjectEntry(), box, roots=[tmp_path], replace=True)
        assert catalogue.key(MUG) == key
        assert catalogue.remove(MUG) == key
    with pytest.raises(BadInputError, match="no object with the key 'mug-2'"):
        catalogue.by_key("mug-2")


def test_a_second_task_has_folder_and_key_of_its_own(tmp_path: Path, box: Path) -> None:
    """Both tasks of an object would overwrite each other's clips."""
    catalogue = Catalogue(tmp_path, tmp_path / "user")
    sitting = catalogue.named("Mine", "mug", "sitting")
    assert sitting.path == "Mine/mug"
    catalogue.add(sitting, ObjectEntry(), box, roots=[tmp_path])
    moving = catalogue.named("Mine", "mug", "manipulation")
    catalogue.add(moving, ObjectEntry(), box, roots=[tmp_path])
    assert [(i.path, catalogue.key(i)) for i in catalogue.entries()] == [
        ("Mine/mug__manipulation", "mug-manipulation"),
        ("Mine/mug", "mug"),
    ]
    catalogue.remove(sitting)
    assert catalogue.named("Mine", "mug", "manipulation").path == "Mine/mug__manipulation"


def test_a_large_dataset_is_registered_when_asked(tmp_path: Path) -> None:
    """Hundreds of terrains would fill the grid of everybody who starts the page."""
    terrains = [f"terrain{i:03d}" for i in range(MOST_UNASKED + 1)]
    shipped(tmp_path / "configs", "Terrains", terrains)
    shipped(tmp_path / "configs", "A", ["mug"])
    catalogue = Catalogue(tmp_path / "configs", tmp_path / "user")
    assert set(catalogue.keys().values()) == {"mug"}
    assert catalogue.key(ObjectId("Terrains", terrains[3])) == "terrain003"
    assert set(catalogue.keys().values()) == {"mug", "terrain003"}
    assert len(catalogue.register(list(catalogue.entries()))) == len(terrains) + 1


def test_a_dataset_that_no_page_can_show_is_refused(tmp_path: Path) -> None:
    """Dagster's page would freeze foreverybody who shares the instance."""
    most = 100_000 // 128
    registry = KeyRegistry(tmp_path)
    registry.register(ObjectId("Big", f"c{i}") for i in range(most))
    before = (tmp_path / "keys.json").read_bytes()
    with pytest.raises(BadInputError, match=r"'Big' would have 782 .*split it by release"):
        registry.register([ObjectId("Big", "another")])
    assert (tmp_path / "keys.json").read_bytes() == before
    registry.register([ObjectId("Small", "another")])


def test_processes_that_register_at_once_agree(tmp_path: Path) -> None:
    """Two shards would give two objects one key, or lose a key."""
    script = (
        "import sys; from pathlib import Path\n"
        "from hoi_platform.core.clip import ObjectId\n"
        "from hoi_platform.services.meshes.keys import KeyRegistry\n"
        "for i in range(20):\n"
        "    KeyRegistry(Path(sys.argv[1])).register([ObjectId(sys.argv[2], f'c{i}')])\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    shards = [subprocess.Popen([*words, dataset]) for dataset in ("A", "B", "C")]
    assert [shard.wait(timeout=120) for shard in shards] == [0, 0, 0]
    keys = KeyRegistry(tmp_path).keys()
    assert len(keys) == len(set(keys.values())) == 60


def test_a_damaged_list_is_refused(tmp_path: Path) -> None:
    """Every key would be given anew, and no finished clip be found on the page."""
    (tmp_path / "keys.json").write_text(json.dumps({"objects": [{"dataset": "A"}]}))
    with pytest.raises(ConfigError, match=r"keys\.json is not a list of keys.*restore it"):
        KeyRegistry(tmp_path).keys()
