"""How far the reconstruction's silhouettes are from the tracked masks, frame by frame."""

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.raster import rasterize

if TYPE_CHECKING:
    from hoi_platform.core.filtering.inputs import FilterInput

_MIN_PIXELS: Final = 16
"""Pixels of the strided image; chosen: a smaller union of silhouette and mask is not judged."""
_MIN_JUDGED: Final = 0.25
"""Fraction of frames; chosen: a clip's value counts when so many of them are judged."""
_TOUCHING_M: Final = 0.02
"""Meters below the scene's surface within which a silhouette is seen; chosen: soles sink in."""
_BODY_WIDTH_PX: Final = 320
"""Pixels; width of the image on which the person is compared (the object: at full size); chosen."""


class Misalignment(NamedTuple):
    """1 - IoU per frame; nan where nothing can be judged, as under full occlusion."""

    object: Array  # (T,)
    total: Array  # (T,)


def misalignment(clip: "FilterInput") -> Misalignment:
    """Object, and union of person and object, against their tracked masks.

    What the empty scene (a table, say) hides is left out of the silhouettes. The object is
    compared only where the tracked person does not cover it, so that neither a hidden part nor a
    slightly wrong hand counts against its pose.
    """
    vertices = clip.data.motion.vertices(clip.body)
    stride = max(1, clip.camera.width_px // _BODY_WIDTH_PX)
    behind = plate_limit(clip.plate_depth)
    behind_body = behind[stride // 2 :: stride, stride // 2 :: stride]
    rows = []
    for frame in range(len(clip.data)):
        mesh = clip.mesh.transformed(clip.data.Ts_world_object[frame])
        seen = rasterize(clip.camera, mesh.vertices, mesh.faces).depth < behind
        body = rasterize(clip.camera, vertices[frame], clip.body.faces, stride).depth
        person = body < behind_body[: body.shape[0], : body.shape[1]]
        mask, human = clip.object_masks[frame], clip.human_masks[frame]
        rows.append(
            (
                one_minus_iou(seen & ~human, mask & ~human),
                one_minus_iou(person | strided(seen, stride), strided(mask | human, stride)),
            )
        )
    return Misalignment(*np.array(rows).T)


def plate_limit(plate_depth: Array) -> Array:
    """(H, W) the depth (m) in front of which a surface is seen; inf where the scene is open.

    Soles and an object's bottom touch the scene, so that equal depth counts as seen.
    """
    return np.where(np.isfinite(plate_depth), plate_depth + _TOUCHING_M, np.inf)


def one_minus_iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """1 - intersection over union; nan where the union is too small to judge."""
    union = int((a | b).sum())
    return 1 - int((a & b).sum()) / union if union >= _MIN_PIXELS else float("nan")


def clip_value(per_frame: Array) -> float:
    """Mean over the judged frames; nan when fewer than a quarter of them could be judged."""
    judged = np.isfinite(per_frame)
    return float(per_frame[judged].mean()) if judged.mean() >= _MIN_JUDGED else float("nan")


def strided(mask: NDArray[np.bool_], stride: int) -> NDArray[np.bool_]:
    """Blocks of stride x stride pixels by majority: the image that ``rasterize`` gives."""
    h, w = mask.shape[0] // stride, mask.shape[1] // stride
    blocks = mask[: h * stride, : w * stride].reshape(h, stride, w, stride)
    return np.asarray(blocks.mean(axis=(1, 3)) >= 0.5)
