"""Where the fitted body is expected in the image, and which part of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT_NAMES
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.segmentation.window import Window, bounding_window

_HIDDEN_M: Final = 0.03
"""A body this far behind the scene's surface is hidden by it; less is contact or error."""

_PART_OF: Final = (
    ("hip", "thigh"),
    ("knee", "shin"),
    ("ankle", "foot"),
    ("foot", "foot"),
    ("shoulder", "upper_arm"),
    ("elbow", "forearm"),
    ("wrist", "hand"),
)
_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")


def _part_name(joint: str) -> str:
    side, _, name = joint.partition("_")
    if side not in ("left", "right") or name == "eye":
        return "head" if joint in ("head", "neck", "jaw") or name == "eye" else "trunk"
    if name.rstrip("123") in _FINGERS:
        return "hand"
    return dict(_PART_OF).get(name, "trunk")


_NAMES: Final = [_part_name(joint) for joint in JOINT_NAMES]
PARTS: Final[tuple[str, ...]] = tuple(dict.fromkeys(_NAMES))
"""Color parts of a body; left and right share their colors."""
_JOINT_PART: Final = np.array([PARTS.index(name) for name in _NAMES], dtype=np.int8)


def face_parts(body: BodyModel) -> NDArray[np.int8]:
    """(F,) index into ``PARTS`` of each face."""
    return _JOINT_PART[body.vertex_joint[body.faces[:, 0]]]


@dataclass(frozen=True)
class BodyView:
    """The visible body: what the scene hides is left out. Kept as the window that holds it."""

    shape: tuple[int, int]  # (height, width) of the image
    window: Window
    depth: NDArray[np.float32]  # (h, w) meters, nan where it is not seen
    parts: NDArray[np.int8]  # (h, w) index into ``PARTS``, -1 where it is not seen

    def parts_image(self, shape: tuple[int, int] | None = None) -> NDArray[np.int8]:
        """(height, width), -1 where the body is not seen; scaled to another size if asked."""
        import cv2

        image = np.full(self.shape, -1, np.int8)
        image[self.window] = self.parts
        if shape is None or shape == self.shape:
            return image
        return np.asarray(cv2.resize(image, shape[::-1], interpolation=cv2.INTER_NEAREST), np.int8)

    def depth_image(self) -> NDArray[np.float32]:
        """(height, width) in meters, nan where the body is not seen."""
        image = np.full(self.shape, np.nan, np.float32)
        image[self.window] = self.depth
        return image


def view_body(
    camera: Camera,
    vertices: Array,
    faces: NDArray[np.int64],
    parts: NDArray[np.int8],
    plate_depth: NDArray[np.floating],
) -> BodyView:
    """Rasterize a body (V, 3) into a scene; unknown (nan) plate depth hides nothing."""
    depth, face_ids = rasterize(camera, vertices, faces)
    hidden = depth > np.where(np.isfinite(plate_depth), plate_depth + _HIDDEN_M, np.inf)
    seen = (face_ids >= 0) & ~hidden
    window = bounding_window(seen)
    seen, depth, face_ids = seen[window], depth[window], face_ids[window]
    return BodyView(
        camera.shape,
        window,
        np.where(seen, depth, np.float32(np.nan)),
        np.where(seen, parts[face_ids], np.int8(-1)),
    )


def signed_distance_px(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(height, width) distance to the border, positive inside; -inf everywhere if empty."""
    import cv2

    if not mask.any():
        return np.full(mask.shape, -np.inf, np.float32)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(inside - outside, np.float32)
