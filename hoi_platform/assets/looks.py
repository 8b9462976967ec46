"""The small pictures that asset pages show, drawn from an artifact's files."""

from pathlib import Path

import numpy as np

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.services.artifacts.store import ArtifactStore

MAX_BYTES = 25_000
"""Largest preview (bytes); chosen: each is kept in Dagster's event log."""


def frame_preview(store: ArtifactStore, subject: ObjectId | ClipId) -> bytes:
    """The conditioning frame."""
    from hoi_platform.assets.recon_4dhoi.inputs import read_rgb

    return _sheet([read_rgb(store.path("scene_render", "frame", subject))])


def performance_preview(store: ArtifactStore, subject: ObjectId | ClipId) -> bytes:
    """Part labels and depth in the middle and at the end; the files themselves get no link."""
    from hoi_platform.core.formats.performance import StoredPerformance
    from hoi_platform.services.performances.pictures import labels_and_depth

    count = len(StoredPerformance.load(store.path("performance", "performance", subject)))
    labels, depth = (store.path("performance", key, subject) for key in ("labels", "depth"))
    return _sheet(labels_and_depth(labels, depth, (count // 2, count - 1)))


def video_preview(store: ArtifactStore, subject: ObjectId | ClipId) -> bytes:
    """Four frames of the video."""
    return _video_sheet(store.path("interaction_video", "video", subject))


def overlay_preview(store: ArtifactStore, subject: ObjectId | ClipId) -> bytes:
    """Four frames of the reconstruction over the video."""
    return _video_sheet(store.path("visualization", "visuals", subject) / "recon_result.mp4")


def clip_pages(store: ArtifactStore, subject: ObjectId | ClipId) -> dict[str, Path]:
    """The 3D page and the videos of a clip."""
    folder = store.path("visualization", "visuals", subject)
    return {
        "page_3d": folder / "recon_result.html",
        "video_comparison": folder / "recon_comparison.mp4",
        "video_overlay": folder / "recon_result.mp4",
        "video_top_view": folder / "recon_result_top_view.mp4",
    }


def _video_sheet(path: Path) -> bytes:
    from hoi_platform.services.video.codec import read_video

    frames = read_video(path).frames
    return _sheet([frames[i] for i in np.linspace(0, len(frames) - 1, 4).astype(int)])


def _sheet(frames: list[np.ndarray]) -> bytes:
    from hoi_platform.services.viewer.thumbnail import contact_sheet

    return contact_sheet(np.stack(frames), len(frames), MAX_BYTES)
