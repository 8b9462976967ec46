"""The embedded tracker: files in, ``core.tracking`` at a working resolution, a track out."""

from dataclasses import dataclass, field, replace

import numpy as np

from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.textured_mesh import TexturedMesh
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.frames import (
    shrink_factor,
    shrunk_camera,
    shrunk_images,
    shrunk_masks,
)
from hoi_platform.core.tracking.surface import surface_of
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.core.tracking.tracker import TrackingInput, track_object
from hoi_platform.services.meshes.importer import import_mesh
from hoi_platform.services.vision.object_pose.protocol import ObjectPoseRequest, Progress


@dataclass(frozen=True)
class ModelBasedTracker:
    """Contour and color alignment of the rendered mesh; CPU only, no weights."""

    name: str = "model_based"
    config: TrackerConfig = field(default_factory=TrackerConfig)

    def track(
        self, request: ObjectPoseRequest, *, progress: Progress | None = None
    ) -> ObjectPoseTrack:
        """See ``ObjectPoseTracker``. Raises StageError when frame 0 does not show the object."""
        T_cam_object0 = request.camera.T_cam_world @ request.T_world_object0
        try:
            inputs = _inputs(request, T_cam_object0, self.config)
            track = track_object(inputs, progress or _silent, self.config)
        except ValueError as error:
            raise StageError(
                f"cannot track {request.mesh_obj}: {error}; check the mask and pose of frame 0"
            ) from error
        return _with_exact_rest(track, request.T_world_object0)


def _with_exact_rest(track: ObjectPoseTrack, T_world_object0: Array) -> ObjectPoseTrack:
    """The given pose bit for bit, where a product of transforms left its rounding."""
    resting = np.abs(track.Ts_world_object - T_world_object0).max(axis=(1, 2)) < 1e-9
    Ts = np.where(resting[:, None, None], T_world_object0, track.Ts_world_object)
    return replace(track, Ts_world_object=Ts)


def _silent(fraction: float, text: str) -> None:
    """Progress that nobody watches."""


def _inputs(
    request: ObjectPoseRequest, T_cam_object0: Array, config: TrackerConfig
) -> TrackingInput:
    first_mask = request.tracks.object_masks[0]
    factor = shrink_factor(request.camera, first_mask, config.working_size_px)
    camera = shrunk_camera(request.camera, factor)
    frames = request.video.frames.copy()
    frames[0] = request.first_frame_rgb
    distance = float(T_cam_object0[2, 3])
    if distance <= 0:
        raise ValueError("the first pose lies behind the camera")
    mesh = _mesh(request)
    return TrackingInput(
        frames=shrunk_images(frames, factor),
        object_masks=shrunk_masks(request.tracks.object_masks, factor),
        human_masks=shrunk_masks(request.tracks.human_masks, factor),
        camera=camera,
        surface=surface_of(mesh, np.array(request.scale), distance / camera.focal_px),
        T_cam_object0=T_cam_object0,
        fps=request.video.fps,
        static=request.static,
    )


def _mesh(request: ObjectPoseRequest) -> TexturedMesh:
    """The mesh in the OBJ's own coordinates (the importer centers what it reads)."""
    imported = import_mesh(request.mesh_obj, up="z", roots=[request.mesh_obj.parent])
    back = np.eye(4)
    back[:3, 3] = imported.center
    return imported.mesh.transformed(back)
