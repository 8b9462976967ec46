"""A clip's second purchase needs an explicit word, whoever asks for it."""

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
from hoi_platform_tests.services.video.paid_world import World, quiet


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
