"""One frame of a library object at a known pose, drawn by the z-buffer renderer."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.textured_mesh import TexturedMesh
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.library.cordless_drill import UNIT_M
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.frames import FrameEvidence, frame_evidence
from hoi_platform.core.tracking.lighting import LightingFit
from hoi_platform.core.tracking.photometric import add_to_lighting
from hoi_platform.core.tracking.surface import TexturedSurface, surface_of
from hoi_platform.core.tracking.view import ObjectModel, SurfaceCaster
from hoi_platform_tests.core.tracking.zbuffer import Picture, draw

CONFIG = TrackerConfig()
CAMERA = Camera(240, 160, float(np.hypot(240, 160)), np.eye(4))


def object_mesh(name: str) -> TexturedMesh:
    """A library object in meters, its box centered on the origin."""
    unit = UNIT_M if name == "cordless_drill" else 1.0
    return BUILDERS[name]().centered().mesh.transformed(np.diag([unit, unit, unit, 1.0]))


@dataclass(frozen=True)
class Shot:
    """What a camera shows of an object, and where the object is."""

    T: Array  # (4, 4) T_cam_object
    picture: Picture
    image: NDArray[np.uint8]  # (H, W, 3)
    plate: Array  # (H, W, 3) in [0, 1]
    surface: TexturedSurface

    @property
    def mask(self) -> NDArray[np.bool_]:
        return self.picture.cover >= 0.5

    def evidence(
        self, human: NDArray[np.bool_] | None = None, mask: NDArray[np.bool_] | None = None
    ) -> FrameEvidence:
        hidden = np.zeros(CAMERA.shape, bool) if human is None else human
        visible = (self.mask if mask is None else mask) & ~hidden
        image = np.where(hidden[..., None], np.uint8([196, 150, 120]), self.image)
        plate = self.plate.astype(np.float32)
        return frame_evidence(image, visible, hidden, plate, CONFIG.blur_px)

    def model(self, config: TrackerConfig = CONFIG) -> ObjectModel:
        """The tracker's model with the lighting that it learns from this shot."""
        caster = SurfaceCaster(self.surface, CAMERA)
        fit, view = LightingFit(), caster.view(self.T)
        assert view is not None
        add_to_lighting(fit, self.evidence(), view, self.T[:3, :3])
        return ObjectModel(caster, fit.solve(), config)


def pose(turn: tuple[float, float, float], distance: float = 0.75) -> Array:
    """Before the camera, a little off its axis; ``turn`` is a rotation vector (rad)."""
    upright = matrix_from_axis_angle(np.array([np.pi / 2, 0.0, 0.0]))
    R = matrix_from_axis_angle(np.array(turn)) @ upright
    return rigid(R, np.array([0.02, 0.015, distance]))


@cache
def shot(name: str, turn: tuple[float, float, float] = (0.4, 0.5, 0.1)) -> Shot:
    """The object before a blurred random background."""
    import cv2

    mesh, T = object_mesh(name), pose(turn)
    noise = np.random.default_rng(3).normal(0.55, 0.3, (*CAMERA.shape, 3))
    plate = np.clip(cv2.GaussianBlur(noise, (0, 0), 3.0), 0, 1)
    picture = draw(mesh, T, CAMERA)
    surface = surface_of(mesh, np.ones(3), T[2, 3] / CAMERA.focal_px)
    return Shot(T, picture, picture.over(plate), plate, surface)
