"""The embedded video backend: a stored performance, rendered in the known scene.

It replaces a video model where there is no key, and delivers what no video model can: the ground
truth of its own clip.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hoi_platform.core.arrays import Progress
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.performance import StoredPerformance
from hoi_platform.core.scene.performance import VERSION
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.blender.render import render_performance
from hoi_platform.services.blender.scene_request import Staged
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.body.anny_body import load_body
from hoi_platform.services.video.backend import CollectedVideo, VideoRequest, VideoTask
from hoi_platform.services.video.codec import write_video


@dataclass(frozen=True)
class SimulatedBackend:
    """Renders on this machine; nothing is sent anywhere."""

    blender: BlenderService
    name: str = "simulated"

    def submit(self, request: VideoRequest) -> VideoTask:
        """Nothing leaves the machine: the task is only given a name."""
        return VideoTask(
            provider=self.name,
            clip=request.clip,
            fingerprint=request.fingerprint,
            external_task_id=f"sim-{request.fingerprint[:24]}",
            state="succeeded",
            model=f"procedural-{VERSION}",
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Render and encode the scene's performance; the truth is what was performed."""
        assert request.scene is not None
        assert request.scene.performance is not None
        spec = SceneSpec.model_validate_json(request.scene.scene.read_bytes())
        performance = StoredPerformance.load(request.scene.performance)
        body = load_body(request.scene.person / "body.npz")
        colors = np.load(request.scene.person / "colors.npy")
        vertices = performance.motion.vertices(body)
        rendered = render_performance(
            self.blender,
            Staged(spec, vertices, body.faces, colors, request.scene.mesh_obj),
            performance.Ts_world_object,
            samples=request.config.simulated_samples,
            gpu=request.scene.gpu,
            progress=progress,
        )
        fps = request.config.simulated_fps
        frames = write_video(target, rendered.frames, fps)
        truth = GroundTruth(
            motion=performance.motion,
            Ts_world_object=performance.Ts_world_object,
            contact=performance.contact,
            object_masks=rendered.object_masks,
            human_masks=rendered.human_masks,
        )
        facts = {"frames": frames, "fps": fps, "task": task.external_task_id}
        return CollectedVideo(truth, facts | {"device": rendered.device})
