"""What is made again and what is left: --skip_done, --force, --buy-again, refused values."""

from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.pipelines.dry_run import plan_purchases, print_purchases
from hoi_platform.pipelines.redo import (
    Redo,
    batches,
    bought_otherwise,
    is_blocked,
    valid_clips,
)
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.prepared import ABOVE, DRILL, kling_platform, prepare

GEN = [*ABOVE, "video_task", "interaction_video"]


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    from PIL import Image

    path = tmp_path / "frame.png"
    Image.new("RGB", (64, 36), (90, 120, 60)).save(path)
    return path


def fill(platform: Platform, name: str, clip: ClipId, **facts: object) -> None:
    """An artifact with filler files and facts."""

    def body(work: Work) -> None:
        for file in ARTIFACTS[name].files:
            path = work.output(file.key)
            path = path / "filler" if path.is_dir() else path
            path.write_text(name)
        work.facts.update(facts)
        work.ran = "a stand-in"

    platform.stages(STAGES).run(name, clip, body, lambda _f, _t: None)


def bought(tmp_path: Path, frame: Path, **video: object) -> Platform:
    """Two prepared clips, of which the first has a bought video."""
    first, _ = prepare(kling_platform(tmp_path), frame, range(1, 3))
    fill(kling_platform(tmp_path).platform(), "video_task", first, provider="kling-ai")
    return kling_platform(tmp_path, **video).platform()


def test_a_bought_clip_is_not_bought_otherwise_without_a_word(tmp_path: Path, frame: Path) -> None:
    """A changed setting would buy every clip of the dataset again."""
    work = [(DRILL, [1, 2])]
    same = bought(tmp_path, frame)
    assert list(bought_otherwise(same, work)) == []
    Redo().check_bought(same, work, GEN)
    changed = kling_platform(tmp_path, kling_mode="std").platform()
    assert list(bought_otherwise(changed, work)) == [changed.clip(DRILL, 1)]
    with pytest.raises(ConfigError, match=r"1 clips .*--skip_done.*--buy-again"):
        Redo().check_bought(changed, work, GEN)
    Redo(buy_again=True).check_bought(changed, work, GEN)
    Redo(skip_done=True).check_bought(changed, work, GEN)


def test_the_dry_run_counts_what_the_flags_let_be_bought(tmp_path: Path, frame: Path) -> None:
    """The price shown before spending would not be the price paid."""
    bought(tmp_path, frame)
    platform = kling_platform(tmp_path, kling_mode="std").platform()
    config = platform.settings("manipulation").gen_2dhoi

    def videos(redo: Redo) -> tuple[int, int]:
        (purchase,) = plan_purchases(platform, config, [(DRILL, [1, 2])], redo)
        return purchase.videos_to_buy, purchase.kept

    assert videos(Redo()) == (1, 1)
    assert videos(Redo(buy_again=True)) == (2, 0)
    assert videos(Redo(skip_done=True))[0] == 1


def test_the_dry_run_says_what_skip_done_does(
    tmp_path: Path, frame: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clip that cannot be made would be counted as bought, and a kept one as a problem."""
    bought(tmp_path, frame)
    reworded = kling_platform(tmp_path, base_prompt="Other words.").platform()
    config = reworded.settings("manipulation").gen_2dhoi
    redo = Redo(skip_done=True)
    purchases = plan_purchases(reworded, config, [(DRILL, [1, 2, 3])], redo)
    (one,) = purchases
    assert (one.videos_to_buy, one.blocked) == (1, 1), "the second has a prompt of other words"
    print_purchases(purchases, config.video, redo)
    shown = capsys.readouterr().out
    assert "neither made nor bought again" in shown
    assert "1 videos are missing and cannot be made" in shown
    assert "the run needs" not in shown


def test_what_a_stage_does_not_read_blocks_nothing(tmp_path: Path, frame: Path) -> None:
    """An old simulated performance would keep a bought video from being fetched."""
    platform = bought(tmp_path, frame)
    clip = platform.clip(DRILL, 1)
    fill(platform, "performance", clip)
    changed = kling_platform(tmp_path, simulated_fps=30).platform()
    assert not changed.stages(STAGES).status("performance", clip).done
    assert not is_blocked(changed, "interaction_video", clip)
    reworded = kling_platform(tmp_path, base_prompt="Other words.").platform()
    assert is_blocked(reworded, "interaction_video", clip)


def test_skip_done_excludes_buying_again(tmp_path: Path, frame: Path) -> None:
    """A kept clip's missing file would be fetched with other settings, and so bought again."""
    settings = bought(tmp_path, frame).settings("manipulation")
    with pytest.raises(ConfigError, match="buys nothing again"):
        Redo(skip_done=True, buy_again=True).check(GEN, settings)


def test_skip_done_leaves_what_was_made_with_other_settings(tmp_path: Path, frame: Path) -> None:
    """A batch that is continued would redo, and buy, what stands."""
    bought(tmp_path, frame)
    changed = kling_platform(tmp_path, kling_mode="std", base_prompt="Other words.").platform()
    work = [(DRILL, [1, 2])]
    assert batches(changed, work, GEN, skip_done=False) == [(work, GEN)]
    left = batches(changed, work, GEN, skip_done=True)
    assert left == [
        ([(DRILL, [2])], ["video_task", "interaction_video"]),
        ([(DRILL, [1])], ["interaction_video"]),
    ]
    # What is damaged is no longer there.
    changed.store.path("video_prompt", "text", changed.clip(DRILL, 1)).unlink()
    assert ([(DRILL, [1])], ["video_prompt", "interaction_video"]) in batches(
        changed, work, GEN, skip_done=True
    )


def test_valid_clips_are_those_that_the_filter_passed(tmp_path: Path, frame: Path) -> None:
    """vis_valid_only would be parsed and ignored."""
    resource = kling_platform(tmp_path)
    first, second = prepare(resource, frame, range(1, 3))
    platform = resource.platform()
    fill(platform, "filtered_hoi", first, valid=True)
    fill(platform, "filtered_hoi", second, valid=False)
    assert valid_clips(platform, [(DRILL, [1, 2])]) == [(DRILL, [1])]


def test_the_record_names_what_ran(tmp_path: Path, frame: Path) -> None:
    """A record would repeat the configuration instead of what made the artifact."""
    platform = bought(tmp_path, frame)
    record = platform.store.record("video_task", platform.clip(DRILL, 1))
    assert record is not None
    assert record.backend == "a stand-in"


def test_force_makes_a_done_stage_again(tmp_path: Path) -> None:
    """--force would be accepted and change nothing."""
    resource = PlatformResource(results_dir=str(tmp_path))
    assert [o.made for o in ChainRunner(resource).run(DRILL, [], ["object_mesh"])] == [True]
    assert [o.made for o in ChainRunner(resource).run(DRILL, [], ["object_mesh"])] == [False]
    forced = PlatformResource(results_dir=str(tmp_path), force=["object_mesh"])
    assert [o.made for o in ChainRunner(forced).run(DRILL, [], ["object_mesh"])] == [True]


def test_an_asset_refuses_what_it_cannot_honor(tmp_path: Path) -> None:
    """On the page a value would be ignored that the command line refuses."""
    overrides = {"gen_2dhoi": {"simulation": {"save_usd": True}}}
    resource = PlatformResource(results_dir=str(tmp_path), overrides=overrides)
    mesh, settled = ChainRunner(resource).run(DRILL, [], ["object_mesh", "settled_pose"])
    assert mesh.error is None
    assert settled.error is not None
    assert "simulation.save_usd: True is not supported by settled_pose" in settled.error
