"""A folder of the reference becomes clips that are judged anew and never pass for our own."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hoi_platform.core.clip import FIRST_TASK, ClipId, parse_clip_path
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.formats.reference_hoi import read_reference
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.imports.clip_import import ClipImport, ImportedClip
from hoi_platform.services.imports.found import foreign_clips
from hoi_platform_tests.platform.processes import HOI, run
from hoi_platform_tests.services.imports.foreign import (
    FRAMES,
    GOOD,
    RunsCode,
    content,
    sample,
    write_clip,
)
from hoi_platform_tests.services.release.samples import add_clip


def _id(path: str) -> ClipId:
    return parse_clip_path(path, lambda _dataset, _category: FIRST_TASK)


def _named(seed: int) -> str:
    return GOOD.replace("rand00001", f"rand{seed:05d}")


def _import(root: Path, results: Path) -> ImportedClip:
    platform = PlatformResource(results_dir=str(results), profile="full").platform()
    (foreign,) = foreign_clips(root)
    return ClipImport(platform, foreign, root, FIRST_TASK).run()


def test_rest_joints_follow_from_joints_and_poses() -> None:
    """Its motions could not be replayed, shown or trained on without a licensed body model."""
    data = sample()
    found = read_reference(content(data), "x.pkl")
    assert found.hands_known
    assert np.allclose(found.data.rest_joints, data.rest_joints, atol=1e-6)
    assert np.allclose(found.data.joints, data.joints, atol=1e-5)
    assert np.allclose(found.data.motion.translation, data.motion.translation, atol=1e-6)
    assert np.allclose(found.data.Ts_world_object, data.Ts_world_object, atol=1e-6)
    assert found.data.motion.fps == 24.0
    assert found.data.contact.hands.all(axis=0).tolist() == [False, True]
    found.data.check_kinematics()


def test_fingers_in_a_foreign_basis_are_kept_rigid_and_said_so() -> None:
    """Coefficients of MANO's components would be read as angles: broken fingers."""
    data = sample()
    foreign = content(data)
    foreign["human_data"]["left_hand_pose"] = np.ones((FRAMES, 45), np.float32)
    found = read_reference(foreign, "x.pkl")
    assert not found.hands_known
    body = slice(0, 22)
    assert np.allclose(found.data.joints[:, body], data.joints[:, body], atol=1e-5)
    found.data.check_kinematics()


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no person": (lambda c: c.pop("human_data"), "has no dictionary 'human_data'"),
    "no joints": (lambda c: c["human_data"].pop("joints"), "joints is absent"),
    "few joints": (
        lambda c: c["human_data"].update(joints=np.zeros((FRAMES, 24, 3))),
        "24 joints; .* at least 55",
    ),
    "other poses": (
        lambda c: c["human_data"].update(poses=np.ones((FRAMES, 66))),
        "mm from where the poses put them",
    ),
    "nan": (lambda c: c["obj_data"]["obj_t"].fill(np.nan), "values that are not finite"),
    "lengths": (
        lambda c: c["obj_data"].update(obj_R=np.zeros((3, 3, 3)), obj_t=np.zeros((3, 3))),
        "12 frames of the person, 3 of the object",
    ),
    "rate": (lambda c: c["meta"].update(fps=0), "0.0 frames per second"),
    "points": (
        lambda c: c["obj_data"].update(obj_contact_points=7),
        "not as the reference writes it",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_understood_is_named(case: str) -> None:
    """A file that means something else would become a clip of nonsense."""
    change, said = BROKEN[case]
    foreign = content(sample())
    change(foreign)
    with pytest.raises(BadInputError, match=said):
        read_reference(foreign, "x.pkl")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """The results of one import by the command, what it printed, and what a pickle could run."""
    root = tmp_path_factory.mktemp("grail")
    results, ran = root / "results", root / "ran"
    data = sample()
    still = replace(data, Ts_world_object=np.tile(data.Ts_world_object[0], (FRAMES, 1, 1)))
    write_clip(root, GOOD, content(data))
    write_clip(root, _named(2), content(data), accepted=False)
    write_clip(root, _named(3), content(still))
    write_clip(root, _named(4), content(data), accepted=None)
    write_clip(root, _named(5), RunsCode(f"touch {ran}"))
    write_clip(root, _named(6), b"cut off")
    write_clip(root, "ComAsset/hammer/no-seed", content(data))
    ended = run([*HOI, "import", str(root), "--results_dir", str(results)])
    assert ended.status == 0, ended
    return results, ended.output, ran


def test_clips_are_judged_anew(imported: tuple[Path, str, Path]) -> None:
    """What the reference let pass, or threw away, would be all that one knows."""
    results, output, _ = imported
    store = ArtifactStore(results)
    verdicts = {
        seed: json.loads(store.path("filtered_hoi", "verdict", _id(_named(seed))).read_bytes())
        for seed in (1, 2, 3, 4)
    }
    assert {seed: v["valid"] for seed, v in verdicts.items()} == {
        1: True,
        2: False,
        3: False,
        4: False,
    }
    failed = {s: [c["name"] for c in v["checks"] if not c["passed"]] for s, v in verdicts.items()}
    assert failed[2] == failed[4] == ["accepted_by_reference"]
    assert failed[3] == ["object_motion"]
    for line in ("valid there, rejected here: 1", "invalid there, rejected here: 1"):
        assert line in output
    data = read_hoi_npz(store.path("filtered_hoi", "hoi_data", _id(GOOD)) / "hoi_data.npz")
    assert np.allclose(data.Ts_world_object, sample().Ts_world_object, atol=1e-6)
    assert data.obj_scale.tolist() == [1.0, 1.0, 1.0]  # the mesh beside a valid clip is in meters
    assert "/home/somebody" not in json.dumps(data.meta)


def test_records_say_imported_and_with_unknown_terms(imported: tuple[Path, str, Path]) -> None:
    """Foreign work would pass for ours, or be sold."""
    store = ArtifactStore(imported[0])
    for asset in ("interaction_video", "reconstruction", "visualization", "filtered_hoi"):
        record = store.record(asset, _id(GOOD))
        assert record is not None
        assert (record.backend, record.inputs) == ("imported", {})
        assert [(i.name, i.commercial_ok) for i in record.known_licenses] == [("unknown", False)]
        digests = record.facts["imported_files"]
        assert f"generation/videos_kling/{GOOD}.mp4" in digests
        assert store.content_status(record, _id(GOOD)).done
    verdict = store.record("filtered_hoi", _id(GOOD))
    assert verdict is not None
    assert "object_mask_misalignment" in verdict.facts["not_judged"]
    assert verdict.facts["reference_verdict"] == "valid"


def test_the_index_shows_them_and_no_foreign_page(imported: tuple[Path, str, Path]) -> None:
    """They would be invisible, or a page of theirs would run in the gallery's origin."""
    import pyarrow.parquet as pq

    results = imported[0]
    rows = {r["clip_id"]: r for r in pq.read_table(results / "index/manifest.parquet").to_pylist()}
    assert rows.keys() == {_named(seed) for seed in (1, 2, 3, 4)}
    assert (rows[GOOD]["state"], rows[GOOD]["backend_filtered_hoi"]) == ("valid", "imported")
    assert (results / rows[GOOD]["path_poster"]).is_file()
    assert (results / rows[GOOD]["path_recon_result"]).read_bytes() == b"a video"
    assert not list(results.rglob("recon_result.html"))


def test_hostile_and_broken_files_are_left_out_with_the_reason(
    imported: tuple[Path, str, Path],
) -> None:
    """A downloaded folder could run code, or one bad file stop the import of all others."""
    _, output, ran = imported
    assert not ran.exists()
    for reason in ("the pickle asks for", "is not a readable pickle", "is not of the form"):
        assert reason in output
    assert output.count("left out:") == 3


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    """Every import would write everything again."""
    write_clip(tmp_path, GOOD, content(sample()))
    results = tmp_path / "results"
    assert _import(tmp_path, results).is_new
    record = results / f"generation/records/filtered_hoi/{GOOD}.json"
    before = record.stat().st_mtime_ns
    assert not _import(tmp_path, results).is_new
    assert record.stat().st_mtime_ns == before
    (tmp_path / f"generation/videos_kling/{GOOD}.mp4").write_bytes(b"another video")
    assert _import(tmp_path, results).is_new


def test_what_was_made_here_is_never_replaced(tmp_path: Path) -> None:
    """Hours of work would be overwritten by a clip of the same name."""
    write_clip(tmp_path, GOOD, content(sample()))
    add_clip(tmp_path / "results", _id(GOOD))
    with pytest.raises(BadInputError, match="was made here and would be replaced; import into"):
        _import(tmp_path, tmp_path / "results")


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A folder from elsewhere could bring any file of this machine into the results."""
    write_clip(tmp_path / "grail", GOOD, content(sample()))
    video = tmp_path / "grail" / f"generation/videos_kling/{GOOD}.mp4"
    (tmp_path / "private").write_text("private")
    video.unlink()
    video.symlink_to(tmp_path / "private")
    with pytest.raises(BadInputError, match="is a link out of"):
        _import(tmp_path / "grail", tmp_path / "results")
