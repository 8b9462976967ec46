"""The role ``contact``: which joints touch the object. Its socket and its embedded backend."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.contacts import ContactLabels, label_contacts
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.progress import silent


@dataclass(frozen=True)
class ContactRequest:
    """A clip, the person in it and the object's poses."""

    load_video: Callable[[], Video]
    """Reads the frames, for labelers that look at them."""
    camera: Camera
    body: BodyModel
    motion: BodyMotion
    """In the world."""
    mesh: TriangleMesh
    """The object in meters in its own frame."""
    mesh_obj: Path
    """The same object as a file, in its own units."""
    scale: tuple[float, float, float]
    """Units of ``mesh_obj`` to meters, per axis."""
    Ts_world_object: Array  # (T, 4, 4)
    visibility: Array
    """(T, 2) in [0, 1]: how well the video supports the left and the right wrist."""
    config: ContactConfig


class ContactLabeler(Protocol):
    """Labels the joints that touch the object."""

    def label(self, request: ContactRequest, *, progress: Progress = ...) -> ContactLabels:
        """Labels of T frames. Raises StageError or MissingResourceError."""
        ...


class GeometricLabeler:
    """Backend ``geometric``: contact from distances and common motion alone; reads no frame."""

    def label(self, request: ContactRequest, *, progress: Progress = silent) -> ContactLabels:
        """See ``ContactLabeler``."""
        return label_contacts(
            body=request.body,
            motion=request.motion,
            mesh=request.mesh,
            Ts_world_object=request.Ts_world_object,
            camera=request.camera,
            visibility=request.visibility,
            config=request.config,
        )
