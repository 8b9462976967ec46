"""What a batch says at its end, and on the way: a reason per cell, the time that is left."""

from pathlib import Path

import pytest

from hoi_platform.commands.cell_results import cell_results, summary_of
from hoi_platform.commands.eta import Eta
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import Subject
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import Outcome, Part
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.prepared import DRILL


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return PlatformResource(results_dir=str(tmp_path)).platform()


def outcome(asset: str, subject: Subject, error: str | None = None, **more: bool) -> Outcome:
    assert subject is not None
    return Outcome(asset, subject, None, error is None, error, **more)


def test_each_cell_has_the_reason_that_concerns_it(platform: Platform) -> None:
    """The morning after, nobody would know why a cell is missing."""
    done, failed, held, below, unjudged = clips = [platform.clip(DRILL, s) for s in range(1, 6)]
    outcomes = [
        outcome("object_mesh", DRILL),
        outcome("scene_render", done),
        outcome("scene_render", failed, "no valid camera"),
        outcome("video_prompt", failed, "not run: an earlier stage failed"),
        outcome("video_task", held, "needs approval: $0.35", waits=True),
        outcome("scene_render", below, "not run: the batch stopped"),
        outcome("filtered_hoi", unjudged),
    ]
    results = cell_results(platform, clips, outcomes)
    assert [(r.result, r.reason) for r in results] == [
        ("done", ""),
        ("failed", "scene_render: no valid camera"),
        ("needs approval", "needs approval: $0.35"),
        ("not run", "not run: the batch stopped"),
        ("not run", "it has no verdict"),
    ]
    assert [r.unfinished for r in results] == [False, True, True, True, True]
    assert summary_of(results) == "5 cells: 1 done, 1 failed, 1 needs approval, 2 not run"


def test_a_failed_object_is_the_reason_of_its_cells(platform: Platform) -> None:
    """Its clips would be listed without a word, since none of them was tried."""
    outcomes = [outcome("settled_pose", DRILL, "it does not come to rest")]
    (result,) = cell_results(platform, [platform.clip(DRILL, 1)], outcomes)
    assert result.reason == "settled_pose: it does not come to rest"


def test_the_time_left_is_that_of_like_parts(platform: Platform) -> None:
    """Cheap stages would promise that the dear ones take as long."""
    now = [0.0]
    eta = Eta(lambda: now[0])
    clips: list[ClipId] = [platform.clip(DRILL, seed) for seed in (1, 2, 3)]
    renders = [Part(clip, ("scene_render",)) for clip in clips]
    follows = [Part(clip, ("filtered_hoi",)) for clip in clips]
    now[0] = 10.0
    assert eta.add([outcome("scene_render", clips[0])], []) == "1 of 1 parts"
    now[0] = 70.0
    line = eta.add([outcome("filtered_hoi", clips[0])], [*renders[1:], *follows[1:]])
    assert line == "2 of 6 parts, about 2 min left"
    assert eta.left_s([*renders[1:], *follows[1:]]) == pytest.approx(2 * 10 + 2 * 60)


def test_nothing_is_promised_before_anything_was_made(platform: Platform) -> None:
    """Stages that were done already would promise an end in no time."""
    clip = platform.clip(DRILL, 1)
    kept = Outcome("scene_render", clip, None, made=False)
    assert Eta(lambda: 5.0).add([kept], [Part(clip, ("filtered_hoi",))]) == "1 of 2 parts"
