"""Whether and how a dropped object rests on a plane: the pure part of settling.

A rigid body touches a plane with points of its convex hull only, so that the hull about the true
center of mass is the exact collision shape here, for concave objects too. The method is described
in docs/methods/settling.md.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from hoi_platform.core.arrays import Array
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.rotations import rotation_between

MAX_SPEED: Final = 0.05
"""Multiples of the object's size per second; chosen: the fastest point of a still object is slower.
The size makes a die and a wardrobe alike; a point, and not an angle, a rolling rod and a ball."""
MAX_SHIFT: Final = 0.01
"""Fraction of the object's size that one at rest may sink in or float by; chosen."""
STILL_WINDOW_S: Final = 0.25
"""Seconds over which the speed is measured; chosen: trembling cancels."""
_FLUSH_RATIO: Final = 1e-6
"""Fraction of the body's size by which the planes of one flat side differ; chosen: rounding."""


@dataclass(frozen=True)
class RigidHull:
    """The convex hull of a (scaled) object, in object coordinates (meters)."""

    points: Array  # (N, 3), the hull's vertices
    center_of_mass: Array  # (3,)

    @property
    def centered(self) -> Array:
        """(N, 3) about the center of mass."""
        return self.points - self.center_of_mass

    @property
    def size(self) -> float:
        """The largest distance of a point from the center of mass (m)."""
        return float(np.linalg.norm(self.centered, axis=-1).max())

    @cached_property
    def thickness(self) -> float:
        """The smallest distance between two parallel planes that hold the object between them,
        one of them along a facet (m)."""
        planes = ConvexHull(self.centered).equations
        return float(-(self.centered @ planes[:, :3].T + planes[:, 3]).min(axis=0).max())


@dataclass(frozen=True)
class SettledPose:
    """A pose in which an object rests on a horizontal support, with the evidence that it does.

    The evidence comes from one further second of lightly damped simulation, begun in this pose.
    """

    R_world_object: Array  # (3, 3)
    height_m: float
    """Height of the object's origin above the support."""
    speed_m_s: float
    """Speed of the fastest point at the end of the further second."""
    frames: int
    """Simulated frames until it was still."""
    penetration_m: float
    """How far its lowest point lies below the support after the further second."""
    gap_m: float
    """How far its lowest point lies above the support after the further second."""
    drift_m: float
    """How far any point moved within the further second."""
    support_margin_m: float
    """Distance of the center of mass' projection to the edge of the support polygon."""
    collision_shape: str

    def facts(self) -> dict[str, float | int | str]:
        """The evidence without the pose."""
        return {key: value for key, value in self.to_json().items() if key != "R_world_object"}

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"R_world_object": self.R_world_object.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "SettledPose":
        return cls(**data | {"R_world_object": np.array(data["R_world_object"])})


def rigid_hull(vertices: Array, faces: NDArray[np.integer]) -> RigidHull:
    """The hull of a mesh (V, 3), (F, 3) and its center of mass.

    A closed mesh counts as solid, an open one as a shell of even thickness. Raises BadInputError
    when the mesh is flat.
    """
    try:
        hull = ConvexHull(vertices[np.unique(faces)])
    except QhullError as error:
        raise BadInputError(f"the mesh has no volume to settle on: {error}") from error
    return RigidHull(hull.points[hull.vertices], _center_of_mass(vertices, faces))


def _center_of_mass(vertices: Array, faces: NDArray[np.integer]) -> Array:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    closed = np.linalg.norm(normals.sum(axis=0)) < 1e-6 * np.linalg.norm(normals, axis=-1).sum()
    if closed and volumes.sum() > 0:
        return volumes @ (a + b + c) / 4 / volumes.sum()
    areas = np.linalg.norm(normals, axis=-1)
    return areas @ (a + b + c) / 3 / areas.sum()


def window_speed(hull: RigidHull, Ts_world_body: Array, dt_s: float) -> float:
    """How far any point strays in the last ``STILL_WINDOW_S`` of poses (N, 4, 4) that are ``dt_s``
    apart, by that time (m/s): of a steady motion the fastest point's speed, of a trembling none."""
    window = Ts_world_body[-max(1, round(STILL_WINDOW_S / dt_s)) - 1 :]
    if len(window) < 2:
        return np.inf
    return drift(hull, window) / ((len(window) - 1) * dt_s)


def drift(hull: RigidHull, Ts_world_body: Array) -> float:
    """How far (m) any point strays from where it is in the first of the poses (N, 4, 4)."""
    return max(_moved(hull, Ts_world_body[0], T) for T in Ts_world_body)


def _moved(hull: RigidHull, T_before: Array, T_after: Array) -> float:
    change = (T_after - T_before)[:3]
    return float(np.linalg.norm(hull.centered @ change[:, :3].T + change[:, 3], axis=-1).max())


def flush(hull: RigidHull, R_world_object: Array) -> Array:
    """Turn the body onto the facet of its hull on which it comes to rest from this rotation.

    The body stands on a facet as long as the foot of the perpendicular from its center of mass
    lies within; else it rolls over the edge that the foot is beyond, and its center sinks.
    """
    qhull = ConvexHull(hull.centered @ R_world_object.T)
    normals, heights = qhull.equations[:, :3], -qhull.equations[:, 3]
    facet = int(np.argmin(normals[:, 2]))
    while True:
        beyond = heights[facet] * normals @ normals[facet] - heights
        over = int(np.argmax(beyond))
        if beyond[over] < _FLUSH_RATIO * hull.size:
            break
        facet = over  # lower than before, so that this ends
    return rotation_between(normals[facet], np.array([0.0, 0.0, -1.0])) @ R_world_object


def support_margin(hull: RigidHull, R_world_object: Array, tolerance_m: float = 5e-4) -> float:
    """How far inside the support polygon the center of mass is (m); negative when outside.

    The polygon spans the points within ``tolerance_m`` of the lowest one.
    """
    points = hull.centered @ R_world_object.T
    support = points[points[:, 2] < points[:, 2].min() + tolerance_m, :2]
    if len(support) < 3 or np.linalg.matrix_rank(support - support[0], tol=1e-9) < 2:
        return -float(np.linalg.norm(support, axis=-1).min())
    # Halfplanes n·x + d ≤ 0; the center of mass is at the origin.
    return float(-ConvexHull(support).equations[:, 2].max())


def lowest(hull: RigidHull, T_world_body: Array) -> float:
    """The height (m) of the lowest point; the body's origin is its center of mass."""
    return float((hull.centered @ T_world_body[2, :3]).min() + T_world_body[2, 3])


def tilt(max_deg: float, rng: np.random.Generator) -> Array:
    """A rotation (3, 3) about a random horizontal axis by an angle of at most ``max_deg``."""
    azimuth, angle = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(0, max_deg))
    up = np.array([0.0, 0.0, 1.0])
    axis = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    return rotation_between(up, np.cos(angle) * up + np.sin(angle) * np.cross(axis, up))
