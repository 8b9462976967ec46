"""The socket of the role ``contact``: what a labeler gets and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.services.video.codec import Video


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
    Ts_world_object: Array  # (T, 4, 4)
    visibility: Array
    """(T, 2) in [0, 1]: how well the video supports the left and the right wrist."""
    config: ContactConfig


class ContactLabeler(Protocol):
    """Says which joints touch the object."""

    def label(self, request: ContactRequest) -> ContactLabels:
        """Labels of T frames. Raises StageError or MissingResourceError."""
        ...
