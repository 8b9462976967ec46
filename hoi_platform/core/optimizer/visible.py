"""Samples of the surfaces that the camera sees, attached to what carries them."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import Raster, rasterize
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Attached

SAMPLES = 1500
"""Per surface and frame: 2 cm apart on an adult's body."""
_BODY_COLUMNS = 160
"""Width of the images in which the body is seen: as coarse as its samples."""


class _Hits(NamedTuple):
    points: Array  # (S, 3), world
    faces: NDArray[np.int64]  # (S,)


def object_rasters(mesh: TriangleMesh, Ts_world_object: Array, camera: Camera) -> list[Raster]:
    """The object alone in every frame, at the camera's resolution."""
    return [
        rasterize(camera, transform_points(T, mesh.vertices), mesh.faces) for T in Ts_world_object
    ]


def object_surface(
    prediction: Prediction,
    rasters: list[Raster],
    mesh: TriangleMesh,
    hidden: NDArray[np.bool_],
    camera: Camera,
    rng: np.random.Generator,
) -> Attached:
    """Seen points of the object; ``hidden`` (T, H, W) marks pixels that something else covers."""
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
    hidden: NDArray[np.bool_],
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


def _turned_back(R: Tensor, v: Tensor) -> Tensor:
    return (R.transpose(-1, -2) @ v[..., None])[..., 0]


def _sampled(
    rasters: list[Raster],
    hidden: NDArray[np.bool_],
    camera: Camera,
    stride: int,
    rng: np.random.Generator,
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
    """World points (T, S, 3), their faces (T, S) and which are real (T, S)."""
    frames = len(rasters)
    points, faces = np.zeros((frames, SAMPLES, 3)), np.zeros((frames, SAMPLES), np.int64)
    real = np.zeros((frames, SAMPLES), dtype=bool)
    for t, raster in enumerate(rasters):
        hits = _hits(raster, hidden[t], camera, stride, rng)
        count = len(hits.faces)
        points[t, :count], faces[t, :count], real[t, :count] = hits.points, hits.faces, True
    return points, faces, real


def _hits(
    raster: Raster, hidden: NDArray[np.bool_], camera: Camera, stride: int, rng: np.random.Generator
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
