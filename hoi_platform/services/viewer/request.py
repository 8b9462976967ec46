"""What is shown of one clip."""

from dataclasses import dataclass
from pathlib import Path

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.video.codec import Video


@dataclass(frozen=True)
class Ghost:
    """The true performance, drawn as a translucent double where a clip has one."""

    motion: BodyMotion
    Ts_world_object: Array  # (T, 4, 4)


@dataclass(frozen=True)
class VisualsRequest:
    """A reconstruction in the world of its scene, with the video that it explains."""

    title: str
    video: Video
    camera: Camera
    body: BodyModel
    body_colors: Array
    """(V, 3) linear RGB."""
    data: HoiData
    """Not packaged; may be shorter than the video."""
    mesh_obj: Path
    """A clean OBJ; ``data.obj_scale`` makes meters of it."""
    spec: SceneSpec
    truth: Ghost | None = None
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        if self.video.frames.shape[1:3] != self.camera.shape:
            raise ValueError(
                f"video frames are {self.video.frames.shape[1:3]}, the camera's {self.camera.shape}"
            )
        if len(self.data) > len(self.video):
            raise ValueError(f"{len(self.data)} frames of result, {len(self.video)} of video")
        if self.truth is not None and len(self.truth.motion) < len(self.data):
            raise ValueError(
                f"{len(self.data)} frames of result, {len(self.truth.motion)} of truth"
            )

    @property
    def verdict_text(self) -> str:
        """``valid``, or how many checks failed and which."""
        if self.verdict is None:
            return "not judged"
        if self.verdict.valid:
            return "valid"
        return f"rejected: {', '.join(self.verdict.failed)}"
