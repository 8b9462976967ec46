"""A made clip with its truth, as the pictures read it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hoi_platform.assets.recon_4dhoi.inputs import read_gray, read_rgb
from hoi_platform.core.arrays import Image, Mask
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.metrics.stages import StageResults, TrueClip
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.truth_suite.measure import MadeClip
from hoi_platform.services.video.codec import Video, read_video


@dataclass(frozen=True)
class ShownClip:
    """One clip of a results folder that `hoi demo` has made."""

    store: ArtifactStore
    clip: ClipId

    @classmethod
    def of(cls, results: Path) -> "ShownClip":
        """The demo's own clip."""
        clip = ClipId(ObjectId("ComAsset", "cordless_drill"), "kid", "indoor2-manipulation", 1)
        return cls(ArtifactStore(results), clip)

    @cached_property
    def results(self) -> StageResults:
        return MadeClip(self.store, self.clip).results()

    @cached_property
    def true(self) -> TrueClip:
        return MadeClip(self.store, self.clip).true_clip()

    @cached_property
    def video(self) -> Video:
        return read_video(self.store.path("interaction_video", "video", self.clip))

    @property
    def camera(self) -> Camera:
        return self.true.spec.camera.camera()

    @property
    def mesh_obj(self) -> Path:
        return self.store.path("object_mesh", "mesh", self.clip.object_id) / "model.obj"

    @property
    def plate(self) -> tuple[Image, NDArray[np.float32]]:
        """The empty scene and its depth (m)."""
        folder = self.store.path("scene_render", "plate", self.clip)
        with np.load(folder / "depth.npz", allow_pickle=False) as data:
            return read_rgb(folder / "plate.png"), data["depth"]

    def first_mask(self, which: str) -> Mask:
        """``masks`` (object) or ``human_masks`` of frame 0."""
        folder = self.store.path("scene_render", "foundation_pose", self.clip)
        return read_gray(folder / which / "000000.png") > 0

    @cached_property
    def held(self) -> NDArray[np.int64]:
        """The frames in which the object has left its first place."""
        Ts = self.true.truth.Ts_world_object
        return np.flatnonzero(np.linalg.norm(Ts[:, :3, 3] - Ts[0, :3, 3], axis=-1) > 0.02)


def window_around(mask: Mask, margin_px: int) -> tuple[slice, slice]:
    """Rows and columns that hold a mask, with a margin."""
    v, u = np.nonzero(mask)
    low = np.maximum([v.min() - margin_px, u.min() - margin_px], 0)
    return slice(low[0], v.max() + margin_px), slice(low[1], u.max() + margin_px)
