"""Licenses travel from a mesh, a body, a model or a service to everything made with it."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hoi_platform.assets.stage import STAGES, licenses_above
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.licensing import commercial_ok, stated
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.index import write_index
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.packaging import clip_terms, package_clip
from hoi_platform_tests.hoi_samples import sample_hoi
from hoi_platform_tests.platform.prepared import fill, kling_platform, prepare
from hoi_platform_tests.platform.processes import HOI, run

BOUGHT = ("video_task", "interaction_video")
BOX = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    path = tmp_path / "frame.png"
    Image.fromarray(np.full((36, 64, 3), 128, np.uint8)).save(path)
    return path


def _made(results: Path, frame: Path) -> ClipId:
    """A clip whose video was bought under terms that say nothing of commercial use."""
    resource = kling_platform(results)
    (clip,) = prepare(resource, frame, range(1, 2))
    fill(resource, frame, clip, BOUGHT)
    return clip


def _record(resource: PlatformResource, asset: str, clip: ClipId) -> ArtifactRecord:
    record = resource.platform().store.record(asset, clip)
    assert record is not None
    assert record.licenses is not None
    return record


def test_one_service_taints_what_is_made_after_it_and_nothing_before(
    tmp_path: Path, frame: Path
) -> None:
    """A clip made of a video that may not be sold would be sold."""
    clip, resource = _made(tmp_path, frame), kling_platform(tmp_path)
    fill(resource, frame, clip, ("human_pose", "scene_tracks"))
    assert commercial_ok(_record(resource, "scene_render", clip).known_licenses)
    parts = {item.part: item for item in _record(resource, "scene_tracks", clip).known_licenses}
    assert parts["mesh"].name == "Apache-2.0"
    assert parts["body: Anny"].commercial_ok
    tainted = [part for part, item in parts.items() if not item.commercial_ok]
    assert tainted == [
        "video: kling-ai kling-v2-5-turbo",
        "vision model: gpt-4o",
    ]


def test_a_contract_is_stated_anew_without_making_anything_anew(
    tmp_path: Path, frame: Path
) -> None:
    """A user who signs a contract would have to buy or make everything again."""
    clip = _made(tmp_path, frame)
    values = {
        "video": {"model_api": "kling-ai", "commercial_ok": True},
        "chatgpt": {"commercial_ok": True},
    }
    resource = PlatformResource(
        results_dir=str(tmp_path), profile="full", overrides={"gen_2dhoi": values}
    )
    platform = resource.platform()
    stages = platform.stages(STAGES)
    for asset in ("video_prompt", *BOUGHT):
        before = _record(resource, asset, clip)
        assert stages.status(asset, clip).done
        stages.restated(asset, clip)
        after = _record(resource, asset, clip)
        assert commercial_ok(after.known_licenses)
        assert not commercial_ok(before.known_licenses)
        assert after.model_copy(update={"licenses": before.licenses}) == before
    context = platform.context(clip)
    assert commercial_ok(licenses_above("filtered_hoi", context))


def test_a_record_without_licenses_is_unknown_and_taints(tmp_path: Path, frame: Path) -> None:
    """What an earlier version made would count as free forevery use."""
    clip, resource = _made(tmp_path, frame), kling_platform(tmp_path)
    store = resource.platform().store
    old = _record(resource, "interaction_video", clip).model_copy(update={"licenses": None})
    store.rewrite_record(clip, old)
    read = store.record("interaction_video", clip)
    assert read is not None
    assert [item.name for item in read.known_licenses] == ["unknown"]
    fill(resource, frame, clip, ("human_pose",))
    parts = [item.part for item in _record(resource, "human_pose", clip).known_licenses]
    assert "interaction_video" in parts


def test_the_manifest_and_the_list_of_clips_know_it(tmp_path: Path, frame: Path) -> None:
    """Whoever trains on the dataset could not leave out what may not be used."""
    import pyarrow.parquet as pq

    resource = kling_platform(tmp_path)
    tainted = _made(tmp_path, frame)
    free = PlatformResource(results_dir=str(tmp_path), profile="full")
    (clean,) = prepare(free, frame, range(2, 3))
    platform = resource.platform()
    write_index(platform, list(STAGES))
    table = pq.read_table(platform.store.path("dataset_index", "manifest", None)).to_pylist()
    use = {row["clip_id"]: row["commercial_ok"] for row in table}
    assert use == {tainted.path: False, clean.path: True}
    assert "mesh: Apache-2.0" in table[0]["licenses"]
    everything = run([*HOI, "clips", "--results_dir", str(tmp_path)])
    assert "terms of service of kling-ai" in everything.output
    commercial = run([*HOI, "clips", "--results_dir", str(tmp_path), "--commercial"])
    assert clean.path in commercial.output
    assert tainted.path not in commercial.output


def test_the_license_of_a_mesh(tmp_path: Path) -> None:
    """A downloaded mesh of unknown origin would count as free, or the library's as unknown."""
    shipped = Path(__file__).resolve().parents[2] / "configs" / "objects"
    catalogue = Catalogue(shipped, tmp_path / "mine")
    assert catalogue.license(ObjectId("ComAsset", "mug")) == stated("mesh", "Apache-2.0", True)
    source = tmp_path / "box.obj"
    source.write_text(BOX)
    for name, fields, expected in (
        ("silent", {}, ("unknown", False)),
        ("named", {"license": "CC-BY-4.0"}, ("CC-BY-4.0", True)),
        ("research", {"license": "CC-BY-NC-4.0"}, ("CC-BY-NC-4.0", False)),
        ("own", {"license": "my contract", "commercial_ok": True}, ("my contract", True)),
    ):
        object_id = ObjectId("Mine", name)
        catalogue.add(object_id, ObjectEntry(obj_scale=0.1, **fields), source, roots=[tmp_path])
        found = catalogue.license(object_id)
        assert (found.name, found.commercial_ok) == expected


def test_a_packaged_clip_carries_its_terms(tmp_path: Path) -> None:
    """A clip that is handed on without the dataset's manifest would have no terms."""
    licenses = [stated("mesh", "CC-BY-NC-4.0", None), stated("body: Anny", "Apache-2.0", None)]
    source = tmp_path / "mesh" / "model.obj"
    source.parent.mkdir()
    source.write_text(BOX)
    hoi, mesh = tmp_path / "hoi", tmp_path / "copied"
    hoi.mkdir()
    mesh.mkdir()
    data = sample_hoi()
    package_clip(replace(data, meta=data.meta | clip_terms(licenses)), source, hoi, mesh)
    for meta in (
        read_hoi_npz(hoi / "hoi_data.npz").meta,
        pickle.loads((hoi / "hoi_data.pkl").read_bytes())["meta"],
    ):
        assert meta["commercial_ok"] is False
        assert {"part": "mesh", "name": "CC-BY-NC-4.0", "commercial_ok": False} in meta["licenses"]
