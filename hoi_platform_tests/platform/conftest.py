"""A Dagster instance of its own, and one small clip that went through both command lines."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform_tests.platform.added import Add, adder
from hoi_platform_tests.platform.stand_ins import served_kling

SMALL_GEN = {
    "rendering": {
        "width": 640,
        "height": 360,
        "samples": 4,
        "denoise": False,
        "num_rand_scenes": 1,
        "gpu": False,
    },
    "video": {"simulated_fps": 12, "simulated_frames": 33, "simulated_samples": 2},
}
SMALL_RECON = {
    "optimization": {
        "opt_stage_specs": {"init_opt": {"niter": 60}, "contact_opt": {"niter": 40}},
    }
}


@pytest.fixture
def add(tmp_path: Path) -> Iterator[Add]:
    """Writes a file that counts as one of a package, until the test ends."""
    with adder(tmp_path) as write:
        yield write


@pytest.fixture
def kling() -> Iterator[FakeKling]:
    """Kling's stand-in on loopback, which the environment points at."""
    with served_kling() as kling:
        yield kling


@pytest.fixture(scope="session", autouse=True)
def dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test may write into the project's own instance."""
    home = tmp_path_factory.mktemp("dagster_home")
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["DAGSTER_HOME"]
    else:
        os.environ["DAGSTER_HOME"] = before


def small_config(folder: Path, stage: str, name: str, changes: dict) -> Path:
    """A shipped configuration file with changes, written into ``folder``."""
    from hoi_platform.core.config.settings import merged

    shipped = yaml.safe_load((PROJECT_ROOT / "configs" / stage / f"{name}.yaml").read_text())
    path = folder / f"{stage}.yaml"
    path.write_text(yaml.safe_dump(merged(shipped, changes), sort_keys=False))
    return path


@pytest.fixture(scope="session")
def small_configs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Both stages' files for a clip that takes a minute or two."""
    folder = tmp_path_factory.mktemp("configs")
    return (
        small_config(folder, "gen_2dhoi", "manipulation", SMALL_GEN),
        small_config(folder, "recon_4dhoi", "manip_anny", SMALL_RECON),
    )


@pytest.fixture(scope="session")
def clip_results(
    tmp_path_factory: pytest.TempPathFactory, small_configs: tuple[Path, Path]
) -> Path:
    """The results of the drill's clip, made by the two command lines of the reference."""
    from hoi_platform.pipelines import gen_2dhoi, recon_4dhoi

    gen, recon = small_configs
    results = tmp_path_factory.mktemp("results")
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill", "--results_dir", str(results)]
    simulated = ["--character", "kid", "--video_model_api", "simulated"]
    assert gen_2dhoi.main([*flags, *simulated, "--config", str(gen)]) == 0
    assert recon_4dhoi.main([*flags, "--config", str(recon), "--gen_config", str(gen)]) == 0
    return results
