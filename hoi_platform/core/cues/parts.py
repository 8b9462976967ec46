"""Which part each pixel of a frame shows, and how far away it is."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, LEFT_HAND, RIGHT_HAND
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.scene.boxes import merged, static_mesh, support_mesh
from hoi_platform.core.scene.spec import SceneSpec

PARTS: Final = ("background", "body", "left_hand", "right_hand", "object", "support")
"""A label image holds indices into this tuple."""
PART: Final = {name: index for index, name in enumerate(PARTS)}

_HANDS: Final = {
    "left_hand": (JOINT["left_wrist"], LEFT_HAND),
    "right_hand": (JOINT["right_wrist"], RIGHT_HAND),
}
_SAME_SURFACE_M: Final = 1e-4
"""Meters; chosen: two casts of one surface differ by rounding alone, far below this."""


class PartView(NamedTuple):
    """One frame, one ray through the center of each pixel."""

    labels: NDArray[np.uint8]  # (H, W), indices into PARTS
    depth: NDArray[np.float32]  # (H, W), z-depth in meters, nan in the background


@dataclass(frozen=True)
class EmptyScene:
    """The scene without person and object: what can hide them, and what supports the object."""

    camera: Camera
    depth: NDArray[np.float32]  # (H, W) m, inf where nothing is hit
    is_support: NDArray[np.bool_]  # (H, W)

    @classmethod
    def of(cls, spec: SceneSpec) -> "EmptyScene":
        """Cast once per clip."""
        camera, everything = spec.camera.camera(), static_mesh(spec)
        depth = _cast(camera, everything)
        support = _cast(camera, support_mesh(spec))
        return cls(camera, depth, np.isfinite(support) & (support <= depth + _SAME_SURFACE_M))


def face_parts(body: BodyModel) -> NDArray[np.uint8]:
    """(F,) the part of each face: a hand's where most corners are moved by wrist or fingers."""
    of_vertex = np.full(len(body.rest_vertices), PART["body"], np.uint8)
    for part, (wrist, fingers) in _HANDS.items():
        joint = body.vertex_joint
        mine = (joint == wrist) | ((joint >= fingers.start) & (joint < fingers.stop))
        of_vertex[mine] = PART[part]
    return np.median(of_vertex[body.faces], axis=1).astype(np.uint8)


def part_view(
    scene: EmptyScene, body: TriangleMesh, parts: NDArray[np.uint8], object_mesh: TriangleMesh
) -> PartView:
    """Person and object (world coordinates) in the scene; ``parts`` are ``face_parts``."""
    both = merged([body, object_mesh])
    raster = rasterize(scene.camera, both.vertices, both.faces)
    of_face = np.concatenate([parts, np.full(len(object_mesh.faces), PART["object"], np.uint8)])
    in_front = raster.silhouette & (np.nan_to_num(raster.depth, nan=np.inf) < scene.depth)
    still = np.where(scene.is_support, PART["support"], PART["background"])
    labels = np.where(in_front, of_face[raster.face_ids], still).astype(np.uint8)
    depth = np.where(in_front, raster.depth, scene.depth)
    return PartView(labels, np.where(labels > 0, depth, np.nan).astype(np.float32))


def _cast(camera: Camera, mesh: TriangleMesh) -> Array:
    depth = rasterize(camera, mesh.vertices, mesh.faces).depth
    return np.where(np.isnan(depth), np.inf, depth).astype(np.float32)
