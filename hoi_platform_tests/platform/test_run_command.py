"""``hoi run``, ``hoi approve`` and ``hoi grow`` as people use them, against Kling's stand-in."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from hoi_platform.cli import app
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform_tests.platform.prepared import prepare
from hoi_platform_tests.platform.processes import HOI, run
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.video.paid_world import make_frames


@pytest.fixture
def paid_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that buys from kling-ai, of which a launch may buy one video unplanned."""
    configs = tmp_path / "configs"
    shutil.copytree(PROJECT_ROOT / "configs", configs)
    path = configs / "gen_2dhoi" / "manipulation.yaml"
    data = yaml.safe_load(path.read_text())
    data["video"] |= {"model_api": "kling-ai", "video_retry_wait": 0.05}
    data["video"]["budget"] = {"confirm_above_usd": 0.5}
    path.write_text(yaml.safe_dump(data))
    results = tmp_path / "results"
    resource = PlatformResource(results_dir=str(results), config_dir=str(configs), profile="full")
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    monkeypatch.setenv("HOI_CONFIG_DIR", str(configs))
    monkeypatch.setenv("HOI_RESULTS_DIR", str(results))
    monkeypatch.setenv("HOI_PROFILE", "full")
    monkeypatch.setenv("COLUMNS", "200")
    return results


def hoi(*words: str) -> Result:
    """The command inside of this process."""
    return CliRunner().invoke(app, words)


def test_a_launch_waits_for_the_plan_that_its_dry_run_wrote(
    kling: FakeKling, paid_home: Path
) -> None:
    """A batch over the limit would be bought unseen, or could not be bought at all."""
    cells = ("--objects", "cordless_drill", "--seeds", "1-2", "--to", "video_task")
    first = run([*HOI, "run", *cells])
    assert first.status == 1, first.errors
    assert "2 cells: 1 done, 1 needs approval" in first.output, first.output
    assert "needs approval: $0.35" in first.output
    assert orders(kling) == 1
    shown = json.loads(hoi("run", *cells, "--dry_run", "--json").stdout)
    assert [cell["stages"] for cell in shown["cells"]] == [[], ["video_task"]]
    assert shown["plan"]["total_usd"] == 0.35
    assert orders(kling) == 1
    assert shown["plan"]["id"] in hoi("approve").stdout
    assert "approved, 0 of 1 used" in hoi("approve", shown["plan"]["id"]).stdout
    again = hoi("run", *cells, "--json")
    assert again.exit_code == 0, again.stdout
    assert [cell["result"] for cell in json.loads(again.stdout)] == ["done", "done"]
    assert orders(kling) == 2


def test_growing_shows_its_numbers_and_begins_nothing_in_a_dry_run(paid_home: Path) -> None:
    """Nobody could see what a night would do before it is switched on."""
    shown = json.loads(hoi("grow", "--dry_run", "--json").stdout)
    assert shown["left_usd"] == 5.0
    assert 0 < shown["usd"] <= 5.0
    assert {cell["expected_yield"] for cell in shown["cells"]} == {0.5}
    values = [cell["value"] for cell in shown["cells"]]
    assert values == sorted(values, reverse=True)
    table = hoi("grow", "--dry_run").stdout
    assert f"{len(shown['cells'])} cells for {shown['usd']:.2f} USD" in table
    assert not (paid_home / "growth").exists()


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        (("run", "--objects", "cordles_drill"), "did you mean 'cordless_drill'"),
        (("run", "--objects", "mug", "--seeds", "1-999"), "each must be from 1 to 128"),
        (("run", "--objects", "mug", "--to", "recons"), "did you mean 'reconstruction'"),
        (("approve", "nothing"), "no plan in"),
    ],
)
def test_mistakes_are_reported_before_any_work(
    words: tuple[str, ...], reported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of settling would end in a mistyped name."""
    monkeypatch.setenv("HOI_RESULTS_DIR", str(tmp_path / "results"))
    ended = hoi(*words)
    assert ended.exit_code == 1
    assert reported in str(ended.exception)
    assert not (tmp_path / "results").exists()
