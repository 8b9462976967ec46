"""One clip's videos by several backends: the configuration names the one that goes on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.cli import app
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.pipelines.dry_run import plan_purchases
from hoi_platform.pipelines.redo import Redo, batches, bought_otherwise
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner, Outcome
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.artifacts.store import ArtifactStore, State
from hoi_platform.services.clips import mark_for_recheck, video_rejection, video_variants
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.migration.plan import apply_plan, make_plan
from hoi_platform.services.performances.views import Actors, write_views
from hoi_platform.services.video.codec import write_video
from hoi_platform.services.video.delivery import Delivery, read_rgb
from hoi_platform_tests.core.scene.scenes import THING
from hoi_platform_tests.hoi_samples import moving, stick_body
from hoi_platform_tests.platform.prepared import DRILL, fill, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.performances.samples import stored_performance
from hoi_platform_tests.services.video.paid_world import make_frames

VIDEO = "interaction_video"
MAKING = ["video_prompt", "video_task", "performance", VIDEO]


def platform(results: Path, backend: str, **video: object) -> PlatformResource:
    """The same clip with another video backend."""
    return kling_platform(
        results, model_api=backend, skip_prompt_refinement=True, duration="5", **video
    )


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    return make_frames(tmp_path, 1)[0]


@pytest.fixture
def clip(frame: Path, tmp_path: Path) -> ClipId:
    """A simulated clip whose files can be read, though nothing was planned or rendered."""
    simulated = platform(tmp_path, "simulated")
    (clip,) = prepare(simulated, frame, range(1, 2))
    fill(simulated, frame, clip, ("video_task",))
    stages = simulated.platform().stages(STAGES)
    stages.run("performance", clip, _perform, lambda _f, _t: None)
    stages.run(VIDEO, clip, _simulate, lambda _f, _t: None)
    return clip


def _perform(work: Work) -> None:
    scene = work.input("scene_render", "scene")
    spec, body = SceneSpec.model_validate_json(scene.read_bytes()), stick_body()
    stored = stored_performance(moving(3, np.random.default_rng(0)), body, spec)
    stored.save(work.output("performance"))
    write_views(stored, Actors(spec, body, THING), work.output("labels"), work.output("depth"))


def _simulate(work: Work) -> None:
    work.input("performance", "performance")
    work.input("video_task", "task")
    write_video(work.output("video"), [np.full((36, 64, 3), 90, np.uint8)] * 4, 12)
    work.output("checks").write_text("[]")
    work.output("truth").write_text("what happened")


def run(results: Path, backend: str, **video: object) -> list[Outcome]:
    outcomes = ChainRunner(platform(results, backend, **video)).run(DRILL, [1], MAKING)
    assert [o.error for o in outcomes if o.error] == []
    return outcomes


def buy(results: Path, kling: FakeKling, fault: str = "") -> list[Outcome]:
    """A run with kling-ai whose task is finished as soon as it is ordered."""
    ChainRunner(platform(results, "kling-ai")).run(DRILL, [1], ["video_task"])
    for task in kling.book.tasks:
        task.run_s, task.fault = 0.0, fault or task.fault
    return run(results, "kling-ai")


def made(outcomes: list[Outcome]) -> list[str]:
    return [outcome.asset for outcome in outcomes if outcome.made]


def test_changing_the_backend_and_back_makes_and_buys_nothing(
    clip: ClipId, kling: FakeKling, tmp_path: Path
) -> None:
    """A second look at the simulated clip would render it again, and buy the other one twice."""
    store = ArtifactStore(tmp_path)
    video, truth = (store.path(VIDEO, key, clip) for key in ("video", "truth"))
    simulated, known = video.read_bytes(), truth.read_bytes()
    assert made(buy(tmp_path, kling)) == [VIDEO]  # its task is made by the first of two runs
    bought, calls = video.read_bytes(), len(kling.calls)
    assert bought != simulated
    assert not truth.exists()
    assert store.path(VIDEO, "truth", clip, "simulated").read_bytes() == known
    assert made(run(tmp_path, "simulated")) == []
    assert (video.read_bytes(), truth.read_bytes()) == (simulated, known)
    assert made(run(tmp_path, "kling-ai")) == []
    assert video.read_bytes() == bought
    assert not truth.exists()
    assert (orders(kling), len(kling.calls)) == (1, calls)
    assert str(video_variants(store, clip)) == "kling-ai; set aside: simulated"


def test_what_is_set_aside_needs_no_purchase_and_is_shown(
    clip: ClipId, kling: FakeKling, tmp_path: Path
) -> None:
    """A dry run would price a video that is there, and nobody would see that there are two."""
    buy(tmp_path, kling)
    run(tmp_path, "simulated")
    service = platform(tmp_path, "kling-ai").platform()
    stages = service.stages(STAGES)
    assert stages.status(VIDEO, clip).state is State.SET_ASIDE
    work = [(DRILL, [1])]
    config = service.settings("manipulation").gen_2dhoi
    (plan,) = plan_purchases(service, config, work, Redo())
    assert (plan.videos, plan.videos_to_buy, plan.kept) == (0, 0, 0)
    assert list(bought_otherwise(service, work)) == []
    other = platform(tmp_path, "kling-ai", kling_mode="std").platform()
    assert list(bought_otherwise(other, work)) == [clip]
    shown = CliRunner().invoke(app, ["clips", "--results_dir", str(tmp_path)]).output
    assert "simulated; set aside: kling-ai" in " ".join(shown.split())
    ChainRunner(platform(tmp_path, "simulated")).run_index()
    (row,) = pq.read_table(service.store.path("dataset_index", "manifest", None)).to_pylist()
    assert (row["video_variant"], row["other_videos"]) == ("simulated", ["kling-ai"])


def test_a_spoiled_variant_is_reported(clip: ClipId, kling: FakeKling, tmp_path: Path) -> None:
    """The damage would show when the backend is changed, and the copy may be gone by then."""
    buy(tmp_path, kling)
    run(tmp_path, "simulated")
    ArtifactStore(tmp_path).path(VIDEO, "video", clip, "kling-ai").write_bytes(b"spoiled")
    shown = CliRunner().invoke(app, ["status", "--verify", "--results_dir", str(tmp_path)]).output
    assert "differs from its recorded hash" in " ".join(shown.split())


def test_a_bought_video_has_no_truth(
    clip: ClipId, kling: FakeKling, frame: Path, tmp_path: Path
) -> None:
    """A reconstruction would be measured against what another video shows."""
    store = ArtifactStore(tmp_path)
    known = store.path(VIDEO, "truth", clip).read_bytes()
    buy(tmp_path, kling)
    bought = platform(tmp_path, "kling-ai")
    below = ("human_pose", "scene_tracks", "object_pose", "contact_labels", "reconstruction")
    fill(bought, frame, clip, below)
    store.path(VIDEO, "truth", clip).write_bytes(known)  # as if it had been left behind
    (outcome,) = ChainRunner(bought).run(DRILL, [1], ["clip_accuracy"])
    assert outcome.error is None
    assert json.loads(store.path("clip_accuracy", "accuracy", clip).read_text()) is None


def test_a_rejected_video_stays_rejected_and_bought_once(
    clip: ClipId, kling: FakeKling, tmp_path: Path
) -> None:
    """Simulating a clip for a while would order another video, or forget what was wrong."""
    store = ArtifactStore(tmp_path)
    ChainRunner(platform(tmp_path, "kling-ai")).run(DRILL, [1], ["video_task"])
    for task in kling.book.tasks:
        task.run_s, task.fault = 0.0, "wrong_video"
    command = ["ledger", "fetch", "1", "--results_dir", str(tmp_path)]
    assert CliRunner().invoke(app, command).exit_code == 0
    run(tmp_path, "kling-ai")
    reason = video_rejection(store, clip)
    assert "first_frame" in reason
    run(tmp_path, "simulated")
    assert video_rejection(store, clip) == ""
    assert made(run(tmp_path, "kling-ai")) == []
    assert video_rejection(store, clip) == reason
    run(tmp_path, "simulated")
    assert mark_for_recheck(store, clip)  # a person accepted it while another one goes on
    assert made(run(tmp_path, "kling-ai")) == [VIDEO]
    assert orders(kling) == 1


@pytest.mark.parametrize("record_is_lost", [True, False])
def test_a_lost_place_is_taken_again_without_the_body(
    clip: ClipId, tmp_path: Path, record_is_lost: bool
) -> None:
    """A death between variant and place, or an overwritten file, would render the clip again."""
    store = ArtifactStore(tmp_path)
    simulated = store.path(VIDEO, "video", clip).read_bytes()
    if record_is_lost:
        (tmp_path / ARTIFACTS[VIDEO].record_path(clip)).unlink()
    store.path(VIDEO, "video", clip).write_bytes(b"half a copy")
    assert made(run(tmp_path, "simulated")) == []
    assert store.path(VIDEO, "video", clip).read_bytes() == simulated


def test_an_earlier_version_s_simulated_clip_is_not_rendered_again(
    clip: ClipId, tmp_path: Path
) -> None:
    """An upgrade would render every simulated clip anew: there was no performance to need."""
    shutil.rmtree(tmp_path / "generation" / "variants")
    shutil.rmtree(tmp_path / "ground_truth" / "performances")
    for file in (tmp_path / "generation" / "records").rglob("*.json"):
        record = json.loads(file.read_text()) | {"record_version": 3, "fingerprint": "0" * 64}
        record["inputs"].pop("performance", None)
        record["backend"] += " on CPU" if record["asset"] == "scene_render" else ""
        file.unlink() if record["asset"] == "performance" else file.write_text(json.dumps(record))
    service = platform(tmp_path, "simulated").platform()
    assert service.stages(STAGES).status(VIDEO, clip).state is State.STALE
    delivery = Delivery(tmp_path / "ledger" / "videos", lambda _s: None)
    for expected in (False, True):
        plan = make_plan(service, STAGES, flow_order(), None, delivery)
        assert (plan.is_empty, [c.left for c in plan.records if c.left]) == (expected, [])
        apply_plan(plan, service.store, None)
    assert service.stages(STAGES).status(VIDEO, clip).done
    (kept,) = service.store.variants(VIDEO, clip).values()
    assert service.store.files_status(kept, "simulated").done


def test_only_the_simulated_backend_needs_a_performance(
    clip: ClipId, kling: FakeKling, tmp_path: Path
) -> None:
    """A paid chain would plan a performance that nobody shows, and fail where none is found."""
    shutil.rmtree(tmp_path / "ground_truth" / "performances")
    assert [o.asset for o in buy(tmp_path, kling)] == [n for n in MAKING if n != "performance"]
    bought, simulated = (platform(tmp_path, b).platform() for b in ("kling-ai", "simulated"))
    assert "performance" not in bought.stages(STAGES).in_demand(flow_order(), clip)
    assert "performance" in simulated.stages(STAGES).in_demand(flow_order(), clip)
    prints = [
        platform(tmp_path, backend, simulated_frames=frames)
        .platform()
        .stages(STAGES)
        .fingerprint(VIDEO, clip)
        for backend in ("kling-ai", "simulated")
        for frames in (33, 49)
    ]
    assert prints[0] == prints[1]
    assert prints[2] != prints[3]


def test_what_is_skipped_as_done_wants_no_performance(clip: ClipId, tmp_path: Path) -> None:
    """--skip_done would plan performances of clips whose videos are there."""
    service = platform(tmp_path, "simulated").platform()
    service.store.remove("performance", clip)
    assert batches(service, [(DRILL, [1])], MAKING, skip_done=True) == []
    service.store.remove(VIDEO, clip)
    ((_, assets),) = batches(service, [(DRILL, [1])], MAKING, skip_done=True)
    assert assets == ["performance", VIDEO]


def _imported(results: Path, frame: Path, clip: ClipId, **video: object) -> PlatformResource:
    """The clip's frame, standing still, in a folder of the user's."""
    path = results / "mine" / f"{clip}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, [read_rgb(frame)] * 12, 12)
    return platform(results, "imported", imported_dir=str(results / "mine"), **video)


def test_an_imported_video_is_one_more_variant(clip: ClipId, frame: Path, tmp_path: Path) -> None:
    """A video that somebody has already would have to be smuggled past the records."""
    resource = _imported(tmp_path, frame, clip)
    outcomes = ChainRunner(resource).run(DRILL, [1], MAKING)
    assert [o.error for o in outcomes if o.error] == []
    assert [o.asset for o in outcomes] == [n for n in MAKING if n != "performance"]
    store = ArtifactStore(tmp_path)
    assert {*store.variants(VIDEO, clip)} == {"imported", "simulated"}
    assert not store.path(VIDEO, "truth", clip).exists()
    record = store.record(VIDEO, clip)
    assert record is not None
    (terms,) = [item for item in record.known_licenses if item.part == "video: imported"]
    assert (terms.name, terms.commercial_ok) == ("unknown", False)
    mine = tmp_path / "mine" / f"{clip}.mp4"
    write_video(mine, [np.zeros_like(read_rgb(frame))] * 12, 12)
    assert resource.platform().stages(STAGES).status(VIDEO, clip).state is State.STALE
    outcomes = ChainRunner(resource).run(DRILL, [1], MAKING)
    assert "does not begin with the clip's conditioning frame" in (outcomes[-1].error or "")


def test_an_imported_video_that_is_absent_says_where_it_belongs(
    clip: ClipId, tmp_path: Path
) -> None:
    """A user would not learn how the file has to be named."""
    resource = platform(tmp_path, "imported", imported_dir=str(tmp_path / "mine"))
    outcomes = ChainRunner(resource).run(DRILL, [1], ["video_task"])
    assert f"put it at {tmp_path / 'mine' / str(clip)}.mp4" in (outcomes[0].error or "")
