"""What stopped half-way is requested again: what exactly, when, how often, and what never."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.errors import BudgetError, TransientError, UpstreamError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.definitions import build_defs
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.sensors.resume_partial_batches import (
    MOST_REQUESTS,
    Memory,
    resume_partial_batches,
    resumed,
)
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.unfinished.purchases import Purchases
from hoi_platform.unfinished.steps import Steps, settings_digest
from hoi_platform.unfinished.tags import (
    BATCH,
    LEFT,
    REASON,
    RESULTS,
    SETTINGS,
    STOPPED,
    TRY,
    WAITS,
    WANTED,
    inherited,
)
from hoi_platform_tests.platform.ended_runs import Runs
from hoi_platform_tests.platform.prepared import ABOVE, DRILL, fill, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

OF_CLIP = [n for n in flow_order() if ARTIFACTS[n].scope == "clip" and n != "performance"]
BELOW = OF_CLIP[OF_CLIP.index("interaction_video") + 1 :]
LONG = timedelta(days=1)


class World:
    """Prepared clips of the drill, and the daemon's instance."""

    def __init__(self, folder: Path, **video: object) -> None:
        self.frame = make_frames(folder, 1)[0]
        self.resource = kling_platform(folder / "results", **video)
        self.instance = dg.DagsterInstance.ephemeral()
        self.runs = Runs(self.instance)
        self.memory = Memory()
        self.purchases = Purchases()
        self.words = ""

    def prepare(self, *seeds: int, above: tuple[str, ...] = ABOVE) -> None:
        """Make the artifacts above ``video_task``."""
        for seed in seeds:
            prepare(self.resource, self.frame, range(seed, seed + 1), above)

    def fill(self, seed: int, *assets: str) -> None:
        """Make further artifacts of a clip."""
        fill(self.resource, self.frame, self.clip(seed), assets)

    def clip(self, seed: int):
        return self.resource.platform().clip(DRILL, seed)

    def bought(self, seed: int, state: RequestState) -> None:
        """The ledger has a row for a clip."""
        self.purchases.states[str(self.clip(seed))] = {state}

    def tick(self, later: timedelta = LONG, resource: PlatformResource | None = None):
        """What a tick requests at a later time: key → assets."""
        platform = (resource or self.resource).platform()
        now = datetime.now(UTC) + later
        steps = Steps(platform, platform.stages(STAGES), self.purchases, now)
        requests, self.words = resumed(self.instance, steps, self.memory)
        self.requests = {str(request.partition_key): request for request in requests}
        assert len(self.requests) == len(requests), "two runs for one cell"
        return {
            key: [asset.to_user_string() for asset in request.asset_selection]
            for key, request in self.requests.items()
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, model_api="simulated")
    yield world
    world.instance.dispose()


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[World]:
    """A world in which videos are bought."""
    world = World(tmp_path)
    yield world
    world.instance.dispose()


def key(seed: int) -> str:
    return f"cordless-drill|rand{seed:05d}"


def test_what_was_killed_or_failed_for_now_is_requested_and_nothing_else(world: World) -> None:
    """Cells would stay half-made after a night, or what cannot succeed be tried for ever."""
    asked = ["video_prompt", "video_task"]
    world.prepare(*range(1, 7), above=ABOVE[:-1])
    world.fill(1, "video_prompt")
    world.runs.killed(key(1), asked)
    world.runs.failed(key(2), asked, TransientError("the service is out"))
    world.runs.failed(key(3), asked, BudgetError("the budget of the day is spent"))
    world.runs.canceled(key(4), asked)
    world.runs.green(key(5), asked)
    world.runs.launched(key(6), asked)
    assert world.tick() == {key(1): ["video_task"], key(2): asked}
    tags = {seed: world.requests[key(seed)].tags for seed in (1, 2)}
    assert tags[1][REASON] == "lost: The run's process died: process 7 has ended"
    assert tags[2][REASON] == "transient failure: video_prompt: the service is out"
    assert (tags[2][TRY], tags[2][LEFT]) == ("1", "2")
    assert f"{key(3)}: video_prompt: the budget of the day is spent" in world.words
    assert f"{key(4)}: run" in world.words
    assert "2 not tried again" in world.words


def test_attempts_wait_longer_and_longer_and_end(world: World) -> None:
    """A broken service would be asked every half minute of the night, or a blip end a cell."""
    world.prepare(1)
    tags: dict[str, str] = {}
    for attempt, minutes in enumerate((2, 10, 60, 360), start=1):
        world.runs.failed(key(1), ["video_task"], TransientError("busy"), tags)
        wait = timedelta(minutes=minutes)
        assert not world.tick(wait - timedelta(minutes=1))
        assert world.tick(wait + timedelta(seconds=1))
        tags = dict(world.requests[key(1)].tags)
        assert tags[TRY] == str(attempt)
    world.runs.failed(key(1), ["video_task"], TransientError("busy"), tags)
    assert not world.tick()
    assert "tried again 4 times; the last: video_task: busy" in world.words


def test_an_attempt_that_made_a_stage_is_followed_by_others(world: World) -> None:
    """A machine that is restarted all the time would leave cells that come on with each attempt."""
    world.prepare(1)
    tags = {TRY: "4", LEFT: "2"}
    world.runs.killed(key(1), ["video_prompt", "video_task"], tags)
    assert world.tick() == {key(1): ["video_task"]}
    assert world.requests[key(1)].tags[TRY] == "1"


def test_a_person_who_launches_a_cell_again_starts_its_attempts_anew(world: World) -> None:
    """A cell that was given up once would never be resumed again."""
    world.prepare(1)
    world.runs.killed(key(1), ["video_task"], {TRY: "4", LEFT: "1"})
    assert not world.tick()
    world.runs.killed(key(1), ["video_task"])
    assert world.tick() == {key(1): ["video_task"]}


def test_a_tick_that_is_repeated_requests_the_same_runs(world: World) -> None:
    """A daemon that died between its tick and its notes would start a second run for each cell."""
    world.prepare(1)
    world.runs.killed(key(1), ["video_task"])
    world.tick()
    first = world.requests[key(1)].run_key
    world.memory = Memory()
    world.tick()
    assert world.requests[key(1)].run_key == first


def test_dagsters_own_retry_comes_first(world: World) -> None:
    """Two runs would work on one cell."""
    run = world.runs.killed(key(1), ["video_task"], {"dagster/will_retry": "true"})
    world.prepare(1)
    assert not world.tick()
    world.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "another"})
    assert world.tick()


def test_a_thousand_stopped_cells_are_requested_in_batches(world: World) -> None:
    """The queue would be full of one sensor's runs, before those of a person."""
    seeds = range(1, MOST_REQUESTS + 3)
    world.prepare(*seeds[:1])
    for seed in seeds:
        world.runs.killed(key(seed), ["scene_render"])
    assert len(world.tick()) == MOST_REQUESTS
    for seed in seeds[:2]:
        world.runs.launched(key(seed), ["scene_render"], {TRY: "1"})
    assert len(world.tick()) == MOST_REQUESTS - 2


def test_an_object_is_made_once_before_its_cells(world: World) -> None:
    """Every cell of a batch would fail for want of its object, or make it at the same time."""
    for seed in (1, 2):
        error = UpstreamError("scene_render needs object_mesh, which is missing")
        world.runs.failed(key(seed), ["scene_render"], error)
    objects = ["object_mesh", "settled_pose", "object_scale"]
    assert world.tick() == {"cordless-drill": objects}
    world.runs.failed("cordless-drill", objects, BudgetError("spent"))
    assert not world.tick(LONG * 2)
    assert "cordless-drill: object_mesh: spent" in world.words


def test_what_was_made_with_other_settings_is_redone_on_demand_alone(world: World) -> None:
    """A changed setting and one killed run would redo a night's work."""
    world.prepare(1, 2)
    changed = world.resource.with_flags(
        overrides={"gen_2dhoi": {"video": {"model_api": "simulated"}, "rendering": {"width": 640}}}
    )
    world.runs.killed(key(1), ["video_task"])
    world.runs.killed(key(2), ["scene_render", "video_prompt", "video_task"])
    assert world.tick(resource=changed) == {key(2): ["scene_render", "video_prompt", "video_task"]}
    assert f"{key(1)}: scene_render, video_prompt of it was made with other inputs" in world.words


def test_a_rejected_video_is_a_verdict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip that is rejected would be tried again for ever."""
    world.prepare(1)
    world.fill(1, "video_task", "performance", "interaction_video")
    store = world.resource.platform().store
    record = store.record("interaction_video", world.clip(1))
    assert record is not None
    rejected = record.model_copy(update={"facts": {"rejected": "another aspect"}})
    world.runs.killed(key(1), BELOW)
    assert world.tick()
    store.rewrite_record(world.clip(1), rejected)
    world.memory = Memory()
    assert not world.tick()


def test_no_video_is_bought_that_nobody_asked_for(paid: World) -> None:
    """The daemon would spend money because somebody rendered a scene."""
    paid.prepare(1, 2, 3)
    paid.runs.killed(key(1), ["video_prompt", "video_task", "interaction_video"])
    paid.runs.killed(key(2), ["interaction_video"])
    assert paid.tick() == {key(1): ["video_task", "interaction_video"]}
    assert f"{key(2)}: its video has not been bought" in paid.words
    assert f"{key(3)}: its video has not been bought" in paid.words, "no run is known of it"


def test_a_video_under_way_is_left_to_its_own_sensor(paid: World) -> None:
    """Every tick would start a run that finds no video; or a lost order would not be continued."""
    paid.prepare(1, 2, 3)
    paid.fill(1, "video_task")
    for seed in (1, 2):
        paid.bought(seed, RequestState.SUBMITTED)
        paid.runs.green(key(seed), ["video_task", "interaction_video"], {"hoi/waits": "a task"})
    paid.runs.green(key(3), ["video_task"], {"hoi/waits": "needs approval: $4.20"})
    assert paid.tick() == {key(2): ["video_task", "interaction_video"]}, "it has no record of it"
    assert f"{key(3)}: needs approval: $4.20" in paid.words
    paid.bought(1, RequestState.DELIVERED)
    paid.memory = Memory()
    assert paid.tick()[key(1)] == ["interaction_video"]


def test_a_cell_that_was_begun_and_that_no_run_knows_is_completed(world: World) -> None:
    """Cells would be left half-made where the history of runs was deleted."""
    world.prepare(1, 2)
    world.runs.green(key(2), ["scene_render"])
    chain = OF_CLIP[OF_CLIP.index("video_task") :]
    chain.insert(chain.index("interaction_video"), "performance")
    assert world.tick() == {key(1): chain}, "of the second cell a person wanted no more"


@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")
def test_what_a_backfill_gave_up_with_its_object_is_requested(world: World) -> None:
    """The cells of an object that failed at first would never be made: no run of them exists."""
    world.prepare(1)
    requested = ["scene_render", "video_prompt", "video_task"]
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="night",
        asset_graph=build_defs().get_repository_def().asset_graph,
        partition_names=[key(1), key(2)],
        asset_selection=[dg.AssetKey(name) for name in requested],
        backfill_timestamp=datetime.now(UTC).timestamp(),
        tags={},
        dynamic_partitions_store=world.instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    world.instance.add_backfill(backfill)
    world.runs.green(key(1), ["video_prompt"])
    assert not world.tick(), "it is at work"
    world.instance.update_backfill(backfill.with_status(BulkActionStatus.COMPLETED_FAILED))
    assert world.tick() == {key(1): ["video_task"], key(2): requested}
    world.instance.update_backfill(backfill.with_status(BulkActionStatus.CANCELED))
    world.memory = Memory()
    assert not world.tick()


def command(world: World, **more: str) -> dict[str, str]:
    """The tags of a run of the command line."""
    platform = world.resource.platform()
    return {
        RESULTS: str(platform.results_dir),
        SETTINGS: settings_digest(platform, DRILL.task),
        WANTED: "video_prompt,video_task",
        BATCH: "b",
    } | {name.replace("__", "/"): value for name, value in more.items()}


def test_a_batch_of_the_command_line_that_died_is_completed(world: World) -> None:
    """Clips between two of its runs would be left; or two processes would work on one batch."""
    world.prepare(1, above=ABOVE[:-1])
    world.prepare(2)
    world.runs.green(key(1), ["scene_render"], command(world))
    other = world.runs.launched(key(2), ["video_task"], command(world))
    assert not world.tick()
    world.instance.report_run_failed(other, "killed")
    assert world.tick() == {key(1): ["video_prompt", "video_task"], key(2): ["video_task"]}
    world.instance.add_run_tags(other.run_id, {STOPPED: "SIGINT"})
    world.memory = Memory()
    assert not world.tick(), "a person stopped it"


def test_a_command_with_other_settings_or_results_is_not_continued(world: World) -> None:
    """The daemon would make, or buy, something else than the command was told to."""
    world.prepare(1, 2)
    world.runs.killed(key(1), ["video_task"], command(world) | {SETTINGS: "others"})
    world.runs.killed(key(2), ["video_task"], command(world) | {RESULTS: "/elsewhere"})
    assert not world.tick()
    assert f"{key(1)}: it was asked for by a command with other settings" in world.words
    assert key(2) not in world.words


def test_the_sensor_finds_what_it_needs(world: World) -> None:
    """The daemon would fail at every tick."""
    world.prepare(1)
    world.runs.killed(key(1), ["video_task"])
    defs = build_defs(platform=world.resource)
    resources = {name: defs.resources[name] for name in ("platform", "ledger")}
    with dg.build_sensor_context(
        instance=world.instance, definitions=defs, resources=resources
    ) as context:
        result = resume_partial_batches(context)
    assert isinstance(result, dg.SkipReason)
    assert "1 cells wait" in str(result.skip_message), "its first attempt is due in half a minute"


@pytest.mark.parametrize(
    ("tags", "launch"),
    [
        ({}, "r"),
        ({"dagster/backfill": "b"}, "b"),
        ({"hoi/launch": "l", "dagster/schedule_name": "nightly"}, "l"),
        ({"dagster/sensor_name": "video_poll"}, None),
    ],
)
def test_a_run_goes_on_with_the_launch_that_asked_for_its_cell(
    tags: dict[str, str], launch: str | None
) -> None:
    """Each killed run would give its batch a new allowance to buy, or a sensor one of its own."""
    of_the_run = {"hoi/planned_only": "true", TRY: "2", WAITS: "a task"}
    expected = {"hoi/planned_only": "true"} | ({"hoi/launch": launch} if launch else {})
    assert inherited("r", of_the_run | tags) == expected


def test_stages_are_known_by_their_jobs() -> None:
    """A new stage would be requested of a job that lacks it."""
    jobs = build_defs().resolve_all_job_defs()
    held = {
        node.name
        for job in jobs
        if job.name in ("object_chain", "clip_chain")
        for node in job.nodes
    }
    assert held == set(STAGES)
