"""Segments in a row and several takes: each bought once, joined, the stillest kept."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError, RefusedError, TransientError
from hoi_platform.core.filtering.video_sanity import camera_drift
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video, read_video
from hoi_platform.services.video.montage import Montage, is_montage, segment_of
from hoi_platform_tests.services.video.paid_world import World, quiet


def montage(world: World, ledger: Ledger, folder: Path) -> Montage:
    return Montage(
        world.process(ledger, folder / "videos"), lambda path: camera_drift(frames(path))
    )


def frames(path: Path) -> np.ndarray:
    return read_video(path).frames


def wanted(request: VideoRequest, **changes: object) -> VideoRequest:
    return replace(request, config=request.config.model_copy(update=changes))


def bodies(world: World) -> list[dict]:
    """Every order as it was sent."""
    return [json.loads(call.body) for call in world.kling.calls if call.method == "POST"]


def test_segments_follow_each_other(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A long clip would jump back to its beginning, stutter, or be one segment long."""
    request, target = wanted(request_, num_video_segments=3), tmp_path / "out.mp4"
    backend = montage(world, ledger, tmp_path)
    facts = backend.collect(backend.submit(request), request, target, quiet).facts
    assert probe_video(target).frames == 5 + 4 + 4
    assert facts["cost_usd"] == pytest.approx(3 * 0.35)
    assert facts["ledger_rows"] == [1, 2, 3]
    images = [base64.b64decode(body["image"]) for body in bodies(world)]
    assert images[0] == request.frame.read_bytes()
    assert len(set(images)) == 3
    assert {row.subject for row in ledger.rows()} == {request.clip}


def test_what_was_bought_before_an_interruption_is_not_bought_again(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Each wait for a later segment would buy the earlier ones once more."""
    world = World.of(FaultPlan(), slots=20, run_s=10_000.0)
    request, target = wanted(request_, num_video_segments=2, num_videos=2), tmp_path / "out.mp4"
    task = montage(world, ledger, tmp_path).submit(request)
    end_tasks(world)
    with pytest.raises(TransientError, match="it stays in the ledger"):
        # the second segments of both takes are bought, and run for hours
        montage(world, ledger, tmp_path).collect(task, request, target, quiet)
    assert len(bodies(world)) == 4
    end_tasks(world)
    for _ in range(2):
        montage(world, ledger, tmp_path).collect(task, request, target, quiet)
    assert len(bodies(world)) == 4
    assert {row.state for row in ledger.rows()} == {RequestState.DELIVERED}


def end_tasks(world: World) -> None:
    for task in world.kling.book.tasks:
        task.run_s = 0.0


@pytest.mark.parametrize(
    ("changes", "tails"),
    [
        ({"num_video_segments": 2}, [False, False]),
        ({"num_video_segments": 2, "seg_idx_for_tail_image": 1}, [False, True]),
        ({"num_video_segments": 2, "use_all_tail_images": True}, [True, True]),
    ],
)
def test_tail_images_bring_a_segment_back_to_the_beginning(
    changes: dict,
    tails: list[bool],
    world: World,
    ledger: Ledger,
    request_: VideoRequest,
    tmp_path: Path,
) -> None:
    """The seeds' settings would be read and do nothing."""
    request, backend = wanted(request_, **changes), montage(world, ledger, tmp_path)
    backend.collect(backend.submit(request), request, tmp_path / "out.mp4", quiet)
    assert ["image_tail" in body for body in bodies(world)] == tails
    sent = {body["image_tail"] for body in bodies(world) if "image_tail" in body}
    assert sent <= {base64.b64encode(request.frame.read_bytes()).decode()}


def test_a_tail_image_that_is_not_taken_is_told_before_the_first_segment_is_bought(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The first segment would be paid for a clip that can never be finished."""
    changes = {"num_video_segments": 2, "seg_idx_for_tail_image": 1, "kling_mode": "std"}
    with pytest.raises(BadInputError, match="a tail image needs 'pro'"):
        montage(world, ledger, tmp_path).submit(wanted(request_, **changes))
    assert world.kling.calls == []
    assert ledger.rows() == []


def test_the_stillest_take_is_kept(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Money would be spent on takes of which any one is used."""
    request = wanted(request_, num_videos=3)
    drifts = iter([0.3, 0.1, 0.2])
    backend = Montage(world.process(ledger, tmp_path / "videos"), lambda _path: next(drifts))
    task = backend.submit(request)
    assert len(bodies(world)) == 3
    facts = backend.collect(task, request, tmp_path / "out.mp4", quiet).facts
    assert (facts["takes"], facts["kept_take"]) == (3, 1)
    assert (tmp_path / "out.mp4").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".takes")] == []


def test_a_failed_take_leaves_the_others(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """One failed take would waste the money of the others, or vanish without a word."""
    request, backend = wanted(request_, num_videos=2), montage(world, ledger, tmp_path)
    task = backend.submit(request)
    world.kling.book.tasks[0].fault = "failed"
    facts = backend.collect(task, request, tmp_path / "out.mp4", quiet).facts
    assert facts["takes"] == 1
    assert "generation failed" in facts["refused_takes"][0]
    world.kling.book.tasks[1].fault = "failed"
    other = montage(world, open_ledger(f"sqlite:///{tmp_path}/other.db"), tmp_path / "other")
    with pytest.raises(RefusedError):
        other.collect(other.submit(request), request, tmp_path / "o.mp4", quiet)


def test_a_take_that_is_refused_at_once_leaves_the_others(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """One refused take would strand the paid one."""
    world = World.of(FaultPlan(), slots=50)
    request, backend = wanted(request_, num_videos=2), montage(world, ledger, tmp_path)
    world.plan.always = frozenset({"policy"})
    refused = segment_of(request, 0, 0, request.frame)
    with pytest.raises(RefusedError):
        backend.backend.submit(refused)
    world.plan.always = frozenset()
    facts = backend.collect(backend.submit(request), request, tmp_path / "o.mp4", quiet).facts
    assert (facts["takes"], facts["kept_take"]) == (1, 1)
    assert len(facts["refused_takes"]) == 1


def test_all_refused_takes_are_named(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A person would look at one row and miss the others."""
    world = World.of(FaultPlan(always=frozenset({"policy"})), slots=50)
    backend = montage(world, ledger, tmp_path)
    with pytest.raises(RefusedError, match=r"row 1\).*row 2\)"):
        backend.submit(wanted(request_, num_videos=2))


def test_a_rejected_take_is_kept_only_if_there_is_no_other(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A take of another scene would be chosen because its camera stands stiller."""
    request, backend = wanted(request_, num_videos=2), montage(world, ledger, tmp_path)
    task = backend.submit(request)
    world.kling.book.tasks[0].fault = "wrong_video"
    collected = backend.collect(task, request, tmp_path / "out.mp4", quiet)
    assert (collected.rejected, collected.facts["kept_take"]) == ("", 1)
    assert len(collected.facts["rejected_takes"]) == 1
    world = World.of(FaultPlan(always=frozenset({"wrong"})), slots=50)
    other = montage(world, open_ledger(f"sqlite:///{tmp_path}/other.db"), tmp_path / "other")
    collected = other.collect(other.submit(request), request, tmp_path / "o.mp4", quiet)
    assert "first_frame" in collected.rejected
    assert collected.failed


def test_more_takes_keep_the_first_one(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Raising num_videos would buy the delivered video again."""
    world.process(ledger, tmp_path / "videos").submit(request_)
    montage(world, ledger, tmp_path).submit(wanted(request_, num_videos=2))
    assert len(bodies(world)) == 2


def test_a_plain_clip_is_no_montage(world: World) -> None:
    """Every clip would be encoded once more than needed."""
    assert not is_montage(world.config())
    assert is_montage(world.config().model_copy(update={"num_videos": 2}))


def test_drift_grows_with_the_cameras_motion() -> None:
    """The take with the wildest camera would be kept."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (40, 60, 3), np.uint8)
    image = np.kron(coarse, np.ones((8, 8, 1), np.uint8))
    still = np.stack([image[:240, :320]] * 3)
    moving = np.stack([image[:240, shift : shift + 320] for shift in (0, 4, 8)])
    assert camera_drift(still) < 0.002 < camera_drift(moving)
    assert camera_drift(moving) == pytest.approx(8 / 320, rel=0.3)
