"""The object's pose in every frame of a clip, and its files."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, read_arrays, save_arrays
from hoi_platform.core.geometry.camera import Camera

_SCHEMA_VERSION = 1
_SCHEMA = (
    ArraySpec("Ts_world_object", ("T", 4, 4)),
    ArraySpec("confidence", ("T",)),
    ArraySpec("lost", ("T",), "bool"),
)


@dataclass(frozen=True)
class ObjectPoseTrack:
    """One pose per frame; where ``lost`` is true it is a guess from the frames around it.

    Raises ValueError when the shapes disagree, a pose is not rigid or a confidence leaves [0, 1].
    """

    Ts_world_object: Array  # (T, 4, 4)
    confidence: Array  # (T,) in [0, 1]
    lost: Mask  # (T,)

    def __post_init__(self) -> None:
        frames = len(self.Ts_world_object)
        shapes = (self.Ts_world_object.shape, self.confidence.shape, self.lost.shape)
        if shapes != ((frames, 4, 4), (frames,), (frames,)):
            raise ValueError(f"poses, confidence and lost flags have the shapes {shapes}")
        if not _all_rigid(self.Ts_world_object):
            raise ValueError("an object pose is not a rigid transform")
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise ValueError("a confidence of the object pose is outside of [0, 1]")

    def __len__(self) -> int:
        return len(self.Ts_world_object)

    def poses_in_cam(self, camera: Camera) -> list[Float[Array, "4 4"]]:
        """The reference's ``poses_in_cam.pkl``: one object-to-camera pose per frame."""
        return list(camera.T_cam_world @ self.Ts_world_object)

    def save(self, folder: Path, camera: Camera) -> None:
        """Write ``track.npz`` and the reference's ``poses_in_cam.pkl`` into a new folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_arrays(
            folder / "track.npz",
            schema_version=_SCHEMA_VERSION,
            Ts_world_object=self.Ts_world_object,
            confidence=self.confidence,
            lost=self.lost,
        )
        (folder / "poses_in_cam.pkl").write_bytes(pickle.dumps(self.poses_in_cam(camera)))

    def facts(self) -> dict[str, float]:
        """What the stage reports about the track."""
        path = self.Ts_world_object[:, :3, 3]
        return {
            "frames": len(self),
            "lost_frames": int(self.lost.sum()),
            "median_confidence": round(float(np.median(self.confidence)), 3),
            "least_confidence": round(float(self.confidence.min()), 3),
            "path_length_m": round(float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()), 3),
        }

    @classmethod
    def load(cls, path: Path) -> "ObjectPoseTrack":
        """Read a track. Raises BadInputError when the file is not one of this schema."""
        data = read_arrays(path, "object pose track", _SCHEMA_VERSION, _SCHEMA, "object_pose")
        try:
            return cls(data["Ts_world_object"], data["confidence"], data["lost"])
        except ValueError as error:
            raise BadInputError(f"{path}: {error}") from error


def _all_rigid(Ts: Float[Array, "T 4 4"]) -> bool:
    if not np.isfinite(Ts).all():
        return False
    R = Ts[:, :3, :3]
    orthonormal = np.allclose(np.swapaxes(R, -1, -2) @ R, np.eye(3), atol=1e-6)
    upright = bool((np.linalg.det(R) > 0).all())
    return orthonormal and upright and np.allclose(Ts[:, 3], [0, 0, 0, 1])
