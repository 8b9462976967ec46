"""``hoi bench ledger``: a dozen cases, and the published figures of the whole run."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hoi_platform.services.chaos.figures import (
    PartFiles,
    Plan,
    broken_promises,
    markdown,
    merged,
)
from hoi_platform.services.chaos.part import ENVIRONMENT
from hoi_platform_tests.services.chaos.planted import CASES

ROOT = Path(__file__).parents[3]
MIN_DEATHS = 10_000
DISASTERS = ("deaths by exit", "deaths by kill", "deaths by torn", "pauses beyond the lease")


def run(*arguments: str, ok: bool = True) -> str:
    """The output of a Python process over this checkout."""
    environment = os.environ | ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=240,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_a_dozen_cases_keep_every_promise(tmp_path: Path) -> None:
    """A video would be bought twice, lost, or delivered in half when processes die."""
    output = tmp_path / "figures.json"
    command = ["-m", "hoi_platform.cli", "bench", "ledger", "--databases", "sqlite"]
    command += ["--cases", "12", "--folder", str(tmp_path), "--output", str(output)]
    run(*command)
    figures = json.loads(output.read_text())
    counts = Counter(figures["databases"]["sqlite"]["counts"])
    assert broken_promises(figures) == []
    assert counts["deaths"] >= 30
    assert counts["requests"] >= 12
    assert figures["databases"]["sqlite"]["audits"] > 12
    assert "done earlier" in run(*command)


@pytest.mark.timeout(300)
def test_what_no_ledger_can_save_is_found() -> None:
    """The bench would find nothing, whatever happens."""
    figures = json.loads(run("-m", "hoi_platform_tests.services.chaos.planted", "fal"))
    assert figures["findings"]["bought twice"]
    assert figures["findings"]["money not conserved"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("generation", ["kling-legacy", "kling-new"])
def test_a_purchase_that_the_disk_forgot_is_found_by_our_id(generation: str) -> None:
    """A commit that a power failure takes away would be a video bought twice, or lost."""
    figures = json.loads(run("-m", "hoi_platform_tests.services.chaos.planted", generation))
    assert figures["findings"] == {}
    assert figures["counts"]["forgotten commits"] == CASES
    assert figures["ends"] == {"delivered": CASES}
    assert figures["counts"]["tasks"] == CASES


@pytest.mark.timeout(120)
def test_a_case_is_replayed_with_its_story() -> None:
    """Nobody could see what happened in a case that failed."""
    reported = run(
        "-m", "hoi_platform.cli", "bench", "ledger", "--case", "3", "--databases", "sqlite"
    )
    assert "sqlite, seed 1, case 3" in reported
    assert "life 1, process 0" in reported
    assert "is delivered" in reported


def test_the_published_figures_are_those_of_a_whole_run() -> None:
    """The documentation would claim what was not measured, or hide a broken promise."""
    figures = json.loads((ROOT / "docs/bench_ledger.json").read_text())
    page = (ROOT / "docs/benchmarks.md").read_text()
    assert markdown(figures) in page
    databases = figures["databases"]
    assert set(databases) == {"sqlite", "postgresql"}
    assert broken_promises(figures) == []
    assert all(d["counts"]["bought twice"] == 0 for d in databases.values())
    assert sum(d["counts"]["deaths"] for d in databases.values()) >= MIN_DEATHS
    for database in databases.values():
        counts = Counter(database["counts"])
        assert counts["charged micro-USD"] == counts["booked micro-USD"]
        assert sum(database["ends"].values()) == counts["requests"]
    assert all(databases["sqlite"]["counts"][kind] > 0 for kind in DISASTERS)


def test_a_run_that_delivers_too_little_does_not_pass(tmp_path: Path) -> None:
    """A ledger that refuses everything would keep every promise."""
    plan = Plan(1, 10, 5, ("sqlite",))
    part = {
        "database": "sqlite",
        "counts": {"deliverable": 10, "deliverable, delivered": 9},
        "ends": {"delivered": 9, "refused: why": 1},
        "audits": 1,
        "findings": {},
        "seconds": 1.0,
    }
    assert "90.0% of the requests" in broken_promises(merged(plan, [part], "here"))[0]
    files = PartFiles(tmp_path)
    first, second = plan.parts()
    files.write(first, part)
    assert (files.read(first), files.read(second)) == (part, None)
