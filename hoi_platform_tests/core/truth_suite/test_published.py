"""The published figures of the truth suite."""

import json
from pathlib import Path
from typing import Any

import pytest

from hoi_platform.core.truth_suite.cases import cases
from hoi_platform_tests.benchmarks.recon_table import markdown
from hoi_platform_tests.benchmarks.tables import DOCS


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return json.loads((DOCS / "bench_recon.json").read_text())


def test_the_page_shows_the_figures_of_the_report(report: dict[str, Any]) -> None:
    """The page would claim what no run printed."""
    assert markdown(report) in (DOCS / "benchmarks.md").read_text()


def test_no_sealed_clip_is_left_out(report: dict[str, Any]) -> None:
    """Figures of the clips that went well would be published as those of all."""
    sealed = report["parts"]["sealed"]
    names = {case.name for case in cases("sealed")}
    assert set(sealed["clips"]) | set(sealed["failed"]) == names


def test_the_sealed_run_is_logged(report: dict[str, Any]) -> None:
    """How often the sealed clips were looked at would be unknown."""
    log = (Path(DOCS) / "sealed_log.md").read_text()
    for commit in report["parts"]["sealed"]["commits"]:
        assert any(commit.rstrip("+")[:7] in line for line in log.splitlines())
