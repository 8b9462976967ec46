"""The optimizer's interface: the estimates of one clip in, the optimized clip out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import StageError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack

if TYPE_CHECKING:
    from hoi_platform.core.scene.contacts import ContactLabels


@dataclass(frozen=True)
class OptimizerInput:
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


@dataclass(frozen=True)
class HoiResult:
    """The optimized clip, in the world of the clip's ``SceneSpec``."""

    motion: BodyMotion
    Ts_world_object: Array
    """(T, 4, 4), the mesh's own frame."""
    loss_history: dict[str, NDArray[np.float64]]
    """Term → its weighted value at each iteration; 0 in phases without it."""
    eval_data: dict[str, float]
    """Term → its final weighted value before smoothing, as the reference's filter limits it."""
    phase_seconds: dict[str, float]
    """Phase → how long it took."""
    left_out: dict[str, str]
    """Configured terms that could not be computed → why."""
