"""What is missing in all cells, by records that are read once, and again when they change."""

import json
import time
from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.services.artifacts.file_state import UNSETTLED_S
from hoi_platform.services.artifacts.store import ArtifactStore, State
from hoi_platform.services.cells import Cell, Verdicts, cells, verdicts
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.prepared import DRILL, fill, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

VIDEO = "interaction_video"
MORE = ("video_task", VIDEO, "human_pose")


@pytest.fixture
def clips(tmp_path: Path) -> list[ClipId]:
    """Two clips of the drill; the first one's body is estimated."""
    resource = kling_platform(tmp_path)
    frame = make_frames(tmp_path, 1)[0]
    clips = prepare(resource, frame, range(1, 3))
    fill(resource, frame, clips[0], MORE)
    return clips


def platform(results: Path, **video: object) -> Platform:
    return kling_platform(results, **video).platform()


def found(service: Platform) -> dict[int, Cell]:
    return {cell.clip.seed: cell for cell in cells(service, STAGES)}


def record_file(results: Path, asset: str, clip: ClipId) -> Path:
    return results / "generation" / "records" / asset / f"{clip.path}.json"


def changed_fact(file: Path, **facts: object) -> None:
    """Edit a record as a person would, in place."""
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"facts": record["facts"] | facts}))


def test_cells_say_what_is_missing(clips: list[ClipId], tmp_path: Path) -> None:
    """A batch would be resumed at the wrong stage, or not at all."""
    first, second = found(platform(tmp_path)).values()
    assert (first.clip, second.clip) == tuple(clips)
    assert first.missing[:2] == ("scene_tracks", "object_pose")
    assert second.missing[:3] == ("video_task", VIDEO, "human_pose")
    assert "performance" not in first.states  # made on demand, and a bought video demands none
    other = found(platform(tmp_path, duration="10"))[1]
    assert other.states["video_task"] is State.STALE
    assert other.states["scene_render"] is State.DONE


def test_cells_agree_with_the_records_one_by_one(clips: list[ClipId], tmp_path: Path) -> None:
    """The quick judgment would differ from the one that decides what is made."""
    service = platform(tmp_path)
    record_file(tmp_path, "video_prompt", clips[0]).write_text("{")
    stages = service.stages(STAGES)
    for clip, cell in zip(clips, found(service).values(), strict=True):
        clip_scoped = [
            name for name in cell.states if "object" not in name and name != "settled_pose"
        ]
        slowly = {name: stages.status(name, clip).state for name in clip_scoped}
        assert {name: cell.states[name] for name in clip_scoped} == slowly


def test_verdicts_are_counted_per_object(clips: list[ClipId], tmp_path: Path) -> None:
    """Growth would be planned from wrong yields."""
    assert verdicts(platform(tmp_path)) == {DRILL: Verdicts(unjudged=2)}
    changed_fact(record_file(tmp_path, VIDEO, clips[0]), rejected="first_frame")
    assert verdicts(platform(tmp_path)) == {DRILL: Verdicts(rejected_videos=1, unjudged=1)}
    assert found(platform(tmp_path))[1].missing == ()


def test_a_record_is_read_once_and_again_when_edited(clips: list[ClipId], tmp_path: Path) -> None:
    """Listings would read every record each time, or show what a record said before."""
    settle()
    first, second, third = (ArtifactStore(tmp_path).summaries for _ in range(3))
    first.of_object(DRILL.path)
    second.of_object(DRILL.path)
    assert first.read == 10
    assert second.read == 0
    changed_fact(record_file(tmp_path, VIDEO, clips[0]), rejected="first_frame")
    records = third.of_object(DRILL.path)
    assert third.read == 1
    record = records.of(VIDEO, clips[0])
    assert record is not None
    assert record.facts["rejected"] == "first_frame"


@pytest.mark.parametrize(
    "damaged", ["", "{}", '{"form": 1, "files": [], "texts": 0, "rows": []}', "[1]"]
)
def test_a_damaged_cache_is_rebuilt(clips: list[ClipId], tmp_path: Path, damaged: str) -> None:
    """After a power cut no listing would work."""
    before = found(platform(tmp_path))
    (cache,) = (tmp_path / ".cache" / "records").rglob("*.json")
    cache.write_text(damaged)
    assert found(platform(tmp_path)) == before


def settle() -> None:
    """Wait until what was written just now is old enough to be remembered."""
    time.sleep(2 * UNSETTLED_S)
