"""A results folder of judged clips, with records and files that cost no stage."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.licensing import License
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.packaging import clip_terms, package_clip
from hoi_platform_tests.hoi_samples import box_mesh, sample_hoi
from hoi_platform_tests.services.viewer.scenes import plain_scene

LENGTH: Final = 12
FREE: Final = License(part="mesh", name="CC0-1.0", commercial_ok=True)
BOUND: Final = License(part="video: kling-ai", name="terms of service", commercial_ok=False)
CAMERA: Final = look_at(64, 36, 70.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))

Write = Callable[[str, Path], None]
"""Key of a file and where to write it."""


def clip_of(category: str, seed: int = 1, task: str = "manipulation") -> ClipId:
    first = task == "manipulation"
    return ClipId(ObjectId("Mine", category, task, is_first=first), "kid", "room", seed)


def add_clip(
    results: Path,
    clip: ClipId,
    size: tuple[float, float, float] = (0.1, 0.1, 0.1),
    *,
    contact: float = 1.0,
    license_: License = FREE,
) -> None:
    """A judged clip; one whose contact is above 5 was rejected."""
    store = ArtifactStore(results)
    mesh = results.parent / f"mesh-{clip.object_id.category}" / "model.obj"
    _write_obj(mesh, size)
    verdict = Verdict((Check.at_most("contact", contact, 5.0, ""),), LENGTH, LENGTH)
    _commit(store, "scene_render", clip, FREE, _rendered)
    _commit(store, "interaction_video", clip, license_, _filmed)
    _commit(store, "filtered_hoi", clip, license_, _judged(clip, verdict, mesh, license_))
    _commit(store, "clip_accuracy", clip, FREE, _measured)
    _commit(store, "visualization", clip, FREE, _drawn)


def data_of(store: ArtifactStore, clip: ClipId) -> Path:
    return store.path("filtered_hoi", "hoi_data", clip) / "hoi_data.npz"


def _commit(store: ArtifactStore, asset: str, clip: ClipId, item: License, write: Write) -> None:
    with store.staging(asset, clip) as staging:
        for file in ARTIFACTS[asset].files:
            if not file.privileged:
                write(file.key, staging.path(file.key))
        record = ArtifactRecord(
            asset=asset,
            subject=clip.path,
            schema_version=1,
            fingerprint=f"{asset} of {clip.path}",
            code_version="1",
            backend="builtin",
            settings={},
            inputs={},
            files={},
            seconds=1.0,
            created_at="2026-11-22T00:00:00+00:00",
            machine="test",
            licenses=(item,),
        )
        store.commit(staging, record)


def _write_obj(path: Path, size: tuple[float, float, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    vertices, faces = box_mesh(size)
    lines = [f"v {x} {y} {z}" for x, y, z in vertices]
    path.write_text("\n".join([*lines, *(f"f {a} {b} {c}" for a, b, c in faces + 1)]) + "\n")


def _rendered(key: str, path: Path) -> None:
    if key == "scene":
        path.write_text(plain_scene(CAMERA, np.eye(4)).model_dump_json())
    else:
        _filler(key, path)


def _filmed(key: str, path: Path) -> None:
    if key != "truth":
        path.write_text("[]" if key == "checks" else f"not really a video: {path.name}")


def _judged(clip: ClipId, verdict: Verdict, mesh: Path, item: License) -> Write:
    data = sample_hoi(LENGTH, seed=clip.seed)
    if clip.seed == 2:  # as results of foreign tools are
        bare = replace(data.contact, confidence=None)
        data = replace(data, joint_confidence=None, contact=bare)
    data = replace(data, meta=data.meta | clip_terms([item]))

    def write(key: str, path: Path) -> None:
        if key == "verdict":
            path.write_text(json.dumps(verdict.to_json()))
        elif key == "invalid" and not verdict.valid:
            path.write_text(verdict.invalid_text)
        elif key == "mesh_data" and verdict.valid:
            package_clip(data, mesh, path.parent / "hoi_data", path)

    return write


def _measured(key: str, path: Path) -> None:
    path.write_text(json.dumps({"frames": LENGTH, "mpjpe_mm": 30.0, "contact_f1": None}))


def _drawn(key: str, path: Path) -> None:
    (path / "poster.jpg").write_bytes(b"a picture")


def _filler(key: str, path: Path) -> None:
    if path.is_dir():
        (path / "filler").write_text(key)
    else:
        path.write_text(key)
