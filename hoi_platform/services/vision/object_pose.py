"""The role ``object_pose``: the 6-DoF pose of a known mesh in every frame of a clip.

Its socket and its embedded backend: files in, ``core.tracking`` at a working resolution, a track
out.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.errors import BadInputError, StageError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
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
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.progress import silent


@dataclass(frozen=True)
class ObjectPoseRequest:
    """A clip of a static camera and the object's mesh with its exact pose at frame 0.

    Raises BadInputError when the shapes of frames, masks and camera disagree.
    """

    video: Video
    camera: Camera
    tracks: SceneTracks
    mesh_obj: Path
    """OBJ with materials in the object's own units."""
    scale: tuple[float, float, float]
    """Object units to meters, per axis of the object."""
    T_world_object0: Array  # (4, 4) of the scaled mesh
    first_frame_rgb: NDArray[np.uint8]  # (H, W, 3), the conditioning frame
    static: bool = False
    """The object is known not to move (a chair that is sat on)."""

    def __post_init__(self) -> None:
        expected = (len(self.video), *self.camera.shape)
        found = {
            "video": self.video.frames.shape[:3],
            "object masks": self.tracks.object_masks.shape,
            "human masks": self.tracks.human_masks.shape,
            "first frame": (len(self.video), *self.first_frame_rgb.shape[:2]),
        }
        if wrong := {name: shape for name, shape in found.items() if shape != expected}:
            raise BadInputError(f"frames x height x width is {expected} but {wrong}")


class ObjectPoseTracker(Protocol):
    """Finds the pose of a known mesh in every frame."""

    def track(self, request: ObjectPoseRequest, *, progress: Progress = ...) -> ObjectPoseTrack:
        """The pose of the scaled mesh in every frame; frame 0 is the given pose."""
        ...


@dataclass(frozen=True)
class ModelBasedTracker:
    """Backend ``model_based``: aligns contours and colors of the rendered mesh; CPU, no weights."""

    config: TrackerConfig = field(default_factory=TrackerConfig)

    def track(self, request: ObjectPoseRequest, *, progress: Progress = silent) -> ObjectPoseTrack:
        """See ``ObjectPoseTracker``. Raises StageError when frame 0 does not show the object."""
        T_cam_object0 = request.camera.T_cam_world @ request.T_world_object0
        try:
            track = track_object(
                _inputs(request, T_cam_object0, self.config), progress, self.config
            )
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
    return TrackingInput(
        shrunk_images(frames, factor),
        shrunk_masks(request.tracks.object_masks, factor),
        shrunk_masks(request.tracks.human_masks, factor),
        camera,
        surface_of(_mesh(request), np.array(request.scale), distance / camera.focal_px),
        T_cam_object0,
        request.video.fps,
        request.static,
    )


def _mesh(request: ObjectPoseRequest) -> TexturedMesh:
    """The mesh in the OBJ's own coordinates (the importer centers what it reads)."""
    imported = import_mesh(request.mesh_obj, up="z", roots=[request.mesh_obj.parent])
    back = np.eye(4)
    back[:3, 3] = imported.center
    return imported.mesh.transformed(back)
