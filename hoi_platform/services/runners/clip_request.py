"""The files of a runner's request: frames, masks and numbers of one clip."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.formats.array_schema import save_arrays
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.runners.contract import RunnerRequest
from hoi_platform.services.video.codec import Video


@dataclass(frozen=True)
class ClipFiles:
    """What a runner is given of a clip; None where its role does not need it."""

    video: Video
    camera: Camera
    object_masks: Mask | None = None
    """(T or 1, height, width), with ``human_masks`` of the same shape."""
    human_masks: Mask | None = None
    tracks: Mapping[str, NDArray] | None = None
    """What earlier stages found, by the names that its role knows."""
    T_cam_object0: Array | None = None
    mesh_obj: Path | None = None
    scale: tuple[float, float, float] | None = None

    def request(
        self, role: str, backend: str, model: ModelConfig, folder: Path, seed: int = 0
    ) -> RunnerRequest:
        """Write the files into ``folder`` and describe them."""
        frames = folder / "frames.npy"
        np.save(frames, self.video.frames)
        weights = model.weights | ({"model": model.path} if model.path else {})
        return RunnerRequest(
            role=role,
            backend=backend,
            frames=str(frames),
            fps=self.video.fps,
            K=self.camera.K.tolist(),
            T_cam_world=self.camera.T_cam_world.tolist(),
            masks=self._write_masks(folder / "masks.npz"),
            tracks=self._write_tracks(folder / "tracks.npz"),
            first_pose=None if self.T_cam_object0 is None else self.T_cam_object0.tolist(),
            mesh=None if self.mesh_obj is None else str(self.mesh_obj),
            scale=None if self.scale is None else list(self.scale),
            weights=weights,
            options=dict(model.options),
            device=model.device,
            seed=seed,
            out=str(folder / "out"),
        )

    def _write_masks(self, path: Path) -> str | None:
        if self.object_masks is None or self.human_masks is None:
            return None
        save_arrays(
            path,
            shape=np.array(self.object_masks.shape),
            object_bits=np.packbits(self.object_masks),
            human_bits=np.packbits(self.human_masks),
        )
        return str(path)

    def _write_tracks(self, path: Path) -> str | None:
        if self.tracks is None:
            return None
        save_arrays(path, **self.tracks)
        return str(path)
