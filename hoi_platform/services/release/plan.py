"""What a release will hold, decided before anything is written."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.clip import ClipId, checked_name, parse_clip_path
from hoi_platform.core.errors import BadInputError, HoiError
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.core.formats.release_columns import SCHEMA_VERSION
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.licensing import License, commercial_ok
from hoi_platform.core.splits import SPLITS, Split, shape_digest, split_objects
from hoi_platform.services.artifacts.record import ArtifactRecord, fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.clips import recorded_licenses, recorded_verdict
from hoi_platform.services.platform import Platform

RELEASES: Final = "releases"
"""Folder of all releases below the results."""
_NEEDED: Final = ("filtered_hoi", "interaction_video")
"""Whose files a release copies; they have to be as their records say."""


@dataclass(frozen=True)
class Source:
    """A file of the results that a release copies."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class ReleasedClip:
    """A valid clip with everything that its rows are made from."""

    clip: ClipId
    record: ArtifactRecord
    verdict: Verdict
    licenses: tuple[License, ...]
    hoi_data: Source
    video: Source
    mesh: dict[str, Source]
    """Name of the file beside ``model.obj`` → file."""
    shape: str
    """``core.splits.shape_digest`` of its mesh."""
    poster: Source | None
    scene: Source | None
    accuracy: dict[str, float | None]
    """Empty without ground truth."""
    stages: dict[str, str]
    """Stage → backend and version."""

    @property
    def object_path(self) -> str:
        """``<dataset>/<category>``: the object, whatever its task."""
        return f"{self.clip.object_id.dataset}/{self.clip.object_id.category}"

    @property
    def mesh_folder(self) -> str:
        """Named by its content, so that clips of one mesh share it."""
        return "meshes/" + fingerprint_of({n: s.sha256 for n, s in self.mesh.items()})[:16]

    @property
    def commercial_ok(self) -> bool:
        return commercial_ok(self.licenses)

    def identity(self) -> dict[str, Any]:
        """Everything of it that enters the release."""
        files = [self.hoi_data, self.video, *self.mesh.values(), self.poster, self.scene]
        return {
            "clip": self.clip.path,
            "fingerprint": self.record.fingerprint,
            "files": [file.sha256 for file in files if file],
            "licenses": [item.model_dump() for item in self.licenses],
            "accuracy": self.accuracy,
            "stages": self.stages,
        }


@dataclass(frozen=True)
class ReleasePlan:
    """The clips of a release, what was left out, and how much was judged."""

    name: str
    commercial: bool
    clips: tuple[ReleasedClip, ...]
    """By object and seed."""
    left_out: dict[str, str]
    """Clip → why it is not in it although it is valid, or its verdict cannot be read."""
    judged: int
    valid: int
    """Of the judged ones, released or left out."""
    failures: dict[str, int]
    """Check → clips that failed it; one clip may fail several."""

    @cached_property
    def splits(self) -> dict[Split, tuple[ReleasedClip, ...]]:
        """The clips of each split that has any."""
        shapes: dict[str, set[str]] = {}
        for clip in self.clips:
            shapes.setdefault(clip.object_path, set()).add(clip.shape)
        where = split_objects(shapes)
        found = {s: tuple(c for c in self.clips if where[c.object_path] == s) for s in SPLITS}
        return {split: clips for split, clips in found.items() if clips}

    @property
    def meshes(self) -> dict[str, Source]:
        """Path in the release → file."""
        return {
            f"{clip.mesh_folder}/{name}": source
            for clip in self.clips
            for name, source in clip.mesh.items()
        }

    @cached_property
    def identity(self) -> str:
        """Hash of everything that is written: what a staging folder is continued by."""
        return fingerprint_of(
            {
                "schema": SCHEMA_VERSION,
                "name": self.name,
                "commercial": self.commercial,
                "clips": [clip.identity() for clip in self.clips],
                "left_out": self.left_out,
                "judged": [self.judged, self.valid, self.failures],
            }
        )


def video_path(split: Split, clip: ClipId) -> str:
    """Where a release has a clip's video."""
    return f"videos/{split}/{clip.path}.mp4"


def plan_release(platform: Platform, name: str, *, commercial: bool = False) -> ReleasePlan:
    """Every valid clip whose files are as their records say; hashes all of them.

    Raises BadInputError for an unusable name, and where there is nothing to release.
    """
    checked_name("release", name)
    clips: list[ReleasedClip] = []
    left_out: dict[str, str] = {}
    failures: Counter[str] = Counter()
    judged = valid = 0
    for clip in _clips(platform):
        try:
            verdict = _verdict(platform.store, clip)
            if verdict is None:
                continue
            judged, valid = judged + 1, valid + verdict.valid
            failures.update(verdict.failed)
            if verdict.valid:
                clips.append(_released(platform.store, clip, verdict, commercial=commercial))
        except (HoiError, OSError, ValueError) as error:
            left_out[clip.path] = str(error)
    if not clips:
        raise BadInputError(_nothing(platform.results_dir, judged, left_out))
    order = tuple(sorted(clips, key=lambda clip: clip.clip))
    failed = dict(sorted(failures.items()))
    return ReleasePlan(
        name=name,
        commercial=commercial,
        clips=order,
        left_out=left_out,
        judged=judged,
        valid=valid,
        failures=failed,
    )


def _clips(platform: Platform) -> Iterator[ClipId]:
    """Every clip that has a video or a verdict, whatever today's settings are."""
    first_task = platform.catalogue.first_tasks()
    records = platform.store.root / "generation" / "records"
    paths = {
        file.relative_to(records / asset).with_suffix("").as_posix()
        for asset in _NEEDED
        for file in (records / asset).rglob("*.json")
    }
    for path in sorted(paths):
        yield parse_clip_path(path, first_task)


def _verdict(store: ArtifactStore, clip: ClipId) -> Verdict | None:
    """None for a clip that was not judged. Raises BadInputError for an unreadable record."""
    verdict = recorded_verdict(store, clip, store.summaries.of_object(clip.object_id.path))
    record = store.root / ARTIFACTS["filtered_hoi"].record_path(clip)
    if verdict is None and record.is_file():
        raise BadInputError(f"{record.relative_to(store.root)} cannot be read")
    return verdict


def _released(
    store: ArtifactStore, clip: ClipId, verdict: Verdict, *, commercial: bool
) -> ReleasedClip:
    """Raises BadInputError, which says why it cannot be released."""
    records = {n: r for n, kind in ARTIFACTS.items() if (r := _record(store, n, clip))}
    for asset in _NEEDED:
        if asset not in records:
            raise BadInputError(f"{asset} has no readable record")
        status = store.content_status(records[asset], clip)
        if not status.done:
            raise BadInputError(f"{asset} is {status.state}: {status.reason}")
    licenses = recorded_licenses(clip, store.summaries.of_object(clip.object_id.path))
    limits = ", ".join(f"{item.part}: {item.name}" for item in licenses if not item.commercial_ok)
    if commercial and limits:
        raise BadInputError(f"no commercial use ({limits})")
    record, mesh_data = records["filtered_hoi"], store.path("filtered_hoi", "mesh_data", clip)
    mesh = {path.name: _source(record, store.root, path) for path in sorted(mesh_data.iterdir())}
    hoi_data = store.path("filtered_hoi", "hoi_data", clip) / "hoi_data.npz"
    poster = store.path("visualization", "visuals", clip) / "poster.jpg"
    return ReleasedClip(
        clip=clip,
        record=record,
        verdict=verdict,
        licenses=licenses,
        hoi_data=_source(record, store.root, hoi_data),
        video=_source(
            records["interaction_video"], store.root, store.path(_NEEDED[1], "video", clip)
        ),
        mesh=mesh,
        shape=shape_digest(load_obj(mesh_data / "model.obj").vertices),
        poster=_optional(store, records.get("visualization"), clip, poster),
        scene=_optional(
            store, records.get("scene_render"), clip, store.path("scene_render", "scene", clip)
        ),
        accuracy=_accuracy(store, records.get("clip_accuracy"), clip),
        stages={name: f"{r.backend} (version {r.code_version})" for name, r in records.items()},
    )


def _record(store: ArtifactStore, asset: str, clip: ClipId) -> ArtifactRecord | None:
    if ARTIFACTS[asset].scope == "index":
        return None
    return store.record(asset, upstream_subject(asset, clip))


def _source(record: ArtifactRecord, root: Path, path: Path) -> Source:
    """A file that a record lists. Raises BadInputError for any other."""
    listed = record.files.get(path.relative_to(root).as_posix())
    if listed is None:
        raise BadInputError(f"{path.relative_to(root)} is no part of {record.asset}")
    return Source(path, listed, path.stat().st_size)


def _optional(
    store: ArtifactStore, record: ArtifactRecord | None, clip: ClipId, path: Path
) -> Source | None:
    """A file whose artifact is whole and up to date; None where it is not."""
    if record is None or not store.content_status(record, clip).done:
        return None
    return _source(record, store.root, path)


def _accuracy(
    store: ArtifactStore, record: ArtifactRecord | None, clip: ClipId
) -> dict[str, float | None]:
    if record is None or not store.content_status(record, clip).done:
        return {}
    found: dict[str, float | None] | None = json.loads(
        store.path("clip_accuracy", "accuracy", clip).read_bytes()
    )
    return found or {}


def _nothing(results: Path, judged: int, left_out: dict[str, str]) -> str:
    why = "; ".join(f"{clip}: {reason}" for clip, reason in list(left_out.items())[:3])
    found = f"{judged} judged, {len(left_out)} left out" + (f" ({why})" if why else "")
    return (
        f"nothing to release under {results}: {found}; a release holds valid clips, which "
        "`hoi clips` lists"
    )
