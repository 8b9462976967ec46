"""Commands that read stages or configuration, each as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import hoi_platform.assets
from hoi_platform.resources.platform import PROJECT_ROOT

GEN = ("hoi_platform.pipelines.gen_2dhoi", "--dataset", "ComAsset", "--category", "mug")
RECON = ("hoi_platform.pipelines.recon_4dhoi", "--dataset", "ComAsset", "--category", "mug")
HOI = "hoi_platform.cli"


def command(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m ARGUMENTS`` in ``folder``, with an empty results folder and no key."""
    keys = ("KLING_ACCESS_KEY", "KLING_SECRET_KEY", "KLING_API_KEY", "FAL_KEY", "HOI_RESULTS_DIR")
    base = {key: value for key, value in os.environ.items() if key not in keys}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=base | {"PYTHONPATH": str(PROJECT_ROOT), "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def written(folder: Path, stage: str, name: str, **changes: object) -> str:
    """A shipped file with top-level keys replaced."""
    data = yaml.safe_load((PROJECT_ROOT / "configs" / stage / f"{name}.yaml").read_text())
    path = folder / f"{stage}.yaml"
    path.write_text(yaml.safe_dump({**data, **changes}, sort_keys=False))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "status", "shown"),
    [
        ((*GEN, "--dry_run", "--video_model_api", "kling-ai"), 0, "kling-v2-5-turbo"),
        ((*GEN, "--force", "video_task", "--video_model_api", "fal-ai"), 2, "--buy-again"),
        ((*GEN, "--force", "scene_rendr", "--dry_run"), 2, "did you mean 'scene_render'?"),
        ((*GEN, "--force", "scene_render", "--skip_done"), 2, "drop one"),
        ((*GEN, "--skip_done", "--buy-again"), 2, "buys nothing again"),
        ((*RECON,), 2, "run gen_2dhoi first"),
        ((HOI, "config", "explain", "{configs}/recon_4dhoi/manip_soma.yaml"), 0, "REFUSED when"),
        ((HOI, "config", "explain", "{configs}/scenes/indoor2-manipulation.yaml"), 2, "no key of"),
    ],
)
def test_in_a_fresh_process(
    tmp_path: Path, arguments: tuple[str, ...], status: int, shown: str
) -> None:
    """A command would work only after something else had imported the stages (KeyError)."""
    filled = [part.format(configs=PROJECT_ROOT / "configs") for part in arguments]
    result = command(tmp_path, *filled)
    assert result.returncode == status, result.stderr
    assert shown in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    if status:
        assert result.stderr.count("\n") == 1, result.stderr


@pytest.mark.parametrize("module", ["gen_2dhoi.video_task", "stage", "gen_2dhoi.scene_inputs"])
def test_any_module_of_the_assets_registers_every_stage(tmp_path: Path, module: str) -> None:
    """Which stages exist would depend on who imported what."""
    code = f"import hoi_platform.assets.{module}, hoi_platform.assets.stage as s; print(*s.STAGES)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    files = Path(hoi_platform.assets.__file__).parent.rglob("*.py")
    stages = {f.stem for f in files if "\n@stage_asset(" in f.read_text()}
    assert set(result.stdout.split()) == stages
    assert len(stages) > 10


def test_results_dir_of_the_file_is_used(tmp_path: Path) -> None:
    """Results would lie elsewhere than the file says."""
    config = written(tmp_path, "gen_2dhoi", "manipulation", results_dir="mine")
    result = command(tmp_path, *RECON, "--gen_config", config)
    assert f"no video under {tmp_path / 'mine'} " in result.stderr
    result = command(tmp_path, *RECON, "--gen_config", config, "--results_dir", "flagged")
    assert f"no video under {tmp_path / 'flagged'} " in result.stderr
    assert f"no video under {tmp_path / 'results'} " in command(tmp_path, *RECON).stderr


def test_a_refused_value_names_file_key_value_and_cure(tmp_path: Path) -> None:
    """A key would be ignored, or stop the run after an hour of work."""
    simulation = {"save_usd": True}
    config = written(tmp_path, "gen_2dhoi", "manipulation", simulation=simulation)
    result = command(tmp_path, *GEN, "--config", config)
    assert result.returncode == 2
    for part in (config, "simulation.save_usd", "True", "settled_pose", "set it to false"):
        assert part in result.stderr
    assert not (tmp_path / "results").exists()
    # The stage that reads it is not asked for.
    assert command(tmp_path, *GEN, "--config", config, "--skip_step1", "--dry_run").returncode == 0


def test_a_file_for_another_task_is_refused(tmp_path: Path) -> None:
    """The settings of one task would be applied to the objects of another."""
    config = written(tmp_path, "gen_2dhoi", "manipulation", task="sitting")
    result = command(tmp_path, *GEN, "--config", config, "--dry_run")
    assert result.returncode == 2
    assert "task: the file is for 'sitting'" in result.stderr


def test_a_mistyped_key_names_its_file_and_not_the_prompt(tmp_path: Path) -> None:
    """The user would search the mistake in pages of prompts, or in the wrong file."""
    video = {"base_promt": "A person " * 100, "duration": ["A person " * 100]}
    config = written(tmp_path, "gen_2dhoi", "manipulation", video=video)
    result = command(tmp_path, *GEN, "--config", config, "--dry_run")
    assert result.returncode == 2
    assert result.stderr.startswith(f"gen_2dhoi: {config}: ")
    assert "video.base_promt: unknown key; did you mean 'base_prompt'?" in result.stderr
    assert "video.duration" in result.stderr
    assert len(result.stderr) < 600


def test_a_wrong_flag_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    """The user would look for the mistake in the YAML file."""
    result = command(tmp_path, *GEN, "--num_rand_scenes", "-1", "--dry_run")
    assert result.returncode == 2
    assert "command-line flags: gen_2dhoi.rendering.num_rand_scenes" in result.stderr


def test_an_odd_catalogue_entry_leaves_the_others(tmp_path: Path) -> None:
    """One typing mistake would make every object of the catalogue unusable."""
    name = "x" * 200
    config = tmp_path / "more.yaml"
    entries = {name: {}, "good": {"source": "library:mug"}, "odd": {"obj_sacle": 1}, 7: None}
    config.write_text(yaml.safe_dump({"dataset": "Mine", "objects": entries}))
    gen = written(tmp_path, "gen_2dhoi", "manipulation", object_config=str(config))
    good = (GEN[0], "--dataset", "Mine", "--category", "good", "--config", gen, "--dry_run")
    result = command(tmp_path, *good)
    assert result.returncode == 0, result.stderr
    for part in (f"{config}: objects.{name}", "did you mean 'obj_scale'?", "objects.7"):
        assert part in result.stderr
    bad = command(tmp_path, *good[:4], "odd", *good[5:])
    assert bad.returncode == 2
    assert "Mine/odd cannot be used" in bad.stderr
