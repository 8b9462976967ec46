"""What a person reads when a stage fails: our sentence, on the command line and on the page."""

from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import AccountError, RefusedError, TransientError
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.runner import ChainRunner, Outcome
from hoi_platform.services.video.backend import VideoBackend
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

ERRORS: dict[str, Exception] = {
    "account": AccountError("kling-ai: the balance is used up; buy a package"),
    "refused": RefusedError("kling-ai refused [policy]; change the prompt"),
    "passing": TransientError("kling-ai gave no answer; run the same command again"),
    "bug": ZeroDivisionError("division by zero"),
}


class Failing(VideoResource):
    """Fails as requested, with a library's exception below."""

    how: str

    def backend(self, config: VideoConfig) -> VideoBackend:
        try:
            raise ConnectionResetError(104, "Connection reset by peer")
        except ConnectionResetError as cause:
            raise ERRORS[self.how] from cause


@pytest.fixture
def resource(tmp_path: Path) -> PlatformResource:
    """Three clips that only want a video."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 4))
    return resource


def outcomes(resource: PlatformResource, how: str) -> list[Outcome]:
    ledger = LedgerResource(platform=resource)
    video = Failing(blender=BlenderResource(), ledger=ledger, how=how)
    return ChainRunner(resource, video=video).run(DRILL, [1, 2, 3], ["video_task"])


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ("refused", "kling-ai refused [policy]; change the prompt"),
        ("passing", "kling-ai gave no answer; run the same command again"),
        ("bug", "ZeroDivisionError: division by zero (unexpected; --verbose shows where)"),
    ],
)
def test_the_error_is_ours_and_concerns_its_clip_alone(
    how: str, shown: str, resource: PlatformResource
) -> None:
    """A person would read "Connection reset by peer", a class of Dagster's, or no cure."""
    found = outcomes(resource, how)
    assert [o.error for o in found] == [shown] * 3
    assert [o.subject.seed for o in found if isinstance(o.subject, ClipId)] == [1, 2, 3]


@pytest.mark.parametrize("how", ["account", "refused", "passing"])
def test_the_page_shows_the_clip_and_the_cure(how: str, resource: PlatformResource) -> None:
    """The Dagster page would head the failure with the library's exception, or no clip."""
    outcomes(resource, how)
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs(limit=1)
        failures = [
            entry.dagster_event.step_failure_data
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if entry.dagster_event is not None
        ]
    (data,) = failures
    assert data.user_failure_data is not None
    description = data.user_failure_data.description
    assert description is not None
    assert description.startswith("ComAsset/cordless_drill/kid_")
    assert description.endswith(f": {ERRORS[how]}")


def test_an_account_error_stops_the_batch_at_its_first_clip(resource: PlatformResource) -> None:
    """A whole night's clips would fail one by one against an empty account."""
    first, *others = outcomes(resource, "account")
    assert (first.failed, first.stops_batch) == (True, True)
    assert first.error == str(ERRORS["account"])
    assert [o.failed for o in others] == [False, False]
    assert all((o.error or "").startswith("not run: the batch stopped at") for o in others)
