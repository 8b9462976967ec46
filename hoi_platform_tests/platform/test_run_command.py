"""``hoi run`` and ``hoi approve`` as processes of their own, against Kling's stand-in."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform_tests.platform.prepared import prepare
from hoi_platform_tests.platform.processes import HOI, Ended, run
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.video.paid_world import make_frames


@pytest.fixture
def paid_home(tmp_path: Path) -> dict[str, str]:
    """A configuration that buys from kling-ai, of which a launch may buy one video unplanned."""
    configs = tmp_path / "configs"
    shutil.copytree(PROJECT_ROOT / "configs", configs)
    path = configs / "gen_2dhoi" / "manipulation.yaml"
    data = yaml.safe_load(path.read_text())
    data["video"] |= {"model_api": "kling-ai", "video_retry_wait": 0.05}
    data["video"]["budget"] = {"confirm_above_usd": 0.5}
    path.write_text(yaml.safe_dump(data))
    home = {"HOI_CONFIG_DIR": str(configs), "HOI_RESULTS_DIR": str(tmp_path / "results")}
    resource = PlatformResource(
        results_dir=home["HOI_RESULTS_DIR"], config_dir=str(configs), profile="full"
    )
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    return home | {"HOI_PROFILE": "full", "DAGSTER_HOME": str(tmp_path / "home")}


def hoi(home: dict[str, str], *words: str) -> Ended:
    return run([*HOI, *words], **home)


@pytest.mark.slow
def test_a_launch_waits_for_the_plan_that_its_dry_run_wrote(
    kling: FakeKling, paid_home: dict[str, str]
) -> None:
    """A batch over the limit would be bought unseen, or could not be bought at all."""
    cells = ("--objects", "cordless_drill", "--seeds", "1-2", "--to", "video_task")
    first = hoi(paid_home, "run", *cells)
    assert first.status == 1, first.errors
    assert "2 cells: 1 done, 1 needs approval" in first.output, first.output
    assert "needs approval: $0.35" in first.output
    assert orders(kling) == 1
    shown = json.loads(hoi(paid_home, "run", *cells, "--dry_run", "--json").output)
    assert [cell["stages"] for cell in shown["cells"]] == [[], ["video_task"]]
    assert shown["plan"]["total_usd"] == 0.35
    assert orders(kling) == 1
    approved = hoi(paid_home, "approve", shown["plan"]["id"])
    assert "approved, 0 of 1 used" in approved.output
    again = hoi(paid_home, "run", *cells, "--json")
    assert again.status == 0, again.errors
    assert [cell["result"] for cell in json.loads(again.output)] == ["done", "done"]
    assert orders(kling) == 2


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
    words: tuple[str, ...], reported: str, tmp_path: Path
) -> None:
    """An hour of settling would end in a mistyped name."""
    ended = hoi({"HOI_RESULTS_DIR": str(tmp_path / "results")}, *words)
    assert ended.status == 1
    assert reported in ended.errors
    assert not (tmp_path / "results").exists()
