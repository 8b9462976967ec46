"""Rows bought under version 1's identity are found again, with all their takes and segments."""

from dataclasses import replace
from pathlib import Path

import pytest

from hoi_platform.core.clip import FIRST_TASK, parse_clip_path
from hoi_platform.core.filtering.video_sanity import camera_drift
from hoi_platform.services.artifacts.record import ArtifactRecord, file_digest, fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.migration.first_identity import first_request
from hoi_platform.services.migration.rows import apply_rows, bought_videos, plan_rows
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import read_video
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.identity import request_identity
from hoi_platform.services.video.montage import Montage, write_last_frame
from hoi_platform_tests.services.video.paid_world import World, make_frames, quiet

CLIPS = [
    parse_clip_path(
        f"ComAsset/cordless_drill/kid_indoor2-manipulation_rand0000{i}", lambda *_: FIRST_TASK
    )
    for i in (1, 2)
]
TAKES, SEGMENTS = 2, 2


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """Two clips with equal frames and prompts, as version 1 recorded them."""
    store = ArtifactStore(tmp_path / "results")
    frame = make_frames(tmp_path, 1)[0].read_bytes()
    for clip in CLIPS:
        for asset, key, data in (
            ("scene_render", "frame", frame),
            ("video_prompt", "text", b"A person lifts it.\n"),
        ):
            path = store.path(asset, key, clip)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        store.rewrite_record(clip, _record(clip.path))
    return store


def _record(subject: str) -> ArtifactRecord:
    return ArtifactRecord(
        record_version=1,
        asset="video_task",
        subject=subject,
        schema_version=1,
        fingerprint="of version 1",
        code_version="1",
        backend="kling-ai",
        settings={
            "num_videos": TAKES,
            "num_video_segments": SEGMENTS,
            "kling_model_name": "kling-v2-5-turbo",
            "kling_mode": "pro",
            "duration": "5",
            "seg_idx_for_tail_image": 1,
        },
        inputs={},
        files={},
        seconds=0.0,
        created_at="",
        machine="",
    )


def buy_as_version_1(
    world: World, ledger: Ledger, delivery: Delivery, request: VideoRequest, folder: Path
) -> None:
    """Every segment of every take, under the identities that version 1 gave them."""
    one = {"num_videos": 1, "num_video_segments": 1, "seg_idx_for_tail_image": -1}
    backend = world.process(ledger, delivery.folder)
    for take in range(TAKES):
        frame = request.frame
        for index in range(SEGMENTS):
            tail = index == 1
            first = request.fingerprint
            if take or index or tail:
                first = fingerprint_of([first, take, index, tail, file_digest(frame)])
            segment = replace(
                request,
                fingerprint=first,
                frame=frame,
                tail_frame=request.frame if tail else None,
                config=request.config.model_copy(update=one),
            )
            part, frame = folder / f"{take}{index}.mp4", folder / f"{take}{index}.png"
            backend.collect(backend.submit(segment), segment, part, quiet)
            write_last_frame(frame, part)


def test_every_purchase_is_found_and_none_is_repeated(
    store: ArtifactStore, ledger: Ledger, tmp_path: Path
) -> None:
    """An upgrade would buy the takes and segments of a montage again."""
    world = World.of(FaultPlan(), slots=50)
    delivery = Delivery(tmp_path / "videos", world.clock.sleep)
    request = first_request(store, CLIPS[0], _record(CLIPS[0].path))
    buy_as_version_1(world, ledger, delivery, request, tmp_path)
    bought = len(world.kling.book.tasks)
    assert bought == TAKES * SEGMENTS
    plan = plan_rows(ledger, bought_videos(ledger, store, delivery, CLIPS))
    assert len(plan.carried) == bought
    assert [problem.split(":")[0] for problem in plan.problems] == [CLIPS[1].path]
    apply_rows(ledger, plan)
    assert plan_rows(ledger, bought_videos(ledger, store, delivery, CLIPS[:1])).carried == ()
    for clip in CLIPS:  # the second one's request is the same, and shares the purchases
        today = replace(request, clip=clip.path, fingerprint=request_identity(request))
        backend = Montage(
            world.process(ledger, delivery.folder), lambda p: camera_drift(read_video(p).frames)
        )
        backend.collect(backend.submit(today), today, tmp_path / "out.mp4", quiet)
    assert len(world.kling.book.tasks) == bought
    assert {row.subjects for row in ledger.rows()} == {tuple(clip.path for clip in CLIPS)}


def test_of_two_purchases_of_one_video_the_delivered_one_is_kept(
    store: ArtifactStore, ledger: Ledger, tmp_path: Path, world: World
) -> None:
    """Version 1 bought alike clips twice: the one without a file would be waited for."""
    rows = []
    for clip in CLIPS:
        request = first_request(store, clip, _record(clip.path))
        intent = Intent(
            request.fingerprint,
            "video",
            provider="kling-ai",
            account="a",
            model="m",
            subject=clip.path,
            estimate_usd=1,
        )  # type: ignore[arg-type]
        rows.append(ledger.observe(ledger.reserve(intent), RequestState.SUCCEEDED))
    ledger.advance(rows[1].fingerprint, RequestState.DELIVERED)
    plan = plan_rows(
        ledger, bought_videos(ledger, store, Delivery(tmp_path, world.clock.sleep), CLIPS)
    )
    apply_rows(ledger, plan)
    kept = ledger.find(request_identity(first_request(store, CLIPS[0], _record(CLIPS[0].path))))
    assert kept is not None
    assert (kept.id, kept.state) == (rows[1].id, RequestState.DELIVERED)
    assert kept.subjects == tuple(clip.path for clip in CLIPS)
    assert ledger.get(str(rows[0].id)).fingerprint == rows[0].fingerprint
