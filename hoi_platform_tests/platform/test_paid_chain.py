"""The chain with paid services: Kling and a vision model behind HTTP, at the stand-ins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner, Outcome
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.fake_apis.serving import Stage, StandIns, environment, stand_ins
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.simulated import SimulatedBackend
from hoi_platform_tests.platform.conftest import SMALL_GEN, SMALL_RECON, small_config
from hoi_platform_tests.platform.stand_ins import paid_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

DRILL = ObjectId("ComAsset", "cordless_drill")
CLIP = ClipId(DRILL, "kid", "indoor2-manipulation", 1)
_VIDEO = flow_order().index("interaction_video")
GENERATION = [name for name in flow_order()[: _VIDEO + 1] if name != "performance"]
RECONSTRUCTION = flow_order()[_VIDEO + 1 :]
TRUE_SCALE = 2.5
PAID = {
    **SMALL_GEN,
    "skip_step2": False,
    "scale": {"max_iterations": 8},
    "video": {
        "model_api": "kling-ai",
        "simulated_samples": 2,
        "video_retry_wait": 0.5,
        "video_max_polls": 1000,
    },
}


@dataclass(frozen=True)
class Played:
    """What a run of the chain left behind."""

    resource: PlatformResource
    results: Path
    outcomes: list[Outcome]
    services: StandIns
    rows: list[RequestRow]

    def json(self, asset: str, key: str, subject: ObjectId | ClipId = CLIP) -> dict:
        """One of its JSON files."""
        return json.loads(ArtifactStore(self.results).path(asset, key, subject).read_text())


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The drill's clip, up to its bought video; the services run on."""
    folder = tmp_path_factory.mktemp("paid")
    results, port = folder / "results", free_port()
    resource = PlatformResource(
        results_dir=str(results),
        gen_config=str(small_config(folder, "gen_2dhoi", "manipulation", PAID)),
        recon_config=str(small_config(folder, "recon_4dhoi", "manip_anny", SMALL_RECON)),
    )
    backend = SimulatedBackend(BlenderResource().service())
    stage = Stage(port, task_seconds=0.2, fps=8)
    services = stand_ins(stage, resource.platform(), backend)
    app = application(services.kling, services.fal, services.chat)
    with paid_environment(environment(port)), serving(app, port):
        outcomes = ChainRunner(resource).run(DRILL, [1], flow_order()[: _VIDEO + 1])
        rows = open_ledger(f"sqlite:///{results}/ledger/ledger.db").rows()
        yield Played(resource, results, outcomes, services, rows)


def test_every_stage_is_made(played: Played) -> None:
    """The chain would work with simulated videos only."""
    assert [o.error for o in played.outcomes if o.error] == []
    assert [o.asset for o in played.outcomes if o.made] == GENERATION


def test_one_video_is_bought_and_delivered(played: Played) -> None:
    """The video would be bought twice, never settled, or not stand in the ledger."""
    (row,) = [row for row in played.rows if row.kind == "video"]
    assert (row.state, row.provider, row.model, row.subject) == (
        RequestState.DELIVERED,
        "kling-ai",
        "kling-v2-5-turbo",
        str(CLIP),
    )
    assert float(row.cost_usd or 0) == pytest.approx(0.35)
    assert row.external_task_id == f"hoi-{row.fingerprint[:40]}"
    assert len(played.services.kling.book.tasks) == 1
    assert played.services.fal.book.tasks == []


def test_every_question_is_paid_and_counted(played: Played) -> None:
    """Calls of the vision model would cost money that no budget sees."""
    rows = [row for row in played.rows if row.kind == "vision"]
    assert len(rows) == len(played.services.chat.calls) == 8  # 7 scales and a prompt
    assert {row.state for row in rows} == {RequestState.DELIVERED}
    assert all(row.tokens and row.tokens > 700 for row in rows)
    assert all(row.cost_usd and 0 < row.cost_usd < 0.01 for row in rows)


def test_the_scale_search_found_the_size_and_kept_its_way(played: Played) -> None:
    """A user could not see how a scale came about, or would get one that nobody asked for."""
    scale = played.json("object_scale", "scale", DRILL)
    assert scale["origin"] == "vision:gpt-4o"
    assert scale["obj_scale"][0] == pytest.approx(TRUE_SCALE, rel=0.2)
    steps = scale["search_history"]
    assert [s["iteration"] for s in steps] == list(range(1, 1 + scale["num_iterations"]))
    assert [s["response"] for s in steps] == [*["small"] * 5, "big", "correct"]
    assert all({"scale", "prompt", "raw"} <= set(step) for step in steps)
    previews = ArtifactStore(played.results).path("object_scale", "previews", DRILL)
    assert len({step["image"] for step in steps}) == len(steps)
    assert all((previews / step["image"]).is_file() for step in steps)


def test_the_prompt_is_refined_and_says_so(played: Played) -> None:
    """The video model would be sent the base prompt, or a moving camera."""
    prompt = played.json("video_prompt", "prompt")
    assert prompt["source"] == "refined"
    assert prompt["text"] != prompt["base"]
    assert "cordless drill" in prompt["text"]
    assert prompt["text"].endswith("The camera remains static.")
    (task,) = played.services.kling.book.tasks
    assert task.order.prompt == prompt["text"]


@pytest.mark.long
def test_the_clip_is_judged_and_no_truth_came_along(played: Played) -> None:
    """A bought clip would end without a verdict, or its accuracy be read from the answers."""
    outcomes = ChainRunner(played.resource).run(DRILL, [1], RECONSTRUCTION)
    assert [o.error for o in outcomes if o.error] == []
    assert [o.asset for o in outcomes if o.made] == RECONSTRUCTION
    verdict = played.json("filtered_hoi", "verdict")
    assert len(verdict["checks"]) >= 10
    assert list(played.results.rglob("*ground_truth*")) == []
    assert played.json("clip_accuracy", "accuracy") is None
