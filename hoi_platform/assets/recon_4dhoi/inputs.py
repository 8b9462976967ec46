"""Typed access to what a clip's stages read of each other.

Belongs here: loading upstream files. Does not: computing anything from them.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hoi_platform.core.arrays import Array, Image, Mask
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate, load_estimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.formats.array_schema import load_arrays
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.formats.hoi_npz import read_hoi_npz
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh, load_obj
from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.body.anny_body import load_body
from hoi_platform.services.body.first_frame import load_first_frame
from hoi_platform.services.video.codec import Video, read_video


@dataclass(frozen=True)
class ClipInputs:
    """Upstream artifacts of a clip; each file is read once, when it is first used."""

    work: Work

    @cached_property
    def spec(self) -> SceneSpec:
        return SceneSpec.model_validate_json(self.work.input("scene_render", "scene").read_bytes())

    @cached_property
    def camera(self) -> Camera:
        return self.spec.camera.camera()

    @cached_property
    def person_dir(self) -> Path:
        return self.work.input("scene_render", "person")

    @cached_property
    def body(self) -> BodyModel:
        return load_body(self.person_dir / "body.npz")

    @cached_property
    def body_colors(self) -> Array:
        """(V, 3) linear RGB."""
        return np.load(self.person_dir / "colors.npy")

    @cached_property
    def first_frame(self) -> BodyMotion:
        """The rendered pose of frame 0, one frame long."""
        return load_first_frame(self.person_dir)

    @cached_property
    def first_object_mask(self) -> Mask:
        """(H, W) of frame 0."""
        return self._first_mask("masks")

    @cached_property
    def first_human_mask(self) -> Mask:
        """(H, W) of frame 0."""
        return self._first_mask("human_masks")

    def _first_mask(self, folder: str) -> Mask:
        masks = self.work.input("scene_render", "foundation_pose")
        return read_gray(masks / folder / "000000.png") > 0

    @cached_property
    def frame(self) -> Image:
        """The conditioning frame, (H, W, 3) uint8."""
        return read_rgb(self.work.input("scene_render", "frame"))

    @cached_property
    def plate(self) -> tuple[Image, Array]:
        """The empty scene: (H, W, 3) uint8 and its depth (H, W) in meters."""
        folder = self.work.input("scene_render", "plate")
        depth = load_arrays(folder / "depth.npz", "depth of the plate")["depth"]
        return read_rgb(folder / "plate.png"), depth

    @cached_property
    def video(self) -> Video:
        return read_video(self.work.input("interaction_video", "video"))

    @cached_property
    def mesh_obj(self) -> Path:
        return self.work.input("object_mesh", "mesh") / "model.obj"

    @cached_property
    def mesh(self) -> TriangleMesh:
        """The object in meters, in its own frame."""
        return load_obj(self.mesh_obj, self.spec.object_scale)

    @cached_property
    def human(self) -> HumanPoseEstimate:
        return load_estimate(self.work.input("human_pose", "motion"))

    @cached_property
    def tracks(self) -> SceneTracks:
        return SceneTracks.load(
            self.work.input("scene_tracks", "masks"), self.work.input("scene_tracks", "depth")
        )

    @cached_property
    def object_track(self) -> ObjectPoseTrack:
        return ObjectPoseTrack.load(self.work.input("object_pose", "poses") / "track.npz")

    @cached_property
    def contacts(self) -> ContactLabels:
        return ContactLabels.from_json(self.work.input("contact_labels", "labels").read_text())

    @cached_property
    def reconstruction(self) -> HoiData:
        return read_hoi_npz(self.work.input("reconstruction", "data"))

    def observation(self, static_object: bool) -> OptimizerInput:
        """All that the optimizer is given."""
        return OptimizerInput(
            body=self.body,
            human=self.human,
            track=self.object_track,
            tracks=self.tracks,
            camera=self.camera,
            mesh=self.mesh,
            contacts=self.contacts,
            spec=self.spec,
            static_object=static_object,
        )


def read_rgb(path: Path) -> Image:
    """An image as (H, W, 3) uint8."""
    from PIL import Image as Pillow

    with Pillow.open(path) as image:
        return np.asarray(image.convert("RGB"))


def read_gray(path: Path) -> Image:
    """An image as (H, W) uint8."""
    from PIL import Image as Pillow

    with Pillow.open(path) as image:
        return np.asarray(image.convert("L"))
