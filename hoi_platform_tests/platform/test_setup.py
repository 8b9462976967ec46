"""The set-up on machines that lack something: one line says what, and the cure."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hoi_platform.resources.platform import PROJECT_ROOT


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "no Python at all; install one with your package manager"),
        ("exit 1", "uv could not be installed from PyPI"),
    ],
)
def test_without_python_3_11_one_line_says_what_to_do(
    python: str | None, said: str, tmp_path: Path
) -> None:
    """A user of Ubuntu or Debian 13 would see a stack of pip's errors, or nothing."""
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "sed", "grep"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    if python:
        (tmp_path / "bin" / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (tmp_path / "bin" / "python3").chmod(0o755)
    result = subprocess.run(
        ["bash", str(PROJECT_ROOT / "scripts" / "setup.sh"), str(tmp_path / "venv")],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert said in result.stderr.splitlines()[-1]
    assert not (tmp_path / "venv").exists()
