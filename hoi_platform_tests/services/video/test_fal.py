"""The paid backend over fal, which cannot be asked for an id of ours."""

from pathlib import Path

import pytest

from hoi_platform.core.errors import RefusedError, UnsettledError
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.transport import Gateway, InProcess
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.http import checked_base_url
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform_tests.services.video.paid_world import (
    BASE_URL,
    MAKE_VIDEO,
    RETRY,
    World,
    quiet,
)


def fal_backend(plan: FaultPlan, ledger: Ledger, folder: Path, world: World) -> tuple:
    """A backend over fal's stand-in."""
    fal = FakeFal(world.clock.now, MAKE_VIDEO, plan, base_url=BASE_URL)
    gateway = Gateway(fal, fal.files, plan, world.clock.now)
    provider = FalKling(
        checked_base_url("FAL_BASE_URL", BASE_URL), "fake-fal-key", "fal:1", InProcess(gateway)
    )
    delivery = Delivery(folder, world.clock.sleep)
    return fal, PaidVideoBackend(provider, ledger, delivery, world.clock.sleep, RETRY)


def test_fal_from_order_to_video(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The second backend of the seeds would not run."""
    _, backend = fal_backend(FaultPlan(), ledger, tmp_path, world)
    facts = backend.collect(backend.submit(request_), request_, tmp_path / "o.mp4", quiet).facts
    assert facts["provider"] == "fal-ai"
    assert probe_video(tmp_path / "o.mp4").frames == 5
    assert "fake-fal-key" not in repr(backend.provider)


def test_a_lost_answer_of_fal_waits_for_a_person(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """fal cannot be asked for our id: sending again would buy the video twice."""
    plan = FaultPlan(always=frozenset({"dropped_after"}))
    fal, backend = fal_backend(plan, ledger, tmp_path, world)
    for _ in range(3):
        with pytest.raises(UnsettledError, match=r"hoi ledger settle 1 --task-id"):
            backend.submit(request_)
    assert len(fal.book.tasks) == 1
    task_id = fal.book.tasks[0].task_id
    plan.always = frozenset()
    ledger.advance("1", RequestState.SUBMITTED, task_id=task_id)
    backend.collect(backend.submit(request_), request_, tmp_path / "o.mp4", quiet)
    assert len(fal.book.tasks) == 1


@pytest.mark.parametrize("fault", ["safety", "arrears", "auth_failed"])
def test_permanent_answers_of_fal(
    fault: str, world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """An empty balance would be tried again and again."""
    plan = FaultPlan(always=frozenset({fault}))
    fal, backend = fal_backend(plan, ledger, tmp_path, world)
    for _ in range(2):
        with pytest.raises(RefusedError, match="fal 4"):
            backend.submit(request_)
    assert sum(call.method == "POST" for call in fal.calls) == 1
