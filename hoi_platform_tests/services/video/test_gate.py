"""A clip's second purchase needs an explicit request, whatever asks for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from hoi_platform.core.errors import ConfigError
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.gate import Gate
from hoi_platform.services.video.identity import request_identity
from hoi_platform.services.video.montage import Montage, segment_of
from hoi_platform_tests.services.video.paid_world import World, quiet

S = RequestState


def reworded(request: VideoRequest) -> VideoRequest:
    """Another request for the same clip."""
    other = replace(request, prompt="Something else.")
    return replace(other, fingerprint=request_identity(other))


def test_neither_submitting_nor_collecting_buys_a_second_video(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Collecting sends what was not sent yet: it would buy where submitting refuses."""
    world = World.of(FaultPlan())
    backend = world.process(ledger, tmp_path)
    gate = Gate(backend, ledger)
    task = gate.submit(request_)
    with pytest.raises(ConfigError, match=r"ledger row 1, submitted.*--buy-again"):
        gate.submit(reworded(request_))
    with pytest.raises(ConfigError, match=r"ledger row 1, submitted.*--buy-again"):
        gate.collect(task, reworded(request_), tmp_path / "other.mp4", quiet)
    assert [row.id for row in ledger.rows()] == [1], "refused before anything is reserved"
    gate.collect(task, request_, tmp_path / "out.mp4", quiet)
    assert sum(call.method == "POST" for call in world.kling.calls) == 1


def configured(request: VideoRequest, **video: object) -> VideoRequest:
    """The same clip with other settings, as its assets build the request."""
    other = replace(request, config=request.config.model_copy(update=video))
    return replace(other, fingerprint=request_identity(other))


SETTINGS: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {"num_videos": 2}),
    ({"num_videos": 2}, {"num_videos": 3}),
    ({}, {"num_video_segments": 2}),
    ({}, {"duration": "10"}),
    ({}, {"kling_mode": "std"}),
    ({}, {"kling_model_name": "kling-v1-6"}),
    ({}, {"model_api": "fal-ai"}),
    ({}, {"use_all_tail_images": True, "kling_model_name": "kling-v1-6"}),
    ({"num_video_segments": 2, "num_videos": 2}, {"num_video_segments": 3, "num_videos": 1}),
    (
        {"num_video_segments": 2, "kling_model_name": "kling-v1-6"},
        {
            "num_video_segments": 2,
            "kling_model_name": "kling-v1-6",
            "seg_idx_for_tail_image": 1,
        },
    ),
]


@pytest.mark.parametrize(("ordered", "asked"), SETTINGS)
def test_no_setting_of_a_bought_clip_buys_more(
    ordered: dict[str, object],
    asked: dict[str, object],
    ledger: Ledger,
    request_: VideoRequest,
    tmp_path: Path,
) -> None:
    """Another take, segment, length, mode or service would be bought by a click on the page."""
    world = World.of(FaultPlan(), slots=50)
    montage = Montage(world.process(ledger, tmp_path / "videos"), lambda _path: 0.0)
    gate = Gate(montage, ledger)
    first, other = configured(request_, **ordered), configured(request_, **asked)
    task = gate.submit(first)
    gate.collect(task, first, tmp_path / "first.mp4", quiet)
    rows, sent = len(ledger.rows()), len(world.kling.calls)
    for ask in (
        lambda: gate.submit(other),
        lambda: gate.collect(task, other, tmp_path / "other.mp4", quiet),
    ):
        with pytest.raises(ConfigError, match=r"has a bought video .*--buy-again"):
            ask()
    assert (len(ledger.rows()), len(world.kling.calls)) == (rows, sent)


def test_fewer_takes_and_a_finished_order_need_no_word(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """What is bought could not be used again with fewer takes, or after an interruption."""
    world = World.of(FaultPlan(), slots=50)
    gate = Gate(Montage(world.process(ledger, tmp_path / "videos"), lambda _path: 0.0), ledger)
    both = configured(request_, num_videos=2, num_video_segments=2)
    one = configured(request_, num_videos=1, num_video_segments=2)
    task = gate.submit(both)
    assert len(ledger.rows()) == 2, "the second segments are ordered when the first are there"
    gate.collect(task, both, tmp_path / "both.mp4", quiet)
    gate.collect(gate.submit(one), one, tmp_path / "one.mp4", quiet)
    assert len(ledger.rows()) == 4


def test_a_row_that_notes_no_order_is_of_the_takes_that_there_are(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A clip of several takes that an earlier version bought could not be fetched, or got more."""
    backend = World.of(FaultPlan()).process(ledger, tmp_path)
    two = configured(request_, num_videos=2)
    for take in range(2):
        intent = backend.intent(segment_of(two, take, 0, two.frame))
        ledger.advance(ledger.reserve(replace(intent, ordered={})).fingerprint, S.SUBMITTED)
    gate = Gate(backend, ledger)
    gate.submit(two)
    with pytest.raises(ConfigError, match="--buy-again"):
        gate.submit(configured(request_, num_videos=3))


@pytest.mark.parametrize("state", [RequestState.FAILED, RequestState.REFUSED])
def test_a_request_without_a_video_stands_in_no_way(
    state: RequestState, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A prompt could not be reworded after the service refused it."""
    backend = World.of(FaultPlan()).process(ledger, tmp_path)
    row = ledger.reserve(backend.intent(request_))
    ledger.advance(row.fingerprint, RequestState.SENDING)
    ledger.advance(row.fingerprint, state)
    assert Gate(backend, ledger).submit(reworded(request_)).state == "submitted"
