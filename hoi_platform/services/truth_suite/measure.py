"""Errors of a made clip per stage, against the truth that only the suite may open."""

import json
from dataclasses import dataclass
from typing import Any

from hoi_platform.core.body.fitting.estimate import load_estimate
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.metrics.stages import StageResults, TrueClip, stage_errors
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.body.anny_body import load_body

MEASURED_STAGES = ("human_pose", "scene_tracks", "object_pose", "contact_labels", "reconstruction")


@dataclass(frozen=True)
class MadeClip:
    """A clip in a results folder."""

    store: ArtifactStore
    clip: ClipId

    @property
    def identity(self) -> dict[str, str]:
        """Stage → digest of its files: the same figures come out as long as these are equal."""
        records = {name: self.store.record(name, self.clip) for name in MEASURED_STAGES}
        return {name: record.digest for name, record in records.items() if record is not None}

    def results(self) -> StageResults:
        """What the stages left behind."""
        store, clip = self.store, self.clip
        return StageResults(
            body=load_body(store.path("scene_render", "person", clip) / "body.npz"),
            human=load_estimate(store.path("human_pose", "motion", clip)),
            tracks=SceneTracks.load(
                store.path("scene_tracks", "masks", clip), store.path("scene_tracks", "depth", clip)
            ),
            track=ObjectPoseTrack.load(store.path("object_pose", "poses", clip) / "track.npz"),
            contacts=ContactLabels.from_json(
                store.path("contact_labels", "labels", clip).read_text()
            ),
            result=read_hoi_npz(store.path("reconstruction", "data", clip)),
        )

    def true_clip(self) -> TrueClip:
        """What happened; only where the scene's own files are the true ones."""
        store, clip = self.store, self.clip
        spec = SceneSpec.model_validate_json(store.path("scene_render", "scene", clip).read_bytes())
        mesh = store.path("object_mesh", "mesh", clip.object_id) / "model.obj"
        return TrueClip(
            truth=GroundTruth.load(store.path("interaction_video", "truth", clip)),
            body=load_body(store.path("scene_render", "person", clip) / "body.npz"),
            spec=spec,
            mesh=load_obj(mesh, spec.object_scale),
        )

    def verdict(self) -> dict[str, Any]:
        """Whether the filter kept the clip, and the names of the checks that failed."""
        data = json.loads(self.store.path("filtered_hoi", "verdict", self.clip).read_text())
        failed = [check["name"] for check in data["checks"] if not check["passed"]]
        return {"valid": data["valid"], "failed_checks": failed}


def measure(made: MadeClip, clean: MadeClip) -> dict[str, Any]:
    """Figures per stage and the verdict; ``clean`` is the clip that was not spoiled."""
    errors = stage_errors(made.results(), clean.true_clip())
    return {"errors": errors, "verdict": made.verdict()}
