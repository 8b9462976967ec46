"""The socket of the role ``object_pose``: what a tracker gets and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.services.video.codec import Video

Progress = Callable[[float, str], None]


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

    name: str

    def track(
        self, request: ObjectPoseRequest, *, progress: Progress | None = None
    ) -> ObjectPoseTrack:
        """The pose of the scaled mesh in every frame; frame 0 is the given pose."""
        ...
