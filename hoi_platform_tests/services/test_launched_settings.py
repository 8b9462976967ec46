"""A launch keeps the settings that it began with."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hoi_platform.core.errors import ConfigError
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.services.platform import Platform

TASK = "manipulation"


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """A configuration folder that may be changed."""
    shutil.copytree(PROJECT_ROOT / "configs", tmp_path / "configs")
    resource = PlatformResource(
        results_dir=str(tmp_path / "results"), config_dir=str(tmp_path / "configs")
    )
    return resource.platform()


def edit(platform: Platform, old: str, new: str) -> None:
    path = platform.config_paths(TASK)[0]
    path.write_text(path.read_text().replace(old, new))


def of_launch(platform: Platform, launch: str) -> Platform:
    """As another run reads it: nothing is remembered."""
    return replace(platform, launch=launch)


def test_every_run_of_a_launch_has_the_settings_of_the_first(platform: Platform) -> None:
    """An edit during the night would make half of a batch with other settings."""
    first = of_launch(platform, "a").settings(TASK)
    assert first == platform.settings(TASK), "a snapshot holds the whole settings"
    assert of_launch(platform, "a").settings_note(TASK).keys() == {"settings"}
    edit(platform, "drop_height: 0.1", "drop_height: 0.2")
    assert of_launch(platform, "a").settings(TASK) == first
    assert of_launch(platform, "b").settings(TASK).gen_2dhoi.simulation.drop_height == 0.2
    note = of_launch(platform, "a").settings_note(TASK)
    assert note["settings_today"] == "gen_2dhoi.simulation.drop_height: 0.1 then, 0.2 today"


def test_flags_are_part_of_what_a_launch_keeps(platform: Platform) -> None:
    """What a sensor goes on with would be made for another character than the command's."""
    flags = {"gen_2dhoi": {"character": "jason_rigged_001"}}
    of_launch(replace(platform, overrides=flags), "a").settings(TASK)
    assert of_launch(platform, "a").settings(TASK).gen_2dhoi.character == "jason_rigged_001"


def test_launches_with_the_same_settings_share_a_snapshot(platform: Platform) -> None:
    """A year of nights would keep a copy of the configuration per run."""
    for launch in ("a", "b/c"):
        of_launch(platform, launch).settings(TASK)
    assert len(list((platform.results_dir / "launches" / "settings").iterdir())) == 1
    assert not (platform.results_dir / "launches" / "b").exists(), "a name is no path"


def test_a_snapshot_that_cannot_be_read_says_what_to_do(platform: Platform) -> None:
    """After an upgrade, a continued launch would end in a traceback."""
    of_launch(platform, "a").settings(TASK)
    (file,) = (platform.results_dir / "launches" / "settings").iterdir()
    file.write_text("{}x")
    with pytest.raises(ConfigError, match="launch its cells again"):
        of_launch(platform, "a").settings(TASK)
