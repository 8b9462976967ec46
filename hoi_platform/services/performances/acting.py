"""Acts a performance in a scene on disk."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.cues.finger_tips import finger_tip_vertices
from hoi_platform.core.formats.performance import StoredPerformance
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.scene.performance.kind import performance_of
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.body.anny_body import load_body


@dataclass(frozen=True)
class Acting:
    """What a performance is drawn from."""

    task: str
    scene: Path
    """SceneSpec in JSON."""
    person: Path
    """Folder with body.npz."""
    mesh_obj: Path
    grasp: GraspHint | None
    seed: int
    frames: int
    fps: int


def act(acting: Acting) -> StoredPerformance:
    """The same for the same scene and seed. Raises StageError when no plan obeys its laws."""
    spec = SceneSpec.model_validate_json(acting.scene.read_bytes())
    body = load_body(acting.person / "body.npz")
    performance = performance_of(acting.task).perform(
        body,
        spec,
        load_obj(acting.mesh_obj, spec.object_scale),
        frames=acting.frames,
        fps=acting.fps,
        rng=np.random.default_rng(acting.seed),
        grasp=acting.grasp,
    )
    tips = finger_tip_vertices(body)
    at_tips = performance.motion.vertices(body.subset(tips.ravel()))
    return StoredPerformance(
        motion=performance.motion,
        Ts_world_object=performance.Ts_world_object,
        contact=performance.contact,
        finger_tips=at_tips.reshape(-1, *tips.shape, 3),
        finger_tip_vertices=tips,
        phases=tuple(performance.phases),
    )
