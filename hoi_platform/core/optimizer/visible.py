"""What the camera sees: samples of surfaces, attached to what carries them, and a rim."""

from typing import Final, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Integer
from scipy import ndimage
from torch import Tensor

from hoi_platform.core.arrays import Array, Indices, Mask
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import Raster, rasterize
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.optimizer.observations import Attached, ObservedMasks, Outline
from hoi_platform.core.optimizer.prediction import Prediction

SAMPLES: Final = 1500
"""Number per surface and frame; chosen: 2 cm apart on an adult's body."""
RIM_POINTS: Final = 128
"""Number of points on the object's rim per frame; chosen."""
_BODY_COLUMNS: Final = 160
"""Pixels; width of the images in which the body is seen, chosen: as coarse as its samples."""


class _Hits(NamedTuple):
    points: Float[Array, "S 3"]  # world
    faces: Integer[Indices, " S"]  # (S,)


def object_rasters(
    mesh: TriangleMesh, Ts_world_object: Float[Array, "T 4 4"], camera: Camera
) -> list[Raster]:
    """The object alone in every frame, at the camera's resolution."""
    return [
        rasterize(camera, transform_points(T, mesh.vertices), mesh.faces) for T in Ts_world_object
    ]


def object_surface(
    prediction: Prediction,
    rasters: list[Raster],
    mesh: TriangleMesh,
    hidden: Bool[Mask, "T H W"],
    camera: Camera,
    rng: np.random.Generator,
) -> Attached:
    """Seen points of the object; ``hidden`` marks pixels that something else covers."""
    like = prediction.translation
    points, faces, real = _sampled(rasters, hidden, camera, 1, rng)
    p_world = torch.as_tensor(points).to(like)
    R = prediction.R_world_object
    local = (p_world - prediction.p_world_center[:, None]) @ R
    normals = torch.as_tensor(mesh.face_normals[faces]).to(like)
    return Attached(local, normals, torch.as_tensor(real, device=like.device), None)


def body_surface(
    prediction: Prediction,
    body: BodyModel,
    hidden: Bool[Mask, "T H W"],
    camera: Camera,
    rng: np.random.Generator,
) -> Attached:
    """Seen points of the person, each moved by the joint that moves its face most."""
    like, posed = prediction.translation, prediction.posed
    vertices = body.skin(posed).double().cpu().numpy()
    stride = max(1, camera.width_px // _BODY_COLUMNS)
    rasters = [rasterize(camera, frame, body.faces, stride) for frame in vertices]
    points, faces, real = _sampled(rasters, hidden, camera, stride, rng)
    corners = body.faces[faces]  # (T, S, 3)
    frame = np.arange(len(corners))[:, None, None]
    a, b, c = np.moveaxis(vertices[frame, corners], 2, 0)
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    joint = torch.as_tensor(body.vertex_joint[corners[..., 0]], device=like.device)
    frames = torch.arange(len(joint), device=like.device)[:, None]
    R, origin = posed.R_world_joint[frames, joint], posed.joints[frames, joint]
    relative = torch.as_tensor(points).to(like) - origin
    return Attached(
        _turned_back(R, relative),
        _turned_back(R, torch.as_tensor(normals).to(like)),
        torch.as_tensor(real, device=like.device),
        joint,
    )


def _turned_back(
    R: Float[Tensor, "T *shape 3 3"], v: Float[Tensor, "T *shape 3"]
) -> Float[Tensor, "T *shape 3"]:
    return (R.transpose(-1, -2) @ v[..., None])[..., 0]


def _sampled(
    rasters: list[Raster],
    hidden: Bool[Mask, "T H W"],
    camera: Camera,
    stride: int,
    rng: np.random.Generator,
) -> tuple[Float[Array, "T S 3"], Integer[Indices, "T S"], Bool[Mask, "T S"]]:
    """World points, their faces and which are real."""
    frames = len(rasters)
    points, faces = np.zeros((frames, SAMPLES, 3)), np.zeros((frames, SAMPLES), np.int64)
    real = np.zeros((frames, SAMPLES), dtype=bool)
    for t, raster in enumerate(rasters):
        hits = _hits(raster, hidden[t], camera, stride, rng)
        count = len(hits.faces)
        points[t, :count], faces[t, :count], real[t, :count] = hits.points, hits.faces, True
    return points, faces, real


def _hits(
    raster: Raster, hidden: Bool[Mask, "H W"], camera: Camera, stride: int, rng: np.random.Generator
) -> _Hits:
    """Up to ``SAMPLES`` seen pixels of one frame."""
    v, u = np.nonzero(raster.silhouette)
    free = ~hidden[v * stride + stride // 2, u * stride + stride // 2]
    v, u = v[free], u[free]
    chosen = rng.permutation(len(v))[:SAMPLES]
    v, u = v[chosen], u[chosen]
    uv = (np.stack([u, v], axis=-1) + 0.5) * stride
    points = camera.unproject(uv, raster.depth[v, u].astype(np.float64))
    return _Hits(points, raster.face_ids[v, u].astype(np.int64))


def rim_points(
    rasters: list[Raster],
    Ts_world_object: Float[Array, "T 4 4"],
    camera: Camera,
    rng: np.random.Generator,
) -> tuple[Float[Array, "T Q 3"], Bool[Mask, "T Q"]]:
    """Points in object coordinates at the silhouettes' last pixels, and which are real.

    Pixels at the image's border are not part of the rim: the object continues beyond it.
    """
    points = np.zeros((len(rasters), RIM_POINTS, 3))
    real = np.zeros((len(rasters), RIM_POINTS), dtype=bool)
    for t, (raster, T) in enumerate(zip(rasters, Ts_world_object, strict=True)):
        v, u = _last_pixels(raster.silhouette)
        chosen = rng.permutation(len(v))[:RIM_POINTS]
        uv = np.stack([u[chosen], v[chosen]], axis=-1) + 0.5
        world = camera.unproject(uv, raster.depth[v[chosen], u[chosen]].astype(np.float64))
        points[t, : len(chosen)] = transform_points(inverse(T), world)
        real[t, : len(chosen)] = True
    return points, real


def _last_pixels(seen: Bool[Mask, "H W"]) -> tuple[Int[Indices, " n"], Int[Indices, " n"]]:
    """Rows and columns of a silhouette's pixels next to its outside, without the image's border."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return rows, columns
    top, left = max(0, rows[0] - 1), max(0, columns[0] - 1)
    window = seen[top : rows[-1] + 2, left : columns[-1] + 2]
    v, u = np.nonzero(window & ~ndimage.binary_erosion(window, border_value=True))
    v, u = v + top, u + left
    h, w = seen.shape
    inner = (v > 0) & (u > 0) & (v < h - 1) & (u < w - 1)
    return v[inner], u[inner]


def outline_of(
    prediction: Prediction,
    masks: ObservedMasks,
    points: Float[Array, "T Q 3"],
    real: Bool[Mask, "T Q"],
) -> Outline:
    """Rim points (object coordinates) with their visibility and their contour's neighbors."""
    model = prediction.model
    rim = torch.as_tensor(points).to(model.translation) - model.object_center
    is_real = torch.as_tensor(real, device=rim.device)
    with torch.no_grad():
        uv = model.projector.project(prediction.of_object(rim))
        far = torch.where(is_real, 0.0, torch.inf)
        distance = torch.cdist(masks.contour_px, uv) + far[:, None]
        weight = is_real.to(rim) * (1 - masks.hidden_at(uv))
    return Outline(rim, weight, distance.argmin(dim=-1))
