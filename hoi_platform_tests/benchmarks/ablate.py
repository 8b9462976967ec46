"""Measures the ablations on tuning clips that ``hoi bench recon tuning`` has made.

    python -m hoi_platform_tests.benchmarks.ablate results_bench/recon/clean

measures what is not measured yet and writes ``docs/ablations.json``; ``--only`` chooses ablations
by a part of their names, ``--table`` prints the figures instead.
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from hoi_platform.assets.stage import flow_order
from hoi_platform.commands.machine import commit_name
from hoi_platform.commands.terminal import console
from hoi_platform.core.body.fitting.estimate import load_estimate
from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import HoiError
from hoi_platform.core.formats.artifacts import upstream_subject
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.metrics.stages import stage_errors
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.core.truth_suite.cases import DATASET
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.truth_suite.measure import MadeClip
from hoi_platform.services.truth_suite.variant import copy_clip
from hoi_platform.services.video.codec import Video
from hoi_platform_tests.benchmarks.ablations import ABLATIONS, Ablation
from hoi_platform_tests.benchmarks.tables import DOCS

CLIPS: Final = (
    ("cordless_drill", 1), ("mug", 1), ("box", 2), ("bottle", 4), ("hammer", 1),
    ("cordless_drill", 3), ("mug", 3), ("hammer", 2),
)  # fmt: skip
"""Tuning clips, of all shapes that the tuning part has but the ball."""
REDONE: Final = {
    "human_pose": ["human_pose"],
    "scene_tracks": ["scene_tracks"],
    "object_pose": ["object_pose"],
}
"""First changed stage → the stages that are made without the piece."""
_FIGURES: Final = {
    "body mm": ("human_pose", "mpjpe_mm"),
    "hands mm": ("human_pose", "hand_joint_mm"),
    "object IoU": ("scene_tracks", "object_moved_iou"),
    "person IoU": ("scene_tracks", "human_iou"),
    "object moved mm": ("object_pose", "object_translation_moved_mm"),
    "object moved °": ("object_pose", "object_rotation_moved_deg"),
}


_DETECTED: Final[dict[str, KeypointObservation]] = {}


def measured(ablation: Ablation, clean: Path, object_name: str, seed: int) -> dict[str, Any]:
    """Figures of one clip, made anew from ``ablation.stage`` on."""
    flow, stages = flow_order(), REDONE[ablation.stage]
    target = clean.parent / "ablated"
    resource = PlatformResource(results_dir=str(clean), profile="demo")
    clip = resource.platform().clip(ObjectId(DATASET, object_name), seed)
    if not ablation.changes:
        return _figures(clean, clean, clip, list(REDONE))
    kept = [name for name in flow[: flow.index("object_pose")] if name not in stages]
    kept = [
        name for name in kept if ArtifactStore(clean).record(name, upstream_subject(name, clip))
    ]
    copy_clip(ArtifactStore(clean), target, clip, kept)
    runner = ChainRunner(PlatformResource(results_dir=str(target), profile="demo"))
    start = time.perf_counter()
    with ablation.applied(), _detected_once():
        for outcome in runner.run(clip.object_id, [seed], stages):
            if outcome.error:
                return {"error": f"{outcome.asset}: {outcome.error}"}
    seconds = time.perf_counter() - start
    return _figures(clean, target, clip, stages) | {"seconds": seconds}


@contextmanager
def _detected_once() -> Iterator[None]:
    """Landmarks of a video are detected once for all ablations of the fit."""
    from hoi_platform.services.vision import human_pose

    detect = human_pose.detect_keypoints

    def known(video: Video, *arguments: Any) -> KeypointObservation:
        key = sha256(video.frames.tobytes()).hexdigest()
        if key not in _DETECTED:
            _DETECTED.clear()
            _DETECTED[key] = detect(video, *arguments)
        return deepcopy(_DETECTED[key])

    with patch.object(human_pose, "detect_keypoints", known):
        yield


def _figures(clean: Path, target: Path, clip: ClipId, stages: list[str]) -> dict[str, Any]:
    before, after = MadeClip(ArtifactStore(clean), clip), ArtifactStore(target)
    found = before.results()
    if "human_pose" in stages:
        found = replace(found, human=load_estimate(after.path("human_pose", "motion", clip)))
    if "scene_tracks" in stages:
        masks, depth = (after.path("scene_tracks", name, clip) for name in ("masks", "depth"))
        found = replace(found, tracks=SceneTracks.load(masks, depth))
    if "object_pose" in stages:
        path = after.path("object_pose", "poses", clip) / "track.npz"
        found = replace(found, track=ObjectPoseTrack.load(path))
    errors = stage_errors(found, before.true_clip())
    return {name: errors[stage][key] for name, (stage, key) in _FIGURES.items() if stage in stages}


def measure_all(clean: Path, only: str) -> None:
    """Fill the folder ``ablations`` beside ``clean``, a file per ablation and clip."""
    for object_name, seed in CLIPS:
        for ablation in ABLATIONS:
            path = _path(clean, ablation, f"{object_name}-{seed}")
            if path.exists() or only not in f"{ablation.stage} {ablation.name}":
                continue
            try:
                figures = measured(ablation, clean, object_name, seed)
            except HoiError as error:
                figures = {"error": str(error)}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(figures | {"commit": commit_name()}, indent=1) + "\n")
            console.print(object_name, seed, ablation.name, figures)


def _path(clean: Path, ablation: Ablation, name: str) -> Path:
    return clean.parent / "ablations" / ablation.name.replace(" ", "_") / f"{name}.json"


def table(clean: Path) -> list[dict[str, Any]]:
    """Per ablation and figure: medians with and without, clips that are better and worse."""
    rows = []
    whole = _read(clean, ABLATIONS[0])
    for ablation in ABLATIONS[1:]:
        without = _read(clean, ablation)
        row: dict[str, Any] = {"piece": ablation.name, "stage": ablation.stage}
        shared = sorted(set(without) & set(whole))
        row["clips"] = len(shared)
        row["failed"] = sum("error" in without[name] for name in shared)
        for figure in _FIGURES:
            pairs = np.array(
                [
                    (whole[n][figure], without[n][figure])
                    for n in shared
                    if figure in without[n] and figure in whole[n]
                ]
            )
            if len(pairs):
                on, off = np.median(pairs, axis=0)
                margin = 0.02 * np.abs(pairs[:, 0])
                change = pairs[:, 1] - pairs[:, 0]
                row[figure] = {
                    "with": on,
                    "without": off,
                    "mean with": pairs[:, 0].mean(),
                    "mean without": pairs[:, 1].mean(),
                    "higher": int((change > margin).sum()),
                    "lower": int((change < -margin).sum()),
                }
        rows.append(row)
    return rows


def _read(clean: Path, ablation: Ablation) -> dict[str, dict[str, Any]]:
    folder = _path(clean, ablation, "").parent
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clean", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    clean = arguments.clean.absolute()
    if not arguments.table:
        measure_all(clean, arguments.only)
        (DOCS / "ablations.json").write_text(json.dumps(table(clean), indent=1) + "\n")
        return
    for row in table(clean):
        console.print(f"{row['piece']:34s} {row['clips']} clips, {row['failed']} failed")
        for figure in _FIGURES:
            if f := row.get(figure):
                console.print(
                    f"    {figure:16s} {f['with']:9.3f} → {f['without']:9.3f}   mean "
                    f"{f['mean with']:9.3f} → {f['mean without']:9.3f}   "
                    f"higher {f['higher']}, lower {f['lower']}"
                )


if __name__ == "__main__":
    main()
