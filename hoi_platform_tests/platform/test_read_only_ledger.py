"""A ledger that cannot be written: one line with the cure, nothing sent, nothing changed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform_tests.platform.prepared import kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

# The superuser writes whatever the permissions say, unless the capability to do so is dropped.
OBEDIENT = """
import ctypes, os, sys
CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0):
    sys.exit("cannot drop CAP_DAC_OVERRIDE")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
BUY = ("-m", "hoi_platform.pipelines.gen_2dhoi", "--dataset", "ComAsset", "--category")
COMMANDS = [
    ("-m", "hoi_platform.cli", "ledger", "list"),
    ("-m", "hoi_platform.cli", "ledger", "spend"),
    ("-m", "hoi_platform.cli", "ledger", "settle", "1", "--cost", "0"),
    (
        *BUY,
        "cordless_drill",
        "--video_model_api",
        "kling-ai",
        "--num_rand_scenes",
        "1",
        "--skip_done",
    ),
]


def obedient(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A process that permissions hold for, no matter who runs the tests."""
    return subprocess.run(
        [sys.executable, "-c", OBEDIENT, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(params=["the file", "the file and its folder"])
def locked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A results folder with one prepared clip, whose ledger is read-only."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    LedgerResource(platform=resource).ledger(BudgetConfig()).rows()
    folder = tmp_path / "ledger"
    for file in folder.iterdir():
        file.chmod(0o444)
    if request.param == "the file and its folder":
        folder.chmod(0o555)
    yield tmp_path
    folder.chmod(0o755)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[-1])
def test_a_read_only_ledger_is_one_line_with_the_cure(
    command: tuple[str, ...], locked: Path, kling: FakeKling
) -> None:
    """A video would be bought that no ledger knows, or a database's stack trace be shown."""
    database = locked / "ledger" / "ledger.db"
    before = database.read_bytes()
    done = obedient(*command, "--results_dir", str(locked))
    said = done.stderr + done.stdout
    assert done.returncode == 1, said
    assert f"{database} cannot be written" in said.replace("\n", " ")
    assert "give this user write access" in said
    assert "Traceback" not in said
    assert [call for call in kling.calls if call.method == "POST"] == []
    assert database.read_bytes() == before
