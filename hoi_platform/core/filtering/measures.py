"""The quantities that single checks compare with their limits; in SI units."""

from math import nan
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS
from hoi_platform.core.filtering.camera_motion import COMPARED_WIDTH_PX, measure_camera_motion
from hoi_platform.core.geometry.object_surface import ObjectSurface
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.scene.boxes import rest_gap, support_below

if TYPE_CHECKING:
    from hoi_platform.core.filtering.inputs import FilterInput

_COMPARED_FRAMES: Final = 17
"""Number of frames that are compared with the first; chosen: every eighth of 121."""
_STEP_FRAMES: Final = 4
"""Frames over which motion is distinguished from noise; chosen: a sixth of a second."""
_STEP_M: Final = 0.01
"""Meters in that time below which a mean over vertices is noise; chosen."""
_KNOWN_TO_M: Final = 0.02
"""Meters; chosen: the largest standard error with which the camera's translation counts as
measured."""


def camera_translation_m(clip: "FilterInput") -> float:
    """The largest translation of the camera that would explain how the background moves.

    At the median depth of the background; nan where the background shows too little.
    """
    foreground = clip.object_masks[0] | clip.human_masks[0]
    if not (~foreground & np.isfinite(clip.plate_depth)).any():
        return nan
    depth = float(np.nanmedian(clip.plate_depth[~foreground]))
    focal = clip.camera.focal_px * min(1.0, COMPARED_WIDTH_PX / clip.camera.width_px)
    chosen = np.unique(np.linspace(0, len(clip.frames) - 1, _COMPARED_FRAMES).astype(int))
    gray = np.stack([_gray(clip.frames[frame], COMPARED_WIDTH_PX) for frame in chosen])
    ignored = _gray(foreground.astype(np.float32), COMPARED_WIDTH_PX) > 0
    motion = measure_camera_motion(gray, ignored)
    known = motion.deviation_px.max() * depth / focal < _KNOWN_TO_M
    return float(motion.translation_m(focal, depth).max()) if known else nan


def first_frame_human_m(clip: "FilterInput") -> float:
    """How far the pelvis of frame 0 is from where the conditioning frame has it."""
    offset = clip.data.motion.translation[0] - clip.p_world_rendered_pelvis
    return float(np.linalg.norm(offset))


def initial_separation_m(clip: "FilterInput") -> float:
    """The least distance between body and object at frame 0; negative when they overlap."""
    surface = ObjectSurface.of(clip.mesh, np.random.default_rng(0))
    vertices = clip.data.motion[:1].vertices(clip.body)
    T = clip.data.Ts_world_object[:1]
    distance, inside = surface.distances(vertices, T), surface.inside(vertices, T)
    return float(-distance[inside].max() if inside.any() else distance.min())


def human_motion_m(clip: "FilterInput") -> float:
    """How far the most active of the 22 body joints gets from its first place.

    The 95th percentile over frames, so that one bad frame does not move a statue.
    """
    joints = clip.data.joints[:, :NUM_BODY_JOINTS]
    return _largest_lasting(np.linalg.norm(joints - joints[0], axis=-1))


def object_motion_m(clip: "FilterInput") -> float:
    """How far the object's vertices get from their first places; turning counts as well.

    The mean over vertices and the 95th percentile over frames.
    """
    vertices = transform_points(clip.data.Ts_world_object, clip.mesh.vertices)
    return _largest_lasting(np.linalg.norm(vertices - vertices[0], axis=-1).mean(axis=1))


def unheld_motion(clip: "FilterInput") -> float:
    """The share of the object's path on which no hand is labeled; 0 where it never moves.

    Steps of 4 frames in which its vertices move less than 1 cm in the mean are noise.
    """
    vertices = transform_points(clip.data.Ts_world_object, clip.mesh.vertices)
    touched = clip.data.contact.hands.any(axis=1)
    step = min(_STEP_FRAMES, len(touched) - 1)
    moved = np.linalg.norm(vertices[step:] - vertices[: len(touched) - step], axis=-1).mean(axis=1)
    moved[moved < _STEP_M] = 0.0
    held = sliding_window_view(touched, step + 1).any(axis=1)
    return float(moved[~held].sum() / moved.sum()) if moved.any() else 0.0


def support_gap_m(clip: "FilterInput") -> float:
    """How far the object of frame 0 is from lying where the conditioning frame shows it lying.

    The support (or the ground) that is nearest to the rendered object; ``Shape.rest_gap`` to it.
    """
    rendered = transform_points(clip.T_world_rendered_object, clip.mesh.vertices)
    support = support_below(clip.data.supports, rendered)
    return rest_gap(support, transform_points(clip.data.Ts_world_object[0], clip.mesh.vertices))


def _largest_lasting(distance: Array) -> float:
    """The 95th percentile over the first axis, then the largest."""
    return float(np.max(np.percentile(distance, 95, axis=0)))


def _gray(image: NDArray, width_px: int) -> NDArray[np.float32]:
    """Channels averaged, shrunk to ``width_px`` (never enlarged)."""
    import cv2

    gray = np.asarray(image if image.ndim == 2 else image.mean(axis=2), np.float32)
    height, width = gray.shape
    if width <= width_px:
        return gray
    size = (width_px, round(height * width_px / width))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
