"""A first start says what it was asked for; what libraries chat is not shown, what they warn is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHATTER = ("Updating event log storage", "Warp", "INFO", "alembic", "UserWarning")
BODY = "from hoi_platform.services.body.anny_body import build_anny_body; build_anny_body('x', {})"
WARNED = """
import os
from hoi_platform.services.native_log import WARP_WITHOUT_A_GPU, without_chatter, without_printed
with without_chatter(WARP_WITHOUT_A_GPU), without_printed(["noise"]):
    os.write(2, f"{WARP_WITHOUT_A_GPU[0]}. CPU only.\\nWarp error: real\\n".encode())
    print("some noise\\nsome news")
"""


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process with a Dagster home that nobody has used."""
    home = {"DAGSTER_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "hoi_platform.cli", "--help"),
        ("-m", "hoi_platform.cli", "objects", "list", "--results_dir", "{results}"),
        ("-m", "hoi_platform.cli", "objects", "register", "ComAsset", "--results_dir", "{results}"),
        ("-c", BODY),
    ],
)
def test_a_first_start_is_quiet(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A newcomer's first lines would be about storage and drivers."""
    filled = [part.replace("{results}", str(tmp_path / "results")) for part in arguments]
    done = started(tmp_path, *filled)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [word for word in CHATTER if word in done.stdout] == []


def test_other_lines_of_libraries_are_shown(tmp_path: Path) -> None:
    """A real warning would vanish with the chatter."""
    done = started(tmp_path, "-c", WARNED)
    assert done.stderr == "Warp error: real\n"
    assert done.stdout == "some news\n"
