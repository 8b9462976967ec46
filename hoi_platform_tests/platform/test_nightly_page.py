"""docs/nightly.md: its commands run, its tables are the configuration."""

import re
import shlex
from pathlib import Path

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner

from hoi_platform.cli import app
from hoi_platform.core.growth.config import GrowthConfig
from hoi_platform.definitions import build_defs
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.yaml_files import read_config
from hoi_platform_tests.pages import ROOT, blocks

PAGE = (ROOT / "docs" / "nightly.md").read_text()
COMMANDS = [
    line for block in blocks(PAGE) if block.language == "bash" for line in block.text.splitlines()
]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader would type a command that fails."""
    monkeypatch.setenv("HOI_RESULTS_DIR", str(tmp_path))
    program, *words = shlex.split(line, comments=True)
    assert program == "hoi"
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0, ended.output
    assert ended.output


def test_the_launchpads_example_is_accepted() -> None:
    """A reader would paste a configuration that the job refuses."""
    (text,) = [block.text for block in blocks(PAGE) if block.language == "yaml"]
    job = build_defs().resolve_job_def("make_clips")
    assert dg.validate_run_config(job, yaml.safe_load(text))


def test_the_table_names_every_key_with_its_default() -> None:
    """A limit would be described that does not exist, or with another default."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)?) \| ([^|]+) \|", PAGE, re.MULTILINE)
    keys = [re.findall(r"`(\w+)`", names) for names, _ in rows]
    assert sorted(key for row in keys for key in row) == sorted(GrowthConfig.model_fields)
    plain = GrowthConfig()
    for row, (_, shown) in zip(keys, rows, strict=True):
        values = [getattr(plain, key) for key in row if getattr(plain, key) != {}]
        flat = [x for value in values for x in (value if isinstance(value, tuple) else [value])]
        assert shown == ", ".join(f"{x:g}" if isinstance(x, float) else str(x) for x in flat)


def test_the_shipped_file_holds_the_defaults() -> None:
    """The file would say something else than the page."""
    assert read_config(GrowthConfig, PROJECT_ROOT / "configs" / "growth.yaml") == GrowthConfig()
