"""Runners in the roles of touch: the hands' landmarks and the labels of contact."""

import numpy as np

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.scene.contacts import ContactLabels, labels_of_hands
from hoi_platform.services.runners.adapters import RunnerTool, silent
from hoi_platform.services.runners.clip_request import ClipFiles
from hoi_platform.services.vision.contact import ContactRequest
from hoi_platform.services.vision.hands import HandsRequest
from hoi_platform.services.vision.landmarks import LandmarkTrack, toward


class RunnerHandTracker(RunnerTool):
    """An external program that finds both hands near the wrists of the given body."""

    def track(
        self, request: HandsRequest, *, progress: Progress | None = None
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        """See ``HandTracker``."""
        clip = ClipFiles(
            video=request.video,
            camera=request.camera,
            tracks={"body_px": request.body.uv_confidence},
        )
        found = self.backend.arrays(clip, progress or silent)
        left, right = (
            _landmarks(request.camera, found[f"{side}_px"], found[f"{side}_m"])
            for side in ("left", "right")
        )
        return left, right


class RunnerContactLabeler(RunnerTool):
    """An external program that says which hands touch the object."""

    def label(self, request: ContactRequest, *, progress: Progress | None = None) -> ContactLabels:
        """See ``ContactLabeler``."""
        T_cam_world = request.camera.T_cam_world
        Ts_cam_object = T_cam_world @ request.Ts_world_object
        clip = ClipFiles(
            video=request.load_video(),
            camera=request.camera,
            tracks={
                "Ts_cam_object": Ts_cam_object,
                "joints_cam": request.camera.to_cam(request.motion.joints(request.body)),
                "wrist_visibility": request.visibility,
            },
            T_cam_object0=Ts_cam_object[0],
            mesh_obj=request.mesh_obj,
            scale=request.scale,
        )
        found = self.backend.arrays(clip, progress or silent)
        return labels_of_hands(
            found["hands"],
            found["confidence"],
            request.Ts_world_object,
            request.config.contact_interval,
        )


def _landmarks(camera: Camera, px: Array, meters: Array) -> LandmarkTrack:
    """A hand in the camera's axes as a track, whose axes look along the ray through the hand."""
    metric = np.full_like(meters, np.nan)
    for i in np.flatnonzero(np.isfinite(px[:, 0, 0])):
        metric[i] = meters[i] @ toward(camera, px[i, :, :2].mean(axis=0))
    return LandmarkTrack(px, metric)
