"""An animation as laws see it: vertices of the skinned body over all frames."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from hoi_platform.core.arrays import Array, Indices, Mask
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT_NAMES
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.scene.performance.animate import Animation
from hoi_platform.core.scene.performance.surroundings import Solid

_ARM_STEP: Final = 3
"""Vertices from one sampled of an arm to the next; chosen: about 1 cm on a forearm."""
_TRUNK_STEP: Final = 5
"""Vertices from one sampled of the rest to the next; chosen: about 3 cm on a chest."""
GRIP_M: Final = 0.0028
"""Meters between a hand that holds and the surface, at most; measured: with the grid's error of
0.2 mm it is within 3 mm."""


@dataclass(frozen=True)
class BodySample:
    """Vertices of a body on which laws are measured."""

    body: BodyModel
    normals: Array  # (N, 3) at rest
    arms: Mask
    """(N,) forearms and hands."""
    trunk: Mask
    """(N,) trunk, head and thighs."""
    trunk_faces: Indices | None
    """(F, 3) triangles of the trunk's vertices; None where vertices are left out."""

    @classmethod
    def of(cls, body: BodyModel) -> "BodySample":
        """Every vertex: laws are measured exactly."""
        arms, trunk = _parts(body)
        faces = body.faces[trunk[body.faces].all(axis=1)]
        return cls(body, _vertex_normals(body), arms, trunk, faces)

    @classmethod
    def sparse(cls, body: BodyModel) -> "BodySample":
        """A quarter of the vertices: laws are estimated, four times as fast."""
        arms, trunk = _parts(body)
        order = np.arange(len(arms))
        keep = order[np.where(arms, order % _ARM_STEP == 0, order % _TRUNK_STEP == 0)]
        normals = _vertex_normals(body)[keep]
        return cls(body.subset(keep), normals, arms[keep], trunk[keep], None)


def _parts(body: BodyModel) -> tuple[Mask, Mask]:
    """(V,) the arms and (V,) the trunk of ``BodySample``."""
    names = np.array(JOINT_NAMES)[body.vertex_joint]
    limbs = ("elbow", "wrist", "index", "middle", "ring", "pinky", "thumb")
    arms = np.array([any(part in name for part in limbs) for name in names])
    core = ("pelvis", "spine1", "spine2", "spine3", "head", "neck", "left_hip", "right_hip")
    return arms, np.isin(names, core)


def _vertex_normals(body: BodyModel) -> Array:
    """(V, 3) area-weighted, at rest."""
    areas = TriangleMesh(body.rest_vertices, body.faces).area_vectors.repeat(3, axis=0)
    normals = np.zeros_like(body.rest_vertices)
    np.add.at(normals, body.faces.ravel(), areas)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class SkinnedAnimation:
    """An animation with the sampled vertices that it moves."""

    animation: Animation
    sample: BodySample
    vertices: Array  # (T, N, 3)
    normals: Array  # (T, N, 3)
    object_distance: Array  # (T, N)

    @classmethod
    def of(cls, animation: Animation, sample: BodySample, solid: Solid) -> "SkinnedAnimation":
        body = sample.body
        posed = body.pose(torch.as_tensor(animation.rotations), torch.as_tensor(animation.pelvis))
        vertices = body.skin(posed).numpy()
        R = posed.R_world_joint.numpy()[:, body.vertex_joint]
        normals = (R @ sample.normals[:, :, None])[..., 0]
        local = transform_points(inverse(animation.Ts_world_object), vertices)
        return cls(animation, sample, vertices, normals, solid.distance(local))

    def hand_distance(self) -> Array:
        """(T, 2) of the left and the right hand to the object."""
        joint = np.array(JOINT_NAMES)[self.sample.body.vertex_joint]
        columns = []
        for side in SIDES:
            fingers = np.char.startswith(joint, f"{side}_") & self.sample.arms
            fingers &= joint != f"{side}_elbow"
            columns.append(self.object_distance[:, fingers].min(axis=1))
        return np.stack(columns, axis=-1)
