"""A bought clip as version 1 left it, and the command that carries it over."""

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import upstream_subject
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.store import State
from hoi_platform_tests.platform.conftest import SMALL_GEN, SMALL_RECON, small_config

_ARCHIVE = Path(__file__).parents[1] / "goldens" / "v1_bought_clip.tar.xz"
_GEN = {
    **SMALL_GEN,
    "rendering": {**SMALL_GEN["rendering"], "samples": 2},
    "video": {
        "model_api": "kling-ai",
        "simulated_samples": 1,
        "video_retry_wait": 0.5,
        "video_max_polls": 1000,
    },
}


def unpacked(folder: Path) -> Path:
    """The results folder with one bought clip, from its mesh to the index."""
    with tarfile.open(_ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "results"


def resource_of(results: Path, folder: Path) -> PlatformResource:
    """With the configuration that the clip was made with, written into ``folder``."""
    return PlatformResource(
        results_dir=str(results),
        gen_config=str(small_config(folder, "gen_2dhoi", "manipulation", _GEN)),
        recon_config=str(small_config(folder, "recon_4dhoi", "manip_anny", SMALL_RECON)),
    )


def migrate(resource: PlatformResource, *options: str) -> str:
    """The command as a process of its own."""
    words = ["--results_dir", resource.results_dir, "--config", resource.gen_config]
    command = [sys.executable, "-m", "hoi_platform.cli", "migrate", *words]
    command += ["--recon-config", resource.recon_config, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def states(resource: PlatformResource, clip: ClipId) -> set[State]:
    """Of all stages that a bought clip has: nothing is performed for it."""
    stages = resource.platform().stages(STAGES)
    demanded = stages.in_demand(flow_order(), clip)
    return {stages.status(a, upstream_subject(a, clip) or clip).state for a in demanded}


def contents(folder: Path) -> dict[str, str]:
    """Path → hash of every file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
