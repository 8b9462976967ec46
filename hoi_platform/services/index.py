"""The dataset's index from the records on disk: manifest, summary, gallery."""

import json
import platform as machine
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from hoi_platform.core.clip import ClipId, parse_clip_path
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.damage import DamagedFileError, parsed
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.record import ArtifactRecord, fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.artifacts.summaries import ObjectRecords, RecordSummary
from hoi_platform.services.clips import (
    VIDEO,
    VideoVariants,
    damages,
    recorded_licenses,
    recorded_rejection,
    recorded_verdict,
)
from hoi_platform.services.platform import Platform
from hoi_platform.services.viewer.clip_row import ClipRow
from hoi_platform.services.viewer.gallery import write_gallery
from hoi_platform.services.viewer.manifest import write_manifest
from hoi_platform.services.viewer.summary import summarize

T = TypeVar("T")

VERSION: Final = "5"

# Gallery path → asset, file key and name below it.
_PATHS: Final = {
    "poster": ("visualization", "visuals", "poster.jpg"),
    "recon_comparison": ("visualization", "visuals", "recon_comparison.mp4"),
    "recon_result": ("visualization", "visuals", "recon_result.mp4"),
    "recon_result_top_view": ("visualization", "visuals", "recon_result_top_view.mp4"),
    "page": ("visualization", "visuals", "recon_result.html"),
    "input": ("interaction_video", "video", ""),
    "verdict": ("filtered_hoi", "verdict", ""),
    "hoi_data": ("filtered_hoi", "hoi_data", "hoi_data.npz"),
}


def write_index(platform: Platform, stages: Sequence[str]) -> ArtifactRecord:
    """Rebuild the index from what is in the results; ``stages`` in the order of the flow."""
    started, store = time.perf_counter(), platform.store
    rows = list(_rows(platform, stages))
    summary = summarize(rows)
    with store.staging("dataset_index", None) as staging:
        write_manifest(rows, staging.path("manifest"))
        write_whole(staging.path("summary"), json.dumps(summary, indent=1) + "\n")
        write_gallery(rows, staging.path("gallery"), staging.root)
        record = ArtifactRecord(
            asset="dataset_index",
            subject="",
            schema_version=ARTIFACTS["dataset_index"].schema_version,
            fingerprint=fingerprint_of([VERSION, [_identity(row) for row in rows]]),
            code_version=VERSION,
            backend="parquet",
            settings={},
            inputs={},
            files={},
            seconds=time.perf_counter() - started,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=f"{machine.machine()} {machine.system()}",
            facts=summary,
        )
        return store.commit(staging, record)


def _rows(platform: Platform, stages: Sequence[str]) -> Iterator[ClipRow]:
    """Every clip whose scene was rendered, or that was imported, whatever today's settings are."""
    store, first_task = platform.store, platform.catalogue.first_tasks()
    for path in store.summaries.objects():
        records = store.summaries.of_object(path)
        variants = store.summaries.variants(VIDEO, path)
        for name in sorted(records.names("scene_render", "filtered_hoi")):
            clip = parse_clip_path(f"{path}/{name}", first_task)
            videos = VideoVariants.recorded(clip, records, variants)
            yield _row(store, clip, records.all_of(clip, stages), videos, records)


def _row(
    store: ArtifactStore,
    clip: ClipId,
    made: dict[str, RecordSummary],
    videos: VideoVariants,
    records: ObjectRecords,
) -> ClipRow:
    broken = damages(store, clip, records)

    def unless_damaged(asset: str, read: Callable[[], T | None]) -> T | None:
        """A file that cannot be read breaks its own clip alone."""
        try:
            return read()
        except DamagedFileError as error:
            broken.setdefault(asset, str(error))
            return None

    verdict = unless_damaged("filtered_hoi", lambda: recorded_verdict(store, clip, records))
    accuracy = unless_damaged("clip_accuracy", lambda: _accuracy(store, made, clip))
    return ClipRow(
        clip_id=clip.path,
        dataset=clip.object_id.dataset,
        category=clip.object_id.category,
        task=clip.object_id.task,
        character=clip.character,
        scene=clip.scene,
        seed=clip.seed,
        verdict=verdict,
        broken=tuple(broken.values()),
        rejected_video=recorded_rejection(clip, records),
        accuracy=accuracy or {},
        seconds={name: record.seconds for name, record in made.items()},
        backends={name: record.backend for name, record in made.items()},
        paths=_paths(store, clip),
        video_variant=videos.standing,
        other_videos=videos.others,
        licenses=recorded_licenses(clip, records),
        made_at=max((record.created_at for record in made.values()), default=""),
    )


def _paths(store: ArtifactStore, clip: ClipId) -> dict[str, str]:
    found = {}
    for name, (asset, key, below) in _PATHS.items():
        path = store.path(asset, key, clip) / below if below else store.path(asset, key, clip)
        if path.exists():
            found[name] = path.relative_to(store.root).as_posix()
    return found


def _accuracy(
    store: ArtifactStore, made: dict[str, RecordSummary], clip: ClipId
) -> dict[str, float | None]:
    if "clip_accuracy" not in made:
        return {}
    return parsed(store, "clip_accuracy", "accuracy", clip, _figures)


def _figures(text: bytes) -> dict[str, float | None]:
    return dict(json.loads(text) or {})


def _identity(row: ClipRow) -> list[Any]:
    licenses = [item.model_dump() for item in row.licenses]
    videos = [row.video_variant, *row.other_videos]
    return [row.clip_id, row.made_at, row.state, list(row.broken), licenses, videos]
