"""The fitted body in the image: its silhouette, which part is where, and how far away."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Indices, Mask
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT_NAMES
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.segmentation.images import Parts, Window, placed, window_around

_HIDDEN_M: Final = 0.03
"""Meters behind the scene's surface from which on the body is hidden by it; chosen: less is
contact or error of the fit."""
_STEP_M: Final = 0.12
"""Meters of depth within ``_STEP_PX`` pixels that make a step, such as an arm before the trunk;
chosen: the fitted pose is not exact enough to know on which side of it a pixel lies."""
_STEP_PX: Final = 5
"""Pixels; chosen: about the error of the fitted outline."""

_PART_OF: Final = {
    "hip": "thigh",
    "knee": "shin",
    "ankle": "foot",
    "foot": "foot",
    "shoulder": "upper_arm",
    "elbow": "forearm",
    "wrist": "hand",
}
_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")


def _part_name(joint: str) -> str:
    side, _, name = joint.partition("_")
    if side not in ("left", "right") or name == "eye":
        return "head" if joint in ("head", "neck", "jaw") or name == "eye" else "trunk"
    if name.rstrip("123") in _FINGERS:
        return "hand"
    return _PART_OF.get(name, "trunk")


_NAMES: Final = [_part_name(joint) for joint in JOINT_NAMES]
PARTS: Final[tuple[str, ...]] = tuple(dict.fromkeys(_NAMES))
"""Color parts of a body; left and right share their colors."""
_JOINT_PART: Final = np.array([PARTS.index(name) for name in _NAMES], dtype=np.int8)


def face_parts(body: BodyModel) -> Int8[NDArray[np.int8], " F"]:
    """Index into ``PARTS`` of each face."""
    return _JOINT_PART[body.vertex_joint[body.faces[:, 0]]]


@dataclass(frozen=True)
class BodyView:
    """The visible body: what the scene hides is left out. Stored for the window around it."""

    shape: tuple[int, int]  # (height, width) of the image
    window: Window
    depth: Float32[Array32, "h w"]  # meters, nan where it is not seen
    parts: Int8[Parts, "h w"]  # -1 where it is not seen

    @classmethod
    def of(
        cls,
        camera: Camera,
        vertices: Float[Array, "V 3"],
        faces: Int[Indices, "F 3"],
        parts: Int8[NDArray[np.int8], " F"],
        plate_depth: Float[Array, "height width"],
    ) -> "BodyView":
        """Rasterize a body into a scene; unknown (nan) plate depth hides nothing."""
        depth, face_ids = rasterize(camera, vertices, faces)
        hidden = depth > np.where(np.isfinite(plate_depth), plate_depth + _HIDDEN_M, np.inf)
        seen = (face_ids >= 0) & ~hidden
        window = window_around(seen)
        seen, depth, face_ids = seen[window], depth[window], face_ids[window]
        return cls(
            camera.shape,
            window,
            np.where(seen, depth, np.float32(np.nan)),
            np.where(seen, parts[face_ids], np.int8(-1)),
        )

    def parts_image(self, shape: tuple[int, int] | None = None) -> Int8[Parts, "h w"]:
        """-1 where the body is not seen; scaled to another size if asked."""
        import cv2

        image = placed(self.parts, self.window, self.shape, -1)
        if shape is None or shape == self.shape:
            return image
        return np.asarray(cv2.resize(image, shape[::-1], interpolation=cv2.INTER_NEAREST), np.int8)

    def depth_image(self) -> Float32[Array32, "h w"]:
        """In meters, nan where the body is not seen."""
        return placed(self.depth, self.window, self.shape, np.nan)

    def without_steps(self) -> "BodyView":
        """The same with unknown depth near steps of the depth."""
        import cv2

        if not self.depth.size:
            return self
        kernel = np.ones((_STEP_PX, _STEP_PX), np.uint8)
        seen = np.isfinite(self.depth)
        farthest = cv2.dilate(np.where(seen, self.depth, np.float32(0)), kernel)
        nearest = cv2.erode(np.where(seen, self.depth, np.float32(1e3)), kernel)
        certain = seen & (farthest - nearest < _STEP_M)
        return replace(self, depth=np.where(certain, self.depth, np.float32(np.nan)))


def compose_depth(
    plate_depth: Float[Array, "h w"],
    body: BodyView,
    human: Bool[Mask, "h w"],
    unknown: Bool[Mask, "h w"],
) -> Float32[Array32, "h w"]:
    """In meters: the body's on the person's pixels, else the plate's.

    nan on the person's pixels that the body misses or where its depth has a step, and on
    ``unknown`` pixels, which show the object or something unexplained.
    """
    depth = plate_depth.astype(np.float32)
    depth[human] = body.without_steps().depth_image()[human] if human.any() else np.nan
    depth[unknown] = np.nan
    return depth
