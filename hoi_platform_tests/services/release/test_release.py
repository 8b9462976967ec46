"""A release holds what the records' files hold, whole, and says where it comes from."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from hoi_platform.core.clip import ClipId
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.formats.release_columns import CLIPS, FRAMES
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.release.checksums import SUMS, differences
from hoi_platform.services.release.plan import ReleasePlan, plan_release
from hoi_platform.services.release.write import write_release
from hoi_platform_tests.platform.processes import HOI, run
from hoi_platform_tests.services.release.samples import (
    BOUND,
    CAMERA,
    LENGTH,
    add_clip,
    clip_of,
    data_of,
)

BOXES = {f"box_{n}": (0.1, 0.1 + 0.01 * n, 0.1) for n in range(9)}
TWIN = "twin"  # of box_3, twice as large
REJECTED = clip_of("box_0", seed=3)
SOLD = clip_of("box_1", seed=1)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten objects, two of one shape, with one clip that was rejected and one under other terms."""
    root = tmp_path_factory.mktemp("release") / "results"
    for category, size in BOXES.items():
        license_ = {"license_": BOUND} if category == SOLD.object_id.category else {}
        add_clip(root, clip_of(category), size, **license_)
    add_clip(root, clip_of("box_2", seed=2), BOXES["box_2"])
    add_clip(root, clip_of("box_2", task="lifting"), BOXES["box_2"])
    add_clip(root, clip_of(TWIN), tuple(2 * side for side in BOXES["box_3"]))
    add_clip(root, REJECTED, BOXES["box_0"], contact=9.0)
    return root


@pytest.fixture(scope="module")
def released(results: Path) -> Path:
    return write_release(_plan(results, "whole"), results, most=40)


def _plan(results: Path, name: str, *, commercial: bool = False) -> ReleasePlan:
    platform = PlatformResource(results_dir=str(results), profile="demo").platform()
    return plan_release(platform, name, commercial=commercial)


def _table(folder: Path, table: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    files = sorted((folder / "data" / table).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def _clip(row: dict[str, Any]) -> ClipId:
    _, folder, name = row["clip_id"].split("/")
    category, _, task = folder.partition("__")
    return clip_of(category, int(name[-5:]), task or "manipulation")


def test_every_array_is_the_recorded_one(released: Path, results: Path) -> None:
    """Whoever trains on a release would learn other motions than the filter accepted."""
    frames: dict[str, list[dict[str, Any]]] = {}
    for row in _table(released, "frames"):
        frames.setdefault(row["clip_id"], []).append(row)
    clips = _table(released, "clips")
    assert {row["clip_id"] for row in clips} == frames.keys()
    assert len(clips) == 12
    for row in clips:
        data = read_hoi_npz(data_of(ArtifactStore(results), _clip(row)))
        found = frames[row["clip_id"]]
        pairs = {
            "body_rotations": data.motion.axis_angle,
            "body_translation": data.motion.translation,
            "joints": data.joints,
            "joint_confidence": data.joint_confidence,
            "T_world_object": data.Ts_world_object,
            "hand_contact": data.contact.hands,
            "hand_contact_confidence": data.contact.confidence,
        }
        for name, expected in pairs.items():
            values = [frame[name] for frame in found]
            if expected is None:
                assert values == [None] * LENGTH
                continue
            exact = np.asarray(expected)
            single = exact.astype(np.float32) if exact.dtype.kind == "f" else exact
            assert np.array_equal(np.array(values, single.dtype), single), name
        for hand in ("left_hand", "right_hand"):
            points = getattr(data.contact_points, hand)
            for frame in found:
                expected = points.at(frame["frame_index"]).astype(np.float32)
                given = np.array(frame[f"{hand}_points"], np.float32).reshape(-1, 3)
                assert np.array_equal(given, expected)
        assert [frame["frame_index"] for frame in found] == list(range(LENGTH))
        assert found[5]["timestamp"] == np.float32(5 / data.motion.fps)
        assert {frame["episode_index"] for frame in found} == {row["episode_index"]}
        for name, expected in (
            ("rest_joints", data.rest_joints),
            ("body_shape", data.betas),
            ("object_scale", data.obj_scale),
        ):
            assert np.array_equal(np.array(row[name], np.float32), expected.astype(np.float32))
        assert row["contact_labels"] == [list(joints) for joints in data.contact.labels]
        origin = np.array(data.meta["packaged_origin_world"])
        T = CAMERA.T_world_cam.copy()
        T[:3, 3] -= origin
        assert np.allclose(row["T_world_camera"], T, atol=1e-6)


def test_rows_say_what_a_clip_is_and_lead_to_its_files(released: Path, results: Path) -> None:
    """A clip's terms or truth would be lost, or its video and mesh not be found."""
    store = ArtifactStore(results)
    rows = {row["clip_id"]: row for row in _table(released, "clips")}
    row = rows[SOLD.path]
    assert (row["object"], row["seed"], row["frames"]) == ("Mine/box_1", 1, LENGTH)
    assert (row["commercial_ok"], rows[clip_of("box_0").path]["commercial_ok"]) == (False, True)
    assert "video: kling-ai: terms of service" in row["licenses"]
    assert (row["accuracy_mpjpe_mm"], row["accuracy_contact_f1"]) == (30.0, None)
    assert row["poster"]["bytes"] == b"a picture"
    for row in rows.values():
        clip = _clip(row)
        video = store.path("interaction_video", "video", clip).read_bytes()
        assert (released / row["video"]).read_bytes() == video
        mesh = store.path("filtered_hoi", "mesh_data", clip) / "model.obj"
        assert (released / row["mesh"]).read_bytes() == mesh.read_bytes()
    assert REJECTED.path not in rows
    assert len(list((released / "meshes").iterdir())) == 10  # shared by an object's clips


def test_videos_have_a_table_of_their_own(released: Path) -> None:
    """A hub's viewer of videos would show files without a word about them."""
    import pyarrow.parquet as pq

    found = 0
    for file in released.glob("videos/*/metadata.parquet"):
        names = pq.read_table(file)["file_name"].to_pylist()
        assert sorted(names) == sorted(
            path.relative_to(file.parent).as_posix() for path in file.parent.rglob("*.mp4")
        )
        found += len(names)
    assert found == 12


def test_no_object_and_no_shape_is_in_two_splits(released: Path) -> None:
    """A model would be tested on objects that it was trained on."""
    splits: dict[str, set[str]] = {}
    for file in sorted((released / "data" / "clips").glob("*.parquet")):
        import pyarrow.parquet as pq

        for row in pq.read_table(file).to_pylist():
            split = file.name.partition("-")[0]
            for key in (row["object"], row["object_shape"], row["mesh"]):
                splits.setdefault(key, set()).add(split)
    assert {len(found) for found in splits.values()} == {1}
    assert splits["Mine/twin"] == splits["Mine/box_3"]
    assert len(set().union(*splits.values())) > 1  # it would hold for one split alone


def test_the_card_is_what_hubs_read(released: Path) -> None:
    """A viewer would not find the files, or show other types than they have."""
    import pyarrow.parquet as pq

    text = (released / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    facts = yaml.safe_load(front)
    for config, columns in zip(facts["configs"], (CLIPS, FRAMES), strict=True):
        for files in config["data_files"]:
            found = sorted(released.glob(files["path"]))
            assert found
            for file in found:
                assert pq.read_schema(file).names == [column.name for column in columns]
    listed = {info["config_name"]: info["features"] for info in facts["dataset_info"]}
    assert [one["name"] for one in listed["frames"]] == [column.name for column in FRAMES]
    (joints,) = [one for one in listed["frames"] if one["name"] == "joints"]
    assert joints["sequence"] == {"sequence": "float32", "length": 3}
    assert joints["length"] == 55
    assert "13 clips were judged, 12 of them (92%) are valid, 12 are in this release" in body
    assert "- `contact`: 1" in body
    assert "may not be used commercially" in body
    assert "| MPJPE | 30 mm | 12 |" in body
    for column in (*CLIPS, *FRAMES):
        assert f"| `{column.name}` | {column.type_text} | " in body


def test_nothing_of_the_machine_leaves_with_it(released: Path, results: Path) -> None:
    """Paths, and with them the names of people, would be published."""
    words = [str(results).encode(), str(Path.home()).encode()]
    for path in released.rglob("*"):
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            content = repr(pq.read_table(path).to_pylist()).encode()
        else:
            content = path.read_bytes() if path.is_file() else b""
        assert not [word for word in words if word in content], path


def test_only_what_may_be_sold(results: Path) -> None:
    """A product would be trained on clips whose terms forbid it."""
    plan = _plan(results, "sold", commercial=True)
    assert SOLD not in {clip.clip for clip in plan.clips}
    assert plan.left_out == {SOLD.path: "no commercial use (video: kling-ai: terms of service)"}
    folder = write_release(plan, results)
    facts = json.loads((folder / "release.json").read_text())
    assert (facts["commercial_ok"], facts["clips"], facts["yield"]["valid"]) == (True, 11, 12)


def test_a_clip_that_is_not_whole_is_left_out(results: Path, tmp_path: Path) -> None:
    """A damaged file would be published, or stop the release of all others."""
    copy = tmp_path / "results"
    shutil.copytree(results / "generation", copy / "generation")
    store = ArtifactStore(copy)
    data_of(store, clip_of("box_4")).write_bytes(b"damaged")
    store.path("interaction_video", "video", clip_of("box_5")).unlink()
    (store.path("filtered_hoi", "verdict", clip_of("box_6"))).write_text("{")
    (copy / f"generation/records/filtered_hoi/{clip_of('box_7').path}.json").write_text("{")
    plan = _plan(copy, "parts")
    assert (len(plan.clips), plan.judged, plan.valid) == (8, 11, 10)
    why = {clip: plan.left_out[clip_of(clip).path] for clip in ("box_4", "box_5", "box_7")}
    assert "differs from its recorded hash" in why["box_4"]
    assert "is gone" in why["box_5"]
    assert why["box_7"].endswith("box_7/kid_room_rand00001.json cannot be read")
    assert clip_of("box_6").path in plan.left_out


def test_the_same_results_give_the_same_bytes(released: Path, results: Path) -> None:
    """Nobody could tell whether two releases differ, or reproduce one."""
    other = write_release(_plan(results, "again"), results, most=40)
    sums = {
        folder: {
            line.partition("  ")[2]: line.partition("  ")[0]
            for line in (folder / SUMS).read_text().splitlines()
        }
        for folder in (released, other)
    }
    named = {"README.md", "release.json"}  # they hold the release's name
    assert {p: d for p, d in sums[released].items() if p not in named} == {
        p: d for p, d in sums[other].items() if p not in named
    }


def test_a_release_is_never_changed(released: Path, results: Path) -> None:
    """What others downloaded would no longer be what its name stands for."""
    before = (released / SUMS).read_bytes()
    with pytest.raises(BadInputError, match=r"exists .* and is never changed.*such as whole-2"):
        write_release(_plan(results, "whole"), results)
    assert (released / SUMS).read_bytes() == before


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 129])
def test_a_name_that_is_no_folder(results: Path, name: str) -> None:
    """A release would be written outside of its folder, or be hidden."""
    with pytest.raises(BadInputError, match="not usable as a name"):
        _plan(results, name)


def test_without_valid_clips_there_is_no_release(tmp_path: Path) -> None:
    """An empty folder would pass for a data set."""
    with pytest.raises(BadInputError, match=r"nothing to release under .*: 0 judged, 0 left out"):
        _plan(tmp_path, "empty")


def test_a_changed_release_is_found_out(released: Path, tmp_path: Path) -> None:
    """A damaged download would be trained on."""
    copy = tmp_path / "copy"
    shutil.copytree(released, copy)
    assert differences(copy) == []
    video = next(copy.rglob("*.mp4"))
    video.write_bytes(b"other")
    (copy / "release.json").unlink()
    (copy / "more").write_text("added")
    (copy / "link").symlink_to(copy / "README.md")
    assert differences(copy) == [
        "release.json is absent",
        "link is not listed",
        "more is not listed",
        f"{video.relative_to(copy)} was changed",
    ]
    (copy / SUMS).write_text("0" * 64 + "  ../../etc/passwd\n")
    with pytest.raises(BadInputError, match="is no line of sha256sum"):
        differences(copy)


@pytest.mark.long
def test_a_killed_release_is_continued(results: Path, released: Path) -> None:
    """A half-written folder would pass for a release, or the next run start from nothing."""
    name, copied = "killed", results / "releases" / ".killed.part"
    module = "hoi_platform_tests.services.release.killed"
    ended = run(["-m", module, str(results), name, "data/clips/train"])
    assert ended.status == -signal.SIGKILL, ended
    assert not (results / "releases" / name).exists()
    kept = {path.stat().st_ino for path in copied.rglob("*.mp4")}
    assert len(kept) == 12
    ended = run([*HOI, "release", name, "--results_dir", str(results)])
    assert ended.status == 0, ended
    assert differences(results / "releases" / name) == []
    assert not copied.exists()
    for path in (results / "releases" / name).rglob("*.mp4"):
        assert path.stat().st_ino in kept  # not copied again
    for table in ("clips", "frames"):
        assert _table(results / "releases" / name, table) == _table(released, table)
