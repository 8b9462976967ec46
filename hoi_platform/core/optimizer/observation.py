"""What one clip offers to the optimizer, as the stages before it hand it over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.errors import StageError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack

if TYPE_CHECKING:
    from hoi_platform.core.scene.contacts import ContactLabels


@dataclass(frozen=True)
class HoiObservation:
    """T frames of estimates and measurements; raises StageError when their lengths differ."""

    body: BodyModel
    human: HumanPoseEstimate
    track: ObjectPoseTrack
    tracks: SceneTracks
    camera: Camera
    mesh: TriangleMesh
    """The object after scaling, in its own coordinates (m)."""
    contacts: "ContactLabels"
    spec: SceneSpec
    static_object: bool = False
    """The object rests at its first pose in every frame; only the person is optimized."""

    def __post_init__(self) -> None:
        frames = {
            "human pose": len(self.human.motion),
            "object pose": len(self.track),
            "scene tracks": len(self.tracks),
            "contact labels": len(self.contacts.hands),
        }
        if len(set(frames.values())) > 1 or len(self) < 3:
            found = ", ".join(f"{name} {count}" for name, count in frames.items())
            raise StageError(
                f"the optimizer needs at least 3 frames and as many in each input; found {found}"
            )

    def __len__(self) -> int:
        return len(self.human.motion)
