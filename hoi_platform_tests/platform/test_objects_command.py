"""``hoi objects`` as a user types it: where it writes, and which keys it gives."""

import json
import shutil
from pathlib import Path

import pytest

from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform_tests.platform.processes import HOI, Ended, run

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"
THING = ("--dataset", "Mine", "--category", "tool_box")
TERRAINS = 300


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with an instance, a configuration with a catalogue of terrains, and a mesh."""
    shutil.copytree(PROJECT_ROOT / "configs", tmp_path / "configs")
    entries = "".join(
        f'  stairs_{i:04d}: {{source: "library:mug", obj_scale: [1, 1, 1]}}\n'
        for i in range(TERRAINS)
    )
    file = tmp_path / "configs" / "objects" / "terrain_stairs.yaml"
    file.write_text(f"dataset: terrain_stairs\nobjects:\n{entries}")
    (tmp_path / "dagster").mkdir()
    (tmp_path / "tool.obj").write_text(TETRAHEDRON)
    return tmp_path


def _objects(home: Path, *words: str) -> Ended:
    return run(
        [*HOI, "objects", *words],
        HOI_RESULTS_DIR=str(home / "mine"),
        HOI_CONFIG_DIR=str(home / "configs"),
        DAGSTER_HOME=str(home / "dagster"),
        COLUMNS="200",
    )


def _keys(home: Path) -> dict[str, str]:
    held = json.loads((home / "mine" / "catalogue" / "keys.json").read_text())
    return {f"{entry['dataset']}/{entry['category']}": entry["key"] for entry in held["objects"]}


def test_an_object_removed_and_added_anew_gets_a_new_key(home: Path) -> None:
    """Dagster would show the history of another mesh, or HOI_RESULTS_DIR would be ignored."""
    add = ("add", str(home / "tool.obj"), *THING, "--scale", "0.1")
    assert _objects(home, *add).status == 0
    assert _keys(home)["Mine/tool_box"] == "tool-box"
    assert _objects(home, "remove", *THING).status == 0
    again = _objects(home, *add)
    assert "(tool-box-2)" in again.output, again.errors
    assert _keys(home)["Mine/tool_box"] == "tool-box-2"
    assert not any(key.startswith("terrain_stairs") for key in _keys(home))


def test_hundreds_of_terrains_are_registered_only_when_asked(home: Path) -> None:
    """The grid would hold thousands of cells that nobody wants, or none of those asked for."""
    asked = _objects(home, "register", "terrain_stairs", "--category", "stairs_0007")
    assert asked.status == 0, asked.errors
    assert [key for key in _keys(home) if key.startswith("terrain")] == [
        "terrain_stairs/stairs_0007"
    ]
    assert f"registered {TERRAINS} objects" in _objects(home, "register", "terrain_stairs").output
    assert len([key for key in _keys(home) if key.startswith("terrain")]) == TERRAINS
