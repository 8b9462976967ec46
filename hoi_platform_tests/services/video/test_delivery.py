"""A paid video is never thrown away: bad downloads are repeated, unexpected videos are kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.clip import parse_clip_path
from hoi_platform.core.errors import BadInputError, MissingResourceError, TransientError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.tasks import Order
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video import judging
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video, read_video, write_video
from hoi_platform.services.video.delivery import Delivery
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO, World, quiet

S = RequestState
CLIP = "ComAsset/cordless_drill/kid_indoor2-manipulation_rand00001"


def _darker(order: Order) -> bytes:
    """The ordered video, 40 % darker: whole, and not what was ordered."""
    return _encoded(order, lambda frames: (frames * 0.6).astype(np.uint8))


def _encoded(order: Order, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.mp4", Path(folder) / "out.mp4"
        source.write_bytes(MAKE_VIDEO(order))
        write_video(target, change(read_video(source).frames), 1)
        return target.read_bytes()


def _page(_order: Order) -> bytes:
    return b"<html><body>Too many requests</body></html>"


@cache
def _cut(order: Order) -> bytes:
    """A stream whose file ends early, with an index at its beginning that promises more."""
    whole = _encoded(
        order,
        lambda frames: np.random.default_rng(0).integers(0, 255, (40, *frames.shape[1:]), np.uint8),
    )
    return whole[: len(whole) * 2 // 3]


BROKEN = {"page": _page, "cut": _cut, "empty": lambda _order: b""}


@pytest.fixture
def request_(request_: VideoRequest) -> VideoRequest:
    return replace(request_, clip=CLIP)


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_video_stays_to_be_fetched(
    kind: str, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """An error page of a file server would end a paid row, and the video be lost."""
    service = {"repaired": False}

    def make(order: Order) -> bytes:
        return (MAKE_VIDEO if service["repaired"] else BROKEN[kind])(order)

    world = World.of(FaultPlan(), make_video=make)
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    for visit in (1, 2, 3):
        with pytest.raises(TransientError, match="could not be fetched whole"):
            backend.collect(task, request_, tmp_path / "out.mp4", quiet)
        row = ledger.get("1")
        assert (row.state, row.fetches) == (S.SUCCEEDED, visit)
        assert "what arrived is not a whole video" in row.reason
        assert row.fetch_after is not None
        assert row.fetch_after - ledger.now() >= timedelta(minutes=4)
        world.clock.sleep(24 * 3600)
    service["repaired"] = True
    world.process(ledger, tmp_path).collect(task, request_, tmp_path / "out.mp4", quiet)
    assert ledger.get("1").state == S.DELIVERED
    assert list(tmp_path.glob(".*.part")) == []


def test_an_unexpected_video_is_kept_and_says_why(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A paid video that is a little dark would be deleted, or reconstructed as if it were right."""
    world = World.of(FaultPlan(), make_video=_darker)
    backend = world.process(ledger, tmp_path / "videos")
    collected = backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    row = ledger.get("1")
    assert row.state == S.REJECTED
    assert "first_frame_psnr" in row.reason
    assert collected.rejected == row.reason
    assert [check.name for check in collected.failed] == ["first_frame_psnr"]
    assert probe_video(Path(row.result or "")).frames == 5
    assert probe_video(tmp_path / "out.mp4").frames == 5
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    assert sum(call.method == "POST" for call in world.kling.calls) == 1


def test_a_mixed_up_file_is_fetched_again(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """One wrong file of a file server would decide about a paid video."""
    makers = iter([_darker, MAKE_VIDEO])

    def make(order: Order) -> bytes:
        return next(makers)(order)

    world = World.of(FaultPlan(), make_video=make)
    backend = world.process(ledger, tmp_path)
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    assert ledger.get("1").state == S.DELIVERED


@pytest.fixture
def rejected(ledger: Ledger, request_: VideoRequest, tmp_path: Path) -> Delivery:
    """A rejected video in a results folder with its conditioning frame."""
    world = World.of(FaultPlan(), make_video=_darker)
    backend = world.process(ledger, tmp_path / "videos")
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    frame = tmp_path / ARTIFACTS["scene_render"].file("frame").template.format(id=CLIP)
    frame.parent.mkdir(parents=True)
    frame.write_bytes(request_.frame.read_bytes())
    return Delivery(tmp_path / "videos", world.clock.sleep)


def sitting(_dataset: str, _category: str) -> str:
    """The first task of every object, as a catalogue tells it."""
    return "sitting"


def test_a_decision_is_noted_at_the_clip_of_its_first_task(
    rejected: Delivery, ledger: Ledger, tmp_path: Path
) -> None:
    """The chain of a clip whose object is not for manipulation would stay ended."""
    store = ArtifactStore(tmp_path)
    clip = parse_clip_path(CLIP, sitting)
    assert clip.object_id.task == "sitting"
    record = ArtifactRecord(
        asset="interaction_video",
        subject=CLIP,
        schema_version=1,
        fingerprint="0" * 64,
        code_version="1",
        backend="kling-ai",
        settings={},
        inputs={},
        files={},
        seconds=0.0,
        created_at="",
        machine="",
        facts={"rejected": "first_frame_psnr"},
    )
    store.rewrite_record(clip, record)
    judging.accept(ledger, ledger.get("1"), rejected, store, sitting)
    now = store.record("interaction_video", clip)
    assert now is not None
    assert now.fingerprint != record.fingerprint


def test_a_person_accepts_a_rejected_video(
    rejected: Delivery, ledger: Ledger, request_: VideoRequest, tmp_path: Path, world: World
) -> None:
    """A video that a person likes would have to be bought again."""
    row = judging.accept(ledger, ledger.get("1"), rejected, ArtifactStore(tmp_path), sitting)
    assert row.state == S.DELIVERED
    assert "accepted by hand; before: rejected: first_frame_psnr" in row.reason
    collected = world.process(ledger, tmp_path / "videos").collect(
        world.process(ledger, tmp_path / "videos").submit(request_),
        request_, tmp_path / "out.mp4", quiet,
    )  # fmt: skip
    assert collected.rejected == ""
    with pytest.raises(BadInputError, match="nothing to decide"):
        judging.accept(ledger, row, rejected, ArtifactStore(tmp_path), sitting)


def test_a_recheck_decides_by_the_file(
    rejected: Delivery, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A repaired check, or file, would change nothing without buying."""
    store = ArtifactStore(tmp_path)
    assert judging.recheck(ledger, ledger.get("1"), rejected, store, sitting).state == S.REJECTED
    order = Order("", "", request_.frame.read_bytes(), 5.0, None)
    Path(ledger.get("1").result or "").write_bytes(MAKE_VIDEO(order))
    assert judging.recheck(ledger, ledger.get("1"), rejected, store, sitting).state == S.DELIVERED


def test_a_recheck_without_the_frame_names_the_cure(
    rejected: Delivery, ledger: Ledger, tmp_path: Path
) -> None:
    """A video would pass because there is nothing to compare it with."""
    with pytest.raises(MissingResourceError, match="hoi ledger accept 1"):
        judging.recheck(
            ledger, ledger.get("1"), rejected, ArtifactStore(tmp_path / "elsewhere"), sitting
        )


def test_a_ready_row_is_fetched_by_itself(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The video of a clip that today asks for another would stay at the service and be deleted."""
    backend = world.process(ledger, tmp_path / "videos")
    backend.submit(request_)
    world.clock.sleep(3600)
    (row,) = backend.refresh(ledger.rows())
    row = backend.fetch(row)
    assert row.state == S.SUCCEEDED
    assert Path(row.result or "").is_file()
    downloads = world.kling.book.tasks[0].downloads
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    assert ledger.get("1").state == S.DELIVERED
    assert world.kling.book.tasks[0].downloads == downloads == 1


def test_a_moved_results_folder_finds_its_videos(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The ledger notes where a file was; after a move it would be fetched again, or be gone."""
    backend = world.process(ledger, tmp_path / "old")
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)
    (tmp_path / "old").rename(tmp_path / "new")
    world.kling.book.tasks.clear()
    backend = world.process(ledger, tmp_path / "new")
    backend.collect(backend.submit(request_), request_, tmp_path / "out.mp4", quiet)


def test_equal_requests_of_two_clips_share_a_purchase(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Two clips that look alike would be paid for twice, or only one of them be fetched."""
    backend = world.process(ledger, tmp_path / "videos")
    for clip in ("b", "a", "b"):
        request = replace(request_, clip=clip)
        backend.collect(backend.submit(request), request, tmp_path / f"{clip}.mp4", quiet)
    (row,) = ledger.rows()
    assert row.subjects == ("a", "b")
    assert len(world.kling.book.tasks) == 1
