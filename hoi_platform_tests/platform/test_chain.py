"""The whole chain: from a mesh to a measured, judged and shown clip, through Dagster."""

import json
import pickle
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform_tests.conftest import SHARED_DATA

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

DRILL = ObjectId("ComAsset", "cordless_drill")
CLIP = ClipId(DRILL, "kid", "indoor2-manipulation", 1)


def _resource(results: Path, configs: tuple[Path, Path], **overrides: object) -> PlatformResource:
    gen, recon = configs
    return PlatformResource(
        results_dir=str(results),
        gen_config=str(gen),
        recon_config=str(recon),
        overrides=overrides,
    )


def test_the_command_lines_leave_every_artifact(
    clip_results: Path, small_configs: tuple[Path, Path]
) -> None:
    """A stage would be missing from the chain that the reference's commands run."""
    store = ArtifactStore(clip_results)
    missing = [name for name in STAGES if store.record(name, CLIP) is None]
    objects = [name for name in missing if store.record(name, DRILL) is None]
    assert objects == []
    assert (store.path("dataset_index", "gallery", None) / "index.html").is_file()


def test_no_artifact_carries_the_clock(clip_results: Path) -> None:
    """An artifact that is made again would have another hash, and all after it be done again."""
    archives = [p for ending in ("npz", "pt") for p in clip_results.rglob(f"*.{ending}")]
    images = list(clip_results.rglob("*.png"))
    assert archives
    assert images
    dates = {entry.date_time[0] for p in archives for entry in ZipFile(p).infolist()}
    assert dates == {1980}  # the first of a zip's calendar: none was given
    assert [p for p in images if any(key in p.read_bytes() for key in (b"tIME", b"Date"))] == []


def test_a_second_run_through_dagster_redoes_nothing(
    clip_results: Path, small_configs: tuple[Path, Path]
) -> None:
    """What is done would be done again, or the page and the command lines would differ."""
    runner = ChainRunner(_resource(clip_results, small_configs))
    outcomes = runner.run(DRILL, [1], flow_order())
    assert [o.error for o in outcomes if o.error] == []
    assert [o.asset for o in outcomes if o.made] == []


def test_a_changed_threshold_redoes_only_what_depends_on_it(
    clip_results: Path, small_configs: tuple[Path, Path]
) -> None:
    """A changed filter would redo the optimizer, or nothing."""
    changed = {"filtering": {"human_static_thr": 0.011}}
    platform = _resource(clip_results, small_configs, recon_4dhoi=changed).platform()
    stages = platform.stages(STAGES)
    scopes = {name: DRILL if ARTIFACTS[name].scope == "object" else CLIP for name in STAGES}
    left = [name for name in flow_order() if not stages.status(name, scopes[name]).done]
    assert left == ["filtered_hoi", "visualization"]


def test_reconstruction_opens_no_ground_truth(
    clip_results: Path, small_configs: tuple[Path, Path]
) -> None:
    """Accuracy would be an illusion: the answers were read."""
    opened: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple) -> None:
        if watching and event == "open" and "ground_truth" in str(arguments[0]):
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    store = ArtifactStore(clip_results)
    assets = [
        "human_pose",
        "scene_tracks",
        "object_pose",
        "contact_labels",
        "reconstruction",
        "filtered_hoi",
    ]
    for asset in assets:
        store.remove(asset, CLIP)
    outcomes = ChainRunner(_resource(clip_results, small_configs)).run(DRILL, [1], assets)
    watching.clear()
    assert [o.asset for o in outcomes if o.made] == assets
    sources = [path for path in opened if not path.endswith(".py") and ".pyc" not in path]
    assert sources == []


def test_stored_kinematics_replay_the_stored_joints(clip_results: Path) -> None:
    """Others could not replay the motion from the file."""
    data = read_hoi_npz(ArtifactStore(clip_results).path("reconstruction", "data", CLIP))
    assert data.fk_error_m < 1e-4


def test_the_pickle_is_read_as_the_reference_reads_it(clip_results: Path) -> None:
    """The reference's inspection script and retargeting loader would fail on our file."""
    path = ArtifactStore(clip_results).path("reconstruction", "pickle", CLIP)
    hoi = pickle.loads(path.read_bytes())
    frames = hoi["human_data"]["poses"].shape[0]
    assert hoi["human_data"]["poses"].shape == (frames, 66)
    assert hoi["human_data"]["left_hand_pose"].shape == (frames, 45)
    assert hoi["obj_data"]["obj_R"].shape == (frames, 3, 3)
    assert hoi["object_data"]["object_poses"].shape == (frames, 4, 4)
    assert Path(hoi["meta"]["obj_path"]).is_file()


def test_the_verdict_has_every_check_with_value_and_threshold(clip_results: Path) -> None:
    """A rejected clip would not say why, or checks would stop at the first failure."""
    store = ArtifactStore(clip_results)
    verdict = json.loads(store.path("filtered_hoi", "verdict", CLIP).read_text())
    assert len(verdict["checks"]) >= 10
    assert all(
        {"name", "value", "threshold", "unit", "passed"} <= set(c) for c in verdict["checks"]
    )
    assert store.path("filtered_hoi", "invalid", CLIP).exists() == (not verdict["valid"])


def test_the_clip_is_measured_and_within_reach_of_the_targets(clip_results: Path) -> None:
    """The chain would run from end to end and be wrong by any amount."""
    path = ArtifactStore(clip_results).path("clip_accuracy", "accuracy", CLIP)
    accuracy = json.loads(path.read_text())
    assert accuracy["mpjpe_mm"] < 90
    assert accuracy["object_translation_mm"] < 40
    assert np.isfinite(accuracy["object_rotation_deg"])


def test_a_failed_clip_fails_its_partition_with_the_cause(
    tmp_path: Path, small_configs: tuple[Path, Path]
) -> None:
    """An exception would be swallowed, or would stop the other clips."""
    impossible = {"rendering": {"min_object_px": 100_000}}
    runner = ChainRunner(_resource(tmp_path, small_configs, gen_2dhoi=impossible))
    outcomes = runner.run(
        DRILL, [1, 2], ["object_mesh", "settled_pose", "object_scale", "scene_render"]
    )
    failed = [o for o in outcomes if o.error]
    assert [o.subject.seed for o in failed if isinstance(o.subject, ClipId)] == [1, 2]
    assert all("no scene for" in (o.error or "") for o in failed)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["chair_model.obj", "teapot.stl"])
def test_a_real_mesh_becomes_a_rendered_scene(
    name: str, tmp_path: Path, small_configs: tuple[Path, Path]
) -> None:
    """Users' own meshes would work on the shipped library only."""
    from hoi_platform.core.config.objects import ObjectEntry

    source = SHARED_DATA / name
    object_id = ObjectId("Real", source.stem)
    resource = _resource(tmp_path, small_configs)
    entry = ObjectEntry(real_size_m=0.2)
    resource.platform().catalogue.add(object_id, entry, source, roots=[SHARED_DATA])
    gen_assets = flow_order()[: flow_order().index("video_task") + 1]
    outcomes = ChainRunner(resource).run(object_id, [1], gen_assets)
    assert [o.error for o in outcomes if o.error] == []
    assert all(o.made for o in outcomes)
